//! The model: all routes in one map, everything else computed by the letter.
use bgp_wire::{
    Asn, AttributeSet, Attributes, Family, NextHop, Origin, Role, RouterId, attr::CarriedAttribute,
};
use ipnet::IpNet;
use rib::{
    DecisionRules, LongLivedExport, NextHopRule, PathCount, PeerConfig, PeerKind, PeerUp,
    PrivateAs, Staleness,
};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{LOCAL_AS, policies};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attr {
    pub(crate) origin: Origin,
    pub(crate) path: Vec<u32>,
    pub(crate) med: Option<u32>,
    pub(crate) local_pref: Option<u32>,
    pub(crate) communities: Vec<u32>,
    pub(crate) otc: Option<u32>,
    pub(crate) originator: Option<u32>,
    pub(crate) clusters: Vec<u32>,
}

impl Attr {
    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut set = AttributeSet::with_path(self.path.iter().copied().map(Asn));
        set.origin = self.origin;
        set.med = self.med;
        set.local_pref = self.local_pref;
        set.communities.clone_from(&self.communities);
        let originator = self.originator.map(Ipv4Addr::from);
        set.originator_id = originator.and_then(RouterId::new);
        set.cluster_list.clone_from(&self.clusters);
        if let Some(otc) = self.otc {
            set.carry(CarriedAttribute::only_to_customer(Asn(otc)));
        }
        let mut octets = Vec::new();
        set.encode(&mut octets);
        octets
    }
}

impl Attr {
    pub(crate) fn add(&mut self, community: u32) {
        if !self.communities.contains(&community) {
            self.communities.push(community);
        }
    }
}

impl From<Attributes<'_>> for Attr {
    fn from(attributes: Attributes<'_>) -> Self {
        let path = attributes.as_path().expect("AS_PATH is mandatory");
        Self {
            origin: attributes.origin().expect("ORIGIN is mandatory"),
            path: path.asns().map(|asn| asn.0).collect(),
            med: attributes.med(),
            local_pref: attributes.local_pref(),
            communities: attributes.communities().collect(),
            otc: attributes.only_to_customer().map(|asn| asn.0),
            originator: (attributes.originator_id()).map(|id| u32::from(id.address())),
            clusters: attributes.cluster_list().collect(),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Route {
    pub(crate) attr: Attr,
    pub(crate) next_hop: NextHop,
    /// `None`: its peer says it.
    pub(crate) stale: Option<Staleness>,
    /// The session that brought it.
    pub(crate) up: Option<PeerUp>,
    pub(crate) learned: u32,
}

#[derive(Debug)]
pub(crate) struct NaivePeer {
    pub(crate) config: PeerConfig,
    pub(crate) up: Option<PeerUp>,
}

pub(crate) const LLGR_STALE: u32 = 0xffff_0006;
pub(crate) const NO_LLGR: u32 = 0xffff_0007;
pub(crate) const GRACEFUL_SHUTDOWN: u32 = 0xffff_0000;
/// Ours, and our cluster.
pub(crate) const ROUTER_ID: u32 = 0x0a00_0064;

pub(crate) fn family(prefix: &IpNet) -> Family {
    match prefix {
        IpNet::V4(_) => Family::IPV4_UNICAST,
        IpNet::V6(_) => Family::IPV6_UNICAST,
    }
}

/// Peer, path identifier, route.
pub(crate) type Ranked = (usize, u32, Route);

#[derive(Debug, Default)]
pub(crate) struct Naive {
    pub(crate) decision: DecisionRules,
    pub(crate) peers: Vec<NaivePeer>,
    /// As received, by prefix, peer and path identifier.
    pub(crate) routes: BTreeMap<(IpNet, usize, u32), Route>,
}

impl Naive {
    /// Accepted routes, attributes after import.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = (IpNet, Ranked)> {
        self.routes
            .iter()
            .filter_map(|((prefix, from, path_id), route)| {
                let peer = &self.peers[*from];
                let config = &peer.config;
                let mut route = route.clone();
                let seen = route.attr.clone();
                // RFC 4271 §5.1.5
                if config.kind == PeerKind::Ebgp {
                    route.attr.local_pref = None;
                }
                let source = policies::From {
                    next_hop: Some(route.next_hop).filter(|_| config.kind != PeerKind::Local),
                    neighbor: config.address,
                    protocol: config.protocol,
                };
                let both = (&seen, &route.attr);
                let made = policies::judge(&config.import, prefix, both, &source)?;
                if config.kind == PeerKind::Local {
                    route.attr = made.attr;
                    return Some((*prefix, (*from, *path_id, route)));
                }
                let up = route.up.as_ref()?;
                let ours = seen.path.iter().filter(|asn| **asn == LOCAL_AS);
                if ours.count() > usize::from(config.allow_own_as) {
                    return None;
                }
                route.attr = made.attr;
                let attr = &mut route.attr;
                let remote_as = config.remote_as.0;
                if config.kind == PeerKind::Ebgp {
                    let server = config.role == Some(Role::RouteServerClient);
                    if !server && config.first_as && seen.path.first() != Some(&remote_as) {
                        return None;
                    }
                    if seen.communities.contains(&GRACEFUL_SHUTDOWN) {
                        attr.local_pref = Some(0);
                    }
                    match (config.role, seen.otc) {
                        (Some(Role::Provider | Role::RouteServer), Some(_)) => return None,
                        (Some(Role::Peer), Some(otc)) if otc != remote_as => return None,
                        (Some(Role::Customer | Role::Peer | Role::RouteServerClient), None) => {
                            attr.otc = Some(remote_as);
                        }
                        _ => {}
                    }
                } else if attr.originator == Some(ROUTER_ID) || attr.clusters.contains(&ROUTER_ID) {
                    return None;
                }
                if config.graceful_shutdown {
                    attr.local_pref = Some(0);
                }
                let usable = match route.next_hop {
                    NextHop::V4(address) => {
                        !address.is_unspecified() && Some(address) != up.next_hop_v4
                    }
                    NextHop::V6 { global, .. } => global != Ipv6Addr::LOCALHOST,
                };
                if route.stale == Some(Staleness::LongLived)
                    && !seen.communities.contains(&LLGR_STALE)
                {
                    route.attr.add(LLGR_STALE);
                }
                usable.then_some((*prefix, (*from, *path_id, route)))
            })
    }

    /// A session is over: RFC 4724 §4.2 where its family is in `retain`.
    pub(crate) fn down(&mut self, peer: usize, retain: &[Family]) {
        self.peers[peer].up = None;
        self.routes.retain(|(prefix, from, _), route| {
            if *from != peer {
                return true;
            }
            match route.stale {
                _ if !retain.contains(&family(prefix)) => return false,
                Some(Staleness::Stale) => return false,
                Some(Staleness::LongLived) => {}
                Some(Staleness::Refreshing) | None => route.stale = Some(Staleness::Stale),
            }
            true
        });
    }

    /// Changes the staleness of a peer's routes in a family; `None`: the route goes.
    pub(crate) fn stale(
        &mut self,
        peer: usize,
        of: Family,
        change: impl Fn(&Route) -> Option<Option<Staleness>>,
    ) {
        self.routes.retain(|(prefix, from, _), route| {
            if *from == peer && family(prefix) == of {
                match change(route) {
                    None => return false,
                    Some(stale) => route.stale = stale,
                }
            }
            true
        });
    }

    /// RFC 4271 §9.1.2.2: routes are removed step by step until one is left. Best first.
    pub(crate) fn ranked(&self) -> BTreeMap<IpNet, Vec<Ranked>> {
        let mut candidates: BTreeMap<IpNet, Vec<Ranked>> = BTreeMap::new();
        for (prefix, ranked) in self.accepted() {
            candidates.entry(prefix).or_default().push(ranked);
        }
        let choose = |mut left: Vec<Ranked>| {
            let kind = |from: usize| self.peers[from].config.kind;
            keep_lowest(&mut left, |(from, ..)| kind(*from) != PeerKind::Local);
            keep_lowest(&mut left, |(_, _, route)| {
                route.attr.communities.contains(&LLGR_STALE)
            });
            keep_lowest(&mut left, |(_, _, route)| {
                std::cmp::Reverse(route.attr.local_pref.unwrap_or(100))
            });
            if !self.decision.ignore_path_length {
                keep_lowest(&mut left, |(_, _, route)| route.attr.path.len());
            }
            keep_lowest(&mut left, |(_, _, route)| route.attr.origin);
            let survivors = left.clone();
            left.retain(|(_, _, route)| {
                survivors.iter().all(|(.., other)| {
                    (other.attr.path.first() != route.attr.path.first()
                        && !self.decision.always_compare_med)
                        || other.attr.med.unwrap_or(0) >= route.attr.med.unwrap_or(0)
                })
            });
            keep_lowest(&mut left, |(from, ..)| kind(*from) == PeerKind::Ibgp);
            let external = left.iter().all(|(from, ..)| kind(*from) == PeerKind::Ebgp);
            if self.decision.prefer_oldest && external {
                keep_lowest(&mut left, |(_, _, route)| route.learned);
            }
            keep_lowest(&mut left, |(_, _, route)| {
                let session = route.up.as_ref();
                let own = session.map(|up| u32::from(up.router_id.address()));
                route.attr.originator.or(own)
            });
            keep_lowest(&mut left, |(_, _, route)| route.attr.clusters.len());
            keep_lowest(&mut left, |(from, ..)| self.peers[*from].config.address);
            keep_lowest(&mut left, |(_, path_id, _)| *path_id);
            assert_eq!(left.len(), 1);
            left.remove(0)
        };
        let rank = |mut left: Vec<Ranked>| {
            let mut ranked = Vec::new();
            while !left.is_empty() {
                let best = choose(left.clone());
                left.retain(|other| (other.0, other.1) != (best.0, best.1));
                ranked.push(best);
            }
            ranked
        };
        candidates
            .into_iter()
            .map(|(prefix, routes)| (prefix, rank(routes)))
            .collect()
    }

    /// What a peer should have been told.
    pub(crate) fn exported(
        &self,
        to: usize,
        ranked: &BTreeMap<IpNet, Vec<Ranked>>,
    ) -> BTreeMap<IpNet, Vec<(Attr, NextHop)>> {
        let peer = &self.peers[to];
        let config = &peer.config;
        let Some(up) = &peer.up else {
            return BTreeMap::new();
        };
        let external = config.kind == PeerKind::Ebgp;
        let server = config.route_server && external;
        let role = config.role.filter(|_| external);
        let told = |prefix: &IpNet, from: usize, route: &Route| {
            let source = &self.peers[from].config;
            let family = family(prefix);
            let own = match prefix {
                IpNet::V4(_) => up.next_hop_v4.map(NextHop::V4),
                IpNet::V6(_) => up.next_hop_v6.map(|global| NextHop::V6 {
                    global,
                    link_local: up.link_local,
                }),
            };
            let reflected = source.kind == PeerKind::Ibgp && config.kind == PeerKind::Ibgp;
            if !up.families.contains(&family) || (reflected && !source.client && !config.client) {
                return None;
            }
            let from = policies::From {
                next_hop: Some(route.next_hop).filter(|_| source.kind != PeerKind::Local),
                neighbor: source.address,
                protocol: source.protocol,
            };
            let both = (&route.attr, &route.attr);
            let made = policies::judge(&config.export, prefix, both, &from)?;
            // What bars a route is what it came with.
            let mut attr = made.attr;
            let came = &route.attr;
            let has = |attr: &Attr, c| attr.communities.contains(&c);
            if has(came, 0xffff_ff02)
                || (external && (has(came, 0xffff_ff01) || has(came, 0xffff_ff03)))
                || (role == Some(Role::Peer) && has(came, 0xffff_ff04))
            {
                return None;
            }
            match (role, attr.otc) {
                (Some(Role::Customer | Role::Peer | Role::RouteServerClient), Some(_)) => {
                    return None;
                }
                (Some(Role::Provider | Role::Peer | Role::RouteServer), None) => {
                    attr.otc = Some(LOCAL_AS);
                }
                _ => {}
            }
            let last_resort = has(came, LLGR_STALE) && !up.long_lived.contains(&family);
            if last_resort {
                match config.long_lived_export {
                    LongLivedExport::Never => return None,
                    LongLivedExport::Internal if external => return None,
                    LongLivedExport::Internal => {
                        attr.local_pref = Some(0);
                        attr.add(0xffff_ff01);
                    }
                    LongLivedExport::All => {}
                }
            }
            if config.graceful_shutdown {
                attr.add(GRACEFUL_SHUTDOWN);
                attr.local_pref = Some(0);
            }
            if external {
                match config.private_as {
                    PrivateAs::Keep => {}
                    PrivateAs::Remove => attr.path.retain(|asn| !Asn(*asn).is_private()),
                    PrivateAs::Replace => {
                        for asn in &mut attr.path {
                            if Asn(*asn).is_private() {
                                *asn = LOCAL_AS;
                            }
                        }
                    }
                }
                attr.local_pref = None;
                attr.originator = None;
                attr.clusters.clear();
                if !server {
                    attr.path.insert(0, LOCAL_AS);
                    if source.kind != PeerKind::Local && !made.med {
                        attr.med = None;
                    }
                }
            } else {
                attr.local_pref = Some(attr.local_pref.unwrap_or(100));
                if reflected {
                    let session = route.up.as_ref().map(|up| up.router_id.address());
                    attr.originator = attr.originator.or(session.map(u32::from));
                    attr.clusters.insert(0, ROUTER_ID);
                }
            }
            let usual = !external || server;
            let received = match config.next_hop {
                _ if source.kind == PeerKind::Local => None,
                NextHopRule::Usual => usual.then_some(route.next_hop),
                NextHopRule::Own => None,
                NextHopRule::OwnForExternal => {
                    (usual && source.kind == PeerKind::Ibgp).then_some(route.next_hop)
                }
                NextHopRule::Unchanged => Some(route.next_hop),
                NextHopRule::Fixed { v4, .. } => match (route.next_hop, v4) {
                    (NextHop::V4(_), Some(fixed)) => Some(NextHop::V4(fixed)),
                    _ => usual.then_some(route.next_hop),
                },
            };
            let kept = match received {
                Some(NextHop::V6 { global, .. }) => {
                    (!global.is_unicast_link_local()).then_some(NextHop::V6 {
                        global,
                        link_local: None,
                    })
                }
                v4 => v4,
            };
            let hop = match made.next_hop {
                None => kept.or(own)?,
                Some(None) => own?,
                Some(Some(IpAddr::V4(address))) => NextHop::V4(address),
                Some(Some(IpAddr::V6(global))) => NextHop::V6 {
                    global,
                    link_local: None,
                },
            };
            Some((attr, hop))
        };
        let mut exported = BTreeMap::new();
        for (prefix, paths) in ranked {
            let of_family = |(family, _): &&(Family, _)| *family == self::family(prefix);
            let limit = match up.add_path.iter().find(of_family) {
                None => 1,
                Some((_, taken)) => usize::min(limit(*taken), limit(config.paths)),
            };
            // Without ADD-PATH the best path is told, or nothing.
            let candidates = if up.add_path.iter().any(|entry| of_family(&entry)) {
                paths.len()
            } else {
                1
            };
            let routes: Vec<_> = paths
                .iter()
                .take(candidates)
                .filter_map(|(from, _, route)| Some((*from, told(prefix, *from, route)?)))
                .take(limit)
                .filter(|(from, _)| *from != to)
                .map(|(_, route)| route)
                .collect();
            if !routes.is_empty() {
                exported.insert(*prefix, routes);
            }
        }
        exported
    }
}

fn limit(paths: PathCount) -> usize {
    match paths {
        PathCount::All => usize::MAX,
        PathCount::Best(paths) => usize::from(paths),
    }
}

fn keep_lowest<T, K: Ord>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
    if let Some(lowest) = list.iter().map(&key).min() {
        list.retain(|item| key(item) == lowest);
    }
}
