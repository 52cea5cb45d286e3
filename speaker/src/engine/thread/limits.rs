//! Watches how many prefixes a neighbor brings and is told.
//!
//! The table itself lets nothing beyond a limit through; here is noticed that something was left
//! out, or that a number that is only warned of is passed, once each time that it happens.

use super::State;
use crate::{
    config::{Limit, LimitAction},
    engine::mailbox::Breach,
};
use bgp_wire::{Family, Notification, iana::notification as code};
use rib::{PeerCounters, PeerId};

/// Which limits of which family are passed: a bit for each.
pub(super) type Passed = u8;

/// One of the three.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Received,
    Imported,
    Exported,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Received, Self::Imported, Self::Exported];

    fn words(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Imported => "accepted",
            Self::Exported => "announced",
        }
    }

    /// How many there are, and whether more were left out.
    fn of(self, counters: &PeerCounters) -> (u64, bool) {
        match self {
            Self::Received => (counters.received, counters.refused > 0),
            Self::Imported => (counters.accepted, counters.limited > 0),
            Self::Exported => (counters.announced, counters.held_back > 0),
        }
    }
}

impl State {
    /// After something came in from this neighbor or went out to it.
    pub(super) fn check_limits(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let limits = peer.meta.limits;
        let limit_of = |kind| match kind {
            Kind::Received => limits.received,
            Kind::Imported => limits.imported,
            Kind::Exported => limits.exported,
        };
        if Kind::ALL.into_iter().all(|kind| limit_of(kind).is_none()) {
            return;
        }
        let mut bit = 1;
        for family in [Family::IPV4_UNICAST, Family::IPV6_UNICAST] {
            let counters = self.shard.counters(id, family);
            for kind in Kind::ALL {
                let (count, left_out) = kind.of(&counters);
                let passed = limit_of(kind).and_then(|limit| Some((limit, limit.of(family)?)));
                let passed = passed.filter(|(_, most)| left_out || count > u64::from(*most));
                match passed {
                    None => peer.passed &= !bit,
                    Some((limit, most)) if peer.passed & bit == 0 => {
                        peer.passed |= bit;
                        let words = format!(
                            "more than {most} prefixes of {family} {}",
                            match (kind, limit.action) {
                                (Kind::Exported, LimitAction::Warn) | (Kind::Received, _) =>
                                    kind.words().to_owned(),
                                _ => format!("would be {}", kind.words()),
                            }
                        );
                        tracing::warn!(neighbor = %peer.meta.name, "{words}");
                        let breach = breach(kind, family, &limit, most, words);
                        if let (Some(breach), Some(mailbox), Some(epoch)) =
                            (breach, &peer.mailbox, peer.epoch)
                        {
                            mailbox.end(epoch, breach);
                        }
                    }
                    Some(_) => {}
                }
                bit <<= 1;
            }
        }
    }
}

fn breach(kind: Kind, family: Family, limit: &Limit, most: u32, words: String) -> Option<Breach> {
    let restart = match limit.action {
        LimitAction::Warn | LimitAction::Block => return None,
        LimitAction::Restart(after) => Some(after),
        LimitAction::Disable => None,
    };
    let notification = match (kind, restart) {
        (Kind::Received | Kind::Imported, _) => {
            // RFC 4486 §4: "the data field MAY contain the Address Family information and the upper
            // bound".
            let mut data = family.afi.to_be_bytes().to_vec();
            data.push(family.safi);
            data.extend(most.to_be_bytes());
            Notification::new(code::CEASE, code::cease::MAXIMUM_PREFIXES, &data)
        }
        (Kind::Exported, Some(_)) => Notification::administrative_reset(&words),
        (Kind::Exported, None) => Notification::administrative_shutdown(&words),
    };
    Some(Breach {
        notification,
        words,
        restart,
    })
}
