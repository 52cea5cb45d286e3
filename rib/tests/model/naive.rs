//! The model: all routes in one map, everything else computed by the letter.
use bgp_wire::{Asn, AttributeSet, Attributes, Family, NextHop, Origin};
use ipnet::IpNet;
use rib::{LongLivedExport, PeerKind, PeerUp, Policy, Staleness, Verdict};
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use crate::LOCAL_AS;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attr {
    pub(crate) origin: Origin,
    pub(crate) path: Vec<u32>,
    pub(crate) med: Option<u32>,
    pub(crate) local_pref: Option<u32>,
    pub(crate) communities: Vec<u32>,
}

impl Attr {
    pub(crate) fn octets(&self) -> Vec<u8> {
        let mut set = AttributeSet::with_path(self.path.iter().copied().map(Asn));
        set.origin = self.origin;
        set.med = self.med;
        set.local_pref = self.local_pref;
        set.communities.clone_from(&self.communities);
        let mut octets = Vec::new();
        set.encode(&mut octets);
        octets
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
}

#[derive(Debug)]
pub(crate) struct NaivePeer {
    pub(crate) kind: PeerKind,
    pub(crate) address: IpAddr,
    pub(crate) remote_as: u32,
    pub(crate) import: Arc<Policy>,
    pub(crate) export: Arc<Policy>,
    pub(crate) long_lived_export: LongLivedExport,
    pub(crate) up: Option<PeerUp>,
}

pub(crate) const LLGR_STALE: u32 = 0xffff_0006;
pub(crate) const NO_LLGR: u32 = 0xffff_0007;

pub(crate) fn family(prefix: &IpNet) -> Family {
    match prefix {
        IpNet::V4(_) => Family::IPV4_UNICAST,
        IpNet::V6(_) => Family::IPV6_UNICAST,
    }
}

#[derive(Debug, Default)]
pub(crate) struct Naive {
    pub(crate) peers: Vec<NaivePeer>,
    /// As received.
    pub(crate) routes: BTreeMap<(IpNet, usize), Route>,
}

impl Naive {
    /// Accepted routes, attributes after import.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = (IpNet, usize, Route)> {
        self.routes.iter().filter_map(|((prefix, from), route)| {
            let peer = &self.peers[*from];
            if peer.import.verdict(prefix) == Verdict::Reject {
                return None;
            }
            let mut route = route.clone();
            if peer.kind == PeerKind::Local {
                return Some((*prefix, *from, route));
            }
            let up = route.up.as_ref()?;
            if route.attr.path.contains(&LOCAL_AS) {
                return None;
            }
            if peer.kind == PeerKind::Ebgp {
                if route.attr.path.first() != Some(&peer.remote_as) {
                    return None;
                }
                route.attr.local_pref = None;
            }
            let usable = match route.next_hop {
                NextHop::V4(address) => {
                    !address.is_unspecified() && Some(address) != up.next_hop_v4
                }
                NextHop::V6 { global, .. } => global != Ipv6Addr::LOCALHOST,
            };
            if route.stale == Some(Staleness::LongLived)
                && !route.attr.communities.contains(&LLGR_STALE)
            {
                route.attr.communities.push(LLGR_STALE);
            }
            usable.then_some((*prefix, *from, route))
        })
    }

    /// A session is over: RFC 4724 §4.2 where its family is in `retain`.
    pub(crate) fn down(&mut self, peer: usize, retain: &[Family]) {
        self.peers[peer].up = None;
        self.routes.retain(|(prefix, from), route| {
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
        self.routes.retain(|(prefix, from), route| {
            if *from == peer && family(prefix) == of {
                match change(route) {
                    None => return false,
                    Some(stale) => route.stale = stale,
                }
            }
            true
        });
    }

    /// RFC 4271 §9.1.2.2: routes are removed step by step until one is left.
    pub(crate) fn best(&self) -> BTreeMap<IpNet, (usize, Route)> {
        let mut candidates: BTreeMap<IpNet, Vec<(usize, Route)>> = BTreeMap::new();
        for (prefix, from, route) in self.accepted() {
            candidates.entry(prefix).or_default().push((from, route));
        }
        let choose = |mut left: Vec<(usize, Route)>| {
            let kind = |from: usize| self.peers[from].kind;
            keep_lowest(&mut left, |(from, _)| kind(*from) != PeerKind::Local);
            keep_lowest(&mut left, |(_, route)| {
                route.attr.communities.contains(&LLGR_STALE)
            });
            keep_lowest(&mut left, |(_, route)| {
                std::cmp::Reverse(route.attr.local_pref.unwrap_or(100))
            });
            keep_lowest(&mut left, |(_, route)| route.attr.path.len());
            keep_lowest(&mut left, |(_, route)| route.attr.origin);
            let survivors = left.clone();
            left.retain(|(_, route)| {
                survivors.iter().all(|(_, other)| {
                    other.attr.path.first() != route.attr.path.first()
                        || other.attr.med.unwrap_or(0) >= route.attr.med.unwrap_or(0)
                })
            });
            keep_lowest(&mut left, |(from, _)| kind(*from) == PeerKind::Ibgp);
            keep_lowest(&mut left, |(_, route)| {
                route
                    .up
                    .as_ref()
                    .map(|up| u32::from(up.router_id.address()))
            });
            keep_lowest(&mut left, |(from, _)| self.peers[*from].address);
            assert_eq!(left.len(), 1);
            left.remove(0)
        };
        candidates
            .into_iter()
            .map(|(prefix, routes)| (prefix, choose(routes)))
            .collect()
    }

    /// What a peer should have been told.
    pub(crate) fn exported(
        &self,
        to: usize,
        best: &BTreeMap<IpNet, (usize, Route)>,
    ) -> BTreeMap<IpNet, (Attr, NextHop)> {
        let peer = &self.peers[to];
        let Some(up) = &peer.up else {
            return BTreeMap::new();
        };
        best.iter()
            .filter_map(|(prefix, (from, route))| {
                let source = self.peers[*from].kind;
                let (family, own) = match prefix {
                    IpNet::V4(_) => (crate::FAMILIES[0], up.next_hop_v4.map(NextHop::V4)),
                    IpNet::V6(_) => (
                        crate::FAMILIES[1],
                        up.next_hop_v6.map(|global| NextHop::V6 {
                            global,
                            link_local: up.link_local,
                        }),
                    ),
                };
                if *from == to
                    || !up.families.contains(&family)
                    || peer.export.verdict(prefix) == Verdict::Reject
                    || (source == PeerKind::Ibgp && peer.kind == PeerKind::Ibgp)
                {
                    return None;
                }
                let mut attr = route.attr.clone();
                let kept = match route.next_hop {
                    NextHop::V6 { global, .. } => {
                        (!global.is_unicast_link_local()).then_some(NextHop::V6 {
                            global,
                            link_local: None,
                        })
                    }
                    v4 => Some(v4),
                };
                let community = |c| attr.communities.contains(&c);
                if community(0xffff_ff02) {
                    return None;
                }
                let last_resort = community(LLGR_STALE) && !up.long_lived.contains(&family);
                match peer.long_lived_export {
                    LongLivedExport::Never if last_resort => return None,
                    LongLivedExport::Internal if last_resort && peer.kind == PeerKind::Ebgp => {
                        return None;
                    }
                    _ => {}
                }
                let last_resort =
                    last_resort && peer.long_lived_export == LongLivedExport::Internal;
                let next_hop = if peer.kind == PeerKind::Ebgp {
                    if community(0xffff_ff01) || community(0xffff_ff03) {
                        return None;
                    }
                    attr.path.insert(0, LOCAL_AS);
                    attr.local_pref = None;
                    if source != PeerKind::Local {
                        attr.med = None;
                    }
                    own?
                } else {
                    attr.local_pref = Some(attr.local_pref.unwrap_or(100));
                    if last_resort {
                        attr.local_pref = Some(0);
                        if !attr.communities.contains(&0xffff_ff01) {
                            attr.communities.push(0xffff_ff01);
                        }
                    }
                    match kept {
                        Some(kept) if source != PeerKind::Local => kept,
                        _ => own?,
                    }
                };
                Some((*prefix, (attr, next_hop)))
            })
            .collect()
    }
}

fn keep_lowest<T, K: Ord>(list: &mut Vec<T>, key: impl Fn(&T) -> K) {
    if let Some(lowest) = list.iter().map(&key).min() {
        list.retain(|item| key(item) == lowest);
    }
}
