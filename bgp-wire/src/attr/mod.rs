//! Path attributes.
//!
//! Two forms. [`Attributes`] is a view over octets: those of an UPDATE, where the malformed ones
//! are not seen, or *canonical* octets, which are what a table keeps. Canonical means that equal
//! sets are equal octets: type codes ascend, AS numbers have four octets, lengths are the
//! shortest, Partial is set on unknown transitive attributes. [`AttributeSet`] is the owned form,
//! which can only hold what may be sent, and [`Rewrite`] takes canonical octets to canonical
//! octets as a route crosses a session.
//!
//! Next hops and NLRI are not among them: they belong to the route, not to what routes share.
//! Cost: a view is 72 octets, an access reads one attribute header; nothing is copied.

mod canonical;
mod community;
mod cursor;
mod extended_community;
mod next_hop;
mod path;
mod rewrite;
mod set;
pub(crate) mod table;
mod tlv;
mod tunnel;
pub(crate) mod walk;

pub use community::{Community, LargeCommunity, ParseCommunityError};
pub use extended_community::{
    Administered, ExtendedCommunity, ExtendedValue, Ipv6ExtendedCommunity, Ipv6ExtendedValue,
    ParseExtendedCommunityError, Rate,
};
pub use next_hop::NextHop;
pub use path::{Aggregator, AsPath, AsPathBuf, Origin, Segment, SegmentKind};
pub use rewrite::{Change, Reflection, Rewrite};
pub use set::{AttributeSet, CarriedAttribute};
pub use tunnel::PmsiTunnel;
pub use walk::RawAttribute;

pub(crate) use canonical::put_two_octet;

use crate::iana::attribute as code;
use crate::{Asn, RouterId};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use table::COUNT;
use walk::{Seen, Walk};

/// Where each attribute that the table knows begins, counted from the first attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    starts: [u16; COUNT],
    /// Whether there are attributes without a row.
    pub(crate) unknown: bool,
}

const ABSENT: u16 = u16::MAX;

impl Slots {
    pub(crate) const fn new() -> Self {
        Self {
            starts: [ABSENT; COUNT],
            unknown: false,
        }
    }

    /// Notes that the attribute of type `code` begins at `offset`; the first one stays.
    #[inline]
    pub(crate) fn note(&mut self, code: u8, offset: usize) {
        let Some(position) = table::position(code) else {
            self.unknown = true;
            return;
        };
        if self.starts.get(position) == Some(&ABSENT) {
            self.put(position, offset);
        }
    }

    /// Notes that the attribute of this row begins at `offset`.
    #[inline]
    pub(crate) fn put(&mut self, position: usize, offset: usize) {
        if let (Some(start), Ok(offset)) = (self.starts.get_mut(position), u16::try_from(offset)) {
            *start = offset;
        }
    }
}

/// A checked view over the path attributes of an UPDATE: what RFC 7606 discards is not seen.
/// NEXT_HOP, MP_REACH_NLRI and MP_UNREACH_NLRI are not among them: they belong to the NLRI.
/// `AS4_PATH`/`AS4_AGGREGATOR` are merged on the way (RFC 6793 §4.2.3).
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    octets: &'a [u8],
    slots: Slots,
    four_octet: bool,
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(octets: &'a [u8], slots: Slots, four_octet: bool) -> Self {
        Self {
            octets,
            slots,
            four_octet,
        }
    }

    /// A view over octets that `canonical` or [`AttributeSet::encode`] made.
    pub fn from_canonical(octets: &'a [u8]) -> Self {
        let mut slots = Slots::new();
        let mut walk = Walk::new(octets);
        loop {
            let offset = walk.offset();
            let Some(attribute) = walk.next() else { break };
            slots.note(attribute.code, offset);
        }
        Self::new(octets, slots, true)
    }

    /// An attribute that the table knows, as octets.
    #[inline]
    pub(crate) fn known(&self, code: u8) -> Option<RawAttribute<'a>> {
        let start = *self.slots.starts.get(table::position(code)?)?;
        if start == ABSENT {
            return None;
        }
        Walk::new(self.octets.get(usize::from(start)..)?).next()
    }

    #[inline]
    fn value(&self, code: u8) -> Option<&'a [u8]> {
        self.known(code).map(|attribute| attribute.value)
    }

    #[inline]
    fn number(&self, code: u8) -> Option<u32> {
        let octets = self.value(code)?.try_into().ok()?;
        Some(u32::from_be_bytes(octets))
    }

    #[inline]
    fn words(&self, code: u8) -> impl Iterator<Item = u32> + use<'a> {
        self.value(code)
            .unwrap_or(&[])
            .as_chunks::<4>()
            .0
            .iter()
            .map(|octets| u32::from_be_bytes(*octets))
    }

    /// ORIGIN.
    #[inline]
    pub fn origin(&self) -> Option<Origin> {
        self.value(code::ORIGIN)?
            .first()
            .and_then(|code| Origin::from_code(*code))
    }

    /// AS_PATH, with AS4_PATH merged where the neighbor speaks two-octet AS numbers.
    #[inline]
    pub fn as_path(&self) -> Option<AsPath<'a>> {
        let path = AsPath::new(self.value(code::AS_PATH)?, self.four_octet);
        if self.four_octet || self.aggregator_overrules() {
            return Some(path);
        }
        Some(match self.value(code::AS4_PATH) {
            Some(as4_path) => path.merged(as4_path),
            None => path,
        })
    }

    /// MULTI_EXIT_DISC.
    #[inline]
    pub fn med(&self) -> Option<u32> {
        self.number(code::MULTI_EXIT_DISC)
    }

    /// LOCAL_PREF.
    #[inline]
    pub fn local_pref(&self) -> Option<u32> {
        self.number(code::LOCAL_PREF)
    }

    /// Whether ATOMIC_AGGREGATE is there.
    #[inline]
    pub fn atomic_aggregate(&self) -> bool {
        self.known(code::ATOMIC_AGGREGATE).is_some()
    }

    /// AGGREGATOR, with AS4_AGGREGATOR merged where the neighbor speaks two-octet AS numbers.
    #[inline]
    pub fn aggregator(&self) -> Option<Aggregator> {
        let aggregator = path::aggregator(self.value(code::AGGREGATOR)?)?;
        if self.four_octet || aggregator.asn != Asn::TRANS {
            return Some(aggregator);
        }
        // RFC 6793 §4.2.3
        self.value(code::AS4_AGGREGATOR)
            .and_then(path::aggregator)
            .or(Some(aggregator))
    }

    /// RFC 6793 §4.2.3: where both aggregators are there and AGGREGATOR is not AS_TRANS, somebody
    /// aggregated who knows no AS4_*, and both AS4_* are old.
    fn aggregator_overrules(&self) -> bool {
        self.known(code::AS4_AGGREGATOR).is_some()
            && self
                .value(code::AGGREGATOR)
                .and_then(path::aggregator)
                .is_some_and(|aggregator| aggregator.asn != Asn::TRANS)
    }

    /// ORIGINATOR_ID (RFC 4456).
    #[inline]
    pub fn originator_id(&self) -> Option<RouterId> {
        self.number(code::ORIGINATOR_ID)
            .and_then(|id| RouterId::new(Ipv4Addr::from_bits(id)))
    }

    /// COMMUNITIES; [`Community`] gives them words.
    #[inline]
    pub fn communities(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.words(code::COMMUNITIES)
    }

    /// CLUSTER_LIST (RFC 4456), the last reflector first.
    #[inline]
    pub fn cluster_list(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.words(code::CLUSTER_LIST)
    }

    /// Extended communities, eight octets each (RFC 4360); [`ExtendedCommunity`] gives them meaning.
    #[inline]
    pub fn extended_communities(&self) -> impl Iterator<Item = [u8; 8]> + use<'a> {
        self.value(code::EXTENDED_COMMUNITIES)
            .unwrap_or(&[])
            .as_chunks::<8>()
            .0
            .iter()
            .copied()
    }

    /// IPv6 address specific extended communities (RFC 5701).
    #[inline]
    pub fn ipv6_extended_communities(
        &self,
    ) -> impl Iterator<Item = Ipv6ExtendedCommunity> + use<'a> {
        self.value(code::IPV6_EXTENDED_COMMUNITIES)
            .unwrap_or(&[])
            .as_chunks::<20>()
            .0
            .iter()
            .map(|octets| Ipv6ExtendedCommunity(*octets))
    }

    /// PMSI tunnel (RFC 6514 §5).
    #[inline]
    pub fn pmsi_tunnel(&self) -> Option<PmsiTunnel<'a>> {
        PmsiTunnel::read(self.value(code::PMSI_TUNNEL)?)
    }

    /// Accumulated IGP metric (RFC 7311).
    #[inline]
    pub fn aigp(&self) -> Option<u64> {
        tlv::aigp(self.value(code::AIGP)?)
    }

    /// Large communities; [`LargeCommunity`] gives them words.
    #[inline]
    pub fn large_communities(&self) -> impl Iterator<Item = [u32; 3]> + use<'a> {
        self.value(code::LARGE_COMMUNITIES)
            .unwrap_or(&[])
            .as_chunks::<12>()
            .0
            .iter()
            .map(|octets| {
                let (words, _) = octets.as_chunks::<4>();
                let [a, b, c] = words else { return [0; 3] };
                [*a, *b, *c].map(u32::from_be_bytes)
            })
    }

    /// Only to Customer (RFC 9234 §5).
    #[inline]
    pub fn only_to_customer(&self) -> Option<Asn> {
        self.number(code::ONLY_TO_CUSTOMER).map(Asn)
    }

    /// Any attribute as octets, AGGREGATOR and AS_PATH as they came.
    pub fn raw(&self, code: u8) -> Option<RawAttribute<'a>> {
        match table::row(code) {
            Some(row) if row.canonical => self.known(code),
            Some(_) => None,
            None => self.unknown().find(|attribute| attribute.code == code),
        }
    }

    /// Attributes that this crate does not know, in wire order, each type once. Non-transitive ones
    /// are among them: they must be ignored and go no further (RFC 4271 §5).
    #[inline]
    pub fn unknown(&self) -> impl Iterator<Item = RawAttribute<'a>> + use<'a> {
        let octets = if self.slots.unknown { self.octets } else { &[] };
        let mut seen = Seen::default();
        Walk::new(octets).filter(move |attribute| {
            table::position(attribute.code).is_none() && !seen.again(attribute.code)
        })
    }

    /// Appends the canonical octets: ascending type codes, four-octet AS numbers, shortest
    /// lengths, Partial set on unknown transitive ones, unknown non-transitive ones left out.
    /// Equal sets give equal octets, so these may be interned.
    pub fn canonical(&self, out: &mut Vec<u8>) {
        canonical::write(self, out);
    }

    /// An owned copy that can be changed. What may not be sent on is left out of it.
    pub fn to_set(&self) -> AttributeSet {
        AttributeSet::from(*self)
    }
}

#[cfg(test)]
mod tests;
