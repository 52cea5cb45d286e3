//! What the engine is told and asked.

use super::Mailbox;
use crate::{config::Limits, fib::Fib, view};
use bgp_wire::{Family, RouteRefresh, Update};
use bytes::Bytes;
use ipnet::IpNet;
use rib::{DecisionRules, PeerConfig, PeerCounters, PeerId, PeerUp, Query, QueryPosition};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Who a peer of the table is, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceMeta {
    /// A neighbor's name, "connected" or "static".
    pub(crate) name: String,
    /// What kind of source.
    pub(crate) kind: SourceKind,
    /// How many prefixes it may bring and be told.
    pub(crate) limits: Limits,
}

/// What kind of source a peer of the table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// Routes of this host.
    Local,
    /// A neighbor.
    Neighbor {
        /// Index of the interface of a link-local neighbor: its next hops need it.
        interface: Option<u32>,
        /// Its routes are waited for before old routes are swept from the kernel.
        expected: bool,
    },
}

/// What was learned. In order per sender.
#[derive(Debug)]
pub(crate) enum Learned {
    /// A session came up.
    Up {
        peer: PeerId,
        epoch: u64,
        up: Box<PeerUp>,
        /// Its End-of-RIB is waited for before anything is announced after our own restart.
        awaited: bool,
    },
    /// UPDATEs of an established session, parsed.
    Updates {
        peer: PeerId,
        updates: Vec<Update<Bytes>>,
        /// The session's place in the queue, free again when these are learned.
        place: Option<OwnedSemaphorePermit>,
    },
    /// A neighbor asked for our routes, or begins or ends to send its own again (RFC 7313).
    Refresh { peer: PeerId, refresh: RouteRefresh },
    /// Nothing more is to be waited for from this neighbor although it sent no End-of-RIB.
    AssumeLoaded { peer: PeerId, epoch: u64 },
    /// A session went down; its paths of the families in `retain` stay as stale (RFC 4724 §4.2).
    Down {
        peer: PeerId,
        epoch: u64,
        retain: Vec<Family>,
    },
    /// What is stale of a neighbor goes: it did not come back, or did not say it again, in time.
    SweepStale { peer: PeerId, family: Family },
    /// What is stale of a neighbor is kept for longer (RFC 9494 §4.2).
    LongLivedStale { peer: PeerId, family: Family },
    /// Prefixes of this host appeared and vanished.
    Local {
        peer: PeerId,
        announced: Vec<IpNet>,
        withdrawn: Vec<IpNet>,
    },
}

/// What becomes of the routes in a kernel table that is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OldRoutes {
    /// They stay: nobody wants them gone, or the new table takes them over.
    Keep,
    /// They go, where there is a new table as soon as it has all of its own.
    Remove,
}

impl Learned {
    /// Takes `place` along, which is given back when this was learned; what is no batch of UPDATEs
    /// needs none.
    pub(crate) fn with(mut self, place: OwnedSemaphorePermit) -> Self {
        if let Self::Updates { place: held, .. } = &mut self {
            *held = Some(place);
        }
        self
    }
}

/// Questions and configuration.
pub(crate) enum Question {
    /// A new source of routes.
    AddPeer {
        meta: SourceMeta,
        config: Box<PeerConfig>,
        mailbox: Option<Arc<Mailbox>>,
        reply: oneshot::Sender<PeerId>,
    },
    /// Policies or AS numbers changed.
    ConfigurePeer {
        peer: PeerId,
        meta: SourceMeta,
        config: Box<PeerConfig>,
    },
    /// How paths are compared.
    Decide(DecisionRules),
    /// A source is gone for good.
    RemovePeer { peer: PeerId },
    /// Counts of one peer, in the order of `families`.
    Counters {
        peer: PeerId,
        families: Vec<Family>,
        reply: oneshot::Sender<Vec<PeerCounters>>,
    },
    /// Prefixes and paths a family.
    Totals {
        family: Family,
        reply: oneshot::Sender<(u64, u64)>,
    },
    /// A slice of a listing.
    Routes {
        query: Query,
        within: Option<IpNet>,
        position: QueryPosition,
        reply: oneshot::Sender<Slice>,
    },
    /// One prefix through all tables; `longest`: the longest match for it.
    Explain {
        asked: IpNet,
        longest: bool,
        reply: oneshot::Sender<super::Followed>,
    },
    /// The kernel table.
    Kernel {
        reply: oneshot::Sender<view::Kernel>,
    },
    /// Another kernel table, or none, in place of the one there is.
    ReplaceFib {
        fib: Option<(Box<dyn Fib>, crate::config::Kernel)>,
        old: OldRoutes,
        reply: oneshot::Sender<std::io::Result<()>>,
    },
    /// Our routes leave the kernel and stay out until the next `ReplaceFib`. The answer, what was
    /// there before, comes when they are gone.
    FlushKernel {
        reply: oneshot::Sender<view::Kernel>,
    },
    /// The speaker has started with all its neighbors: from now on it is known whose routes are
    /// still to be waited for before old ones are swept from the kernel.
    Configured,
    /// The restart window is over.
    WindowOver,
    /// Which families' routes the kernel had kept from before our start, IPv4 and IPv6; `None`: it
    /// has not been read yet. Without a kernel table there are none.
    Kept {
        reply: oneshot::Sender<Option<(bool, bool)>>,
    },
    /// We have restarted: nothing is announced until the neighbors have told what they have
    /// (RFC 4724 §4.1).
    Defer,
    /// They were waited for for long enough (Selection_Deferral_Timer).
    DeferralOver,
    /// Finish: the kernel table keeps or loses our routes.
    Stop {
        keep: bool,
        reply: oneshot::Sender<()>,
    },
}

/// A slice of a listing and where it goes on.
#[derive(Debug)]
pub(crate) struct Slice {
    pub(crate) routes: Vec<view::Route>,
    pub(crate) position: QueryPosition,
    pub(crate) more: bool,
}
