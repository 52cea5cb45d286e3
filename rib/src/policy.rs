//! Filter as data.
use ipnet::IpNet;
use std::{fmt, str::FromStr};

/// One prefix rule: "192.168.100.0/24" (exact), "192.168.0.0/16 le 24", "10.0.0.0/8 ge 16 le 24".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
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
    fn from_str(_s: &str) -> Result<Self, PrefixRuleError> {
        todo!()
    }
}
impl fmt::Display for PrefixRule {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        todo!()
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
    pub fn matches(&self, _prefix: &IpNet) -> bool {
        todo!()
    }
}

/// What a policy says of a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Verdict {
    Accept,
    Reject,
}

/// A compiled, named policy. Equal policies compare equal and share one export group.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Policy {
    name: Box<str>,
}
impl Policy {
    /// Accepts everything; shown as "all".
    pub fn all() -> Self {
        todo!()
    }
    /// Rejects everything; shown as "none".
    pub fn none() -> Self {
        todo!()
    }
    /// No policy was configured on an eBGP session: rejects everything (RFC 8212); shown as "missing".
    pub fn missing() -> Self {
        todo!()
    }
    /// Accepts what one of the rules matches, rejects all else.
    pub fn accept_prefixes(_name: &str, _rules: Vec<PrefixRule>) -> Self {
        todo!()
    }
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}
