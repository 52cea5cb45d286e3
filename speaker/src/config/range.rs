//! Neighbors that are known by their prefix only, and come and go by themselves.
use super::{Neighbor, SessionSettings};
use bgp_wire::Asn;
use ipnet::IpNet;
use std::net::IpAddr;

/// `[[neighbor]]` with a `range` in place of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where its neighbors connect from.
    pub prefix: IpNet,
    /// What their AS may be.
    pub remote_as: RemoteAs,
    /// How many of them there may be at a time.
    pub limit: usize,
    /// What each of them is like, but for `name`, `address`, `interface` and `remote_as`. Its own
    /// name is the range's, and begins theirs.
    pub neighbor: Neighbor,
}

/// What the AS of a neighbor may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteAs {
    /// Whatever its OPEN says.
    Any,
    /// One of these.
    OneOf(Vec<Asn>),
}

impl RemoteAs {
    /// Whether a neighbor may be of this AS.
    pub fn accepts(&self, asn: Asn) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(these) => these.contains(&asn),
        }
    }
}

impl Range {
    /// Default of `limit`.
    pub const LIMIT: usize = 100;

    /// The neighbor of this range at `address`, where it may be one. Its name says where it is, so
    /// that it is the same whenever it comes back: `leaf_10_0_0_5`.
    pub fn at(
        &self,
        address: IpAddr,
        interface: Option<String>,
        remote_as: Asn,
    ) -> Option<Neighbor> {
        if !self.prefix.contains(&address) || !self.remote_as.accepts(remote_as) {
            return None;
        }
        let mut name = format!("{}_{address}", self.neighbor.name);
        if let Some(interface) = interface.as_ref().filter(|_| is_link_local(address)) {
            name.push('_');
            name.push_str(interface);
        }
        let name = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        Some(Neighbor {
            name,
            address,
            interface: self.neighbor.interface.clone().or(interface),
            remote_as,
            passive: true,
            session: SessionSettings {
                // One file cannot take the sessions of several neighbors.
                record: None,
                ..self.neighbor.session.clone()
            },
            ..self.neighbor.clone()
        })
    }
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbor_of_a_range_is_named_after_its_place() {
        let range = |prefix: &str, remote_as| {
            let prefix: IpNet = prefix.parse().unwrap();
            Range {
                prefix,
                remote_as,
                limit: Range::LIMIT,
                neighbor: Neighbor::new("leaf", prefix.addr(), Asn(1)),
            }
        };
        let v4 = range("10.0.0.0/24", RemoteAs::OneOf(vec![Asn(65001), Asn(65002)]));
        let neighbor = v4
            .at("10.0.0.5".parse().unwrap(), None, Asn(65002))
            .unwrap();
        assert_eq!(neighbor.name, "leaf_10_0_0_5");
        assert_eq!((neighbor.remote_as, neighbor.passive), (Asn(65002), true));
        assert_eq!(v4.at("10.0.0.5".parse().unwrap(), None, Asn(65003)), None);
        assert_eq!(v4.at("10.0.1.5".parse().unwrap(), None, Asn(65001)), None);

        let v6 = range("fe80::/10", RemoteAs::Any);
        let neighbor = v6.at(
            "fe80::5".parse().unwrap(),
            Some("eth0.7".to_owned()),
            Asn(7),
        );
        let neighbor = neighbor.unwrap();
        assert_eq!(neighbor.name, "leaf_fe80__5_eth0_7");
        assert_eq!(neighbor.interface.as_deref(), Some("eth0.7"));
    }
}
