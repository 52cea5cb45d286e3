//! What a script may say.
use super::{Play, place};
use bgp_fsm::{Command, Config, ConnectFailure, Session, Slot, StaleLimits, State};
use bgp_wire::{
    Asn, Capability, Family, Fault, FaultKind, GracefulRestart, LongLived, Notification, Open,
    Role, RouteRefresh, RouterId, write_end_of_rib, write_keepalive,
};
use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

const OURS: Asn = Asn(65_530);
const THEIRS: Asn = Asn(12_076);
const FAMILIES: [Family; 2] = [Family::IPV4_UNICAST, Family::IPV6_UNICAST];

fn router_id(last: u8) -> RouterId {
    RouterId::new(Ipv4Addr::new(10, 1, 1, last)).expect("not zero")
}

/// Graceful restart and its long-lived form, of both families.
fn restarts(bits: u8) -> [Capability; 2] {
    let forwarding = bits & 4 != 0;
    [
        Capability::GracefulRestart(GracefulRestart {
            restarting: bits & 1 != 0,
            notification: bits & 2 != 0,
            time: if bits & 8 == 0 { 120 } else { 0 },
            families: FAMILIES.map(|family| (family, forwarding)).to_vec(),
        }),
        Capability::LongLivedGracefulRestart(
            FAMILIES
                .map(|family| LongLived {
                    family,
                    forwarding,
                    time: if bits & 16 == 0 { 3_600 } else { 0 },
                })
                .to_vec(),
        ),
    ]
}

/// The session's configuration, chosen by two octets.
pub(super) fn config([first, second]: [u8; 2]) -> Config {
    let first = |bit: u8| first & bit != 0;
    let second = |bit: u8| second & bit != 0;
    let mut capabilities = vec![
        Capability::Multiprotocol(Family::IPV4_UNICAST),
        Capability::RouteRefresh,
    ];
    if first(0x10) {
        capabilities.push(Capability::Multiprotocol(Family::IPV6_UNICAST));
        capabilities.extend(restarts(0b0_0110));
    }
    if first(0x08) {
        capabilities.push(Capability::Role(Role::Customer));
    }
    if second(0x02) {
        capabilities.push(Capability::EnhancedRouteRefresh);
    }
    if second(0x80) {
        capabilities.push(Capability::ExtendedMessage);
    }
    Config {
        remote_as: (!second(0x20)).then_some(THEIRS),
        capabilities,
        passive: first(0x80),
        delay_open: first(0x40).then_some(Duration::from_secs(5)),
        collision_detect_established: first(0x20),
        strict_role: first(0x08),
        allow_automatic_start: !first(0x04),
        damp_peer_oscillations: !first(0x02),
        notification_without_open: first(0x01),
        capability_fallback: !second(0x01),
        hold_time: Duration::from_secs(if second(0x04) { 0 } else { 90 }),
        send_hold: second(0x08).then_some(Duration::from_secs(10)),
        keepalive: second(0x10).then_some(Duration::from_secs(1)),
        stale: if second(0x40) {
            StaleLimits {
                restart: Duration::from_secs(3),
                end_of_rib: Duration::from_secs(2),
                long_lived: Duration::from_secs(4),
            }
        } else {
            StaleLimits::default()
        },
        ..Config::new(OURS, router_id(1))
    }
}

/// An OPEN of the neighbor.
fn open(asn: u32, hold_time: u16, others: impl IntoIterator<Item = Capability>) -> Vec<u8> {
    let mut capabilities = vec![
        Capability::Multiprotocol(Family::IPV4_UNICAST),
        Capability::RouteRefresh,
        Capability::FourOctetAs(Asn(asn)),
    ];
    capabilities.extend(others);
    let open = Open {
        asn: Asn(asn),
        hold_time,
        router_id: router_id(2),
        capabilities,
    };
    let mut octets = Vec::new();
    open.encode(&mut octets);
    octets
}

fn keepalive() -> Vec<u8> {
    let mut octets = Vec::new();
    write_keepalive(&mut octets);
    octets
}

impl<'a> Play<'a> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the beginning of virtual time; no later reading"
    )]
    pub(super) fn new(config: Config, script: &'a [u8]) -> Self {
        let now = Instant::now();
        let mut play = Self {
            script,
            session: Session::new(config, 7, now),
            now,
            buffers: [None, None],
            blocked: [false; 2],
            connecting: false,
            up: false,
            stale: Vec::new(),
        };
        play.session.handle_command(Command::Start, now);
        play.settle();
        play
    }

    /// One instruction: what in the lower four bits, on which connection in the fifth, how in the
    /// sixth; the seventh chooses the second list.
    pub(super) fn step(&mut self, instruction: u8) {
        let slot = if instruction & 0x10 == 0 {
            Slot::Ours
        } else {
            Slot::Theirs
        };
        let how = instruction & 0x20 != 0;
        if instruction & 0x40 == 0 {
            self.connections_and_time(instruction & 0x0f, slot, how);
        } else {
            self.messages_and_commands(instruction & 0x0f, slot, how);
        }
    }

    fn connections_and_time(&mut self, what: u8, slot: Slot, how: bool) {
        let now = self.now;
        match what {
            0 => {
                let tenths = u64::from(self.operand());
                self.now += Duration::from_millis(tenths * 100);
            }
            1 => self.wake(how),
            2 => self.connect(slot),
            3 if self.connecting => {
                self.connecting = false;
                let failure = ConnectFailure("connection refused".to_owned());
                self.session.handle_connect_failed(failure, now);
            }
            4 if self.buffers[place(slot)].take().is_some() => {
                let error = how.then(|| "connection reset".to_owned());
                self.session.handle_closed(slot, error, now);
            }
            5 => {
                let length = usize::from(self.operand()).min(self.script.len());
                let (octets, rest) = self.script.split_at(length);
                self.script = rest;
                self.receive(slot, octets);
            }
            6 => self.receive(slot, &open(THEIRS.0, 90, [])),
            7 => self.receive(slot, &keepalive()),
            8 => {
                let hold_time = match self.operand() {
                    1 | 2 => 3,
                    other => u16::from(other),
                };
                let asn = u32::from(self.operand());
                self.receive(slot, &open(asn, hold_time, []));
            }
            9 => self.session.handle_command(Command::Start, now),
            10 => {
                let notification = how.then(|| Notification::administrative_shutdown("bye"));
                self.session
                    .handle_command(Command::Stop(notification), now);
            }
            11 => self.session.handle_command(Command::RetryNow, now),
            12 => self
                .session
                .handle_command(Command::Reachability { connected: how }, now),
            13 => self
                .session
                .handle_command(Command::Refresh(FAMILIES[usize::from(how)]), now),
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

    fn messages_and_commands(&mut self, what: u8, slot: Slot, how: bool) {
        let now = self.now;
        let family = FAMILIES[usize::from(how)];
        match what {
            0 => self.session.handle_command(Command::AutomaticStart, now),
            1 => {
                if self.session.state() == State::Established {
                    self.stale.retain(|stale| *stale != family);
                }
                self.session.handle_command(Command::EndOfRib(family), now);
            }
            2 => self.session.handle_command(Command::RestartOver, now),
            3 => {
                let fault = Fault {
                    offset: 19,
                    attr: None,
                    kind: FaultKind::UpdateStructure,
                };
                let notification = fault.notification(&[]);
                self.session
                    .handle_command(Command::UpdateFault(fault, notification), now);
            }
            4 => {
                let bits = self.operand();
                let mut others = restarts(bits).to_vec();
                others.push(Capability::Multiprotocol(Family::IPV6_UNICAST));
                if bits & 0x20 != 0 {
                    others.push(Capability::Role(Role::Provider));
                }
                if bits & 0x40 != 0 {
                    others.push(Capability::EnhancedRouteRefresh);
                    others.push(Capability::ExtendedMessage);
                }
                let hold_time = if bits & 0x80 == 0 { 90 } else { 0 };
                self.receive(slot, &open(THEIRS.0, hold_time, others));
            }
            5 => {
                let (code, subcode) = (self.operand(), self.operand());
                let mut notification = Notification::new(code, subcode, &[]);
                if how {
                    notification = notification.into_hard_reset();
                }
                let mut octets = Vec::new();
                notification.encode(&mut octets);
                self.receive(slot, &octets);
            }
            6 => {
                let refresh = RouteRefresh {
                    subtype: self.operand(),
                    ..RouteRefresh::request(family)
                };
                let mut octets = Vec::new();
                refresh.encode(&mut octets);
                self.receive(slot, &octets);
            }
            7 => {
                let mut octets = Vec::new();
                write_end_of_rib(&mut octets, family);
                self.receive(slot, &octets);
            }
            8 => {
                let minutes = u64::from(self.operand());
                self.now += Duration::from_secs(minutes * 60);
            }
            9 => self.session.handle_timeout(now, how),
            10 => self.blocked[place(slot)] = how,
            11 => {
                let subcode = self.operand();
                self.session
                    .handle_command(Command::Reset(Notification::cease(subcode)), now);
            }
            12 => {
                for _ in 0..self.operand() % 32 {
                    self.wake(how);
                    self.settle();
                }
            }
            13 => self.receive(slot, &[open(THEIRS.0, 90, []), keepalive()].concat()),
            _ => {}
        }
    }

    /// Sleeps until the session wants to be woken.
    fn wake(&mut self, unread: bool) {
        let Some(due) = self.session.poll_timeout() else {
            return;
        };
        self.now = due.max(self.now);
        self.session.handle_timeout(self.now, unread);
        let next = self.session.poll_timeout();
        assert!(
            next.is_none_or(|next| next > self.now),
            "woken for nothing: {:?}",
            self.session.timers(self.now).collect::<Vec<_>>()
        );
    }
}
