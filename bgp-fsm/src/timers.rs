//! Timers (RFC 4271 §8.1.3, RFC 9687): one array indexed by an enum.
//!
//! A timer is a deadline and the duration it was armed with; nothing runs. What owns timers (the
//! session, each of its connections) holds one array, so that "which timer is next" is a
//! minimum over a few numbers and a state that ends takes its timers with it. A deadline too far
//! away for the clock is a timer that never fires.
use std::time::{Duration, Instant};

/// Timers (RFC 4271 §8.1.3, RFC 9687, RFC 4724, RFC 9494).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// Until we connect (again), or until an attempt under way is given up.
    ConnectRetry,
    /// Until the neighbor counts as dead.
    Hold,
    /// Until we send a KEEPALIVE.
    Keepalive,
    /// Until our OPEN is sent, while it waits for the neighbor's.
    DelayOpen,
    /// Until a session that was lost is started again.
    IdleHold,
    /// Until a neighbor that takes no octets counts as dead; runs only while octets wait.
    SendHold,
    /// Until the routes of a neighbor that restarts are given up or become long-lived stale
    /// (RFC 4724 §4.2).
    Restart,
    /// Until the long-lived stale routes of a neighbor that is away are given up (RFC 9494 §4.2).
    LongLivedStale,
    /// Until what a neighbor that is back has not sent again is given up without its End-of-RIB.
    EndOfRib,
}

impl Timer {
    /// Every timer.
    pub const ALL: [Self; 9] = [
        Self::ConnectRetry,
        Self::Hold,
        Self::Keepalive,
        Self::DelayOpen,
        Self::IdleHold,
        Self::SendHold,
        Self::Restart,
        Self::LongLivedStale,
        Self::EndOfRib,
    ];
    /// Of these, the ones that are kept in an array; the others belong to families (`retention`).
    const IN_ARRAY: usize = 6;
}

/// A running timer as `show` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimerView {
    /// Which.
    pub timer: Timer,
    /// Until it fires; zero where it is due.
    pub left: Duration,
    /// What it was armed with.
    pub configured: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    deadline: Instant,
    configured: Duration,
}

/// The timers of one owner.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers([Option<Running>; Timer::IN_ARRAY]);

impl Timers {
    /// Arms `timer`, anew where it runs.
    pub(crate) fn start(&mut self, timer: Timer, after: Duration, now: Instant) {
        let running = now.checked_add(after).map(|deadline| Running {
            deadline,
            configured: after,
        });
        if let Some(place) = self.0.get_mut(timer as usize) {
            *place = running;
        }
    }

    /// Moves the deadline of `timer` without changing what it is said to be configured to.
    pub(crate) fn extend(&mut self, timer: Timer, after: Duration, now: Instant) {
        if let Some(Some(running)) = self.0.get_mut(timer as usize)
            && let Some(deadline) = now.checked_add(after)
        {
            running.deadline = deadline;
        }
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        if let Some(place) = self.0.get_mut(timer as usize) {
            *place = None;
        }
    }

    pub(crate) fn runs(&self, timer: Timer) -> bool {
        self.running(timer).is_some()
    }

    /// Whether the deadline of `timer` has come.
    pub(crate) fn due(&self, timer: Timer, now: Instant) -> bool {
        self.running(timer)
            .is_some_and(|running| running.deadline <= now)
    }

    /// What `timer` was armed with.
    pub(crate) fn configured(&self, timer: Timer) -> Option<Duration> {
        self.running(timer).map(|running| running.configured)
    }

    /// How long until `timer` fires.
    pub(crate) fn left(&self, timer: Timer, now: Instant) -> Option<Duration> {
        self.running(timer)
            .map(|running| running.deadline.saturating_duration_since(now))
    }

    /// The nearest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0
            .iter()
            .flatten()
            .map(|running| running.deadline)
            .min()
    }

    pub(crate) fn views(&self, now: Instant) -> impl Iterator<Item = TimerView> + '_ {
        Timer::ALL
            .into_iter()
            .zip(&self.0)
            .filter_map(move |(timer, running)| {
                running.map(|running| TimerView {
                    timer,
                    left: running.deadline.saturating_duration_since(now),
                    configured: running.configured,
                })
            })
    }

    fn running(&self, timer: Timer) -> Option<Running> {
        self.0.get(timer as usize).copied().flatten()
    }
}
