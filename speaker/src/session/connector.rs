//! Outgoing connections: socket options before the first SYN, and one pace over all neighbors.

use crate::{clock, config::Password, sockopt};
use bgp_fsm::ConnectFailure;
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};
use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::AsFd,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::Mutex,
};

/// 200 attempts a second over all neighbors.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// What the kernel may hold unsent, so that a KEEPALIVE does not wait behind more than that.
const UNSENT_LIMIT: u32 = 128 * 1024;

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
    /// Its address and port; the scope of a link-local address is its interface.
    pub(crate) remote: SocketAddr,
    /// Local address, where one is configured.
    pub(crate) source: Option<IpAddr>,
    /// TCP-MD5 key.
    pub(crate) password: Option<Password>,
    /// Hops it may be away; `None`: none.
    pub(crate) multihop: Option<u8>,
    /// Interface that the session is bound to.
    pub(crate) interface: Option<String>,
}

impl Connector {
    /// One attempt. The error is in words for people.
    pub(crate) async fn connect(&self, pace: &Pace) -> Result<TcpStream, ConnectFailure> {
        pace.wait().await;
        let socket = self
            .socket()
            .map_err(|error| ConnectFailure(words(&error)))?;
        TcpSocket::from_std_stream(socket.into())
            .connect(self.remote)
            .await
            .map_err(|error| ConnectFailure(words(&error)))
    }

    fn socket(&self) -> io::Result<Socket> {
        let socket = Socket::new(
            Domain::for_address(self.remote),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        socket.set_nonblocking(true)?;
        if let Some(interface) = &self.interface {
            sockopt::bind_device(&socket, Some(interface))?;
        }
        if let Some(source) = self.source {
            socket.set_reuse_address(true)?;
            socket.bind(&SockAddr::from(SocketAddr::new(source, 0)))?;
        }
        if let Some(password) = &self.password {
            sockopt::set_md5_key(&socket, self.remote.ip().into(), password.0.as_bytes())?;
        }
        self.prepare(&socket)?;
        Ok(socket)
    }

    /// Options that hold for connections in both directions.
    pub(crate) fn prepare(&self, socket: &impl AsFd) -> io::Result<()> {
        sockopt::set_hops(socket, self.multihop.unwrap_or(1))?;
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
