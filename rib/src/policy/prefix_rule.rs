//! One prefix with a range of lengths, as a person writes it.
use ipnet::IpNet;
use std::{fmt, str::FromStr};

/// One prefix rule: "192.168.100.0/24" (exact), "192.168.0.0/16 le 24", "10.0.0.0/8 ge 16 le 24".
///
/// ```
/// use rib::PrefixRule;
/// let rule: PrefixRule = "10.0.0.0/8 ge 16 le 24".parse().unwrap();
/// assert!(rule.matches(&"10.1.0.0/16".parse().unwrap()));
/// assert!(!rule.matches(&"10.0.0.0/8".parse().unwrap()));
/// let error = "10.0.0.1/8".parse::<PrefixRule>().unwrap_err();
/// assert!(error.to_string().contains("10.0.0.0/8"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PrefixRule {
    prefix: IpNet,
    min: u8,
    max: u8,
}

/// Why a text is not a prefix rule, and what would be right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrefixRuleError(pub String);

impl FromStr for PrefixRule {
    type Err = PrefixRuleError;

    fn from_str(text: &str) -> Result<Self, PrefixRuleError> {
        let fail = |message: String| Err(PrefixRuleError(message));
        let mut words = text.split_whitespace();
        let Some(first) = words.next() else {
            return fail(
                "an empty rule matches nothing; write a prefix, as in \"192.168.100.0/24\"".into(),
            );
        };
        let prefix = parse_prefix(first)?;
        let longest = prefix.max_prefix_len();
        let (mut ge, mut le) = (None, None);
        while let Some(word) = words.next() {
            let bound = match word {
                "ge" => &mut ge,
                "le" => &mut le,
                _ => {
                    return fail(format!(
                        "\"{word}\" in \"{text}\" is not known; after the prefix may come \"ge LENGTH\" and \"le LENGTH\", as in \"{prefix} le {longest}\""
                    ));
                }
            };
            if bound.is_some() {
                return fail(format!(
                    "\"{word}\" stands twice in \"{text}\"; write it once"
                ));
            }
            let Some(number) = words.next() else {
                return fail(format!(
                    "\"{word}\" in \"{text}\" lacks its length; write it as in \"{prefix} {word} {longest}\""
                ));
            };
            match number.trim_start_matches('/').parse::<u8>() {
                Ok(length) if length <= longest => *bound = Some(length),
                _ => {
                    return fail(format!(
                        "\"{number}\" in \"{text}\" is not a prefix length; right is a number from {} to {longest}",
                        prefix.prefix_len()
                    ));
                }
            }
        }
        let min = ge.unwrap_or_else(|| prefix.prefix_len());
        // "ge" alone leaves the upper end open; without either the match is exact.
        let max = le.unwrap_or(if ge.is_some() { longest } else { min });
        if min < prefix.prefix_len() || max < prefix.prefix_len() {
            return fail(format!(
                "\"{text}\" asks for prefixes shorter than {prefix} itself, which cannot lie within it; lengths from {} to {longest} can match",
                prefix.prefix_len()
            ));
        }
        if min > max {
            return fail(format!(
                "\"{text}\" matches nothing: ge {min} is greater than le {max}; write \"{prefix} ge {max} le {min}\""
            ));
        }
        Ok(Self { prefix, min, max })
    }
}

fn parse_prefix(text: &str) -> Result<IpNet, PrefixRuleError> {
    if let Ok(address) = text.parse::<std::net::IpAddr>() {
        let host = IpNet::from(address);
        return Err(PrefixRuleError(format!(
            "\"{text}\" has no prefix length; write \"{host}\" for this one address"
        )));
    }
    let prefix: IpNet = text.parse().map_err(|_| {
        PrefixRuleError(format!(
            "\"{text}\" is not a prefix; write address/length, as in \"192.168.100.0/24\" or \"2001:db8::/32\""
        ))
    })?;
    let whole = prefix.trunc();
    if whole != prefix {
        return Err(PrefixRuleError(format!(
            "\"{text}\" has bits set beyond its length; the prefix is \"{whole}\""
        )));
    }
    Ok(whole)
}

impl fmt::Display for PrefixRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, longest) = (self.prefix.prefix_len(), self.prefix.max_prefix_len());
        write!(f, "{}", self.prefix)?;
        if self.min != own {
            write!(f, " ge {}", self.min)?;
        }
        // "ge" alone reads as "and longer"; an exact rule shows neither.
        let implied = if self.min == own { own } else { longest };
        if self.max != implied {
            write!(f, " le {}", self.max)?;
        }
        Ok(())
    }
}

impl fmt::Display for PrefixRuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PrefixRuleError {}

impl PrefixRule {
    /// Does `prefix` match?
    pub fn matches(&self, prefix: &IpNet) -> bool {
        (self.min..=self.max).contains(&prefix.prefix_len())
            && crate::key::within(&self.prefix, prefix)
    }
}

impl PrefixRule {
    /// The prefix that what matches lies within.
    pub const fn prefix(&self) -> IpNet {
        self.prefix
    }

    /// Shortest and longest length that match.
    pub const fn lengths(&self) -> (u8, u8) {
        (self.min, self.max)
    }
}
