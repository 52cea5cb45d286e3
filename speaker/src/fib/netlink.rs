//! The kernel's table, by netlink.
//!
//! Three sockets: one for requests, so that its answers are about nothing else; one for walks,
//! which may go on slice by slice between writes; one for events, with a filter in the kernel
//! that keeps out what we caused ourselves and other tables, so that installing a full table
//! does not flood us.
//!
//! Requests ask for no acknowledgement: the kernel works them off within `sendmsg` and answers
//! only what it refuses. Many go into one send.
//!
//! How a route is written, and why (each found on a real kernel, each with a test):
//! - A first install is CREATE|EXCL: without EXCL an IPv6 route would join a foreign one's
//!   next hops, and with REPLACE an IPv4 one would overwrite it.
//! - A change adds the new route (APPEND), then deletes the old one, named by protocol, metric
//!   and next hop. REPLACE would take whatever stands first with this metric, and a foreign route
//!   may have been put before ours. No packet is lost: the old one serves until it goes.
//! - IPv6 keeps each next hop as a route of its own, so only the differing ones are written; what
//!   cannot be told by its next hop (a preferred source) is the one case for REPLACE.
use super::{
    Fib, FibEvent, FibNextHop, FibWrite, Found, Held, Lookup, Mtu, Owner, Resolved, Rival,
    RouteError, Scope, Waker, Walk,
    filter::{all_routes_filter, event_filter},
    message::{self, Identity, RouteView},
    requests::{Requests, Subject},
};
use crate::{
    config::Kernel,
    netlink::{Bell, Channel, Dump, LinkView, Message, Received, Refusal, group, kind},
};
use ipnet::IpNet;
use rtnetlink::{
    packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST},
    packet_route::{RouteNetlinkMessage, link::LinkMessage},
};
use std::{cmp::Ordering, collections::BTreeMap, io, net::IpAddr, sync::Arc, time::Duration};

/// A refusal takes up to 1 KiB of it and a send carries at most [`SEND`] octets, so some 700
/// requests: their answers fit.
const ANSWER_BUFFER: usize = 1 << 20;
/// Some 4,000 events.
const EVENT_BUFFER: usize = 1 << 21;
/// Octets per send, below the default send buffer of a socket.
const SEND: usize = 48 * 1024;
/// RT_TABLE_MAIN
const MAIN: u32 = 254;
/// Datagrams per wait: a storm of events does not keep writes waiting.
const EVENTS_AT_ONCE: usize = 1024;

/// What a socket remembers of a link.
#[derive(Debug, PartialEq, Eq)]
struct KnownLink {
    name: String,
    enabled: bool,
    up: bool,
}

/// A walk under way.
#[derive(Debug)]
struct Walking {
    scope: Scope,
    /// IPv4 is done
    v6: bool,
    interrupted: bool,
}

/// The kernel's routing table as a [`Fib`].
#[derive(Debug)]
pub struct NetlinkFib {
    identity: Identity,
    source_v4: Option<IpAddr>,
    source_v6: Option<IpAddr>,
    mtu: Option<Mtu>,
    adopt: Vec<u8>,
    /// Protocol and metric of the routes that a table before this one left to us.
    inherits: Option<(u8, u32)>,
    requests: Channel,
    walks: Channel,
    events: Channel,
    bell: Arc<Bell>,
    links: BTreeMap<u32, KnownLink>,
    walking: Option<Walking>,
    /// Octets per send; less after answers were lost, so that the next time they fit.
    room: usize,
    /// For questions about next hops.
    lookup: Option<Lookup>,
    hears_all_routes: bool,
    /// To be told with the next wait.
    noticed: Option<&'static str>,
}

impl NetlinkFib {
    /// Opens the table of the caller's network namespace.
    ///
    /// # Errors
    /// When there are no netlink sockets, or we may not change routes (CAP_NET_ADMIN).
    pub fn open(kernel: &Kernel) -> io::Result<Self> {
        Self::with_buffers(kernel, ANSWER_BUFFER, EVENT_BUFFER)
    }

    pub(super) fn with_buffers(
        kernel: &Kernel,
        answer_buffer: usize,
        event_buffer: usize,
    ) -> io::Result<Self> {
        let identity = Identity::of(kernel);
        let requests = Channel::open(answer_buffer)?;
        let walks = Channel::open(ANSWER_BUFFER)?;
        walks.filter_dumps();
        let groups = [
            group::LINK,
            group::IPV4_ADDRESS,
            group::IPV6_ADDRESS,
            group::IPV4_ROUTE,
            group::IPV6_ROUTE,
        ];
        let filter = event_filter(requests.port(), &identity);
        let events = Channel::listen(&groups, event_buffer, &filter)?;
        let mut fib = Self {
            identity,
            source_v4: kernel.source_v4.map(IpAddr::V4),
            source_v6: kernel.source_v6.map(IpAddr::V6),
            mtu: kernel.mtu,
            adopt: kernel.adopt.clone(),
            inherits: None,
            requests,
            walks,
            events,
            bell: Arc::new(Bell::new()?),
            links: BTreeMap::new(),
            walking: None,
            room: SEND,
            lookup: None,
            hears_all_routes: false,
            noticed: None,
        };
        fib.read_links()?;
        if !kernel.dry_run {
            fib.check_permission()?;
        }
        Ok(fib)
    }

    /// Takes over, without a gap, what we wrote as `old` says: same table and metric, another
    /// protocol number.
    #[must_use]
    pub fn inheriting(mut self, old: &Kernel) -> Self {
        self.inherits = Some((old.protocol, old.metric));
        self
    }

    fn begin_dump(&mut self, scope: Scope, v6: bool) -> io::Result<()> {
        let protocol = match scope {
            Scope::Ours => self.identity.protocol,
            Scope::All => 0,
        };
        let request = message::dump(v6, self.identity.table, protocol);
        self.walks
            .begin_dump(RouteNetlinkMessage::GetRoute(request))
    }

    /// Asks for the deletion of a route that cannot be there: better to say now that we may not
    /// write than once per route.
    fn check_permission(&mut self) -> io::Result<()> {
        let nowhere = IpNet::from(IpAddr::from([0, 0, 0, 1]));
        let held = Held {
            next_hops: Vec::new(),
            owner: Owner::Ours,
        };
        let (mut request, mut refusals) = (Requests::default(), Vec::new());
        self.delete(&mut request, 0, &nowhere, &held);
        self.transmit(request, &mut refusals);
        match refusals.pop() {
            Some((_, refusal)) if refusal.errno == libc::EPERM => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "this process may not change routes (it needs CAP_NET_ADMIN; run it as root)",
            )),
            _ => Ok(()),
        }
    }

    /// On the socket for requests: a walk may be under way on the other.
    fn read_links(&mut self) -> io::Result<()> {
        self.links.clear();
        let links = &mut self.links;
        self.requests
            .begin_dump(RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
        let mut progress = Dump::More;
        while progress == Dump::More {
            progress = self.requests.dump_slice(|message| {
                if let Some(link) = LinkView::parse(message.payload) {
                    let (enabled, up) = (link.is_enabled(), link.is_up());
                    links.insert(
                        link.index,
                        KnownLink {
                            name: link.name,
                            enabled,
                            up,
                        },
                    );
                }
            })?;
        }
        Ok(())
    }

    fn source(&self, prefix: &IpNet) -> Option<IpAddr> {
        match prefix {
            IpNet::V4(_) => self.source_v4,
            IpNet::V6(_) => self.source_v6,
        }
    }

    /// A route with these next hops, as we write it.
    fn subject<'r>(&'r self, prefix: &'r IpNet, next_hops: &'r [FibNextHop]) -> Subject<'r> {
        Subject {
            prefix,
            next_hops,
            source: self.source(prefix),
            mtu: self.mtu,
            identity: &self.identity,
            any_kind: false,
        }
    }

    fn add(
        &self,
        requests: &mut Requests,
        write: usize,
        prefix: &IpNet,
        hops: &[FibNextHop],
        flags: u16,
    ) {
        let subject = self.subject(prefix, hops);
        requests.push(write, kind::NEW_ROUTE, NLM_F_REQUEST | flags, &subject);
    }

    /// One request, or one per next hop where the kernel keeps these apart.
    fn delete(&self, requests: &mut Requests, write: usize, prefix: &IpNet, held: &Held) {
        let identity = match held.owner {
            Owner::Ours => self.identity,
            Owner::Other { protocol, metric } => Identity {
                protocol,
                metric,
                ..self.identity
            },
        };
        let mut push = |hops: &[FibNextHop]| {
            let subject = Subject {
                source: None,
                mtu: None,
                identity: &identity,
                // Of any kind: BIRD leaves blackholes as well.
                any_kind: held.owner != Owner::Ours,
                ..self.subject(prefix, hops)
            };
            requests.push(write, kind::DEL_ROUTE, NLM_F_REQUEST, &subject);
        };
        match prefix {
            IpNet::V6(_) if held.next_hops.len() > 1 => {
                for hop in &held.next_hops {
                    push(&[FibNextHop { weight: 1, ..*hop }]);
                }
            }
            _ => push(&held.next_hops),
        }
    }

    /// The requests of a write.
    fn plan(&self, index: usize, write: &FibWrite, plan: &mut Plan) {
        let Plan {
            first,
            then,
            otherwise,
        } = plan;
        let prefix = &write.prefix;
        match (&write.old, &write.new) {
            (None, None) => {}
            (None, Some(new)) => {
                self.add(first, index, prefix, new, NLM_F_CREATE | NLM_F_EXCL);
            }
            (Some(old), None) => self.delete(first, index, prefix, old),
            (Some(old), Some(new)) => match self.way_over(prefix, old, new) {
                Way::Beside => {
                    self.add(first, index, prefix, new, NLM_F_CREATE | NLM_F_EXCL);
                    self.delete(then, index, prefix, old);
                }
                Way::Over => {
                    self.add(first, index, prefix, new, NLM_F_CREATE | NLM_F_REPLACE);
                    if old.owner == Owner::Ours {
                        self.delete(otherwise, index, prefix, old);
                    }
                }
                Way::Append { added, removed } => {
                    if !added.is_empty() {
                        self.add(first, index, prefix, &added, NLM_F_CREATE | NLM_F_APPEND);
                    }
                    let old = Held {
                        next_hops: removed,
                        owner: old.owner,
                    };
                    // IPv6 takes "no next hop" for "all of them".
                    if !old.next_hops.is_empty() || prefix.addr().is_ipv4() {
                        self.delete(then, index, prefix, &old);
                    }
                }
            },
        }
    }

    fn way_over(&self, prefix: &IpNet, old: &Held, new: &[FibNextHop]) -> Way {
        if let Owner::Other { metric, .. } = old.owner
            && metric != self.identity.metric_of(prefix)
        {
            return Way::Beside;
        }
        if prefix.addr().is_ipv4() {
            return Way::Append {
                added: new.to_vec(),
                removed: old.next_hops.clone(),
            };
        }
        let same_gateway = |one: &FibNextHop, two: &FibNextHop| {
            one.address == two.address
                && (one.interface == two.interface || one.interface.is_none())
        };
        let is_held = |hop: &&FibNextHop| old.next_hops.iter().any(|old| hop.is_met_by(old));
        let added: Vec<_> = new.iter().filter(|hop| !is_held(hop)).copied().collect();
        let is_kept = |old: &&FibNextHop| new.iter().any(|hop| hop.is_met_by(old));
        let removed: Vec<_> = old
            .next_hops
            .iter()
            .filter(|old| !is_kept(old))
            .copied()
            .collect();
        // The kernel refuses the same gateway twice, whatever else differs.
        let collides = added
            .iter()
            .any(|hop| old.next_hops.iter().any(|old| same_gateway(hop, old)));
        let kept = removed.len() < old.next_hops.len();
        if collides || kept && (added.is_empty() && removed.is_empty() || old.owner != Owner::Ours)
        {
            return Way::Over;
        }
        Way::Append { added, removed }
    }

    /// Sends `requests`, many at a time, and collects what was refused, by write.
    fn transmit(&mut self, mut requests: Requests, refusals: &mut Vec<(usize, Refusal)>) {
        let mut next = requests.fit(0, self.room);
        while !next.is_empty() {
            let end = next.end;
            let first = self.requests.take_sequences(next.len());
            let (octets, writes) = requests.numbered(next, first);
            let sent = self.requests.send(octets);
            let writes: Vec<usize> = writes.collect();
            match sent {
                Ok(()) => self.collect(first, &writes, refusals),
                Err(error) => {
                    let refusal = Refusal {
                        errno: error.raw_os_error().unwrap_or(libc::EIO),
                        text: Some(error.to_string()),
                    };
                    let refused = writes.iter().map(|write| (*write, refusal.clone()));
                    refusals.extend(refused);
                }
            }
            next = requests.fit(end, self.room);
        }
    }

    /// What the kernel refused of the last send: all answers are queued when it returns.
    fn collect(&mut self, first: u32, sent: &[usize], refusals: &mut Vec<(usize, Refusal)>) {
        loop {
            match self.requests.receive(false) {
                Ok(Received::Nothing) => break,
                Ok(Received::Datagram(length)) => {
                    for answer in self.requests.messages(length) {
                        let refused = answer.kind == kind::ERROR;
                        let offset = answer.sequence.wrapping_sub(first) as usize;
                        if let Some(write) = sent.get(offset).filter(|_| refused) {
                            refusals.push((*write, crate::netlink::refusal(answer.payload)));
                        }
                    }
                }
                Ok(Received::Lost) => {
                    self.noticed = Some("answers of the kernel were lost");
                    self.room /= 2;
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot read the kernel's answers about routes");
                    self.noticed = Some("answers of the kernel could not be read");
                    break;
                }
            }
        }
    }

    fn error_of(&self, write: &FibWrite, refusal: &Refusal) -> RouteError {
        let hop = write
            .new
            .as_ref()
            .and_then(|new| new.first())
            .map(|hop| hop.address);
        match (refusal.errno, hop, self.source(&write.prefix)) {
            (libc::EEXIST, ..) => RouteError::Conflict(None),
            (
                libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENODEV | libc::ENETDOWN,
                Some(hop),
                _,
            ) => RouteError::Unreachable(hop),
            (libc::EINVAL, _, Some(source))
                if refusal.text.as_ref().is_some_and(|text| {
                    text.contains("prefsrc") || text.contains("source address")
                }) =>
            {
                RouteError::NoSource(source)
            }
            (errno, ..) => {
                let general = io::Error::from_raw_os_error(errno).to_string();
                RouteError::Kernel(match &refusal.text {
                    Some(text) => format!("{text} ({general})"),
                    None => general,
                })
            }
        }
    }

    fn found(&self, scope: Scope, view: &RouteView) -> Option<Found> {
        let owner = if view.is_of(&self.identity) {
            Owner::Ours
        } else {
            Owner::Other {
                protocol: view.protocol,
                metric: view.metric,
            }
        };
        if view.table != self.identity.table || view.tos != 0 {
            return None;
        }
        let rival = match owner {
            Owner::Ours => None,
            Owner::Other { .. } if scope == Scope::Ours => return None,
            Owner::Other { .. } => Some(self.rival(view)?),
        };
        let held = Held {
            next_hops: view.next_hops.clone(),
            owner,
        };
        let exact = view.source == self.source(&view.prefix) && view.mtu == self.mtu;
        Some(Found {
            prefix: view.prefix,
            held,
            exact,
            rival,
        })
    }

    /// `None`: with a higher metric, so that ours does not mind it.
    fn rival(&self, view: &RouteView) -> Option<Rival> {
        let inherited = self.inherits == Some((view.protocol, view.metric));
        if inherited || self.adopt.contains(&view.protocol) {
            return Some(Rival::Adoptable);
        }
        match view.metric.cmp(&self.identity.metric_of(&view.prefix)) {
            Ordering::Less => Some(Rival::Lower(self.describe(view))),
            Ordering::Equal => Some(Rival::Equal(self.describe(view))),
            Ordering::Greater => None,
        }
    }

    fn describe(&self, view: &RouteView) -> String {
        view.describe(|index| self.links.get(&index).map(|link| link.name.clone()))
    }

    fn notice(&mut self, message: Message<'_>, events: &mut Vec<FibEvent>) {
        match message.kind {
            kind::NEW_LINK => {
                let Some(link) = LinkView::parse(message.payload) else {
                    return;
                };
                let (enabled, up) = (link.is_enabled(), link.is_up());
                let known = self.links.insert(
                    link.index,
                    KnownLink {
                        name: link.name,
                        enabled,
                        up,
                    },
                );
                let (was_enabled, was_up) =
                    known.map_or((false, false), |old| (old.enabled, old.up));
                if was_enabled && !enabled {
                    events.push(FibEvent::Resync("a link went down"));
                } else if enabled && !was_enabled || up && !was_up {
                    events.push(FibEvent::Gained);
                }
            }
            kind::DEL_LINK => {
                let Some(link) = LinkView::parse(message.payload) else {
                    return;
                };
                // Also told when a port leaves its bridge, where the link stays.
                if i32::from(link.family) == libc::AF_UNSPEC {
                    self.links.remove(&link.index);
                    events.push(FibEvent::Resync("a link went away"));
                }
            }
            kind::NEW_ADDRESS => events.push(FibEvent::Gained),
            kind::DEL_ADDRESS => events.push(FibEvent::Resync("an address went away")),
            kind::NEW_ROUTE | kind::DEL_ROUTE if message.port != self.requests.port() => {
                let Some(view) = RouteView::parse(message.payload) else {
                    return;
                };
                let gone = message.kind == kind::DEL_ROUTE;
                if self.hears_all_routes {
                    events.push(FibEvent::Moved(view.prefix));
                }
                let metric = self.identity.metric_of(&view.prefix);
                if gone && view.is_of(&self.identity) {
                    let by_system = message.port == 0;
                    events.push(FibEvent::Lost {
                        prefix: view.prefix,
                        by_system,
                    });
                } else if view.table != self.identity.table || view.tos != 0 {
                    // Of another class of packets, or nobody's here.
                } else if view.metric == metric {
                    events.push(FibEvent::Disturbed(view.prefix));
                } else if view.metric < metric {
                    let words = (!gone).then(|| self.describe(&view));
                    events.push(FibEvent::Overruled(view.prefix, words));
                }
            }
            _ => {}
        }
    }
}

/// The requests of some writes.
#[derive(Default)]
struct Plan {
    first: Requests,
    /// when the first went well, or what goes is ours
    then: Requests,
    /// when the first was refused
    otherwise: Requests,
}

/// How a write gets from what is there to what shall be.
enum Way {
    /// another metric, so both may stand: the new one first, then the old one goes
    Beside,
    /// the same metric: `added` first, then `removed` go
    Append {
        added: Vec<FibNextHop>,
        removed: Vec<FibNextHop>,
    },
    /// by REPLACE
    Over,
}

impl Fib for NetlinkFib {
    fn rewind(&mut self, scope: Scope) -> io::Result<()> {
        self.begin_dump(scope, false)?;
        self.walking = Some(Walking {
            scope,
            v6: false,
            interrupted: false,
        });
        Ok(())
    }

    fn read(&mut self, found: &mut Vec<Found>) -> io::Result<Walk> {
        let Some(mut walking) = self.walking.take() else {
            return Ok(Walk::Complete);
        };
        let mut views = Vec::new();
        let progress = self.walks.dump_slice(|message| {
            if message.kind == kind::NEW_ROUTE {
                views.extend(RouteView::parse(message.payload));
            }
        })?;
        found.extend(
            views
                .iter()
                .filter_map(|view| self.found(walking.scope, view)),
        );
        if progress != Dump::More {
            walking.interrupted |= progress == Dump::Interrupted;
            match (walking.v6, walking.interrupted) {
                (true, true) => return Ok(Walk::Interrupted),
                (true, false) => return Ok(Walk::Complete),
                (false, _) => {
                    walking.v6 = true;
                    self.begin_dump(walking.scope, true)?;
                }
            }
        }
        self.walking = Some(walking);
        Ok(Walk::More)
    }

    fn apply(&mut self, writes: &[FibWrite], outcomes: &mut Vec<Result<(), RouteError>>) {
        let mut refused: Vec<Option<Refusal>> = vec![None; writes.len()];
        let mut plan = Plan::default();
        for (index, write) in writes.iter().enumerate() {
            self.plan(index, write, &mut plan);
        }
        let Plan {
            first,
            then,
            otherwise,
        } = plan;
        let mut refusals = Vec::new();
        self.transmit(first, &mut refusals);
        for (index, refusal) in refusals.drain(..) {
            if !writes
                .get(index)
                .is_some_and(|write| is_harmless(write, &refusal))
                && let Some(place) = refused.get_mut(index)
            {
                place.get_or_insert(refusal);
            }
        }
        // An old route of ours is not wanted any more, whatever became of the new one; one of
        // others serves until ours is there.
        let ours = |write: &FibWrite| {
            write
                .old
                .as_ref()
                .is_some_and(|old| old.owner == Owner::Ours)
        };
        let went_well = |write: usize| refused.get(write).is_some_and(Option::is_none);
        let mut second = Requests::default();
        second.take_from(&then, |write| {
            went_well(write) || writes.get(write).is_some_and(ours)
        });
        second.take_from(&otherwise, |write| !went_well(write));
        self.transmit(second, &mut refusals);
        let mut again = Requests::default();
        for (index, refusal) in refusals.drain(..) {
            let Some(write) = writes.get(index) else {
                continue;
            };
            let replaced = write
                .old
                .as_ref()
                .is_some_and(|old| old.owner == Owner::Ours);
            if refusal.errno == libc::ESRCH && replaced && write.prefix.addr().is_ipv4() {
                // Ours was not there any more, so ours now stands behind whatever took its
                // place: it has to give way and ask properly.
                if let (Some(new), Some(None)) = (&write.new, refused.get(index)) {
                    let held = Held {
                        next_hops: new.to_vec(),
                        owner: Owner::Ours,
                    };
                    self.delete(&mut again, index, &write.prefix, &held);
                    let flags = NLM_F_CREATE | NLM_F_EXCL;
                    self.add(&mut again, index, &write.prefix, new, flags);
                }
            } else if !is_gone(&refusal) {
                self.noticed = Some("the kernel refused to delete a route");
            }
        }
        self.transmit(again, &mut refusals);
        for (index, refusal) in refusals.drain(..) {
            if !is_gone(&refusal)
                && let Some(place) = refused.get_mut(index)
            {
                place.get_or_insert(refusal);
            }
        }
        outcomes.extend(
            writes
                .iter()
                .zip(&refused)
                .map(|(write, refused)| match refused {
                    None => Ok(()),
                    Some(refusal) => Err(self.error_of(write, refusal)),
                }),
        );
    }

    fn wait(&mut self, timeout: Duration, events: &mut Vec<FibEvent>) -> io::Result<()> {
        let noticed = self.noticed.take();
        events.extend(noticed.map(FibEvent::Resync));
        let timeout = if noticed.is_some() {
            Duration::ZERO
        } else {
            timeout
        };
        if !crate::netlink::wait(&self.events, Some(&self.bell), timeout)? {
            return Ok(());
        }
        for _ in 0..EVENTS_AT_ONCE {
            match self.events.receive(false)? {
                Received::Nothing => break,
                Received::Lost => {
                    // Said once: until the queue is empty the kernel drops more without a word.
                    // What is queued is older than what will be read.
                    self.events.discard()?;
                    self.read_links()?;
                    events.push(FibEvent::Resync("events of the kernel were lost"));
                    events.push(FibEvent::Gained);
                    break;
                }
                Received::Datagram(length) => {
                    // The buffer is the channel's and the knowledge ours: take it out meanwhile.
                    let datagram = self.events.take_buffer();
                    for message in crate::netlink::Messages::of(&datagram, length) {
                        self.notice(message, events);
                    }
                    self.events.return_buffer(datagram);
                }
            }
        }
        Ok(())
    }

    fn resolve(&mut self, next_hop: IpAddr) -> io::Result<Resolved> {
        // A table that rules lead to may belong to a VRF, whose links are in it alone.
        if self.identity.table != MAIN {
            return Ok(Resolved::Direct);
        }
        if self.lookup.is_none() {
            self.lookup = Some(Lookup::open()?);
        }
        let Some(lookup) = &mut self.lookup else {
            return Ok(Resolved::Direct);
        };
        let followed = lookup.route(next_hop)?;
        let resolved = match followed {
            None => Resolved::Nowhere,
            // The kernel has words for a next hop that is its own address.
            Some(route) if route.is_local() => Resolved::Direct,
            Some(route) => {
                let name = |index| self.links.get(&index).map(|link| link.name.clone());
                let description = route.describe(name);
                let ways = route.ways();
                if ways.is_empty() {
                    Resolved::Nowhere
                } else if ways.iter().any(|(gateway, _)| gateway.is_none()) {
                    Resolved::Direct
                } else {
                    Resolved::Via {
                        next_hops: route.next_hops(),
                        route: route.prefix(),
                        ours: route.is_of(&self.identity),
                        description,
                    }
                }
            }
        };
        if resolved != Resolved::Direct && !self.hears_all_routes {
            // From here on any route of others may lead to a next hop, or lead there no more.
            self.hears_all_routes = true;
            let filter = all_routes_filter(self.requests.port());
            self.events.filter(&filter)?;
        }
        Ok(resolved)
    }

    fn waker(&self) -> Waker {
        let bell = Arc::clone(&self.bell);
        Arc::new(move || bell.ring())
    }
}

/// The route to be deleted is not there, or cannot be: its device is gone.
fn is_gone(refusal: &Refusal) -> bool {
    matches!(refusal.errno, libc::ESRCH | libc::ENODEV | libc::ENOENT)
}

fn is_harmless(write: &FibWrite, refusal: &Refusal) -> bool {
    match (&write.old, &write.new) {
        (_, None) => is_gone(refusal),
        // An earlier write that was cut short left both: the new one is there already.
        (Some(old), Some(_)) => old.owner == Owner::Ours && refusal.errno == libc::EEXIST,
        (None, Some(_)) => false,
    }
}
