//! The session.
use crate::{Action, Command, Config, ConnectFailure, DownReason, Received, Slot};
use bgp_wire::{Negotiated, Open};
use bytes::BytesMut;
use std::time::{Duration, Instant};

/// RFC 4271 §8.2.2 states.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum State {
    Idle,
    Connect,
    Active,
    OpenSent,
    OpenConfirm,
    Established,
}

/// Timers (RFC 4271 §8.1.3, RFC 9687).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum Timer {
    ConnectRetry,
    Hold,
    Keepalive,
    DelayOpen,
    IdleHold,
    SendHold,
    Restart,
}

/// A running timer as `show` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct TimerView {
    pub timer: Timer,
    pub left: Duration,
    pub configured: Duration,
}

/// Messages since creation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Counters {
    pub opens_in: u64,
    pub opens_out: u64,
    pub updates_in: u64,
    pub notifications_in: u64,
    pub notifications_out: u64,
    pub keepalives_in: u64,
    pub keepalives_out: u64,
    pub refreshes_in: u64,
    pub refreshes_out: u64,
    pub established: u64,
    pub connect_attempts: u64,
}

/// One step of the session's history.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Transition {
    pub at: Instant,
    pub from: State,
    pub to: State,
    pub reason: Option<DownReason>,
}

/// One session with one neighbor.
#[derive(Debug)]
pub struct Session {
    _p: (),
}

impl Session {
    /// Idle until `Command::Start`. `seed` feeds the jitter.
    pub fn new(_config: Config, _seed: u64, _now: Instant) -> Self {
        todo!()
    }

    // getters
    /// The state of the connection that is furthest on.
    #[must_use]
    pub fn state(&self) -> State {
        todo!()
    }
    /// Since when `state` holds.
    #[must_use]
    pub fn since(&self) -> Instant {
        todo!()
    }
    /// What was agreed, in OpenConfirm and Established.
    #[must_use]
    pub fn negotiated(&self) -> Option<&Negotiated> {
        todo!()
    }
    /// What we sent.
    #[must_use]
    pub fn local_open(&self) -> Option<&Open> {
        todo!()
    }
    /// What the peer sent.
    #[must_use]
    pub fn remote_open(&self) -> Option<&Open> {
        todo!()
    }
    /// Why the last session or attempt ended, and when.
    #[must_use]
    pub fn last_error(&self) -> Option<(&DownReason, Instant)> {
        todo!()
    }
    /// In one sentence, what the session is waiting for now.
    #[must_use]
    pub fn waiting_for(&self, _now: Instant) -> String {
        todo!()
    }
    /// Running timers.
    pub fn timers(&self, _now: Instant) -> impl Iterator<Item = TimerView> + '_ {
        std::iter::empty()
    }
    /// Counters.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        todo!()
    }
    /// The last 20 transitions, oldest first.
    pub fn history(&self) -> impl Iterator<Item = &Transition> + '_ {
        std::iter::empty()
    }
    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        todo!()
    }

    // inputs
    /// A command.
    pub fn handle_command(&mut self, _command: Command, _now: Instant) {
        todo!()
    }
    /// A TCP connection is there. `false`: not wanted now (stopped, or a slot is taken): close it.
    #[must_use]
    pub fn handle_connected(&mut self, _slot: Slot, _now: Instant) -> bool {
        todo!()
    }
    /// The attempt asked for by `Action::Connect` failed.
    pub fn handle_connect_failed(&mut self, _failure: ConnectFailure, _now: Instant) {
        todo!()
    }
    /// The connection was closed or failed; `error` in words ("connection reset by peer"), `None` for a clean close.
    pub fn handle_closed(&mut self, _slot: Slot, _error: Option<String>, _now: Instant) {
        todo!()
    }
    /// Octets arrived: takes whole messages off the front of `buffer` and acts on them, until one
    /// is to be handed out (call again) or more octets are needed (`None`).
    #[must_use]
    pub fn handle_bytes(
        &mut self,
        _slot: Slot,
        _buffer: &mut BytesMut,
        _now: Instant,
    ) -> Option<Received> {
        todo!()
    }
    /// The deadline of `poll_timeout` has come. `unread`: octets of this neighbor are still in our
    /// queues or its socket is left unread because we are slow; Hold is then extended by 10 s.
    pub fn handle_timeout(&mut self, _now: Instant, _unread: bool) {
        todo!()
    }
    /// `octets` of routes were written to the established connection (restarts Keepalive as an
    /// UPDATE does, and SendHold).
    pub fn handle_written(&mut self, _octets: usize, _now: Instant) {
        todo!()
    }
    /// The socket took no octets although some were waiting since `since` (RFC 9687).
    pub fn handle_blocked(&mut self, _now: Instant) {
        todo!()
    }

    // outputs, in this order after every input: transmit, action, timeout
    /// Appends what is to be sent on `slot` (whole messages); `false` when there was nothing.
    #[must_use]
    pub fn poll_transmit(&mut self, _slot: Slot, _out: &mut Vec<u8>) -> bool {
        todo!()
    }
    /// The next thing to do.
    #[must_use]
    pub fn poll_action(&mut self) -> Option<Action> {
        todo!()
    }
    /// When to call `handle_timeout`.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        todo!()
    }
}
