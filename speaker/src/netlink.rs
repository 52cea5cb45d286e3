//! A netlink socket as this program uses it: blocking, on a thread of its own, many requests per
//! send, replies read as views over one reused buffer.
//!
//! Why not a connection task: the kernel does the work of a request inside `sendmsg`, so a thread
//! has to wait there anyway, and one request per round trip reaches half of what the kernel can
//! take. The packet crates encode and decode; only links are read by hand, since a kernel newer
//! than the crate may grow an attribute that it refuses, and a link must not vanish for that.
//!
//! Cost: 64 KiB of buffer per socket; a received message is not copied.
#[cfg(test)]
pub(crate) mod namespace;

use nix::{
    poll::{PollFd, PollFlags, PollTimeout},
    sys::{
        eventfd::{EfdFlags, EventFd},
        socket::{setsockopt, sockopt::RcvBufForce},
    },
};
use rtnetlink::{
    packet_core::{
        NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage,
        NetlinkPayload, NlasIterator,
    },
    packet_route::RouteNetlinkMessage,
    sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE},
};
use socket2::{SockFilter, SockRef};
use std::{io, os::fd::AsFd, time::Duration};

/// Message types of the kernel that are not in the packet crates' public parts.
pub(crate) mod kind {
    pub(crate) const ERROR: u16 = 2;
    pub(crate) const DONE: u16 = 3;
    pub(crate) const NEW_LINK: u16 = 16;
    pub(crate) const DEL_LINK: u16 = 17;
    pub(crate) const NEW_ADDRESS: u16 = 20;
    pub(crate) const DEL_ADDRESS: u16 = 21;
    pub(crate) const NEW_ROUTE: u16 = 24;
    pub(crate) const DEL_ROUTE: u16 = 25;
    pub(crate) const NEW_NEIGHBOR: u16 = 28;
}

/// Multicast groups of NETLINK_ROUTE.
pub(crate) mod group {
    pub(crate) const LINK: u32 = 1;
    pub(crate) const IPV4_ADDRESS: u32 = 5;
    pub(crate) const IPV4_ROUTE: u32 = 7;
    pub(crate) const IPV6_ADDRESS: u32 = 9;
    pub(crate) const IPV6_ROUTE: u32 = 11;
}

/// Room for the largest datagram the kernel makes for a dump (32 KiB) and for any event.
const BUFFER: usize = 64 * 1024;
/// An answer of the kernel is there when `sendmsg` returns; this only guards against a kernel
/// that lost it without saying so.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// One message of a datagram.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// message type
    pub(crate) kind: u16,
    /// NLM_F_*
    pub(crate) flags: u16,
    /// of the request that it answers
    pub(crate) sequence: u32,
    /// port of the request that caused it; 0: the kernel itself
    pub(crate) port: u32,
    /// what follows the header
    pub(crate) payload: &'a [u8],
}

/// What became of a request, from an NLMSG_ERROR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// errno, positive; 0: accepted
    pub(crate) errno: i32,
    /// the kernel's own words, where it has some
    pub(crate) text: Option<String>,
}

/// How far a dump is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dump {
    /// more slices follow
    More,
    /// complete and consistent
    Complete,
    /// the table changed under the dump: what was read may have holes
    Interrupted,
}

/// What a receive brought.
#[derive(Debug)]
pub(crate) enum Received {
    /// nothing (more) there
    Nothing,
    /// this many octets, in the buffer
    Datagram(usize),
    /// the kernel dropped messages for us since the last receive
    Lost,
}

/// A netlink socket and its buffer.
#[derive(Debug)]
pub(crate) struct Channel {
    socket: Socket,
    port: u32,
    sequence: u32,
    buffer: Vec<u8>,
    interrupted: bool,
}

impl Channel {
    /// A socket for requests. `receive_buffer` octets hold the answers to what is sent at once;
    /// the limit of the system is passed over where we may (CAP_NET_ADMIN).
    pub(crate) fn open(receive_buffer: usize) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        if setsockopt(&socket, RcvBufForce, &receive_buffer).is_err() {
            SockRef::from(&socket).set_recv_buffer_size(receive_buffer)?;
        }
        let port = socket.bind_auto()?.port_number();
        SockRef::from(&socket).set_read_timeout(Some(ANSWER_TIMEOUT))?;
        // Errors carry the kernel's words but not our own request back.
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        Ok(Self {
            socket,
            port,
            sequence: 0,
            buffer: vec![0; BUFFER],
            interrupted: false,
        })
    }

    /// A socket that hears the events of `groups`, as far as `filter` lets them through (empty:
    /// all). The filter is in place before the first event.
    pub(crate) fn listen(
        groups: &[u32],
        receive_buffer: usize,
        filter: &[SockFilter],
    ) -> io::Result<Self> {
        let channel = Self::open(receive_buffer)?;
        if !filter.is_empty() {
            SockRef::from(&channel.socket).attach_filter(filter)?;
        }
        for group in groups {
            channel.socket.add_membership(*group)?;
        }
        Ok(channel)
    }

    /// Replaces the filter of [`Channel::listen`], in one step.
    pub(crate) fn filter(&self, filter: &[SockFilter]) -> io::Result<()> {
        SockRef::from(&self.socket).attach_filter(filter)
    }

    /// Dumps take the filters of their request seriously (Linux 4.20); without, the caller sees
    /// more than it asked for, so it has to look anyway.
    pub(crate) fn filter_dumps(&self) {
        if let Err(error) = self.socket.set_netlink_get_strict_chk(true) {
            tracing::debug!(%error, "the kernel does not filter dumps");
        }
    }

    /// The kernel's name for this socket; events caused by its requests carry it.
    pub(crate) fn port(&self) -> u32 {
        self.port
    }

    /// The next sequence number.
    pub(crate) fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// The first of the next `count` sequence numbers.
    pub(crate) fn take_sequences(&mut self, count: usize) -> u32 {
        let first = self.sequence.wrapping_add(1);
        // A send has a few hundred messages.
        self.sequence = self.sequence.wrapping_add(count as u32);
        first
    }

    /// Hands `octets` (whole messages) to the kernel, which works them off before this returns.
    pub(crate) fn send(&self, octets: &[u8]) -> io::Result<()> {
        loop {
            match self.socket.send_to(octets, &SocketAddr::new(0, 0), 0) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Next datagram; with `wait` at most [`ANSWER_TIMEOUT`], else only what is there.
    pub(crate) fn receive(&mut self, wait: bool) -> io::Result<Received> {
        let flags = if wait { 0 } else { libc::MSG_DONTWAIT };
        loop {
            match self
                .socket
                .recv_from(&mut &mut self.buffer[..], flags | libc::MSG_TRUNC)
            {
                // Only the kernel (port 0) may tell us things.
                Ok((_, from)) if from.port_number() != 0 => {}
                // A datagram that did not fit is as good as lost.
                Ok((length, _)) if length > self.buffer.len() => return Ok(Received::Lost),
                Ok((length, _)) => return Ok(Received::Datagram(length)),
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR) => {}
                    Some(libc::EAGAIN) if wait => {
                        return Err(io::Error::new(
                            io::ErrorKind::TimedOut,
                            "the kernel did not answer a netlink request",
                        ));
                    }
                    Some(libc::EAGAIN) => return Ok(Received::Nothing),
                    Some(libc::ENOBUFS) => return Ok(Received::Lost),
                    _ => return Err(error),
                },
            }
        }
    }

    /// Throws away what is queued, at most a buffer's worth, with the mark that some was lost.
    pub(crate) fn discard(&mut self) -> io::Result<()> {
        for _ in 0..65_536 {
            if matches!(self.receive(false)?, Received::Nothing) {
                break;
            }
        }
        Ok(())
    }

    /// The messages of the datagram that was received last.
    pub(crate) fn messages(&self, length: usize) -> Messages<'_> {
        Messages::of(&self.buffer, length)
    }

    /// The buffer itself, for a caller that has to change what owns this channel while reading;
    /// it goes back by [`Channel::return_buffer`].
    pub(crate) fn take_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    pub(crate) fn return_buffer(&mut self, buffer: Vec<u8>) {
        self.buffer = buffer;
    }

    /// Begins a dump; [`Channel::dump_slice`] reads it. One at a time per socket.
    pub(crate) fn begin_dump(&mut self, request: RouteNetlinkMessage) -> io::Result<()> {
        // Left-overs of a dump that was given up.
        self.discard()?;
        self.interrupted = false;
        let mut octets = Vec::new();
        let sequence = self.next_sequence();
        append(&mut octets, request, NLM_F_REQUEST | NLM_F_DUMP, sequence);
        self.send(&octets)
    }

    /// Reads one datagram of the dump (some hundred routes).
    pub(crate) fn dump_slice(&mut self, mut each: impl FnMut(Message<'_>)) -> io::Result<Dump> {
        let length = match self.receive(true)? {
            Received::Datagram(length) => length,
            Received::Lost | Received::Nothing => return Ok(Dump::Interrupted),
        };
        let sequence = self.sequence;
        let mut interrupted = self.interrupted;
        let mut outcome = Dump::More;
        for message in self.messages(length) {
            if message.sequence != sequence {
                continue;
            }
            interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
            match message.kind {
                kind::DONE | kind::ERROR => {
                    let refusal = refusal(message.payload);
                    match refusal.errno {
                        // No such table yet: nothing in it.
                        0 | libc::ENOENT => {}
                        errno => return Err(io::Error::from_raw_os_error(errno)),
                    }
                    outcome = if interrupted {
                        Dump::Interrupted
                    } else {
                        Dump::Complete
                    };
                }
                _ => each(message),
            }
        }
        self.interrupted = interrupted;
        Ok(outcome)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Iterates over the messages of a datagram; ends at the first that is not whole.
#[derive(Debug)]
pub(crate) struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    /// Those in the first `length` octets.
    pub(crate) fn of(octets: &'a [u8], length: usize) -> Self {
        Self {
            rest: octets.get(..length).unwrap_or_default(),
        }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let view = NetlinkBuffer::new_checked(self.rest).ok()?;
        let length = usize::try_from(view.length()).ok()?;
        let message = Message {
            kind: view.message_type(),
            flags: view.flags(),
            sequence: view.sequence_number(),
            port: view.port_number(),
            payload: self.rest.get(16..length)?,
        };
        self.rest = self
            .rest
            .get(length.next_multiple_of(4)..)
            .unwrap_or_default();
        Some(message)
    }
}

/// Appends one request.
pub(crate) fn append(
    octets: &mut Vec<u8>,
    request: RouteNetlinkMessage,
    flags: u16,
    sequence: u32,
) {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    header.sequence_number = sequence;
    let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(request));
    message.finalize();
    let start = octets.len();
    let end = start.saturating_add(message.buffer_len());
    octets.resize(end.next_multiple_of(4), 0);
    if let Some(room) = octets.get_mut(start..end) {
        message.serialize(room);
    }
}

/// Reads the payload of NLMSG_ERROR (our requests come back without their bodies) or NLMSG_DONE.
pub(crate) fn refusal(payload: &[u8]) -> Refusal {
    const HEADER: usize = 16;
    const TEXT: u16 = 1;
    let errno = read_i32(payload, 0).map_or(0, i32::saturating_neg);
    let attributes = payload.get(4 + HEADER..).unwrap_or_default();
    let text = NlasIterator::new(attributes)
        .map_while(Result::ok)
        .find_map(|attribute| {
            (attribute.kind() == TEXT).then(|| {
                let text = String::from_utf8_lossy(attribute.value());
                text.trim_end_matches('\0').trim_end_matches('.').to_owned()
            })
        });
    Refusal { errno, text }
}

fn read_i32(octets: &[u8], at: usize) -> Option<i32> {
    let four = octets.get(at..at.checked_add(4)?)?;
    Some(i32::from_ne_bytes(four.try_into().ok()?))
}

/// What matters of a link message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkView {
    /// address family of the message; a bridge port is told again with AF_BRIDGE
    pub(crate) family: u8,
    /// interface index
    pub(crate) index: u32,
    /// IFF_*
    pub(crate) flags: u32,
    /// IFLA_IFNAME
    pub(crate) name: String,
    /// IFLA_OPERSTATE (RFC 2863)
    pub(crate) operational_state: Option<u8>,
}

impl LinkView {
    const NAME: u16 = 3;
    const OPERATIONAL_STATE: u16 = 16;

    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let family = *payload.first()?;
        let index = u32::try_from(read_i32(payload, 4)?).ok()?;
        let flags = u32::from_ne_bytes(read_i32(payload, 8)?.to_ne_bytes());
        let mut link = Self {
            family,
            index,
            flags,
            name: String::new(),
            operational_state: None,
        };
        for attribute in NlasIterator::new(payload.get(16..)?).map_while(Result::ok) {
            match attribute.kind() {
                Self::NAME => {
                    let name = String::from_utf8_lossy(attribute.value());
                    link.name = name.trim_end_matches('\0').to_owned();
                }
                Self::OPERATIONAL_STATE => {
                    link.operational_state = attribute.value().first().copied();
                }
                _ => {}
            }
        }
        Some(link)
    }

    /// Administratively up.
    pub(crate) fn is_enabled(&self) -> bool {
        self.flags & (libc::IFF_UP as u32) != 0
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.flags & (libc::IFF_LOOPBACK as u32) != 0
    }

    /// Enabled, with carrier, and not held back by its own protocol (802.1X, a bond's).
    pub(crate) fn is_up(&self) -> bool {
        const UNKNOWN: u8 = 0;
        const UP: u8 = 6;
        let carrier = self.flags & (libc::IFF_LOWER_UP as u32) != 0;
        let operational = matches!(self.operational_state, None | Some(UNKNOWN | UP));
        self.is_enabled() && (self.is_loopback() || carrier && operational)
    }
}

/// Ends another thread's [`wait`].
#[derive(Debug)]
pub(crate) struct Bell(EventFd);

impl Bell {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self(EventFd::from_flags(flags)?))
    }

    /// Never blocks; rings once however often it is called before the wait.
    pub(crate) fn ring(&self) {
        // It fails only when the counter is full, and then it rings already.
        let _ = self.0.write(1);
    }
}

/// Waits until `channel` has something to read, `bell` rang, or `timeout` passed. True: it has.
pub(crate) fn wait(channel: &Channel, bell: Option<&Bell>, timeout: Duration) -> io::Result<bool> {
    let nothing_to_ring = PollFlags::empty();
    let (bell_fd, bell_flags) = match bell {
        Some(bell) => (bell.0.as_fd(), PollFlags::POLLIN),
        None => (channel.as_fd(), nothing_to_ring),
    };
    let mut fds = [
        PollFd::new(channel.as_fd(), PollFlags::POLLIN),
        PollFd::new(bell_fd, bell_flags),
    ];
    // Rounded up, so that a deadline a fraction of a millisecond away is not polled for.
    let rounded = timeout.saturating_add(Duration::from_micros(999));
    let timeout = if timeout.is_zero() {
        Duration::ZERO
    } else {
        rounded
    };
    let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
    match nix::poll::poll(&mut fds, timeout) {
        Ok(_) | Err(nix::errno::Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    let readable = fds.first().and_then(PollFd::any).unwrap_or(false);
    if let Some(bell) = bell {
        let _ = bell.0.read();
    }
    Ok(readable)
}
