//! Path attributes.
use crate::{Asn, RouterId};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
/// ORIGIN (RFC 4271 §5.1.1), in order of preference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum Origin {
    Igp,
    Egp,
    Incomplete,
}
/// A next hop, of NEXT_HOP or MP_REACH_NLRI (RFC 4271 §5.1.3, RFC 2545 §3, RFC 8950).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum NextHop {
    V4(Ipv4Addr),
    V6 {
        global: Ipv6Addr,
        link_local: Option<Ipv6Addr>,
    },
}
impl NextHop {
    /// The address (the global one of two).
    pub fn address(&self) -> IpAddr {
        todo!()
    }
}

/// AS_PATH as a checked view (RFC 4271 §4.3, RFC 5065, RFC 6793).
#[derive(Clone, Copy, Debug)]
pub struct AsPath<'a> {
    _octets: &'a [u8],
    _four_octet: bool,
}
impl<'a> AsPath<'a> {
    /// Length as the decision process counts it: a set is 1, confederation segments are 0.
    pub fn length(&self) -> usize {
        todo!()
    }
    /// Every AS in order, sets included.
    pub fn asns(&self) -> impl Iterator<Item = Asn> + 'a {
        core::iter::empty()
    }
    /// The first AS of a leading AS_SEQUENCE: the neighbor AS.
    pub fn first(&self) -> Option<Asn> {
        todo!()
    }
    /// The last AS of the path where it ends in a sequence: the origin AS.
    pub fn origin(&self) -> Option<Asn> {
        todo!()
    }
}
impl core::fmt::Display for AsPath<'_> {
    // "65001 65002 {1,2} (3 4)"
    fn fmt(&self, _f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        todo!()
    }
}

/// A checked view over the path attributes of an UPDATE: what RFC 7606 discards is not seen.
/// NEXT_HOP, MP_REACH_NLRI and MP_UNREACH_NLRI are not among them: they belong to the NLRI.
/// `AS4_PATH`/`AS4_AGGREGATOR` are merged on the way (RFC 6793 §4.2.3).
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Attributes<'a> {
    _octets: &'a [u8],
    _four_octet: bool,
}
#[allow(missing_docs)]
impl<'a> Attributes<'a> {
    pub fn origin(&self) -> Option<Origin> {
        todo!()
    }
    pub fn as_path(&self) -> Option<AsPath<'a>> {
        todo!()
    }
    pub fn med(&self) -> Option<u32> {
        todo!()
    }
    pub fn local_pref(&self) -> Option<u32> {
        todo!()
    }
    pub fn originator_id(&self) -> Option<RouterId> {
        todo!()
    }
    pub fn communities(&self) -> impl Iterator<Item = u32> + 'a {
        core::iter::empty()
    }
    pub fn cluster_list(&self) -> impl Iterator<Item = u32> + 'a {
        core::iter::empty()
    }
    pub fn large_communities(&self) -> impl Iterator<Item = [u32; 3]> + 'a {
        core::iter::empty()
    }
    /// Appends the canonical octets: ascending type codes, four-octet AS numbers, shortest
    /// lengths, Partial set on unknown transitive ones, unknown non-transitive ones left out.
    /// Equal sets give equal octets, so these may be interned.
    pub fn canonical(&self, _out: &mut Vec<u8>) {
        todo!()
    }
    /// A view over octets that `canonical` or [`AttributeSet::encode`] made.
    pub fn from_canonical(_octets: &'a [u8]) -> Self {
        todo!()
    }
}

/// Owned attributes that can only hold what is legal to emit.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct AttributeSet {
    pub origin: Origin,
    /// one AS_SEQUENCE per entry would be nice; W decides
    pub as_path: Vec<Asn>,
    pub med: Option<u32>,
    pub local_pref: Option<u32>,
    pub communities: Vec<u32>,
    pub large_communities: Vec<[u32; 3]>,
}
impl AttributeSet {
    /// IGP, empty path, nothing else: what a speaker originates.
    pub fn local() -> Self {
        todo!()
    }
    /// Appends canonical octets (see [`Attributes::canonical`]).
    pub fn encode(&self, _out: &mut Vec<u8>) {
        todo!()
    }
}
