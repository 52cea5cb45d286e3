//! Next hops: four octets of NEXT_HOP, or 4, 16 or 32 octets inside MP_REACH_NLRI.
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A next hop, of NEXT_HOP or MP_REACH_NLRI (RFC 4271 §5.1.3, RFC 2545 §3, RFC 8950).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs)]
pub enum NextHop {
    V4(Ipv4Addr),
    V6 {
        global: Ipv6Addr,
        link_local: Option<Ipv6Addr>,
    },
}

impl NextHop {
    /// The address (the global one of two).
    pub fn address(&self) -> IpAddr {
        match self {
            Self::V4(address) => IpAddr::V4(*address),
            Self::V6 { global, .. } => IpAddr::V6(*global),
        }
    }

    /// From 4, 16 or 32 octets. A second address of all zeros is none.
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

    /// Appends it as a next hop of IPv6 size.
    pub(crate) fn put_ipv6(&self, out: &mut Vec<u8>) {
        match self {
            // RFC 4291 §2.5.5.2
            Self::V4(address) => out.extend(address.to_ipv6_mapped().octets()),
            Self::V6 { global, link_local } => {
                out.extend(global.octets());
                if let Some(link_local) = link_local {
                    out.extend(link_local.octets());
                }
            }
        }
    }
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
