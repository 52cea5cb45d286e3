//! Unicast and multicast of both IP versions: a prefix and nothing else (RFC 4271 §4.3, RFC 4760 §5).
use super::{AddressFamily, Family};
use crate::Nlri;
use crate::prefix::{self, IpPrefix};
use alloc::vec::Vec;
use ipnet::{Ipv4Net, Ipv6Net};

macro_rules! family {
    ($(#[$doc:meta])* $name:ident, $family:ident, $prefix:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name;

        impl AddressFamily for $name {
            const FAMILY: Family = Family::$family;
            const LONGEST: usize = <$prefix>::LONGEST;
            type Key = $prefix;
            type Payload = ();

            #[inline]
            fn measure(octets: &[u8]) -> Option<usize> {
                prefix::measure(octets, <$prefix>::BITS)
            }
            #[inline]
            fn take(octets: &[u8]) -> Option<($prefix, (), &[u8])> {
                <$prefix>::take(octets).map(|(prefix, rest)| (prefix, (), rest))
            }
            #[inline]
            fn reads(_: &[u8], _: bool) -> bool {
                // Whatever has the right length is a prefix.
                true
            }
            #[inline]
            fn check(octets: &[u8]) -> Option<Result<(), usize>> {
                Some(prefix::check(octets, <$prefix>::BITS))
            }
            #[inline]
            fn put_run(nlri: &[Nlri<Self>], end: usize, out: &mut Vec<u8>) -> Option<usize> {
                let prefixes = nlri.iter().map(|one| &one.key);
                Some(<$prefix>::put_run(prefixes, end, out))
            }
            #[inline]
            fn put(key: &$prefix, (): &(), out: &mut Vec<u8>) {
                key.put(out);
            }
        }
    };
}

family!(
    /// IPv4 unicast.
    Ipv4Unicast, IPV4_UNICAST, Ipv4Net
);
family!(
    /// IPv6 unicast.
    Ipv6Unicast, IPV6_UNICAST, Ipv6Net
);
family!(
    /// IPv4 multicast: the unicast routes that multicast's reverse path check looks at.
    Ipv4Multicast, IPV4_MULTICAST, Ipv4Net
);
family!(
    /// IPv6 multicast.
    Ipv6Multicast, IPV6_MULTICAST, Ipv6Net
);
