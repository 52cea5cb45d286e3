//! Next hops: four octets of NEXT_HOP, or what a family has inside MP_REACH_NLRI: addresses, in VPNs
//! each behind a route distinguisher of zero.
use crate::Family;
use crate::iana::{afi, safi};
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A next hop, of NEXT_HOP or MP_REACH_NLRI (RFC 4271 §5.1.3, RFC 2545 §3, RFC 8950).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub enum NextHop {
    V4(Ipv4Addr),
    V6 {
        global: Ipv6Addr,
        link_local: Option<Ipv6Addr>,
    },
}

impl NextHop {
    /// The next hop of a route that goes nowhere: a flow specification.
    pub const NONE: Self = Self::V4(Ipv4Addr::UNSPECIFIED);

    /// The address (the global one of two).
    pub fn address(&self) -> IpAddr {
        match self {
            Self::V4(address) => IpAddr::V4(*address),
            Self::V6 { global, .. } => IpAddr::V6(*global),
        }
    }

    /// From 4, 16 or 32 octets. A second address of all zeros is none.
    #[inline]
    pub(crate) fn from_octets(octets: &[u8]) -> Option<Self> {
        if let Ok(octets) = <[u8; 4]>::try_from(octets) {
            return Some(Self::V4(Ipv4Addr::from(octets)));
        }
        let (global, second) = octets.split_first_chunk::<16>()?;
        let link_local = match second {
            [] => None,
            second => {
                let address = Ipv6Addr::from(<[u8; 16]>::try_from(second).ok()?);
                (!address.is_unspecified()).then_some(address)
            }
        };
        Some(Self::V6 {
            global: Ipv6Addr::from(*global),
            link_local,
        })
    }

    /// Whether it could be the address of a host (RFC 4271 §6.3): not 0.0.0.0/8, not multicast, not
    /// broadcast. An unspecified IPv6 address counts where a link-local one stands beside it.
    #[inline]
    pub fn is_host(&self) -> bool {
        match self {
            Self::V4(address) => {
                let [first, ..] = address.octets();
                first != 0 && !address.is_multicast() && !address.is_broadcast()
            }
            Self::V6 { global, link_local } => {
                !global.is_multicast() && (!global.is_unspecified() || link_local.is_some())
            }
        }
    }

    /// Whether MP_REACH_NLRI of this family may have a next hop of so many octets (RFC 4760 §3, RFC
    /// 2545 §3, RFC 4364 §4.3.2, RFC 4659 §3.2.1); IPv6 ones of IPv4 families only where that was
    /// negotiated (RFC 8950 §4). Families that are octets here are not judged.
    pub(crate) fn fits(family: Family, length: usize, extended: bool) -> bool {
        match (family.afi, family.safi) {
            (afi::IPV4, safi::UNICAST | safi::MULTICAST | safi::LABELED) => match length {
                4 => true,
                16 | 32 => extended,
                _ => false,
            },
            (afi::IPV6, safi::UNICAST | safi::MULTICAST | safi::LABELED) => {
                matches!(length, 16 | 32)
            }
            (afi::IPV4, safi::VPN) => match length {
                12 => true,
                // RFC 8950 §3: with a route distinguisher; earlier drafts had none.
                16 | 24 | 32 | 48 => extended,
                _ => false,
            },
            (afi::IPV6, safi::VPN) => matches!(length, 24 | 48),
            // RFC 7432 §9, RFC 4684 §4
            (afi::L2VPN, safi::EVPN) | (_, safi::ROUTE_TARGET) => matches!(length, 4 | 16 | 32),
            _ => true,
        }
    }

    /// The next hop of a family. Flowspec usually has none (RFC 8955 §4), which is [`Self::NONE`].
    #[inline]
    pub(crate) fn read(family: Family, octets: &[u8]) -> Option<Self> {
        match octets.len() {
            0 if has_none(family) => Some(Self::NONE),
            12 | 24 => Self::from_octets(octets.get(8..)?),
            // RFC 4659 §3.2.1.1: two addresses, each behind a route distinguisher.
            48 => {
                let mut both = [0; 32];
                let (first, second) = both.split_at_mut(16);
                first.copy_from_slice(octets.get(8..24)?);
                second.copy_from_slice(octets.get(32..)?);
                Self::from_octets(&both)
            }
            _ => Self::from_octets(octets),
        }
    }

    /// Appends it as a family has it in MP_REACH_NLRI.
    pub(crate) fn put(&self, family: Family, out: &mut Vec<u8>) {
        if has_none(family) && *self == Self::NONE {
            return;
        }
        // 129 is multicast of VPNs (RFC 6514 §14).
        let vpn = matches!(
            (family.afi, family.safi),
            (afi::IPV4 | afi::IPV6, safi::VPN | 129)
        );
        let distinguisher: &[u8] = if vpn { &[0; 8] } else { &[] };
        // Where the family takes no IPv4 address: RFC 4291 §2.5.5.2, RFC 4798 §2.
        let wide = family.afi == afi::IPV6 && (vpn || !Self::fits(family, 4, false));
        out.extend_from_slice(distinguisher);
        match self {
            Self::V4(address) if wide => out.extend_from_slice(&address.to_ipv6_mapped().octets()),
            Self::V4(address) => out.extend_from_slice(&address.octets()),
            Self::V6 { global, link_local } => {
                out.extend_from_slice(&global.octets());
                if let Some(link_local) = link_local {
                    out.extend_from_slice(distinguisher);
                    out.extend_from_slice(&link_local.octets());
                }
            }
        }
    }
}

/// Families whose routes are rules and go nowhere.
fn has_none(family: Family) -> bool {
    matches!(family.safi, safi::FLOWSPEC | safi::FLOWSPEC_VPN)
}

impl fmt::Display for NextHop {
    // "10.1.1.2", "2001:db8::1", "2001:db8::1 fe80::1"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6 {
                global,
                link_local: None,
            } => global.fmt(f),
            Self::V6 {
                global,
                link_local: Some(link_local),
            } => write!(f, "{global} {link_local}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_sizes_and_no_other() {
        assert_eq!(
            NextHop::from_octets(&[10, 1, 1, 2]),
            Some(NextHop::V4(Ipv4Addr::new(10, 1, 1, 2)))
        );
        let global: Ipv6Addr = "2001:db8::1".parse().unwrap();
        let link_local: Ipv6Addr = "fe80::1".parse().unwrap();
        let mut octets = global.octets().to_vec();
        let mut next_hop = NextHop::V6 {
            global,
            link_local: None,
        };
        assert_eq!(NextHop::from_octets(&octets), Some(next_hop));
        octets.extend([0; 16]);
        assert_eq!(NextHop::from_octets(&octets), Some(next_hop));
        octets.truncate(16);
        octets.extend(link_local.octets());
        next_hop = NextHop::V6 {
            global,
            link_local: Some(link_local),
        };
        assert_eq!(NextHop::from_octets(&octets), Some(next_hop));
        for length in [0, 3, 5, 15, 17, 24, 31] {
            assert_eq!(NextHop::from_octets(&octets[..length]), None, "{length}");
        }
    }

    #[test]
    fn an_ipv4_next_hop_of_ipv6_families() {
        let next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
        let put = |safi| {
            let mut out = Vec::new();
            let afi = afi::IPV6;
            next_hop.put(Family { afi, safi }, &mut out);
            out
        };
        let mapped = "::ffff:192.0.2.1".parse::<Ipv6Addr>().unwrap().octets();
        assert_eq!(put(safi::UNICAST), mapped);
        assert_eq!(put(safi::LABELED), mapped);
        assert_eq!(put(safi::VPN), [&[0; 8][..], &mapped].concat());
        // Families that say nothing against it keep it: what a reflector got is what it sends.
        for safi in [5, 73, safi::ROUTE_TARGET] {
            assert_eq!(put(safi), [192, 0, 2, 1], "{safi}");
        }
    }

    #[test]
    fn hosts() {
        let v4 = |text: &str| NextHop::V4(text.parse().unwrap()).is_host();
        assert!(v4("10.0.0.1") && v4("127.0.0.1") && v4("240.0.0.1"));
        assert!(!v4("0.0.0.0") && !v4("0.1.2.3") && !v4("224.0.0.1") && !v4("255.255.255.255"));
        let v6 = |global: &str, link_local: Option<&str>| {
            NextHop::V6 {
                global: global.parse().unwrap(),
                link_local: link_local.map(|text| text.parse().unwrap()),
            }
            .is_host()
        };
        assert!(v6("2001:db8::1", None) && v6("fe80::1", None) && v6("::", Some("fe80::1")));
        assert!(!v6("::", None) && !v6("ff02::1", None));
    }
}
