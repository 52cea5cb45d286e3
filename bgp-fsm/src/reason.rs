//! Why a session or a connection attempt ended, in words.
use bgp_wire::{Fault, Notification};
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
    /// We were told to stop.
    Stopped(Option<Notification>),
    /// Hold timer expired (event 10).
    HoldTimerExpired(Duration),
    /// Send hold timer expired (RFC 9687).
    SendHoldTimerExpired(Duration),
    /// The peer sent a NOTIFICATION.
    Received(Notification),
    /// The peer broke a rule; this is what we sent.
    Sent(Notification, Option<Fault>),
    /// TCP closed or failed (event 18).
    ConnectionLost(String),
    /// The attempt to connect failed.
    ConnectFailed(ConnectFailure),
    /// Lost a collision (RFC 4271 §6.8).
    Collision,
    /// The owner reset it.
    Reset(Notification),
}
impl fmt::Display for DownReason {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
