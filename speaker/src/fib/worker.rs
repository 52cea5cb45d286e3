//! The thread that drives a [`Fib`]: it pulls, so a slow kernel costs no memory.
//!
//! The inbox holds at most [`CAPACITY`] changes; when half of it is free the feeder is asked for
//! more, so that it works while the kernel does. Urgent changes have a lane of their own, which is
//! emptied first. Each round of the thread gives the kernel one
//! batch of these, then one turn of background work, then looks for events: none of the three can
//! starve the others.
use super::{
    Fib, FibChange,
    reconcile::{BATCH, Reconciler},
    report::{Past, Report},
};
use crate::{clock, config::Kernel, view};
use ipnet::IpNet;
use std::{
    collections::{HashSet, VecDeque},
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// Changes in the inbox.
const CAPACITY: usize = 1024;
/// Urgent changes, beside these.
const URGENT: usize = 256;
/// Between attempts to read the table at the start, and after an error.
const PAUSE: Duration = Duration::from_secs(1);

/// What the worker asks its feeder for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Busy; it will wake the feeder.
    Nothing,
    /// Up to this many changes (call `give` when there are some).
    Changes(usize),
}

/// How the thread shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// leaving the routes
    Keep,
    /// taking them along
    Remove,
}

#[derive(Debug, Default)]
struct Inbox {
    /// to be written before `changes`
    urgent: VecDeque<FibChange>,
    changes: VecDeque<FibChange>,
    /// taken out, not yet written
    in_flight: Vec<IpNet>,
    settled: bool,
    end: Option<End>,
}

#[derive(Debug, Default)]
struct Shared {
    inbox: Mutex<Inbox>,
    report: Arc<Mutex<Report>>,
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The feeder's end of the worker.
pub struct Worker {
    shared: Arc<Shared>,
    kernel: Kernel,
    waker: super::Waker,
    thread: Option<thread::JoinHandle<()>>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("kernel", &self.kernel)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// Starts the thread (it inherits the caller's network namespace; `fib` was opened there).
    /// `wake` is called from the worker's thread when `demand` has changed or all is written; it
    /// must not block. `past`: what the worker counted that this one comes after.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(
        fib: Box<dyn Fib>,
        kernel: Kernel,
        wake: Arc<dyn Fn() + Send + Sync>,
        past: Option<Past>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        shared.report().continues = past.is_some();
        shared.report().past = past.unwrap_or_default();
        let waker = fib.waker();
        let report = Arc::clone(&shared.report);
        let reconciler = Reconciler::new(fib, report, clock::now());
        let mut driver = Driver {
            shared: Arc::clone(&shared),
            reconciler,
            wake,
        };
        let thread = thread::Builder::new()
            .name("fib".into())
            .spawn(move || driver.run())?;
        Ok(Self {
            shared,
            kernel,
            waker,
            thread: Some(thread),
        })
    }
    /// What it asks for now.
    #[must_use]
    pub fn demand(&self) -> Demand {
        let queued = self.shared.inbox().changes.len();
        if queued > CAPACITY / 2 {
            Demand::Nothing
        } else {
            Demand::Changes(CAPACITY - queued)
        }
    }
    /// Hands over changes, as many as were asked for at most.
    pub fn give(&mut self, changes: Vec<FibChange>) {
        if !changes.is_empty() {
            self.shared.inbox().changes.extend(changes);
            (self.waker)();
        }
    }
    /// How many changes [`Worker::hurry`] takes now.
    #[must_use]
    pub fn hurry_room(&self) -> usize {
        URGENT.saturating_sub(self.shared.inbox().urgent.len())
    }
    /// Hands over changes that shall not wait behind those given already, which are older where
    /// they are of the same prefixes, and forgotten.
    pub fn hurry(&mut self, changes: Vec<FibChange>) {
        if changes.is_empty() {
            return;
        }
        let prefixes: HashSet<IpNet> = changes.iter().map(FibChange::prefix).collect();
        let mut inbox = self.shared.inbox();
        inbox
            .changes
            .retain(|change| !prefixes.contains(&change.prefix()));
        inbox.urgent.extend(changes);
        drop(inbox);
        (self.waker)();
    }
    /// All that will be learned after our start is there (every neighbor sent End-of-RIB, or the
    /// restart window is over): what is left in the kernel of before is swept. Said once.
    pub fn settled(&mut self) {
        self.shared.inbox().settled = true;
        (self.waker)();
    }
    /// For `show kernel`.
    #[must_use]
    pub fn status(&self) -> view::Kernel {
        let inbox = self.shared.inbox();
        let pending = inbox.urgent.len() + inbox.changes.len() + inbox.in_flight.len();
        drop(inbox);
        self.shared.report().view(&self.kernel, pending)
    }
    /// Whether nothing is written.
    #[must_use]
    pub fn is_dry_run(&self) -> bool {
        self.kernel.dry_run
    }
    /// What it has counted, for the worker that comes after it.
    #[must_use]
    pub fn past(&self) -> Past {
        self.shared.report().past
    }
    /// Whether the kernel had kept routes from before the start, IPv4 and IPv6; `None`: it has not
    /// been read yet.
    #[must_use]
    pub fn kept(&self) -> Option<(bool, bool)> {
        self.shared.report().kept
    }
    /// Whether all that was given is written.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let inbox = self.shared.inbox();
        inbox.urgent.is_empty() && inbox.changes.is_empty() && inbox.in_flight.is_empty()
    }
    /// The route of somebody else that wins over ours for `prefix`, in words.
    #[must_use]
    pub fn overruled(&self, prefix: &IpNet) -> Option<String> {
        self.shared.report().overruled.get(prefix).cloned()
    }
    /// Why `prefix` is not installed, in words; `None`: nothing is wrong with it.
    #[must_use]
    pub fn failure(&self, prefix: &IpNet) -> Option<String> {
        self.shared
            .report()
            .waiting
            .get(prefix)
            .map(|waiting| waiting.error.to_string())
    }
    /// Whether a given change of `prefix` is still to be written.
    #[must_use]
    pub fn is_pending(&self, prefix: &IpNet) -> bool {
        let inbox = self.shared.inbox();
        inbox.in_flight.contains(prefix)
            || inbox
                .urgent
                .iter()
                .chain(&inbox.changes)
                .any(|change| change.prefix() == *prefix)
    }
    /// Finishes what was given, then keeps or removes our routes, and ends the thread.
    pub fn shutdown(mut self, keep: bool) {
        self.end(if keep { End::Keep } else { End::Remove });
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the kernel table had died");
        }
    }

    fn end(&self, end: End) {
        self.shared.inbox().end.get_or_insert(end);
        (self.waker)();
    }
}

impl Drop for Worker {
    /// Without a word on what to do with the routes they stay.
    fn drop(&mut self) {
        self.end(End::Keep);
    }
}

/// What the thread owns.
struct Driver {
    shared: Arc<Shared>,
    reconciler: Reconciler,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Driver {
    fn run(&mut self) {
        while let Err(error) = self.reconciler.adopt(clock::now()) {
            tracing::warn!(%error, "cannot read the kernel's table, so nothing is written; trying again");
            thread::sleep(PAUSE);
            if self.shared.inbox().end.is_some() {
                return;
            }
        }
        (self.wake)();
        loop {
            let more = self.take_changes();
            let next = self.reconciler.turn(clock::now());
            self.shared.report().installed = self.reconciler.counts();
            let end = self.shared.inbox().end;
            if !more && let Some(end) = end {
                return self.finish(end);
            }
            let timeout = match next {
                Some(at) if !more => at.saturating_duration_since(clock::now()),
                _ => Duration::ZERO,
            };
            if let Err(error) = self.reconciler.hear(timeout, clock::now) {
                tracing::warn!(%error, "cannot hear the kernel's events; trying again");
                thread::sleep(PAUSE);
            }
        }
    }

    /// Writes one batch; `true`: there is more.
    fn take_changes(&mut self) -> bool {
        let mut inbox = self.shared.inbox();
        let was_busy = inbox.changes.len() > CAPACITY / 2;
        // What is urgent goes alone: the kernel is done with it the sooner.
        let changes: Vec<FibChange> = if inbox.urgent.is_empty() {
            let count = inbox.changes.len().min(BATCH);
            inbox.changes.drain(..count).collect()
        } else {
            inbox.urgent.drain(..).collect()
        };
        let more = !inbox.changes.is_empty() || !inbox.urgent.is_empty();
        let asks = was_busy && inbox.changes.len() <= CAPACITY / 2;
        let settled = !more && std::mem::take(&mut inbox.settled);
        inbox
            .in_flight
            .extend(changes.iter().map(FibChange::prefix));
        drop(inbox);
        if asks {
            (self.wake)();
        }
        if !changes.is_empty() {
            self.reconciler.apply(changes, clock::now());
            let counts = self.reconciler.counts();
            self.shared.report().installed = counts;
            self.shared.inbox().in_flight.clear();
            if !more {
                (self.wake)();
            }
        }
        if settled {
            self.reconciler.settle();
        }
        more
    }

    fn finish(&mut self, end: End) {
        self.reconciler.tell();
        self.reconciler.finish_sweep(clock::now());
        if end == End::Remove
            && let Err(error) = self.reconciler.remove_all(clock::now())
        {
            tracing::warn!(%error, "our routes could not be removed from the kernel");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fib::{
        FibEvent, FibNextHop, FibRoute, FibWrite, Found, MemoryFib, RouteError, Scope, Waker, Walk,
    };
    use std::sync::Condvar;

    /// A table whose writes wait while the gate is closed, as the kernel does inside `sendmsg`.
    struct Stalling {
        table: MemoryFib,
        gate: Arc<(Mutex<Gate>, Condvar)>,
    }

    #[derive(PartialEq)]
    enum Gate {
        Closed,
        /// Closed, and a write waits before it.
        Waiting,
        Open,
    }

    impl Fib for Stalling {
        fn rewind(&mut self, scope: Scope) -> io::Result<()> {
            self.table.rewind(scope)
        }
        fn read(&mut self, found: &mut Vec<Found>) -> io::Result<Walk> {
            self.table.read(found)
        }
        fn apply(&mut self, writes: &[FibWrite], outcomes: &mut Vec<Result<(), RouteError>>) {
            let (gate, moved) = &*self.gate;
            let mut state = gate.lock().unwrap();
            if *state == Gate::Closed {
                *state = Gate::Waiting;
                moved.notify_all();
            }
            drop(
                moved
                    .wait_while(state, |state| *state != Gate::Open)
                    .unwrap(),
            );
            self.table.apply(writes, outcomes);
        }
        fn wait(&mut self, timeout: Duration, events: &mut Vec<FibEvent>) -> io::Result<()> {
            self.table.wait(timeout, events)
        }
        fn waker(&self) -> Waker {
            self.table.waker()
        }
    }

    fn install(number: usize, last: u8) -> FibChange {
        let net = ipnet::Ipv4Net::new([20, (number >> 8) as u8, number as u8, 0].into(), 24);
        FibChange::Install(FibRoute {
            prefix: net.unwrap().into(),
            next_hops: vec![FibNextHop {
                address: [10, 1, 1, last].into(),
                interface: None,
                weight: 1,
            }],
        })
    }

    #[test]
    fn a_table_that_stalls_takes_a_bounded_number_and_ends_with_the_newest() {
        let table = MemoryFib::new();
        let gate = Arc::new((Mutex::new(Gate::Closed), Condvar::new()));
        let fib = Stalling {
            table: table.clone(),
            gate: Arc::clone(&gate),
        };
        let kernel = Kernel::default();
        let mut worker = Worker::start(Box::new(fib), kernel, Arc::new(|| {}), None).unwrap();
        // The feeder gives what is asked for, for as long as anything is; at first the table takes
        // it, and stalls.
        let mut given = 0;
        for round in 0..100 {
            if let Demand::Changes(room) = worker.demand() {
                worker.give((given..given + room).map(|n| install(n, 2)).collect());
                given += room;
            }
            if round == 0 {
                let state = gate.0.lock().unwrap();
                let waiting = |state: &mut Gate| *state == Gate::Closed;
                drop(gate.1.wait_while(state, waiting).unwrap());
            }
        }
        assert!(given > CAPACITY / 2 && given <= 2 * CAPACITY, "{given}");
        assert_eq!(worker.demand(), Demand::Nothing);
        // Who asks gets an answer meanwhile.
        assert!(worker.status().pending > 0);
        assert!(table.routes().is_empty());
        // What is urgent has its own bound, and what it makes old is not written after it.
        let room = worker.hurry_room();
        assert_eq!(room, URGENT);
        worker.hurry((given - room..given).map(|n| install(n, 9)).collect());
        assert_eq!(worker.hurry_room(), 0);
        *gate.0.lock().unwrap() = Gate::Open;
        gate.1.notify_all();
        worker.shutdown(true);
        let routes = table.routes();
        assert_eq!(routes.len(), given);
        for (number, route) in routes.iter().enumerate() {
            let last = if number < given - room { 2 } else { 9 };
            assert_eq!(FibChange::Install(route.clone()), install(number, last));
        }
    }
}
