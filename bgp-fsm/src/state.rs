//! The states of RFC 4271 §8.2.2.
use std::fmt;

/// RFC 4271 §8.2.2 states, in the order in which a session gets to them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Stopped, or resting after a session that was lost.
    Idle,
    /// A connection attempt is under way.
    Connect,
    /// Waiting to connect again, or for the neighbor to connect.
    Active,
    /// Our OPEN was sent.
    OpenSent,
    /// Both OPENs were sent and accepted by us.
    OpenConfirm,
    /// Routes flow.
    Established,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        })
    }
}
