//! Patterns of policies: communities with wildcards, AS paths by regular expression.
use bgp_wire::{
    AsPath, Attributes,
    attr::{Community, ExtendedCommunity, LargeCommunity},
};
use regex::Regex;
use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// A community of any kind; `*` stands for any number: "65000:*", "no-export", "65000:1:*",
/// "target:65000:*".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CommunityPattern {
    /// COMMUNITIES (RFC 1997), by halves.
    Standard(Option<u16>, Option<u16>),
    /// Large communities (RFC 8092).
    Large([Option<u32>; 3]),
    /// Extended communities (RFC 4360): octets where the mask has bits.
    Extended {
        /// What they are
        octets: u64,
        /// Which count
        mask: u64,
    },
}

/// Why a text is no pattern, and what would be right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatternError(pub String);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

impl FromStr for CommunityPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let wrong = || {
            PatternError(format!(
                "\"{text}\" is not a community; write \"65000:1\", \"65000:*\", \"no-export\", \"65000:1:2\", \"target:65000:1\" or \"target:65000:*\""
            ))
        };
        if let Some(value) = standard(text) {
            return Ok(Self::Standard(
                Some((value >> 16) as u16),
                Some(value as u16),
            ));
        }
        if let Ok(LargeCommunity(words)) = text.parse() {
            return Ok(Self::Large(words.map(Some)));
        }
        if let Ok(ExtendedCommunity(octets)) = text.parse() {
            return Ok(Self::Extended {
                octets: u64::from_be_bytes(octets),
                mask: u64::MAX,
            });
        }
        // What is administered by an AS number ends with two or four octets of its own choice.
        let known = |start: &str| {
            ["target:", "origin:"]
                .iter()
                .any(|kind| start.starts_with(kind))
        };
        if let Some(start) = text.strip_suffix(":*").filter(|start| known(start)) {
            let ExtendedCommunity(octets) = format!("{start}:0").parse().map_err(|_| wrong())?;
            let octets = u64::from_be_bytes(octets);
            // Type 0: a two-octet AS number, then four octets; else four, then two.
            let local = if octets >> 56 & 0x3f == 0 { 32 } else { 16 };
            return Ok(Self::Extended {
                octets,
                mask: u64::MAX << local,
            });
        }
        let parts: Vec<&str> = text.split(':').collect();
        match parts.as_slice() {
            [high, low] => Ok(Self::Standard(
                number(high).ok_or_else(wrong)?,
                number(low).ok_or_else(wrong)?,
            )),
            [one, two, three] => Ok(Self::Large([
                number(one).ok_or_else(wrong)?,
                number(two).ok_or_else(wrong)?,
                number(three).ok_or_else(wrong)?,
            ])),
            _ => Err(wrong()),
        }
    }
}

/// "65000:1", "no-export", "NO_EXPORT".
pub(super) fn standard(text: &str) -> Option<u32> {
    let name = || text.to_ascii_uppercase().replace('-', "_").parse();
    let parsed: Result<Community, _> = text.parse().or_else(|_| name());
    parsed.ok().map(|Community(value)| value)
}

/// A number or `*`.
fn number<N: FromStr>(text: &str) -> Option<Option<N>> {
    match text {
        "*" => Some(None),
        _ => text.parse().ok().map(Some),
    }
}

impl CommunityPattern {
    /// Whether it has no wildcard, and so is a community.
    pub fn is_exact(&self) -> bool {
        match self {
            Self::Standard(high, low) => high.is_some() && low.is_some(),
            Self::Large(words) => words.iter().all(Option::is_some),
            Self::Extended { mask, .. } => *mask == u64::MAX,
        }
    }

    pub(crate) fn is_standard(&self, community: u32) -> bool {
        let Self::Standard(high, low) = self else {
            return false;
        };
        high.is_none_or(|high| u32::from(high) == community >> 16)
            && low.is_none_or(|low| u32::from(low) == community & 0xffff)
    }

    pub(crate) fn is_large(&self, community: &[u32; 3]) -> bool {
        let Self::Large(words) = self else {
            return false;
        };
        let mut pairs = words.iter().zip(community);
        pairs.all(|(wanted, word)| wanted.is_none_or(|wanted| wanted == *word))
    }

    pub(crate) fn is_extended(&self, community: [u8; 8]) -> bool {
        let Self::Extended { octets, mask } = self else {
            return false;
        };
        (u64::from_be_bytes(community) ^ octets) & mask == 0
    }

    /// Is there such a community?
    pub(crate) fn matches(&self, attributes: &Attributes<'_>) -> bool {
        match self {
            Self::Standard(..) => attributes.communities().any(|c| self.is_standard(c)),
            Self::Large(_) => attributes.large_communities().any(|c| self.is_large(&c)),
            Self::Extended { .. } => attributes
                .extended_communities()
                .any(|c| self.is_extended(c)),
        }
    }
}

/// A regular expression over the AS path as text, "65001 65002 {1,2}", in which `_` stands for the
/// beginning, the end, or what stands between two numbers: "_65000_", "^65001_", "_65002$".
#[derive(Clone, Debug)]
pub struct AsPathPattern {
    text: Box<str>,
    regex: Regex,
}

/// Octets of memory that one expression may take.
const LARGEST: usize = 1 << 20;

impl FromStr for AsPathPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let expression = text.replace('_', "(?:^|$|[ ,{}()\\[\\]])");
        let regex = regex::RegexBuilder::new(&expression)
            .size_limit(LARGEST)
            .build()
            .map_err(|_| {
                PatternError(format!(
                    "\"{text}\" is not a regular expression over AS paths; write \"_65000_\", \"^65001_\" or \"^$\""
                ))
            })?;
        Ok(Self {
            text: text.into(),
            regex,
        })
    }
}

impl AsPathPattern {
    pub(crate) fn matches(&self, path: &str) -> bool {
        self.regex.is_match(path)
    }
}

/// The text that patterns look at.
pub(crate) fn path_text(path: Option<AsPath<'_>>) -> String {
    path.map_or_else(String::new, |path| path.to_string())
}

impl fmt::Display for AsPathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for AsPathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for AsPathPattern {}

impl Hash for AsPathPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
