//! Routes of a neighbor that is away: who is waited for, and until when (the receiving speaker of
//! RFC 4724 §4.2, RFC 8538 §4 and RFC 9494 §4.2).
//!
//! A session knows no routes. It knows which families of the lost one are to be kept as stale,
//! and says when they are to be given up, or kept on as long-lived stale ones. Per family:
//!
//! ```text
//!            lost                back, F bit        End-of-RIB
//!   (none) --------> Restarting -------------> Returned ---------> (none)
//!                     |     \                   ^   |
//!        restart time |      `-> swept          |   | too late: swept
//!                     v                         |
//!                 LongLived --------------------'
//!                     |
//!                     `-> long-lived stale time over, or back without F bit: swept
//! ```
use crate::{StaleLimits, Timer, TimerView};
use bgp_wire::{Family, GracefulRestart, Negotiated};
use std::time::{Duration, Instant};

/// What has to be done with the stale routes of a family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// They are given up.
    Sweep(Family),
    /// They are kept, as routes of last resort.
    LongLived(Family),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Until the neighbor is back.
    Restarting,
    /// Its restart time is over.
    LongLived,
    /// It is back; until End-of-RIB.
    Returned,
}

#[derive(Clone, Debug)]
struct Kept {
    family: Family,
    stage: Stage,
    /// `None`: beyond what the clock can tell.
    until: Option<Instant>,
    whole: Duration,
    /// Long-lived stale time that follows; zero: none.
    long_lived: Duration,
}

/// The stale routes of one neighbor, by family; nothing where none are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Retention(Vec<Kept>);

impl Retention {
    /// The session that `negotiated` is of was lost in a way that lets routes be kept: the
    /// families that are kept. What was still stale of an earlier session is given up beforehand
    /// ([`give_up`](Self::give_up)).
    pub(crate) fn lost(
        &mut self,
        negotiated: &Negotiated,
        limits: &StaleLimits,
        now: Instant,
    ) -> Vec<Family> {
        let Some(restart) = &negotiated.graceful_restart else {
            return Vec::new();
        };
        let time = Duration::from_secs(restart.time.into()).min(limits.restart);
        for family in &negotiated.families {
            // RFC 4724 §4.2: "all the address families that were previously received in the
            // Graceful Restart Capability"; RFC 9494 §4.2: one that is in the other capability
            // alone is treated as if its restart time was zero.
            let time = if listed(restart, *family).is_some() {
                time
            } else {
                Duration::ZERO
            };
            let long_lived = negotiated
                .long_lived
                .iter()
                .find(|entry| entry.family == *family)
                .map(|entry| Duration::from_secs(entry.time.into()).min(limits.long_lived))
                .unwrap_or_default();
            if !(time.is_zero() && long_lived.is_zero()) {
                self.0.push(Kept {
                    family: *family,
                    stage: Stage::Restarting,
                    until: now.checked_add(time),
                    whole: time,
                    long_lived,
                });
            }
        }
        self.0.iter().map(|kept| kept.family).collect()
    }

    /// The neighbor is back: families whose stale routes are given up at once. The others wait
    /// for End-of-RIB.
    pub(crate) fn returned(
        &mut self,
        negotiated: &Negotiated,
        limits: &StaleLimits,
        now: Instant,
    ) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        self.0.retain_mut(|kept| {
            // RFC 4724 §4.2: "if the Forwarding State bit for a specific address family is not
            // set in the newly received Graceful Restart Capability, or if a specific address
            // family is not included …, or if the Graceful Restart Capability is not received …
            // at all, then the Receiving Speaker MUST immediately remove all the stale routes".
            let restart = negotiated.graceful_restart.as_ref();
            let forwarding = match kept.stage {
                Stage::Restarting => restart.and_then(|restart| listed(restart, kept.family)),
                // RFC 9494 §4.2: by then it is that capability's bit that counts.
                Stage::LongLived | Stage::Returned => negotiated
                    .long_lived
                    .iter()
                    .find(|entry| entry.family == kept.family)
                    .map(|entry| entry.forwarding),
            };
            if forwarding != Some(true) {
                outcomes.push(Outcome::Sweep(kept.family));
                return false;
            }
            let whole = match kept.stage {
                // RFC 9494 §4.2: the long-lived stale time runs on until End-of-RIB.
                Stage::LongLived => kept.left(now).min(limits.end_of_rib),
                Stage::Restarting | Stage::Returned => limits.end_of_rib,
            };
            kept.stage = Stage::Returned;
            kept.until = now.checked_add(whole);
            kept.whole = whole;
            true
        });
        outcomes
    }

    /// The neighbor has sent all that it has of `family`.
    pub(crate) fn end_of_rib(&mut self, family: Family) {
        self.0
            .retain(|kept| kept.stage != Stage::Returned || kept.family != family);
    }

    /// What is due.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        self.0.retain_mut(|kept| {
            if kept.until.is_none_or(|until| until > now) {
                return true;
            }
            if kept.stage == Stage::Restarting && !kept.long_lived.is_zero() {
                outcomes.push(Outcome::LongLived(kept.family));
                kept.stage = Stage::LongLived;
                kept.until = now.checked_add(kept.long_lived);
                kept.whole = kept.long_lived;
                return true;
            }
            outcomes.push(Outcome::Sweep(kept.family));
            false
        });
        outcomes
    }

    /// Nothing is kept any more.
    pub(crate) fn give_up(&mut self) -> Vec<Outcome> {
        let families = self.0.drain(..).map(|kept| kept.family);
        families.map(Outcome::Sweep).collect()
    }

    /// The nearest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.iter().filter_map(|kept| kept.until).min()
    }

    /// One view for each stage in which families are.
    pub(crate) fn views(&self, now: Instant) -> impl Iterator<Item = TimerView> + '_ {
        let stages = [
            (Stage::Restarting, Timer::Restart),
            (Stage::LongLived, Timer::LongLivedStale),
            (Stage::Returned, Timer::EndOfRib),
        ];
        stages.into_iter().filter_map(move |(stage, timer)| {
            let within = self.0.iter().filter(|kept| kept.stage == stage);
            let next = within.min_by_key(|kept| kept.left(now))?;
            Some(TimerView {
                timer,
                left: next.left(now),
                configured: next.whole,
            })
        })
    }

    /// In words, what is kept and until when.
    pub(crate) fn sentence(&self, now: Instant) -> Option<String> {
        let mut parts = Vec::new();
        for view in self.views(now) {
            let stage = match view.timer {
                Timer::Restart => Stage::Restarting,
                Timer::LongLivedStale => Stage::LongLived,
                _ => Stage::Returned,
            };
            let families: Vec<String> = self
                .0
                .iter()
                .filter(|kept| kept.stage == stage)
                .map(|kept| kept.family.to_string())
                .collect();
            let (families, left) = (families.join(", "), view.left.as_secs());
            parts.push(match stage {
                Stage::Restarting => {
                    format!("its {families} routes are kept for {left} s while it restarts")
                }
                Stage::LongLived => {
                    format!("its {families} routes are kept as a last resort for {left} s")
                }
                Stage::Returned => format!(
                    "waiting for its End-of-RIB of {families}, at most {left} s, to give up the \
                     routes it does not send again"
                ),
            });
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

impl Kept {
    fn left(&self, now: Instant) -> Duration {
        self.until
            .map_or(Duration::MAX, |until| until.saturating_duration_since(now))
    }
}

/// The F bit of `family`, where it is listed.
fn listed(restart: &GracefulRestart, family: Family) -> Option<bool> {
    restart
        .families
        .iter()
        .find(|(listed, _)| *listed == family)
        .map(|(_, forwarding)| *forwarding)
}
