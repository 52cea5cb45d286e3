//! This host's links and addresses as the kernel tells them, by netlink events.
use ipnet::IpNet;
use std::{collections::BTreeMap, io, net::IpAddr, sync::Arc};
use tokio::sync::watch;

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// index
    pub index: u32,
    /// name
    pub name: String,
    /// administratively up and with carrier
    pub up: bool,
    /// a loopback
    pub loopback: bool,
}
/// An address on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// interface index
    pub link: u32,
    /// address with its prefix length, host bits kept
    pub net: IpNet,
    /// the other end of a point-to-point link
    pub peer: Option<IpNet>,
    /// scope link or host
    pub local_scope: bool,
    /// duplicate address detection is not done or failed
    pub tentative: bool,
}
/// A snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// by index
    pub links: BTreeMap<u32, Link>,
    /// in the kernel's order
    pub addresses: Vec<Address>,
}
impl Host {
    /// The link whose connected subnet holds `address` (longest prefix; only links that are up).
    pub fn connected_to(&self, _address: IpAddr) -> Option<&Link> {
        todo!()
    }
    /// Our own address in the subnet of `address`.
    pub fn local_toward(&self, _address: IpAddr) -> Option<IpAddr> {
        todo!()
    }
    /// Does any interface have this address?
    pub fn has_address(&self, _address: IpAddr) -> bool {
        todo!()
    }
    /// An interface by name.
    pub fn link(&self, _name: &str) -> Option<&Link> {
        todo!()
    }
}
/// Reads links and addresses once.
pub fn read() -> io::Result<Host> {
    todo!()
}
/// Watches links and addresses in the caller's network namespace on a thread of its own until
/// the last receiver is dropped. The first value is there when this returns.
pub fn watch() -> io::Result<watch::Receiver<Arc<Host>>> {
    todo!()
}
