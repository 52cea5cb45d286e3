//! What an OPEN offers and demands: capabilities that are refused, roles, and OPENs that wait.
use super::solo::{Sent, Solo, encoded, keepalive, notification, open, open_value, speaker};
use crate::{Action, Command, Config, Slot, State, Timer};
use bgp_wire::{Asn, Capability, Family, Notification, Open, Role};
use std::time::Duration;

const S: Duration = Duration::from_secs(1);

fn full() -> Config {
    let mut config = speaker();
    config.capabilities.extend([
        Capability::EnhancedRouteRefresh,
        Capability::ExtendedMessage,
        Capability::SoftwareVersion("myna".into()),
    ]);
    config
}

/// Refuses our OPEN with `code`/`subcode` and `data`; gives the capabilities of the next one.
fn offered_after(solo: &mut Solo, subcode: u8, data: &[u8]) -> Vec<Capability> {
    let mut refusal = Vec::new();
    Notification::new(2, subcode, data).encode(&mut refusal);
    solo.octets(Slot::Ours, &refusal);
    assert_eq!(solo.session.state(), State::Idle);
    next_offer(solo)
}

fn next_offer(solo: &mut Solo) -> Vec<Capability> {
    assert!(solo.expire(Timer::IdleHold));
    solo.poll();
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    let messages = solo.messages(Slot::Ours);
    let [(Sent::Open, octets)] = &messages[..] else {
        panic!("{messages:?}")
    };
    Open::parse(octets).unwrap().capabilities
}

#[test]
fn a_capability_that_is_refused_by_name_is_left_out_next_time() {
    let mut solo = Solo::at(full(), State::OpenSent);
    let all = solo.session.local_open().unwrap().capabilities.clone();
    assert_eq!(solo.session.withheld(), None);
    let version = [&[75, 5, 4][..], b"myna"].concat();
    let next = offered_after(&mut solo, 7, &version);
    assert_eq!(next, all[..all.len() - 1]);
    assert_eq!(solo.session.withheld().as_deref(), Some("software version"));
    // Another one after it.
    let next = offered_after(&mut solo, 7, &[6, 0]);
    assert!(
        !next.contains(&Capability::ExtendedMessage) && next.contains(&Capability::RouteRefresh)
    );
    // Without a name, all that can be spared.
    let next = offered_after(&mut solo, 7, &[]);
    assert_eq!(
        next,
        [
            Capability::FourOctetAs(Asn(65_001)),
            Capability::Multiprotocol(Family::IPV4_UNICAST)
        ]
    );
    // At last nothing.
    assert_eq!(offered_after(&mut solo, 7, &[]), []);
    assert_eq!(solo.session.withheld().as_deref(), Some("all capabilities"));
    // Then it is a refusal like others: once a second, and more and more rarely.
    solo.octets(Slot::Ours, &notification(2, 7));
    assert!(solo.left(Timer::IdleHold).unwrap() >= S / 2);
}

#[test]
fn a_neighbor_without_optional_parameters_is_spoken_to_without() {
    let mut solo = Solo::at(full(), State::OpenSent);
    assert_eq!(offered_after(&mut solo, 4, &[]), []);
    let plain = Open {
        capabilities: vec![],
        ..open_value(2)
    };
    solo.octets(Slot::Ours, &[encoded(&plain), keepalive()].concat());
    assert_eq!(solo.session.state(), State::Established);
    let negotiated = solo.session.negotiated().unwrap();
    assert!(!negotiated.four_octet_as);
    assert_eq!(negotiated.families, [Family::IPV4_UNICAST]);
}

#[test]
fn what_the_neighbor_misses_in_us_is_no_reason_to_say_less() {
    // Multiprotocol for IPv6, which we did not offer: RFC 5492 §5 as it is meant.
    let mut solo = Solo::at(full(), State::OpenSent);
    let all = solo.session.local_open().unwrap().capabilities.clone();
    assert_eq!(offered_after(&mut solo, 7, &[1, 4, 0, 2, 0, 1]), all);
    assert_eq!(solo.session.withheld(), None);
    // Of another kind of error, or with fallback switched off, neither.
    assert_eq!(offered_after(&mut solo, 2, &[]), all);
    let off = Config {
        capability_fallback: false,
        ..full()
    };
    let mut solo = Solo::at(off, State::OpenSent);
    assert_eq!(offered_after(&mut solo, 4, &[]), all);
}

#[test]
fn a_family_that_needs_its_capability_is_not_given_up() {
    let mut config = full();
    config.capabilities[0] = Capability::Multiprotocol(Family::IPV6_UNICAST);
    let mut solo = Solo::at(
        Config {
            passive: false,
            ..config
        },
        State::OpenSent,
    );
    let all = solo.session.local_open().unwrap().capabilities.clone();
    assert_eq!(offered_after(&mut solo, 4, &[]), all);
    assert_eq!(solo.session.withheld(), None);
}

#[test]
fn after_an_hour_and_at_a_persons_word_all_is_offered_again() {
    let mut solo = Solo::at(full(), State::OpenSent);
    let all = solo.session.local_open().unwrap().capabilities.clone();
    assert_eq!(offered_after(&mut solo, 4, &[]), []);
    solo.now += 3600 * S;
    solo.session.handle_closed(Slot::Ours, None, solo.now);
    assert!(solo.expire(Timer::ConnectRetry));
    solo.poll();
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    assert_eq!(solo.session.local_open().unwrap().capabilities, all);

    let mut solo = Solo::at(full(), State::OpenSent);
    assert_eq!(offered_after(&mut solo, 4, &[]), []);
    solo.command(Command::Reset(Notification::cease(4)));
    solo.sent(Slot::Ours);
    assert_eq!(next_offer(&mut solo), all);
}

fn with_role(role: Role, strict_role: bool) -> Config {
    let mut config = speaker();
    config.capabilities.push(Capability::Role(role));
    Config {
        strict_role,
        ..config
    }
}

fn answer(config: Config, roles: &[Role]) -> (Vec<Sent>, String) {
    let mut solo = Solo::at(config, State::OpenSent);
    let mut open = open_value(2);
    open.capabilities
        .extend(roles.iter().map(|role| Capability::Role(*role)));
    solo.octets(Slot::Ours, &encoded(&open));
    let reason = solo.session.last_error();
    let reason = reason
        .map(|(reason, _)| reason.to_string())
        .unwrap_or_default();
    (solo.sent(Slot::Ours), reason)
}

#[test]
fn roles_have_to_fit() {
    use Role::{Customer, Peer, Provider, RouteServer, RouteServerClient};
    const MISMATCH: &[Sent] = &[Sent::Notification(2, 11)];
    // RFC 9234 §4.2, table 2.
    let fitting = [
        (Provider, Customer),
        (Customer, Provider),
        (RouteServer, RouteServerClient),
        (RouteServerClient, RouteServer),
        (Peer, Peer),
    ];
    let roles = [
        Provider,
        RouteServer,
        RouteServerClient,
        Customer,
        Peer,
        Role::Other(9),
    ];
    for ours in &roles[..5] {
        for theirs in roles {
            let (sent, reason) = answer(with_role(*ours, false), &[theirs]);
            if fitting.contains(&(*ours, theirs)) {
                assert_eq!(sent, [Sent::Keepalive]);
            } else {
                assert_eq!(sent, MISMATCH);
                let words = format!(
                    "Role Mismatch: we are {ours}, which does not go with a neighbor that is \
                     {theirs}"
                );
                assert!(reason.ends_with(&words), "{reason}");
            }
        }
    }
    let (sent, _) = answer(with_role(Customer, false), &[Provider, Provider]);
    assert_eq!(sent, [Sent::Keepalive]);
    let (sent, reason) = answer(with_role(Customer, false), &[Provider, Peer]);
    assert_eq!(sent, MISMATCH);
    assert!(
        reason.contains("says that it is provider and that it is peer"),
        "{reason}"
    );
    // Who tells no role is taken as it is, unless that is not enough.
    assert_eq!(answer(with_role(Customer, false), &[]).0, [Sent::Keepalive]);
    let (sent, reason) = answer(with_role(Customer, true), &[]);
    assert_eq!(sent, MISMATCH);
    assert!(
        reason.ends_with("does not say what it is (strict mode)"),
        "{reason}"
    );
    // Without a role of our own we have nothing to compare.
    assert_eq!(answer(speaker(), &[Peer, Provider]).0, [Sent::Keepalive]);
}

#[test]
fn a_delayed_open_waits_for_the_neighbors() {
    let config = Config {
        delay_open: Some(5 * S),
        ..speaker()
    };
    let mut solo = Solo::at(config.clone(), State::Connect);
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    assert_eq!(solo.left(Timer::DelayOpen), Some(5 * S));
    assert_eq!(solo.left(Timer::Hold), None);
    assert_eq!(
        solo.session.waiting_for(solo.now),
        "connected, waiting 5.0 s for the neighbor's OPEN before sending ours"
    );
    assert!(solo.session.local_open().is_none());
    solo.octets(Slot::Ours, &[open(2), keepalive()].concat());
    assert_eq!(solo.session.state(), State::Established);
    assert_eq!(solo.sent(Slot::Ours), [Sent::Open, Sent::Keepalive]);
    assert_eq!(solo.left(Timer::DelayOpen), None);

    let mut solo = Solo::at(config, State::Connect);
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    assert!(solo.expire(Timer::DelayOpen));
    assert_eq!(solo.sent(Slot::Ours), [Sent::Open]);
    assert_eq!(solo.left(Timer::Hold), Some(240 * S));
    // A wrong OPEN before ours is told of only when asked for.
    let config = Config {
        delay_open: Some(5 * S),
        ..speaker()
    };
    let mut solo = Solo::at(config, State::Connect);
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    solo.octets(Slot::Ours, &open(3));
    assert_eq!(
        solo.last_error(),
        "closed before our OPEN, without OPEN Message Error/Bad Peer AS: expected 65002, got 65003"
    );
}

#[test]
fn an_established_connection_contends_only_where_that_is_asked_for() {
    for (asked, survives) in [(false, Slot::Ours), (true, Slot::Theirs)] {
        let config = Config {
            collision_detect_established: asked,
            ..speaker()
        };
        let mut solo = Solo::at(config, State::Established);
        solo.now += 20 * S;
        assert_eq!(solo.session.handle_connected(Slot::Theirs, solo.now), asked);
        solo.octets(Slot::Theirs, &[open(2), keepalive()].concat());
        solo.poll();
        assert_eq!(solo.closed(Slot::Ours), survives == Slot::Theirs);
        assert_eq!(solo.down().is_some(), asked);
        assert_eq!(solo.session.state(), State::Established);
        if asked {
            assert!(solo.sent(Slot::Ours).contains(&Sent::Notification(6, 7)));
            let ups = solo
                .actions
                .iter()
                .filter(|it| matches!(it, Action::Up(..)));
            assert_eq!(ups.count(), 1);
        }
    }
    // Where our identifier is the higher one, ours stays.
    let config = Config {
        collision_detect_established: true,
        router_id: bgp_wire::RouterId::new([10, 0, 0, 9].into()).unwrap(),
        ..speaker()
    };
    let mut solo = Solo::at(config, State::Established);
    solo.now += 20 * S;
    assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
    solo.octets(Slot::Theirs, &open(2));
    assert_eq!(
        solo.sent(Slot::Theirs),
        [Sent::Open, Sent::Notification(6, 7)]
    );
    assert!(solo.closed(Slot::Theirs) && solo.down().is_none());
}
