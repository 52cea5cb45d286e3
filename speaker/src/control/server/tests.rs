use super::*;
use crate::{
    config::ControlSocket,
    control::{BindError, Client, ClientError},
};
use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream as BlockingStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Answers without a speaker; counts the slices that were asked of it.
#[derive(Clone, Default)]
struct Fake {
    slices: Arc<AtomicUsize>,
}

const ROUTES_PER_SLICE: usize = 256;
/// some 18 MB of replies
const ALL_ROUTES: usize = 60_000;

struct FakeListing {
    left: usize,
    slices: Arc<AtomicUsize>,
}

impl Listing for FakeListing {
    async fn next(&mut self) -> Result<Option<Vec<view::Route>>, Stopped> {
        self.slices.fetch_add(1, Ordering::Relaxed);
        // as the real one: the answer comes from elsewhere
        tokio::task::yield_now().await;
        let now = self.left.min(ROUTES_PER_SLICE);
        self.left -= now;
        let routes = (0..now).map(|index| route(self.left + index));
        Ok((now > 0).then(|| routes.collect()))
    }
}

fn route(index: usize) -> view::Route {
    view::Route {
        prefix: format!("10.{}.{}.0/24", index >> 8 & 255, index & 255),
        source: "bgp1".to_owned(),
        path_id: None,
        next_hop: Some("10.1.1.2".to_owned()),
        next_hop_link_local: None,
        origin: "igp".to_owned(),
        as_path: "12076".to_owned(),
        med: None,
        local_pref: None,
        communities: vec![],
        large_communities: vec![],
        state: "best".to_owned(),
        reason: String::new(),
        stale: None,
        kernel: None,
        age: 1,
    }
}

fn neighbor(name: &str) -> view::Neighbor {
    view::Neighbor {
        name: name.to_owned(),
        ..view::Neighbor::default()
    }
}

fn both_neighbors() -> Vec<Reply> {
    ["bgp1", "bgp2"]
        .map(|name| Reply::Neighbor(Box::new(neighbor(name))))
        .into()
}

impl Answerer for Fake {
    type Listing = FakeListing;

    async fn status(&self) -> Result<view::Status, Stopped> {
        Err(Stopped)
    }

    async fn neighbors(&self) -> Result<Vec<view::Neighbor>, Stopped> {
        Ok(vec![neighbor("bgp1"), neighbor("bgp2")])
    }

    async fn neighbor(&self, name: &str) -> Result<Option<view::Neighbor>, Stopped> {
        Ok((name == "bgp1").then(|| neighbor(name)))
    }

    async fn routes(&self, filter: RouteFilter) -> Result<FakeListing, String> {
        let left = match filter.table {
            RouteTable::All => ALL_ROUTES,
            RouteTable::Received(_) => 1_000,
            _ => return Err(format!("{:?}", filter.within)),
        };
        let slices = self.slices.clone();
        Ok(FakeListing { left, slices })
    }

    async fn kernel(&self) -> Result<view::Kernel, Stopped> {
        Ok(view::Kernel::default())
    }

    async fn explain(&self, prefix: IpNet) -> Result<view::Explanation, Stopped> {
        let prefix = prefix.to_string();
        Ok(view::Explanation {
            prefix,
            ..view::Explanation::default()
        })
    }

    async fn flush_kernel(&self) -> Result<view::Kernel, String> {
        Ok(view::Kernel::default())
    }

    async fn restore_kernel(&self) -> Result<(), String> {
        Err("nothing was flushed".to_owned())
    }

    async fn reload(&self) -> Result<Vec<String>, String> {
        Err("myna.toml:3:1: wrong".to_owned())
    }

    async fn act(
        &self,
        neighbors: Neighbors,
        action: NeighborAction,
    ) -> Result<Vec<view::Acted>, String> {
        match neighbors {
            Neighbors::Named(name) if name == "bgp1" => Ok(vec![view::Acted {
                neighbor: name,
                done: true,
                what: format!("{action:?}"),
            }]),
            _ => Err("no such neighbor".to_owned()),
        }
    }

    async fn stop(&self, graceful: bool) -> Result<Vec<String>, String> {
        if graceful {
            Ok(vec!["neighbor bgp1 will drop our routes".to_owned()])
        } else {
            Err("busy".to_owned())
        }
    }
}

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("myna.sock");
        Self {
            _directory: directory,
            path,
        }
    }

    fn config(&self) -> ControlSocket {
        ControlSocket {
            path: self.path.clone(),
            ..ControlSocket::default()
        }
    }

    fn start(&self) -> Server {
        Server::start(Socket::bind(&self.config()).unwrap(), Fake::default())
    }

    /// What a raw client reads after it wrote `octets` and its end.
    fn raw(&self, octets: &[u8]) -> String {
        let mut stream = BlockingStream::connect(&self.path).unwrap();
        // the server may have said its last before all is written
        let _ = stream.write_all(octets);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    /// What the client's iterator gives: replies, and the error at its end.
    fn ask(&self, request: &Request) -> (Vec<Reply>, Option<String>) {
        let mut client = Client::connect(&self.path).unwrap();
        let mut replies = Vec::new();
        for reply in client.ask(request).unwrap() {
            match reply {
                Ok(reply) => replies.push(reply),
                Err(error) => return (replies, Some(error.to_string())),
            }
        }
        (replies, None)
    }
}

/// Runs a blocking client beside the server.
async fn beside<T: Send + 'static>(client: impl FnOnce() -> T + Send + 'static) -> T {
    timeout(Duration::from_secs(30), tokio::task::spawn_blocking(client))
        .await
        .expect("the client should be answered in time")
        .unwrap()
}

macro_rules! with_server {
    (|$place:ident| $client:expr) => {{
        let place = Place::new();
        let server = place.start();
        let (place, outcome) = beside(move || {
            let $place = place;
            let outcome = $client;
            ($place, outcome)
        })
        .await;
        server.stop().await;
        assert!(!place.path.exists(), "the socket goes with the server");
        outcome
    }};
}

#[tokio::test]
async fn every_request_is_answered() {
    with_server!(|place| {
        let (replies, error) = place.ask(&Request::Neighbors);
        assert_eq!((replies.len(), error), (2, None));
        let name = |name: &str| Request::Neighbor {
            name: name.to_owned(),
        };
        let (replies, _) = place.ask(&name("bgp1"));
        assert_eq!(replies, [Reply::Neighbor(Box::new(neighbor("bgp1")))]);
        let (_, error) = place.ask(&name("bgp9"));
        assert_eq!(
            error.unwrap(),
            "no neighbor is called `bgp9`; there are: bgp1, bgp2"
        );
        let (replies, _) = place.ask(&Request::Kernel);
        assert_eq!(replies, [Reply::Kernel(Box::default())]);
        assert_eq!(
            place.ask(&Request::Status).1.unwrap(),
            "the speaker has stopped"
        );
        assert_eq!(
            place.ask(&Request::Reload).1.unwrap(),
            "myna.toml:3:1: wrong"
        );
        assert_eq!(
            place.ask(&Request::Stop { graceful: false }).1.unwrap(),
            "busy"
        );
        let stopping = Reply::Stopping(vec!["neighbor bgp1 will drop our routes".to_owned()]);
        assert_eq!(
            place.ask(&Request::Stop { graceful: true }),
            (vec![stopping], None)
        );
        let act = |neighbor: &str| Request::Act {
            neighbor: neighbor.to_owned(),
            action: Action::Disable,
            message: "moving".to_owned(),
        };
        let (replies, _) = place.ask(&act("bgp1"));
        let [Reply::Acted(acted)] = replies.as_slice() else {
            panic!("{replies:?}");
        };
        assert_eq!(acted.what, "Disable(\"moving\")");
        assert_eq!(place.ask(&act("all")).1.unwrap(), "no such neighbor");
    });
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    with_server!(|place| {
        let mut client = Client::connect(&place.path).unwrap();
        for _ in 0..3 {
            assert_eq!(client.ask(&Request::Neighbors).unwrap().count(), 2);
        }
    });
}

#[tokio::test]
async fn routes_come_whole_and_in_order() {
    with_server!(|place| {
        let received = RouteRequest {
            received: Some("bgp1".to_owned()),
            ..RouteRequest::default()
        };
        let (replies, error) = place.ask(&Request::Routes(received));
        assert_eq!((replies.len(), error), (1000, None));
        let last = &replies[999];
        assert!(
            matches!(last, Reply::Route(last) if **last == route(231)),
            "{last:?}"
        );
        let both = RouteRequest {
            received: Some("bgp1".to_owned()),
            exported: Some("bgp1".to_owned()),
            ..RouteRequest::default()
        };
        let error = place.ask(&Request::Routes(both)).1.unwrap();
        assert!(error.starts_with("one table at a time"), "{error}");
        // host bits are forgiven, and an address stands for itself
        for (text, expected) in [
            ("192.168.1.1/16", "Some(192.168.0.0/16)"),
            ("192.168.1.1", "Some(192.168.1.1/32)"),
            ("x", "`x` is not a prefix (as in 192.168.0.0/16)"),
        ] {
            let request = RouteRequest {
                prefix: Some(text.to_owned()),
                rejected: Some("bgp1".to_owned()),
                ..RouteRequest::default()
            };
            assert_eq!(place.ask(&Request::Routes(request)).1.unwrap(), expected);
        }
    });
}

#[tokio::test]
async fn nonsense_is_answered_once() {
    with_server!(|place| {
        for nonsense in [
            &b"show status\nshow status\n"[..],
            b"\n",
            b"{}",
            b"\xff\xfe\n",
            b"{\"request\":\"statuses\"}\n",
            b"{\"request\":\"routes\",\"table\":\"x\"}\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        ] {
            let answer = place.raw(nonsense);
            assert!(
                answer.starts_with("{\"error\":\"not a request: "),
                "{answer}"
            );
            assert_eq!(answer.lines().count(), 1, "{answer}");
        }
        assert_eq!(place.raw(b""), "");
        // without a newline, but whole
        assert!(
            place
                .raw(b"{\"request\":\"kernel\"}")
                .ends_with("\"done\"\n")
        );
    });
}

#[tokio::test]
async fn long_lines_end_the_connection() {
    with_server!(|place| {
        let longest = vec![b' '; MAX_REQUEST];
        let answer = place.raw(&longest);
        assert!(answer.starts_with("{\"error\":\"not a request"), "{answer}");
        for octets in [MAX_REQUEST + 1, 10 * MAX_REQUEST] {
            let answer = place.raw(&vec![b'{'; octets]);
            // a reset may come before the answer is read, but never service
            let refused = "{\"error\":\"a request has at most 65536 octets\"}\n";
            assert!(answer == refused || answer.is_empty(), "{answer}");
        }
    });
}

#[tokio::test]
async fn a_thousand_clients_that_say_nothing_hurt_nobody() {
    with_server!(|place| {
        let mut silent = std::collections::VecDeque::new();
        for _ in 0..1000 {
            silent.push_back(BlockingStream::connect(&place.path).unwrap());
            // so that this process stays under its own limit of open files
            if silent.len() > 300 {
                silent.pop_front();
            }
        }
        assert_eq!(place.ask(&Request::Neighbors), (both_neighbors(), None));
    });
}

#[tokio::test]
async fn clients_that_do_not_read_cost_one_slice_and_go_when_others_come() {
    let place = Place::new();
    let fake = Fake::default();
    let server = Server::start(Socket::bind(&place.config()).unwrap(), fake.clone());
    let place = beside(move || {
        let mut stuck = Vec::new();
        for _ in 0..2 * LIMITS.clients {
            let mut stream = BlockingStream::connect(&place.path).unwrap();
            stream.write_all(b"{\"request\":\"routes\"}\n").unwrap();
            stuck.push(stream);
        }
        assert_eq!(place.ask(&Request::Neighbors), (both_neighbors(), None));
        drop(stuck);
        place
    })
    .await;
    // a million routes are 3,907 slices; each of the 128 clients took what its socket's buffers hold
    let slices = fake.slices.load(Ordering::Relaxed);
    assert!(
        slices < 128 * 64,
        "{slices} slices for clients that read nothing"
    );
    server.stop().await;
    assert!(!place.path.exists());
}

#[tokio::test]
async fn many_routes_stream() {
    with_server!(|place| {
        let mut client = Client::connect(&place.path).unwrap();
        let routes = client
            .ask(&Request::Routes(RouteRequest::default()))
            .unwrap();
        assert_eq!(routes.map(Result::unwrap).count(), ALL_ROUTES);
    });
}

#[tokio::test]
async fn slow_requests_and_unread_replies_end() {
    let place = Place::new();
    let limits = Limits {
        request_time: Duration::from_millis(50),
        unread_time: Duration::from_millis(50),
        ..LIMITS
    };
    let server = Server::start_within(
        limits,
        Socket::bind(&place.config()).unwrap(),
        Fake::default(),
    );
    beside(move || {
        let mut slow = BlockingStream::connect(&place.path).unwrap();
        slow.write_all(b"{\"request\":").unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("{\"error\":\"no request within"),
            "{answer}"
        );

        let mut unread = BlockingStream::connect(&place.path).unwrap();
        unread.write_all(b"{\"request\":\"routes\"}\n").unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let mut answer = Vec::new();
        let _ = unread.read_to_end(&mut answer);
        assert!(!answer.ends_with(b"\"done\"\n"), "all of it was said");
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn stop_lets_the_last_reply_out_and_cuts_the_rest() {
    let place = Place::new();
    let server = place.start();
    let path = place.path.clone();
    let (listing, asked) = std::sync::mpsc::channel();
    let client = tokio::task::spawn_blocking(move || {
        let mut client = Client::connect(&path).unwrap();
        let mut routes = client
            .ask(&Request::Routes(RouteRequest::default()))
            .unwrap();
        routes.next().unwrap().unwrap();
        listing.send(()).unwrap();
        std::thread::sleep(Duration::from_millis(100));
        routes.find_map(Result::err)
    });
    beside(move || asked.recv().unwrap()).await;
    // the client goes on reading, but its many routes may take longer than the grace
    timeout(Duration::from_secs(5), server.stop())
        .await
        .expect("the server stops in time");
    let _ = client.await;
}

#[tokio::test]
async fn permissions_are_as_configured() {
    let place = Place::new();
    let server = place.start();
    let mode = fs::metadata(&place.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    server.stop().await;
    let config = ControlSocket {
        mode: 0o600,
        ..place.config()
    };
    let server = Server::start(Socket::bind(&config).unwrap(), Fake::default());
    let mode = fs::metadata(&place.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    server.stop().await;
    let config = ControlSocket {
        group: Some("no-such-group".to_owned()),
        ..place.config()
    };
    let error = Socket::bind(&config).unwrap_err().to_string();
    assert!(
        error.starts_with("there is no group no-such-group"),
        "{error}"
    );
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_a_stale_socket_goes() {
    let place = Place::new();
    let first = place.start();
    let second = Socket::bind(&place.config()).unwrap_err();
    assert!(matches!(second, BindError::InUse(_)), "{second}");
    first.stop().await;

    // left behind by a crash
    drop(std::os::unix::net::UnixListener::bind(&place.path).unwrap());
    assert!(place.path.exists());
    let third = place.start();
    third.stop().await;

    // somebody else who listens there
    let other = std::os::unix::net::UnixListener::bind(&place.path).unwrap();
    let refused = Socket::bind(&place.config()).unwrap_err();
    assert!(matches!(refused, BindError::InUse(_)), "{refused}");
    drop(other);
    fs::remove_file(&place.path).unwrap();

    // and a file that is no socket is not ours to remove
    fs::write(&place.path, "precious").unwrap();
    let refused = Socket::bind(&place.config()).unwrap_err();
    assert!(matches!(refused, BindError::NotASocket(_)), "{refused}");
    assert_eq!(fs::read_to_string(&place.path).unwrap(), "precious");
}

#[tokio::test]
async fn a_file_put_in_our_place_stays() {
    let place = Place::new();
    let server = place.start();
    fs::remove_file(&place.path).unwrap();
    fs::write(&place.path, "precious").unwrap();
    server.stop().await;
    assert_eq!(fs::read_to_string(&place.path).unwrap(), "precious");
}

#[tokio::test]
async fn the_directory_is_made() {
    let place = Place::new();
    let config = ControlSocket {
        path: place.path.with_file_name("run").join("myna.sock"),
        ..ControlSocket::default()
    };
    let server = Server::start(Socket::bind(&config).unwrap(), Fake::default());
    assert!(config.path.exists());
    server.stop().await;
}

#[test]
fn what_the_client_says_when_nobody_is_there() {
    let place = Place::new();
    let error = Client::connect(&place.path).unwrap_err();
    assert!(matches!(error, ClientError::Connect(..)));
    let message = error.to_string();
    assert!(
        message.starts_with("myna is not running: there is no socket"),
        "{message}"
    );
    drop(std::os::unix::net::UnixListener::bind(&place.path).unwrap());
    let message = Client::connect(&place.path).unwrap_err().to_string();
    assert!(
        message.starts_with("myna is not running: nobody answers"),
        "{message}"
    );
}

#[test]
fn what_the_client_says_of_strange_answers() {
    for (answer, expected) in [
        (&b""[..], "before all was said"),
        (b"\"done", "before all was said"),
        (b"0001 BIRD 2.0.12 ready.\n", "is not this version of myna"),
        (b"{\"error\":\"too many\"}\n", "too many"),
    ] {
        let place = Place::new();
        let listener = std::os::unix::net::UnixListener::bind(&place.path).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 18];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(answer).unwrap();
        });
        let (_, error) = place.ask(&Request::Kernel);
        let error = error.unwrap();
        assert!(error.contains(expected), "{error}");
        server.join().unwrap();
    }
}

/// The words of the protocol are what scripts were written against.
#[test]
fn the_protocol_in_octets() {
    let request = |text: &str| serde_json::from_str::<Request>(text).unwrap();
    assert_eq!(request("{\"request\":\"status\"}"), Request::Status);
    assert_eq!(
        request("{\"request\":\"stop\"}"),
        Request::Stop { graceful: false }
    );
    let routes = Request::Routes(RouteRequest {
        prefix: Some("10.0.0.0/8".to_owned()),
        not_exported: Some("bgp1".to_owned()),
        ..RouteRequest::default()
    });
    assert_eq!(
        request("{\"request\":\"routes\",\"prefix\":\"10.0.0.0/8\",\"not-exported\":\"bgp1\"}"),
        routes
    );
    assert_eq!(
        request("{\"request\":\"act\",\"neighbor\":\"bgp1\",\"action\":\"refresh-in\"}"),
        Request::Act {
            neighbor: "bgp1".to_owned(),
            action: Action::RefreshIn,
            message: String::new(),
        }
    );
    let said = |reply: &Reply| String::from_utf8(line(reply)).unwrap();
    assert_eq!(said(&Reply::Done), "\"done\"\n");
    assert_eq!(said(&Reply::Error("x".to_owned())), "{\"error\":\"x\"}\n");
    assert_eq!(said(&Reply::Reloaded(vec![])), "{\"reloaded\":[]}\n");
    let fields: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&said(&Reply::Route(Box::new(route(1))))).unwrap();
    assert_eq!(fields["route"]["prefix"], "10.0.1.0/24");
}
