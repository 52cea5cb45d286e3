//! What a neighbor's session does beside exchanging routes.
use bgp_wire::AsSets;
use std::{path::PathBuf, time::Duration};

/// Keys of `[[neighbor]]` that only the session looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSettings {
    /// Graceful restart (RFC 4724, RFC 8538).
    pub graceful_restart: Restart,
    /// Long-lived graceful restart (RFC 9494); without the one above there is none.
    pub long_lived: Restart,
    /// At most so long are routes of a neighbor that restarts kept; `None`: as long as it asks for.
    pub max_restart_time: Option<Duration>,
    /// At most so long are its long-lived stale routes kept; `None`: as long as it asks for.
    pub max_long_lived_time: Option<Duration>,
    /// Refuse a neighbor that tells no role, where we have one toward it (RFC 9234).
    pub strict_role: bool,
    /// What becomes of its routes with an AS_SET or AS_CONFED_SET in their path (RFC 9774).
    pub as_sets: AsSets,
    /// Messages up to 65,535 octets (RFC 8654).
    pub extended_messages: bool,
    /// Where it refuses our OPEN for its capabilities, say less.
    pub capability_fallback: bool,
    /// Our host name in the OPEN (draft-walton-bgp-hostname-capability).
    pub hostname: Option<Hostname>,
    /// Our program's version in the OPEN (draft-abraitis-bgp-version-capability).
    pub software_version: bool,
    /// How long our OPEN waits for the neighbor's (RFC 4271 §8.1.1, DelayOpen).
    pub delay_open: Option<Duration>,
    /// Tell the neighbor what is wrong with its OPEN although ours was not sent yet
    /// (SendNOTIFICATIONwithoutOPEN).
    pub notification_without_open: bool,
    /// A neighbor that takes no octets for so long counts as dead (RFC 9687); zero: never; `None`:
    /// the greater of 8 minutes and twice the hold time.
    pub send_hold_time: Option<Duration>,
    /// Rest longer and longer while sessions fall again and again (DampPeerOscillations).
    pub damping: bool,
    /// After a session was lost wait for a person (not AllowAutomaticStart).
    pub disable_after_error: bool,
    /// Let a connection of the neighbor contend with an Established one of ours
    /// (CollisionDetectEstablishedState).
    pub collision_detect_established: bool,
    /// What the session is told is written to this file, to be played again.
    pub record: Option<PathBuf>,
}

/// How we take part in a kind of restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Restart {
    /// Not at all.
    Off,
    /// We keep the neighbor's routes while it restarts, and ask nothing of it.
    #[default]
    Aware,
    /// We keep its routes, and ask it to keep ours for so long.
    For(Duration),
}

/// Which name of this host is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hostname {
    /// The host's own.
    Host,
    /// This one.
    Name(String),
}

impl Restart {
    /// How long the neighbor is asked to wait for us, where it is.
    pub fn asks(self) -> Option<Duration> {
        match self {
            Self::Off | Self::Aware => None,
            Self::For(time) => Some(time),
        }
    }
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            graceful_restart: Restart::Aware,
            long_lived: Restart::Aware,
            max_restart_time: None,
            max_long_lived_time: None,
            strict_role: false,
            as_sets: AsSets::Accept,
            extended_messages: false,
            capability_fallback: true,
            hostname: None,
            software_version: false,
            delay_open: None,
            notification_without_open: false,
            send_hold_time: None,
            damping: true,
            disable_after_error: false,
            collision_detect_established: false,
            record: None,
        }
    }
}
