//! The forwarding table: the seam (`Fib`), the worker that drives it, and its implementations.
use ipnet::IpNet;
mod worker;
use std::{fmt, net::IpAddr};
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FibNextHop {
    /// gateway
    pub address: IpAddr,
    /// interface index, where the address alone does not tell (link-local)
    pub interface: Option<u32>,
    /// 1 unless weighted
    pub weight: u16,
}
/// What is wanted of one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FibChange {
    /// install, or replace what we installed
    Install(FibRoute),
    /// remove what we installed
    Remove(IpNet),
}
/// Why one route is not in the table. `Display` is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteError {
    /// a route of somebody else stands there; in words, which
    Conflict(String),
    /// next hop unreachable
    Unreachable(IpAddr),
    /// anything else the kernel says
    Kernel(String),
}
impl fmt::Display for RouteError {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
/// Something happened to the table that was not our doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FibEvent {
    /// a route of ours is gone
    Lost(IpNet),
    /// a foreign route that may have stood in the way went away
    Freed(IpNet),
    /// events were lost or links changed: read everything again
    Resync(&'static str),
}
/// A forwarding table. Called from one thread that may block.
pub trait Fib: Send + 'static {
    /// Every route that is ours (protocol, table, metric), and those of `adopt`.
    fn read(&mut self) -> std::io::Result<Vec<FibRoute>>;
    /// Applies `changes` in order; `outcomes` gets one entry per change.
    fn apply(&mut self, changes: &[FibChange], outcomes: &mut Vec<Result<(), RouteError>>);
    /// Waits up to `timeout` for events not of our doing; `waker` of `wake` ends the wait.
    fn events(&mut self, out: &mut Vec<FibEvent>) -> std::io::Result<()>;
}
