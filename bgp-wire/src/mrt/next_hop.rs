//! MP_REACH_NLRI as RIB entries hold it (RFC 6396 §4.3.4).
use crate::NextHop;
use core::net::{Ipv4Addr, Ipv6Addr};

/// The next hop octets of an MP_REACH_NLRI value of a RIB entry, without their length.
///
/// RFC 6396 §4.3.4 asks for length and next hop alone; some writers put the whole attribute there.
/// The first octet tells: it is the length of the next hop, or the high octet of an AFI. Where
/// both readings are possible the one that adds up is taken.
pub(super) fn octets(value: &[u8]) -> Option<&[u8]> {
    let (length, rest) = value.split_first()?;
    if *length != 0 && rest.len() == usize::from(*length) {
        return Some(rest);
    }
    let (_family, rest) = value.split_first_chunk::<3>()?;
    let (length, rest) = rest.split_first()?;
    rest.get(..usize::from(*length))
}

/// The next hop of an MP_REACH_NLRI value of a RIB entry, whole or abbreviated; route
/// distinguishers before it (VPN families, RFC 4364 §4.3.2) are passed over.
///
/// ```
/// use bgp_wire::{NextHop, mrt::rib_next_hop};
///
/// let abbreviated = [4, 192, 0, 2, 1];
/// assert_eq!(rib_next_hop(&abbreviated), Some(NextHop::V4([192, 0, 2, 1].into())));
/// assert_eq!(rib_next_hop(&[4, 192, 0]), None);
/// ```
pub fn rib_next_hop(value: &[u8]) -> Option<NextHop> {
    let octets = octets(value)?;
    let octets = match octets.len() {
        12 | 24 => octets.get(8..)?,
        _ => octets,
    };
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(NextHop::V4(Ipv4Addr::from(octets)));
    }
    let (global, rest) = octets.split_first_chunk::<16>()?;
    let global = Ipv6Addr::from(*global);
    let link_local = match rest {
        [] => None,
        // RFC 2545 §3: the link-local address follows the global one.
        rest => Some(Ipv6Addr::from(<[u8; 16]>::try_from(rest).ok()?)),
    };
    Some(NextHop::V6 { global, link_local })
}
