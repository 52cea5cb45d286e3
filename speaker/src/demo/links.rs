//! Links, addresses and routes of one network namespace, as `ip` would set and show them.
//!
//! This is the demo's own window on the kernel: what it shows of a kernel table it has read back
//! through it. Route events only wake the reader and carry the time; what counts is a fresh dump.

use super::story::{GLANCE, PATIENCE};
use crate::clock;
use futures_util::{StreamExt, TryStreamExt};
use ipnet::Ipv4Net;
use rtnetlink::{
    AddressMessageBuilder, Handle, LinkUnspec, LinkVeth, MulticastGroup, RouteMessageBuilder,
    new_multicast_connection,
    packet_route::{
        link::{LinkAttribute, LinkMessage, State},
        route::{RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType},
    },
};
use std::{
    fmt, io,
    net::Ipv4Addr,
    os::fd::{AsRawFd, BorrowedFd},
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// `ip route` shows the table "main" when it is not told otherwise.
const TABLE_MAIN: u32 = 254;

/// How long to trust that an event comes for every change.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Netlink to one namespace. The socket stays in the namespace, the handle works from anywhere.
#[derive(Clone)]
pub(super) struct Links {
    netlink: Handle,
    /// When the last route event came.
    routes_changed: watch::Receiver<Instant>,
}

/// A route as `ip route` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KernelRoute {
    pub(super) prefix: Ipv4Net,
    pub(super) via: Option<Ipv4Addr>,
    pub(super) link: Option<String>,
    pub(super) protocol: u8,
    pub(super) metric: Option<u32>,
    link_scope: bool,
    source: Option<Ipv4Addr>,
}

impl Links {
    /// To be called in the namespace.
    pub(super) fn open() -> io::Result<Self> {
        let (connection, netlink, mut events) =
            new_multicast_connection(&[MulticastGroup::Ipv4Route])?;
        let (changed, routes_changed) = watch::channel(clock::now());
        tokio::spawn(connection);
        tokio::spawn(async move {
            while events.next().await.is_some() {
                changed.send_replace(clock::now());
            }
        });
        Ok(Self {
            netlink,
            routes_changed,
        })
    }

    /// `ip link add NAME type veth peer NAME netns OTHER`
    pub(super) async fn add_veth(
        &self,
        name: &str,
        peer: &str,
        other: BorrowedFd<'_>,
    ) -> Result<(), String> {
        let link = self.netlink.link();
        link.add(LinkVeth::new(name, peer).build())
            .execute()
            .await
            .map_err(|error| failed(&format!("make the veth pair {name}, {peer}"), &error))?;
        link.set(
            LinkUnspec::new_with_name(peer)
                .setns_by_fd(other.as_raw_fd())
                .build(),
        )
        .execute()
        .await
        .map_err(|error| failed(&format!("move {peer} into the other namespace"), &error))
    }

    /// `ip link set NAME up`
    pub(super) async fn raise(&self, name: &str) -> Result<(), String> {
        self.netlink
            .link()
            .set(LinkUnspec::new_with_name(name).up().build())
            .execute()
            .await
            .map_err(|error| failed(&format!("set {name} up"), &error))
    }

    /// Waits until a link that was raised at both ends takes packets, which is a moment later.
    pub(super) async fn wait_for_link(&self, name: &str) -> Result<(), String> {
        let deadline = clock::now() + PATIENCE;
        loop {
            let state = self
                .link(name)
                .await?
                .attributes
                .into_iter()
                .find_map(|it| match it {
                    LinkAttribute::OperState(state) => Some(state),
                    _ => None,
                });
            if state == Some(State::Up) {
                return Ok(());
            }
            if clock::now() >= deadline {
                return Err(format!(
                    "{name} is not up after {} s; its state is {state:?}",
                    PATIENCE.as_secs()
                ));
            }
            sleep(GLANCE).await;
        }
    }

    /// `ip address add ADDRESS dev NAME`
    pub(super) async fn add_address(&self, name: &str, address: Ipv4Net) -> Result<(), String> {
        let index = self.index(name).await?;
        self.netlink
            .address()
            .add(index, address.addr().into(), address.prefix_len())
            .execute()
            .await
            .map_err(|error| failed(&format!("add {address} to {name}"), &error))
    }

    /// `ip address del ADDRESS dev NAME`
    pub(super) async fn delete_address(&self, name: &str, address: Ipv4Net) -> Result<(), String> {
        let message = AddressMessageBuilder::<Ipv4Addr>::new()
            .index(self.index(name).await?)
            .address(address.addr(), address.prefix_len())
            .build();
        self.netlink
            .address()
            .del(message)
            .execute()
            .await
            .map_err(|error| failed(&format!("delete {address} from {name}"), &error))
    }

    /// Waits until `wanted` is in the table "main", and says how long after `since` that was.
    pub(super) async fn wait_for_route(
        &self,
        wanted: &KernelRoute,
        since: Instant,
    ) -> Result<Duration, String> {
        self.wait_until(wanted.prefix, since, &format!("\"{wanted}\""), |routes| {
            routes.contains(wanted)
        })
        .await
    }

    /// Waits until nothing in the table "main" leads to exactly `prefix`, and says how long after
    /// `since` that was.
    pub(super) async fn wait_for_no_route(
        &self,
        prefix: Ipv4Net,
        since: Instant,
    ) -> Result<Duration, String> {
        self.wait_until(
            prefix,
            since,
            &format!("no route to {prefix}"),
            <[KernelRoute]>::is_empty,
        )
        .await
    }

    async fn wait_until(
        &self,
        prefix: Ipv4Net,
        since: Instant,
        wanted: &str,
        is_so: impl Fn(&[KernelRoute]) -> bool,
    ) -> Result<Duration, String> {
        let deadline = clock::now() + PATIENCE;
        let mut changed = self.routes_changed.clone();
        loop {
            let event = *changed.borrow_and_update();
            let looked = clock::now();
            let routes = self.routes_to(prefix).await?;
            if is_so(&routes) {
                // The event may come after the dump that already shows what it tells.
                let at = if event >= since { event } else { looked };
                return Ok(at.saturating_duration_since(since));
            }
            if clock::now() >= deadline {
                let seen = if routes.is_empty() {
                    format!("no route to {prefix}")
                } else {
                    routes
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join("; ")
                };
                return Err(format!(
                    "expected {wanted}; after {} s the kernel has: {seen}",
                    PATIENCE.as_secs()
                ));
            }
            match timeout(LOOK_AGAIN, changed.changed()).await {
                Ok(Ok(())) | Err(_) => (),
                // The socket is gone and no event will ever come: look from time to time.
                Ok(Err(_)) => sleep(LOOK_AGAIN).await,
            }
        }
    }

    /// Routes of the table "main" to exactly `prefix`.
    async fn routes_to(&self, prefix: Ipv4Net) -> Result<Vec<KernelRoute>, String> {
        let everything = RouteMessageBuilder::<Ipv4Addr>::new().build();
        let mut dump = std::pin::pin!(self.netlink.route().get(everything).execute());
        let mut routes = Vec::new();
        while let Some(message) = dump
            .try_next()
            .await
            .map_err(|error| failed("read the routes", &error))?
        {
            if let Some((mut route, link)) = KernelRoute::read(&message)
                && route.prefix == prefix
            {
                if let Some(index) = link {
                    route.link = Some(self.name(index).await?);
                }
                routes.push(route);
            }
        }
        Ok(routes)
    }

    async fn index(&self, name: &str) -> Result<u32, String> {
        Ok(self.link(name).await?.header.index)
    }

    async fn link(&self, name: &str) -> Result<LinkMessage, String> {
        let request = self.netlink.link().get().match_name(name.to_owned());
        let mut links = std::pin::pin!(request.execute());
        match links.try_next().await {
            Ok(Some(link)) => Ok(link),
            Ok(None) => Err(format!("there is no interface {name}")),
            Err(error) => Err(failed(&format!("find interface {name}"), &error)),
        }
    }

    async fn name(&self, index: u32) -> Result<String, String> {
        let mut links = std::pin::pin!(self.netlink.link().get().match_index(index).execute());
        let link = links
            .try_next()
            .await
            .map_err(|error| failed(&format!("find interface {index}"), &error))?;
        link.into_iter()
            .flat_map(|link| link.attributes)
            .find_map(|attribute| match attribute {
                LinkAttribute::IfName(name) => Some(name),
                _ => None,
            })
            .ok_or_else(|| format!("there is no interface {index}"))
    }
}

impl KernelRoute {
    /// A route as a speaker installs it: over a gateway, with protocol `bgp`.
    pub(super) fn by_bgp(prefix: Ipv4Net, via: Ipv4Addr, link: &str, metric: u32) -> Self {
        Self {
            prefix,
            via: Some(via),
            link: Some(link.to_owned()),
            protocol: RouteProtocol::Bgp.into(),
            metric: Some(metric),
            link_scope: false,
            source: None,
        }
    }

    /// A unicast route of the table "main", and the index of its link.
    fn read(message: &RouteMessage) -> Option<(Self, Option<u32>)> {
        let mut table = u32::from(message.header.table);
        let mut index = None;
        let mut destination = Ipv4Addr::UNSPECIFIED;
        let mut route = Self {
            prefix: Ipv4Net::default(),
            via: None,
            link: None,
            protocol: message.header.protocol.into(),
            metric: None,
            link_scope: message.header.scope == RouteScope::Link,
            source: None,
        };
        for attribute in &message.attributes {
            match attribute {
                RouteAttribute::Table(number) => table = *number,
                RouteAttribute::Destination(RouteAddress::Inet(address)) => destination = *address,
                RouteAttribute::Gateway(RouteAddress::Inet(address)) => route.via = Some(*address),
                RouteAttribute::PrefSource(RouteAddress::Inet(address)) => {
                    route.source = Some(*address);
                }
                RouteAttribute::Oif(number) => index = Some(*number),
                RouteAttribute::Priority(metric) => route.metric = Some(*metric),
                _ => (),
            }
        }
        route.prefix = Ipv4Net::new(destination, message.header.destination_prefix_length).ok()?;
        (table == TABLE_MAIN && message.header.kind == RouteType::Unicast).then_some((route, index))
    }
}

impl fmt::Display for KernelRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.prefix)?;
        if let Some(via) = self.via {
            write!(f, " via {via}")?;
        }
        if let Some(link) = &self.link {
            write!(f, " dev {link}")?;
        }
        write!(f, " proto {}", RouteProtocol::from(self.protocol))?;
        if self.link_scope {
            f.write_str(" scope link")?;
        }
        if let Some(source) = self.source {
            write!(f, " src {source}")?;
        }
        match self.metric {
            Some(metric) => write!(f, " metric {metric}"),
            None => Ok(()),
        }
    }
}

fn failed(what: &str, error: &rtnetlink::Error) -> String {
    match error {
        rtnetlink::Error::NetlinkError(answer) => format!("cannot {what}: {}", answer.to_io()),
        other => format!("cannot {what}: {other}"),
    }
}

#[cfg(test)]
mod tests;
