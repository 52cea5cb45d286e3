//! Messages toward one peer, made when its socket is writable.
//!
//! The pending prefixes of a window (about as many as `room` takes) are collected from the
//! member's cursor, withdraws are written first, announcements are sorted by announcement id
//! (attribute set, next hop, source) and packed. What was collected counts as told: the octets
//! are the caller's now.
//!
//! Peers of a group at the same position get the same octets, next hop and message size aside;
//! making them once and copying is what this file will do when a measurement asks for it.
use crate::{
    PeerId,
    export::{Group, Told},
    intern::{HopId, OutId},
    journal::Cursor,
    key::{FAMILIES, Keyed},
    member::{Answer, EndOfRib, Member},
    peers::Core,
    table::Table,
};
use bgp_wire::{MessageSize, NextHop, Nlri, Packer, RouteRefresh, write_end_of_rib};
use ipnet::IpNet;

/// Prefixes looked at in one call, whether or not they are to be sent.
const LOOKS: usize = 1 << 16;

/// Octets that an announcement takes beside its attributes and prefixes.
const MESSAGE_OVERHEAD: usize = 64;

/// What `fill` did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filled {
    /// Whole messages written: UPDATEs, and the marks around the answer to a refresh.
    pub messages: usize,
    /// Of these, the marks: ROUTE-REFRESH.
    pub refreshes: usize,
    /// There is more to send.
    pub more: bool,
}

/// What is written together.
#[derive(Debug)]
struct Window<F: Keyed> {
    withdrawn: Vec<Nlri<F>>,
    announced: Vec<(OutId, u32, Nlri<F>)>,
    /// Estimated.
    octets: usize,
    last: OutId,
}

impl<F: Keyed> Window<F> {
    const fn new() -> Self {
        Self {
            withdrawn: Vec::new(),
            announced: Vec::new(),
            octets: 0,
            last: OutId::NONE,
        }
    }

    fn is_empty(&self) -> bool {
        self.withdrawn.is_empty() && self.announced.is_empty()
    }
}

/// Where a look at a prefix comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// The initial walk (also after a refresh): tell it in any case, but for what the group left
    /// behind told the same.
    Walk,
    /// The group's journal: it changed.
    Journal,
    /// Its source changed from or to this peer: tell it where it is not told yet.
    Own,
}

impl<F: Keyed> Table<F> {
    /// See `Shard::fill`.
    pub(crate) fn fill_family(
        &mut self,
        id: PeerId,
        core: &mut Core,
        out: &mut Vec<u8>,
        room: usize,
    ) -> Filled {
        let nothing = Filled {
            messages: 0,
            refreshes: 0,
            more: false,
        };
        let Some(peer) = core.peers.at_mut(id) else {
            return nothing;
        };
        let (Some(up), Some(mut member)) = (
            peer.up.as_ref(),
            peer.members.get_mut(F::SLOT).and_then(Option::take),
        ) else {
            return nothing;
        };
        let size = MessageSize {
            max: up.max_message,
            four_octet_as: up.four_octet_as,
            add_path: up.add_path.iter().any(|(family, _)| *family == F::FAMILY),
        };
        let own = own_next_hop::<F>(up);
        let start = out.len();
        let mut looks = LOOKS;
        let mut messages = 0_usize;
        let mut refreshes = 0_usize;
        if self.answer_due(&member) {
            RouteRefresh::begin(F::FAMILY).encode(out);
            refreshes = refreshes.saturating_add(1);
            member.answer = Answer::Telling { again: false };
            member.cursor.next = 0;
            member.cursor.end = self.end_of(member.group);
            member.compares = false;
        }
        loop {
            let used = out.len().saturating_sub(start);
            if used >= room && used > 0 {
                break;
            }
            let window = self.collect(id, &mut member, core, room.saturating_sub(used), &mut looks);
            if window.is_empty() {
                break;
            }
            messages = messages.saturating_add(write(window, core, size, own, out));
        }
        self.leave_previous(id, &mut member);
        if self.end_of_rib_due(&mut member) {
            write_end_of_rib(out, F::FAMILY);
            messages = messages.saturating_add(1);
            member.end_of_rib = EndOfRib::Sent;
        }
        if let Some(again) = self.answer_complete(&mut member) {
            RouteRefresh::end(F::FAMILY).encode(out);
            refreshes = refreshes.saturating_add(1);
            member.answer = if again { Answer::Asked } else { Answer::None };
        }
        let more = self.pending(&mut member);
        if let Some(peer) = core.peers.at_mut(id)
            && let Some(place) = peer.members.get_mut(F::SLOT)
        {
            *place = Some(member);
        }
        Filled {
            messages: messages.saturating_add(refreshes),
            refreshes,
            more,
        }
    }

    /// Is there something to send to this peer?
    pub(crate) fn has_pending(&self, id: PeerId, core: &mut Core) -> bool {
        core.peers
            .at_mut(id)
            .and_then(|peer| peer.member_mut(F::SLOT))
            .is_some_and(|member| self.pending(member))
    }

    /// Is there something to send, or to look at, for this member?
    pub(crate) fn pending(&self, member: &mut Member) -> bool {
        let Some(group) = self.group(member.group) else {
            return false;
        };
        member.cursor.next < walk_end(member, group)
            || (!member.cursor.walking() && member.cursor.position < group.log.head())
            || !member.own.is_empty()
            || self.end_of_rib_due(member)
            || self.answer_due(member)
            || self.answer_complete(member).is_some()
    }

    /// Is BoRR to be sent? RFC 7313 §4: not before the initial End-of-RIB.
    fn answer_due(&self, member: &Member) -> bool {
        member.answer == Answer::Asked
            && member.end_of_rib == EndOfRib::Sent
            && !member.cursor.walking()
    }

    /// Whether EoRR is to be sent, and if so, whether the peer has asked again meanwhile.
    fn answer_complete(&self, member: &mut Member) -> Option<bool> {
        let head = self.group(member.group)?.log.head();
        if let Answer::Telling { again } = member.answer
            && !member.cursor.walking()
        {
            let position = head;
            member.answer = Answer::Told { position, again };
        }
        match member.answer {
            Answer::Told { position, again } => {
                (!member.cursor.walking() && member.cursor.position >= position).then_some(again)
            }
            Answer::None | Answer::Asked | Answer::Telling { .. } => None,
        }
    }

    /// End-of-RIB is due when everything that was in the table as the session came up is told.
    fn end_of_rib_due(&self, member: &mut Member) -> bool {
        let Some(group) = self.group(member.group) else {
            return false;
        };
        if let EndOfRib::Evaluated(position) = member.end_of_rib
            && !group.cursor.walking()
            && group.cursor.position >= position
        {
            member.end_of_rib = EndOfRib::Told(group.log.head());
        }
        match member.end_of_rib {
            EndOfRib::Told(position) => {
                !member.cursor.walking() && member.cursor.position >= position
            }
            EndOfRib::Evaluated(_) | EndOfRib::Sent => false,
        }
    }

    /// The groups that the member left are no longer needed once it walked through the new one.
    fn leave_previous(&mut self, id: PeerId, member: &mut Member) {
        if !member.cursor.walking() {
            for previous in member.previous.drain(..) {
                self.unpin(previous.group, id);
            }
        }
    }

    /// A member that came from another group begins its walk when this one has looked at
    /// everything; what its journal holds by then the walk will tell. (The groups left behind are
    /// pinned, so nothing that the member holds can have been forgotten meanwhile.)
    fn begin_walk(&mut self, member: &mut Member) {
        let end = self.end_of(member.group);
        if let Some(group) = self.group_mut(member.group)
            && member.not_before > 0
            && walk_end(member, group) > 0
        {
            let position = if group.tells_paths() {
                // A slot that nothing is told of is free when the journal has passed it: what the
                // member holds there it must read first.
                member.cursor.position
            } else {
                group.log.enter()
            };
            member.cursor = Cursor::at_start(end, position);
            member.not_before = 0;
        }
    }

    /// Collects pending prefixes worth about `room` octets, at least one where there is one.
    fn collect(
        &mut self,
        id: PeerId,
        member: &mut Member,
        core: &Core,
        room: usize,
        looks: &mut usize,
    ) -> Window<F> {
        let mut window = Window::new();
        self.begin_walk(member);
        loop {
            let end = match self.group(member.group) {
                Some(group) => walk_end(member, group),
                None => return window,
            };
            if member.cursor.next >= end
                || *looks == 0
                || (window.octets >= room && !window.is_empty())
            {
                break;
            }
            let destination = member.cursor.next;
            member.cursor.next = destination.saturating_add(1);
            *looks = looks.saturating_sub(1);
            self.look(id, member, core, destination, Look::Walk, &mut window);
        }
        // The journal is read after the walk, which left out what is pending there.
        if member.cursor.walking() {
            return window;
        }
        while (window.octets < room || window.is_empty()) && *looks > 0 {
            // In small steps: each entry may bring an attribute set of its own.
            let wanted = room
                .saturating_sub(window.octets)
                .div_euclid(128)
                .clamp(1, 512)
                .min(*looks);
            let mut entries = Vec::new();
            if let Some(group) = self.group_mut(member.group) {
                group
                    .log
                    .read(&mut member.cursor.position, wanted, &mut entries);
            }
            *looks = looks.saturating_sub(entries.len());
            for (destination, mark) in &entries {
                let live = self
                    .group(member.group)
                    .is_some_and(|group| group.told(*destination).mark == *mark);
                if live {
                    self.look(id, member, core, *destination, Look::Journal, &mut window);
                }
            }
            if entries.len() < wanted {
                break;
            }
        }
        while *looks > 0
            && (window.is_empty() || window.octets < room)
            && let Some(destination) = member.own.pop_first()
        {
            *looks = looks.saturating_sub(1);
            self.look(id, member, core, destination, Look::Own, &mut window);
        }
        window
    }

    /// Decides what the peer must hear of one prefix, and counts it as told.
    fn look(
        &self,
        id: PeerId,
        member: &mut Member,
        core: &Core,
        number: u32,
        look: Look,
        window: &mut Window<F>,
    ) {
        let Some(group) = self.group(member.group) else {
            return;
        };
        let told = group.told(number);
        let holds = member.holds.contains(number);
        let Some((destination, path_id)) = group.place(number) else {
            return;
        };
        let out = core.out(told.out).filter(|out| out.source != id);
        let Some(key) = self.destinations.key(destination) else {
            return;
        };
        let nlri = Nlri {
            path_id,
            key: F::unpack(key),
            payload: F::Payload::default(),
        };
        let pending = told.mark != 0 && group.log.since(told.mark, member.cursor.position);
        if look == Look::Walk && pending {
            // The journal will tell it, once.
            return;
        }
        let Some(out) = out else {
            if holds {
                member.holds.remove(number);
                member.withdrawals = member.withdrawals.saturating_add(1);
                window.octets = window.octets.saturating_add(octets(&F::prefix(key)));
                window.withdrawn.push(nlri);
                // There is room for one that had to wait.
                member.own.extend(member.blocked.pop_first());
            }
            member.blocked.remove(&number);
            return;
        };
        let known = match look {
            Look::Journal => false,
            Look::Own => holds,
            Look::Walk => holds && self.told_before(member, core, number, told),
        };
        if known {
            return;
        }
        if !holds && self.is_full(id, member, core) {
            member.blocked.insert(number);
            return;
        }
        member.holds.insert(number);
        member.announcements = member.announcements.saturating_add(1);
        window.octets = window.octets.saturating_add(octets(&F::prefix(key)));
        if window.last != told.out {
            window.last = told.out;
            window.octets = window
                .octets
                .saturating_add(core.sets.octets(out.set).len())
                .saturating_add(MESSAGE_OVERHEAD);
        }
        let order = u32::try_from(window.announced.len()).unwrap_or(u32::MAX);
        window.announced.push((told.out, order, nlri));
    }

    /// Is the peer told as many prefixes as it may be?
    fn is_full(&self, id: PeerId, member: &Member, core: &Core) -> bool {
        let limits = core.peers.at(id).map(|peer| peer.config.limits);
        limits
            .and_then(|limits| limits.of(F::FAMILY).announced)
            .is_some_and(|limit| member.holds.count() >= limit)
    }

    /// The limit is another one: what had to wait is looked at again.
    pub(crate) fn unblock(&mut self, id: PeerId, core: &mut Core) {
        let member = core.peers.at_mut(id).and_then(|it| it.member_mut(F::SLOT));
        if let Some(member) = member
            && !member.blocked.is_empty()
        {
            member.own.append(&mut member.blocked);
            core.peers.make_ready(id);
        }
    }

    /// Did the group that the member left tell it the very same?
    fn told_before(&self, member: &Member, core: &Core, destination: u32, told: Told) -> bool {
        let [previous] = member.previous.as_slice() else {
            return false;
        };
        if !member.compares {
            return false;
        }
        let Some(group) = self.group(previous.group) else {
            return false;
        };
        let before = group.told(destination);
        if before.mark != 0 && group.log.since(before.mark, previous.position) {
            // It changed there, and the member was not told any more.
            return false;
        }
        match (core.out(before.out), core.out(told.out)) {
            (Some(before), Some(now)) => (before.set, before.next_hop) == (now.set, now.next_hop),
            _ => false,
        }
    }
}

/// A member's walk follows the group's own first one.
fn walk_end(member: &Member, group: &Group) -> u32 {
    if member.not_before > 0
        && (group.cursor.walking() || group.cursor.position < member.not_before)
    {
        member.cursor.next
    } else if group.cursor.walking() && !group.tells_paths() {
        member.cursor.end.min(group.cursor.next)
    } else {
        member.cursor.end
    }
}

/// Octets of an NLRI.
fn octets(prefix: &IpNet) -> usize {
    usize::from(prefix.prefix_len().div_ceil(8)).saturating_add(1)
}

/// Our own address as next hop of a family's routes, per family.
fn own_next_hop<F: Keyed>(up: &crate::PeerUp) -> Option<NextHop> {
    own_next_hops(up).get(F::SLOT).copied().flatten()
}

/// Our own address toward a peer as next hop, per family.
pub(crate) fn own_next_hops(up: &crate::PeerUp) -> [Option<NextHop>; FAMILIES] {
    let v4 = up.next_hop_v4.map(NextHop::V4);
    // RFC 2545 §3: the link-local address travels beside a global one.
    let v6 = up.next_hop_v6.or(up.link_local).map(|global| NextHop::V6 {
        global,
        link_local: up.link_local,
    });
    let over_v6 = v6.filter(|_| up.ipv4_over_ipv6);
    [over_v6.or(v4), v6]
}

fn write<F: Keyed>(
    window: Window<F>,
    core: &Core,
    size: MessageSize,
    own: Option<NextHop>,
    out: &mut Vec<u8>,
) -> usize {
    let mut messages = 0_usize;
    if !window.withdrawn.is_empty() {
        messages = Packer::withdraw(out, size, &window.withdrawn);
    }
    let mut announced = window.announced;
    announced.sort_unstable_by_key(|(announcement, order, _)| (*announcement, *order));
    let mut batch: Vec<Nlri<F>> = Vec::new();
    for run in announced.chunk_by(|(one, ..), (other, ..)| one == other) {
        let Some(announcement) = run.first().and_then(|(id, ..)| core.out(*id)) else {
            continue;
        };
        let next_hop = if announcement.next_hop == HopId::OWN {
            own
        } else {
            core.hops.value(announcement.next_hop.0)
        };
        let Some(next_hop) = next_hop else {
            continue;
        };
        batch.clear();
        batch.extend(run.iter().map(|(_, _, nlri)| nlri.clone()));
        let attributes = core.sets.octets(announcement.set);
        // The group has asked whether the attributes fit, so this cannot fail.
        let written = Packer::announce(out, size, attributes, next_hop, &batch);
        messages = messages.saturating_add(written.unwrap_or(0));
    }
    messages
}
