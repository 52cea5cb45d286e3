//! Outbound route filters inside ROUTE-REFRESH (RFC 5291, RFC 5292).
//!
//! A message keeps its filters as octets; this reads them when somebody asks. Filters by address
//! prefix are values, those of any other type stay octets, since how long one entry is depends on
//! the type. Cost: a vector of lists, and one of entries for each.
use crate::iana::orf as code;
use crate::prefix::{IpPrefix, octets_of};
use crate::{Family, iana::afi};
use alloc::vec::Vec;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What follows the family of a ROUTE-REFRESH that carries filters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OutboundFilters {
    /// Whether routes are to be sent again at once, or another message will say when.
    pub immediate: bool,
    /// Filters by type.
    pub lists: Vec<FilterList>,
}

/// Filters of one type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum FilterList {
    /// By address prefix (type 64, RFC 5292).
    Prefixes(Vec<PrefixFilter>),
    /// Any other type, or entries that cannot be read.
    Octets {
        /// ORF type.
        kind: u8,
        /// All entries.
        entries: Vec<u8>,
    },
}

/// One filter by address prefix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PrefixFilter {
    /// Forget all filters of this type.
    RemoveAll,
    /// Add or remove one.
    Entry {
        /// Removed, not added.
        remove: bool,
        /// Routes that match are not sent.
        deny: bool,
        /// Order among the filters.
        sequence: u32,
        /// Shortest prefix length that matches; 0: that of `prefix`.
        least: u8,
        /// Longest prefix length that matches; 0: any.
        most: u8,
        /// What prefixes lie in.
        prefix: IpNet,
    },
}

impl OutboundFilters {
    /// From what follows the family; `None` where it does not add up.
    pub(crate) fn read(family: Family, octets: &[u8]) -> Option<Self> {
        let (when, mut rest) = octets.split_first()?;
        let mut lists = Vec::new();
        while let Some((kind, body)) = rest.split_first() {
            let (length, body) = body.split_first_chunk::<2>()?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (entries, after) = body.split_at_checked(length)?;
            lists.push(FilterList::read(family, *kind, entries));
            rest = after;
        }
        Some(Self {
            immediate: *when == code::IMMEDIATE,
            lists,
        })
    }

    /// Appends them. A list of over 65,535 octets has no encoding and is left out.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(if self.immediate {
            code::IMMEDIATE
        } else {
            code::DEFER
        });
        for list in &self.lists {
            let mut entries = Vec::new();
            let kind = list.write(&mut entries);
            if let Ok(length) = u16::try_from(entries.len()) {
                out.push(kind);
                out.extend(length.to_be_bytes());
                out.extend(entries);
            }
        }
    }
}

impl FilterList {
    fn read(family: Family, kind: u8, entries: &[u8]) -> Self {
        let octets = || Self::Octets {
            kind,
            entries: entries.to_vec(),
        };
        if kind != code::ADDRESS_PREFIX {
            return octets();
        }
        let mut rest = entries;
        let mut filters = Vec::new();
        while !rest.is_empty() {
            let Some((filter, after)) = PrefixFilter::read(family, rest) else {
                return octets();
            };
            filters.push(filter);
            rest = after;
        }
        Self::Prefixes(filters)
    }

    fn write(&self, out: &mut Vec<u8>) -> u8 {
        match self {
            Self::Prefixes(filters) => {
                for filter in filters {
                    filter.write(out);
                }
                code::ADDRESS_PREFIX
            }
            Self::Octets { kind, entries } => {
                out.extend(entries);
                *kind
            }
        }
    }
}

impl PrefixFilter {
    fn read(family: Family, octets: &[u8]) -> Option<(Self, &[u8])> {
        let (common, rest) = octets.split_first()?;
        let remove = match common >> 6 {
            0 => false,
            1 => true,
            2 => return Some((Self::RemoveAll, rest)),
            _ => return None,
        };
        let (sequence, rest) = rest.split_first_chunk::<4>()?;
        let [least, most, bits, rest @ ..] = rest else {
            return None;
        };
        let (prefix, rest) = rest.split_at_checked(octets_of(*bits))?;
        let prefix = match family.afi {
            afi::IPV4 => IpNet::V4(Ipv4Net::from_bits(*bits, prefix)?),
            afi::IPV6 => IpNet::V6(Ipv6Net::from_bits(*bits, prefix)?),
            _ => return None,
        };
        let filter = Self::Entry {
            remove,
            deny: common & code::DENY != 0,
            sequence: u32::from_be_bytes(*sequence),
            least: *least,
            most: *most,
            prefix,
        };
        Some((filter, rest))
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::RemoveAll => out.push(2 << 6),
            Self::Entry {
                remove,
                deny,
                sequence,
                least,
                most,
                prefix,
            } => {
                let deny = if *deny { code::DENY } else { 0 };
                out.push((u8::from(*remove) << 6) | deny);
                out.extend(sequence.to_be_bytes());
                out.extend([*least, *most, prefix.prefix_len()]);
                match prefix {
                    IpNet::V4(prefix) => prefix.write(out),
                    IpNet::V6(prefix) => prefix.write(out),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RouteRefresh;
    use alloc::vec;

    #[test]
    fn both_ways() {
        let filters = OutboundFilters {
            immediate: true,
            lists: vec![
                FilterList::Prefixes(vec![
                    PrefixFilter::RemoveAll,
                    PrefixFilter::Entry {
                        remove: false,
                        deny: true,
                        sequence: 5,
                        least: 16,
                        most: 24,
                        prefix: "10.0.0.0/8".parse().unwrap(),
                    },
                ]),
                FilterList::Octets {
                    kind: 128,
                    entries: vec![1, 2, 3],
                },
            ],
        };
        let refresh = RouteRefresh::with_filters(Family::IPV4_UNICAST, &filters);
        let mut octets = Vec::new();
        refresh.encode(&mut octets);
        let tail = [
            1, 64, 0, 10, 0x80, 0x20, 0, 0, 0, 5, 16, 24, 8, 10, 128, 0, 3, 1, 2, 3,
        ];
        assert_eq!(octets[23..], tail);
        let read = RouteRefresh::parse(&octets).unwrap();
        assert_eq!(read, refresh);
        assert_eq!(read.outbound_filters(), Some(filters));
    }

    #[test]
    fn what_cannot_be_read_is_kept() {
        // A prefix of IPv6 length under IPv4.
        let octets = [2, 64, 0, 8, 0, 0, 0, 0, 5, 0, 0, 64];
        let filters = OutboundFilters::read(Family::IPV4_UNICAST, &octets).unwrap();
        assert!(!filters.immediate);
        assert!(matches!(
            filters.lists[..],
            [FilterList::Octets { kind: 64, .. }]
        ));
        let mut out = Vec::new();
        filters.write(&mut out);
        assert_eq!(out, octets);
        assert_eq!(
            OutboundFilters::read(Family::IPV4_UNICAST, &[1, 64, 0, 9]),
            None
        );
        assert_eq!(OutboundFilters::read(Family::IPV4_UNICAST, &[]), None);
    }
}
