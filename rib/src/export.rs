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
//! Cost: 8 octets per prefix and group, 12 per attribute set for the memo, one bit per prefix and
//! member.
use crate::{
    ExportState, PathCount, PeerId, Policy, Verdict,
    destinations::Path,
    intern::{HopId, Out, OutId, SetId},
    journal::{Cursor, Log},
    pages::Pages,
    peers::Core,
    rules::{Class, Rules},
    slots::Slots,
};
use bgp_wire::{Ipv6Unicast, MessageSize, NextHop, Nlri, Packer, PathId};
use ipnet::{IpNet, Ipv6Net};
use std::{net::Ipv6Addr, sync::Arc};

/// What decides how peers are told a route: equal keys, one group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ExportKey {
    pub(crate) policy: Arc<Policy>,
    pub(crate) rules: Rules,
    pub(crate) max_message: usize,
    pub(crate) four_octet_as: bool,
    /// There is an address of ours to be the next hop of this family's routes.
    pub(crate) own_next_hop: bool,
    /// ADD-PATH (RFC 7911): how many paths.
    pub(crate) paths: Option<PathCount>,
}

/// Octets of an UPDATE beside the attribute set, generously.
const UPDATE_OVERHEAD: usize = 128;

impl ExportKey {
    /// Why a path is not told to the group, the size of its attributes aside.
    pub(crate) fn gate(
        &self,
        path: &Path,
        prefix: impl FnOnce() -> IpNet,
        core: &Core,
    ) -> Result<(), ExportState> {
        let (Some(source), Some(hot)) =
            (core.sources.at(path.source()), core.sets.hot(path.accepted))
        else {
            return Err(ExportState::Pending);
        };
        if let Some(reason) = self.rules.bars(self.rules.class(source), hot) {
            return Err(reason);
        }
        let verdict = self
            .policy
            .sweeping()
            .unwrap_or_else(|| self.policy.verdict(&prefix()));
        if verdict == Verdict::Reject {
            return Err(if self.policy.is_missing() {
                ExportState::NoPolicy
            } else {
                ExportState::Policy(self.policy.name().into())
            });
        }
        if !self.own_next_hop && self.rules.next_hop(path, source.kind, core).is_none() {
            return Err(ExportState::NoNextHop);
        }
        Ok(())
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
    fn rewritten(&self, path: &Path, class: Class, core: &Core) -> Result<Vec<u8>, ExportState> {
        let hot = core.sets.hot(path.accepted).ok_or(ExportState::Pending)?;
        let mut octets = Vec::new();
        self.rules
            .rewrite(core.sets.octets(path.accepted), hot, class, &mut octets);
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
        self.gate(path, prefix, core)?;
        let source = core.sources.at(path.source()).ok_or(ExportState::Pending)?;
        self.rewritten(path, self.rules.class(source), core)
            .map(|_| ())
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

/// What a rewrite came to; valid while both sets live on.
#[derive(Clone, Copy, Debug)]
struct Memo {
    birth: u32,
    class: Class,
    /// `None`: too large for the group's messages.
    out: Option<(SetId, u32)>,
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
        self.key.gate(path, prefix, core)?;
        let source = core.sources.at(path.source()).ok_or(ExportState::Pending)?;
        let (peer, kind) = (source.peer, source.kind);
        let class = self.key.rules.class(source);
        let set = self.rewrite(path, class, core)?;
        let next_hop = match self.key.rules.next_hop(path, kind, core) {
            Some(kept) => HopId(core.hops.intern(kept).0),
            None => HopId::OWN,
        };
        Ok(core.intern_out(Out {
            set,
            next_hop,
            source: peer,
        }))
    }

    /// The rewritten set, one use counted.
    fn rewrite(
        &mut self,
        path: &Path,
        class: Class,
        core: &mut Core,
    ) -> Result<SetId, ExportState> {
        let at = path.accepted.0 as usize;
        let birth = core.sets.birth(path.accepted).ok_or(ExportState::Pending)?;
        if let Some(Some(memo)) = self.memo.get(at)
            && (memo.birth, memo.class) == (birth, class)
        {
            match memo.out {
                None => return Err(ExportState::TooLarge),
                Some((set, born)) if core.sets.birth(set) == Some(born) => {
                    core.sets.retain(set, 1);
                    return Ok(set);
                }
                Some(_) => {}
            }
        }
        let rewritten = self.key.rewritten(path, class, core);
        let result = rewritten.map(|octets| core.sets.intern(&octets));
        let out = match &result {
            Ok(set) => core.sets.birth(*set).map(|born| (*set, born)),
            Err(_) => None,
        };
        if at >= self.memo.len() {
            self.memo.resize(at.saturating_add(1), None);
        }
        if let Some(place) = self.memo.get_mut(at) {
            *place = Some(Memo { birth, class, out });
        }
        result
    }
}
