//! The forwarding table: the seam (`Fib`), the worker that drives it, and its implementations.
//!
//! ```text
//! feeder --FibChange--> Worker | inbox | Reconciler --FibWrite--> dyn Fib --> kernel
//!        <---Demand----        |       |    Held    <--Found---           <-- events
//! ```
//!
//! The feeder says what is wanted of a prefix; the reconciler remembers what it put there and so
//! can say what a write replaces; the `Fib` knows how its table takes that. A `Fib` keeps no
//! routes, the reconciler speaks to no kernel, the worker decides nothing: three things that can
//! be tested apart.
//!
//! Ours are the unicast routes with our protocol number, in our table, with our metric. Nothing
//! else is ever written over or deleted, except routes of the protocols that `adopt` names.
//!
//! Cost in memory: 10 octets per slot of an open hash for IPv4, 22 for IPv6 (`held`), so 12 to
//! 23 and 25 to 50 per installed route; next hops are shared. Routes that wait for something
//! (a conflict, a next hop) cost about 100 each, and more when they have a story to tell.
mod dry_run;
mod filter;
mod flush;
mod held;
mod lookup;
mod memory;
mod message;
mod netlink;
mod reconcile;
mod report;
mod requests;
mod resolve;
mod survey;
mod tales;
mod worker;

#[cfg(test)]
mod kernel_tests;

use ipnet::IpNet;
use std::{fmt, io, net::IpAddr, sync::Arc, time::Duration};

pub use dry_run::DryRun;
pub use flush::flush;
pub(crate) use lookup::{Followed, Lookup, Reach};
pub use memory::MemoryFib;
pub use netlink::NetlinkFib;
pub use report::Past;
pub use requests::Mtu;
pub use resolve::Resolved;
pub use survey::{known_protocols, protocol_name, survey};
pub use worker::{Demand, Worker};

/// A route as the forwarding table holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FibRoute {
    /// destination
    pub prefix: IpNet,
    /// where to
    pub next_hops: Vec<FibNextHop>,
}
/// One next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FibNextHop {
    /// gateway
    pub address: IpAddr,
    /// interface index, where the address alone does not tell (link-local)
    pub interface: Option<u32>,
    /// 1 unless weighted
    pub weight: u16,
}
impl FibNextHop {
    /// Whether `found` is what the table makes of this: it names the interface even where we
    /// left the choice to it.
    #[must_use]
    pub fn is_met_by(&self, found: &Self) -> bool {
        let interface = self.interface.is_none() || self.interface == found.interface;
        interface && self.address == found.address && self.weight == found.weight
    }
}
/// What is wanted of one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FibChange {
    /// install, or replace what we installed
    Install(FibRoute),
    /// remove what we installed
    Remove(IpNet),
}
impl FibChange {
    /// Its prefix.
    #[must_use]
    pub fn prefix(&self) -> IpNet {
        match self {
            Self::Install(route) => route.prefix,
            Self::Remove(prefix) => *prefix,
        }
    }
}
/// Why one route is not in the table. `Display` is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteError {
    /// a route of somebody else stands there; in words, which, when that is known already
    Conflict(Option<String>),
    /// next hop unreachable
    Unreachable(IpAddr),
    /// the preferred source address is not on this host
    NoSource(IpAddr),
    /// another program keeps removing it; how often it was put back within a minute
    Contested(u32),
    /// anything else the kernel says
    Kernel(String),
}
impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict(None) => {
                f.write_str("a route of somebody else with the same metric stands there")
            }
            Self::Conflict(Some(route)) => write!(
                f,
                "a route of somebody else with the same metric stands there: {route}; remove it, \
                 or set another [kernel] metric"
            ),
            Self::Unreachable(address) => write!(f, "no connected network holds {address}"),
            Self::NoSource(address) => {
                write!(
                    f,
                    "the preferred source address {address} is not on this host"
                )
            }
            Self::Contested(times) => write!(
                f,
                "another program keeps removing it ({times} times within a minute); it is put \
                 back once a minute now"
            ),
            Self::Kernel(words) => write!(f, "the kernel refuses it: {words}"),
        }
    }
}
/// Whose route it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// our protocol and metric
    Ours,
    /// somebody else's
    Other {
        /// rtm_protocol
        protocol: u8,
        /// as a write has to name it
        metric: u32,
    },
}
/// What stands in the table for a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// where to; empty for a route that is not a plain unicast one
    pub next_hops: Vec<FibNextHop>,
    /// whose
    pub owner: Owner,
}
/// One route that a walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// destination
    pub prefix: IpNet,
    /// what stands there
    pub held: Held,
    /// Apart from the next hops it is as we would write it (preferred source address).
    pub exact: bool,
    /// what it is to ours of the same prefix, where it is not ours
    pub rival: Option<Rival>,
}
/// What a route of others is to ours of the same prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rival {
    /// of a protocol to adopt, with any metric: may be replaced and removed
    Adoptable,
    /// it has our metric, so it keeps ours out; in words, which
    Equal(String),
    /// it has a lower metric, so packets follow it and not ours; in words, which
    Lower(String),
}
/// Which routes a walk is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// ours
    Ours,
    /// ours and all rivals
    All,
}
/// How far a walk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// read on
    More,
    /// everything was seen
    Complete,
    /// the table changed under the walk: what it found is there, but it may have missed some
    Interrupted,
}
/// One write: from what we know stands there to what shall. A prefix occurs once per call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FibWrite {
    /// destination
    pub prefix: IpNet,
    /// what goes; `None`: nothing that we may touch
    pub old: Option<Held>,
    /// what comes; `None`: nothing
    pub new: Option<Arc<[FibNextHop]>>,
}
/// Something happened to the table that was not our doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FibEvent {
    /// a route of ours is gone
    Lost {
        /// its destination
        prefix: IpNet,
        /// the system itself took it (a link went down), not another program
        by_system: bool,
    },
    /// a foreign route of our metric went away, or took a place
    Disturbed(IpNet),
    /// a foreign route with a lower metric came (in words, which), or went
    Overruled(IpNet, Option<String>),
    /// a route of others came, changed or went by which next hops in it may be reached
    Moved(IpNet),
    /// a link or an address came: what could not be installed may be possible now
    Gained,
    /// events were lost or links changed: read everything again
    Resync(&'static str),
}
/// Ends a [`Fib::wait`] from another thread; must not block.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// A forwarding table. Called from one thread that may block.
pub trait Fib: Send + 'static {
    /// Begins to walk the table; a walk that was not read to its end is given up.
    ///
    /// # Errors
    /// The table cannot be read now.
    fn rewind(&mut self, scope: Scope) -> io::Result<()>;
    /// Reads the next slice of the walk, at most some thousand routes.
    ///
    /// # Errors
    /// The table cannot be read now; the walk is over.
    fn read(&mut self, found: &mut Vec<Found>) -> io::Result<Walk>;
    /// Applies `writes`; `outcomes` gets one entry per write, in order.
    ///
    /// A write with both `old` and `new` never leaves the prefix without a route in between where
    /// the table can do that. When `new` is refused, an `old` of ours is gone nevertheless (it is
    /// no longer wanted), one of others stays. An `old` that is not there is no error.
    fn apply(&mut self, writes: &[FibWrite], outcomes: &mut Vec<Result<(), RouteError>>);
    /// How the table gets to a next hop that names no interface. A table that finds ways by itself
    /// leaves this as it is; one that does not tells by [`FibEvent::Moved`] and
    /// [`FibEvent::Gained`] when an answer may be another.
    ///
    /// # Errors
    /// It cannot be asked now; the next hop is then written as it is.
    fn resolve(&mut self, next_hop: IpAddr) -> io::Result<Resolved> {
        let _ = next_hop;
        Ok(Resolved::Direct)
    }
    /// Waits up to `timeout` for events not of our doing; the [`Fib::waker`] ends the wait.
    ///
    /// # Errors
    /// Events cannot be had now.
    fn wait(&mut self, timeout: Duration, events: &mut Vec<FibEvent>) -> io::Result<()>;
    /// Ends a wait.
    fn waker(&self) -> Waker;
}
