//! A packet of our own that crosses: a TCP connection that carries octets there and back.
//!
//! TCP rather than ICMP, because it needs no raw socket, and because a connection only stands when
//! both directions are routed.

use crate::clock;
use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

const WORDS: &[u8] = b"myna: is anybody there?";

/// How long the probe may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the words took there and back.
pub(super) struct RoundTrip(pub(super) Duration);

/// To be called where the packet arrives: opens a port on `address`.
pub(super) async fn listen(address: Ipv4Addr) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddrV4::new(address, 0)).await
}

/// Answers the first connection with the words that it brings, and ends.
pub(super) async fn answer(listener: TcpListener) -> io::Result<()> {
    timeout(PATIENCE, async {
        let (mut connection, _) = listener.accept().await?;
        let mut words = [0; WORDS.len()];
        connection.read_exact(&mut words).await?;
        connection.write_all(&words).await
    })
    .await?
}

/// To be called where the packet starts: sends the words from `source` and waits for them.
pub(super) async fn send(source: Ipv4Addr, to: SocketAddr) -> Result<RoundTrip, String> {
    let crossing = async {
        let mut connection = connect(source, to).await?;
        connection.set_nodelay(true)?;
        let sent = clock::now();
        connection.write_all(WORDS).await?;
        let mut words = [0; WORDS.len()];
        connection.read_exact(&mut words).await?;
        let round_trip = clock::now().duration_since(sent);
        if words == WORDS {
            Ok(RoundTrip(round_trip))
        } else {
            Err(io::Error::other("other octets came back than were sent"))
        }
    };
    match timeout(PATIENCE, crossing).await {
        Ok(result) => result.map_err(|error| words(&error)),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn connect(source: Ipv4Addr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddrV4::new(source, 0).into())?;
    socket.connect(to).await
}

/// What the kernel says, without its number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}
