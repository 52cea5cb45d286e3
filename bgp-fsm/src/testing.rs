//! What several test modules need.
use crate::Config;
use bgp_wire::{Asn, Capability, Family, RouterId};
use std::{net::Ipv4Addr, time::Duration};

/// Speaker `n`: AS 65000 + n, identifier 10.0.0.n, an eBGP neighbor of any AS.
pub(crate) fn config(n: u8) -> Config {
    Config {
        local_as: Asn(65_000 + u32::from(n)),
        remote_as: None,
        router_id: RouterId::new(Ipv4Addr::new(10, 0, 0, n)).unwrap(),
        hold_time: Duration::from_secs(90),
        keepalive: None,
        capabilities: vec![
            Capability::Multiprotocol(Family::IPV4_UNICAST),
            Capability::RouteRefresh,
        ],
        passive: false,
        connect_retry: Duration::from_secs(1),
        connect_retry_max: Duration::from_secs(30),
        send_hold: None,
    }
}
