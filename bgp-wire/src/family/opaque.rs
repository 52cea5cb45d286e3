//! Families without a type of their own: NLRI are octets, but one is told from the next.
//!
//! A route reflector can carry these without knowing what they mean. How an NLRI says its length
//! is a row of one table; of a family that is not in it, all NLRI of an UPDATE are one.
use super::{AddressFamily, Family, NlriOctets};
use crate::prefix::octets_of;
use alloc::vec::Vec;
use core::fmt;

/// Any family, its NLRI kept as octets.
///
/// ```
/// use bgp_wire::{AddressFamily, BgpLs, Opaque};
/// // SR policy: a length in bits (RFC 9830 §2.1).
/// type SrPolicy = Opaque<1, 73>;
/// let octets = [96, 0, 0, 0, 1, 0, 0, 0, 100, 192, 0, 2, 1, 96];
/// assert_eq!(SrPolicy::measure(&octets), Some(13));
/// assert_eq!(BgpLs::FAMILY.to_string(), "bgp-ls");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Opaque<const AFI: u16, const SAFI: u8>;

/// BGP-LS (RFC 9552), its NLRI kept as octets.
pub type BgpLs = Opaque<16_388, 71>;

/// One NLRI of an opaque family: whole, its length included.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpaqueKey<const AFI: u16, const SAFI: u8>(NlriOctets);

impl<const AFI: u16, const SAFI: u8> OpaqueKey<AFI, SAFI> {
    /// `None` where `octets` are not exactly one NLRI of the family.
    pub fn new(octets: &[u8]) -> Option<Self> {
        let framing = Framing::of(Family {
            afi: AFI,
            safi: SAFI,
        });
        let whole = !octets.is_empty() && framing.measure(octets) == Some(octets.len());
        whole.then(|| Self(NlriOctets::new(octets)))
    }
    /// The octets, length included.
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl<const AFI: u16, const SAFI: u8> fmt::Display for OpaqueKey<AFI, SAFI> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the length of an NLRI stands, and what it counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framing {
    /// Nobody knows: everything is one NLRI.
    Whole,
    /// One octet that counts bits.
    Bits,
    /// So many octets, then one that counts the octets behind it.
    Short(usize),
    /// So many octets, then two that count the octets behind them.
    Long(usize),
    /// One octet, or two of which the first begins with 0xf (RFC 8955 §4.1).
    Flowspec,
}

impl Framing {
    /// The table.
    pub(crate) const fn of(family: Family) -> Self {
        match (family.afi, family.safi) {
            // RFC 6514 §4: route type, length.
            (1 | 2, 5) => Self::Short(1),
            // RFC 6037 §4: MDT; RFC 6514 §14: multicast in VPNs; RFC 9830 §2.1: SR policy.
            (1 | 2, 66 | 73 | 129) => Self::Bits,
            // RFC 9871 §2.9: color-aware routing.
            (1 | 2, 83 | 84) => Self::Short(0),
            // draft-ietf-bess-mup-safi §3.1: architecture, route type, length.
            (1 | 2, 85) => Self::Short(3),
            // RFC 9015 §3: service function chaining.
            (31, 9) => Self::Long(2),
            // RFC 4761 §3.2.2
            (25, 65) => Self::Long(0),
            // RFC 8955 §4.1, for any AFI.
            (_, 133 | 134) => Self::Flowspec,
            // RFC 9552 §5.2, RFC 9815 §5.1
            (16_388, 71 | 72 | 80) => Self::Long(2),
            _ => Self::Whole,
        }
    }

    /// Octets of the first NLRI.
    pub(crate) fn measure(self, octets: &[u8]) -> Option<usize> {
        let (head, body) = match self {
            Self::Whole => (0, octets.len()),
            Self::Bits => (1, octets_of(*octets.first()?)),
            Self::Short(before) => {
                let length = octets.get(before)?;
                (before.saturating_add(1), usize::from(*length))
            }
            Self::Long(before) => {
                let length = octets.get(before..)?.first_chunk::<2>()?;
                let length = usize::from(u16::from_be_bytes(*length));
                (before.saturating_add(2), length)
            }
            Self::Flowspec => flowspec_length(octets)?,
        };
        let length = head.saturating_add(body);
        (length <= octets.len()).then_some(length)
    }
}

/// Octets of a flowspec NLRI's length, and what it says (RFC 8955 §4.1).
pub(super) fn flowspec_length(octets: &[u8]) -> Option<(usize, usize)> {
    let (high, rest) = octets.split_first()?;
    if *high < 0xf0 {
        return Some((1, usize::from(*high)));
    }
    let low = rest.first()?;
    let length = u16::from_be_bytes([high & 0x0f, *low]);
    Some((2, usize::from(length)))
}

impl<const AFI: u16, const SAFI: u8> AddressFamily for Opaque<AFI, SAFI> {
    const FAMILY: Family = Family {
        afi: AFI,
        safi: SAFI,
    };
    const LONGEST: usize = 65_535;
    const SHARES: bool = !matches!(Framing::of(Self::FAMILY), Framing::Whole);
    type Key = OpaqueKey<AFI, SAFI>;
    type Payload = ();

    fn measure(octets: &[u8]) -> Option<usize> {
        Framing::of(Self::FAMILY).measure(octets)
    }
    fn take(octets: &[u8]) -> Option<(Self::Key, (), &[u8])> {
        let (nlri, rest) = octets.split_at_checked(Self::measure(octets)?)?;
        if nlri.is_empty() {
            return None;
        }
        Some((OpaqueKey(NlriOctets::new(nlri)), (), rest))
    }
    fn reads(_: &[u8], _: bool) -> bool {
        true
    }
    fn put(key: &Self::Key, (): &(), out: &mut Vec<u8>) {
        out.extend_from_slice(key.as_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_nlri_is_told_from_the_next() {
        for (afi, safi, first) in [
            (1, 5, &[6, 3, 1, 2, 3][..]),
            (2, 73, &[17, 1, 2, 3]),
            (1, 85, &[1, 0, 2, 2, 9, 9]),
            (1, 83, &[2, 1, 1]),
            (25, 65, &[0, 3, 1, 2, 3]),
            (25, 133, &[2, 1, 1]),
            (16_388, 71, &[0, 1, 0, 2, 7, 7]),
            (31, 9, &[0, 1, 0, 0]),
        ] {
            let framing = Framing::of(Family { afi, safi });
            let mut octets = first.to_vec();
            assert_eq!(framing.measure(&octets), Some(first.len()), "{afi} {safi}");
            octets.extend([0, 0, 0, 0, 0]);
            assert_eq!(framing.measure(&octets), Some(first.len()), "{afi} {safi}");
            let cut = &first[..first.len() - 1];
            assert_eq!(framing.measure(cut), None, "{afi} {safi}");
        }
        let long = [&[0xf1, 0x00][..], &[0; 256]].concat();
        assert_eq!(Framing::Flowspec.measure(&long), Some(258));
        assert_eq!(Framing::Flowspec.measure(&long[..257]), None);
        assert_eq!(Framing::Flowspec.measure(&[0xf1]), None);
        // Of an unknown family all is one.
        type Unknown = Opaque<7, 7>;
        assert_eq!(Unknown::measure(&[1, 2, 3]), Some(3));
        const { assert!(!Unknown::SHARES && BgpLs::SHARES) };
        assert!(OpaqueKey::<16_388, 71>::new(&[0, 1, 0, 1, 9]).is_some());
        assert!(OpaqueKey::<16_388, 71>::new(&[0, 1, 0, 1, 9, 9]).is_none());
    }
}
