//! RIB records of one prefix (RFC 6396 §4.3.2, RFC 8050 §4): the routes of all peers for it.
use super::fault::{Known, Parsed, RecordFault, RecordFaultKind, Wrong, locate};
use super::fields::{Width, prefix, sized};
use super::record::{Body, table_dump_v2 as subtype};
use crate::{Family, PathId};
use core::net::IpAddr;
use ipnet::IpNet;
use nom::number::complete::{be_u16, be_u32};
use nom::{Offset, Parser};

/// The routes of all peers for one prefix.
#[derive(Clone, Copy, Debug)]
pub struct Rib<'a> {
    /// Family of the prefix.
    pub family: Family,
    /// Counts the records of a dump, and wraps.
    pub sequence: u32,
    /// The prefix, its host bits masked.
    pub prefix: IpNet,
    /// The address of the prefix as it was recorded, host bits in its last octet included.
    pub recorded: IpAddr,
    /// The routes.
    pub entries: RibEntries<'a>,
}

/// One route of one peer. AS numbers in its attributes have four octets (RFC 6396 §4.3.4), and its
/// MP_REACH_NLRI holds a next hop alone: see [`rib_next_hop`](super::rib_next_hop).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RibEntry<'a> {
    /// Number of the peer in the [`PeerIndexTable`](super::PeerIndexTable) before it.
    pub peer: u16,
    /// Seconds since 1970-01-01T00:00:00Z when the route was learned.
    pub originated: u32,
    /// Path identifier; `None` in records without.
    pub path_id: Option<PathId>,
    /// Path attributes.
    pub attributes: &'a [u8],
    /// Where the attributes begin, octets from the first of the record.
    pub offset: usize,
}

/// The entries of a RIB record: an iterator that ends after the first fault.
#[derive(Clone, Copy, Debug)]
pub struct RibEntries<'a> {
    record: &'a [u8],
    rest: &'a [u8],
    left: u16,
    path_id: bool,
}

const IPV4_MULTICAST: Family = Family { afi: 1, safi: 2 };
const IPV6_MULTICAST: Family = Family { afi: 2, safi: 2 };

impl<'a> Rib<'a> {
    pub(super) fn parse(record: &'a [u8], input: &'a [u8], kind: u16) -> Known<'a, Body<'a>> {
        let (family, path_id) = match kind {
            subtype::RIB_IPV4_UNICAST => (Family::IPV4_UNICAST, false),
            subtype::RIB_IPV4_UNICAST_ADDPATH => (Family::IPV4_UNICAST, true),
            subtype::RIB_IPV6_UNICAST => (Family::IPV6_UNICAST, false),
            subtype::RIB_IPV6_UNICAST_ADDPATH => (Family::IPV6_UNICAST, true),
            subtype::RIB_IPV4_MULTICAST => (IPV4_MULTICAST, false),
            subtype::RIB_IPV4_MULTICAST_ADDPATH => (IPV4_MULTICAST, true),
            subtype::RIB_IPV6_MULTICAST => (IPV6_MULTICAST, false),
            subtype::RIB_IPV6_MULTICAST_ADDPATH => (IPV6_MULTICAST, true),
            _ => return Ok(None),
        };
        let width = match family.afi {
            1 => Width::V4,
            _ => Width::V6,
        };
        let (rest, sequence) = be_u32(input)?;
        let (rest, (recorded, prefix)) = prefix(width, rest)?;
        let (rest, count) = be_u16(rest)?;
        Ok(Some(Body::Rib(Self {
            family,
            sequence,
            prefix,
            recorded,
            entries: RibEntries::new(record, rest, count, path_id),
        })))
    }
}

impl<'a> RibEntries<'a> {
    pub(super) fn new(record: &'a [u8], rest: &'a [u8], left: u16, path_id: bool) -> Self {
        Self {
            record,
            rest,
            left,
            path_id,
        }
    }

    /// How many entries the record claims to have left.
    pub fn count_left(&self) -> u16 {
        self.left
    }

    fn entry(&self) -> Parsed<'a, RibEntry<'a>> {
        let (rest, (peer, originated)) = (be_u16, be_u32).parse(self.rest)?;
        let (rest, path_id) = if self.path_id {
            let (rest, path_id) = be_u32(rest)?;
            (rest, Some(PathId(path_id)))
        } else {
            (rest, None)
        };
        let (rest, attributes) = sized(rest)?;
        Ok((
            rest,
            RibEntry {
                peer,
                originated,
                path_id,
                attributes,
                offset: self.record.offset(attributes),
            },
        ))
    }
}

impl<'a> Iterator for RibEntries<'a> {
    type Item = Result<RibEntry<'a>, RecordFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(left) = self.left.checked_sub(1) else {
            // Octets after the last entry are told once.
            let rest = core::mem::take(&mut self.rest);
            return (!rest.is_empty()).then(|| {
                Err(locate(
                    self.record,
                    &Wrong::new(rest, RecordFaultKind::Trailing),
                ))
            });
        };
        self.left = left;
        Some(match self.entry() {
            Ok((rest, entry)) => {
                self.rest = rest;
                Ok(entry)
            }
            Err(error) => {
                self.left = 0;
                self.rest = &[];
                Err(locate(self.record, &error))
            }
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(usize::from(self.left).saturating_add(1)))
    }
}
impl core::iter::FusedIterator for RibEntries<'_> {}
