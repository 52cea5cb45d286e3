//! One session and a neighbor made of octets.
use crate::{
    Action, Command, Config, DownReason, Received, Session, Slot, State, Timer, testing::config,
};
use bgp_wire::{
    Asn, Capability, Family, MessageType, Notification, Open, RouterId, frame, write_keepalive,
};
use bytes::BytesMut;
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// What a session sent, as far as the tests look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sent {
    Open,
    Keepalive,
    Refresh,
    Notification(u8, u8),
}

#[derive(Debug)]
pub(super) struct Solo {
    pub(super) session: Session,
    pub(super) now: Instant,
    pub(super) actions: Vec<Action>,
}

impl Solo {
    #[expect(clippy::disallowed_methods, reason = "the fake clock starts somewhere")]
    pub(super) fn new(config: Config) -> Self {
        let now = Instant::now();
        Self {
            session: Session::new(config, 1, now),
            now,
            actions: Vec::new(),
        }
    }

    /// A session of speaker 1 in `state`, on the connection that it began; nothing is left to poll.
    pub(super) fn at(config: Config, state: State) -> Self {
        let mut solo = Self::new(config);
        if state > State::Idle {
            solo.command(Command::Start);
        }
        if state == State::Active {
            let failure = crate::ConnectFailure("no route to host".into());
            solo.session.handle_connect_failed(failure, solo.now);
        }
        if state >= State::OpenSent {
            assert!(solo.session.handle_connected(Slot::Ours, solo.now));
        }
        if state >= State::OpenConfirm {
            assert!(solo.octets(Slot::Ours, &open(2)).is_empty());
        }
        if state >= State::Established {
            assert!(solo.octets(Slot::Ours, &keepalive()).is_empty());
        }
        assert_eq!(solo.session.state(), state);
        solo.sent(Slot::Ours);
        solo.poll();
        solo.actions.clear();
        solo
    }

    pub(super) fn command(&mut self, command: Command) {
        self.session.handle_command(command, self.now);
        self.poll();
    }

    pub(super) fn octets(&mut self, slot: Slot, octets: &[u8]) -> Vec<Received> {
        let mut buffer = BytesMut::from(octets);
        let now = self.now;
        std::iter::from_fn(|| self.session.handle_bytes(slot, &mut buffer, now)).collect()
    }

    /// Lets `timer` expire; `false` where it does not run.
    pub(super) fn expire(&mut self, timer: Timer) -> bool {
        let Some(view) = self
            .session
            .timers(self.now)
            .find(|view| view.timer == timer)
        else {
            return false;
        };
        self.now += view.left;
        self.session.handle_timeout(self.now, false);
        true
    }

    pub(super) fn left(&self, timer: Timer) -> Option<Duration> {
        self.session
            .timers(self.now)
            .find(|view| view.timer == timer)
            .map(|view| view.left)
    }

    /// What the session has to send on `slot` now.
    pub(super) fn sent(&mut self, slot: Slot) -> Vec<Sent> {
        self.messages(slot)
            .into_iter()
            .map(|(sent, _)| sent)
            .collect()
    }

    pub(super) fn messages(&mut self, slot: Slot) -> Vec<(Sent, Vec<u8>)> {
        let mut octets = Vec::new();
        let any = self.session.poll_transmit(slot, &mut octets);
        assert_eq!(any, !octets.is_empty());
        let (mut rest, mut messages) = (&octets[..], Vec::new());
        while let Some(header) = frame(rest, 4096).expect("what we send can be read") {
            let (message, later) = rest.split_at(header.length);
            rest = later;
            let sent = match header.kind {
                MessageType::Open => Sent::Open,
                MessageType::Keepalive => Sent::Keepalive,
                MessageType::RouteRefresh => Sent::Refresh,
                MessageType::Notification => {
                    let notification = Notification::parse(message).unwrap();
                    Sent::Notification(notification.code, notification.subcode)
                }
                MessageType::Update => panic!("the state machine sends no UPDATE"),
            };
            messages.push((sent, message.to_vec()));
        }
        assert!(rest.is_empty(), "only whole messages");
        messages
    }

    pub(super) fn poll(&mut self) {
        while let Some(action) = self.session.poll_action() {
            self.actions.push(action);
        }
    }

    pub(super) fn closed(&mut self, slot: Slot) -> bool {
        self.poll();
        self.actions.contains(&Action::Close(slot))
    }

    pub(super) fn down(&mut self) -> Option<DownReason> {
        self.poll();
        self.actions.iter().find_map(|action| match action {
            Action::Down { reason, .. } => Some((**reason).clone()),
            _ => None,
        })
    }

    pub(super) fn last_error(&self) -> String {
        self.session.last_error().expect("an error").0.to_string()
    }
}

/// Speaker 1, as most tests want it.
pub(super) fn speaker() -> Config {
    Config {
        remote_as: Some(Asn(65_002)),
        ..config(1)
    }
}

/// The OPEN of speaker `n`.
pub(super) fn open_value(n: u8) -> Open {
    Open {
        asn: Asn(65_000 + u32::from(n)),
        hold_time: 90,
        router_id: RouterId::new(Ipv4Addr::new(10, 0, 0, n)).unwrap(),
        capabilities: vec![
            Capability::Multiprotocol(Family::IPV4_UNICAST),
            Capability::RouteRefresh,
            Capability::FourOctetAs(Asn(65_000 + u32::from(n))),
        ],
    }
}

pub(super) fn encoded(open: &Open) -> Vec<u8> {
    let mut octets = Vec::new();
    open.encode(&mut octets);
    octets
}

pub(super) fn open(n: u8) -> Vec<u8> {
    encoded(&open_value(n))
}

pub(super) fn keepalive() -> Vec<u8> {
    let mut octets = Vec::new();
    write_keepalive(&mut octets);
    octets
}

/// An UPDATE that withdraws nothing and announces nothing: an End-of-RIB.
pub(super) fn update() -> Vec<u8> {
    let mut octets = Vec::new();
    bgp_wire::write_end_of_rib(&mut octets, Family::IPV4_UNICAST);
    octets
}

pub(super) fn notification(code: u8, subcode: u8) -> Vec<u8> {
    let mut octets = Vec::new();
    Notification {
        code,
        subcode,
        data: Vec::new(),
    }
    .encode(&mut octets);
    octets
}

pub(super) fn refresh(family: Family, subtype: u8) -> Vec<u8> {
    let mut octets = Vec::new();
    bgp_wire::RouteRefresh {
        subtype,
        ..bgp_wire::RouteRefresh::request(family)
    }
    .encode(&mut octets);
    octets
}
