//! The speaker, its neighbors, and a way to visit it.
use super::bystander::Bystander;
use bgp_wire::{Asn, Capability, Family, GracefulRestart, Open, RouterId, write_keepalive};
use socket2::{Domain, Protocol, Socket, Type};
use speaker::{
    Handle, RouteFilter, RouteTable, Speaker, clock,
    config::{Config, Neighbor, PolicyRef, Restart, SessionSettings},
    fib::MemoryFib,
    view::Route,
};
use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};
use tokio::runtime;

const OURS: Asn = Asn(65_530);
/// Neighbors of each kind, which take turns.
const TURNS: u8 = 8;
/// How long anything may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(9);

/// How long one that lingers waits for its routes to arrive, and to be passed on.
const ARRIVAL: Duration = Duration::from_millis(20);

/// What a neighbor is like.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    pub(super) asn: Asn,
    four_octet_as: bool,
    graceful: bool,
    /// Third octet of its addresses.
    subnet: u8,
}

const fn kind(asn: u32, subnet: u8) -> Kind {
    Kind {
        asn: Asn(asn),
        four_octet_as: true,
        graceful: false,
        subnet,
    }
}

const KINDS: [Kind; 4] = [
    kind(4_200_000_001, 1),
    kind(OURS.0, 2),
    Kind {
        four_octet_as: false,
        ..kind(65_003, 3)
    },
    Kind {
        graceful: true,
        ..kind(65_004, 4)
    },
];

const BYSTANDERS: [Kind; 3] = [
    kind(4_200_000_009, 5),
    kind(OURS.0, 6),
    Kind {
        four_octet_as: false,
        ..kind(65_009, 7)
    },
];

impl Kind {
    fn address(self, turn: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, self.subnet, 1 + turn)
    }

    fn name(self, turn: u8) -> String {
        format!("n{}_{turn}", self.subnet)
    }

    fn neighbor(self, turn: u8) -> Neighbor {
        Neighbor {
            import: PolicyRef::All,
            export: PolicyRef::All,
            families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
            hold_time: Duration::ZERO,
            // One that comes and goes would be refused for a while each time.
            session: SessionSettings {
                graceful_restart: if self.graceful {
                    Restart::For(Duration::from_secs(120))
                } else {
                    Restart::Aware
                },
                extended_messages: self.graceful,
                damping: false,
                ..SessionSettings::default()
            },
            passive: true,
            multihop: Some(64),
            ..Neighbor::new(self.name(turn), IpAddr::V4(self.address(turn)), self.asn)
        }
    }

    /// Its OPEN and the KEEPALIVE that accepts ours.
    fn greeting(self, turn: u8) -> Vec<u8> {
        let mut capabilities = vec![
            Capability::Multiprotocol(Family::IPV4_UNICAST),
            Capability::Multiprotocol(Family::IPV6_UNICAST),
            Capability::RouteRefresh,
            Capability::EnhancedRouteRefresh,
        ];
        if self.four_octet_as {
            capabilities.push(Capability::FourOctetAs(self.asn));
        }
        if self.graceful {
            capabilities.push(Capability::GracefulRestart(GracefulRestart {
                time: 1,
                families: vec![(Family::IPV4_UNICAST, true)],
                ..GracefulRestart::default()
            }));
            capabilities.push(Capability::ExtendedMessage);
        }
        let open = Open {
            asn: self.asn,
            hold_time: 0,
            router_id: RouterId::new(self.address(turn)).expect("not zero"),
            capabilities,
        };
        let mut octets = Vec::new();
        open.encode(&mut octets);
        write_keepalive(&mut octets);
        octets
    }

    /// Connects from its address; a connection that is refused for a while is tried again.
    fn connect(self, turn: u8, to: SocketAddr) -> TcpStream {
        let begun = clock::now();
        loop {
            let socket =
                Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("a socket");
            let from = SocketAddr::from((self.address(turn), 0));
            socket.bind(&from.into()).expect("a loopback address");
            match socket.connect(&to.into()) {
                Ok(()) => {
                    let stream = TcpStream::from(socket);
                    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
                    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
                    return stream;
                }
                Err(error) => assert!(
                    begun.elapsed() < PATIENCE,
                    "the speaker does not listen any more: {error}"
                ),
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

pub(super) struct World {
    handle: Handle,
    runtime: runtime::Handle,
    address: SocketAddr,
    turn: u8,
    bystanders: Vec<Bystander>,
}

impl World {
    /// Starts a speaker on a thread of its own and connects the bystanders.
    pub(super) fn start() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let mut neighbors: Vec<Neighbor> = KINDS
            .iter()
            .flat_map(|kind| (0..TURNS).map(|turn| kind.neighbor(turn)))
            .collect();
        neighbors.extend(BYSTANDERS.iter().map(|kind| kind.neighbor(0)));
        let config = Config {
            router_id: RouterId::new(Ipv4Addr::new(192, 0, 2, 1)),
            listen: vec![address],
            neighbors,
            static_prefixes: vec!["203.0.113.0/24".parse().expect("a prefix")],
            ..Config::new(OURS)
        };
        let (started, starting) = mpsc::channel();
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let fib = Box::new(MemoryFib::new());
                let speaker = Speaker::builder(config).fib(fib).start().await;
                let handle = speaker.unwrap_or_else(|error| panic!("{error}"));
                let runtime = runtime::Handle::current();
                started.send((handle, runtime)).expect("somebody waits");
                std::future::pending::<()>().await;
            });
        });
        let (handle, runtime) = starting.recv().expect("the speaker started");
        let bystanders = BYSTANDERS
            .iter()
            .map(|kind| {
                let mut stream = kind.connect(0, address);
                stream.write_all(&kind.greeting(0)).expect("a greeting");
                Bystander::new(stream, kind.asn == OURS, kind.four_octet_as)
            })
            .collect();
        Self {
            handle,
            runtime,
            address,
            turn: 0,
            bystanders,
        }
    }

    /// A session of the next neighbor of this kind: what the speaker said in it.
    /// One that lingers stays until its routes were passed on, if it has any.
    pub(super) fn visit(&mut self, kind: u8, lingers: bool, octets: &[u8]) -> Vec<u8> {
        let kind = KINDS[usize::from(kind) % KINDS.len()];
        self.turn = (self.turn + 1) % TURNS;
        let mut said = kind.greeting(self.turn);
        said.extend_from_slice(octets);
        let begun = clock::now();
        let answer = loop {
            let mut stream = kind.connect(self.turn, self.address);
            // An error means that the speaker closed before it had all; what it said may still be
            // there.
            let _ = stream.write_all(&said);
            if lingers {
                self.linger(kind);
            }
            let _ = stream.shutdown(Shutdown::Write);
            let answer = listen(&mut stream);
            // Closed without a word: the session before is not over yet.
            if !answer.is_empty() || octets.is_empty() {
                break answer;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "refused for good: {}",
                self.tell(kind)
            );
            thread::sleep(Duration::from_millis(10));
        };
        if !kind.graceful {
            self.wait_until_forgotten(kind);
        }
        answer
    }

    /// Waits for routes of this neighbor, and then for a bystander to hear of them.
    fn linger(&mut self, kind: Kind) {
        let begun = clock::now();
        while self.routes(kind).is_none() {
            if begun.elapsed() > ARRIVAL {
                return;
            }
            thread::yield_now();
        }
        let heard = self.heard();
        let begun = clock::now();
        while self.heard() == heard && begun.elapsed() < ARRIVAL {
            self.look_around();
            thread::yield_now();
        }
    }

    /// UPDATEs that bystanders heard.
    pub(super) fn heard(&self) -> usize {
        self.bystanders.iter().map(Bystander::heard).sum()
    }

    /// Routes that the speaker has from this neighbor.
    fn routes(&self, kind: Kind) -> Option<Vec<Route>> {
        let filter = RouteFilter {
            table: RouteTable::Received(kind.name(self.turn)),
            ..RouteFilter::default()
        };
        self.runtime.block_on(async {
            let mut listing = self.handle.routes(filter).await.expect("a neighbor");
            listing.next().await.expect("the speaker runs")
        })
    }

    /// Routes of a neighbor that is gone go.
    fn wait_until_forgotten(&self, kind: Kind) {
        let begun = clock::now();
        while let Some(left) = self.routes(kind) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{left:?} stay: {}",
                self.tell(kind)
            );
            thread::yield_now();
        }
    }

    fn tell(&self, kind: Kind) -> String {
        let name = kind.name(self.turn);
        let neighbor = self.runtime.block_on(self.handle.neighbor(&name));
        format!("{neighbor:?}")
    }

    /// Bystanders are still there, and were told what they can read.
    pub(super) fn look_around(&mut self) {
        for bystander in &mut self.bystanders {
            bystander.read();
        }
    }
}

/// What the speaker says until it has closed.
fn listen(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return answer,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {
                // Closed with octets unread, and what it said may be lost.
                return if answer.is_empty() {
                    RESET.to_vec()
                } else {
                    answer
                };
            }
            // libFuzzer's clock.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("the speaker neither answers nor closes: {error}"),
        }
    }
}

/// Stands for an answer that was lost with its connection.
const RESET: [u8; 1] = [0xff];
