//! Checked configuration. [`mod@file`] turns TOML into it; embedders build it as values.
//!
//! A [`Config`] holds what a speaker is told after every check that needs no look at the host:
//! whoever has one need not check again. What is legal but probably not meant is a matter of
//! [`lint`], which may also look at the host.

mod complaint;
pub mod file;
mod interface;
mod kernel;
mod keys;
mod limit;
pub mod lint;
mod neighbor;
mod problem;
mod range;
mod section;
mod session;
mod source;
mod treatment;
mod value;

pub use interface::InterfacePatterns;
pub use kernel::Kernel;
pub use limit::{Limit, LimitAction, Limits};
pub use neighbor::{Identity, Neighbor, Password, PolicyRef};
pub use problem::{Problem, Problems, Severity};
pub use range::{Range, RemoteAs};
pub use session::{Hostname, Restart, SessionSettings};
pub use treatment::{AddPath, Treatment};

use bgp_wire::{Asn, RouterId};
use ipnet::IpNet;
use rib::{DecisionRules, Policy, PrefixRule};
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc};

/// Where `myna` looks for its configuration.
pub const DEFAULT_FILE: &str = "/etc/myna/myna.toml";

/// A configuration file with every key, its default and its meaning.
pub const REFERENCE: &str = include_str!("reference.toml");

/// All that a speaker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// BGP identifier; `None`: the lowest IPv4 address of the host that is not a loopback's.
    pub router_id: Option<RouterId>,
    /// Our AS.
    pub local_as: Asn,
    /// What we put into CLUSTER_LIST as a route reflector (RFC 4456 §7); `None`: `router_id`.
    pub cluster_id: Option<u32>,
    /// How paths are compared.
    pub decision: DecisionRules,
    /// Where to accept connections; empty: nowhere.
    pub listen: Vec<SocketAddr>,
    /// Control socket; `None`: none.
    pub control: Option<ControlSocket>,
    /// Addresses of the host as routes.
    pub connected: Option<Connected>,
    /// Prefixes announced whether or not an address exists.
    pub static_prefixes: Vec<IpNet>,
    /// Where neighbors' routes go; `None`: no kernel table.
    pub kernel: Option<Kernel>,
    /// Announce and accept filters by name.
    pub filters: BTreeMap<String, Vec<PrefixRule>>,
    /// Policies of terms by name; no filter has the same name.
    pub policies: BTreeMap<String, Arc<Policy>>,
    /// Neighbors; names are unique.
    pub neighbors: Vec<Neighbor>,
    /// Neighbors that are known by their prefix only; names are unique among all neighbors.
    pub ranges: Vec<Range>,
}

impl Config {
    /// A speaker of `local_as` that listens nowhere and has no neighbor, no control socket and no
    /// kernel table: what an embedder begins with.
    pub fn new(local_as: Asn) -> Self {
        Self {
            router_id: None,
            local_as,
            cluster_id: None,
            decision: DecisionRules::default(),
            listen: Vec::new(),
            control: None,
            connected: None,
            static_prefixes: Vec::new(),
            kernel: None,
            filters: BTreeMap::new(),
            policies: BTreeMap::new(),
            neighbors: Vec::new(),
            ranges: Vec::new(),
        }
    }

    /// Neighbors and what the neighbors of ranges are like.
    pub fn all_neighbors(&self) -> impl Iterator<Item = &Neighbor> + Clone {
        let ranges = self.ranges.iter().map(|range| &range.neighbor);
        self.neighbors.iter().chain(ranges)
    }
}

/// The control socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlSocket {
    /// path; default /run/myna/myna.sock
    pub path: PathBuf,
    /// permission bits; default 0660
    pub mode: u32,
    /// group that owns it
    pub group: Option<String>,
}

impl ControlSocket {
    /// Default of `path`.
    pub const PATH: &str = "/run/myna/myna.sock";
    /// Default of `mode`.
    pub const MODE: u32 = 0o660;
}

impl Default for ControlSocket {
    fn default() -> Self {
        Self {
            path: Self::PATH.into(),
            mode: Self::MODE,
            group: None,
        }
    }
}

/// `[connected]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// interface patterns
    pub interfaces: InterfacePatterns,
}
