//! A neighbor made of octets: it says what a real BGP speaker never would, and sees every octet
//! of the answer.
use crate::Netns;
use socket2::{Domain, Socket, Type};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

/// BGP's port.
const PORT: u16 = 179;

/// How long a connection may take inside one machine.
const CONNECT: Duration = Duration::from_secs(5);

/// Octets of a message header.
const HEADER: usize = 19;

/// One end of a BGP connection.
#[derive(Debug)]
pub struct Peer {
    stream: TcpStream,
}

/// Waits for connections.
#[derive(Debug)]
pub struct PeerListener {
    listener: TcpListener,
}

/// A received message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Type octet: 1 OPEN, 2 UPDATE, 3 NOTIFICATION, 4 KEEPALIVE, 5 ROUTE-REFRESH.
    pub kind: u8,
    /// What follows the header.
    pub body: Vec<u8>,
}

/// What goes into an OPEN; [`encode`](Self::encode) does not care whether it is legal.
#[derive(Clone, Debug)]
pub struct Open {
    /// Protocol version.
    pub version: u8,
    /// The two-octet AS field, and the value of the four-octet AS capability.
    pub asn: u16,
    /// Whether that capability is sent.
    pub four_octet_as: bool,
    /// Seconds.
    pub hold_time: u16,
    /// BGP identifier.
    pub id: Ipv4Addr,
    /// Octets of the capabilities beside four-octet AS: code, length, value.
    pub capabilities: Vec<u8>,
}

impl Default for Open {
    /// A legal one, of Azure.
    fn default() -> Self {
        Self {
            version: 4,
            asn: 12076,
            four_octet_as: true,
            hold_time: 90,
            id: Ipv4Addr::new(10, 1, 1, 2),
            capabilities: vec![1, 4, 0, 1, 0, 1],
        }
    }
}

impl Open {
    /// The whole message.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let [high, low] = self.asn.to_be_bytes();
        let mut capabilities = self.capabilities.clone();
        if self.four_octet_as {
            capabilities.extend([65, 4, 0, 0, high, low]);
        }
        let length = octet(capabilities.len());
        let mut body = vec![self.version, high, low];
        body.extend(self.hold_time.to_be_bytes());
        body.extend(self.id.octets());
        body.extend([octet(capabilities.len().saturating_add(2)), 2, length]);
        body.extend(capabilities);
        Message { kind: 1, body }.encode()
    }
}

impl Message {
    /// KEEPALIVE.
    pub const KEEPALIVE: Self = Self {
        kind: 4,
        body: Vec::new(),
    };

    /// With a correct header.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = self.body.len().saturating_add(HEADER);
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        let mut octets = vec![0xff; 16];
        octets.extend(length.to_be_bytes());
        octets.push(self.kind);
        octets.extend(&self.body);
        octets
    }

    /// Code and subcode of a NOTIFICATION.
    #[must_use]
    pub fn notification(&self) -> Option<(u8, u8)> {
        match (self.kind, self.body.as_slice()) {
            (3, [code, subcode, ..]) => Some((*code, *subcode)),
            _ => None,
        }
    }
}

/// A path attribute with a one-octet length.
#[must_use]
pub fn attribute(flags: u8, code: u8, value: &[u8]) -> Vec<u8> {
    let mut octets = vec![flags, code, octet(value.len())];
    octets.extend(value);
    octets
}

/// A whole UPDATE of these withdrawn routes, path attributes and NLRI, all in octets.
#[must_use]
pub fn update(withdrawn: &[u8], attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in [withdrawn, attributes] {
        body.extend(u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
        body.extend(part);
    }
    body.extend(nlri);
    Message { kind: 2, body }.encode()
}

impl PeerListener {
    /// Listens on port 179 of `address` in `netns`.
    ///
    /// # Panics
    /// When the port is taken.
    #[must_use]
    pub fn bind(netns: &Netns, address: IpAddr) -> Self {
        let listener = netns
            .enter(|| TcpListener::bind(SocketAddr::new(address, PORT)))
            .unwrap_or_else(|error| panic!("listen on {address}: {error}"));
        Self { listener }
    }

    /// The receive buffer of the connections from now on, octets.
    ///
    /// # Panics
    /// When the kernel refuses it.
    pub fn set_receive_buffer(&self, octets: usize) {
        socket2::SockRef::from(&self.listener)
            .set_recv_buffer_size(octets)
            .expect("set a receive buffer");
    }

    /// The next connection.
    ///
    /// # Panics
    /// When `accept` fails.
    #[must_use]
    pub fn accept(&self) -> Peer {
        let (stream, _) = self.listener.accept().expect("accept a connection");
        Peer { stream }
    }
}

impl Peer {
    /// Connects from `source` in `netns` to port 179 of `destination`.
    pub fn connect(netns: &Netns, source: IpAddr, destination: IpAddr) -> io::Result<Self> {
        netns.enter(|| Self::connect_here(source, destination))
    }

    /// Connects from the namespace of the calling thread (see [`Netns::enter`]).
    pub fn connect_here(source: IpAddr, destination: IpAddr) -> io::Result<Self> {
        let destination = SocketAddr::new(destination, PORT);
        let socket = Socket::new(Domain::for_address(destination), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(source, 0).into())?;
        socket.connect_timeout(&destination.into(), CONNECT)?;
        Ok(Self {
            stream: socket.into(),
        })
    }

    /// Sends octets, whatever they are.
    pub fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)
    }

    /// Goes through a handshake to Established and returns the OPEN of the other side.
    ///
    /// # Panics
    /// When the other side does not go along.
    #[track_caller]
    pub fn establish(&mut self, open: &Open, within: Duration) -> Message {
        self.send(&open.encode()).expect("send OPEN");
        let theirs = self.expect(1, within);
        self.send(&Message::KEEPALIVE.encode())
            .expect("send KEEPALIVE");
        self.expect(4, within);
        theirs
    }

    /// The next message of type `kind`; KEEPALIVEs on the way are passed over, and UPDATEs before
    /// a NOTIFICATION: what was on its way when a fault was found may come first.
    ///
    /// # Panics
    /// When another message, the end, or nothing comes.
    #[track_caller]
    pub fn expect(&mut self, kind: u8, within: Duration) -> Message {
        loop {
            match self.receive(within) {
                Some(message) if message.kind == kind => return message,
                Some(Message { kind: 4, .. }) => {}
                Some(Message { kind: 2, .. }) if kind == 3 => {}
                other => panic!("expected a message of type {kind}, got {other:?}"),
            }
        }
    }

    /// The next message; `None` when the other side has closed the connection.
    ///
    /// # Panics
    /// When nothing comes `within` the time, or what comes has no BGP header.
    #[track_caller]
    pub fn receive(&mut self, within: Duration) -> Option<Message> {
        self.stream
            .set_read_timeout(Some(within))
            .expect("set a timeout");
        let mut header = [0; HEADER];
        if !self.fill(&mut header) {
            return None;
        }
        let [marker @ .., high, low, kind] = header;
        assert_eq!(marker, [0xff; 16], "marker of a received message");
        let length = usize::from(u16::from_be_bytes([high, low]));
        let length = length
            .checked_sub(HEADER)
            .unwrap_or_else(|| panic!("a message of {length} octets"));
        let mut body = vec![0; length];
        self.fill(&mut body).then_some(Message { kind, body })
    }

    /// Whether the other side has closed the connection; what it sent before is passed over.
    #[must_use]
    pub fn has_ended(&mut self) -> bool {
        let _ = self.stream.set_nonblocking(true);
        let ended = loop {
            match self.stream.read(&mut [0; 512]) {
                Ok(0) => break true,
                Ok(_) => {}
                Err(error) => break error.kind() != ErrorKind::WouldBlock,
            }
        };
        let _ = self.stream.set_nonblocking(false);
        ended
    }

    /// Fills `octets`; `false` at the end of the stream.
    #[track_caller]
    fn fill(&mut self, octets: &mut [u8]) -> bool {
        match self.stream.read_exact(octets) {
            Ok(()) => true,
            Err(error) => match error.kind() {
                ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                    false
                }
                _ => panic!("no message: {error}"),
            },
        }
    }
}

fn octet(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}
