//! The exact-match index of one family: packed key to destination number.
//!
//! Eight octets per slot: 32 bits of the hash and the number. The keys stay in the destinations,
//! so growing reads no key, and a probe reads one only where the tags agree. The table is cut
//! into segments by the upper bits of the tag; each grows on its own, so that no single step
//! rehashes everything. A hash answers exact matches only.
use crate::interner::{spread, tag};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::{BuildHasher, Hash};

/// log2 of the segments.
const SEGMENT_BITS: u32 = 8;

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    destination: u32,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Index {
    /// Made with the first route: an idle family costs nothing.
    segments: Vec<HashTable<Slot>>,
    hasher: FixedState,
    len: usize,
}

impl Index {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            segments: Vec::new(),
            hasher: FixedState::with_seed(seed),
            len: 0,
        }
    }

    #[inline]
    pub(crate) fn tag<K: Hash>(&self, key: &K) -> u32 {
        tag(self.hasher.hash_one(key))
    }

    /// The destination whose key `same` recognises.
    #[inline]
    pub(crate) fn find(&self, tag: u32, same: impl Fn(u32) -> bool) -> Option<u32> {
        self.segments
            .get(segment(tag))?
            .find(spread(tag), |slot| {
                slot.tag == tag && same(slot.destination)
            })
            .map(|slot| slot.destination)
    }

    /// Adds what is known to be missing.
    pub(crate) fn insert(&mut self, tag: u32, destination: u32) {
        if self.segments.is_empty() {
            self.segments = std::iter::repeat_with(HashTable::new)
                .take(1 << SEGMENT_BITS)
                .collect();
        }
        if let Some(table) = self.segments.get_mut(segment(tag)) {
            table.insert_unique(spread(tag), Slot { tag, destination }, |slot| {
                spread(slot.tag)
            });
            self.len = self.len.saturating_add(1);
        }
    }

    /// Removes a destination.
    pub(crate) fn remove(&mut self, tag: u32, destination: u32) {
        let Some(table) = self.segments.get_mut(segment(tag)) else {
            return;
        };
        if let Ok(found) = table.find_entry(spread(tag), |slot| slot.destination == destination) {
            found.remove();
            self.len = self.len.saturating_sub(1);
        }
        if self.len == 0 {
            self.segments = Vec::new();
        }
    }

    /// Destinations in it.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }
}

const fn segment(tag: u32) -> usize {
    (tag >> (u32::BITS - SEGMENT_BITS)) as usize
}
