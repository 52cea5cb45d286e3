//! Route target constraint (RFC 4684): which route targets a speaker wants to hear of.
use super::{AddressFamily, Family};
use crate::prefix::{self, octets_of};
use crate::{Asn, attr::ExtendedCommunity};
use alloc::vec::Vec;
use core::fmt;

/// Route target constraint.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RouteTargetConstraint;

/// A wish for route targets: those that begin with these bits, on behalf of an AS.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct RouteTargetMembership {
    octets: [u8; 12],
    bits: u8,
}

impl RouteTargetMembership {
    /// All route targets.
    pub const ALL: Self = Self {
        octets: [0; 12],
        bits: 0,
    };

    /// One route target; `target` is an extended community.
    pub fn new(origin: Asn, target: [u8; 8]) -> Self {
        let [a, b, c, d] = origin.0.to_be_bytes();
        let [e, f, g, h, i, j, k, l] = target;
        Self {
            octets: [a, b, c, d, e, f, g, h, i, j, k, l],
            bits: 96,
        }
    }

    /// Route targets whose first `bits` are those of `target`; `None` where these are more than 64.
    pub fn prefix(origin: Asn, target: [u8; 8], bits: u8) -> Option<Self> {
        let bits = bits.checked_add(32).filter(|bits| *bits <= 96)?;
        Self::from_bits(
            bits,
            Self::new(origin, target).octets.get(..octets_of(bits))?,
        )
    }

    /// The AS that asks; `None` where it is every target.
    pub fn origin(&self) -> Option<Asn> {
        let [a, b, c, d, ..] = self.octets;
        (self.bits >= 32).then(|| Asn(u32::from_be_bytes([a, b, c, d])))
    }
    /// The route target's octets, as far as `target_bits` goes.
    pub fn target(&self) -> [u8; 8] {
        let [_, _, _, _, target @ ..] = self.octets;
        target
    }
    /// How many bits of `target` count.
    pub fn target_bits(&self) -> u8 {
        self.bits.saturating_sub(32)
    }

    /// RFC 4684 §4: nothing, or an AS and up to 64 bits.
    fn from_bits(bits: u8, octets: &[u8]) -> Option<Self> {
        if !matches!(bits, 0 | 32..=96) || octets.len() != octets_of(bits) {
            return None;
        }
        let mut whole = [0; 16];
        whole.get_mut(..octets.len())?.copy_from_slice(octets);
        let host = 128_u32.checked_sub(u32::from(bits))?;
        let mask = u128::MAX.checked_shl(host).unwrap_or(0);
        let whole = (u128::from_be_bytes(whole) & mask).to_be_bytes();
        Some(Self {
            octets: *whole.first_chunk()?,
            bits,
        })
    }
}

impl fmt::Display for RouteTargetMembership {
    // "65000 target:65000:1", "65000 0x0002fde8/32", "all"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(origin) = self.origin() else {
            return f.write_str("all");
        };
        if self.bits == 96 {
            return write!(f, "{origin} {}", ExtendedCommunity(self.target()));
        }
        write!(f, "{origin} 0x")?;
        let target = self.target();
        let shown = target.get(..octets_of(self.target_bits())).unwrap_or(&[]);
        shown
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))?;
        write!(f, "/{}", self.target_bits())
    }
}

impl AddressFamily for RouteTargetConstraint {
    const FAMILY: Family = Family::ROUTE_TARGET;
    const LONGEST: usize = 13;
    type Key = RouteTargetMembership;
    type Payload = ();

    #[inline]
    fn measure(octets: &[u8]) -> Option<usize> {
        // RFC 4684 §4: at most 96 bits; RFC 7606 §5.3: more is a length that cannot be.
        prefix::measure(octets, 96)
    }
    fn take(octets: &[u8]) -> Option<(RouteTargetMembership, (), &[u8])> {
        let (nlri, rest) = octets.split_at_checked(Self::measure(octets)?)?;
        let (bits, body) = nlri.split_first()?;
        Some((RouteTargetMembership::from_bits(*bits, body)?, (), rest))
    }
    fn put(key: &RouteTargetMembership, (): &(), out: &mut Vec<u8>) {
        out.push(key.bits);
        out.extend(key.octets.iter().take(octets_of(key.bits)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn both_ways() {
        let target = [0, 2, 0xfd, 0xe8, 0, 0, 0, 1];
        for (key, octets, text) in [
            (RouteTargetMembership::ALL, vec![0], "all"),
            (
                RouteTargetMembership::new(Asn(65_000), target),
                vec![96, 0, 0, 0xfd, 0xe8, 0, 2, 0xfd, 0xe8, 0, 0, 0, 1],
                "65000 target:65000:1",
            ),
            (
                RouteTargetMembership::prefix(Asn(65_000), target, 31).unwrap(),
                vec![63, 0, 0, 0xfd, 0xe8, 0, 2, 0xfd, 0xe8],
                "65000 0x0002fde8/31",
            ),
        ] {
            let mut out = Vec::new();
            RouteTargetConstraint::put(&key, &(), &mut out);
            assert_eq!(out, octets);
            assert_eq!(
                RouteTargetConstraint::take(&octets),
                Some((key, (), &[][..]))
            );
            assert_eq!(key.to_string(), text);
        }
        assert_eq!(RouteTargetMembership::prefix(Asn(1), target, 65), None);
        for (wrong, length) in [(&[31, 0, 0, 0, 0][..], Some(5)), (&[97; 14], None)] {
            assert_eq!(RouteTargetConstraint::measure(wrong), length);
            assert_eq!(RouteTargetConstraint::take(wrong), None);
        }
        assert_eq!(RouteTargetConstraint::measure(&[96, 0]), None);
    }
}
