//! The generator's end of a session: a plain thread that reads, and whoever writes.
//!
//! It connects, as the speakers under test wait: all of them are configured as passive, so that no
//! collision and no delay before a first attempt is measured.

use super::held::{Counted, Held};
use bgp_wire::{
    AddPath, Asn, Capability, Family, MessageType, Negotiated, Open, RouterId, frame,
    write_keepalive,
};
use socket2::{Domain, Socket, Type};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tests::Netns;

const PORT: u16 = 179;
/// Hold time that we propose; the speaker's is lower.
const HOLD: u16 = 600;
/// No goal.
const NONE: usize = usize::MAX;

/// Who we are in a session.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Our address.
    pub address: Ipv4Addr,
    /// Our AS.
    pub asn: u32,
    /// What is counted of what it gets; paths ask for ADD-PATH.
    pub counted: Counted,
}

/// Octets to read at a time: few, large reads leave the processor to the speaker under test.
#[derive(Clone, Copy, Debug)]
pub enum Reader {
    /// As much as there is.
    Greedy,
    /// One octet a second.
    Slow,
}

/// Something that happened in a session.
#[derive(Clone, Debug)]
pub struct Happened {
    /// Whose session.
    pub session: usize,
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// The receiver holds as much as was waited for.
    Reached,
    /// End-of-RIB came.
    Loaded,
    /// The connection ended, and why.
    Ended(String),
}

/// An Established session.
#[derive(Debug)]
pub struct Session {
    /// Its number.
    pub number: usize,
    stream: TcpStream,
    writer: Arc<Mutex<TcpStream>>,
    held: Arc<Mutex<Held>>,
    goal: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    news: mpsc::Sender<Happened>,
    thread: Option<JoinHandle<()>>,
}

impl Session {
    /// Connects from `netns` until the speaker takes it, and goes through the handshake.
    ///
    /// # Errors
    /// Nothing answers before `deadline`, or something else than BGP does.
    pub fn establish(
        number: usize,
        netns: &Netns,
        identity: Identity,
        speaker: Ipv4Addr,
        reader: Reader,
        news: mpsc::Sender<Happened>,
        deadline: Instant,
    ) -> Result<Self, String> {
        let mut stream = loop {
            let attempt = netns
                .enter(|| connect(identity.address, speaker))
                .and_then(|mut stream| handshake(&mut stream, identity).map(|()| stream));
            match attempt {
                Ok(stream) => break stream,
                Err(error) if now() > deadline => {
                    return Err(format!("session of {}: {error}", identity.address));
                }
                Err(_) => thread::sleep(Duration::from_millis(200)),
            }
        };
        let problem = |error: io::Error| error.to_string();
        stream.set_read_timeout(None).map_err(problem)?;
        stream.flush().map_err(problem)?;
        let writer = Arc::new(Mutex::new(stream.try_clone().map_err(problem)?));
        let held = Arc::new(Mutex::new(Held::new(identity.counted)));
        let goal = Arc::new(AtomicUsize::new(NONE));
        let stopping = Arc::new(AtomicBool::new(false));
        let pump = Pump {
            number,
            stream: stream.try_clone().map_err(problem)?,
            writer: Arc::clone(&writer),
            held: Arc::clone(&held),
            goal: Arc::clone(&goal),
            stopping: Arc::clone(&stopping),
            news: news.clone(),
        };
        let thread = thread::spawn(move || pump.run(reader));
        Ok(Self {
            number,
            stream,
            writer,
            held,
            goal,
            stopping,
            news,
            thread: Some(thread),
        })
    }

    /// Tells by [`What::Reached`] when exactly so many prefixes are held; at once where they are.
    pub fn wait_for(&self, count: usize) {
        // The reader looks at the goal after each read; it may have read the last already.
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.count() == count {
            tell(&self.news, self.number, What::Reached);
        } else {
            self.goal.store(count, Ordering::SeqCst);
        }
    }

    /// A look at what is held.
    pub fn held<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Writes whole messages; returns when the kernel has taken them.
    ///
    /// # Errors
    /// The connection ended.
    pub fn send(&self, octets: &[u8]) -> io::Result<()> {
        self.writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write_all(octets)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Where the speaker has gone first, it is shut down already.
        let _ = self.stream.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The reading thread.
struct Pump {
    number: usize,
    stream: TcpStream,
    writer: Arc<Mutex<TcpStream>>,
    held: Arc<Mutex<Held>>,
    goal: Arc<AtomicUsize>,
    stopping: Arc<AtomicBool>,
    news: mpsc::Sender<Happened>,
}

impl Pump {
    fn run(mut self, reader: Reader) {
        let end = match reader {
            Reader::Greedy => self.read(),
            Reader::Slow => self.trickle(),
        };
        if !self.stopping.load(Ordering::SeqCst) {
            self.tell(What::Ended(
                end.err().unwrap_or_else(|| "closed".to_owned()),
            ));
        }
    }

    fn tell(&self, what: What) {
        tell(&self.news, self.number, what);
    }

    fn read(&mut self) -> Result<(), String> {
        let mut buffer = vec![0; 256 << 10];
        let mut filled = 0;
        loop {
            let Some(room) = buffer.get_mut(filled..) else {
                return Err("a message larger than the buffer".to_owned());
            };
            match self.stream.read(room) {
                Ok(0) => return Ok(()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.to_string()),
            }
            let used = self.messages(buffer.get(..filled).unwrap_or(&[]))?;
            buffer.copy_within(used..filled, 0);
            filled -= used;
        }
    }

    /// Takes the whole messages of `octets`, and says how many octets they are.
    fn messages(&mut self, octets: &[u8]) -> Result<usize, String> {
        let mut used = 0;
        let mut keepalive = false;
        let held = Arc::clone(&self.held);
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = held.loaded;
        while let Some(rest) = octets.get(used..)
            && let Some(header) = frame(rest, 65_535).map_err(|fault| fault.to_string())?
        {
            let message = rest.get(..header.length).unwrap_or(rest);
            match header.kind {
                MessageType::Update => held.take(message)?,
                MessageType::Keepalive => keepalive = true,
                MessageType::Notification => {
                    return Err(format!("NOTIFICATION {:?}", message.get(19..)));
                }
                MessageType::Open | MessageType::RouteRefresh => {}
            }
            used += header.length;
        }
        if held.loaded && !loaded {
            self.tell(What::Loaded);
        }
        if self
            .goal
            .compare_exchange(held.count(), NONE, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
        {
            self.tell(What::Reached);
        }
        drop(held);
        // Answering keeps the hold timer quiet; while we write routes, these do.
        if keepalive && let Ok(mut writer) = self.writer.try_lock() {
            let mut octets = Vec::new();
            write_keepalive(&mut octets);
            writer
                .write_all(&octets)
                .map_err(|error| error.to_string())?;
        }
        Ok(used)
    }

    /// Reads an octet a second and looks at none.
    fn trickle(&mut self) -> Result<(), String> {
        while !self.stopping.load(Ordering::SeqCst) {
            match self.stream.read(&mut [0]) {
                Ok(0) => return Ok(()),
                Ok(_) => thread::sleep(Duration::from_secs(1)),
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }
}

fn tell(news: &mpsc::Sender<Happened>, session: usize, what: What) {
    let at = now();
    // Whoever waited may have given up.
    let _ = news.send(Happened { session, at, what });
}

fn connect(source: Ipv4Addr, speaker: Ipv4Addr) -> Result<TcpStream, String> {
    let open = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(source.into(), 0).into())?;
        let speaker = SocketAddr::new(speaker.into(), PORT);
        socket.connect_timeout(&speaker.into(), Duration::from_secs(2))?;
        Ok(socket.into())
    };
    open().map_err(|error: io::Error| error.to_string())
}

fn handshake(stream: &mut TcpStream, identity: Identity) -> Result<(), String> {
    let Some(router_id) = RouterId::new(identity.address) else {
        return Err("0.0.0.0 is no identifier".to_owned());
    };
    let mut open = Open::new(Asn(identity.asn), HOLD, router_id, &[Family::IPV4_UNICAST]);
    // Messages stay at 4,096 octets, which all speakers under test have.
    open.capabilities
        .retain(|capability| *capability != Capability::ExtendedMessage);
    if identity.counted == Counted::Paths {
        open.capabilities.push(Capability::AddPath(vec![AddPath {
            family: Family::IPV4_UNICAST,
            receive: true,
            send: false,
        }]));
    }
    let mut octets = Vec::new();
    open.encode(&mut octets);
    write_keepalive(&mut octets);
    stream
        .write_all(&octets)
        .map_err(|error| error.to_string())?;
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .map_err(|error| error.to_string())?;
    let mut negotiated = None;
    loop {
        let message = message(stream)?;
        match (message.get(18), &negotiated) {
            (Some(1), _) => {
                let theirs = Open::parse(&message).map_err(|fault| fault.to_string())?;
                negotiated = Some(Negotiated::new(&open, &theirs));
            }
            (Some(4), Some(negotiated)) => {
                let paths = !negotiated.add_path_receive.is_empty();
                return if paths == (identity.counted == Counted::Paths) {
                    Ok(())
                } else {
                    Err("ADD-PATH was not agreed as it was to be".to_owned())
                };
            }
            _ => return Err(format!("instead of an OPEN: {message:02x?}")),
        }
    }
}

/// One message, no octet more: what follows is the reader's.
fn message(stream: &mut TcpStream) -> Result<Vec<u8>, String> {
    let mut octets = vec![0; 19];
    let problem = |error: io::Error| error.to_string();
    stream.read_exact(&mut octets).map_err(problem)?;
    let header = match octets.get(16..18) {
        Some([high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    octets.resize(header.max(19), 0);
    if let Some(body) = octets.get_mut(19..) {
        stream.read_exact(body).map_err(problem)?;
    }
    Ok(octets)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
