//! One table per family, and the one place where a family is chosen at run time.
use crate::{PeerConfig, PeerId, inbox::Inbox, key::Keyed, peers::Core, table::Table};
use bgp_wire::{Family, Ipv4Unicast, Ipv6Unicast};

/// A family the shard has a table for.
#[expect(private_interfaces, reason = "sealed: no other crate can add a table")]
pub trait RibFamily: Keyed {
    /// The family's table.
    #[doc(hidden)]
    fn table(tables: &mut Tables) -> &mut Table<Self>;
}

#[expect(private_interfaces, reason = "sealed")]
impl RibFamily for Ipv4Unicast {
    fn table(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.ipv4
    }
}

#[expect(private_interfaces, reason = "sealed")]
impl RibFamily for Ipv6Unicast {
    fn table(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.ipv6
    }
}

/// One table per family.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) ipv4: Table<Ipv4Unicast>,
    pub(crate) ipv6: Table<Ipv6Unicast>,
}

/// The one place where a family is chosen at run time.
macro_rules! each_table {
    ($tables:expr, $table:ident => $body:expr) => {{
        {
            let $table = &mut $tables.ipv4;
            $body;
        }
        {
            let $table = &mut $tables.ipv6;
            $body;
        }
    }};
}

pub(crate) use each_table;

/// The number of a family's table.
pub(crate) fn slot(family: Family) -> Option<usize> {
    match family {
        Family::IPV4_UNICAST => Some(Ipv4Unicast::SLOT),
        Family::IPV6_UNICAST => Some(Ipv6Unicast::SLOT),
        _ => None,
    }
}

impl Tables {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            ipv4: Table::new(seed),
            ipv6: Table::new(seed),
        }
    }

    /// There is something for the scan of a family to do.
    pub(crate) fn start_scan(&mut self, slot: usize) {
        each_table!(self, table => if table.slot() == slot { table.start_scan() });
    }

    /// Once the scan's pass counter of a family is here, every path of now was looked at.
    pub(crate) fn scan_due(&mut self, slot: usize) -> u64 {
        let mut due = 0;
        each_table!(self, table => if table.slot() == slot { due = table.scan_due() });
        due
    }

    /// A peer is told its Adj-RIB-Out of a family again.
    pub(crate) fn tell_again(&mut self, peer: PeerId, slot: usize, core: &mut Core) {
        each_table!(self, table => if table.slot() == slot { table.tell_again(peer, core) });
    }

    /// Every path of a peer is evaluated again, in slices: what is asked of it has changed.
    pub(crate) fn evaluate_again(&mut self, peer: PeerId, config: &PeerConfig, core: &mut Core) {
        each_table!(self, table => {
            let due = table.scan_due();
            let inbox = core.peers.at(peer).and_then(|peer| peer.inbox(table.slot()));
            for id in inbox.into_iter().flat_map(Inbox::sources) {
                if let Some(source) = core.sources.at_mut(id) {
                    source.kind = config.kind;
                    source.client = config.client;
                    source.address = config.address;
                    source.due = due;
                }
            }
            table.start_scan();
        });
    }

    /// Every path is evaluated again, in slices.
    pub(crate) fn evaluate_all(&mut self, core: &mut Core) {
        each_table!(self, table => {
            core.sources.all_due(table.slot(), table.scan_due());
            table.start_scan();
        });
    }
}
