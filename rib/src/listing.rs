//! Answers to `show routes`: sorted, in slices, and without holding anything of the table.
//!
//! A hash has no order, so a listing first collects the keys it may show (8 octets per IPv4
//! prefix, 24 per IPv6 prefix, in the listing's own position and only while it lives), in buckets by their first
//! bits; each bucket is sorted when the listing comes to it. No step takes longer than a slice or
//! the sort of one bucket. A prefix that is there the whole time is shown exactly once; one that
//! comes or goes meanwhile may or may not be.
//!
//! Cost: one look at every destination of the family per listing, also for a narrow one.
use crate::{
    ExportState, PeerId, PeerKind, Query, RejectReason, RouteState, RouteView, Staleness,
    decision::rank,
    destinations::{Path, Standing},
    export::{Group, Told},
    fill::own_next_hops,
    intern::{HopId, OutId, SetId},
    key::{Keyed, within},
    member::Member,
    peers::{Core, Peer},
    sources::{Life, Source},
    table::Table,
};
use bgp_wire::{Ipv4Unicast, Ipv6Unicast, NextHop, PathId};
use ipnet::IpNet;
use std::collections::BTreeMap;

/// Destinations collected for each route of a slice's budget.
const LOOKS_PER_ROUTE: usize = 16;

/// Where a listing goes on; listings come in prefix order and in slices. Opaque. While it lives
/// it holds the keys still to be shown, 8 octets per IPv4 prefix and 24 per IPv6 prefix; it holds
/// nothing of the table, which changes as it likes between slices.
#[derive(Clone, Debug, Default)]
pub struct QueryPosition {
    pub(crate) ipv4: Listing<<Ipv4Unicast as Keyed>::Packed>,
    pub(crate) ipv6: Listing<<Ipv6Unicast as Keyed>::Packed>,
    pub(crate) ipv4_done: bool,
    pub(crate) ipv6_done: bool,
}

/// A listing's place in one family.
#[derive(Clone, Debug)]
pub(crate) struct Listing<K> {
    /// Collected up to here.
    collected: u32,
    /// Collecting is over.
    complete: bool,
    buckets: BTreeMap<u16, Vec<K>>,
    /// The bucket being shown, backwards.
    current: Vec<K>,
}

impl<K> Default for Listing<K> {
    fn default() -> Self {
        Self {
            collected: 0,
            complete: false,
            buckets: BTreeMap::new(),
            current: Vec::new(),
        }
    }
}

/// What a listing asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) query: Query,
    pub(crate) within: Option<IpNet>,
}

impl<F: Keyed> Table<F> {
    /// Shows up to `budget` routes (a prefix's routes are not torn apart) and takes them from
    /// `budget`; `true`: there may be more.
    pub(crate) fn list(
        &self,
        question: Question,
        listing: &mut Listing<F::Packed>,
        budget: &mut usize,
        core: &Core,
        each: &mut dyn FnMut(RouteView<'_>),
    ) -> bool {
        if !listing.complete {
            self.collect_keys(question.within, listing, budget);
            if !listing.complete {
                return true;
            }
        }
        // A prefix that is not shown costs a sixteenth of a route.
        let mut credit = budget.saturating_mul(LOOKS_PER_ROUTE);
        while credit > 0 {
            let Some(key) = listing.current.pop() else {
                let Some((_, mut bucket)) = listing.buckets.pop_first() else {
                    *budget = credit.div_ceil(LOOKS_PER_ROUTE);
                    return false;
                };
                bucket.sort_unstable_by(|one, other| other.cmp(one));
                // One that went and came back while keys were collected.
                bucket.dedup();
                listing.current = bucket;
                continue;
            };
            let shown = self.find(key).map_or(0, |number| {
                self.show(number, key, question.query, core, each)
            });
            let price = shown.saturating_mul(LOOKS_PER_ROUTE).saturating_add(1);
            credit = credit.saturating_sub(price);
        }
        *budget = 0;
        true
    }

    fn collect_keys(
        &self,
        range: Option<IpNet>,
        listing: &mut Listing<F::Packed>,
        budget: &mut usize,
    ) {
        let looks = budget.saturating_mul(LOOKS_PER_ROUTE);
        let end = self.destinations.end();
        let until = listing
            .collected
            .saturating_add(u32::try_from(looks).unwrap_or(u32::MAX))
            .min(end);
        for number in listing.collected..until {
            // A number without paths may be free, and its key another number's by now.
            if self.destinations.paths(number).next().is_none() {
                continue;
            }
            if let Some(key) = self.destinations.key(number)
                && range.is_none_or(|range| within(&range, &F::prefix(key)))
            {
                listing.buckets.entry(F::bucket(key)).or_default().push(key);
            }
        }
        let spent = until.saturating_sub(listing.collected) as usize;
        *budget = budget.saturating_sub(spent.div_ceil(LOOKS_PER_ROUTE));
        listing.collected = until;
        listing.complete = until >= end;
    }

    pub(crate) fn show(
        &self,
        number: u32,
        key: F::Packed,
        query: Query,
        core: &Core,
        each: &mut dyn FnMut(RouteView<'_>),
    ) -> usize {
        let prefix = F::prefix(key);
        match query {
            Query::All => self.show_paths(number, prefix, core, each, None),
            Query::Received(id) | Query::Rejected(id) => {
                let rejected_only = matches!(query, Query::Rejected(_));
                let rejected = self.show_rejected(number, prefix, core, each, id);
                if rejected_only {
                    return rejected;
                }
                let accepted = self.show_paths(number, prefix, core, each, Some(id));
                rejected.saturating_add(accepted)
            }
            Query::Exported(id) => self.show_exported(number, prefix, id, core, each),
            Query::NotExported(id) => self.show_not_exported(number, prefix, id, core, each),
        }
    }

    /// Accepted paths, best first; of one peer alone (as received) or of all (as accepted).
    fn show_paths(
        &self,
        number: u32,
        prefix: IpNet,
        core: &Core,
        each: &mut dyn FnMut(RouteView<'_>),
        peer: Option<PeerId>,
    ) -> usize {
        let paths: Vec<&Path> = self.destinations.paths(number).collect();
        let mut shown = 0_usize;
        for (place, (path, step)) in rank(&paths, &core.sets, &core.sources)
            .into_iter()
            .enumerate()
        {
            if peer.is_none_or(|peer| is_of(path, peer, core)) {
                let state = if place == 0 {
                    RouteState::Best(step)
                } else {
                    RouteState::NotBest(step)
                };
                let set = match peer {
                    Some(_) => path.received,
                    None => path.accepted,
                };
                shown = shown.saturating_add(view(path, set, prefix, state, core, each));
            }
        }
        shown
    }

    fn show_rejected(
        &self,
        number: u32,
        prefix: IpNet,
        core: &Core,
        each: &mut dyn FnMut(RouteView<'_>),
        peer: PeerId,
    ) -> usize {
        let mut shown = 0_usize;
        let config = core.peers.at(peer).map(|peer| &peer.config);
        let paths = self.destinations.paths(number);
        for path in paths.filter(|path| !path.accepted() && is_of(path, peer, core)) {
            let reason = match path.standing() {
                Standing::AsLoop => RejectReason::AsLoop,
                Standing::NextHopIsOurs => RejectReason::NextHopIsOurs,
                Standing::NextHopInvalid => RejectReason::NextHopInvalid,
                Standing::OriginatorLoop => RejectReason::OriginatorLoop,
                Standing::ClusterLoop => RejectReason::ClusterLoop,
                Standing::FirstAsMismatch => RejectReason::FirstAsMismatch,
                Standing::RouteLeak => RejectReason::RouteLeak,
                Standing::Limit => RejectReason::Limit,
                Standing::Policy | Standing::Accepted => match config {
                    Some(config) if config.import.is_missing() => RejectReason::NoPolicy,
                    Some(config) => RejectReason::Policy(config.import.name().into()),
                    None => RejectReason::NoPolicy,
                },
            };
            let state = RouteState::Rejected(reason);
            shown = shown.saturating_add(view(path, path.received, prefix, state, core, each));
        }
        shown
    }

    fn show_exported(
        &self,
        number: u32,
        prefix: IpNet,
        id: PeerId,
        core: &Core,
        each: &mut dyn FnMut(RouteView<'_>),
    ) -> usize {
        let Some((peer, member, group)) = self.seat_of(id, core) else {
            return 0;
        };
        let mut shown = 0_usize;
        for place in group.numbers(number) {
            let told = group.told(place);
            let Some(out) = core.out(told.out).filter(|out| out.source != id) else {
                continue;
            };
            if !member.holds.contains(place) {
                continue;
            }
            let next_hop = if out.next_hop == HopId::OWN {
                let own = peer.up.as_deref().map(own_next_hops);
                own.and_then(|own| own.get(F::SLOT).copied().flatten())
            } else {
                core.hops.value(out.next_hop.0)
            };
            let state = if is_pending(member, group, place, told) {
                ExportState::Pending
            } else {
                ExportState::Announced
            };
            let mut paths = self.destinations.paths(number).filter_map(|path| {
                let source = core.sources.at(path.source())?;
                (source.peer == out.source && path.accepted()).then_some((path, source))
            });
            let path = paths.next();
            each(RouteView {
                prefix,
                path_id: group.place(place).map_or(PathId(0), |(_, id)| id),
                peer: out.source,
                next_hop,
                attributes: core.sets.attributes(out.set),
                state: RouteState::Export(state),
                stale: path.and_then(|(_, source)| staleness(source)),
                learned: path.map_or(0, |(path, _)| path.learned),
            });
            shown = shown.saturating_add(1);
        }
        shown
    }

    fn show_not_exported(
        &self,
        number: u32,
        prefix: IpNet,
        id: PeerId,
        core: &Core,
        each: &mut dyn FnMut(RouteView<'_>),
    ) -> usize {
        let (Some(best), Some(peer)) = (self.destinations.best(number), core.peers.at(id)) else {
            return 0;
        };
        let from_it = core
            .sources
            .at(best.source())
            .is_some_and(|source| source.peer == id);
        let state = match self.seat_of(id, core) {
            _ if peer.up.is_none() => ExportState::NotUp,
            None => ExportState::FamilyNotNegotiated,
            Some(_) if from_it => ExportState::LearnedFromIt,
            Some((_, member, group)) => {
                let told = |number: &u32| {
                    member.holds.contains(*number) && group.told(*number).out != OutId::NONE
                };
                match group.key.verdict(best, || prefix, core) {
                    Err(reason) => reason,
                    Ok(()) if group.numbers(number).iter().any(told) => return 0,
                    Ok(())
                        if group
                            .numbers(number)
                            .iter()
                            .any(|it| member.blocked.contains(it)) =>
                    {
                        ExportState::Limit
                    }
                    Ok(()) => ExportState::Pending,
                }
            }
        };
        view(
            best,
            best.accepted,
            prefix,
            RouteState::Export(state),
            core,
            each,
        )
    }

    fn seat_of<'a>(
        &'a self,
        id: PeerId,
        core: &'a Core,
    ) -> Option<(&'a Peer, &'a Member, &'a Group)> {
        let peer = core.peers.at(id)?;
        let member = peer.member(F::SLOT)?;
        Some((peer, member, self.group(member.group)?))
    }
}

/// Is the path in the peer's Adj-RIB-In? (One that waits to be swept is not.)
fn is_of(path: &Path, peer: PeerId, core: &Core) -> bool {
    let source = core.sources.at(path.source());
    source.is_some_and(|source| source.peer == peer && source.life != Life::Dead)
}

/// Is there something about this prefix that the member is still to be told?
fn is_pending(member: &Member, group: &Group, number: u32, told: Told) -> bool {
    (member.cursor.next..member.cursor.end).contains(&number)
        || member.own.contains(&number)
        || (told.mark != 0 && group.log.since(told.mark, member.cursor.position))
}

fn view(
    path: &Path,
    set: SetId,
    prefix: IpNet,
    state: RouteState,
    core: &Core,
    each: &mut dyn FnMut(RouteView<'_>),
) -> usize {
    let Some(source) = core.sources.at(path.source()) else {
        return 0;
    };
    let next_hop: Option<NextHop> = match source.kind {
        PeerKind::Local => None,
        PeerKind::Ebgp | PeerKind::Ibgp => core.hops.value(path.next_hop.0),
    };
    each(RouteView {
        prefix,
        path_id: PathId(path.path_id),
        peer: source.peer,
        next_hop,
        attributes: core.sets.attributes(set),
        state,
        stale: staleness(source),
        learned: path.learned,
    });
    1
}

fn staleness(source: &Source) -> Option<Staleness> {
    match source.life {
        Life::Live | Life::Dead => None,
        Life::Stale => Some(Staleness::Stale),
        Life::Refreshing => Some(Staleness::Refreshing),
        Life::LongLived => Some(Staleness::LongLived),
    }
}
