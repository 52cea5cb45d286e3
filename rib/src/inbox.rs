//! What a peer sends in one family: the source of now, those of before, and counters.
use crate::sources::SourceId;

/// See the module.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// Paths that come in are this one's.
    pub(crate) live: Option<SourceId>,
    /// Sources whose paths are kept although they are not live: stale, or not yet said again.
    pub(crate) old: Vec<SourceId>,
    /// Prefixes that UPDATEs announced since the session came up.
    pub(crate) announcements: u64,
    /// Prefixes that UPDATEs withdrew since then.
    pub(crate) withdrawals: u64,
    /// Prefixes not stored since then, for the limit of received ones.
    pub(crate) refused: u64,
    /// Prefixes rejected since then, for the limit of accepted ones.
    pub(crate) limited: u64,
    /// End-of-RIB was received since then.
    pub(crate) loaded: bool,
}

impl Inbox {
    pub(crate) const fn new() -> Self {
        Self {
            live: None,
            old: Vec::new(),
            announcements: 0,
            withdrawals: 0,
            refused: 0,
            limited: 0,
            loaded: false,
        }
    }

    /// A session has come up or is over; sources stay.
    pub(crate) fn begin_counting(&mut self) {
        self.announcements = 0;
        self.withdrawals = 0;
        self.refused = 0;
        self.limited = 0;
        self.loaded = false;
    }

    /// Sources whose paths are in Adj-RIB-In.
    pub(crate) fn sources(&self) -> impl Iterator<Item = SourceId> + '_ {
        self.live.iter().chain(&self.old).copied()
    }
}
