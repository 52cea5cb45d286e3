//! Every state against every event: RFC 4271 §8.2.2 as a table.
//!
//! A row says what the RFC says must happen, in its terms: the next state, what is sent first, and
//! whether the TCP connection is dropped. Rows were written from the RFC's text; where we do
//! otherwise the row says so by `deviates`, with the reason. An event that cannot occur in a state
//! is `never`: the test then proves that it cannot (its timer does not run, or there is no
//! connection that could bring it).
//!
//! Left out: events 5, 6 and 7 (automatic starts are the owner's `Start`), 12 and 20 (DelayOpen is
//! not offered), 14 and 15 (the owner's listener decides who may connect).
use super::solo::{Sent, Solo, keepalive, notification, open, speaker, update};
use crate::{
    Command, ConnectFailure, Slot,
    State::{self, Active, Connect, Established, Idle, OpenConfirm, OpenSent},
    Timer,
};
use bgp_wire::{Notification, Open};
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
struct Row {
    state: State,
    event: u8,
    next: State,
    /// What is sent on the connection we began.
    sends: &'static [Sent],
    /// The connection we began is dropped.
    drops: bool,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    /// As the RFC says.
    Rfc,
    /// The event cannot occur in this state.
    Never,
    /// We do otherwise than the RFC says, and why.
    Deviates(&'static str),
}

const NOTHING: &[Sent] = &[];
const CEASE: &[Sent] = &[Sent::Notification(6, 2)];
const HOLD: &[Sent] = &[Sent::Notification(4, 0)];
const KEEPALIVE: &[Sent] = &[Sent::Keepalive];

const fn row(state: State, event: u8, next: State) -> Row {
    Row {
        state,
        event,
        next,
        sends: NOTHING,
        drops: false,
        kind: Kind::Rfc,
    }
}

impl Row {
    const fn sends(self, sends: &'static [Sent]) -> Self {
        Self { sends, ..self }
    }

    const fn drops(self) -> Self {
        Self {
            drops: true,
            ..self
        }
    }

    const fn never(self) -> Self {
        Self {
            kind: Kind::Never,
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

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Event 1, ManualStart: starts from Idle, ignored elsewhere.
    row(Idle, 1, Connect),
    row(Connect, 1, Connect),
    row(Active, 1, Active),
    row(OpenSent, 1, OpenSent),
    row(OpenConfirm, 1, OpenConfirm),
    row(Established, 1, Established),
    // Event 2, ManualStop: "sends the NOTIFICATION with a Cease" once a connection is there.
    row(Idle, 2, Idle),
    row(Connect, 2, Idle),
    row(Active, 2, Idle),
    row(OpenSent, 2, Idle).sends(CEASE).drops(),
    row(OpenConfirm, 2, Idle).sends(CEASE).drops(),
    row(Established, 2, Idle).sends(CEASE).drops(),
    // Event 4, ManualStart_with_PassiveTcpEstablishment.
    row(Idle, 4, Active),
    // Event 8, AutomaticStop, which is followed by an automatic start.
    row(Idle, 8, Idle),
    row(Connect, 8, Connect).deviates("the restart it asks for is under way"),
    row(Active, 8, Connect).deviates("the restart it asks for follows at once"),
    row(OpenSent, 8, Idle).sends(CEASE).drops(),
    row(OpenConfirm, 8, Idle).sends(CEASE).drops(),
    row(Established, 8, Idle).sends(CEASE).drops(),
    // Event 9, ConnectRetryTimer_Expires.
    row(Idle, 9, Idle).never(),
    row(Connect, 9, Connect),
    row(Active, 9, Connect),
    row(OpenSent, 9, OpenSent).never(),
    row(OpenConfirm, 9, OpenConfirm).never(),
    row(Established, 9, Established).never(),
    // Event 10, HoldTimer_Expires.
    row(Idle, 10, Idle).never(),
    row(Connect, 10, Connect).never(),
    row(Active, 10, Active).never(),
    row(OpenSent, 10, Idle).sends(HOLD).drops(),
    row(OpenConfirm, 10, Idle).sends(HOLD).drops(),
    row(Established, 10, Idle).sends(HOLD).drops(),
    // Event 11, KeepaliveTimer_Expires.
    row(Idle, 11, Idle).never(),
    row(Connect, 11, Connect).never(),
    row(Active, 11, Active).never(),
    row(OpenSent, 11, OpenSent).never(),
    row(OpenConfirm, 11, OpenConfirm).sends(KEEPALIVE),
    row(Established, 11, Established).sends(KEEPALIVE),
    // Event 13, IdleHoldTimer_Expires: in Idle only where a session was lost, see below.
    row(Idle, 13, Idle).never(),
    row(Connect, 13, Connect).never(),
    row(Active, 13, Active).never(),
    row(OpenSent, 13, OpenSent).never(),
    row(OpenConfirm, 13, OpenConfirm).never(),
    row(Established, 13, Established).never(),
    // Event 16, Tcp_CR_Acked: the connection we asked for.
    row(Idle, 16, Idle).never(),
    row(Connect, 16, OpenSent).sends(&[Sent::Open]),
    row(Active, 16, Active).never(),
    row(OpenSent, 16, OpenSent).never(),
    row(OpenConfirm, 16, OpenConfirm).never(),
    row(Established, 16, Established).never(),
    // Event 17, TcpConnectionConfirmed: a connection that the neighbor made. From OpenSent on it
    // is tracked beside ours, which goes on undisturbed.
    row(Idle, 17, Idle),
    row(Connect, 17, OpenSent),
    row(Active, 17, OpenSent),
    row(OpenSent, 17, OpenSent),
    row(OpenConfirm, 17, OpenConfirm),
    row(Established, 17, Established)
        .deviates("refused instead of tracked: it could only be closed at its OPEN"),
    // Event 18, TcpConnectionFails.
    row(Idle, 18, Idle).never(),
    row(Connect, 18, Active).deviates("Active instead of Idle, as other speakers show it"),
    row(Active, 18, Active).never(),
    row(OpenSent, 18, Active),
    row(OpenConfirm, 18, Idle),
    row(Established, 18, Idle),
    // Event 19, BGPOpen.
    row(Idle, 19, Idle),
    row(Connect, 19, Connect).deviates(NO_CONNECTION),
    row(Active, 19, Active).deviates(NO_CONNECTION),
    row(OpenSent, 19, OpenConfirm).sends(KEEPALIVE),
    row(OpenConfirm, 19, Idle).sends(&[Sent::Notification(5, 2)]).drops(), // RFC 6608 §4
    row(Established, 19, Idle).sends(&[Sent::Notification(5, 3)]).drops(), // RFC 6608 §4
    // Event 21, BGPHeaderErr.
    row(Idle, 21, Idle),
    row(Connect, 21, Connect).deviates(NO_CONNECTION),
    row(Active, 21, Active).deviates(NO_CONNECTION),
    row(OpenSent, 21, Idle).sends(&[Sent::Notification(1, 1)]).drops(),
    row(OpenConfirm, 21, Idle).sends(&[Sent::Notification(1, 1)]).drops(),
    row(Established, 21, Idle).sends(&[Sent::Notification(1, 1)]).drops()
        .deviates("§6.1 wants a Message Header Error, §8.2.2 an FSM error: the former says more"),
    // Event 22, BGPOpenMsgErr; after the first OPEN any other is unexpected, right or wrong.
    row(Idle, 22, Idle),
    row(Connect, 22, Connect).deviates(NO_CONNECTION),
    row(Active, 22, Active).deviates(NO_CONNECTION),
    row(OpenSent, 22, Idle).sends(&[Sent::Notification(2, 6)]).drops(),
    row(OpenConfirm, 22, Idle).sends(&[Sent::Notification(5, 2)]).drops()
        .deviates("RFC 6608 §4: an OPEN does not belong here, whatever it says"),
    row(Established, 22, Idle).sends(&[Sent::Notification(5, 3)]).drops(), // "Events 20-22"
    // Event 23, OpenCollisionDump of the connection that we began: the other one lives on.
    row(OpenSent, 23, OpenConfirm).sends(&[Sent::Notification(6, 7)]).drops(),
    row(OpenConfirm, 23, OpenConfirm).sends(&[Sent::Notification(6, 7)]).drops(),
    // Event 24, NotifMsgVerErr.
    row(Idle, 24, Idle),
    row(Connect, 24, Connect).deviates(NO_CONNECTION),
    row(Active, 24, Active).deviates(NO_CONNECTION),
    row(OpenSent, 24, Idle).drops(),
    row(OpenConfirm, 24, Idle).drops(),
    row(Established, 24, Idle).drops(),
    // Event 25, NotifMsg.
    row(Idle, 25, Idle),
    row(Connect, 25, Connect).deviates(NO_CONNECTION),
    row(Active, 25, Active).deviates(NO_CONNECTION),
    row(OpenSent, 25, Idle).drops().deviates(SILENT),
    row(OpenConfirm, 25, Idle).drops(),
    row(Established, 25, Idle).drops(),
    // Event 26, KeepAliveMsg.
    row(Idle, 26, Idle),
    row(Connect, 26, Connect).deviates(NO_CONNECTION),
    row(Active, 26, Active).deviates(NO_CONNECTION),
    row(OpenSent, 26, Idle).sends(&[Sent::Notification(5, 1)]).drops(),
    row(OpenConfirm, 26, Established),
    row(Established, 26, Established),
    // Event 27, UpdateMsg.
    row(Idle, 27, Idle),
    row(Connect, 27, Connect).deviates(NO_CONNECTION),
    row(Active, 27, Active).deviates(NO_CONNECTION),
    row(OpenSent, 27, Idle).sends(&[Sent::Notification(5, 1)]).drops(),
    row(OpenConfirm, 27, Idle).sends(&[Sent::Notification(5, 2)]).drops(),
    row(Established, 27, Established),
    // Event 28, UpdateMsgErr: found by who looks inside, and nobody does before Established.
    row(Idle, 28, Idle),
    row(Connect, 28, Connect).never(),
    row(Active, 28, Active).never(),
    row(OpenSent, 28, OpenSent).never(),
    row(OpenConfirm, 28, OpenConfirm).never(),
    row(Established, 28, Idle).sends(&[Sent::Notification(3, 1)]).drops(),
    // Event 29, SendHoldTimer_Expires (RFC 9687): armed while a KEEPALIVE waits in Established.
    row(Idle, 29, Idle).never(),
    row(Connect, 29, Connect).never(),
    row(Active, 29, Active).never(),
    row(OpenSent, 29, OpenSent).never(),
    row(OpenConfirm, 29, OpenConfirm).never(),
    row(Established, 29, Idle).sends(&[Sent::Notification(8, 0)]).drops(),
];

/// Applies `event`; `false` where it cannot occur.
fn apply(solo: &mut Solo, event: u8) -> bool {
    let now = solo.now;
    let cease = || Notification {
        code: 6,
        subcode: 2,
        data: Vec::new(),
    };
    match event {
        1 | 4 => solo.command(Command::Start),
        2 => solo.command(Command::Stop(Some(cease()))),
        8 => solo.command(Command::Reset(cease())),
        9 => return solo.expire(Timer::ConnectRetry),
        10 => return solo.expire(Timer::Hold),
        11 => return solo.expire(Timer::Keepalive),
        13 => return solo.expire(Timer::IdleHold),
        16 => return solo.session.handle_connected(Slot::Ours, now),
        17 => {
            let wanted = solo.session.handle_connected(Slot::Theirs, now);
            let state = solo.session.state();
            assert_eq!(wanted, !matches!(state, Idle | Established), "{state}");
        }
        18 => {
            let before = solo.session.state();
            solo.session.handle_closed(Slot::Ours, None, now);
            solo.session
                .handle_connect_failed(ConnectFailure("refused".into()), now);
            return solo.session.state() != before;
        }
        19 => drop(solo.octets(Slot::Ours, &open(2))),
        21 => drop(solo.octets(Slot::Ours, &[0; 19])),
        22 => {
            let mut octets = open(2);
            octets[22..24].copy_from_slice(&[0, 1]); // hold time 1 s
            assert!(Open::parse(&octets).is_err());
            drop(solo.octets(Slot::Ours, &octets));
        }
        23 => {
            // The neighbor has the higher identifier: what it began survives.
            let ours_first = solo.session.state() == OpenSent;
            assert!(solo.session.handle_connected(Slot::Theirs, now));
            drop(solo.octets(Slot::Theirs, &open(2)));
            if ours_first {
                drop(solo.octets(Slot::Ours, &open(2)));
            }
        }
        24 => drop(solo.octets(Slot::Ours, &notification(2, 1))),
        25 => drop(solo.octets(Slot::Ours, &notification(6, 4))),
        26 => drop(solo.octets(Slot::Ours, &keepalive())),
        27 => {
            let received = solo.octets(Slot::Ours, &update());
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
            return before != solo.session.state() || before == Idle;
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
                drop(solo.octets(Slot::Ours, &keepalive()));
            }
            solo.sent(Slot::Ours);
            return solo.expire(Timer::SendHold);
        }
        _ => panic!("no event {event}"),
    }
    true
}

#[test]
fn every_state_against_every_event() {
    for row in TABLE {
        let mut config = speaker();
        config.passive = row.event == 4;
        let mut solo = Solo::at(config, row.state);
        let occurred = apply(&mut solo, row.event);
        assert_eq!(
            occurred,
            row.kind != Kind::Never,
            "whether it can occur: {row:?}"
        );
        assert_eq!(solo.session.state(), row.next, "next state: {row:?}");
        assert_eq!(
            solo.closed(Slot::Ours),
            row.drops,
            "connection dropped: {row:?}"
        );
        // A Keepalive that came due while another timer ran is not what the row is about.
        let mut sent = solo.sent(Slot::Ours);
        if row.sends != KEEPALIVE {
            sent.retain(|sent| *sent != Sent::Keepalive);
        }
        assert_eq!(sent, row.sends, "sent: {row:?}");
        let left = row.state == Established && row.next != Established;
        assert_eq!(solo.down().is_some(), left, "Down: {row:?}");
    }
}

#[test]
fn the_table_is_complete() {
    let every_state = [
        1, 2, 8, 9, 10, 11, 13, 16, 17, 18, 19, 21, 22, 24, 25, 26, 27, 28, 29,
    ];
    for event in every_state {
        for state in [Idle, Connect, Active, OpenSent, OpenConfirm, Established] {
            let rows = TABLE
                .iter()
                .filter(|row| row.event == event && row.state == state);
            assert_eq!(rows.count(), 1, "event {event} in {state}");
        }
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
