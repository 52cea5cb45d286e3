//! Where local routes come from.
//!
//! A pure function of the host and the configuration: the caller compares two results and
//! announces the difference, so a prefix given by two addresses goes only with the second.
use crate::{config::Connected, host::Host};
use ipnet::IpNet;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

#[cfg(test)]
mod tests;

/// The connected prefixes of `host` that may become routes, each with the name of (one of) its
/// interfaces: the first in the kernel's order. On a point-to-point link it is the prefix of the
/// other end.
/// Never: 127/8, ::1, link-local, tentative or duplicate addresses, links that are down.
///
/// The kernel's scope does not count, as with BIRD's `direct`: an address that was put on a
/// loopback with `scope host` was put there to be announced.
#[must_use]
pub fn connected(host: &Host, config: &Connected) -> BTreeMap<IpNet, String> {
    let mut prefixes = BTreeMap::new();
    for address in host.addresses.iter().filter(|address| !address.tentative) {
        let Some(link) = host.links.get(&address.link) else {
            continue;
        };
        let prefix = address.subnet();
        let counts = link.up && is_routable(address.net.addr()) && is_routable(prefix.addr());
        if counts && config.interfaces.matches(&link.name) {
            prefixes.entry(prefix).or_insert_with(|| link.name.clone());
        }
    }
    prefixes
}

fn is_routable(address: IpAddr) -> bool {
    match address {
        // 0.0.0.0 stands for "none"; multicast and 240/4 are no addresses of hosts.
        IpAddr::V4(v4) => {
            let reserved = v4.octets() >= [224, 0, 0, 0] || v4 == Ipv4Addr::UNSPECIFIED;
            !v4.is_loopback() && !v4.is_link_local() && !reserved
        }
        IpAddr::V6(v6) => {
            let special = v6.is_loopback() || v6.is_unspecified() || v6.is_multicast();
            !special && !v6.is_unicast_link_local()
        }
    }
}
