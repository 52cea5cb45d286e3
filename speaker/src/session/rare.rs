//! Log lines that a neighbor can provoke: said at once, then once in a while with a count.

use crate::clock;
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const INTERVAL: Duration = Duration::from_secs(60);

/// A limit for one kind of log line.
#[derive(Debug, Default)]
pub(crate) struct Rare(Mutex<Option<(Instant, u64)>>);

impl Rare {
    /// `Some(n)`: say it now, and that it was left out `n` times since it was said last.
    pub(crate) fn now(&self) -> Option<u64> {
        self.at(clock::now())
    }

    fn at(&self, now: Instant) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *last {
            Some((at, left_out)) if now.saturating_duration_since(*at) < INTERVAL => {
                *left_out += 1;
                None
            }
            _ => Some(last.replace((now, 0)).map_or(0, |(_, left_out)| left_out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn said_at_once_then_once_a_minute_with_a_count() {
        let (rare, start) = (Rare::default(), clock::now());
        assert_eq!(rare.at(start), Some(0));
        assert_eq!(rare.at(start + Duration::from_secs(1)), None);
        assert_eq!(rare.at(start + Duration::from_secs(59)), None);
        assert_eq!(rare.at(start + Duration::from_secs(61)), Some(2));
        assert_eq!(rare.at(start + Duration::from_secs(62)), None);
    }
}
