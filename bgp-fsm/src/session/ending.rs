//! How connections end: what is sent, what is reported, and when we try again.
use super::Session;
use crate::{
    Action, DownReason, Slot, State,
    connection::{Connection, Phase},
    counters::count,
    dialer::Dialer,
    notifications,
};
use bgp_wire::Notification;
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
        if let Some(notification) = farewell(&reason) {
            self.outboxes.at_mut(slot).notification(&notification);
            count(&mut self.counters.notifications_out);
        }
        self.report(connection, &reason);
        if !matches!(reason, DownReason::ConnectionLost(_)) {
            self.actions.push_back(Action::Close(slot));
        }
        self.plan(slot, connection, &reason, now);
        self.settle(Some(&reason), now);
        if reason != DownReason::Collision {
            self.last_error = Some((reason, now));
        }
    }

    /// Drops the connection in `slot` for a new one that the neighbor made. The owner drops the
    /// old one of that slot as it takes the new one; another slot has to be closed.
    pub(super) fn replace(&mut self, slot: Slot, now: Instant) {
        let Some(connection) = self.slots.at_mut(slot).take() else {
            return;
        };
        self.outboxes.at_mut(slot).clear();
        self.report(&connection, &DownReason::Replaced);
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

    fn report(&mut self, connection: &Connection, reason: &DownReason) {
        if connection.established().is_some() {
            self.actions
                .push_back(Action::Down(Box::new(reason.clone())));
        }
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
        match plan {
            Plan::Wait(pause) => {
                // A connection that the neighbor made came to nothing: our own attempts go on as
                // they were, unless there are none.
                if slot == Slot::Ours || matches!(self.dialer, Dialer::Engaged) {
                    self.wait(pause, now);
                }
            }
            Plan::Rest { pause, refuse } => self.hold(pause, refuse, now),
        }
    }

    fn pause(&mut self, connection: &Connection, reason: &DownReason, now: Instant) -> Plan {
        let (config, jitter) = (&self.config, &mut self.jitter);
        match (&connection.phase, reason) {
            (Phase::Established(established), _) => {
                let lifetime = now.saturating_duration_since(established.since);
                let pause = self.pacing.lost(lifetime, config, jitter);
                let refuse = if self.pacing.damped() {
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
            // RFC 4271 §8.2.2, OpenSent, event 18: Active.
            (Phase::OpenSent(_), DownReason::ConnectionLost(_)) => {
                Plan::Wait(self.pacing.failed(config, jitter))
            }
            (Phase::OpenSent(_) | Phase::OpenConfirm(_), _) => Plan::Rest {
                pause: self.pacing.failed(config, jitter),
                refuse: Duration::ZERO,
            },
        }
    }
}

enum Plan {
    Wait(Duration),
    Rest { pause: Duration, refuse: Duration },
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
        | DownReason::MalformedNotification(_) => true,
        _ => false,
    }
}
