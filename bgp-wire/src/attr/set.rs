//! Owned attributes: what a speaker originates, or a policy builds.
use super::cursor::Cursor;
use super::table;
use super::walk::{LONGEST_VALUE, RawAttribute};
use super::{Aggregator, AsPathBuf, Attributes, Ipv6ExtendedCommunity, Origin};
use crate::iana::attribute as code;
use crate::{AsSets, Asn, RouterId, SessionType};
use alloc::vec::Vec;
use core::net::Ipv4Addr;

/// Owned attributes that can only hold what is legal to emit.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AttributeSet {
    /// ORIGIN.
    pub origin: Origin,
    /// AS_PATH.
    pub as_path: AsPathBuf,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF.
    pub local_pref: Option<u32>,
    /// ATOMIC_AGGREGATE.
    pub atomic_aggregate: bool,
    /// AGGREGATOR.
    pub aggregator: Option<Aggregator>,
    /// COMMUNITIES; left out where empty.
    pub communities: Vec<u32>,
    /// ORIGINATOR_ID.
    pub originator_id: Option<RouterId>,
    /// CLUSTER_LIST; left out where empty.
    pub cluster_list: Vec<u32>,
    /// Extended communities; left out where empty.
    pub extended_communities: Vec<[u8; 8]>,
    /// Large communities; left out where empty.
    pub large_communities: Vec<[u32; 3]>,
    /// Every other attribute that is sent on, ascending, each type once.
    carried: Vec<CarriedAttribute>,
    /// Rows of the table whose attribute came with the Partial bit, which stays (RFC 4271 §5).
    partial: u32,
}

/// An attribute that is passed on as octets.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CarriedAttribute {
    flags: u8,
    code: u8,
    value: Vec<u8>,
}

impl CarriedAttribute {
    /// An attribute as it came. `None` where it may not be passed on (unknown and not transitive,
    /// or malformed), or is one that [`AttributeSet`] has a field for.
    pub fn new(attribute: RawAttribute<'_>) -> Option<Self> {
        if has_field(attribute.code) || attribute.value.len() > LONGEST_VALUE {
            return None;
        }
        let flags = match table::row(attribute.code) {
            Some(row) => {
                let scope = table::Scope {
                    session: SessionType::Ibgp,
                    four_octet_as: true,
                    as_sets: AsSets::Accept,
                };
                if !row.canonical || row.verify(&attribute, scope).is_err() {
                    return None;
                }
                row.flags_to_send(attribute.flags)
            }
            // RFC 4271 §5
            None => {
                let both = code::OPTIONAL | code::TRANSITIVE;
                if attribute.flags & both != both {
                    return None;
                }
                both | code::PARTIAL
            }
        };
        Some(Self {
            flags,
            code: attribute.code,
            value: attribute.value.to_vec(),
        })
    }

    /// AIGP with this metric (RFC 7311 §3).
    pub fn aigp(metric: u64) -> Self {
        let mut value = Vec::with_capacity(11);
        value.extend([1, 0, 11]);
        value.extend(metric.to_be_bytes());
        Self {
            flags: code::OPTIONAL,
            code: code::AIGP,
            value,
        }
    }

    /// Only to Customer (RFC 9234 §5).
    pub fn only_to_customer(asn: Asn) -> Self {
        Self {
            flags: code::OPTIONAL | code::TRANSITIVE,
            code: code::ONLY_TO_CUSTOMER,
            value: asn.0.to_be_bytes().to_vec(),
        }
    }

    /// IPv6 address specific extended communities (RFC 5701); `None` where there is none, or more
    /// than an attribute holds.
    pub fn ipv6_extended_communities(communities: &[Ipv6ExtendedCommunity]) -> Option<Self> {
        let value: Vec<u8> = communities.iter().flat_map(|one| one.0).collect();
        let fits = (1..=LONGEST_VALUE).contains(&value.len());
        fits.then_some(Self {
            flags: code::OPTIONAL | code::TRANSITIVE,
            code: code::IPV6_EXTENDED_COMMUNITIES,
            value,
        })
    }

    fn put(&self, out: &mut Cursor<'_>) {
        out.put_header(self.flags, self.code, self.value.len());
        out.put_slice(&self.value);
    }

    /// Its octets.
    pub fn raw(&self) -> RawAttribute<'_> {
        RawAttribute {
            flags: self.flags,
            code: self.code,
            value: &self.value,
        }
    }
}

/// Attributes that are fields of the set.
fn has_field(code: u8) -> bool {
    matches!(
        code,
        code::ORIGIN
            | code::AS_PATH
            | code::MULTI_EXIT_DISC
            | code::LOCAL_PREF
            | code::ATOMIC_AGGREGATE
            | code::AGGREGATOR
            | code::COMMUNITIES
            | code::ORIGINATOR_ID
            | code::CLUSTER_LIST
            | code::EXTENDED_COMMUNITIES
            | code::LARGE_COMMUNITIES
    )
}

impl Default for AttributeSet {
    fn default() -> Self {
        Self::local()
    }
}

impl AttributeSet {
    /// IGP, empty path, nothing else: what a speaker originates.
    pub fn local() -> Self {
        Self::with_path([])
    }

    /// IGP and this AS_SEQUENCE.
    pub fn with_path(asns: impl IntoIterator<Item = Asn>) -> Self {
        Self {
            origin: Origin::Igp,
            as_path: AsPathBuf::sequence(asns),
            med: None,
            local_pref: None,
            atomic_aggregate: false,
            aggregator: None,
            communities: Vec::new(),
            originator_id: None,
            cluster_list: Vec::new(),
            extended_communities: Vec::new(),
            large_communities: Vec::new(),
            carried: Vec::new(),
            partial: 0,
        }
    }

    /// Adds an attribute without a field of its own, in place of one of the same type.
    pub fn carry(&mut self, attribute: CarriedAttribute) {
        match self
            .carried
            .binary_search_by_key(&attribute.code, |carried| carried.code)
        {
            Ok(position) => {
                if let Some(carried) = self.carried.get_mut(position) {
                    *carried = attribute;
                }
            }
            Err(position) => self.carried.insert(position, attribute),
        }
    }

    /// Attributes without a field of their own, ascending.
    pub fn carried(&self) -> &[CarriedAttribute] {
        &self.carried
    }

    /// Appends canonical octets (see [`Attributes::canonical`]).
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(None, out);
    }

    /// The same, with NEXT_HOP at its place where one is given.
    ///
    /// Straight down in order of type codes and not by the table: what has a fixed length is
    /// written with a few instructions.
    pub(crate) fn write(&self, next_hop: Option<Ipv4Addr>, out: &mut Vec<u8>) {
        let start = out.len();
        let path = self.as_path.octets();
        out.resize(start.saturating_add(path).saturating_add(self.most()), 0);
        let mut cursor = Cursor::new(out.get_mut(start..).unwrap_or(&mut []));
        self.fill(next_hop, path, &mut cursor);
        let left = cursor.left();
        out.truncate(out.len().saturating_sub(left));
    }

    /// Octets that everything but the AS numbers takes at most.
    #[inline]
    fn most(&self) -> usize {
        let lists = FIXED
            .saturating_add(size_of_val(self.communities.as_slice()))
            .saturating_add(size_of_val(self.cluster_list.as_slice()))
            .saturating_add(size_of_val(self.extended_communities.as_slice()))
            .saturating_add(size_of_val(self.large_communities.as_slice()));
        // A header of four octets each.
        let carried = self.carried.iter().map(|one| one.value.len());
        carried.fold(lists, |sum, octets| {
            sum.saturating_add(octets).saturating_add(4)
        })
    }

    /// `path` is how many octets the value of AS_PATH takes.
    #[inline]
    fn fill(&self, next_hop: Option<Ipv4Addr>, path: usize, out: &mut Cursor<'_>) {
        let carried = put_below(code::ORIGIN, &self.carried, out);
        out.put([WELL_KNOWN, code::ORIGIN, 1, self.origin.code()]);
        out.put_header(WELL_KNOWN, code::AS_PATH, path);
        self.as_path.write(out);
        if let Some(address) = next_hop {
            put_four(out, WELL_KNOWN, code::NEXT_HOP, address.octets());
        }
        if let Some(med) = self.med {
            put_four(
                out,
                NON_TRANSITIVE,
                code::MULTI_EXIT_DISC,
                med.to_be_bytes(),
            );
        }
        if let Some(preference) = self.local_pref {
            put_four(out, WELL_KNOWN, code::LOCAL_PREF, preference.to_be_bytes());
        }
        if self.atomic_aggregate {
            out.put([WELL_KNOWN, code::ATOMIC_AGGREGATE, 0]);
        }
        // RFC 7607 §2: AS 0 does not go out.
        if let Some(aggregator) = self.aggregator.filter(|by| by.asn != Asn(0)) {
            out.put([self.transitive(code::AGGREGATOR), code::AGGREGATOR, 8]);
            out.put(aggregator.asn.0.to_be_bytes());
            out.put(aggregator.address.octets());
        }
        // RFC 7606 §7 allows no empty list.
        if !self.communities.is_empty() {
            let flags = self.transitive(code::COMMUNITIES);
            put_words(out, flags, code::COMMUNITIES, &self.communities);
        }
        if let Some(id) = self.originator_id {
            put_four(
                out,
                NON_TRANSITIVE,
                code::ORIGINATOR_ID,
                id.address().octets(),
            );
        }
        if !self.cluster_list.is_empty() {
            put_words(out, NON_TRANSITIVE, code::CLUSTER_LIST, &self.cluster_list);
        }
        let carried = put_below(code::EXTENDED_COMMUNITIES, carried, out);
        if !self.extended_communities.is_empty() {
            let flags = self.transitive(code::EXTENDED_COMMUNITIES);
            let octets = self.extended_communities.as_flattened();
            out.put_header(flags, code::EXTENDED_COMMUNITIES, octets.len());
            out.put_slice(octets);
        }
        let carried = put_below(code::LARGE_COMMUNITIES, carried, out);
        if !self.large_communities.is_empty() {
            let flags = self.transitive(code::LARGE_COMMUNITIES);
            let words = self.large_communities.as_flattened();
            put_words(out, flags, code::LARGE_COMMUNITIES, words);
        }
        for attribute in carried {
            attribute.put(out);
        }
    }

    /// Flags of an optional transitive attribute.
    #[inline]
    fn transitive(&self, code: u8) -> u8 {
        let flags = code::OPTIONAL | code::TRANSITIVE;
        if self.partial & table::bit(code) == 0 {
            flags
        } else {
            flags | code::PARTIAL
        }
    }
}

const WELL_KNOWN: u8 = code::TRANSITIVE;
const NON_TRANSITIVE: u8 = code::OPTIONAL;

/// Octets of the attributes of fixed length, and of the longest heads of the others: of ORIGIN,
/// NEXT_HOP, MULTI_EXIT_DISC, LOCAL_PREF, ATOMIC_AGGREGATE, AGGREGATOR and ORIGINATOR_ID, and of
/// AS_PATH and four lists.
const FIXED: usize = (4 + 7 + 7 + 7 + 3 + 11 + 7) + 5 * 4;

/// Writes those of `carried` that come before `code`; the others.
#[inline]
fn put_below<'a>(
    code: u8,
    mut carried: &'a [CarriedAttribute],
    out: &mut Cursor<'_>,
) -> &'a [CarriedAttribute] {
    while let [first, rest @ ..] = carried
        && first.code < code
    {
        first.put(out);
        carried = rest;
    }
    carried
}

/// Writes an attribute of four octets.
#[inline]
fn put_four(out: &mut Cursor<'_>, flags: u8, code: u8, [a, b, c, d]: [u8; 4]) {
    out.put([flags, code, 4, a, b, c, d]);
}

/// Writes an attribute that is a list of numbers.
#[inline]
fn put_words(out: &mut Cursor<'_>, flags: u8, code: u8, words: &[u32]) {
    out.put_header(flags, code, size_of_val(words));
    out.put_numbers(words, |word| *word);
}

impl From<Attributes<'_>> for AttributeSet {
    fn from(attributes: Attributes<'_>) -> Self {
        let mut set = Self {
            origin: attributes.origin().unwrap_or(Origin::Incomplete),
            as_path: attributes
                .as_path()
                .map(AsPathBuf::from)
                .unwrap_or_default(),
            med: attributes.med(),
            local_pref: attributes.local_pref(),
            atomic_aggregate: attributes.atomic_aggregate(),
            aggregator: attributes.aggregator(),
            communities: attributes.communities().collect(),
            originator_id: attributes.originator_id(),
            cluster_list: attributes.cluster_list().collect(),
            extended_communities: attributes.extended_communities().collect(),
            large_communities: attributes.large_communities().collect(),
            carried: Vec::new(),
            partial: 0,
        };
        for (position, row) in table::ROWS.iter().enumerate() {
            if attributes
                .raw(row.code)
                .is_some_and(|attribute| attribute.flags & code::PARTIAL != 0)
            {
                set.partial |= 1 << position;
            }
        }
        let known = table::ROWS
            .iter()
            .filter_map(|row| attributes.raw(row.code));
        for attribute in known.chain(attributes.unknown()) {
            if let Some(attribute) = CarriedAttribute::new(attribute) {
                set.carry(attribute);
            }
        }
        set
    }
}
