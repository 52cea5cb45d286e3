//! Filter as data.
//!
//! A `Policy` is compiled once and then only read. Today it holds prefix rules and a verdict;
//! terms of matches and actions go into `Body` beside them: `Body::Terms(Box<[Term]>)` with
//! `Term { matches, actions, verdict }`. Evaluation will then return changed attributes too, which
//! is why a path already keeps the set received and the set accepted apart. A policy knows whether
//! it looks at prefixes: where it does not, one evaluation serves a whole attribute set.
//!
//! Equal policies are one object (`Policies`), so that peers with equal filters share one export
//! group, and comparing two policies is comparing two pointers.
//!
//! Cost of a prefix match: one binary search per distinct prefix length among the rules that is
//! not longer than the prefix.
use ipnet::IpNet;
use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::{Arc, Weak},
};

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

/// What a policy says of a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The route is taken.
    Accept,
    /// It is not; a rejected path stays in Adj-RIB-In with its reason.
    Reject,
}

/// A compiled, named policy. Equal policies compare equal and share one export group.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Policy {
    name: Box<str>,
    body: Body,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Body {
    All,
    None,
    /// Rejects everything because nothing was configured (RFC 8212 §2).
    Missing,
    Prefixes(PrefixSet),
}

/// Rules sorted by prefix: all that have the same prefix lie together.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct PrefixSet {
    rules: Box<[PrefixRule]>,
    /// The prefix lengths that occur, ascending: IPv4's, IPv6's.
    lengths: [Box<[u8]>; 2],
}

impl PrefixSet {
    fn new(mut rules: Vec<PrefixRule>) -> Self {
        rules.sort_unstable();
        rules.dedup();
        let lengths = [false, true].map(|ipv6| {
            let mut lengths: Vec<u8> = rules
                .iter()
                .filter(|rule| matches!(rule.prefix, IpNet::V6(_)) == ipv6)
                .map(|rule| rule.prefix.prefix_len())
                .collect();
            lengths.sort_unstable();
            lengths.dedup();
            lengths.into_boxed_slice()
        });
        Self {
            rules: rules.into_boxed_slice(),
            lengths,
        }
    }

    fn matches(&self, prefix: &IpNet) -> bool {
        let [ipv4, ipv6] = &self.lengths;
        let lengths = match prefix {
            IpNet::V4(_) => ipv4,
            IpNet::V6(_) => ipv6,
        };
        lengths
            .iter()
            .take_while(|length| **length <= prefix.prefix_len())
            .filter_map(|length| IpNet::new(prefix.addr(), *length).ok())
            .any(|outer| {
                let outer = outer.trunc();
                let first = self.rules.partition_point(|rule| rule.prefix < outer);
                self.rules
                    .iter()
                    .skip(first)
                    .take_while(|rule| rule.prefix == outer)
                    .any(|rule| rule.matches(prefix))
            })
    }
}

impl Policy {
    /// Accepts everything; shown as "all".
    pub fn all() -> Self {
        Self {
            name: "all".into(),
            body: Body::All,
        }
    }

    /// Rejects everything; shown as "none".
    pub fn none() -> Self {
        Self {
            name: "none".into(),
            body: Body::None,
        }
    }

    /// No policy was configured on an eBGP session: rejects everything (RFC 8212); shown as "missing".
    pub fn missing() -> Self {
        Self {
            name: "missing".into(),
            body: Body::Missing,
        }
    }

    /// Accepts what one of the rules matches, rejects all else.
    pub fn accept_prefixes(name: &str, rules: Vec<PrefixRule>) -> Self {
        Self {
            name: name.into(),
            body: Body::Prefixes(PrefixSet::new(rules)),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says of a route to `prefix`.
    pub fn verdict(&self, prefix: &IpNet) -> Verdict {
        let accept = match &self.body {
            Body::All => true,
            Body::None | Body::Missing => false,
            Body::Prefixes(set) => set.matches(prefix),
        };
        if accept {
            Verdict::Accept
        } else {
            Verdict::Reject
        }
    }

    /// The verdict for every route alike, where the policy looks at no prefix.
    pub(crate) const fn sweeping(&self) -> Option<Verdict> {
        match self.body {
            Body::All => Some(Verdict::Accept),
            Body::None | Body::Missing => Some(Verdict::Reject),
            Body::Prefixes(_) => None,
        }
    }

    /// Nothing was configured (RFC 8212).
    pub const fn is_missing(&self) -> bool {
        matches!(self.body, Body::Missing)
    }
}

/// The policies in use, each once.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    known: Vec<(u64, Weak<Policy>)>,
}

impl Policies {
    /// The one object that equals `policy`.
    pub(crate) fn one(&mut self, policy: Arc<Policy>) -> Arc<Policy> {
        let mut hasher = std::hash::DefaultHasher::new();
        policy.hash(&mut hasher);
        let hash = hasher.finish();
        self.known.retain(|(_, known)| known.strong_count() > 0);
        let found = self
            .known
            .iter()
            .filter(|(other, _)| *other == hash)
            .filter_map(|(_, known)| known.upgrade())
            .find(|known| *known == policy);
        found.unwrap_or_else(|| {
            self.known.push((hash, Arc::downgrade(&policy)));
            policy
        })
    }
}

#[cfg(test)]
mod tests;
