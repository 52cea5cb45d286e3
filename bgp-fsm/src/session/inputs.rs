//! Commands, connections, octets and time.
use super::Session;
use crate::{
    Action, Command, ConnectFailure, DownReason, Received, Slot, Timer,
    connection::{Connection, Phase},
    counters::count,
    dialer::Dialer,
};
use bgp_wire::{Family, MessageType, Notification, frame};
use bytes::BytesMut;
use std::time::{Duration, Instant};

/// How long Hold is extended at a time while octets of the neighbor are unread on our side.
const HOLD_EXTENSION: Duration = Duration::from_secs(10);
/// A link that came up makes an attempt older than this start over: its SYN went nowhere.
const FRESH_ATTEMPT: Duration = Duration::from_millis(100);
/// At most one probing KEEPALIVE in this time (RFC 4271 §4.4).
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

impl Session {
    /// Somebody asks for something; see [`Command`].
    pub fn handle_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Start => self.start(now),
            Command::AutomaticStart => self.automatic_start(now),
            Command::Stop(notification) => self.stop(notification, now),
            Command::RetryNow => self.retry_now(now),
            Command::Reachability { connected } => self.reachability(connected, now),
            Command::UpdateFault(fault, notification) => {
                self.end_established(DownReason::Sent(notification, Some(fault)), now);
            }
            Command::Refresh(family) => self.refresh(family),
            Command::Reset(notification) => self.reset(&notification, now),
            Command::EndOfRib(family) => {
                if self.slots.established().is_some() {
                    self.retention.end_of_rib(family);
                }
            }
            Command::ForwardingLost => {
                let kept = self.retention.give_up();
                self.settle_routes(kept);
            }
            Command::RestartOver => self.offer.restart_over(),
        }
    }

    /// Whether a connection that the neighbor begins now is wanted (TcpConnection_Valid, event
    /// 14): a listener that asks before it accepts can spare both sides the handshake.
    #[must_use]
    pub fn expects_connection(&self, now: Instant) -> bool {
        match self.dialer {
            Dialer::Stopped => return false,
            // RFC 4271 §8.2.2, Idle: "BGP FSM refuses all incoming BGP connections". We do so for
            // `connect_retry` after a refusal, and no longer.
            Dialer::Held { refuse_until } if now < refuse_until => return false,
            Dialer::Held { .. } | Dialer::Waiting | Dialer::Dialing { .. } | Dialer::Engaged => {}
        }
        self.slots
            .established()
            .is_none_or(|slot| self.may_contend(slot) || self.may_replace(slot, now))
    }

    /// A connection that says it is the neighbor's was turned away by the listener
    /// (Tcp_CR_Invalid, event 15): it is counted, and changes nothing.
    pub fn handle_refused_connection(&mut self) {
        count(&mut self.counters.connections_refused);
    }

    /// A TCP connection is there (events 16, 17). `false`: it is not wanted, close it without
    /// sending anything.
    ///
    /// `true` for [`Slot::Theirs`] while a connection of the neighbor is open means that the new
    /// one takes its place: drop the old one, unsent octets and all. (What was Established is
    /// reported by [`Action::Down`] first.)
    #[must_use]
    pub fn handle_connected(&mut self, slot: Slot, now: Instant) -> bool {
        // The last connection of this slot has not been closed yet: poll_action was not polled.
        if self.actions.contains(&Action::Close(slot)) {
            return false;
        }
        let wanted = match slot {
            Slot::Ours => {
                matches!(self.dialer, Dialer::Dialing { .. }) && self.slots.at(slot).is_none()
            }
            Slot::Theirs => self.admit(now),
        };
        if wanted {
            if slot == Slot::Ours {
                // The attempt is over, there is nothing to abort.
                self.dialer = Dialer::Engaged;
                self.timers.stop(Timer::ConnectRetry);
            }
            // What the last connection of this slot left unsent is not for this one.
            self.outboxes.at_mut(slot).clear();
            let delay = self.config.delay_open.filter(|delay| !delay.is_zero());
            let connection = match delay {
                Some(delay) => Connection::delay(delay, now),
                None => {
                    let local = self.send_open(slot, now);
                    Connection::open(&self.config, local, now)
                }
            };
            *self.slots.at_mut(slot) = Some(connection);
            self.settle(None, now);
        }
        wanted
    }

    /// The attempt asked for by [`Action::Connect`] failed (event 18).
    pub fn handle_connect_failed(&mut self, failure: ConnectFailure, now: Instant) {
        if !matches!(self.dialer, Dialer::Dialing { .. }) {
            return;
        }
        // Not `wait`: there is nothing to abort.
        self.dialer = Dialer::Waiting;
        let pause = self.pacing.failed(&self.config, &mut self.jitter);
        self.timers.start(Timer::ConnectRetry, pause, now);
        let reason = DownReason::ConnectFailed(failure);
        self.settle(Some(&reason), now);
        self.last_error = Some((reason, now));
    }

    /// The connection was closed or failed (event 18); `error` in words ("connection reset by
    /// peer"), `None` for a clean close. What the session still had to send on it is forgotten.
    pub fn handle_closed(&mut self, slot: Slot, error: Option<String>, now: Instant) {
        self.outboxes.at_mut(slot).clear();
        if let Some(connection) = self.slots.at_mut(slot).take() {
            let error = error.unwrap_or_else(|| "closed by the neighbor".into());
            self.end(slot, &connection, DownReason::ConnectionLost(error), now);
        }
    }

    /// Octets arrived: takes whole messages off the front of `buffer` and acts on them, until one
    /// is to be handed out (call again) or more octets are needed (`None`).
    ///
    /// Octets for a slot without a connection are thrown away. An UPDATE is cut off the buffer
    /// without copying or allocating; the buffer's memory is shared until it is dropped.
    #[must_use]
    pub fn handle_bytes(
        &mut self,
        slot: Slot,
        buffer: &mut BytesMut,
        now: Instant,
    ) -> Option<Received> {
        loop {
            let Some(connection) = self.slots.at_mut(slot) else {
                buffer.clear();
                return None;
            };
            let header = match frame(buffer, connection.max_receive()) {
                Ok(header) => header.filter(|header| header.length <= buffer.len())?,
                Err(fault) => {
                    self.framing_fault(slot, fault, buffer, now);
                    continue;
                }
            };
            if header.kind == MessageType::Update
                && matches!(connection.phase, Phase::Established(_))
            {
                // Event 27.
                connection.heard(now);
                count(&mut self.counters.updates_in);
                return Some(Received::Update(buffer.split_to(header.length).freeze()));
            }
            let message = buffer.split_to(header.length);
            let received = self.message(slot, header.kind, &message, now);
            if received.is_some() {
                return received;
            }
        }
    }

    /// The deadline of [`poll_timeout`](Self::poll_timeout) has come (events 9 to 13, 29);
    /// calling it too early does nothing. `unread`: octets of this neighbor are still in our
    /// queues or its socket is left unread because we are slow; Hold is then extended by 10 s.
    pub fn handle_timeout(&mut self, now: Instant, unread: bool) {
        for slot in Slot::BOTH {
            self.connection_timers(slot, unread, now);
        }
        if self.timers.due(Timer::IdleHold, now) {
            // Event 13.
            self.connect_or_wait(now);
        }
        if self.timers.due(Timer::ConnectRetry, now) {
            self.connect_retry_expired(now);
        }
        let due = self.retention.expire(now);
        self.settle_routes(due);
    }

    /// The socket of the Established connection took `octets`, of routes or of what
    /// [`poll_transmit`](Self::poll_transmit) gave. Call it after every write that took any: it
    /// restarts Keepalive as sending an UPDATE does, and stops SendHold (RFC 9687), which runs from
    /// the moment a KEEPALIVE is to be sent or [`handle_blocked`](Self::handle_blocked) is called.
    pub fn handle_written(&mut self, octets: usize, now: Instant) {
        if octets == 0 {
            return;
        }
        let Some(slot) = self.slots.established() else {
            return;
        };
        if let Some(connection) = self.slots.at_mut(slot) {
            connection.timers.stop(Timer::SendHold);
            connection.restart_keepalive(&self.config, &mut self.jitter, now);
        }
    }

    /// The socket of the Established connection takes no octets although some wait: SendHold runs
    /// from the first such call on (RFC 9687). It may be left out, or called as often as a write
    /// would block: without it the next KEEPALIVE, at most a third of the hold time away, does it.
    pub fn handle_blocked(&mut self, now: Instant) {
        let Some(slot) = self.slots.established() else {
            return;
        };
        if let Some(connection) = self.slots.at_mut(slot) {
            connection.start_send_hold(&self.config, now);
        }
    }

    fn start(&mut self, now: Instant) {
        // RFC 4271 §8.2.2: start events are ignored in every state but Idle.
        if self.idle() {
            self.pacing.forgive();
            self.offer.forget();
            self.connect_retry_counter = 0;
            self.connect_or_wait(now);
        }
    }

    fn automatic_start(&mut self, now: Instant) {
        // RFC 4271 §8.1.2, events 6 and 7: "used to prevent persistent peer oscillations".
        let damped = self.config.damp_peer_oscillations;
        if self.idle() && !(damped && matches!(self.dialer, Dialer::Held { .. })) {
            self.connect_retry_counter = 0;
            self.connect_or_wait(now);
        }
    }

    /// Idle: neither is there a connection nor do we try to get one.
    fn idle(&self) -> bool {
        matches!(self.dialer, Dialer::Stopped | Dialer::Held { .. })
            && self.slots.leading().is_none()
    }

    fn stop(&mut self, notification: Option<Notification>, now: Instant) {
        // RFC 4271 §8.2.2: ManualStop is ignored in Idle.
        if matches!(self.dialer, Dialer::Stopped) {
            return;
        }
        self.rest_as(Dialer::Stopped);
        let reason = DownReason::Stopped(notification);
        self.end_all(&reason, now);
        // Stopped for good, not waiting for anybody's return.
        let kept = self.retention.give_up();
        self.settle_routes(kept);
        self.connect_retry_counter = 0;
        self.settle(Some(&reason), now);
        if !matches!(self.last_error, Some((DownReason::Stopped(_), at)) if at == now) {
            self.last_error = Some((reason, now));
        }
    }

    fn reset(&mut self, notification: &Notification, now: Instant) {
        self.offer.forget();
        if Slot::BOTH
            .into_iter()
            .all(|slot| self.slots.at(slot).is_none())
        {
            self.retry_now(now);
        } else {
            self.end_all(&DownReason::Reset(notification.clone()), now);
        }
    }

    fn retry_now(&mut self, now: Instant) {
        match self.dialer {
            Dialer::Stopped | Dialer::Engaged => {}
            Dialer::Held { .. } | Dialer::Waiting => {
                self.pacing.forgive();
                self.connect_or_wait(now);
            }
            Dialer::Dialing { since, .. } => {
                if now.saturating_duration_since(since) >= FRESH_ATTEMPT {
                    self.abort_dialing();
                    self.dial(false, now);
                }
            }
        }
    }

    fn reachability(&mut self, connected: bool, now: Instant) {
        let closer = connected && !self.pacing.connected;
        self.pacing.connected = connected;
        if closer && matches!(self.dialer, Dialer::Waiting) {
            let pause = self.pacing.pause(&self.config, &mut self.jitter);
            if self
                .timers
                .left(Timer::ConnectRetry, now)
                .is_some_and(|left| left > pause)
            {
                self.timers.start(Timer::ConnectRetry, pause, now);
            }
        }
    }

    fn refresh(&mut self, family: Family) {
        let Some(slot) = self.slots.established() else {
            return;
        };
        let negotiated = self.slots.at(slot).as_ref().and_then(Connection::agreement);
        // RFC 2918 §4: only toward a peer that announced the capability.
        if negotiated.is_some_and(|agreement| {
            agreement.negotiated.route_refresh && agreement.negotiated.families.contains(&family)
        }) {
            self.outboxes.at_mut(slot).refresh(family);
            count(&mut self.counters.refreshes_out);
        }
    }

    /// Whether a connection that the neighbor made now is wanted; makes room for it.
    fn admit(&mut self, now: Instant) -> bool {
        if !self.expects_connection(now) {
            if let Some(slot) = self.slots.established() {
                self.probe(slot, now);
            }
            return false;
        }
        if let Some(slot) = self.slots.established()
            && self.may_replace(slot, now)
        {
            self.replace(slot, now);
        } else if self.slots.at(Slot::Theirs).is_some() {
            // The neighbor got less far than Established with its connection and begins anew: it
            // cannot have the old one any more.
            self.replace(Slot::Theirs, now);
        }
        true
    }

    /// Whether a new connection of the neighbor may contend with the Established one in `slot`
    /// (CollisionDetectEstablishedState). Two that the neighbor began are no collision: the
    /// identifiers would not tell them apart.
    fn may_contend(&self, slot: Slot) -> bool {
        self.config.collision_detect_established && slot == Slot::Ours
    }

    /// Whether a new connection of the neighbor proves that it has lost the Established one.
    fn may_replace(&self, slot: Slot, now: Instant) -> bool {
        let connection = self.slots.at(slot).as_ref();
        connection
            .and_then(Connection::established)
            .is_some_and(|established| {
                // RFC 4724 §5: where the capability of graceful restart was received "with one or
                // more AFIs/SAFIs", the old connection is closed and the new one kept.
                let restart = &established.agreement.negotiated.graceful_restart;
                let graceful = restart.as_ref().is_some_and(|it| !it.families.is_empty());
                !established.may_cross(now) && (graceful || established.quiet(now))
            })
    }

    /// Sends a KEEPALIVE to make a neighbor that has forgotten this connection answer with a RST.
    fn probe(&mut self, slot: Slot, now: Instant) {
        let connection = self.slots.at_mut(slot).as_mut();
        if let Some(established) = connection.and_then(Connection::established_mut) {
            let last = established
                .probed
                .map(|at| now.saturating_duration_since(at));
            if last.is_none_or(|ago| ago >= PROBE_INTERVAL) {
                established.probed = Some(now);
                self.send_keepalive(slot, now);
            }
        }
    }

    fn connect_or_wait(&mut self, now: Instant) {
        if self.config.passive {
            self.rest_as(Dialer::Waiting);
        } else {
            self.dial(false, now);
        }
        self.settle(None, now);
    }

    /// Event 9.
    fn connect_retry_expired(&mut self, now: Instant) {
        match self.dialer {
            Dialer::Waiting => self.connect_or_wait(now),
            Dialer::Dialing { since, again } => {
                // One attempt without an answer may be due to our impatience (the kernel needs 3 s
                // to find that there is no route to the host): its words stay until the second.
                if again || self.last_error.is_none() {
                    let waited = now.saturating_duration_since(since).as_secs_f32();
                    let failure =
                        ConnectFailure(format!("timed out: no answer within {waited:.1} s"));
                    self.last_error = Some((DownReason::ConnectFailed(failure), now));
                }
                self.pacing.gave_up();
                self.abort_dialing();
                self.dial(true, now);
            }
            Dialer::Stopped | Dialer::Held { .. } | Dialer::Engaged => {
                self.timers.stop(Timer::ConnectRetry);
            }
        }
    }

    fn connection_timers(&mut self, slot: Slot, unread: bool, now: Instant) {
        let Some(connection) = self.slots.at_mut(slot) else {
            return;
        };
        if connection.timers.due(Timer::DelayOpen, now) {
            // Event 12.
            self.end_delay(slot, now);
            return;
        }
        if connection.timers.due(Timer::Hold, now) {
            if unread {
                connection.timers.extend(Timer::Hold, HOLD_EXTENSION, now);
                if let Some(established) = connection.established_mut() {
                    established.hold_extended = true;
                }
                count(&mut self.counters.hold_extensions);
            } else {
                // Event 10.
                let time = connection
                    .timers
                    .configured(Timer::Hold)
                    .unwrap_or_default();
                self.end_slot(slot, DownReason::HoldTimerExpired(time), now);
                return;
            }
        }
        if connection.timers.due(Timer::SendHold, now) {
            // Event 29 (RFC 9687 §3.1).
            let time = connection
                .timers
                .configured(Timer::SendHold)
                .unwrap_or_default();
            self.end_slot(slot, DownReason::SendHoldTimerExpired(time), now);
            return;
        }
        if connection.timers.due(Timer::Keepalive, now) {
            // Event 11.
            self.send_keepalive(slot, now);
        }
    }
}
