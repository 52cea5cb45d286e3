//! Making flow specifications.
use super::component::{AND, END, FlowMatch, FlowPrefix, FlowTest, FlowType};
use super::{FlowRule, NlriOctets};
use alloc::vec::Vec;
use core::fmt;
use ipnet::IpNet;

/// Collects the components of a rule, in any order.
///
/// ```
/// use bgp_wire::{FlowMatch, FlowRule, FlowRuleBuilder, FlowType};
/// let to: ipnet::Ipv4Net = "192.0.2.0/24".parse()?;
/// let rule = FlowRuleBuilder::ipv4()
///     .matches(FlowType::DestinationPort, &[FlowMatch::equal(53), FlowMatch::equal(123)])
///     .prefix(FlowType::Destination, to.into())
///     .build()?;
/// assert_eq!(rule.to_string(), "destination 192.0.2.0/24 destination-port =53,=123");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FlowRuleBuilder {
    components: Vec<(FlowType, Vec<u8>)>,
    wide: bool,
    error: Option<FlowRuleError>,
}

/// Why there is no such rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlowRuleError {
    /// No component at all.
    Empty,
    /// A type is there twice.
    Twice(FlowType),
    /// A prefix where matches should be or the other way round, a list without matches, a test of
    /// bits where numbers are compared, or something of the other IP version.
    Unfit(FlowType),
    /// Over [`FlowRule::LONGEST`] octets, a route distinguisher counted.
    TooLong,
}

impl fmt::Display for FlowRuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a flow specification needs at least one component"),
            Self::Twice(kind) => write!(f, "{kind} is there twice"),
            Self::Unfit(kind) => write!(f, "{kind} cannot hold this"),
            Self::TooLong => write!(
                f,
                "a flow specification takes at most {} octets",
                FlowRule::LONGEST
            ),
        }
    }
}
impl core::error::Error for FlowRuleError {}

impl FlowMatch {
    const fn number(value: u64, less: bool, greater: bool, equal: bool) -> Self {
        Self {
            and: false,
            test: FlowTest::Number {
                less,
                greater,
                equal,
            },
            value,
        }
    }
    /// Equal to `value`.
    pub const fn equal(value: u64) -> Self {
        Self::number(value, false, false, true)
    }
    /// At least `value`.
    pub const fn at_least(value: u64) -> Self {
        Self::number(value, false, true, true)
    }
    /// At most `value`.
    pub const fn at_most(value: u64) -> Self {
        Self::number(value, true, false, true)
    }
    /// All of these bits are set.
    pub const fn all_bits(value: u64) -> Self {
        Self {
            and: false,
            test: FlowTest::Bits {
                not: false,
                all: true,
            },
            value,
        }
    }
    /// Any of these bits is set.
    pub const fn any_bit(value: u64) -> Self {
        Self {
            and: false,
            test: FlowTest::Bits {
                not: false,
                all: false,
            },
            value,
        }
    }
    /// Joined to the match before it by "and".
    #[must_use]
    pub const fn and(mut self) -> Self {
        self.and = true;
        self
    }
}

impl FlowRuleBuilder {
    /// A rule about IPv4 packets.
    pub fn ipv4() -> Self {
        Self {
            components: Vec::new(),
            wide: false,
            error: None,
        }
    }
    /// A rule about IPv6 packets.
    pub fn ipv6() -> Self {
        Self {
            wide: true,
            ..Self::ipv4()
        }
    }

    fn add(mut self, kind: FlowType, fits: bool, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let twice = self.components.iter().any(|(before, _)| *before == kind);
        let error = match (fits, twice) {
            (false, _) => Some(FlowRuleError::Unfit(kind)),
            (true, true) => Some(FlowRuleError::Twice(kind)),
            (true, false) => None,
        };
        self.error = self.error.or(error);
        if error.is_none() {
            let mut octets = Vec::new();
            octets.push(kind.code());
            write(&mut octets);
            self.components.push((kind, octets));
        }
        self
    }

    /// Adds a prefix: [`FlowType::Destination`] or [`FlowType::Source`].
    #[must_use]
    pub fn prefix(self, kind: FlowType, prefix: FlowPrefix) -> Self {
        let fits = kind.is_prefix() && matches!(prefix.prefix(), IpNet::V6(_)) == self.wide;
        self.add(kind, fits, |out| prefix.write(out))
    }

    /// Adds a list of matches.
    #[must_use]
    pub fn matches(self, kind: FlowType, matches: &[FlowMatch]) -> Self {
        let fits = !kind.is_prefix()
            && !matches.is_empty()
            && (self.wide || kind != FlowType::FlowLabel)
            && matches
                .iter()
                .all(|one| matches!(one.test, FlowTest::Bits { .. }) == kind.is_bits());
        self.add(kind, fits, |out| {
            for (position, one) in matches.iter().enumerate() {
                let last = position.saturating_add(1) == matches.len();
                put_match(*one, position == 0, last, out);
            }
        })
    }

    /// The rule.
    ///
    /// # Errors
    /// [`FlowRuleError`] of the first thing that was wrong.
    pub fn build(mut self) -> Result<FlowRule, FlowRuleError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.components.sort_by_key(|(kind, _)| *kind);
        let octets: Vec<u8> = self
            .components
            .into_iter()
            .flat_map(|(_, octets)| octets)
            .collect();
        // With a route distinguisher before it, it is still within bounds.
        match octets.len().saturating_add(8) {
            ..=8 => Err(FlowRuleError::Empty),
            9..=FlowRule::LONGEST => Ok(FlowRule {
                octets: NlriOctets::new(&octets),
                wide: self.wide,
            }),
            _ => Err(FlowRuleError::TooLong),
        }
    }
}

/// Appends a match with the shortest value that holds it.
fn put_match(one: FlowMatch, first: bool, last: bool, out: &mut Vec<u8>) {
    let octets = one.value.to_be_bytes();
    let power = match one.value {
        0..=0xff => 0_u8,
        0x100..=0xffff => 1,
        0x1_0000..=0xffff_ffff => 2,
        _ => 3,
    };
    let end = if last { END } else { 0 };
    let and = if one.and && !first { AND } else { 0 };
    out.push(end | and | (power << 4) | one.test.bits());
    let start = octets.len().saturating_sub(1_usize << power);
    out.extend(octets.iter().skip(start));
}
