//! Connections whose OPEN has not come yet: few at a time, and few from one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// From all addresses.
const TOTAL: usize = 256;
/// From one address.
const PER_ADDRESS: usize = 4;

/// How many there are.
#[derive(Debug, Default)]
pub(super) struct HalfOpen(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place among them, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    address: IpAddr,
    among: Arc<HalfOpen>,
}

impl HalfOpen {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: there are too many.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut counts = self.counts();
        let here = counts.by_address.get(&address).copied().unwrap_or(0);
        if counts.total >= TOTAL || here >= PER_ADDRESS {
            return None;
        }
        counts.total += 1;
        counts.by_address.insert(address, here + 1);
        Some(Place {
            address,
            among: Arc::clone(self),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.among.counts();
        counts.total = counts.total.saturating_sub(1);
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_few_and_come_back() {
        let half_open = Arc::new(HalfOpen::default());
        let address = |n: usize| IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
        let of_one: Vec<_> = (0..PER_ADDRESS)
            .map(|_| half_open.enter(address(1)).unwrap())
            .collect();
        assert!(half_open.enter(address(1)).is_none());
        let of_others: Vec<_> = (2..2 + TOTAL - PER_ADDRESS)
            .map(|n| half_open.enter(address(n)).unwrap())
            .collect();
        assert!(half_open.enter(address(100_000)).is_none());
        drop(of_one);
        assert!(half_open.enter(address(1)).is_some());
        drop(of_others);
        let counts = half_open.counts();
        assert_eq!((counts.total, counts.by_address.len()), (0, 0));
    }
}
