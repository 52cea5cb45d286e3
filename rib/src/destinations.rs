//! Destinations and their paths.
//!
//! A destination is a packed key, its best path in place, its mark in the journal and the number
//! of a block with all further paths: 40 octets for an IPv4 prefix with one path. Blocks come in
//! size classes 1, 2, 3, 4, 6, 8, 12, … so that the k-th further path costs 24 octets and at most
//! half as much again in room to grow. Path 0 is the best one where any path is acceptable; the
//! order of the others means nothing.
use crate::{
    intern::{HopId, SetId},
    pages::Pages,
    sources::SourceId,
};
use std::ops::Range;

/// Why a path is not a candidate; stored in one octet. Its public face is `RejectReason`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Standing {
    Accepted,
    Policy,
    AsLoop,
    NextHopIsOurs,
    NextHopInvalid,
    OriginatorLoop,
    ClusterLoop,
    FirstAsMismatch,
    RouteLeak,
    Limit,
}

/// One path of one destination: ids, 24 octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Path {
    /// Attributes as received.
    pub(crate) received: SetId,
    /// Attributes after the import rules: what the decision compares and others are told.
    pub(crate) accepted: SetId,
    pub(crate) next_hop: HopId,
    pub(crate) path_id: u32,
    /// Seconds of the caller's clock.
    pub(crate) learned: u32,
    /// Three octets of source, one of standing.
    origin: u32,
}

/// The source of a place without a path.
const VACANT: u32 = 0x00ff_ffff;

impl Path {
    const NONE: Self = Self {
        received: SetId(u32::MAX),
        accepted: SetId(u32::MAX),
        next_hop: HopId(u32::MAX),
        path_id: 0,
        learned: 0,
        origin: VACANT << 8,
    };

    pub(crate) const fn new(
        source: SourceId,
        standing: Standing,
        sets: (SetId, SetId),
        next_hop: HopId,
        path_id: u32,
        learned: u32,
    ) -> Self {
        Self {
            received: sets.0,
            accepted: sets.1,
            next_hop,
            path_id,
            learned,
            origin: (source.0 << 8) | standing as u32,
        }
    }

    /// The same path, learned at another time.
    pub(crate) const fn aged(self, learned: u32) -> Self {
        Self { learned, ..self }
    }

    /// The same path, judged otherwise.
    pub(crate) const fn judged(self, standing: Standing) -> Self {
        Self {
            origin: (self.origin & !0xff) | standing as u32,
            ..self
        }
    }

    pub(crate) const fn source(&self) -> SourceId {
        SourceId(self.origin >> 8)
    }

    pub(crate) const fn standing(&self) -> Standing {
        match self.origin & 0xff {
            0 => Standing::Accepted,
            2 => Standing::AsLoop,
            3 => Standing::NextHopIsOurs,
            4 => Standing::NextHopInvalid,
            5 => Standing::OriginatorLoop,
            6 => Standing::ClusterLoop,
            7 => Standing::FirstAsMismatch,
            8 => Standing::RouteLeak,
            9 => Standing::Limit,
            _ => Standing::Policy,
        }
    }

    pub(crate) const fn accepted(&self) -> bool {
        self.origin & 0xff == 0
    }

    const fn vacant(&self) -> bool {
        self.origin >> 8 == VACANT
    }
}

/// The number of a block: size class in the upper five bits, place in its slab below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct BlockId(u32);

const PLACE_BITS: u32 = 27;

impl BlockId {
    const NONE: Self = Self(u32::MAX);
    const fn class(self) -> usize {
        (self.0 >> PLACE_BITS) as usize
    }
    const fn place(self) -> u32 {
        self.0 & ((1 << PLACE_BITS) - 1)
    }
    const fn page(self) -> usize {
        (self.place() >> SLAB_SHIFT) as usize
    }
    const fn range(self) -> Range<usize> {
        let capacity = capacity(self.class());
        let place = (self.place() & ((1 << SLAB_SHIFT) - 1)) as usize;
        let start = place.saturating_mul(capacity);
        start..start.saturating_add(capacity)
    }
}

/// Paths that a block of `class` holds: 1, 2, 3, 4, 6, 8, 12, 16, 24, …
const fn capacity(class: usize) -> usize {
    match class {
        0 => 1,
        _ if class % 2 == 1 => 1 << class.div_ceil(2),
        _ => 3 << (class / 2).saturating_sub(1),
    }
}

/// The last class; a prefix holds at most 12,289 paths, more are not taken.
const LAST_CLASS: usize = 26;

/// Blocks of one size, laid end to end in pages.
#[derive(Debug, Default)]
struct Slab {
    pages: Vec<Vec<Path>>,
    /// Blocks made so far.
    made: u32,
    free: Vec<u32>,
}

/// log2 of the blocks in a page.
const SLAB_SHIFT: u32 = 8;

#[derive(Clone, Debug)]
struct Record<K> {
    key: K,
    best: Path,
    mark: u32,
    rest: BlockId,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Destinations<K> {
    records: Pages<Record<K>>,
    free: Vec<u32>,
    slabs: Vec<Slab>,
}

impl<K: Copy> Destinations<K> {
    pub(crate) const fn new() -> Self {
        Self {
            records: Pages::new(),
            free: Vec::new(),
            slabs: Vec::new(),
        }
    }

    /// Numbers handed out so far are below this.
    pub(crate) const fn end(&self) -> u32 {
        self.records.len()
    }

    pub(crate) fn add(&mut self, key: K) -> u32 {
        let record = Record {
            key,
            best: Path::NONE,
            mark: 0,
            rest: BlockId::NONE,
        };
        match self.free.pop() {
            Some(number) => {
                if let Some(place) = self.records.at_mut(number) {
                    *place = record;
                }
                number
            }
            None => self.records.push(record),
        }
    }

    /// The number may be used again. The owner says so only when nobody remembers it.
    pub(crate) fn free(&mut self, number: u32) {
        self.free.push(number);
    }

    /// Gives all memory back, when every number is free.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    #[inline]
    pub(crate) fn key(&self, number: u32) -> Option<K> {
        self.records.at(number).map(|record| record.key)
    }

    #[inline]
    pub(crate) fn mark(&self, number: u32) -> u32 {
        self.records.at(number).map_or(0, |record| record.mark)
    }

    #[inline]
    pub(crate) fn mark_mut(&mut self, number: u32) -> Option<&mut u32> {
        self.records.at_mut(number).map(|record| &mut record.mark)
    }

    /// The best path.
    #[inline]
    pub(crate) fn best(&self, number: u32) -> Option<&Path> {
        self.records
            .at(number)
            .map(|record| &record.best)
            .filter(|path| path.accepted() && !path.vacant())
    }

    /// Every path, accepted or not, the best one first.
    pub(crate) fn paths(&self, number: u32) -> impl Iterator<Item = &Path> + Clone {
        let record = self.records.at(number);
        let rest = record.and_then(|record| self.block(record.rest));
        record
            .map(|record| &record.best)
            .into_iter()
            .chain(rest.into_iter().flatten())
            .filter(|path| !path.vacant())
    }

    fn block(&self, id: BlockId) -> Option<&[Path]> {
        let slab = self.slabs.get(id.class())?;
        slab.pages.get(id.page())?.get(id.range())
    }

    fn block_mut(&mut self, id: BlockId) -> Option<&mut [Path]> {
        let slab = self.slabs.get_mut(id.class())?;
        slab.pages.get_mut(id.page())?.get_mut(id.range())
    }

    /// Puts `path` at a place that `paths` counted, and returns what was there.
    pub(crate) fn replace(&mut self, number: u32, at: usize, path: Path) -> Option<Path> {
        let record = self.records.at_mut(number)?;
        let place = match at.checked_sub(1) {
            None => &mut record.best,
            Some(at) => {
                let rest = record.rest;
                self.block_mut(rest)?.get_mut(at)?
            }
        };
        Some(std::mem::replace(place, path))
    }

    /// Adds a path behind the others; `false` when the destination is full.
    pub(crate) fn push(&mut self, number: u32, path: Path) -> bool {
        let Some(record) = self.records.at_mut(number) else {
            return false;
        };
        if record.best.vacant() {
            record.best = path;
            return true;
        }
        let old = record.rest;
        if let Some(place) = self
            .block_mut(old)
            .and_then(|block| block.iter_mut().find(|path| path.vacant()))
        {
            *place = path;
            return true;
        }
        let class = if old == BlockId::NONE {
            0
        } else {
            old.class().saturating_add(1)
        };
        if class > LAST_CLASS {
            return false;
        }
        let fresh = self.take_block(class);
        let before: Vec<Path> = self.block(old).map(<[Path]>::to_vec).unwrap_or_default();
        if let Some(block) = self.block_mut(fresh) {
            for (place, path) in block.iter_mut().zip(before.into_iter().chain([path])) {
                *place = path;
            }
        }
        self.give_block(old);
        self.set_rest(number, fresh);
        true
    }

    /// Removes the path at `at`; the last one takes its place.
    pub(crate) fn remove(&mut self, number: u32, at: usize) -> Option<Path> {
        let last = self.paths(number).count().checked_sub(1)?;
        let moved = self.replace(number, last, Path::NONE)?;
        let gone = if at == last {
            moved
        } else {
            self.replace(number, at, moved)?
        };
        self.shrink(number, last);
        Some(gone)
    }

    /// Moves the paths to a smaller block when they fit one two classes down.
    fn shrink(&mut self, number: u32, paths: usize) {
        let Some(old) = self.records.at(number).map(|record| record.rest) else {
            return;
        };
        if old == BlockId::NONE {
            return;
        }
        let further = paths.saturating_sub(1);
        if further == 0 {
            self.give_block(old);
            self.set_rest(number, BlockId::NONE);
            return;
        }
        let Some(class) = old.class().checked_sub(2) else {
            return;
        };
        if further > capacity(class) {
            return;
        }
        let fresh = self.take_block(class);
        let before: Vec<Path> = self.block(old).map(<[Path]>::to_vec).unwrap_or_default();
        if let Some(block) = self.block_mut(fresh) {
            for (place, path) in block.iter_mut().zip(before) {
                *place = path;
            }
        }
        self.give_block(old);
        self.set_rest(number, fresh);
    }

    /// Makes the path at `at` the first.
    pub(crate) fn bring_to_front(&mut self, number: u32, at: usize) {
        if at == 0 {
            return;
        }
        let Some(first) = self.records.at(number).map(|record| record.best) else {
            return;
        };
        if let Some(path) = self.replace(number, at, first) {
            self.replace(number, 0, path);
        }
    }

    fn set_rest(&mut self, number: u32, block: BlockId) {
        if let Some(record) = self.records.at_mut(number) {
            record.rest = block;
        }
    }

    fn take_block(&mut self, class: usize) -> BlockId {
        if self.slabs.len() <= class {
            self.slabs
                .resize_with(class.saturating_add(1), Slab::default);
        }
        let Some(slab) = self.slabs.get_mut(class) else {
            return BlockId::NONE;
        };
        let place = slab.free.pop().unwrap_or_else(|| {
            let place = slab.made;
            let page = (place >> SLAB_SHIFT) as usize;
            if page == slab.pages.len() {
                slab.pages.push(Vec::new());
            }
            if let Some(page) = slab.pages.get_mut(page) {
                page.extend(std::iter::repeat_n(Path::NONE, capacity(class)));
            }
            slab.made = place.saturating_add(1);
            place
        });
        BlockId(((class as u32) << PLACE_BITS) | place)
    }

    fn give_block(&mut self, id: BlockId) {
        if let Some(block) = self.block_mut(id) {
            block.fill(Path::NONE);
            if let Some(slab) = self.slabs.get_mut(id.class()) {
                slab.free.push(id.place());
            }
        }
    }
}

#[cfg(test)]
mod tests;
