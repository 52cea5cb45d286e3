//! Incoming connections: refused before anything is allocated when nobody is expected from there.

use super::routing::Routing;
use crate::{config::Password, sockopt};
use ipnet::IpNet;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::{collections::BTreeMap, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{Interest, unix::AsyncFd},
    task::AbortHandle,
};
use tracing::warn;

/// Connections that the kernel may hold for us.
const BACKLOG: i32 = 256;
/// Pause after the kernel could not give us a connection (out of file descriptors, …).
const PAUSE: Duration = Duration::from_millis(50);

/// What the kernel is to ask of every connection before we hear of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// TCP-MD5 keys by neighbor or range.
    pub(crate) keys: BTreeMap<IpNet, Password>,
    /// The least hop count of the packets of all neighbors (RFC 5082): 0 unless all use GTSM.
    pub(crate) least_hops: u8,
}

/// One listening socket and its task.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    socket: Arc<AsyncFd<Socket>>,
    task: AbortHandle,
}

impl Listener {
    /// Opens the socket and accepts from then on; connections are held to `entry` from the first.
    /// `others` are our own listeners, whose address may overlap with this one's for a while.
    pub(crate) fn open(
        address: SocketAddr,
        routing: Arc<Routing>,
        entry: &Entry,
        others: &[Self],
    ) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        socket.set_nonblocking(true)?;
        socket.set_reuse_address(true)?;
        if address.is_ipv6() {
            sockopt::set_only_v6(&socket, true)?;
        }
        // A neighbor with GTSM takes no answer with a lower hop count.
        sockopt::set_hops(&socket, u8::MAX)?;
        sockopt::set_network_control(&socket)?;
        // The kernel lets sockets share a port where both say so. They say so only while this one
        // is bound: another program must not be able to share it afterwards.
        let shared = Shared::between(&socket, others.iter().filter(|it| it.overlaps(address)))?;
        socket.bind(&SockAddr::from(address))?;
        let takes = |key: &IpNet| key.addr().is_ipv6() == address.is_ipv6();
        for (neighbor, password) in entry.keys.iter().filter(|(key, _)| takes(key)) {
            sockopt::set_md5_key(&socket, *neighbor, password.0.as_bytes())?;
        }
        sockopt::set_least_hops(&socket, entry.least_hops)?;
        socket.listen(BACKLOG)?;
        drop(shared);
        let socket = Arc::new(sockopt::wait_on(socket)?);
        let accepting = Arc::clone(&socket);
        let task = tokio::spawn(async move {
            loop {
                let accepted = accepting.async_io(Interest::READABLE, Socket::accept).await;
                match accepted {
                    Ok((socket, from)) => routing.offer(socket, &from),
                    Err(error) => {
                        if let Some(left_out) = routing.rare.now() {
                            warn!(%error, left_out, "cannot accept a connection");
                        }
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        });
        Ok(Self {
            address,
            socket,
            task: task.abort_handle(),
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the kernel would see both as the same port.
    fn overlaps(&self, other: SocketAddr) -> bool {
        self.address.port() == other.port()
            && self.address.is_ipv4() == other.is_ipv4()
            && (self.address.ip().is_unspecified() || other.ip().is_unspecified())
    }

    /// Sets the TCP-MD5 key of a neighbor or range, or takes it away.
    pub(crate) fn set_password(
        &self,
        neighbor: IpNet,
        password: Option<&Password>,
    ) -> io::Result<()> {
        if self.address.is_ipv6() != neighbor.addr().is_ipv6() {
            return Ok(());
        }
        let socket = self.socket.get_ref();
        match password {
            Some(password) => sockopt::set_md5_key(socket, neighbor, password.0.as_bytes()),
            None => sockopt::remove_md5_key(socket, neighbor),
        }
    }

    /// Sets the least hop count.
    pub(crate) fn set_least_hops(&self, least: u8) -> io::Result<()> {
        sockopt::set_least_hops(self.socket.get_ref(), least)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sockets that share their port until this is dropped.
struct Shared<'s>(Vec<&'s Socket>);

impl<'s> Shared<'s> {
    fn between(socket: &'s Socket, others: impl Iterator<Item = &'s Listener>) -> io::Result<Self> {
        let mut shared = Self(others.map(|other| other.socket.get_ref()).collect());
        if !shared.0.is_empty() {
            shared.0.push(socket);
            for socket in &shared.0 {
                socket.set_reuse_port(true)?;
            }
        }
        Ok(shared)
    }
}

impl Drop for Shared<'_> {
    fn drop(&mut self) {
        for socket in &self.0 {
            if let Err(error) = socket.set_reuse_port(false) {
                warn!(%error, "cannot take a listening port for ourselves alone");
            }
        }
    }
}
