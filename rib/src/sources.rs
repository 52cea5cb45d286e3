//! Sources: one life of a peer as far as its paths are concerned.
//!
//! A session that comes up gets a new source, and the one of the session before is dead: its
//! paths are swept in the background and can never be mistaken for paths of the new session, even
//! when the peer is back long before the sweep is through. A source also holds what the decision
//! asks of a peer, so that comparing two paths touches no configuration.
use crate::{PeerId, PeerKind, key::FAMILIES};
use std::net::IpAddr;

/// A source; 24 bits, since a path stores it beside its standing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct SourceId(pub(crate) u32);

/// Sources there can be: `SourceId` 0xffffff means "no path here".
const LIMIT: u32 = 0x00ff_ffff;

/// Counters of one source and family.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inbound {
    pub(crate) received: u64,
    pub(crate) accepted: u64,
    pub(crate) best: u64,
    pub(crate) announcements: u64,
    pub(crate) withdrawals: u64,
    /// End-of-RIB was received.
    pub(crate) loaded: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) peer: PeerId,
    /// Its session is up. The paths of a dead source go.
    pub(crate) live: bool,
    pub(crate) kind: PeerKind,
    /// BGP identifier, 0 for local routes.
    pub(crate) router_id: u32,
    pub(crate) address: IpAddr,
    /// Per family.
    pub(crate) inbound: [Inbound; FAMILIES],
    /// Per family: its paths are evaluated again until the table's scan has come this far.
    pub(crate) due: [u64; FAMILIES],
    /// Its peer has forgotten it, and it goes with its last path.
    in_use: bool,
}

impl Source {
    pub(crate) fn new(peer: PeerId, kind: PeerKind, router_id: u32, address: IpAddr) -> Self {
        Self {
            peer,
            live: true,
            kind,
            router_id,
            address,
            inbound: [Inbound::default(); FAMILIES],
            due: [0; FAMILIES],
            in_use: true,
        }
    }

    pub(crate) fn paths(&self) -> u64 {
        self.inbound
            .iter()
            .fold(0, |sum, family| sum.saturating_add(family.received))
    }
}

/// Every source that is live or has paths left.
#[derive(Debug)]
pub(crate) struct Sources {
    list: Vec<Source>,
    free: Vec<u32>,
}

impl Sources {
    pub(crate) const fn new() -> Self {
        Self {
            list: Vec::new(),
            free: Vec::new(),
        }
    }

    /// `None`: sixteen million sources wait to be swept.
    pub(crate) fn add(&mut self, source: Source) -> Option<SourceId> {
        if let Some(number) = self.free.pop() {
            *self.list.get_mut(number as usize)? = source;
            return Some(SourceId(number));
        }
        let number = u32::try_from(self.list.len()).ok().filter(|n| *n < LIMIT)?;
        self.list.push(source);
        Some(SourceId(number))
    }

    #[inline]
    pub(crate) fn at(&self, id: SourceId) -> Option<&Source> {
        self.list.get(id.0 as usize)
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, id: SourceId) -> Option<&mut Source> {
        self.list.get_mut(id.0 as usize)
    }

    /// Counters of `id` in a family.
    #[inline]
    pub(crate) fn inbound(&mut self, id: SourceId, slot: usize) -> Option<&mut Inbound> {
        self.at_mut(id)?.inbound.get_mut(slot)
    }

    /// Frees a dead source without paths; its peer, when that happened.
    pub(crate) fn forget_if_empty(&mut self, id: SourceId) -> Option<PeerId> {
        let source = self.at_mut(id)?;
        if source.live || source.paths() > 0 || !source.in_use {
            return None;
        }
        source.in_use = false;
        let peer = source.peer;
        self.free.push(id.0);
        Some(peer)
    }

    /// Is there anything in this family that a scan would change? `scanned` counts destinations.
    pub(crate) fn scan_wanted(&self, slot: usize, scanned: u64) -> bool {
        self.list.iter().any(|source| {
            let paths = source.inbound.get(slot).is_some_and(|i| i.received > 0);
            let due = source.due.get(slot).is_some_and(|due| *due > scanned);
            source.in_use && paths && (!source.live || due)
        })
    }

    /// Sources alive or with paths.
    pub(crate) fn len(&self) -> usize {
        self.list.len().saturating_sub(self.free.len())
    }
}
