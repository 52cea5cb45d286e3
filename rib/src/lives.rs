//! How the lives of a peer's sources begin, change and end.
use crate::{
    PeerId,
    peers::Core,
    sources::{Life, Source, SourceId},
};

impl Core {
    /// A new source of a peer in a family: its session is up, or it is local, or it begins to say
    /// everything again.
    pub(crate) fn open_source(&mut self, id: PeerId, slot: usize) -> Option<SourceId> {
        let peer = self.peers.at(id)?;
        let source = Source::new(id, slot, &peer.config, peer.up.clone());
        let source = self.sources.add(source)?;
        self.peers.used(id);
        self.peers.at_mut(id)?.inbox_mut(slot)?.live = Some(source);
        Some(source)
    }

    /// The peer's live source in a family becomes one of its old ones.
    pub(crate) fn retire_source(&mut self, id: PeerId, slot: usize, life: Life) {
        let Some(inbox) = self.peers.at_mut(id).and_then(|peer| peer.inbox_mut(slot)) else {
            return;
        };
        let Some(live) = inbox.live.take() else {
            return;
        };
        self.set_life(live, life);
        let waits = self
            .sources
            .at(live)
            .is_some_and(|source| source.life != Life::Dead);
        if waits && let Some(inbox) = self.peers.at_mut(id).and_then(|peer| peer.inbox_mut(slot)) {
            inbox.old.push(live);
        }
    }

    /// Another life for those of the peer's old sources in a family that `change` names one for.
    pub(crate) fn change_old_sources(
        &mut self,
        id: PeerId,
        slot: usize,
        change: impl Fn(Life) -> Option<Life>,
    ) {
        let Some(inbox) = self.peers.at_mut(id).and_then(|peer| peer.inbox_mut(slot)) else {
            return;
        };
        let old = std::mem::take(&mut inbox.old);
        for source in &old {
            if let Some(life) = self.sources.at(*source).and_then(|old| change(old.life)) {
                self.set_life(*source, life);
            }
        }
        let sources = &self.sources;
        let kept = old
            .into_iter()
            .filter(|id| sources.at(*id).is_some_and(|old| old.life != Life::Dead))
            .collect();
        if let Some(inbox) = self.peers.at_mut(id).and_then(|peer| peer.inbox_mut(slot)) {
            inbox.old = kept;
        }
    }

    fn set_life(&mut self, id: SourceId, life: Life) {
        if let Some(source) = self.sources.at_mut(id) {
            // Where nothing is left, nothing is to be waited for.
            source.life = if source.received == 0 {
                Life::Dead
            } else {
                life
            };
        }
        self.forget_source(id);
    }

    /// A session is over, for one family: its paths stay as stale, or go.
    pub(crate) fn source_down(&mut self, peer: PeerId, slot: usize, retain: bool) {
        if !retain {
            self.retire_source(peer, slot, Life::Dead);
            self.sweep_old(peer, slot);
            return;
        }
        self.change_old_sources(peer, slot, |life| match life {
            // RFC 4724 §4.2: "To deal with possible consecutive restarts, a route (from the peer)
            // previously marked as stale MUST be deleted."
            Life::Stale => Some(Life::Dead),
            // These are of the session that ended.
            Life::Refreshing => Some(Life::Stale),
            // Their time (RFC 9494 §4.2) goes on.
            Life::LongLived | Life::Live | Life::Dead => None,
        });
        self.retire_source(peer, slot, Life::Stale);
    }

    /// Nothing that is not live is kept.
    pub(crate) fn sweep_old(&mut self, peer: PeerId, slot: usize) {
        self.change_old_sources(peer, slot, |_| Some(Life::Dead));
    }
}
