//! How next hops are reached that are not on a link of ours (RFC 4271 §5.1.3, §9.1.2.1): by the
//! way that the kernel takes toward them.
//!
//! What is known of an address is asked of the table once and kept until an event says that it may
//! be otherwise, never asked again on a clock. Routes whose next hop is on a link, nearly all on a
//! host, cost nothing here: they are written as they are, and the kernel finds the link. The others
//! are kept by prefix, with the next hops as wanted, some 100 octets each.
//!
//! A next hop may be reached by a route of ours, but not by one that needs another route itself,
//! and not by a route as long as, or shorter than, the prefix that wants it when that prefix holds
//! the next hop: both would in the end lead to themselves.
use super::{FibNextHop, held::HopSet};
use ipnet::IpNet;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
    ops::Bound,
};

/// What the table says of the way to an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// on a link; also for a table that finds ways by itself
    Direct,
    /// through other next hops, which are on links
    Via {
        /// these
        next_hops: Vec<FibNextHop>,
        /// the destination of the route that says so
        route: IpNet,
        /// whether that route is one of ours
        ours: bool,
        /// in words, which
        description: String,
    },
    /// no route leads there
    Nowhere,
}

/// What is known, and for which routes it matters.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    known: BTreeMap<IpAddr, Resolved>,
    /// to be asked again, one at a time
    stale: BTreeSet<IpAddr>,
    /// next hops as wanted of the routes that are not written so
    indirect: HashMap<IpNet, HopSet>,
}

impl Resolver {
    /// The addresses in `hops` that nothing is known of.
    pub(super) fn unknown<'h>(&self, hops: &'h [FibNextHop]) -> impl Iterator<Item = IpAddr> + 'h {
        let unknown: Vec<IpAddr> = hops
            .iter()
            .filter(|hop| needs_a_way(hop) && !self.known.contains_key(&hop.address))
            .map(|hop| hop.address)
            .collect();
        unknown.into_iter()
    }

    /// The table's answer. A way over a route of ours that needs another is none.
    pub(super) fn learn(&mut self, address: IpAddr, resolved: Resolved) -> bool {
        let resolved = match resolved {
            Resolved::Via {
                route, ours: true, ..
            } if self.indirect.contains_key(&route) => Resolved::Nowhere,
            resolved => resolved,
        };
        let before = self.known.insert(address, resolved.clone());
        before != Some(resolved)
    }

    /// Whether all is on links, so that there is nothing to do.
    pub(super) fn is_idle(&self) -> bool {
        self.known.values().all(|known| *known == Resolved::Direct)
    }

    /// Next hops as `prefix` is to be written with; `None`: as they are.
    pub(super) fn ways(&self, prefix: &IpNet, hops: &[FibNextHop]) -> Option<Vec<FibNextHop>> {
        let way_of = |hop: &FibNextHop| needs_a_way(hop).then(|| self.known.get(&hop.address))?;
        if hops
            .iter()
            .all(|hop| way_of(hop).is_none_or(|known| *known == Resolved::Direct))
        {
            return None;
        }
        let mut ways: Vec<FibNextHop> = Vec::new();
        for hop in hops {
            match way_of(hop) {
                None | Some(Resolved::Direct) => ways.push(*hop),
                Some(Resolved::Nowhere) => {}
                Some(Resolved::Via {
                    next_hops, route, ..
                }) => {
                    let holds_itself =
                        prefix.contains(&hop.address) && route.prefix_len() <= prefix.prefix_len();
                    if !holds_itself {
                        ways.extend(next_hops.iter().map(|way| FibNextHop {
                            weight: way.weight.saturating_mul(hop.weight),
                            ..*way
                        }));
                    }
                }
            }
        }
        // The kernel takes a gateway once.
        ways.sort_unstable();
        ways.dedup_by_key(|way| (way.address, way.interface));
        // Where nothing is left the kernel shall say so, in its words.
        (!ways.is_empty()).then_some(ways)
    }

    /// `prefix` is written with other next hops than `wanted`, or not.
    pub(super) fn note(&mut self, prefix: IpNet, wanted: &HopSet, differs: bool) {
        if differs {
            self.indirect.insert(prefix, wanted.clone());
        } else if !self.indirect.is_empty() {
            self.indirect.remove(&prefix);
        }
    }

    pub(super) fn forget(&mut self, prefix: &IpNet) {
        if !self.indirect.is_empty() {
            self.indirect.remove(prefix);
        }
    }

    /// The next hops as wanted of a route that is written with others.
    pub(super) fn wanted(&self, prefix: &IpNet) -> Option<&HopSet> {
        self.indirect.get(prefix)
    }

    /// Routes that want `address` and are written otherwise.
    pub(super) fn users(&self, address: IpAddr) -> Vec<IpNet> {
        let users = self.indirect.iter();
        let users = users.filter(|(_, hops)| hops.iter().any(|hop| hop.address == address));
        users.map(|(prefix, _)| *prefix).collect()
    }

    /// The way to what lies in `prefix` may be another: a route came, changed or went.
    pub(super) fn moved(&mut self, prefix: &IpNet) {
        let (first, last) = (prefix.network(), prefix.broadcast());
        let range = (Bound::Included(first), Bound::Included(last));
        let stale = self.known.range(range).map(|(address, _)| *address);
        self.stale.extend(stale);
    }

    /// Everything may be otherwise: links or addresses changed.
    pub(super) fn all_moved(&mut self) {
        self.stale.extend(self.known.keys().copied());
    }

    /// The next address to ask for again.
    pub(super) fn next_stale(&mut self) -> Option<IpAddr> {
        self.stale.pop_first()
    }

    pub(super) fn has_stale(&self) -> bool {
        !self.stale.is_empty()
    }

    /// Forgets what no route in `used` wants.
    pub(super) fn keep(&mut self, used: &BTreeSet<IpAddr>) {
        self.known.retain(|address, _| used.contains(address));
    }

    /// All addresses that routes written otherwise want.
    pub(super) fn wanted_addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.indirect
            .values()
            .flat_map(|hops| hops.iter().map(|hop| hop.address))
    }

    /// Those that are not on a link, and how they are reached; for people.
    pub(super) fn told(&self) -> impl Iterator<Item = (IpAddr, &Resolved)> {
        let known = self.known.iter().map(|(address, known)| (*address, known));
        known.filter(|(_, known)| **known != Resolved::Direct)
    }
}

/// Whether the table has to be asked: link-local and named interfaces say all themselves.
fn needs_a_way(hop: &FibNextHop) -> bool {
    let link_local = match hop.address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    hop.interface.is_none() && !link_local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(address: &str) -> FibNextHop {
        FibNextHop {
            address: address.parse().unwrap(),
            interface: None,
            weight: 1,
        }
    }

    fn via(address: &str, route: &str, ours: bool) -> Resolved {
        Resolved::Via {
            next_hops: vec![FibNextHop {
                interface: Some(7),
                ..hop(address)
            }],
            route: route.parse().unwrap(),
            ours,
            description: String::new(),
        }
    }

    fn ways(resolver: &Resolver, prefix: &str, hops: &[&str]) -> Option<Vec<String>> {
        let hops: Vec<FibNextHop> = hops.iter().map(|text| hop(text)).collect();
        let ways = resolver.ways(&prefix.parse().unwrap(), &hops)?;
        Some(ways.iter().map(|way| way.address.to_string()).collect())
    }

    #[test]
    fn a_next_hop_is_replaced_by_the_way_to_it() {
        let mut resolver = Resolver::default();
        assert_eq!(
            resolver.unknown(&[hop("10.0.0.1"), hop("fe80::1")]).count(),
            1
        );
        let address = |text: &str| text.parse().unwrap();
        assert!(resolver.learn(address("10.0.0.1"), Resolved::Direct));
        assert!(resolver.is_idle());
        assert!(resolver.learn(address("10.0.0.2"), via("10.1.1.9", "10.0.0.2/31", false)));
        assert!(!resolver.learn(address("10.0.0.2"), via("10.1.1.9", "10.0.0.2/31", false)));
        assert!(resolver.learn(address("10.0.0.3"), Resolved::Nowhere));
        assert_eq!(ways(&resolver, "20.0.0.0/8", &["10.0.0.1"]), None);
        let one = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(
            ways(&resolver, "20.0.0.0/8", &["10.0.0.2"]),
            one("10.1.1.9")
        );
        assert_eq!(
            ways(&resolver, "20.0.0.0/8", &["10.0.0.2", "10.0.0.3"]),
            one("10.1.1.9"),
            "with several, those that are reached"
        );
        assert_eq!(ways(&resolver, "20.0.0.0/8", &["10.0.0.3"]), None);
    }

    #[test]
    fn no_route_leads_to_itself() {
        let mut resolver = Resolver::default();
        let address: IpAddr = "10.0.0.2".parse().unwrap();
        resolver.learn(address, via("10.1.1.9", "0.0.0.0/0", false));
        assert_eq!(
            ways(&resolver, "10.0.0.0/8", &["10.0.0.2"]),
            None,
            "it would hold its own way"
        );
        assert!(ways(&resolver, "11.0.0.0/8", &["10.0.0.2"]).is_some());
        resolver.learn(address, via("10.1.1.9", "10.0.0.0/24", false));
        assert!(
            ways(&resolver, "10.0.0.0/8", &["10.0.0.2"]).is_some(),
            "a longer one leads there"
        );
        // A route of ours may lead to a next hop, one that needs another route may not.
        let ours: IpNet = "10.0.0.0/8".parse().unwrap();
        let other: IpAddr = "10.5.0.1".parse().unwrap();
        resolver.learn(other, via("10.1.1.9", "10.0.0.0/8", true));
        assert!(ways(&resolver, "12.0.0.0/8", &["10.5.0.1"]).is_some());
        resolver.note(ours, &vec![hop("10.0.0.2")].into(), true);
        assert!(resolver.learn(other, via("10.1.1.9", "10.0.0.0/8", true)));
        assert_eq!(ways(&resolver, "12.0.0.0/8", &["10.5.0.1"]), None);
    }

    #[test]
    fn only_what_lies_in_a_changed_route_is_asked_again() {
        let mut resolver = Resolver::default();
        for text in ["10.0.0.1", "10.0.1.1", "11.0.0.1", "fd00::1"] {
            resolver.learn(text.parse().unwrap(), Resolved::Nowhere);
        }
        resolver.moved(&"10.0.0.0/23".parse().unwrap());
        let mut stale = Vec::new();
        while let Some(address) = resolver.next_stale() {
            stale.push(address.to_string());
        }
        assert_eq!(stale, ["10.0.0.1", "10.0.1.1"]);
        resolver.all_moved();
        assert_eq!(resolver.stale.len(), 4);
    }
}
