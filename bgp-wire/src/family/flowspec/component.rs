//! Components of a flow specification, as views over octets (RFC 8955 §4.2.2, RFC 8956 §3).
use crate::prefix::octets_of;
use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What a component looks at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
#[repr(u8)]
pub enum FlowType {
    Destination = 1,
    Source = 2,
    /// Protocol, or the last next header of IPv6.
    Protocol = 3,
    /// Source or destination port.
    Port = 4,
    DestinationPort = 5,
    SourcePort = 6,
    IcmpType = 7,
    IcmpCode = 8,
    TcpFlags = 9,
    PacketLength = 10,
    Dscp = 11,
    Fragment = 12,
    /// IPv6 only (RFC 8956 §3.7).
    FlowLabel = 13,
}

/// One component.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FlowComponent<'a> {
    /// Where packets go.
    Destination(FlowPrefix),
    /// Where packets come from.
    Source(FlowPrefix),
    /// Every other type: a list of matches.
    Matches(FlowType, FlowMatches<'a>),
}

/// A prefix; of IPv6 perhaps without its first bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FlowPrefix {
    prefix: IpNet,
    offset: u8,
}

/// One match of a list: matches are joined by "or", except where `and` says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FlowMatch {
    /// Joined to the match before it by "and".
    pub and: bool,
    /// How the value is compared.
    pub test: FlowTest,
    /// With what.
    pub value: u64,
}

/// How a match compares (RFC 8955 §4.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FlowTest {
    /// As a number; none of the three is never true, all are always.
    Number {
        /// The packet's value is less.
        less: bool,
        /// The packet's value is greater.
        greater: bool,
        /// The packet's value is equal.
        equal: bool,
    },
    /// As bits: TCP flags and fragments.
    Bits {
        /// The result is turned round.
        not: bool,
        /// All bits must be set; else any.
        all: bool,
    },
}

/// The matches of one component.
#[derive(Clone, Debug)]
pub struct FlowMatches<'a> {
    rest: &'a [u8],
    bits: bool,
    first: bool,
}

impl FlowType {
    pub(super) fn from_code(code: u8, wide: bool) -> Option<Self> {
        Some(match code {
            1 => Self::Destination,
            2 => Self::Source,
            3 => Self::Protocol,
            4 => Self::Port,
            5 => Self::DestinationPort,
            6 => Self::SourcePort,
            7 => Self::IcmpType,
            8 => Self::IcmpCode,
            9 => Self::TcpFlags,
            10 => Self::PacketLength,
            11 => Self::Dscp,
            12 => Self::Fragment,
            13 if wide => Self::FlowLabel,
            _ => return None,
        })
    }

    /// The octet on the wire.
    pub fn code(self) -> u8 {
        self as u8
    }
    /// Whether it holds a prefix, not a list of matches.
    pub fn is_prefix(self) -> bool {
        matches!(self, Self::Destination | Self::Source)
    }
    /// Whether its matches compare bits.
    pub fn is_bits(self) -> bool {
        matches!(self, Self::TcpFlags | Self::Fragment)
    }
}

impl fmt::Display for FlowType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Destination => "destination",
            Self::Source => "source",
            Self::Protocol => "protocol",
            Self::Port => "port",
            Self::DestinationPort => "destination-port",
            Self::SourcePort => "source-port",
            Self::IcmpType => "icmp-type",
            Self::IcmpCode => "icmp-code",
            Self::TcpFlags => "tcp-flags",
            Self::PacketLength => "packet-length",
            Self::Dscp => "dscp",
            Self::Fragment => "fragment",
            Self::FlowLabel => "flow-label",
        })
    }
}

impl From<Ipv4Net> for FlowPrefix {
    fn from(prefix: Ipv4Net) -> Self {
        Self {
            prefix: IpNet::V4(prefix.trunc()),
            offset: 0,
        }
    }
}
impl From<Ipv6Net> for FlowPrefix {
    fn from(prefix: Ipv6Net) -> Self {
        Self {
            prefix: IpNet::V6(prefix.trunc()),
            offset: 0,
        }
    }
}

impl FlowPrefix {
    /// An IPv6 prefix whose first `offset` bits do not matter (RFC 8956 §3.1); `None` where they are
    /// all of it.
    pub fn with_offset(prefix: Ipv6Net, offset: u8) -> Option<Self> {
        if offset == 0 {
            return Some(prefix.into());
        }
        if offset >= prefix.prefix_len() {
            return None;
        }
        let skipped = u128::MAX.checked_shr(u32::from(offset)).unwrap_or(0);
        let address = Ipv6Addr::from_bits(prefix.network().to_bits() & skipped);
        let prefix = Ipv6Net::new(address, prefix.prefix_len()).ok()?;
        Some(Self {
            prefix: IpNet::V6(prefix),
            offset,
        })
    }

    /// The prefix; its first `offset` bits are zero.
    pub fn prefix(&self) -> IpNet {
        self.prefix
    }
    /// How many of its first bits do not matter.
    pub fn offset(&self) -> u8 {
        self.offset
    }

    /// Appends it as it is on the wire, without the component's type.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let bits = self.prefix.prefix_len();
        match self.prefix {
            IpNet::V4(prefix) => {
                out.push(bits);
                let octets = prefix.network().octets();
                out.extend(octets.iter().take(octets_of(bits)));
            }
            IpNet::V6(prefix) => {
                out.extend([bits, self.offset]);
                let pattern = prefix.network().to_bits();
                let pattern = pattern.checked_shl(u32::from(self.offset)).unwrap_or(0);
                let length = octets_of(bits.saturating_sub(self.offset));
                out.extend(pattern.to_be_bytes().iter().take(length));
            }
        }
    }
}

impl fmt::Display for FlowPrefix {
    // "10.0.0.0/8", "2001:db8::/32", "::1234:0:0/104 offset 64"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.prefix.fmt(f)?;
        match self.offset {
            0 => Ok(()),
            offset => write!(f, " offset {offset}"),
        }
    }
}

impl PartialEq for FlowMatches<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.clone().eq(other.clone())
    }
}
impl Eq for FlowMatches<'_> {}

/// The last match of a list.
pub(super) const END: u8 = 0x80;
pub(super) const AND: u8 = 0x40;
/// Two bits of the length of the value, as a power of two.
const LENGTH: u8 = 0x30;

/// One match and what follows: operator, octets of the value.
fn split_match(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (operator, rest) = octets.split_first()?;
    let length = 1_usize.checked_shl(u32::from((operator & LENGTH) >> 4))?;
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*operator, value, rest))
}

impl FlowTest {
    pub(super) fn bits(self) -> u8 {
        match self {
            Self::Number {
                less,
                greater,
                equal,
            } => (u8::from(less) << 2) | (u8::from(greater) << 1) | u8::from(equal),
            Self::Bits { not, all } => (u8::from(not) << 1) | u8::from(all),
        }
    }
}

impl Iterator for FlowMatches<'_> {
    type Item = FlowMatch;
    fn next(&mut self) -> Option<FlowMatch> {
        let (operator, value, rest) = split_match(self.rest)?;
        self.rest = rest;
        let first = core::mem::replace(&mut self.first, false);
        let and = operator & AND != 0 && !first;
        let test = if self.bits {
            FlowTest::Bits {
                not: operator & 2 != 0,
                all: operator & 1 != 0,
            }
        } else {
            FlowTest::Number {
                less: operator & 4 != 0,
                greater: operator & 2 != 0,
                equal: operator & 1 != 0,
            }
        };
        let value = value
            .iter()
            .fold(0_u64, |sum, octet| (sum << 8) | u64::from(*octet));
        Some(FlowMatch { and, test, value })
    }
}

impl fmt::Display for FlowMatch {
    // "=6", ">=80", "!0x2", "&<=90"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.test {
            FlowTest::Number {
                less,
                greater,
                equal,
            } => {
                let sign = match (less, greater, equal) {
                    (false, false, false) => return f.write_str("false"),
                    (true, true, true) => return f.write_str("true"),
                    (true, true, false) => "!=",
                    (true, false, false) => "<",
                    (true, false, true) => "<=",
                    (false, true, false) => ">",
                    (false, true, true) => ">=",
                    (false, false, true) => "=",
                };
                write!(f, "{sign}{value}")
            }
            FlowTest::Bits { not, all } => {
                let not = if not { "!" } else { "" };
                let all = if all { "=" } else { "" };
                write!(f, "{not}{all}{value:#x}")
            }
        }
    }
}

impl fmt::Display for FlowComponent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination(prefix) => write!(f, "destination {prefix}"),
            Self::Source(prefix) => write!(f, "source {prefix}"),
            Self::Matches(kind, matches) => {
                write!(f, "{kind} ")?;
                for (position, one) in matches.clone().enumerate() {
                    let joint = match (position, one.and) {
                        (0, _) => "",
                        (_, true) => "&",
                        (_, false) => ",",
                    };
                    write!(f, "{joint}{one}")?;
                }
                Ok(())
            }
        }
    }
}

/// One component as octets, type included.
#[derive(Clone, Copy)]
pub(super) struct Raw<'a> {
    kind: FlowType,
    octets: &'a [u8],
}

/// Components of well-formed octets; an inner `None` at the first that is not.
#[derive(Clone)]
pub(super) struct Components<'a> {
    rest: &'a [u8],
    wide: bool,
    last: u8,
}

impl<'a> Components<'a> {
    pub(super) fn checked(octets: &'a [u8], wide: bool) -> Self {
        Self {
            rest: octets,
            wide,
            last: 0,
        }
    }

    fn split(&mut self) -> Option<Raw<'a>> {
        let (code, body) = self.rest.split_first()?;
        let kind = FlowType::from_code(*code, self.wide)?;
        // RFC 8955 §4.2: strict order of types, each once.
        if *code <= self.last {
            return None;
        }
        self.last = *code;
        let length = if kind.is_prefix() {
            prefix_length(body, self.wide)?
        } else {
            let mut rest = body;
            loop {
                let (operator, _, after) = split_match(rest)?;
                rest = after;
                if operator & END != 0 {
                    break body.len().saturating_sub(rest.len());
                }
            }
        };
        let (octets, rest) = self.rest.split_at_checked(length.checked_add(1)?)?;
        self.rest = rest;
        Some(Raw { kind, octets })
    }
}

/// Octets of a prefix without its type.
fn prefix_length(body: &[u8], wide: bool) -> Option<usize> {
    match (wide, body) {
        (false, [bits @ ..=32, ..]) => octets_of(*bits).checked_add(1),
        // RFC 8956 §3.1
        (true, [0, 0, ..]) => Some(2),
        (true, [bits @ ..=128, offset, ..]) if offset < bits => {
            octets_of(bits.checked_sub(*offset)?).checked_add(2)
        }
        _ => None,
    }
}

impl<'a> Iterator for Components<'a> {
    type Item = Option<Raw<'a>>;
    fn next(&mut self) -> Option<Option<Raw<'a>>> {
        if self.rest.is_empty() {
            return None;
        }
        let raw = self.split();
        if raw.is_none() {
            self.rest = &[];
        }
        Some(raw)
    }
}

impl<'a> Raw<'a> {
    fn prefix(&self, wide: bool) -> Option<FlowPrefix> {
        let [_, bits, body @ ..] = self.octets else {
            return None;
        };
        if !wide {
            let mut address = [0; 4];
            address.get_mut(..body.len())?.copy_from_slice(body);
            return Ipv4Net::new(Ipv4Addr::from(address), *bits)
                .ok()
                .map(FlowPrefix::from);
        }
        let (offset, body) = body.split_first()?;
        let mut pattern = [0; 16];
        pattern.get_mut(..body.len())?.copy_from_slice(body);
        let address = u128::from_be_bytes(pattern)
            .checked_shr(u32::from(*offset))
            .unwrap_or(0);
        let prefix = Ipv6Net::new(Ipv6Addr::from_bits(address), *bits).ok()?;
        FlowPrefix::with_offset(prefix.trunc(), *offset)
    }

    pub(super) fn component(&self, wide: bool) -> Option<FlowComponent<'a>> {
        Some(match self.kind {
            FlowType::Destination => FlowComponent::Destination(self.prefix(wide)?),
            FlowType::Source => FlowComponent::Source(self.prefix(wide)?),
            kind => FlowComponent::Matches(
                kind,
                FlowMatches {
                    rest: self.octets.get(1..)?,
                    bits: kind.is_bits(),
                    first: true,
                },
            ),
        })
    }

    /// Whether nothing stands where nothing matters: bits behind a prefix, reserved bits of
    /// operators.
    pub(super) fn is_canonical(&self, wide: bool) -> bool {
        if self.kind.is_prefix() {
            let [_, bits, body @ ..] = self.octets else {
                return false;
            };
            let (bits, body) = match body {
                [offset, body @ ..] if wide => (bits.saturating_sub(*offset), body),
                _ => (*bits, body),
            };
            let spare = bits.wrapping_neg() & 7;
            let mask = u8::MAX.checked_shl(u32::from(spare)).unwrap_or(0);
            return body.last().is_none_or(|last| last & !mask == 0);
        }
        let mut rest = self.octets.get(1..).unwrap_or(&[]);
        let mut first = true;
        while let Some((operator, _, after)) = split_match(rest) {
            if self.operator(operator, first) != operator {
                return false;
            }
            first = false;
            rest = after;
        }
        true
    }

    /// An operator without what does not matter (RFC 8955 §4.2.1.1, §4.2.1.2).
    fn operator(&self, operator: u8, first: bool) -> u8 {
        let reserved = if self.kind.is_bits() { 0x0c } else { 0x08 };
        let and = if first { AND } else { 0 };
        operator & !(reserved | and)
    }

    pub(super) fn write_canonical(&self, wide: bool, out: &mut Vec<u8>) {
        out.push(self.kind.code());
        if self.kind.is_prefix() {
            if let Some(prefix) = self.prefix(wide) {
                prefix.write(out);
            }
            return;
        }
        let mut rest = self.octets.get(1..).unwrap_or(&[]);
        let mut first = true;
        while let Some((operator, value, after)) = split_match(rest) {
            out.push(self.operator(operator, first));
            out.extend_from_slice(value);
            first = false;
            rest = after;
        }
    }
}
