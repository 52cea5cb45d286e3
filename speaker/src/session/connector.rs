//! Outgoing connections: socket options before the first SYN, and one pace over all neighbors.

use crate::{clock, config::Password, host::Host, sockopt};
use bgp_fsm::ConnectFailure;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use std::{
    io,
    net::{IpAddr, SocketAddr, SocketAddrV6},
    os::fd::AsFd,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::{Mutex, watch},
};

/// 200 attempts a second over all neighbors.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// The kernel takes no more while it holds so much unsent. It looks before each buffer of up to
/// 64 KiB, so that a KEEPALIVE waits behind less than 128 KiB.
const UNSENT_LIMIT: u32 = 48 * 1024;

/// The pace that all connectors of a speaker share. Who waits waits in line; who gives up waiting
/// leaves no gap behind.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<Option<Instant>>);

impl Pace {
    async fn wait(&self) {
        let mut next = self.0.lock().await;
        if let Some(at) = *next {
            tokio::time::sleep_until(at.into()).await;
        }
        *next = Some(clock::now() + BETWEEN_ATTEMPTS);
    }
}

/// How to reach one neighbor.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    /// Its address.
    pub(crate) address: IpAddr,
    /// Its TCP port.
    pub(crate) port: u16,
    /// Local address, where one is configured.
    pub(crate) source: Option<IpAddr>,
    /// TCP-MD5 key.
    pub(crate) password: Option<Password>,
    /// Hops it may be away; `None`: none.
    pub(crate) multihop: Option<u8>,
    /// GTSM (RFC 5082).
    pub(crate) gtsm: bool,
    /// What arrives with a lower hop count is dropped.
    pub(crate) least_hops: u8,
    /// Interface that the session is bound to.
    pub(crate) interface: Option<String>,
}

impl Connector {
    /// One attempt. The error is in words for people.
    pub(crate) async fn connect(
        &self,
        pace: &Pace,
        host: &watch::Receiver<Arc<Host>>,
    ) -> Result<TcpStream, ConnectFailure> {
        pace.wait().await;
        // Only now, since the interface may have been made anew while we waited.
        let remote = self.remote(&host.borrow())?;
        let socket = self
            .socket(remote)
            .map_err(|error| ConnectFailure(words(&error)))?;
        TcpSocket::from_std_stream(socket.into())
            .connect(remote)
            .await
            .map_err(|error| ConnectFailure(words(&error)))
    }

    /// Where to connect to; the scope of a link-local address is its interface as it is now.
    fn remote(&self, host: &Host) -> Result<SocketAddr, ConnectFailure> {
        let scope = match &self.interface {
            None => 0,
            Some(name) => {
                host.link(name)
                    .ok_or_else(|| ConnectFailure(format!("this host has no interface {name}")))?
                    .index
            }
        };
        Ok(match self.address {
            IpAddr::V6(address) if address.is_unicast_link_local() => {
                SocketAddrV6::new(address, self.port, 0, scope).into()
            }
            address => SocketAddr::new(address, self.port),
        })
    }

    fn socket(&self, remote: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(
            Domain::for_address(remote),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        socket.set_nonblocking(true)?;
        self.prepare(&socket)?;
        if let Some(source) = self.source {
            socket.set_reuse_address(true)?;
            let scope = match remote {
                SocketAddr::V6(remote) => remote.scope_id(),
                SocketAddr::V4(_) => 0,
            };
            let source = match source {
                IpAddr::V6(source) => SocketAddrV6::new(source, 0, 0, scope).into(),
                IpAddr::V4(_) => SocketAddr::new(source, 0),
            };
            socket.bind(&SockAddr::from(source))?;
        }
        if self.password.is_some() {
            self.sign(&socket)?;
        }
        Ok(socket)
    }

    /// Sets the TCP-MD5 key as it is configured now, or takes it away.
    pub(crate) fn sign(&self, socket: &impl AsFd) -> io::Result<()> {
        let neighbor = self.address.into();
        match &self.password {
            Some(password) => sockopt::set_md5_key(socket, neighbor, password.0.as_bytes()),
            None => sockopt::remove_md5_key(socket, neighbor),
        }
    }

    /// Options that hold for connections in both directions.
    pub(crate) fn prepare(&self, socket: &impl AsFd) -> io::Result<()> {
        if let Some(interface) = &self.interface {
            sockopt::bind_device(socket, Some(interface))?;
        }
        let hops = if self.gtsm {
            u8::MAX
        } else {
            self.multihop.unwrap_or(1)
        };
        sockopt::set_hops(socket, hops)?;
        sockopt::set_least_hops(socket, self.least_hops)?;
        sockopt::set_network_control(socket)?;
        sockopt::set_unsent_limit(socket, UNSENT_LIMIT)?;
        SockRef::from(socket).set_tcp_nodelay(true)
    }
}

/// What the kernel says of a connection, as an operator says it.
pub(super) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::HostUnreachable => "no route to host".to_owned(),
        io::ErrorKind::NetworkUnreachable => "network is unreachable".to_owned(),
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset by peer".to_owned(),
        io::ErrorKind::TimedOut => "connection timed out".to_owned(),
        _ if error.raw_os_error() == Some(libc::ENODEV) => "no such interface".to_owned(),
        io::ErrorKind::AddrNotAvailable => {
            "the source address is not an address of this host".to_owned()
        }
        _ => {
            let text = error.to_string();
            text.split(" (os error")
                .next()
                .unwrap_or_default()
                .to_lowercase()
        }
    }
}
