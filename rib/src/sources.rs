//! Sources: one life of a peer in one family, as far as its paths are concerned.
//!
//! A session that comes up gets a new source per family, and the one of the session before is no
//! longer live: its paths go in the background, or wait as stale (RFC 4724, RFC 9494), and can
//! never be mistaken for paths of the new session, even when the peer is back long before a sweep
//! is through. The beginning of an enhanced refresh (RFC 7313) is such a life too: what the peer
//! does not say again before its end stays behind in the old source. So a path carries no mark of
//! staleness, marking a million of them costs one word, and every kind of sweep is the same scan.
//!
//! A source also holds what the decision and the import rules ask of a peer, so that comparing two
//! paths touches no configuration, and a path is judged by the session that brought it.
use crate::{DecisionRules, PeerConfig, PeerId, PeerKind, PeerUp, Protocol};
use std::{net::IpAddr, sync::Arc};

/// A source; 24 bits, since a path stores it beside its standing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct SourceId(pub(crate) u32);

/// Sources there can be: `SourceId` 0xffffff means "no path here".
const LIMIT: u32 = 0x00ff_ffff;

/// What becomes of the paths of a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Life {
    /// Its session is up.
    Live,
    /// The peer sends its routes again (RFC 7313 §4); those that it does not, go at the end.
    Refreshing,
    /// Its session went down, and its paths are kept for a while (RFC 4724 §4.2).
    Stale,
    /// They are kept for longer (RFC 9494 §4.2).
    LongLived,
    /// They go.
    Dead,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) peer: PeerId,
    /// Number of the family's table.
    pub(crate) slot: usize,
    pub(crate) life: Life,
    pub(crate) kind: PeerKind,
    /// It is a client of ours as a route reflector.
    pub(crate) client: bool,
    /// BGP identifier, 0 for local routes.
    pub(crate) router_id: u32,
    pub(crate) address: IpAddr,
    pub(crate) protocol: Protocol,
    /// The session that brought the paths.
    pub(crate) up: Option<Arc<PeerUp>>,
    /// Paths, accepted or not.
    pub(crate) received: u64,
    pub(crate) accepted: u64,
    pub(crate) best: u64,
    /// Its paths are evaluated again until the table's scan has come this far.
    pub(crate) due: u64,
    /// Not yet free to be used again.
    in_use: bool,
}

impl Source {
    pub(crate) fn new(
        peer: PeerId,
        slot: usize,
        config: &PeerConfig,
        up: Option<Arc<PeerUp>>,
    ) -> Self {
        let identifier = up.as_ref().map(|up| u32::from(up.router_id.address()));
        Self {
            peer,
            slot,
            life: Life::Live,
            kind: config.kind,
            client: config.client,
            router_id: identifier.unwrap_or(0),
            address: config.address,
            protocol: config.protocol,
            up,
            received: 0,
            accepted: 0,
            best: 0,
            due: 0,
            in_use: true,
        }
    }
}

/// Every source that is not dead or has paths left.
#[derive(Debug)]
pub(crate) struct Sources {
    list: Vec<Source>,
    free: Vec<u32>,
    /// How their paths are compared.
    pub(crate) decision: DecisionRules,
}

impl Sources {
    pub(crate) const fn new() -> Self {
        Self {
            list: Vec::new(),
            free: Vec::new(),
            decision: DecisionRules {
                always_compare_med: false,
                ignore_path_length: false,
                prefer_oldest: false,
            },
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

    /// Frees a dead source without paths; its peer, when that happened.
    pub(crate) fn forget_if_empty(&mut self, id: SourceId) -> Option<PeerId> {
        let source = self.at_mut(id)?;
        if source.life != Life::Dead || source.received > 0 || !source.in_use {
            return None;
        }
        source.in_use = false;
        source.up = None;
        let peer = source.peer;
        self.free.push(id.0);
        Some(peer)
    }

    /// All paths of a family are evaluated again until the scan has come so far.
    pub(crate) fn all_due(&mut self, slot: usize, due: u64) {
        for source in self.list.iter_mut().filter(|source| source.slot == slot) {
            source.due = due;
        }
    }

    /// Is there anything in this family that a scan would change? `scanned` counts destinations.
    pub(crate) fn scan_wanted(&self, slot: usize, scanned: u64) -> bool {
        self.list.iter().any(|source| {
            source.in_use
                && source.slot == slot
                && source.received > 0
                && (source.life == Life::Dead || source.due > scanned)
        })
    }

    /// Sources alive, stale, or with paths.
    pub(crate) fn len(&self) -> usize {
        self.list.len().saturating_sub(self.free.len())
    }
}
