use super::*;
use crate::netlink::namespace::{eventually, in_namespace, ip, ip_batch};
use std::{net::Ipv4Addr, time::Duration};

fn has(host: &watch::Receiver<Arc<Host>>, net: &str) -> bool {
    let net: IpNet = net.parse().unwrap();
    host.borrow()
        .addresses
        .iter()
        .any(|address| address.net == net)
}

/// Links by name and addresses by index differ in order only between events and a fresh read.
fn sorted(host: &Host) -> Host {
    let mut host = host.clone();
    host.addresses
        .sort_by_key(|address| (address.link, address.net));
    host
}

fn link(index: u32, name: &str, up: bool) -> Link {
    Link {
        index,
        name: name.into(),
        up,
        loopback: name == "lo",
    }
}

fn address(link: u32, net: &str) -> Address {
    let net = net.parse().unwrap();
    Address {
        link,
        net,
        peer: None,
        local_scope: false,
        tentative: false,
    }
}

#[test]
fn the_longest_connected_subnet_answers() {
    let links = [
        link(1, "lo", true),
        link(2, "eth0", true),
        link(3, "eth1", false),
    ];
    let mut tunnel = address(2, "10.7.0.1/32");
    tunnel.peer = Some("10.7.0.2/32".parse().unwrap());
    let mut tentative = address(2, "fd00::1/64");
    tentative.tentative = true;
    let host = Host {
        links: links.into_iter().map(|link| (link.index, link)).collect(),
        addresses: vec![
            address(1, "127.0.0.1/8"),
            address(1, "10.0.0.1/8"),
            address(2, "10.1.1.1/24"),
            address(2, "10.1.1.9/24"),
            address(3, "10.1.1.65/26"),
            tunnel,
            tentative,
        ],
    };
    let at = |text: &str| text.parse::<IpAddr>().unwrap();
    let name = |text| host.connected_to(at(text)).map(|link| link.name.as_str());
    assert_eq!(name("10.1.1.70"), Some("eth0"), "eth1 is down");
    assert_eq!(name("10.9.9.9"), Some("lo"));
    assert_eq!(name("10.7.0.2"), Some("eth0"));
    assert_eq!(name("192.0.2.1"), None);
    assert_eq!(
        host.local_toward(at("10.1.1.70")),
        Some(at("10.1.1.1")),
        "the first of equals"
    );
    assert_eq!(host.local_toward(at("10.7.0.2")), Some(at("10.7.0.1")));
    assert_eq!(name("fd00::5"), Some("eth0"));
    assert_eq!(host.local_toward(at("fd00::5")), None, "tentative");
    assert!(host.has_address(at("10.1.1.65")) && !host.has_address(at("10.1.1.70")));
    assert_eq!(host.link("eth1").map(|link| link.index), Some(3));
    assert_eq!(host.router_id(), RouterId::new(Ipv4Addr::new(10, 1, 1, 1)));
    assert_eq!(Host::default().router_id(), None);
}

#[test]
fn addresses_come_and_go_within_milliseconds() {
    in_namespace("host-latency", || {
        let host = watch().unwrap();
        assert!(has(&host, "127.0.0.1/8"));
        let (mut added, mut deleted) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            ip("addr add 192.168.100.1/24 dev lo");
            added.push(eventually("added", || has(&host, "192.168.100.1/24")));
            ip("addr del 192.168.100.1/24 dev lo");
            deleted.push(eventually("deleted", || !has(&host, "192.168.100.1/24")));
        }
        added.sort();
        deleted.sort();
        eprintln!(
            "after `ip` returned: added {:?}, deleted {:?}",
            added[10], deleted[10]
        );
    });
}

#[test]
fn the_first_value_is_there_at_once_and_equals_a_read() {
    in_namespace("host-first", || {
        ip("link add d0 type veth peer name d1");
        ip("link set d0 up");
        ip("link set d1 up");
        ip("addr add 10.3.0.1/24 dev d0");
        ip("addr add 10.3.0.2/24 dev d0");
        ip("addr add 10.8.0.1 peer 10.8.0.2/32 dev d0");
        ip("addr add 10.4.0.1/24 dev lo scope host");
        let host = watch().unwrap();
        let first = host.borrow().clone();
        assert_eq!(*first, read().unwrap());
        let d0 = first.link("d0").unwrap();
        assert!(d0.up && !d0.loopback && first.link("lo").unwrap().loopback);
        let of = |net: &str| {
            let net: IpNet = net.parse().unwrap();
            first
                .addresses
                .iter()
                .find(|address| address.net == net)
                .unwrap()
        };
        assert_eq!(of("10.8.0.1/32").peer, Some("10.8.0.2/32".parse().unwrap()));
        assert!(of("10.4.0.1/24").local_scope && !of("10.3.0.1/24").local_scope);
        assert_eq!(first.router_id(), RouterId::new(Ipv4Addr::new(10, 3, 0, 1)));
        // Deleting the first of a subnet makes the kernel delete or promote the second.
        ip("addr del 10.3.0.1/24 dev d0");
        eventually("deleted", || !has(&host, "10.3.0.1/24"));
        assert_eq!(sorted(&host.borrow()), sorted(&read().unwrap()));
    });
}

#[test]
fn links_go_down_change_their_name_and_vanish() {
    in_namespace("host-links", || {
        ip("link add v0 type veth peer name v1");
        let host = watch().unwrap();
        let up = |name: &str| host.borrow().link(name).map(|link| link.up);
        assert_eq!(up("v0"), Some(false));
        ip("link set v0 up");
        ip("addr add 10.1.1.1/24 dev v0");
        eventually("address", || has(&host, "10.1.1.1/24"));
        assert_eq!(
            up("v0"),
            Some(false),
            "no carrier while the other end is down"
        );
        ip("link set v1 up");
        eventually("carrier", || up("v0") == Some(true));
        ip("link set v0 down");
        eventually("down", || up("v0") == Some(false));
        assert!(has(&host, "10.1.1.1/24"), "IPv4 keeps its addresses");
        ip("link set v0 name w0");
        eventually("renamed", || up("w0").is_some() && up("v0").is_none());
        ip("link set w0 up");
        eventually("up again", || up("w0") == Some(true));
        ip("link del w0");
        eventually("gone", || up("w0").is_none() && !has(&host, "10.1.1.1/24"));
        assert_eq!(sorted(&host.borrow()), sorted(&read().unwrap()));
    });
}

#[test]
fn a_port_that_leaves_its_bridge_stays_a_link() {
    in_namespace("host-bridge", || {
        ip("link add b0 type bridge");
        ip("link add d0 type veth peer name d1");
        ip("addr add 10.3.0.1/24 dev d0");
        let host = watch().unwrap();
        ip("link set d0 master b0");
        ip("link set d0 nomaster");
        ip("addr add 10.3.1.1/24 dev d0");
        eventually("a later event", || has(&host, "10.3.1.1/24"));
        assert!(host.borrow().link("d0").is_some() && has(&host, "10.3.0.1/24"));
    });
}

#[test]
fn ipv6_addresses_count_when_duplicate_detection_is_done() {
    in_namespace("host-dad", || {
        ip("link add v0 type veth peer name v1");
        ip("link set v0 up");
        ip("link set v1 up");
        let mut host = watch().unwrap();
        let state = |host: &Host, name: &str, net: &str| {
            let net: IpNet = net.parse().unwrap();
            let index = host.link(name).map(|link| link.index);
            let of_link = |address: &&Address| Some(address.link) == index && address.net == net;
            host.addresses
                .iter()
                .find(of_link)
                .map(|address| address.tentative)
        };
        // No waiting in between: the address has to be seen tentative first.
        host.mark_unchanged();
        ip("addr add fd00::1/64 dev v0");
        let mut seen = Vec::new();
        eventually("detection done", || {
            let now = state(&host.borrow_and_update(), "v0", "fd00::1/64");
            if seen.last() != Some(&now) {
                seen.push(now);
            }
            now == Some(false)
        });
        assert!(seen.contains(&Some(true)), "{seen:?}");
        ip("addr add fd00::1/64 dev v1");
        std::thread::sleep(Duration::from_secs(3));
        let now = state(&host.borrow(), "v1", "fd00::1/64");
        assert_eq!(now, Some(true), "a duplicate never counts");
    });
}

#[test]
fn lost_events_lead_to_a_full_read() {
    in_namespace("host-enobufs", || {
        ip("link add d0 type veth peer name d1");
        ip("link set d0 up");
        ip("link set d1 up");
        // Nobody reads meanwhile, and a handful of events is all that the buffer holds.
        let watcher = watcher::Watcher::with_buffer(2048).unwrap();
        let add: String = (0..2000)
            .map(|n| format!("addr add 10.{}.{}.1/24 dev d0\n", n / 250, n % 250))
            .collect();
        ip_batch(&add);
        let host = watcher.start().unwrap();
        eventually("all there", || {
            sorted(&host.borrow()) == sorted(&read().unwrap())
        });
        assert!(host.borrow().addresses.len() >= 2000);
        let delete: String = (0..1999)
            .map(|n| format!("addr del 10.{}.{}.1/24 dev d0\n", n / 250, n % 250))
            .collect();
        ip_batch(&delete);
        eventually("nearly all gone", || {
            sorted(&host.borrow()) == sorted(&read().unwrap())
        });
        assert!(has(&host, "10.7.249.1/24") && !has(&host, "10.0.0.1/24"));
    });
}

#[test]
fn nothing_is_published_when_nothing_differs() {
    in_namespace("host-quiet", || {
        let mut host = watch().unwrap();
        host.mark_unchanged();
        // The MTU is none of ours.
        ip("link set lo mtu 60000");
        std::thread::sleep(Duration::from_millis(100));
        assert!(!host.has_changed().unwrap());
    });
}

#[test]
fn the_thread_ends_with_its_last_listener() {
    in_namespace("host-end", || {
        let threads = || {
            let tasks = std::fs::read_dir("/proc/self/task")
                .unwrap()
                .filter_map(Result::ok);
            let names = tasks.filter_map(|task| {
                let own = std::fs::read_link(task.path().join("ns/net")).ok()?;
                let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
                (own == std::fs::read_link("/proc/thread-self/ns/net").ok()?).then_some(name)
            });
            names.filter(|name| name.trim() == "host-watch").count()
        };
        let host = watch().unwrap();
        eventually("the thread has its name", || threads() == 1);
        drop(host);
        eventually("the thread has ended", || threads() == 0);
    });
}
