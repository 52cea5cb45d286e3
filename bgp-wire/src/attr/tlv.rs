//! Attributes that are lists of type, length and value: checked for their outer structure, and
//! where an RFC says what malformed means, for that.
use super::table::{self, Scope, ValueFault};
use super::walk::{Seen, Walk};
use crate::iana::attribute as code;
use crate::{AsSets, FaultKind, SessionType};

const MALFORMED: FaultKind = FaultKind::AttributeValue;

/// One TLV of a list and what follows; `None` where it passes the end.
fn split(octets: &[u8], long_type: bool) -> Option<(u16, &[u8], &[u8])> {
    let (kind, rest) = if long_type {
        let (kind, rest) = octets.split_first_chunk::<2>()?;
        (u16::from_be_bytes(*kind), rest)
    } else {
        let (kind, rest) = octets.split_first()?;
        (u16::from(*kind), rest)
    };
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((kind, value, rest))
}

/// Calls `each` with every TLV; `kind` is what it means that one passes the end.
fn every(
    octets: &[u8],
    long_type: bool,
    kind: FaultKind,
    mut each: impl FnMut(u16, &[u8]) -> Result<(), FaultKind>,
) -> Result<(), ValueFault> {
    let mut rest = octets;
    while !rest.is_empty() {
        let at = octets.len().saturating_sub(rest.len());
        let (code, value, next) = split(rest, long_type).ok_or((at, kind))?;
        each(code, value).map_err(|kind| (at, kind))?;
        rest = next;
    }
    Ok(())
}

/// Two octets of type, two of length: BGP-LS (RFC 9552 §5.1).
pub(super) fn check_long(value: &[u8], _: Scope) -> Result<(), ValueFault> {
    every(value, true, MALFORMED, |_, _| Ok(()))
}

/// Tunnel encapsulation (RFC 9012 §2): tunnels of two octets of type and two of length. RFC 9012 §13:
/// "The final octet of a TLV MUST also be the final octet of its final sub-TLV", of whatever type.
pub(super) fn check_tunnel_encapsulation(value: &[u8], _: Scope) -> Result<(), ValueFault> {
    every(value, true, MALFORMED, |_, mut rest| {
        while let Some((kind, body)) = rest.split_first() {
            // RFC 9012 §2: the length takes two octets from type 128 on.
            let (length, body) = match (kind, body) {
                (0..128, [length, body @ ..]) => (usize::from(*length), body),
                (128.., [high, low, body @ ..]) => {
                    (usize::from(u16::from_be_bytes([*high, *low])), body)
                }
                _ => return Err(MALFORMED),
            };
            rest = body.get(length..).ok_or(MALFORMED)?;
        }
        Ok(())
    })
}

/// AIGP (RFC 7311 §3): the length of a TLV counts its type and length, three octets.
pub(super) fn check_aigp(value: &[u8], _: Scope) -> Result<(), ValueFault> {
    let mut rest = value;
    let mut found = false;
    while !rest.is_empty() {
        let at = value.len().saturating_sub(rest.len());
        let [kind, high, low, ..] = rest else {
            return Err((at, MALFORMED));
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length < 3 || (*kind == 1 && length != 11) {
            return Err((at, MALFORMED));
        }
        rest = rest.get(length..).ok_or((at, MALFORMED))?;
        found |= *kind == 1;
    }
    // RFC 7311 §3: without its one TLV the attribute says nothing.
    if found { Ok(()) } else { Err((0, MALFORMED)) }
}

/// The metric of AIGP: its first TLV of type 1 counts (RFC 7311 §3).
pub(super) fn aigp(value: &[u8]) -> Option<u64> {
    let mut rest = value;
    loop {
        let [kind, high, low, ..] = rest else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (first, next) = rest.split_at_checked(length.max(3))?;
        if *kind == 1 {
            return Some(u64::from_be_bytes(first.get(3..)?.try_into().ok()?));
        }
        rest = next;
    }
}

/// ATTR_SET (RFC 6368 §5): the origin AS, and attributes of an internal session with four-octet AS
/// numbers. Malformed where they do not add up, are malformed themselves, or are NLRI. What an
/// ATTR_SET inside holds is not looked at: nobody reads it from there, and a tower of them must not
/// cost a stack. AS numbers of two octets are taken as well: §5 asks for four, but speakers that
/// put a two-octet session's path in as it was are at large, and the set is only carried.
pub(super) fn check_attr_set(value: &[u8], _: Scope) -> Result<(), ValueFault> {
    const INSIDE: Scope = Scope {
        session: SessionType::Ibgp,
        four_octet_as: true,
        as_sets: AsSets::Accept,
    };
    let Some((_, attributes)) = value.split_first_chunk::<4>() else {
        return Err((0, MALFORMED));
    };
    let mut seen = Seen::default();
    let mut walk = Walk::new(attributes);
    loop {
        let at = walk.offset().saturating_add(4);
        let Some(attribute) = walk.next() else {
            return match walk.rest() {
                [] => Ok(()),
                _ => Err((at, MALFORMED)),
            };
        };
        let sound = match (attribute.code, table::row(attribute.code)) {
            (code::MP_REACH_NLRI | code::MP_UNREACH_NLRI, _) => false,
            (code::ATTR_SET, _) => true,
            (inside, Some(row)) => {
                let two_octet = Scope {
                    four_octet_as: false,
                    ..INSIDE
                };
                row.verify(&attribute, INSIDE).is_ok()
                    || (matches!(inside, code::AS_PATH | code::AGGREGATOR)
                        && row.verify(&attribute, two_octet).is_ok())
            }
            (_, None) => attribute.flags & code::OPTIONAL != 0,
        };
        if !sound || seen.again(attribute.code) {
            return Err((at, MALFORMED));
        }
    }
}

/// D-PATH (draft-ietf-bess-evpn-ipvpn-interworking §4): segments of so many domains, seven octets
/// each.
pub(super) fn check_d_path(value: &[u8], _: Scope) -> Result<(), ValueFault> {
    let mut rest = value;
    while let Some((count, body)) = rest.split_first() {
        let at = value.len().saturating_sub(rest.len());
        let length = usize::from(*count).saturating_mul(7);
        rest = match body.get(length..) {
            Some(rest) if length != 0 => rest,
            _ => return Err((at, MALFORMED)),
        };
    }
    Ok(())
}

/// Prefix-SID (RFC 8669 §3, RFC 9252 §2): one octet of type, two of length.
pub(super) fn check_prefix_sid(value: &[u8], _: Scope) -> Result<(), ValueFault> {
    // RFC 9252 §2: of several service TLVs of one type, the first is used.
    let mut services = [false; 2];
    every(value, false, MALFORMED, |kind, value| match kind {
        // RFC 8669 §3.1: label index, seven octets.
        1 if value.len() != 7 => Err(MALFORMED),
        // RFC 8669 §3.2: originator SRGB, flags and at least one range of six octets.
        3 if value.len() < 8 || !value.len().saturating_sub(2).is_multiple_of(6) => Err(MALFORMED),
        5 | 6 => {
            let [layer3, layer2] = &mut services;
            let seen = if kind == 5 { layer3 } else { layer2 };
            if core::mem::replace(seen, true) {
                return Ok(());
            }
            srv6_service(value)
        }
        _ => Ok(()),
    })
}

/// SRv6 L3 or L2 service: a reserved octet and sub-TLVs (RFC 9252 §2, §3).
fn srv6_service(value: &[u8]) -> Result<(), FaultKind> {
    const WRONG: FaultKind = FaultKind::Srv6Service;
    let (_, sub) = value.split_first().ok_or(WRONG)?;
    let inside = every(sub, false, WRONG, |kind, value| {
        if kind != 1 {
            return Ok(());
        }
        // RFC 9252 §3.1: SRv6 SID information, 21 octets and sub-sub-TLVs.
        let sub = value.get(21..).ok_or(WRONG)?;
        every(sub, false, WRONG, |kind, value| match kind {
            // RFC 9252 §3.2.1: SRv6 SID structure, six octets.
            1 if value.len() != 6 => Err(WRONG),
            _ => Ok(()),
        })
        .map_err(|(_, kind)| kind)
    });
    inside.map_err(|(_, kind)| kind)
}

#[cfg(test)]
mod tests;
