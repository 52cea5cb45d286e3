//! What the listeners ask of every connection: TCP-MD5 keys and the least hop count.
//!
//! The kernel holds both with a listening socket, for all neighbors together, so they follow from
//! the whole configuration, and a change is the difference between two.

use super::Supervisor;
use crate::{config::Config, session::Entry};
use ipnet::IpNet;
use std::collections::BTreeMap;

/// What follows from a configuration.
pub(super) fn of(config: &Config) -> Entry {
    let mut keys = BTreeMap::new();
    let neighbors = config
        .neighbors
        .iter()
        .map(|neighbor| (IpNet::from(neighbor.address), neighbor));
    let ranges = config
        .ranges
        .iter()
        .map(|range| (range.prefix, &range.neighbor));
    let all = neighbors.chain(ranges);
    for (from, neighbor) in all.clone() {
        if let Some(password) = &neighbor.password {
            keys.insert(from, password.clone());
        }
    }
    Entry {
        keys,
        least_hops: all
            .map(|(_, neighbor)| neighbor.least_hops())
            .min()
            .unwrap_or(0),
    }
}

impl Supervisor {
    /// Holds connections to the configuration as it is now. Those that were accepted before keep
    /// what they began with.
    pub(super) fn set_entry(&mut self) {
        let entry = of(&self.config);
        let old = std::mem::replace(&mut self.entry, entry);
        let entry = &self.entry;
        for listener in &self.listeners {
            let gone = old.keys.keys().filter(|key| !entry.keys.contains_key(key));
            let gone = gone.map(|key| (key, None));
            let there = entry.keys.iter();
            for (key, password) in gone.chain(there.map(|(key, it)| (key, Some(it)))) {
                if let Err(error) = listener.set_password(*key, password) {
                    tracing::error!(neighbor = %key, listener = %listener.address(), %error,
                        "cannot set the TCP-MD5 password: the neighbor cannot connect to us");
                }
            }
            if let Err(error) = listener.set_least_hops(entry.least_hops) {
                tracing::error!(listener = %listener.address(), %error,
                    "cannot set the least hop count");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Neighbor, Password};
    use bgp_wire::Asn;

    fn neighbor(address: &str, gtsm: bool, multihop: Option<u8>) -> Neighbor {
        Neighbor {
            gtsm,
            multihop,
            ..Neighbor::new("n", address.parse().unwrap(), Asn(2))
        }
    }

    #[test]
    fn the_least_hop_count_loses_no_neighbor() {
        let mut config = Config::new(Asn(1));
        assert_eq!(of(&config).least_hops, 0);
        config.neighbors.push(neighbor("10.0.0.1", true, None));
        assert_eq!(of(&config).least_hops, 255);
        config.neighbors.push(neighbor("10.0.0.2", true, Some(3)));
        assert_eq!(of(&config).least_hops, 253);
        config.neighbors.push(neighbor("10.0.0.3", false, None));
        assert_eq!(of(&config).least_hops, 0);
    }

    #[test]
    fn keys_are_those_of_all_neighbors() {
        let mut config = Config::new(Asn(1));
        config.neighbors.push(Neighbor {
            password: Some(Password("s3cret".to_owned())),
            ..neighbor("10.0.0.1", false, None)
        });
        config.neighbors.push(neighbor("10.0.0.2", false, None));
        let keys = of(&config).keys;
        let keys: Vec<_> = keys.keys().map(ToString::to_string).collect();
        assert_eq!(keys, ["10.0.0.1/32"]);
    }
}
