//! AS numbers and BGP identifiers.
//!
//! Both are plain numbers on the wire and words in configuration, so each is a newtype with
//! `Display` and `FromStr` that agree with each other. Cost: four octets each.
use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

/// A four-octet AS number (RFC 6793), shown in asplain (RFC 5396). Reads asdot ("1.10") as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Asn(pub u32);

/// A BGP identifier: four octets, not zero (RFC 6286 §2.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RouterId(core::num::NonZeroU32);

/// The text is not an AS number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseAsnError;

/// The text is not a BGP identifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParseRouterIdError {
    /// Not four numbers with dots.
    Syntax,
    /// 0.0.0.0.
    Zero,
}

impl Asn {
    /// AS_TRANS (RFC 6793 §9).
    pub const TRANS: Self = Self(23_456);

    /// What a two-octet field holds: the number where it fits, else AS_TRANS (RFC 6793 §4.2.2).
    pub fn two_octet(self) -> u16 {
        u16::try_from(self.0).unwrap_or(23_456)
    }

    /// For private use (RFC 6996 §5).
    pub fn is_private(self) -> bool {
        matches!(self.0, 64_512..=65_534 | 4_200_000_000..=4_294_967_294)
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Asn {
    type Err = ParseAsnError;
    fn from_str(text: &str) -> Result<Self, ParseAsnError> {
        // RFC 5396 §2: asdot is high.low, each 16 bits.
        if let Some((high, low)) = text.split_once('.') {
            let high = digits(high).and_then(|high| u16::try_from(high).ok());
            let low = digits(low).and_then(|low| u16::try_from(low).ok());
            return match (high, low) {
                (Some(high), Some(low)) => Ok(Self((u32::from(high) << 16) | u32::from(low))),
                _ => Err(ParseAsnError),
            };
        }
        digits(text).map(Self).ok_or(ParseAsnError)
    }
}

/// Decimal digits alone: `u32::from_str` would take a leading plus.
fn digits(text: &str) -> Option<u32> {
    if text.bytes().all(|octet| octet.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

impl fmt::Display for ParseAsnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an AS number: write 0 to 4294967295, as in 65001, or asdot, as in 1.10")
    }
}
impl core::error::Error for ParseAsnError {}

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

impl FromStr for RouterId {
    type Err = ParseRouterIdError;
    fn from_str(text: &str) -> Result<Self, ParseRouterIdError> {
        let address: Ipv4Addr = text.parse().map_err(|_| ParseRouterIdError::Syntax)?;
        Self::new(address).ok_or(ParseRouterIdError::Zero)
    }
}

impl fmt::Display for ParseRouterIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not a BGP identifier: write four numbers with dots, as in 10.1.1.1",
            Self::Zero => "0.0.0.0 is no BGP identifier: take an IPv4 address of this host",
        })
    }
}
impl core::error::Error for ParseRouterIdError {}

#[cfg(feature = "serde")]
mod text {
    //! What has words is a string of them in documents: as it is shown, and read again.
    use crate::attr::{Administered, Community, ExtendedCommunity, LargeCommunity};
    use crate::{Family, RouteDistinguisher, RouterId};
    use alloc::borrow::Cow;
    use core::fmt::Display;
    use core::str::FromStr;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    fn read<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr,
        T::Err: Display,
        D: Deserializer<'de>,
    {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
    macro_rules! words {
        ($($type:ty)*) => {$(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }
            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    read(deserializer)
                }
            }
        )*};
    }
    words! {
        Administered Community ExtendedCommunity Family LargeCommunity RouteDistinguisher RouterId
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn asn_reads_both_notations_and_nothing_else() {
        assert_eq!("65001".parse(), Ok(Asn(65_001)));
        assert_eq!("1.10".parse(), Ok(Asn(65_546)));
        assert_eq!("4294967295".parse(), Ok(Asn(u32::MAX)));
        for wrong in [
            "",
            "+1",
            "-1",
            "4294967296",
            "1.65536",
            "1.2.3",
            "AS1",
            ".",
            "1.",
        ] {
            assert_eq!(wrong.parse::<Asn>(), Err(ParseAsnError), "{wrong}");
        }
        assert_eq!(Asn(65_546).to_string(), "65546");
        assert_eq!(Asn(65_546).two_octet(), 23_456);
        assert_eq!(Asn(65_001).two_octet(), 65_001);
    }

    #[test]
    fn router_id_is_never_zero() {
        assert_eq!(
            "10.1.1.1".parse::<RouterId>().unwrap().to_string(),
            "10.1.1.1"
        );
        assert_eq!("0.0.0.0".parse::<RouterId>(), Err(ParseRouterIdError::Zero));
        assert_eq!(
            "10.1.1".parse::<RouterId>(),
            Err(ParseRouterIdError::Syntax)
        );
    }

    #[cfg(feature = "serde")]
    fn both_ways<T: serde::Serialize + serde::de::DeserializeOwned>(text: &str) {
        let document = alloc::format!("{text:?}");
        let value: T = serde_json::from_str(&document).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), document);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn documents_hold_words() {
        use crate::attr::{Administered, Community, ExtendedCommunity, LargeCommunity};
        use crate::{Family, RouteDistinguisher};
        let id: RouterId = serde_json::from_str("\"10.1.1.1\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"10.1.1.1\"");
        let family: Family = serde_json::from_str("\"ipv6\"").unwrap();
        assert_eq!(serde_json::to_string(&family).unwrap(), "\"ipv6-unicast\"");
        let error = serde_json::from_str::<Family>("\"ipv7\"").unwrap_err();
        assert!(error.to_string().contains("ipv4-unicast"), "{error}");
        assert_eq!(serde_json::to_string(&Asn(1)).unwrap(), "1");
        both_ways::<RouteDistinguisher>("65000:1");
        both_ways::<Administered>("192.0.2.1:7");
        both_ways::<Community>("65000:1");
        both_ways::<Community>("NO_EXPORT");
        both_ways::<LargeCommunity>("65000:1:2");
        both_ways::<ExtendedCommunity>("target:65000:1");
        both_ways::<ExtendedCommunity>("0x4304000000000007");
    }
}
