//! What a peer makes of the octets it is sent.
use crate::naive::{self, Attr};
use bgp_wire::{
    AddressFamily, Disposition, Family, Ipv4Unicast, Ipv6Unicast, MessageType, NextHop,
    RouteRefresh, SessionType, Update, UpdateContext, frame,
};
use ipnet::IpNet;
use rib::{PeerKind, PeerUp};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) routes: BTreeMap<(IpNet, u32), (Attr, NextHop)>,
    pub(crate) ends: Vec<Family>,
    /// Announcements of what was known already.
    pub(crate) duplicates: usize,
    /// Duplicates are what was asked for.
    pub(crate) asked_again: bool,
    /// Families in whose enclosed answer (RFC 7313) we are, and what was not told again yet.
    pub(crate) stale: BTreeMap<Family, BTreeSet<(IpNet, u32)>>,
    pub(crate) answers: usize,
}

impl Replay {
    /// Returns the number of messages.
    pub(crate) fn read(&mut self, mut octets: &[u8], kind: PeerKind, up: &PeerUp) -> usize {
        let context = UpdateContext {
            session: match kind {
                PeerKind::Ibgp => SessionType::Ibgp,
                _ => SessionType::Ebgp,
            },
            four_octet_as: up.four_octet_as,
            families: up.families.clone(),
            add_path: up.add_path.iter().map(|(family, _)| *family).collect(),
            extended_next_hop: Vec::new(),
            as_sets: Default::default(),
        };
        let mut messages = 0;
        while !octets.is_empty() {
            let header = frame(octets, up.max_message)
                .expect("a legal header")
                .expect("whole messages");
            let (message, rest) = octets.split_at(header.length);
            messages += 1;
            octets = rest;
            if header.kind == MessageType::RouteRefresh {
                self.mark(
                    &RouteRefresh::parse(message).expect("a legal ROUTE-REFRESH"),
                    up,
                );
                continue;
            }
            assert_eq!(header.kind, MessageType::Update);
            let update = Update::parse(message, &context).expect("a legal UPDATE");
            assert_eq!(update.disposition(), Disposition::Accept);
            match update.end_of_rib() {
                Some(family) => self.ends.push(family),
                None => {
                    self.take::<Ipv4Unicast, _>(&update);
                    self.take::<Ipv6Unicast, _>(&update);
                }
            }
        }
        messages
    }

    fn mark(&mut self, refresh: &RouteRefresh, up: &PeerUp) {
        assert!(up.enhanced_refresh);
        let family = refresh.family;
        assert!(self.ends.contains(&family), "BoRR before End-of-RIB");
        if refresh.subtype == 1 {
            let known = self.routes.keys().copied();
            let known = known.filter(|(prefix, _)| naive::family(prefix) == family);
            let before = self.stale.insert(family, known.collect());
            assert_eq!(before, None, "BoRR within an answer");
        } else {
            assert_eq!(refresh.subtype, 2);
            let left = self.stale.remove(&family).expect("EoRR without BoRR");
            assert!(left.is_empty(), "not told again: {left:?}");
            self.answers += 1;
        }
    }

    fn take<F: AddressFamily, B: AsRef<[u8]>>(&mut self, update: &Update<B>)
    where
        F::Key: Into<IpNet>,
    {
        for nlri in update.withdrawn::<F>() {
            let prefix = (nlri.key.clone().into(), nlri.path_id.0);
            if let Some(stale) = self.stale.get_mut(&F::FAMILY) {
                stale.remove(&prefix);
            }
            let known = self.routes.remove(&prefix);
            assert!(known.is_some(), "{} was never announced", nlri.key);
        }
        let mut seen = BTreeSet::new();
        for nlri in update.announced::<F>() {
            assert!(
                seen.insert((nlri.key.clone(), nlri.path_id)),
                "{} twice in one message",
                nlri.key
            );
            let next_hop = update.next_hop(F::FAMILY).expect("a next hop");
            let route = (Attr::from(update.attributes()), next_hop);
            let prefix = (nlri.key.into(), nlri.path_id.0);
            if let Some(stale) = self.stale.get_mut(&F::FAMILY) {
                stale.remove(&prefix);
            }
            let before = self.routes.insert(prefix, route.clone());
            self.duplicates += usize::from(before == Some(route));
        }
    }
}
