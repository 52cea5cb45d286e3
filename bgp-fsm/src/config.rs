//! What a session is told about its neighbor.
use bgp_wire::{Asn, Capability, RouterId};
use std::time::Duration;

/// Everything a [`Session`](crate::Session) needs to know beforehand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Our AS toward this neighbor.
    pub local_as: Asn,
    /// The neighbor's AS; `None` accepts any.
    pub remote_as: Option<Asn>,
    /// Our BGP identifier.
    pub router_id: RouterId,
    /// Proposed hold time: zero (none) or 3 s to 65,535 s.
    pub hold_time: Duration,
    /// Keepalive interval; `None` is a third of the negotiated hold time, which is also the
    /// longest; the shortest is 1 s. Jitter takes up to a quarter off (RFC 4271 §10).
    pub keepalive: Option<Duration>,
    /// Capabilities to announce beside four-octet AS, which is always announced.
    pub capabilities: Vec<Capability>,
    /// Never connect, only accept.
    pub passive: bool,
    /// Time between connection attempts at first (and always, toward a connected subnet:
    /// see [`Command::Reachability`](crate::Command::Reachability)); at least 50 ms.
    pub connect_retry: Duration,
    /// Longest time between connection attempts after backing off.
    pub connect_retry_max: Duration,
    /// RFC 9687 send hold time; `None` is the greater of 8 minutes and twice the negotiated hold
    /// time, zero is off. Without a hold time it is always off.
    pub send_hold: Option<Duration>,
}
