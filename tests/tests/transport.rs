//! How connections are made and taken: hop counts, keys, interfaces, ranges, several sessions of
//! one address, sockets that nobody reads.
use std::net::IpAddr;
use tests::{
    Azure, Duration, Lab, Message, Myna, Needs, Netns, Open, Peer, PeerListener, SOON, eventually,
    holds, shown, text,
};

/// Two namespaces joined by two cables, with the same link-local addresses on both.
struct Cables {
    host: Netns,
    other: Netns,
}

impl Cables {
    fn new() -> Self {
        let cables = Self {
            host: Netns::new("host"),
            other: Netns::new("other"),
        };
        cables.plug("one");
        cables.plug("two");
        cables
    }

    fn plug(&self, name: &str) {
        self.host.ip(&format!(
            "link add {name} type veth peer name {name} netns {}",
            self.other.name()
        ));
        for (netns, address) in [(&self.host, "fe80::1/64"), (&self.other, "fe80::2/64")] {
            netns.ip(&format!("link set {name} addrgenmode none"));
            netns.ip(&format!("addr add {address} dev {name} nodad"));
            netns.ip(&format!("link set {name} up"));
        }
    }
}

fn link_local(own_as: u32, theirs: u32, address: &str, more: &str) -> String {
    let mut text = format!(
        "router-id = \"10.0.0.{}\"\nlocal-as = {own_as}\n",
        own_as % 200
    );
    for name in ["one", "two"] {
        text.push_str(&format!(
            "[[neighbor]]\nname = \"{name}\"\naddress = \"{address}%{name}\"\n\
             remote-as = {theirs}\nimport = \"all\"\nexport = \"all\"\n{more}"
        ));
    }
    text
}

fn since(myna: &Myna, name: &str) -> String {
    let neighbor = myna.established(name, SOON);
    text(&neighbor, "since").to_owned() + &neighbor["messages"]["opens_out"].to_string()
}

#[test]
fn the_same_link_local_address_on_two_cables_is_two_neighbors() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    for (here, there) in [("passive = true\n", ""), ("", "passive = true\n"), ("", "")] {
        let cables = Cables::new();
        let host = Myna::start(&cables.host, &link_local(65001, 65002, "fe80::2", here));
        let other = Myna::start(&cables.other, &link_local(65002, 65001, "fe80::1", there));
        for name in ["one", "two"] {
            host.established(name, SOON);
            other.established(name, SOON);
        }
        let two = since(&host, "two");

        // A cable that is made anew has the same name and another index.
        cables.host.ip("link del one");
        eventually("it is noticed", SOON, || {
            let neighbor = host.neighbor("one");
            shown(text(&neighbor, "state") != "Established", &neighbor)
        });
        cables.host.ip("link add spare type veth peer name spare2");
        cables.plug("one");
        host.established("one", SOON);
        other.established("one", SOON);
        assert_eq!(since(&host, "two"), two);
    }
}

#[test]
fn gtsm_takes_only_what_comes_from_the_same_cable() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let gtsm = ("import = \"all\"", "import = \"all\"\ngtsm = true");
    for passive in [true, false] {
        let lab = Lab::new();
        let azure = Azure {
            passive,
            ..Azure::default()
        };
        let secure = azure.config().replace(
            "neighbor 10.1.1.1 as 65530;",
            "neighbor 10.1.1.1 as 65530; ttl security on;",
        );
        let bird = tests::Bird::start(&lab.azure, &secure);
        let ours = if passive { "" } else { "\npassive = true" };
        let config = Azure::host_with(&[(gtsm.0, &format!("{}{ours}", gtsm.1))]);
        let myna = Myna::start(&lab.host, &config);
        myna.established("bgp1", SOON);
        bird.established("host");
    }
    // A neighbor that sends with the usual TTL is not heard at all.
    let lab = Lab::new();
    let config = Azure::host_with(&[gtsm, ("password = \"s3cret\"\n", "passive = true\n")]);
    let myna = Myna::start(&lab.host, &config);
    let (from, to): (IpAddr, IpAddr) = ([10, 1, 1, 2].into(), [10, 1, 1, 1].into());
    lab.azure.sysctl("net.ipv4.ip_default_ttl", "254");
    let far = Peer::connect(&lab.azure, from, to);
    assert!(far.is_err(), "{far:?}");
    lab.azure.sysctl("net.ipv4.ip_default_ttl", "255");
    let mut near = Peer::connect(&lab.azure, from, to).expect("connect with the highest TTL");
    near.establish(&Open::default(), SOON);
    myna.established("bgp1", SOON);
}

#[test]
fn a_password_changes_without_a_reset() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let config = |own: u32, theirs: u32, address: &str, password: &str| {
        format!(
            "router-id = \"10.1.1.{own}\"\nlocal-as = {own}\n[[neighbor]]\nname = \"n\"\n\
             address = \"{address}\"\nremote-as = {theirs}\nimport = \"all\"\nexport = \"all\"\n\
             hold-time = 30\nkeepalive-time = 1\n{password}"
        )
    };
    let lab = Lab::new();
    let sides = |password: &str| {
        (
            config(1, 2, "10.1.1.2", password),
            config(2, 1, "10.1.1.1", password),
        )
    };
    let (here, there) = sides("password = \"old\"\n");
    let (host, other) = (
        Myna::start(&lab.host, &here),
        Myna::start(&lab.azure, &there),
    );
    let session = since(&host, "n");
    for password in ["password = \"new\"\n", "", "password = \"third\"\n"] {
        let (here, there) = sides(password);
        for (myna, config) in [(&host, here), (&other, there)] {
            myna.write_config(&config);
            let told = myna.says(&["reload"]);
            assert!(told.contains("password"), "{told}");
        }
        let heard = |myna: &Myna| myna.neighbor("n")["messages"]["keepalives_in"].as_u64();
        let before = heard(&host);
        eventually("KEEPALIVEs come with the new key", SOON, || {
            let now = heard(&host);
            shown(now > before.map(|it| it + 1), &format!("{now:?}"))
        });
        assert_eq!(since(&host, "n"), session);
    }
}

const RANGE: &str = "router-id = \"10.1.1.1\"\nlocal-as = 65530\n\
    [[neighbor]]\nname = \"leaf\"\nrange = \"10.1.1.0/24\"\nremote-as = [12076, 65001]\n\
    limit = 2\nimport = \"all\"\nexport = \"all\"\n";

fn open(asn: u16, id: [u8; 4]) -> Open {
    Open {
        asn,
        id: id.into(),
        ..Open::default()
    }
}

#[test]
fn neighbors_of_a_range_come_and_go() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    for host in [4, 5, 6] {
        lab.azure
            .ip(&format!("addr add 10.1.1.{host}/32 dev to-host"));
        lab.host
            .ip(&format!("route add 10.1.1.{host}/32 dev to-azure"));
    }
    lab.azure.ip("addr add 10.9.9.9/32 dev to-host");
    lab.host.ip("route add 10.9.9.9/32 dev to-azure");
    let myna = Myna::start(&lab.host, RANGE);
    let connect = |from: [u8; 4]| Peer::connect(&lab.azure, from.into(), [10, 1, 1, 1].into());
    let mut first = connect([10, 1, 1, 2]).unwrap();
    first.establish(&open(12076, [10, 1, 1, 2]), SOON);
    let mut second = connect([10, 1, 1, 6]).unwrap();
    second.establish(&open(65001, [10, 1, 1, 6]), SOON);
    let neighbor = myna.established("leaf_10_1_1_6", SOON);
    assert_eq!(
        (text(&neighbor, "range"), &neighbor["remote_as"]),
        ("leaf", &65001.into())
    );

    let mut wrong_as = connect([10, 1, 1, 4]).unwrap();
    wrong_as.send(&open(7, [10, 1, 1, 4]).encode()).unwrap();
    assert_eq!(wrong_as.expect(3, SOON).notification(), Some((2, 2)));
    let mut one_too_many = connect([10, 1, 1, 5]).unwrap();
    one_too_many
        .send(&open(65001, [10, 1, 1, 5]).encode())
        .unwrap();
    assert_eq!(one_too_many.expect(3, SOON).notification(), Some((6, 5)));
    if let Ok(mut outsider) = connect([10, 9, 9, 9]) {
        eventually("who is in no range is refused", SOON, || {
            shown(outsider.has_ended(), &"still there")
        });
    }

    drop(second);
    eventually("it is gone", SOON, || match myna.show(&["neighbors"]) {
        Ok(all) => shown(all.as_array().map(Vec::len) == Some(1), &all),
        Err(error) => Err(error),
    });
    let mut third = connect([10, 1, 1, 5]).unwrap();
    third.establish(&open(65001, [10, 1, 1, 5]), SOON);
    myna.established("leaf_10_1_1_5", SOON);

    // A password for the range is asked of who comes from then on.
    myna.write_config(&RANGE.replace("limit = 2", "limit = 3\npassword = \"s3cret\""));
    let _ = myna.says(&["reload"]);
    assert!(connect([10, 1, 1, 4]).is_err());
    // Without the range its neighbors are told to go.
    myna.write_config("router-id = \"10.1.1.1\"\nlocal-as = 65530\n");
    let told = myna.says(&["reload"]);
    assert!(told.contains("leaf"), "{told}");
    eventually("none is left", SOON, || match myna.show(&["neighbors"]) {
        Ok(all) => shown(all.as_array().map(Vec::len) == Some(0), &all),
        Err(error) => Err(error),
    });
}

#[test]
fn half_open_connections_are_few() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    let _myna = Myna::start(&lab.host, RANGE);
    let connect = || Peer::connect(&lab.azure, [10, 1, 1, 2].into(), [10, 1, 1, 1].into()).unwrap();
    let mut silent: Vec<_> = (0..12).map(|_| connect()).collect();
    eventually("all but four are closed", SOON, || {
        let open = silent
            .iter_mut()
            .map(|peer| usize::from(!peer.has_ended()))
            .sum::<usize>();
        shown(open == 4, &open)
    });
    drop(silent);
    eventually("who says who it is comes in", SOON, || {
        let mut peer = connect();
        peer.send(&open(12076, [10, 1, 1, 2]).encode())
            .map_err(|error| error.to_string())?;
        match peer.receive(Duration::from_secs(1)) {
            Some(Message { kind: 1, .. }) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
}

#[test]
fn two_sessions_of_one_address_are_told_apart_by_their_as() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    let mut config = "router-id = \"10.1.1.1\"\nlocal-as = 65530\n".to_owned();
    for asn in [65001, 65002] {
        config.push_str(&format!(
            "[[neighbor]]\nname = \"as{asn}\"\naddress = \"10.1.1.2\"\nremote-as = {asn}\n\
             passive = true\nimport = \"all\"\nexport = \"all\"\n"
        ));
    }
    let myna = Myna::start(&lab.host, &config);
    let connect = || Peer::connect(&lab.azure, [10, 1, 1, 2].into(), [10, 1, 1, 1].into()).unwrap();
    let mut peers = Vec::new();
    for asn in [65002, 65001] {
        let mut peer = connect();
        peer.establish(&open(asn, [10, 1, 1, 2]), SOON);
        myna.established(&format!("as{asn}"), SOON);
        peers.push(peer);
    }
    drop(peers);
    eventually("both are down", SOON, || {
        let all = myna.show(&["status"])?;
        shown(all["established"] == 0, &all)
    });
    let mut stranger = connect();
    stranger.send(&open(7, [10, 1, 1, 2]).encode()).unwrap();
    stranger.expect(1, SOON);
    assert_eq!(stranger.expect(3, SOON).notification(), Some((2, 2)));
}

#[test]
fn who_does_not_read_ends_by_the_send_hold_timer_and_costs_little() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    // A table that is far more than all buffers together.
    let prefixes: Vec<_> = (0..25_000)
        .map(|n| {
            format!(
                "\"10.{}.{}.{}/32\"",
                128 + n / 65536,
                n / 256 % 256,
                n % 256
            )
        })
        .collect();
    let config = format!(
        "router-id = \"10.1.1.1\"\nlocal-as = 65530\n[static]\nprefixes = [{}]\n\
         [[neighbor]]\nname = \"bgp1\"\naddress = \"10.1.1.2\"\nremote-as = 12076\n\
         hold-time = 3\nsend-hold-time = 6\nimport = \"all\"\nexport = \"all\"\n",
        prefixes.join(", ")
    );
    let listener = PeerListener::bind(&lab.azure, [10, 1, 1, 2].into());
    listener.set_receive_buffer(4096);
    let myna = Myna::start(&lab.host, &config);
    let mut peer = listener.accept();
    peer.establish(
        &Open {
            hold_time: 3,
            ..Open::default()
        },
        SOON,
    );
    // It goes on to say that it is there, and reads nothing.
    let mut least = u64::MAX;
    eventually("the send hold timer", Duration::from_secs(30), || {
        let _ = peer.send(&Message::KEEPALIVE.encode());
        let sockets = lab
            .host
            .command("ss")
            .args(["-tinH", "dst", "10.1.1.2"])
            .output();
        let sockets = String::from_utf8_lossy(&sockets.expect("run ss").stdout).into_owned();
        if let Some(unsent) = sockets
            .split_whitespace()
            .find_map(|it| it.strip_prefix("notsent:"))
        {
            let unsent: u64 = unsent.parse().unwrap();
            assert!(unsent < 128 * 1024, "{unsent} octets are unsent");
            least = least.min(unsent);
        }
        let neighbor = myna.neighbor("bgp1");
        let history = neighbor["history"].to_string();
        shown(history.contains("send hold timer expired"), &neighbor)
    });
    assert!(least < u64::MAX, "ss showed how much was unsent");
    holds(
        "others are served meanwhile",
        Duration::from_millis(200),
        || myna.show(&["status"]).map(|_| ()),
    );
}

#[test]
fn a_listener_moves_to_one_of_its_addresses_and_back() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    let config = |listen: &str| format!("listen = [\"{listen}\"]\n{RANGE}");
    let myna = Myna::start(&lab.host, &config("0.0.0.0:179"));
    let connect = || Peer::connect(&lab.azure, [10, 1, 1, 2].into(), [10, 1, 1, 1].into());
    let mut peer = connect().unwrap();
    peer.establish(&open(12076, [10, 1, 1, 2]), SOON);
    for listen in ["10.1.1.1:179", "0.0.0.0:179"] {
        myna.write_config(&config(listen));
        let told = myna.says(&["reload"]);
        assert!(told.contains("listen"), "{told}");
        assert!(connect().is_ok());
    }
    assert!(!peer.has_ended());
    // The port is still ours alone.
    let second = lab
        .host
        .enter(|| std::net::TcpListener::bind("10.1.1.1:179"));
    assert!(second.is_err(), "{second:?}");
}

#[test]
fn a_person_disables_enables_restarts_and_refreshes() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    let plain = Azure::host_with(&[("password = \"s3cret\"\n", "connect-retry = 60\n")]);
    let listener = PeerListener::bind(&lab.azure, [10, 1, 1, 2].into());
    let mut myna = Myna::start(&lab.host, &plain);
    let mut peer = listener.accept();
    let refreshing = Open {
        capabilities: vec![1, 4, 0, 1, 0, 1, 2, 0],
        ..Open::default()
    };
    peer.establish(&refreshing, SOON);
    myna.established("bgp1", SOON);

    let told = myna.says(&["refresh", "in", "bgp1"]);
    assert!(told.contains("asked for ipv4-unicast"), "{told}");
    let asked = eventually("a ROUTE-REFRESH", SOON, || match peer.receive(SOON) {
        Some(Message { kind: 5, body }) => Ok(body),
        other => Err(format!("{other:?}")),
    });
    assert_eq!(asked, [0, 1, 0, 1]);

    let told = myna.says(&["disable", "bgp1", "--message", "moving to the other rack"]);
    assert!(told.contains("disabled"), "{told}");
    let said = peer.expect(3, SOON);
    assert_eq!(said.notification(), Some((6, 2)));
    assert_eq!(&said.body[3..], b"moving to the other rack");
    assert!(!myna.command(&["restart", "bgp1"]).status.success());

    // That outlives a reload which says nothing of it, and is not forgotten.
    myna.write_config(&plain.replace("metric = 32", "metric = 33"));
    let _ = myna.says(&["reload"]);
    let neighbor = myna.neighbor("bgp1");
    assert_eq!(text(&neighbor, "state"), "Idle", "{neighbor}");
    assert_eq!(
        text(&neighbor, "disabled"),
        "disabled by command: moving to the other rack"
    );
    assert_eq!(neighbor["last_notification"]["sent_by"], "us", "{neighbor}");
    assert_eq!(neighbor["last_notification"]["subcode"], 2, "{neighbor}");
    let status = myna.show(&["status"]).unwrap();
    assert!(
        status["warnings"].to_string().contains("enable bgp1"),
        "{status}"
    );

    let _ = myna.says(&["enable", "all"]);
    let mut peer = listener.accept();
    peer.establish(&refreshing, SOON);
    myna.established("bgp1", SOON);
    let _ = myna.says(&["restart", "bgp1"]);
    assert_eq!(peer.expect(3, SOON).notification(), Some((6, 4)));
    let mut peer = listener.accept();
    peer.establish(&refreshing, SOON);
    myna.established("bgp1", SOON);

    let unknown = myna.command(&["disable", "bgp7"]);
    assert!(!unknown.status.success());
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(error.contains("bgp7") && error.contains("bgp1"), "{error}");

    // Who goes without a word says who will not wait for it.
    let told = myna.says(&["stop", "--graceful"]);
    assert!(told.contains("bgp1 will drop our routes"), "{told}");
    assert!(myna.ended().success());
}

#[test]
fn limits_of_prefixes_block_restart_and_disable() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let config = |limit: &str| {
        format!(
            "router-id = \"10.1.1.1\"\nlocal-as = 65530\n[static]\n\
             prefixes = [\"192.0.2.0/24\", \"198.51.100.0/24\", \"203.0.113.0/24\"]\n\
             [[neighbor]]\nname = \"bgp1\"\naddress = \"10.1.1.2\"\nremote-as = 12076\n\
             import = \"all\"\nexport = \"all\"\n{limit}\n"
        )
    };
    let announce = |peer: &mut Peer| {
        let attributes = [
            tests::attribute(0x40, 1, &[0]),
            tests::attribute(0x40, 2, &[2, 1, 0, 0, 0x2f, 0x2c]),
            tests::attribute(0x40, 3, &[10, 1, 1, 2]),
        ];
        let nlri = [16, 172, 16, 16, 172, 17, 16, 172, 18];
        let update = tests::update(&[], &attributes.concat(), &nlri);
        peer.send(&update).unwrap();
    };
    let lab = Lab::new();
    let listener = PeerListener::bind(&lab.azure, [10, 1, 1, 2].into());
    let myna = Myna::start(&lab.host, &config("receive-limit = 2"));
    let mut peer = listener.accept();
    peer.establish(&Open::default(), SOON);
    announce(&mut peer);
    let said = peer.expect(3, SOON);
    assert_eq!(
        said.body,
        [6, 1, 0, 1, 1, 0, 0, 0, 2],
        "RFC 4486: family and bound"
    );
    let neighbor = eventually("it is disabled", SOON, || {
        let neighbor = myna.neighbor("bgp1");
        shown(text(&neighbor, "disabled").contains("limit"), &neighbor)?;
        Ok(neighbor)
    });
    assert_eq!(text(&neighbor, "state"), "Idle", "{neighbor}");

    // It restarts by itself after its time.
    let limit = "receive-limit = { prefixes = 2, action = \"restart\", after = 1 }";
    myna.write_config(&config(limit));
    let _ = myna.says(&["reload"]);
    let _ = myna.says(&["enable", "bgp1"]);
    let mut peer = listener.accept();
    peer.establish(&Open::default(), SOON);
    announce(&mut peer);
    assert_eq!(peer.expect(3, SOON).notification(), Some((6, 1)));
    let mut peer = listener.accept();
    peer.establish(&Open::default(), SOON);

    // Azure would drop the session on excess: nothing beyond is announced at all.
    let limit = "receive-limit = { prefixes = 2, action = \"block\" }\n\
                 import-limit = { prefixes = 1, action = \"block\" }\n\
                 export-limit = { prefixes = 2, action = \"block\" }";
    myna.write_config(&config(limit));
    let _ = myna.says(&["reload"]);
    let _ = myna.says(&["restart", "bgp1"]);
    let mut peer = listener.accept();
    peer.establish(&Open::default(), SOON);
    announce(&mut peer);
    let limits = eventually("all limits are reached", SOON, || {
        let limits = myna.neighbor("bgp1")["limits"].clone();
        let use_of = |n: usize| {
            (
                limits[n]["prefixes"].as_u64(),
                limits[n]["left_out"].as_u64(),
            )
        };
        let wanted = [(2, 1), (1, 1), (2, 1)].map(|(is, out)| (Some(is), Some(out)));
        shown([0, 1, 2].map(use_of) == wanted, &limits)?;
        Ok(limits)
    });
    assert_eq!(limits[2]["action"], "block");
    let shown_to_people = myna.says(&["show", "neighbor", "bgp1"]);
    assert!(shown_to_people.contains("100 %"), "{shown_to_people}");
    let not_told = myna
        .routes(&["--not-exported", "bgp1"])
        .iter()
        .filter(|route| text(route, "reason").contains("limit"))
        .count();
    assert_eq!(not_told, 1);
    holds("the session stays", Duration::from_millis(300), || {
        let neighbor = myna.neighbor("bgp1");
        shown(text(&neighbor, "state") == "Established", &neighbor)
    });
}

#[test]
fn ipv4_routes_have_ipv6_next_hops_over_an_ipv6_session() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let azure = Azure {
        session4: false,
        session6: true,
        password: None,
        ..Azure::default()
    };
    let channel =
        "  ipv4 { extended next hop on; import all; export where source = RTS_STATIC; };\n";
    let config = azure.config();
    let with = config.replace("  ipv6 { import", &format!("{channel}  ipv6 {{ import"));
    assert_ne!(with, config);
    let bird = tests::Bird::start(&lab.azure, &with);
    let ours = Azure::host_with(&[
        (
            "password = \"s3cret\"\n",
            "families = [\"ipv4\", \"ipv6\"]\n",
        ),
        ("address = \"10.1.1.2\"", "address = \"fd00::2\""),
    ]);
    // Neither side has an IPv4 address on the link.
    lab.host
        .ip("addr flush dev to-azure scope global to 10.0.0.0/8");
    lab.azure
        .ip("addr flush dev to-host scope global to 10.0.0.0/8");
    let myna = Myna::start(&lab.host, &ours);
    myna.established("bgp1", SOON);
    bird.established("host6");
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    eventually("both kernels have a route over IPv6", SOON, || {
        let (here, there) = (lab.host.routes4(), lab.azure.routes4());
        let wanted_here = "192.168.0.0/16 via inet6 fd00::2 dev to-azure proto bgp metric 32";
        let wanted_there = "192.168.100.0/24 via inet6 fd00::1 dev to-host proto bird metric 32";
        shown(
            here.contains(wanted_here) && there.contains(wanted_there),
            &format!("{here:#?} {there:#?}"),
        )
    });
    assert!(lab.azure.ping("192.168.1.1", "192.168.100.1"));
}

#[test]
fn a_thousand_neighbors_come_up_without_a_storm() {
    const NEIGHBORS: usize = 1000;
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    lab.host.ip("route add 10.2.0.0/16 via 10.1.1.2");
    let mut addresses = String::new();
    let mut many = "router-id = \"10.1.1.2\"\nlocal-as = 12076\n".to_owned();
    for n in 0..NEIGHBORS {
        let source = format!("10.2.{}.{}", n / 250, n % 250 + 1);
        addresses.push_str(&format!("addr add {source}/32 dev lo\n"));
        many.push_str(&format!(
            "[[neighbor]]\naddress = \"10.1.1.1\"\nremote-as = 65530\n\
             source-address = \"{source}\"\nimport = \"none\"\nexport = \"none\"\n"
        ));
    }
    lab.azure.ip_batch(&addresses);
    let one = Myna::start(
        &lab.host,
        "router-id = \"10.1.1.1\"\nlocal-as = 65530\n[[neighbor]]\nname = \"leaf\"\n\
         range = \"10.2.0.0/16\"\nremote-as = 12076\nlimit = 1000\nimport = \"none\"\n\
         export = \"none\"\n",
    );
    let many = Myna::start(&lab.azure, &many);
    for myna in [&one, &many] {
        eventually("all are Established", Duration::from_secs(120), || {
            let status = myna.show(&["status"])?;
            shown(status["established"] == NEIGHBORS, &status["established"])
        });
    }
    // Each asked once, or once more where the other side was not ready yet.
    let neighbors = many.show(&["neighbors"]).unwrap();
    let opens: u64 = neighbors
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|neighbor| neighbor["messages"]["opens_out"].as_u64())
        .sum();
    assert!(opens < 2 * NEIGHBORS as u64, "{opens} OPENs");
}
