//! Connection collision resolution (RFC 4271 §6.8, RFC 6286 §2.3) as a pure function.
//!
//! Both sides may connect at once; then two TCP connections join the same two speakers and one
//! has to go. Both sides compute the same answer from what both OPENs say, whatever the order in
//! which they see things happen.
use crate::Slot;
use bgp_wire::{Asn, RouterId};

/// What an OPEN says of the speaker that sent it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contender {
    /// BGP identifier.
    pub router_id: RouterId,
    /// AS number.
    pub asn: Asn,
}

/// The connection that survives: the one begun by the speaker with the higher identifier
/// (compared as an unsigned number in host order) or, with equal identifiers, the higher AS.
#[must_use]
pub fn survivor(local: Contender, remote: Contender) -> Slot {
    // RFC 6286 §2.3: "If the BGP Identifiers … are identical, then the connection initiated by
    // the BGP speaker with the larger AS number is preserved." Equal on both counts cannot get
    // here: such an OPEN is refused (§2.2).
    if (local.router_id, local.asn) > (remote.router_id, remote.asn) {
        Slot::Ours
    } else {
        Slot::Theirs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn contender(id: [u8; 4], asn: u32) -> Contender {
        Contender {
            router_id: RouterId::new(Ipv4Addr::from(id)).unwrap(),
            asn: Asn(asn),
        }
    }

    #[test]
    fn the_higher_identifier_keeps_what_it_began() {
        let (low, high) = (contender([9, 0, 0, 1], 65_000), contender([10, 0, 0, 1], 1));
        assert_eq!(survivor(low, high), Slot::Theirs);
        assert_eq!(survivor(high, low), Slot::Ours);
    }

    #[test]
    fn identifiers_compare_as_unsigned_numbers() {
        let (low, high) = (contender([127, 0, 0, 1], 2), contender([128, 0, 0, 1], 1));
        assert_eq!(survivor(high, low), Slot::Ours);
    }

    #[test]
    fn equal_identifiers_are_told_apart_by_as() {
        let (low, high) = (
            contender([10, 0, 0, 1], 12_076),
            contender([10, 0, 0, 1], 4_200_000_000),
        );
        assert_eq!(survivor(low, high), Slot::Theirs);
        assert_eq!(survivor(high, low), Slot::Ours);
    }
}
