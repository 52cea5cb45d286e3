//! IP VPNs (RFC 4364, RFC 4659): route distinguisher and prefix, with labels that are no key.
use super::{AddressFamily, Family, Labels, RouteDistinguisher, label};
use crate::prefix::IpPrefix;
use alloc::vec::Vec;
use core::fmt;
use ipnet::{Ipv4Net, Ipv6Net};

/// IPv4 VPN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vpnv4;
/// IPv6 VPN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vpnv6;

/// A prefix of a VPN, shown as "65000:1 10.0.0.0/8".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Vpn<P> {
    /// Which VPN's prefix.
    pub rd: RouteDistinguisher,
    /// The prefix.
    pub prefix: P,
}

impl<P: fmt::Display> fmt::Display for Vpn<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rd, self.prefix)
    }
}

/// Bits of a route distinguisher.
const BITS: u8 = 64;

fn take<P: IpPrefix>(octets: &[u8], withdrawn: bool) -> Option<(Vpn<P>, Labels, &[u8])> {
    let bits = BITS..=BITS.saturating_add(P::BITS);
    // RFC 4364 §4.2, RFC 5668 §5: the types of route distinguishers are 0 to 2.
    let likely = |body: &[u8]| matches!(body, [0, 0..=2, ..]);
    let (labels, bits, body, rest) = label::take(octets, withdrawn, bits, likely)?;
    let (rd, body) = body.split_first_chunk::<8>()?;
    let key = Vpn {
        rd: RouteDistinguisher(*rd),
        prefix: P::from_bits(bits.checked_sub(BITS)?, body)?,
    };
    Some((key, labels, rest))
}

fn put<P: IpPrefix>(key: &Vpn<P>, labels: &Labels, out: &mut Vec<u8>) {
    label::put(labels, key.prefix.bits().saturating_add(BITS), out);
    out.extend(key.rd.0);
    key.prefix.write(out);
}

macro_rules! family {
    ($name:ident, $family:ident, $prefix:ty) => {
        impl AddressFamily for $name {
            const FAMILY: Family = Family::$family;
            const LONGEST: usize = 33;
            const WITHDRAWN_DIFFERS: bool = true;
            type Key = Vpn<$prefix>;
            type Payload = Labels;

            // RFC 7606 §5.3: as for labelled unicast, what cannot be read has a wrong length.
            fn measure(octets: &[u8]) -> Option<usize> {
                let (_, _, rest) = Self::take(octets)?;
                octets.len().checked_sub(rest.len())
            }
            fn take(octets: &[u8]) -> Option<(Vpn<$prefix>, Labels, &[u8])> {
                take(octets, false)
            }
            fn reads(octets: &[u8], withdrawn: bool) -> bool {
                // As an announced one `measure` has read it already.
                !withdrawn || Self::take_withdrawn(octets).is_some()
            }
            fn take_withdrawn(octets: &[u8]) -> Option<(Vpn<$prefix>, Labels, &[u8])> {
                take(octets, true)
            }
            fn put(key: &Vpn<$prefix>, labels: &Labels, out: &mut Vec<u8>) {
                put(key, labels, out);
            }
        }
    };
}
family!(Vpnv4, VPNV4, Ipv4Net);
family!(Vpnv6, VPNV6, Ipv6Net);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use alloc::string::ToString;

    #[test]
    fn both_ways() {
        let octets = [112, 0, 0x06, 0x41, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 192, 0, 2];
        let (key, labels, rest) = Vpnv4::take(&octets).unwrap();
        assert_eq!(key.to_string(), "65000:1 192.0.2.0/24");
        assert_eq!(labels, Label::new(100).unwrap().into());
        assert!(rest.is_empty());
        let mut out = Vec::new();
        Vpnv4::put(&key, &labels, &mut out);
        assert_eq!(out, octets);

        let key = Vpn {
            rd: RouteDistinguisher::of_as(1, 2),
            prefix: "2001:db8::/32".parse::<Ipv6Net>().unwrap(),
        };
        let mut out = Vec::new();
        Vpnv6::put(&key, &labels, &mut out);
        assert_eq!(Vpnv6::measure(&out), Some(out.len()));
        assert_eq!(Vpnv6::take(&out), Some((key, labels, &[][..])));
        let mut out = Vec::new();
        Vpnv6::put_withdrawn(&key, &mut out);
        assert_eq!(
            Vpnv6::take_withdrawn(&out),
            Some((key, Labels::default(), &[][..]))
        );
    }

    #[test]
    fn one_label_that_does_not_end_the_stack() {
        // RFC 8277 §2.2: the bit is ignored on reception.
        let octets = [112, 0, 0x06, 0x40, 0, 0, 0xfd, 0xe8, 0, 0, 0, 2, 192, 0, 2];
        let (key, labels, _) = Vpnv4::take(&octets).unwrap();
        assert_eq!(key.to_string(), "65000:2 192.0.2.0/24");
        assert_eq!(labels, Label::new(100).unwrap().into());
    }

    #[test]
    fn wrong_lengths() {
        // 63 bits of route distinguisher; a prefix of 33 bits.
        let short = [87, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Vpnv4::measure(&short), None);
        assert_eq!(Vpnv4::take(&short), None);
        let long = [121, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5];
        assert_eq!(Vpnv4::measure(&long), None);
        assert_eq!(Vpnv4::take(&long), None);
    }
}
