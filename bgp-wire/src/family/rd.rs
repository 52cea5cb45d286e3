//! Route distinguishers (RFC 4364 §4.2).
use crate::Asn;
use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

/// Eight octets that keep equal prefixes of different VPNs apart.
///
/// Shown and read as people write them: "65000:1" (type 0), "192.0.2.1:1" (type 1),
/// "4200000000:1" (type 2; with a small AS number "65000L:1"); any other type in hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RouteDistinguisher(pub [u8; 8]);

/// The text is not a route distinguisher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseRouteDistinguisherError;

impl RouteDistinguisher {
    /// Type 0: a two-octet AS number and a four-octet number.
    pub fn of_as(asn: u16, number: u32) -> Self {
        let [a, b] = asn.to_be_bytes();
        let [c, d, e, f] = number.to_be_bytes();
        Self([0, 0, a, b, c, d, e, f])
    }
    /// Type 1: an IPv4 address and a two-octet number.
    pub fn of_address(address: Ipv4Addr, number: u16) -> Self {
        let [a, b, c, d] = address.octets();
        let [e, f] = number.to_be_bytes();
        Self([0, 1, a, b, c, d, e, f])
    }
    /// Type 2: a four-octet AS number and a two-octet number.
    pub fn of_four_octet_as(asn: Asn, number: u16) -> Self {
        let [a, b, c, d] = asn.0.to_be_bytes();
        let [e, f] = number.to_be_bytes();
        Self([0, 2, a, b, c, d, e, f])
    }
}

impl fmt::Display for RouteDistinguisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [0, 0, a, b, number @ ..] => {
                let asn = u16::from_be_bytes([a, b]);
                write!(f, "{asn}:{}", u32::from_be_bytes(number))
            }
            [0, 1, a, b, c, d, e, g] => write!(
                f,
                "{}:{}",
                Ipv4Addr::new(a, b, c, d),
                u16::from_be_bytes([e, g])
            ),
            [0, 2, a, b, c, d, e, g] => {
                let asn = u32::from_be_bytes([a, b, c, d]);
                let long = if u16::try_from(asn).is_ok() { "L" } else { "" };
                write!(f, "{asn}{long}:{}", u16::from_be_bytes([e, g]))
            }
            other => write!(f, "0x{:016x}", u64::from_be_bytes(other)),
        }
    }
}

impl FromStr for RouteDistinguisher {
    type Err = ParseRouteDistinguisherError;
    fn from_str(text: &str) -> Result<Self, ParseRouteDistinguisherError> {
        const WRONG: ParseRouteDistinguisherError = ParseRouteDistinguisherError;
        if let Some(hex) = text.strip_prefix("0x") {
            let number = u64::from_str_radix(hex, 16).map_err(|_| WRONG)?;
            return Ok(Self(number.to_be_bytes()));
        }
        let (administrator, number) = text.rsplit_once(':').ok_or(WRONG)?;
        let short = || number.parse::<u16>().map_err(|_| WRONG);
        if let Ok(address) = administrator.parse() {
            return Ok(Self::of_address(address, short()?));
        }
        if let Ok(asn) = administrator.parse() {
            return Ok(Self::of_as(asn, number.parse().map_err(|_| WRONG)?));
        }
        let asn = administrator.strip_suffix('L').unwrap_or(administrator);
        let asn = Asn(asn.parse().map_err(|_| WRONG)?);
        Ok(Self::of_four_octet_as(asn, short()?))
    }
}

impl fmt::Display for ParseRouteDistinguisherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a route distinguisher: write 65000:1, 192.0.2.1:1 or 4200000000:1")
    }
}
impl core::error::Error for ParseRouteDistinguisherError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn words_both_ways() {
        for (octets, text) in [
            ([0, 0, 0xfd, 0xe8, 0, 0, 0, 1], "65000:1"),
            ([0, 1, 192, 0, 2, 1, 0, 7], "192.0.2.1:7"),
            ([0, 2, 0xfa, 0x56, 0xea, 0, 0, 9], "4200000000:9"),
            ([0, 2, 0, 0, 0xfd, 0xe8, 0, 9], "65000L:9"),
            ([0, 3, 1, 2, 3, 4, 5, 6], "0x0003010203040506"),
        ] {
            assert_eq!(RouteDistinguisher(octets).to_string(), text);
            assert_eq!(text.parse(), Ok(RouteDistinguisher(octets)));
        }
        for wrong in [
            "",
            "1",
            "65000:4294967296",
            "1.2.3.4:65536",
            "70000:65536",
            "x:1",
        ] {
            assert_eq!(
                wrong.parse::<RouteDistinguisher>(),
                Err(ParseRouteDistinguisherError),
                "{wrong}"
            );
        }
    }
}
