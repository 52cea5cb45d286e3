//! What the neighbor's messages do, state by state (RFC 4271 §8.2.2, RFC 6608).
use super::Session;
use crate::{
    Action, Contender, DownReason, Received, Slot, State, Timer,
    connection::{Agreement, CROSSING, Connection, Phase, large_hold},
    counters::count,
    notifications, open_check, survivor,
};
use bgp_wire::{
    Capability, Fault, Header, MessageType, Negotiated, Notification, Open, RouteRefresh, iana,
};
use std::time::Instant;

/// ROUTE-REFRESH message subtypes (RFC 7313 §3.2): beyond these a message is ignored.
const LAST_REFRESH_SUBTYPE: u8 = 2;

impl Session {
    /// One whole message, other than an UPDATE in Established.
    pub(super) fn message(
        &mut self,
        slot: Slot,
        kind: MessageType,
        message: &[u8],
        now: Instant,
    ) -> Option<Received> {
        let mut connection = self.slots.at_mut(slot).take()?;
        match (connection.phase, kind) {
            (phase, MessageType::Notification) => {
                // Events 24, 25. RFC 4271 §6.4: nothing can be said about a wrong NOTIFICATION.
                count(&mut self.counters.notifications_in);
                connection.phase = phase;
                let reason = Notification::parse(message)
                    .map_or_else(DownReason::MalformedNotification, DownReason::Received);
                self.end(slot, &connection, reason, now);
            }
            (Phase::Delaying(delaying), MessageType::Open) => {
                count(&mut self.counters.opens_in);
                let local = self.offer.open(&self.config, now);
                match self.agree(&local, message) {
                    Ok((remote, negotiated)) => {
                        // Event 20.
                        connection.timers.stop(Timer::DelayOpen);
                        let sent = delaying.send(self.send_open(slot, now));
                        connection.phase = Phase::OpenConfirm(sent.confirm(remote, negotiated));
                        self.confirmed(slot, connection, now);
                    }
                    Err(reason) => {
                        // Event 22.
                        connection.phase = Phase::Delaying(delaying);
                        self.end(slot, &connection, reason, now);
                    }
                }
            }
            (Phase::OpenSent(sent), MessageType::Open) => {
                count(&mut self.counters.opens_in);
                match self.agree(&sent.local, message) {
                    Ok((remote, negotiated)) => {
                        connection.phase = Phase::OpenConfirm(sent.confirm(remote, negotiated));
                        self.confirmed(slot, connection, now);
                    }
                    Err(reason) => {
                        // Event 22.
                        connection.phase = Phase::OpenSent(sent);
                        self.end(slot, &connection, reason, now);
                    }
                }
            }
            (Phase::OpenConfirm(confirm), MessageType::Keepalive) => {
                // Event 26.
                count(&mut self.counters.keepalives_in);
                count(&mut self.counters.established);
                let negotiated = Box::new(confirm.agreement.negotiated.clone());
                let limits = &self.config.stale;
                let lost = self.retention.returned(&negotiated, limits, now);
                connection.phase = Phase::Established(confirm.establish(now));
                connection.heard(now);
                *self.slots.at_mut(slot) = Some(connection);
                self.offer.established();
                self.actions.push_back(Action::Up(slot, negotiated));
                self.settle_routes(lost);
                self.settle(None, now);
            }
            (Phase::Established(established), MessageType::Keepalive) => {
                // Event 26.
                count(&mut self.counters.keepalives_in);
                connection.phase = Phase::Established(established);
                connection.heard(now);
                *self.slots.at_mut(slot) = Some(connection);
            }
            (Phase::Established(established), MessageType::RouteRefresh) => {
                count(&mut self.counters.refreshes_in);
                let refresh = Self::wanted_refresh(&established.agreement, message);
                connection.phase = Phase::Established(established);
                match refresh {
                    Ok(refresh) => {
                        connection.heard(now);
                        *self.slots.at_mut(slot) = Some(connection);
                        return refresh.map(Received::RouteRefresh);
                    }
                    Err(fault) => {
                        // RFC 7313 §5.
                        let notification = fault.notification(message);
                        let reason = DownReason::Sent(notification, Some(fault));
                        self.end(slot, &connection, reason, now);
                    }
                }
            }
            (phase, kind) => {
                // RFC 6608 §4: a message that does not belong in this state (events 19, 26, 27).
                connection.phase = phase;
                let notification = notifications::unexpected(kind, connection.state());
                self.end(slot, &connection, DownReason::Sent(notification, None), now);
            }
        }
        None
    }

    /// The octets at the front of `buffer` are no message (event 21).
    pub(super) fn framing_fault(&mut self, slot: Slot, fault: Fault, buffer: &[u8], now: Instant) {
        // What was meant as a NOTIFICATION is not answered by one (RFC 4271 §6.4).
        let kind = buffer.get(Header::LENGTH.saturating_sub(1));
        let marked = buffer
            .get(..16)
            .is_some_and(|marker| marker.iter().all(|o| *o == 0xff));
        let reason = if marked && kind == Some(&iana::message::NOTIFICATION) {
            DownReason::MalformedNotification(fault)
        } else {
            DownReason::Sent(fault.notification(buffer), Some(fault))
        };
        self.end_slot(slot, reason, now);
    }

    /// Adds a KEEPALIVE and restarts its timer.
    pub(super) fn send_keepalive(&mut self, slot: Slot, now: Instant) {
        if let Some(connection) = self.slots.at_mut(slot) {
            connection.restart_keepalive(&self.config, &mut self.jitter, now);
            connection.start_send_hold(&self.config, now);
            if self.outboxes.at_mut(slot).keepalive() {
                count(&mut self.counters.keepalives_out);
            }
        }
    }

    /// Puts our OPEN of this time on its way.
    pub(super) fn send_open(&mut self, slot: Slot, now: Instant) -> Open {
        let local = self.offer.open(&self.config, now);
        self.outboxes.at_mut(slot).open(&local);
        count(&mut self.counters.opens_out);
        local
    }

    /// Our OPEN has waited long enough for the neighbor's (event 12).
    pub(super) fn end_delay(&mut self, slot: Slot, now: Instant) {
        let Some(mut connection) = self.slots.at_mut(slot).take() else {
            return;
        };
        connection.timers.stop(Timer::DelayOpen);
        connection.phase = match connection.phase {
            Phase::Delaying(delaying) => {
                connection
                    .timers
                    .start(Timer::Hold, large_hold(&self.config), now);
                Phase::OpenSent(delaying.send(self.send_open(slot, now)))
            }
            phase => phase,
        };
        *self.slots.at_mut(slot) = Some(connection);
        self.settle(None, now);
    }

    fn agree(&self, local: &Open, message: &[u8]) -> Result<(Open, Negotiated), DownReason> {
        let remote = Open::parse(message)
            .map_err(|fault| DownReason::Sent(fault.notification(message), Some(fault)))?;
        match open_check::agree(&self.config, local, &remote) {
            Ok(negotiated) => Ok((remote, negotiated)),
            Err((notification, refusal)) => Err(DownReason::OpenRefused(notification, refusal)),
        }
    }

    /// The neighbor's OPEN is acceptable (event 19): resolves a collision, then goes on with the
    /// survivor.
    fn confirmed(&mut self, slot: Slot, mut connection: Connection, now: Instant) {
        let collides = self.collides(slot, &connection, now);
        if let Some(survivor) = collides {
            count(&mut self.counters.collisions);
            if survivor != slot {
                self.end(slot, &connection, DownReason::Collision, now);
                return;
            }
        }
        connection.start_negotiated(&self.config, &mut self.jitter, now);
        *self.slots.at_mut(slot) = Some(connection);
        self.engage();
        self.send_keepalive(slot, now);
        if collides.is_some() {
            // Event 23.
            self.end_slot(slot.other(), DownReason::Collision, now);
        }
        self.settle(None, now);
    }

    /// Where the other connection has got as far as this one or farther: which of them survives.
    fn collides(&self, slot: Slot, connection: &Connection, now: Instant) -> Option<Slot> {
        let other = self.slots.at(slot.other()).as_ref()?;
        // RFC 4271 §6.8: "the local system MUST examine all of its connections that are in the
        // OpenConfirm state"; of one in OpenSent we do not know whether it ever gets there.
        if other.state() < State::OpenConfirm {
            return None;
        }
        if let Some(established) = other.established() {
            // RFC 4271 §6.8: "a connection collision with an existing BGP connection that is in
            // the Established state causes closing of the newly created connection". But where
            // both were begun together the neighbor may see the other one Established, and each
            // side would close what the other keeps.
            let together = connection.opened <= established.since
                && now.saturating_duration_since(established.since) < CROSSING;
            if !together && !self.config.collision_detect_established {
                return Some(slot.other());
            }
        }
        let remote = &connection.agreement()?.remote;
        Some(survivor(
            Contender {
                router_id: self.config.router_id,
                asn: self.config.local_as,
            },
            Contender {
                router_id: remote.router_id,
                asn: remote.asn,
            },
        ))
    }

    /// The request in `message`, where it is one that we have to do something about.
    fn wanted_refresh(
        agreement: &Agreement,
        message: &[u8],
    ) -> Result<Option<RouteRefresh>, Fault> {
        let mut refresh = RouteRefresh::parse(message)?;
        let negotiated = &agreement.negotiated;
        if !negotiated.enhanced_route_refresh {
            // RFC 2918 §3: the octet is reserved and ignored by the receiver.
            refresh.subtype = 0;
        }
        // RFC 2918 §4: what we did not announce is ignored; RFC 7313 §5: so are unknown subtypes.
        let announced = agreement.local.has(&Capability::RouteRefresh)
            && negotiated.families.contains(&refresh.family);
        Ok(Some(refresh).filter(|r| announced && r.subtype <= LAST_REFRESH_SUBTYPE))
    }
}
