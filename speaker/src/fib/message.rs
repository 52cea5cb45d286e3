//! Routes as the kernel reads and tells them.
//!
//! One code path for both families: the address types of the packet crate carry the difference,
//! but for what the kernel itself does differently: it puts several next hops of an IPv6 prefix
//! into routes of their own (`netlink` writes them so), and IPv4 reaches over IPv6 by RTA_VIA.
//! What we write is in `requests`.
use super::{FibNextHop, Mtu};
use crate::config::Kernel;
use ipnet::IpNet;
use rtnetlink::{
    packet_core::Parseable,
    packet_route::{
        AddressFamily,
        route::{
            RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteMetric,
            RouteType, RouteVia,
        },
    },
};
use std::net::IpAddr;

/// What IPv6 makes of metric 0.
const IPV6_DEFAULT_METRIC: u32 = 1024;

/// The identity that all our routes share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    pub(super) table: u32,
    pub(super) metric: u32,
    pub(super) protocol: u8,
}

impl Identity {
    pub(super) fn of(kernel: &Kernel) -> Self {
        Self {
            table: kernel.table,
            metric: kernel.metric,
            protocol: kernel.protocol,
        }
    }

    /// Of both families.
    pub(super) fn highest_metric(&self) -> u32 {
        if self.metric == 0 {
            IPV6_DEFAULT_METRIC
        } else {
            self.metric
        }
    }

    /// As the kernel tells it back.
    pub(super) fn metric_of(&self, prefix: &IpNet) -> u32 {
        match prefix {
            IpNet::V6(_) if self.metric == 0 => IPV6_DEFAULT_METRIC,
            _ => self.metric,
        }
    }
}

/// A dump request; the kernel leaves the rest out where it filters dumps.
pub(super) fn dump(v6: bool, table: u32, protocol: u8) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = if v6 {
        AddressFamily::Inet6
    } else {
        AddressFamily::Inet
    };
    message.header.protocol = protocol.into();
    message.header.table = u8::try_from(table).unwrap_or(RouteHeader::RT_TABLE_UNSPEC);
    message.attributes.push(RouteAttribute::Table(table));
    message
}

/// A route as the kernel tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RouteView {
    pub(super) prefix: IpNet,
    pub(super) table: u32,
    pub(super) protocol: u8,
    pub(super) metric: u32,
    pub(super) tos: u8,
    pub(super) kind: RouteType,
    pub(super) source: Option<IpAddr>,
    pub(super) mtu: Option<Mtu>,
    /// where there is no gateway, the device alone
    pub(super) interface: Option<u32>,
    pub(super) next_hops: Vec<FibNextHop>,
}

impl RouteView {
    /// `None`: not an IP route, a cache entry, or something newer than we understand; none of
    /// these can be ours.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let message = RouteMessage::parse(payload).ok()?;
        let RouteHeader {
            destination_prefix_length: length,
            flags,
            ..
        } = message.header;
        let any = match message.header.address_family {
            AddressFamily::Inet => IpAddr::from([0; 4]),
            AddressFamily::Inet6 => IpAddr::from([0; 16]),
            _ => return None,
        };
        if flags.contains(RouteFlags::Cloned) {
            return None;
        }
        let (mut destination, mut via, mut several) = (any, None, Vec::new());
        let mut view = Self {
            prefix: IpNet::from(any),
            table: u32::from(message.header.table),
            protocol: message.header.protocol.into(),
            metric: 0,
            tos: message.header.tos,
            kind: message.header.kind,
            source: None,
            mtu: None,
            interface: None,
            next_hops: Vec::new(),
        };
        for attribute in message.attributes {
            match attribute {
                RouteAttribute::Destination(found) => destination = ip(&found)?,
                RouteAttribute::Table(table) => view.table = table,
                RouteAttribute::Priority(metric) => view.metric = metric,
                RouteAttribute::PrefSource(found) => view.source = ip(&found),
                RouteAttribute::Metrics(metrics) => view.mtu = mtu_of(&metrics),
                RouteAttribute::Oif(index) => view.interface = Some(index),
                RouteAttribute::MultiPath(hops) => several = hops,
                other => via = gateway_of(&other).or(via),
            }
        }
        view.prefix = IpNet::new(destination, length).ok()?;
        let single = via.map(|address| FibNextHop {
            address,
            interface: view.interface,
            weight: 1,
        });
        view.next_hops.extend(single);
        for hop in several {
            let address = hop.attributes.iter().find_map(gateway_of);
            let interface = Some(hop.interface_index);
            let weight = u16::from(hop.hops).saturating_add(1);
            view.interface = view.interface.or(interface);
            view.next_hops.extend(address.map(|address| FibNextHop {
                address,
                interface,
                weight,
            }));
        }
        Some(view)
    }

    /// One of those that we write.
    pub(super) fn is_of(&self, identity: &Identity) -> bool {
        self.protocol == identity.protocol
            && self.metric == identity.metric_of(&self.prefix)
            && self.is_plain(identity.table)
    }

    /// Of the kind that we write: no other traffic class, no blackhole or the like.
    pub(super) fn is_plain(&self, table: u32) -> bool {
        self.table == table && self.tos == 0 && self.kind == RouteType::Unicast
    }

    /// As `ip route` would put it; `name` names interfaces.
    pub(super) fn describe(&self, name: impl Fn(u32) -> Option<String>) -> String {
        let mut words = Vec::new();
        if self.kind != RouteType::Unicast {
            words.push(format!("{:?}", self.kind).to_lowercase());
        }
        words.push(self.prefix.to_string());
        words.extend(
            self.next_hops
                .iter()
                .map(|hop| format!("via {}", hop.address)),
        );
        let device = self
            .interface
            .map(|index| name(index).unwrap_or_else(|| index.to_string()));
        words.extend(device.map(|name| format!("dev {name}")));
        words.push(format!("proto {}", super::protocol_name(self.protocol)));
        words.push(format!("metric {}", self.metric));
        words.join(" ")
    }
}

pub(super) fn address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(v4) => RouteAddress::Inet(v4),
        IpAddr::V6(v6) => RouteAddress::Inet6(v6),
    }
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(v4) => Some((*v4).into()),
        RouteAddress::Inet6(v6) => Some((*v6).into()),
        _ => None,
    }
}

fn mtu_of(metrics: &[RouteMetric]) -> Option<Mtu> {
    /// RTAX_MTU as a bit of RTAX_LOCK
    const MTU_BIT: u32 = 1 << 2;
    let mut mtu = None;
    let mut locked = false;
    for metric in metrics {
        match metric {
            RouteMetric::Mtu(octets) => mtu = Some(*octets),
            RouteMetric::Lock(bits) => locked = bits & MTU_BIT != 0,
            _ => {}
        }
    }
    mtu.map(|octets| Mtu { octets, locked })
}

fn gateway_of(attribute: &RouteAttribute) -> Option<IpAddr> {
    match attribute {
        RouteAttribute::Gateway(found) => ip(found),
        RouteAttribute::Via(RouteVia::Inet(v4)) => Some((*v4).into()),
        RouteAttribute::Via(RouteVia::Inet6(v6)) => Some((*v6).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtnetlink::packet_core::Emitable;

    /// A route of `identity` as the packet crate has it.
    fn route(identity: &Identity) -> RouteMessage {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet;
        message.header.destination_prefix_length = 8;
        message.header.table = u8::try_from(identity.table).unwrap_or(0);
        message.header.protocol = identity.protocol.into();
        message.header.kind = RouteType::Unicast;
        let gateway = RouteAddress::Inet("10.1.1.2".parse().unwrap());
        message.attributes = vec![
            RouteAttribute::Destination(RouteAddress::Inet("10.0.0.0".parse().unwrap())),
            RouteAttribute::Table(identity.table),
            RouteAttribute::Priority(identity.metric),
            RouteAttribute::Gateway(gateway),
            RouteAttribute::Metrics(vec![RouteMetric::Mtu(1400)]),
        ];
        message
    }

    #[test]
    fn other_metrics_tables_and_kinds_are_not_ours() {
        let ours = Identity {
            table: 254,
            metric: 32,
            protocol: 186,
        };
        let read = |change: &dyn Fn(&mut RouteMessage)| {
            let mut message = route(&ours);
            change(&mut message);
            let mut octets = vec![0; message.buffer_len()];
            message.emit(&mut octets);
            RouteView::parse(&octets).is_some_and(|view| view.is_of(&ours))
        };
        assert!(read(&|_| {}));
        assert!(!read(&|message| message.header.kind = RouteType::BlackHole));
        assert!(!read(&|message| message.header.tos = 8));
        assert!(!read(&|message| message.header.protocol = 12.into()));
        assert!(!read(&|message| {
            message.attributes.push(RouteAttribute::Table(253));
        }));
        assert!(!read(&|message| message.header.flags = RouteFlags::Cloned));
        assert!(!read(&|message| message
            .attributes
            .push(RouteAttribute::Priority(33))));
    }

    #[test]
    fn an_ipv6_metric_of_zero_comes_back_as_the_kernels_default() {
        let identity = Identity {
            table: 254,
            metric: 0,
            protocol: 186,
        };
        assert_eq!(identity.metric_of(&"fd00::/16".parse().unwrap()), 1024);
        assert_eq!(identity.metric_of(&"10.0.0.0/8".parse().unwrap()), 0);
    }

    #[test]
    fn octets_cut_short_are_refused_not_feared() {
        let identity = Identity {
            table: 1000,
            metric: 32,
            protocol: 186,
        };
        let message = route(&identity);
        let mut octets = vec![0; message.buffer_len()];
        message.emit(&mut octets);
        for length in 0..octets.len() {
            let _ = RouteView::parse(&octets[..length]);
        }
    }
}
