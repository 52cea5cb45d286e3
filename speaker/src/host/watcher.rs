//! Keeps a `Host` current: one netlink socket that hears links and addresses and dumps them.
//!
//! One socket does both: what changes during a dump is queued behind it as events, so nothing
//! falls between the snapshot and the first event.
use super::{Address, Host, Link};
use crate::netlink::{Channel, Dump, LinkView, Message, Received, group, kind, wait};
use ipnet::IpNet;
use rtnetlink::{
    packet_core::Parseable,
    packet_route::{
        RouteNetlinkMessage,
        address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope},
        link::LinkMessage,
    },
};
use std::{io, net::IpAddr, sync::Arc, thread, time::Duration};
use tokio::sync::watch;

/// Holds some 3,000 events of links and addresses.
const EVENT_BUFFER: usize = 1 << 20;
/// How often the thread looks whether somebody still listens.
const LISTENER_CHECK: Duration = Duration::from_secs(2);
/// A dump that keeps being overtaken by changes is taken as it is after this many attempts:
/// the events that overtook it are applied on top.
const DUMP_ATTEMPTS: usize = 5;
/// After a failed read.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Watcher {
    events: Channel,
    requests: Channel,
    host: Host,
}

impl Watcher {
    /// Subscribes, then reads.
    pub(super) fn open() -> io::Result<Self> {
        Self::with_buffer(EVENT_BUFFER)
    }

    pub(super) fn with_buffer(event_buffer: usize) -> io::Result<Self> {
        let groups = [group::LINK, group::IPV4_ADDRESS, group::IPV6_ADDRESS];
        let events = Channel::listen(&groups, event_buffer, &[])?;
        let requests = Channel::open(EVENT_BUFFER)?;
        let mut watcher = Self {
            events,
            requests,
            host: Host::default(),
        };
        watcher.read()?;
        Ok(watcher)
    }

    pub(super) fn into_host(self) -> Host {
        self.host
    }

    pub(super) fn start(mut self) -> io::Result<watch::Receiver<Arc<Host>>> {
        let (sender, receiver) = watch::channel(Arc::new(self.host.clone()));
        thread::Builder::new()
            .name("host-watch".into())
            .spawn(move || self.run(&sender))?;
        Ok(receiver)
    }

    fn run(&mut self, sender: &watch::Sender<Arc<Host>>) {
        let mut stale = false;
        while !sender.is_closed() {
            let updated = if stale { self.read() } else { self.follow() };
            match updated {
                Ok(()) => stale = false,
                Err(error) => {
                    tracing::warn!(%error, "cannot read this host's addresses; trying again");
                    stale = true;
                    thread::sleep(PAUSE);
                }
            }
            let differs = **sender.borrow() != self.host;
            if differs {
                sender.send_replace(Arc::new(self.host.clone()));
            }
        }
    }

    /// Waits for events and applies all that are there.
    fn follow(&mut self) -> io::Result<()> {
        if !wait(&self.events, None, LISTENER_CHECK)? {
            return Ok(());
        }
        // A burst is published once; a storm that does not end, every so often.
        for _ in 0..1024 {
            match self.events.receive(false)? {
                Received::Nothing => break,
                Received::Datagram(length) => {
                    for message in self.events.messages(length) {
                        apply(&mut self.host, message);
                    }
                }
                Received::Lost => {
                    tracing::info!("address events were lost; reading all addresses again");
                    return self.read();
                }
            }
        }
        Ok(())
    }

    /// Reads everything. Events that overtake the dump are queued and applied after it: each says
    /// what is, not what changed, so one that the dump has seen already does no harm.
    fn read(&mut self) -> io::Result<()> {
        // What is queued is older than the dump; with it goes the overflow mark.
        self.events.discard()?;
        let mut host = Host::default();
        for _ in 0..DUMP_ATTEMPTS {
            host = Host::default();
            let links = RouteNetlinkMessage::GetLink(LinkMessage::default());
            let addresses = RouteNetlinkMessage::GetAddress(AddressMessage::default());
            let consistent = [
                self.dump(links, &mut host)?,
                self.dump(addresses, &mut host)?,
            ];
            if consistent == [true, true] {
                break;
            }
        }
        self.host = host;
        Ok(())
    }

    fn dump(&mut self, request: RouteNetlinkMessage, host: &mut Host) -> io::Result<bool> {
        self.requests.begin_dump(request)?;
        loop {
            match self.requests.dump_slice(|message| apply(host, message))? {
                Dump::More => {}
                Dump::Complete => return Ok(true),
                Dump::Interrupted => return Ok(false),
            }
        }
    }
}

/// One event, or one item of a dump, which looks the same.
fn apply(host: &mut Host, message: Message<'_>) {
    match message.kind {
        kind::NEW_LINK => {
            let Some(link) = LinkView::parse(message.payload).filter(is_whole) else {
                return;
            };
            let (up, loopback) = (link.is_up(), link.is_loopback());
            let link = Link {
                index: link.index,
                name: link.name,
                up,
                loopback,
            };
            host.links.insert(link.index, link);
        }
        kind::DEL_LINK => {
            let Some(link) = LinkView::parse(message.payload).filter(is_whole) else {
                return;
            };
            host.links.remove(&link.index);
            // IPv4 addresses of a deleted link are not always told one by one.
            host.addresses.retain(|address| address.link != link.index);
        }
        kind::NEW_ADDRESS => {
            let Some(address) = parse_address(message.payload) else {
                return;
            };
            match host
                .addresses
                .iter_mut()
                .find(|known| is_same(known, &address))
            {
                Some(known) => *known = address,
                None => host.addresses.push(address),
            }
        }
        kind::DEL_ADDRESS => {
            let Some(address) = parse_address(message.payload) else {
                return;
            };
            host.addresses.retain(|known| !is_same(known, &address));
        }
        _ => {}
    }
}

/// A bridge tells its ports once more with AF_BRIDGE, also that one *left the bridge* as RTM_DELLINK.
fn is_whole(link: &LinkView) -> bool {
    i32::from(link.family) == libc::AF_UNSPEC && !link.name.is_empty()
}

/// The kernel's own identity of an address; flags and scope are its state.
fn is_same(one: &Address, other: &Address) -> bool {
    one.link == other.link && one.net == other.net && one.peer == other.peer
}

fn parse_address(payload: &[u8]) -> Option<Address> {
    let message = AddressMessage::parse(payload).ok()?;
    let (mut address, mut local, mut flags) = (None, None, None);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Address(ip) => address = Some(*ip),
            AddressAttribute::Local(ip) => local = Some(*ip),
            AddressAttribute::Flags(all) => flags = Some(all.bits()),
            _ => {}
        }
    }
    // The attribute has all flags, the header only those of the first octet.
    let flags = flags.unwrap_or_else(|| u32::from(message.header.flags.bits()));
    let unusable = AddressFlags::Tentative | AddressFlags::Dadfailed;
    let remote = address.or(local)?;
    let own = local.unwrap_or(remote);
    let length = message.header.prefix_len;
    let (net, peer) = if own == remote {
        (IpNet::new(own, length).ok()?, None)
    } else {
        (single(own), Some(IpNet::new(remote, length).ok()?))
    };
    let local_scope = matches!(
        message.header.scope,
        AddressScope::Link | AddressScope::Host
    );
    let tentative = flags & unusable.bits() != 0;
    Some(Address {
        link: message.header.index,
        net,
        peer,
        local_scope,
        tentative,
    })
}

fn single(address: IpAddr) -> IpNet {
    IpNet::from(address)
}
