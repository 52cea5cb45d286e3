//! Owned attributes: what a speaker originates, or a policy builds.
use super::canonical::put_value;
use super::table;
use super::walk::{self, LONGEST_VALUE, RawAttribute};
use super::{Aggregator, AsPathBuf, Attributes, Ipv6ExtendedCommunity, Origin};
use crate::iana::attribute as code;
use crate::{AsSets, Asn, RouterId, SessionType};
use alloc::vec::Vec;

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
        let mut carried = self.carried.iter().peekable();
        for (position, row) in table::ROWS.iter().enumerate() {
            if !has_field(row.code) {
                continue;
            }
            while let Some(attribute) = carried.next_if(|carried| carried.code < row.code) {
                walk::put(out, attribute.flags, attribute.code, &attribute.value);
            }
            let partial = self.partial & (1 << position) != 0;
            let received = if partial { code::PARTIAL } else { 0 };
            self.put(row.code, row.flags_to_send(received), out);
        }
        for attribute in carried {
            walk::put(out, attribute.flags, attribute.code, &attribute.value);
        }
    }

    /// Appends the field of this type where it is not empty.
    fn put(&self, code: u8, flags: u8, out: &mut Vec<u8>) {
        let number = |out: &mut Vec<u8>, number: Option<u32>| {
            if let Some(number) = number {
                walk::put(out, flags, code, &number.to_be_bytes());
            }
        };
        match code {
            code::ORIGIN => walk::put(out, flags, code, &[self.origin.code()]),
            code::AS_PATH => put_value(out, flags, code, |out| self.as_path.write(out)),
            code::MULTI_EXIT_DISC => number(out, self.med),
            code::LOCAL_PREF => number(out, self.local_pref),
            code::ATOMIC_AGGREGATE if self.atomic_aggregate => walk::put(out, flags, code, &[]),
            code::AGGREGATOR => {
                // RFC 7607 §2: AS 0 does not go out.
                if let Some(aggregator) = self.aggregator.filter(|by| by.asn != Asn(0)) {
                    put_value(out, flags, code, |out| {
                        out.extend(aggregator.asn.0.to_be_bytes());
                        out.extend(aggregator.address.octets());
                    });
                }
            }
            code::ORIGINATOR_ID => {
                number(out, self.originator_id.map(|id| id.address().to_bits()));
            }
            code::COMMUNITIES => put_list(out, flags, code, &self.communities, |word, out| {
                out.extend_from_slice(&word.to_be_bytes());
            }),
            code::CLUSTER_LIST => put_list(out, flags, code, &self.cluster_list, |word, out| {
                out.extend_from_slice(&word.to_be_bytes());
            }),
            code::EXTENDED_COMMUNITIES => {
                put_list(
                    out,
                    flags,
                    code,
                    &self.extended_communities,
                    |entry, out| {
                        out.extend_from_slice(entry);
                    },
                );
            }
            code::LARGE_COMMUNITIES => {
                put_list(out, flags, code, &self.large_communities, |entry, out| {
                    for word in entry {
                        out.extend_from_slice(&word.to_be_bytes());
                    }
                });
            }
            _ => {}
        }
    }
}

/// Appends a list; RFC 7606 §7 allows no empty one.
fn put_list<T>(
    out: &mut Vec<u8>,
    flags: u8,
    code: u8,
    entries: &[T],
    mut one: impl FnMut(&T, &mut Vec<u8>),
) {
    if !entries.is_empty() {
        out.reserve(size_of_val(entries).saturating_add(4));
        put_value(out, flags, code, |out| {
            for entry in entries {
                one(entry, out);
            }
        });
    }
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
