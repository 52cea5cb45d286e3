//! Limits of prefixes: nothing beyond them comes in or goes out, and what waits comes when there is
//! room.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is a failed test"
)]

use bgp_wire::{
    Asn, AttributeSet, Attributes, Family, Ipv4Unicast, NextHop, Nlri, PathId, RouterId,
    SessionType, Update, UpdateContext, frame,
};
use rib::{
    ExportState, FamilyLimits, Limits, PeerConfig, PeerId, PeerKind, PeerUp, Policy, Query,
    QueryPosition, RejectReason, RouteState, Shard,
};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

const IPV4: Family = Family::IPV4_UNICAST;

fn limits(ipv4: FamilyLimits) -> Limits {
    Limits {
        ipv4,
        ..Limits::default()
    }
}

fn config(number: u8, ipv4: FamilyLimits) -> PeerConfig {
    PeerConfig {
        import: Arc::new(Policy::all()),
        export: Arc::new(Policy::all()),
        limits: limits(ipv4),
        ..PeerConfig::new(
            PeerKind::Ebgp,
            IpAddr::from([10, 0, 0, number]),
            (Asn(65530), Asn(number.into())),
            RouterId::new(Ipv4Addr::new(10, 0, 0, 100)).unwrap(),
        )
    }
}

fn up(shard: &mut Shard, config: &PeerConfig) -> PeerId {
    let id = shard.add_peer(config.clone());
    let IpAddr::V4(address) = config.address else {
        unreachable!()
    };
    let session = PeerUp {
        next_hop_v4: Some(Ipv4Addr::new(10, 0, 0, 100)),
        ..PeerUp::new(
            RouterId::new(address).unwrap(),
            config.remote_as,
            vec![IPV4],
        )
    };
    shard.peer_up(id, session);
    id
}

fn nlri(number: u8) -> Nlri<Ipv4Unicast> {
    Nlri {
        path_id: PathId(0),
        key: format!("203.0.{number}.0/24").parse().unwrap(),
        payload: (),
    }
}

fn announce(shard: &mut Shard, peer: PeerId, asn: u8, numbers: &[u8]) {
    let mut octets = Vec::new();
    AttributeSet::with_path([Asn(asn.into())]).encode(&mut octets);
    let nlri: Vec<_> = numbers.iter().copied().map(nlri).collect();
    let next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
    let attributes = Attributes::from_canonical(&octets);
    shard.announce(peer, &attributes, next_hop, &nlri, 1);
}

/// What there was to tell: "+203.0.1.0/24", "-203.0.1.0/24".
fn told(shard: &mut Shard, peer: PeerId) -> Vec<String> {
    while shard.work(64) {}
    let mut octets = Vec::new();
    while shard.fill(peer, &mut octets, 65_536).more {}
    let context = UpdateContext {
        session: SessionType::Ebgp,
        four_octet_as: true,
        families: vec![IPV4],
        add_path: vec![],
        extended_next_hop: Vec::new(),
        as_sets: Default::default(),
    };
    let mut story = Vec::new();
    let mut rest = octets.as_slice();
    while !rest.is_empty() {
        let header = frame(rest, 4096).unwrap().unwrap();
        let update = Update::parse(&rest[..header.length], &context).unwrap();
        let withdrawn = update.withdrawn::<Ipv4Unicast>();
        story.extend(withdrawn.map(|n| format!("-{}", n.key)));
        let announced = update.announced::<Ipv4Unicast>();
        story.extend(announced.map(|n| format!("+{}", n.key)));
        rest = &rest[header.length..];
    }
    story.sort();
    story
}

fn states(shard: &Shard, query: Query) -> Vec<RouteState> {
    let mut list = Vec::new();
    let mut position = QueryPosition::default();
    while shard.query(query, None, &mut position, 8, &mut |route| {
        list.push(route.state);
    }) {}
    list
}

#[test]
fn beyond_the_limit_of_received_prefixes_nothing_is_stored() {
    let mut shard = Shard::new();
    let limit = FamilyLimits {
        received: Some(2),
        ..FamilyLimits::default()
    };
    let peer = up(&mut shard, &config(1, limit));
    announce(&mut shard, peer, 1, &[1, 2, 3]);
    announce(&mut shard, peer, 1, &[4, 1]);
    let counters = shard.counters(peer, IPV4);
    assert_eq!((counters.received, counters.refused), (2, 2));
    assert_eq!(shard.usage().destinations, 2, "not even an empty place");
    shard.withdraw(peer, &[nlri(1)]);
    announce(&mut shard, peer, 1, &[4]);
    assert_eq!(shard.counters(peer, IPV4).received, 2);
}

#[test]
fn beyond_the_limit_of_accepted_prefixes_all_are_rejected_until_there_is_room() {
    let mut shard = Shard::new();
    let limit = |accepted| FamilyLimits {
        accepted: Some(accepted),
        ..FamilyLimits::default()
    };
    let peer = up(&mut shard, &config(1, limit(2)));
    announce(&mut shard, peer, 1, &[1, 2, 3]);
    // What was accepted stays so when it is said anew.
    announce(&mut shard, peer, 1, &[2, 1]);
    let counters = shard.counters(peer, IPV4);
    let counts = (counters.received, counters.accepted, counters.limited);
    assert_eq!(counts, (3, 2, 1));
    let rejected = states(&shard, Query::Rejected(peer));
    assert_eq!(rejected, [RouteState::Rejected(RejectReason::Limit)]);
    shard.configure_peer(peer, config(1, limit(5)));
    while shard.work(64) {}
    assert_eq!(shard.counters(peer, IPV4).accepted, 3);
}

#[test]
fn beyond_the_limit_of_announced_prefixes_the_rest_waits_for_room() {
    let mut shard = Shard::new();
    let limit = |announced| FamilyLimits {
        announced: Some(announced),
        ..FamilyLimits::default()
    };
    let source = up(&mut shard, &config(1, FamilyLimits::default()));
    let peer = up(&mut shard, &config(2, limit(2)));
    announce(&mut shard, source, 1, &[1, 2, 3, 4]);
    assert_eq!(told(&mut shard, peer), ["+203.0.1.0/24", "+203.0.2.0/24"]);
    let counters = shard.counters(peer, IPV4);
    assert_eq!((counters.announced, counters.held_back), (2, 2));
    let waiting = states(&shard, Query::NotExported(peer));
    let limited = RouteState::Export(ExportState::Limit);
    assert_eq!(waiting, [limited.clone(), limited]);

    shard.withdraw(source, &[nlri(1), nlri(4)]);
    assert_eq!(told(&mut shard, peer), ["+203.0.3.0/24", "-203.0.1.0/24"]);
    assert_eq!(shard.counters(peer, IPV4).held_back, 0);
    announce(&mut shard, source, 1, &[5]);
    assert_eq!(told(&mut shard, peer), Vec::<String>::new());
    shard.configure_peer(peer, config(2, limit(9)));
    assert_eq!(told(&mut shard, peer), ["+203.0.5.0/24"]);
}
