//! What a speaker is to be and to say, in words that every implementation's configuration has.
//!
//! A test describes both sides of a session with these values and lets each implementation render
//! its own (see `daemons`). So a test can be run with any of them on either side, and what one of
//! them cannot be told is said in one place: the matrix of `tests/interop`.
use std::net::{IpAddr, Ipv4Addr};

/// One speaker.
#[derive(Clone, Debug)]
pub struct Router {
    /// Its AS.
    pub asn: u32,
    /// Its BGP identifier.
    pub id: Ipv4Addr,
    /// Routes that it originates.
    pub announces: Vec<Announced>,
    /// Its neighbors; the address tells them apart.
    pub neighbors: Vec<Neighbor>,
}

/// A route that a speaker originates, with ORIGIN IGP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// "192.168.0.0/16" or "fd00:a::/64".
    pub prefix: String,
    /// MULTI_EXIT_DISC; Myna's own routes have none.
    pub med: Option<u32>,
    /// "65000:1"; Myna's own routes have none.
    pub communities: Vec<String>,
    /// Explicit next hop, where an implementation wants to be told (see `daemons`).
    pub next_hop: Option<IpAddr>,
}

/// One neighbor of a speaker, from this speaker's view.
#[derive(Clone, Debug)]
pub struct Neighbor {
    /// Our address toward it.
    pub local: IpAddr,
    /// Its address.
    pub address: IpAddr,
    /// Its AS.
    pub asn: u32,
    /// Families of the session.
    pub families: Vec<Family>,
    /// We wait for it to connect.
    pub passive: bool,
    /// TCP-MD5 key.
    pub password: Option<String>,
    /// Seconds that we propose.
    pub hold_time: u16,
    /// Hops that it may be away, where it is not on a subnet of ours.
    pub multihop: Option<u8>,
    /// RFC 5082: packets from more than this many hops away are not its own.
    pub ttl_security: Option<u8>,
    /// RFC 7911: we send several paths of a prefix.
    pub add_path_send: bool,
    /// RFC 7911: we take several paths of a prefix.
    pub add_path_receive: bool,
    /// RFC 8950: IPv4 routes with IPv6 next hops.
    pub extended_next_hop: bool,
    /// RFC 8654.
    pub extended_messages: bool,
    /// RFC 7313.
    pub enhanced_refresh: bool,
    /// RFC 4724: seconds that our neighbor shall wait for us; 0 is only to wait for it, and
    /// `None` leaves the capability out.
    pub graceful_restart: Option<u16>,
    /// RFC 9494: seconds that stale routes live on.
    pub long_lived: Option<u32>,
    /// RFC 9234: our role.
    pub role: Option<Role>,
    /// RFC 9234: the neighbor has to have a role, too.
    pub strict_role: bool,
    /// Prefixes of IPv4 that we take; one more ends the session.
    pub prefix_limit: Option<u32>,
    /// RFC 6793: we announce the capability.
    pub four_octet_as: bool,
}

/// A family of addresses; all are unicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4
    Ipv4,
    /// IPv6
    Ipv6,
}

/// Who one is to the neighbor (RFC 9234).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// sells transit
    Provider,
    /// buys transit
    Customer,
    /// neither
    Peer,
}

/// What one side says about itself in its OPEN, as far as features of the matrix hang on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub enum Capability {
    Ipv4,
    Ipv6,
    RouteRefresh,
    EnhancedRouteRefresh,
    FourOctetAs,
    GracefulRestart,
    LongLivedGracefulRestart,
    AddPath,
    ExtendedMessage,
    ExtendedNextHop,
    Role,
}

/// A path as its receiver shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The global next hop.
    pub next_hop: String,
    /// "12076 65001"
    pub as_path: String,
    /// "igp", "egp", "incomplete"
    pub origin: String,
    /// MULTI_EXIT_DISC; some implementations show 0 where there is none.
    pub med: Option<u32>,
    /// "65000:1", sorted.
    pub communities: Vec<String>,
}

impl Router {
    /// With these neighbors.
    #[must_use]
    pub fn new(asn: u32, id: Ipv4Addr, neighbors: Vec<Neighbor>) -> Self {
        Self {
            asn,
            id,
            announces: Vec::new(),
            neighbors,
        }
    }

    /// The first neighbor, to be changed.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn neighbor(&mut self) -> &mut Neighbor {
        self.neighbors
            .first_mut()
            .expect("a router of the matrix has a neighbor")
    }
}

impl Announced {
    /// Nothing but a prefix.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            med: None,
            communities: Vec::new(),
            next_hop: None,
        }
    }

    /// Of which family.
    #[must_use]
    pub fn family(&self) -> Family {
        Family::of(&self.prefix)
    }
}

impl Neighbor {
    /// An ordinary one: the family of its address, no options, hold time 90 s.
    #[must_use]
    pub fn new(local: IpAddr, address: IpAddr, asn: u32) -> Self {
        Self {
            local,
            address,
            asn,
            families: vec![if address.is_ipv4() {
                Family::Ipv4
            } else {
                Family::Ipv6
            }],
            passive: false,
            password: None,
            hold_time: 90,
            multihop: None,
            ttl_security: None,
            add_path_send: false,
            add_path_receive: false,
            extended_next_hop: false,
            extended_messages: false,
            enhanced_refresh: false,
            graceful_restart: None,
            long_lived: None,
            role: None,
            strict_role: false,
            prefix_limit: None,
            four_octet_as: true,
        }
    }
}

impl Family {
    /// That of an address or prefix.
    #[must_use]
    pub fn of(prefix: &str) -> Self {
        if prefix.contains(':') {
            Self::Ipv6
        } else {
            Self::Ipv4
        }
    }

    /// "ipv4" or "ipv6"
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        }
    }
}

impl Role {
    /// "provider", …
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Customer => "customer",
            Self::Peer => "peer",
        }
    }
}
