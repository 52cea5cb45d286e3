//! How routes get into the kernel and out of it.
use super::*;

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
        // Both additions, then both deletions.
        assert_eq!(ear.events(), [true, true, false, false]);
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
fn an_mtu_goes_with_the_route_and_comes_back_when_another_changes_it() {
    in_namespace("fib-mtu", || {
        veth();
        let kernel = Kernel {
            mtu: Some(Mtu {
                octets: 1400,
                locked: true,
            }),
            ..config()
        };
        let mut worker = start(&kernel);
        let wanted = vec![
            install("10.9.0.0/16", "10.1.1.2"),
            install("fd09::/32", "fd00::2"),
        ];
        give(&mut worker, wanted.clone());
        let with_mtu = [
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32 mtu lock 1400",
            "fd09::/32 via fd00::2 dev v0 proto bgp metric 32 mtu lock 1400",
        ];
        becomes(&with_mtu);
        give(&mut worker, vec![install("10.9.0.0/16", "10.1.1.3")]);
        give(&mut worker, vec![install("10.9.0.0/16", "10.1.1.2")]);
        becomes(&with_mtu);
        worker.shutdown(true);
        // Another MTU in the configuration is a difference to what was left.
        let other = Kernel {
            mtu: Some(Mtu {
                octets: 1300,
                locked: false,
            }),
            ..kernel
        };
        let mut worker = start(&other);
        give(&mut worker, wanted);
        worker.settled();
        becomes(&[
            "10.9.0.0/16 via 10.1.1.2 dev v0 proto bgp metric 32 mtu 1300",
            "fd09::/32 via fd00::2 dev v0 proto bgp metric 32 mtu 1300",
        ]);
    });
}

#[test]
fn a_dry_run_knows_what_would_become_and_writes_nothing() {
    in_namespace("fib-dry-run", || {
        veth();
        for route in [
            "10.6.0.0/16 via 10.1.1.2 proto bgp metric 32",
            "10.7.0.0/16 via 10.1.1.2 proto bgp metric 32",
            "10.8.0.0/16 via 10.1.1.9 proto static metric 32",
        ] {
            ip(&format!("route add {route}"));
        }
        let before = routes("main");
        let kernel = Kernel {
            dry_run: true,
            ..config()
        };
        let fib = DryRun::over(NetlinkFib::open(&kernel).unwrap());
        let mut worker = Worker::start(Box::new(fib), kernel, Arc::new(|| {}), None).unwrap();
        let mut ear = Ear::open();
        give(
            &mut worker,
            vec![
                install("10.7.0.0/16", "10.1.1.3"),
                install("10.8.0.0/16", "10.1.1.2"),
                install("10.9.0.0/16", "10.1.1.2"),
            ],
        );
        worker.settled();
        eventually("swept, as far as it goes", || worker.status().swept == 1);
        fails_with(&worker, "10.8.0.0/16", "proto static");
        let status = worker.status();
        assert!(status.dry_run);
        assert_eq!((status.installed_v4, status.adopted), (2, 2));
        worker.shutdown(false);
        assert_eq!(ear.heard(), (0, 0));
        assert_eq!(routes("main"), before);
    });
}
