//! This host's links and addresses as the kernel tells them, by netlink events.
//!
//! `Host` is a snapshot, a plain value; `watch` keeps one current on a thread of its own and
//! publishes a new one only when something differs. Events are applied one by one, a datagram
//! burst at a time; when the kernel says that it dropped some (ENOBUFS), or that a dump was
//! overtaken by a change, everything is read again. Cost: one thread that sleeps in `poll`, a
//! wake-up every 2 s to notice that nobody listens any more, and one copy of the snapshot per change.
mod watcher;

#[cfg(test)]
mod tests;

use bgp_wire::RouterId;
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
    /// address with its prefix length, host bits kept; a single host where there is a `peer`
    pub net: IpNet,
    /// the other end of a point-to-point link, with the prefix length of the address
    pub peer: Option<IpNet>,
    /// scope link or host
    pub local_scope: bool,
    /// duplicate address detection is not done or failed
    pub tentative: bool,
}
impl Address {
    /// The subnet behind the link: of the peer where there is one.
    #[must_use]
    pub fn subnet(&self) -> IpNet {
        self.peer.unwrap_or(self.net).trunc()
    }
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
    #[must_use]
    pub fn connected_to(&self, address: IpAddr) -> Option<&Link> {
        self.subnet_of(address, true)
            .and_then(|found| self.links.get(&found.link))
    }
    /// Our own address in the subnet of `address`.
    #[must_use]
    pub fn local_toward(&self, address: IpAddr) -> Option<IpAddr> {
        self.subnet_of(address, false).map(|found| found.net.addr())
    }
    /// Does any interface have this address?
    #[must_use]
    pub fn has_address(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|own| own.net.addr() == address)
    }
    /// An interface by name.
    #[must_use]
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.values().find(|link| link.name == name)
    }
    /// What becomes the BGP identifier when none is configured: the lowest IPv4 address that is
    /// not on a loopback. It does not depend on what is up, so that it stays over a cut cable.
    #[must_use]
    pub fn router_id(&self) -> Option<RouterId> {
        let on_loopback = |index| self.links.get(&index).is_some_and(|link| link.loopback);
        let usable = self.addresses.iter().filter(|own| !on_loopback(own.link));
        usable
            .filter_map(|own| match own.net.addr() {
                IpAddr::V4(v4) if !v4.is_loopback() => RouterId::new(v4),
                _ => None,
            })
            .min()
    }

    /// Longest match; of equals the first, as the kernel prefers its first.
    fn subnet_of(&self, address: IpAddr, tentative_too: bool) -> Option<&Address> {
        let is_up = |index| self.links.get(&index).is_some_and(|link| link.up);
        let holds = |own: &&Address| {
            own.subnet().contains(&address) && is_up(own.link) && (tentative_too || !own.tentative)
        };
        let candidates = self.addresses.iter().rev().filter(holds);
        candidates.max_by_key(|own| own.subnet().prefix_len())
    }
}
/// Reads links and addresses once.
///
/// # Errors
/// When no netlink socket can be had.
pub fn read() -> io::Result<Host> {
    watcher::Watcher::open().map(watcher::Watcher::into_host)
}
/// Watches links and addresses in the caller's network namespace on a thread of its own until
/// the last receiver is dropped. The first value is there when this returns.
///
/// # Errors
/// When no netlink socket or no thread can be had.
pub fn watch() -> io::Result<watch::Receiver<Arc<Host>>> {
    watcher::Watcher::open()?.start()
}
