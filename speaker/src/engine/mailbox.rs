//! Where the engine leaves encoded UPDATEs for one session.
//!
//! Credit of one buffer: the engine fills only what the session has emptied. A neighbor that
//! stops reading therefore costs one buffer of about [`ROOM`] octets, however much changes.

use bgp_wire::Notification;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// About how many octets are encoded ahead for one session.
pub(crate) const ROOM: usize = 64 * 1024;

/// Encoded messages and how many there are.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    /// Whole UPDATEs, and ROUTE-REFRESHes that enclose some.
    pub(crate) octets: Vec<u8>,
    /// The number of UPDATEs.
    pub(crate) updates: u64,
    /// The number of ROUTE-REFRESHes.
    pub(crate) refreshes: u64,
}

#[derive(Debug, Default)]
struct Content {
    outbound: Outbound,
    /// The session this content is for; octets of an ended session are never sent on a new one.
    epoch: u64,
    full: bool,
    breach: Option<Breach>,
}

/// A limit is reached, and the session is to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    /// What is said to the neighbor.
    pub(crate) notification: Notification,
    /// For people.
    pub(crate) words: String,
    /// Begin anew after this time; `None`: not before a person says so.
    pub(crate) restart: Option<Duration>,
}

/// The buffer between the engine and one session.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    content: Mutex<Content>,
    filled: Notify,
    breached: Notify,
}

impl Mailbox {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session's side: a new session begins, whatever was left is dropped. Its epoch is one
    /// that no session of this mailbox had before.
    pub(crate) fn begin(&self) -> u64 {
        let mut content = self.content();
        let epoch = content.epoch.wrapping_add(1);
        *content = Content {
            epoch,
            ..Content::default()
        };
        epoch
    }

    /// The session's side: what was filled, if anything.
    pub(crate) fn take(&self) -> Option<Outbound> {
        let mut content = self.content();
        if !content.full {
            return None;
        }
        content.full = false;
        Some(std::mem::take(&mut content.outbound))
    }

    /// The session's side: waits until `take` may give something.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// The engine's side: ends the session of this epoch.
    pub(crate) fn end(&self, epoch: u64, breach: Breach) {
        let mut content = self.content();
        if content.epoch == epoch {
            content.breach = Some(breach);
            drop(content);
            self.breached.notify_one();
        }
    }

    /// The session's side: waits until it is to end.
    pub(crate) async fn breached(&self) -> Breach {
        loop {
            self.breached.notified().await;
            // A bell may have been rung for a session before.
            if let Some(breach) = self.content().breach.take() {
                return breach;
            }
        }
    }

    /// The engine's side: calls `fill` if the mailbox of this epoch is empty; the answer is
    /// `fill`'s, or `None` when it was not called.
    pub(crate) fn fill<T>(&self, epoch: u64, fill: impl FnOnce(&mut Outbound) -> T) -> Option<T> {
        let mut content = self.content();
        if content.full || content.epoch != epoch {
            return None;
        }
        let answer = fill(&mut content.outbound);
        if !content.outbound.octets.is_empty() {
            content.full = true;
            drop(content);
            self.filled.notify_one();
        }
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_mailbox_is_not_filled_again() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.begin(), 1);
        assert_eq!(mailbox.fill(1, |out| out.octets.push(7)), Some(()));
        assert_eq!(mailbox.fill(1, |_| ()), None);
        assert_eq!(mailbox.take().map(|out| out.octets), Some(vec![7]));
        assert!(mailbox.take().is_none());
        assert_eq!(mailbox.fill(1, |_| ()), Some(()));
    }

    #[test]
    fn octets_of_an_ended_session_are_never_seen_by_the_next() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.begin(), 1);
        mailbox.fill(1, |out| out.octets.push(7));
        assert_eq!(mailbox.begin(), 2);
        assert!(mailbox.take().is_none());
        assert_eq!(mailbox.fill(1, |out| out.octets.push(8)), None);
        assert!(mailbox.take().is_none());
    }
}
