//! What follows from changes, in slices.
//!
//! Four kinds of work share a slice's budget: export groups read the table's journal; a scan over
//! all destinations sweeps the paths of dead sources and evaluates paths again after a change of
//! policy; groups without members are taken apart; the journals forget what everybody has read.
//! The scan is one for all sources: a thousand neighbors that go at once cost one pass.
//!
//! Cost: the budget, in routes. Where a destination is only looked at, sixteen count as one route.
use crate::{
    PathCount, PeerId,
    decision::rank,
    destinations::Path,
    export::{Evaluated, Group, Told},
    import::Importing,
    intern::OutId,
    key::Keyed,
    member::EndOfRib,
    peers::Core,
    sources::Life,
    table::{Table, retain},
};

/// Destinations looked at for the price of one route, where looking is all that happens.
const LOOKS_PER_ROUTE: usize = 16;

impl<F: Keyed> Table<F> {
    /// There are dead sources, or sources to evaluate again.
    pub(crate) fn start_scan(&mut self) {
        self.scanning = true;
    }

    /// Once the scan's pass counter is here, every path of now was looked at.
    pub(crate) const fn scan_due(&self) -> u64 {
        let passes = if self.scan_at == 0 { 1 } else { 2 };
        self.scan_pass.saturating_add(passes)
    }

    /// One slice of everything that waits; returns the routes' worth spent.
    pub(crate) fn work_family(&mut self, budget: usize, core: &mut Core) -> usize {
        let mut left = budget;
        left = left.saturating_sub(self.evaluate_groups(left, core));
        left = left.saturating_sub(self.scan(left, core));
        left = left.saturating_sub(self.take_apart(left, core));
        left = left.saturating_sub(self.trim(left, core));
        budget.saturating_sub(left)
    }

    /// Is anything left for `work_family`?
    pub(crate) fn busy(&self) -> bool {
        let head = self.log.head();
        self.scanning
            || !self.dying.is_empty()
            || self.log.untidy()
            || self.trim_left
            || self.groups.iter().flatten().any(|group| {
                group.log.untidy()
                    || (group.active() && (group.cursor.walking() || group.cursor.position < head))
            })
    }

    fn evaluate_groups(&mut self, budget: usize, core: &mut Core) -> usize {
        let mut spent = 0;
        let groups = self.groups.len();
        for step in 0..groups {
            let left = budget.saturating_sub(spent);
            if left == 0 {
                break;
            }
            let at = self
                .turn
                .saturating_add(step)
                .checked_rem(groups)
                .unwrap_or(0);
            let Some(mut group) = self.groups.get_mut(at).and_then(Option::take) else {
                continue;
            };
            if group.active() {
                spent = spent.saturating_add(self.evaluate_group(&mut group, left, core));
            }
            if let Some(place) = self.groups.get_mut(at) {
                *place = Some(group);
            }
        }
        self.turn = self.turn.saturating_add(1).checked_rem(groups).unwrap_or(0);
        spent
    }

    fn evaluate_group(&mut self, group: &mut Group, budget: usize, core: &mut Core) -> usize {
        let mut spent = 0_usize;
        let mut news = false;
        // The group's first walk enters nothing into its journal: its members walk behind it.
        while spent < budget && group.cursor.walking() {
            let number = group.cursor.next;
            group.cursor.next = number.saturating_add(1);
            // With ADD-PATH it does: slots are not in the order of destinations.
            if group.tells_paths() {
                self.evaluate_paths(group, number, core);
            } else {
                self.evaluate(group, number, core);
            }
            spent = spent.saturating_add(1);
            news = true;
        }
        if !group.cursor.walking() && spent < budget {
            let mut entries = Vec::new();
            let left = budget.saturating_sub(spent);
            self.log
                .read(&mut group.cursor.position, left, &mut entries);
            spent = spent.saturating_add(entries.len());
            for (number, mark) in entries {
                if self.destinations.mark(number) != mark {
                    continue;
                }
                if group.tells_paths() {
                    news |= self.evaluate_paths(group, number, core);
                    continue;
                }
                match self.evaluate(group, number, core) {
                    Evaluated::Same => {}
                    Evaluated::Changed => {
                        group.publish(number);
                        news = true;
                    }
                    Evaluated::Moved { from, to } => {
                        for id in [from, to] {
                            tell_alone(group, id, number, F::SLOT, core);
                        }
                    }
                }
            }
        }
        if spent > 0 {
            for id in &group.members {
                let waits = core
                    .peers
                    .at(*id)
                    .and_then(|peer| peer.member(F::SLOT))
                    .is_some_and(|member| {
                        member.end_of_rib != EndOfRib::Sent || member.cursor.walking()
                    });
                if news || waits {
                    core.peers.make_ready(*id);
                }
            }
        }
        spent
    }

    fn evaluate(&self, group: &mut Group, number: u32, core: &mut Core) -> Evaluated {
        let Some(key) = self.destinations.key(number) else {
            return Evaluated::Same;
        };
        let best = self.destinations.best(number);
        group.evaluate(number, best, || F::prefix(key), core)
    }

    fn evaluate_paths(&self, group: &mut Group, number: u32, core: &mut Core) -> bool {
        let Some(key) = self.destinations.key(number) else {
            return false;
        };
        let paths = self.destinations.paths(number);
        let paths: Vec<Path> = match group.key.paths {
            // Their order tells nothing.
            Some(PathCount::All) | None => paths.filter(|path| path.accepted()).copied().collect(),
            Some(PathCount::Best(_)) => {
                let paths: Vec<&Path> = paths.collect();
                let ranked = rank(&paths, &core.sets, &core.sources).into_iter();
                ranked.map(|(path, _)| *path).collect()
            }
        };
        group.evaluate_paths(number, &paths, F::prefix(key), core)
    }

    /// Sweeps dead sources and evaluates paths again.
    fn scan(&mut self, budget: usize, core: &mut Core) -> usize {
        if !self.scanning {
            return 0;
        }
        let mut credit = budget.saturating_mul(LOOKS_PER_ROUTE);
        let granted = credit;
        while credit > 0 {
            if self.scan_at >= self.destinations.end() {
                self.scan_at = 0;
                self.scan_pass = self.scan_pass.saturating_add(1);
                if !core.sources.scan_wanted(F::SLOT, self.scan_pass) {
                    self.scanning = false;
                    break;
                }
            }
            let changed = self.scan_one(self.scan_at, core);
            self.scan_at = self.scan_at.saturating_add(1);
            let price = changed.saturating_mul(LOOKS_PER_ROUTE).saturating_add(1);
            credit = credit.saturating_sub(price);
        }
        granted.saturating_sub(credit).div_ceil(LOOKS_PER_ROUTE)
    }

    /// Returns the paths removed or evaluated.
    fn scan_one(&mut self, number: u32, core: &mut Core) -> usize {
        let mut work = 0_usize;
        let mut at = 0_usize;
        let mut again = Vec::new();
        // From the front, the place of a removed path taken by the last one; removing may also
        // bring another to the front, so that the rest is looked at anew.
        loop {
            let next = self.destinations.paths(number).nth(at).copied();
            let Some(path) = next else {
                break;
            };
            let Some(source) = core.sources.at(path.source()) else {
                break;
            };
            if source.life == Life::Dead || unkept(&path, source.life, core) {
                self.remove(number, at, core);
                work = work.saturating_add(1);
                at = 0;
                continue;
            }
            if source.due > self.scan_pass {
                again.push((path, source.peer));
            }
            at = at.saturating_add(1);
        }
        for (path, peer) in again {
            self.import_again(number, path, peer, core);
            work = work.saturating_add(1);
        }
        work
    }

    /// Evaluates a stored path by what its peer's configuration says now.
    fn import_again(&mut self, number: u32, old: Path, id: PeerId, core: &mut Core) {
        let place = self
            .destinations
            .paths(number)
            .position(|path| *path == old);
        let (Some(at), Some(peer), Some(key)) =
            (place, core.peers.at(id), self.destinations.key(number))
        else {
            return;
        };
        let source = core.sources.at(old.source());
        let importing = Importing {
            config: &peer.config,
            up: source.and_then(|source| source.up.as_deref()),
            family: F::FAMILY,
            long_lived: source.is_some_and(|source| source.life == Life::LongLived),
        };
        let (sets, hops) = (&mut core.sets, &core.hops);
        let mut imported = importing.import(sets, hops, old.received, old.next_hop);
        let (standing, accepted) = imported.judge(&importing, || F::prefix(key), &mut core.sets);
        let limits = peer.config.limits.of(F::FAMILY);
        let standing = limits.admit(standing, Some(&old), core.sources.at(old.source()));
        let path = Path::new(
            old.source(),
            standing,
            (old.received, accepted),
            old.next_hop,
            old.path_id,
            old.learned,
        );
        let before = self.destinations.best(number).copied();
        if path != old {
            retain(&path, core);
            self.destinations.replace(number, at, path);
            self.count(&old, false, core);
            self.count(&path, true, core);
        }
        // Also what the decision and the export rules ask of the peer may have changed.
        self.decide(number, before, core);
        if at == 0 && path.accepted() {
            self.changed(number);
        }
        self.changed_behind_best(number);
        if path != old {
            core.release_path(&old);
        }
        imported.release(&mut core.sets);
    }

    /// Gives back what groups without members told.
    fn take_apart(&mut self, budget: usize, core: &mut Core) -> usize {
        let Some((mut group, start)) = self.dying.pop() else {
            return 0;
        };
        let mut at = start;
        while at < group.told.len() && (at.saturating_sub(start) as usize) < budget {
            if let Some(told) = group.told.at_mut(at)
                && told.out != OutId::NONE
            {
                core.release_out(told.out);
                *told = Told::NOTHING;
            }
            if let Some(told) = group.told.at_mut(at) {
                told.mark = 0;
            }
            if let Some(destination) = group.passed(at, core) {
                self.forget_if_unused(destination);
            }
            at = at.saturating_add(1);
        }
        if at < group.told.len() {
            self.dying.push((group, at));
        }
        at.saturating_sub(start) as usize
    }

    /// The position that every reader of the table's journal has passed.
    fn slowest(&self) -> u64 {
        let groups = self.groups.iter().flatten().filter(|group| group.active());
        let groups = groups.map(|group| group.cursor.position);
        let others = self.subscribers.iter().flatten().map(|s| s.cursor.position);
        groups
            .chain(others)
            .min()
            .unwrap_or_else(|| self.log.head())
    }

    /// Forgets what all readers of the journals have read.
    fn trim(&mut self, budget: usize, core: &mut Core) -> usize {
        let credit = budget.saturating_mul(LOOKS_PER_ROUTE);
        let mut passed: Vec<u32> = Vec::new();
        let slowest = self.slowest();
        let destinations = &mut self.destinations;
        self.trim_left = self.log.trim(slowest, credit, |number, mark| {
            clear(destinations.mark_mut(number), mark, number, &mut passed)
        });
        if self.log.untidy() {
            let destinations = &self.destinations;
            self.log
                .tidy(|number, mark| destinations.mark(number) == mark);
        }
        for group in self.groups.iter_mut().flatten() {
            if group.log.len() == 0 {
                continue;
            }
            let members = group.members.iter().filter_map(|id| {
                let member = core.peers.at(*id)?.member(F::SLOT)?;
                Some(member.cursor.position)
            });
            let pins = group.pins.iter().map(|pin| pin.position);
            let slowest = members.chain(pins).min().unwrap_or(group.log.head());
            let told = &mut group.told;
            let mut numbers = Vec::new();
            self.trim_left |= group.log.trim(slowest, credit, |number, mark| {
                let place = told.at_mut(number).map(|told| &mut told.mark);
                clear(place, mark, number, &mut numbers)
            });
            passed.extend(numbers.into_iter().filter_map(|n| group.passed(n, core)));
            if group.log.untidy() {
                let told = &group.told;
                group
                    .log
                    .tidy(|number, mark| told.at(number).is_some_and(|told| told.mark == mark));
            }
        }
        for number in &passed {
            self.forget_if_unused(*number);
        }
        passed.len().div_ceil(LOOKS_PER_ROUTE)
    }
}

/// RFC 9494 §4.2: routes with NO_LLGR are not kept for long.
fn unkept(path: &Path, life: Life, core: &Core) -> bool {
    life == Life::LongLived
        && core
            .sets
            .hot(path.received)
            .is_some_and(|hot| hot.no_long_lived)
}

/// Clears the mark of a trimmed journal entry; `false`: the entry was stale.
fn clear(place: Option<&mut u32>, mark: u32, number: u32, passed: &mut Vec<u32>) -> bool {
    match place {
        Some(place) if *place == mark => {
            *place = 0;
            passed.push(number);
            true
        }
        _ => false,
    }
}

/// `number` changed its source from or to this peer, and nothing else did.
fn tell_alone(group: &Group, id: PeerId, number: u32, slot: usize, core: &mut Core) {
    if !group.members.contains(&id) {
        return;
    }
    if let Some(member) = core.peers.at_mut(id).and_then(|peer| peer.member_mut(slot)) {
        member.own.insert(number);
        core.peers.make_ready(id);
    }
}
