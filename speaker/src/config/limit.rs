//! How many prefixes a neighbor may bring and be told, and what happens beyond.
use bgp_wire::Family;
use std::time::Duration;

/// Limits of a neighbor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    /// Prefixes received, accepted or not.
    pub received: Option<Limit>,
    /// Prefixes accepted.
    pub imported: Option<Limit>,
    /// Prefixes announced to it.
    pub exported: Option<Limit>,
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Prefixes of IPv4 unicast; `None`: any number.
    pub ipv4: Option<u32>,
    /// Prefixes of IPv6 unicast; `None`: any number.
    pub ipv6: Option<u32>,
    /// What happens beyond.
    pub action: LimitAction,
}

/// What happens beyond a limit. Whatever it is but a warning, nothing beyond the limit comes in or
/// goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitAction {
    /// It is said.
    Warn,
    /// What is beyond stays out; the session goes on.
    Block,
    /// The session ends and begins anew after this time.
    Restart(Duration),
    /// The session ends until a person enables the neighbor.
    Disable,
}

impl Limit {
    /// Time of `action = "restart"`.
    pub const RESTART_AFTER: Duration = Duration::from_secs(300);

    /// That of a family.
    pub fn of(&self, family: Family) -> Option<u32> {
        match family {
            Family::IPV4_UNICAST => self.ipv4,
            Family::IPV6_UNICAST => self.ipv6,
            _ => None,
        }
    }

    /// Where the table lets nothing more through.
    pub(crate) fn wall(&self, family: Family) -> Option<u64> {
        match self.action {
            LimitAction::Warn => None,
            _ => self.of(family).map(u64::from),
        }
    }
}

impl Limits {
    /// As the table is told.
    pub(crate) fn walls(&self) -> rib::Limits {
        let of = |family| rib::FamilyLimits {
            received: self.received.and_then(|limit| limit.wall(family)),
            accepted: self.imported.and_then(|limit| limit.wall(family)),
            announced: self.exported.and_then(|limit| limit.wall(family)),
        };
        rib::Limits {
            ipv4: of(Family::IPV4_UNICAST),
            ipv6: of(Family::IPV6_UNICAST),
        }
    }
}
