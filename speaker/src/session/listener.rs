//! Incoming connections: refused before anything is allocated when nobody is expected from there.

use super::{rare::Rare, task::Accepted};
use crate::{config::Password, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::mpsc, task::AbortHandle};
use tracing::warn;

/// Connections that the kernel may hold for us.
const BACKLOG: i32 = 256;
/// Pause after the kernel could not give us a connection (out of file descriptors, …).
const PAUSE: Duration = Duration::from_millis(50);

/// Who is expected from where.
#[derive(Debug, Default)]
pub(crate) struct Routing {
    sessions: RwLock<HashMap<IpAddr, mpsc::Sender<Accepted>>>,
    refused: AtomicU64,
    rare: Rare,
}

impl Routing {
    /// From now on connections from `address` are this session's.
    pub(crate) fn insert(&self, address: IpAddr, session: mpsc::Sender<Accepted>) {
        self.sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(address.to_canonical(), session);
    }

    /// This session expects nobody from there any more; another one may.
    pub(crate) fn remove(&self, address: IpAddr, session: &mpsc::Sender<Accepted>) {
        let mut sessions = self
            .sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let address = address.to_canonical();
        if sessions
            .get(&address)
            .is_some_and(|current| current.same_channel(session))
        {
            sessions.remove(&address);
        }
    }

    /// Connections refused since the start.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn offer(&self, stream: Accepted, from: SocketAddr) {
        let address = from.ip().to_canonical();
        let session = self
            .sessions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&address)
            .cloned();
        // A session that is not taking connections as fast as its neighbor makes them loses the
        // excess; it has one place for such a connection anyway.
        let taken = session
            .as_ref()
            .is_some_and(|session| session.try_send(stream).is_ok());
        if !taken {
            self.refused.fetch_add(1, Ordering::Relaxed);
            if let Some(left_out) = self.rare.now() {
                let reason = if session.is_some() {
                    "too many at a time"
                } else {
                    "not a neighbor"
                };
                warn!(%address, reason, left_out, "connection refused");
            }
        }
    }
}

/// TCP-MD5 keys by neighbor.
pub(crate) type Keys<'k> = Vec<(IpAddr, &'k Password)>;

/// One listening socket and its task.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: Arc<TcpListener>,
    task: AbortHandle,
}

impl Listener {
    /// Opens the socket and accepts from then on. Connections of the neighbors in `keys` are
    /// authenticated from the first.
    pub(crate) fn open(
        address: SocketAddr,
        routing: Arc<Routing>,
        keys: &Keys<'_>,
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
        socket.bind(&SockAddr::from(address))?;
        for (neighbor, password) in keys {
            if neighbor.is_ipv6() == address.is_ipv6() {
                sockopt::set_md5_key(&socket, (*neighbor).into(), password.0.as_bytes())?;
            }
        }
        socket.listen(BACKLOG)?;
        let listener = Arc::new(TcpListener::from_std(socket.into())?);
        let accepting = Arc::clone(&listener);
        let task = tokio::spawn(async move {
            loop {
                match accepting.accept().await {
                    Ok((stream, from)) => routing.offer(stream, from),
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
            listener,
            task: task.abort_handle(),
        })
    }

    /// Sets the TCP-MD5 key of a neighbor, or takes it away.
    pub(crate) fn set_password(
        &self,
        neighbor: IpAddr,
        password: Option<&Password>,
    ) -> io::Result<()> {
        let ours = self.listener.local_addr()?.is_ipv6();
        if ours != neighbor.is_ipv6() {
            return Ok(());
        }
        match password {
            Some(password) => {
                sockopt::set_md5_key(&*self.listener, neighbor.into(), password.0.as_bytes())
            }
            None => sockopt::remove_md5_key(&*self.listener, neighbor.into()),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}
