//! The peers of a shard and all that tables share: peers, sources, interned values.
use crate::{
    PeerConfig, PeerId, PeerUp,
    destinations::Path,
    inbox::Inbox,
    intern::{HopId, Hops, Out, OutId, Sets, Values},
    key::FAMILIES,
    member::Member,
    sources::{SourceId, Sources},
};
use bgp_wire::PathId;
use std::{collections::VecDeque, sync::Arc};

/// Whether somebody must be told that a peer has something to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ready {
    /// Nothing to send as far as its session knows.
    Idle,
    /// Waits to be named by `next_ready`.
    Queued,
    /// Was named; its session will call `fill` until that says there is no more.
    Named,
}

/// A peer.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) config: PeerConfig,
    pub(crate) up: Option<Arc<PeerUp>>,
    /// What it sends, per family.
    pub(crate) inboxes: [Inbox; FAMILIES],
    /// What it is told, per family.
    pub(crate) members: [Option<Member>; FAMILIES],
    ready: Ready,
    /// Sources and announcements that name it.
    uses: u32,
    removed: bool,
}

impl Peer {
    pub(crate) fn inbox(&self, slot: usize) -> Option<&Inbox> {
        self.inboxes.get(slot)
    }

    pub(crate) fn inbox_mut(&mut self, slot: usize) -> Option<&mut Inbox> {
        self.inboxes.get_mut(slot)
    }

    pub(crate) fn member(&self, slot: usize) -> Option<&Member> {
        self.members.get(slot)?.as_ref()
    }

    pub(crate) fn member_mut(&mut self, slot: usize) -> Option<&mut Member> {
        self.members.get_mut(slot)?.as_mut()
    }
}

/// Every peer, by id.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    list: Vec<Option<Peer>>,
    free: Vec<u32>,
    ready: VecDeque<PeerId>,
}

impl Peers {
    pub(crate) fn add(&mut self, config: PeerConfig) -> PeerId {
        let peer = Peer {
            config,
            up: None,
            inboxes: [const { Inbox::new() }; FAMILIES],
            members: [const { None }; FAMILIES],
            ready: Ready::Idle,
            uses: 0,
            removed: false,
        };
        if let Some(number) = self.free.pop() {
            if let Some(place) = self.list.get_mut(number as usize) {
                *place = Some(peer);
            }
            return PeerId(number);
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(Some(peer));
        PeerId(number)
    }

    #[inline]
    pub(crate) fn at(&self, id: PeerId) -> Option<&Peer> {
        self.list
            .get(id.0 as usize)?
            .as_ref()
            .filter(|peer| !peer.removed)
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, id: PeerId) -> Option<&mut Peer> {
        self.list
            .get_mut(id.0 as usize)?
            .as_mut()
            .filter(|peer| !peer.removed)
    }

    /// It is unknown from now on; its id is used again when nothing names it.
    pub(crate) fn remove(&mut self, id: PeerId) {
        if let Some(peer) = self.at_mut(id) {
            peer.removed = true;
        }
        self.reuse(id);
    }

    pub(crate) fn used(&mut self, id: PeerId) {
        if let Some(Some(peer)) = self.list.get_mut(id.0 as usize) {
            peer.uses = peer.uses.saturating_add(1);
        }
    }

    fn unused(&mut self, id: PeerId) {
        if let Some(Some(peer)) = self.list.get_mut(id.0 as usize) {
            peer.uses = peer.uses.saturating_sub(1);
        }
        self.reuse(id);
    }

    fn reuse(&mut self, id: PeerId) {
        if let Some(place) = self.list.get_mut(id.0 as usize)
            && place
                .as_ref()
                .is_some_and(|peer| peer.removed && peer.uses == 0)
        {
            *place = None;
            self.free.push(id.0);
        }
    }

    /// It has something to send.
    pub(crate) fn make_ready(&mut self, id: PeerId) {
        if let Some(peer) = self.at_mut(id)
            && peer.ready == Ready::Idle
        {
            peer.ready = Ready::Queued;
            self.ready.push_back(id);
        }
    }

    pub(crate) fn next_ready(&mut self) -> Option<PeerId> {
        while let Some(id) = self.ready.pop_front() {
            if let Some(peer) = self.at_mut(id)
                && peer.ready == Ready::Queued
            {
                peer.ready = Ready::Named;
                return Some(id);
            }
        }
        None
    }

    /// Its session knows now whether there is more.
    pub(crate) fn filled(&mut self, id: PeerId, more: bool) {
        if let Some(peer) = self.at_mut(id) {
            // A peer that still waits to be named stays in the queue, once.
            match (peer.ready, more) {
                (Ready::Named, false) => peer.ready = Ready::Idle,
                (Ready::Idle, true) => peer.ready = Ready::Named,
                _ => {}
            }
        }
    }

    /// Nothing was named since the session came up.
    pub(crate) fn unname(&mut self, id: PeerId) {
        if let Some(peer) = self.at_mut(id)
            && peer.ready == Ready::Named
        {
            peer.ready = Ready::Idle;
        }
    }
}

/// What all tables of a shard share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) peers: Peers,
    pub(crate) sources: Sources,
    pub(crate) sets: Sets,
    pub(crate) hops: Hops,
    pub(crate) outs: Values<Out>,
    /// The path identifiers that we send, by peer and received identifier: stable while in use.
    path_ids: Values<(PeerId, u32)>,
}

impl Core {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            peers: Peers::default(),
            sources: Sources::new(),
            sets: Sets::new(seed),
            hops: Hops::new(seed),
            outs: Values::new(seed),
            path_ids: Values::new(seed),
        }
    }

    /// Frees a source when it is dead and its last path is gone.
    pub(crate) fn forget_source(&mut self, source: SourceId) {
        if let Some(peer) = self.sources.forget_if_empty(source) {
            self.peers.unused(peer);
        }
    }

    /// What a stored path referred to is used once less.
    pub(crate) fn release_path(&mut self, path: &Path) {
        self.sets.release(path.received, 1);
        self.sets.release(path.accepted, 1);
        self.hops.release(path.next_hop.0, 1);
    }

    /// The id of an announcement, one use counted; takes over the caller's uses of its set and
    /// next hop.
    pub(crate) fn intern_out(&mut self, out: Out) -> OutId {
        let (id, new) = self.outs.intern(out);
        if new {
            self.peers.used(out.source);
        } else {
            self.sets.release(out.set, 1);
            self.release_hop(out.next_hop);
        }
        OutId(id)
    }

    pub(crate) fn release_out(&mut self, id: OutId) {
        if let Some(out) = self.outs.release(id.0, 1) {
            self.sets.release(out.set, 1);
            self.release_hop(out.next_hop);
            self.peers.unused(out.source);
        }
    }

    /// The identifier of a peer's path toward others (RFC 7911 §3), one use counted.
    pub(crate) fn path_id(&mut self, peer: PeerId, received: u32) -> PathId {
        // 0 is what families without ADD-PATH have.
        PathId(self.path_ids.intern((peer, received)).0.saturating_add(1))
    }

    pub(crate) fn retain_path_id(&mut self, id: PathId) {
        self.path_ids.retain(id.0.saturating_sub(1), 1);
    }

    pub(crate) fn release_path_id(&mut self, id: PathId) {
        self.path_ids.release(id.0.saturating_sub(1), 1);
    }

    /// Path identifiers in use.
    pub(crate) fn path_ids(&self) -> usize {
        self.path_ids.len()
    }

    fn release_hop(&mut self, hop: HopId) {
        if hop != HopId::OWN {
            self.hops.release(hop.0, 1);
        }
    }

    pub(crate) fn out(&self, id: OutId) -> Option<Out> {
        self.outs.value(id.0)
    }
}
