//! Extended communities: eight octets (RFC 4360) or twenty (RFC 5701), and what they mean.
//!
//! What a table keeps and compares are the octets; [`ExtendedCommunity::value`] reads them as what
//! an RFC defined, and an [`ExtendedValue`] becomes octets again. Octets that a definition leaves
//! unused are read as if they were zero. Cost: both are `Copy`, nothing is allocated.
use crate::iana::extended_community as code;
use crate::{Asn, MacAddress, RouteDistinguisher};
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// An extended community, shown as "target:65000:1", "color:0:100", … or in hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExtendedCommunity(pub [u8; 8]);

/// An IPv6 address specific extended community (RFC 5701), shown as
/// `target:[2001:db8::1]:1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv6ExtendedCommunity(pub [u8; 20]);

/// Who gave a number, and the number: what route targets and origins are made of, in the three
/// encodings of RFC 4360 §3 and RFC 5668 §2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Administered {
    /// Of a two-octet AS.
    As {
        /// AS number.
        asn: u16,
        /// Its number.
        number: u32,
    },
    /// Of an IPv4 address.
    Address {
        /// Address.
        address: Ipv4Addr,
        /// Its number.
        number: u16,
    },
    /// Of a four-octet AS.
    FourOctetAs {
        /// AS number.
        asn: Asn,
        /// Its number.
        number: u16,
    },
}

/// A rate as IEEE 754 single precision, kept bit by bit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rate(u32);

/// What an extended community says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum ExtendedValue {
    /// RFC 4360 §4
    RouteTarget(Administered),
    /// RFC 4360 §5
    RouteOrigin(Administered),
    /// draft-ietf-idr-link-bandwidth
    LinkBandwidth {
        /// Whether it leaves the AS.
        transitive: bool,
        /// Who set it.
        asn: u16,
        /// Octets a second.
        rate: Rate,
    },
    /// RFC 9012 §4.3
    Color {
        /// Its first two bits tell how to fall back (RFC 9256 §8.8.1).
        flags: u16,
        /// Color.
        color: u32,
    },
    /// RFC 9012 §4.1
    Encapsulation {
        /// Tunnel type.
        tunnel: u16,
    },
    /// RFC 7432 §10.1: the MAC address is that of a default gateway.
    DefaultGateway,
    /// RFC 8955 §7.1: octets a second; 0 is to discard.
    TrafficRate {
        /// Who set it; for people.
        asn: u16,
        /// Octets a second.
        rate: Rate,
    },
    /// RFC 8955 §7.2: packets a second; 0 is to discard.
    TrafficRatePackets {
        /// Who set it; for people.
        asn: u16,
        /// Packets a second.
        rate: Rate,
    },
    /// RFC 8955 §7.3
    TrafficAction {
        /// Packets are sampled.
        sample: bool,
        /// Later flow specifications apply as well.
        go_on: bool,
    },
    /// RFC 8955 §7.4: to the VPN that imports this route target.
    Redirect(Administered),
    /// RFC 8955 §7.5
    TrafficMarking {
        /// The six bits packets get.
        dscp: u8,
    },
    /// RFC 7432 §7.7
    MacMobility {
        /// The MAC address may not move.
        sticky: bool,
        /// How often it moved.
        sequence: u32,
    },
    /// RFC 7432 §7.5
    SegmentLabel {
        /// Only one link at a time forwards.
        single_active: bool,
        /// 24 bits, as on the wire.
        label: u32,
    },
    /// RFC 7432 §7.6
    SegmentImport(MacAddress),
    /// RFC 9135 §8.1
    RouterMac(MacAddress),
    /// RFC 8214 §3.1
    Layer2Attributes {
        /// Control flags.
        flags: u16,
        /// 0: not to be compared.
        mtu: u16,
    },
    /// Any other, as octets.
    Other([u8; 8]),
}

/// What an IPv6 address specific extended community says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Ipv6ExtendedValue {
    /// RFC 5701 §2
    RouteTarget(Ipv6Addr, u16),
    /// RFC 5701 §2
    RouteOrigin(Ipv6Addr, u16),
    /// RFC 8956 §6.1: to the VPN that imports this route target.
    Redirect(Ipv6Addr, u16),
    /// Any other, as octets.
    Other([u8; 20]),
}

/// The text is not an extended community.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParseExtendedCommunityError;

impl Rate {
    /// Not negative, not infinite, a number; else `None`.
    pub fn new(per_second: f32) -> Option<Self> {
        let sound = per_second.is_finite() && per_second >= 0.0;
        // -0.0 is 0.
        sound.then(|| Self((per_second + 0.0).to_bits()))
    }
    /// As it is on the wire; may be anything that 32 bits can be.
    pub fn per_second(self) -> f32 {
        f32::from_bits(self.0)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.per_second().fmt(f)
    }
}

impl Administered {
    /// The type octet's low part, and the six octets.
    fn octets(self) -> (u8, [u8; 6]) {
        match self {
            Self::As { asn, number } => {
                let [a, b] = asn.to_be_bytes();
                let [c, d, e, f] = number.to_be_bytes();
                (code::TWO_OCTET_AS, [a, b, c, d, e, f])
            }
            Self::Address { address, number } => {
                let [a, b, c, d] = address.octets();
                let [e, f] = number.to_be_bytes();
                (code::IPV4_ADDRESS, [a, b, c, d, e, f])
            }
            Self::FourOctetAs { asn, number } => {
                let [a, b, c, d] = asn.0.to_be_bytes();
                let [e, f] = number.to_be_bytes();
                (code::FOUR_OCTET_AS, [a, b, c, d, e, f])
            }
        }
    }

    fn from_octets(encoding: u8, octets: [u8; 6]) -> Option<Self> {
        let [a, b, c, d, e, f] = octets;
        Some(match encoding {
            code::TWO_OCTET_AS => Self::As {
                asn: u16::from_be_bytes([a, b]),
                number: u32::from_be_bytes([c, d, e, f]),
            },
            code::IPV4_ADDRESS => Self::Address {
                address: Ipv4Addr::new(a, b, c, d),
                number: u16::from_be_bytes([e, f]),
            },
            code::FOUR_OCTET_AS => Self::FourOctetAs {
                asn: Asn(u32::from_be_bytes([a, b, c, d])),
                number: u16::from_be_bytes([e, f]),
            },
            _ => return None,
        })
    }

    /// The route distinguisher of the same words.
    pub fn distinguisher(self) -> RouteDistinguisher {
        let (encoding, [a, b, c, d, e, f]) = self.octets();
        RouteDistinguisher([0, encoding, a, b, c, d, e, f])
    }
}

impl fmt::Display for Administered {
    // as route distinguishers are: "65000:1", "192.0.2.1:1", "4200000000:1", "65000L:1"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.distinguisher().fmt(f)
    }
}

impl FromStr for Administered {
    type Err = ParseExtendedCommunityError;
    fn from_str(text: &str) -> Result<Self, ParseExtendedCommunityError> {
        let RouteDistinguisher([_, encoding, octets @ ..]) =
            text.parse().map_err(|_| ParseExtendedCommunityError)?;
        // Hex is for distinguishers of any type.
        if text.starts_with("0x") {
            return Err(ParseExtendedCommunityError);
        }
        Self::from_octets(encoding, octets).ok_or(ParseExtendedCommunityError)
    }
}

impl ExtendedCommunity {
    /// A route target.
    pub fn route_target(target: Administered) -> Self {
        ExtendedValue::RouteTarget(target).into()
    }
    /// A route origin.
    pub fn route_origin(origin: Administered) -> Self {
        ExtendedValue::RouteOrigin(origin).into()
    }

    /// Whether it leaves the AS (RFC 4360 §2).
    pub fn is_transitive(self) -> bool {
        let [kind, ..] = self.0;
        kind & code::NON_TRANSITIVE == 0
    }

    /// What it says.
    pub fn value(self) -> ExtendedValue {
        let [kind, sub, body @ ..] = self.0;
        let [a, b, c, d, e, f] = body;
        let short = u16::from_be_bytes([a, b]);
        let long = u32::from_be_bytes([c, d, e, f]);
        let other = ExtendedValue::Other(self.0);
        let administered = |encoding: u8, of: fn(Administered) -> ExtendedValue| {
            Administered::from_octets(encoding, body).map_or(other, of)
        };
        match (kind, sub) {
            (code::TWO_OCTET_AS..=code::FOUR_OCTET_AS, code::ROUTE_TARGET) => {
                administered(kind, ExtendedValue::RouteTarget)
            }
            (code::TWO_OCTET_AS..=code::FOUR_OCTET_AS, code::ROUTE_ORIGIN) => {
                administered(kind, ExtendedValue::RouteOrigin)
            }
            (code::TWO_OCTET_AS | code::NON_TRANSITIVE, code::LINK_BANDWIDTH) => {
                ExtendedValue::LinkBandwidth {
                    transitive: self.is_transitive(),
                    asn: short,
                    rate: Rate(long),
                }
            }
            (code::OPAQUE, code::COLOR) => ExtendedValue::Color {
                flags: short,
                color: long,
            },
            (code::OPAQUE, code::ENCAPSULATION) => ExtendedValue::Encapsulation {
                tunnel: u16::from_be_bytes([e, f]),
            },
            (code::OPAQUE, code::DEFAULT_GATEWAY) => ExtendedValue::DefaultGateway,
            (code::FLOWSPEC, code::TRAFFIC_RATE) => ExtendedValue::TrafficRate {
                asn: short,
                rate: Rate(long),
            },
            (code::FLOWSPEC, code::TRAFFIC_RATE_PACKETS) => ExtendedValue::TrafficRatePackets {
                asn: short,
                rate: Rate(long),
            },
            (code::FLOWSPEC, code::TRAFFIC_ACTION) => ExtendedValue::TrafficAction {
                sample: f & 2 != 0,
                go_on: f & 1 != 0,
            },
            (0x80..=0x82, code::REDIRECT) => administered(kind & 0x0f, ExtendedValue::Redirect),
            (code::FLOWSPEC, code::TRAFFIC_MARKING) => {
                ExtendedValue::TrafficMarking { dscp: f & 0x3f }
            }
            (code::EVPN, code::MAC_MOBILITY) => ExtendedValue::MacMobility {
                sticky: a & 1 != 0,
                sequence: long,
            },
            (code::EVPN, code::SEGMENT_LABEL) => ExtendedValue::SegmentLabel {
                single_active: a & 1 != 0,
                label: long & 0x00ff_ffff,
            },
            (code::EVPN, code::SEGMENT_IMPORT) => ExtendedValue::SegmentImport(MacAddress(body)),
            (code::EVPN, code::ROUTER_MAC) => ExtendedValue::RouterMac(MacAddress(body)),
            (code::EVPN, code::LAYER2_ATTRIBUTES) => ExtendedValue::Layer2Attributes {
                flags: short,
                mtu: u16::from_be_bytes([c, d]),
            },
            _ => other,
        }
    }
}

fn pair(first: u16, second: u32) -> [u8; 6] {
    let [a, b] = first.to_be_bytes();
    let [c, d, e, f] = second.to_be_bytes();
    [a, b, c, d, e, f]
}

impl From<ExtendedValue> for ExtendedCommunity {
    fn from(value: ExtendedValue) -> Self {
        let (kind, sub, [a, b, c, d, e, f]) = match value {
            ExtendedValue::Other(octets) => return Self(octets),
            ExtendedValue::RouteTarget(target) => {
                let (encoding, octets) = target.octets();
                (encoding, code::ROUTE_TARGET, octets)
            }
            ExtendedValue::RouteOrigin(origin) => {
                let (encoding, octets) = origin.octets();
                (encoding, code::ROUTE_ORIGIN, octets)
            }
            ExtendedValue::Redirect(target) => {
                let (encoding, octets) = target.octets();
                (code::FLOWSPEC | encoding, code::REDIRECT, octets)
            }
            ExtendedValue::LinkBandwidth {
                transitive,
                asn,
                rate,
            } => {
                let kind = if transitive {
                    code::TWO_OCTET_AS
                } else {
                    code::NON_TRANSITIVE
                };
                (kind, code::LINK_BANDWIDTH, pair(asn, rate.0))
            }
            ExtendedValue::Color { flags, color } => {
                (code::OPAQUE, code::COLOR, pair(flags, color))
            }
            ExtendedValue::Encapsulation { tunnel } => {
                (code::OPAQUE, code::ENCAPSULATION, pair(0, tunnel.into()))
            }
            ExtendedValue::DefaultGateway => (code::OPAQUE, code::DEFAULT_GATEWAY, [0; 6]),
            ExtendedValue::TrafficRate { asn, rate } => {
                (code::FLOWSPEC, code::TRAFFIC_RATE, pair(asn, rate.0))
            }
            ExtendedValue::TrafficRatePackets { asn, rate } => (
                code::FLOWSPEC,
                code::TRAFFIC_RATE_PACKETS,
                pair(asn, rate.0),
            ),
            ExtendedValue::TrafficAction { sample, go_on } => {
                let flags = (u32::from(sample) << 1) | u32::from(go_on);
                (code::FLOWSPEC, code::TRAFFIC_ACTION, pair(0, flags))
            }
            ExtendedValue::TrafficMarking { dscp } => {
                let dscp = u32::from(dscp & 0x3f);
                (code::FLOWSPEC, code::TRAFFIC_MARKING, pair(0, dscp))
            }
            ExtendedValue::MacMobility { sticky, sequence } => {
                let flags = u16::from(sticky) << 8;
                (code::EVPN, code::MAC_MOBILITY, pair(flags, sequence))
            }
            ExtendedValue::SegmentLabel {
                single_active,
                label,
            } => {
                let flags = u16::from(single_active) << 8;
                let label = label & 0x00ff_ffff;
                (code::EVPN, code::SEGMENT_LABEL, pair(flags, label))
            }
            ExtendedValue::SegmentImport(mac) => (code::EVPN, code::SEGMENT_IMPORT, mac.0),
            ExtendedValue::RouterMac(mac) => (code::EVPN, code::ROUTER_MAC, mac.0),
            ExtendedValue::Layer2Attributes { flags, mtu } => {
                let mtu = u32::from(mtu) << 16;
                (code::EVPN, code::LAYER2_ATTRIBUTES, pair(flags, mtu))
            }
        };
        Self([kind, sub, a, b, c, d, e, f])
    }
}

impl fmt::Display for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            ExtendedValue::RouteTarget(target) => write!(f, "target:{target}"),
            ExtendedValue::RouteOrigin(origin) => write!(f, "origin:{origin}"),
            ExtendedValue::LinkBandwidth { asn, rate, .. } => write!(f, "bandwidth:{asn}:{rate}"),
            ExtendedValue::Color { flags, color } => write!(f, "color:{flags}:{color}"),
            ExtendedValue::Encapsulation { tunnel } => write!(f, "encapsulation:{tunnel}"),
            ExtendedValue::DefaultGateway => f.write_str("default-gateway"),
            ExtendedValue::TrafficRate { asn, rate } => write!(f, "rate:{asn}:{rate}"),
            ExtendedValue::TrafficRatePackets { asn, rate } => {
                write!(f, "packet-rate:{asn}:{rate}")
            }
            ExtendedValue::TrafficAction { sample, go_on } => {
                let sample = if sample { ":sample" } else { "" };
                let go_on = if go_on { ":continue" } else { "" };
                write!(f, "action{sample}{go_on}")
            }
            ExtendedValue::Redirect(target) => write!(f, "redirect:{target}"),
            ExtendedValue::TrafficMarking { dscp } => write!(f, "mark:{dscp}"),
            ExtendedValue::MacMobility { sticky, sequence } => {
                let sticky = if sticky { ":sticky" } else { "" };
                write!(f, "mac-mobility:{sequence}{sticky}")
            }
            ExtendedValue::SegmentLabel {
                single_active,
                label,
            } => {
                let single = if single_active { ":single-active" } else { "" };
                write!(f, "segment-label:{label}{single}")
            }
            ExtendedValue::SegmentImport(mac) => write!(f, "segment-import:{mac}"),
            ExtendedValue::RouterMac(mac) => write!(f, "router-mac:{mac}"),
            ExtendedValue::Layer2Attributes { flags, mtu } => {
                write!(f, "layer2:{flags:#06x}:{mtu}")
            }
            ExtendedValue::Other(octets) => write!(f, "0x{:016x}", u64::from_be_bytes(octets)),
        }
    }
}

impl FromStr for ExtendedCommunity {
    // "target:…", "origin:…", "color:…" and hex; what else there is has no need to be typed in.
    type Err = ParseExtendedCommunityError;
    fn from_str(text: &str) -> Result<Self, ParseExtendedCommunityError> {
        const WRONG: ParseExtendedCommunityError = ParseExtendedCommunityError;
        if let Some(hex) = text.strip_prefix("0x") {
            let number = u64::from_str_radix(hex, 16).map_err(|_| WRONG)?;
            return Ok(Self(number.to_be_bytes()));
        }
        match text.split_once(':') {
            Some(("target", rest)) => Ok(Self::route_target(rest.parse()?)),
            Some(("origin", rest)) => Ok(Self::route_origin(rest.parse()?)),
            Some(("color", rest)) => {
                let (flags, color) = rest.split_once(':').ok_or(WRONG)?;
                Ok(ExtendedValue::Color {
                    flags: flags.parse().map_err(|_| WRONG)?,
                    color: color.parse().map_err(|_| WRONG)?,
                }
                .into())
            }
            _ => Err(WRONG),
        }
    }
}

impl fmt::Display for ParseExtendedCommunityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not an extended community: write target:65000:1, origin:192.0.2.1:1, color:0:100 or 0x and 16 digits",
        )
    }
}
impl core::error::Error for ParseExtendedCommunityError {}

impl Ipv6ExtendedCommunity {
    /// What it says.
    pub fn value(self) -> Ipv6ExtendedValue {
        let [kind, sub, body @ ..] = self.0;
        let (Some(address), [.., e, f]) = (body.first_chunk::<16>(), body) else {
            return Ipv6ExtendedValue::Other(self.0);
        };
        let address = Ipv6Addr::from(*address);
        let number = u16::from_be_bytes([e, f]);
        match (kind, sub) {
            (0, code::ROUTE_TARGET) => Ipv6ExtendedValue::RouteTarget(address, number),
            (0, code::ROUTE_ORIGIN) => Ipv6ExtendedValue::RouteOrigin(address, number),
            (0, code::IPV6_REDIRECT) => Ipv6ExtendedValue::Redirect(address, number),
            _ => Ipv6ExtendedValue::Other(self.0),
        }
    }
}

impl From<Ipv6ExtendedValue> for Ipv6ExtendedCommunity {
    fn from(value: Ipv6ExtendedValue) -> Self {
        let (sub, address, number) = match value {
            Ipv6ExtendedValue::Other(octets) => return Self(octets),
            Ipv6ExtendedValue::RouteTarget(address, number) => {
                (code::ROUTE_TARGET, address, number)
            }
            Ipv6ExtendedValue::RouteOrigin(address, number) => {
                (code::ROUTE_ORIGIN, address, number)
            }
            Ipv6ExtendedValue::Redirect(address, number) => (code::IPV6_REDIRECT, address, number),
        };
        let mut octets = [0; 20];
        let [_, kind, rest @ ..] = &mut octets;
        *kind = sub;
        let (first, last) = rest.split_at_mut(16);
        first.copy_from_slice(&address.octets());
        last.copy_from_slice(&number.to_be_bytes());
        Self(octets)
    }
}

impl fmt::Display for Ipv6ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Ipv6ExtendedValue::RouteTarget(address, number) => {
                write!(f, "target:[{address}]:{number}")
            }
            Ipv6ExtendedValue::RouteOrigin(address, number) => {
                write!(f, "origin:[{address}]:{number}")
            }
            Ipv6ExtendedValue::Redirect(address, number) => {
                write!(f, "redirect:[{address}]:{number}")
            }
            Ipv6ExtendedValue::Other(octets) => {
                f.write_str("0x")?;
                octets.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_kind_both_ways() {
        for (octets, text) in [
            ([0, 2, 0xfd, 0xe8, 0, 0, 0, 1], "target:65000:1"),
            ([1, 2, 192, 0, 2, 1, 0, 1], "target:192.0.2.1:1"),
            ([2, 2, 0, 0, 0xfd, 0xe8, 0, 1], "target:65000L:1"),
            ([2, 3, 0xfa, 0x56, 0xea, 0, 0, 1], "origin:4200000000:1"),
            (
                [0x40, 4, 0xfd, 0xe8, 0x49, 0x98, 0x96, 0x80],
                "bandwidth:65000:1250000",
            ),
            (
                [0, 4, 0xfd, 0xe8, 0x49, 0x98, 0x96, 0x80],
                "bandwidth:65000:1250000",
            ),
            ([3, 0x0b, 0x40, 0, 0, 0, 0, 100], "color:16384:100"),
            ([3, 0x0c, 0, 0, 0, 0, 0, 8], "encapsulation:8"),
            ([3, 0x0d, 0, 0, 0, 0, 0, 0], "default-gateway"),
            ([0x80, 6, 0, 1, 0, 0, 0, 0], "rate:1:0"),
            ([0x80, 0x0c, 0, 1, 0x42, 0xc8, 0, 0], "packet-rate:1:100"),
            ([0x80, 7, 0, 0, 0, 0, 0, 3], "action:sample:continue"),
            ([0x80, 8, 0xfd, 0xe8, 0, 0, 0, 9], "redirect:65000:9"),
            ([0x81, 8, 192, 0, 2, 1, 0, 9], "redirect:192.0.2.1:9"),
            ([0x82, 8, 0, 1, 0, 0, 0, 9], "redirect:65536:9"),
            ([0x80, 9, 0, 0, 0, 0, 0, 46], "mark:46"),
            ([6, 0, 1, 0, 0, 0, 0, 7], "mac-mobility:7:sticky"),
            ([6, 1, 1, 0, 0, 0, 1, 0], "segment-label:256:single-active"),
            (
                [6, 2, 0, 0, 0x5e, 0, 0x53, 1],
                "segment-import:00:00:5e:00:53:01",
            ),
            (
                [6, 3, 0, 0, 0x5e, 0, 0x53, 1],
                "router-mac:00:00:5e:00:53:01",
            ),
            ([6, 4, 0, 2, 5, 0xdc, 0, 0], "layer2:0x0002:1500"),
            ([0x43, 0, 0, 0, 0, 0, 0, 1], "0x4300000000000001"),
        ] {
            let community = ExtendedCommunity(octets);
            assert_eq!(community.to_string(), text);
            assert_eq!(
                ExtendedCommunity::from(community.value()),
                community,
                "{text}"
            );
            if ["target", "origin", "color", "0x"]
                .iter()
                .any(|kind| text.starts_with(kind))
            {
                assert_eq!(text.parse(), Ok(community));
            }
        }
        assert!(ExtendedCommunity([0x80, 6, 0, 0, 0, 0, 0, 0]).is_transitive());
        assert!(!ExtendedCommunity([0x43, 0, 0, 0, 0, 0, 0, 0]).is_transitive());
        for wrong in [
            "",
            "target",
            "target:1",
            "target:0x00",
            "color:1",
            "bandwidth:1:2",
            "0xg",
        ] {
            assert!(wrong.parse::<ExtendedCommunity>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_numbers() {
        assert_eq!(
            Rate::new(1_250_000.0).map(Rate::per_second),
            Some(1_250_000.0)
        );
        assert_eq!(Rate::new(-0.0), Rate::new(0.0));
        for wrong in [-1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(Rate::new(wrong), None);
        }
    }

    #[test]
    fn ipv6_both_ways() {
        let address: Ipv6Addr = "2001:db8::1".parse().unwrap();
        for (value, text) in [
            (
                Ipv6ExtendedValue::RouteTarget(address, 7),
                "target:[2001:db8::1]:7",
            ),
            (
                Ipv6ExtendedValue::RouteOrigin(address, 8),
                "origin:[2001:db8::1]:8",
            ),
            (
                Ipv6ExtendedValue::Redirect(address, 9),
                "redirect:[2001:db8::1]:9",
            ),
        ] {
            let community = Ipv6ExtendedCommunity::from(value);
            assert_eq!(community.value(), value);
            assert_eq!(community.to_string(), text);
        }
        let mut octets = [0x0a; 20];
        octets[0] = 0x40;
        let other = Ipv6ExtendedCommunity(octets);
        assert_eq!(other.value(), Ipv6ExtendedValue::Other(octets));
        assert_eq!(Ipv6ExtendedCommunity::from(other.value()), other);
        assert!(other.to_string().starts_with("0x400a"));
    }
}
