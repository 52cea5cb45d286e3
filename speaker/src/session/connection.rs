//! One TCP connection: what was read and not yet framed, what is to be written.
//!
//! Two queues to write from: messages of the session itself (KEEPALIVE, NOTIFICATION, …), which are
//! always the next whole message, and UPDATEs. Buffers are given back when they are empty, so an
//! idle connection costs a few hundred octets.

use bytes::BytesMut;
use socket2::SockRef;
use std::{io, mem::MaybeUninit, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::TcpStream,
};

/// Octets of one read.
const READ: usize = 64 * 1024;
/// How long the last messages of a connection may take to leave.
const LINGER: Duration = Duration::from_secs(2);
/// Length of a message's header, and where its length field is (RFC 4271 §4.1).
const HEADER: usize = 19;
const LENGTH_AT: usize = 16;

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// Read and not yet framed.
    pub(super) received: BytesMut,
    /// Messages of the session, in whole.
    pub(super) urgent: Vec<u8>,
    /// Octets of `urgent` already written.
    urgent_sent: usize,
    updates: Vec<u8>,
    /// Octets of `updates` already written, and the end of the message they reach into.
    sent: usize,
    boundary: usize,
    /// Octets in and out since it was opened.
    pub(super) octets_in: u64,
    pub(super) octets_out: u64,
}

impl Connection {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self::begun(stream, BytesMut::new())
    }

    /// A connection of which `received` was read already.
    pub(super) fn begun(stream: TcpStream, received: BytesMut) -> Self {
        Self {
            stream,
            octets_in: received.len() as u64,
            received,
            urgent: Vec::new(),
            urgent_sent: 0,
            updates: Vec::new(),
            sent: 0,
            boundary: 0,
            octets_out: 0,
        }
    }

    /// For its options.
    pub(super) fn socket(&self) -> &TcpStream {
        &self.stream
    }

    pub(super) fn local_address(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    /// Waits for the socket, then reads and writes what it takes. Cancel-safe.
    pub(super) async fn ready(&mut self, may_read: bool) -> Progress {
        let interest = match (may_read, self.wants_write()) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, true) => Interest::WRITABLE,
            (false, false) => return std::future::pending().await,
        };
        match self.stream.ready(interest).await {
            Ok(ready) => {
                let written = if self.wants_write() && ready.is_writable() {
                    self.write()
                } else {
                    Ok(Written::default())
                };
                let read = if (may_read && ready.is_readable()) || written.is_err() {
                    self.read()
                } else {
                    Ok(None)
                };
                Progress { written, read }
            }
            Err(error) => Progress {
                written: Ok(Written::default()),
                read: Err(error),
            },
        }
    }

    /// Whether octets have come that nobody has read yet.
    pub(super) fn has_unread(&self) -> bool {
        let mut octet = [MaybeUninit::uninit()];
        matches!(SockRef::from(&self.stream).peek(&mut octet), Ok(1..))
    }

    /// What is there; `Some(0)` is the end, `None` nothing yet.
    fn read(&mut self) -> io::Result<Option<usize>> {
        self.received.reserve(READ);
        match self.stream.try_read_buf(&mut self.received) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.give_back();
                Ok(None)
            }
            Err(error) => Err(error),
            Ok(read) => {
                self.octets_in += read as u64;
                Ok(Some(read))
            }
        }
    }

    /// An empty buffer is given back rather than kept for an idle session.
    pub(super) fn give_back(&mut self) {
        if self.received.is_empty() {
            self.received = BytesMut::new();
        }
    }

    /// Whether UPDATEs may be queued.
    pub(super) fn wants_updates(&self) -> bool {
        self.updates.is_empty()
    }

    /// Queues whole UPDATEs; only when `wants_updates`.
    pub(super) fn queue_updates(&mut self, octets: Vec<u8>) {
        self.updates = octets;
        self.sent = 0;
        self.boundary = 0;
    }

    pub(super) fn wants_write(&self) -> bool {
        !self.urgent.is_empty() || !self.updates.is_empty()
    }

    /// Writes until the socket takes no more.
    fn write(&mut self) -> io::Result<Written> {
        let mut written = Written::default();
        loop {
            let in_message = self.sent < self.boundary;
            let urgent = !self.urgent.is_empty() && !in_message;
            let octets = if urgent {
                self.urgent.get(self.urgent_sent..)
            } else if self.urgent.is_empty() {
                self.updates.get(self.sent..)
            } else {
                self.updates.get(self.sent..self.boundary)
            };
            let octets = octets.unwrap_or_default();
            if octets.is_empty() {
                return Ok(written);
            }
            let taken = match self.stream.try_write(octets) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(written);
                }
                other => other?,
            };
            written.octets += taken;
            self.octets_out += taken as u64;
            if urgent {
                self.urgent_sent += taken;
                if self.urgent_sent == self.urgent.len() {
                    self.urgent = Vec::new();
                    self.urgent_sent = 0;
                }
            } else {
                written.updates += taken;
                self.advance(taken);
            }
        }
    }

    /// Moves on in `updates`, keeping the boundary at the end of the message that `sent` is in.
    fn advance(&mut self, taken: usize) {
        self.sent += taken;
        while self.boundary < self.sent {
            let length = match self.updates.get(self.boundary + LENGTH_AT..) {
                Some([high, low, ..]) => usize::from(u16::from_be_bytes([*high, *low])),
                _ => break,
            };
            self.boundary += length.max(HEADER);
        }
        if self.sent >= self.updates.len() {
            self.updates = Vec::new();
            self.sent = 0;
            self.boundary = 0;
        }
    }

    /// Writes what the session still has to say after finishing the message under way, then closes.
    /// Octets that still arrive are read and dropped, as closing with unread octets would make
    /// the kernel send RST, which can cost the neighbor our NOTIFICATION.
    pub(super) async fn finish(mut self) {
        let rest = self
            .updates
            .get(self.sent..self.boundary)
            .unwrap_or_default()
            .to_vec();
        let urgent = self
            .urgent
            .get(self.urgent_sent..)
            .unwrap_or_default()
            .to_vec();
        let nothing_said = rest.is_empty() && urgent.is_empty();
        let farewell = async {
            self.stream.write_all(&rest).await?;
            self.stream.write_all(&urgent).await?;
            self.stream.shutdown().await?;
            let mut dropped = [0; 1024];
            while !nothing_said && self.stream.read(&mut dropped).await? > 0 {}
            io::Result::Ok(())
        };
        // What cannot be said within the time is left unsaid: the connection ends either way.
        let _ = tokio::time::timeout(LINGER, farewell).await;
    }
}

/// What a ready socket gave and took.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) written: io::Result<Written>,
    /// `Some(0)` is the end.
    pub(super) read: io::Result<Option<usize>>,
}

/// What one write took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    /// Octets of all messages.
    pub(super) octets: usize,
    /// Octets of UPDATEs among them.
    pub(super) updates: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn message(kind: u8, body: usize) -> Vec<u8> {
        let mut octets = vec![0xff; 16];
        octets.extend_from_slice(&u16::try_from(HEADER + body).unwrap().to_be_bytes());
        octets.push(kind);
        octets.resize(HEADER + body, kind);
        octets
    }

    #[tokio::test]
    async fn a_keepalive_is_the_next_whole_message_within_a_stream_of_updates() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (mut reader, _) = listener.accept().await.unwrap();
        let mut connection = Connection::new(stream);
        let updates: Vec<u8> = (0..4000).flat_map(|_| message(2, 4000)).collect();
        connection.queue_updates(updates.clone());
        let mut keepalives = 0;
        let mut seen = Vec::new();
        let mut wrote = 0;
        while connection.wants_write() {
            tokio::select! {
                progress = connection.ready(false) => {
                    wrote += progress.written.unwrap().updates;
                    if keepalives < 50 {
                        connection.urgent.extend(message(4, 0));
                        keepalives += 1;
                    }
                }
                read = reader.read_buf(&mut seen) => { read.unwrap(); }
            }
        }
        connection.finish().await;
        reader.read_to_end(&mut seen).await.unwrap();
        assert_eq!(wrote, updates.len());
        let (mut at, mut kinds) = (0, [0; 5]);
        while at < seen.len() {
            assert_eq!(seen[at..at + 16], [0xff; 16], "every message is whole");
            kinds[usize::from(seen[at + 18])] += 1;
            at += usize::from(u16::from_be_bytes([seen[at + 16], seen[at + 17]]));
        }
        assert_eq!((kinds[2], kinds[4]), (4000, keepalives));
    }
}
