//! The floor of a kernel table: the same messages, made beforehand, from one bare loop. And the
//! same socket's questions, by which the benchmark sees from outside what the kernel holds.

use ipnet::Ipv4Net;
use rtnetlink::{
    packet_core::{
        NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader,
        NetlinkMessage, NetlinkPayload, Parseable,
    },
    packet_route::{
        AddressFamily, RouteNetlinkMessage,
        route::{RouteAddress, RouteAttribute, RouteFlags, RouteMessage, RouteScope, RouteType},
    },
    sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE},
};
use std::{io, net::Ipv4Addr};

/// Messages a send: more do not make it faster.
const BATCH: usize = 512;
/// Protocol number of the floor's routes.
pub const PROTOCOL: u8 = 250;
/// Their metric.
const METRIC: u32 = 32;
/// `RTM_NEWROUTE`
const NEW_ROUTE: u16 = 24;

/// What is done with each route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Add it; it must not be there.
    Add,
    /// Put another next hop into its place.
    Replace,
    /// Delete it.
    Delete,
}

/// Whole sends, ready made.
#[derive(Clone, Debug)]
pub struct Sends(Vec<Vec<u8>>);

impl Sends {
    /// `verb` for each of `prefixes`, via `next_hop`; no acknowledgements are asked for.
    #[must_use]
    pub fn new(verb: Verb, prefixes: &[Ipv4Net], next_hop: Ipv4Addr) -> Self {
        let sends = prefixes.chunks(BATCH).map(|chunk| {
            let mut octets = Vec::with_capacity(BATCH * 64);
            for prefix in chunk {
                append(&mut octets, verb, prefix, next_hop);
            }
            octets
        });
        Self(sends.collect())
    }
}

fn append(octets: &mut Vec<u8>, verb: Verb, prefix: &Ipv4Net, next_hop: Ipv4Addr) {
    let mut message = RouteMessage::default();
    message.header.address_family = AddressFamily::Inet;
    message.header.destination_prefix_length = prefix.prefix_len();
    message.header.table = 254;
    message.header.protocol = PROTOCOL.into();
    message.header.scope = RouteScope::Universe;
    message.header.kind = RouteType::Unicast;
    let destination = RouteAddress::Inet(prefix.network());
    message.attributes = vec![
        RouteAttribute::Destination(destination),
        RouteAttribute::Priority(METRIC),
        RouteAttribute::Gateway(RouteAddress::Inet(next_hop)),
    ];
    let (request, flags) = match verb {
        Verb::Add => (
            RouteNetlinkMessage::NewRoute(message),
            NLM_F_CREATE | NLM_F_EXCL,
        ),
        Verb::Replace => (
            RouteNetlinkMessage::NewRoute(message),
            NLM_F_CREATE | NLM_F_REPLACE,
        ),
        Verb::Delete => (RouteNetlinkMessage::DelRoute(message), 0),
    };
    write(octets, request, NLM_F_REQUEST | flags);
}

fn write(octets: &mut Vec<u8>, request: RouteNetlinkMessage, flags: u16) {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(request));
    message.finalize();
    let start = octets.len();
    octets.resize(start + message.buffer_len(), 0);
    if let Some(room) = octets.get_mut(start..) {
        message.serialize(room);
    }
}

/// A socket of the namespace that it was opened in.
#[derive(Debug)]
pub struct Table {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Table {
    /// Opens it.
    ///
    /// # Errors
    /// There are no netlink sockets.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        Ok(Self {
            socket,
            buffer: vec![0; 1 << 16],
        })
    }

    /// Sends all: the kernel has done it when this returns.
    ///
    /// # Errors
    /// The kernel refused a send, or a message in one.
    pub fn send(&mut self, sends: &Sends) -> io::Result<()> {
        for octets in &sends.0 {
            self.socket.send_to(octets, &SocketAddr::new(0, 0), 0)?;
        }
        // An answer without having been asked for one is a refusal.
        match self
            .socket
            .recv(&mut &mut self.buffer[..], libc::MSG_DONTWAIT)
        {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Ok(_) => Err(io::Error::other("the kernel refuses a message")),
            Err(error) => Err(error),
        }
    }

    /// The gateway of the route to exactly `prefix` that packets follow; `None`: they follow
    /// another one, or none.
    ///
    /// # Errors
    /// The kernel cannot be asked.
    pub fn gateway(&mut self, prefix: &Ipv4Net) -> io::Result<Option<Ipv4Addr>> {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        message.header.destination_prefix_length = 32;
        message.header.flags = RouteFlags::LookupTable | RouteFlags::FibMatch;
        let destination = RouteAddress::Inet(prefix.network());
        message.attributes = vec![RouteAttribute::Destination(destination)];
        let mut octets = Vec::new();
        write(
            &mut octets,
            RouteNetlinkMessage::GetRoute(message),
            NLM_F_REQUEST,
        );
        self.socket.send_to(&octets, &SocketAddr::new(0, 0), 0)?;
        let length = self.socket.recv(&mut &mut self.buffer[..], 0)?;
        let answer = self.buffer.get(..length).unwrap_or_default();
        let Ok(answer) = NetlinkBuffer::new_checked(answer) else {
            return Ok(None);
        };
        let payload = self.buffer.get(16..length).unwrap_or_default();
        if answer.message_type() != NEW_ROUTE {
            return Ok(None);
        }
        let Ok(route) = RouteMessage::parse(payload) else {
            return Ok(None);
        };
        if route.header.destination_prefix_length != prefix.prefix_len() {
            return Ok(None);
        }
        let mut gateway = None;
        for attribute in route.attributes {
            match attribute {
                RouteAttribute::Destination(RouteAddress::Inet(found))
                    if found != prefix.network() =>
                {
                    return Ok(None);
                }
                RouteAttribute::Gateway(RouteAddress::Inet(found)) => gateway = Some(found),
                _ => {}
            }
        }
        Ok(gateway)
    }
}
