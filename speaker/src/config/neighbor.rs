//! A neighbor as configured.
use super::Limits;
use super::{SessionSettings, Treatment};
use bgp_wire::{Asn, Family};
use std::{fmt, net::IpAddr, time::Duration};

/// `[[neighbor]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// Unique name; default `bgp1`, `bgp2`, …
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Its address.
    pub address: IpAddr,
    /// Interface that the session is bound to; a link-local address has one.
    pub interface: Option<String>,
    /// TCP port; default 179.
    pub port: u16,
    /// Its AS.
    pub remote_as: Asn,
    /// Our AS toward it, where it differs.
    pub local_as: Option<Asn>,
    /// TCP-MD5 (RFC 2385).
    pub password: Option<Password>,
    /// What to accept.
    pub import: PolicyRef,
    /// What to announce.
    pub export: PolicyRef,
    /// How its routes are treated, policies aside.
    pub treatment: Treatment,
    /// Address families; default: the one of `address`.
    pub families: Vec<Family>,
    /// Proposed hold time; default 90 s, zero: no hold timer.
    pub hold_time: Duration,
    /// Default: a third of the negotiated hold time.
    pub keepalive: Option<Duration>,
    /// First interval between connection attempts; default 1 s.
    pub connect_retry: Duration,
    /// Only accept.
    pub passive: bool,
    /// `Some(n)`: the neighbor may be up to `n` hops away; `None`: on a connected subnet.
    pub multihop: Option<u8>,
    /// GTSM (RFC 5082): send with the highest hop count, and take nothing that came over more hops
    /// than `multihop` says (one without).
    pub gtsm: bool,
    /// Local address of the session.
    pub source_address: Option<IpAddr>,
    /// How many prefixes it may bring and be told.
    pub limits: Limits,
    /// Configured, but not started.
    pub disabled: bool,
    /// What its session does beside exchanging routes.
    pub session: SessionSettings,
}

impl Neighbor {
    /// Default of `port`.
    pub const PORT: u16 = 179;
    /// Default of `hold_time` (RFC 4271 §10).
    pub const HOLD_TIME: Duration = Duration::from_secs(90);
    /// Default of `connect_retry`.
    pub const CONNECT_RETRY: Duration = Duration::from_secs(1);
    /// The time of `graceful-restart = true`.
    pub const RESTART_TIME: Duration = Duration::from_secs(120);
    /// The time of `long-lived-graceful-restart = true`, an hour.
    pub const LONG_LIVED_TIME: Duration = Duration::from_secs(3600);
    /// Hops of `multihop = true`, and of neighbors in our own AS: as in BIRD.
    pub const HOPS: u8 = 64;

    /// A neighbor with defaults for all but what has none.
    ///
    /// ```
    /// use bgp_wire::{Asn, Family};
    /// use speaker::config::{Neighbor, PolicyRef};
    /// let azure = Neighbor {
    ///     import: PolicyRef::All,
    ///     ..Neighbor::new("bgp1", "10.1.1.2".parse().unwrap(), Asn(12076))
    /// };
    /// assert_eq!(azure.port, 179);
    /// assert_eq!(azure.families, [Family::IPV4_UNICAST]);
    /// ```
    pub fn new(name: impl Into<String>, address: IpAddr, remote_as: Asn) -> Self {
        Self {
            name: name.into(),
            description: None,
            address,
            interface: None,
            port: Self::PORT,
            remote_as,
            local_as: None,
            password: None,
            import: PolicyRef::Missing,
            export: PolicyRef::Missing,
            treatment: Treatment::default(),
            families: vec![family_of(address)],
            hold_time: Self::HOLD_TIME,
            keepalive: None,
            connect_retry: Self::CONNECT_RETRY,
            passive: false,
            multihop: None,
            gtsm: false,
            source_address: None,
            limits: Limits::default(),
            disabled: false,
            session: SessionSettings::default(),
        }
    }
}

/// What tells one session from another: a reload takes a neighbor whose identity is the same for
/// the same one, whatever it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    address: IpAddr,
    interface: Option<String>,
    port: u16,
    remote_as: Asn,
    local_as: Option<Asn>,
    source_address: Option<IpAddr>,
}

impl Neighbor {
    /// See [`Identity`].
    pub fn identity(&self) -> Identity {
        Identity {
            address: self.address,
            interface: self.interface.clone(),
            port: self.port,
            remote_as: self.remote_as,
            local_as: self.local_as,
            source_address: self.source_address,
        }
    }

    /// The least hop count of what the neighbor sends (RFC 5082 §3); 0: any will do.
    pub fn least_hops(&self) -> u8 {
        if self.gtsm {
            u8::MAX.saturating_sub(self.multihop.unwrap_or(1).saturating_sub(1))
        } else {
            0
        }
    }
}

/// The unicast family of an address.
pub(super) fn family_of(address: IpAddr) -> Family {
    match address {
        IpAddr::V4(_) => Family::IPV4_UNICAST,
        IpAddr::V6(_) => Family::IPV6_UNICAST,
    }
}

/// A policy by reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyRef {
    /// not configured: nothing on eBGP (RFC 8212), all on iBGP
    Missing,
    /// "none"
    None,
    /// "all"
    All,
    /// a filter's or policy's name
    Filter(String),
}

/// A TCP-MD5 key; `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl Password {
    /// The longest key that Linux takes (TCP_MD5SIG_MAXKEYLEN), octets.
    pub const MAX_OCTETS: usize = 80;
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
