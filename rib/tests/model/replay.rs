//! What a peer makes of the octets it is sent.
use crate::naive::Attr;
use bgp_wire::{
    AddressFamily, Disposition, Family, Ipv4Unicast, Ipv6Unicast, MessageType, NextHop,
    SessionType, Update, UpdateContext, frame,
};
use ipnet::IpNet;
use rib::{PeerKind, PeerUp};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(crate) struct Replay {
    pub(crate) routes: BTreeMap<IpNet, (Attr, NextHop)>,
    pub(crate) ends: Vec<Family>,
    /// Announcements of what was known already.
    pub(crate) duplicates: usize,
    /// Duplicates are what was asked for.
    pub(crate) asked_again: bool,
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
            add_path: vec![],
            extended_next_hop: Vec::new(),
            as_sets: Default::default(),
        };
        let mut messages = 0;
        while !octets.is_empty() {
            let header = frame(octets, up.max_message)
                .expect("a legal header")
                .expect("whole messages");
            assert_eq!(header.kind, MessageType::Update);
            let (message, rest) = octets.split_at(header.length);
            let update = Update::parse(message, &context).expect("a legal UPDATE");
            assert_eq!(update.disposition(), Disposition::Accept);
            match update.end_of_rib() {
                Some(family) => self.ends.push(family),
                None => {
                    self.take::<Ipv4Unicast, _>(&update);
                    self.take::<Ipv6Unicast, _>(&update);
                }
            }
            messages += 1;
            octets = rest;
        }
        messages
    }

    fn take<F: AddressFamily, B: AsRef<[u8]>>(&mut self, update: &Update<B>)
    where
        F::Key: Into<IpNet>,
    {
        for nlri in update.withdrawn::<F>() {
            let known = self.routes.remove(&nlri.key.clone().into());
            assert!(known.is_some(), "{} was never announced", nlri.key);
        }
        let mut seen = BTreeSet::new();
        for nlri in update.announced::<F>() {
            assert!(
                seen.insert(nlri.key.clone()),
                "{} twice in one message",
                nlri.key
            );
            let next_hop = update.next_hop(F::FAMILY).expect("a next hop");
            let route = (Attr::from(update.attributes()), next_hop);
            let before = self.routes.insert(nlri.key.into(), route.clone());
            self.duplicates += usize::from(before == Some(route));
        }
    }
}
