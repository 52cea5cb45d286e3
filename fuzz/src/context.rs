//! What a session may have negotiated, chosen by two octets.
//!
//! The first two octets of an input are taken for it, so that a fuzzer explores contexts as it
//! explores messages. Cost: two octets of every corpus file.
use crate::families;
use bgp_wire::{AsSets, Family, MessageSize, SessionType, UpdateContext};

/// Octets that choose.
pub(crate) const LENGTH: usize = 2;

/// Contexts that inputs without one are run in: between them every choice is made once.
pub(crate) const USUAL: &[&[u8]] = &[
    &[0b0000_0100, 0b0000_0100],
    &[0b0000_0101, 0b0000_1101],
    &[0b0001_0100, 0b0010_0001],
    &[0b0010_0001, 0b0100_0010],
    &[0b0100_1100, 0b0110_0111],
    &[0b0111_0001, 0b1000_0100],
];

/// How a message is read, and how what was read is written again.
pub(crate) struct Chosen {
    pub(crate) reading: UpdateContext,
    pub(crate) writing: MessageSize,
    /// Which rewrite of the attributes is tried, 0 to 7.
    pub(crate) rewrite: u8,
}

/// The context, and what follows the octets that choose it.
pub(crate) fn split(input: &[u8]) -> Option<(Chosen, &[u8])> {
    let ([first, second], rest) = input.split_first_chunk::<LENGTH>()?;
    Some((choose(*first, *second), rest))
}

fn choose(first: u8, second: u8) -> Chosen {
    let families: Vec<Family> = match (first >> 5) & 0b11 {
        0 => families::ALL.to_vec(),
        1 => vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
        2 => vec![Family::IPV4_UNICAST],
        _ => {
            let others = families::ALL.iter().copied();
            others
                .filter(|family| *family != Family::IPV4_UNICAST)
                .collect()
        }
    };
    let of = |wanted: fn(&Family) -> bool| families.iter().copied().filter(wanted).collect();
    let add_path: Vec<Family> = match second & 0b11 {
        0 => Vec::new(),
        1 => families.clone(),
        2 => of(|family| *family == Family::IPV4_UNICAST),
        _ => of(|family| *family != Family::IPV4_UNICAST),
    };
    let extended_next_hop = if first & 0b1_0000 == 0 {
        Vec::new()
    } else {
        of(|family| family.afi == 1)
    };
    Chosen {
        reading: UpdateContext {
            session: if first & 1 == 0 {
                SessionType::Ebgp
            } else {
                SessionType::Ibgp
            },
            four_octet_as: first & 0b100 != 0,
            as_sets: if first & 0b1000 == 0 {
                AsSets::Accept
            } else {
                AsSets::Withdraw
            },
            families,
            add_path,
            extended_next_hop,
        },
        writing: MessageSize {
            max: if second & 0b1_0000 == 0 {
                4_096
            } else {
                65_535
            },
            four_octet_as: second & 0b100 != 0,
            add_path: second & 0b1000 != 0,
        },
        rewrite: second >> 5,
    }
}
