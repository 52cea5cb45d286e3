//! Our own attempts to get a connection: the states of RFC 4271 in which there is none yet.
use crate::State;
use std::time::Instant;

/// What our side does to get a connection. Each state holds what is true only in it; which timer
/// runs in which state is said beside it.
#[derive(Debug)]
pub(crate) enum Dialer {
    /// Administratively down. No timer.
    Stopped,
    /// A session was lost or refused and we rest (Idle). `IdleHold` runs.
    Held {
        /// Until then the neighbor's connections are refused too.
        refuse_until: Instant,
    },
    /// Waiting to connect, or for the neighbor to connect (Active). `ConnectRetry` runs unless the
    /// configuration is passive.
    Waiting,
    /// An attempt is under way (Connect). `ConnectRetry` limits it.
    Dialing {
        /// When it was begun.
        since: Instant,
        /// The attempt before this one got no answer either.
        again: bool,
    },
    /// A connection is there, so that none is needed. No timer.
    Engaged,
}

impl Dialer {
    pub(crate) fn state(&self) -> State {
        match self {
            Self::Stopped | Self::Held { .. } | Self::Engaged => State::Idle,
            Self::Waiting => State::Active,
            Self::Dialing { .. } => State::Connect,
        }
    }
}
