//! One prefix, exactly: a look into the hash, where a listing looks at every destination.
use crate::{Query, RouteView, Shard, key::Keyed, peers::Core, table::Table};
use bgp_wire::{Ipv4Unicast, Ipv6Unicast};
use ipnet::IpNet;

impl Shard {
    /// Calls `each` for the routes of `prefix` alone, as [`Shard::query`] would show them.
    pub fn look_up(&self, query: Query, prefix: IpNet, each: &mut dyn FnMut(RouteView<'_>)) {
        match prefix {
            IpNet::V4(prefix) => {
                let key = Ipv4Unicast::pack(&prefix);
                self.tables.ipv4.look_up(key, query, &self.core, each);
            }
            IpNet::V6(prefix) => {
                let key = Ipv6Unicast::pack(&prefix);
                self.tables.ipv6.look_up(key, query, &self.core, each);
            }
        }
    }

    /// The longest accepted prefix that holds all of `prefix`; itself counts.
    pub fn longest_match(&self, prefix: IpNet) -> Option<IpNet> {
        let mut candidate = Some(prefix.trunc());
        while let Some(now) = candidate {
            let mut found = false;
            self.look_up(Query::All, now, &mut |_| found = true);
            if found {
                return Some(now);
            }
            candidate = now.supernet();
        }
        None
    }
}

impl<F: Keyed> Table<F> {
    fn look_up(
        &self,
        key: F::Packed,
        query: Query,
        core: &Core,
        each: &mut dyn FnMut(RouteView<'_>),
    ) {
        if let Some(number) = self.find(key) {
            self.show(number, key, query, core, each);
        }
    }
}
