//! Sessions in pairs, a network between them, and a clock that jumps from one event to the next.
//!
//! Nodes 2n and 2n + 1 are the two ends of a session; a speaker with several neighbors is several
//! nodes that share their fate.
//!
//! TCP is modelled as far as a session can see it: connections are made, refused, or never
//! answered; octets arrive in order, late, and cut anywhere; a connection ends at one side first,
//! breaks on both, or dies without a word; a host that restarted answers what it does not know by
//! a reset.
use crate::{
    Action, Command, Config, ConnectFailure, DownReason, Received, Session, Slot, State, Timer,
};
use bgp_wire::Family;
use bytes::BytesMut;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    time::{Duration, Instant},
};

pub(super) const MS: Duration = Duration::from_millis(1);
pub(super) const S: Duration = Duration::from_secs(1);

/// A test's own source of chance (xorshift), apart from the one under test.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) | 1)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

type ConnectionId = usize;

/// The other end of a node's session.
fn peer(node: usize) -> usize {
    node ^ 1
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    Syn(ConnectionId),
    SynAck(ConnectionId),
    Refused(ConnectionId),
    Data(ConnectionId, usize, Vec<u8>),
    Closed(ConnectionId, usize, Option<String>),
}

/// What becomes of connection attempts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    /// They arrive.
    Fine,
    /// The host answers, but nobody listens.
    Refused,
    /// "No route to host", at once.
    NoRoute,
    /// Nothing comes back.
    Silent,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) session: Session,
    /// Connections by slot.
    streams: [Option<ConnectionId>; 2],
    dialing: Option<ConnectionId>,
    buffers: [BytesMut; 2],
    pub(super) up: Option<ConnectionId>,
    pub(super) ups: u32,
    pub(super) downs: Vec<DownReason>,
    /// Families of which stale routes are kept.
    pub(super) stale: BTreeSet<Family>,
}

#[derive(Debug)]
struct Tcp {
    dialer: usize,
    dead: bool,
    /// When the last octet sent toward the even and the odd node arrives.
    last: [Instant; 2],
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) nodes: Vec<Node>,
    pub(super) dice: Dice,
    /// Shortest and longest way of a packet.
    pub(super) delay: (Duration, Duration),
    /// How many packets in a hundred are lost and sent again.
    pub(super) loss: u64,
    /// Toward each node.
    pub(super) reach: Vec<Reach>,
    /// Data arrives in pieces.
    pub(super) fragment: bool,
    connections: BTreeMap<ConnectionId, Tcp>,
    queue: BinaryHeap<Reverse<(Instant, usize, Happening)>>,
    sequence: usize,
    /// Steps made, against loops without an end.
    steps: u64,
}

impl Node {
    fn new(config: Config, seed: u64, now: Instant) -> Self {
        Self {
            session: Session::new(config, seed, now),
            streams: [None; 2],
            dialing: None,
            buffers: [BytesMut::new(), BytesMut::new()],
            up: None,
            ups: 0,
            downs: Vec::new(),
            stale: BTreeSet::new(),
        }
    }

    pub(super) fn open_connections(&self) -> usize {
        self.streams.iter().flatten().count()
    }
}

impl World {
    /// Two sessions with each other.
    pub(super) fn new(configs: [Config; 2], seed: u64) -> Self {
        Self::with(configs.into(), seed)
    }

    /// Any number of pairs.
    #[expect(clippy::disallowed_methods, reason = "the fake clock starts somewhere")]
    pub(super) fn with(configs: Vec<Config>, seed: u64) -> Self {
        let now = Instant::now();
        let mut seeds = seed;
        let nodes: Vec<_> = configs
            .into_iter()
            .map(|config| {
                seeds += 1;
                Node::new(config, seeds, now)
            })
            .collect();
        Self {
            now,
            reach: vec![Reach::Fine; nodes.len()],
            nodes,
            dice: Dice::new(seed),
            delay: (MS, MS),
            loss: 0,
            fragment: false,
            connections: BTreeMap::new(),
            queue: BinaryHeap::new(),
            sequence: 0,
            steps: 0,
        }
    }

    pub(super) fn state(&self, node: usize) -> State {
        self.nodes[node].session.state()
    }

    pub(super) fn command(&mut self, node: usize, command: Command) {
        self.nodes[node].session.handle_command(command, self.now);
        self.pump(node);
    }

    /// All of them.
    pub(super) fn start_both(&mut self) {
        for node in 0..self.nodes.len() {
            self.command(node, Command::Start);
        }
    }

    /// Both ends of every pair Established, on one and the same connection, and no other is left.
    pub(super) fn agreed(&self) -> bool {
        self.nodes.chunks(2).all(|pair| {
            let [a, b] = pair else {
                panic!("nodes come in pairs")
            };
            a.session.state() == State::Established
                && b.session.state() == State::Established
                && a.up.is_some()
                && a.up == b.up
                && a.open_connections() == 1
                && b.open_connections() == 1
        })
    }

    /// The node that began the connection on which both are Established.
    pub(super) fn survivor(&self) -> usize {
        self.connections[&self.nodes[0].up.expect("Established")].dialer
    }

    /// Lets `time` pass.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
        self.now = end;
    }

    /// Lets time pass until `done`, at most `time`; says how long it took.
    pub(super) fn run_until(
        &mut self,
        time: Duration,
        done: impl Fn(&Self) -> bool,
    ) -> Option<Duration> {
        let (start, end) = (self.now, self.now + time);
        while !done(self) {
            if !self.step(end) {
                return None;
            }
        }
        Some(self.now - start)
    }

    /// Breaks every connection, visibly on both sides.
    pub(super) fn reset_connections(&mut self) {
        for id in self.connections.keys().copied().collect::<Vec<_>>() {
            let dialer = self.connections[&id].dialer;
            for node in [dialer, peer(dialer)] {
                let at = self.arrival(id, node);
                self.push(
                    at,
                    Happening::Closed(id, node, Some("connection reset".into())),
                );
            }
        }
    }

    /// Every connection dies without either side being told.
    pub(super) fn blackhole_connections(&mut self) {
        for tcp in self.connections.values_mut() {
            tcp.dead = true;
        }
    }

    /// Takes the power from a node: what it knew is gone, and nobody is told.
    pub(super) fn crash(&mut self, node: usize, seed: u64) {
        let config = self.nodes[node].session.config().clone();
        self.nodes[node] = Node::new(config, seed, self.now);
    }

    /// Ends a node's process: its kernel closes its connections.
    pub(super) fn kill(&mut self, node: usize, seed: u64) {
        let connections = self.nodes[node].streams.into_iter().flatten();
        for id in connections
            .chain(self.nodes[node].dialing)
            .collect::<Vec<_>>()
        {
            self.close(id, node, None);
        }
        self.crash(node, seed);
    }

    /// A connection toward `node` that its neighbor knows nothing of: an old SYN that comes twice.
    pub(super) fn stray(&mut self, node: usize) {
        self.sequence += 1;
        let id = self.sequence;
        let tcp = Tcp {
            dialer: peer(node),
            dead: false,
            last: [self.now; 2],
        };
        self.connections.insert(id, tcp);
        let at = self.arrival(id, node);
        self.push(at, Happening::Syn(id));
    }

    fn step(&mut self, end: Instant) -> bool {
        self.steps += 1;
        assert!(self.steps < 2_000_000, "far too much happens");
        let timeouts = self.nodes.iter().map(|node| node.session.poll_timeout());
        let timeout = timeouts.flatten().min();
        let event = self.queue.peek().map(|Reverse((at, ..))| *at);
        let Some(next) = timeout
            .into_iter()
            .chain(event)
            .min()
            .filter(|next| *next <= end)
        else {
            return false;
        };
        self.now = self.now.max(next);
        if event == Some(next) {
            if let Some(Reverse((_, _, happening))) = self.queue.pop() {
                self.happen(happening);
            }
            return true;
        }
        for node in 0..self.nodes.len() {
            if self.nodes[node].session.poll_timeout() == Some(next) {
                self.nodes[node].session.handle_timeout(self.now, false);
                let after = self.nodes[node].session.poll_timeout();
                assert!(
                    after.is_none_or(|after| after > self.now),
                    "a timer that stays due"
                );
                self.pump(node);
            }
        }
        true
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Syn(id) => {
                let target = peer(self.connections[&id].dialer);
                let reply = if self.reach[target] == Reach::Refused {
                    Happening::Refused(id)
                } else {
                    Happening::SynAck(id)
                };
                let at = self.arrival(id, peer(target));
                self.push(at, reply);
                if self.reach[target] != Reach::Refused {
                    self.accept(id, target);
                }
            }
            Happening::SynAck(id) => {
                let node = self.connections[&id].dialer;
                if self.nodes[node].dialing == Some(id) {
                    self.nodes[node].dialing = None;
                    if self.nodes[node]
                        .session
                        .handle_connected(Slot::Ours, self.now)
                    {
                        self.nodes[node].streams[0] = Some(id);
                        self.nodes[node].buffers[0].clear();
                    } else {
                        self.close(id, node, None);
                    }
                    self.pump(node);
                }
            }
            Happening::Refused(id) => {
                let node = self.connections[&id].dialer;
                if self.nodes[node].dialing == Some(id) {
                    self.fail(node, "connection refused");
                }
            }
            Happening::Data(id, node, octets) => self.data(id, node, &octets),
            Happening::Closed(id, node, error) => {
                if let Some(slot) = self.slot(node, id) {
                    self.nodes[node].streams[slot as usize] = None;
                    self.nodes[node]
                        .session
                        .handle_closed(slot, error, self.now);
                    self.pump(node);
                }
            }
        }
    }

    fn accept(&mut self, id: ConnectionId, node: usize) {
        if self.nodes[node]
            .session
            .handle_connected(Slot::Theirs, self.now)
        {
            if let Some(old) = self.nodes[node].streams[1].replace(id) {
                self.close(old, node, Some("connection reset".into()));
            }
            self.nodes[node].buffers[1].clear();
        } else {
            self.close(id, node, None);
        }
        self.pump(node);
    }

    fn data(&mut self, id: ConnectionId, node: usize, octets: &[u8]) {
        let Some(slot) = self.slot(node, id) else {
            // A host that knows nothing of the connection says so.
            self.close(id, node, Some("connection reset by peer".into()));
            return;
        };
        let mut rest = octets;
        while !rest.is_empty() {
            let most = if self.fragment {
                1 + self.dice.below(30) as usize
            } else {
                usize::MAX
            };
            let (piece, later) = rest.split_at(rest.len().min(most));
            rest = later;
            let node = &mut self.nodes[node];
            let buffer = &mut node.buffers[slot as usize];
            buffer.extend_from_slice(piece);
            let mut ended = false;
            while let Some(received) = node.session.handle_bytes(slot, buffer, self.now) {
                ended |= matches!(received, Received::Update(_));
            }
            if ended {
                let end = Command::EndOfRib(Family::IPV4_UNICAST);
                node.session.handle_command(end, self.now);
                node.stale.remove(&Family::IPV4_UNICAST);
            }
        }
        self.pump(node);
    }

    fn pump(&mut self, node: usize) {
        for slot in Slot::BOTH {
            let mut octets = Vec::new();
            if self.nodes[node].session.poll_transmit(slot, &mut octets)
                && let Some(id) = self.nodes[node].streams[slot as usize]
            {
                if self.nodes[node].up == Some(id) {
                    self.nodes[node]
                        .session
                        .handle_written(octets.len(), self.now);
                }
                let at = self.arrival(id, peer(node));
                self.push(at, Happening::Data(id, peer(node), octets));
            }
        }
        while let Some(action) = self.nodes[node].session.poll_action() {
            match action {
                Action::Connect => self.connect(node),
                Action::AbortConnect => {
                    let id = self.nodes[node].dialing.take();
                    self.close(id.expect("an attempt to abort"), node, None);
                }
                Action::Close(slot) => {
                    let id = self.nodes[node].streams[slot as usize].take();
                    self.close(id.expect("a connection to close"), node, None);
                }
                Action::Up(slot, negotiated) => {
                    assert!(self.nodes[node].up.is_none(), "Up twice");
                    assert!(!negotiated.families.is_empty());
                    self.nodes[node].up = self.nodes[node].streams[slot as usize];
                    self.nodes[node].ups += 1;
                    if let Some(id) = self.nodes[node].up {
                        let at = self.arrival(id, peer(node));
                        self.push(at, Happening::Data(id, peer(node), super::solo::update()));
                    }
                }
                Action::Down { reason, retain } => {
                    assert!(self.nodes[node].up.take().is_some(), "Down without Up");
                    self.nodes[node].downs.push(*reason);
                    assert!(self.nodes[node].stale.is_empty(), "stale twice over");
                    self.nodes[node].stale.extend(retain);
                }
                Action::Sweep(family) => {
                    // By our End-of-RIB it may be gone already.
                    self.nodes[node].stale.remove(&family);
                }
                Action::LongLivedStale(family) => {
                    assert!(self.nodes[node].stale.contains(&family));
                }
            }
        }
        self.check_timers(node);
    }

    /// No timer runs in a state in which it has no meaning.
    fn check_timers(&self, node: usize) {
        let session = &self.nodes[node].session;
        let established = session.state() == State::Established;
        for view in session.timers(self.now) {
            let fits = match view.timer {
                Timer::ConnectRetry => {
                    matches!(
                        session.state(),
                        State::Connect | State::Active | State::OpenSent
                    )
                }
                // Beside a connection of the neighbor that has not got far yet.
                Timer::IdleHold => match session.state() {
                    State::Active => session
                        .timers(self.now)
                        .any(|view| view.timer == Timer::DelayOpen),
                    state => matches!(state, State::Idle | State::OpenSent),
                },
                Timer::DelayOpen => {
                    matches!(session.state(), State::Connect | State::Active)
                }
                Timer::Hold => session.state() >= State::OpenSent,
                Timer::Keepalive => session.state() >= State::OpenConfirm,
                Timer::SendHold => established,
                Timer::Restart | Timer::LongLivedStale => !established,
                Timer::EndOfRib => established,
            };
            assert!(fits, "{:?} runs in {}", view.timer, session.state());
        }
        assert_eq!(
            session.negotiated().is_some(),
            session.state() >= State::OpenConfirm
        );
        assert_eq!(self.nodes[node].up.is_some(), established);
        let kept = session.timers(self.now).any(|view| {
            matches!(
                view.timer,
                Timer::Restart | Timer::LongLivedStale | Timer::EndOfRib
            )
        });
        assert_eq!(kept, !self.nodes[node].stale.is_empty(), "stale for ever");
        assert!(!session.waiting_for(self.now).is_empty());
    }

    fn connect(&mut self, node: usize) {
        assert!(self.nodes[node].dialing.is_none(), "two attempts at once");
        assert!(
            self.nodes[node].streams[0].is_none(),
            "an attempt beside our connection"
        );
        self.sequence += 1;
        let id = self.sequence;
        let tcp = Tcp {
            dialer: node,
            dead: false,
            last: [self.now; 2],
        };
        self.connections.insert(id, tcp);
        self.nodes[node].dialing = Some(id);
        match self.reach[peer(node)] {
            Reach::Fine | Reach::Refused => {
                let at = self.arrival(id, peer(node));
                self.push(at, Happening::Syn(id));
            }
            Reach::NoRoute => self.fail(node, "no route to host"),
            Reach::Silent => {}
        }
    }

    fn fail(&mut self, node: usize, why: &str) {
        self.nodes[node].dialing = None;
        let failure = ConnectFailure(why.into());
        self.nodes[node]
            .session
            .handle_connect_failed(failure, self.now);
        self.pump(node);
    }

    /// `node` closes its end: the other one hears of it.
    fn close(&mut self, id: ConnectionId, node: usize, error: Option<String>) {
        let at = self.arrival(id, peer(node));
        self.push(at, Happening::Closed(id, peer(node), error));
    }

    fn slot(&self, node: usize, id: ConnectionId) -> Option<Slot> {
        Slot::BOTH
            .into_iter()
            .find(|slot| self.nodes[node].streams[*slot as usize] == Some(id))
    }

    /// When what is sent now arrives: never before what was sent earlier.
    fn arrival(&mut self, id: ConnectionId, node: usize) -> Instant {
        let (least, most) = self.delay;
        let spread = (most - least).as_micros() as u64 + 1;
        let mut delay = least + Duration::from_micros(self.dice.below(spread));
        if self.loss > 0 && self.dice.chance(self.loss) {
            // TCP sends it again.
            delay += 200 * MS * (1 + self.dice.below(8) as u32);
        }
        let last = &mut self.connections.get_mut(&id).expect("a connection").last[node % 2];
        *last = (*last).max(self.now + delay);
        *last
    }

    fn push(&mut self, at: Instant, happening: Happening) {
        self.sequence += 1;
        let (Happening::Syn(id)
        | Happening::SynAck(id)
        | Happening::Refused(id)
        | Happening::Data(id, ..)
        | Happening::Closed(id, ..)) = &happening;
        if !self.connections[id].dead {
            self.queue.push(Reverse((at, self.sequence, happening)));
        }
    }
}
