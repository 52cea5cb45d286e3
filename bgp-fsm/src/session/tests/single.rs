//! One session against octets: OPEN checks, timers, words, and what happens to UPDATEs.
use super::solo::{
    Sent, Solo, encoded, keepalive, notification, open, open_value, refresh, speaker, update,
};
use crate::{Action, Command, Config, Received, Slot, State, Timer};
use bgp_wire::{Asn, Capability, Family, Notification, Open, RouterId};
use bytes::BytesMut;
use std::{net::Ipv4Addr, time::Duration};

const S: Duration = Duration::from_secs(1);

/// Sends `open` in OpenSent and gives the NOTIFICATION it is answered with, and the reason.
fn refused(config: Config, open: &Open) -> (Notification, String) {
    refused_octets(config, &encoded(open))
}

fn refused_octets(config: Config, open: &[u8]) -> (Notification, String) {
    let mut solo = Solo::at(config, State::OpenSent);
    solo.octets(Slot::Ours, open);
    let messages = solo.messages(Slot::Ours);
    let [(Sent::Notification(..), octets)] = &messages[..] else {
        panic!("{messages:?}")
    };
    assert!(solo.closed(Slot::Ours));
    assert_eq!(solo.session.state(), State::Idle);
    (Notification::parse(octets).unwrap(), solo.last_error())
}

fn code(notification: &Notification) -> (u8, u8) {
    (notification.code, notification.subcode)
}

#[test]
fn bad_peer_as_says_which_as_came() {
    let wrong = Open {
        asn: Asn(4_200_000_000),
        ..open_value(2)
    };
    let wrong = Open {
        capabilities: vec![Capability::FourOctetAs(wrong.asn)],
        ..wrong
    };
    let (notification, reason) = refused(speaker(), &wrong);
    assert_eq!(code(&notification), (2, 2));
    assert_eq!(notification.data, 4_200_000_000_u32.to_be_bytes());
    assert!(
        reason.ends_with("Bad Peer AS: expected 65002, got 4200000000"),
        "{reason}"
    );

    let two_octets = Open {
        asn: Asn(64_512),
        capabilities: Vec::new(),
        ..open_value(2)
    };
    let (notification, _) = refused(speaker(), &two_octets);
    assert_eq!(
        (code(&notification), &notification.data[..]),
        ((2, 2), &[0xfc, 0x00][..])
    );
}

#[test]
fn any_as_will_do_where_none_is_configured() {
    let mut solo = Solo::at(
        Config {
            remote_as: None,
            ..speaker()
        },
        State::OpenSent,
    );
    solo.octets(Slot::Ours, &open(77));
    assert_eq!(solo.session.state(), State::OpenConfirm);
    assert_eq!(solo.session.remote_open(), Some(&open_value(77)));
}

#[test]
fn version_hold_time_and_identifier_are_checked() {
    let altered = |at: usize, octets: &[u8]| {
        let mut open = open(2);
        open[at..at + octets.len()].copy_from_slice(octets);
        refused_octets(speaker(), &open).0
    };
    let version = altered(19, &[3]);
    assert_eq!((code(&version), &version.data[..]), ((2, 1), &[0, 4][..]));
    for seconds in [1, 2] {
        assert_eq!(code(&altered(22, &[0, seconds])), (2, 6));
    }
    assert_eq!(code(&altered(24, &[0; 4])), (2, 3));
}

#[test]
fn our_own_identifier_is_refused_from_an_internal_neighbor_only() {
    let ours = RouterId::new(Ipv4Addr::new(10, 0, 0, 1)).unwrap();
    let internal = Config {
        remote_as: Some(Asn(65_001)),
        ..speaker()
    };
    let (notification, reason) = refused(internal, &open_value(1));
    assert_eq!(code(&notification), (2, 3));
    assert!(
        reason.contains("10.0.0.1 is our own identifier"),
        "{reason}"
    );

    // RFC 6286 §2.1: unique within an AS is enough.
    let mut solo = Solo::at(speaker(), State::OpenSent);
    solo.octets(
        Slot::Ours,
        &encoded(&Open {
            router_id: ours,
            ..open_value(2)
        }),
    );
    assert_eq!(solo.session.state(), State::OpenConfirm);
}

#[test]
fn a_neighbor_without_a_common_family_is_told_which_we_need() {
    let other = Open {
        capabilities: vec![
            Capability::Multiprotocol(Family::IPV6_UNICAST),
            Capability::FourOctetAs(Asn(65_002)),
        ],
        ..open_value(2)
    };
    let (notification, reason) = refused(speaker(), &other);
    assert_eq!(
        (code(&notification), &notification.data[..]),
        ((2, 7), &[1, 4, 0, 1, 0, 1][..])
    );
    assert!(
        reason.ends_with("no address family in common; ours: ipv4-unicast"),
        "{reason}"
    );
}

#[test]
fn four_minutes_for_the_open_then_the_negotiated_hold_time() {
    let mut solo = Solo::at(speaker(), State::OpenSent);
    assert_eq!(solo.left(Timer::Hold), Some(240 * S));
    solo.octets(
        Slot::Ours,
        &encoded(&Open {
            hold_time: 30,
            ..open_value(2)
        }),
    );
    assert_eq!(solo.left(Timer::Hold), Some(30 * S));
    let keepalive = solo.left(Timer::Keepalive).unwrap();
    assert!(
        (7500..=10_000).contains(&keepalive.as_millis()),
        "{keepalive:?}"
    );
}

#[test]
fn keepalive_is_as_configured_but_never_beyond_a_third() {
    for (configured, longest) in [(5, 5), (60, 30)] {
        let config = Config {
            keepalive: Some(configured * S),
            ..speaker()
        };
        let solo = Solo::at(config, State::Established);
        let left = solo.left(Timer::Keepalive).unwrap();
        assert!(
            (longest * S * 3 / 4..=longest * S).contains(&left),
            "{left:?}"
        );
    }
}

#[test]
fn updates_are_handed_out_whole_in_order_and_restart_hold() {
    let mut solo = Solo::at(speaker(), State::Established);
    solo.now += 80 * S;
    let (first, mut second) = (update(), update());
    second[16..18].copy_from_slice(&27_u16.to_be_bytes());
    second.extend([1, 2, 3, 4]); // whatever is inside
    let stream = [&first[..], &keepalive(), &second, &first[..10]].concat();
    let mut buffer = BytesMut::from(&stream[..]);
    let mut received = Vec::new();
    while let Some(message) = solo.session.handle_bytes(Slot::Ours, &mut buffer, solo.now) {
        received.push(message);
    }
    assert_eq!(
        received,
        [
            Received::Update(first.clone().into()),
            Received::Update(second.into())
        ]
    );
    assert_eq!(&buffer[..], &first[..10], "what is not whole yet stays");
    assert_eq!(solo.left(Timer::Hold), Some(90 * S));
    assert_eq!(solo.session.counters().updates_in, 2);
    assert_eq!(solo.session.counters().keepalives_in, 2);
}

#[test]
fn up_comes_before_the_updates_of_the_same_octets() {
    let mut solo = Solo::at(speaker(), State::OpenConfirm);
    let received = solo.octets(Slot::Ours, &[keepalive(), update()].concat());
    assert_eq!(received.len(), 1);
    assert!(matches!(
        solo.session.poll_action(),
        Some(Action::Up(Slot::Ours, _))
    ));
}

#[test]
fn octets_after_the_end_are_thrown_away() {
    let mut solo = Solo::at(speaker(), State::Established);
    let stream = [notification(6, 2), update(), keepalive()].concat();
    let mut buffer = BytesMut::from(&stream[..]);
    assert!(
        solo.session
            .handle_bytes(Slot::Ours, &mut buffer, solo.now)
            .is_none()
    );
    assert!(buffer.is_empty());
    assert_eq!(solo.session.counters().updates_in, 0);
    assert_eq!(solo.sent(Slot::Ours), [], "a NOTIFICATION is not answered");
}

#[test]
fn a_notification_that_is_none_is_not_answered_either() {
    let mut solo = Solo::at(speaker(), State::Established);
    let mut short = notification(6, 2);
    short.truncate(19);
    short[17] = 19;
    solo.octets(Slot::Ours, &short);
    assert_eq!(solo.sent(Slot::Ours), []);
    assert!(solo.closed(Slot::Ours));
    assert!(
        solo.last_error()
            .starts_with("peer sent a malformed NOTIFICATION")
    );
}

#[test]
fn hold_is_extended_while_octets_are_unread_and_says_so() {
    let mut solo = Solo::at(speaker(), State::Established);
    for round in 1..=5_u32 {
        solo.now = solo.session.poll_timeout().unwrap().max(solo.now + 90 * S);
        solo.session.handle_timeout(solo.now, true);
        solo.session.handle_written(19, solo.now);
        assert_eq!(solo.session.state(), State::Established);
        assert_eq!(solo.left(Timer::Hold), Some(10 * S));
        assert_eq!(solo.session.counters().hold_extensions, u64::from(round));
        assert!(
            solo.session
                .waiting_for(solo.now)
                .contains("hold timer extended")
        );
    }
    solo.octets(Slot::Ours, &keepalive());
    assert_eq!(solo.session.waiting_for(solo.now), "established");
    assert_eq!(solo.left(Timer::Hold), Some(90 * S));
    solo.now += 90 * S;
    solo.session.handle_timeout(solo.now, false);
    assert_eq!(solo.last_error(), "hold timer expired after 90 s");
}

#[test]
fn send_hold_runs_while_the_socket_takes_nothing() {
    let mut solo = Solo::at(speaker(), State::Established);
    assert_eq!(solo.left(Timer::SendHold), None);
    assert!(solo.expire(Timer::Keepalive));
    assert_eq!(
        solo.left(Timer::SendHold),
        Some(480 * S),
        "RFC 9687: at least eight minutes"
    );
    assert_eq!(solo.session.waiting_for(solo.now), "established");
    assert!(solo.expire(Timer::Keepalive));
    let left = solo.left(Timer::SendHold).unwrap();
    assert!(left < 460 * S, "another KEEPALIVE does not start it anew");
    let blocked = (480 * S - left).as_secs();
    assert_eq!(
        solo.session.waiting_for(solo.now),
        format!("established; the neighbor has read nothing for {blocked} s")
    );
    solo.session.handle_written(0, solo.now);
    assert_eq!(solo.left(Timer::SendHold), Some(left));
    solo.session.handle_written(1, solo.now);
    assert_eq!(solo.left(Timer::SendHold), None);

    solo.session.handle_blocked(solo.now);
    assert_eq!(solo.left(Timer::SendHold), Some(480 * S));
    solo.session.handle_written(1, solo.now);

    let off = Config {
        send_hold: Some(Duration::ZERO),
        ..speaker()
    };
    let mut solo = Solo::at(off, State::Established);
    assert!(solo.expire(Timer::Keepalive));
    assert_eq!(solo.left(Timer::SendHold), None);
}

#[test]
fn a_socket_that_takes_nothing_does_not_collect_keepalives() {
    let mut solo = Solo::at(speaker(), State::Established);
    for _ in 0..12 {
        solo.now += 31 * S;
        solo.session.handle_timeout(solo.now, true);
    }
    assert_eq!(solo.sent(Slot::Ours), [Sent::Keepalive]);
}

#[test]
fn writing_routes_restarts_keepalive() {
    let mut solo = Solo::at(speaker(), State::Established);
    for _ in 0..100 {
        solo.now += 20 * S;
        solo.octets(Slot::Ours, &keepalive());
        solo.session.handle_written(4096, solo.now);
        solo.session.handle_timeout(solo.now, false);
    }
    assert_eq!(solo.sent(Slot::Ours), []);
}

#[test]
fn refresh_goes_both_ways_for_negotiated_families_only() {
    let mut solo = Solo::at(speaker(), State::Established);
    solo.command(Command::Refresh(Family::IPV6_UNICAST));
    assert_eq!(solo.sent(Slot::Ours), []);
    solo.command(Command::Refresh(Family::IPV4_UNICAST));
    assert_eq!(solo.sent(Slot::Ours), [Sent::Refresh]);

    assert_eq!(
        solo.octets(Slot::Ours, &refresh(Family::IPV6_UNICAST, 0)),
        []
    );
    // Without enhanced route refresh the octet of the subtype means nothing (RFC 2918 §3).
    for subtype in [0, 1, 9] {
        let received = solo.octets(Slot::Ours, &refresh(Family::IPV4_UNICAST, subtype));
        let [Received::RouteRefresh(request)] = &received[..] else {
            panic!("{received:?}")
        };
        assert_eq!((request.family, request.subtype), (Family::IPV4_UNICAST, 0));
    }
    assert_eq!(solo.session.state(), State::Established);
}

#[test]
fn a_new_connection_of_the_neighbor_takes_the_place_of_one_that_got_nowhere() {
    let mut solo = Solo::at(
        Config {
            passive: true,
            ..speaker()
        },
        State::Idle,
    );
    solo.command(Command::Start);
    assert_eq!(
        solo.session.waiting_for(solo.now),
        "waiting for the neighbor to connect (passive)"
    );
    assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
    solo.octets(Slot::Theirs, &open(2));
    assert_eq!(solo.session.state(), State::OpenConfirm);
    assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
    assert_eq!(solo.session.state(), State::OpenSent);
    // Nothing of the old connection's is left to be sent on the new one.
    assert_eq!(solo.sent(Slot::Theirs), [Sent::Open]);
    solo.octets(Slot::Theirs, &[open(2), keepalive()].concat());
    assert_eq!(solo.session.state(), State::Established);
    solo.poll();
    assert!(!solo.actions.contains(&Action::Close(Slot::Theirs)));
}

#[test]
fn a_port_scan_from_the_neighbors_address_does_not_end_a_session() {
    let mut solo = Solo::at(speaker(), State::Established);
    for _ in 0..100 {
        solo.now += S / 10;
        assert!(!solo.session.handle_connected(Slot::Theirs, solo.now));
    }
    assert_eq!(solo.session.state(), State::Established);
    // Probing it does not send more than a KEEPALIVE a second.
    assert!(solo.session.counters().keepalives_out <= 12);
}

#[test]
fn while_resting_after_a_refusal_the_neighbor_may_come_once_a_second() {
    let mut solo = Solo::at(speaker(), State::OpenSent);
    solo.octets(Slot::Ours, &open(3));
    assert_eq!(solo.session.state(), State::Idle);
    solo.poll();
    assert!(!solo.session.handle_connected(Slot::Theirs, solo.now));
    solo.now += S;
    assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
    solo.octets(Slot::Theirs, &[open(2), keepalive()].concat());
    assert_eq!(solo.session.state(), State::Established);
    assert_eq!(solo.left(Timer::IdleHold), None);
}

#[test]
fn sentences_say_what_is_waited_for_and_why() {
    let mut solo = Solo::new(speaker());
    assert_eq!(solo.session.waiting_for(solo.now), "stopped");
    solo.command(Command::Start);
    assert_eq!(solo.session.waiting_for(solo.now), "connecting");
    let failure = crate::ConnectFailure("no route to host".into());
    solo.session.handle_connect_failed(failure, solo.now);
    solo.now += solo.left(Timer::ConnectRetry).unwrap() - 600 * Duration::from_millis(1);
    assert_eq!(
        solo.session.waiting_for(solo.now),
        "waiting 0.6 s before connecting again; last attempt: no route to host"
    );
    let sentence = |state| {
        let solo = Solo::at(speaker(), state);
        solo.session.waiting_for(solo.now)
    };
    assert_eq!(
        sentence(State::OpenSent),
        "OPEN sent, waiting for the neighbor's OPEN"
    );
    assert_eq!(
        sentence(State::OpenConfirm),
        "OPENs exchanged, waiting for the neighbor's KEEPALIVE"
    );
    assert_eq!(sentence(State::Established), "established");
}

#[test]
fn what_we_announce_and_agree_on_can_be_read() {
    let solo = Solo::at(speaker(), State::Established);
    let local = solo.session.local_open().unwrap();
    assert_eq!(local.capabilities[0], Capability::FourOctetAs(Asn(65_001)));
    assert_eq!(local.hold_time, 90);
    let negotiated = solo.session.negotiated().unwrap();
    assert_eq!(negotiated.families, [Family::IPV4_UNICAST]);
    assert!(negotiated.four_octet_as && negotiated.route_refresh);
    assert!(Solo::new(speaker()).session.local_open().is_none());
}

#[test]
fn a_neighbor_that_turns_out_to_be_near_is_not_waited_for_as_if_it_were_far() {
    let mut solo = Solo::at(speaker(), State::Connect);
    for _ in 0..10 {
        let failure = crate::ConnectFailure("no route to host".into());
        solo.session.handle_connect_failed(failure, solo.now);
        assert!(solo.expire(Timer::ConnectRetry));
    }
    let failure = crate::ConnectFailure("no route to host".into());
    solo.session.handle_connect_failed(failure, solo.now);
    assert!(solo.left(Timer::ConnectRetry).unwrap() > 20 * S);
    solo.command(Command::Reachability { connected: true });
    assert!(solo.left(Timer::ConnectRetry).unwrap() <= S);
}

#[test]
fn what_one_connection_left_unsent_is_not_sent_on_the_next() {
    let mut solo = Solo::at(speaker(), State::OpenSent);
    solo.octets(Slot::Ours, &open(3));
    assert!(
        solo.closed(Slot::Ours),
        "and its NOTIFICATION was not fetched"
    );
    solo.expire(Timer::IdleHold);
    solo.poll();
    assert!(solo.session.handle_connected(Slot::Ours, solo.now));
    assert_eq!(solo.sent(Slot::Ours), [Sent::Open]);
}

#[test]
fn a_late_open_on_a_second_connection_does_not_end_a_settled_session() {
    let mut solo = Solo::at(speaker(), State::OpenSent);
    assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
    solo.octets(Slot::Ours, &[open(2), keepalive()].concat());
    assert_eq!(solo.session.state(), State::Established);
    solo.sent(Slot::Theirs);
    // By its identifier the neighbor's connection would survive.
    solo.now += 20 * S;
    solo.octets(Slot::Theirs, &open(2));
    assert_eq!(solo.sent(Slot::Theirs), [Sent::Notification(6, 7)]);
    assert!(solo.closed(Slot::Theirs) && !solo.closed(Slot::Ours));
    assert_eq!(
        (solo.session.state(), solo.down()),
        (State::Established, None)
    );
}

#[test]
fn one_attempt_without_an_answer_does_not_hide_why_the_others_failed() {
    let mut solo = Solo::at(speaker(), State::Active);
    assert!(solo.expire(Timer::ConnectRetry));
    assert!(solo.expire(Timer::ConnectRetry));
    assert_eq!(solo.session.state(), State::Connect);
    assert_eq!(
        solo.session.waiting_for(solo.now),
        "connecting; last attempt: no route to host"
    );
    assert!(solo.expire(Timer::ConnectRetry));
    assert!(
        solo.last_error()
            .starts_with("could not connect: timed out: no answer within ")
    );
}

#[test]
fn an_idle_session_is_small() {
    let session = size_of::<crate::Session>();
    assert!(session <= 2048, "{session} octets");
}
