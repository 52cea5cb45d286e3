//! Walks: the table is read back, slice by slice, and what differs is put right.
use super::{
    BATCH, INTERRUPTIONS, Job, Purpose, Reconciler, Walking, is_met,
    rivals::{Lower, remember},
};
use crate::fib::{FibWrite, Found, Held, Rival, RouteError, Scope, Walk, tales::Tale};
use ipnet::IpNet;
use std::{
    collections::HashSet,
    io, mem,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

/// A walk that events ask for begins at the earliest so long after the last one, and
/// [`WALK_SHARE`] times as long as that took: a storm of events costs a third of the thread.
const WALK_PAUSE: Duration = Duration::from_millis(50);
const WALK_SHARE: u32 = 2;
/// Who stands in the way is looked up at most so often: it takes a walk over all that others
/// have in the table.
const RIVALS_PAUSE: Duration = Duration::from_secs(1);

impl Reconciler {
    pub(super) fn begin_walk(&mut self, now: Instant) {
        if now < self.walk_after {
            return;
        }
        let rivals = self.rivals && now >= self.rivals_after;
        if self.resync.is_none() && !rivals {
            return;
        }
        let scope = if rivals { Scope::All } else { Scope::Ours };
        if let Some(reason) = self.resync.take() {
            self.report().read_back(reason);
        }
        self.rivals &= !rivals;
        self.routes.begin_walk();
        match self.fib.rewind(scope) {
            Ok(()) => {
                self.walking = Some(Walking {
                    scope,
                    began: now,
                    differing: Vec::new(),
                    unknown: Vec::new(),
                    lower: Lower::new(),
                });
            }
            Err(error) => {
                self.resync.get_or_insert("a walk over the table failed");
                self.rivals |= rivals;
                self.walk_after = now + Duration::from_secs(1);
                let reason = error.to_string();
                self.throttle
                    .say(|| tracing::warn!(reason, "cannot read the kernel's table"));
            }
        }
    }

    pub(super) fn walk(&mut self, now: Instant) -> io::Result<()> {
        let mut found = mem::take(&mut self.found);
        found.clear();
        let progress = self.fib.read(&mut found);
        let Some(mut walking) = self.walking.take() else {
            return Ok(());
        };
        for found in found.drain(..) {
            match found.rival.clone() {
                None => self.meet_ours(found, &mut walking),
                Some(Rival::Lower(words)) => {
                    remember(&mut walking.lower, found.prefix, words);
                }
                Some(rival) => self.meet_rival(found.prefix, found.held, rival, now),
            }
        }
        self.found = found;
        match progress? {
            Walk::More => self.walking = Some(walking),
            end => {
                let pause = now.saturating_duration_since(walking.began) * WALK_SHARE;
                self.walk_after = now + pause.max(WALK_PAUSE);
                if walking.scope == Scope::All {
                    self.rivals_after = now + pause.max(RIVALS_PAUSE);
                    self.retry_nameless();
                    if end == Walk::Complete {
                        self.know_lower(mem::take(&mut walking.lower), now);
                    }
                }
                self.conclude(walking, end, now);
            }
        }
        Ok(())
    }

    fn meet_ours(&mut self, found: Found, walking: &mut Walking) {
        let Found {
            prefix,
            held,
            exact,
            ..
        } = found;
        // A slice was made by the kernel before we asked for it: an event may know better.
        if self.lost.contains(&prefix) {
            return;
        }
        match self.routes.hops(&prefix) {
            None => walking.unknown.push((prefix, held, exact)),
            // Written since the walk began: what the walk saw may be older than that.
            Some(_) if self.routes.is_seen(&prefix) => {}
            Some(hops) if exact && is_met(hops, &held.next_hops) => self.routes.mark_seen(&prefix),
            Some(_) => walking.differing.push((prefix, held, exact)),
        }
    }

    /// A foreign route: is it what keeps one of ours out?
    fn meet_rival(&mut self, prefix: IpNet, held: Held, rival: Rival, now: Instant) {
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = report.waiting.get_mut(&prefix) else {
            return;
        };
        if !matches!(waiting.error, RouteError::Conflict(_)) {
            return;
        }
        match rival {
            Rival::Adoptable => {
                self.standing.insert(prefix, vec![held]);
                self.retry.insert(prefix);
            }
            Rival::Equal(words) => {
                let error = RouteError::Conflict(Some(words));
                if waiting.error != error || !waiting.told {
                    self.tales
                        .add(Tale::Missing, error.to_string(), prefix, now);
                }
                waiting.error = error;
                waiting.told = true;
            }
            // It keeps nothing out.
            Rival::Lower(_) => {}
        }
    }

    /// Nobody was found in the way: it went away before it could be read.
    fn retry_nameless(&mut self) {
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let nameless = report.waiting.iter();
        let nameless = nameless.filter(|(_, known)| known.error == RouteError::Conflict(None));
        self.retry.extend(nameless.map(|(prefix, _)| *prefix));
    }

    /// The end of a walk over ours: puts right what differs.
    fn conclude(&mut self, walking: Walking, end: Walk, now: Instant) {
        let mut jobs = Vec::new();
        for (prefix, held, exact) in walking.differing {
            let Some(hops) = self.routes.hops(&prefix).cloned() else {
                continue;
            };
            let as_wanted = is_met(&hops, &held.next_hops);
            if !self.routes.is_seen(&prefix) {
                let write = FibWrite {
                    prefix,
                    old: Some(held),
                    new: Some(Arc::clone(&hops)),
                };
                self.routes.mark_seen(&prefix);
                jobs.push(Job {
                    purpose: Purpose::Restore,
                    write,
                    hops: Some(hops),
                });
            } else if !as_wanted || !exact {
                // The right one is there beside it.
                self.sweep.push((prefix, held));
            }
        }
        for (prefix, held, exact) in walking.unknown {
            if self.routes.contains(&prefix) {
                continue;
            }
            let waiting = self
                .report()
                .waiting
                .get(&prefix)
                .map(|known| Arc::clone(&known.hops));
            let waiting = waiting.map(|wanted| self.ways(prefix, wanted));
            match waiting {
                Some(hops) if exact && is_met(&hops, &held.next_hops) => {
                    self.routes.insert(&prefix, &hops, true);
                    self.report().waiting.remove(&prefix);
                }
                Some(hops) => {
                    let write = FibWrite {
                        prefix,
                        old: Some(held),
                        new: Some(Arc::clone(&hops)),
                    };
                    jobs.push(Job {
                        purpose: Purpose::Restore,
                        write,
                        hops: Some(hops),
                    });
                }
                None => self.sweep.push((prefix, held)),
            }
        }
        // A prefix may have been found twice, and a table takes each once per call.
        let mut written = HashSet::new();
        let mut batch = Vec::new();
        for job in jobs {
            if batch.len() >= BATCH || !written.insert(job.write.prefix) {
                self.write(&mut batch, now);
                written.clear();
                written.insert(job.write.prefix);
            }
            batch.push(job);
        }
        self.write(&mut batch, now);
        if end == Walk::Interrupted && self.interruptions < INTERRUPTIONS {
            self.interruptions += 1;
            self.resync
                .get_or_insert("the table changed while it was read");
            return;
        }
        self.interruptions = 0;
        for prefix in self.routes.unseen() {
            self.lose(prefix);
        }
    }
}
