//! How connections end: what is sent, what is reported, and when we try again.
use super::Session;
use crate::{
    Action, DownReason, Slot, State,
    connection::{Connection, Phase},
    counters::count,
    dialer::Dialer,
    notifications,
};
use bgp_wire::{Notification, iana::notification as code};
use std::time::{Duration, Instant};

impl Session {
    /// Ends the connection in `slot`, where there is one.
    pub(super) fn end_slot(&mut self, slot: Slot, reason: DownReason, now: Instant) {
        if let Some(connection) = self.slots.at_mut(slot).take() {
            self.end(slot, &connection, reason, now);
        }
    }

    /// Ends the Established connection, where there is one.
    pub(super) fn end_established(&mut self, reason: DownReason, now: Instant) {
        if let Some(slot) = self.slots.established() {
            self.end_slot(slot, reason, now);
        }
    }

    /// Ends whatever there is.
    pub(super) fn end_all(&mut self, reason: &DownReason, now: Instant) {
        for slot in Slot::BOTH {
            self.end_slot(slot, reason.clone(), now);
        }
    }

    /// Ends `connection`, which was taken out of `slot`.
    pub(super) fn end(
        &mut self,
        slot: Slot,
        connection: &Connection,
        reason: DownReason,
        now: Instant,
    ) {
        let reason = self.as_sent(connection, reason);
        if let Some(notification) = farewell(&reason) {
            self.outboxes.at_mut(slot).notification(&notification);
            count(&mut self.counters.notifications_out);
        }
        self.report(connection, &reason, now);
        if !matches!(reason, DownReason::ConnectionLost(_)) {
            self.actions.push_back(Action::Close(slot));
        }
        if counts(slot, connection, &reason) {
            self.connect_retry_counter = self.connect_retry_counter.saturating_add(1);
        }
        self.plan(slot, connection, &reason, now);
        self.settle(Some(&reason), now);
        if reason != DownReason::Collision || connection.established().is_some() {
            self.last_error = Some((reason, now));
        }
    }

    /// The reason with what is really sent: nothing before our OPEN, a Hard Reset where the
    /// neighbor would otherwise keep routes over an end that is meant to last.
    fn as_sent(&self, connection: &Connection, reason: DownReason) -> DownReason {
        if matches!(connection.phase, Phase::Delaying(_)) {
            return match farewell(&reason) {
                None => reason,
                // RFC 4271 §8.2.2, Connect and Active: what is wrong with the neighbor's messages
                // is told where SendNOTIFICATIONwithoutOPEN is TRUE, and so is a Cease.
                Some(notification)
                    if self.config.notification_without_open
                        && notification.code != code::FINITE_STATE_MACHINE =>
                {
                    reason
                }
                Some(_) => match reason {
                    DownReason::Stopped(_) => DownReason::Stopped(None),
                    reason => DownReason::Unsaid(Box::new(reason)),
                },
            };
        }
        if !graceful(connection) {
            return reason;
        }
        // RFC 8538 §5.1.
        match reason {
            DownReason::Stopped(Some(notification)) => {
                DownReason::Stopped(Some(notifications::hardened(notification)))
            }
            DownReason::Reset(notification) => {
                DownReason::Reset(notifications::hardened(notification))
            }
            reason => reason,
        }
    }

    /// Drops the connection in `slot` for a new one that the neighbor made. The owner drops the
    /// old one of that slot as it takes the new one; another slot has to be closed.
    pub(super) fn replace(&mut self, slot: Slot, now: Instant) {
        let Some(connection) = self.slots.at_mut(slot).take() else {
            return;
        };
        self.outboxes.at_mut(slot).clear();
        self.report(&connection, &DownReason::Replaced, now);
        if slot == Slot::Ours {
            self.actions.push_back(Action::Close(slot));
        }
        if self.slots.at(Slot::Ours).is_none() && matches!(self.dialer, Dialer::Engaged) {
            // The new connection may yet prove to be nothing.
            let pause = self.pacing.pause(&self.config, &mut self.jitter);
            self.wait(pause, now);
        }
        self.settle(Some(&DownReason::Replaced), now);
        self.last_error = Some((DownReason::Replaced, now));
    }

    fn report(&mut self, connection: &Connection, reason: &DownReason, now: Instant) {
        let Some(established) = connection.established() else {
            return;
        };
        // RFC 4724 §4.2: "To deal with possible consecutive restarts, a route (from the peer)
        // previously marked as stale MUST be deleted."
        let earlier = self.retention.give_up();
        self.settle_routes(earlier);
        let negotiated = &established.agreement.negotiated;
        let retain = if keeps_routes(reason, graceful(connection)) {
            self.retention.lost(negotiated, &self.config.stale, now)
        } else {
            Vec::new()
        };
        let reason = Box::new(reason.clone());
        self.actions.push_back(Action::Down { reason, retain });
        // Where the restart time is zero, what is kept is long-lived stale from the beginning.
        let due = self.retention.expire(now);
        self.settle_routes(due);
    }

    /// Decides how to go on without `connection`.
    fn plan(&mut self, slot: Slot, connection: &Connection, reason: &DownReason, now: Instant) {
        if matches!(self.dialer, Dialer::Stopped) {
            return;
        }
        let other = self.slots.at(slot.other()).as_ref().map(Connection::state);
        if other >= Some(State::OpenConfirm) {
            // The other one lives on; RFC 4271 §8.2.1.2: this one is merely disposed of.
            return;
        }
        let plan = self.pause(connection, reason, now);
        if other.is_some() && slot == Slot::Theirs {
            // Our own connection is still at it.
            return;
        }
        // Somebody asked for a new session, or the next OPEN is another one.
        let asked = matches!(reason, DownReason::Reset(_)) || matches!(plan, Plan::Again(_));
        let ends = other.is_none() && matches!(plan, Plan::Rest { .. });
        if ends && !asked && !self.config.allow_automatic_start {
            self.rest_as(Dialer::Stopped);
            return;
        }
        match plan {
            Plan::Wait(pause) => {
                // A connection that the neighbor made came to nothing: our own attempts go on as
                // they were, unless there are none.
                if slot == Slot::Ours || matches!(self.dialer, Dialer::Engaged) {
                    self.wait(pause, now);
                }
            }
            Plan::Rest { pause, refuse } => self.hold(pause, refuse, now),
            Plan::Again(pause) => self.hold(pause, Duration::ZERO, now),
        }
    }

    fn pause(&mut self, connection: &Connection, reason: &DownReason, now: Instant) -> Plan {
        let (config, jitter) = (&self.config, &mut self.jitter);
        if connection.established().is_none()
            && let (DownReason::Received(notification), Some(sent)) =
                (reason, connection.local_open())
            && self.offer.refused(config, sent, notification, now)
        {
            // The next OPEN is another one: whoever connects, nothing is hammered.
            return Plan::Again(self.pacing.reset(jitter));
        }
        match (&connection.phase, reason) {
            (Phase::Established(established), _) => {
                let lifetime = now.saturating_duration_since(established.since);
                let pause = self.pacing.lost(lifetime, config, jitter);
                let refuse = if self.pacing.damped(config) {
                    config.connect_retry
                } else {
                    Duration::ZERO
                };
                Plan::Rest {
                    pause,
                    refuse: refuse.min(pause),
                }
            }
            (_, DownReason::Reset(_)) => Plan::Rest {
                pause: self.pacing.reset(jitter),
                refuse: Duration::ZERO,
            },
            (_, reason) if refusal(reason) => {
                let pause = self.pacing.refused(config, jitter);
                Plan::Rest {
                    pause,
                    refuse: config.connect_retry.min(pause),
                }
            }
            // RFC 4271 §8.2.2, OpenSent and Connect with DelayOpenTimer running, event 18: Active.
            (Phase::Delaying(_) | Phase::OpenSent(_), DownReason::ConnectionLost(_)) => {
                Plan::Wait(self.pacing.failed(config, jitter))
            }
            (Phase::Delaying(_) | Phase::OpenSent(_) | Phase::OpenConfirm(_), _) => Plan::Rest {
                pause: self.pacing.failed(config, jitter),
                refuse: Duration::ZERO,
            },
        }
    }
}

enum Plan {
    Wait(Duration),
    Rest {
        pause: Duration,
        refuse: Duration,
    },
    /// A rest before an OPEN that says less.
    Again(Duration),
}

/// What is sent before closing for `reason`.
fn farewell(reason: &DownReason) -> Option<Notification> {
    match reason {
        DownReason::Stopped(notification) => notification.clone(),
        DownReason::Sent(notification, _)
        | DownReason::OpenRefused(notification, _)
        | DownReason::Reset(notification) => Some(notification.clone()),
        DownReason::HoldTimerExpired(_) => Some(notifications::hold_timer_expired()),
        DownReason::SendHoldTimerExpired(_) => Some(notifications::send_hold_timer_expired()),
        DownReason::Collision => Some(notifications::collision()),
        // RFC 4271 §6.4: a NOTIFICATION is not answered.
        DownReason::Received(_)
        | DownReason::MalformedNotification(_)
        | DownReason::Unsaid(_)
        | DownReason::ConnectionLost(_)
        | DownReason::ConnectFailed(_)
        | DownReason::Replaced => None,
    }
}

/// Whether one side told the other that no session is possible as things stand.
fn refusal(reason: &DownReason) -> bool {
    match reason {
        DownReason::Received(notification) => !notifications::means_not_now(notification),
        DownReason::Sent(..)
        | DownReason::OpenRefused(..)
        | DownReason::MalformedNotification(_)
        | DownReason::Unsaid(_) => true,
        _ => false,
    }
}

/// Whether both sides keep routes also over NOTIFICATIONs (RFC 8538 §2).
fn graceful(connection: &Connection) -> bool {
    connection
        .established()
        .is_some_and(|established| established.agreement.negotiated.graceful_notification)
}

/// Whether a session that ended for `reason` may be expected back, so that its routes are kept
/// where graceful restart was negotiated. `graceful`: also over NOTIFICATIONs.
fn keeps_routes(reason: &DownReason, graceful: bool) -> bool {
    match reason {
        // RFC 4724 §4.2: "the termination of the TCP session"; §5: the neighbor that connects anew.
        DownReason::ConnectionLost(_) | DownReason::Replaced => true,
        // RFC 8538 §4: a NOTIFICATION received or sent, and the end of Hold.
        DownReason::HoldTimerExpired(_)
        | DownReason::SendHoldTimerExpired(_)
        | DownReason::Collision => graceful,
        DownReason::Received(notification)
        | DownReason::Sent(notification, _)
        | DownReason::Reset(notification) => {
            graceful && !notifications::is_hard_reset(notification)
        }
        DownReason::Stopped(_)
        | DownReason::MalformedNotification(_)
        | DownReason::OpenRefused(..)
        | DownReason::Unsaid(_)
        | DownReason::ConnectFailed(_) => false,
    }
}

/// Whether RFC 4271 §8.2.2 has such an end "increment the ConnectRetryCounter by 1".
fn counts(slot: Slot, connection: &Connection, reason: &DownReason) -> bool {
    match (&connection.phase, reason) {
        (_, DownReason::Stopped(_) | DownReason::Replaced) => false,
        // Event 18: Active counts it, Connect and OpenSent do not.
        (Phase::Delaying(_), DownReason::ConnectionLost(_)) => slot == Slot::Theirs,
        (Phase::OpenSent(_), DownReason::ConnectionLost(_)) => false,
        // Event 24: only Established treats it as event 25.
        (phase, DownReason::Received(notification)) if is_version_error(notification) => {
            matches!(phase, Phase::Established(_))
        }
        _ => true,
    }
}

fn is_version_error(notification: &Notification) -> bool {
    (notification.code, notification.subcode)
        == (code::OPEN_MESSAGE, code::open::UNSUPPORTED_VERSION)
}
