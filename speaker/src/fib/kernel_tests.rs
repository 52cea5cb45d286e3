//! The whole way, worker to kernel, in network namespaces.
use super::*;
use crate::{
    config::Kernel,
    netlink::{
        Channel, Received, group, kind,
        namespace::{eventually, in_namespace, ip, ip_batch, veth},
    },
};
use std::time::Instant;

fn config() -> Kernel {
    Kernel {
        table: 254,
        metric: 32,
        protocol: 186,
        keep_on_exit: true,
        source_v4: None,
        source_v6: None,
        adopt: Vec::new(),
    }
}

fn start(kernel: &Kernel) -> Worker {
    let fib = NetlinkFib::open(kernel).unwrap();
    Worker::start(Box::new(fib), kernel.clone(), Arc::new(|| {})).unwrap()
}

fn install(prefix: &str, via: &str) -> FibChange {
    let (prefix, address) = (prefix.parse().unwrap(), via.parse().unwrap());
    let next_hops = vec![FibNextHop {
        address,
        interface: None,
        weight: 1,
    }];
    FibChange::Install(FibRoute { prefix, next_hops })
}

fn install_many(prefix: &str, via: &[(&str, u16)]) -> FibChange {
    let hops = via.iter().map(|(address, weight)| FibNextHop {
        address: address.parse().unwrap(),
        interface: None,
        weight: *weight,
    });
    FibChange::Install(FibRoute {
        prefix: prefix.parse().unwrap(),
        next_hops: hops.collect(),
    })
}

fn remove(prefix: &str) -> FibChange {
    FibChange::Remove(prefix.parse().unwrap())
}

/// Gives and waits until it is written.
#[track_caller]
fn give(worker: &mut Worker, changes: Vec<FibChange>) {
    worker.give(changes, false);
    eventually("written", || worker.status().pending == 0);
}

/// `ip route show` of both families, of what is not the system's own, trimmed.
fn routes(table: &str) -> Vec<String> {
    let mut all = Vec::new();
    for family in ["-4", "-6"] {
        let shown = ip(&format!("{family} -oneline route show table {table}"));
        let lines = shown.lines().map(|line| {
            let line = line.replace(" pref medium", "").replace('\\', "");
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        all.extend(lines.filter(|line| !line.contains("proto kernel")));
    }
    all
}

#[track_caller]
fn becomes(wanted: &[&str]) {
    let mut now = Vec::new();
    let began = crate::clock::now();
    while began.elapsed() < Duration::from_secs(10) {
        now = routes("main");
        if now == wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(now, wanted);
}

#[track_caller]
fn fails_with(worker: &Worker, prefix: &str, words: &str) {
    let prefix = prefix.parse().unwrap();
    eventually(words, || {
        worker
            .failure(&prefix)
            .is_some_and(|reason| reason.contains(words))
    });
}

/// Hears every route event of the namespace.
struct Ear(Channel);

impl Ear {
    fn open() -> Self {
        let groups = [group::IPV4_ROUTE, group::IPV6_ROUTE];
        Self(Channel::listen(&groups, 64 << 20, &[]).unwrap())
    }

    /// Additions and deletions since the last call.
    fn heard(&mut self) -> (usize, usize) {
        let (mut new, mut gone) = (0, 0);
        loop {
            match self.0.receive(false).unwrap() {
                Received::Nothing => return (new, gone),
                Received::Lost => panic!("the test's own ear lost events"),
                Received::Datagram(length) => {
                    for message in self.0.messages(length) {
                        new += usize::from(message.kind == kind::NEW_ROUTE);
                        gone += usize::from(message.kind == kind::DEL_ROUTE);
                    }
                }
            }
        }
    }
}

#[test]
fn routes_are_installed_changed_and_removed_in_both_families() {
    in_namespace("fib-basic", || {
        veth();
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("::/0", "fd00::2"),
            ],
        );
        becomes(&[
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "default via fd00::2 dev v0 proto bgp metric 32",
        ]);
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.3"),
                install("::/0", "fd00::3"),
            ],
        );
        becomes(&[
            "10.9.0.0/16 via 10.1.1.3 dev v0 proto bgp metric 32",
            "default via fd00::3 dev v0 proto bgp metric 32",
        ]);
        let status = worker.status();
        assert_eq!((status.installed_v4, status.installed_v6), (1, 1));
        give(&mut worker, vec![remove("10.9.0.0/16"), remove("::/0")]);
        becomes(&[]);
        assert_eq!(worker.status().installed_v4, 0);
    });
}

#[test]
fn changes_of_one_prefix_in_one_batch_end_in_the_last() {
    in_namespace("fib-order", || {
        veth();
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                remove("10.9.0.0/16"),
                install("10.9.0.0/16", "10.1.1.3"),
                install("10.9.0.0/16", "10.1.1.4"),
                install("fd09::/32", "fd00::2"),
                install("fd09::/32", "fd00::3"),
            ],
        );
        becomes(&[
            "10.9.0.0/16 via 10.1.1.4 dev v0 proto bgp metric 32",
            "fd09::/32 via fd00::3 dev v0 proto bgp metric 32",
        ]);
    });
}

#[test]
fn a_change_of_next_hop_never_leaves_a_gap() {
    in_namespace("fib-gap", || {
        veth();
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        let mut ear = Ear::open();
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.3"),
                install("fd09::/32", "fd00::3"),
            ],
        );
        // Addition before deletion, per family.
        let Received::Datagram(length) = ear.0.receive(true).unwrap() else {
            panic!("no event")
        };
        let first = ear.0.messages(length).next().map(|message| message.kind);
        assert_eq!(first, Some(kind::NEW_ROUTE));
        assert_eq!(ear.heard(), (1, 2));
    });
}

#[test]
fn several_next_hops_with_weights() {
    in_namespace("fib-ecmp", || {
        veth();
        let mut worker = start(&config());
        let two = |prefix, one, weight, two| install_many(prefix, &[(one, weight), (two, 1)]);
        give(
            &mut worker,
            vec![
                two("10.9.0.0/16", "10.1.1.2", 1, "10.1.1.3"),
                two("fd09::/32", "fd00::2", 1, "fd00::3"),
            ],
        );
        let nexthops = |weight: u8, v4: [u8; 2]| {
            let [one, other] = v4;
            [
                format!(
                    "10.9.0.0/16 proto bgp metric 32 nexthop via 10.1.1.{one} dev v0 weight \
                     {weight} nexthop via 10.1.1.{other} dev v0 weight 1"
                ),
                format!(
                    "fd09::/32 proto bgp metric 32 nexthop via fd00::{one} dev v0 weight \
                     {weight} nexthop via fd00::{other} dev v0 weight 1"
                ),
            ]
        };
        becomes(&nexthops(1, [2, 3]).each_ref().map(String::as_str));
        // Another weight, then another partner, then one alone.
        give(
            &mut worker,
            vec![
                two("10.9.0.0/16", "10.1.1.2", 5, "10.1.1.3"),
                two("fd09::/32", "fd00::2", 5, "fd00::3"),
            ],
        );
        becomes(&nexthops(5, [2, 3]).each_ref().map(String::as_str));
        give(
            &mut worker,
            vec![
                two("10.9.0.0/16", "10.1.1.2", 5, "10.1.1.4"),
                two("fd09::/32", "fd00::2", 5, "fd00::4"),
            ],
        );
        becomes(&nexthops(5, [2, 4]).each_ref().map(String::as_str));
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.4"),
                install("fd09::/32", "fd00::4"),
            ],
        );
        becomes(&[
            "10.9.0.0/16 via 10.1.1.4 dev v0 proto bgp metric 32",
            "fd09::/32 via fd00::4 dev v0 proto bgp metric 32",
        ]);
        give(
            &mut worker,
            vec![remove("10.9.0.0/16"), remove("fd09::/32")],
        );
        becomes(&[]);
        assert_eq!(worker.status().failed_total, 0);
    });
}

#[test]
fn an_ipv4_prefix_may_have_an_ipv6_next_hop() {
    in_namespace("fib-via", || {
        veth();
        let mut worker = start(&config());
        give(&mut worker, vec![install("10.9.0.0/16", "fd00::2")]);
        becomes(&["10.9.0.0/16 via inet6 fd00::2 dev v0 proto bgp metric 32"]);
        give(&mut worker, vec![install("10.9.0.0/16", "fd00::3")]);
        becomes(&["10.9.0.0/16 via inet6 fd00::3 dev v0 proto bgp metric 32"]);
        give(&mut worker, vec![remove("10.9.0.0/16")]);
        becomes(&[]);
    });
}

#[test]
fn a_link_local_next_hop_goes_with_its_interface() {
    in_namespace("fib-link-local", || {
        veth();
        let mut worker = start(&config());
        give(&mut worker, vec![install("fd09::/32", "fe80::2")]);
        fails_with(&worker, "fd09::/32", "Egress device not specified");
        let host = crate::host::read().unwrap();
        let interface = host.link("v0").map(|link| link.index);
        let next_hops = vec![FibNextHop {
            address: "fe80::2".parse().unwrap(),
            interface,
            weight: 1,
        }];
        let prefix = "fd09::/32".parse().unwrap();
        give(
            &mut worker,
            vec![FibChange::Install(FibRoute { prefix, next_hops })],
        );
        becomes(&["fd09::/32 via fe80::2 dev v0 proto bgp metric 32"]);
        assert_eq!(worker.failure(&prefix), None);
        give(&mut worker, vec![remove("fd09::/32")]);
        becomes(&[]);
    });
}

#[test]
fn a_foreign_route_of_equal_metric_stays_and_is_named_and_makes_room() {
    in_namespace("fib-conflict", || {
        veth();
        ip("route add 10.9.0.0/16 via 10.1.1.9 proto static metric 32");
        ip("-6 route add fd09::/32 via fd00::9 proto static metric 32");
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        let foreign = [
            "10.9.0.0/16 via 10.1.1.9 dev v0 proto static metric 32",
            "fd09::/32 via fd00::9 dev v0 proto static metric 32",
        ];
        becomes(&foreign);
        fails_with(&worker, "10.9.0.0/16", foreign[0]);
        fails_with(&worker, "fd09::/32", foreign[1]);
        assert_eq!(worker.status().failed_total, 2);
        // What we do with the prefix leaves it alone.
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.3"),
                install("fd09::/32", "fd00::3"),
            ],
        );
        becomes(&foreign);
        ip("route del 10.9.0.0/16 proto static");
        ip("-6 route del fd09::/32 proto static");
        becomes(&[
            "10.9.0.0/16 via 10.1.1.3 dev v0 proto bgp metric 32",
            "fd09::/32 via fd00::3 dev v0 proto bgp metric 32",
        ]);
        assert_eq!(worker.status().failed_total, 0);
    });
}

#[test]
fn a_foreign_route_put_beside_ours_survives_our_changes() {
    in_namespace("fib-beside", || {
        veth();
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        // Before ours, where REPLACE would hit it, and into our next hops.
        ip("route prepend 10.9.0.0/16 via 10.1.1.9 proto static metric 32");
        ip("-6 route append fd09::/32 via fd00::9 proto static metric 32");
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.3"),
                install("fd09::/32", "fd00::3"),
            ],
        );
        let shown = routes("main");
        assert!(
            shown[0].contains("via 10.1.1.9 dev v0 proto static"),
            "{shown:?}"
        );
        assert!(
            shown[1].contains("via 10.1.1.3 dev v0 proto bgp"),
            "{shown:?}"
        );
        assert!(
            shown[2].contains("fd00::9") && shown[2].contains("fd00::3"),
            "{shown:?}"
        );
        assert!(!shown[2].contains("fd00::2"), "{shown:?}");
        give(
            &mut worker,
            vec![remove("10.9.0.0/16"), remove("fd09::/32")],
        );
        becomes(&[
            "10.9.0.0/16 via 10.1.1.9 dev v0 proto static metric 32",
            "fd09::/32 via fd00::9 dev v0 proto static metric 32",
        ]);
    });
}

#[test]
fn a_foreign_replace_over_ours_is_noticed_and_left() {
    in_namespace("fib-replaced", || {
        veth();
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        ip("route replace 10.9.0.0/16 via 10.1.1.9 proto static metric 32");
        ip("-6 route replace fd09::/32 via fd00::9 proto static metric 32");
        fails_with(&worker, "10.9.0.0/16", "proto static");
        fails_with(&worker, "fd09::/32", "proto static");
        ip("route del 10.9.0.0/16 proto static");
        ip("-6 route del fd09::/32 proto static");
        becomes(&[
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "fd09::/32 via fd00::2 dev v0 proto bgp metric 32",
        ]);
    });
}

#[test]
fn a_route_of_ours_that_another_deletes_comes_back_with_patience() {
    in_namespace("fib-restore", || {
        veth();
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        let both = [
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "fd09::/32 via fd00::2 dev v0 proto bgp metric 32",
        ];
        becomes(&both);
        ip("-6 route del fd09::/32");
        becomes(&both);
        for restored in 2..=6 {
            ip("route del 10.9.0.0/16");
            becomes(&both);
            eventually("counted", || worker.status().restored == restored);
        }
        // Enough is enough.
        ip("route del 10.9.0.0/16");
        fails_with(&worker, "10.9.0.0/16", "another program keeps removing it");
        std::thread::sleep(Duration::from_millis(100));
        becomes(&both[1..]);
        // Whoever wants something else of it gets it at once.
        give(&mut worker, vec![install("10.9.0.0/16", "10.1.1.3")]);
        becomes(&[
            "10.9.0.0/16 via 10.1.1.3 dev v0 proto bgp metric 32",
            both[1],
        ]);
    });
}

#[test]
fn a_link_that_goes_down_and_up_gets_its_routes_back() {
    in_namespace("fib-link", || {
        veth();
        ip("link add w0 type veth peer name w1");
        ip("link set w0 up");
        ip("link set w1 up");
        ip("addr add 10.2.2.1/24 dev w0");
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("10.8.0.0/16", "10.2.2.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        let stays = "10.8.0.0/16 via 10.2.2.2 dev w0 proto bgp metric 32";
        ip("link set v0 down");
        fails_with(
            &worker,
            "10.9.0.0/16",
            "no connected network holds 10.1.1.2",
        );
        fails_with(&worker, "fd09::/32", "no connected network holds fd00::2");
        becomes(&[stays]);
        ip("link set v0 up");
        // IPv6 addresses went with the link.
        ip("addr add fd00::1/64 dev v0 nodad");
        let all = [
            stays,
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "fd09::/32 via fd00::2 dev v0 proto bgp metric 32",
        ];
        becomes(&all);
        // Deleted and made again, with another index.
        ip("link del v0");
        fails_with(&worker, "10.9.0.0/16", "no connected network");
        veth();
        becomes(&all);
        assert_eq!(worker.status().failed_total, 0);
    });
}

#[test]
fn an_unreachable_next_hop_waits_for_its_address() {
    in_namespace("fib-unreachable", || {
        veth();
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.77.1.2"),
                install("fd09::/32", "fd77::2"),
            ],
        );
        fails_with(
            &worker,
            "10.9.0.0/16",
            "no connected network holds 10.77.1.2",
        );
        fails_with(&worker, "fd09::/32", "no connected network holds fd77::2");
        ip("addr add 10.77.1.1/24 dev v0");
        ip("addr add fd77::1/64 dev v0 nodad");
        becomes(&[
            "10.9.0.0/16 via 10.77.1.2 dev v0 proto bgp metric 32",
            "fd09::/32 via fd77::2 dev v0 proto bgp metric 32",
        ]);
        // A change to where nobody is takes the old way away: it is not the way any more.
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.88.1.2"),
                install("fd09::/32", "fd88::2"),
            ],
        );
        fails_with(&worker, "10.9.0.0/16", "10.88.1.2");
        becomes(&[]);
        give(
            &mut worker,
            vec![remove("10.9.0.0/16"), remove("fd09::/32")],
        );
        assert_eq!(worker.status().failed_total, 0);
    });
}

#[test]
fn a_preferred_source_is_waited_for() {
    in_namespace("fib-source", || {
        veth();
        let kernel = Kernel {
            source_v4: Some("10.5.5.5".parse().unwrap()),
            source_v6: Some("fd05::5".parse().unwrap()),
            ..config()
        };
        let mut worker = start(&kernel);
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        fails_with(
            &worker,
            "10.9.0.0/16",
            "source address 10.5.5.5 is not on this host",
        );
        fails_with(
            &worker,
            "fd09::/32",
            "source address fd05::5 is not on this host",
        );
        ip("addr add 10.5.5.5/32 dev lo");
        ip("addr add fd05::5/128 dev lo");
        let both = [
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp src 10.5.5.5 metric 32",
            "fd09::/32 via fd00::2 dev v0 proto bgp src fd05::5 metric 32",
        ];
        let with_source = || routes("main") == both;
        eventually("both with their source", with_source);
        // The kernel removes the IPv4 route, and strips the IPv6 one without a word.
        ip("addr del 10.5.5.5/32 dev lo");
        ip("addr del fd05::5/128 dev lo");
        fails_with(&worker, "10.9.0.0/16", "source address");
        fails_with(&worker, "fd09::/32", "source address");
        ip("addr add 10.5.5.5/32 dev lo");
        ip("addr add fd05::5/128 dev lo");
        eventually("both with their source again", with_source);
    });
}

#[test]
fn a_restart_touches_only_what_differs() {
    in_namespace("fib-restart", || {
        veth();
        let mut worker = start(&config());
        let mut changes: Vec<_> = (0..1000)
            .map(|n| {
                install(
                    &format!("10.{}.{}.0/24", 100 + n / 250, n % 250),
                    "10.1.1.2",
                )
            })
            .collect();
        changes.push(install("fd09::/32", "fd00::2"));
        changes.push(install("fd0a::/32", "fd00::2"));
        changes.push(install_many(
            "10.9.0.0/16",
            &[("10.1.1.3", 2), ("10.1.1.2", 1)],
        ));
        changes.push(install_many("fd0c::/32", &[("fd00::3", 1), ("fd00::2", 1)]));
        give(&mut worker, changes.clone());
        worker.shutdown(true);
        // Written twice for one prefix, as if we had died in the middle of a change.
        ip("route append 10.100.0.0/24 via 10.1.1.7 proto bgp metric 32");
        let before = routes("main").len();
        let mut ear = Ear::open();
        let mut worker = start(&config());
        eventually("adopted", || worker.status().adopted == 1004);
        // One goes, one changes, one is new.
        changes[5] = install("10.100.5.0/24", "10.1.1.3");
        changes.remove(1001);
        changes.push(install("fd0b::/32", "fd00::2"));
        give(&mut worker, changes);
        // The double goes at once; the rest waits for the word.
        eventually("heard", || routes("main").len() == before);
        assert_eq!(ear.heard(), (2, 2));
        worker.settled();
        eventually("swept", || worker.status().swept == 2);
        assert_eq!(ear.heard(), (0, 1));
        let shown = routes("main");
        assert_eq!(shown.len(), before - 1);
        assert!(!shown.iter().any(|line| line.starts_with("fd0a::/32")));
        assert!(
            shown
                .iter()
                .any(|line| line.starts_with("10.100.5.0/24 via 10.1.1.3"))
        );
        assert!(
            shown
                .iter()
                .any(|line| line.starts_with("10.100.0.0/24 via 10.1.1.2"))
        );
        let status = worker.status();
        assert_eq!((status.installed_v4, status.installed_v6), (1001, 3));
    });
}

#[test]
fn routes_left_by_bird_are_taken_over_without_a_gap() {
    in_namespace("fib-adopt", || {
        veth();
        for metric in [0, 32] {
            ip(&format!(
                "route add 10.{metric}.0.0/16 via 10.1.1.2 proto bird metric {metric}"
            ));
        }
        ip("-6 route add fd09::/32 via fd00::2 proto bird metric 32");
        ip("-6 route add fd0a::/32 via fd00::9 proto bird metric 32");
        ip("-6 route add fd0b::/32 via fd00::9 proto bird metric 1024");
        ip("route add 10.40.0.0/16 via 10.1.1.9 proto bird metric 0");
        ip("route add blackhole 10.41.0.0/16 proto bird metric 32");
        ip("route add unreachable 10.42.0.0/16 proto bird metric 32");
        ip("route add 10.43.0.0/16 via 10.1.1.9 proto static metric 0");
        let mut ear = Ear::open();
        let kernel = Kernel {
            adopt: vec![12],
            ..config()
        };
        let mut worker = start(&kernel);
        give(
            &mut worker,
            vec![
                install("10.0.0.0/16", "10.1.1.2"),
                install("10.32.0.0/16", "10.1.1.2"),
                install("10.41.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
                install("fd0a::/32", "fd00::2"),
                install("fd0b::/32", "fd00::2"),
            ],
        );
        let ours = [
            "10.0.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "10.32.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "10.41.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "10.43.0.0/16 via 10.1.1.9 dev v0 proto static",
            "fd09::/32 via fd00::2 dev v0 proto bgp metric 32",
            "fd0a::/32 via fd00::2 dev v0 proto bgp metric 32",
            "fd0b::/32 via fd00::2 dev v0 proto bgp metric 32",
        ];
        eventually("ours are there", || {
            let shown = routes("main");
            ours.iter()
                .all(|line| shown.iter().any(|found| found == line))
        });
        let shown = routes("main");
        assert_eq!(
            shown
                .iter()
                .filter(|line| line.contains("proto bird"))
                .count(),
            2,
            "{shown:?}"
        );
        worker.settled();
        becomes(&ours);
        assert_eq!(worker.status().failed_total, 0);
        // Six new (one of them in place of another), and seven of BIRD's gone.
        assert_eq!(ear.heard(), (6, 7));
    });
}

#[test]
fn a_route_of_bird_that_comes_later_in_our_way_is_taken_over() {
    in_namespace("fib-adopt-later", || {
        veth();
        let kernel = Kernel {
            adopt: vec![12],
            ..config()
        };
        let mut worker = start(&kernel);
        worker.settled();
        give(&mut worker, vec![install("10.8.0.0/16", "10.1.1.2")]);
        ip("route add 10.9.0.0/16 via 10.1.1.9 proto bird metric 32");
        ip("-6 route add fd09::/32 via fd00::9 proto bird metric 32");
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        becomes(&[
            "10.8.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "fd09::/32 via fd00::2 dev v0 proto bgp metric 32",
        ]);
    });
}

#[test]
fn other_tables_and_metrics_and_protocols_are_left_alone() {
    in_namespace("fib-table", || {
        veth();
        let foreign = [
            "10.9.0.0/16 via 10.1.1.9 dev v0 proto bgp metric 33",
            "10.9.0.0/16 via 10.1.1.9 dev v0 proto 77 metric 31",
        ];
        for line in foreign {
            ip(&format!("route add table 1000 {line}"));
        }
        ip("route add 10.9.0.0/16 via 10.1.1.9 proto bgp metric 32");
        let kernel = Kernel {
            table: 1000,
            ..config()
        };
        let mut worker = start(&kernel);
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        let shown = routes("1000");
        assert!(
            shown
                .iter()
                .any(|line| line.starts_with("10.9.0.0/16 via 10.1.1.2")),
            "{shown:?}"
        );
        assert!(
            shown
                .iter()
                .any(|line| line.starts_with("fd09::/32 via fd00::2")),
            "{shown:?}"
        );
        // Events of a table beyond 255 are heard as well.
        ip("route del table 1000 10.9.0.0/16 proto bgp metric 32");
        eventually("back", || {
            routes("1000")
                .iter()
                .any(|line| line.contains("via 10.1.1.2"))
        });
        worker.settled();
        worker.shutdown(false);
        let mut left = routes("1000");
        left.sort();
        assert_eq!(
            left,
            foreign
                .map(String::from)
                .into_iter()
                .rev()
                .collect::<Vec<_>>()
        );
        assert_eq!(routes("main").len(), 1, "the main table is another's");
    });
}

#[test]
fn shutdown_keeps_or_removes() {
    in_namespace("fib-shutdown", || {
        veth();
        let mut worker = start(&config());
        worker.give(
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
            false,
        );
        worker.shutdown(true);
        let both = [
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32",
            "fd09::/32 via fd00::2 dev v0 proto bgp metric 32",
        ];
        assert_eq!(routes("main"), both);
        ip("route add 10.8.0.0/16 via 10.1.1.2 proto static metric 32");
        // Also what this worker never heard of.
        start(&config()).shutdown(false);
        assert_eq!(
            routes("main"),
            ["10.8.0.0/16 via 10.1.1.2 dev v0 proto static metric 32"]
        );
    });
}

#[test]
fn a_walk_finds_what_no_event_told() {
    in_namespace("fib-audit", || {
        veth();
        let kernel = config();
        let fib = NetlinkFib::open(&kernel).unwrap();
        let mut now = crate::clock::now();
        let report = Arc::default();
        let mut reconciler =
            reconcile::Reconciler::new(Box::new(fib), Vec::new(), Arc::clone(&report), now);
        reconciler.adopt(now).unwrap();
        let changes: Vec<_> = (0..3000)
            .map(|n| {
                install(
                    &format!("10.{}.{}.0/24", 100 + n / 250, n % 250),
                    "10.1.1.2",
                )
            })
            .chain((0..50).map(|n| install(&format!("fd{n:02}::/32"), "fd00::2")))
            .collect();
        reconciler.apply(changes, now);
        // Behind our back: one gone, one elsewhere, one too much. Nobody hears the events.
        ip("route del 10.100.5.0/24");
        ip("route replace 10.100.6.0/24 via 10.1.1.9 proto bgp metric 32");
        ip("route add 10.200.0.0/24 via 10.1.1.9 proto bgp metric 32");
        ip("-6 route del fd05::/32");
        ip("-6 route append fd06::/32 via fd00::9 proto bgp metric 32");
        now += Duration::from_secs(60);
        let mut turns = 0;
        while reconciler.turn(now).is_none() {
            turns += 1;
            assert!(turns < 1000, "it never ends");
        }
        assert!(turns > 3, "in slices");
        assert_eq!(reconciler.counts(), (3000, 50));
        let shown = routes("main");
        assert_eq!(shown.len(), 3050);
        let wrong: Vec<_> = shown.iter().filter(|line| line.contains("9 dev")).collect();
        assert_eq!(wrong, Vec::<&String>::new());
    });
}

#[test]
fn a_flushed_table_comes_back() {
    in_namespace("fib-flush", || {
        veth();
        let mut worker = start(&config());
        let count = 20_000;
        feed(&mut worker, (0..count).map(|n| numbered(n, "10.1.1.2")));
        assert_eq!(worker.status().installed_v4, count);
        ip("route flush proto bgp");
        eventually("all back", || {
            ip("route show proto bgp").lines().count() as u64 == count
                && worker.status().failed_total == 0
        });
    });
}

fn numbered(n: u64, via: &str) -> FibChange {
    install(
        &format!("{}.{}.{}.0/24", 20 + n / 65536, n / 256 % 256, n % 256),
        via,
    )
}

fn numbered6(n: u64, via: &str) -> FibChange {
    install(&format!("2001:{:x}:{:x}::/48", n / 65536, n % 65536), via)
}

/// As the engine does it: what is asked for, when it is asked for; returns when all is written.
fn feed(worker: &mut Worker, changes: impl Iterator<Item = FibChange>) -> Duration {
    let changes: Vec<_> = changes.collect();
    let began = crate::clock::now();
    let mut rest = changes.into_iter().peekable();
    while rest.peek().is_some() {
        match worker.demand() {
            Demand::Changes(room) => worker.give(rest.by_ref().take(room).collect(), false),
            _ => std::thread::yield_now(),
        }
    }
    while worker.status().pending > 0 {
        std::thread::sleep(Duration::from_micros(100));
    }
    Instant::elapsed(&began)
}

#[test]
fn a_hundred_thousand_routes() {
    in_namespace("fib-large", || {
        veth();
        let count = 100_000;
        let mut worker = start(&config());
        // What the kernel itself takes: the same messages, ready made, from one loop.
        let mut bare = Channel::open(1 << 20).unwrap();
        let identity = message::Identity::of(&config());
        let mut batches: Vec<Vec<u8>> = Vec::new();
        for n in 0..count {
            let FibChange::Install(route) = numbered(n, "10.1.1.2") else {
                unreachable!()
            };
            let request = message::route(&route.prefix, &route.next_hops, None, &identity);
            if n % 256 == 0 {
                batches.push(Vec::new());
            }
            let request = rtnetlink::packet_route::RouteNetlinkMessage::NewRoute(request);
            let flags = 1 | 0x400 | 0x200;
            crate::netlink::append(batches.last_mut().unwrap(), request, flags, 0);
        }
        let rate = |what: &str, took: Duration| {
            let rate = count as f64 / took.as_secs_f64();
            eprintln!("{what}: {count} in {took:.2?}, {rate:.0} routes/s");
        };
        let began = crate::clock::now();
        for batch in &batches {
            bare.send(batch).unwrap();
        }
        rate("floor, IPv4", began.elapsed());
        assert!(
            matches!(bare.receive(false).unwrap(), Received::Nothing),
            "nothing is refused"
        );
        ip("route flush proto bgp");
        assert_eq!(worker.status().installed_v4, 0);
        rate(
            "install IPv4",
            feed(&mut worker, (0..count).map(|n| numbered(n, "10.1.1.2"))),
        );
        rate(
            "change IPv4",
            feed(&mut worker, (0..count).map(|n| numbered(n, "10.1.1.3"))),
        );
        rate(
            "install IPv6",
            feed(&mut worker, (0..count).map(|n| numbered6(n, "fd00::2"))),
        );
        let status = worker.status();
        assert_eq!((status.installed_v4, status.installed_v6), (count, count));
        assert_eq!((status.failed_total, status.restored), (0, 0));
        assert_eq!(
            ip("route show proto bgp via 10.1.1.3").lines().count() as u64,
            count
        );
        worker.shutdown(true);
        let began = crate::clock::now();
        let mut worker = start(&config());
        eventually("adopted", || worker.status().adopted == 2 * count);
        rate("read back, two of them", began.elapsed());
        let mut ear = Ear::open();
        rate(
            "claim IPv4",
            feed(&mut worker, (0..count).map(|n| numbered(n, "10.1.1.3"))),
        );
        assert_eq!(ear.heard(), (0, 0), "nothing flaps");
        drop(ear);
        let gone = |change: FibChange| FibChange::Remove(change.prefix());
        rate(
            "remove IPv4",
            feed(
                &mut worker,
                (0..count).map(|n| gone(numbered(n, "10.1.1.3"))),
            ),
        );
        let began = crate::clock::now();
        worker.settled();
        eventually("swept", || worker.status().swept == count);
        rate("sweep IPv6", began.elapsed());
        assert_eq!(routes("main"), Vec::<String>::new());
    });
}

#[test]
fn another_speakers_routes_are_told_with_a_remedy() {
    in_namespace("fib-survey", || {
        veth();
        assert_eq!(survey(&config()).unwrap(), Vec::<String>::new());
        ip("route add 10.9.0.0/16 via 10.1.1.2 proto bird");
        ip("route add 10.8.0.0/16 via 10.1.1.2 proto bird");
        ip("-6 route add fd09::/32 via fd00::2 proto bgp metric 20");
        ip("route add 10.7.0.0/16 via 10.1.1.2 proto static");
        ip("route add 10.6.0.0/16 via 10.1.1.2 proto bgp metric 32");
        ip("route add 10.9.0.0/16 via 10.1.1.2 proto zebra table 1000");
        let told = survey(&config()).unwrap();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with(
            "table main holds 2 IPv4 routes of proto bird with metric 0: they win over ours"
        ));
        assert!(told[0].contains("adopt = [\"bird\"]"), "{told:?}");
        assert!(
            told[1].contains("1 IPv6 route of proto bgp with metric 20"),
            "{told:?}"
        );
        assert!(told[1].contains("our own protocol number"), "{told:?}");
    });
}

#[test]
fn a_batch_with_every_kind_of_failure_fails_only_there() {
    in_namespace("fib-mixed", || {
        veth();
        ip("route add 10.50.0.0/16 via 10.1.1.9 proto static metric 32");
        let mut worker = start(&config());
        let mut changes: Vec<_> = (0..600)
            .map(|n| {
                install(
                    &format!("10.{}.{}.0/24", 100 + n / 250, n % 250),
                    "10.1.1.2",
                )
            })
            .collect();
        changes.insert(100, install("10.50.0.0/16", "10.1.1.2"));
        changes.insert(200, install("10.51.0.0/16", "10.77.1.1"));
        changes.insert(300, install("fd52::/32", "fd00::1"));
        changes.insert(400, remove("10.53.0.0/16"));
        give(&mut worker, changes);
        fails_with(&worker, "10.50.0.0/16", "proto static");
        fails_with(
            &worker,
            "10.51.0.0/16",
            "no connected network holds 10.77.1.1",
        );
        fails_with(&worker, "fd52::/32", "Gateway can not be a local address");
        let status = worker.status();
        assert_eq!((status.installed_v4, status.failed_total), (600, 3));
        assert_eq!(routes("main").len(), 601);
    });
}

#[test]
fn routes_edited_by_another_at_random_end_as_wanted() {
    in_namespace("fib-chaos", || {
        veth();
        let mut worker = start(&config());
        let count = 3000;
        feed(&mut worker, (0..count).map(|n| numbered(n, "10.1.1.2")));
        // Whole sweeps of deletions and replacements, while we change every route.
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let lines: String = (0..count)
                    .map(|n| {
                        let prefix = numbered(n, "10.1.1.2").prefix();
                        match n % 3 {
                            0 => format!("route del {prefix} proto bgp\n"),
                            1 => {
                                format!("route replace {prefix} via 10.1.1.9 proto bgp metric 32\n")
                            }
                            _ => format!(
                                "route append {prefix} via 10.1.1.9 proto static metric 32\n"
                            ),
                        }
                    })
                    .collect();
                ip_batch(&lines);
            });
            feed(&mut worker, (0..count).map(|n| numbered(n, "10.1.1.3")));
        });
        eventually("as wanted", || {
            let ours = ip("route show proto bgp");
            ours.lines().count() as u64 == count
                && ours.lines().all(|line| line.contains("via 10.1.1.3"))
        });
        let foreign = ip("route show proto static").lines().count() as u64;
        assert_eq!(foreign, count / 3, "what others put beside ours is theirs");
    });
}

#[test]
fn lost_answers_are_read_back() {
    in_namespace("fib-enobufs-answers", || {
        veth();
        let kernel = config();
        let fib = NetlinkFib::with_buffers(&kernel, 2304, 1 << 20).unwrap();
        let mut worker = Worker::start(Box::new(fib), kernel, Arc::new(|| {})).unwrap();
        // Two of three are refused, far more than the buffer has room for.
        let via = |n: u64| {
            if n.is_multiple_of(3) {
                "10.1.1.2"
            } else {
                "10.77.1.2"
            }
        };
        feed(&mut worker, (0..900).map(|n| numbered(n, via(n))));
        eventually("all is known", || worker.status().failed_total == 600);
        assert_eq!(worker.status().installed_v4, 300);
        assert_eq!(routes("main").len(), 300);
        ip("addr add 10.77.1.1/24 dev v0");
        eventually("all is there", || routes("main").len() == 900);
        assert_eq!(worker.status().failed_total, 0);
    });
}

#[test]
fn lost_events_are_made_up_for() {
    in_namespace("fib-enobufs-events", || {
        veth();
        let kernel = config();
        let fib = NetlinkFib::with_buffers(&kernel, 1 << 20, 2304).unwrap();
        let mut worker = Worker::start(Box::new(fib), kernel, Arc::new(|| {})).unwrap();
        feed(&mut worker, (0..3000).map(|n| numbered(n, "10.1.1.2")));
        let delete: String = (0..3000)
            .map(|n| format!("route del {} proto bgp\n", numbered(n, "10.1.1.2").prefix()))
            .collect();
        ip_batch(&delete);
        eventually("all is there", || routes("main").len() == 3000);
        let reason = worker.status().last_resync_reason;
        assert_eq!(reason.as_deref(), Some("events of the kernel were lost"));
    });
}
