//! Events: what happens to the table behind our back.
use super::{AUDIT, Fight, Reconciler};
use crate::fib::{FibEvent, RouteError, report::Waiting, tales::Tale};
use ipnet::IpNet;
use std::{
    io, mem,
    sync::PoisonError,
    time::{Duration, Instant},
};

/// So often within [`AUDIT`] a route is put back at once.
const RESTORES: u32 = 5;
/// A fight is forgotten after so long without a blow.
pub(super) const TRUCE: Duration = AUDIT.saturating_mul(5);
/// Prefixes whose removals are counted one by one; beyond, somebody flushed the table.
const FIGHTS: usize = 10_000;

impl Reconciler {
    /// A route is gone: to be put back, unless it was only kept from before.
    pub(super) fn lose(&mut self, prefix: IpNet) {
        if self.routes.is_claimed(&prefix) {
            self.routes.mark_unseen(&prefix);
            self.lost.insert(prefix);
        } else {
            self.routes.remove(&prefix);
        }
    }

    /// Waits for events, and takes in what they say.
    pub(in crate::fib) fn hear(
        &mut self,
        timeout: Duration,
        clock: fn() -> Instant,
    ) -> io::Result<()> {
        let mut events = mem::take(&mut self.events);
        events.clear();
        let heard = self.fib.wait(timeout, &mut events);
        if !events.is_empty() {
            self.notice(&mut events, clock());
        }
        self.events = events;
        heard
    }

    pub(super) fn notice(&mut self, events: &mut Vec<FibEvent>, now: Instant) {
        let mut gained = false;
        for event in events.drain(..) {
            match event {
                FibEvent::Gained => gained = true,
                FibEvent::Moved(prefix) => self.resolver.moved(&prefix),
                FibEvent::Resync(reason) => {
                    self.resync = Some(reason);
                    self.resolver.all_moved();
                }
                FibEvent::Lost { prefix, by_system } => {
                    if self.routes.contains(&prefix) {
                        self.robbed(prefix, by_system, now);
                    }
                }
                FibEvent::Overruled(prefix, by) => self.overruled(prefix, by, now),
                FibEvent::Disturbed(prefix) => {
                    if self.routes.contains(&prefix) {
                        self.resync
                            .get_or_insert("another program changed a route beside ours");
                    }
                    if self.report().waiting.contains_key(&prefix) {
                        self.retry.insert(prefix);
                    }
                }
            }
        }
        if gained {
            self.resolver.all_moved();
            let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
            let may_go = |waiting: &Waiting| {
                !matches!(
                    waiting.error,
                    RouteError::Conflict(_) | RouteError::Contested(_)
                )
            };
            let freed = report.waiting.iter().filter(|(_, waiting)| may_go(waiting));
            self.retry.extend(freed.map(|(prefix, _)| *prefix));
        }
    }

    fn robbed(&mut self, prefix: IpNet, by_system: bool, now: Instant) {
        if by_system || !self.routes.is_claimed(&prefix) {
            return self.lose(prefix);
        }
        if self.fights.len() >= FIGHTS && !self.fights.contains_key(&prefix) {
            // Walks have a pace of their own.
            self.resync
                .get_or_insert("another program removed many routes");
            return;
        }
        let fight = self.fights.entry(prefix).or_insert(Fight {
            since: now,
            times: 0,
        });
        let quiet = now.saturating_duration_since(fight.since);
        if quiet >= AUDIT {
            // It was put back with patience, and again it goes: no new patience for that.
            let contested = quiet < TRUCE && fight.times > RESTORES;
            *fight = Fight {
                since: now,
                times: if contested { RESTORES } else { 0 },
            };
        }
        fight.times = fight.times.saturating_add(1);
        let times = fight.times;
        if times <= RESTORES {
            self.tales.add(Tale::PutBack, String::new(), prefix, now);
            return self.lose(prefix);
        }
        self.lost.remove(&prefix);
        self.no_longer_overruled(&prefix);
        if let Some(hops) = self.routes.remove(&prefix) {
            self.wait_for(prefix, hops, RouteError::Contested(times), now);
        }
    }
}
