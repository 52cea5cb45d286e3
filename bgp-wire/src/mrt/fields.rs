//! Fields that records share: addresses, prefixes, and octets with their length before them.
use super::fault::{Parsed, RecordFaultKind, Wrong};
use crate::iana::afi;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use nom::Parser;
use nom::bytes::complete::take;
use nom::combinator::map;
use nom::number::complete::{be_u8, be_u16, be_u32, be_u128};

/// Which kind of addresses a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Width {
    V4,
    V6,
}

/// Two octets of length and as many octets.
pub(super) fn sized(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, length) = be_u16(input)?;
    take(length).parse(rest)
}

/// An address family identifier.
pub(super) fn width(input: &[u8]) -> Parsed<'_, Width> {
    let (rest, family) = be_u16(input)?;
    match family {
        afi::IPV4 => Ok((rest, Width::V4)),
        afi::IPV6 => Ok((rest, Width::V6)),
        _ => Err(Wrong::new(input, RecordFaultKind::AddressFamily)),
    }
}

pub(super) fn ipv4(input: &[u8]) -> Parsed<'_, Ipv4Addr> {
    map(be_u32, Ipv4Addr::from_bits).parse(input)
}

pub(super) fn address(width: Width, input: &[u8]) -> Parsed<'_, IpAddr> {
    match width {
        Width::V4 => map(ipv4, IpAddr::V4).parse(input),
        Width::V6 => map(be_u128, |bits| IpAddr::V6(Ipv6Addr::from_bits(bits))).parse(input),
    }
}

/// Length in bits and as many octets as it takes: the address as recorded, and the prefix with its
/// host bits masked.
pub(super) fn prefix(width: Width, input: &[u8]) -> Parsed<'_, (IpAddr, IpNet)> {
    let (rest, bits) = be_u8(input)?;
    let (rest, octets) = take(usize::from(bits).div_ceil(8)).parse(rest)?;
    let recorded = widened(width, octets);
    match of_address(recorded, bits) {
        Some(prefix) => Ok((rest, (recorded, prefix))),
        None => Err(Wrong::new(input, RecordFaultKind::PrefixLength)),
    }
}

/// An address from its first octets.
fn widened(width: Width, octets: &[u8]) -> IpAddr {
    let mut whole = [0_u8; 16];
    for (to, from) in whole.iter_mut().zip(octets) {
        *to = *from;
    }
    match width {
        Width::V4 => {
            let [a, b, c, d, ..] = whole;
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        Width::V6 => IpAddr::V6(Ipv6Addr::from(whole)),
    }
}

/// The prefix of an address; `None` where the length is too long.
pub(super) fn of_address(address: IpAddr, bits: u8) -> Option<IpNet> {
    Some(match address {
        IpAddr::V4(address) => IpNet::V4(Ipv4Net::new(address, bits).ok()?.trunc()),
        IpAddr::V6(address) => IpNet::V6(Ipv6Net::new(address, bits).ok()?.trunc()),
    })
}
