//! AS numbers and BGP identifiers.
use core::fmt;
use core::net::Ipv4Addr;

/// A four-octet AS number (RFC 6793), shown in asplain (RFC 5396).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Asn(pub u32);

impl Asn {
    /// AS_TRANS (RFC 6793 §9).
    pub const TRANS: Self = Self(23_456);
}
impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A BGP identifier: four octets, not zero (RFC 6286 §2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RouterId(core::num::NonZeroU32);

impl RouterId {
    /// From network order octets shown as an address; `None` for 0.0.0.0.
    pub fn new(address: Ipv4Addr) -> Option<Self> {
        core::num::NonZeroU32::new(u32::from(address)).map(Self)
    }
    /// As an address for people.
    pub fn address(self) -> Ipv4Addr {
        Ipv4Addr::from(self.0.get())
    }
}
impl fmt::Display for RouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address().fmt(f)
    }
}
