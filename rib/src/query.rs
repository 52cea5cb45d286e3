//! What `show routes` asks, and what it is told.
use crate::{PeerId, Step};
use bgp_wire::{Attributes, NextHop, PathId};
use ipnet::IpNet;
use std::fmt;

/// Which routes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Query {
    /// Every accepted path, best first.
    All,
    /// Adj-RIB-In of a peer, rejected ones included.
    Received(PeerId),
    /// Of these, only the rejected.
    Rejected(PeerId),
    /// Adj-RIB-Out of a peer: what it was told (attributes as sent).
    Exported(PeerId),
    /// The best paths that a peer is not told, with the reason.
    NotExported(PeerId),
}

/// Why a received path is no candidate.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RejectReason {
    /// The policy of this name said no.
    Policy(Box<str>),
    /// No import policy is configured for this eBGP session (RFC 8212).
    NoPolicy,
    /// Our own AS is in AS_PATH (RFC 4271 §9.1.2).
    AsLoop,
    /// The next hop is our own address (RFC 4271 §5.1.3).
    NextHopIsOurs,
    /// The next hop is no host's address (RFC 4271 §6.3).
    NextHopInvalid,
    /// ORIGINATOR_ID is our own identifier (RFC 4456 §8).
    OriginatorLoop,
    /// CLUSTER_LIST has our own cluster (RFC 4456 §8).
    ClusterLoop,
    /// The first AS of AS_PATH is not the neighbor's (RFC 4271 §6.3).
    FirstAsMismatch,
    /// OTC says that it should not have been announced to us (RFC 9234 §5).
    RouteLeak,
    /// The limit of accepted prefixes is reached.
    Limit,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(name) => write!(f, "import filter {name} rejects it"),
            Self::NoPolicy => f.write_str("no import filter is configured"),
            Self::AsLoop => f.write_str("our own AS is in the AS path"),
            Self::NextHopIsOurs => f.write_str("the next hop is our own address"),
            Self::NextHopInvalid => f.write_str("the next hop is not a host address"),
            Self::OriginatorLoop => f.write_str("we are its originator"),
            Self::ClusterLoop => f.write_str("our own cluster is in the cluster list"),
            Self::FirstAsMismatch => {
                f.write_str("the AS path does not begin with the neighbor's AS")
            }
            Self::Limit => f.write_str("the limit of accepted prefixes is reached"),
            Self::RouteLeak => f.write_str("a route leak: it was for customers only (OTC)"),
        }
    }
}

/// Why a route is or is not announced to a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ExportState {
    /// It is announced.
    Announced,
    /// It will be, as soon as the peer reads.
    Pending,
    /// The session is not up.
    NotUp,
    /// The policy of this name said no.
    Policy(Box<str>),
    /// No export policy is configured for this eBGP session (RFC 8212).
    NoPolicy,
    /// The best path is the peer's own.
    LearnedFromIt,
    /// What comes from an internal peer is not told to another (RFC 4271 §9.2).
    IbgpToIbgp,
    /// There is no address of ours that could be the next hop.
    NoNextHop,
    /// The session does not carry the family.
    FamilyNotNegotiated,
    /// NO_EXPORT, NO_ADVERTISE or NO_EXPORT_SUBCONFED (RFC 1997).
    WellKnownCommunity,
    /// OTC: it came from a provider, a peer or a route server, and goes to customers only
    /// (RFC 9234 §5).
    OnlyToCustomers,
    /// It is long-lived stale, and the peer lacks the capability (RFC 9494 §4.3).
    LongLivedStale,
    /// The peer's AS is in AS_PATH. (Not used today: such a route is announced, and refused there.)
    AsLoop,
    /// The attributes do not fit into one message.
    TooLarge,
    /// The peer is told as many prefixes as it may be.
    Limit,
}

impl fmt::Display for ExportState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Announced => "announced",
            Self::Pending => "waits to be sent",
            Self::NotUp => "the session is not up",
            Self::Policy(name) => return write!(f, "export filter {name} rejects it"),
            Self::NoPolicy => "no export filter is configured",
            Self::LearnedFromIt => "learned from this neighbor",
            Self::IbgpToIbgp => "learned from another internal neighbor",
            Self::NoNextHop => "no own address can be its next hop",
            Self::FamilyNotNegotiated => "the session does not carry the address family",
            Self::WellKnownCommunity => "a well-known community forbids it",
            Self::OnlyToCustomers => "it is for customers only (OTC)",
            Self::LongLivedStale => {
                "it is long-lived stale and the neighbor lacks long-lived graceful restart"
            }
            Self::AsLoop => "the neighbor's AS is in the AS path",
            Self::Limit => "the limit of announced prefixes is reached",
            Self::TooLarge => "the attributes do not fit into one message",
        })
    }
}

/// How a path stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RouteState {
    /// The best path, and the step at which it won over the runner-up.
    Best(Step),
    /// Another path won at this step.
    NotBest(Step),
    /// No candidate.
    Rejected(RejectReason),
    /// Toward a peer.
    Export(ExportState),
}

impl fmt::Display for RouteState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Best(step) => write!(f, "best ({step})"),
            Self::NotBest(step) => write!(f, "not best: lost at {step}"),
            Self::Rejected(reason) => write!(f, "rejected: {reason}"),
            Self::Export(state @ (ExportState::Announced | ExportState::Pending)) => state.fmt(f),
            Self::Export(state) => write!(f, "not announced: {state}"),
        }
    }
}

/// Why a path is kept that its peer does not say any more, or not yet again.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Staleness {
    /// Its session is down, or came back and has not said it yet (RFC 4724).
    Stale,
    /// The peer is sending its routes again (RFC 7313).
    Refreshing,
    /// Kept for long (RFC 9494).
    LongLived,
}

impl fmt::Display for Staleness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stale => "stale",
            Self::Refreshing => "not refreshed yet",
            Self::LongLived => "long-lived stale",
        })
    }
}

/// One route of an answer.
#[derive(Clone, Debug)]
pub struct RouteView<'a> {
    /// The prefix.
    pub prefix: IpNet,
    /// ADD-PATH identifier as received, else 0.
    pub path_id: PathId,
    /// Where it came from.
    pub peer: PeerId,
    /// As received, or as sent to the peer asked about; `None`: a route of this host.
    pub next_hop: Option<NextHop>,
    /// As received, as accepted (`Query::All`), or as sent.
    pub attributes: Attributes<'a>,
    /// How it stands.
    pub state: RouteState,
    /// Whether and why it is stale.
    pub stale: Option<Staleness>,
    /// Seconds of the shard's clock when learned.
    pub learned: u32,
}
