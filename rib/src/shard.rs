//! The shard: all tables, one owner, synchronous and deterministic.
//!
//! Nothing here waits, reads a clock, logs or calls back. Routes come in by `announce` and
//! `withdraw`; `work` does in slices what follows from them; messages are made by `fill` when a
//! peer can take them, and the kernel table pulls `changes`. The same calls in the same order
//! give the same octets, whatever the seed of the hash tables.
use crate::{
    Change, CursorId, DecisionRules, Filled, PeerConfig, PeerCounters, PeerId, PeerKind, PeerUp,
    Query, QueryPosition, RibFamily, RouteView,
    intern::HopId,
    key::{FAMILIES, Keyed},
    listing::Question,
    peers::Core,
    policy::Policies,
    sources::{Life, SourceId},
    table::Batch,
    tables::{Tables, each_table, slot},
};
use bgp_wire::{Attributes, Family, Ipv4Unicast, NextHop, Nlri};
use ipnet::IpNet;
use std::sync::Arc;

/// What a shard holds, in numbers of things.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Distinct attribute sets, received and rewritten.
    pub attribute_sets: usize,
    /// Distinct next hops.
    pub next_hops: usize,
    /// Distinct announcements (attribute set, next hop, source) of export groups.
    pub announcements: usize,
    /// Path identifiers that ADD-PATH peers are told.
    pub path_ids: usize,
    /// Prefixes, those without paths that somebody still has to hear of included.
    pub destinations: usize,
    /// Paths, rejected ones included.
    pub paths: usize,
    /// Sessions and families whose paths may be in the tables, those being swept included.
    pub sources: usize,
}

/// All tables. See the crate's documentation for how it is used.
#[derive(Debug)]
pub struct Shard {
    pub(crate) core: Core,
    pub(crate) tables: Tables,
    policies: Policies,
    subscriptions: Vec<bool>,
    /// The family whose turn is first in `work`.
    turn: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self::new()
    }
}

impl Shard {
    /// An empty shard.
    pub fn new() -> Self {
        Self::with_seed(0)
    }

    /// An empty shard whose hash tables are seeded: with a random seed nobody can choose prefixes
    /// that collide. The seed shows in no result.
    pub fn with_seed(seed: u64) -> Self {
        Self {
            core: Core::new(seed),
            tables: Tables::new(seed),
            policies: Policies::default(),
            subscriptions: Vec::new(),
            turn: 0,
        }
    }

    /// A configured neighbor, or a source of local routes.
    pub fn add_peer(&mut self, mut config: PeerConfig) -> PeerId {
        self.one_policy(&mut config);
        self.core.peers.add(config)
    }

    /// Policies, AS and addresses changed: what was received is evaluated again in the background
    /// (`work`), only what differs is sent.
    pub fn configure_peer(&mut self, peer: PeerId, mut config: PeerConfig) {
        self.one_policy(&mut config);
        let Some(state) = self.core.peers.at_mut(peer) else {
            return;
        };
        let old = std::mem::replace(&mut state.config, config.clone());
        if !same_import(&old, &config) {
            self.tables.evaluate_again(peer, &config, &mut self.core);
        }
        each_table!(self.tables, table => table.regroup(peer, &mut self.core));
        if old.limits != config.limits {
            each_table!(self.tables, table => table.unblock(peer, &mut self.core));
        }
    }

    /// How paths are compared from now on; what was chosen is chosen again, in slices (see `work`).
    pub fn set_decision(&mut self, rules: DecisionRules) {
        if self.core.sources.decision != rules {
            self.core.sources.decision = rules;
            self.tables.evaluate_all(&mut self.core);
        }
    }

    /// Withdraws everything of it (in slices, see `work`) and forgets it.
    pub fn remove_peer(&mut self, peer: PeerId) {
        self.peer_down(peer, &[]);
        self.core.peers.remove(peer);
    }

    /// The session is up: its Adj-RIB-Out is to be filled, then End-of-RIB. Stale paths of the
    /// session before stay in the families of `up.preserved`, and go in all others.
    pub fn peer_up(&mut self, peer: PeerId, up: PeerUp) {
        if self
            .core
            .peers
            .at(peer)
            .is_some_and(|state| state.up.is_some())
        {
            self.peer_down(peer, &[]);
        }
        let Some(state) = self.core.peers.at_mut(peer) else {
            return;
        };
        let up = Arc::new(up);
        state.up = Some(Arc::clone(&up));
        for inbox in &mut state.inboxes {
            inbox.begin_counting();
        }
        self.core.peers.unname(peer);
        each_table!(self.tables, table => {
            let family = table.family();
            // RFC 4724 §4.2: without the family, or without its Forwarding State bit, in the
            // capability received anew, its stale routes go at once.
            let carried = up.families.contains(&family);
            if !carried || !up.preserved.contains(&family) {
                self.core.sweep_old(peer, table.slot());
                table.start_scan();
            }
            if carried {
                self.core.open_source(peer, table.slot());
            }
            table.join(peer, &mut self.core);
        });
    }

    /// The session is down, its Adj-RIB-Out is forgotten. Its paths go (in slices, see `work`),
    /// but for those of the families in `retain`, which stay as stale (RFC 4724 §4.2) until
    /// [`sweep_stale`](Self::sweep_stale), a session that did not preserve them, or End-of-RIB.
    pub fn peer_down(&mut self, peer: PeerId, retain: &[Family]) {
        if let Some(state) = self.core.peers.at_mut(peer) {
            state.up = None;
            for inbox in &mut state.inboxes {
                inbox.begin_counting();
            }
        }
        each_table!(self.tables, table => {
            table.leave(peer, &mut self.core);
            self.core.source_down(peer, table.slot(), retain.contains(&table.family()));
            table.start_scan();
        });
    }

    /// The peer asked for our routes again (RFC 2918). Where both sides agreed to it, the answer
    /// is enclosed in BoRR and EoRR (RFC 7313).
    pub fn refresh(&mut self, peer: PeerId, family: Family) {
        if let Some(slot) = slot(family) {
            self.tables.tell_again(peer, slot, &mut self.core);
        }
    }

    /// Routes of a peer that is up, or of a local one. `now` is seconds of any monotonic clock.
    /// The next hop of local routes is not looked at.
    pub fn announce<F: RibFamily>(
        &mut self,
        peer: PeerId,
        attributes: &Attributes<'_>,
        next_hop: NextHop,
        nlri: &[Nlri<F>],
        now: u32,
    ) {
        let Some(source) = self.source_of(peer, F::SLOT) else {
            return;
        };
        let mut octets = Vec::with_capacity(256);
        attributes.canonical(&mut octets);
        let core = &mut self.core;
        let received = core.sets.intern(&octets);
        let next_hop = HopId(core.hops.intern(next_hop).0);
        let batch = Batch {
            peer,
            source,
            received,
            next_hop,
            now,
        };
        F::table(&mut self.tables).announce(&batch, nlri, &mut self.core);
        self.core.sets.release(received, 1);
        self.core.hops.release(next_hop.0, 1);
    }

    /// Routes that a peer no longer has.
    pub fn withdraw<F: RibFamily>(&mut self, peer: PeerId, nlri: &[Nlri<F>]) {
        if let Some(source) = self.source_of(peer, F::SLOT) {
            F::table(&mut self.tables).withdraw(peer, source, nlri, &mut self.core);
        }
    }

    /// Background work, at most `budget` routes; `true`: more is left.
    #[must_use]
    pub fn work(&mut self, budget: usize) -> bool {
        let mut left = budget.max(1);
        for step in 0..FAMILIES {
            let spent = if self.turn.wrapping_add(step).is_multiple_of(FAMILIES) {
                self.tables.ipv4.work_family(left, &mut self.core)
            } else {
                self.tables.ipv6.work_family(left, &mut self.core)
            };
            left = left.saturating_sub(spent);
        }
        self.turn = self.turn.wrapping_add(1);
        self.tables.ipv4.busy() || self.tables.ipv6.busy()
    }

    /// A peer that has something to send since `next_ready` last named it. Once named, `fill` it
    /// until that says there is no more; it will not be named before.
    #[must_use]
    pub fn next_ready(&mut self) -> Option<PeerId> {
        self.core.peers.next_ready()
    }

    /// Appends whole UPDATEs for `peer`, withdraws first, about `room` octets (never a message
    /// larger than negotiated, at least one message).
    pub fn fill(&mut self, peer: PeerId, out: &mut Vec<u8>, room: usize) -> Filled {
        let mut total = Filled {
            messages: 0,
            refreshes: 0,
            more: false,
        };
        let start = out.len();
        each_table!(self.tables, table => {
            let used = out.len().saturating_sub(start);
            if used < room || total.messages == 0 {
                let filled = table.fill_family(peer, &mut self.core, out, room.saturating_sub(used));
                total.messages = total.messages.saturating_add(filled.messages);
                total.refreshes = total.refreshes.saturating_add(filled.refreshes);
                total.more |= filled.more;
            } else {
                total.more |= table.has_pending(peer, &mut self.core);
            }
        });
        self.core.peers.filled(peer, total.more);
        total
    }

    /// A consumer of best paths; sees the whole table first.
    pub fn subscribe(&mut self) -> CursorId {
        let free = self.subscriptions.iter().position(|taken| !taken);
        let number = free.unwrap_or_else(|| {
            self.subscriptions.push(false);
            self.subscriptions.len().saturating_sub(1)
        });
        if let Some(taken) = self.subscriptions.get_mut(number) {
            *taken = true;
        }
        each_table!(self.tables, table => table.subscribe(number));
        CursorId(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Up to `max` changes since last time; fewer than `max`: nothing is left for now.
    pub fn changes(&mut self, cursor: CursorId, max: usize, out: &mut Vec<Change>) {
        let start = out.len();
        each_table!(self.tables, table => {
            let seen = out.len().saturating_sub(start);
            table.changes(cursor.0 as usize, max.saturating_sub(seen), &self.core, out);
        });
    }

    /// Takes up to `max` changes that shall not wait behind the rest: of prefixes that had a best
    /// path before. [`Shard::changes`] names them once more, as they are by then; what it has given
    /// of them already is older.
    pub fn urgent(&mut self, cursor: CursorId, max: usize, out: &mut Vec<Change>) {
        let start = out.len();
        each_table!(self.tables, table => {
            let seen = out.len().saturating_sub(start);
            table.urgent(cursor.0 as usize, max.saturating_sub(seen), &self.core, out);
        });
    }

    /// From the start again: every prefix with a best path will be seen once more.
    pub fn rewind(&mut self, cursor: CursorId) {
        each_table!(self.tables, table => table.rewind(cursor.0 as usize));
    }

    /// The consumer is gone.
    pub fn unsubscribe(&mut self, cursor: CursorId) {
        each_table!(self.tables, table => table.unsubscribe(cursor.0 as usize));
        if let Some(taken) = self.subscriptions.get_mut(cursor.0 as usize) {
            *taken = false;
        }
    }

    /// Counters of a peer: what is in the tables now, and since its session came up.
    pub fn counters(&self, peer: PeerId, family: Family) -> PeerCounters {
        let mut counters = PeerCounters::default();
        let (Some(slot), Some(state)) = (slot(family), self.core.peers.at(peer)) else {
            return counters;
        };
        if let Some(inbox) = state.inbox(slot) {
            let sources = inbox.sources().filter_map(|id| self.core.sources.at(id));
            for source in sources {
                let add = |sum: &mut u64, n: u64| *sum = sum.saturating_add(n);
                add(&mut counters.received, source.received);
                add(&mut counters.accepted, source.accepted);
                add(&mut counters.best, source.best);
                match source.life {
                    Life::Live | Life::Dead => {}
                    Life::Stale | Life::Refreshing => add(&mut counters.stale, source.received),
                    Life::LongLived => add(&mut counters.long_lived_stale, source.received),
                }
            }
            counters.announcements_in = inbox.announcements;
            counters.withdrawals_in = inbox.withdrawals;
            counters.refused = inbox.refused;
            counters.limited = inbox.limited;
        }
        if let Some(member) = state.member(slot) {
            counters.held_back = member.blocked.len() as u64;
            counters.announced = member.holds.count();
            counters.announcements_out = member.announcements;
            counters.withdrawals_out = member.withdrawals;
        }
        counters
    }

    /// Calls `each` for up to `budget` routes (all routes of a prefix come in one call); `true`:
    /// more is left, call again with `position`. Prefixes come in order, IPv4 first. A slice may
    /// show nothing while it collects and sorts.
    pub fn query(
        &self,
        query: Query,
        within: Option<IpNet>,
        position: &mut QueryPosition,
        budget: usize,
        each: &mut dyn FnMut(RouteView<'_>),
    ) -> bool {
        let question = Question { query, within };
        let mut left = budget.max(1);
        if !position.ipv4_done {
            let skip = matches!(within, Some(IpNet::V6(_)));
            let (tables, core) = (&self.tables, &self.core);
            position.ipv4_done = skip
                || !tables
                    .ipv4
                    .list(question, &mut position.ipv4, &mut left, core, each);
        }
        if position.ipv4_done && !position.ipv6_done && left > 0 {
            let skip = matches!(within, Some(IpNet::V4(_)));
            let (tables, core) = (&self.tables, &self.core);
            position.ipv6_done = skip
                || !tables
                    .ipv6
                    .list(question, &mut position.ipv6, &mut left, core, each);
        }
        !(position.ipv4_done && position.ipv6_done)
    }

    /// Prefixes with a best path, and paths (rejected ones included), of a family.
    pub fn totals(&self, family: Family) -> (u64, u64) {
        match slot(family) {
            Some(Ipv4Unicast::SLOT) => (self.tables.ipv4.reachable, self.tables.ipv4.paths),
            Some(_) => (self.tables.ipv6.reachable, self.tables.ipv6.paths),
            None => (0, 0),
        }
    }

    /// What the shard holds.
    pub fn usage(&self) -> Usage {
        let paths = self
            .tables
            .ipv4
            .paths
            .saturating_add(self.tables.ipv6.paths);
        let held = self.tables.ipv4.held();
        Usage {
            attribute_sets: self.core.sets.len(),
            next_hops: self.core.hops.len(),
            announcements: self.core.outs.len(),
            path_ids: self.core.path_ids(),
            destinations: held.saturating_add(self.tables.ipv6.held()),
            paths: usize::try_from(paths).unwrap_or(usize::MAX),
            sources: self.core.sources.len(),
        }
    }

    fn one_policy(&mut self, config: &mut PeerConfig) {
        config.import = self.policies.one(config.import.clone());
        config.export = self.policies.one(config.export.clone());
    }

    /// The live source of a peer that may announce in a family: its session carries the family, or
    /// its routes are local.
    fn source_of(&mut self, peer: PeerId, slot: usize) -> Option<SourceId> {
        let state = self.core.peers.at(peer)?;
        match state.inbox(slot)?.live {
            Some(source) => Some(source),
            None if state.config.kind == PeerKind::Local => self.core.open_source(peer, slot),
            None => None,
        }
    }
}

/// Would what the peer sent be judged alike?
fn same_import(one: &PeerConfig, other: &PeerConfig) -> bool {
    // What only concerns the way out is taken from the other.
    let alike = PeerConfig {
        export: other.export.clone(),
        long_lived_export: other.long_lived_export,
        next_hop: other.next_hop,
        private_as: other.private_as,
        route_server: other.route_server,
        paths: other.paths,
        ..one.clone()
    };
    alike == *other
}
