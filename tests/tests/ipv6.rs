//! The main path over IPv6, and both families over one session.
use std::collections::{BTreeMap, BTreeSet};
use tests::{
    Azure, Bird, Duration, Lab, Myna, Needs, PATIENT, SOON, eventually, holds, same, set, shown,
    text,
};

const OURS: &str = "fd00:100::/64";

/// The story's host with its neighbor at an IPv6 address.
fn host() -> String {
    Azure::host_with(&[
        ("address = \"10.1.1.2\"", "address = \"fd00::2\""),
        ("192.168.100.0/24", OURS),
    ])
}

fn azure() -> Azure {
    Azure {
        announces: vec!["fd00:a::/32".to_owned()],
        session4: false,
        session6: true,
        ..Azure::default()
    }
}

#[test]
fn the_story_over_ipv6() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::without_neighbor();
    let before = lab.host.routes6();
    let mut bird = Bird::start(&lab.azure, &azure().config());
    let myna = Myna::start(&lab.host, &host());
    eventually("the reason is told in words", PATIENT, || {
        let neighbor = myna.neighbor("bgp1");
        let told = text(&neighbor, "last_error").to_lowercase();
        shown(
            told.contains("no route to host") && text(&neighbor, "state") == "Active",
            &neighbor,
        )
    });
    lab.azure_arrives();
    myna.established("bgp1", SOON);
    bird.established("host6");
    let mut installed = before.clone();
    installed
        .insert("fd00:a::/32 via fd00::2 dev to-azure proto bgp metric 32 pref medium".to_owned());
    eventually("Azure's route is in our kernel", SOON, || {
        same(&lab.host.routes6(), &installed)
    });
    lab.host.ip("addr add fd00:100::1/64 dev lo");
    eventually("Azure has exactly our prefix", SOON, || {
        same(&bird.prefixes("host6"), &set([OURS]))
    });
    let mut attributes = bird
        .attributes(OURS, "host6")
        .unwrap_or_else(|| panic!("the route was there"));
    // RFC 2545 §3: a link-local address beside the global one, on a shared subnet.
    let next_hop = attributes.remove("BGP.next_hop").unwrap_or_default();
    let mut hops = next_hop.split_whitespace();
    assert_eq!(hops.next(), Some("fd00::1"), "{next_hop}");
    assert!(
        hops.next().is_none_or(|hop| hop.starts_with("fe80::")),
        "{next_hop}"
    );
    attributes.remove("via");
    assert_eq!(
        attributes,
        BTreeMap::from(
            [
                ("BGP.origin", "IGP"),
                ("BGP.as_path", "65530"),
                // What BIRD gives every route from another AS; not on the wire.
                ("BGP.local_pref", "100"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        )
    );
    eventually("packets cross", SOON, || {
        shown(
            lab.azure.ping("fd00:a::1", "fd00:100::1") && lab.host.ping("fd00:100::1", "fd00:a::1"),
            &format!("{:#?}", lab.azure.routes6()),
        )
    });

    // Two addresses of one prefix: only the last one takes it along.
    lab.host.ip("addr add fd00:100::2/64 dev lo");
    lab.host.ip("addr del fd00:100::1/64 dev lo");
    holds("still there", Duration::from_secs(1), || {
        same(&bird.prefixes("host6"), &set([OURS]))
    });
    lab.host.ip("addr del fd00:100::2/64 dev lo");
    eventually("withdrawn", SOON, || {
        same(&bird.prefixes("host6"), &BTreeSet::new())
    });

    bird.kill();
    eventually("its route leaves our kernel", SOON, || {
        same(&lab.host.routes6(), &before)
    });
    bird.start_again();
    myna.established("bgp1", SOON);
    eventually("it is back", SOON, || same(&lab.host.routes6(), &installed));
}

#[test]
fn tentative_and_duplicate_addresses_do_not_count() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    // Two ends of one wire, both ours: the second to claim an address finds it taken.
    lab.host.ip("link add lan type veth peer name lan2");
    for link in ["lan", "lan2"] {
        lab.host
            .sysctl(&format!("net.ipv6.conf.{link}.accept_dad"), "1");
        lab.host
            .sysctl(&format!("net.ipv6.conf.{link}.dad_transmits"), "2");
        lab.host.ip(&format!("link set {link} up"));
    }
    let config = Azure::host_with(&[
        ("address = \"10.1.1.2\"", "address = \"fd00::2\""),
        ("interfaces = [\"lo\"]", "interfaces = [\"lan\"]"),
        ("export = \"packet_bgp\"", "export = \"all\""),
    ]);
    let bird = Bird::start(&lab.azure, &azure().config());
    let myna = Myna::start(&lab.host, &config);
    myna.established("bgp1", SOON);
    lab.host.ip("addr add fd00:200::1/64 dev lan2 nodad");
    lab.host.ip("addr add fd00:200::1/64 dev lan");
    holds(
        "not while in doubt, not when taken",
        Duration::from_secs(5),
        || same(&bird.prefixes("host6"), &BTreeSet::new()),
    );
    let addresses = lab.host.ip("-6 addr show dev lan");
    assert!(addresses.contains("dadfailed"), "{addresses}");
    lab.host.ip("addr add fd00:201::1/64 dev lan");
    eventually("an address that is nobody else's counts", SOON, || {
        same(&bird.prefixes("host6"), &set(["fd00:201::/64"]))
    });
}

#[test]
fn both_families_over_one_session() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let azure = Azure {
        announces: vec!["192.168.0.0/16".to_owned(), "fd00:a::/32".to_owned()],
        both_families: true,
        ..Azure::default()
    };
    let bird = Bird::start(&lab.azure, &azure.config());
    let config = Azure::host_with(&[
        (
            "remote-as = 12076",
            "remote-as = 12076\nfamilies = [\"ipv4\", \"ipv6\"]",
        ),
        (
            "accept = [\"192.168.100.0/24\"]",
            "accept = [\"192.168.100.0/24\", \"fd00:100::/64\"]",
        ),
    ]);
    let myna = Myna::start(&lab.host, &config);
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    lab.host.ip("addr add fd00:100::1/64 dev lo");
    myna.established("bgp1", SOON);
    eventually("both prefixes are announced", SOON, || {
        same(
            &bird.prefixes("host"),
            &set(["192.168.100.0/24", "fd00:100::/64"]),
        )
    });
    let attributes = bird
        .attributes("fd00:100::/64", "host")
        .unwrap_or_else(|| panic!("the route was there"));
    let next_hop = attributes.get("BGP.next_hop").cloned().unwrap_or_default();
    assert!(
        next_hop.split_whitespace().any(|hop| hop == "fd00::1"),
        "an IPv6 next hop of ours: {attributes:?}"
    );
    eventually("both routes are in our kernel", SOON, || {
        let (four, six) = (lab.host.routes4(), lab.host.routes6());
        shown(
            four.contains("192.168.0.0/16 via 10.1.1.2 dev to-azure proto bgp metric 32")
                && six.contains(
                    "fd00:a::/32 via fd00::2 dev to-azure proto bgp metric 32 pref medium",
                ),
            &format!("{four:#?} {six:#?}"),
        )
    });
    eventually("packets of both cross", SOON, || {
        shown(
            lab.azure.ping("192.168.1.1", "192.168.100.1")
                && lab.azure.ping("fd00:a::1", "fd00:100::1"),
            &"no answer",
        )
    });
    let kernel = myna.kernel();
    assert_eq!(kernel["installed_v4"], 1, "{kernel}");
    assert_eq!(kernel["installed_v6"], 1, "{kernel}");
}
