//! A table in memory, for tests and for embedders who want to see what would be installed.
//!
//! Clones share one table: give one to the speaker, look into the other. It behaves as the kernel
//! does where that matters: foreign routes with the same metric keep ours out, and what is done
//! behind the speaker's back comes back as events.
use super::{
    Fib, FibEvent, FibNextHop, FibRoute, FibWrite, Found, Held, Owner, Rival, RouteError, Scope,
    Waker, Walk,
};
use ipnet::IpNet;
use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

#[derive(Debug, Default)]
struct Table {
    ours: BTreeMap<IpNet, Vec<FibNextHop>>,
    foreign: BTreeMap<IpNet, String>,
    lower: BTreeMap<IpNet, String>,
    refusals: HashMap<IpNet, RouteError>,
    events: Vec<FibEvent>,
    writes: u64,
    rung: bool,
}

/// A forwarding table in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFib {
    shared: Arc<(Mutex<Table>, Condvar)>,
    scope: Option<Scope>,
}

impl MemoryFib {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn happen(&self, event: FibEvent) {
        self.table().events.push(event);
        self.shared.1.notify_all();
    }

    /// What is installed.
    #[must_use]
    pub fn routes(&self) -> Vec<FibRoute> {
        let table = self.table();
        let routes = table.ours.iter();
        routes
            .map(|(prefix, hops)| FibRoute {
                prefix: *prefix,
                next_hops: hops.clone(),
            })
            .collect()
    }

    /// Where packets to `prefix` would go; `None`: it is not installed.
    #[must_use]
    pub fn next_hops(&self, prefix: &IpNet) -> Option<Vec<FibNextHop>> {
        self.table().ours.get(prefix).cloned()
    }

    /// Changes that were asked for since the beginning.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.table().writes
    }

    /// As if it were new.
    pub(super) fn clear(&self) {
        *self.table() = Table::default();
    }

    /// Puts a route in as if it were left from an earlier run.
    pub fn leave(&self, route: FibRoute) {
        self.table().ours.insert(route.prefix, route.next_hops);
    }

    /// Somebody else's route with our metric; `description` is shown where it is in the way.
    pub fn insert_foreign(&self, prefix: IpNet, description: &str) {
        self.table().foreign.insert(prefix, description.to_owned());
    }

    /// That route goes.
    pub fn remove_foreign(&self, prefix: &IpNet) {
        self.table().foreign.remove(prefix);
        self.happen(FibEvent::Disturbed(*prefix));
    }

    /// Somebody else's route with a lower metric than ours comes (`description`) or goes.
    pub fn overrule(&self, prefix: IpNet, description: Option<&str>) {
        let description = description.map(str::to_owned);
        let mut table = self.table();
        match &description {
            Some(text) => table.lower.insert(prefix, text.clone()),
            None => table.lower.remove(&prefix),
        };
        drop(table);
        self.happen(FibEvent::Overruled(prefix, description));
    }

    /// Somebody else removes a route of ours, with an event or without.
    pub fn rob(&self, prefix: &IpNet, noticed: bool) {
        self.table().ours.remove(prefix);
        if noticed {
            self.happen(FibEvent::Lost {
                prefix: *prefix,
                by_system: false,
            });
        }
    }

    /// The table refuses `prefix` from here on.
    pub fn refuse(&self, prefix: IpNet, error: RouteError) {
        self.table().refusals.insert(prefix, error);
    }

    /// It takes it again; a link or an address came.
    pub fn accept(&self, prefix: &IpNet) {
        self.table().refusals.remove(prefix);
        self.happen(FibEvent::Gained);
    }

    /// Events may have been lost.
    pub fn disturb(&self) {
        self.happen(FibEvent::Resync("asked for"));
    }
}

impl Table {
    fn write(&mut self, write: &FibWrite) -> Result<(), RouteError> {
        self.writes += 1;
        // As the kernel: a deletion names its next hops, and takes nothing else.
        if let Some(Held {
            next_hops,
            owner: Owner::Ours,
        }) = &write.old
            && self
                .ours
                .get(&write.prefix)
                .is_some_and(|hops| same(hops, next_hops))
        {
            self.ours.remove(&write.prefix);
        }
        let Some(new) = &write.new else { return Ok(()) };
        if let Some(error) = self.refusals.get(&write.prefix) {
            return Err(error.clone());
        }
        if self.foreign.contains_key(&write.prefix) || self.ours.contains_key(&write.prefix) {
            return Err(RouteError::Conflict(None));
        }
        self.ours.insert(write.prefix, new.to_vec());
        Ok(())
    }
}

fn same(one: &[FibNextHop], other: &[FibNextHop]) -> bool {
    one.len() == other.len() && one.iter().all(|hop| other.contains(hop))
}

impl Fib for MemoryFib {
    fn rewind(&mut self, scope: Scope) -> io::Result<()> {
        self.scope = Some(scope);
        Ok(())
    }

    fn read(&mut self, found: &mut Vec<Found>) -> io::Result<Walk> {
        let Some(scope) = self.scope.take() else {
            return Ok(Walk::Complete);
        };
        let table = self.table();
        found.extend(table.ours.iter().map(|(prefix, hops)| Found {
            prefix: *prefix,
            held: Held {
                next_hops: hops.clone(),
                owner: Owner::Ours,
            },
            exact: true,
            rival: None,
        }));
        if scope == Scope::All {
            let equal = table.foreign.iter();
            let equal = equal.map(|(prefix, words)| (prefix, 32, Rival::Equal(words.clone())));
            let lower = table.lower.iter();
            let lower = lower.map(|(prefix, words)| (prefix, 0, Rival::Lower(words.clone())));
            found.extend(equal.chain(lower).map(|(prefix, metric, rival)| Found {
                prefix: *prefix,
                held: Held {
                    next_hops: Vec::new(),
                    owner: Owner::Other {
                        protocol: 4,
                        metric,
                    },
                },
                exact: true,
                rival: Some(rival),
            }));
        }
        Ok(Walk::Complete)
    }

    fn apply(&mut self, writes: &[FibWrite], outcomes: &mut Vec<Result<(), RouteError>>) {
        let mut table = self.table();
        outcomes.extend(writes.iter().map(|write| table.write(write)));
    }

    fn wait(&mut self, timeout: Duration, events: &mut Vec<FibEvent>) -> io::Result<()> {
        let table = self.table();
        let idle = |table: &mut Table| table.events.is_empty() && !table.rung;
        let waited = self.shared.1.wait_timeout_while(table, timeout, idle);
        let (mut table, _) = waited.unwrap_or_else(PoisonError::into_inner);
        table.rung = false;
        events.append(&mut table.events);
        Ok(())
    }

    fn waker(&self) -> Waker {
        let shared = Arc::clone(&self.shared);
        Arc::new(move || {
            shared.0.lock().unwrap_or_else(PoisonError::into_inner).rung = true;
            shared.1.notify_all();
        })
    }
}
