//! Prefixes as octets: one length octet, then as many octets as the length needs (RFC 4271 §4.3).
//!
//! These are the leaves under every IP family, and the only functions that are written once per
//! address size. An IPv4 prefix is read with one load of four octets and a mask, an IPv6 prefix with
//! one of sixteen; only the last prefixes of a run, where the load would pass the end, take the
//! slower way of a copy. Checking a run reads the lengths alone.
use alloc::vec::Vec;
use core::net::{Ipv4Addr, Ipv6Addr};
use ipnet::{Ipv4Net, Ipv6Net};

/// Octets that `bits` of address take.
#[inline]
pub(crate) fn octets_of(bits: u8) -> usize {
    usize::from(bits).div_ceil(8)
}

/// Octets of the first prefix with its length octet; `None` where the length is over `longest`
/// bits or the octets are missing.
#[inline]
pub(crate) fn measure(octets: &[u8], longest: u8) -> Option<usize> {
    let (bits, rest) = octets.split_first()?;
    let body = octets_of(*bits);
    // `body` is at most 32, so the sum cannot overflow.
    (*bits <= longest && body <= rest.len()).then(|| body.saturating_add(1))
}

/// Lengths that take three octets: nine of ten prefixes of a full table.
const THREE_OCTETS: core::ops::RangeInclusive<u8> = 17..=24;

/// The first IPv4 prefix and what follows it. Host bits are masked off.
#[inline]
pub(crate) fn take4(octets: &[u8]) -> Option<(Ipv4Net, &[u8])> {
    // A branch that is nearly always right: where the next prefix begins does not wait for this
    // length to be loaded. The other side is a call, or the compiler makes both one again.
    match octets {
        [bits, a, b, c, rest @ ..] if THREE_OCTETS.contains(bits) => {
            let address = u32::from_be_bytes([*a, *b, *c, 0]);
            Some((masked4(address, *bits)?, rest))
        }
        _ => take4_of_any_length(octets),
    }
}

#[inline]
fn masked4(address: u32, bits: u8) -> Option<Ipv4Net> {
    // A shift by 32 is the empty mask of 0.0.0.0/0.
    let host = 32_u32.checked_sub(u32::from(bits))?;
    let mask = u32::MAX.checked_shl(host).unwrap_or(0);
    Ipv4Net::new(Ipv4Addr::from_bits(address & mask), bits).ok()
}

#[inline(never)]
fn take4_of_any_length(octets: &[u8]) -> Option<(Ipv4Net, &[u8])> {
    // One load where the longest prefix would fit.
    if let Some([bits @ ..=32, address @ ..]) = octets.first_chunk::<5>() {
        let rest = octets.get(octets_of(*bits).saturating_add(1)..)?;
        return Some((masked4(u32::from_be_bytes(*address), *bits)?, rest));
    }
    let (bits, body) = octets.split_first()?;
    let length = octets_of(*bits);
    let rest = body.get(length..)?;
    let mut chunk = [0; 4];
    chunk
        .get_mut(..length)?
        .copy_from_slice(body.get(..length)?);
    let address = u32::from_be_bytes(chunk);
    Some((masked4(address, *bits)?, rest))
}

/// Whether `octets` are whole prefixes of at most `longest` bits; the error is where the first
/// begins that is not.
///
/// Only the lengths are read, and the branch on the most frequent ones keeps the loop from
/// waiting for each of them.
#[inline]
pub(crate) fn check(octets: &[u8], longest: u8) -> Result<(), usize> {
    let mut at = 0_usize;
    let mut last = 0;
    while let Some(bits) = octets.get(at) {
        last = at;
        if THREE_OCTETS.contains(bits) {
            at = at.saturating_add(4);
        } else if *bits <= longest {
            at = at.saturating_add(octets_of(*bits)).saturating_add(1);
        } else {
            return Err(at);
        }
    }
    if at == octets.len() {
        Ok(())
    } else {
        Err(last)
    }
}

/// The first IPv6 prefix and what follows it. Host bits are masked off.
#[inline]
pub(crate) fn take6(octets: &[u8]) -> Option<(Ipv6Net, &[u8])> {
    let (bits, body) = octets.split_first()?;
    let length = octets_of(*bits);
    let rest = body.get(length..)?;
    let address = match body.first_chunk::<16>() {
        Some(chunk) => u128::from_be_bytes(*chunk),
        None => {
            let mut chunk = [0; 16];
            chunk
                .get_mut(..length)?
                .copy_from_slice(body.get(..length)?);
            u128::from_be_bytes(chunk)
        }
    };
    let host = 128_u32.checked_sub(u32::from(*bits))?;
    let mask = u128::MAX.checked_shl(host).unwrap_or(0);
    let prefix = Ipv6Net::new(Ipv6Addr::from_bits(address & mask), *bits).ok()?;
    Some((prefix, rest))
}

/// A prefix of either address size: what the families above are written over.
pub(crate) trait IpPrefix: Sized {
    /// Bits of an address.
    const BITS: u8;
    /// Octets of the longest prefix with its length octet.
    const LONGEST: usize;
    /// The first prefix of `octets` and what follows it.
    fn take(octets: &[u8]) -> Option<(Self, &[u8])>;
    /// A prefix of `bits` bits from exactly the octets that they take. Host bits are masked off.
    fn from_bits(bits: u8, octets: &[u8]) -> Option<Self>;
    /// Its length.
    fn bits(&self) -> u8;
    /// Appends the length octet and the octets of the network.
    fn put(&self, out: &mut Vec<u8>);
    /// Appends as many of these as end before octet `end`; how many.
    fn put_run<'p>(
        prefixes: impl ExactSizeIterator<Item = &'p Self>,
        end: usize,
        out: &mut Vec<u8>,
    ) -> usize
    where
        Self: 'p;
    /// Appends the octets of the network, without the length octet.
    fn write(&self, out: &mut Vec<u8>);
}

macro_rules! ip_prefix {
    ($prefix:ty, $take:ident, $bits:literal, $octets:literal) => {
        impl IpPrefix for $prefix {
            const BITS: u8 = $bits;
            const LONGEST: usize = $octets + 1;
            #[inline]
            fn take(octets: &[u8]) -> Option<(Self, &[u8])> {
                $take(octets)
            }
            #[inline]
            fn from_bits(bits: u8, octets: &[u8]) -> Option<Self> {
                if octets.len() != octets_of(bits) {
                    return None;
                }
                let mut address = [0_u8; $octets];
                address.get_mut(..octets.len())?.copy_from_slice(octets);
                Self::new(address.into(), bits)
                    .ok()
                    .map(|prefix| prefix.trunc())
            }
            #[inline]
            fn bits(&self) -> u8 {
                self.prefix_len()
            }
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                let bits = self.prefix_len();
                let mut octets = [bits; $octets + 1];
                let [_, network @ ..] = &mut octets;
                *network = self.network().octets();
                // All octets and then fewer: a copy of fixed length is no call.
                let end = out.len().saturating_add(octets_of(bits)).saturating_add(1);
                out.extend_from_slice(&octets);
                out.truncate(end);
            }
            fn put_run<'p>(
                prefixes: impl ExactSizeIterator<Item = &'p Self>,
                end: usize,
                out: &mut Vec<u8>,
            ) -> usize {
                let mut at = out.len();
                let longest = prefixes.len().saturating_mul($octets + 1);
                let most = longest.min(end.saturating_sub(at));
                // Room for all at once, so that each is written without asking; and for the octets
                // behind the last that it does not have.
                out.resize(at.saturating_add(most).saturating_add($octets), 0);
                let room = out.as_mut_slice();
                let mut taken = 0_usize;
                for prefix in prefixes {
                    let bits = prefix.prefix_len();
                    let next = at.saturating_add(octets_of(bits)).saturating_add(1);
                    let place = room
                        .get_mut(at..)
                        .and_then(<[u8]>::first_chunk_mut::<{ $octets + 1 }>);
                    let Some([length, network @ ..]) = place.filter(|_| next <= end) else {
                        break;
                    };
                    *length = bits;
                    let octets: &mut [u8; $octets] = network;
                    *octets = prefix.network().octets();
                    at = next;
                    taken = taken.saturating_add(1);
                }
                out.truncate(at);
                taken
            }
            #[inline]
            fn write(&self, out: &mut Vec<u8>) {
                let end = out.len().saturating_add(octets_of(self.prefix_len()));
                out.extend_from_slice(&self.network().octets());
                out.truncate(end);
            }
        }
    };
}
ip_prefix!(Ipv4Net, take4, 32, 4);
ip_prefix!(Ipv6Net, take6, 128, 16);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn host_bits_are_masked_and_the_end_is_exact() {
        let octets = [17, 10, 1, 255, 32, 192, 0, 2, 1, 0, 8, 10];
        let (first, rest) = take4(&octets).unwrap();
        assert_eq!(first.to_string(), "10.1.128.0/17");
        let (second, rest) = take4(rest).unwrap();
        assert_eq!(second.to_string(), "192.0.2.1/32");
        let (third, rest) = take4(rest).unwrap();
        assert_eq!(third.to_string(), "0.0.0.0/0");
        let (fourth, rest) = take4(rest).unwrap();
        assert_eq!(fourth.to_string(), "10.0.0.0/8");
        assert!(rest.is_empty());
    }

    #[test]
    fn too_long_and_cut_prefixes_are_refused_alike_by_both_readers() {
        for octets in [&[33, 1, 2, 3, 4, 5][..], &[24, 1, 2], &[255], &[8], &[]] {
            assert_eq!(measure(octets, 32), None, "{octets:?}");
            assert!(take4(octets).is_none(), "{octets:?}");
        }
        let long = [129_u8; 40];
        assert_eq!(measure(&long, 128), None);
        assert!(take6(&long).is_none());
        assert!(take6(&[64, 0x20, 1]).is_none());
        assert_eq!(measure(&[64, 0x20, 1], 128), None);
    }

    #[test]
    fn ipv6_both_ways() {
        for text in ["::/0", "2001:db8::/32", "2001:db8::1/128", "8000::/1"] {
            let prefix: Ipv6Net = text.parse().unwrap();
            let mut octets = Vec::new();
            octets.push(prefix.bits());
            prefix.write(&mut octets);
            assert_eq!(measure(&octets, 128), Some(octets.len()));
            let length = octets.len();
            octets.extend([0xff; 20]);
            let (back, rest) = take6(&octets).unwrap();
            assert_eq!((back, rest.len()), (prefix, 20));
            let (back, rest) = take6(&octets[..length]).unwrap();
            assert_eq!((back, rest.len()), (prefix, 0));
        }
    }
}
