//! What a group that tells several paths of a prefix (RFC 7911) has in place of destinations.
//!
//! A group without ADD-PATH keeps what it tells by destination number. One with it keeps it by
//! *slot*: a slot is a destination and a path identifier, and all else (journal, the members' bits
//! and cursors, messages) works on slots as it does on destinations. A slot is used again when
//! nobody can name it: it is told to nobody and not in the journal.
//!
//! Cost: 12 octets per path told and 4 per destination.
use crate::pages::Pages;
use bgp_wire::PathId;

/// One path of a destination.
#[derive(Clone, Copy, Debug)]
struct Slot {
    destination: u32,
    path_id: u32,
    /// Of the same destination, or of the list of free ones.
    next: u32,
}

const NONE: u32 = u32::MAX;

/// See the module.
#[derive(Debug)]
pub(crate) struct Slots {
    slots: Pages<Slot>,
    /// By destination.
    first: Pages<u32>,
    free: u32,
}

impl Slots {
    pub(crate) const fn new() -> Self {
        Self {
            slots: Pages::new(),
            first: Pages::new(),
            free: NONE,
        }
    }

    /// Numbers handed out so far are below this.
    pub(crate) const fn end(&self) -> u32 {
        self.slots.len()
    }

    /// What a slot stands for.
    #[inline]
    pub(crate) fn place(&self, slot: u32) -> Option<(u32, PathId)> {
        let slot = self.slots.at(slot)?;
        (slot.destination != NONE).then_some((slot.destination, PathId(slot.path_id)))
    }

    /// The slots of a destination.
    pub(crate) fn of(&self, destination: u32) -> impl Iterator<Item = (u32, PathId)> + '_ {
        let mut at = self.first.at(destination).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let slot = self.slots.at(at)?;
            let number = std::mem::replace(&mut at, slot.next);
            Some((number, PathId(slot.path_id)))
        })
    }

    pub(crate) fn find(&self, destination: u32, path_id: PathId) -> Option<u32> {
        let mut slots = self.of(destination);
        slots
            .find(|(_, other)| *other == path_id)
            .map(|(slot, _)| slot)
    }

    /// Adds what is known to be missing.
    pub(crate) fn add(&mut self, destination: u32, path_id: PathId) -> u32 {
        self.first.reach(destination, &NONE);
        let next = self.first.at(destination).copied().unwrap_or(NONE);
        let slot = Slot {
            destination,
            path_id: path_id.0,
            next,
        };
        let number = match self.slots.at_mut(self.free) {
            Some(place) => {
                let number = self.free;
                self.free = place.next;
                *place = slot;
                number
            }
            None => self.slots.push(slot),
        };
        if let Some(first) = self.first.at_mut(destination) {
            *first = number;
        }
        number
    }

    /// Nobody names the slot any more; what it stood for.
    pub(crate) fn remove(&mut self, number: u32) -> Option<(u32, PathId)> {
        let (destination, path_id) = self.place(number)?;
        let next = self.slots.at(number)?.next;
        let previous = self.of(destination).map(|(slot, _)| slot);
        let previous = previous
            .take_while(|slot| *slot != number)
            .last()
            .and_then(|slot| self.slots.at_mut(slot))
            .map(|slot| &mut slot.next);
        let link = match previous {
            Some(link) => Some(link),
            None => self.first.at_mut(destination),
        };
        if let Some(link) = link {
            *link = next;
        }
        let free = std::mem::replace(&mut self.free, number);
        if let Some(slot) = self.slots.at_mut(number) {
            slot.destination = NONE;
            slot.next = free;
        }
        Some((destination, path_id))
    }

    /// Gives memory back, when nothing is in it.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_found_and_used_again() {
        let mut slots = Slots::new();
        let one = slots.add(7, PathId(1));
        let two = slots.add(7, PathId(2));
        let three = slots.add(7, PathId(3));
        let other = slots.add(0, PathId(1));
        assert_eq!(slots.find(7, PathId(2)), Some(two));
        assert_eq!(slots.place(other), Some((0, PathId(1))));
        assert_eq!(slots.remove(two), Some((7, PathId(2))));
        assert_eq!(slots.remove(two), None);
        let left: Vec<u32> = slots.of(7).map(|(slot, _)| slot).collect();
        assert_eq!(left, [three, one]);
        assert_eq!(slots.add(9, PathId(5)), two);
        slots.remove(three);
        slots.remove(one);
        assert_eq!((slots.of(7).count(), slots.of(9).count()), (0, 1));
        assert_eq!(slots.end(), 4);
    }
}
