//! Why a session or a connection attempt ended, in words.
//!
//! Every reason is a value that programs can match and a sentence that a person can read: who did
//! what, with which code, and what was expected. Words of the neighbor (RFC 9003) come with it.
use bgp_wire::{Asn, Family, Fault, Notification, Role, RouterId};
use std::{fmt, time::Duration};

/// Why a connection attempt failed: `std::io::ErrorKind`-free, in the owner's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectFailure(
    /// As a person reads it: "no route to host", "connection refused", "timed out".
    pub String,
);

/// Why a session left a state. `Display` is a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DownReason {
    /// We were told to stop (event 2).
    Stopped(Option<Notification>),
    /// Hold timer expired (event 10).
    HoldTimerExpired(Duration),
    /// Send hold timer expired (RFC 9687, event 29).
    SendHoldTimerExpired(Duration),
    /// The peer sent a NOTIFICATION (events 24, 25).
    Received(Notification),
    /// The peer sent what should have been a NOTIFICATION; nothing was sent in return.
    MalformedNotification(Fault),
    /// The peer broke a rule; this is what we sent (events 21, 22, 28).
    Sent(Notification, Option<Fault>),
    /// We could not accept what the peer's OPEN says; this is what we sent (event 22).
    OpenRefused(Notification, OpenRefusal),
    /// What the peer sent cannot be accepted (events 21, 22), but our OPEN was still delayed, and
    /// before it nothing is said.
    Unsaid(Box<DownReason>),
    /// TCP closed or failed (event 18).
    ConnectionLost(String),
    /// The attempt to connect failed (event 18).
    ConnectFailed(ConnectFailure),
    /// Lost a collision (event 23, RFC 4271 §6.8).
    Collision,
    /// The neighbor connected anew, so that it cannot have the old connection any more
    /// (RFC 4724 §5, or the old one was quiet for half the hold time).
    Replaced,
    /// The owner reset it (event 8).
    Reset(Notification),
}

/// What of an OPEN we could not accept, though it is well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenRefusal {
    /// The neighbor is of another AS than configured.
    PeerAs {
        /// As configured; `None` where any but 0 would do.
        expected: Option<Asn>,
        /// As its OPEN says.
        got: Asn,
    },
    /// An internal neighbor with our own BGP identifier (RFC 6286 §2.2).
    OwnIdentifier(RouterId),
    /// No address family in common.
    NoCommonFamily {
        /// What we offered.
        ours: Vec<Family>,
    },
    /// Our roles do not fit each other (RFC 9234 §4.2).
    Role {
        /// What we are.
        ours: Role,
        /// What the neighbor says it is.
        theirs: Role,
    },
    /// The neighbor says of itself two different things.
    SeveralRoles {
        /// One.
        first: Role,
        /// Another.
        other: Role,
    },
    /// The neighbor tells no role, which our strict mode demands.
    NoRole {
        /// What we are.
        ours: Role,
    },
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(Some(notification)) => write!(f, "stopped; we sent {notification}"),
            Self::Stopped(None) => f.write_str("stopped without a NOTIFICATION"),
            Self::HoldTimerExpired(after) => {
                write!(f, "hold timer expired after {} s", after.as_secs())
            }
            Self::SendHoldTimerExpired(after) => {
                write!(
                    f,
                    "send hold timer expired: peer took no octets for {} s",
                    after.as_secs()
                )
            }
            Self::Received(notification) => write!(f, "peer sent {notification}"),
            Self::MalformedNotification(fault) => {
                write!(f, "peer sent a malformed NOTIFICATION: {fault}")
            }
            Self::Sent(notification, Some(fault)) => {
                write!(f, "we sent {notification}: {fault}")
            }
            Self::Sent(notification, None) => write!(f, "we sent {notification}"),
            Self::OpenRefused(notification, refusal) => {
                write!(f, "we sent {notification}: {refusal}")
            }
            Self::Unsaid(reason) => {
                let said = reason.to_string();
                let what = said.strip_prefix("we sent ").unwrap_or(&said);
                write!(f, "closed before our OPEN, without {what}")
            }
            Self::ConnectionLost(error) => write!(f, "connection lost: {error}"),
            Self::ConnectFailed(failure) => write!(f, "could not connect: {failure}"),
            Self::Collision => f.write_str("lost to a connection begun at the same time"),
            Self::Replaced => f.write_str("replaced by a new connection of the neighbor"),
            Self::Reset(notification) => write!(f, "reset; we sent {notification}"),
        }
    }
}

impl fmt::Display for OpenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerAs {
                expected: Some(expected),
                got,
            } => {
                write!(f, "expected {expected}, got {got}")
            }
            Self::PeerAs {
                expected: None,
                got,
            } => write!(f, "{got} is not an AS of a neighbor"),
            Self::OwnIdentifier(id) => {
                write!(f, "{id} is our own identifier and the neighbor is internal")
            }
            Self::NoCommonFamily { ours } => {
                f.write_str("no address family in common; ours:")?;
                ours.iter().try_for_each(|family| write!(f, " {family}"))
            }
            Self::Role { ours, theirs } => {
                write!(
                    f,
                    "we are {ours}, which does not go with a neighbor that is {theirs}"
                )
            }
            Self::SeveralRoles { first, other } => {
                write!(
                    f,
                    "the neighbor says that it is {first} and that it is {other}"
                )
            }
            Self::NoRole { ours } => {
                write!(
                    f,
                    "we are {ours}, and the neighbor does not say what it is (strict mode)"
                )
            }
        }
    }
}
