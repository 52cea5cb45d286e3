//! What paths and export groups refer to by id: attribute sets, next hops, announcements.
//!
//! An attribute set is stored once, as canonical octets (ready to be sent again) beside a *hot
//! part* with all that the decision compares, so that choosing a path reads no attribute octets.
//! Ids are counted by use; what nobody uses is freed at once.
use crate::{PeerId, interner::Interner};
use bgp_wire::{Asn, Attributes, NextHop, Origin, iana::community};
use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash};

/// An attribute set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct SetId(pub(crate) u32);

/// A next hop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct HopId(pub(crate) u32);

/// An announcement: attribute set, next hop and source as an export group tells them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct OutId(pub(crate) u32);

impl HopId {
    /// "Our own address": resolved per peer when a message is written, so that peers on different
    /// subnets can share a group.
    pub(crate) const OWN: Self = Self(u32::MAX - 1);
}

impl OutId {
    pub(crate) const NONE: Self = Self(u32::MAX);
}

/// What the decision and the export rules read of an attribute set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hot {
    /// 100 where the attribute is missing.
    pub(crate) local_pref: u32,
    /// 0 where the attribute is missing (the lowest: RFC 4271 §9.1.2.2(c)).
    pub(crate) med: u32,
    /// The AS that a MED is compared within; 0: our own (no path, or it begins with a set).
    pub(crate) neighbor_as: u32,
    /// ORIGINATOR_ID, or 0.
    pub(crate) originator: u32,
    pub(crate) path_length: u16,
    pub(crate) cluster_length: u16,
    pub(crate) origin: Origin,
    /// LOCAL_PREF is there.
    pub(crate) has_local_pref: bool,
    /// NO_EXPORT or NO_EXPORT_SUBCONFED (RFC 1997).
    pub(crate) no_export: bool,
    /// NO_ADVERTISE (RFC 1997).
    pub(crate) no_advertise: bool,
    /// NOPEER (RFC 3765).
    pub(crate) no_peer: bool,
    /// GRACEFUL_SHUTDOWN (RFC 8326).
    pub(crate) graceful_shutdown: bool,
    /// BLACKHOLE (RFC 7999).
    pub(crate) blackhole: bool,
    /// OTC is there (RFC 9234).
    pub(crate) only_to_customer: bool,
    /// LLGR_STALE (RFC 9494).
    pub(crate) long_lived_stale: bool,
    /// NO_LLGR (RFC 9494).
    pub(crate) no_long_lived: bool,
}

/// The value that a missing LOCAL_PREF counts as.
pub(crate) const DEFAULT_LOCAL_PREF: u32 = 100;

impl Hot {
    fn new(attributes: &Attributes<'_>) -> Self {
        let path = attributes.as_path();
        let clamp = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let mut hot = Self {
            local_pref: attributes.local_pref().unwrap_or(DEFAULT_LOCAL_PREF),
            med: attributes.med().unwrap_or(0),
            neighbor_as: path.and_then(|p| p.first()).map_or(0, |Asn(n)| n),
            originator: attributes
                .originator_id()
                .map_or(0, |id| u32::from(id.address())),
            path_length: clamp(path.map_or(0, |p| p.length())),
            cluster_length: clamp(attributes.cluster_list().count()),
            origin: attributes.origin().unwrap_or(Origin::Incomplete),
            has_local_pref: attributes.local_pref().is_some(),
            no_export: false,
            no_advertise: false,
            no_peer: false,
            graceful_shutdown: false,
            blackhole: false,
            only_to_customer: attributes.only_to_customer().is_some(),
            long_lived_stale: false,
            no_long_lived: false,
        };
        for community in attributes.communities() {
            match community {
                community::NO_EXPORT | community::NO_EXPORT_SUBCONFED => hot.no_export = true,
                community::NO_ADVERTISE => hot.no_advertise = true,
                community::NOPEER => hot.no_peer = true,
                community::GRACEFUL_SHUTDOWN => hot.graceful_shutdown = true,
                community::BLACKHOLE => hot.blackhole = true,
                community::LLGR_STALE => hot.long_lived_stale = true,
                community::NO_LLGR => hot.no_long_lived = true,
                _ => {}
            }
        }
        hot
    }
}

#[derive(Debug)]
struct Set {
    octets: Box<[u8]>,
    hot: Hot,
}

/// Every attribute set in use.
#[derive(Debug)]
pub(crate) struct Sets {
    table: Interner<Set>,
    hasher: FixedState,
}

impl Sets {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            table: Interner::new(),
            hasher: FixedState::with_seed(seed),
        }
    }

    /// The id of canonical octets; one use is counted.
    pub(crate) fn intern(&mut self, octets: &[u8]) -> SetId {
        let hash = self.hasher.hash_one(octets);
        let (id, _) = self.table.intern(
            hash,
            |set| *set.octets == *octets,
            || Set {
                octets: octets.into(),
                hot: Hot::new(&Attributes::from_canonical(octets)),
            },
        );
        SetId(id)
    }

    /// Canonical octets.
    #[inline]
    pub(crate) fn octets(&self, id: SetId) -> &[u8] {
        self.table.value(id.0).map_or(&[], |set| &set.octets)
    }

    pub(crate) fn attributes(&self, id: SetId) -> Attributes<'_> {
        Attributes::from_canonical(self.octets(id))
    }

    #[inline]
    pub(crate) fn hot(&self, id: SetId) -> Option<&Hot> {
        self.table.value(id.0).map(|set| &set.hot)
    }

    pub(crate) fn birth(&self, id: SetId) -> Option<u32> {
        self.table.birth(id.0)
    }

    pub(crate) fn retain(&mut self, id: SetId, uses: u32) {
        self.table.retain(id.0, uses);
    }

    pub(crate) fn release(&mut self, id: SetId, uses: u32) {
        self.table.release(id.0, uses);
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}

/// Small values by id.
#[derive(Debug)]
pub(crate) struct Values<T> {
    table: Interner<T>,
    hasher: FixedState,
}

impl<T: Copy + Eq + Hash> Values<T> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            table: Interner::new(),
            hasher: FixedState::with_seed(seed),
        }
    }

    /// The id of `value`; one use is counted. The flag says whether it is new.
    pub(crate) fn intern(&mut self, value: T) -> (u32, bool) {
        self.table
            .intern(self.hasher.hash_one(value), |v| *v == value, || value)
    }

    #[inline]
    pub(crate) fn value(&self, id: u32) -> Option<T> {
        self.table.value(id).copied()
    }

    pub(crate) fn retain(&mut self, id: u32, uses: u32) {
        self.table.retain(id, uses);
    }

    /// The value, when this was its last use.
    pub(crate) fn release(&mut self, id: u32, uses: u32) -> Option<T> {
        self.table.release(id, uses)
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }
}

/// What an export group tells of a prefix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Out {
    pub(crate) set: SetId,
    pub(crate) next_hop: HopId,
    /// The peer it came from: it is not told.
    pub(crate) source: PeerId,
}

/// Next hops in use.
pub(crate) type Hops = Values<NextHop>;
