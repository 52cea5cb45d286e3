//! Announcing nothing until the table is full again (RFC 4724 §4.1).
//!
//! After our own restart neighbors go on forwarding by what we had said before, and replace it by
//! what we say now. An announcement that is made while half of the table is still missing would be
//! one that changes a moment later, at every neighbor. So the way out stays shut until every
//! neighbor whose routes are expected has sent End-of-RIB, or until the supervisor's patience
//! (Selection_Deferral_Timer) is over. What comes in is chosen and goes to the kernel as ever: what
//! the kernel had kept from before stays there until then too.
use super::{SourceKind, State};

impl State {
    /// Shuts the way out.
    pub(super) fn defer(&mut self) {
        self.deferring = true;
    }

    /// Opens the way out when all that are waited for have sent what they have.
    pub(super) fn check_deferral(&mut self) {
        // RFC 4724 §4.1: "excluding the ones that have the 'Restart State' bit set … and excluding
        // the ones that do not advertise the graceful restart capability".
        let complete = self.configured
            && self
                .peers
                .values()
                .filter(|peer| {
                    matches!(peer.meta.kind, SourceKind::Neighbor { expected: true, .. })
                })
                .all(|peer| peer.ever_up && (peer.loading.is_empty() || !peer.awaited));
        if self.deferring && complete {
            self.end_deferral();
        }
    }

    /// Opens the way out.
    pub(super) fn end_deferral(&mut self) {
        if std::mem::take(&mut self.deferring) {
            self.ready.extend(self.peers.keys());
        }
    }
}
