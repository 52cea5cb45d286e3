//! Flow specifications (RFC 8955, RFC 8956): which packets an action is for.
//!
//! A [`FlowRule`] is a list of components in the order of their types, kept as the canonical octets
//! that travel; [`FlowRule::components`] reads them without copying, [`FlowRuleBuilder`] makes
//! them. The rule is the key; the VPN forms put a route distinguisher before it. Cost: a rule of up
//! to 38 octets lies in the value, a longer one (up to 4,095) takes one allocation when it is read;
//! checking it takes none.
mod build;
mod component;

pub use build::{FlowRuleBuilder, FlowRuleError};
pub use component::{FlowComponent, FlowMatch, FlowMatches, FlowPrefix, FlowTest, FlowType};

use super::opaque::flowspec_length;
use super::{AddressFamily, Family, NlriOctets, RouteDistinguisher};
use alloc::vec::Vec;
use component::{Components, Raw};
use core::fmt;

/// Flowspec of IPv4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv4Flowspec;
/// Flowspec of IPv6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv6Flowspec;
/// Flowspec of IPv4 VPNs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vpnv4Flowspec;
/// Flowspec of IPv6 VPNs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vpnv6Flowspec;

/// One flow specification: at least one component, each type once, ascending.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FlowRule {
    octets: NlriOctets,
    wide: bool,
}

/// A flow specification of a VPN.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct VpnFlowRule {
    /// Which VPN's packets.
    pub rd: RouteDistinguisher,
    /// The rule.
    pub rule: FlowRule,
}

impl FlowRule {
    /// Octets of the longest NLRI, its own length not counted (RFC 8955 §4.1).
    pub const LONGEST: usize = 4_095;

    /// Reads components without the length before them. `None` where they are not well formed.
    fn read(octets: &[u8], wide: bool) -> Option<Self> {
        let mut canonical = true;
        for component in Components::checked(octets, wide) {
            canonical &= component?.is_canonical(wide);
        }
        if octets.is_empty() {
            return None;
        }
        let octets = if canonical {
            NlriOctets::new(octets)
        } else {
            let mut out = Vec::with_capacity(octets.len());
            for component in Components::checked(octets, wide).flatten() {
                component.write_canonical(wide, &mut out);
            }
            NlriOctets::new(&out)
        };
        Some(Self { octets, wide })
    }

    /// Whether `read` would succeed; allocates nothing.
    fn reads(octets: &[u8], wide: bool) -> bool {
        !octets.is_empty() && Components::checked(octets, wide).all(|component| component.is_some())
    }

    /// Whether it is about IPv6.
    pub fn is_ipv6(&self) -> bool {
        self.wide
    }

    /// Its components, in order of their types.
    pub fn components(&self) -> impl Iterator<Item = FlowComponent<'_>> {
        let wide = self.wide;
        Components::checked(self.octets.as_slice(), wide)
            .flatten()
            .filter_map(move |raw: Raw<'_>| raw.component(wide))
    }
}

impl fmt::Display for FlowRule {
    // "destination 10.0.0.0/8 protocol =6 destination-port >=80&<=90,=443"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, component) in self.components().enumerate() {
            f.write_str(if position == 0 { "" } else { " " })?;
            component.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for VpnFlowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rd, self.rule)
    }
}

fn measure(octets: &[u8]) -> Option<usize> {
    let (head, length) = flowspec_length(octets)?;
    let whole = head.saturating_add(length);
    (whole <= octets.len()).then_some(whole)
}

/// The first NLRI without its length, and what follows.
fn split(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, length) = flowspec_length(octets)?;
    octets.get(head..)?.split_at_checked(length)
}

/// RFC 8955 §4.1: one octet below 240, else two that begin with 0xf.
fn put_length(length: usize, out: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(short @ ..0xf0) => out.push(short),
        // A rule is never longer than twelve bits count.
        _ => {
            let length = u16::try_from(length).unwrap_or(u16::MAX);
            out.extend((length | 0xf000).to_be_bytes());
        }
    }
}

macro_rules! plain {
    ($name:ident, $family:ident, $wide:literal) => {
        impl AddressFamily for $name {
            const FAMILY: Family = Family::$family;
            const LONGEST: usize = FlowRule::LONGEST + 2;
            type Key = FlowRule;
            type Payload = ();

            fn measure(octets: &[u8]) -> Option<usize> {
                measure(octets)
            }
            fn take(octets: &[u8]) -> Option<(FlowRule, (), &[u8])> {
                let (rule, rest) = split(octets)?;
                Some((FlowRule::read(rule, $wide)?, (), rest))
            }
            fn reads(octets: &[u8], _: bool) -> bool {
                split(octets).is_some_and(|(rule, _)| FlowRule::reads(rule, $wide))
            }
            fn put(key: &FlowRule, (): &(), out: &mut Vec<u8>) {
                let octets = key.octets.as_slice();
                put_length(octets.len(), out);
                out.extend_from_slice(octets);
            }
        }
    };
}
plain!(Ipv4Flowspec, IPV4_FLOWSPEC, false);
plain!(Ipv6Flowspec, IPV6_FLOWSPEC, true);

macro_rules! vpn {
    ($name:ident, $family:ident, $wide:literal) => {
        impl AddressFamily for $name {
            const FAMILY: Family = Family::$family;
            const LONGEST: usize = FlowRule::LONGEST + 2;
            type Key = VpnFlowRule;
            type Payload = ();

            fn measure(octets: &[u8]) -> Option<usize> {
                measure(octets)
            }
            fn take(octets: &[u8]) -> Option<(VpnFlowRule, (), &[u8])> {
                let (nlri, rest) = split(octets)?;
                let (rd, rule) = nlri.split_first_chunk::<8>()?;
                let key = VpnFlowRule {
                    rd: RouteDistinguisher(*rd),
                    rule: FlowRule::read(rule, $wide)?,
                };
                Some((key, (), rest))
            }
            fn reads(octets: &[u8], _: bool) -> bool {
                split(octets)
                    .and_then(|(nlri, _)| nlri.get(8..))
                    .is_some_and(|rule| FlowRule::reads(rule, $wide))
            }
            fn put(key: &VpnFlowRule, (): &(), out: &mut Vec<u8>) {
                let octets = key.rule.octets.as_slice();
                put_length(octets.len().saturating_add(8), out);
                out.extend(key.rd.0);
                out.extend_from_slice(octets);
            }
        }
    };
}
vpn!(Vpnv4Flowspec, VPNV4_FLOWSPEC, false);
vpn!(Vpnv6Flowspec, VPNV6_FLOWSPEC, true);

#[cfg(test)]
mod tests;
