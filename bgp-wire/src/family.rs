//! Address families: the run-time pair and the compile-time trait.
//!
//! On the wire a family is two numbers; in code it is a type, so that tables, iterators and
//! encoders are written once and compiled per family. The run-time pair is dispatched to a type
//! in exactly one place of each consumer. Cost: the types are zero-sized.
mod evpn;
mod flowspec;
mod ip;
mod label;
mod octets;
mod opaque;
mod rd;
mod route_target;
mod runs;
mod vpn;

pub use evpn::{Evpn, EvpnKey, EvpnPayload, MacAddress, OtherRoute, SegmentId};
pub use flowspec::{
    FlowComponent, FlowMatch, FlowMatches, FlowPrefix, FlowRule, FlowRuleBuilder, FlowRuleError,
    FlowTest, FlowType, Ipv4Flowspec, Ipv6Flowspec, VpnFlowRule, Vpnv4Flowspec, Vpnv6Flowspec,
};
pub use ip::{Ipv4Multicast, Ipv4Unicast, Ipv6Multicast, Ipv6Unicast};
pub use label::{Ipv4Labeled, Ipv6Labeled, Label, Labels};
pub use octets::NlriOctets;
pub use opaque::{BgpLs, Opaque, OpaqueKey};
pub use rd::{ParseRouteDistinguisherError, RouteDistinguisher};
pub use route_target::{RouteTargetConstraint, RouteTargetMembership};
pub use vpn::{Vpn, Vpnv4, Vpnv6};

pub(crate) use runs::Runs;

use crate::Nlri;
use crate::iana::{self, afi, safi};
use alloc::vec::Vec;
use core::{
    fmt::{self, Debug, Display},
    hash::Hash,
    str::FromStr,
};

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
///
/// A family says which part of an NLRI is its key. The rest (labels, and what EVPN carries beside
/// the address) may differ between an announcement and the withdraw of the same route, and so
/// between two announcements of it. Keys of IP families are `Copy`; those of families with NLRI of
/// any length (flowspec, opaque ones) are not.
///
/// An NLRI can be wrong in two ways. Where its length cannot be (`measure` is `None`), what follows it
/// cannot be found either. Where only its inside is wrong (`take` is `None`), it is passed over.
pub trait AddressFamily: Copy + Debug + Eq + Hash + Ord + Send + Sync + 'static {
    /// The run-time code points.
    const FAMILY: Family;
    /// Octets of the longest NLRI, path identifier not counted.
    const LONGEST: usize;
    /// Whether several NLRI may share an UPDATE: not where one cannot be told from the next.
    const SHARES: bool = true;
    /// Whether a withdrawn NLRI may look otherwise than an announced one.
    const WITHDRAWN_DIFFERS: bool = false;
    /// What identifies a route (a prefix, RD + prefix, …).
    type Key: Clone + Debug + Display + Eq + Hash + Ord + Send + Sync + 'static;
    /// What an NLRI carries that is not its key (labels, …); `()` for unicast.
    type Payload: Clone + Debug + Default + Eq + Send + Sync + 'static;

    /// Octets of the first NLRI (path identifier not counted); `None` where it is malformed or
    /// runs past the end. `octets` is not empty.
    fn measure(octets: &[u8]) -> Option<usize>;
    /// Reads the first NLRI and what follows it; `None` where `measure` says so, and where the
    /// inside of the NLRI cannot be read.
    fn take(octets: &[u8]) -> Option<(Self::Key, Self::Payload, &[u8])>;
    /// Appends one NLRI without path identifier.
    fn put(key: &Self::Key, payload: &Self::Payload, out: &mut Vec<u8>);

    /// `take` for a withdrawn NLRI, where it may look otherwise.
    #[inline]
    fn take_withdrawn(octets: &[u8]) -> Option<(Self::Key, Self::Payload, &[u8])> {
        Self::take(octets)
    }
    /// Whether `take` or `take_withdrawn` would read the NLRI that `octets` are, found out without
    /// allocating.
    #[inline]
    fn reads(octets: &[u8], withdrawn: bool) -> bool {
        if withdrawn {
            Self::take_withdrawn(octets).is_some()
        } else {
            Self::take(octets).is_some()
        }
    }
    /// Whether a run without path identifiers can be read; the error is where the first NLRI begins
    /// whose length cannot be. `None`: nobody knows better than to measure one after the other.
    #[inline]
    fn check(_: &[u8]) -> Option<Result<(), usize>> {
        None
    }
    /// Appends those of `nlri` that end before octet `end`, without path identifiers; how many.
    /// `None`: nobody knows better than to append one after the other.
    #[inline]
    fn put_run(_: &[Nlri<Self>], _end: usize, _out: &mut Vec<u8>) -> Option<usize> {
        None
    }
    /// Appends one NLRI as it is withdrawn: the key, and nothing of the rest.
    #[inline]
    fn put_withdrawn(key: &Self::Key, out: &mut Vec<u8>) {
        Self::put(key, &Self::Payload::default(), out);
    }
}

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

    /// Multicast of IPv4.
    pub const IPV4_MULTICAST: Self = Self {
        afi: afi::IPV4,
        safi: safi::MULTICAST,
    };
    /// Multicast of IPv6.
    pub const IPV6_MULTICAST: Self = Self {
        afi: afi::IPV6,
        safi: safi::MULTICAST,
    };
    /// Labelled unicast of IPv4 (RFC 8277).
    pub const IPV4_LABELED: Self = Self {
        afi: afi::IPV4,
        safi: safi::LABELED,
    };
    /// Labelled unicast of IPv6 (RFC 8277).
    pub const IPV6_LABELED: Self = Self {
        afi: afi::IPV6,
        safi: safi::LABELED,
    };
    /// IPv4 VPN (RFC 4364).
    pub const VPNV4: Self = Self {
        afi: afi::IPV4,
        safi: safi::VPN,
    };
    /// IPv6 VPN (RFC 4659).
    pub const VPNV6: Self = Self {
        afi: afi::IPV6,
        safi: safi::VPN,
    };
    /// EVPN (RFC 7432).
    pub const EVPN: Self = Self {
        afi: afi::L2VPN,
        safi: safi::EVPN,
    };
    /// Flowspec of IPv4 (RFC 8955).
    pub const IPV4_FLOWSPEC: Self = Self {
        afi: afi::IPV4,
        safi: safi::FLOWSPEC,
    };
    /// Flowspec of IPv6 (RFC 8956).
    pub const IPV6_FLOWSPEC: Self = Self {
        afi: afi::IPV6,
        safi: safi::FLOWSPEC,
    };
    /// Flowspec of IPv4 VPNs (RFC 8955 §8).
    pub const VPNV4_FLOWSPEC: Self = Self {
        afi: afi::IPV4,
        safi: safi::FLOWSPEC_VPN,
    };
    /// Flowspec of IPv6 VPNs (RFC 8956).
    pub const VPNV6_FLOWSPEC: Self = Self {
        afi: afi::IPV6,
        safi: safi::FLOWSPEC_VPN,
    };
    /// Route target constraint (RFC 4684).
    pub const ROUTE_TARGET: Self = Self {
        afi: afi::IPV4,
        safi: safi::ROUTE_TARGET,
    };
    /// BGP-LS (RFC 9552).
    pub const BGP_LS: Self = Self {
        afi: afi::BGP_LS,
        safi: safi::BGP_LS,
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
        f.write_str(
            "not an address family: write \"ipv4-unicast\", \"vpnv6\", \"evpn\" or another name, or \
             numbers, as in \"afi 25 safi 65\"",
        )
    }
}
impl core::error::Error for ParseFamilyError {}

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
        // What the error proposes is read.
        let text = ParseFamilyError.to_string();
        let proposed: Vec<_> = text.split('"').skip(1).step_by(2).collect();
        assert_eq!(proposed.len(), 4, "{text}");
        for family in proposed {
            assert!(family.parse::<Family>().is_ok(), "{family}");
        }
    }
}
