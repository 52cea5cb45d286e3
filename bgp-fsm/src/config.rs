//! What a session is told about its neighbor.
use bgp_wire::{Asn, Capability, RouterId};
use std::time::Duration;

/// Everything a [`Session`](crate::Session) needs to know beforehand; what RFC 4271 §8.1.1 calls
/// session attributes has its name from there in the documentation.
///
/// ```
/// use bgp_fsm::Config;
/// use bgp_wire::{Asn, Capability, Family, RouterId};
///
/// let config = Config {
///     remote_as: Some(Asn(12076)),
///     capabilities: vec![Capability::Multiprotocol(Family::IPV4_UNICAST)],
///     ..Config::new(Asn(65530), RouterId::new([10, 1, 1, 1].into()).unwrap())
/// };
/// assert_eq!(config.hold_time.as_secs(), 90);
/// ```
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
    /// Capabilities to announce beside four-octet AS, which is always announced. In the one of
    /// graceful restart the R bit and the F bits are those of the first session: from the second
    /// on we have not restarted, and forwarding has gone on for every family in it.
    pub capabilities: Vec<Capability>,
    /// Never connect, only accept (PassiveTcpEstablishment).
    pub passive: bool,
    /// Time between connection attempts at first (and always, toward a connected subnet:
    /// see [`Command::Reachability`](crate::Command::Reachability)); at least 50 ms.
    pub connect_retry: Duration,
    /// Longest time between connection attempts after backing off.
    pub connect_retry_max: Duration,
    /// RFC 9687 send hold time; `None` is the greater of 8 minutes and twice the negotiated hold
    /// time, zero is off. Without a hold time it is always off.
    pub send_hold: Option<Duration>,
    /// How long our OPEN waits for the neighbor's (DelayOpen, DelayOpenTime); `None`: not at all.
    pub delay_open: Option<Duration>,
    /// Rest longer and longer while sessions fall again and again (DampPeerOscillations).
    pub damp_peer_oscillations: bool,
    /// Start again after a session was lost (AllowAutomaticStart); otherwise only
    /// [`Command::Start`](crate::Command::Start) does.
    pub allow_automatic_start: bool,
    /// Tell the neighbor what is wrong with its OPEN also where ours was not sent yet
    /// (SendNOTIFICATIONwithoutOPEN).
    pub notification_without_open: bool,
    /// Let a connection of the neighbor contend with an Established one that we began
    /// (CollisionDetectEstablishedState): the identifiers decide, as among younger ones.
    pub collision_detect_established: bool,
    /// Refuse a neighbor that does not tell its role where `capabilities` has ours (RFC 9234 §4.2).
    pub strict_role: bool,
    /// Where the neighbor refuses our OPEN for its capabilities, try again without these.
    pub capability_fallback: bool,
    /// For how long routes of a neighbor that restarts are kept at most.
    pub stale: StaleLimits,
}

/// Bounds on how long routes of a neighbor that is away are kept. The neighbor says how long it
/// asks for; these are upper bounds on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleLimits {
    /// Until it is back (its restart time, RFC 4724 §3).
    pub restart: Duration,
    /// Until End-of-RIB when it is back (RFC 4724 §4.2: "an implementation MAY support a
    /// (configurable) timer that imposes this upper bound").
    pub end_of_rib: Duration,
    /// As long-lived stale ones (its long-lived stale time, RFC 9494 §4.2).
    pub long_lived: Duration,
}

impl Config {
    /// A session with any neighbor, with the defaults of RFC 4271 §10 where they fit our times.
    #[must_use]
    pub fn new(local_as: Asn, router_id: RouterId) -> Self {
        Self {
            local_as,
            remote_as: None,
            router_id,
            hold_time: Duration::from_secs(90),
            keepalive: None,
            capabilities: Vec::new(),
            passive: false,
            connect_retry: Duration::from_secs(1),
            connect_retry_max: Duration::from_secs(30),
            send_hold: None,
            delay_open: None,
            damp_peer_oscillations: true,
            allow_automatic_start: true,
            notification_without_open: false,
            collision_detect_established: false,
            strict_role: false,
            capability_fallback: true,
            stale: StaleLimits::default(),
        }
    }
}

impl Default for StaleLimits {
    /// No bound of our own on what the neighbor asks for; six minutes for End-of-RIB.
    fn default() -> Self {
        Self {
            // RFC 4724 §3: 12 bits.
            restart: Duration::from_secs(0x0fff),
            end_of_rib: Duration::from_secs(360),
            // RFC 9494 §3: 24 bits.
            long_lived: Duration::from_secs(0x00ff_ffff),
        }
    }
}
