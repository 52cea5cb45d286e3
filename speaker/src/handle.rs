//! The handle of a running speaker.
use crate::{config::Config, view};
use ipnet::IpNet;

/// A cloneable handle; the speaker goes on until `shutdown`, whatever happens to its handles.
#[derive(Clone, Debug)]
pub struct Handle {}
/// The speaker has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;
/// How to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Cease/Administrative Shutdown with this text (RFC 9003); routes as configured
    Administrative(String),
    /// no NOTIFICATION, routes stay in the kernel: neighbors with graceful restart keep forwarding
    Graceful,
}
/// Which routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteFilter {
    /// this prefix and its more-specifics
    pub within: Option<IpNet>,
    /// which table
    pub table: RouteTable,
}
/// Which table, by neighbor name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RouteTable {
    #[default]
    All,
    Received(String),
    Rejected(String),
    Exported(String),
}
/// What `apply` changed, in words, one line a change; empty: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// "neighbor bgp1: export policy changed", …
    pub changes: Vec<String>,
}
/// A listing that goes on slice by slice.
#[derive(Debug)]
pub struct RouteListing {}
impl RouteListing {
    /// The next slice (a few hundred routes at most); `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<view::Route>>, Stopped> {
        todo!()
    }
}
impl Handle {
    /// The speaker as a whole.
    pub async fn status(&self) -> Result<view::Status, Stopped> {
        todo!()
    }
    /// All neighbors, in the configuration's order.
    pub async fn neighbors(&self) -> Result<Vec<view::Neighbor>, Stopped> {
        todo!()
    }
    /// One neighbor; `None`: no such name.
    pub async fn neighbor(&self, _name: &str) -> Result<Option<view::Neighbor>, Stopped> {
        todo!()
    }
    /// Routes; the error says what is wrong with the filter (no such neighbor).
    pub async fn routes(&self, _filter: RouteFilter) -> Result<RouteListing, String> {
        todo!()
    }
    /// The kernel table.
    pub async fn kernel(&self) -> Result<view::Kernel, Stopped> {
        todo!()
    }
    /// Goes over to `config`: only what differs is touched. On an error nothing was changed.
    pub async fn apply(&self, _config: Config) -> Result<Applied, String> {
        todo!()
    }
    /// Stops the speaker and waits until everything is closed and the kernel table is as configured.
    pub async fn shutdown(&self, _how: Shutdown) {
        todo!()
    }
}
