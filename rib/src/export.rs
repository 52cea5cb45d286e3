//! Export groups: one Adj-RIB-Out for all peers that are told the same.
//!
//! Peers with equal export keys (policy, session type, AS, size of messages) form a group. The
//! group is a reader of the table's journal: for each changed prefix it decides once what its
//! members are told, keeps the id of that (`Out`: attribute set, next hop, source) and, where it
//! differs from before, enters the prefix into a journal of its own, which the members read at
//! their own pace. So "same as last sent" cancels before any member sees it.
//!
//! What is told follows from the rules of the session (`rules`) and its policy. Rewriting is
//! memoised per attribute set and class of source.
//!
//! With ADD-PATH (RFC 7911) a group tells several paths of a prefix, each in a slot of its own
//! (`slots`); the identifier of a path is one of its peer and of what the peer calls it, so it stays
//! the same however often the path changes.
//!
//! Cost: 8 octets per prefix and group, 20 per attribute set for the memo, one bit per prefix and
//! member.
use crate::{
    ExportState, PathCount, PeerId, PeerKind, Policy, Subject,
    destinations::Path,
    intern::{HopId, Out, OutId, SetId},
    journal::{Cursor, Log},
    pages::Pages,
    peers::Core,
    policy::Look,
    rules::{Class, Rules},
    slots::Slots,
};
use bgp_wire::{Attributes, Ipv6Unicast, MessageSize, NextHop, Nlri, Packer, PathId};
use ipnet::{IpNet, Ipv6Net};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

/// What decides how peers are told a route: equal keys, one group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ExportKey {
    pub(crate) policy: Arc<Policy>,
    pub(crate) rules: Rules,
    pub(crate) max_message: usize,
    pub(crate) four_octet_as: bool,
    /// There is an address of ours to be the next hop of this family's routes.
    pub(crate) own_next_hop: bool,
    /// IPv6 next hops can be told for this family's routes (of IPv4: RFC 8950).
    pub(crate) next_hops_v6: bool,
    /// ADD-PATH (RFC 7911): how many paths.
    pub(crate) paths: Option<PathCount>,
}

/// Octets of an UPDATE beside the attribute set, generously.
const UPDATE_OVERHEAD: usize = 128;

impl ExportKey {
    /// Why a path is not told, whatever the policy says.
    fn bars(&self, path: &Path, core: &Core) -> Result<(), ExportState> {
        let (Some(source), Some(hot)) =
            (core.sources.at(path.source()), core.sets.hot(path.accepted))
        else {
            return Err(ExportState::Pending);
        };
        match self.rules.bars(self.rules.class(source), hot) {
            Some(reason) => Err(reason),
            None => Ok(()),
        }
    }

    /// What the policy finds in a path, prefix aside.
    fn look(&self, path: &Path, core: &Core) -> Result<Look, ExportState> {
        if let Some(look) = self.policy.look_at_nothing() {
            return Ok(look);
        }
        let source = core.sources.at(path.source()).ok_or(ExportState::Pending)?;
        let hop = core.hops.value(path.next_hop.0);
        Ok(self.policy.look(&Subject {
            attributes: &core.sets.attributes(path.accepted),
            next_hop: hop.filter(|_| source.kind != PeerKind::Local),
            neighbor: source.address,
            protocol: source.protocol,
        }))
    }

    /// The terms that change a path on its way; or why it is not told.
    fn terms(&self, look: &Look, prefix: impl FnOnce() -> IpNet) -> Result<Vec<u16>, ExportState> {
        let outcome = self.policy.outcome(look, prefix);
        if outcome.accept {
            return Ok(outcome.terms);
        }
        Err(if self.policy.is_missing() {
            ExportState::NoPolicy
        } else {
            ExportState::Policy(self.policy.name().into())
        })
    }

    /// The next hop that is told; `None`: our own address.
    fn next_hop(
        &self,
        path: &Path,
        terms: &[u16],
        core: &Core,
    ) -> Result<Option<NextHop>, ExportState> {
        let source = core.sources.at(path.source()).ok_or(ExportState::Pending)?;
        let told = match self.policy.next_hop(terms) {
            Some(given) => given.map(|address| match address {
                IpAddr::V4(address) => NextHop::V4(address),
                IpAddr::V6(global) => NextHop::V6 {
                    global,
                    link_local: None,
                },
            }),
            None => self.rules.next_hop(path, source.kind, core),
        };
        // What cannot be said to this peer is replaced by what it can reach: us.
        let told = told.filter(|hop| self.next_hops_v6 || matches!(hop, NextHop::V4(_)));
        if told.is_none() && !self.own_next_hop {
            return Err(ExportState::NoNextHop);
        }
        Ok(told)
    }

    /// Do these attributes and one prefix fit into a message?
    fn fits(&self, octets: &[u8]) -> bool {
        // Even with every AS number once more in AS4_PATH.
        let most = octets.len().saturating_mul(2);
        if most.saturating_add(UPDATE_OVERHEAD) <= self.max_message {
            return true;
        }
        let size = MessageSize {
            max: self.max_message,
            four_octet_as: self.four_octet_as,
            add_path: self.paths.is_some(),
        };
        let longest = Nlri::<Ipv6Unicast>::new(Ipv6Net::from(Ipv6Addr::LOCALHOST));
        let next_hop = NextHop::V6 {
            global: Ipv6Addr::LOCALHOST,
            link_local: Some(Ipv6Addr::LOCALHOST),
        };
        Packer::announce(&mut Vec::new(), size, octets, next_hop, &[longest]).is_ok()
    }

    /// The rewritten set in octets, where it fits.
    fn rewritten(&self, path: &Path, terms: &[u16], core: &Core) -> Result<Vec<u8>, ExportState> {
        let source = core.sources.at(path.source()).ok_or(ExportState::Pending)?;
        let class = self.rules.class(source);
        let hot = core.sets.hot(path.accepted).ok_or(ExportState::Pending)?;
        let accepted = core.sets.octets(path.accepted);
        let mut octets = Vec::new();
        if terms.is_empty() {
            self.rules.rewrite(accepted, hot, class, false, &mut octets);
        } else {
            let mut set = Attributes::from_canonical(accepted).to_set();
            self.policy.apply(terms, &mut set, self.rules.local_as);
            let mut changed = Vec::new();
            set.encode(&mut changed);
            let med = self.policy.sets_med(terms);
            self.rules.rewrite(&changed, hot, class, med, &mut octets);
        }
        if self.fits(&octets) {
            Ok(octets)
        } else {
            Err(ExportState::TooLarge)
        }
    }

    /// Why a path is not told to the group; for questions, nothing is stored.
    pub(crate) fn verdict(
        &self,
        path: &Path,
        prefix: impl FnOnce() -> IpNet,
        core: &Core,
    ) -> Result<(), ExportState> {
        self.bars(path, core)?;
        let terms = self.terms(&self.look(path, core)?, prefix)?;
        self.next_hop(path, &terms, core)?;
        self.rewritten(path, &terms, core).map(|_| ())
    }
}

/// One prefix of an Adj-RIB-Out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) out: OutId,
    /// In the group's journal.
    pub(crate) mark: u32,
}

impl Told {
    pub(crate) const NOTHING: Self = Self {
        out: OutId::NONE,
        mark: 0,
    };
}

/// What the rules alone make of an attribute set; valid while both sets live on.
#[derive(Clone, Copy, Debug)]
struct Memo {
    birth: u32,
    class: Class,
    /// Set and birth; `SetId(u32::MAX)`: too large for the group's messages.
    set: (SetId, u32),
}

/// What a policy of terms finds in an attribute set, and last made of it.
#[derive(Debug)]
struct Found {
    birth: u32,
    /// Of the path that was looked at, where the policy looks at more than attributes.
    beside: Option<(PeerId, HopId)>,
    look: Look,
    made: Option<(Vec<u16>, Memo)>,
}

/// A member that left for another group and still compares with this one's Adj-RIB-Out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin {
    pub(crate) peer: PeerId,
    pub(crate) position: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) key: ExportKey,
    pub(crate) members: Vec<PeerId>,
    pub(crate) pins: Vec<Pin>,
    /// On the table's destinations and journal.
    pub(crate) cursor: Cursor,
    /// By number: of a destination, or with ADD-PATH of a slot.
    pub(crate) told: Pages<Told>,
    /// With ADD-PATH.
    slots: Option<Slots>,
    pub(crate) log: Log,
    memo: Vec<Option<Memo>>,
    /// By attribute set, for policies of terms.
    found: HashMap<SetId, Found>,
}

/// What an evaluation means for the members.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Evaluated {
    Same,
    /// All members are concerned.
    Changed,
    /// Only the source changed, from or to these peers.
    Moved {
        from: PeerId,
        to: PeerId,
    },
}

impl Group {
    pub(crate) fn new(key: ExportKey, cursor: Cursor) -> Self {
        let slots = key.paths.is_some().then(Slots::new);
        Self {
            key,
            slots,
            members: Vec::new(),
            pins: Vec::new(),
            cursor,
            told: Pages::new(),
            log: Log::new(),
            memo: Vec::new(),
            found: HashMap::new(),
        }
    }

    #[inline]
    pub(crate) fn told(&self, number: u32) -> Told {
        self.told.at(number).copied().unwrap_or(Told::NOTHING)
    }

    /// Nothing here names `destination` any more.
    pub(crate) fn idle(&self, destination: u32) -> bool {
        match &self.slots {
            Some(slots) => slots.of(destination).next().is_none(),
            None => self.silent(destination),
        }
    }

    fn silent(&self, number: u32) -> bool {
        let told = self.told(number);
        told.out == OutId::NONE && told.mark == 0
    }

    /// It tells several paths of a prefix.
    pub(crate) const fn tells_paths(&self) -> bool {
        self.slots.is_some()
    }

    /// The destination and the path that a number of this group stands for.
    #[inline]
    pub(crate) fn place(&self, number: u32) -> Option<(u32, PathId)> {
        match &self.slots {
            Some(slots) => slots.place(number),
            None => Some((number, PathId(0))),
        }
    }

    /// The numbers of a destination.
    pub(crate) fn numbers(&self, destination: u32) -> Vec<u32> {
        match &self.slots {
            Some(slots) => slots.of(destination).map(|(slot, _)| slot).collect(),
            None => vec![destination],
        }
    }

    /// Its numbers are below this, where those of destinations are below `destinations`.
    pub(crate) fn end(&self, destinations: u32) -> u32 {
        self.slots.as_ref().map_or(destinations, Slots::end)
    }

    /// All members have passed what the journal said of `number`: it is free to be used again if
    /// nothing is told there. The destination that it stood for.
    pub(crate) fn passed(&mut self, number: u32, core: &mut Core) -> Option<u32> {
        let silent = self.silent(number);
        let Some(slots) = &mut self.slots else {
            return Some(number);
        };
        if !silent {
            return slots.place(number).map(|(destination, _)| destination);
        }
        let (destination, path_id) = slots.remove(number)?;
        core.release_path_id(path_id);
        Some(destination)
    }

    /// The number of a destination's path, in the journal if it is new: so it is free again one day.
    pub(crate) fn number(&mut self, destination: u32, path_id: PathId, core: &mut Core) -> u32 {
        let Some(slots) = &mut self.slots else {
            return destination;
        };
        if let Some(slot) = slots.find(destination, path_id) {
            return slot;
        }
        let slot = slots.add(destination, path_id);
        core.retain_path_id(path_id);
        self.told.reach(slot, &Told::NOTHING);
        self.publish(slot);
        slot
    }

    /// Gives memory back, when it names no destination.
    pub(crate) fn forget_all(&mut self) {
        self.told.clear();
        self.memo = Vec::new();
        self.found = HashMap::new();
        if let Some(slots) = &mut self.slots {
            slots.clear();
        }
    }

    /// Members can still be told something new: it follows the table's journal.
    pub(crate) fn active(&self) -> bool {
        !self.members.is_empty()
    }

    /// Decides what is told of `destination`, whose best path is `best`.
    pub(crate) fn evaluate(
        &mut self,
        destination: u32,
        best: Option<&Path>,
        prefix: impl FnOnce() -> IpNet,
        core: &mut Core,
    ) -> Evaluated {
        let new = best
            .and_then(|path| self.announcement(path, prefix, core).ok())
            .unwrap_or(OutId::NONE);
        let old = self.told(destination).out;
        if old == new {
            if new != OutId::NONE {
                core.release_out(new);
            }
            return Evaluated::Same;
        }
        self.told.reach(destination, &Told::NOTHING);
        if let Some(told) = self.told.at_mut(destination) {
            told.out = new;
        }
        let (before, after) = (core.out(old), core.out(new));
        if old != OutId::NONE {
            core.release_out(old);
        }
        match (before, after) {
            (Some(before), Some(after))
                if (before.set, before.next_hop) == (after.set, after.next_hop) =>
            {
                Evaluated::Moved {
                    from: before.source,
                    to: after.source,
                }
            }
            _ => Evaluated::Changed,
        }
    }

    /// Decides which of `paths`, best first, are told of `destination`, and enters what changes
    /// into the journal; `true`: something did.
    pub(crate) fn evaluate_paths(
        &mut self,
        destination: u32,
        paths: &[Path],
        prefix: IpNet,
        core: &mut Core,
    ) -> bool {
        let limit = self.key.paths.unwrap_or_default().limit();
        let mut wanted: Vec<(PathId, OutId)> = Vec::new();
        for path in paths {
            if wanted.len() >= limit {
                break;
            }
            if let Ok(out) = self.announcement(path, || prefix, core)
                && let Some(source) = core.out(out).map(|out| out.source)
            {
                wanted.push((core.path_id(source, path.path_id), out));
            }
        }
        let mut changed = false;
        for number in self.numbers(destination) {
            let place = self.place(number);
            let stays = place.is_some_and(|(_, id)| wanted.iter().any(|(other, _)| *other == id));
            if !stays {
                changed |= self.tell(number, OutId::NONE, core);
            }
        }
        for (path_id, out) in wanted {
            let number = self.number(destination, path_id, core);
            core.release_path_id(path_id);
            changed |= self.tell(number, out, core);
        }
        changed
    }

    /// Tells this (one use of which it takes over) of `number`; `true`: it is something else than
    /// before, and in the journal.
    fn tell(&mut self, number: u32, out: OutId, core: &mut Core) -> bool {
        let Some(told) = self.told.at_mut(number) else {
            return false;
        };
        let old = std::mem::replace(&mut told.out, out);
        if old != OutId::NONE {
            core.release_out(old);
        }
        if old != out {
            self.publish(number);
        }
        old != out
    }

    /// Enters `number` into the journal of the members.
    pub(crate) fn publish(&mut self, number: u32) {
        if let Some(told) = self.told.at_mut(number) {
            self.log.push(number, &mut told.mark);
        }
    }

    /// What is told of a path, one use counted.
    fn announcement(
        &mut self,
        path: &Path,
        prefix: impl FnOnce() -> IpNet,
        core: &mut Core,
    ) -> Result<OutId, ExportState> {
        self.key.bars(path, core)?;
        let terms = match self.key.policy.look_at_nothing() {
            Some(look) => self.key.terms(&look, prefix)?,
            None => {
                let found = found_in(&self.key, &mut self.found, path, core)?;
                self.key.terms(&found.look, prefix)?
            }
        };
        let told = self.key.next_hop(path, &terms, core)?;
        let set = self.made(path, terms, core)?;
        let next_hop = match told {
            Some(told) => HopId(core.hops.intern(told).0),
            None => HopId::OWN,
        };
        let source = core.sources.at(path.source()).ok_or(ExportState::Pending)?;
        let source = source.peer;
        Ok(core.intern_out(Out {
            set,
            next_hop,
            source,
        }))
    }

    /// The set that these terms and the rules make of a path's, one use counted.
    fn made(
        &mut self,
        path: &Path,
        terms: Vec<u16>,
        core: &mut Core,
    ) -> Result<SetId, ExportState> {
        let source = core.sources.at(path.source()).ok_or(ExportState::Pending)?;
        let birth = core.sets.birth(path.accepted).ok_or(ExportState::Pending)?;
        let class = self.key.rules.class(source);
        let at = path.accepted.0 as usize;
        let known = if terms.is_empty() {
            self.memo.get(at).copied().flatten()
        } else {
            let found = self.found.get(&path.accepted);
            let made = found.and_then(|found| found.made.as_ref());
            made.filter(|(of, _)| *of == terms).map(|(_, memo)| *memo)
        };
        if let Some(memo) = known.filter(|memo| (memo.birth, memo.class) == (birth, class)) {
            let (set, born) = memo.set;
            if set == Memo::TOO_LARGE {
                return Err(ExportState::TooLarge);
            }
            if core.sets.birth(set) == Some(born) {
                core.sets.retain(set, 1);
                return Ok(set);
            }
        }
        let rewritten = self.key.rewritten(path, &terms, core);
        let result = rewritten.map(|octets| core.sets.intern(&octets));
        let set = result.as_ref().map_or(Memo::TOO_LARGE, |set| *set);
        let born = core.sets.birth(set).unwrap_or(0);
        let memo = Memo {
            birth,
            class,
            set: (set, born),
        };
        if !terms.is_empty() {
            if let Some(found) = self.found.get_mut(&path.accepted) {
                found.made = Some((terms, memo));
            }
            return result;
        }
        if at >= self.memo.len() {
            self.memo.resize(at.saturating_add(1), None);
        }
        if let Some(place) = self.memo.get_mut(at) {
            *place = Some(memo);
        }
        result
    }
}

impl Memo {
    const TOO_LARGE: SetId = SetId(u32::MAX);
}

/// What a policy of terms finds in a path, looked at once for an attribute set where that is all it
/// looks at.
fn found_in<'f>(
    key: &ExportKey,
    found: &'f mut HashMap<SetId, Found>,
    path: &Path,
    core: &Core,
) -> Result<&'f Found, ExportState> {
    let source = core.sources.at(path.source()).ok_or(ExportState::Pending)?;
    let birth = core.sets.birth(path.accepted).ok_or(ExportState::Pending)?;
    let beside = key
        .policy
        .looks_beside_attributes()
        .then_some((source.peer, path.next_hop));
    let fresh = |found: &Found| (found.birth, found.beside) == (birth, beside);
    if !found.get(&path.accepted).is_some_and(fresh) {
        let look = key.look(path, core)?;
        let made = None;
        let new = Found {
            birth,
            beside,
            look,
            made,
        };
        found.insert(path.accepted, new);
    }
    found.get(&path.accepted).ok_or(ExportState::Pending)
}
