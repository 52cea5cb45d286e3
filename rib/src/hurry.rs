//! The second lane of a consumer of best paths: changes to prefixes that it has already.
//!
//! The journal is a queue, so behind a full table that is coming in a single change would wait
//! until all of that has been taken. What changes a prefix that had a best path before is noted
//! here too, and read first; the journal names it again later, which costs a consumer that compares
//! a look. Each source has at most [`EACH`] changes here at a time, so that one that changes
//! everything delays the others by no more than that, and a consumer that does not read costs
//! 8 octets for each of them.
use crate::sources::SourceId;
use std::collections::{HashMap, VecDeque};

/// Changes of one source that may wait here; further ones come by the journal alone.
const EACH: u32 = 64;

/// Destinations in a hurry, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Hurry {
    queue: VecDeque<(u32, SourceId)>,
    waiting: HashMap<SourceId, u32>,
}

impl Hurry {
    /// `destination` changed by the doing of `source`.
    pub(crate) fn push(&mut self, destination: u32, source: SourceId) {
        let waiting = self.waiting.entry(source).or_default();
        if *waiting < EACH {
            *waiting = waiting.saturating_add(1);
            self.queue.push_back((destination, source));
        }
    }

    /// The oldest. It may have changed again, or be gone, by now.
    pub(crate) fn pop(&mut self) -> Option<u32> {
        let (destination, source) = self.queue.pop_front()?;
        if let Some(waiting) = self.waiting.get_mut(&source) {
            *waiting = waiting.saturating_sub(1);
            if *waiting == 0 {
                self.waiting.remove(&source);
            }
        }
        Some(destination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_changes_everything_delays_others_by_its_share() {
        let mut hurry = Hurry::default();
        let (many, one) = (SourceId(1), SourceId(2));
        for destination in 0..1000 {
            hurry.push(destination, many);
        }
        hurry.push(5000, one);
        let order: Vec<u32> = std::iter::from_fn(|| hurry.pop()).collect();
        assert_eq!(order.len(), 65);
        assert_eq!((order.first(), order.last()), (Some(&0), Some(&5000)));
        // Its share is free again.
        hurry.push(7, many);
        assert_eq!((hurry.pop(), hurry.pop()), (Some(7), None));
        assert!(hurry.waiting.is_empty());
    }
}
