//! Links, restarts, floods and lost messages.
use super::*;

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
fn shutdown_keeps_or_removes() {
    in_namespace("fib-shutdown", || {
        veth();
        let mut worker = start(&config());
        worker.give(vec![
            install("10.9.0.0/16", "10.1.1.2"),
            install("fd09::/32", "fd00::2"),
        ]);
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
        let mut reconciler = reconcile::Reconciler::new(Box::new(fib), Arc::clone(&report), now);
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
        delete_behind(count);
        eventually("all back", || {
            ip("route show proto bgp").lines().count() as u64 == count
                && worker.status().failed_total == 0
        });
    });
}

#[test]
fn a_hundred_thousand_routes() {
    in_namespace("fib-large", || {
        veth();
        let count = 100_000;
        let rate = |what: &str, took: Duration| {
            let rate = count as f64 / took.as_secs_f64();
            eprintln!("{what}: {count} in {took:.2?}, {rate:.0} routes/s");
        };
        // What the kernel itself takes: the same messages, ready made, from one loop.
        let batches = batches_of_another(count, false);
        let began = crate::clock::now();
        send_as_another(&batches);
        rate("floor, IPv4", began.elapsed());
        delete_behind(count);
        let mut worker = start(&config());
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
fn lost_answers_are_read_back() {
    in_namespace("fib-enobufs-answers", || {
        veth();
        let kernel = config();
        let fib = NetlinkFib::with_buffers(&kernel, 2304, 1 << 20).unwrap();
        let mut worker = Worker::start(Box::new(fib), kernel, Arc::new(|| {}), None).unwrap();
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
        let now = crate::clock::now();
        let report = Arc::<std::sync::Mutex<report::Report>>::default();
        let mut reconciler = reconcile::Reconciler::new(Box::new(fib), Arc::clone(&report), now);
        reconciler.adopt(now).unwrap();
        let changes = (0..3000).map(|n| numbered(n, "10.1.1.2"));
        reconciler.apply(changes.collect(), now);
        // Nobody listens meanwhile, and a handful of events is all that the buffer holds.
        delete_behind(3000);
        assert_eq!(routes("main").len(), 0);
        eventually("all is there", || {
            reconciler.hear(Duration::ZERO, crate::clock::now).unwrap();
            let idle = reconciler.turn(crate::clock::now()).is_some();
            idle && ip("route show proto bgp").lines().count() == 3000
        });
        let status = report.lock().unwrap().view(&kernel, 0);
        let reason = status.last_resync_reason;
        assert_eq!(reason.as_deref(), Some("events of the kernel were lost"));
        assert_eq!(status.restored, 3000);
    });
}
