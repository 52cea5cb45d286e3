//! Peers come to and go from export groups.
use crate::{
    PathCount, PeerId, PeerKind, PeerUp,
    export::{ExportKey, Group, Pin},
    fill::own_next_hops,
    journal::Cursor,
    key::Keyed,
    member::{Answer, Bits, EndOfRib, Member, Previous},
    peers::{Core, Peer},
    rules::Rules,
    table::Table,
};
use bgp_wire::{Family, PathId};
use std::collections::BTreeSet;

impl<F: Keyed> Table<F> {
    fn key_of(peer: &Peer) -> Option<ExportKey> {
        let up = peer.up.as_ref()?;
        if peer.config.kind == PeerKind::Local || !up.families.contains(&F::FAMILY) {
            return None;
        }
        Some(ExportKey {
            policy: peer.config.export.clone(),
            rules: Rules::new(&peer.config, up, F::FAMILY),
            max_message: up.max_message,
            four_octet_as: up.four_octet_as,
            own_next_hop: own_next_hops(up).get(F::SLOT).is_some_and(Option::is_some),
            next_hops_v6: F::FAMILY == Family::IPV6_UNICAST || up.ipv4_over_ipv6,
            paths: paths_in(up, F::FAMILY, peer.config.paths),
        })
    }

    /// The session of a peer is up: it joins the group of its key, and is to be told everything.
    pub(crate) fn join(&mut self, id: PeerId, core: &mut Core) {
        let Some(key) = core.peers.at(id).and_then(Self::key_of) else {
            return;
        };
        let number = self.enter_group(id, key);
        let member = Member {
            group: number,
            cursor: self.member_cursor(number),
            not_before: 0,
            holds: Bits::default(),
            own: BTreeSet::new(),
            blocked: BTreeSet::new(),
            end_of_rib: EndOfRib::Evaluated(self.log.head()),
            answer: Answer::None,
            previous: Vec::new(),
            compares: false,
            announcements: 0,
            withdrawals: 0,
        };
        self.seat(id, member, core);
    }

    /// The session of a peer is down: what it was told is forgotten.
    pub(crate) fn leave(&mut self, id: PeerId, core: &mut Core) {
        let member = core
            .peers
            .at_mut(id)
            .and_then(|peer| peer.members.get_mut(F::SLOT)?.take());
        let Some(member) = member else {
            return;
        };
        for previous in member.previous {
            self.unpin(previous.group, id);
        }
        self.exit_group(id, member.group, None);
    }

    /// The configuration of a peer changed. With another export key it moves to another group,
    /// keeps what it holds, and walks through the new group's Adj-RIB-Out, comparing it with the
    /// old one's: only what differs is sent.
    pub(crate) fn regroup(&mut self, id: PeerId, core: &mut Core) {
        let Some(peer) = core.peers.at_mut(id) else {
            return;
        };
        let key = Self::key_of(peer);
        let Some(member) = peer.members.get_mut(F::SLOT).and_then(Option::take) else {
            return;
        };
        let same =
            key.is_some() && self.group(member.group).map(|group| &group.key) == key.as_ref();
        let Some(key) = key.filter(|_| !same) else {
            self.seat(id, member, core);
            return;
        };
        let answer = match member.answer {
            Answer::Told { again, .. } => Answer::Telling { again },
            answer => answer,
        };
        if key.paths.is_some() {
            return self.move_with_slots(id, key, &member, answer, core);
        }
        // In the middle of its walk nobody knows which group told it a prefix, and in the middle
        // of an answer to a refresh it wants all: then it is told everything again.
        let compares = !member.cursor.walking() && !matches!(answer, Answer::Telling { .. });
        let left = Previous {
            group: member.group,
            position: member.cursor.position,
        };
        let mut previous = member.previous;
        previous.push(left);
        // Joining first keeps a number from being used again at once.
        let number = self.enter_group(id, key);
        let pin = Pin {
            peer: id,
            position: left.position,
        };
        self.exit_group(id, left.group, Some(pin));
        let end_of_rib = match member.end_of_rib {
            EndOfRib::Sent => EndOfRib::Sent,
            _ => EndOfRib::Evaluated(self.log.head()),
        };
        let mut cursor = self.member_cursor(number);
        // What it holds beyond the new group's numbers is to be withdrawn as well.
        cursor.end = cursor.end.max(self.destinations.end());
        let member = Member {
            group: number,
            cursor,
            not_before: self.log.head(),
            own: BTreeSet::new(),
            blocked: BTreeSet::new(),
            end_of_rib,
            answer,
            previous,
            compares,
            ..member
        };
        self.seat(id, member, core);
    }

    /// With ADD-PATH each group has slots of its own: what the member holds is found in the new one's,
    /// and told again. Cost: what it holds, at once.
    fn move_with_slots(
        &mut self,
        id: PeerId,
        key: ExportKey,
        member: &Member,
        answer: Answer,
        core: &mut Core,
    ) {
        let number = self.enter_group(id, key);
        let mut holds = Bits::default();
        let left = self.group(member.group);
        let held: Vec<(u32, PathId)> = left.map_or_else(Vec::new, |group| {
            member.holds.iter().filter_map(|n| group.place(n)).collect()
        });
        // What this publishes the member must read, or it could be freed before.
        let position = self.group_mut(number).map(|group| group.log.enter());
        if let Some(group) = self.group_mut(number) {
            for (destination, path_id) in held {
                holds.insert(group.number(destination, path_id, core));
            }
        }
        self.exit_group(id, member.group, None);
        let mut cursor = self.member_cursor(number);
        cursor.position = position.unwrap_or(cursor.position);
        let end_of_rib = match member.end_of_rib {
            EndOfRib::Sent => EndOfRib::Sent,
            _ => EndOfRib::Evaluated(self.log.head()),
        };
        let member = Member {
            group: number,
            cursor,
            not_before: self.log.head(),
            holds,
            own: BTreeSet::new(),
            blocked: BTreeSet::new(),
            end_of_rib,
            answer,
            previous: Vec::new(),
            compares: false,
            announcements: member.announcements,
            withdrawals: member.withdrawals,
        };
        self.seat(id, member, core);
    }

    /// The peer is told its Adj-RIB-Out again (RFC 2918 §4).
    pub(crate) fn tell_again(&mut self, id: PeerId, core: &mut Core) {
        let Some(peer) = core.peers.at_mut(id) else {
            return;
        };
        let enclosed = peer.up.as_ref().is_some_and(|up| up.enhanced_refresh);
        let Some(member) = peer.member_mut(F::SLOT) else {
            return;
        };
        match &mut member.answer {
            answer @ Answer::None if enclosed => *answer = Answer::Asked,
            Answer::None => {
                member.cursor.next = 0;
                member.cursor.end = self.end_of(member.group);
                member.compares = false;
            }
            Answer::Asked => {}
            Answer::Telling { again } | Answer::Told { again, .. } => *again = true,
        }
        core.peers.make_ready(id);
    }

    fn enter_group(&mut self, id: PeerId, key: ExportKey) -> u32 {
        let number = match self.group_of(&key) {
            Some(number) => number,
            None => {
                let cursor = Cursor::at_start(self.destinations.end(), self.log.enter());
                self.add_group(Group::new(key, cursor))
            }
        };
        if let Some(group) = self.group_mut(number) {
            group.members.push(id);
        }
        number
    }

    fn exit_group(&mut self, id: PeerId, number: u32, pin: Option<Pin>) {
        if let Some(group) = self.group_mut(number) {
            group.members.retain(|member| *member != id);
            group.pins.extend(pin);
        }
        self.drop_group_if_unused(number);
    }

    /// At the start of a group's Adj-RIB-Out.
    fn member_cursor(&mut self, number: u32) -> Cursor {
        let end = self.end_of(number);
        self.group_mut(number)
            .map_or_else(Cursor::default, |group| {
                // During its first walk a group without ADD-PATH enters nothing into its journal.
                let end = if group.cursor.walking() && !group.tells_paths() {
                    group.cursor.end
                } else {
                    end
                };
                Cursor::at_start(end, group.log.enter())
            })
    }

    /// The numbers of a group are below this.
    pub(crate) fn end_of(&self, number: u32) -> u32 {
        let destinations = self.destinations.end();
        self.group(number)
            .map_or(destinations, |group| group.end(destinations))
    }

    fn seat(&mut self, id: PeerId, member: Member, core: &mut Core) {
        if let Some(peer) = core.peers.at_mut(id)
            && let Some(place) = peer.members.get_mut(F::SLOT)
        {
            *place = Some(member);
        }
        core.peers.make_ready(id);
    }
}

/// How many paths a peer is told in a family with ADD-PATH: what we want, and what it takes.
fn paths_in(up: &PeerUp, family: Family, wanted: PathCount) -> Option<PathCount> {
    let taken = up.add_path.iter().find(|(other, _)| *other == family)?.1;
    Some(if taken.limit() < wanted.limit() {
        taken
    } else {
        wanted
    })
}
