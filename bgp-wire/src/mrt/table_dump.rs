//! TABLE_DUMP (RFC 6396 §4.2): one route of one peer in every record, two-octet AS numbers.
use super::fault::{Known, RecordFaultKind, Wrong};
use super::fields::{Width, address, of_address, sized};
use super::record::Body;
use crate::Asn;
use core::net::IpAddr;
use ipnet::IpNet;
use nom::Parser;
use nom::combinator::map;
use nom::number::complete::{be_u8, be_u16, be_u32};

/// One route of one peer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableDump<'a> {
    /// The view the table belongs to; 0 where there is one only.
    pub view: u16,
    /// Counts the routes of a view, and wraps.
    pub sequence: u16,
    /// The prefix, its host bits masked.
    pub prefix: IpNet,
    /// The address of the prefix as it was recorded, host bits included.
    pub recorded: IpAddr,
    /// Seconds since 1970-01-01T00:00:00Z when the route was learned.
    pub originated: u32,
    /// The peer's address, of the family of the prefix (RFC 6396 §4.2).
    pub peer: IpAddr,
    /// The peer's AS number.
    pub peer_as: Asn,
    /// Whether AS numbers in the attributes have four octets. RFC 6396 knows two only; subtypes 3
    /// and 4 were written by some collectors before TABLE_DUMP_V2.
    pub four_octet_as: bool,
    /// Path attributes.
    pub attributes: &'a [u8],
}

pub(super) fn subtype_name(subtype: u16) -> Option<&'static str> {
    Some(match subtype {
        1 => "AFI_IPv4",
        2 => "AFI_IPv6",
        3 => "AFI_IPv4_AS4",
        4 => "AFI_IPv6_AS4",
        _ => return None,
    })
}

pub(super) fn parse(subtype: u16, input: &[u8]) -> Known<'_, Body<'_>> {
    let (width, four_octet_as) = match subtype {
        1 => (Width::V4, false),
        2 => (Width::V6, false),
        3 => (Width::V4, true),
        4 => (Width::V6, true),
        _ => return Ok(None),
    };
    let (rest, (view, sequence)) = (be_u16, be_u16).parse(input)?;
    let (rest, recorded) = address(width, rest)?;
    let prefix_at = rest;
    // The status octet is 1 and says nothing (RFC 6396 §4.2).
    let (rest, (bits, _status, originated)) = (be_u8, be_u8, be_u32).parse(rest)?;
    let (rest, peer) = address(width, rest)?;
    let (rest, peer_as) = if four_octet_as {
        be_u32(rest)?
    } else {
        map(be_u16, u32::from).parse(rest)?
    };
    let (rest, attributes) = sized(rest)?;
    let Some(prefix) = of_address(recorded, bits) else {
        return Err(Wrong::new(prefix_at, RecordFaultKind::PrefixLength));
    };
    if !rest.is_empty() {
        return Err(Wrong::new(rest, RecordFaultKind::Trailing));
    }
    Ok(Some(Body::TableDump(TableDump {
        view,
        sequence,
        prefix,
        recorded,
        originated,
        peer,
        peer_as: Asn(peer_as),
        four_octet_as,
        attributes,
    })))
}
