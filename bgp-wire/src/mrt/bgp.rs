//! BGP, record type 5 (RFC 6396 appendix B.1): what collectors of 1999 to 2001 wrote. IPv4 and
//! two-octet AS numbers only, and messages without their header.
use super::bgp4mp::State;
use super::fault::Known;
use super::fields::ipv4;
use super::record::Body;
use crate::{Asn, Header, MessageType, header};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use nom::Parser;
use nom::number::complete::be_u16;

/// One message without its header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Legacy<'a> {
    /// The peer's AS number.
    pub peer_as: Asn,
    /// The peer's address.
    pub peer: Ipv4Addr,
    /// The collector's AS number.
    pub local_as: Asn,
    /// The collector's address.
    pub local: Ipv4Addr,
    /// Message type.
    pub kind: MessageType,
    /// What follows the header of the message.
    pub body: &'a [u8],
}

/// A session changed its state.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LegacyState {
    /// The peer's AS number.
    pub peer_as: Asn,
    /// The peer's address.
    pub peer: Ipv4Addr,
    /// State before.
    pub from: State,
    /// State after.
    pub to: State,
}

mod subtype {
    pub(super) const UPDATE: u16 = 1;
    pub(super) const STATE_CHANGE: u16 = 3;
    pub(super) const OPEN: u16 = 5;
    pub(super) const NOTIFICATION: u16 = 6;
    pub(super) const KEEPALIVE: u16 = 7;
}

pub(super) fn subtype_name(subtype: u16) -> Option<&'static str> {
    Some(match subtype {
        0 => "NULL",
        subtype::UPDATE => "UPDATE",
        2 => "PREF_UPDATE",
        subtype::STATE_CHANGE => "STATE_CHANGE",
        4 => "SYNC",
        subtype::OPEN => "OPEN",
        subtype::NOTIFICATION => "NOTIFY",
        subtype::KEEPALIVE => "KEEPALIVE",
        _ => return None,
    })
}

pub(super) fn parse(kind: u16, input: &[u8]) -> Known<'_, Body<'_>> {
    let kind = match kind {
        subtype::UPDATE => MessageType::Update,
        subtype::OPEN => MessageType::Open,
        subtype::NOTIFICATION => MessageType::Notification,
        subtype::KEEPALIVE => MessageType::Keepalive,
        subtype::STATE_CHANGE => {
            let (_, (peer_as, peer, from, to)) = (be_u16, ipv4, be_u16, be_u16).parse(input)?;
            return Ok(Some(Body::LegacyState(LegacyState {
                peer_as: Asn(u32::from(peer_as)),
                peer,
                from: State(from),
                to: State(to),
            })));
        }
        _ => return Ok(None),
    };
    let (body, (peer_as, peer, local_as, local)) = (be_u16, ipv4, be_u16, ipv4).parse(input)?;
    Ok(Some(Body::Legacy(Legacy {
        peer_as: Asn(u32::from(peer_as)),
        peer,
        local_as: Asn(u32::from(local_as)),
        local,
        kind,
        body,
    })))
}

impl Legacy<'_> {
    /// Appends the message with the header it had on the wire, so that it can be read as any
    /// other. A body of more than 65,516 octets, which no message has, is cut there.
    pub fn write_message(&self, out: &mut Vec<u8>) {
        const LONGEST: usize = Header::EXTENDED_MAX - Header::LENGTH;
        let start = header::begin(out, self.kind);
        out.extend(self.body.get(..LONGEST).unwrap_or(self.body));
        header::finish(out, start);
    }
}
