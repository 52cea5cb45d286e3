//! What the table knows of a neighbor. A source of local routes is a peer too.
use crate::{Limits, Policy, Protocol};
use bgp_wire::{Asn, Family, Role, RouterId};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

/// A peer of the shard; ids of removed peers are used again only when nothing refers to them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PeerId(pub(crate) u32);

/// Where a peer's routes come from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PeerKind {
    /// External BGP.
    Ebgp,
    /// Internal BGP.
    Ibgp,
    /// Routes of this host: preferred over all others, nothing is exported to it.
    Local,
}

/// What is configured, session up or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerConfig {
    /// Where its routes come from.
    pub kind: PeerKind,
    /// The neighbor's address (last tie-break).
    pub address: IpAddr,
    /// Our AS toward it.
    pub local_as: Asn,
    /// Our AS toward everybody else, where it differs: a route with either of them in its path has
    /// been here.
    pub global_as: Asn,
    /// Its AS.
    pub remote_as: Asn,
    /// Where its routes come from, for policies.
    pub protocol: Protocol,
    /// Our BGP identifier.
    pub router_id: RouterId,
    /// What to accept. For eBGP without a configured policy: `Policy::missing()` (RFC 8212).
    pub import: Arc<Policy>,
    /// What to announce.
    pub export: Arc<Policy>,
    /// Whether it is told long-lived stale routes although it lacks the capability (RFC 9494).
    pub long_lived_export: LongLivedExport,
    /// An internal neighbor that we reflect routes to and from (RFC 4456).
    pub client: bool,
    /// What we put into CLUSTER_LIST (RFC 4456 §7); by default our identifier.
    pub cluster_id: u32,
    /// Our role toward an external neighbor (RFC 9234); only unicast is concerned.
    pub role: Option<Role>,
    /// What it is told as next hop.
    pub next_hop: NextHopRule,
    /// What becomes of private AS numbers toward an external neighbor.
    pub private_as: PrivateAs,
    /// How often our own AS may stand in the path of what it sends.
    pub allow_own_as: u8,
    /// An external neighbor's AS must stand first in the path of what it sends (RFC 4271 §6.3).
    pub first_as: bool,
    /// We are a route server toward it (RFC 7947 §2.2): our AS is not put into the path, next hop
    /// and MED stay.
    pub route_server: bool,
    /// The session is about to be shut down (RFC 8326): what goes out says so, what came in is
    /// the last resort.
    pub graceful_shutdown: bool,
    /// How many paths of a prefix it is told where ADD-PATH allows it.
    pub paths: PathCount,
    /// How many prefixes it may bring and be told.
    pub limits: Limits,
}

/// How many paths of a prefix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum PathCount {
    /// All that are accepted.
    #[default]
    All,
    /// The best so many.
    Best(u16),
}

impl PathCount {
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::All => usize::MAX,
            Self::Best(paths) => usize::from(paths),
        }
    }
}

/// The next hop that a neighbor is told. Routes of this host have our own address in any case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum NextHopRule {
    /// Toward external neighbors our own address, toward internal ones the received one
    /// (RFC 4271 §5.1.3).
    #[default]
    Usual,
    /// Our own address.
    Own,
    /// Our own address for what came from external neighbors; what is reflected keeps its own.
    OwnForExternal,
    /// The received one.
    Unchanged,
    /// These, where the route's next hop is of the family; else as usual.
    Fixed {
        /// in place of an IPv4 next hop
        v4: Option<Ipv4Addr>,
        /// in place of an IPv6 next hop
        v6: Option<Ipv6Addr>,
    },
}

/// Private AS numbers (RFC 6996) in the paths that an external neighbor is told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum PrivateAs {
    /// They stay.
    #[default]
    Keep,
    /// They are left out.
    Remove,
    /// Our own stands in their place, so that the path keeps its length.
    Replace,
}

/// Long-lived stale routes toward a neighbor without the capability of RFC 9494.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum LongLivedExport {
    /// They are not announced (RFC 9494 §4.3).
    #[default]
    Never,
    /// They are announced to internal neighbors, with NO_EXPORT and LOCAL_PREF 0
    /// (RFC 9494 §4.6).
    Internal,
    /// They are announced like any other route.
    All,
}

impl PeerConfig {
    /// A peer of whom nothing else is said: a local source is imported whole, an internal neighbor
    /// imports and is announced all, an external one neither (RFC 8212).
    pub fn new(
        kind: PeerKind,
        address: IpAddr,
        (local_as, remote_as): (Asn, Asn),
        router_id: RouterId,
    ) -> Self {
        let (import, export) = match kind {
            PeerKind::Ebgp => (Policy::missing(), Policy::missing()),
            PeerKind::Ibgp => (Policy::all(), Policy::all()),
            PeerKind::Local => (Policy::all(), Policy::none()),
        };
        Self {
            kind,
            address,
            local_as,
            remote_as,
            protocol: match kind {
                PeerKind::Ebgp | PeerKind::Ibgp => Protocol::Bgp,
                PeerKind::Local => Protocol::Static,
            },
            router_id,
            import: Arc::new(import),
            export: Arc::new(export),
            long_lived_export: LongLivedExport::default(),
            global_as: local_as,
            client: false,
            cluster_id: u32::from(router_id.address()),
            role: None,
            next_hop: NextHopRule::default(),
            private_as: PrivateAs::default(),
            allow_own_as: 0,
            first_as: true,
            route_server: false,
            graceful_shutdown: false,
            paths: PathCount::default(),
            limits: Limits::default(),
        }
    }
}

/// What was negotiated when the session came up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerUp {
    /// The neighbor's BGP identifier.
    pub router_id: RouterId,
    /// Its AS as its OPEN said.
    pub remote_as: Asn,
    /// Negotiated families.
    pub families: Vec<Family>,
    /// Largest message toward it, octets.
    pub max_message: usize,
    /// Four-octet AS numbers negotiated.
    pub four_octet_as: bool,
    /// Our address as next hop for IPv4 routes, where there is one.
    pub next_hop_v4: Option<Ipv4Addr>,
    /// Our address as next hop for IPv6 routes, where there is one.
    pub next_hop_v6: Option<Ipv6Addr>,
    /// IPv4 routes may have IPv6 next hops (RFC 8950): our IPv6 address is theirs.
    pub ipv4_over_ipv6: bool,
    /// Our link-local address on a shared link (RFC 2545 §3).
    pub link_local: Option<Ipv6Addr>,
    /// Families whose forwarding state the neighbor preserved while it was away (RFC 4724 §3, the
    /// F bit; RFC 9494 §3): their stale paths stay until End-of-RIB.
    pub preserved: Vec<Family>,
    /// Enhanced route refresh negotiated (RFC 7313).
    pub enhanced_refresh: bool,
    /// Families in which the neighbor announced long-lived graceful restart (RFC 9494): it may be
    /// told long-lived stale routes.
    pub long_lived: Vec<Family>,
    /// Families in which we send it several paths of a prefix (RFC 7911), and how many it takes.
    pub add_path: Vec<(Family, PathCount)>,
}

impl PeerUp {
    /// A session of plain BGP-4 (4,096 octets, four-octet AS numbers) without next hops of ours.
    pub fn new(router_id: RouterId, remote_as: Asn, families: Vec<Family>) -> Self {
        Self {
            router_id,
            remote_as,
            families,
            max_message: 4_096,
            four_octet_as: true,
            next_hop_v4: None,
            next_hop_v6: None,
            ipv4_over_ipv6: false,
            link_local: None,
            preserved: Vec::new(),
            enhanced_refresh: false,
            long_lived: Vec::new(),
            add_path: Vec::new(),
        }
    }
}

/// Prefix counts of one peer and family.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PeerCounters {
    /// Prefixes in Adj-RIB-In, accepted or not.
    pub received: u64,
    /// Of these, accepted by policy and checks.
    pub accepted: u64,
    /// Of these, best.
    pub best: u64,
    /// Of the received, said by a session or before a refresh that is over, and not again yet.
    pub stale: u64,
    /// Of the received, long-lived stale (RFC 9494).
    pub long_lived_stale: u64,
    /// Received since the session came up and not stored, for the limit of received ones.
    pub refused: u64,
    /// Rejected only for the limit of accepted ones, since the session came up.
    pub limited: u64,
    /// Prefixes announced to the peer (sent and not withdrawn).
    pub announced: u64,
    /// Prefixes that wait for room below the limit of announced ones.
    pub held_back: u64,
    /// Prefixes that its UPDATEs announced since the session came up.
    pub announcements_in: u64,
    /// Prefixes that its UPDATEs withdrew since the session came up.
    pub withdrawals_in: u64,
    /// Prefixes announced to it since the session came up.
    pub announcements_out: u64,
    /// Prefixes withdrawn from it since the session came up.
    pub withdrawals_out: u64,
}
