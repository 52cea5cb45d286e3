//! One TCP connection and how far BGP has got on it.
//!
//! The phases are types that hold what is true in them and nothing else: while our OPEN is delayed
//! there is none, before the neighbor's nothing is known of it, afterwards there is an agreement,
//! and only an Established connection has an age. A transition consumes the phase before it, so that no phase can be
//! entered twice or with something missing.
use crate::{Config, State, Timer, jitter::Jitter, timers::Timers};
use bgp_wire::{Header, Negotiated, Open};
use std::time::{Duration, Instant};

/// RFC 4271 §8.2.2: "A HoldTimer value of 4 minutes is suggested" until the OPENs are exchanged.
const LARGE_HOLD: Duration = Duration::from_secs(240);
/// RFC 4271 §4.4: "KEEPALIVE messages MUST NOT be sent more frequently than one per second."
const SHORTEST_KEEPALIVE: Duration = Duration::from_secs(1);
/// The largest message before RFC 8654 is negotiated, octets (RFC 4271 §4.1).
const MAX_MESSAGE: usize = 4_096;
/// How long two connections begun at the same time may take to find out about each other.
pub(crate) const CROSSING: Duration = Duration::from_secs(5);

/// A connection in one of the two slots.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) phase: Phase,
    pub(crate) timers: Timers,
    pub(crate) opened: Instant,
}

#[derive(Debug)]
pub(crate) enum Phase {
    Delaying(Delaying),
    OpenSent(OpenSent),
    OpenConfirm(OpenConfirm),
    Established(Established),
}

/// TCP is there, and our OPEN waits for the neighbor's (DelayOpen): still Connect or Active.
#[derive(Debug)]
pub(crate) struct Delaying;

/// We sent our OPEN; of the neighbor nothing is known.
#[derive(Debug)]
pub(crate) struct OpenSent {
    pub(crate) local: Open,
}

/// Both OPENs are acceptable to us; the neighbor has not confirmed ours.
#[derive(Debug)]
pub(crate) struct OpenConfirm {
    pub(crate) agreement: Agreement,
}

/// Both sides agreed.
#[derive(Debug)]
pub(crate) struct Established {
    pub(crate) agreement: Agreement,
    pub(crate) since: Instant,
    /// When the last message of the neighbor came.
    pub(crate) heard: Instant,
    /// When we last sent a KEEPALIVE only to see whether the neighbor still has this connection.
    pub(crate) probed: Option<Instant>,
    /// Hold expired while octets of the neighbor were unread, and no message came since.
    pub(crate) hold_extended: bool,
}

/// What both OPENs made.
#[derive(Debug)]
pub(crate) struct Agreement {
    pub(crate) local: Open,
    pub(crate) remote: Open,
    pub(crate) negotiated: Negotiated,
}

impl Delaying {
    pub(crate) fn send(self, local: Open) -> OpenSent {
        OpenSent { local }
    }
}

impl OpenSent {
    pub(crate) fn confirm(self, remote: Open, negotiated: Negotiated) -> OpenConfirm {
        OpenConfirm {
            agreement: Agreement {
                local: self.local,
                remote,
                negotiated,
            },
        }
    }
}

impl OpenConfirm {
    pub(crate) fn establish(self, now: Instant) -> Established {
        Established {
            agreement: self.agreement,
            since: now,
            heard: now,
            probed: None,
            hold_extended: false,
        }
    }
}

impl Agreement {
    pub(crate) fn hold(&self) -> Duration {
        Duration::from_secs(self.negotiated.hold_time.into())
    }

    /// The interval between KEEPALIVEs before jitter: as configured, but never so long that the
    /// neighbor's Hold could expire between two of them. `None`: none are sent (RFC 4271 §4.4).
    pub(crate) fn keepalive(&self, config: &Config) -> Option<Duration> {
        let third = self
            .hold()
            .checked_div(3)
            .filter(|third| !third.is_zero())?;
        Some(
            config
                .keepalive
                .unwrap_or(third)
                .clamp(SHORTEST_KEEPALIVE, third.max(SHORTEST_KEEPALIVE)),
        )
    }

    /// RFC 9687 §4: the greater of 8 minutes and twice the hold time; `None`: the timer is off.
    pub(crate) fn send_hold(&self, config: &Config) -> Option<Duration> {
        const LEAST: Duration = Duration::from_secs(8 * 60);
        let send_hold = config
            .send_hold
            .unwrap_or_else(|| LEAST.max(self.hold().saturating_mul(2)));
        // RFC 9687 §3.2: stopped where "the SendHoldTime value is zero or … the negotiated
        // HoldTime value is zero".
        Some(send_hold).filter(|time| !time.is_zero() && !self.hold().is_zero())
    }
}

/// Hold until the neighbor's OPEN is there.
pub(crate) fn large_hold(config: &Config) -> Duration {
    LARGE_HOLD.max(config.hold_time)
}

impl Connection {
    /// TCP is there and our OPEN is on its way (events 16, 17).
    pub(crate) fn open(config: &Config, local: Open, now: Instant) -> Self {
        let mut timers = Timers::default();
        timers.start(Timer::Hold, large_hold(config), now);
        Self {
            phase: Phase::OpenSent(Delaying.send(local)),
            timers,
            opened: now,
        }
    }

    /// TCP is there and our OPEN waits for `delay` (events 16, 17 with DelayOpen).
    pub(crate) fn delay(delay: Duration, now: Instant) -> Self {
        let mut timers = Timers::default();
        timers.start(Timer::DelayOpen, delay, now);
        Self {
            phase: Phase::Delaying(Delaying),
            timers,
            opened: now,
        }
    }

    /// How far it has got; the session tells Connect from Active, which a connection whose OPEN is
    /// delayed cannot.
    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Delaying(_) => State::Connect,
            Phase::OpenSent(_) => State::OpenSent,
            Phase::OpenConfirm(_) => State::OpenConfirm,
            Phase::Established(_) => State::Established,
        }
    }

    pub(crate) fn agreement(&self) -> Option<&Agreement> {
        match &self.phase {
            Phase::Delaying(_) | Phase::OpenSent(_) => None,
            Phase::OpenConfirm(confirm) => Some(&confirm.agreement),
            Phase::Established(established) => Some(&established.agreement),
        }
    }

    /// The OPEN that we sent.
    pub(crate) fn local_open(&self) -> Option<&Open> {
        match &self.phase {
            Phase::Delaying(_) => None,
            Phase::OpenSent(sent) => Some(&sent.local),
            Phase::OpenConfirm(_) | Phase::Established(_) => {
                self.agreement().map(|agreement| &agreement.local)
            }
        }
    }

    pub(crate) fn established(&self) -> Option<&Established> {
        match &self.phase {
            Phase::Established(established) => Some(established),
            Phase::Delaying(_) | Phase::OpenSent(_) | Phase::OpenConfirm(_) => None,
        }
    }

    pub(crate) fn established_mut(&mut self) -> Option<&mut Established> {
        match &mut self.phase {
            Phase::Established(established) => Some(established),
            Phase::Delaying(_) | Phase::OpenSent(_) | Phase::OpenConfirm(_) => None,
        }
    }

    /// The largest message that the neighbor may send, octets.
    pub(crate) fn max_receive(&self) -> usize {
        self.agreement()
            .map_or(MAX_MESSAGE, |agreement| agreement.negotiated.max_receive)
            .max(Header::LENGTH)
    }

    /// A message came: Hold starts anew (events 26, 27; we count any legal message).
    pub(crate) fn heard(&mut self, now: Instant) {
        let Some(hold) = self.agreement().map(Agreement::hold) else {
            return;
        };
        if !hold.is_zero() {
            self.timers.start(Timer::Hold, hold, now);
        }
        if let Some(established) = self.established_mut() {
            established.heard = now;
            established.hold_extended = false;
        }
    }

    /// Arms Hold and Keepalive with what was negotiated; with hold time zero neither runs.
    pub(crate) fn start_negotiated(&mut self, config: &Config, jitter: &mut Jitter, now: Instant) {
        self.timers.stop(Timer::Hold);
        self.heard(now);
        self.restart_keepalive(config, jitter, now);
    }

    /// Arms SendHold where it does not run: octets wait to be taken by the socket. While routes
    /// wait too, the next KEEPALIVE is never far, so that nothing else has to arm it.
    pub(crate) fn start_send_hold(&mut self, config: &Config, now: Instant) {
        if !self.timers.runs(Timer::SendHold)
            && let Some(established) = self.established()
            && let Some(time) = established.agreement.send_hold(config)
        {
            self.timers.start(Timer::SendHold, time, now);
        }
    }

    /// RFC 4271 §8.2.2: "Each time the local system sends a KEEPALIVE or UPDATE message, it
    /// restarts its KeepaliveTimer, unless the negotiated HoldTime value is zero."
    pub(crate) fn restart_keepalive(&mut self, config: &Config, jitter: &mut Jitter, now: Instant) {
        if let Some(interval) = self
            .agreement()
            .and_then(|agreement| agreement.keepalive(config))
        {
            let interval = jitter.shorten(interval).max(SHORTEST_KEEPALIVE);
            self.timers.start(Timer::Keepalive, interval, now);
        }
    }
}

impl Established {
    /// Whether this connection is too young to tell a neighbor that came back from one whose
    /// other connection was begun at the same time.
    pub(crate) fn may_cross(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < CROSSING
    }

    /// Whether the neighbor has been quiet for so long that it must have missed a KEEPALIVE.
    pub(crate) fn quiet(&self, now: Instant) -> bool {
        let half = self.agreement.hold().checked_div(2).unwrap_or_default();
        !half.is_zero() && now.saturating_duration_since(self.heard) >= half
    }
}
