//! The shard: all tables, one owner, synchronous and deterministic.
use crate::{
    Change, CursorId, PeerConfig, PeerCounters, PeerId, PeerUp, Query, QueryPosition, RouteView,
};
use bgp_wire::{AddressFamily, Attributes, Family, Ipv4Unicast, Ipv6Unicast, NextHop, Nlri};
use ipnet::IpNet;

/// A family the shard has a table for.
pub trait RibFamily: AddressFamily {}
impl RibFamily for Ipv4Unicast {}
impl RibFamily for Ipv6Unicast {}

/// What `fill` did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filled {
    /// whole UPDATEs written
    pub messages: usize,
    /// there is more to send
    pub more: bool,
}

/// All tables.
#[derive(Debug)]
pub struct Shard {
    _p: (),
}
#[allow(missing_docs)]
impl Shard {
    pub fn new() -> Self {
        todo!()
    }
    // peers
    pub fn add_peer(&mut self, _config: PeerConfig) -> PeerId {
        todo!()
    }
    /// Policies, AS and addresses changed: what was received is evaluated again in the background
    /// (`work`), only what differs is sent.
    pub fn configure_peer(&mut self, _peer: PeerId, _config: PeerConfig) {
        todo!()
    }
    /// Withdraws everything of it and forgets it.
    pub fn remove_peer(&mut self, _peer: PeerId) {
        todo!()
    }
    /// The session is up: its Adj-RIB-Out is to be filled, then End-of-RIB.
    pub fn peer_up(&mut self, _peer: PeerId, _up: PeerUp) {
        todo!()
    }
    /// The session is down: its paths go (in slices, see `work`), its Adj-RIB-Out is forgotten.
    pub fn peer_down(&mut self, _peer: PeerId) {
        todo!()
    }
    /// The peer asked for our routes again (RFC 2918).
    pub fn refresh(&mut self, _peer: PeerId, _family: Family) {
        todo!()
    }
    // routes in; `now` is seconds of any monotonic clock
    pub fn announce<F: RibFamily>(
        &mut self,
        _peer: PeerId,
        _attributes: &Attributes<'_>,
        _next_hop: NextHop,
        _nlri: &[Nlri<F>],
        _now: u32,
    ) {
        todo!()
    }
    pub fn withdraw<F: RibFamily>(&mut self, _peer: PeerId, _nlri: &[Nlri<F>]) {
        todo!()
    }
    /// The peer sent End-of-RIB.
    pub fn end_of_rib(&mut self, _peer: PeerId, _family: Family) {
        todo!()
    }
    /// Background work, at most `budget` routes; `true`: more is left.
    #[must_use]
    pub fn work(&mut self, _budget: usize) -> bool {
        todo!()
    }
    // routes out
    /// A peer that has something to send since `next_ready` last named it.
    #[must_use]
    pub fn next_ready(&mut self) -> Option<PeerId> {
        todo!()
    }
    /// Appends whole UPDATEs for `peer`, withdraws first, about `room` octets (never a message
    /// larger than negotiated, at least one message).
    pub fn fill(&mut self, _peer: PeerId, _out: &mut Vec<u8>, _room: usize) -> Filled {
        todo!()
    }
    // the kernel table
    /// A consumer of best paths; sees the whole table first.
    pub fn subscribe(&mut self) -> CursorId {
        todo!()
    }
    /// Up to `max` changes since last time; fewer than `max`: nothing is left for now.
    pub fn changes(&mut self, _cursor: CursorId, _max: usize, _out: &mut Vec<Change>) {
        todo!()
    }
    /// From the start again: every prefix with a best path will be seen once more.
    pub fn rewind(&mut self, _cursor: CursorId) {
        todo!()
    }
    pub fn unsubscribe(&mut self, _cursor: CursorId) {
        todo!()
    }
    // questions
    pub fn counters(&self, _peer: PeerId, _family: Family) -> PeerCounters {
        todo!()
    }
    /// Calls `each` for up to `budget` routes; `true`: more is left, call again with `position`.
    pub fn query(
        &self,
        _query: Query,
        _within: Option<IpNet>,
        _position: &mut QueryPosition,
        _budget: usize,
        _each: &mut dyn FnMut(RouteView<'_>),
    ) -> bool {
        todo!()
    }
    /// Prefixes and paths of a family.
    pub fn totals(&self, _family: Family) -> (u64, u64) {
        todo!()
    }
}
