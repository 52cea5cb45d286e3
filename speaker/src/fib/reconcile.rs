//! What shall be in the table, what is, and the way from one to the other. No thread, no clock.
//!
//! The table is right when three things agree: what the feeder asked for, what we remember having
//! written (`held`), and what the kernel has. Writes keep the first two together. The kernel goes
//! its own ways (links go down, programs delete, answers get lost), so it is walked at the start,
//! whenever an event says that something may have changed unseen, and every minute; a walk runs
//! slice by slice between writes, and what it finds is believed only where no write came between.
//!
//! A route that cannot be installed waits, with its reason, for the event that may change that, or
//! for the minute. A program that keeps removing a route meets patience: after
//! five times within a minute the route is put back once a minute.
mod events;
mod rivals;
mod walk;
mod ways;

#[cfg(test)]
mod tests;

use super::{
    Fib, FibChange, FibEvent, FibWrite, Found, Held, Owner, Rival, RouteError, Scope, Walk,
    held::{HopSet, Routes},
    report::{Report, Throttle, Waiting},
    resolve::Resolver,
    tales::{Tale, Tales},
};
use foldhash::fast::RandomState;
use ipnet::IpNet;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Writes per call of the table: 0.5 to 1 ms of the kernel's time.
pub(super) const BATCH: usize = 256;
/// Between two audits, and between two attempts at a route that no event frees.
const AUDIT: Duration = Duration::from_secs(60);
/// Walks that were overtaken by changes, in a row, before one is taken as it is. What it missed
/// shows itself when it is written again: "exists", and it is ours.
const INTERRUPTIONS: u32 = 3;

/// Why a write is made; what its success counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Wanted,
    Restore,
    Sweep,
}

#[derive(Debug)]
struct Job {
    purpose: Purpose,
    write: FibWrite,
    hops: Option<HopSet>,
}

/// A walk under way and what it brought up.
#[derive(Debug)]
struct Walking {
    scope: Scope,
    began: Instant,
    /// ours by all marks, but not as we remember it
    differing: Vec<(IpNet, Held, bool)>,
    /// ours by all marks, but we know nothing of it
    unknown: Vec<(IpNet, Held, bool)>,
    /// of others, with a lower metric
    lower: rivals::Lower,
}

/// How often a route was removed since when.
#[derive(Clone, Copy, Debug)]
struct Fight {
    since: Instant,
    times: u32,
}

/// The memory of the worker.
pub(super) struct Reconciler {
    fib: Box<dyn Fib>,
    routes: Routes,
    /// what stands where ours shall be and may be replaced: routes to adopt that are neither
    /// replaced by ours nor swept yet, and routes of ours that are not quite as we write them
    standing: HashMap<IpNet, Vec<Held>>,
    /// of others, with a lower metric
    lower: rivals::Lower,
    report: Arc<Mutex<Report>>,
    /// waiting routes to be tried again
    retry: BTreeSet<IpNet>,
    /// routes whose next hops are reached by another way than they were written with
    reroute: BTreeSet<IpNet>,
    resolver: Resolver,
    /// installed routes that are not there any more
    lost: BTreeSet<IpNet>,
    /// left from before, to be deleted
    sweep: Vec<(IpNet, Held)>,
    fights: HashMap<IpNet, Fight>,
    walking: Option<Walking>,
    interruptions: u32,
    resync: Option<&'static str>,
    /// a walk shall look at the routes of others too
    rivals: bool,
    walk_after: Instant,
    rivals_after: Instant,
    audit_at: Instant,
    tales: Tales,
    throttle: Throttle,
    found: Vec<Found>,
    events: Vec<FibEvent>,
    outcomes: Vec<Result<(), RouteError>>,
}

impl Reconciler {
    pub(super) fn new(fib: Box<dyn Fib>, report: Arc<Mutex<Report>>, now: Instant) -> Self {
        Self {
            fib,
            routes: Routes::default(),
            standing: HashMap::new(),
            lower: rivals::Lower::new(),
            report,
            retry: BTreeSet::new(),
            reroute: BTreeSet::new(),
            resolver: Resolver::default(),
            lost: BTreeSet::new(),
            sweep: Vec::new(),
            fights: HashMap::new(),
            walking: None,
            interruptions: 0,
            resync: None,
            rivals: false,
            walk_after: now,
            rivals_after: now,
            audit_at: now + AUDIT,
            tales: Tales::default(),
            throttle: Throttle::new(now),
            found: Vec::new(),
            events: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is there from before. Nothing may be written until this went well, or routes
    /// that did not change would flap.
    pub(super) fn adopt(&mut self, now: Instant) -> io::Result<()> {
        let mut doubles = Vec::new();
        let mut lower = rivals::Lower::new();
        for attempt in 0.. {
            self.routes = Routes::default();
            self.standing.clear();
            doubles.clear();
            lower.clear();
            let mut found = Vec::new();
            self.fib.rewind(Scope::All)?;
            let end = loop {
                let progress = self.fib.read(&mut found)?;
                for found in found.drain(..) {
                    let Found {
                        prefix,
                        held,
                        exact,
                        rival,
                    } = found;
                    match rival {
                        // Written by other settings: to be replaced when it is wanted.
                        None if !exact => self.standing.entry(prefix).or_default().push(held),
                        // Two of ours for one prefix: we died between adding and deleting.
                        // The same once more: the table changed under the walk.
                        None if self.routes.contains(&prefix) => {
                            let known = self.routes.hops(&prefix);
                            if !known.is_some_and(|hops| is_met(hops, &held.next_hops)) {
                                doubles.push((prefix, held));
                            }
                        }
                        None => {
                            let hops = self.routes.share(held.next_hops);
                            self.routes.insert(&prefix, &hops, false);
                        }
                        Some(Rival::Adoptable) => {
                            self.standing.entry(prefix).or_default().push(held);
                        }
                        Some(Rival::Lower(words)) => rivals::remember(&mut lower, prefix, words),
                        // It gets its name when one of ours meets it.
                        Some(Rival::Equal(_)) => {}
                    }
                }
                if progress != Walk::More {
                    break progress;
                }
            };
            if end == Walk::Complete || attempt >= INTERRUPTIONS {
                break;
            }
        }
        self.sweep = doubles;
        self.lower = lower;
        let (v4, v6) = self.routes.counts();
        let taken: usize = self.standing.values().map(Vec::len).sum();
        let taken_v4 = self
            .standing
            .keys()
            .any(|prefix| matches!(prefix, IpNet::V4(_)));
        let taken_v6 = self
            .standing
            .keys()
            .any(|prefix| matches!(prefix, IpNet::V6(_)));
        if v4 + v6 > 0 || taken > 0 {
            tracing::info!(
                ours = v4 + v6,
                others = taken,
                "found routes from before our start"
            );
        }
        let mut report = self.report();
        if !report.continues {
            report.past.adopted = v4 + v6 + taken as u64;
        }
        report.kept = Some((v4 > 0 || taken_v4, v6 > 0 || taken_v6));
        report.read_back("start");
        drop(report);
        self.audit_at = now + AUDIT;
        Ok(())
    }

    /// Takes what the feeder wants, in order.
    pub(super) fn apply(&mut self, changes: Vec<FibChange>, now: Instant) {
        let mut jobs = Vec::with_capacity(changes.len().min(BATCH));
        let room = changes.len().min(BATCH);
        let mut prefixes = HashSet::with_capacity_and_hasher(room, RandomState::default());
        for change in changes {
            let prefix = change.prefix();
            if jobs.len() >= BATCH || prefixes.contains(&prefix) {
                self.write(&mut jobs, now);
                prefixes.clear();
            }
            prefixes.insert(prefix);
            match change {
                FibChange::Install(route) => {
                    let hops = self.routes.share(route.next_hops);
                    jobs.extend(self.want(prefix, hops, Purpose::Wanted, now));
                }
                FibChange::Remove(prefix) => jobs.extend(self.drop_route(prefix)),
            }
        }
        self.write(&mut jobs, now);
    }

    /// The way to `hops` from what is known of `prefix`.
    fn want(&mut self, prefix: IpNet, hops: HopSet, purpose: Purpose, now: Instant) -> Option<Job> {
        let hops = self.ways(prefix, hops);
        let old = match self.routes.hops(&prefix) {
            Some(held) if is_met(&hops, held) => {
                self.routes.insert(&prefix, &hops, true);
                self.report().waiting.remove(&prefix);
                // What others left beside it has served its time.
                let others = self.standing.remove(&prefix).unwrap_or_default();
                self.sweep
                    .extend(others.into_iter().map(|held| (prefix, held)));
                self.compare(prefix, now);
                return None;
            }
            Some(held) => Some(Held {
                next_hops: held.to_vec(),
                owner: Owner::Ours,
            }),
            None => self
                .standing
                .get(&prefix)
                .and_then(|others| others.first())
                .cloned(),
        };
        let new = Some(Arc::clone(&hops));
        Some(Job {
            purpose,
            write: FibWrite { prefix, old, new },
            hops: Some(hops),
        })
    }

    fn drop_route(&mut self, prefix: IpNet) -> Option<Job> {
        self.report().waiting.remove(&prefix);
        self.fights.remove(&prefix);
        self.resolver.forget(&prefix);
        self.reroute.remove(&prefix);
        let next_hops = self.routes.hops(&prefix)?.to_vec();
        let old = Some(Held {
            next_hops,
            owner: Owner::Ours,
        });
        let write = FibWrite {
            prefix,
            old,
            new: None,
        };
        Some(Job {
            purpose: Purpose::Wanted,
            write,
            hops: None,
        })
    }

    /// Hands `jobs` to the table and takes the outcomes in.
    fn write(&mut self, jobs: &mut Vec<Job>, now: Instant) {
        if jobs.is_empty() {
            return;
        }
        let mut writes = Vec::with_capacity(jobs.len());
        let mut rest = Vec::with_capacity(jobs.len());
        for Job {
            purpose,
            write,
            hops,
        } in jobs.drain(..)
        {
            writes.push(write);
            rest.push((purpose, hops));
        }
        self.outcomes.clear();
        let mut outcomes = mem::take(&mut self.outcomes);
        self.fib.apply(&writes, &mut outcomes);
        for ((write, (purpose, hops)), outcome) in writes.iter().zip(rest).zip(outcomes.drain(..)) {
            match (outcome, hops) {
                (Ok(()), Some(hops)) => self.installed(write, &hops, purpose, now),
                (Err(error), Some(hops)) => self.refused(write, hops, error, now),
                (outcome, None) => self.removed(write, purpose, outcome),
            }
        }
        self.outcomes = outcomes;
        self.routes.shrink();
    }

    fn installed(&mut self, write: &FibWrite, hops: &HopSet, purpose: Purpose, now: Instant) {
        let prefix = write.prefix;
        self.routes.insert(&prefix, hops, true);
        self.retry.remove(&prefix);
        self.lost.remove(&prefix);
        self.own_route_moved(&prefix);
        if let Some(mut others) = self.standing.remove(&prefix) {
            let taken = write.old.as_ref();
            others.retain(|held| Some(held) != taken);
            self.sweep
                .extend(others.into_iter().map(|held| (prefix, held)));
        }
        let mut report = self.report();
        let waited = report.waiting.remove(&prefix);
        report.past.restored += u64::from(purpose == Purpose::Restore);
        drop(report);
        self.compare(prefix, now);
        if let Some(Waiting {
            error, told: true, ..
        }) = waited
        {
            self.tales
                .add(Tale::Installed, error.to_string(), prefix, now);
        }
    }

    fn refused(&mut self, write: &FibWrite, hops: HopSet, error: RouteError, now: Instant) {
        let prefix = write.prefix;
        if write
            .old
            .as_ref()
            .is_none_or(|old| old.owner == Owner::Ours)
        {
            self.routes.remove(&prefix);
            self.no_longer_overruled(&prefix);
        }
        if let Some(standing) = self.standing.get_mut(&prefix) {
            standing.retain(|held| held.owner != Owner::Ours);
        }
        self.lost.remove(&prefix);
        self.own_route_moved(&prefix);
        // As it is wanted: the way there may be another by the next attempt.
        let hops = self.resolver.wanted(&prefix).cloned().unwrap_or(hops);
        self.wait_for(prefix, hops, error, now);
    }

    /// Files `prefix` under the waiting; says so, unless it waited for the same already.
    fn wait_for(&mut self, prefix: IpNet, hops: HopSet, error: RouteError, now: Instant) {
        let mut report = self.report();
        let before = report.waiting.get(&prefix);
        // Who stands there is known already: not to be forgotten by one more attempt.
        let known = before.filter(|old| {
            matches!(
                (&old.error, &error),
                (RouteError::Conflict(_), RouteError::Conflict(None))
            )
        });
        let error = known.map_or(error, |old| old.error.clone());
        // A conflict is told when it has a name.
        let nameless = error == RouteError::Conflict(None);
        let was_told = before.is_some_and(|old| old.told && old.error == error);
        let reason = (!nameless && !was_told).then(|| error.to_string());
        report.waiting.insert(
            prefix,
            Waiting {
                hops,
                error,
                told: !nameless,
            },
        );
        drop(report);
        self.rivals |= nameless;
        if let Some(reason) = reason {
            self.tales.add(Tale::Missing, reason, prefix, now);
        }
    }

    fn removed(&mut self, write: &FibWrite, purpose: Purpose, outcome: Result<(), RouteError>) {
        let prefix = write.prefix;
        if let Some(Held {
            next_hops,
            owner: Owner::Ours,
        }) = &write.old
            && self
                .routes
                .hops(&prefix)
                .is_some_and(|hops| is_met(hops, next_hops))
        {
            self.routes.remove(&prefix);
            self.lost.remove(&prefix);
            self.no_longer_overruled(&prefix);
            self.own_route_moved(&prefix);
        }
        match outcome {
            Ok(()) => {
                let mut report = self.report();
                report.past.swept += u64::from(purpose == Purpose::Sweep && !report.continues);
            }
            Err(error) => {
                let reason = error.to_string();
                self.throttle
                    .say(|| tracing::warn!(%prefix, reason, "a route could not be removed"));
                self.resync = Some("a route could not be removed");
            }
        }
    }

    /// All that will be learned after the start is there: what is left from before goes.
    pub(super) fn settle(&mut self) {
        for prefix in self.routes.unclaimed() {
            if let Some(hops) = self.routes.hops(&prefix) {
                let held = Held {
                    next_hops: hops.to_vec(),
                    owner: Owner::Ours,
                };
                self.sweep.push((prefix, held));
            }
        }
        let others = self.standing.drain();
        self.sweep.extend(
            others.flat_map(|(prefix, held)| held.into_iter().map(move |held| (prefix, held))),
        );
        if !self.sweep.is_empty() {
            let routes = self.sweep.len();
            tracing::info!(
                routes,
                "removing routes of before that nobody announces any more"
            );
        }
    }

    /// One turn of what nobody waits for: a slice of a walk, a batch of each queue. `None`: there
    /// is more to do; else when there will be, at the latest.
    pub(super) fn turn(&mut self, now: Instant) -> Option<Instant> {
        self.throttle.tick(now);
        if self.tales.due().is_some_and(|due| due <= now) {
            self.tell();
        }
        self.sweep_some(now);
        self.restore_some(now);
        self.retry_some(now);
        self.reroute_some(now);
        self.ask_again();
        if now >= self.audit_at {
            self.audit_at = now + AUDIT;
            self.audit(now);
        }
        if self.walking.is_none() {
            self.begin_walk(now);
        }
        if self.walking.is_some()
            && let Err(error) = self.walk(now)
        {
            self.walking = None;
            self.resync.get_or_insert("a walk over the table failed");
            self.walk_after = now + Duration::from_secs(1);
            let reason = error.to_string();
            self.throttle
                .say(|| tracing::warn!(reason, "cannot read the kernel's table"));
        }
        let idle = self.walking.is_none()
            && self.sweep.is_empty()
            && self.lost.is_empty()
            && self.retry.is_empty()
            && self.reroute.is_empty()
            && !self.resolver.has_stale();
        let mut next = self.audit_at;
        if self.resync.is_some() {
            next = next.min(self.walk_after);
        }
        if self.rivals {
            next = next.min(self.rivals_after.max(self.walk_after));
        }
        if let Some(due) = self.tales.due() {
            next = next.min(due);
        }
        (idle && next > now).then_some(next)
    }

    fn audit(&mut self, now: Instant) {
        self.resync.get_or_insert("audit");
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        self.retry.extend(report.waiting.keys());
        drop(report);
        self.audit_ways();
        self.rivals = true;
        self.fights
            .retain(|_, fight| now.saturating_duration_since(fight.since) < events::TRUCE);
    }

    /// Says what was gathered about routes.
    pub(super) fn tell(&mut self) {
        self.throttle.tell(&mut self.tales);
    }

    fn sweep_some(&mut self, now: Instant) {
        let mut jobs = Vec::new();
        let mut prefixes = HashSet::new();
        while jobs.len() < BATCH
            && let Some((prefix, held)) = self.sweep.pop()
        {
            if !prefixes.insert(prefix) {
                self.sweep.push((prefix, held));
                break;
            }
            // Claimed meanwhile, and just so: it is not left over any more.
            let same = self
                .routes
                .hops(&prefix)
                .is_some_and(|hops| is_met(hops, &held.next_hops));
            if same && held.owner == Owner::Ours && self.routes.is_claimed(&prefix) {
                continue;
            }
            let write = FibWrite {
                prefix,
                old: Some(held),
                new: None,
            };
            jobs.push(Job {
                purpose: Purpose::Sweep,
                write,
                hops: None,
            });
        }
        self.write(&mut jobs, now);
    }

    /// Sweeps all that is left to sweep.
    pub(super) fn finish_sweep(&mut self, now: Instant) {
        while !self.sweep.is_empty() {
            self.sweep_some(now);
        }
    }

    fn restore_some(&mut self, now: Instant) {
        let mut jobs = Vec::new();
        while jobs.len() < BATCH
            && let Some(prefix) = self.lost.pop_first()
        {
            // A walk or a write met it meanwhile.
            if self.routes.is_seen(&prefix) {
                continue;
            }
            if let Some(hops) = self.routes.hops(&prefix).cloned() {
                let write = FibWrite {
                    prefix,
                    old: None,
                    new: Some(Arc::clone(&hops)),
                };
                jobs.push(Job {
                    purpose: Purpose::Restore,
                    write,
                    hops: Some(hops),
                });
            }
        }
        self.write(&mut jobs, now);
    }

    fn retry_some(&mut self, now: Instant) {
        let mut jobs = Vec::new();
        while jobs.len() < BATCH
            && let Some(prefix) = self.retry.pop_first()
        {
            let waiting = self.report().waiting.get(&prefix).map(|waiting| {
                let contested = matches!(waiting.error, RouteError::Contested(_));
                (Arc::clone(&waiting.hops), contested)
            });
            if let Some((hops, contested)) = waiting {
                let purpose = if contested {
                    Purpose::Restore
                } else {
                    Purpose::Wanted
                };
                jobs.extend(self.want(prefix, hops, purpose, now));
            }
        }
        self.write(&mut jobs, now);
    }

    fn reroute_some(&mut self, now: Instant) {
        let mut jobs = Vec::new();
        while jobs.len() < BATCH
            && let Some(prefix) = self.reroute.pop_first()
        {
            // Left from before, it is nobody's wish yet.
            if !self.routes.is_claimed(&prefix) {
                continue;
            }
            let wanted = self.resolver.wanted(&prefix).cloned();
            let held = self.routes.hops(&prefix).cloned();
            let Some((wanted, held)) = wanted.or_else(|| held.clone()).zip(held) else {
                continue;
            };
            // What stays as it is was not written: a walk that looks for it shall go on looking.
            let hops = self.ways(prefix, Arc::clone(&wanted));
            if !is_met(&hops, &held) {
                jobs.extend(self.want(prefix, wanted, Purpose::Wanted, now));
            }
        }
        self.write(&mut jobs, now);
    }

    /// The end: removes everything that is ours in the kernel, also what we did not know of. How
    /// many there were, IPv4 and IPv6.
    pub(super) fn remove_all(&mut self, now: Instant) -> io::Result<(u64, u64)> {
        self.walking = None;
        let mut before = None;
        for attempt in 0..=INTERRUPTIONS {
            let mut found = Vec::new();
            let mut ours = Vec::new();
            self.fib.rewind(Scope::Ours)?;
            let end = loop {
                let progress = self.fib.read(&mut found)?;
                let of_us = found
                    .drain(..)
                    .filter(|found| found.held.owner == Owner::Ours);
                ours.extend(of_us.map(|found| (found.prefix, found.held)));
                if progress != Walk::More {
                    break progress;
                }
            };
            self.routes = Routes::default();
            let all = ours.len();
            let done = all == 0 && (end == Walk::Complete || attempt == INTERRUPTIONS);
            let v4 = ours.iter().filter(|(prefix, _)| prefix.addr().is_ipv4());
            let v4 = v4.count();
            let counts = *before.get_or_insert((v4 as u64, (all - v4) as u64));
            self.sweep = ours;
            self.finish_sweep(now);
            if done {
                return Ok(counts);
            }
        }
        Err(io::Error::other(
            "it did not become empty: another program adds routes of ours, or keeps them",
        ))
    }

    /// Routes that we believe to be installed: IPv4, IPv6.
    pub(super) fn counts(&self) -> (u64, u64) {
        self.routes.counts()
    }
}

/// Whether `found` is what the table makes of `wanted`; both sorted.
fn is_met(wanted: &[super::FibNextHop], found: &[super::FibNextHop]) -> bool {
    if wanted.len() != found.len() {
        return false;
    }
    match (wanted, found) {
        ([wanted], [found]) => wanted.is_met_by(found),
        _ => wanted
            .iter()
            .all(|hop| found.iter().any(|found| hop.is_met_by(found))),
    }
}
