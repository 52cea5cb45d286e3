//! Single behaviors of the tables, each with a story.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is a failed test"
)]

use bgp_wire::{
    Asn, AttributeSet, Attributes, Family, Ipv4Unicast, Ipv6Unicast, NextHop, Nlri, PathId, Role,
    RouterId, SessionType, Update, UpdateContext, attr::CarriedAttribute, frame,
};
use ipnet::IpNet;
use rib::{
    Change, CursorId, ExportState, PeerConfig, PeerId, PeerKind, PeerUp, Policy, PrefixRule, Query,
    QueryPosition, RejectReason, RouteState, Shard, Step, Usage,
};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

const IPV4: Family = Family::IPV4_UNICAST;

fn config(kind: PeerKind, number: u8, remote_as: u32) -> PeerConfig {
    PeerConfig {
        import: Arc::new(Policy::all()),
        export: Arc::new(Policy::all()),
        ..PeerConfig::new(
            kind,
            IpAddr::from([10, 0, 0, number]),
            (Asn(65530), Asn(remote_as)),
            RouterId::new(Ipv4Addr::new(10, 0, 0, 100)).unwrap(),
        )
    }
}

fn session(config: &PeerConfig) -> PeerUp {
    let IpAddr::V4(address) = config.address else {
        unreachable!()
    };
    let families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    PeerUp {
        next_hop_v4: Some(Ipv4Addr::new(10, 0, 0, 100)),
        next_hop_v6: Some("2001:db8::100".parse().unwrap()),
        ..PeerUp::new(RouterId::new(address).unwrap(), config.remote_as, families)
    }
}

/// An external peer that is up; `number` is its address and identifier.
fn external(shard: &mut Shard, number: u8, remote_as: u32) -> PeerId {
    let config = config(PeerKind::Ebgp, number, remote_as);
    let id = shard.add_peer(config.clone());
    shard.peer_up(id, session(&config));
    id
}

fn nlri(text: &str) -> Nlri<Ipv4Unicast> {
    Nlri {
        path_id: PathId(0),
        key: text.parse().unwrap(),
        payload: (),
    }
}

fn octets(path: &[u32], med: Option<u32>) -> Vec<u8> {
    let mut set = AttributeSet::with_path(path.iter().copied().map(Asn));
    set.med = med;
    let mut octets = Vec::new();
    set.encode(&mut octets);
    octets
}

fn announce(shard: &mut Shard, peer: PeerId, path: &[u32], med: Option<u32>, prefixes: &[&str]) {
    let octets = octets(path, med);
    let nlri: Vec<_> = prefixes.iter().map(|text| nlri(text)).collect();
    let next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
    shard.announce(
        peer,
        &Attributes::from_canonical(&octets),
        next_hop,
        &nlri,
        1,
    );
}

fn work(shard: &mut Shard) {
    while shard.work(64) {}
}

/// What there was to tell: "+prefix", "-prefix", "end".
fn told(shard: &mut Shard, peer: PeerId) -> Vec<String> {
    let mut out = Vec::new();
    while shard.fill(peer, &mut out, 65_536).more {}
    story(&out)
}

fn story(octets: &[u8]) -> Vec<String> {
    let context = UpdateContext {
        session: SessionType::Ebgp,
        four_octet_as: true,
        families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
        add_path: vec![],
        extended_next_hop: Vec::new(),
        as_sets: Default::default(),
    };
    let mut story = Vec::new();
    let mut rest = octets;
    while !rest.is_empty() {
        let header = frame(rest, 4096).unwrap().unwrap();
        let update = Update::parse(&rest[..header.length], &context).unwrap();
        if let Some(family) = update.end_of_rib() {
            story.push(format!("end {family}"));
        }
        story.extend(
            update
                .withdrawn::<Ipv4Unicast>()
                .map(|n| format!("-{}", n.key)),
        );
        story.extend(
            update
                .announced::<Ipv4Unicast>()
                .map(|n| format!("+{}", n.key)),
        );
        story.extend(
            update
                .withdrawn::<Ipv6Unicast>()
                .map(|n| format!("-{}", n.key)),
        );
        story.extend(
            update
                .announced::<Ipv6Unicast>()
                .map(|n| format!("+{}", n.key)),
        );
        rest = &rest[header.length..];
    }
    story
}

fn settled(shard: &mut Shard, peer: PeerId) -> Vec<String> {
    work(shard);
    told(shard, peer)
}

fn states(shard: &Shard, query: Query) -> Vec<(String, PeerId, RouteState)> {
    let mut list = Vec::new();
    let mut position = QueryPosition::default();
    while shard.query(query, None, &mut position, 1, &mut |route| {
        list.push((route.prefix.to_string(), route.peer, route.state));
    }) {}
    list
}

/// Whose path the newest change names.
fn used(shard: &mut Shard, cursor: CursorId) -> Option<PeerId> {
    let mut changes = Vec::new();
    shard.changes(cursor, 100, &mut changes);
    changes.last()?.peer
}

/// With M and N from AS 1 and B from AS 2: M beats N on MED, B beats M, so B is best. M goes, and
/// N beats B.
#[test]
fn a_path_that_is_not_best_may_hide_one_that_would_be() {
    let prefix = "203.0.113.0/24";
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for order in orders {
        let mut shard = Shard::new();
        let cursor = shard.subscribe();
        // Identifiers decide across groups: N 1, B 2, M 3.
        let n = external(&mut shard, 1, 1);
        let b = external(&mut shard, 2, 2);
        let m = external(&mut shard, 3, 1);
        for who in order {
            match who {
                0 => announce(&mut shard, m, &[1, 9], Some(1), &[prefix]),
                1 => announce(&mut shard, n, &[1, 9], Some(5), &[prefix]),
                _ => announce(&mut shard, b, &[2, 9], None, &[prefix]),
            }
        }
        let expected = [
            (b, RouteState::Best(Step::RouterId)),
            (m, RouteState::NotBest(Step::RouterId)),
            (n, RouteState::NotBest(Step::Med)),
        ];
        let ranked: Vec<_> = states(&shard, Query::All)
            .into_iter()
            .map(|(_, peer, state)| (peer, state))
            .collect();
        assert_eq!(ranked, expected, "arrival {order:?}");
        assert_eq!(used(&mut shard, cursor), Some(b));
        shard.withdraw(m, &[nlri(prefix)]);
        assert_eq!(used(&mut shard, cursor), Some(n));
        let ranked: Vec<_> = states(&shard, Query::All)
            .into_iter()
            .map(|(_, peer, state)| (peer, state))
            .collect();
        assert_eq!(
            ranked,
            [
                (n, RouteState::Best(Step::RouterId)),
                (b, RouteState::NotBest(Step::RouterId))
            ]
        );
        // M comes back, and B is best again.
        announce(&mut shard, m, &[1, 9], Some(1), &[prefix]);
        assert_eq!(states(&shard, Query::All)[0].1, b);
        assert_eq!(used(&mut shard, cursor), Some(b));
    }
}

#[test]
fn the_same_prefix_twice_in_a_batch_is_one_route() {
    let mut shard = Shard::new();
    let (from, to) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
    assert_eq!(
        settled(&mut shard, to),
        ["end ipv4-unicast", "end ipv6-unicast"]
    );
    announce(
        &mut shard,
        from,
        &[1],
        None,
        &["10.1.0.0/16", "10.2.0.0/16", "10.1.0.0/16"],
    );
    let mut story = settled(&mut shard, to);
    story.sort();
    assert_eq!(story, ["+10.1.0.0/16", "+10.2.0.0/16"]);
    assert_eq!(shard.totals(IPV4), (2, 2));
    shard.withdraw(from, &[nlri("10.1.0.0/16"), nlri("10.1.0.0/16")]);
    assert_eq!(settled(&mut shard, to), ["-10.1.0.0/16"]);
    assert_eq!(shard.totals(IPV4), (1, 1));
}

#[test]
fn a_peer_that_does_not_read_is_told_the_end_of_the_story() {
    let mut shard = Shard::new();
    let (from, fast, slow) = (
        external(&mut shard, 1, 1),
        external(&mut shard, 2, 2),
        external(&mut shard, 3, 3),
    );
    settled(&mut shard, fast);
    settled(&mut shard, slow);
    for med in 0..500 {
        announce(&mut shard, from, &[1, 100 + med], None, &["10.1.0.0/16"]);
        assert_eq!(settled(&mut shard, fast), ["+10.1.0.0/16"]);
        announce(&mut shard, from, &[1], None, &["10.2.0.0/16"]);
        settled(&mut shard, fast);
        shard.withdraw(from, &[nlri("10.2.0.0/16")]);
        assert_eq!(settled(&mut shard, fast), ["-10.2.0.0/16"]);
    }
    assert_eq!(
        settled(&mut shard, slow),
        ["+10.1.0.0/16"],
        "one announcement, no withdrawal"
    );
    assert_eq!(settled(&mut shard, slow), [""; 0]);
    assert_eq!(shard.counters(slow, IPV4).announced, 1);
}

#[test]
fn a_peer_that_has_read_everything_is_told_nothing_twice() {
    let mut shard = Shard::new();
    let (one, two, to) = (
        external(&mut shard, 1, 1),
        external(&mut shard, 2, 1),
        external(&mut shard, 3, 3),
    );
    for id in [one, two, to] {
        settled(&mut shard, id);
    }
    announce(&mut shard, two, &[1], Some(7), &["10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, to), ["+10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, one), ["+10.1.0.0/16"]);
    // Another MED, dropped toward external peers: nothing differs.
    announce(&mut shard, two, &[1], Some(8), &["10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, to), [""; 0]);
    // The same route from another neighbor becomes best: only the two neighbors hear of it.
    announce(&mut shard, one, &[1], Some(1), &["10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, to), [""; 0]);
    assert_eq!(settled(&mut shard, one), ["-10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, two), ["+10.1.0.0/16"]);
    // There and back again before anybody looks.
    announce(&mut shard, one, &[1, 5, 5], Some(1), &["10.1.0.0/16"]);
    announce(&mut shard, one, &[1], Some(1), &["10.1.0.0/16"]);
    for id in [one, two, to] {
        assert_eq!(settled(&mut shard, id), [""; 0]);
    }
}

#[test]
fn end_of_rib_comes_once_after_what_was_there() {
    let mut shard = Shard::new();
    let from = external(&mut shard, 1, 1);
    let prefixes: Vec<String> = (0..200).map(|n| format!("10.{n}.0.0/16")).collect();
    let texts: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    announce(&mut shard, from, &[1], None, &texts);
    work(&mut shard);
    let to = external(&mut shard, 2, 2);
    // Churn all the while, and small slices of everything.
    let mut lines = Vec::new();
    let mut rounds = 0;
    while !lines.contains(&"end ipv4-unicast".to_owned()) {
        rounds += 1;
        let changed = texts[rounds % 200];
        announce(
            &mut shard,
            from,
            &[1, 1000 + rounds as u32],
            None,
            &[changed],
        );
        let _ = shard.work(20);
        let mut out = Vec::new();
        shard.fill(to, &mut out, 100);
        lines.extend(story(&out));
    }
    assert!(rounds > 10, "the churn went on during the dump");
    let first = |text: &str| lines.iter().position(|line| line[1..] == *text);
    assert!(
        texts.iter().all(|text| first(text).is_some()),
        "the marker came too early"
    );
    lines.extend(settled(&mut shard, to));
    let ends = lines.iter().filter(|line| line.starts_with("end")).count();
    assert_eq!(ends, 2, "{lines:?}");
    assert_eq!(settled(&mut shard, to), [""; 0]);

    // Seen from the start: everything first, then the marker, once.
    let late = external(&mut shard, 3, 3);
    let story = settled(&mut shard, late);
    let end = story
        .iter()
        .position(|line| line == "end ipv4-unicast")
        .unwrap();
    assert_eq!(end, 200, "after the table");
    assert_eq!(story.len(), 202);
    announce(&mut shard, from, &[1, 7], None, &["10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, late), ["+10.1.0.0/16"]);
}

#[test]
fn a_peer_that_returns_before_its_old_paths_are_swept_has_only_its_new_ones() {
    let mut shard = Shard::new();
    let (from, to) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
    let prefixes: Vec<String> = (0..100).map(|n| format!("10.{n}.0.0/16")).collect();
    let texts: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    announce(&mut shard, from, &[1], None, &texts);
    settled(&mut shard, to);
    for _ in 0..3 {
        shard.peer_down(from, &[]);
        let _ = shard.work(5);
        shard.peer_up(from, session(&config(PeerKind::Ebgp, 1, 1)));
        announce(&mut shard, from, &[1], None, &texts[50..]);
        let (_, paths) = shard.totals(IPV4);
        assert!(paths <= 100, "{paths} paths: an old one beside its new one");
        let _ = shard.work(5);
    }
    work(&mut shard);
    assert_eq!(shard.totals(IPV4), (50, 50));
    assert_eq!(shard.counters(from, IPV4).received, 50);
    let story = told(&mut shard, to);
    assert!(
        story.iter().all(|line| line.starts_with('-')),
        "the others did not change: {story:?}"
    );
    assert_eq!(story.len(), 50);
}

#[test]
fn a_policy_change_needs_no_refresh_and_sends_only_what_differs() {
    let mut shard = Shard::new();
    let (from, to, other) = (
        external(&mut shard, 1, 1),
        external(&mut shard, 2, 2),
        external(&mut shard, 3, 3),
    );
    announce(
        &mut shard,
        from,
        &[1],
        None,
        &["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"],
    );
    assert_eq!(settled(&mut shard, to).len(), 5);
    assert_eq!(settled(&mut shard, other).len(), 5);
    let filter = |texts: &[&str]| {
        let rules: Vec<PrefixRule> = texts.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Policy::accept_prefixes("lan", rules))
    };

    // Export: two of three stay, and are not told again.
    let mut narrow = config(PeerKind::Ebgp, 2, 2);
    narrow.export = filter(&["10.1.0.0/16", "10.2.0.0/16"]);
    shard.configure_peer(to, narrow.clone());
    assert_eq!(settled(&mut shard, to), ["-10.3.0.0/16"]);
    assert_eq!(settled(&mut shard, other), [""; 0]);
    let not_told = states(&shard, Query::NotExported(to));
    assert_eq!(
        not_told[0].2,
        RouteState::Export(ExportState::Policy("lan".into()))
    );
    narrow.export = Arc::new(Policy::all());
    shard.configure_peer(to, narrow.clone());
    assert_eq!(settled(&mut shard, to), ["+10.3.0.0/16"]);

    // Import: what is rejected is kept, with its reason.
    let mut source = config(PeerKind::Ebgp, 1, 1);
    source.import = filter(&["10.1.0.0/16"]);
    shard.configure_peer(from, source.clone());
    let mut story = settled(&mut shard, to);
    story.sort();
    assert_eq!(story, ["-10.2.0.0/16", "-10.3.0.0/16"]);
    let rejected = states(&shard, Query::Rejected(from));
    assert_eq!(rejected.len(), 2);
    assert_eq!(
        rejected[0].2,
        RouteState::Rejected(RejectReason::Policy("lan".into()))
    );
    assert_eq!(shard.counters(from, IPV4).received, 3);
    source.import = Arc::new(Policy::all());
    shard.configure_peer(from, source);
    let mut story = settled(&mut shard, to);
    story.sort();
    assert_eq!(story, ["+10.2.0.0/16", "+10.3.0.0/16"]);
}

#[test]
fn without_a_policy_nothing_goes_in_or_out() {
    let mut shard = Shard::new();
    let mut missing = config(PeerKind::Ebgp, 1, 1);
    missing.import = Arc::new(Policy::missing());
    missing.export = Arc::new(Policy::missing());
    let peer = shard.add_peer(missing.clone());
    shard.peer_up(peer, session(&missing));
    let host = shard.add_peer(config(PeerKind::Local, 0, 65530));
    announce(&mut shard, host, &[], None, &["10.1.0.0/16"]);
    announce(&mut shard, peer, &[1], None, &["10.2.0.0/16"]);
    assert_eq!(
        settled(&mut shard, peer),
        ["end ipv4-unicast", "end ipv6-unicast"]
    );
    assert_eq!(
        states(&shard, Query::Rejected(peer))[0].2,
        RouteState::Rejected(RejectReason::NoPolicy)
    );
    assert_eq!(
        states(&shard, Query::NotExported(peer))[0].2,
        RouteState::Export(ExportState::NoPolicy)
    );
}

#[test]
fn routes_of_this_host_win_and_are_not_forwarded_by() {
    let mut shard = Shard::new();
    let cursor = shard.subscribe();
    let from = external(&mut shard, 1, 1);
    let host = shard.add_peer(config(PeerKind::Local, 0, 65530));
    let changes = |shard: &mut Shard| {
        let mut out = Vec::new();
        shard.changes(cursor, 100, &mut out);
        out
    };
    announce(&mut shard, from, &[1], None, &["10.1.0.0/16"]);
    let prefix: IpNet = "10.1.0.0/16".parse().unwrap();
    let next_hop = Some(NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)));
    let learned = Change {
        prefix,
        next_hop,
        peer: Some(from),
    };
    assert_eq!(changes(&mut shard), std::slice::from_ref(&learned));
    announce(&mut shard, host, &[], None, &["10.1.0.0/16"]);
    let local = Change {
        prefix,
        next_hop: None,
        peer: Some(host),
    };
    assert_eq!(changes(&mut shard), [local]);
    let list = states(&shard, Query::All);
    assert_eq!(list[0].2, RouteState::Best(Step::LocalRoute));
    assert_eq!(list[1].2, RouteState::NotBest(Step::LocalRoute));
    shard.withdraw(host, &[nlri("10.1.0.0/16")]);
    assert_eq!(changes(&mut shard), std::slice::from_ref(&learned));
    shard.rewind(cursor);
    assert_eq!(changes(&mut shard), [learned]);
    shard.remove_peer(from);
    work(&mut shard);
    assert_eq!(
        changes(&mut shard),
        [Change {
            prefix,
            next_hop: None,
            peer: None
        }]
    );
    shard.unsubscribe(cursor);
    assert_eq!(changes(&mut shard), []);
}

#[test]
fn unfit_routes_are_kept_with_the_reason() {
    let mut shard = Shard::new();
    let peer = external(&mut shard, 1, 1);
    announce(&mut shard, peer, &[1, 65530], None, &["10.1.0.0/16"]);
    announce(&mut shard, peer, &[2, 1], None, &["10.2.0.0/16"]);
    let good = octets(&[1], None);
    for (last, prefix) in [(100, "10.3.0.0/16"), (0, "10.4.0.0/16")] {
        let address = if last == 0 {
            Ipv4Addr::UNSPECIFIED
        } else {
            Ipv4Addr::new(10, 0, 0, last)
        };
        let attributes = Attributes::from_canonical(&good);
        shard.announce(peer, &attributes, NextHop::V4(address), &[nlri(prefix)], 1);
    }
    let reasons: Vec<RouteState> = states(&shard, Query::Rejected(peer))
        .into_iter()
        .map(|(.., state)| state)
        .collect();
    let expected = [
        RejectReason::AsLoop,
        RejectReason::FirstAsMismatch,
        RejectReason::NextHopIsOurs,
        RejectReason::NextHopInvalid,
    ];
    assert_eq!(reasons, expected.map(RouteState::Rejected));
    assert_eq!(shard.totals(IPV4), (0, 4));
    let counters = shard.counters(peer, IPV4);
    assert_eq!(
        (counters.received, counters.accepted, counters.best),
        (4, 0, 0)
    );
}

#[test]
fn attributes_that_fit_no_message_are_not_sent() {
    let mut shard = Shard::new();
    let (from, to) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
    settled(&mut shard, to);
    let long: Vec<u32> = (0..1010)
        .map(|n| if n == 0 { 1 } else { 1000 + n })
        .collect();
    announce(&mut shard, from, &long, None, &["10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, to), [""; 0]);
    assert_eq!(
        states(&shard, Query::NotExported(to))[0].2,
        RouteState::Export(ExportState::TooLarge)
    );
    announce(&mut shard, from, &long[..900], None, &["10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, to), ["+10.1.0.0/16"]);
    announce(&mut shard, from, &long, None, &["10.1.0.0/16"]);
    assert_eq!(settled(&mut shard, to), ["-10.1.0.0/16"]);
}

#[test]
fn a_peer_is_named_once_until_it_has_read() {
    let mut shard = Shard::new();
    let (from, to) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
    let mut silent = config(PeerKind::Ebgp, 1, 1);
    silent.export = Arc::new(Policy::none());
    shard.configure_peer(from, silent);
    work(&mut shard);
    while let Some(id) = shard.next_ready() {
        told(&mut shard, id);
        work(&mut shard);
    }
    announce(&mut shard, from, &[1], None, &["10.1.0.0/16"]);
    work(&mut shard);
    assert_eq!(shard.next_ready(), Some(to));
    announce(&mut shard, from, &[1], None, &["10.2.0.0/16"]);
    work(&mut shard);
    assert_eq!(shard.next_ready(), None, "it knows");
    assert_eq!(told(&mut shard, to).len(), 2);
    announce(&mut shard, from, &[1, 1], None, &["10.1.0.0/16"]);
    work(&mut shard);
    assert_eq!(shard.next_ready(), Some(to));
}

#[test]
fn a_refresh_tells_one_family_to_one_peer_again() {
    let mut shard = Shard::new();
    let (from, to, other) = (
        external(&mut shard, 1, 1),
        external(&mut shard, 2, 2),
        external(&mut shard, 3, 3),
    );
    announce(
        &mut shard,
        from,
        &[1],
        None,
        &["10.1.0.0/16", "10.2.0.0/16"],
    );
    settled(&mut shard, to);
    settled(&mut shard, other);
    shard.refresh(to, Family::IPV6_UNICAST);
    assert_eq!(settled(&mut shard, to), [""; 0]);
    shard.refresh(to, IPV4);
    assert_eq!(settled(&mut shard, to), ["+10.1.0.0/16", "+10.2.0.0/16"]);
    assert_eq!(settled(&mut shard, other), [""; 0]);
}

#[test]
fn a_refresh_is_answered_in_full_even_while_the_policy_changes() {
    for refresh_first in [false, true] {
        let mut shard = Shard::new();
        let (from, to) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
        let prefixes: Vec<String> = (0..20).map(|n| format!("10.{n}.0.0/16")).collect();
        let texts: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        announce(&mut shard, from, &[1], None, &texts);
        settled(&mut shard, to);
        let mut changed = config(PeerKind::Ebgp, 2, 2);
        let rules = vec!["10.0.0.0/8 le 16".parse().unwrap()];
        changed.export = Arc::new(Policy::accept_prefixes("lan", rules));
        if refresh_first {
            shard.refresh(to, IPV4);
            let mut out = Vec::new();
            assert!(shard.fill(to, &mut out, 1).more);
            shard.configure_peer(to, changed);
        } else {
            shard.configure_peer(to, changed);
            shard.refresh(to, IPV4);
        }
        assert_eq!(settled(&mut shard, to).len(), 20);
    }
}

#[test]
fn listings_stay_within_and_in_order() {
    let mut shard = Shard::new();
    let from = external(&mut shard, 1, 1);
    let texts = [
        "10.2.0.0/16",
        "10.0.0.0/8",
        "10.1.128.0/17",
        "10.1.0.0/16",
        "9.0.0.0/8",
        "10.1.0.0/24",
    ];
    announce(&mut shard, from, &[1], None, &texts);
    for budget in [1, 2, 100] {
        let mut list = Vec::new();
        let mut position = QueryPosition::default();
        let range = "10.1.0.0/16".parse().ok();
        while shard.query(Query::All, range, &mut position, budget, &mut |route| {
            list.push(route.prefix.to_string());
        }) {}
        assert_eq!(list, ["10.1.0.0/16", "10.1.0.0/24", "10.1.128.0/17"]);
    }
    // What goes while a listing lives is not shown; what stays is shown once.
    let mut list = Vec::new();
    let mut position = QueryPosition::default();
    while shard.query(Query::All, None, &mut position, 1, &mut |route| {
        list.push(route.prefix.to_string());
    }) {
        if list.len() == 2 {
            shard.withdraw(from, &[nlri("10.1.128.0/17")]);
            announce(&mut shard, from, &[1, 2], None, &["10.1.0.0/24"]);
        }
    }
    assert_eq!(
        list,
        [
            "9.0.0.0/8",
            "10.0.0.0/8",
            "10.1.0.0/16",
            "10.1.0.0/24",
            "10.2.0.0/16"
        ]
    );
}

/// Numbers of destinations are used again; a listing that has collected a key under its old
/// number finds it once more under the new one.
#[test]
fn a_prefix_that_goes_and_returns_during_a_listing_is_shown_once() {
    let mut shard = Shard::new();
    let host = shard.add_peer(config(PeerKind::Local, 0, 65530));
    let prefixes: Vec<String> = (0..40).map(|n| format!("10.{n}.0.0/16")).collect();
    let texts: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    announce(&mut shard, host, &[], None, &texts);
    let mut shown = Vec::new();
    let mut position = QueryPosition::default();
    let mut slices = 0;
    while shard.query(Query::All, None, &mut position, 1, &mut |route| {
        shown.push(route.prefix.to_string());
    }) {
        slices += 1;
        if slices == 1 {
            assert!(shown.is_empty(), "still collecting");
            shard.withdraw(host, &[nlri("10.0.0.0/16")]);
            announce(&mut shard, host, &[], None, &["11.0.0.0/16", "10.0.0.0/16"]);
        }
    }
    assert_eq!(shown[..40], prefixes);
}

/// A peer moves to a group that has not looked at the newest change yet.
#[test]
fn a_new_policy_withdraws_nothing_that_stays() {
    for head_start in 0..4 {
        let mut shard = Shard::new();
        let (from, to, _other) = (
            external(&mut shard, 1, 1),
            external(&mut shard, 2, 2),
            external(&mut shard, 3, 3),
        );
        let rules = vec!["10.0.0.0/8 le 16".parse().unwrap()];
        let mut narrow = config(PeerKind::Ebgp, 2, 2);
        narrow.export = Arc::new(Policy::accept_prefixes("lan", rules));
        shard.configure_peer(to, narrow);
        settled(&mut shard, to);
        for _ in 0..head_start {
            let _ = shard.work(1);
        }
        announce(&mut shard, from, &[1], None, &["10.1.0.0/16"]);
        let mut story = Vec::new();
        while story.is_empty() {
            let _ = shard.work(1);
            story = told(&mut shard, to);
        }
        assert_eq!(story, ["+10.1.0.0/16"]);
        shard.configure_peer(to, config(PeerKind::Ebgp, 2, 2));
        assert_eq!(told(&mut shard, to), [""; 0]);
        assert_eq!(settled(&mut shard, to), [""; 0]);
    }
}

/// A walk (after a refresh) makes pending journal entries superfluous, but not the destination
/// that is still to be withdrawn: its number must not be used again before.
#[test]
fn what_a_walking_peer_holds_keeps_its_number() {
    for leaves in [false, true] {
        let mut shard = Shard::new();
        let host = shard.add_peer(config(PeerKind::Local, 0, 65530));
        let to = external(&mut shard, 2, 2);
        let prefixes: Vec<String> = (0..10).map(|n| format!("10.{n}.0.0/16")).collect();
        let texts: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        announce(&mut shard, host, &[], None, &texts);
        settled(&mut shard, to);
        shard.refresh(to, IPV4);
        shard.withdraw(host, &[nlri("10.9.0.0/16")]);
        work(&mut shard);
        assert!(
            shard.fill(to, &mut Vec::new(), 1).more,
            "the walk has begun"
        );
        work(&mut shard);
        if leaves {
            shard.peer_down(to, &[]);
            work(&mut shard);
            assert_eq!(shard.usage().destinations, 9);
            continue;
        }
        announce(&mut shard, host, &[], None, &["11.0.0.0/16"]);
        let story = settled(&mut shard, to);
        assert!(story.contains(&"-10.9.0.0/16".into()), "{story:?}");
        assert!(story.contains(&"+11.0.0.0/16".into()), "{story:?}");
        work(&mut shard);
        assert_eq!(shard.usage().destinations, 10);
    }
}

#[test]
fn what_goes_leaves_nothing_behind() {
    let mut shard = Shard::new();
    let (from, to) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
    let cursor = shard.subscribe();
    let mut full = Vec::new();
    for round in 0..3 {
        for n in 0..2000_u32 {
            let prefix = format!("10.{}.{}.0/24", n / 250, n % 250);
            announce(&mut shard, from, &[1, 100 + n % 97], None, &[&prefix]);
        }
        settled(&mut shard, to);
        settled(&mut shard, from);
        let mut changes = Vec::new();
        shard.changes(cursor, 100_000, &mut changes);
        full.push(shard.usage());
        assert_eq!(shard.usage().destinations, 2000);
        assert_eq!(shard.usage().attribute_sets, 2 * 97);
        if round == 1 {
            shard.peer_down(from, &[]);
            shard.peer_up(from, session(&config(PeerKind::Ebgp, 1, 1)));
        } else {
            for n in 0..2000_u32 {
                let prefix = format!("10.{}.{}.0/24", n / 250, n % 250);
                shard.withdraw(from, &[nlri(&prefix)]);
            }
        }
        settled(&mut shard, to);
        settled(&mut shard, from);
        changes.clear();
        shard.changes(cursor, 100_000, &mut changes);
        work(&mut shard);
        assert_eq!(changes.len(), 2000);
        assert_eq!(
            shard.usage(),
            Usage {
                sources: 4,
                ..Usage::default()
            }
        );
    }
    assert!(full.windows(2).all(|pair| pair[0] == pair[1]), "{full:?}");
}

#[test]
fn a_neighbor_that_restarts_gracefully_is_not_noticed() {
    let mut shard = Shard::new();
    let (from, to) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
    let cursor = shard.subscribe();
    let prefixes = ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"];
    announce(&mut shard, from, &[1, 7], None, &prefixes);
    settled(&mut shard, to);
    let mut changes = Vec::new();
    shard.changes(cursor, 100, &mut changes);
    assert_eq!(changes.len(), 3);

    shard.peer_down(from, &[IPV4]);
    assert_eq!(settled(&mut shard, to), [""; 0], "while it is away");
    let counters = shard.counters(from, IPV4);
    assert_eq!((counters.received, counters.stale), (3, 3));

    let up = PeerUp {
        preserved: vec![IPV4],
        ..session(&config(PeerKind::Ebgp, 1, 1))
    };
    shard.peer_up(from, up);
    announce(&mut shard, from, &[1, 7], None, &prefixes[..2]);
    assert_eq!(settled(&mut shard, to), [""; 0], "it said the same again");
    changes.clear();
    shard.changes(cursor, 100, &mut changes);
    assert_eq!(changes, [], "the kernel table is not concerned");
    assert_eq!(shard.counters(from, IPV4).stale, 1);

    shard.end_of_rib(from, IPV4);
    assert_eq!(settled(&mut shard, to), ["-10.3.0.0/16"]);
    let counters = shard.counters(from, IPV4);
    assert_eq!((counters.received, counters.stale), (2, 0));
}

#[test]
fn a_neighbor_that_lost_its_forwarding_state_loses_its_stale_paths() {
    let mut shard = Shard::new();
    let (from, to) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
    announce(&mut shard, from, &[1], None, &["10.1.0.0/16"]);
    settled(&mut shard, to);
    shard.peer_down(from, &[IPV4]);
    assert_eq!(settled(&mut shard, to), [""; 0]);
    shard.peer_up(from, session(&config(PeerKind::Ebgp, 1, 1)));
    assert_eq!(settled(&mut shard, to), ["-10.1.0.0/16"]);
}

#[test]
fn what_is_kept_for_long_is_the_last_resort_and_told_to_those_who_know() {
    let mut shard = Shard::new();
    let first = external(&mut shard, 1, 1);
    let second = external(&mut shard, 2, 2);
    let unaware = external(&mut shard, 3, 3);
    let aware = config(PeerKind::Ebgp, 4, 4);
    let up = PeerUp {
        long_lived: vec![IPV4],
        ..session(&aware)
    };
    let aware = shard.add_peer(aware);
    shard.peer_up(aware, up);
    announce(
        &mut shard,
        first,
        &[1],
        None,
        &["10.1.0.0/16", "10.2.0.0/16"],
    );
    announce(&mut shard, second, &[2, 3, 4, 5], None, &["10.2.0.0/16"]);
    let mut set = AttributeSet::with_path([Asn(1)]);
    set.communities.push(0xffff_0007);
    let mut marked = Vec::new();
    set.encode(&mut marked);
    let next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
    let attributes = Attributes::from_canonical(&marked);
    shard.announce(first, &attributes, next_hop, &[nlri("10.3.0.0/16")], 1);
    settled(&mut shard, unaware);
    settled(&mut shard, aware);

    shard.peer_down(first, &[IPV4]);
    settled(&mut shard, unaware);
    shard.keep_long_lived(first, IPV4);
    let said = settled(&mut shard, unaware);
    assert_eq!(
        said,
        ["-10.1.0.0/16", "-10.3.0.0/16", "+10.2.0.0/16"],
        "NO_LLGR goes, the longer path that is fresh wins, the rest is not for it"
    );
    assert_eq!(
        settled(&mut shard, aware),
        ["-10.3.0.0/16", "+10.2.0.0/16", "+10.1.0.0/16"]
    );
    assert_eq!(shard.counters(first, IPV4).long_lived_stale, 2);
    shard.sweep_stale(first, IPV4);
    assert_eq!(settled(&mut shard, aware), ["-10.1.0.0/16"]);
    assert_eq!(shard.counters(first, IPV4).received, 0);
}

#[test]
fn one_prefix_is_looked_up_exactly_and_by_its_longest_match() {
    let mut shard = Shard::new();
    let one = external(&mut shard, 1, 1);
    let two = external(&mut shard, 2, 2);
    announce(
        &mut shard,
        one,
        &[1],
        None,
        &["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0"],
    );
    announce(&mut shard, two, &[2, 3], None, &["10.1.0.0/16"]);
    let net = |text: &str| text.parse::<IpNet>().unwrap();
    let paths = |query, text: &str| {
        let mut paths = Vec::new();
        shard.look_up(query, net(text), &mut |route| {
            assert_eq!(route.prefix, net(text));
            paths.push(route.peer);
        });
        paths
    };
    assert_eq!(paths(Query::All, "10.1.0.0/16"), [one, two], "best first");
    assert_eq!(paths(Query::Received(two), "10.1.0.0/16"), [two]);
    assert_eq!(paths(Query::All, "10.0.0.0/8"), [one]);
    assert_eq!(paths(Query::All, "10.0.0.0/9"), []);
    assert_eq!(paths(Query::All, "::/0"), []);
    for (asked, found) in [
        ("10.1.2.3/32", Some("10.1.0.0/16")),
        ("10.1.0.0/16", Some("10.1.0.0/16")),
        ("10.0.0.0/15", Some("10.0.0.0/8")),
        ("192.0.2.1/32", Some("0.0.0.0/0")),
        ("2001:db8::1/128", None),
    ] {
        assert_eq!(shard.longest_match(net(asked)), found.map(net), "{asked}");
    }
}

#[test]
fn a_reflector_tells_clients_all_and_others_what_clients_say() {
    let mut shard = Shard::new();
    let mut peer = |number: u8, client: bool| {
        let config = PeerConfig {
            client,
            ..config(PeerKind::Ibgp, number, 65530)
        };
        let id = shard.add_peer(config.clone());
        shard.peer_up(id, session(&config));
        id
    };
    let (client, other, third) = (peer(1, true), peer(2, false), peer(3, false));
    announce(&mut shard, client, &[7], None, &["10.1.0.0/16"]);
    announce(&mut shard, other, &[7], None, &["10.2.0.0/16"]);
    for id in [client, other, third] {
        settled(&mut shard, id);
    }
    let mut told = Vec::new();
    for id in [client, other, third] {
        let mut position = QueryPosition::default();
        while shard.query(Query::Exported(id), None, &mut position, 9, &mut |route| {
            let attributes = route.attributes;
            told.push((
                id,
                route.prefix.to_string(),
                attributes.originator_id().unwrap().to_string(),
                attributes.cluster_list().collect::<Vec<_>>(),
                route.next_hop,
            ));
        }) {}
    }
    let hop = Some(NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)));
    let ours = vec![u32::from(Ipv4Addr::new(10, 0, 0, 100))];
    let route = |to, prefix: &str, originator: &str| {
        (
            to,
            prefix.to_owned(),
            originator.to_owned(),
            ours.clone(),
            hop,
        )
    };
    assert_eq!(
        told,
        [
            route(client, "10.2.0.0/16", "10.0.0.2"),
            route(other, "10.1.0.0/16", "10.0.0.1"),
            route(third, "10.1.0.0/16", "10.0.0.1"),
        ]
    );
}

#[test]
fn what_a_provider_said_is_not_leaked_to_another() {
    let mut shard = Shard::new();
    let mut peer = |number: u8, role| {
        let config = PeerConfig {
            role: Some(role),
            ..config(PeerKind::Ebgp, number, u32::from(number))
        };
        let id = shard.add_peer(config.clone());
        shard.peer_up(id, session(&config));
        id
    };
    let provider = peer(1, Role::Customer);
    let second_provider = peer(2, Role::Customer);
    let customer = peer(3, Role::Provider);
    announce(&mut shard, provider, &[1, 9], None, &["10.1.0.0/16"]);
    settled(&mut shard, second_provider);
    settled(&mut shard, customer);
    assert_eq!(
        states(&shard, Query::NotExported(second_provider))[0].2,
        RouteState::Export(ExportState::OnlyToCustomers)
    );
    let mut otc = None;
    let mut position = QueryPosition::default();
    while shard.query(
        Query::Exported(customer),
        None,
        &mut position,
        9,
        &mut |route| {
            otc = route.attributes.only_to_customer();
        },
    ) {}
    assert_eq!(otc, Some(Asn(1)));
    // The customer sends it back to us by way of a leak.
    let mut set = AttributeSet::with_path([Asn(3), Asn(1), Asn(9)]);
    set.carry(CarriedAttribute::only_to_customer(Asn(1)));
    let mut leaked = Vec::new();
    set.encode(&mut leaked);
    let attributes = Attributes::from_canonical(&leaked);
    let next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
    shard.announce(customer, &attributes, next_hop, &[nlri("10.1.0.0/16")], 2);
    assert_eq!(
        states(&shard, Query::Rejected(customer))[0].2,
        RouteState::Rejected(RejectReason::RouteLeak)
    );
}

#[test]
fn a_session_that_is_about_to_end_is_the_last_resort_both_ways() {
    let mut shard = Shard::new();
    let (first, second) = (external(&mut shard, 1, 1), external(&mut shard, 2, 2));
    let third = external(&mut shard, 3, 3);
    announce(&mut shard, first, &[1], None, &["10.1.0.0/16"]);
    announce(&mut shard, second, &[2, 3, 4], None, &["10.1.0.0/16"]);
    settled(&mut shard, third);
    let leaving = PeerConfig {
        graceful_shutdown: true,
        ..config(PeerKind::Ebgp, 1, 1)
    };
    shard.configure_peer(first, leaving);
    assert_eq!(
        settled(&mut shard, third),
        ["+10.1.0.0/16"],
        "the longer path"
    );
    let why = states(&shard, Query::All);
    assert_eq!(
        (why[0].1, why[0].2.clone()),
        (second, RouteState::Best(Step::LocalPref))
    );
    settled(&mut shard, first);
    let mut marked = false;
    let mut position = QueryPosition::default();
    while shard.query(
        Query::Exported(first),
        None,
        &mut position,
        9,
        &mut |route| {
            marked = route.attributes.communities().any(|c| c == 0xffff_0000);
        },
    ) {}
    assert!(marked, "GRACEFUL_SHUTDOWN");
}

#[test]
fn a_change_of_a_known_prefix_overtakes_a_table_that_is_coming_in() {
    let mut shard = Shard::new();
    let bulk = external(&mut shard, 1, 1);
    let one = external(&mut shard, 2, 2);
    let cursor = shard.subscribe();
    announce(&mut shard, one, &[2], None, &["10.0.0.0/8"]);
    let taken = |shard: &mut Shard, max| {
        let (mut urgent, mut rest) = (Vec::new(), Vec::new());
        shard.urgent(cursor, max, &mut urgent);
        shard.changes(cursor, max, &mut rest);
        (urgent, rest)
    };
    let (urgent, rest) = taken(&mut shard, 100);
    assert_eq!(
        (urgent.len(), rest.len()),
        (0, 1),
        "a new prefix is not urgent"
    );

    let many: Vec<String> = (0..5000)
        .map(|n| format!("20.{}.{}.0/24", n / 256, n % 256))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    announce(&mut shard, bulk, &[1], None, &many);
    shard.withdraw::<Ipv4Unicast>(one, &[nlri("10.0.0.0/8")]);
    let (urgent, rest) = taken(&mut shard, 100);
    assert_eq!(urgent.len(), 1);
    assert_eq!(
        (urgent[0].prefix.to_string().as_str(), urgent[0].next_hop),
        ("10.0.0.0/8", None)
    );
    assert_eq!(rest.len(), 100, "the rest goes on in its order");
    assert!(rest.iter().all(|change| change.prefix != urgent[0].prefix));
    let (urgent, rest) = taken(&mut shard, 10_000);
    assert!(urgent.is_empty());
    assert_eq!(rest.last().unwrap().prefix.to_string(), "10.0.0.0/8");
    assert_eq!(
        rest.last().unwrap().next_hop,
        None,
        "and is named again in its place"
    );
}
