//! Checked configuration. `file` turns TOML into it; embedders build it as values.
use bgp_wire::{Asn, Family, RouterId};
use ipnet::IpNet;
use rib::PrefixRule;
use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

/// All that a speaker is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// BGP identifier; `None`: the lowest IPv4 address of the host that is not a loopback's.
    pub router_id: Option<RouterId>,
    /// Our AS.
    pub local_as: Asn,
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
    /// Neighbors; names are unique.
    pub neighbors: Vec<Neighbor>,
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
/// `[connected]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// interface patterns
    pub interfaces: InterfacePatterns,
}
/// "eth*", "!docker*": the first match decides; with only negative patterns all else matches.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct InterfacePatterns(pub Vec<String>);
impl InterfacePatterns {
    /// Does the interface count?
    pub fn matches(&self, _interface: &str) -> bool {
        todo!()
    }
}
/// `[kernel]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// table number ("main" is 254)
    pub table: u32,
    /// route metric (priority)
    pub metric: u32,
    /// rtm_protocol, default 186 (bgp)
    pub protocol: u8,
    /// leave routes at exit
    pub keep_on_exit: bool,
    /// preferred source of IPv4 routes
    pub source_v4: Option<Ipv4Addr>,
    /// and of IPv6 routes
    pub source_v6: Option<Ipv6Addr>,
    /// rtm_protocol of other speakers whose routes are taken over or swept ("bird" is 12)
    pub adopt: Vec<u8>,
}
/// A policy by reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyRef {
    /// not configured: nothing on eBGP (RFC 8212), all on iBGP
    Missing,
    /// "none"
    None,
    /// "all"
    All,
    /// a filter's name
    Filter(String),
}
/// A TCP-MD5 key; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
/// `[[neighbor]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// Unique name; default `bgp1`, `bgp2`, …
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Its address.
    pub address: IpAddr,
    /// Interface of a link-local address.
    pub interface: Option<String>,
    /// TCP port; default 179.
    pub port: u16,
    /// Its AS.
    pub remote_as: Asn,
    /// Our AS toward it, where it differs.
    pub local_as: Option<Asn>,
    /// TCP-MD5 (RFC 2385).
    pub password: Option<Password>,
    /// What to accept.
    pub import: PolicyRef,
    /// What to announce.
    pub export: PolicyRef,
    /// Address families; default: the one of `address`.
    pub families: Vec<Family>,
    /// Proposed hold time; default 90 s.
    pub hold_time: Duration,
    /// Default: a third of the negotiated hold time.
    pub keepalive: Option<Duration>,
    /// First interval between connection attempts; default 1 s.
    pub connect_retry: Duration,
    /// Only accept.
    pub passive: bool,
    /// `Some(n)`: the neighbor may be up to `n` hops away; `None`: on a connected subnet.
    pub multihop: Option<u8>,
    /// Local address of the session.
    pub source_address: Option<IpAddr>,
    /// Configured, but not started.
    pub disabled: bool,
}
