//! What several test modules need.
use crate::Config;
use bgp_wire::{Asn, Capability, Family, RouterId};
use std::net::Ipv4Addr;

/// Speaker `n`: AS 65000 + n, identifier 10.0.0.n, an eBGP neighbor of any AS.
pub(crate) fn config(n: u8) -> Config {
    Config {
        capabilities: vec![
            Capability::Multiprotocol(Family::IPV4_UNICAST),
            Capability::RouteRefresh,
        ],
        ..Config::new(
            Asn(65_000 + u32::from(n)),
            RouterId::new(Ipv4Addr::new(10, 0, 0, n)).unwrap(),
        )
    }
}
