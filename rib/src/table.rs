//! The table of one family: destinations, their journal, and who reads it.
//!
//! A batch goes through in phases of 32: hash all keys, find or make all destinations, then change
//! them, so that the memory accesses of one phase overlap instead of waiting for each other.
//!
//! A destination number is used again only when nobody can name it: it has no path, the journal
//! does not hold it, and no export group tells it or still has to withdraw it.
use crate::{
    Change, FamilyLimits, PeerId,
    decision::{compare, same_group, select},
    destinations::{Destinations, Path, Standing},
    export::{ExportKey, Group},
    hurry::Hurry,
    import::Importing,
    index::Index,
    intern::{HopId, SetId},
    journal::{Cursor, Log},
    key::Keyed,
    peers::Core,
    sources::SourceId,
};
use bgp_wire::{Family, Nlri};
use std::marker::PhantomData;

/// Routes of a batch handled together.
const PHASE: usize = 32;

/// What a batch of announcements has in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) peer: PeerId,
    pub(crate) source: SourceId,
    pub(crate) received: SetId,
    pub(crate) next_hop: HopId,
    pub(crate) now: u32,
}

/// A consumer of best paths: what it has read, and what it shall read first.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) cursor: Cursor,
    hurry: Hurry,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Table<F: Keyed> {
    index: Index,
    pub(crate) destinations: Destinations<F::Packed>,
    /// Destinations whose best path changed.
    pub(crate) log: Log,
    /// By group number.
    pub(crate) groups: Vec<Option<Group>>,
    /// Groups without members, and how far they are taken apart.
    pub(crate) dying: Vec<(Group, u32)>,
    /// By cursor number; consumers other than groups.
    pub(crate) subscribers: Vec<Option<Subscriber>>,
    /// The scan that sweeps dead sources and evaluates again: where it is, how often it began
    /// anew, and whether it has anything to do.
    pub(crate) scan_at: u32,
    pub(crate) scan_pass: u64,
    pub(crate) scanning: bool,
    /// The last slice of `trim` ended for want of budget.
    pub(crate) trim_left: bool,
    /// The group that is evaluated first in the next slice.
    pub(crate) turn: usize,
    /// Destinations with a best path.
    pub(crate) reachable: u64,
    /// All paths, rejected ones included.
    pub(crate) paths: u64,
    family: PhantomData<F>,
}

impl<F: Keyed> Table<F> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            index: Index::new(seed),
            destinations: Destinations::new(),
            log: Log::new(),
            groups: Vec::new(),
            dying: Vec::new(),
            subscribers: Vec::new(),
            scan_at: 0,
            scan_pass: 0,
            scanning: false,
            trim_left: false,
            turn: 0,
            reachable: 0,
            paths: 0,
            family: PhantomData,
        }
    }

    pub(crate) const fn slot(&self) -> usize {
        F::SLOT
    }

    pub(crate) const fn family(&self) -> Family {
        F::FAMILY
    }

    /// Destinations held, those that wait to be forgotten included.
    pub(crate) const fn held(&self) -> usize {
        self.index.len()
    }

    pub(crate) fn find(&self, key: F::Packed) -> Option<u32> {
        self.index.find(self.index.tag(&key), |number| {
            self.destinations.key(number) == Some(key)
        })
    }

    // Routes in.

    pub(crate) fn announce(&mut self, batch: &Batch, nlri: &[Nlri<F>], core: &mut Core) {
        let Some(peer) = core.peers.at_mut(batch.peer) else {
            return;
        };
        let (config, up) = (peer.config.clone(), peer.up.clone());
        if let Some(inbox) = peer.inbox_mut(F::SLOT) {
            inbox.announcements = inbox.announcements.saturating_add(nlri.len() as u64);
        }
        let kept;
        let limits = config.limits.of(F::FAMILY);
        let nlri = match self.refuse(batch, nlri, limits.received, core) {
            Some(rest) => {
                kept = rest;
                kept.as_slice()
            }
            None => nlri,
        };
        let importing = Importing {
            config: &config,
            up: up.as_deref(),
            family: F::FAMILY,
            long_lived: false,
        };
        let (sets, hops) = (&mut core.sets, &core.hops);
        let mut imported = importing.import(sets, hops, batch.received, batch.next_hop);
        for phase in nlri.chunks(PHASE) {
            let mut tags = [0_u32; PHASE];
            let mut numbers = [0_u32; PHASE];
            for (tag, nlri) in tags.iter_mut().zip(phase) {
                *tag = self.index.tag(&F::pack(&nlri.key));
            }
            for ((number, tag), nlri) in numbers.iter_mut().zip(tags).zip(phase) {
                *number = self.find_or_add(tag, F::pack(&nlri.key));
            }
            for (number, nlri) in numbers.into_iter().zip(phase) {
                let prefix = || F::prefix(F::pack(&nlri.key));
                let (standing, accepted) = imported.judge(&importing, prefix, &mut core.sets);
                let path = Path::new(
                    batch.source,
                    standing,
                    (batch.received, accepted),
                    batch.next_hop,
                    nlri.path_id.0,
                    batch.now,
                );
                self.upsert(number, path, limits, batch, core);
            }
        }
        imported.release(&mut core.sets);
    }

    /// What of `nlri` there is room for below the limit of received prefixes; `None`: for all of it.
    fn refuse(
        &self,
        batch: &Batch,
        nlri: &[Nlri<F>],
        limit: Option<u64>,
        core: &mut Core,
    ) -> Option<Vec<Nlri<F>>> {
        let received = core.sources.at(batch.source)?.received;
        let mut room = limit?.saturating_sub(received);
        if nlri.len() as u64 <= room {
            return None;
        }
        let mut kept = Vec::new();
        for one in nlri {
            let known = self.find(F::pack(&one.key)).is_some_and(|number| {
                self.path_of(number, batch.peer, batch.source, one.path_id.0, core)
                    .is_some()
            });
            if !known {
                if room == 0 {
                    continue;
                }
                room = room.saturating_sub(1);
            }
            kept.push(one.clone());
        }
        let refused = (nlri.len() as u64).saturating_sub(kept.len() as u64);
        if let Some(inbox) = core
            .peers
            .at_mut(batch.peer)
            .and_then(|peer| peer.inbox_mut(F::SLOT))
        {
            inbox.refused = inbox.refused.saturating_add(refused);
        }
        Some(kept)
    }

    fn find_or_add(&mut self, tag: u32, key: F::Packed) -> u32 {
        let destinations = &self.destinations;
        let found = self
            .index
            .find(tag, |number| destinations.key(number) == Some(key));
        found.unwrap_or_else(|| {
            let number = self.destinations.add(key);
            self.index.insert(tag, number);
            number
        })
    }

    fn upsert(
        &mut self,
        number: u32,
        path: Path,
        limits: FamilyLimits,
        batch: &Batch,
        core: &mut Core,
    ) {
        let found = self.path_of(number, batch.peer, batch.source, path.path_id, core);
        let old = found.as_ref().map(|(_, old)| old);
        let source = core.sources.at(batch.source);
        let path = path.judged(limits.admit(path.standing(), old, source));
        if path.standing() == Standing::Limit
            && let Some(inbox) = core
                .peers
                .at_mut(batch.peer)
                .and_then(|peer| peer.inbox_mut(F::SLOT))
        {
            inbox.limited = inbox.limited.saturating_add(1);
        }
        let before = self.destinations.best(number).copied();
        let Some((at, old)) = found else {
            self.insert(number, path, before.as_ref(), core);
            return;
        };
        // Said again, be it by a new session or in a refresh: it keeps its age, whatever policy makes
        // of it by now.
        let again = (path.received, path.next_hop) == (old.received, old.next_hop);
        let path = if again { path.aged(old.learned) } else { path };
        if path == old {
            return;
        }
        retain(&path, core);
        self.destinations.replace(number, at, path);
        self.count(&old, false, core);
        self.count(&path, true, core);
        self.decide(number, before, core);
        if old.accepted() || path.accepted() {
            self.changed_behind_best(number);
        }
        core.release_path(&old);
        core.forget_source(old.source());
    }

    /// Adds a path that the destination does not have.
    fn insert(&mut self, number: u32, path: Path, before: Option<&Path>, core: &mut Core) {
        if !self.destinations.push(number, path) {
            return;
        }
        retain(&path, core);
        self.count(&path, true, core);
        // An added path that loses to the best one changes nothing: within their common group the
        // comparison is complete; across groups, if it hides a path of its own group, that one
        // had lost to the best as well.
        let loses = !path.accepted()
            || before.is_some_and(|best| compare(best, &path, &core.sets, &core.sources).0.is_lt());
        if !loses {
            self.decide(number, before.copied(), core);
        }
        if path.accepted() {
            self.changed_behind_best(number);
        }
    }

    pub(crate) fn withdraw(
        &mut self,
        peer: PeerId,
        source: SourceId,
        nlri: &[Nlri<F>],
        core: &mut Core,
    ) {
        if let Some(inbox) = core.peers.at_mut(peer).and_then(|p| p.inbox_mut(F::SLOT)) {
            inbox.withdrawals = inbox.withdrawals.saturating_add(nlri.len() as u64);
        }
        for phase in nlri.chunks(PHASE) {
            let mut numbers = [None; PHASE];
            for (number, nlri) in numbers.iter_mut().zip(phase) {
                *number = self.find(F::pack(&nlri.key));
            }
            for (number, nlri) in numbers.into_iter().zip(phase) {
                let Some(number) = number else {
                    continue;
                };
                if let Some((at, _)) = self.path_of(number, peer, source, nlri.path_id.0, core) {
                    self.remove(number, at, core);
                }
            }
        }
    }

    /// The place of a peer's path: of this session, or left over from one before.
    fn path_of(
        &self,
        number: u32,
        peer: PeerId,
        source: SourceId,
        path_id: u32,
        core: &Core,
    ) -> Option<(usize, Path)> {
        self.destinations
            .paths(number)
            .enumerate()
            .find(|(_, path)| {
                path.path_id == path_id
                    && (path.source() == source
                        || core
                            .sources
                            .at(path.source())
                            .is_some_and(|other| other.peer == peer))
            })
            .map(|(at, path)| (at, *path))
    }

    pub(crate) fn remove(&mut self, number: u32, at: usize, core: &mut Core) {
        let before = self.destinations.best(number).copied();
        let Some(gone) = self.destinations.remove(number, at) else {
            return;
        };
        self.count(&gone, false, core);
        // A path that was neither best nor in a position to hide one: nothing changes. (One of
        // another group than the best path's may have hidden a path that beats the best.)
        let irrelevant = at != 0
            && (!gone.accepted()
                || before.is_some_and(|best| same_group(&best, &gone, &core.sets, &core.sources)));
        if !irrelevant {
            self.decide(number, before, core);
        }
        if gone.accepted() {
            self.changed_behind_best(number);
        }
        core.release_path(&gone);
        core.forget_source(gone.source());
        self.forget_if_unused(number);
    }

    /// Counts a path of a source in or out.
    pub(crate) fn count(&mut self, path: &Path, added: bool, core: &mut Core) {
        let step = |n: u64| {
            if added {
                n.saturating_add(1)
            } else {
                n.saturating_sub(1)
            }
        };
        self.paths = step(self.paths);
        if let Some(source) = core.sources.at_mut(path.source()) {
            source.received = step(source.received);
            if path.accepted() {
                source.accepted = step(source.accepted);
            }
        }
    }

    /// Puts the best path first and tells the journal when it is another one than `before`.
    pub(crate) fn decide(&mut self, number: u32, before: Option<Path>, core: &mut Core) {
        let best = select(self.destinations.paths(number), &core.sets, &core.sources);
        if let Some(at) = best {
            self.destinations.bring_to_front(number, at);
        }
        let after = self.destinations.best(number).copied();
        match (before, after) {
            (None, Some(_)) => self.reachable = self.reachable.saturating_add(1),
            (Some(_), None) => self.reachable = self.reachable.saturating_sub(1),
            _ => {}
        }
        if let Some(source) = before.and_then(|path| core.sources.at_mut(path.source())) {
            source.best = source.best.saturating_sub(1);
        }
        if let Some(source) = after.and_then(|path| core.sources.at_mut(path.source())) {
            source.best = source.best.saturating_add(1);
        }
        // The same path of a peer that came back, or says everything again, is no change.
        let sources = &core.sources;
        let face = |path: Path| {
            let source = sources
                .at(path.source())
                .map(|source| (source.peer, source.kind));
            (source, path.path_id, path.accepted, path.next_hop)
        };
        if before.map(face) != after.map(face) {
            self.changed(number);
            if let Some(before) = before {
                let source = after.unwrap_or(before).source();
                for subscriber in self.subscribers.iter_mut().flatten() {
                    subscriber.hurry.push(number, source);
                }
            }
        }
    }

    /// A path changed that may not be the best one.
    pub(crate) fn changed_behind_best(&mut self, number: u32) {
        let mut groups = self.groups.iter().flatten();
        if groups.any(|group| group.tells_paths() && group.active()) {
            self.changed(number);
        }
    }

    pub(crate) fn changed(&mut self, number: u32) {
        let read = self.groups.iter().flatten().any(Group::active)
            || self.subscribers.iter().any(Option::is_some);
        if read && let Some(mark) = self.destinations.mark_mut(number) {
            self.log.push(number, mark);
        }
    }

    /// Forgets a destination that nobody can name.
    pub(crate) fn forget_if_unused(&mut self, number: u32) {
        let unused = self.destinations.mark(number) == 0
            && self.destinations.paths(number).next().is_none()
            && self.groups.iter().flatten().all(|group| group.idle(number));
        if !unused {
            return;
        }
        let Some(key) = self.destinations.key(number) else {
            return;
        };
        if self.find(key) != Some(number) {
            // Forgotten already.
            return;
        }
        self.index.remove(self.index.tag(&key), number);
        self.destinations.free(number);
        if self.index.len() == 0 {
            // No number is in use: the memory goes back, and numbers begin anew.
            self.destinations.clear();
            for group in self.groups.iter_mut().flatten() {
                group.forget_all();
            }
        }
    }

    // Groups.

    pub(crate) fn group(&self, number: u32) -> Option<&Group> {
        self.groups.get(number as usize)?.as_ref()
    }

    pub(crate) fn group_mut(&mut self, number: u32) -> Option<&mut Group> {
        self.groups.get_mut(number as usize)?.as_mut()
    }

    /// The group that peers with `key` join.
    pub(crate) fn group_of(&self, key: &ExportKey) -> Option<u32> {
        (0..)
            .zip(&self.groups)
            .find(|(_, group)| {
                group
                    .as_ref()
                    .is_some_and(|group| group.active() && group.key == *key)
            })
            .map(|(number, _)| number)
    }

    pub(crate) fn add_group(&mut self, group: Group) -> u32 {
        let free = self.groups.iter().position(Option::is_none);
        let at = free.unwrap_or_else(|| {
            self.groups.push(None);
            self.groups.len().saturating_sub(1)
        });
        if let Some(place) = self.groups.get_mut(at) {
            *place = Some(group);
        }
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// Takes a group apart, later, when neither members nor pins are left.
    pub(crate) fn drop_group_if_unused(&mut self, number: u32) {
        if let Some(place) = self.groups.get_mut(number as usize)
            && place
                .as_ref()
                .is_some_and(|group| group.members.is_empty() && group.pins.is_empty())
            && let Some(group) = place.take()
        {
            self.dying.push((group, 0));
        }
    }

    pub(crate) fn unpin(&mut self, number: u32, id: PeerId) {
        if let Some(group) = self.group_mut(number) {
            group.pins.retain(|pin| pin.peer != id);
        }
        self.drop_group_if_unused(number);
    }

    // Other consumers.

    pub(crate) fn subscribe(&mut self, number: usize) {
        let cursor = Cursor::at_start(self.destinations.end(), self.log.enter());
        if number >= self.subscribers.len() {
            self.subscribers
                .resize_with(number.saturating_add(1), || None);
        }
        if let Some(place) = self.subscribers.get_mut(number) {
            *place = Some(Subscriber {
                cursor,
                hurry: Hurry::default(),
            });
        }
    }

    pub(crate) fn unsubscribe(&mut self, number: usize) {
        if let Some(place) = self.subscribers.get_mut(number) {
            *place = None;
        }
    }

    /// All once more; withdrawals that are pending stay so.
    pub(crate) fn rewind(&mut self, number: usize) {
        let end = self.destinations.end();
        if let Some(Some(Subscriber { cursor, .. })) = self.subscribers.get_mut(number) {
            cursor.next = 0;
            cursor.end = end;
        }
    }

    pub(crate) fn changes(
        &mut self,
        number: usize,
        max: usize,
        core: &Core,
        out: &mut Vec<Change>,
    ) {
        let Some(Some(subscriber)) = self.subscribers.get(number) else {
            return;
        };
        let mut cursor = subscriber.cursor;
        let full = out.len().saturating_add(max);
        while cursor.walking() && out.len() < full {
            if self.destinations.best(cursor.next).is_some() {
                out.extend(self.change(cursor.next, core));
            }
            cursor.next = cursor.next.saturating_add(1);
        }
        let mut entries = Vec::new();
        while out.len() < full {
            let wanted = full.saturating_sub(out.len()).min(1024);
            entries.clear();
            self.log.read(&mut cursor.position, wanted, &mut entries);
            for (destination, mark) in &entries {
                if self.destinations.mark(*destination) == *mark {
                    out.extend(self.change(*destination, core));
                }
            }
            if entries.len() < wanted {
                break;
            }
        }
        if let Some(Some(subscriber)) = self.subscribers.get_mut(number) {
            subscriber.cursor = cursor;
        }
    }

    /// Up to `max` of what is in a hurry.
    pub(crate) fn urgent(&mut self, number: usize, max: usize, core: &Core, out: &mut Vec<Change>) {
        for _ in 0..max {
            let subscriber = self.subscribers.get_mut(number).and_then(Option::as_mut);
            let Some(destination) = subscriber.and_then(|it| it.hurry.pop()) else {
                return;
            };
            out.extend(self.change(destination, core));
        }
    }

    fn change(&self, number: u32, core: &Core) -> Option<Change> {
        let best = self.destinations.best(number);
        let source = best.and_then(|path| core.sources.at(path.source()));
        let local = source.is_some_and(|source| source.kind == crate::PeerKind::Local);
        Some(Change {
            prefix: F::prefix(self.destinations.key(number)?),
            next_hop: best
                .filter(|_| !local)
                .and_then(|path| core.hops.value(path.next_hop.0)),
            peer: source.map(|source| source.peer),
        })
    }
}

/// Counts what a stored path refers to.
pub(crate) fn retain(path: &Path, core: &mut Core) {
    core.sets.retain(path.received, 1);
    core.sets.retain(path.accepted, 1);
    core.hops.retain(path.next_hop.0, 1);
}
