//! What `show routes` asks.
use crate::{PeerId, Step};
use bgp_wire::{Attributes, NextHop, PathId};
use ipnet::IpNet;

/// Which routes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Query {
    /// Every path of the Loc-RIB's prefixes, best first.
    All,
    /// Adj-RIB-In of a peer, rejected ones included.
    Received(PeerId),
    /// Of these, only the rejected.
    Rejected(PeerId),
    /// Adj-RIB-Out of a peer: what it was told (attributes as sent).
    Exported(PeerId),
    /// The Loc-RIB's best paths that a peer is not told, with the reason.
    NotExported(PeerId),
}
/// Where a listing goes on; listings come in prefix order and in slices. Opaque.
#[derive(Clone, Debug, Default)]
pub struct QueryPosition {
    pub(crate) _after: Option<IpNet>,
    pub(crate) _done: bool,
}

/// Why an accepted path never became one.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum RejectReason {
    /// the policy of this name said no
    Policy(Box<str>),
    /// RFC 8212
    NoPolicy,
    AsLoop,
    NextHopIsOurs,
    NextHopInvalid,
    OriginatorLoop,
    ClusterLoop,
    FirstAsMismatch,
}
/// Why a route is not announced to a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum ExportState {
    Announced,
    Pending,
    NotUp,
    Policy(Box<str>),
    NoPolicy,
    LearnedFromIt,
    IbgpToIbgp,
    NoNextHop,
    FamilyNotNegotiated,
    WellKnownCommunity,
    AsLoop,
    TooLarge,
}
/// How a path stands.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum RouteState {
    Best(Step),
    NotBest(Step),
    Rejected(RejectReason),
    Export(ExportState),
}
impl std::fmt::Display for RouteState {
    // a sentence part for people
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}

/// One route of an answer.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct RouteView<'a> {
    pub prefix: IpNet,
    pub path_id: PathId,
    pub peer: PeerId,
    pub next_hop: Option<NextHop>,
    pub attributes: Attributes<'a>,
    pub state: RouteState,
    /// seconds of the shard's clock when learned
    pub learned: u32,
}
