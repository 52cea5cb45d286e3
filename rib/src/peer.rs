//! What the table knows of a neighbor. A source of local routes is a peer too.
use crate::Policy;
use bgp_wire::{Asn, Family, RouterId};
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
    /// Internal BGP (not a reflector client).
    Ibgp,
    /// Routes of this host: preferred over all others, nothing is exported to it.
    Local,
}

/// What is configured, session up or not.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// Where its routes come from.
    pub kind: PeerKind,
    /// The neighbor's address (last tie-break).
    pub address: IpAddr,
    /// Our AS toward it.
    pub local_as: Asn,
    /// Its AS.
    pub remote_as: Asn,
    /// Our BGP identifier.
    pub router_id: RouterId,
    /// What to accept. For eBGP without a configured policy: `Policy::missing()` (RFC 8212).
    pub import: Arc<Policy>,
    /// What to announce.
    pub export: Arc<Policy>,
}

/// What was negotiated when the session came up.
#[derive(Clone, Debug)]
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
    /// Our link-local address on a shared link (RFC 2545 §3).
    pub link_local: Option<Ipv6Addr>,
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
    /// Prefixes announced to the peer (sent and not withdrawn).
    pub announced: u64,
    /// Prefixes that its UPDATEs announced since the session came up.
    pub announcements_in: u64,
    /// Prefixes that its UPDATEs withdrew since the session came up.
    pub withdrawals_in: u64,
    /// Prefixes announced to it since the session came up.
    pub announcements_out: u64,
    /// Prefixes withdrawn from it since the session came up.
    pub withdrawals_out: u64,
}
