use super::*;
use crate::{
    config::file,
    host::{Address, Link},
};
use std::path::Path;

/// Warnings as "line key: message".
fn warnings(text: &str, host: Option<&Host>) -> Vec<String> {
    let loaded = file::parse(text, Path::new("myna.toml")).unwrap_or_else(|p| panic!("{p}"));
    loaded
        .warnings(host)
        .iter()
        .map(|w| format!("{} {}", w.line.unwrap_or(0), w.headline()))
        .collect()
}

const BASE: &str = "local-as = 65530\nrouter-id = \"10.1.1.1\"\n[connected]\ninterfaces = \"lo\"\n\
    [[neighbor]]\naddress = \"10.1.1.2\"\nremote-as = 12076\nimport = \"all\"\nexport = \"all\"\n";

fn host() -> Host {
    let link = |index, name: &str| Link {
        index,
        name: name.to_owned(),
        up: true,
        loopback: name == "lo",
    };
    let address = |link, net: &str| Address {
        link,
        net: net.parse().unwrap(),
        peer: None,
        local_scope: false,
        tentative: false,
    };
    Host {
        links: [(1, link(1, "lo")), (2, link(2, "eth0"))].into(),
        addresses: vec![address(1, "127.0.0.1/8"), address(2, "10.1.1.1/30")],
    }
}

#[test]
fn nothing_to_say() {
    assert_eq!(warnings(BASE, None), [""; 0]);
    assert_eq!(warnings(BASE, Some(&host())), [""; 0]);
}

#[test]
fn policies_that_are_missing() {
    let text = "local-as = 1\n[static]\nprefixes = \"10.0.0.0/8\"\n[[neighbor]]\naddress = \"10.1.1.2\"\nremote-as = 2\n";
    assert_eq!(
        warnings(text, None),
        [
            "3 static.prefixes: 10.0.0.0/8 is announced to nobody",
            "4 neighbor.bgp1.import: without `import` nothing is accepted from a neighbor of another AS (RFC 8212)",
            "4 neighbor.bgp1.export: without `export` nothing is announced to a neighbor of another AS (RFC 8212)",
        ]
    );
    // within one AS all passes
    assert_eq!(warnings(&text.replace("= 2", "= 1"), None), [""; 0]);
}

#[test]
fn as_numbers_that_azure_reserves() {
    for (asn, reserved) in [(65514, false), (65515, true), (65520, true), (65521, false)] {
        let text = BASE.replace("65530", &asn.to_string());
        let expected = format!("1 local-as: AS {asn} is reserved by Azure, which refuses it");
        let expected: Vec<String> = reserved.then_some(expected).into_iter().collect();
        assert_eq!(warnings(&text, None), expected);
        // toward others they are private numbers like any
        assert_eq!(warnings(&text.replace("12076", "64500"), None), [""; 0]);
    }
    let own = format!("{BASE}local-as = 65517\n");
    assert_eq!(
        warnings(&own, None),
        ["10 neighbor.bgp1.local-as: AS 65517 is reserved by Azure, which refuses it"]
    );
    assert_eq!(
        warnings(&BASE.replace("65530", "65535"), None),
        ["1 local-as: AS 65535 is reserved, neighbors may refuse it"]
    );
}

#[test]
fn filters_without_effect() {
    let text = format!(
        "{BASE}[filter.a]\naccept = \"10.0.0.0/8\"\n[filter.b]\naccept = [\"10.0.0.0/8\", \"2001:db8::/32\"]\n[filter.c]\naccept = []\n"
    );
    let text = text
        .replace("import = \"all\"", "import = \"b\"")
        .replace("export = \"all\"", "export = \"c\"");
    assert_eq!(
        warnings(&text, None),
        [
            "10 filter.a: no neighbor uses this filter",
            "13 filter.b.accept: `2001:db8::/32` matches nothing: no neighbor that uses the filter has the family ipv6",
            "15 filter.c.accept: this filter accepts nothing",
        ]
    );
}

#[test]
fn times_and_silence() {
    let text = format!("listen = []\n{BASE}passive = true\nkeepalive-time = 40\n");
    assert_eq!(
        warnings(&text, None),
        [
            "11 neighbor.bgp1.passive: neither side connects: we are passive and listen nowhere",
            "12 neighbor.bgp1.keepalive-time: a KEEPALIVE or two that come late end the session",
        ]
    );
    assert_eq!(
        warnings(&format!("{BASE}hold-time = 0\n"), None),
        ["10 neighbor.bgp1.hold-time: without a hold time a dead neighbor is not noticed"]
    );
    assert_eq!(
        warnings(
            &BASE.replace("[connected]\ninterfaces = \"lo\"\n", ""),
            None
        ),
        [
            "7 neighbor.bgp1.export: there is nothing to announce: no [connected], no [static], no other neighbor"
        ]
    );
    assert_eq!(warnings("local-as = 1", None), ["0 there is no neighbor"]);
}

#[test]
fn graceful_restart_without_routes_in_the_kernel() {
    let text = format!("{BASE}graceful-restart = true\n[kernel]\n");
    assert_eq!(
        warnings(&text, None),
        [
            "10 neighbor.bgp1.graceful-restart: the neighbor is asked to keep our routes, but our kernel will not keep its routes"
        ]
    );
    assert_eq!(
        warnings(&format!("{text}keep-on-exit = true\n"), None),
        [""; 0]
    );
}

#[test]
fn views_show_each_warning_where_it_belongs() {
    let text = BASE
        .replace("65530", "65515")
        .replace("import = \"all\"\n", "");
    let config = file::parse(&text, Path::new("myna.toml")).unwrap().config;
    let of_all = speaker(&config, &host());
    assert_eq!(of_all.len(), 1, "{of_all:?}");
    assert!(
        of_all[0].starts_with("local-as: AS 65515 is reserved by Azure"),
        "{of_all:?}"
    );
    let of_one = neighbor(&config, &config.neighbors[0], &host());
    assert!(
        of_one
            .iter()
            .any(|warning| warning.starts_with("without `import`")),
        "{of_one:?}"
    );
}

#[test]
fn the_host_does_not_fit() {
    let with = |from: &str, to: &str| warnings(&BASE.replace(from, to), Some(&host()));
    assert_eq!(
        with("10.1.1.2", "10.1.2.2"),
        ["6 neighbor.bgp1.address: no interface that is up is connected to 10.1.2.2"]
    );
    assert_eq!(with("\"10.1.1.2\"", "\"10.1.2.2\"\nmultihop = 2"), [""; 0]);
    assert_eq!(
        with("\"10.1.1.2\"", "\"10.1.1.1\""),
        ["6 neighbor.bgp1.address: 10.1.1.1 is an address of this host, not the neighbor's"]
    );
    assert_eq!(
        with("import", "source-address = \"10.1.1.9\"\nimport"),
        ["8 neighbor.bgp1.source-address: no interface has the address 10.1.1.9"]
    );
    assert_eq!(
        with("\"10.1.1.2\"", "\"fe80::1%eth7\""),
        ["6 neighbor.bgp1.address: this host has no interface eth7"]
    );
    assert_eq!(
        with("\"lo\"", "\"wlan*\""),
        ["4 connected.interfaces: no interface of this host matches"]
    );
    assert_eq!(
        with("local-as", "listen = \"10.9.9.9\"\nlocal-as"),
        ["1 listen: no interface has the address 10.9.9.9"]
    );
    assert_eq!(
        with(
            "[connected]",
            "[kernel]\nsource = \"192.168.100.1\"\n[connected]"
        ),
        [
            "4 kernel.source: no interface has the address 192.168.100.1: the kernel refuses routes with it"
        ]
    );
    let no_address = Host {
        addresses: vec![],
        ..host()
    };
    let text = BASE.replace("router-id = \"10.1.1.1\"\n", "");
    assert_eq!(
        warnings(&text, Some(&no_address))[1..],
        ["0 router-id: no interface has an IPv4 address that could be the router-id"]
    );
}
