//! `myna explain`: one prefix all the way, and where it stopped.
use serde_json::Value;
use tests::{Azure, Bird, Lab, Myna, Needs, SOON, eventually, shown, text};

/// Azure sends a prefix that is filtered, and one whose next hop nobody can reach.
fn azure(lab: &Lab) -> Bird {
    let azure = Azure {
        announces: vec!["192.168.0.0/16".to_owned(), "172.16.0.0/12".to_owned()],
        ..Azure::default()
    };
    Bird::start(&lab.azure, &azure.config())
}

fn explain(myna: &Myna, prefix: &str) -> Value {
    let told = myna.says(&["explain", prefix, "--json"]);
    // What is no JSON is nobody's verdict, and shown as null.
    serde_json::from_str(&told).unwrap_or_default()
}

/// Waits until the verdict on `prefix` begins and ends so.
#[track_caller]
fn verdict(myna: &Myna, prefix: &str, begins: &str, contains: &str) -> Value {
    eventually(&format!("{prefix}: {begins} … {contains}"), SOON, || {
        let told = explain(myna, prefix);
        let verdict = text(&told, "verdict");
        let right = verdict.starts_with(begins) && verdict.contains(contains);
        shown(right, &told.to_string()).map(|()| told)
    })
}

#[test]
fn a_prefix_is_followed_from_the_neighbor_to_the_packet() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    lab.host.ip("addr add 192.168.101.1/24 dev lo");
    let _bird = azure(&lab);
    let config = Azure::host_with(&[
        (
            "[filter.packet_bgp]",
            "[filter.some]\naccept = [\"192.168.0.0/16\"]\n[filter.packet_bgp]",
        ),
        ("import = \"all\"", "import = \"some\""),
    ]);
    let myna = Myna::start(&lab.host, &config);
    myna.established("bgp1", SOON);

    // All the way, asked for by an address within.
    let told = verdict(&myna, "192.168.1.1", "all the way", "no neighbor is told");
    assert_eq!(text(&told, "prefix"), "192.168.0.0/16");
    let path = &told["paths"][0];
    assert_eq!(
        (text(path, "source"), text(path, "state")),
        ("bgp1", "best")
    );
    assert_eq!(told["next_hop"]["reachable"], true, "{told}");
    let how = text(&told["next_hop"], "how");
    assert!(how.starts_with("connected on to-azure"), "{how}");
    assert_eq!(text(&told, "kernel"), "installed");
    assert!(
        text(&told, "packets").contains("192.168.0.0/16 via 10.1.1.2 dev to-azure proto bgp"),
        "{told}"
    );
    assert_eq!(
        text(&told["told"][0], "reason"),
        "learned from this neighbor"
    );
    let page = myna.says(&["explain", "192.168.1.1"]);
    assert!(
        page.contains("the longest match for 192.168.1.1") && page.contains("all the way"),
        "{page}"
    );

    // Stopped at each of the stations.
    let _ = verdict(
        &myna,
        "203.0.113.0/24",
        "stopped at the beginning",
        "no neighbor sends",
    );
    let _ = verdict(
        &myna,
        "172.16.0.0/12",
        "stopped at import",
        "filter some rejects it",
    );
    let own = verdict(
        &myna,
        "192.168.100.0/24",
        "192.168.100.0/24 is this host's own",
        "bgp1",
    );
    assert!(
        own["next_hop"].is_null() && own["kernel"].is_null(),
        "{own}"
    );
    let _ = verdict(
        &myna,
        "192.168.101.0/24",
        "192.168.101.0/24 is this host's own",
        "no neighbor is told",
    );

    // Other hands: a lower metric, then a longer prefix.
    lab.host
        .ip("route add 192.168.0.0/16 dev lo proto static metric 3");
    let _ = verdict(
        &myna,
        "192.168.0.0/16",
        "stopped in the kernel",
        "proto static metric 3",
    );
    lab.host.ip("route del 192.168.0.0/16 metric 3");
    lab.host.ip("route add 192.168.1.0/24 dev lo proto static");
    let told = verdict(
        &myna,
        "192.168.1.1",
        "installed, but packets follow another",
        "",
    );
    assert!(
        text(&told, "packets").contains("192.168.1.0/24 dev lo"),
        "{told}"
    );
    lab.host.ip("route del 192.168.1.0/24");
    let _ = myna.says(&["kernel", "flush"]);
    let _ = verdict(
        &myna,
        "192.168.0.0/16",
        "stopped before the kernel",
        "flushed",
    );
    let _ = myna.says(&["kernel", "restore"]);
    let _ = verdict(&myna, "192.168.0.0/16", "all the way", "");
}

#[test]
fn a_next_hop_that_nobody_holds_is_named() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let azure = Azure {
        announces: vec!["192.168.0.0/16".to_owned()],
        ..Azure::default()
    };
    let elsewhere = azure
        .config()
        .replace("import all;", "import all; next hop address 10.99.9.9;");
    assert!(elsewhere.contains("10.99.9.9"), "{elsewhere}");
    let _bird = Bird::start(&lab.azure, &elsewhere);
    // A next hop that is not the neighbor's own is not for the next host: multihop.
    let config = Azure::host_with(&[("import = \"all\"", "multihop = true\nimport = \"all\"")]);
    let myna = Myna::start(&lab.host, &config);
    myna.established("bgp1", SOON);
    let told = verdict(
        &myna,
        "192.168.0.0/16",
        "stopped at the kernel",
        "10.99.9.9",
    );
    assert_eq!(text(&told["next_hop"], "how"), "no route leads to it");
}
