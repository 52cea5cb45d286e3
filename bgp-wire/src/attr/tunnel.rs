//! PMSI tunnel (RFC 6514 §5): how multicast and broadcast of a VPN reach their receivers.
use super::CarriedAttribute;
use super::table::{Scope, ValueFault};
use super::walk::RawAttribute;
use crate::FaultKind;
use crate::iana::attribute as code;
use alloc::vec::Vec;
use core::net::IpAddr;

/// A PMSI tunnel, as a view over its attribute.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PmsiTunnel<'a> {
    /// Flags; the lowest bit says "leaf information required".
    pub flags: u8,
    /// Tunnel type: 0 none, 1 RSVP-TE P2MP, 2 mLDP P2MP, 3 PIM-SSM, 4 PIM-SM, 5 bidirectional PIM,
    /// 6 ingress replication, 7 mLDP MP2MP, …
    pub kind: u8,
    /// 24 bits: an MPLS label in the upper 20 of them, or a VNI (RFC 8365 §5.1.3).
    pub label: u32,
    /// Tunnel identifier; its form depends on the tunnel type.
    pub identifier: &'a [u8],
}

/// Tunnel type "ingress replication", whose identifier is an address (RFC 6514 §5).
const INGRESS_REPLICATION: u8 = 6;

impl<'a> PmsiTunnel<'a> {
    /// Ingress replication toward `endpoint`; its four or sixteen octets go into `identifier`.
    pub fn ingress_replication(label: u32, endpoint: &'a [u8]) -> Self {
        Self {
            flags: 0,
            kind: INGRESS_REPLICATION,
            label,
            identifier: endpoint,
        }
    }

    pub(super) fn read(value: &'a [u8]) -> Option<Self> {
        let [flags, kind, a, b, c, identifier @ ..] = value else {
            return None;
        };
        Some(Self {
            flags: *flags,
            kind: *kind,
            label: u32::from_be_bytes([0, *a, *b, *c]),
            identifier,
        })
    }

    /// The endpoint of ingress replication.
    pub fn endpoint(&self) -> Option<IpAddr> {
        if self.kind != INGRESS_REPLICATION {
            return None;
        }
        match self.identifier.len() {
            4 => <[u8; 4]>::try_from(self.identifier).ok().map(IpAddr::from),
            _ => <[u8; 16]>::try_from(self.identifier).ok().map(IpAddr::from),
        }
    }

    /// As an attribute to send; `None` where the type is reserved or the identifier is longer than
    /// an attribute can be.
    pub fn to_attribute(&self) -> Option<CarriedAttribute> {
        let [_, label @ ..] = self.label.to_be_bytes();
        let mut value = Vec::with_capacity(self.identifier.len().saturating_add(5));
        value.extend([self.flags, self.kind]);
        value.extend(label);
        value.extend_from_slice(self.identifier);
        CarriedAttribute::new(RawAttribute {
            flags: code::OPTIONAL | code::TRANSITIVE,
            code: code::PMSI_TUNNEL,
            value: &value,
        })
    }
}

/// RFC 6514 §5: flags, tunnel type, three octets of label, identifier.
pub(super) fn check_pmsi_tunnel(value: &[u8], _: Scope) -> Result<(), ValueFault> {
    match value {
        // RFC 7385 §4: tunnel type 255 is reserved.
        [_, 0xff, ..] => Err((1, FaultKind::AttributeValue)),
        // RFC 6514 §5: the identifier of ingress replication is an address.
        [_, INGRESS_REPLICATION, _, _, _, identifier @ ..]
            if !matches!(identifier.len(), 4 | 16) =>
        {
            Err((5, FaultKind::AttributeValue))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        let octets = [1, 6, 0, 0x27, 0x10, 192, 0, 2, 1];
        let tunnel = PmsiTunnel::read(&octets).unwrap();
        assert_eq!((tunnel.flags, tunnel.label), (1, 10_000));
        assert_eq!(tunnel.endpoint(), Some("192.0.2.1".parse().unwrap()));
        let attribute = tunnel.to_attribute().unwrap();
        assert_eq!(attribute.raw().value, octets);
        let none = PmsiTunnel {
            kind: 0,
            ..PmsiTunnel::ingress_replication(5, &[])
        };
        assert_eq!(none.endpoint(), None);
        assert_eq!(none.to_attribute().unwrap().raw().value, [0, 0, 0, 0, 5]);
        assert_eq!(
            PmsiTunnel::ingress_replication(5, &[1]).to_attribute(),
            None
        );
    }
}
