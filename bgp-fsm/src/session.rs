//! The session: what it holds, what can be read from it, and what it puts out.
//!
//! Its inputs are in `session/inputs.rs`, what the neighbor's messages do in
//! `session/messages.rs`, how connections end in `session/ending.rs`, and the sentences for people
//! in `session/waiting.rs`.
mod ending;
mod inputs;
mod messages;
mod waiting;

#[cfg(test)]
mod tests;

use crate::{
    Action, Config, Counters, DownReason, Slot, State, TimerView, Transition,
    connection::Connection,
    counters::count,
    dialer::Dialer,
    history::History,
    jitter::Jitter,
    offer::Offer,
    pacing::Pacing,
    retention::{Outcome, Retention},
    slots::{Outboxes, Slots},
    timers::Timers,
};
use bgp_wire::{Negotiated, Open};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// One session with one neighbor.
///
/// # How to drive it
///
/// Tell it what happens by one of the `handle_*` methods. After **each** of them, and before
/// acting on what [`handle_bytes`](Self::handle_bytes) returned, take its outputs in this order:
///
/// 1. [`poll_transmit`](Self::poll_transmit) for both slots: append to what is to be written on
///    that connection, between whole messages;
/// 2. [`poll_action`](Self::poll_action) until `None`: do what it says;
/// 3. [`poll_timeout`](Self::poll_timeout): when to call
///    [`handle_timeout`](Self::handle_timeout) at the latest.
///
/// Beside what happens on its own, tell it of every write that took octets by
/// [`handle_written`](Self::handle_written).
///
/// # Collisions
///
/// Both sides may connect at once, so there are two [slots](Slot). When the second OPEN arrives,
/// [`survivor`](crate::survivor) says which connection goes; its slot gets a
/// Cease/Connection Collision Resolution and [`Action::Close`]. An Established connection is
/// closed that way only within five seconds, and only for a connection that was there before it
/// was Established.
///
/// # Example
///
/// Two sessions, a fake clock, and a wire without delay:
///
/// ```
/// use bgp_fsm::{Action, Command, Config, Session, Slot, State};
/// use bgp_wire::{Asn, Capability, Family, RouterId};
/// use bytes::BytesMut;
/// use std::time::{Duration, Instant};
///
/// fn config(local_as: u32, remote_as: u32, id: [u8; 4], passive: bool) -> Config {
///     Config {
///         remote_as: Some(Asn(remote_as)),
///         capabilities: vec![Capability::Multiprotocol(Family::IPV4_UNICAST)],
///         passive,
///         ..Config::new(Asn(local_as), RouterId::new(id.into()).unwrap())
///     }
/// }
///
/// # #[expect(clippy::disallowed_methods, reason = "the fake clock starts somewhere")]
/// let start = Instant::now();
/// let mut host = Session::new(config(65530, 12076, [10, 1, 1, 1], false), 1, start);
/// let mut azure = Session::new(config(12076, 65530, [10, 1, 1, 2], true), 2, start);
///
/// let now = start;
/// host.handle_command(Command::Start, now);
/// azure.handle_command(Command::Start, now);
///
/// // The host wants a connection: make one.
/// assert_eq!(host.poll_action(), Some(Action::Connect));
/// assert!(host.handle_connected(Slot::Ours, now));
/// assert!(azure.handle_connected(Slot::Theirs, now));
///
/// // Carry octets both ways until there are none.
/// let (mut to_azure, mut to_host) = (Vec::new(), Vec::new());
/// while host.poll_transmit(Slot::Ours, &mut to_azure)
///     | azure.poll_transmit(Slot::Theirs, &mut to_host)
/// {
///     let mut octets = BytesMut::from(&to_azure[..]);
///     assert!(azure.handle_bytes(Slot::Theirs, &mut octets, now).is_none());
///     let mut octets = BytesMut::from(&to_host[..]);
///     assert!(host.handle_bytes(Slot::Ours, &mut octets, now).is_none());
///     to_azure.clear();
///     to_host.clear();
/// }
/// assert_eq!((host.state(), azure.state()), (State::Established, State::Established));
/// assert!(matches!(host.poll_action(), Some(Action::Up(Slot::Ours, _))));
///
/// // Ninety seconds of silence later the session is over, and the host says why.
/// let now = start + Duration::from_secs(90);
/// assert!(host.poll_timeout().unwrap() < now);
/// host.handle_timeout(now, false);
/// let Some(Action::Down { reason, retain }) = host.poll_action() else { panic!() };
/// assert_eq!(reason.to_string(), "hold timer expired after 90 s");
/// assert!(retain.is_empty(), "without graceful restart its routes go");
/// assert_eq!(host.poll_action(), Some(Action::Close(Slot::Ours)));
/// ```
#[derive(Debug)]
pub struct Session {
    config: Config,
    offer: Offer,
    jitter: Jitter,
    pacing: Pacing,
    dialer: Dialer,
    /// `ConnectRetry` and `IdleHold`; the others belong to a connection.
    timers: Timers,
    slots: Slots,
    outboxes: Outboxes,
    /// What is kept of a session that was lost.
    retention: Retention,
    actions: VecDeque<Action>,
    state: State,
    since: Instant,
    last_error: Option<(DownReason, Instant)>,
    history: History,
    counters: Counters,
    /// RFC 4271 §8: ConnectRetryCounter.
    connect_retry_counter: u32,
}

impl Session {
    /// Idle until [`Command::Start`](crate::Command::Start). `seed` feeds the jitter: sessions
    /// with different seeds do not march in step, equal seeds and inputs give equal outputs.
    #[must_use]
    pub fn new(config: Config, seed: u64, now: Instant) -> Self {
        Self {
            config,
            offer: Offer::default(),
            jitter: Jitter::new(seed),
            pacing: Pacing::default(),
            dialer: Dialer::Stopped,
            timers: Timers::default(),
            slots: Slots::default(),
            outboxes: Outboxes::default(),
            retention: Retention::default(),
            actions: VecDeque::new(),
            state: State::Idle,
            since: now,
            last_error: None,
            history: History::default(),
            counters: Counters::default(),
            connect_retry_counter: 0,
        }
    }

    /// The state of the connection that is furthest on.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Since when [`state`](Self::state) holds.
    #[must_use]
    pub fn since(&self) -> Instant {
        self.since
    }

    /// What was agreed, in OpenConfirm and Established.
    #[must_use]
    pub fn negotiated(&self) -> Option<&Negotiated> {
        let agreement = self.slots.leading().and_then(Connection::agreement);
        agreement.map(|agreement| &agreement.negotiated)
    }

    /// What we sent, from OpenSent on.
    #[must_use]
    pub fn local_open(&self) -> Option<&Open> {
        self.slots.leading().and_then(Connection::local_open)
    }

    /// What the peer sent, in OpenConfirm and Established.
    #[must_use]
    pub fn remote_open(&self) -> Option<&Open> {
        let agreement = self.slots.leading().and_then(Connection::agreement);
        agreement.map(|agreement| &agreement.remote)
    }

    /// In words, what is left out of our OPEN since the neighbor refused it; tried again after an
    /// hour.
    #[must_use]
    pub fn withheld(&self) -> Option<String> {
        self.offer.withheld()
    }

    /// ConnectRetryCounter (RFC 4271 §8): how many times the neighbor's or our end of a connection
    /// failed since the last start.
    #[must_use]
    pub fn connect_retry_counter(&self) -> u32 {
        self.connect_retry_counter
    }

    /// Why the last session or attempt ended, and when.
    #[must_use]
    pub fn last_error(&self) -> Option<(&DownReason, Instant)> {
        self.last_error.as_ref().map(|(reason, at)| (reason, *at))
    }

    /// Running timers: the session's, those of the connection that is furthest on, and those of
    /// routes that are kept.
    pub fn timers(&self, now: Instant) -> impl Iterator<Item = TimerView> + '_ {
        let connection = self.slots.leading().into_iter();
        self.timers
            .views(now)
            .chain(connection.flat_map(move |c| c.timers.views(now)))
            .chain(self.retention.views(now))
    }

    /// Messages and events counted since the session was created.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The last 20 transitions, oldest first; attempts that repeat are counted, not listed.
    pub fn history(&self) -> impl Iterator<Item = &Transition> + '_ {
        self.history.iter()
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Appends what is to be sent on `slot` (whole messages); `false` when there was nothing.
    ///
    /// Where octets of routes are still unwritten, put these between whole messages, before the
    /// next route. While the socket takes nothing it may be left for later: it does not grow.
    #[must_use]
    pub fn poll_transmit(&mut self, slot: Slot, out: &mut Vec<u8>) -> bool {
        self.outboxes.at_mut(slot).take(out)
    }

    /// The next thing to do.
    #[must_use]
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); `None` where nothing but another
    /// input can change anything.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let connections = Slot::BOTH
            .into_iter()
            .filter_map(|slot| self.slots.at(slot).as_ref());
        connections
            .filter_map(|connection| connection.timers.next())
            .chain(self.timers.next())
            .chain(self.retention.next())
            .min()
    }

    /// Begins a connection attempt. `again`: the one before got no answer either.
    fn dial(&mut self, again: bool, now: Instant) {
        count(&mut self.counters.connect_attempts);
        let limit = self.pacing.attempt(&self.config, &mut self.jitter);
        self.timers.stop(crate::Timer::IdleHold);
        self.timers.start(crate::Timer::ConnectRetry, limit, now);
        self.dialer = Dialer::Dialing { since: now, again };
        self.actions.push_back(Action::Connect);
    }

    /// Waits for `pause` before connecting, and meanwhile for the neighbor to connect (Active).
    fn wait(&mut self, pause: Duration, now: Instant) {
        self.abort_dialing();
        self.timers.stop(crate::Timer::IdleHold);
        if !self.config.passive {
            self.timers.start(crate::Timer::ConnectRetry, pause, now);
        }
        self.dialer = Dialer::Waiting;
    }

    /// Rests for `pause` (Idle); the neighbor's connections are refused for `refuse` of it.
    fn hold(&mut self, pause: Duration, refuse: Duration, now: Instant) {
        self.abort_dialing();
        self.timers.stop(crate::Timer::ConnectRetry);
        self.timers.start(crate::Timer::IdleHold, pause, now);
        let refuse_until = now.checked_add(refuse).unwrap_or(now);
        self.dialer = Dialer::Held { refuse_until };
    }

    /// Leaves connecting alone since a connection is there.
    fn engage(&mut self) {
        self.rest_as(Dialer::Engaged);
    }

    fn rest_as(&mut self, dialer: Dialer) {
        self.abort_dialing();
        self.timers.stop(crate::Timer::ConnectRetry);
        self.timers.stop(crate::Timer::IdleHold);
        self.dialer = dialer;
    }

    fn abort_dialing(&mut self) {
        if !matches!(self.dialer, Dialer::Dialing { .. }) {
            return;
        }
        // An attempt that was not yet asked for need not be given up.
        if self.actions.back() == Some(&Action::Connect) {
            self.actions.pop_back();
        } else {
            self.actions.push_back(Action::AbortConnect);
        }
    }

    /// Asks the owner to do what has become due with routes that are kept.
    fn settle_routes(&mut self, outcomes: Vec<Outcome>) {
        self.actions
            .extend(outcomes.into_iter().map(|outcome| match outcome {
                Outcome::Sweep(family) => Action::Sweep(family),
                Outcome::LongLived(family) => Action::LongLivedStale(family),
            }));
    }

    /// Which state holds now.
    fn current_state(&self) -> State {
        let connection = match self.slots.leading().map(Connection::state) {
            // While our OPEN is delayed, RFC 4271 §8.2.2 stays in Connect or Active: where it was.
            Some(State::Connect)
                if self.slots.at(Slot::Ours).is_none()
                    && !matches!(self.dialer, Dialer::Dialing { .. }) =>
            {
                State::Active
            }
            Some(state) => state,
            None => State::Idle,
        };
        connection.max(self.dialer.state())
    }

    /// Notes which state holds now and, where it is another one, why.
    fn settle(&mut self, reason: Option<&DownReason>, now: Instant) {
        let state = self.current_state();
        if state != self.state {
            self.history.push(Transition {
                at: now,
                from: self.state,
                to: state,
                reason: reason.cloned(),
                times: 1,
            });
            self.state = state;
            self.since = now;
        }
    }
}
