//! Neighbors and strangers that say what no BGP speaker says: each gets the RFC's answer, and a
//! real neighbor notices nothing.
use std::{
    fmt::Write,
    io::{Read, Write as _},
    net::IpAddr,
    os::unix::net::UnixStream,
};
use tests::{
    Azure, Bird, Duration, Lab, Message, Myna, Needs, Open, Peer, PeerListener, SOON, attribute,
    eventually, holds, said, same, set, shown, text, update,
};

/// AS of the neighbors made of octets.
const EVIL_AS: u16 = 64999;

/// Our address toward them, in a subnet of its own beside the story's.
const US: [u8; 4] = [10, 2, 2, 1];

/// The story with a real neighbor, and any number of others at 10.2.2.10 and on.
struct Story {
    lab: Lab,
    bird: Bird,
    myna: Myna,
    since: String,
}

fn us() -> IpAddr {
    US.into()
}

fn evil(number: u8) -> IpAddr {
    [10, 2, 2, 10 + number].into()
}

fn open() -> Open {
    Open {
        asn: EVIL_AS,
        id: [10, 2, 2, 2].into(),
        ..Open::default()
    }
}

impl Story {
    fn with_neighbors(count: u8) -> Self {
        Self::with(count, "passive = true\n")
    }

    fn with(count: u8, option: &str) -> Self {
        let lab = Lab::new();
        lab.host.ip("addr add 10.2.2.1/24 dev to-azure");
        let mut addresses = String::new();
        let mut config = Azure::HOST.to_owned();
        for number in 0..count {
            let address = evil(number);
            let _ = writeln!(addresses, "addr add {address}/24 dev to-host");
            let _ = writeln!(
                config,
                "[[neighbor]]\nname = \"evil{number}\"\naddress = \"{address}\"\n\
                 remote-as = {EVIL_AS}\nimport = \"all\"\nexport = \"packet_bgp\"\n{option}"
            );
        }
        // A stranger's address.
        addresses.push_str("addr add 10.2.2.250/24 dev to-host\n");
        lab.azure.ip_batch(&addresses);
        let bird = Bird::start(&lab.azure, &bird_config());
        let myna = Myna::start(&lab.host, &config);
        lab.host.ip("addr add 192.168.100.1/24 dev lo");
        let neighbor = myna.established("bgp1", SOON);
        bird.established("host");
        let since = text(&neighbor, "since").to_owned();
        Self {
            lab,
            bird,
            myna,
            since,
        }
    }

    /// A connection of neighbor `number`, with our OPEN received.
    fn knock(&self, number: u8) -> Peer {
        let mut peer = Peer::connect(&self.lab.azure, evil(number), us())
            .unwrap_or_else(|error| unreachable!("neighbor {number} cannot connect: {error}"));
        let first = peer.receive(SOON);
        assert!(
            matches!(first, Some(Message { kind: 1, .. })),
            "neighbor {number}: {first:?} instead of an OPEN"
        );
        peer
    }

    fn established(&self, number: u8) -> Peer {
        let mut peer = Peer::connect(&self.lab.azure, evil(number), us())
            .unwrap_or_else(|error| unreachable!("neighbor {number} cannot connect: {error}"));
        peer.establish(&open(), SOON);
        peer
    }

    /// The real neighbor's session is still the same one, and works.
    #[track_caller]
    fn real_neighbor_is_untouched(&self) {
        let neighbor = self.myna.neighbor("bgp1");
        assert_eq!(text(&neighbor, "state"), "Established", "{neighbor}");
        assert_eq!(text(&neighbor, "since"), self.since, "{neighbor}");
        eventually("the real neighbor has our route", SOON, || {
            same(&self.bird.prefixes("host"), &set(["192.168.100.0/24"]))
        });
    }
}

/// Azure's side; it must not take the port on the addresses of the others.
fn bird_config() -> String {
    Azure::default()
        .config()
        .replace("local as", "strict bind; local 10.1.1.2 as")
}

/// A header of this length and type, with `body`.
fn header(length: u16, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut octets = vec![0xff; 16];
    octets.extend(length.to_be_bytes());
    octets.push(kind);
    octets.extend(body);
    octets
}

/// What is sent in words and octets, code and subcode of the answer, and its data where the RFC
/// says what it is.
type Case = (&'static str, Vec<u8>, (u8, u8), Option<&'static [u8]>);

#[test]
fn each_fault_gets_its_own_notification() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let mut bad_marker = Message::KEEPALIVE.encode();
    bad_marker[7] = 0xfe;
    let mut lying_parameters = open().encode();
    lying_parameters[28] = 200;
    let mut unknown_parameter = open().encode();
    unknown_parameter[29] = 77;
    let mut lying_capability = open().encode();
    lying_capability[32] = 99;
    let keepalive = Message::KEEPALIVE.encode();
    // Instead of an OPEN (RFC 4271 §6.1, §6.2).
    let cases: [Case; 18] = [
        ("a wrong marker", bad_marker, (1, 1), Some(&[])),
        (
            "HTTP",
            b"GET / HTTP/1.1\r\nHost: bgp\r\n\r\n".to_vec(),
            (1, 1),
            Some(&[]),
        ),
        ("a length of 18", header(18, 4, &[]), (1, 2), Some(&[0, 18])),
        ("a length of 0", header(0, 4, &[]), (1, 2), Some(&[0, 0])),
        (
            "a length of 4097",
            header(4097, 2, &[]),
            (1, 2),
            Some(&[0x10, 0x01]),
        ),
        (
            "a length of 65535",
            header(65535, 1, &[]),
            (1, 2),
            Some(&[0xff, 0xff]),
        ),
        (
            "a KEEPALIVE of 20",
            header(20, 4, &[0]),
            (1, 2),
            Some(&[0, 20]),
        ),
        (
            "an OPEN of 28",
            header(28, 1, &[4; 9]),
            (1, 2),
            Some(&[0, 28]),
        ),
        ("type 0", header(19, 0, &[]), (1, 3), Some(&[0])),
        ("type 9", header(19, 9, &[]), (1, 3), Some(&[9])),
        (
            "version 3",
            Open {
                version: 3,
                ..open()
            }
            .encode(),
            (2, 1),
            Some(&[0, 4]),
        ),
        (
            "another AS",
            Open {
                asn: 64998,
                ..open()
            }
            .encode(),
            (2, 2),
            None,
        ),
        (
            "identifier zero",
            Open {
                id: [0; 4].into(),
                ..open()
            }
            .encode(),
            (2, 3),
            None,
        ),
        (
            "a hold time of 1 s",
            Open {
                hold_time: 1,
                ..open()
            }
            .encode(),
            (2, 6),
            None,
        ),
        (
            "a hold time of 2 s",
            Open {
                hold_time: 2,
                ..open()
            }
            .encode(),
            (2, 6),
            None,
        ),
        ("lying parameters", lying_parameters, (2, 0), None),
        ("an unknown parameter", unknown_parameter, (2, 4), None),
        ("a lying capability", lying_capability, (2, 0), None),
    ];
    let story = Story::with_neighbors(21);
    let mut number = 0;
    for (what, octets, wanted, data) in &cases {
        let mut peer = story.knock(number);
        let _ = peer.send(octets);
        // A header must not be waited for any longer than it takes to see what is wrong with it.
        let answer = peer.expect(3, SOON);
        assert_eq!(answer.notification(), Some(*wanted), "{what}: {answer:?}");
        if let Some(data) = data {
            assert_eq!(&answer.body[2..], *data, "{what}");
        }
        assert_eq!(peer.receive(SOON), None, "closed after {what}");
        number += 1;
    }

    // What is legal by itself and comes in the wrong state (RFC 6608).
    let mut peer = story.knock(number);
    peer.send(&keepalive).unwrap_or_default();
    assert_eq!(
        peer.expect(3, SOON).notification(),
        Some((5, 1)),
        "OpenSent"
    );
    number += 1;
    let mut peer = story.knock(number);
    peer.send(&open().encode()).unwrap_or_default();
    peer.send(&update(&[], &[], &[])).unwrap_or_default();
    assert_eq!(
        peer.expect(3, SOON).notification(),
        Some((5, 2)),
        "OpenConfirm"
    );
    number += 1;
    let mut peer = story.established(number);
    peer.send(&open().encode()).unwrap_or_default();
    assert_eq!(
        peer.expect(3, SOON).notification(),
        Some((5, 3)),
        "Established"
    );

    for number in 0..=number {
        let neighbor = story.myna.neighbor(&format!("evil{number}"));
        assert_eq!(neighbor["messages"]["notifications_out"], 1, "{neighbor}");
        assert!(!text(&neighbor, "last_error").is_empty(), "{neighbor}");
    }
    story.real_neighbor_is_untouched();
}

/// The mandatory attributes of a route of ours, with this ORIGIN.
fn attributes(origin: u8) -> Vec<u8> {
    let [high, low] = EVIL_AS.to_be_bytes();
    let mut octets = attribute(0x40, 1, &[origin]);
    octets.extend(attribute(0x40, 2, &[2, 1, 0, 0, high, low]));
    octets.extend(attribute(0x40, 3, &[10, 2, 2, 10]));
    octets
}

#[test]
fn a_malformed_attribute_withdraws_its_routes_and_no_more() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::with_neighbors(1);
    let mut peer = story.established(0);
    let since = text(&story.myna.neighbor("evil0"), "since").to_owned();
    let received = |wanted: &[&str]| {
        let wanted = wanted.iter().map(|&prefix| prefix.to_owned()).collect();
        eventually("the routes of the neighbor", SOON, || {
            let routes = story.myna.routes(&["--received", "evil0"]);
            let prefixes = routes
                .iter()
                .map(|route| text(route, "prefix").to_owned())
                .collect();
            same(&prefixes, &wanted)
        });
    };
    let (first, second) = ([24, 198, 51, 100], [24, 198, 18, 7]);
    let both = [first, second].concat();
    let mut without_next_hop = attributes(0);
    without_next_hop.truncate(without_next_hop.len() - 7);
    let mut twice_origin = attributes(0);
    twice_origin.extend(attribute(0x40, 1, &[1]));
    let mut long_origin = attribute(0x40, 1, &[0, 0]);
    long_origin.extend(&attributes(0)[4..]);
    let mut bad_segment = attributes(0);
    bad_segment[7] = 9;
    let mut bad_med = attributes(0);
    bad_med.extend(attribute(0x80, 4, &[0, 0, 1]));
    // RFC 7606 §7: these withdraw what the UPDATE announces.
    let withdrawing = [
        ("ORIGIN 5", attributes(5)),
        ("ORIGIN of two octets", long_origin),
        ("no NEXT_HOP", without_next_hop),
        ("a segment type of 9", bad_segment),
        ("MED of three octets", bad_med),
    ];
    for (faults, (what, malformed)) in (1_u64..).zip(&withdrawing) {
        peer.send(&update(&[], &attributes(0), &both))
            .unwrap_or_default();
        received(&["198.51.100.0/24", "198.18.7.0/24"]);
        peer.send(&update(&[], malformed, &first))
            .unwrap_or_default();
        received(&["198.18.7.0/24"]);
        let neighbor = story.myna.neighbor("evil0");
        assert_eq!(neighbor["update_faults"], faults, "{what}: {neighbor}");
        assert!(!text(&neighbor, "last_update_fault").is_empty(), "{what}");
        assert_eq!(text(&neighbor, "since"), since, "{what}: {neighbor}");
    }
    // RFC 7606 §3(g): of a repeated attribute all but the first are discarded.
    peer.send(&update(&[], &twice_origin, &first))
        .unwrap_or_default();
    received(&["198.51.100.0/24", "198.18.7.0/24"]);
    let routes = story.myna.routes(&["198.51.100.0/24"]);
    assert_eq!(routes[0]["origin"], "igp", "{routes:?}");
    let neighbor = story.myna.neighbor("evil0");
    assert_eq!(text(&neighbor, "since"), since, "{neighbor}");
    story.real_neighbor_is_untouched();
}

#[test]
fn sets_in_a_path_withdraw_its_routes_where_that_is_wanted() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let [high, low] = EVIL_AS.to_be_bytes();
    let mut aggregated = attribute(0x40, 1, &[0]);
    let path = [
        2, 1, 0, 0, high, low, 1, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea,
    ];
    aggregated.extend(attribute(0x40, 2, &path));
    aggregated.extend(attribute(0x40, 3, &[10, 2, 2, 10]));
    for (sets, wanted, faults) in [
        ("accept", set(["198.51.100.0/24", "198.18.7.0/24"]), 0),
        // RFC 9774 §3
        ("withdraw", set(["198.18.7.0/24"]), 1),
    ] {
        let story = Story::with(1, &format!("passive = true\nas-sets = \"{sets}\"\n"));
        let mut peer = story.established(0);
        for octets in [
            update(&[], &attributes(0), &[24, 198, 51, 100]),
            update(&[], &aggregated, &[24, 198, 51, 100]),
            update(&[], &attributes(0), &[24, 198, 18, 7]),
        ] {
            peer.send(&octets).unwrap_or_default();
        }
        eventually("the routes of the neighbor", SOON, || {
            let routes = story.myna.routes(&["--received", "evil0"]);
            let prefixes = routes.iter().map(|route| text(route, "prefix").to_owned());
            same(&prefixes.collect(), &wanted)
        });
        let neighbor = story.myna.neighbor("evil0");
        assert_eq!(neighbor["update_faults"], faults, "{sets}: {neighbor}");
        story.real_neighbor_is_untouched();
    }
}

#[test]
fn an_update_that_cannot_be_read_ends_its_session_alone() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let mut lying_withdrawn = update(&[], &attributes(0), &[24, 198, 51, 100]);
    lying_withdrawn[20] = 255;
    let mut lying_attributes = update(&[], &attributes(0), &[24, 198, 51, 100]);
    lying_attributes[21] = 2;
    let cases = [
        (
            "withdrawn routes longer than the message",
            lying_withdrawn,
            (3, 1),
        ),
        (
            "attributes longer than the message",
            lying_attributes,
            (3, 1),
        ),
        (
            "a prefix of 33 bits",
            update(&[], &attributes(0), &[33, 1, 2, 3, 4, 5]),
            (3, 10),
        ),
        (
            "a prefix cut short",
            update(&[], &attributes(0), &[24, 198, 51]),
            (3, 10),
        ),
        (
            "a withdrawn prefix of 33 bits",
            update(&[33, 1, 2, 3, 4, 5], &[], &[]),
            (3, 10),
        ),
    ];
    let story = Story::with_neighbors(5);
    for (number, (what, octets, wanted)) in (0..).zip(&cases) {
        let mut peer = story.established(number);
        // A route that was good before goes with the session.
        peer.send(&update(&[], &attributes(0), &[24, 198, 18, 7]))
            .unwrap_or_default();
        let name = format!("evil{number}");
        eventually("the good route", SOON, || {
            let routes = story.myna.routes(&["--received", &name]);
            shown(routes.len() == 1, &format!("{routes:?}"))
        });
        peer.send(octets).unwrap_or_default();
        let answer = peer.expect(3, SOON);
        assert_eq!(answer.notification(), Some(*wanted), "{what}: {answer:?}");
        eventually("its routes are gone", SOON, || {
            let routes = story.myna.routes(&["--received", &name]);
            shown(routes.is_empty(), &format!("{what}: {routes:?}"))
        });
    }
    story.real_neighbor_is_untouched();
}

#[test]
fn a_silent_neighbor_is_given_up_after_the_hold_time() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::with_neighbors(1);
    let mut peer = Peer::connect(&story.lab.azure, evil(0), us())
        .unwrap_or_else(|error| unreachable!("cannot connect: {error}"));
    let brief = Open {
        hold_time: 3,
        ..open()
    };
    peer.establish(&brief, SOON);
    let answer = peer.expect(3, SOON);
    assert_eq!(answer.notification(), Some((4, 0)), "{answer:?}");
    let neighbor = story.myna.neighbor("evil0");
    assert!(
        text(&neighbor, "last_error")
            .to_lowercase()
            .contains("hold timer"),
        "{neighbor}"
    );
    story.real_neighbor_is_untouched();
}

#[test]
fn what_goes_over_the_wire_is_exactly_what_is_meant() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    // We call, they listen.
    let story = Story::with(2, "");
    let as_paths: [(bool, &[u8]); 2] = [
        (true, &[0x40, 2, 6, 2, 1, 0, 0, 0xff, 0xfa]),
        (false, &[0x40, 2, 4, 2, 1, 0xff, 0xfa]),
    ];
    for (number, (four_octet_as, as_path)) in (0..).zip(as_paths) {
        let listener = PeerListener::bind(&story.lab.azure, evil(number));
        let mut peer = listener.accept();
        let open = Open {
            four_octet_as,
            ..open()
        };
        let theirs = peer.establish(&open, SOON).body;
        // Version 4, AS 65530, hold time 90 s, identifier 10.1.1.1.
        assert_eq!(theirs[..9], [4, 0xff, 0xfa, 0, 90, 10, 1, 1, 1]);
        let capabilities = theirs[10..].windows(6);
        assert!(
            capabilities
                .clone()
                .any(|octets| octets == [65, 4, 0, 0, 0xff, 0xfa]),
            "no four-octet AS in {theirs:?}"
        );
        assert!(
            capabilities
                .clone()
                .any(|octets| octets == [1, 4, 0, 1, 0, 1]),
            "no IPv4 unicast in {theirs:?}"
        );
        // ORIGIN IGP, AS_PATH 65530, NEXT_HOP 10.2.2.1, and nothing else.
        let mut attributes = vec![0x40, 1, 1, 0];
        attributes.extend(as_path);
        attributes.extend([0x40, 3, 4, 10, 2, 2, 1]);
        let announced = update(&[], &attributes, &[24, 192, 168, 100]);
        assert_eq!(peer.expect(2, SOON).encode(), announced);
        // What follows a first table: at most an End-of-RIB (RFC 4724 §2).
        story.lab.host.ip("addr del 192.168.100.1/24 dev lo");
        let mut next = peer.expect(2, SOON);
        if next.body == [0; 4] {
            next = peer.expect(2, SOON);
        }
        assert_eq!(next.encode(), update(&[24, 192, 168, 100], &[], &[]));
        story.lab.host.ip("addr add 192.168.100.1/24 dev lo");
        assert_eq!(peer.expect(2, SOON).encode(), announced);
    }
    story.real_neighbor_is_untouched();
}

#[test]
fn strangers_are_turned_away_without_an_open() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::with_neighbors(1);
    let stranger: IpAddr = [10, 2, 2, 250].into();
    let mut peer = Peer::connect(&story.lab.azure, stranger, us())
        .unwrap_or_else(|error| unreachable!("the port is open: {error}"));
    assert_eq!(peer.receive(SOON), None, "closed, and not a word");
    let refused = || {
        story
            .myna
            .show(&["status"])
            .map(|status| status["refused_connections"].as_u64().unwrap_or_default())
    };
    eventually("it is counted", SOON, || {
        let refused = refused()?;
        shown(refused == 1, &refused)
    });

    // A thousand strangers who hold the line, and two hundred calls of a neighbor that says
    // nothing.
    let before = story.myna.process().resident().unwrap_or_default();
    let (mut strangers, mut silent) = (Vec::new(), Vec::new());
    story.lab.azure.enter(|| {
        for _ in 0..1_000 {
            strangers.push(Peer::connect_here(stranger, us()));
        }
        for _ in 0..200 {
            silent.push(Peer::connect_here(evil(0), us()));
        }
    });
    story.real_neighbor_is_untouched();
    for peer in strangers.iter_mut().flatten() {
        assert_eq!(peer.receive(SOON), None, "closed, and not a word");
    }
    eventually("they are counted", SOON, || {
        let refused = refused()?;
        shown(refused >= 1_000, &refused)
    });
    // A neighbor has one place for a connection that it makes; the rest is turned away.
    eventually("most calls of the silent neighbor are closed", SOON, || {
        let mut open = 0;
        for peer in silent.iter_mut().flatten() {
            open += usize::from(!peer.has_ended());
        }
        shown(open <= 2, &open)
    });
    let after = story.myna.process().resident().unwrap_or_default();
    assert!(
        after < before + 8 * 1024 * 1024,
        "{before} octets of memory have become {after}"
    );
    let log = story.myna.log();
    let lines = log
        .lines()
        .filter(|line| line.contains("10.2.2.250"))
        .count();
    assert!(
        (1..=50).contains(&lines),
        "logged once in a while, not {lines} times for a thousand"
    );
    holds("all is quiet", Duration::from_secs(1), || {
        let neighbor = story.myna.neighbor("bgp1");
        shown(text(&neighbor, "since") == story.since, &neighbor)
    });
    // The silent neighbor is welcome as soon as it behaves.
    drop(silent);
    eventually("a real call is taken", Duration::from_secs(30), || {
        let mut peer = Peer::connect(&story.lab.azure, evil(0), us()).map_err(|e| e.to_string())?;
        match peer.receive(SOON) {
            Some(Message { kind: 1, .. }) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

#[test]
fn the_control_socket_survives_nonsense_and_clients_that_hang() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::with_neighbors(0);
    let connect = || UnixStream::connect(story.myna.socket());
    let nonsense: [&[u8]; 6] = [
        b"\n",
        b"show protocols\n",
        b"{\"request\":\"self-destruct\"}\n",
        b"{\"request\":\"neighbor\"}\n",
        b"\x00\xff\xfe\x80\n",
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
    ];
    for line in nonsense {
        let mut client = connect().unwrap_or_else(|error| unreachable!("connect: {error}"));
        let _ = client.set_read_timeout(Some(SOON));
        let _ = client.write_all(line);
        let mut answer = [0; 4096];
        let octets = client
            .read(&mut answer)
            .unwrap_or_else(|error| unreachable!("no answer to {line:?}: {error}"));
        let answer = String::from_utf8_lossy(&answer[..octets]);
        // Told what is wrong, or shown the door; never ignored.
        assert!(
            octets == 0 || answer.contains("error"),
            "to {line:?} it answers {answer}"
        );
    }
    // A line without an end: it must not be collected for ever.
    let before = story.myna.process().resident().unwrap_or_default();
    let mut endless = connect().unwrap_or_else(|error| unreachable!("connect: {error}"));
    let _ = endless.set_write_timeout(Some(Duration::from_secs(2)));
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..32 {
        if endless.write_all(&chunk).is_err() {
            break;
        }
    }
    // Clients that say half a word, and clients that ask and never read.
    let mut hanging: Vec<_> = (0..100).filter_map(|_| connect().ok()).collect();
    for (number, client) in hanging.iter_mut().enumerate() {
        let _ = client.set_nonblocking(true);
        if number % 2 == 0 {
            let _ = client.write_all(b"{\"requ");
        } else {
            for _ in 0..1_000 {
                if client.write_all(b"{\"request\":\"neighbors\"}\n").is_err() {
                    break;
                }
            }
        }
    }
    eventually("a person is still answered", SOON, || {
        let output = story.myna.command(&["show", "neighbors"]);
        shown(output.status.success(), &said(&output))
    });
    let after = story.myna.process().resident().unwrap_or_default();
    assert!(
        after < before + 16 * 1024 * 1024,
        "{before} octets of memory have become {after}"
    );
    story.real_neighbor_is_untouched();
    drop(hanging);
    drop(endless);
    eventually("and afterwards, too", SOON, || {
        let output = story.myna.command(&["show", "neighbors"]);
        shown(output.status.success(), &said(&output))
    });
}
