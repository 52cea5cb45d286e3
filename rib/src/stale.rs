//! Paths that outlive what said them: graceful restart (RFC 4724, RFC 9494) and refresh (RFC 7313).
//!
//! All of it is a change of a source's life, which costs nothing; what follows from it (paths that
//! go, paths that become long-lived stale) is done by the table's scan, in slices. When is another's
//! business: no time passes in here.
use crate::{PeerId, Shard, sources::Life, tables::slot};
use bgp_wire::Family;

impl Shard {
    /// The peer sent End-of-RIB: its initial load is over, and what it did not say again is gone
    /// (RFC 4724 §4.2).
    pub fn end_of_rib(&mut self, peer: PeerId, family: Family) {
        let Some(slot) = slot(family) else {
            return;
        };
        if let Some(inbox) = self.core.peers.at_mut(peer).and_then(|p| p.inbox_mut(slot)) {
            inbox.loaded = true;
        }
        self.sweep_stale(peer, family);
    }

    /// Has the peer sent End-of-RIB for this family since its session came up?
    pub fn heard_end_of_rib(&self, peer: PeerId, family: Family) -> bool {
        let peer = self.core.peers.at(peer);
        slot(family)
            .and_then(|slot| peer?.inbox(slot))
            .is_some_and(|inbox| inbox.loaded)
    }

    /// The stale and long-lived stale paths of a family go, in slices (see `work`): the peer has not
    /// come back in time, or has not sent End-of-RIB in time.
    pub fn sweep_stale(&mut self, peer: PeerId, family: Family) {
        self.change_stale(peer, family, |life| {
            matches!(life, Life::Stale | Life::LongLived).then_some(Life::Dead)
        });
    }

    /// The stale paths of a family become long-lived stale, in slices (RFC 9494 §4.2): those with
    /// NO_LLGR go, the others get LLGR_STALE and are preferred to nothing.
    pub fn keep_long_lived(&mut self, peer: PeerId, family: Family) {
        let Some(slot) = slot(family) else {
            return;
        };
        let due = self.tables.scan_due(slot);
        let sources = self.core.peers.at(peer).and_then(|peer| peer.inbox(slot));
        for id in sources.map_or(&[][..], |inbox| &inbox.old) {
            if let Some(source) = self.core.sources.at_mut(*id)
                && source.life == Life::Stale
            {
                source.due = due;
            }
        }
        self.change_stale(peer, family, |life| {
            (life == Life::Stale).then_some(Life::LongLived)
        });
    }

    /// The peer begins to send its routes again (BoRR, RFC 7313 §4): what it has not said again by
    /// the end of it goes. Only after enhanced refresh was negotiated.
    pub fn refresh_begins(&mut self, peer: PeerId, family: Family) {
        let Some(slot) = slot(family).filter(|_| self.enhanced(peer)) else {
            return;
        };
        let inbox = self.core.peers.at(peer).and_then(|peer| peer.inbox(slot));
        if inbox.is_some_and(|inbox| inbox.live.is_some()) {
            self.core.retire_source(peer, slot, Life::Refreshing);
            self.core.open_source(peer, slot);
        }
    }

    /// The peer has sent its routes again (EoRR, RFC 7313 §4).
    pub fn refresh_ends(&mut self, peer: PeerId, family: Family) {
        if self.enhanced(peer) {
            self.change_stale(peer, family, |life| {
                (life == Life::Refreshing).then_some(Life::Dead)
            });
        }
    }

    fn enhanced(&self, peer: PeerId) -> bool {
        let up = self.core.peers.at(peer).and_then(|peer| peer.up.as_ref());
        up.is_some_and(|up| up.enhanced_refresh)
    }

    fn change_stale(
        &mut self,
        peer: PeerId,
        family: Family,
        change: impl Fn(Life) -> Option<Life>,
    ) {
        if let Some(slot) = slot(family) {
            self.core.change_old_sources(peer, slot, change);
            self.tables.start_scan(slot);
        }
    }
}
