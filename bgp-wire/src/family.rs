//! Address families: the run-time pair and the compile-time trait.
use core::{
    fmt::{self, Debug, Display},
    hash::Hash,
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

impl Family {
    /// IPv4 unicast.
    pub const IPV4_UNICAST: Self = Self { afi: 1, safi: 1 };
    /// IPv6 unicast.
    pub const IPV6_UNICAST: Self = Self { afi: 2, safi: 1 };
}
impl Display for Family {
    // "ipv4-unicast", "afi 25 safi 65"
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
    }
}
impl core::str::FromStr for Family {
    // "ipv4", "ipv4-unicast", "ipv6", …
    type Err = ();
    fn from_str(_s: &str) -> Result<Self, ()> {
        todo!()
    }
}

/// One address family at compile time: what its NLRI is made of.
pub trait AddressFamily: Copy + Debug + Eq + Hash + Ord + Send + Sync + 'static {
    /// The run-time code points.
    const FAMILY: Family;
    /// What identifies a route (a prefix, RD + prefix, …).
    type Key: Copy + Debug + Display + Eq + Hash + Ord + Send + Sync + 'static;
    /// What an NLRI carries that is not its key (labels, …); `()` for unicast.
    type Payload: Copy + Debug + Default + Eq + Send + Sync + 'static;
}

/// IPv4 unicast.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv4Unicast;
/// IPv6 unicast.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv6Unicast;
impl AddressFamily for Ipv4Unicast {
    const FAMILY: Family = Family::IPV4_UNICAST;
    type Key = Ipv4Net;
    type Payload = ();
}
impl AddressFamily for Ipv6Unicast {
    const FAMILY: Family = Family::IPV6_UNICAST;
    type Key = Ipv6Net;
    type Payload = ();
}
