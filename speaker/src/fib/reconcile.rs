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
//! [`RESTORES`] times within a minute the route is put back once a minute.
use super::{
    Fib, FibChange, FibEvent, FibWrite, Found, Held, Owner, RouteError, Scope, Walk,
    held::{HopSet, Routes},
    report::{Report, Throttle, Waiting},
};
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
/// A walk that events ask for begins at the earliest so long after the last one, and
/// [`WALK_SHARE`] times as long as that took.
const WALK_PAUSE: Duration = Duration::from_millis(50);
const WALK_SHARE: u32 = 10;
/// Who stands in the way is looked up at most so often: it takes a walk over the whole table.
const BLOCKER_PAUSE: Duration = Duration::from_secs(1);
/// So often within [`AUDIT`] a route is put back at once.
const RESTORES: u32 = 5;
/// Prefixes whose removals are counted one by one; beyond, somebody flushed the table.
const FIGHTS: usize = 10_000;
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
    adopt: Vec<u8>,
    routes: Routes,
    /// what stands where ours shall be and may be replaced: routes of `adopt` that are neither
    /// replaced by ours nor swept yet, and routes of ours that are not quite as we write them
    standing: HashMap<IpNet, Vec<Held>>,
    report: Arc<Mutex<Report>>,
    /// waiting routes to be tried again
    retry: BTreeSet<IpNet>,
    /// installed routes that are not there any more
    lost: BTreeSet<IpNet>,
    /// left from before, to be deleted
    sweep: Vec<(IpNet, Held)>,
    fights: HashMap<IpNet, Fight>,
    walking: Option<Walking>,
    interruptions: u32,
    resync: Option<&'static str>,
    blockers: bool,
    walk_after: Instant,
    blockers_after: Instant,
    audit_at: Instant,
    throttle: Throttle,
    found: Vec<Found>,
    events: Vec<FibEvent>,
    outcomes: Vec<Result<(), RouteError>>,
}

impl Reconciler {
    pub(super) fn new(
        fib: Box<dyn Fib>,
        adopt: Vec<u8>,
        report: Arc<Mutex<Report>>,
        now: Instant,
    ) -> Self {
        Self {
            fib,
            adopt,
            routes: Routes::default(),
            standing: HashMap::new(),
            report,
            retry: BTreeSet::new(),
            lost: BTreeSet::new(),
            sweep: Vec::new(),
            fights: HashMap::new(),
            walking: None,
            interruptions: 0,
            resync: None,
            blockers: false,
            walk_after: now,
            blockers_after: now,
            audit_at: now + AUDIT,
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
        for attempt in 0.. {
            self.routes = Routes::default();
            self.standing.clear();
            doubles.clear();
            let mut found = Vec::new();
            self.fib.rewind(Scope::Adoptable)?;
            let end = loop {
                let progress = self.fib.read(&mut found)?;
                for Found { prefix, held, .. } in found.drain(..) {
                    match held.owner {
                        // Two of ours for one prefix: we died between adding and deleting.
                        Owner::Ours if self.routes.contains(&prefix) => {
                            doubles.push((prefix, held));
                        }
                        Owner::Ours => {
                            let hops = self.routes.share(held.next_hops);
                            self.routes.insert(&prefix, &hops, false);
                        }
                        Owner::Other { .. } => self.standing.entry(prefix).or_default().push(held),
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
        let (v4, v6) = self.routes.counts();
        let taken: usize = self.standing.values().map(Vec::len).sum();
        if v4 + v6 > 0 || taken > 0 {
            tracing::info!(
                ours = v4 + v6,
                others = taken,
                "found routes from before our start"
            );
        }
        let mut report = self.report();
        report.adopted = v4 + v6 + taken as u64;
        report.read_back("start");
        drop(report);
        self.audit_at = now + AUDIT;
        Ok(())
    }

    /// Takes what the feeder wants, in order.
    pub(super) fn apply(&mut self, changes: Vec<FibChange>, now: Instant) {
        let mut jobs = Vec::with_capacity(changes.len().min(BATCH));
        let mut prefixes = HashSet::with_capacity(changes.len().min(BATCH));
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
                    jobs.extend(self.want(prefix, hops, Purpose::Wanted));
                }
                FibChange::Remove(prefix) => jobs.extend(self.drop_route(prefix)),
            }
        }
        self.write(&mut jobs, now);
    }

    /// The way to `hops` from what is known of `prefix`.
    fn want(&mut self, prefix: IpNet, hops: HopSet, purpose: Purpose) -> Option<Job> {
        let old = match self.routes.hops(&prefix) {
            Some(held) if is_met(&hops, held) => {
                self.routes.insert(&prefix, &hops, true);
                self.report().waiting.remove(&prefix);
                // What others left beside it has served its time.
                let others = self.standing.remove(&prefix).unwrap_or_default();
                self.sweep
                    .extend(others.into_iter().map(|held| (prefix, held)));
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
        let new = Some(hops.to_vec());
        Some(Job {
            purpose,
            write: FibWrite { prefix, old, new },
            hops: Some(hops),
        })
    }

    fn drop_route(&mut self, prefix: IpNet) -> Option<Job> {
        self.report().waiting.remove(&prefix);
        self.fights.remove(&prefix);
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
                (Ok(()), Some(hops)) => self.installed(write, &hops, purpose),
                (Err(error), Some(hops)) => self.refused(write, hops, error, now),
                (outcome, None) => self.removed(write, purpose, outcome),
            }
        }
        self.outcomes = outcomes;
        self.routes.shrink();
    }

    fn installed(&mut self, write: &FibWrite, hops: &HopSet, purpose: Purpose) {
        let prefix = write.prefix;
        self.routes.insert(&prefix, hops, true);
        self.retry.remove(&prefix);
        self.lost.remove(&prefix);
        if let Some(mut others) = self.standing.remove(&prefix) {
            let taken = write.old.as_ref();
            others.retain(|held| Some(held) != taken);
            self.sweep
                .extend(others.into_iter().map(|held| (prefix, held)));
        }
        let mut report = self.report();
        let waited = report.waiting.remove(&prefix);
        report.restored += u64::from(purpose == Purpose::Restore);
        drop(report);
        if let Some(Waiting {
            error, told: true, ..
        }) = waited
        {
            let reason = error.to_string();
            self.throttle
                .say(|| tracing::info!(%prefix, reason, "installed what had to wait"));
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
        }
        if let Some(standing) = self.standing.get_mut(&prefix) {
            standing.retain(|held| held.owner != Owner::Ours);
        }
        self.lost.remove(&prefix);
        self.blockers |= matches!(error, RouteError::Conflict(_));
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
        self.throttle.tick(now);
        if let Some(reason) = reason {
            self.throttle
                .say(|| tracing::warn!(%prefix, reason, "a route is not in the kernel"));
        }
    }

    fn removed(&mut self, write: &FibWrite, purpose: Purpose, outcome: Result<(), RouteError>) {
        let prefix = write.prefix;
        let ours = write
            .old
            .as_ref()
            .is_some_and(|old| old.owner == Owner::Ours);
        if ours && purpose == Purpose::Wanted {
            self.routes.remove(&prefix);
            self.lost.remove(&prefix);
        }
        match outcome {
            Ok(()) => self.report().swept += u64::from(purpose == Purpose::Sweep),
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
            if let Some(hops) = self.routes.remove(&prefix) {
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
        self.sweep_some(now);
        self.restore_some(now);
        self.retry_some(now);
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
            && self.retry.is_empty();
        let mut next = self.audit_at;
        if self.resync.is_some() {
            next = next.min(self.walk_after);
        }
        if self.blockers {
            next = next.min(self.blockers_after.max(self.walk_after));
        }
        (idle && next > now).then_some(next)
    }

    fn audit(&mut self, now: Instant) {
        self.resync.get_or_insert("audit");
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        self.retry.extend(report.waiting.keys());
        drop(report);
        self.fights
            .retain(|_, fight| now.saturating_duration_since(fight.since) < AUDIT);
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
            // Wanted again meanwhile, and just so: it is not left over any more.
            let wanted = self
                .routes
                .hops(&prefix)
                .is_some_and(|hops| is_met(hops, &held.next_hops));
            if wanted && held.owner == Owner::Ours {
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
                    new: Some(hops.to_vec()),
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
                jobs.extend(self.want(prefix, hops, purpose));
            }
        }
        self.write(&mut jobs, now);
    }

    fn begin_walk(&mut self, now: Instant) {
        if now < self.walk_after {
            return;
        }
        let scope = if let Some(reason) = self.resync.take() {
            self.routes.begin_walk();
            self.report().read_back(reason);
            Scope::Ours
        } else if self.blockers && now >= self.blockers_after {
            self.blockers = false;
            Scope::Blockers
        } else {
            return;
        };
        match self.fib.rewind(scope) {
            Ok(()) => {
                let (differing, unknown) = (Vec::new(), Vec::new());
                self.walking = Some(Walking {
                    scope,
                    began: now,
                    differing,
                    unknown,
                });
            }
            Err(error) => {
                self.resync.get_or_insert("a walk over the table failed");
                self.blockers |= scope == Scope::Blockers;
                self.walk_after = now + Duration::from_secs(1);
                let reason = error.to_string();
                self.throttle
                    .say(|| tracing::warn!(reason, "cannot read the kernel's table"));
            }
        }
    }

    fn walk(&mut self, now: Instant) -> io::Result<()> {
        let mut found = mem::take(&mut self.found);
        found.clear();
        let progress = self.fib.read(&mut found);
        let Some(mut walking) = self.walking.take() else {
            return Ok(());
        };
        for found in found.drain(..) {
            match walking.scope {
                Scope::Blockers => self.meet_blocker(found),
                _ => self.meet_ours(found, &mut walking),
            }
        }
        self.found = found;
        match progress? {
            Walk::More => self.walking = Some(walking),
            end => {
                let pause = now.saturating_duration_since(walking.began) * WALK_SHARE;
                self.walk_after = now + pause.max(WALK_PAUSE);
                match walking.scope {
                    Scope::Blockers => self.blockers_after = now + pause.max(BLOCKER_PAUSE),
                    _ => self.conclude(walking, end, now),
                }
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
        if held.owner != Owner::Ours {
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

    /// A foreign route with our metric: is it what keeps one of ours out?
    fn meet_blocker(&mut self, found: Found) {
        let Found {
            prefix,
            held,
            exact,
            description,
        } = found;
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = report.waiting.get_mut(&prefix) else {
            return;
        };
        if !matches!(waiting.error, RouteError::Conflict(_)) {
            return;
        }
        match held.owner {
            Owner::Ours if exact && is_met(&waiting.hops, &held.next_hops) => {
                self.routes.insert(&prefix, &waiting.hops, true);
                report.waiting.remove(&prefix);
            }
            Owner::Ours => {
                self.standing.insert(prefix, vec![held]);
                self.retry.insert(prefix);
            }
            Owner::Other { protocol, .. } if self.adopt.contains(&protocol) => {
                self.standing.insert(prefix, vec![held]);
                self.retry.insert(prefix);
            }
            Owner::Other { .. } => {
                let error = RouteError::Conflict(description);
                if waiting.error != error || !waiting.told {
                    let reason = error.to_string();
                    let say = || tracing::warn!(%prefix, reason, "a route is not in the kernel");
                    self.throttle.say(say);
                }
                waiting.error = error;
                waiting.told = true;
            }
        }
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
                    new: Some(hops.to_vec()),
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
            match waiting {
                Some(hops) if exact && is_met(&hops, &held.next_hops) => {
                    self.routes.insert(&prefix, &hops, true);
                    self.report().waiting.remove(&prefix);
                }
                Some(hops) => {
                    let write = FibWrite {
                        prefix,
                        old: Some(held),
                        new: Some(hops.to_vec()),
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

    /// A route is gone: to be put back, unless it was only kept from before.
    fn lose(&mut self, prefix: IpNet) {
        if self.routes.is_claimed(&prefix) {
            self.routes.mark_unseen(&prefix);
            self.lost.insert(prefix);
        } else {
            self.routes.remove(&prefix);
        }
    }

    /// Waits for events, and takes in what they say.
    pub(super) fn hear(&mut self, timeout: Duration, clock: fn() -> Instant) -> io::Result<()> {
        let mut events = mem::take(&mut self.events);
        events.clear();
        let heard = self.fib.wait(timeout, &mut events);
        if !events.is_empty() {
            self.notice(&mut events, clock());
        }
        self.events = events;
        heard
    }

    fn notice(&mut self, events: &mut Vec<FibEvent>, now: Instant) {
        let mut gained = false;
        for event in events.drain(..) {
            match event {
                FibEvent::Gained => gained = true,
                FibEvent::Resync(reason) => self.resync = Some(reason),
                FibEvent::Lost { prefix, by_system } => {
                    if self.routes.contains(&prefix) {
                        self.robbed(prefix, by_system, now);
                    }
                }
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
        if now.saturating_duration_since(fight.since) >= AUDIT {
            *fight = Fight {
                since: now,
                times: 0,
            };
        }
        fight.times = fight.times.saturating_add(1);
        let times = fight.times;
        if times <= RESTORES {
            let say =
                || tracing::info!(%prefix, "another program removed a route; putting it back");
            self.throttle.say(say);
            return self.lose(prefix);
        }
        self.lost.remove(&prefix);
        if let Some(hops) = self.routes.remove(&prefix) {
            self.wait_for(prefix, hops, RouteError::Contested(times), now);
        }
    }

    /// The end: removes everything that is ours in the kernel, also what we did not know of.
    pub(super) fn remove_all(&mut self, now: Instant) -> io::Result<()> {
        self.walking = None;
        for _ in 0..=INTERRUPTIONS {
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
            let done = ours.is_empty() && end == Walk::Complete;
            self.sweep = ours;
            self.finish_sweep(now);
            if done {
                break;
            }
        }
        Ok(())
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
