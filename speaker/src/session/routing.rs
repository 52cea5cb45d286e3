//! Which session a connection is for.
//!
//! Most addresses have one session, which gets the connection at once. Where several sessions share
//! an address, and where the address is only in a range, the neighbor's OPEN has to say who it is:
//! such a connection is half-open until then, of which there are few at a time and each has little
//! time. An address that nobody expects costs two system calls and no memory.

use super::{half_open::HalfOpen, rare::Rare, task::Accepted};
use crate::host::Host;
use bgp_wire::{Asn, MessageType, Open, frame};
use bytes::BytesMut;
use ipnet::IpNet;
use socket2::{SockAddr, Socket};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    sync::{mpsc, watch},
};
use tracing::warn;

/// An OPEN that has to say who the neighbor is comes within this time.
const OPEN_WITHIN: Duration = Duration::from_secs(30);
/// The largest OPEN (RFC 4271 §4.1; RFC 8654 §4 leaves it so), octets.
const LARGEST_OPEN: usize = 4096;

/// A session that expects connections.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// Of the neighbor.
    pub(crate) address: IpAddr,
    /// Where a link-local address is.
    pub(crate) interface: Option<String>,
    /// Our end, where it is configured.
    pub(crate) local: Option<IpAddr>,
    /// The neighbor's AS.
    pub(crate) remote_as: Asn,
    /// The session is Established.
    pub(crate) up: Arc<AtomicBool>,
    /// The way to it.
    pub(crate) session: mpsc::Sender<Accepted>,
}

/// Addresses of neighbors that are not known one by one.
#[derive(Clone, Debug)]
pub(crate) struct ExpectedRange {
    pub(crate) name: String,
    pub(crate) prefix: IpNet,
    /// Where its neighbors are, which a link-local range needs.
    pub(crate) interface: Option<String>,
    /// Our end, where it is configured.
    pub(crate) local: Option<IpAddr>,
}

/// A connection from an address in a range, and what its OPEN says.
#[derive(Debug)]
pub(crate) struct Incoming {
    /// The range's name.
    pub(crate) range: String,
    pub(crate) address: IpAddr,
    /// Of a link-local address.
    pub(crate) interface: Option<String>,
    pub(crate) remote_as: Asn,
    pub(crate) accepted: Accepted,
}

#[derive(Debug, Default)]
struct Table {
    sessions: HashMap<IpAddr, Vec<Expected>>,
    ranges: Vec<ExpectedRange>,
}

/// Who is expected from where.
#[derive(Debug)]
pub(crate) struct Routing {
    table: RwLock<Table>,
    host: watch::Receiver<Arc<Host>>,
    /// Connections of ranges.
    unknown: mpsc::Sender<Incoming>,
    half_open: Arc<HalfOpen>,
    refused: AtomicU64,
    pub(super) rare: Rare,
}

/// Where a connection goes.
#[derive(Debug)]
enum Destination {
    One(mpsc::Sender<Accepted>),
    /// The OPEN decides between these; none of them: the range.
    Open(Vec<Expected>, Option<String>),
    Nobody,
}

/// Where a connection comes from.
#[derive(Debug)]
struct Origin {
    address: IpAddr,
    /// Interface index of a link-local address.
    scope: u32,
    local: Option<IpAddr>,
}

impl Origin {
    fn is_at(&self, address: IpAddr, interface: Option<&String>, host: &Host) -> bool {
        let link_local = matches!(address, IpAddr::V6(it) if it.is_unicast_link_local());
        !link_local
            || interface
                .and_then(|name| host.link(name))
                .is_some_and(|link| link.index == self.scope)
    }

    fn reached(&self, local: Option<IpAddr>) -> bool {
        local.is_none() || local == self.local
    }
}

impl Routing {
    /// Connections from addresses in a range go to `unknown`.
    pub(crate) fn new(
        host: watch::Receiver<Arc<Host>>,
        unknown: mpsc::Sender<Incoming>,
    ) -> Arc<Self> {
        Arc::new(Self {
            table: RwLock::default(),
            host,
            unknown,
            half_open: Arc::default(),
            refused: AtomicU64::new(0),
            rare: Rare::default(),
        })
    }

    /// From now on this session expects connections.
    pub(crate) fn insert(&self, expected: Expected) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let address = expected.address.to_canonical();
        table.sessions.entry(address).or_default().push(expected);
    }

    /// This session expects nobody any more.
    pub(crate) fn remove(&self, address: IpAddr, session: &mpsc::Sender<Accepted>) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let address = address.to_canonical();
        if let Some(sessions) = table.sessions.get_mut(&address) {
            sessions.retain(|expected| !expected.session.same_channel(session));
            if sessions.is_empty() {
                table.sessions.remove(&address);
            }
        }
    }

    /// The ranges from now on.
    pub(crate) fn set_ranges(&self, ranges: Vec<ExpectedRange>) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        table.ranges = ranges;
    }

    /// Connections refused since the start.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// A connection that the kernel accepted.
    pub(super) fn offer(self: &Arc<Self>, socket: Socket, from: &SockAddr) {
        let Some(from) = from.as_socket() else { return };
        let origin = Origin {
            address: from.ip().to_canonical(),
            scope: match from {
                SocketAddr::V6(from) => from.scope_id(),
                SocketAddr::V4(_) => 0,
            },
            local: socket
                .local_addr()
                .ok()
                .and_then(|local| local.as_socket())
                .map(|local| local.ip().to_canonical()),
        };
        let refused = match self.destination(&origin) {
            Destination::Nobody => {
                // A RST leaves nothing of it behind, also not in the kernel.
                let _ = socket.set_linger(Some(Duration::ZERO));
                Some("not a neighbor")
            }
            Destination::One(session) => match into_stream(socket) {
                // A session that is not taking connections as fast as its neighbor makes them
                // loses the excess; it has one place for such a connection anyway.
                Ok(stream) => session
                    .try_send(Accepted::new(stream))
                    .is_err()
                    .then_some("too many at a time"),
                Err(_) => Some("the kernel has no room for it"),
            },
            Destination::Open(sessions, range) => match self.half_open.enter(origin.address) {
                None => Some("too many that have not said who they are"),
                Some(place) => match into_stream(socket) {
                    Err(_) => Some("the kernel has no room for it"),
                    Ok(stream) => {
                        let routing = Arc::clone(self);
                        tokio::spawn(async move {
                            let _place = place;
                            routing.ask(stream, origin, sessions, range).await;
                        });
                        None
                    }
                },
            },
        };
        if let Some(reason) = refused {
            self.refuse(from.ip().to_canonical(), reason);
        }
    }

    /// Notes a connection that is refused.
    pub(crate) fn refuse(&self, address: IpAddr, reason: &str) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        if let Some(left_out) = self.rare.now() {
            warn!(%address, reason, left_out, "connection refused");
        }
    }

    fn destination(&self, origin: &Origin) -> Destination {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let host = self.host.borrow();
        if let Some(sessions) = table.sessions.get(&origin.address) {
            let mut here = sessions.iter().filter(|it| {
                origin.is_at(it.address, it.interface.as_ref(), &host) && origin.reached(it.local)
            });
            match (here.next(), here.next()) {
                (Some(one), None) => return Destination::One(one.session.clone()),
                (Some(one), Some(two)) => {
                    let all = [one, two].into_iter().chain(here).cloned();
                    return Destination::Open(all.collect(), None);
                }
                (None, _) => {}
            }
        }
        let range = table
            .ranges
            .iter()
            .filter(|range| {
                range.prefix.contains(&origin.address)
                    && origin.is_at(origin.address, range.interface.as_ref(), &host)
                    && origin.reached(range.local)
            })
            .max_by_key(|range| range.prefix.prefix_len());
        match range {
            Some(range) => Destination::Open(Vec::new(), Some(range.name.clone())),
            None => Destination::Nobody,
        }
    }

    /// Waits for the OPEN, and goes by what it says.
    async fn ask(
        &self,
        mut stream: TcpStream,
        origin: Origin,
        sessions: Vec<Expected>,
        range: Option<String>,
    ) {
        let (octets, remote_as) =
            match tokio::time::timeout(OPEN_WITHIN, read_open(&mut stream)).await {
                Ok(Ok(read)) => read,
                Ok(Err(_)) => return self.refuse(origin.address, "closed before its OPEN"),
                Err(_) => return self.refuse(origin.address, "no OPEN in time"),
            };
        let accepted = Accepted { stream, octets };
        let taken = match (range, remote_as) {
            (Some(range), Some(remote_as)) => {
                let interface = (origin.scope != 0)
                    .then(|| self.host.borrow().links.get(&origin.scope).cloned())
                    .flatten()
                    .map(|link| link.name);
                let incoming = Incoming {
                    range,
                    address: origin.address,
                    interface,
                    remote_as,
                    accepted,
                };
                self.unknown.try_send(incoming).is_ok()
            }
            (Some(_), None) => false,
            (None, remote_as) => choose(&sessions, remote_as)
                .is_some_and(|chosen| chosen.session.try_send(accepted).is_ok()),
        };
        if !taken {
            let reason = match remote_as {
                Some(_) => "too many at a time",
                None => "what it sent is no OPEN",
            };
            self.refuse(origin.address, reason);
        }
    }
}

/// The session of the neighbor's AS, rather one that is not up yet. Where none has this AS the first
/// tells the neighbor so.
fn choose(sessions: &[Expected], remote_as: Option<Asn>) -> Option<&Expected> {
    let waiting = |it: &&Expected| !it.up.load(Ordering::Relaxed);
    let matching = || {
        sessions
            .iter()
            .filter(|expected| remote_as == Some(expected.remote_as))
    };
    matching()
        .find(waiting)
        .or_else(|| matching().next())
        .or_else(|| sessions.iter().find(waiting))
        .or_else(|| sessions.first())
}

fn into_stream(socket: Socket) -> io::Result<TcpStream> {
    socket.set_nonblocking(true)?;
    TcpStream::from_std(socket.into())
}

/// What came up to the end of the first message, and the AS in it where that is an OPEN.
async fn read_open(stream: &mut TcpStream) -> io::Result<(BytesMut, Option<Asn>)> {
    let mut octets = BytesMut::with_capacity(256);
    loop {
        match frame(&octets, LARGEST_OPEN) {
            Ok(None) => {}
            Ok(Some(header)) if header.length > octets.len() => {}
            Ok(Some(header)) => {
                let message = octets.get(..header.length).unwrap_or_default();
                let open = (header.kind == MessageType::Open)
                    .then(|| Open::parse(message).ok())
                    .flatten();
                return Ok((octets, open.map(|open| open.asn)));
            }
            Err(_) => return Ok((octets, None)),
        }
        if stream.read_buf(&mut octets).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(remote_as: u32, up: bool) -> Expected {
        Expected {
            address: IpAddr::from([10, 0, 0, 1]),
            interface: None,
            local: None,
            remote_as: Asn(remote_as),
            up: Arc::new(AtomicBool::new(up)),
            session: mpsc::channel(1).0,
        }
    }

    #[test]
    fn the_as_of_the_open_decides_and_then_who_waits() {
        let sessions = [
            expected(1, false),
            expected(2, true),
            expected(2, false),
            expected(3, true),
        ];
        let chosen = |remote_as: u32| {
            let chosen = choose(&sessions, Some(Asn(remote_as))).unwrap();
            sessions
                .iter()
                .position(|it| it.session.same_channel(&chosen.session))
        };
        assert_eq!(chosen(1), Some(0));
        assert_eq!(chosen(2), Some(2));
        assert_eq!(chosen(3), Some(3));
        assert_eq!(chosen(4), Some(0), "somebody has to say that AS 4 is wrong");
    }
}
