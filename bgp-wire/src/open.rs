//! OPEN (RFC 4271 §4.2, RFC 5492, RFC 9072).
//!
//! The value holds what an OPEN means, not how it was packed: AS_TRANS in the two-octet field and
//! the two forms of optional parameter lengths exist only inside `parse` and `encode`. Encoding
//! is canonical: all capabilities in one parameter, extended lengths only where they are needed.
use crate::capability::capability;
use crate::iana::parameter;
use crate::structure::{Parsed, Wrong, or, run};
use crate::{
    Asn, Capability, Family, Fault, FaultKind, Header, MessageType, Role, RouterId, header,
};
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use nom::Parser;
use nom::combinator::all_consuming;
use nom::multi::{length_data, many0};
use nom::number::complete::{be_u8, be_u16, be_u32};

/// The version of BGP.
const VERSION: u8 = 4;
/// Octets of the fixed part of the body, optional parameter length included.
const FIXED: usize = 10;

/// An OPEN. `asn` is the true AS: AS_TRANS and the four-octet capability are handled by parse/encode.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Open {
    /// AS
    pub asn: Asn,
    /// seconds; 0 or at least 3
    pub hold_time: u16,
    /// BGP identifier
    pub router_id: RouterId,
    /// in order; FourOctetAs present where sent
    pub capabilities: Vec<Capability>,
}

impl Open {
    /// What a speaker of today sends: multiprotocol for each family, route refresh, enhanced route
    /// refresh, extended messages and four-octet AS numbers. Change `capabilities` for others.
    pub fn new(asn: Asn, hold_time: u16, router_id: RouterId, families: &[Family]) -> Self {
        let mut capabilities: Vec<_> = families
            .iter()
            .map(|family| Capability::Multiprotocol(*family))
            .collect();
        capabilities.extend([
            Capability::RouteRefresh,
            Capability::EnhancedRouteRefresh,
            Capability::ExtendedMessage,
            Capability::FourOctetAs(asn),
        ]);
        Self {
            asn,
            hold_time,
            router_id,
            capabilities,
        }
    }

    /// Families of the multiprotocol capabilities; IPv4 unicast alone where there is none
    /// (RFC 4760 §8). Every family once, in order.
    pub fn families(&self) -> Vec<Family> {
        let mut families = Vec::new();
        for capability in &self.capabilities {
            if let Capability::Multiprotocol(family) = capability
                && !families.contains(family)
            {
                families.push(*family);
            }
        }
        if families.is_empty() {
            families.push(Family::IPV4_UNICAST);
        }
        families
    }

    /// Whether a capability that is equal to `wanted` is there.
    pub fn has(&self, wanted: &Capability) -> bool {
        self.capabilities.contains(wanted)
    }

    /// Roles in the order in which they stand; more than one that differ are an error (RFC 9234
    /// §4.2), which is for the receiver to tell.
    pub fn roles(&self) -> impl Iterator<Item = Role> + '_ {
        self.capabilities
            .iter()
            .filter_map(|capability| match capability {
                Capability::Role(role) => Some(*role),
                _ => None,
            })
    }

    /// From a whole message. Version, hold time 1-2, identifier 0, lengths are faults with their NOTIFICATION.
    pub fn parse(message: &[u8]) -> Result<Self, Fault> {
        let body = message.get(Header::LENGTH..).unwrap_or(&[]);
        if body.len() < FIXED {
            return Err(Fault {
                offset: 16,
                attr: None,
                kind: FaultKind::MessageLength,
            });
        }
        run(message, body, FaultKind::OpenStructure, parse_body)
    }

    /// Appends the whole message. Capabilities that cannot be encoded (a value over 255 octets) or
    /// that would make the message pass 4,096 octets are left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = header::begin(out, MessageType::Open);
        out.push(VERSION);
        out.extend(self.asn.two_octet().to_be_bytes());
        out.extend(self.hold_time.to_be_bytes());
        out.extend(self.router_id.address().octets());
        let mut list = Vec::new();
        // RFC 9072 §2: four octets of extended header, three of the parameter.
        let room = Header::STANDARD_MAX - Header::LENGTH - FIXED - 3 - 3;
        for capability in &self.capabilities {
            let before = list.len();
            capability.encode(&mut list);
            if list.len() > room {
                list.truncate(before);
            }
        }
        let length = list.len();
        match u8::try_from(length) {
            Ok(0) => out.push(0),
            // One parameter: type, length, capabilities. 255 itself marks the extended form.
            Ok(length) if length < 253 => {
                out.extend([length.wrapping_add(2), parameter::CAPABILITIES, length]);
            }
            // RFC 9072 §2: the length octet and the first type are 255, then lengths of two octets.
            _ => {
                out.extend([255, parameter::EXTENDED_LENGTH]);
                for value in [length.saturating_add(3), length] {
                    out.extend(u16::try_from(value).unwrap_or(u16::MAX).to_be_bytes());
                    if value != length {
                        out.push(parameter::CAPABILITIES);
                    }
                }
            }
        }
        out.extend(list);
        header::finish(out, start);
    }
}

fn parse_body(input: &[u8]) -> Parsed<'_, Open> {
    let (after, version) = be_u8(input)?;
    if version != VERSION {
        return Wrong::failure(input, FaultKind::OpenVersion);
    }
    let asn_at = after;
    let (after, asn) = be_u16(after)?;
    let hold_at = after;
    let (after, hold_time) = be_u16(after)?;
    let id_at = after;
    let (after, identifier) = be_u32(after)?;
    // RFC 4271 §6.2: one or two seconds must be rejected.
    if matches!(hold_time, 1 | 2) {
        return Wrong::failure(hold_at, FaultKind::OpenHoldTime);
    }
    let Some(router_id) = RouterId::new(Ipv4Addr::from_bits(identifier)) else {
        return Wrong::failure(id_at, FaultKind::OpenRouterId);
    };
    let (after, capabilities) = parameters(after)?;
    let four_octet = capabilities.iter().find_map(|capability| match capability {
        Capability::FourOctetAs(asn) => Some(*asn),
        _ => None,
    });
    let asn = four_octet.unwrap_or(Asn(u32::from(asn)));
    // RFC 7607 §2: AS 0 is a bad peer AS.
    if asn == Asn(0) {
        return Wrong::failure(asn_at, FaultKind::OpenAsn);
    }
    Ok((
        after,
        Open {
            asn,
            hold_time,
            router_id,
            capabilities,
        },
    ))
}

/// Optional parameters with their length, in either form.
fn parameters(input: &[u8]) -> Parsed<'_, Vec<Capability>> {
    let structure = FaultKind::OpenStructure;
    // RFC 9072 §2: the first type decides; a length octet of 0 means that nothing follows.
    let extended = matches!(input, [length, parameter::EXTENDED_LENGTH, ..] if *length != 0);
    let (after, octets) = if extended {
        let (after, _) = (be_u8, be_u8).parse(input)?;
        or(structure, length_data(be_u16)).parse(after)?
    } else {
        or(structure, length_data(be_u8)).parse(input)?
    };
    let mut capabilities = Vec::new();
    let mut rest = octets;
    while !rest.is_empty() {
        let (next, (kind, value)) = if extended {
            or(structure, (be_u8, length_data(be_u16))).parse(rest)?
        } else {
            or(structure, (be_u8, length_data(be_u8))).parse(rest)?
        };
        if kind != parameter::CAPABILITIES {
            return Wrong::failure(rest, FaultKind::OpenParameter);
        }
        let (_, list) = all_consuming(many0(not_empty)).parse(value)?;
        capabilities.extend(list);
        rest = next;
    }
    Ok((after, capabilities))
}

/// A capability, or nom's "no more" at the end.
fn not_empty(input: &[u8]) -> Parsed<'_, Capability> {
    nom::combinator::verify(nom::combinator::rest_len, |length: &usize| *length > 0)
        .parse(input)?;
    capability(input)
}

#[cfg(test)]
mod tests;
