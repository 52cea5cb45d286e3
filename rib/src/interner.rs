//! Values stored once and named by a small id, counted by use.
//!
//! The index holds eight octets per value (a 32-bit tag of its hash and the id), so that growing
//! it reads no value and a probe reads one only when the tags agree. A freed id is used again; its
//! *birth* number then differs, which lets a cache name an id without keeping it alive.
use crate::pages::Pages;
use hashbrown::HashTable;

/// Index slot.
#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    id: u32,
}

#[derive(Debug)]
struct Entry<T> {
    value: Option<T>,
    tag: u32,
    uses: u32,
    birth: u32,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    entries: Pages<Entry<T>>,
    free: Vec<u32>,
    index: HashTable<Slot>,
    births: u32,
}

/// The 64 bits that the hash table wants, from the 32 that are kept.
#[inline]
pub(crate) const fn spread(tag: u32) -> u64 {
    (tag as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The 32 bits kept of a hash.
#[inline]
pub(crate) const fn tag(hash: u64) -> u32 {
    ((hash >> 32) ^ hash) as u32
}

impl<T> Interner<T> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Pages::new(),
            free: Vec::new(),
            index: HashTable::new(),
            births: 0,
        }
    }

    /// The id of the value that `same` recognises, made by `make` when there is none; one use is
    /// counted. The flag says whether it is new.
    pub(crate) fn intern(
        &mut self,
        hash: u64,
        same: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> (u32, bool) {
        let tag = tag(hash);
        let entries = &self.entries;
        let found = self.index.find(spread(tag), |slot| {
            slot.tag == tag
                && entries
                    .at(slot.id)
                    .and_then(|entry| entry.value.as_ref())
                    .is_some_and(&same)
        });
        if let Some(slot) = found {
            let id = slot.id;
            self.retain(id, 1);
            return (id, false);
        }
        self.births = self.births.wrapping_add(1);
        let entry = Entry {
            value: Some(make()),
            tag,
            uses: 1,
            birth: self.births,
        };
        let id = match self.free.pop() {
            Some(id) => {
                if let Some(place) = self.entries.at_mut(id) {
                    *place = entry;
                }
                id
            }
            None => self.entries.push(entry),
        };
        self.index
            .insert_unique(spread(tag), Slot { tag, id }, |slot| spread(slot.tag));
        (id, true)
    }

    #[inline]
    pub(crate) fn value(&self, id: u32) -> Option<&T> {
        self.entries.at(id)?.value.as_ref()
    }

    /// Differs whenever `id` names another value than before.
    #[inline]
    pub(crate) fn birth(&self, id: u32) -> Option<u32> {
        let entry = self.entries.at(id)?;
        entry.value.as_ref().map(|_| entry.birth)
    }

    /// Counts `uses` more.
    #[inline]
    pub(crate) fn retain(&mut self, id: u32, uses: u32) {
        if let Some(entry) = self.entries.at_mut(id) {
            entry.uses = entry.uses.saturating_add(uses);
        }
    }

    /// Counts `uses` less; the value comes back when it was the last one.
    pub(crate) fn release(&mut self, id: u32, uses: u32) -> Option<T> {
        let entry = self.entries.at_mut(id)?;
        entry.uses = entry.uses.saturating_sub(uses);
        if entry.uses > 0 {
            return None;
        }
        let value = entry.value.take()?;
        let tag = entry.tag;
        if let Ok(found) = self.index.find_entry(spread(tag), |slot| slot.id == id) {
            found.remove();
        }
        if self.index.is_empty() {
            // Nothing is left that an id could name: give the memory back. Births go on, so that
            // a cached id cannot come true again.
            self.entries.clear();
            self.free = Vec::new();
            self.index = HashTable::new();
        } else {
            self.free.push(id);
        }
        Some(value)
    }

    /// Values alive.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intern(table: &mut Interner<u64>, value: u64) -> u32 {
        table.intern(value << 7, |v| *v == value, || value).0
    }

    #[test]
    fn equal_values_share_an_id_until_the_last_use_goes() {
        let mut table = Interner::new();
        let one = intern(&mut table, 1);
        let two = intern(&mut table, 2);
        assert_ne!(one, two);
        assert_eq!(intern(&mut table, 1), one);
        assert_eq!(table.release(one, 1), None);
        assert_eq!(table.release(one, 1), Some(1));
        assert_eq!((table.value(one), table.len()), (None, 1));
        let birth = table.birth(two);
        assert_eq!(table.release(two, 1), Some(2));
        let again = intern(&mut table, 2);
        assert_ne!(
            table.birth(again),
            birth,
            "a new life has a new birth number"
        );
    }

    #[test]
    fn a_freed_id_is_used_again() {
        let mut table = Interner::new();
        let ids: Vec<u32> = (0..5000).map(|n| intern(&mut table, n)).collect();
        for id in ids.iter().skip(1) {
            table.release(*id, 1);
        }
        let again: Vec<u32> = (10_000..14_999).map(|n| intern(&mut table, n)).collect();
        assert!(again.iter().all(|id| ids.contains(id)));
        assert_eq!(table.len(), 5000);
    }
}
