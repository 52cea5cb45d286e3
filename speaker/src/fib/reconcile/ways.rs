//! Next hops that are not on a link: asking for the way to them, and writing routes anew when it
//! changes.
use super::{HopSet, Reconciler};
use crate::fib::{Resolved, RouteError};
use ipnet::IpNet;
use std::{collections::BTreeSet, net::IpAddr};

impl Reconciler {
    /// The next hops to write for `wanted` of `prefix`.
    pub(super) fn ways(&mut self, prefix: IpNet, wanted: HopSet) -> HopSet {
        let unknown: Vec<IpAddr> = self.resolver.unknown(&wanted).collect();
        for address in unknown {
            self.ask(address);
        }
        let ways = self.resolver.ways(&prefix, &wanted);
        self.resolver.note(prefix, &wanted, ways.is_some());
        match ways {
            Some(ways) => self.routes.share(ways),
            None => wanted,
        }
    }

    /// `true`: it is otherwise than it was.
    fn ask(&mut self, address: IpAddr) -> bool {
        // A table that cannot be asked decides when it is written to.
        let resolved = self.fib.resolve(address).unwrap_or(Resolved::Direct);
        let changed = self.resolver.learn(address, resolved);
        if changed {
            self.tell_ways();
        }
        changed
    }

    fn tell_ways(&self) {
        let told = self.resolver.told();
        let told = told.map(|(address, resolved)| (address, resolved.clone()));
        self.report().next_hops = told.collect();
    }

    /// One address whose way may have changed: one, and all that follows from it, at a time, so
    /// that two that depend on each other come to rest.
    pub(super) fn ask_again(&mut self) {
        if !self.reroute.is_empty() {
            return;
        }
        let Some(address) = self.resolver.next_stale() else {
            return;
        };
        if !self.ask(address) {
            return;
        }
        let users = self.resolver.users(address);
        self.reroute.extend(users);
        // Those that had no way at all are not among them.
        let report = self
            .report
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let wants = |hops: &HopSet| hops.iter().any(|hop| hop.address == address);
        let waiting = report.waiting.iter().filter(|(_, known)| {
            wants(&known.hops) && !matches!(known.error, RouteError::Contested(_))
        });
        self.retry.extend(waiting.map(|(prefix, _)| *prefix));
        drop(report);
        // What was on a link is written as it is; now it is not there any more.
        if self.resolver.told().any(|(known, _)| known == address) {
            self.reroute.extend(self.routes.using(address));
        }
    }

    /// Our route for `prefix` came or went: next hops may lie in it.
    pub(super) fn own_route_moved(&mut self, prefix: &IpNet) {
        if !self.resolver.is_idle() {
            self.resolver.moved(prefix);
        }
    }

    /// Forgets next hops that nobody wants any more, and asks for the rest again: the audit.
    pub(super) fn audit_ways(&mut self) {
        let mut used: BTreeSet<IpAddr> = self.routes.addresses().collect();
        used.extend(self.resolver.wanted_addresses());
        let report = self.report();
        let waiting = report.waiting.values();
        used.extend(waiting.flat_map(|known| known.hops.iter().map(|hop| hop.address)));
        drop(report);
        self.resolver.keep(&used);
        if !self.resolver.is_idle() {
            self.resolver.all_moved();
        }
        self.tell_ways();
    }
}
