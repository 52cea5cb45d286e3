//! EVPN (RFC 7432, RFC 9136): MAC addresses, IP prefixes and the segments they live on.
//!
//! Types 1 to 5 are values; others are kept as octets. What RFC 7432 §7 and RFC 9136 §3.1 leave out of
//! the key for BGP (labels, the segment and the gateway of types 2 and 5) is in [`EvpnPayload`],
//! since it may change without another route. Cost: a key takes 48 octets, no allocation but for
//! unknown types of more than 38 octets.
use super::{AddressFamily, Family, NlriOctets, RouteDistinguisher};
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ipnet::IpNet;

/// EVPN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Evpn;

/// A MAC address, shown as "00:00:5e:00:53:01".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct MacAddress(pub [u8; 6]);

/// Ethernet segment identifier (RFC 7432 §5); all zeros where there is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SegmentId(pub [u8; 10]);

/// What identifies an EVPN route.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EvpnKey {
    /// Type 1: Ethernet auto-discovery (RFC 7432 §7.1).
    AutoDiscovery {
        /// Route distinguisher.
        rd: RouteDistinguisher,
        /// Segment.
        segment: SegmentId,
        /// Ethernet tag.
        tag: u32,
    },
    /// Type 2: MAC and perhaps IP address (RFC 7432 §7.2).
    MacIp {
        /// Route distinguisher.
        rd: RouteDistinguisher,
        /// Ethernet tag.
        tag: u32,
        /// MAC address.
        mac: MacAddress,
        /// IP address.
        ip: Option<IpAddr>,
    },
    /// Type 3: inclusive multicast Ethernet tag (RFC 7432 §7.3).
    InclusiveMulticast {
        /// Route distinguisher.
        rd: RouteDistinguisher,
        /// Ethernet tag.
        tag: u32,
        /// Originating router.
        router: IpAddr,
    },
    /// Type 4: Ethernet segment (RFC 7432 §7.4).
    EthernetSegment {
        /// Route distinguisher.
        rd: RouteDistinguisher,
        /// Segment.
        segment: SegmentId,
        /// Originating router.
        router: IpAddr,
    },
    /// Type 5: IP prefix (RFC 9136 §3.1).
    IpPrefix {
        /// Route distinguisher.
        rd: RouteDistinguisher,
        /// Ethernet tag.
        tag: u32,
        /// Prefix.
        prefix: IpNet,
    },
    /// Any other type.
    Other(OtherRoute),
}

/// An EVPN route of a type that is not known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OtherRoute {
    kind: u8,
    octets: NlriOctets,
}

/// What an EVPN route carries beside its key. What its type has no field for is not sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct EvpnPayload {
    /// Types 2 and 5.
    pub segment: SegmentId,
    /// Type 5; of the IP version of the prefix.
    pub gateway: Option<IpAddr>,
    /// Types 1, 2 and 5: 24 bits, a VNI or an MPLS label in the upper 20 of them (RFC 8365 §5.1.3).
    pub label: u32,
    /// Type 2 only.
    pub second_label: Option<u32>,
}

const AUTO_DISCOVERY: u8 = 1;
const MAC_IP: u8 = 2;
const INCLUSIVE_MULTICAST: u8 = 3;
const ETHERNET_SEGMENT: u8 = 4;
const IP_PREFIX: u8 = 5;

impl OtherRoute {
    /// `None` where the type has a variant of its own, or the value is over 255 octets.
    pub fn new(kind: u8, value: &[u8]) -> Option<Self> {
        let fits = !matches!(kind, AUTO_DISCOVERY..=IP_PREFIX) && value.len() <= 255;
        fits.then(|| Self {
            kind,
            octets: NlriOctets::new(value),
        })
    }
    /// Route type.
    pub fn kind(&self) -> u8 {
        self.kind
    }
    /// What follows type and length.
    pub fn value(&self) -> &[u8] {
        self.octets.as_slice()
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        colons(&self.0, f)
    }
}
impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        colons(&self.0, f)
    }
}
fn colons(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (position, octet) in octets.iter().enumerate() {
        let colon = if position == 0 { "" } else { ":" };
        write!(f, "{colon}{octet:02x}")?;
    }
    Ok(())
}

impl fmt::Display for EvpnKey {
    // "mac-ip 65000:1 tag 0 00:00:5e:00:53:01 192.0.2.1"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AutoDiscovery { rd, segment, tag } => {
                write!(f, "auto-discovery {rd} {segment} tag {tag}")
            }
            Self::MacIp { rd, tag, mac, ip } => {
                write!(f, "mac-ip {rd} tag {tag} {mac}")?;
                ip.map_or(Ok(()), |ip| write!(f, " {ip}"))
            }
            Self::InclusiveMulticast { rd, tag, router } => {
                write!(f, "inclusive-multicast {rd} tag {tag} {router}")
            }
            Self::EthernetSegment {
                rd,
                segment,
                router,
            } => write!(f, "ethernet-segment {rd} {segment} {router}"),
            Self::IpPrefix { rd, tag, prefix } => {
                write!(f, "ip-prefix {rd} tag {tag} {prefix}")
            }
            Self::Other(route) => write!(f, "type {} {}", route.kind, route.octets),
        }
    }
}

/// Reads the fields of a route from its front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn octets<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (octets, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*octets)
    }
    fn rd(&mut self) -> Option<RouteDistinguisher> {
        self.octets().map(RouteDistinguisher)
    }
    fn segment(&mut self) -> Option<SegmentId> {
        self.octets().map(SegmentId)
    }
    fn tag(&mut self) -> Option<u32> {
        self.octets().map(u32::from_be_bytes)
    }
    fn label(&mut self) -> Option<u32> {
        let [a, b, c] = self.octets()?;
        Some(u32::from_be_bytes([0, a, b, c]))
    }
    fn length(&mut self) -> Option<u8> {
        self.octets().map(|[length]| length)
    }
    /// An address of the IP version that `wide` names.
    fn address(&mut self, wide: bool) -> Option<IpAddr> {
        Some(if wide {
            IpAddr::V6(Ipv6Addr::from(self.octets::<16>()?))
        } else {
            IpAddr::V4(Ipv4Addr::from(self.octets::<4>()?))
        })
    }
    /// An address behind its length in bits; the inner `None` where that is 0.
    fn address_with_length(&mut self) -> Option<Option<IpAddr>> {
        match self.length()? {
            0 => Some(None),
            32 => self.address(false).map(Some),
            128 => self.address(true).map(Some),
            _ => None,
        }
    }
}

/// One route, type and length taken off.
fn read(kind: u8, value: &[u8]) -> Option<(EvpnKey, EvpnPayload)> {
    let mut payload = EvpnPayload::default();
    let mut fields = Fields(value);
    let key = match kind {
        AUTO_DISCOVERY => {
            let key = EvpnKey::AutoDiscovery {
                rd: fields.rd()?,
                segment: fields.segment()?,
                tag: fields.tag()?,
            };
            payload.label = fields.label()?;
            key
        }
        MAC_IP => {
            let rd = fields.rd()?;
            payload.segment = fields.segment()?;
            let tag = fields.tag()?;
            // RFC 7432 §7.2: always 48 bits.
            if fields.length()? != 48 {
                return None;
            }
            let mac = MacAddress(fields.octets()?);
            let ip = fields.address_with_length()?;
            payload.label = fields.label()?;
            if !fields.0.is_empty() {
                payload.second_label = Some(fields.label()?);
            }
            EvpnKey::MacIp { rd, tag, mac, ip }
        }
        INCLUSIVE_MULTICAST => EvpnKey::InclusiveMulticast {
            rd: fields.rd()?,
            tag: fields.tag()?,
            router: fields.address_with_length()??,
        },
        ETHERNET_SEGMENT => EvpnKey::EthernetSegment {
            rd: fields.rd()?,
            segment: fields.segment()?,
            router: fields.address_with_length()??,
        },
        IP_PREFIX => {
            // RFC 9136 §3.1: 34 octets with IPv4, 58 with IPv6.
            let wide = value.len() == 58;
            let rd = fields.rd()?;
            payload.segment = fields.segment()?;
            let tag = fields.tag()?;
            let bits = fields.length()?;
            let address = fields.address(wide)?;
            let gateway = fields.address(wide)?;
            payload.gateway = (!gateway.is_unspecified()).then_some(gateway);
            payload.label = fields.label()?;
            let prefix = IpNet::new(address, bits).ok()?.trunc();
            EvpnKey::IpPrefix { rd, tag, prefix }
        }
        _ => {
            fields.0 = &[];
            EvpnKey::Other(OtherRoute::new(kind, value)?)
        }
    };
    fields.0.is_empty().then_some((key, payload))
}

fn put_label(label: u32, out: &mut Vec<u8>) {
    let [_, octets @ ..] = label.to_be_bytes();
    out.extend(octets);
}
fn put_address(address: IpAddr, out: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => out.extend(address.octets()),
        IpAddr::V6(address) => out.extend(address.octets()),
    }
}
fn put_address_with_length(address: Option<IpAddr>, out: &mut Vec<u8>) {
    match address {
        None => out.push(0),
        Some(address) => {
            out.push(if address.is_ipv4() { 32 } else { 128 });
            put_address(address, out);
        }
    }
}

/// Appends a route without its type and length.
fn write(key: &EvpnKey, payload: &EvpnPayload, out: &mut Vec<u8>) {
    match key {
        EvpnKey::AutoDiscovery { rd, segment, tag } => {
            out.extend(rd.0);
            out.extend(segment.0);
            out.extend(tag.to_be_bytes());
            put_label(payload.label, out);
        }
        EvpnKey::MacIp { rd, tag, mac, ip } => {
            out.extend(rd.0);
            out.extend(payload.segment.0);
            out.extend(tag.to_be_bytes());
            out.push(48);
            out.extend(mac.0);
            put_address_with_length(*ip, out);
            put_label(payload.label, out);
            if let Some(label) = payload.second_label {
                put_label(label, out);
            }
        }
        EvpnKey::InclusiveMulticast { rd, tag, router } => {
            out.extend(rd.0);
            out.extend(tag.to_be_bytes());
            put_address_with_length(Some(*router), out);
        }
        EvpnKey::EthernetSegment {
            rd,
            segment,
            router,
        } => {
            out.extend(rd.0);
            out.extend(segment.0);
            put_address_with_length(Some(*router), out);
        }
        EvpnKey::IpPrefix { rd, tag, prefix } => {
            out.extend(rd.0);
            out.extend(payload.segment.0);
            out.extend(tag.to_be_bytes());
            out.push(prefix.prefix_len());
            put_address(prefix.network(), out);
            // RFC 9136 §3.1: of the same version as the prefix.
            let none = match prefix {
                IpNet::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                IpNet::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            };
            let gateway = payload.gateway.filter(|by| by.is_ipv4() == none.is_ipv4());
            put_address(gateway.unwrap_or(none), out);
            put_label(payload.label, out);
        }
        EvpnKey::Other(route) => out.extend_from_slice(route.value()),
    }
}

impl EvpnKey {
    /// Route type.
    pub fn kind(&self) -> u8 {
        match self {
            Self::AutoDiscovery { .. } => AUTO_DISCOVERY,
            Self::MacIp { .. } => MAC_IP,
            Self::InclusiveMulticast { .. } => INCLUSIVE_MULTICAST,
            Self::EthernetSegment { .. } => ETHERNET_SEGMENT,
            Self::IpPrefix { .. } => IP_PREFIX,
            Self::Other(route) => route.kind,
        }
    }
}

impl AddressFamily for Evpn {
    const FAMILY: Family = Family::EVPN;
    const LONGEST: usize = 257;
    type Key = EvpnKey;
    type Payload = EvpnPayload;

    #[inline]
    fn measure(octets: &[u8]) -> Option<usize> {
        let [_, length, body @ ..] = octets else {
            return None;
        };
        let length = usize::from(*length);
        (length <= body.len()).then(|| length.saturating_add(2))
    }
    fn take(octets: &[u8]) -> Option<(EvpnKey, EvpnPayload, &[u8])> {
        let (nlri, rest) = octets.split_at_checked(Self::measure(octets)?)?;
        let [kind, _, value @ ..] = nlri else {
            return None;
        };
        let (key, payload) = read(*kind, value)?;
        Some((key, payload, rest))
    }
    fn reads(octets: &[u8], _: bool) -> bool {
        match octets {
            // Not read, since that could allocate.
            [0 | 6.., ..] => true,
            _ => Self::take(octets).is_some(),
        }
    }
    fn put(key: &EvpnKey, payload: &EvpnPayload, out: &mut Vec<u8>) {
        out.extend([key.kind(), 0]);
        let start = out.len();
        write(key, payload, out);
        let length = out.len().saturating_sub(start);
        if let Some(field) = start.checked_sub(1).and_then(|at| out.get_mut(at)) {
            // A value is at most 255 octets.
            *field = u8::try_from(length).unwrap_or(u8::MAX);
        }
    }
}

#[cfg(test)]
mod tests;
