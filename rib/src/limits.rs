//! How many prefixes a peer may bring and be told.
//!
//! A limit is a wall, not an alarm: what would be beyond it is left out, so that neither a neighbor's
//! mistake nor ours does harm while somebody decides what to do about it. Routes beyond the limit of
//! received ones are not stored; those beyond the limit of accepted ones are, as rejected; those
//! beyond the limit of announced ones are remembered by number and told as soon as there is room.
use crate::{
    destinations::{Path, Standing},
    sources::Source,
};
use bgp_wire::Family;

/// Limits of one family; `None`: none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FamilyLimits {
    /// Prefixes received, accepted or not.
    pub received: Option<u64>,
    /// Prefixes accepted.
    pub accepted: Option<u64>,
    /// Prefixes announced to the peer.
    pub announced: Option<u64>,
}

/// Limits of a peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Limits {
    /// IPv4 unicast.
    pub ipv4: FamilyLimits,
    /// IPv6 unicast.
    pub ipv6: FamilyLimits,
}

impl Limits {
    /// Those of a family; a family without a table has none.
    pub fn of(&self, family: Family) -> FamilyLimits {
        match family {
            Family::IPV4_UNICAST => self.ipv4,
            Family::IPV6_UNICAST => self.ipv6,
            _ => FamilyLimits::default(),
        }
    }
}

impl FamilyLimits {
    /// The standing of a path that the policy judged so; one that was accepted before stays.
    pub(crate) fn admit(
        &self,
        standing: Standing,
        before: Option<&Path>,
        source: Option<&Source>,
    ) -> Standing {
        let full = || {
            let accepted = source.map_or(0, |source| source.accepted);
            self.accepted.is_some_and(|limit| accepted >= limit)
        };
        if standing == Standing::Accepted && !before.is_some_and(Path::accepted) && full() {
            Standing::Limit
        } else {
            standing
        }
    }
}
