//! Address families: the run-time pair and the compile-time trait.
//!
//! On the wire a family is two numbers; in code it is a type, so that tables, iterators and
//! encoders are written once and compiled per family. The run-time pair is dispatched to a type
//! in exactly one place of each consumer. Cost: the types are zero-sized.
use crate::iana::{self, afi, safi};
use crate::prefix;
use alloc::vec::Vec;
use core::{
    fmt::{self, Debug, Display},
    hash::Hash,
    str::FromStr,
};
use ipnet::{Ipv4Net, Ipv6Net};

/// AFI and SAFI, as on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Family {
    /// AFI
    pub afi: u16,
    /// SAFI
    pub safi: u8,
}

/// The text names no address family.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseFamilyError;

/// One address family at compile time: what its NLRI is made of.
pub trait AddressFamily: Copy + Debug + Eq + Hash + Ord + Send + Sync + 'static {
    /// The run-time code points.
    const FAMILY: Family;
    /// Octets of the longest NLRI, path identifier not counted.
    const LONGEST: usize;
    /// What identifies a route (a prefix, RD + prefix, …).
    type Key: Copy + Debug + Display + Eq + Hash + Ord + Send + Sync + 'static;
    /// What an NLRI carries that is not its key (labels, …); `()` for unicast.
    type Payload: Copy + Debug + Default + Eq + Send + Sync + 'static;

    /// Octets of the first NLRI (path identifier not counted); `None` where it is malformed or
    /// runs past the end. `octets` is not empty.
    fn measure(octets: &[u8]) -> Option<usize>;
    /// Reads the first NLRI and what follows it; `None` exactly where `measure` says so.
    fn take(octets: &[u8]) -> Option<(Self::Key, Self::Payload, &[u8])>;
    /// Appends one NLRI without path identifier.
    fn put(key: &Self::Key, payload: &Self::Payload, out: &mut Vec<u8>);
}

/// IPv4 unicast.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv4Unicast;
/// IPv6 unicast.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv6Unicast;

impl Family {
    /// IPv4 unicast.
    pub const IPV4_UNICAST: Self = Self {
        afi: afi::IPV4,
        safi: safi::UNICAST,
    };
    /// IPv6 unicast.
    pub const IPV6_UNICAST: Self = Self {
        afi: afi::IPV6,
        safi: safi::UNICAST,
    };

    /// The name of the families that have one: "ipv4-unicast", "vpnv6", …
    pub fn name(self) -> Option<&'static str> {
        iana::FAMILIES
            .iter()
            .find(|(afi, safi, _)| (*afi, *safi) == (self.afi, self.safi))
            .map(|(_, _, name)| *name)
    }
}

impl Display for Family {
    // "ipv4-unicast", "afi 25 safi 65"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "afi {} safi {}", self.afi, self.safi),
        }
    }
}

impl FromStr for Family {
    // "ipv4", "ipv4-unicast", "ipv6", "afi 25 safi 65"
    type Err = ParseFamilyError;
    fn from_str(text: &str) -> Result<Self, ParseFamilyError> {
        match text {
            "ipv4" => return Ok(Self::IPV4_UNICAST),
            "ipv6" => return Ok(Self::IPV6_UNICAST),
            _ => {}
        }
        if let Some((afi, safi, _)) = iana::FAMILIES.iter().find(|(_, _, name)| *name == text) {
            return Ok(Self {
                afi: *afi,
                safi: *safi,
            });
        }
        let mut words = text.split(' ');
        match (
            words.next(),
            words.next(),
            words.next(),
            words.next(),
            words.next(),
        ) {
            (Some("afi"), Some(afi), Some("safi"), Some(safi), None) => Ok(Self {
                afi: afi.parse().map_err(|_| ParseFamilyError)?,
                safi: safi.parse().map_err(|_| ParseFamilyError)?,
            }),
            _ => Err(ParseFamilyError),
        }
    }
}

impl Display for ParseFamilyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address family: write \"ipv4-unicast\" or \"ipv6-unicast\"")
    }
}
impl core::error::Error for ParseFamilyError {}

impl AddressFamily for Ipv4Unicast {
    const FAMILY: Family = Family::IPV4_UNICAST;
    const LONGEST: usize = 5;
    type Key = Ipv4Net;
    type Payload = ();

    #[inline]
    fn measure(octets: &[u8]) -> Option<usize> {
        prefix::measure(octets, 32)
    }
    #[inline]
    fn take(octets: &[u8]) -> Option<(Ipv4Net, (), &[u8])> {
        prefix::take4(octets).map(|(prefix, rest)| (prefix, (), rest))
    }
    fn put(key: &Ipv4Net, (): &(), out: &mut Vec<u8>) {
        prefix::put(key.prefix_len(), &key.network().octets(), out);
    }
}

impl AddressFamily for Ipv6Unicast {
    const FAMILY: Family = Family::IPV6_UNICAST;
    const LONGEST: usize = 17;
    type Key = Ipv6Net;
    type Payload = ();

    #[inline]
    fn measure(octets: &[u8]) -> Option<usize> {
        prefix::measure(octets, 128)
    }
    #[inline]
    fn take(octets: &[u8]) -> Option<(Ipv6Net, (), &[u8])> {
        prefix::take6(octets).map(|(prefix, rest)| (prefix, (), rest))
    }
    fn put(key: &Ipv6Net, (): &(), out: &mut Vec<u8>) {
        prefix::put(key.prefix_len(), &key.network().octets(), out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_family_reads_back_what_it_shows() {
        for (afi, safi, _) in iana::FAMILIES {
            let family = Family {
                afi: *afi,
                safi: *safi,
            };
            assert_eq!(family.to_string().parse(), Ok(family));
        }
        let unknown = Family { afi: 99, safi: 7 };
        assert_eq!(unknown.to_string(), "afi 99 safi 7");
        assert_eq!("afi 99 safi 7".parse(), Ok(unknown));
        assert_eq!("ipv4".parse(), Ok(Family::IPV4_UNICAST));
        assert_eq!("ipv6".parse(), Ok(Family::IPV6_UNICAST));
        for wrong in ["", "ipv5", "afi 1", "afi 70000 safi 1", "afi 1 safi 1 x"] {
            assert_eq!(wrong.parse::<Family>(), Err(ParseFamilyError), "{wrong}");
        }
    }
}
