//! Random operations on the tables and on a naive model of them.
//!
//! The model keeps every route in a map and computes what should be by the letter of RFC 4271.
//! Between random points in time, at which everything is drained, the shard may lag as it likes:
//! work is done in random slices, peers read in random amounts. At such a point the best paths,
//! each peer's Adj-RIB-Out, what each peer made of the octets it was sent, and what the kernel
//! table made of its changes must equal the model's.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is a failed test"
)]

mod naive;
mod policies;
mod replay;

use bgp_wire::{
    Asn, Attributes, Family, Ipv4Unicast, Ipv6Unicast, NextHop, Nlri, Origin, PathId, Role,
    RouterId,
};
use ipnet::IpNet;
use naive::{Attr, Naive, NaivePeer, Route};
use replay::Replay;
use rib::{
    CursorId, DecisionRules, ExportState, LongLivedExport, NextHopRule, PathCount, PeerConfig,
    PeerId, PeerKind, PeerUp, Policy, PrivateAs, Query, QueryPosition, RouteState, Shard,
    Staleness,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

const LOCAL_AS: u32 = 65530;
const LOW: &[&str] = &["10.0.0.0/9 le 32", "2001:db8::/33 le 64"];
const EVEN: &[&str] = &["10.0.0.0/24", "10.40.0.0/24", "10.80.0.0/24", "::/0 le 48"];
const LONG_LIVED_EXPORTS: [LongLivedExport; 3] = [
    LongLivedExport::Never,
    LongLivedExport::Internal,
    LongLivedExport::All,
];
const FAMILIES: [Family; 2] = [Family::IPV4_UNICAST, Family::IPV6_UNICAST];

/// xorshift64*: reproducible by its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

struct World {
    random: Random,
    shard: Shard,
    ids: Vec<PeerId>,
    naive: Naive,
    replays: Vec<Replay>,
    kernel: CursorId,
    installed: BTreeMap<IpNet, NextHop>,
    prefixes: Vec<IpNet>,
    policies: Vec<Arc<Policy>>,
    /// Drained after every operation: then every peer is always at the head of the journal.
    strict: bool,
    now: u32,
    seen: Seen,
}

/// Roles and what else a session may have, at random; most have none of it.
fn vary(config: &mut PeerConfig, random: &mut Random) {
    let own = NextHopRule::Fixed {
        v4: Some(Ipv4Addr::new(192, 0, 2, 200)),
        v6: None,
    };
    let rules = [
        NextHopRule::Usual,
        NextHopRule::Usual,
        NextHopRule::Own,
        NextHopRule::OwnForExternal,
        NextHopRule::Unchanged,
        own,
    ];
    config.next_hop = *random.pick(&rules);
    config.private_as = *random.pick(&[
        PrivateAs::Keep,
        PrivateAs::Keep,
        PrivateAs::Remove,
        PrivateAs::Replace,
    ]);
    let roles = [
        Role::Provider,
        Role::Customer,
        Role::Peer,
        Role::RouteServer,
        Role::RouteServerClient,
    ];
    config.role = random.chance(50).then(|| *random.pick(&roles));
    config.client = random.chance(50);
    config.allow_own_as = random.below(4) as u8 / 2;
    config.first_as = random.chance(80);
    config.route_server = random.chance(20);
    config.graceful_shutdown = random.chance(10);
    config.long_lived_export = *random.pick(&LONG_LIVED_EXPORTS);
    config.paths = *random.pick(&[PathCount::All, PathCount::Best(1), PathCount::Best(3)]);
}

fn split(prefixes: &[IpNet], path_id: u32) -> (Vec<Nlri<Ipv4Unicast>>, Vec<Nlri<Ipv6Unicast>>) {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for prefix in prefixes {
        let path_id = PathId(path_id);
        match prefix {
            IpNet::V4(key) => v4.push(Nlri {
                path_id,
                key: *key,
                payload: (),
            }),
            IpNet::V6(key) => v6.push(Nlri {
                path_id,
                key: *key,
                payload: (),
            }),
        }
    }
    (v4, v6)
}

impl World {
    fn new(seed: u64, strict: bool) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let rules = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let mut policies = vec![
            Policy::all(),
            Policy::all(),
            Policy::none(),
            Policy::missing(),
            Policy::accept_prefixes("low", rules(LOW)),
            Policy::accept_prefixes("even", rules(EVEN)),
        ];
        policies.extend(policies::some());
        let policies = policies.into_iter().map(Arc::new).collect();
        let mut shard = Shard::with_seed(seed);
        let kernel = shard.subscribe();
        let mut world = Self {
            ids: Vec::new(),
            naive: Naive::default(),
            replays: Vec::new(),
            kernel,
            installed: BTreeMap::new(),
            prefixes: Vec::new(),
            policies,
            strict,
            now: 0,
            seen: Seen::default(),
            shard,
            random: Random(1),
        };
        // Few prefixes make many paths of one; many make numbers of destinations be used again.
        let prefixes = if seed.is_multiple_of(2) { 12 } else { 40 };
        for n in 0..prefixes {
            let v4 = Ipv4Addr::new(10, n * (240 / prefixes), 0, 0);
            world.prefixes.push(IpNet::new(v4.into(), 24).unwrap());
            let third = u16::from(n * (240 / prefixes)) << 8;
            let v6 = Ipv6Addr::new(0x2001, 0xdb8, third, 0, 0, 0, 0, 0);
            world.prefixes.push(IpNet::new(v6.into(), 48).unwrap());
        }
        let kinds = [
            (PeerKind::Local, LOCAL_AS),
            (PeerKind::Local, LOCAL_AS),
            (PeerKind::Ebgp, 1),
            (PeerKind::Ebgp, 1),
            (PeerKind::Ebgp, 2),
            (PeerKind::Ebgp, 3),
            (PeerKind::Ibgp, LOCAL_AS),
            (PeerKind::Ibgp, LOCAL_AS),
        ];
        // With few peers one that lags is the slowest more often.
        let few = seed.is_multiple_of(3);
        let kinds = kinds.into_iter().step_by(if few { 2 } else { 1 });
        for (n, (kind, remote_as)) in (1..).zip(kinds) {
            let router_id = RouterId::new(Ipv4Addr::from(naive::ROUTER_ID)).unwrap();
            let ases = (Asn(LOCAL_AS), Asn(remote_as));
            let mut config = PeerConfig::new(kind, IpAddr::from([10, 0, 0, n]), ases, router_id);
            config.import = random.pick(&world.policies).clone();
            config.export = random.pick(&world.policies).clone();
            vary(&mut config, &mut random);
            world.ids.push(world.shard.add_peer(config.clone()));
            let peer = NaivePeer { config, up: None };
            world.naive.peers.push(peer);
            world.replays.push(Replay::default());
        }
        world.random = random;
        world
    }

    fn step(&mut self) {
        let peer = self.random.below(self.ids.len());
        match self.random.below(100) {
            0..=44 => self.announce(peer),
            45..=64 => self.withdraw(peer),
            65..=68 => self.up(peer),
            69..=71 => self.down(peer),
            72 => self.replace(peer),
            73..=75 => self.configure(peer),
            76..=77 => self.refresh(peer),
            78..=82 => self.stale(peer),
            83..=87 => {
                let budget = 1 + self.random.below(40);
                let _ = self.shard.work(budget);
            }
            88..=94 => {
                self.fill(peer);
            }
            95..=97 => {
                self.pull_changes(5);
            }
            98 if self.random.chance(50) => self.shard.rewind(self.kernel),
            98 => {
                let rules = DecisionRules {
                    always_compare_med: self.random.chance(30),
                    ignore_path_length: self.random.chance(30),
                    prefer_oldest: self.random.chance(50),
                };
                self.naive.decision = rules;
                self.shard.set_decision(rules);
            }
            _ => self.drain(),
        }
        if self.strict {
            self.drain();
        }
    }

    fn announce(&mut self, peer: usize) {
        let config = &self.naive.peers[peer].config;
        let (kind, remote_as) = (config.kind, config.remote_as.0);
        let random = &mut self.random;
        let mut path = Vec::new();
        if kind == PeerKind::Ebgp && !random.chance(4) {
            path.push(remote_as);
        }
        if kind != PeerKind::Local {
            for _ in 0..1 + random.below(8) / 6 {
                path.push(*random.pick(&[1, 2, 3, 4, 5, 64512, 6, LOCAL_AS]));
            }
        }
        let attr = Attr {
            origin: *random.pick(&[Origin::Igp, Origin::Igp, Origin::Igp, Origin::Egp]),
            path,
            med: random.chance(60).then(|| random.below(3) as u32),
            local_pref: random.chance(20).then(|| 99 + random.below(3) as u32),
            communities: match random.below(12) {
                0 => vec![0xffff_ff01],
                1 => vec![0xffff_ff02],
                2 => vec![0xffff_ff03, 0xffff_ff04],
                3 => vec![naive::LLGR_STALE],
                4 => vec![naive::NO_LLGR],
                5..=6 => vec![65000 << 16 | random.below(2) as u32],
                7 => vec![naive::GRACEFUL_SHUTDOWN],
                _ => vec![],
            },
            otc: random.chance(20).then(|| 1 + random.below(3) as u32),
            originator: (kind == PeerKind::Ibgp && random.chance(20))
                .then(|| naive::ROUTER_ID + random.below(3) as u32),
            clusters: match random.below(8) {
                n @ 0..=2 if kind == PeerKind::Ibgp => vec![naive::ROUTER_ID + n as u32],
                _ => vec![],
            },
        };
        let link_local = Some("fe80::7".parse().unwrap());
        let v4 = NextHop::V4(match random.below(20) {
            0 => Ipv4Addr::new(0, 0, 0, 0),
            1 => Ipv4Addr::new(10, 0, 0, 100 + peer as u8),
            n => Ipv4Addr::new(192, 0, 2, n as u8 % 3),
        });
        let v6 = match random.below(20) {
            0 => NextHop::V6 {
                global: "::1".parse().unwrap(),
                link_local: None,
            },
            1 => NextHop::V6 {
                global: "fe80::9".parse().unwrap(),
                link_local: None,
            },
            n => NextHop::V6 {
                global: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 1, n as u16 % 2),
                link_local: link_local.filter(|_| n % 3 == 0),
            },
        };
        let mut prefixes = Vec::new();
        for _ in 0..1 + random.below(8) {
            prefixes.push(*random.pick(&self.prefixes));
        }
        if random.chance(10) {
            prefixes.push(prefixes[0]);
        }
        let path_id = self.some_path(peer);
        self.now += 1;
        let octets = attr.octets();
        let attributes = Attributes::from_canonical(&octets);
        let (first, second) = split(&prefixes, path_id);
        self.shard
            .announce(self.ids[peer], &attributes, v4, &first, self.now);
        self.shard
            .announce(self.ids[peer], &attributes, v6, &second, self.now);
        let up = self.naive.peers[peer].up.clone();
        for prefix in prefixes {
            if self.says(peer, &prefix) {
                let next_hop = if matches!(prefix, IpNet::V4(_)) {
                    v4
                } else {
                    v6
                };
                let route = Route {
                    attr: attr.clone(),
                    next_hop,
                    stale: None,
                    up: up.clone(),
                    learned: self.now,
                };
                let key = (prefix, peer, path_id);
                let said = self.naive.routes.get(&key);
                let again = said
                    .filter(|said| (&said.attr, said.next_hop) == (&attr, next_hop))
                    .map(|said| said.learned);
                let route = Route {
                    learned: again.unwrap_or(self.now),
                    ..route
                };
                self.naive.routes.insert((prefix, peer, path_id), route);
            }
        }
    }

    fn withdraw(&mut self, peer: usize) {
        let mut prefixes = Vec::new();
        for _ in 0..1 + self.random.below(4) {
            prefixes.push(*self.random.pick(&self.prefixes));
        }
        let path_id = self.some_path(peer);
        let (first, second) = split(&prefixes, path_id);
        self.shard.withdraw(self.ids[peer], &first);
        self.shard.withdraw(self.ids[peer], &second);
        for prefix in prefixes {
            if self.says(peer, &prefix) {
                self.naive.routes.remove(&(prefix, peer, path_id));
            }
        }
    }

    /// Is it heard of this prefix now?
    fn says(&self, peer: usize, prefix: &IpNet) -> bool {
        let peer = &self.naive.peers[peer];
        let carried = |up: &PeerUp| up.families.contains(&naive::family(prefix));
        peer.config.kind == PeerKind::Local || peer.up.as_ref().is_some_and(carried)
    }

    /// Every other peer sends several paths of a prefix.
    fn some_path(&mut self, peer: usize) -> u32 {
        if peer.is_multiple_of(2) {
            self.random.below(3) as u32
        } else {
            0
        }
    }

    fn some_families(&mut self) -> Vec<Family> {
        let random = &mut self.random;
        let all = FAMILIES.into_iter();
        all.filter(|_| random.chance(60)).collect()
    }

    fn up(&mut self, peer: usize) {
        if self.naive.peers[peer].config.kind == PeerKind::Local {
            return;
        }
        let own = 100 + peer as u8;
        let router_id = Ipv4Addr::new(1, 1, 1, 1 + self.random.below(3) as u8);
        let families = match self.random.below(6) {
            0 => vec![FAMILIES[0]],
            1 => vec![FAMILIES[1]],
            _ => FAMILIES.to_vec(),
        };
        let up = PeerUp {
            preserved: self.some_families(),
            long_lived: self.some_families(),
            enhanced_refresh: self.random.chance(50),
            add_path: match self.random.below(4) {
                0 => FAMILIES.map(|family| (family, PathCount::All)).to_vec(),
                1 => vec![(FAMILIES[1], PathCount::Best(2))],
                _ => vec![],
            },
            next_hop_v4: (!self.random.chance(8)).then(|| Ipv4Addr::new(10, 0, 0, own)),
            next_hop_v6: Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(own))),
            link_local: self.random.chance(50).then(|| "fe80::1".parse().unwrap()),
            ..PeerUp::new(
                RouterId::new(router_id).unwrap(),
                self.naive.peers[peer].config.remote_as,
                families,
            )
        };
        if self.naive.peers[peer].up.is_some() {
            self.naive.down(peer, &[]);
        }
        for family in FAMILIES {
            if !up.preserved.contains(&family) || !up.families.contains(&family) {
                self.naive.stale(peer, family, |_| None);
            }
        }
        self.naive.peers[peer].up = Some(up.clone());
        self.replays[peer] = Replay::default();
        self.shard.peer_up(self.ids[peer], up);
    }

    fn down(&mut self, peer: usize) {
        let retain = self.some_families();
        self.down_retaining(peer, &retain);
    }

    fn down_retaining(&mut self, peer: usize, retain: &[Family]) {
        if self.naive.peers[peer].config.kind == PeerKind::Local {
            return;
        }
        self.naive.down(peer, retain);
        self.replays[peer] = Replay::default();
        self.shard.peer_down(self.ids[peer], retain);
    }

    /// Something happens to what is stale, or becomes so.
    fn stale(&mut self, peer: usize) {
        let id = self.ids[peer];
        let family = *self.random.pick(&FAMILIES);
        let naive = &mut self.naive;
        let old = [Some(Staleness::Stale), Some(Staleness::LongLived)];
        let refreshing = Some(Staleness::Refreshing);
        let enhanced = (naive.peers[peer].up.as_ref()).is_some_and(|up| up.enhanced_refresh);
        match self.random.below(6) {
            0 => {
                self.shard.sweep_stale(id, family);
                naive.stale(peer, family, |route| {
                    (!old.contains(&route.stale)).then_some(route.stale)
                });
            }
            1 => {
                self.shard.end_of_rib(id, family);
                assert!(self.shard.heard_end_of_rib(id, family));
                naive.stale(peer, family, |route| {
                    (!old.contains(&route.stale)).then_some(route.stale)
                });
            }
            2..=3 => {
                self.shard.keep_long_lived(id, family);
                naive.stale(peer, family, |route| {
                    let goes = route.attr.communities.contains(&naive::NO_LLGR);
                    match route.stale {
                        Some(Staleness::Stale) if goes => None,
                        Some(Staleness::Stale) => Some(old[1]),
                        other => Some(other),
                    }
                });
            }
            4 => {
                self.shard.refresh_begins(id, family);
                let begins = enhanced && (naive.peers[peer].up.as_ref()).is_some();
                naive.stale(peer, family, |route| {
                    Some(route.stale.or(refreshing.filter(|_| begins)))
                });
            }
            _ => {
                self.shard.refresh_ends(id, family);
                naive.stale(peer, family, |route| {
                    (!enhanced || route.stale != refreshing).then_some(route.stale)
                });
            }
        }
    }

    fn replace(&mut self, peer: usize) {
        self.naive.routes.retain(|(_, from, _), _| *from != peer);
        self.naive.peers[peer].up = None;
        self.replays[peer] = Replay::default();
        self.shard.remove_peer(self.ids[peer]);
        self.ids[peer] = self.shard.add_peer(self.naive.peers[peer].config.clone());
        assert_eq!(
            self.ids
                .iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
            self.ids.len(),
            "two peers have one id"
        );
    }

    fn configure(&mut self, peer: usize) {
        let mut config = self.naive.peers[peer].config.clone();
        if self.random.chance(60) {
            config.import = self.random.pick(&self.policies).clone();
        }
        if self.random.chance(60) {
            config.export = self.random.pick(&self.policies).clone();
        }
        if self.random.chance(10) {
            config.export = Arc::new(policies::outward());
        }
        if self.random.chance(40) {
            vary(&mut config, &mut self.random);
        }
        self.shard.configure_peer(self.ids[peer], config.clone());
        let up = self.naive.peers[peer].up.as_ref();
        // With ADD-PATH all is told again.
        self.replays[peer].asked_again |= up.is_some_and(|up| !up.add_path.is_empty());
        self.naive.peers[peer].config = config;
    }

    fn refresh(&mut self, peer: usize) {
        let family = *self.random.pick(&FAMILIES);
        self.shard.refresh(self.ids[peer], family);
        self.replays[peer].asked_again = true;
    }

    fn fill(&mut self, peer: usize) -> bool {
        let room = *self.random.pick(&[1, 30, 100, 300, 1000, 70_000]);
        let mut out = Vec::new();
        let filled = self.shard.fill(self.ids[peer], &mut out, room);
        let Some(up) = self.naive.peers[peer].up.as_ref() else {
            assert_eq!((filled.messages, out.len()), (0, 0));
            return false;
        };
        let kind = self.naive.peers[peer].config.kind;
        let messages = self.replays[peer].read(&out, kind, up);
        assert_eq!(messages, filled.messages);
        if self.strict && !self.replays[peer].asked_again {
            assert_eq!(
                self.replays[peer].duplicates, 0,
                "peer {peer} was told twice"
            );
        }
        filled.more
    }

    fn pull_changes(&mut self, max: usize) -> usize {
        let mut changes = Vec::new();
        self.shard.changes(self.kernel, max, &mut changes);
        for change in &changes {
            match change.next_hop {
                Some(next_hop) => self.installed.insert(change.prefix, next_hop),
                None => self.installed.remove(&change.prefix),
            };
        }
        changes.len()
    }

    /// Everything that is pending is done, in slices; then the world must equal the model.
    fn drain(&mut self) {
        loop {
            let budget = 1 + self.random.below(200);
            let left = self.shard.work(budget);
            let named = self.shard.next_ready();
            if let Some(id) = named
                && let Some(peer) = self.ids.iter().position(|known| *known == id)
            {
                while self.fill(peer) {}
            }
            if !left && named.is_none() {
                break;
            }
        }
        while self.pull_changes(16) == 16 {}
        while self.shard.work(50) {}
        self.check();
        for route in self.naive.routes.values() {
            match route.stale {
                Some(Staleness::LongLived) => self.seen[2] += 1,
                Some(_) => self.seen[1] += 1,
                None => {}
            }
        }
        for replay in &mut self.replays {
            replay.asked_again = false;
            self.seen[0] += std::mem::take(&mut replay.answers);
            replay.duplicates = 0;
        }
    }

    fn list(&self, query: Query, budget: usize, each: &mut dyn FnMut(rib::RouteView<'_>)) {
        let mut position = QueryPosition::default();
        while self.shard.query(query, None, &mut position, budget, each) {}
    }

    fn check(&self) {
        let ranked = self.naive.ranked();
        let first = |(prefix, paths): (&IpNet, &Vec<naive::Ranked>)| {
            let (from, _, route) = paths[0].clone();
            (*prefix, (from, route))
        };
        let best: BTreeMap<IpNet, (usize, Route)> = ranked.iter().map(first).collect();
        let mut shown: BTreeMap<IpNet, (usize, Attr)> = BTreeMap::new();
        let mut paths = 0;
        let mut order = Vec::new();
        self.list(Query::All, 7, &mut |route| {
            paths += 1;
            order.push(route.prefix);
            if matches!(route.state, RouteState::Best(_)) {
                let peer = self.ids.iter().position(|id| *id == route.peer).unwrap();
                shown.insert(route.prefix, (peer, Attr::from(route.attributes)));
            }
        });
        assert!(order.is_sorted(), "listings come in prefix order");
        let expected: BTreeMap<IpNet, (usize, Attr)> = best
            .iter()
            .map(|(prefix, (peer, route))| (*prefix, (*peer, route.attr.clone())))
            .collect();
        for (prefix, best) in &expected {
            assert_eq!(shown.get(prefix), Some(best), "best path of {prefix}");
        }
        assert_eq!(shown.len(), expected.len(), "best paths");
        assert_eq!(paths, self.naive.accepted().count(), "accepted paths");

        let installed: BTreeMap<IpNet, NextHop> = best
            .iter()
            .filter(|(_, (peer, _))| self.naive.peers[*peer].config.kind != PeerKind::Local)
            .map(|(prefix, (_, route))| (*prefix, route.next_hop))
            .collect();
        assert_eq!(self.installed, installed, "kernel table");

        for peer in 0..self.ids.len() {
            self.check_peer(peer, &best, &ranked);
        }
        let totals = FAMILIES.map(|family| self.shard.totals(family));
        assert_eq!(totals[0].0 + totals[1].0, best.len() as u64);
        assert_eq!(totals[0].1 + totals[1].1, self.naive.routes.len() as u64);
    }

    fn check_peer(
        &self,
        peer: usize,
        best: &BTreeMap<IpNet, (usize, Route)>,
        ranked: &BTreeMap<IpNet, Vec<naive::Ranked>>,
    ) {
        let id = self.ids[peer];
        let expected = sorted(self.naive.exported(peer, ranked));
        let replay = &self.replays[peer];
        let mut heard: BTreeMap<IpNet, Vec<_>> = BTreeMap::new();
        for ((prefix, _), route) in &replay.routes {
            heard.entry(*prefix).or_default().push(route.clone());
        }
        assert_eq!(sorted(heard), expected, "what peer {peer} was told");
        let mut told: BTreeMap<IpNet, Vec<_>> = BTreeMap::new();
        let mut paths = 0;
        self.list(Query::Exported(id), 3, &mut |route| {
            assert_eq!(route.state, RouteState::Export(ExportState::Announced));
            let route_told = (Attr::from(route.attributes), route.next_hop.unwrap());
            let heard = replay.routes.get(&(route.prefix, route.path_id.0));
            assert_eq!(heard, Some(&route_told), "{}", route.prefix);
            told.entry(route.prefix).or_default().push(route_told);
            paths += 1;
        });
        assert_eq!(sorted(told.clone()), expected, "Adj-RIB-Out of peer {peer}");
        let mut not_told = 0;
        self.list(Query::NotExported(id), 5, &mut |route| {
            not_told += 1;
            let pending = route.state == RouteState::Export(ExportState::Pending);
            assert!(!pending, "{} is pending for peer {peer}", route.prefix);
        });
        let several =
            (self.naive.peers[peer].up.as_ref()).is_some_and(|up| !up.add_path.is_empty());
        assert!(several || told.len() + not_told == best.len());

        let mut received = 0;
        self.list(Query::Received(id), 5, &mut |route| {
            received += 1;
            let naive = &self.naive.routes[&(route.prefix, peer, route.path_id.0)];
            assert_eq!(Attr::from(route.attributes), naive.attr);
            assert_eq!(route.stale, naive.stale);
            assert_eq!(route.learned, naive.learned);
        });
        assert_eq!(
            received,
            self.naive.routes.keys().filter(|key| key.1 == peer).count()
        );

        let counters = FAMILIES.map(|family| self.shard.counters(id, family));
        let sum = |of: fn(&rib::PeerCounters) -> u64| counters.iter().map(of).sum::<u64>() as usize;
        assert_eq!(sum(|c| c.received), received);
        assert_eq!(
            sum(|c| c.best),
            best.values().filter(|(from, _)| *from == peer).count()
        );
        assert_eq!(
            sum(|c| c.accepted),
            self.naive
                .accepted()
                .filter(|(_, (from, ..))| *from == peer)
                .count()
        );
        assert_eq!(sum(|c| c.announced), paths);
        let long_lived = Some(Staleness::LongLived);
        let stale = |wanted: &dyn Fn(Option<Staleness>) -> bool| {
            let routes = self.naive.routes.iter();
            let of_peer = routes.filter(|((_, from, _), _)| *from == peer);
            of_peer.filter(|(_, route)| wanted(route.stale)).count()
        };
        let fresh_or_long = |stale: Option<Staleness>| stale == long_lived || stale.is_none();
        assert_eq!(sum(|c| c.stale), stale(&|stale| !fresh_or_long(stale)));
        assert_eq!(
            sum(|c| c.long_lived_stale),
            stale(&|stale| stale == long_lived)
        );
        assert!(
            replay.stale.is_empty(),
            "an answer to peer {peer} has no end"
        );

        if let Some(up) = &self.naive.peers[peer].up {
            for family in FAMILIES {
                let expected = usize::from(up.families.contains(&family));
                let seen = replay.ends.iter().filter(|end| **end == family).count();
                assert_eq!(seen, expected, "End-of-RIB of {family} to peer {peer}");
            }
        }
    }

    /// Everything goes; nothing may be left behind.
    fn finish(&mut self) {
        for peer in 0..self.ids.len() {
            self.naive.routes.retain(|(_, from, _), _| *from != peer);
            self.naive.peers[peer].up = None;
            self.replays[peer] = Replay::default();
            self.shard.peer_down(self.ids[peer], &[]);
        }
        self.drain();
        let usage = self.shard.usage();
        assert_eq!(usage, rib::Usage::default(), "something is left behind");
    }
}

/// Routes of a prefix in an order that does not matter.
fn sorted(routes: BTreeMap<IpNet, Vec<(Attr, NextHop)>>) -> BTreeMap<IpNet, Vec<(Attr, NextHop)>> {
    let sort = |mut routes: Vec<(Attr, NextHop)>| {
        routes.sort_by_cached_key(|route| format!("{route:?}"));
        routes
    };
    let sorted = routes.into_iter().map(|(prefix, of)| (prefix, sort(of)));
    sorted.collect()
}

/// Answers to enhanced refreshes, and routes that were stale and long-lived stale when looked at.
type Seen = [usize; 3];

fn run(seed: u64, steps: usize, strict: bool) -> Seen {
    let mut world = World::new(seed, strict);
    for step in 0..steps {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.step()));
        if let Err(panic) = result {
            eprintln!("seed {seed}, step {step}, strict {strict}");
            std::panic::resume_unwind(panic);
        }
    }
    world.drain();
    world.finish();
    world.seen
}

fn run_all(seeds: std::ops::RangeInclusive<u64>, steps: usize, strict: bool) -> Seen {
    let mut seen = Seen::default();
    for seed in seeds {
        for (sum, n) in seen.iter_mut().zip(run(seed, steps, strict)) {
            *sum += n;
        }
    }
    seen
}

/// `MODEL_SEEDS=1000` in the environment runs as many.
fn seeds(default: u64) -> u64 {
    let wanted = std::env::var("MODEL_SEEDS").ok();
    wanted.map_or(default, |text| {
        text.parse().expect("MODEL_SEEDS is a number")
    })
}

#[test]
fn random_operations_lagging() {
    let seen = run_all(1..=seeds(24), 800, false);
    assert!(seen.iter().all(|n| *n > 0), "hard to come by: {seen:?}");
}

#[test]
fn random_operations_at_the_head() {
    run_all(10_001..=10_000 + seeds(8), 250, true);
}
