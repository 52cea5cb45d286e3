//! Routes as the Internet has them: many prefixes that share attributes, short paths, communities
//! on some. What a sender sends is made beforehand, octet by octet, so that while the clock runs
//! nothing is done but writing.
//!
//! Prefix number k is always the same prefix, and back: a receiver notes what it holds in a bit per
//! number. The numbers are spread over the address space by an odd factor, as announcements of
//! neighbors are; lengths are mixed, three quarters of them /24.

use bgp_wire::{Asn, AttributeSet, Ipv4Unicast, MessageSize, NextHop, Nlri, Packer};
use ipnet::Ipv4Net;
use std::{net::Ipv4Addr, ops::Range};

/// First /24 in use, 16.0.0.0, counted in /24 networks: nothing here is anybody's bogon.
const FIRST: u32 = 16 << 16;
/// How many numbers there are: 16.0.0.0 to 79.255.255.0.
pub const MOST: u32 = 1 << 22;
/// Spreads the numbers; odd, so that it has an inverse modulo [`MOST`].
const FACTOR: u32 = 2_654_435;
/// Its inverse.
const INVERSE: u32 = inverse(FACTOR);

/// A number's prefix.
#[must_use]
pub fn prefix(number: u32) -> Ipv4Net {
    let slot = number.wrapping_mul(FACTOR) & (MOST - 1);
    let length = match slot.trailing_zeros() {
        0 | 1 => 24,
        2 => 22,
        3 => 23,
        4..=7 => 20,
        _ => 16,
    };
    let address = Ipv4Addr::from((FIRST + slot) << 8);
    Ipv4Net::new_assert(address, length)
}

/// A prefix's number, from its address; `None` for one that is none of ours.
#[must_use]
pub fn number(address: u32) -> Option<u32> {
    let slot = (address >> 8).checked_sub(FIRST)?;
    (slot < MOST).then_some(slot.wrapping_mul(INVERSE) & (MOST - 1))
}

/// By Newton's method, which doubles the right bits in each round.
const fn inverse(odd: u32) -> u32 {
    let mut x = odd;
    let mut round = 0;
    while round < 5 {
        x = x.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(x)));
        round += 1;
    }
    x & (MOST - 1)
}

/// How a sender's routes look.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// Makes senders and rounds differ: equal seeds give equal octets.
    pub seed: u64,
    /// First AS of every path, the sender's own; `None` inside one AS, where LOCAL_PREF stands
    /// instead.
    pub first_as: Option<u32>,
    /// Next hop of every route.
    pub next_hop: Ipv4Addr,
}

/// UPDATEs, in order, as one run of octets.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Whole messages.
    pub octets: Vec<u8>,
    /// Attribute sets in it.
    pub sets: usize,
}

const SIZE: MessageSize = MessageSize {
    max: 4096,
    four_octet_as: true,
    add_path: false,
};

impl Mix {
    /// Announces the prefixes of these numbers: about one attribute set for seven of them, path
    /// lengths 1 to 8, 60 % with one to five communities, a tenth with a MED.
    #[must_use]
    pub fn announce(&self, numbers: Range<u32>) -> Stream {
        let mut random = Random(self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut stream = Stream::default();
        let mut next = numbers.start;
        let mut attributes = Vec::new();
        let mut nlri: Vec<Nlri<Ipv4Unicast>> = Vec::new();
        while next < numbers.end {
            let end = next.saturating_add(1 + random.below(12)).min(numbers.end);
            attributes.clear();
            self.set(&mut random).encode(&mut attributes);
            nlri.clear();
            nlri.extend((next..end).map(|number| Nlri::new(prefix(number))));
            let packed = Packer::announce(
                &mut stream.octets,
                SIZE,
                &attributes,
                NextHop::V4(self.next_hop),
                &nlri,
            );
            debug_assert!(packed.is_ok(), "such attributes fit into any message");
            stream.sets += 1;
            next = end;
        }
        stream
    }

    fn set(&self, random: &mut Random) -> AttributeSet {
        let further = random.below(8);
        let path = (0..further).map(|_| 1_000 + random.below(60_000));
        let path: Vec<Asn> = self.first_as.into_iter().chain(path).map(Asn).collect();
        let mut set = AttributeSet::with_path(path);
        if self.first_as.is_none() {
            set.local_pref = Some(100);
        }
        if random.below(10) < 6 {
            let count = 1 + random.below(5);
            let communities = (0..count).map(|_| (65_000 << 16) + random.below(5_000));
            set.communities = communities.collect();
        }
        if random.below(10) == 0 {
            set.med = Some(random.below(200));
        }
        set
    }
}

/// Withdraws the prefixes of these numbers, as many in a message as it holds.
#[must_use]
pub fn withdraw(numbers: Range<u32>) -> Stream {
    let nlri: Vec<Nlri<Ipv4Unicast>> = numbers.map(|number| Nlri::new(prefix(number))).collect();
    let mut stream = Stream::default();
    Packer::withdraw(&mut stream.octets, SIZE, &nlri);
    stream
}

/// Splitmix64: good enough to draw routes by, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (z ^ (z >> 31)) >> 32;
        ((high * u64::from(bound)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_and_prefixes_are_the_same() {
        let mut seen = HashSet::new();
        for k in (0..MOST).step_by(97).chain(0..10_000) {
            let prefix = prefix(k);
            assert_eq!(prefix, prefix.trunc());
            assert_eq!(number(prefix.network().into()), Some(k));
            seen.insert(prefix);
        }
        assert!(seen.len() > 50_000);
        assert_eq!(number(0x0a00_0000), None);
    }

    #[test]
    fn the_mix_is_as_described() {
        let mix = Mix {
            seed: 1,
            first_as: Some(64_601),
            next_hop: Ipv4Addr::new(10, 255, 1, 1),
        };
        let stream = mix.announce(0..100_000);
        let per_set = 100_000.0 / stream.sets as f64;
        assert!((6.0..7.0).contains(&per_set), "{per_set} prefixes a set");
        assert_eq!(stream.octets, mix.announce(0..100_000).octets);
    }
}
