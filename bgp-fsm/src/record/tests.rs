//! Recordings play to the same end, and say where they do not.
use super::*;
use crate::testing::config;
use bgp_wire::{Asn, Capability, Family, GracefulRestart, Notification, Open, RouterId};
use std::time::Duration;

const S: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "the fake clock starts somewhere")]
fn start() -> Instant {
    Instant::now()
}

fn neighbor() -> Vec<u8> {
    let mut octets = Vec::new();
    Open {
        asn: Asn(65_002),
        hold_time: 30,
        router_id: RouterId::new([10, 0, 0, 2].into()).unwrap(),
        capabilities: vec![
            Capability::FourOctetAs(Asn(65_002)),
            Capability::GracefulRestart(GracefulRestart {
                time: 120,
                families: vec![(Family::IPV4_UNICAST, true)],
                ..GracefulRestart::default()
            }),
        ],
    }
    .encode(&mut octets);
    bgp_wire::write_keepalive(&mut octets);
    bgp_wire::write_end_of_rib(&mut octets, Family::IPV4_UNICAST);
    octets
}

fn drain(session: &mut Recorded) {
    for slot in Slot::BOTH {
        let _ = session.poll_transmit(slot, &mut Vec::new());
    }
    while session.poll_action().is_some() {}
}

/// A life with a failed attempt, a session in small pieces, a loss, a second session, and an end.
fn life() -> String {
    let begin = start();
    let mut now = begin;
    let mut config = Config {
        keepalive: Some(Duration::from_millis(1500)),
        remote_as: Some(Asn(65_002)),
        ..config(1)
    };
    config
        .capabilities
        .push(Capability::GracefulRestart(GracefulRestart::default()));
    let mut session = Recorded::with_tape(config, 7, now);
    session.handle_command(Command::Reachability { connected: true }, now);
    session.handle_command(Command::AutomaticStart, now);
    drain(&mut session);
    let words = "no route\nto \\host".to_owned();
    session.handle_connect_failed(ConnectFailure(words), now);
    now = session.poll_timeout().unwrap();
    session.handle_timeout(now, false);
    drain(&mut session);
    for slot in Slot::BOTH {
        now += S / 3;
        assert!(session.handle_connected(slot, now));
        drain(&mut session);
        let mut buffer = BytesMut::new();
        for piece in neighbor().chunks(25) {
            now += Duration::from_millis(7);
            buffer.extend_from_slice(piece);
            while session.handle_bytes(slot, &mut buffer, now).is_some() {
                session.handle_command(Command::EndOfRib(Family::IPV4_UNICAST), now);
            }
            drain(&mut session);
        }
        assert_eq!(session.state(), State::Established);
        assert!(!session.handle_connected(Slot::Theirs, now));
        session.handle_written(19, now);
        session.handle_blocked(now);
        now = session.poll_timeout().unwrap();
        session.handle_timeout(now, true);
        drain(&mut session);
        if slot == Slot::Ours {
            session.handle_closed(slot, Some("connection reset".into()), now);
            drain(&mut session);
        }
    }
    session.handle_refused_connection(now);
    let fault = bgp_wire::frame(&[0; 19], 4096).unwrap_err();
    let malformed = Notification::new(3, 1, &[1, 2]);
    session.handle_command(Command::UpdateFault(fault, malformed), now);
    let why = Notification::administrative_shutdown("bye");
    session.handle_command(Command::Stop(Some(why)), now);
    drain(&mut session);
    let text = session.take_tape().unwrap();
    assert_eq!(session.take_tape(), None);
    text
}

#[test]
fn a_recording_plays_to_the_same_states() {
    let text = life();
    let played = replay(&text, start()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let states: Vec<State> = played.states.iter().map(|(_, state)| *state).collect();
    use State::{Active, Connect, Established, Idle, OpenConfirm, OpenSent};
    assert_eq!(
        states,
        [
            Connect,
            Active,
            Connect,
            OpenSent,
            OpenConfirm,
            Established,
            Idle,
            OpenSent,
            OpenConfirm,
            Established,
            Idle
        ]
    );
    assert!(text.lines().count() > played.inputs);
    // Comments and empty lines, such as a person adds, do not matter.
    let noted = text.replace("\nbegin", "\n\n# what comes now\nbegin");
    assert_eq!(replay(&noted, start()), Ok(played));
}

#[test]
fn pieces_of_a_tape_are_whole_lines() {
    let now = start();
    let mut session = Recorded::with_tape(config(1), 1, now);
    let mut text = session.take_tape().unwrap();
    assert!(text.ends_with("begin 1\n"));
    session.handle_command(Command::Start, now);
    text += &session.take_tape().unwrap();
    assert!(text.contains("\n@0.000000000 start\n> state Connect\n> until "));
    session.stop_tape();
    session.handle_command(Command::Stop(None), now);
    assert_eq!(session.take_tape(), None);
    assert_eq!(replay(&text, now).unwrap().inputs, 1);
}

fn error(text: &str) -> String {
    replay(text, start()).unwrap_err().to_string()
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_line() {
    assert_eq!(error(""), "line 0: the recording ends before it begins");
    assert_eq!(
        error("local-as = 1\n"),
        "line 1: `local-as = 1` is no line of a recording"
    );
    assert_eq!(
        error("begin 1\n"),
        "line 1: the file does not begin like a recording"
    );
    let head = "myna session 1\nset hold-time 90.000000000\n";
    assert_eq!(error(head), "line 2: the recording ends before it begins");
    for (lines, expected) in [
        (
            "set hold-time 90\n",
            "line 3: `90` is not a time: seconds with nine places, as in 1.500000000",
        ),
        (
            "set colour red\n",
            "line 3: `colour` is not a setting of a session",
        ),
        (
            "@0.000000000 start\n",
            "line 3: the settings end with `begin` and the seed",
        ),
        ("begin x\n", "line 3: `x` is not a number"),
        (
            "begin 1\n@0.000000000 dance\n",
            "line 4: `dance` is not an input of a session",
        ),
        ("begin 1\n@0.000000000\n", "line 4: an input is missing"),
        (
            "begin 1\n@0.000000000 octets ours 0\n",
            "line 4: octets are pairs of hexadecimal digits",
        ),
        (
            "begin 1\n@0.000000000 octets mine 00\n",
            "line 4: `mine` is neither `ours` nor `theirs`",
        ),
        (
            "begin 1\n@0.000000000 reset 06\n",
            "line 4: a NOTIFICATION is a code, a subcode and data",
        ),
        ("begin 1\n> state Lost\n", "line 4: `Lost` is not a state"),
        (
            "begin 1\n> sings\n",
            "line 4: `sings` is not an output of a session",
        ),
        (
            "begin 1\nset passive yes\n",
            "line 4: only inputs and outputs follow `begin`",
        ),
        (
            "begin 1\n@2.000000000 blocked\n@1.000000000 blocked\n",
            "line 5: time goes back",
        ),
    ] {
        assert_eq!(error(&format!("{head}{lines}")), expected);
    }
}

#[test]
fn a_session_that_does_otherwise_is_caught_where_it_does() {
    let text = life();
    let line = |needle: &str| {
        let at = text.lines().position(|line| line.contains(needle));
        at.expect(needle) + 1
    };
    // Another hold time in the OPEN that is sent.
    let changed = text.replace("set hold-time 90.", "set hold-time 91.");
    let found = replay(&changed, start()).unwrap_err();
    assert_eq!(found.line, line("> sends ours"));
    assert!(found.what.contains(" then, `> sends ours "), "{found}");
    // Another seed, and so another pace.
    let changed = text.replace("begin 7", "begin 8");
    let found = replay(&changed, start()).unwrap_err();
    assert_eq!(found.line, line("> until"));
    // An output that is left out, and one too many.
    let without = text.replacen("> state Connect\n", "", 1);
    let found = replay(&without, start()).unwrap_err().to_string();
    assert!(
        found.contains("the session is in Connect, and was in Idle then"),
        "{found}"
    );
    let more = text.replacen("> connect\n", "> connect\n> connect\n", 1);
    let found = replay(&more, start()).unwrap_err().to_string();
    assert!(found.ends_with("`> connect` then, nothing now"), "{found}");
    // Cut off anywhere it is an error or a shorter recording, and never a panic.
    for end in (0..text.len()).step_by(13) {
        let _ = replay(&text[..end], start());
    }
}

#[test]
fn every_setting_comes_back() {
    let full = Config {
        remote_as: None,
        hold_time: Duration::from_millis(90_500),
        keepalive: Some(S),
        passive: true,
        connect_retry: S / 7,
        connect_retry_max: 99 * S,
        send_hold: Some(Duration::ZERO),
        delay_open: Some(3 * S),
        damp_peer_oscillations: false,
        allow_automatic_start: false,
        notification_without_open: true,
        collision_detect_established: true,
        strict_role: true,
        capability_fallback: false,
        stale: crate::StaleLimits {
            restart: S,
            end_of_rib: 2 * S,
            long_lived: 3 * S,
        },
        ..config(3)
    };
    let mut other = Config::new(Asn(1), RouterId::new([9, 9, 9, 9].into()).unwrap());
    for (key, value) in setting::of(&full) {
        setting::set(&mut other, key, &value).unwrap();
    }
    assert_eq!(other, full);
}
