//! How many clients there may be, and who goes when there are more.
//!
//! A limit alone would let anybody who may connect lock everybody else out by connecting often
//! and doing nothing. So when all slots are taken, the client goes that has made us wait longest
//! for it, whether it does not ask or does not read; one that is being served stays.
use crate::clock;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio::sync::oneshot;

/// Slots of one server.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    taken: Arc<Mutex<Taken>>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    clients: HashMap<u64, Client>,
}

#[derive(Debug)]
struct Client {
    /// since when it makes us wait; `None`: it is being served
    waiting_since: Option<Instant>,
    /// dropped: the client has to go
    _stay: oneshot::Sender<()>,
}

/// A taken slot; given back on drop.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    id: u64,
}

impl Slots {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            taken: Arc::default(),
            limit,
        }
    }

    /// A slot, and a receiver that ends when the client has to go. `None`: every client is being
    /// served right now.
    pub(super) fn take(&self) -> Option<(Slot, oneshot::Receiver<()>)> {
        let mut taken = self.lock();
        if taken.clients.len() >= self.limit {
            let waiting = taken
                .clients
                .iter()
                .filter_map(|(&id, client)| Some((client.waiting_since?, id)));
            let (_, longest) = waiting.min()?;
            taken.clients.remove(&longest);
        }
        let id = taken.next;
        taken.next += 1;
        let (stay, go) = oneshot::channel();
        let client = Client {
            waiting_since: Some(clock::now()),
            _stay: stay,
        };
        taken.clients.insert(id, client);
        let slot = Slot {
            slots: self.clone(),
            id,
        };
        Some((slot, go))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Taken> {
        // nothing in here panics half-way
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// From now on the client makes us wait.
    pub(super) fn waits(&self) {
        self.set(Some(clock::now()));
    }

    /// From now on it is being served.
    pub(super) fn served(&self) {
        self.set(None);
    }

    fn set(&self, waiting_since: Option<Instant>) {
        if let Some(client) = self.slots.lock().clients.get_mut(&self.id) {
            client.waiting_since = waiting_since;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.lock().clients.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(go: &mut oneshot::Receiver<()>) -> bool {
        !matches!(go.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    #[test]
    fn the_one_that_waits_longest_goes() {
        let slots = Slots::new(2);
        let (first, mut first_go) = slots.take().unwrap();
        let (_second, mut second_go) = slots.take().unwrap();
        // the first asked something, so the second waits longer
        first.waits();
        let (_third, mut third_go) = slots.take().unwrap();
        assert!(gone(&mut second_go));
        assert!(!gone(&mut first_go) && !gone(&mut third_go));
    }

    #[test]
    fn who_is_served_stays() {
        let slots = Slots::new(1);
        let (first, mut go) = slots.take().unwrap();
        first.served();
        assert!(slots.take().is_none());
        assert!(!gone(&mut go));
        drop(first);
        assert!(slots.take().is_some());
    }
}
