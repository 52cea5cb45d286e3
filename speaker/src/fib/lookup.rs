//! What the kernel itself would do: the route that it follows toward an address, and what it knows
//! of a neighbor on a link. One question, one answer, some tens of microseconds; rules and all
//! tables count, as for a packet of this host.
use super::{FibNextHop, message, message::RouteView};
use crate::{
    config::Kernel,
    netlink::{Channel, Received, append, kind, refusal},
};
use ipnet::IpNet;
use rtnetlink::{
    packet_core::{NLM_F_REQUEST, Parseable},
    packet_route::{
        AddressFamily, RouteNetlinkMessage,
        neighbour::{
            NeighbourAddress, NeighbourAttribute, NeighbourHeader, NeighbourMessage, NeighbourState,
        },
        route::{RouteAttribute, RouteFlags, RouteMessage, RouteType},
    },
};
use std::{io, net::IpAddr};

/// Answers are small.
const BUFFER: usize = 1 << 16;
/// Messages that are not the answer: there should be none.
const STRAY: usize = 64;

/// A socket for such questions.
#[derive(Debug)]
pub(crate) struct Lookup(Channel);

/// The route that packets to an address follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Followed(RouteView);

/// What a link's neighbor table says of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// nobody was asked yet
    Unknown,
    /// it answered, or is known without asking
    Answers,
    /// it is being asked
    Asked,
    /// it does not answer
    Silent,
}

impl Followed {
    /// Its destination.
    pub(crate) fn prefix(&self) -> IpNet {
        self.0.prefix
    }
    /// Whether it is one of those that `kernel` calls ours.
    pub(crate) fn is_ours(&self, kernel: &Kernel) -> bool {
        self.0.is_of(&message::Identity::of(kernel))
    }
    pub(super) fn is_of(&self, identity: &message::Identity) -> bool {
        self.0.is_of(identity)
    }
    /// Its gateways.
    pub(super) fn next_hops(&self) -> Vec<FibNextHop> {
        self.0.next_hops.clone()
    }
    /// The interfaces that packets leave by, and the gateways; `None`: straight to the destination.
    pub(crate) fn ways(&self) -> Vec<(Option<IpAddr>, u32)> {
        let interface = self.0.interface;
        if self.0.next_hops.is_empty() {
            return interface.map(|index| (None, index)).into_iter().collect();
        }
        let hops = self.0.next_hops.iter();
        hops.filter_map(|hop| Some((Some(hop.address), hop.interface.or(interface)?)))
            .collect()
    }
    /// Whether the destination is this host's own address.
    pub(crate) fn is_local(&self) -> bool {
        self.0.kind == RouteType::Local
    }
    /// As `ip route` would put it; `name` names interfaces.
    pub(crate) fn describe(&self, name: impl Fn(u32) -> Option<String>) -> String {
        self.0.describe(name)
    }
}

impl Lookup {
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self(Channel::open(BUFFER)?))
    }

    /// The route toward `address`; `None`: there is none.
    ///
    /// # Errors
    /// When the kernel cannot be asked.
    pub(crate) fn route(&mut self, address: IpAddr) -> io::Result<Option<Followed>> {
        let host = IpNet::from(address);
        let mut message = RouteMessage::default();
        message.header.address_family = family(address);
        message.header.destination_prefix_length = host.prefix_len();
        message.header.flags = RouteFlags::LookupTable | RouteFlags::FibMatch;
        let destination = RouteAttribute::Destination(message::address(address));
        message.attributes.push(destination);
        let answer = self.ask(RouteNetlinkMessage::GetRoute(message), kind::NEW_ROUTE)?;
        Ok(answer
            .and_then(|payload| RouteView::parse(&payload))
            .map(Followed))
    }

    /// What is known of `address` on the link with this index.
    ///
    /// # Errors
    /// When the kernel cannot be asked.
    pub(crate) fn neighbor(&mut self, address: IpAddr, interface: u32) -> io::Result<Reach> {
        let mut message = NeighbourMessage::default();
        message.header = NeighbourHeader {
            family: family(address),
            ifindex: interface,
            ..NeighbourHeader::default()
        };
        let destination = match address {
            IpAddr::V4(v4) => NeighbourAddress::Inet(v4),
            IpAddr::V6(v6) => NeighbourAddress::Inet6(v6),
        };
        message
            .attributes
            .push(NeighbourAttribute::Destination(destination));
        let request = RouteNetlinkMessage::GetNeighbour(message);
        let answer = self.ask(request, kind::NEW_NEIGHBOR)?;
        let state = answer.and_then(|payload| NeighbourMessage::parse(&payload).ok());
        Ok(match state.map(|message| message.header.state) {
            Some(
                NeighbourState::Reachable
                | NeighbourState::Stale
                | NeighbourState::Delay
                | NeighbourState::Probe
                | NeighbourState::Noarp
                | NeighbourState::Permanent,
            ) => Reach::Answers,
            Some(NeighbourState::Incomplete) => Reach::Asked,
            Some(NeighbourState::Failed) => Reach::Silent,
            _ => Reach::Unknown,
        })
    }

    /// The payload of the answer; `None`: the kernel says that there is none.
    fn ask(&mut self, request: RouteNetlinkMessage, wanted: u16) -> io::Result<Option<Vec<u8>>> {
        let sequence = self.0.next_sequence();
        let mut octets = Vec::new();
        append(&mut octets, request, NLM_F_REQUEST, sequence);
        self.0.send(&octets)?;
        for _ in 0..STRAY {
            let Received::Datagram(length) = self.0.receive(true)? else {
                continue;
            };
            for message in self.0.messages(length) {
                if message.sequence != sequence {
                    continue;
                }
                if message.kind == wanted {
                    return Ok(Some(message.payload.to_vec()));
                }
                if message.kind == kind::ERROR {
                    return match refusal(message.payload).errno {
                        libc::EPERM => Err(io::ErrorKind::PermissionDenied.into()),
                        // Unreachable, prohibited, blackholed, no such neighbor.
                        _ => Ok(None),
                    };
                }
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }
}

fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}
