//! A neighbor that only listens, and finds no fault in what it hears.
use bgp_wire::{
    AsSets, Disposition, Family, Header, MessageType, SessionType, Update, UpdateContext, frame,
};
use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
};

pub(super) struct Bystander {
    stream: TcpStream,
    /// What was read and is not yet a whole message.
    buffer: Vec<u8>,
    context: UpdateContext,
    /// UPDATEs.
    heard: usize,
}

impl Bystander {
    pub(super) fn new(stream: TcpStream, internal: bool, four_octet_as: bool) -> Self {
        stream.set_nonblocking(true).expect("a socket");
        Self {
            stream,
            buffer: Vec::new(),
            heard: 0,
            context: UpdateContext {
                session: if internal {
                    SessionType::Ibgp
                } else {
                    SessionType::Ebgp
                },
                four_octet_as,
                families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
                as_sets: AsSets::Accept,
                ..UpdateContext::default()
            },
        }
    }

    /// UPDATEs that it has heard.
    pub(super) fn heard(&self) -> usize {
        self.heard
    }

    /// Reads what is there.
    pub(super) fn read(&mut self) {
        let mut chunk = [0; 16_384];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => panic!("the speaker closed on a bystander: {:02x?}", self.buffer),
                Ok(length) => self.buffer.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("the speaker left a bystander: {error}"),
            }
        }
        let mut rest = &self.buffer[..];
        while let Some(header) = frame(rest, Header::STANDARD_MAX)
            .unwrap_or_else(|fault| panic!("a bystander heard octets that are {fault}"))
        {
            let (message, after) = rest.split_at(header.length);
            assert_ne!(header.kind, MessageType::Notification, "{message:02x?}");
            if header.kind == MessageType::Update {
                self.heard += 1;
                heard(message, &self.context);
            }
            rest = after;
        }
        self.buffer = rest.to_vec();
    }
}

fn heard(message: &[u8], context: &UpdateContext) {
    let update = Update::parse(message, context)
        .unwrap_or_else(|fault| panic!("a bystander heard {fault}: {message:02x?}"));
    assert_eq!(
        update.disposition(),
        Disposition::Accept,
        "a bystander heard {:?}: {message:02x?}",
        update.faults().collect::<Vec<_>>()
    );
    if context.session == SessionType::Ebgp && update.announced_families().count() > 0 {
        let first = update.attributes().as_path().and_then(|path| path.first());
        assert!(first.is_some(), "no AS of ours in {message:02x?}");
    }
}
