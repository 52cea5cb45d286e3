//! The session: any order of inputs, in virtual time.
use crate::message::check_sendable;
use bgp_fsm::{Action, Command, Config, ConnectFailure, Received, Session, Slot, State};
use bgp_wire::{Asn, Capability, Family, Notification, Open, RouterId, write_keepalive};
use bytes::BytesMut;
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// Actions that one input may ask for; more is a loop.
const ACTIONS: usize = 64;

/// The octets are a script: an instruction, its operands, and so on.
///
/// # Panics
/// When a promise of `bgp_fsm::Session` is broken.
pub fn session(input: &[u8]) {
    let mut play = Play::new(input);
    while let Some(instruction) = play.next() {
        play.step(instruction);
        play.settle();
    }
}

struct Play<'a> {
    script: &'a [u8],
    session: Session,
    now: Instant,
    /// What each connection has received and not yet read; `None` while it is closed.
    buffers: [Option<BytesMut>; 2],
    /// `Action::Connect` was asked for and not answered.
    connecting: bool,
}

fn place(slot: Slot) -> usize {
    match slot {
        Slot::Ours => 0,
        Slot::Theirs => 1,
    }
}

fn open(asn: u32, hold_time: u16) -> Open {
    Open {
        asn: Asn(asn),
        hold_time,
        router_id: RouterId::new(Ipv4Addr::new(10, 1, 1, 2)).expect("not zero"),
        capabilities: vec![
            Capability::Multiprotocol(Family::IPV4_UNICAST),
            Capability::RouteRefresh,
            Capability::FourOctetAs(Asn(asn)),
        ],
    }
}

impl<'a> Play<'a> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the beginning of virtual time; no later reading"
    )]
    fn new(script: &'a [u8]) -> Self {
        let now = Instant::now();
        let config = Config {
            remote_as: Some(Asn(12_076)),
            capabilities: vec![
                Capability::Multiprotocol(Family::IPV4_UNICAST),
                Capability::RouteRefresh,
            ],
            passive: script.first().is_some_and(|octet| octet & 0x80 != 0),
            delay_open: script
                .first()
                .filter(|octet| *octet & 0x40 != 0)
                .map(|_| Duration::from_secs(5)),
            collision_detect_established: script.first().is_some_and(|octet| octet & 0x20 != 0),
            ..Config::new(
                Asn(65_530),
                RouterId::new(Ipv4Addr::new(10, 1, 1, 1)).expect("not zero"),
            )
        };
        let mut play = Self {
            script,
            session: Session::new(config, 7, now),
            now,
            buffers: [None, None],
            connecting: false,
        };
        play.session.handle_command(Command::Start, now);
        play.settle();
        play
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.script.split_first()?;
        self.script = rest;
        Some(*first)
    }

    fn operand(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    fn step(&mut self, instruction: u8) {
        let slot = if instruction & 0x10 == 0 {
            Slot::Ours
        } else {
            Slot::Theirs
        };
        let now = self.now;
        match instruction & 0x0f {
            0 => {
                let tenths = u64::from(self.operand());
                self.now += Duration::from_millis(tenths * 100);
            }
            1 => {
                let due = self.session.poll_timeout();
                self.now = due.unwrap_or(now).max(now);
                self.session
                    .handle_timeout(self.now, instruction & 0x20 != 0);
            }
            2 => self.connect(slot),
            3 if self.connecting => {
                self.connecting = false;
                let failure = ConnectFailure("connection refused".to_owned());
                self.session.handle_connect_failed(failure, now);
            }
            4 if self.buffers[place(slot)].take().is_some() => {
                let error = (instruction & 0x20 != 0).then(|| "connection reset".to_owned());
                self.session.handle_closed(slot, error, now);
            }
            5 => {
                let length = usize::from(self.operand()).min(self.script.len());
                let (octets, rest) = self.script.split_at(length);
                self.script = rest;
                self.receive(slot, octets);
            }
            6 => {
                let mut octets = Vec::new();
                open(12_076, 90).encode(&mut octets);
                self.receive(slot, &octets);
            }
            7 => {
                let mut octets = Vec::new();
                write_keepalive(&mut octets);
                self.receive(slot, &octets);
            }
            8 => {
                let hold_time = match self.operand() {
                    1 | 2 => 3,
                    other => u16::from(other),
                };
                let mut octets = Vec::new();
                open(u32::from(self.operand()), hold_time).encode(&mut octets);
                self.receive(slot, &octets);
            }
            9 => self.session.handle_command(Command::Start, now),
            10 => {
                let notification =
                    (instruction & 0x20 != 0).then(|| Notification::administrative_shutdown("bye"));
                self.session
                    .handle_command(Command::Stop(notification), now);
            }
            11 => self.session.handle_command(Command::RetryNow, now),
            12 => {
                let connected = instruction & 0x20 != 0;
                self.session
                    .handle_command(Command::Reachability { connected }, now);
            }
            13 => self
                .session
                .handle_command(Command::Refresh(Family::IPV4_UNICAST), now),
            14 => self
                .session
                .handle_command(Command::Reset(Notification::cease(4)), now),
            15 => {
                self.session
                    .handle_written(usize::from(self.script.len() > 3), now);
                self.session.handle_blocked(now);
            }
            _ => {}
        }
    }

    fn connect(&mut self, slot: Slot) {
        if self.buffers[place(slot)].is_some() || (slot == Slot::Ours && !self.connecting) {
            return;
        }
        self.connecting &= slot != Slot::Ours;
        if self.session.handle_connected(slot, self.now) {
            self.buffers[place(slot)] = Some(BytesMut::new());
        }
    }

    fn receive(&mut self, slot: Slot, octets: &[u8]) {
        let Some(mut buffer) = self.buffers[place(slot)].take() else {
            return;
        };
        buffer.extend_from_slice(octets);
        self.buffers[place(slot)] = Some(buffer);
        while let Some(buffer) = &mut self.buffers[place(slot)] {
            let before = buffer.len();
            let Some(received) = self.session.handle_bytes(slot, buffer, self.now) else {
                break;
            };
            assert!(buffer.len() < before, "something came out of nothing");
            let state = self.session.state();
            assert_eq!(state, State::Established, "{received:?} in {state:?}");
            if let Received::Update(update) = received {
                check_sendable(&update);
            }
            self.settle();
        }
    }

    /// Does what the session asks for, as its owner must after every input.
    fn settle(&mut self) {
        let mut octets = Vec::new();
        for slot in [Slot::Ours, Slot::Theirs] {
            octets.clear();
            while self.session.poll_transmit(slot, &mut octets) {}
            check_sendable(&octets);
            assert!(
                octets.is_empty() || self.buffers[place(slot)].is_some(),
                "octets for a connection that is closed"
            );
        }
        let mut actions = 0;
        while let Some(action) = self.session.poll_action() {
            actions += 1;
            assert!(actions <= ACTIONS, "no end of actions: {action:?}");
            match action {
                Action::Connect => {
                    assert!(!self.connecting, "asked to connect twice");
                    self.connecting = true;
                }
                Action::AbortConnect => self.connecting = false,
                Action::Close(slot) => {
                    octets.clear();
                    while self.session.poll_transmit(slot, &mut octets) {}
                    check_sendable(&octets);
                    self.buffers[place(slot)] = None;
                }
                Action::Up(slot, negotiated) => {
                    assert!(
                        self.buffers[place(slot)].is_some(),
                        "up without a connection"
                    );
                    assert_eq!(negotiated.remote_as, Asn(12_076));
                }
                Action::Down { reason, .. } => assert!(!reason.to_string().is_empty()),
                Action::Sweep(_) | Action::LongLivedStale(_) => {}
            }
        }
        assert!(!self.session.waiting_for(self.now).is_empty());
        for timer in self.session.timers(self.now) {
            assert!(timer.left <= timer.configured.max(timer.left), "{timer:?}");
        }
        assert!(self.session.history().count() <= 20);
        let established = self.session.state() == State::Established;
        assert_eq!(
            established,
            established && self.session.negotiated().is_some(),
            "Established without an agreement"
        );
    }
}
