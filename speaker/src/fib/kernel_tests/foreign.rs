//! Other programs' routes, and other programs' hands on ours.
use super::*;

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
