//! Every state against every event: RFC 4271 §8.2.2 as a table.
//!
//! A cell says what the RFC says must happen, in its terms: the next state, what is sent, whether
//! the TCP connection is dropped, and what becomes of ConnectRetryCounter. Cells were written from
//! the RFC's text; where we do otherwise the cell says so by `deviates`, with the reason. An event
//! that cannot occur in a state is `never`: the test then proves that it cannot (its timer does not
//! run, or there is no connection that could bring it).
//!
//! Connect and Active have two columns each, since the RFC asks in both whether DelayOpenTimer is
//! running. What depends on session attributes beyond that (a rest after a lost session, damping,
//! SendNOTIFICATIONwithoutOPEN, CollisionDetectEstablishedState) is in the tests behind the table.
use super::solo::{Sent, Solo, keepalive, notification, open, speaker, update};
use crate::{
    Command, Config, ConnectFailure, Slot,
    State::{self, Active, Connect, Established, Idle, OpenConfirm, OpenSent},
    Timer,
};
use bgp_wire::{Notification, Open};
use std::time::Duration;

/// The columns.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Place {
    At(State),
    /// Our connection is there, and DelayOpenTimer is running.
    ConnectDelay,
    /// The neighbor's connection is there, and DelayOpenTimer is running.
    ActiveDelay,
}

const PLACES: [Place; 8] = [
    Place::At(Idle),
    Place::At(Connect),
    Place::At(Active),
    Place::ConnectDelay,
    Place::ActiveDelay,
    Place::At(OpenSent),
    Place::At(OpenConfirm),
    Place::At(Established),
];

#[derive(Clone, Copy, Debug)]
struct Cell {
    /// `None`: as before.
    next: Option<State>,
    /// What is sent on the connection that the event is about.
    sends: &'static [Sent],
    /// That connection is dropped.
    drops: bool,
    counter: Counter,
    kind: Kind,
}

/// ConnectRetryCounter.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Counter {
    Same,
    Incremented,
    Zero,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    /// As the RFC says.
    Rfc,
    /// The event cannot occur in this state.
    Never,
    /// What would cause it here is another event by definition.
    OtherEvent(u8),
    /// We do otherwise than the RFC says, and why.
    Deviates(&'static str),
}

const CEASE: &[Sent] = &[Sent::Notification(6, 2)];
const HOLD: &[Sent] = &[Sent::Notification(4, 0)];
const KEEPALIVE: &[Sent] = &[Sent::Keepalive];
const OPEN: &[Sent] = &[Sent::Open];
const BOTH: &[Sent] = &[Sent::Open, Sent::Keepalive];
const COLLISION: &[Sent] = &[Sent::Notification(6, 7)];
const HEADER: &[Sent] = &[Sent::Notification(1, 1)];
// RFC 6608 §4: unexpected message in OpenSent, OpenConfirm, Established.
const FSM: [&[Sent]; 3] = [
    &[Sent::Notification(5, 1)],
    &[Sent::Notification(5, 2)],
    &[Sent::Notification(5, 3)],
];

/// Ignored, or handled without a change of state.
const STAY: Cell = Cell {
    next: None,
    sends: &[],
    drops: false,
    counter: Counter::Same,
    kind: Kind::Rfc,
};
const NEVER: Cell = Cell {
    kind: Kind::Never,
    ..STAY
};
/// "Drops the TCP connection, increments the ConnectRetryCounter by 1, changes its state to Idle".
const FAIL: Cell = Cell {
    drops: true,
    ..to(Idle).counts()
};

const fn to(state: State) -> Cell {
    Cell {
        next: Some(state),
        ..STAY
    }
}

const fn is(event: u8) -> Cell {
    Cell {
        kind: Kind::OtherEvent(event),
        ..STAY
    }
}

impl Cell {
    const fn sends(self, sends: &'static [Sent]) -> Self {
        Self { sends, ..self }
    }

    const fn drops(self) -> Self {
        Self {
            drops: true,
            ..self
        }
    }

    const fn counts(self) -> Self {
        Self {
            counter: Counter::Incremented,
            ..self
        }
    }

    const fn zeroes(self) -> Self {
        Self {
            counter: Counter::Zero,
            ..self
        }
    }

    const fn same(self) -> Self {
        Self {
            counter: Counter::Same,
            ..self
        }
    }

    const fn deviates(self, why: &'static str) -> Self {
        Self {
            kind: Kind::Deviates(why),
            ..self
        }
    }
}

const SILENT: &str = "RFC 4271 §6.4: a NOTIFICATION is not answered, so not by an FSM error either";
const NO_CONNECTION: &str = "without a connection there are no octets; those of one that was \
    closed are thrown away and must not end the next attempt";
const SHOWN: &str = "Active instead of Idle, as other speakers show it";
/// Octets where no connection is.
const NONE: Cell = STAY.deviates(NO_CONNECTION);

#[rustfmt::skip]
const TABLE: &[(u8, [Cell; PLACES.len()])] = &[
    // Idle, Connect, Active, Connect and Active with DelayOpenTimer running, OpenSent,
    // OpenConfirm, Established.

    // ManualStart: "initiates a TCP connection", "sets ConnectRetryCounter to zero".
    (1, [to(Connect).zeroes(), STAY, STAY, STAY, STAY, STAY, STAY, STAY]),
    // ManualStop: "sends the NOTIFICATION with a Cease" once an OPEN was sent.
    (2, [
        STAY, to(Idle).zeroes(), to(Idle).zeroes(),
        to(Idle).drops().zeroes(), to(Idle).drops().zeroes(),
        to(Idle).sends(CEASE).drops().zeroes(),
        to(Idle).sends(CEASE).drops().zeroes(),
        to(Idle).sends(CEASE).drops().zeroes(),
    ]),
    // AutomaticStart.
    (3, [to(Connect).zeroes(), STAY, STAY, STAY, STAY, STAY, STAY, STAY]),
    // ManualStart_with_PassiveTcpEstablishment.
    (4, [to(Active).zeroes(), STAY, STAY, STAY, STAY, STAY, STAY, STAY]),
    // AutomaticStart_with_PassiveTcpEstablishment.
    (5, [to(Active).zeroes(), STAY, STAY, STAY, STAY, STAY, STAY, STAY]),
    // AutomaticStart_with_DampPeerOscillations: in Idle "the method … is outside the scope".
    (6, [to(Connect).zeroes(), STAY, STAY, STAY, STAY, STAY, STAY, STAY]),
    // The same with PassiveTcpEstablishment.
    (7, [to(Active).zeroes(), STAY, STAY, STAY, STAY, STAY, STAY, STAY]),
    // AutomaticStop, which is followed by an automatic start.
    (8, [
        STAY,
        STAY.deviates("the restart it asks for is under way"),
        to(Connect).deviates("the restart it asks for follows at once"),
        FAIL, FAIL, FAIL.sends(CEASE), FAIL.sends(CEASE), FAIL.sends(CEASE),
    ]),
    // ConnectRetryTimer_Expires: stopped, so that it cannot, while a connection is there.
    (9, [NEVER, STAY, to(Connect), NEVER, NEVER, NEVER, NEVER, NEVER]),
    // HoldTimer_Expires.
    (10, [
        NEVER, NEVER, NEVER, NEVER, NEVER,
        FAIL.sends(HOLD), FAIL.sends(HOLD), FAIL.sends(HOLD),
    ]),
    // KeepaliveTimer_Expires.
    (11, [
        NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, STAY.sends(KEEPALIVE), STAY.sends(KEEPALIVE),
    ]),
    // DelayOpenTimer_Expires.
    (12, [
        NEVER, NEVER, NEVER, to(OpenSent).sends(OPEN), to(OpenSent).sends(OPEN),
        NEVER, NEVER, NEVER,
    ]),
    // IdleHoldTimer_Expires: in Idle only where a session was lost, see below.
    (13, [NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER]),
    // TcpConnection_Valid: "processed", "tracked". In Idle all connections are refused.
    (14, [
        STAY, STAY, STAY, STAY, STAY, STAY, STAY,
        STAY.deviates("refused instead of tracked: it could only be closed at its OPEN"),
    ]),
    // Tcp_CR_Invalid: "rejects the TCP connection".
    (15, [STAY, STAY, STAY, STAY, STAY, STAY, STAY, STAY]),
    // Tcp_CR_Acked: the connection we asked for; none is under way beside one that is there.
    (16, [NEVER, to(OpenSent).sends(OPEN), NEVER, NEVER, NEVER, NEVER, NEVER, NEVER]),
    // TcpConnectionConfirmed: a connection that the neighbor made. Beside one of ours it is
    // tracked, and ours goes on undisturbed.
    (17, [
        STAY, to(OpenSent).sends(OPEN), to(OpenSent).sends(OPEN), STAY,
        STAY.deviates("the neighbor begins anew, so it cannot have the old one any more"),
        STAY, STAY,
        STAY.deviates("refused instead of tracked: it could only be closed at its OPEN"),
    ]),
    // TcpConnectionFails.
    (18, [
        NEVER, to(Active).deviates(SHOWN), NEVER,
        to(Active), to(Active).counts().deviates(SHOWN),
        to(Active), to(Idle).counts(), to(Idle).counts(),
    ]),
    // BGPOpen.
    (19, [
        STAY, NONE, NONE, is(20), is(20),
        to(OpenConfirm).sends(KEEPALIVE), FAIL.sends(FSM[1]), FAIL.sends(FSM[2]),
    ]),
    // BGPOpen with DelayOpenTimer running.
    (20, [
        is(19), is(19), is(19), to(OpenConfirm).sends(BOTH), to(OpenConfirm).sends(BOTH),
        is(19), is(19), is(19),
    ]),
    // BGPHeaderErr; before our OPEN a NOTIFICATION is sent only with
    // SendNOTIFICATIONwithoutOPEN.
    (21, [
        STAY, NONE, NONE, FAIL, FAIL, FAIL.sends(HEADER), FAIL.sends(HEADER),
        FAIL.sends(HEADER)
            .deviates("§6.1 wants a Message Header Error, §8.2.2 an FSM error: the former says more"),
    ]),
    // BGPOpenMsgErr; after the first OPEN any other is unexpected, right or wrong.
    (22, [
        STAY, NONE, NONE, FAIL, FAIL, FAIL.sends(&[Sent::Notification(2, 6)]),
        FAIL.sends(FSM[1])
            .deviates("RFC 6608 §4: an OPEN does not belong here, whatever it says"),
        FAIL.sends(FSM[2]), // "Events 20-22"
    ]),
    // OpenCollisionDump of the connection that we began, by one of the neighbor's: that one lives
    // on, in OpenConfirm. Before our OPEN there is nothing that collides (§6.8).
    (23, [
        NEVER, NEVER, NEVER, NEVER, NEVER,
        FAIL.sends(COLLISION).deviates(OTHER), FAIL.sends(COLLISION).deviates(OTHER),
        FAIL.sends(COLLISION).deviates(OTHER),
    ]),
    // NotifMsgVerErr: "increments the ConnectRetryCounter" only where DelayOpenTimer is not running.
    (24, [
        STAY, NONE, NONE, FAIL.same(), FAIL.same(), FAIL.same(), FAIL.same(), FAIL,
    ]),
    // NotifMsg.
    (25, [STAY, NONE, NONE, FAIL, FAIL, FAIL.deviates(SILENT), FAIL, FAIL]),
    // KeepAliveMsg.
    (26, [
        STAY, NONE, NONE, FAIL, FAIL, FAIL.sends(FSM[0]), to(Established), STAY,
    ]),
    // UpdateMsg.
    (27, [
        STAY, NONE, NONE, FAIL, FAIL, FAIL.sends(FSM[0]), FAIL.sends(FSM[1]), STAY,
    ]),
    // UpdateMsgErr: found by who looks inside, and nobody does before Established.
    (28, [
        NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER,
        FAIL.sends(&[Sent::Notification(3, 1)]),
    ]),
    // SendHoldTimer_Expires (RFC 9687): armed while a KEEPALIVE waits in Established.
    (29, [
        NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, NEVER,
        FAIL.sends(&[Sent::Notification(8, 0)]),
    ]),
];
const OTHER: &str = "the state shown is that of the connection that is left";

fn cease() -> Notification {
    Notification {
        code: 6,
        subcode: 2,
        data: Vec::new(),
    }
}

/// A session in `place`, with what the definition of `event` asks of its attributes, and the slot
/// of the connection that the event is about.
fn arrange(place: Place, event: u8, mut config: Config) -> (Solo, Slot) {
    config.collision_detect_established |= event == 23;
    config.damp_peer_oscillations = !matches!(event, 3 | 5);
    let (mut solo, slot) = match place {
        Place::At(state) => {
            let theirs = event == 17 && matches!(state, Connect | Active);
            let slot = if theirs { Slot::Theirs } else { Slot::Ours };
            (Solo::at(config, state), slot)
        }
        Place::ConnectDelay => {
            config.delay_open = Some(Duration::from_secs(5));
            let mut solo = Solo::at(config, Connect);
            assert!(solo.session.handle_connected(Slot::Ours, solo.now));
            assert_eq!(solo.session.state(), Connect);
            (solo, Slot::Ours)
        }
        Place::ActiveDelay => {
            config.delay_open = Some(Duration::from_secs(5));
            config.passive = true;
            let mut solo = Solo::new(config);
            solo.command(Command::Start);
            assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
            assert_eq!(solo.session.state(), Active);
            (solo, Slot::Theirs)
        }
    };
    assert_eq!(solo.sent(slot), [], "nothing is said before the event");
    // Where it is ignored, a passive attribute must not matter either.
    solo.session.config.passive |= matches!(event, 4 | 5 | 7);
    solo.session.connect_retry_counter = 5;
    (solo, slot)
}

/// Applies `event`; `false` where it cannot occur.
fn apply(solo: &mut Solo, slot: Slot, event: u8) -> bool {
    let now = solo.now;
    match event {
        1 | 4 => solo.command(Command::Start),
        2 => solo.command(Command::Stop(Some(cease()))),
        3 | 5 | 6 | 7 => solo.command(Command::AutomaticStart),
        8 => solo.command(Command::Reset(cease())),
        9 => return solo.expire(Timer::ConnectRetry),
        10 => return solo.expire(Timer::Hold),
        11 => return solo.expire(Timer::Keepalive),
        12 => return solo.expire(Timer::DelayOpen),
        13 => return solo.expire(Timer::IdleHold),
        14 => {
            let state = solo.session.state();
            let expected = solo.session.expects_connection(now);
            assert_eq!(expected, !matches!(state, Idle | Established), "{state}");
        }
        15 => {
            solo.session.handle_refused_connection();
            assert_eq!(solo.session.counters().connections_refused, 1);
        }
        16 => return solo.session.handle_connected(Slot::Ours, now),
        17 => {
            let state = solo.session.state();
            let wanted = solo.session.handle_connected(Slot::Theirs, now);
            assert_eq!(wanted, !matches!(state, Idle | Established), "{state}");
        }
        18 => {
            let before = solo.session.state();
            solo.session.handle_closed(slot, None, now);
            solo.session
                .handle_connect_failed(ConnectFailure("refused".into()), now);
            return solo.session.state() != before
                || solo.left(Timer::DelayOpen).is_none() && slot == Slot::Theirs;
        }
        19 | 20 => drop(solo.octets(slot, &open(2))),
        21 => drop(solo.octets(slot, &[0; 19])),
        22 => {
            let mut octets = open(2);
            octets[22..24].copy_from_slice(&[0, 1]); // hold time 1 s
            assert!(Open::parse(&octets).is_err());
            drop(solo.octets(slot, &octets));
        }
        23 => return collide(solo),
        24 => drop(solo.octets(slot, &notification(2, 1))),
        25 => drop(solo.octets(slot, &notification(6, 4))),
        26 => drop(solo.octets(slot, &keepalive())),
        27 => {
            let received = solo.octets(slot, &update());
            assert_eq!(
                received.len(),
                usize::from(solo.session.state() == Established)
            );
        }
        28 => {
            let fault = bgp_wire::frame(&[0; 19], 4096).unwrap_err();
            let before = solo.session.state();
            let malformed = Notification {
                code: 3,
                subcode: 1,
                data: Vec::new(),
            };
            solo.command(Command::UpdateFault(fault, malformed));
            return before != solo.session.state();
        }
        29 => {
            // A KEEPALIVE that the socket does not take.
            solo.expire(Timer::Keepalive);
            // Hold is kept away: what is proven is that SendHold ends a session by itself.
            while let (Some(hold), Some(send)) =
                (solo.left(Timer::Hold), solo.left(Timer::SendHold))
                && hold <= send
            {
                solo.now += hold - Duration::from_secs(1);
                drop(solo.octets(slot, &keepalive()));
            }
            solo.sent(slot);
            return solo.expire(Timer::SendHold);
        }
        _ => panic!("no event {event}"),
    }
    true
}

/// The neighbor, whose identifier is higher, begins a connection beside ours, and both sides' OPENs
/// arrive: whether ours is dumped for it.
fn collide(solo: &mut Solo) -> bool {
    let ours = solo.session.state();
    if ours < OpenSent {
        // There is no connection of ours, or one on which nothing was said yet.
        if solo.session.handle_connected(Slot::Theirs, solo.now) {
            drop(solo.octets(Slot::Theirs, &[open(2), keepalive()].concat()));
            assert_eq!(solo.session.state(), Established);
        }
        return solo.session.counters().collisions > 0;
    }
    assert!(solo.session.handle_connected(Slot::Theirs, solo.now));
    drop(solo.octets(Slot::Theirs, &open(2)));
    if ours == OpenSent {
        drop(solo.octets(Slot::Ours, &open(2)));
    }
    true
}

fn check(place: Place, event: u8, cell: &Cell, config: Config) {
    let what = format!("event {event} at {place:?}: {cell:?}");
    let (mut solo, slot) = arrange(place, event, config);
    let before = solo.session.state();
    let occurred = apply(&mut solo, slot, event);
    assert_eq!(occurred, cell.kind != Kind::Never, "can it occur: {what}");
    if event == 23 {
        if !occurred {
            // Whatever the neighbor's connection comes to, ours was not dumped for it.
            assert!(!solo.sent(Slot::Ours).contains(&COLLISION[0]), "{what}");
            return;
        }
        assert_eq!(solo.session.state(), OpenConfirm, "{what}");
        assert!(solo.session.slots.at(Slot::Ours).is_none(), "{what}");
    } else {
        let next = cell.next.unwrap_or(before);
        assert_eq!(solo.session.state(), next, "next state: {what}");
    }
    assert_eq!(solo.closed(slot), cell.drops, "connection dropped: {what}");
    // A Keepalive that came due while another timer ran is not what the cell is about.
    let mut sent = solo.sent(slot);
    if !cell.sends.contains(&Sent::Keepalive) {
        sent.retain(|sent| *sent != Sent::Keepalive);
    }
    assert_eq!(sent, cell.sends, "sent: {what}");
    let left = before == Established && cell.next.is_some_and(|next| next != Established);
    assert_eq!(solo.down().is_some(), left, "Down: {what}");
    let counter = match cell.counter {
        Counter::Same => 5,
        Counter::Incremented => 6,
        Counter::Zero => 0,
    };
    assert_eq!(solo.session.connect_retry_counter(), counter, "{what}");
}

#[test]
fn every_state_against_every_event() {
    for (event, cells) in TABLE {
        for (place, cell) in PLACES.into_iter().zip(cells) {
            if let Kind::OtherEvent(other) = cell.kind {
                let (_, cells) = TABLE.iter().find(|(event, _)| *event == other).unwrap();
                let at = PLACES.iter().position(|it| *it == place).unwrap();
                assert!(!matches!(cells[at].kind, Kind::OtherEvent(_)));
                continue;
            }
            check(place, *event, cell, speaker());
        }
    }
}

#[test]
fn the_table_has_every_event_once() {
    let events: Vec<u8> = TABLE.iter().map(|(event, _)| *event).collect();
    assert_eq!(events, (1..=29).collect::<Vec<u8>>());
}

#[test]
fn without_damping_the_same_states_follow() {
    let config = || Config {
        damp_peer_oscillations: false,
        ..speaker()
    };
    for (event, cells) in TABLE.iter().filter(|(event, _)| !(3..=7).contains(event)) {
        for (place, cell) in PLACES.into_iter().zip(cells) {
            if !matches!(cell.kind, Kind::OtherEvent(_)) {
                check(place, *event, cell, config());
            }
        }
    }
}

#[test]
fn with_notification_without_open_the_neighbor_is_told_before_our_open() {
    let config = || Config {
        notification_without_open: true,
        ..speaker()
    };
    let open_error = FAIL.sends(&[Sent::Notification(2, 6)]);
    for (place, event, cell) in [
        (Place::ConnectDelay, 21, FAIL.sends(HEADER)),
        (Place::ConnectDelay, 22, open_error),
        (
            Place::ActiveDelay,
            2,
            to(Idle).sends(CEASE).drops().zeroes(),
        ),
        (Place::ActiveDelay, 21, FAIL.sends(HEADER)),
        (Place::ActiveDelay, 22, open_error),
        // "Any other event" is not told of.
        (Place::ActiveDelay, 26, FAIL),
        (Place::ConnectDelay, 27, FAIL),
    ] {
        check(place, event, &cell, config());
    }
}

#[test]
fn a_session_that_was_lost_rests_in_idle_and_starts_again() {
    // Event 13 in Idle; the method is a local matter (RFC 4271 §8.2.2).
    let mut solo = Solo::at(speaker(), Established);
    solo.session.handle_closed(Slot::Ours, None, solo.now);
    assert_eq!(solo.session.state(), Idle);
    assert!(solo.left(Timer::IdleHold).unwrap() <= Duration::from_millis(200));
    assert!(solo.expire(Timer::IdleHold));
    assert_eq!(solo.session.state(), Connect);
    assert!(solo.left(Timer::IdleHold).is_none());
}

#[test]
fn a_rest_is_cut_short_by_a_person_and_by_an_automatic_start_only_without_damping() {
    let resting = |damp_peer_oscillations| {
        let mut solo = Solo::at(
            Config {
                damp_peer_oscillations,
                ..speaker()
            },
            OpenSent,
        );
        solo.octets(Slot::Ours, &open(3)); // another AS: refused
        solo.poll();
        assert_eq!(solo.session.state(), Idle);
        solo
    };
    for (damped, command, next) in [
        (true, Command::AutomaticStart, Idle),
        (false, Command::AutomaticStart, Connect),
        (true, Command::Start, Connect),
        (false, Command::Start, Connect),
    ] {
        let mut solo = resting(damped);
        solo.command(command.clone());
        assert_eq!(solo.session.state(), next, "{damped} {command:?}");
    }
}

#[test]
fn without_automatic_start_a_lost_session_stays_in_idle() {
    let config = Config {
        allow_automatic_start: false,
        ..speaker()
    };
    let mut solo = Solo::at(config.clone(), Established);
    solo.session.handle_closed(Slot::Ours, None, solo.now);
    assert_eq!(solo.session.state(), Idle);
    assert_eq!(solo.session.poll_timeout(), None);
    assert_eq!(
        solo.session.waiting_for(solo.now),
        "waiting to be started again; last: connection lost: closed by the neighbor"
    );
    assert!(!solo.session.handle_connected(Slot::Theirs, solo.now));
    solo.command(Command::Start);
    assert_eq!(solo.session.state(), Connect);
    // A reset asks for another session itself, and so does an OPEN that is to say less.
    let mut solo = Solo::at(config.clone(), Established);
    solo.command(Command::Reset(cease()));
    assert!(solo.left(Timer::IdleHold).is_some());
    let mut solo = Solo::at(config.clone(), OpenSent);
    solo.octets(Slot::Ours, &notification(2, 4));
    assert!(solo.session.withheld().is_some());
    assert!(solo.left(Timer::IdleHold).is_some());
    // A neighbor that is not there yet is waited for.
    let solo = Solo::at(config, Active);
    assert!(solo.left(Timer::ConnectRetry).is_some());
}
