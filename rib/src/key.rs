//! Keys of the tables: what identifies a route of a family, packed.
//!
//! A packed key compares as its prefix does in a listing: by address, then by length. IPv4 takes
//! 8 octets, IPv6 24. Families whose NLRI carries more than a key (labels) will keep that part in
//! the path, not here: a withdraw may carry another label.
use bgp_wire::{AddressFamily, Ipv4Unicast, Ipv6Unicast};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::{
    fmt::Debug,
    hash::Hash,
    net::{Ipv4Addr, Ipv6Addr},
};

/// Families with a table.
pub(crate) const FAMILIES: usize = 2;

/// What a table must know of its family. `SLOT` is its number among the tables.
pub trait Keyed: AddressFamily {
    /// The key as the table stores it.
    type Packed: Copy + Eq + Ord + Hash + Debug + Default + Send + 'static;
    /// Which of the tables.
    const SLOT: usize;
    /// Packs a key.
    fn pack(key: &Self::Key) -> Self::Packed;
    /// The key again.
    fn unpack(packed: Self::Packed) -> Self::Key;
    /// The prefix that policies and people see.
    fn prefix(packed: Self::Packed) -> IpNet;
    /// The first twelve bits: listings are sorted one such bucket at a time.
    fn bucket(packed: Self::Packed) -> u16;
}

impl Keyed for Ipv4Unicast {
    type Packed = u64;
    const SLOT: usize = 0;

    #[inline]
    fn pack(key: &Ipv4Net) -> u64 {
        (u64::from(u32::from(key.network())) << 8) | u64::from(key.prefix_len())
    }
    fn unpack(packed: u64) -> Ipv4Net {
        let address = Ipv4Addr::from((packed >> 8) as u32);
        Ipv4Net::new(address, (packed & 0xff) as u8).unwrap_or_default()
    }
    fn prefix(packed: u64) -> IpNet {
        IpNet::V4(Self::unpack(packed))
    }
    fn bucket(packed: u64) -> u16 {
        (packed >> 28) as u16
    }
}

/// An IPv6 prefix in two words and a length.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PackedIpv6 {
    high: u64,
    low: u64,
    length: u8,
}

impl Keyed for Ipv6Unicast {
    type Packed = PackedIpv6;
    const SLOT: usize = 1;

    #[inline]
    fn pack(key: &Ipv6Net) -> PackedIpv6 {
        let address = u128::from(key.network());
        PackedIpv6 {
            high: (address >> 64) as u64,
            low: address as u64,
            length: key.prefix_len(),
        }
    }
    fn unpack(packed: PackedIpv6) -> Ipv6Net {
        let address = (u128::from(packed.high) << 64) | u128::from(packed.low);
        Ipv6Net::new(Ipv6Addr::from(address), packed.length).unwrap_or_default()
    }
    fn prefix(packed: PackedIpv6) -> IpNet {
        IpNet::V6(Self::unpack(packed))
    }
    /// The twelve bits after 2000::/3's leading ones vary most; the order is what matters.
    fn bucket(packed: PackedIpv6) -> u16 {
        (packed.high >> 48) as u16
    }
}

/// Is `prefix` within `outer`, the same prefix included? Families never contain each other.
pub(crate) fn within(outer: &IpNet, prefix: &IpNet) -> bool {
    match (outer, prefix) {
        (IpNet::V4(outer), IpNet::V4(prefix)) => outer.contains(prefix),
        (IpNet::V6(outer), IpNet::V6(prefix)) => outer.contains(prefix),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<F: Keyed>(texts: &[&str])
    where
        F::Key: std::str::FromStr + Ord,
        <F::Key as std::str::FromStr>::Err: Debug,
    {
        let mut keys: Vec<F::Key> = texts.iter().map(|text| text.parse().unwrap()).collect();
        let mut packed: Vec<F::Packed> = keys.iter().map(F::pack).collect();
        keys.sort();
        packed.sort();
        let unpacked: Vec<F::Key> = packed.iter().map(|key| F::unpack(*key)).collect();
        assert_eq!(unpacked, keys);
        assert!(
            packed
                .windows(2)
                .all(|pair| F::bucket(pair[0]) <= F::bucket(pair[1]))
        );
    }

    #[test]
    fn packed_keys_sort_as_prefixes_do() {
        check::<Ipv4Unicast>(&[
            "10.0.0.0/8",
            "0.0.0.0/0",
            "10.0.0.0/16",
            "255.255.255.255/32",
            "10.0.1.0/24",
            "9.0.0.0/8",
        ]);
        check::<Ipv6Unicast>(&[
            "2001:db8::/32",
            "::/0",
            "2001:db8::/48",
            "fe80::1/128",
            "2001:db8:0:0:1::/80",
        ]);
    }

    #[test]
    fn within_is_by_family() {
        let net = |text: &str| text.parse::<IpNet>().unwrap();
        assert!(within(&net("0.0.0.0/0"), &net("10.0.0.0/8")));
        assert!(within(&net("10.0.0.0/8"), &net("10.0.0.0/8")));
        assert!(!within(&net("10.0.0.0/9"), &net("10.0.0.0/8")));
        assert!(!within(&net("::/0"), &net("10.0.0.0/8")));
    }
}
