//! Anything at all, in any order: nothing panics, nothing grows, and outputs stay well-formed.
use super::solo::{
    Solo, encoded, keepalive, notification, open, open_value, refresh, speaker, update,
};
use crate::{Action, Command, ConnectFailure, Slot, State};
use bgp_wire::{Capability, Family, GracefulRestart, LongLived, Notification};
use bytes::BytesMut;
use proptest::prelude::*;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Input {
    Command(u8),
    Connected(Slot),
    ConnectFailed,
    Closed(Slot),
    Octets(Slot, Vec<u8>),
    Timeout { after: Duration, unread: bool },
    Written(usize),
    Blocked,
}

fn slot() -> impl Strategy<Value = Slot> {
    prop_oneof![Just(Slot::Ours), Just(Slot::Theirs)]
}

/// Both capabilities of graceful restart, for IPv4.
fn restarts() -> [Capability; 2] {
    let family = Family::IPV4_UNICAST;
    let restart = GracefulRestart {
        notification: true,
        time: 120,
        families: vec![(family, true)],
        ..GracefulRestart::default()
    };
    let long_lived = LongLived {
        family,
        forwarding: true,
        time: 60,
    };
    [
        Capability::GracefulRestart(restart),
        Capability::LongLivedGracefulRestart(vec![long_lived]),
    ]
}

/// The OPEN of a neighbor that restarts gracefully.
fn graceful_open() -> Vec<u8> {
    let mut open = open_value(2);
    open.capabilities.extend(restarts());
    encoded(&open)
}

/// Octets that get past the header now and then, and messages broken in one place.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let message = || {
        prop_oneof![
            2 => Just(open(2)),
            2 => Just(graceful_open()),
            3 => Just(keepalive()),
            2 => Just(update()),
            1 => Just(notification(6, 2)),
            1 => Just(refresh(Family::IPV4_UNICAST, 1)),
        ]
    };
    prop_oneof![
        4 => message(),
        2 => (message(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut m, at, octet)| {
            let at = at.index(m.len());
            m[at] = octet;
            m
        }),
        1 => (0..=5_u8, prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(kind, body)| {
            let mut m = vec![0xff; 16];
            m.extend(u16::try_from(19 + body.len()).unwrap().to_be_bytes());
            m.push(kind);
            m.extend(body);
            m
        }),
        1 => prop::collection::vec(any::<u8>(), 0..100),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        3 => (0..14_u8).prop_map(Input::Command),
        4 => slot().prop_map(Input::Connected),
        1 => Just(Input::ConnectFailed),
        1 => slot().prop_map(Input::Closed),
        8 => (slot(), octets()).prop_map(|(slot, octets)| Input::Octets(slot, octets)),
        4 => (0..400_000_u64, any::<bool>()).prop_map(|(ms, unread)| Input::Timeout {
            after: Duration::from_millis(ms),
            unread,
        }),
        1 => any::<usize>().prop_map(Input::Written),
        1 => Just(Input::Blocked),
    ]
}

fn apply(solo: &mut Solo, input: &Input) {
    let (session, now) = (&mut solo.session, solo.now);
    match input {
        Input::Command(which) => {
            let cease = || Notification {
                code: 6,
                subcode: 2,
                data: Vec::new(),
            };
            let fault = bgp_wire::frame(&[0; 19], 4096).unwrap_err();
            let command = match which {
                0 | 1 => Command::Start,
                2 => Command::Stop(Some(cease())),
                3 => Command::RetryNow,
                4 => Command::Reachability {
                    connected: now.elapsed().is_zero(),
                },
                5 => Command::UpdateFault(fault, cease()),
                6 => Command::Refresh(Family::IPV4_UNICAST),
                7 => Command::Reachability { connected: false },
                8 => Command::Stop(None),
                9 => Command::AutomaticStart,
                10 => Command::EndOfRib(Family::IPV4_UNICAST),
                11 => Command::RestartOver,
                12 => Command::ForwardingLost,
                _ => Command::Reset(cease()),
            };
            session.handle_command(command, now);
        }
        Input::Connected(slot) => drop(session.handle_connected(*slot, now)),
        Input::ConnectFailed => {
            session.handle_connect_failed(ConnectFailure("refused".into()), now);
        }
        Input::Closed(slot) => session.handle_closed(*slot, None, now),
        Input::Octets(slot, octets) => {
            let mut buffer = BytesMut::from(&octets[..]);
            while session.handle_bytes(*slot, &mut buffer, now).is_some() {}
            assert!(buffer.len() <= octets.len());
        }
        Input::Timeout { after, unread } => {
            solo.now += *after;
            session.handle_timeout(solo.now, *unread);
            assert!(session.poll_timeout().is_none_or(|at| at > solo.now));
        }
        Input::Written(octets) => session.handle_written(*octets, now),
        Input::Blocked => session.handle_blocked(now),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_inputs_in_any_order(
        (passive, wait, damp_peer_oscillations, allow_automatic_start) in any::<(bool, bool, bool, bool)>(),
        (collision_detect_established, graceful) in any::<(bool, bool)>(),
        inputs in prop::collection::vec(input(), 0..60),
    ) {
        let mut config = crate::Config {
            passive,
            delay_open: wait.then_some(Duration::from_secs(5)),
            damp_peer_oscillations,
            allow_automatic_start,
            collision_detect_established,
            ..speaker()
        };
        if graceful {
            config.capabilities.extend(restarts());
        }
        let mut solo = Solo::new(config);
        solo.command(Command::Start);
        let mut up = false;
        for input in &inputs {
            apply(&mut solo, input);
            for slot in Slot::BOTH {
                solo.messages(slot);
            }
            while let Some(action) = solo.session.poll_action() {
                match action {
                    Action::Up(..) => prop_assert!(!std::mem::replace(&mut up, true)),
                    Action::Down { .. } => prop_assert!(std::mem::replace(&mut up, false)),
                    _ => {}
                }
            }
            prop_assert_eq!(up, solo.session.state() == State::Established);
            prop_assert!(!solo.session.waiting_for(solo.now).is_empty());
            prop_assert!(solo.session.timers(solo.now).count() <= 6);
            prop_assert!(solo.session.history().count() <= 20);
        }
    }

    /// Outputs may be left unpolled for as long as one likes: still nothing panics.
    #[test]
    fn any_inputs_without_polling(inputs in prop::collection::vec(input(), 0..60)) {
        let mut solo = Solo::new(speaker());
        solo.session.handle_command(Command::Start, solo.now);
        for input in &inputs {
            apply(&mut solo, input);
        }
    }
}
