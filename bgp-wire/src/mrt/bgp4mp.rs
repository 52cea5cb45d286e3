//! BGP4MP and BGP4MP_ET (RFC 6396 §4.4, RFC 8050 §3): messages and changes of state, as they were.
use super::fault::{Known, Parsed, RecordFaultKind, Wrong};
use super::fields::{address, width};
use super::record::Body;
use crate::Asn;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr};
use nom::Parser;
use nom::combinator::map;
use nom::number::complete::{be_u16, be_u32};

/// The two ends of a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Endpoints {
    /// The peer's AS number.
    pub peer_as: Asn,
    /// The collector's AS number.
    pub local_as: Asn,
    /// Number of the collector's interface; 0 where it is not known.
    pub interface: u16,
    /// The peer's address.
    pub peer: IpAddr,
    /// The collector's address.
    pub local: IpAddr,
}

/// One message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message<'a> {
    /// Between whom.
    pub endpoints: Endpoints,
    /// Whether the collector sent it (RFC 6396 §4.4.5, §4.4.6); else the peer did.
    pub local: bool,
    /// Whether AS numbers in its attributes have four octets.
    pub four_octet_as: bool,
    /// Whether its NLRI have path identifiers (RFC 8050 §3).
    pub add_path: bool,
    /// The message, its header included.
    pub octets: &'a [u8],
}

/// A session changed its state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StateChange {
    /// Between whom.
    pub endpoints: Endpoints,
    /// State before.
    pub from: State,
    /// State after.
    pub to: State,
}

/// A state of RFC 4271 §8.2.2 as RFC 6396 §4.4.1 numbers them. Quagga adds two of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State(pub u16);

mod subtype {
    pub(super) const STATE_CHANGE: u16 = 0;
    pub(super) const MESSAGE: u16 = 1;
    pub(super) const ENTRY: u16 = 2;
    pub(super) const SNAPSHOT: u16 = 3;
    pub(super) const MESSAGE_AS4: u16 = 4;
    pub(super) const STATE_CHANGE_AS4: u16 = 5;
    pub(super) const MESSAGE_LOCAL: u16 = 6;
    pub(super) const MESSAGE_AS4_LOCAL: u16 = 7;
    pub(super) const MESSAGE_ADDPATH: u16 = 8;
    pub(super) const MESSAGE_AS4_ADDPATH: u16 = 9;
    pub(super) const MESSAGE_LOCAL_ADDPATH: u16 = 10;
    pub(super) const MESSAGE_AS4_LOCAL_ADDPATH: u16 = 11;
}

pub(super) fn subtype_name(subtype: u16) -> Option<&'static str> {
    Some(match subtype {
        subtype::STATE_CHANGE => "STATE_CHANGE",
        subtype::MESSAGE => "MESSAGE",
        subtype::ENTRY => "ENTRY",
        subtype::SNAPSHOT => "SNAPSHOT",
        subtype::MESSAGE_AS4 => "MESSAGE_AS4",
        subtype::STATE_CHANGE_AS4 => "STATE_CHANGE_AS4",
        subtype::MESSAGE_LOCAL => "MESSAGE_LOCAL",
        subtype::MESSAGE_AS4_LOCAL => "MESSAGE_AS4_LOCAL",
        subtype::MESSAGE_ADDPATH => "MESSAGE_ADDPATH",
        subtype::MESSAGE_AS4_ADDPATH => "MESSAGE_AS4_ADDPATH",
        subtype::MESSAGE_LOCAL_ADDPATH => "MESSAGE_LOCAL_ADDPATH",
        subtype::MESSAGE_AS4_LOCAL_ADDPATH => "MESSAGE_AS4_LOCAL_ADDPATH",
        _ => return None,
    })
}

pub(super) fn parse(kind: u16, input: &[u8]) -> Known<'_, Body<'_>> {
    let four_octet_as = matches!(
        kind,
        subtype::MESSAGE_AS4
            | subtype::STATE_CHANGE_AS4
            | subtype::MESSAGE_AS4_LOCAL
            | subtype::MESSAGE_AS4_ADDPATH
            | subtype::MESSAGE_AS4_LOCAL_ADDPATH
    );
    match kind {
        subtype::STATE_CHANGE | subtype::STATE_CHANGE_AS4 => {
            let (rest, change) = state_change(four_octet_as, input)?;
            if !rest.is_empty() {
                return Err(Wrong::new(rest, RecordFaultKind::Trailing));
            }
            Ok(Some(Body::StateChange(change)))
        }
        subtype::MESSAGE
        | subtype::MESSAGE_AS4
        | subtype::MESSAGE_LOCAL
        | subtype::MESSAGE_AS4_LOCAL
        | subtype::MESSAGE_ADDPATH
        | subtype::MESSAGE_AS4_ADDPATH
        | subtype::MESSAGE_LOCAL_ADDPATH
        | subtype::MESSAGE_AS4_LOCAL_ADDPATH => {
            let (octets, endpoints) = endpoints(four_octet_as, input)?;
            Ok(Some(Body::Message(Message {
                endpoints,
                local: matches!(
                    kind,
                    subtype::MESSAGE_LOCAL
                        | subtype::MESSAGE_AS4_LOCAL
                        | subtype::MESSAGE_LOCAL_ADDPATH
                        | subtype::MESSAGE_AS4_LOCAL_ADDPATH
                ),
                four_octet_as,
                add_path: kind >= subtype::MESSAGE_ADDPATH,
                octets,
            })))
        }
        // ENTRY and SNAPSHOT (RFC 6396 appendix B.2) were never written widely.
        _ => Ok(None),
    }
}

fn asns(four_octet_as: bool, input: &[u8]) -> Parsed<'_, (Asn, Asn)> {
    if four_octet_as {
        map((be_u32, be_u32), |(peer, local)| (Asn(peer), Asn(local))).parse(input)
    } else {
        map((be_u16, be_u16), |(peer, local)| {
            (Asn(u32::from(peer)), Asn(u32::from(local)))
        })
        .parse(input)
    }
}

fn endpoints(four_octet_as: bool, input: &[u8]) -> Parsed<'_, Endpoints> {
    let (rest, (peer_as, local_as)) = asns(four_octet_as, input)?;
    // Zebra left interface, family and addresses out of what it wrote before the session had
    // them: here stands the marker of the message.
    if let [0xff, 0xff, 0xff, 0xff, ..] = rest {
        return Ok((rest, unaddressed(peer_as, local_as)));
    }
    let (rest, interface) = be_u16(rest)?;
    let (rest, width) = width(rest)?;
    let (rest, peer) = address(width, rest)?;
    let (rest, local) = address(width, rest)?;
    let endpoints = Endpoints {
        peer_as,
        local_as,
        interface,
        peer,
        local,
    };
    Ok((rest, endpoints))
}

/// Endpoints whose addresses the writer left out: 0.0.0.0.
fn unaddressed(peer_as: Asn, local_as: Asn) -> Endpoints {
    Endpoints {
        peer_as,
        local_as,
        interface: 0,
        peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        local: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

fn state_change(four_octet_as: bool, input: &[u8]) -> Parsed<'_, StateChange> {
    // The same omission of Zebra: two AS numbers and two states are all there is.
    let (rest, endpoints) = if input.len() == 8 && !four_octet_as {
        map(
            |input| asns(false, input),
            |(peer, local)| unaddressed(peer, local),
        )
        .parse(input)?
    } else {
        endpoints(four_octet_as, input)?
    };
    let (rest, (from, to)) = (be_u16, be_u16).parse(rest)?;
    let change = StateChange {
        endpoints,
        from: State(from),
        to: State(to),
    };
    Ok((rest, change))
}

impl State {
    /// The state's name; 7 and 8 are Quagga's.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            1 => "Idle",
            2 => "Connect",
            3 => "Active",
            4 => "OpenSent",
            5 => "OpenConfirm",
            6 => "Established",
            7 => "Clearing",
            8 => "Deleted",
            _ => return None,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "state {}", self.0),
        }
    }
}
