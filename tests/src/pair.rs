//! Two speakers' hosts, wherever they are from each other.
use crate::{Neighbor, Netns, Router};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// AS of the left side.
pub const LEFT_AS: u32 = 65530;

/// AS of the right side.
pub const RIGHT_AS: u32 = 12076;

/// A left and a right host, each with an interface `wire`.
///
/// Side by side they have 10.1.1.1/30 and 10.1.1.2/30, fd00::1/64 and fd00::2/64. With a router in
/// between they have 10.1.1.1/30 and 10.1.2.1/30, and their packets lose one hop on the way.
#[derive(Debug)]
pub struct Pair {
    /// By convention the subject's.
    pub left: Netns,
    /// By convention the peer's.
    pub right: Netns,
    _between: Option<Netns>,
    addresses: [Ipv4Addr; 2],
}

impl Pair {
    /// On one wire.
    #[must_use]
    pub fn new() -> Self {
        let left = Netns::new("left");
        let right = Netns::new("right");
        left.ip(&format!(
            "link add wire type veth peer name wire netns {}",
            right.name()
        ));
        for (netns, number) in [(&left, 1), (&right, 2)] {
            netns.ip_batch(&format!(
                "addr add 10.1.1.{number}/30 dev wire\n\
                 addr add fd00::{number}/64 dev wire nodad\n\
                 link set wire up\n"
            ));
        }
        Self {
            left,
            right,
            _between: None,
            addresses: [Ipv4Addr::new(10, 1, 1, 1), Ipv4Addr::new(10, 1, 1, 2)],
        }
    }

    /// With a router in between.
    #[must_use]
    pub fn with_router() -> Self {
        let left = Netns::new("left");
        let right = Netns::new("right");
        let between = Netns::new("between");
        between.sysctl("net.ipv4.ip_forward", "1");
        for (netns, side, number) in [(&left, "left", 1), (&right, "right", 2)] {
            netns.ip(&format!(
                "link add wire type veth peer name {side} netns {}",
                between.name()
            ));
            between.ip_batch(&format!(
                "addr add 10.1.{number}.2/30 dev {side}\nlink set {side} up\n"
            ));
            netns.ip_batch(&format!(
                "addr add 10.1.{number}.1/30 dev wire\nlink set wire up\n\
                 route add default via 10.1.{number}.2\n"
            ));
        }
        Self {
            left,
            right,
            _between: Some(between),
            addresses: [Ipv4Addr::new(10, 1, 1, 1), Ipv4Addr::new(10, 1, 2, 1)],
        }
    }

    /// Address of the left side.
    #[must_use]
    pub fn left_address(&self) -> IpAddr {
        self.addresses[0].into()
    }

    /// Address of the right side.
    #[must_use]
    pub fn right_address(&self) -> IpAddr {
        self.addresses[1].into()
    }

    /// Ordinary descriptions of both, with one session over IPv4 between them and no routes.
    #[must_use]
    pub fn routers(&self) -> (Router, Router) {
        let [left, right] = self.addresses;
        (
            Router::new(
                LEFT_AS,
                left,
                vec![Neighbor::new(left.into(), right.into(), RIGHT_AS)],
            ),
            Router::new(
                RIGHT_AS,
                right,
                vec![Neighbor::new(right.into(), left.into(), LEFT_AS)],
            ),
        )
    }

    /// As [`routers`](Self::routers), with the session over IPv6.
    #[must_use]
    pub fn routers_over_ipv6(&self) -> (Router, Router) {
        let (mut left, mut right) = self.routers();
        let [here, there] = [Self::LEFT_IPV6, Self::RIGHT_IPV6].map(IpAddr::from);
        left.neighbors = vec![Neighbor::new(here, there, RIGHT_AS)];
        right.neighbors = vec![Neighbor::new(there, here, LEFT_AS)];
        (left, right)
    }

    /// IPv6 address of the left side.
    pub const LEFT_IPV6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1);

    /// IPv6 address of the right side.
    pub const RIGHT_IPV6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2);
}

impl Default for Pair {
    fn default() -> Self {
        Self::new()
    }
}
