//! Next hops that are not on a link.
use super::*;

#[test]
fn a_next_hop_elsewhere_is_reached_by_the_way_the_kernel_takes() {
    in_namespace("fib-recursive", || {
        veth();
        ip("route add 10.77.0.0/16 via 10.1.1.9 proto static metric 100");
        ip("-6 route add fd77::/32 via fd00::9 proto static metric 100");
        let mut worker = start(&config());
        let wanted = vec![
            install("20.0.0.0/8", "10.77.1.2"),
            install("fd20::/16", "fd77::2"),
        ];
        give(&mut worker, wanted.clone());
        let ours = |v4: &str, v6: &str| {
            [
                format!("20.0.0.0/8 via {v4} dev v0 proto bgp metric 32"),
                format!("fd20::/16 via {v6} dev v0 proto bgp metric 32"),
            ]
        };
        let become_ours = |wanted: &[String]| {
            let mut now = Vec::new();
            let began = crate::clock::now();
            while began.elapsed() < Duration::from_secs(10) {
                now = routes("main");
                now.retain(|line| line.contains("proto bgp"));
                if now == wanted {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(now, wanted);
        };
        become_ours(&ours("10.1.1.9", "fd00::9"));
        let told = worker.status().next_hops;
        assert_eq!(told.len(), 2);
        assert!(
            told[0].how.contains("10.77.0.0/16 via 10.1.1.9 dev v0"),
            "{told:?}"
        );
        // The way changes, goes, comes back, and gets shorter: by events alone.
        ip("route replace 10.77.0.0/16 via 10.1.1.8 proto static metric 100");
        ip("-6 route replace fd77::/32 via fd00::8 proto static metric 100");
        become_ours(&ours("10.1.1.8", "fd00::8"));
        ip("route add 10.77.1.0/24 via 10.1.1.7 proto static metric 200");
        ip("-6 route add fd77::/48 via fd00::7 proto static metric 200");
        become_ours(&ours("10.1.1.7", "fd00::7"));
        ip("route flush proto static");
        ip("-6 route flush proto static");
        become_ours(&[]);
        fails_with(&worker, "20.0.0.0/8", "no connected network holds");
        ip("route add 10.77.0.0/16 via 10.1.1.9 proto static metric 100");
        ip("-6 route add fd77::/32 via fd00::9 proto static metric 100");
        become_ours(&ours("10.1.1.9", "fd00::9"));
        assert_eq!(worker.status().failed_total, 0);
        // What was written so is known again after a restart.
        worker.shutdown(true);
        let mut ear = Ear::open();
        let mut worker = start(&config());
        give(&mut worker, wanted);
        worker.settled();
        eventually("claimed", || worker.status().installed_v6 == 1);
        assert_eq!(ear.heard(), (0, 0), "nothing flaps");
        // And a link of our own is the shortest way.
        ip("addr add 10.77.1.1/24 dev v0");
        ip("addr add fd77::1/64 dev v0 nodad");
        become_ours(&ours("10.77.1.2", "fd77::2"));
        eventually("nothing is elsewhere", || {
            worker.status().next_hops.is_empty()
        });
    });
}

#[test]
fn a_route_of_ours_may_lead_to_a_next_hop_but_not_in_a_circle() {
    in_namespace("fib-recursive-own", || {
        veth();
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.78.0.0/16", "10.1.1.2"),
                install("21.0.0.0/8", "10.78.0.1"),
            ],
        );
        let both = |via: &str| {
            [
                format!("10.78.0.0/16 via {via} dev v0 proto bgp metric 32"),
                format!("21.0.0.0/8 via {via} dev v0 proto bgp metric 32"),
            ]
        };
        let hold = |wanted: &[String]| {
            eventually("the table", || routes("main") == wanted);
        };
        hold(&both("10.1.1.2"));
        give(&mut worker, vec![install("10.78.0.0/16", "10.1.1.3")]);
        hold(&both("10.1.1.3"));
        give(&mut worker, vec![remove("10.78.0.0/16")]);
        hold(&[]);
        fails_with(
            &worker,
            "21.0.0.0/8",
            "no connected network holds 10.78.0.1",
        );
        give(&mut worker, vec![install("10.78.0.0/16", "10.1.1.2")]);
        hold(&both("10.1.1.2"));
        give(
            &mut worker,
            vec![remove("10.78.0.0/16"), remove("21.0.0.0/8")],
        );
        hold(&[]);

        // Each holds the other's next hop, and both lead to the default route at first.
        ip("route add default via 10.1.1.9 proto static");
        give(
            &mut worker,
            vec![
                install("30.0.0.0/8", "31.0.0.1"),
                install("31.0.0.0/8", "30.0.0.1"),
                // Its next hop lies in itself.
                install("32.0.0.0/8", "32.0.0.1"),
            ],
        );
        fails_with(&worker, "32.0.0.0/8", "no connected network holds 32.0.0.1");
        let quiet = |ear: &mut Ear| {
            std::thread::sleep(Duration::from_millis(100));
            ear.heard() == (0, 0)
        };
        let mut ear = Ear::open();
        eventually("they come to rest", || quiet(&mut ear));
        let circle = routes("main");
        assert!(
            circle
                .iter()
                .filter(|line| line.contains("proto bgp"))
                .count()
                <= 1,
            "{circle:?}"
        );
    });
}

#[test]
fn a_changed_way_moves_all_that_use_it() {
    in_namespace("fib-recursive-many", || {
        veth();
        ip("route add 10.77.0.0/16 via 10.1.1.9 proto static metric 100");
        let mut worker = start(&config());
        let count = 5000;
        feed(&mut worker, (0..count).map(|n| numbered(n, "10.77.1.2")));
        let through = |via: &str| {
            ip(&format!("route show proto bgp via {via}"))
                .lines()
                .count()
        };
        assert_eq!(through("10.1.1.9") as u64, count);
        ip("route replace 10.77.0.0/16 via 10.1.1.8 proto static metric 100");
        eventually("all moved", || through("10.1.1.8") as u64 == count);
        ip("link set v0 down");
        eventually("all wait", || worker.status().failed_total == count);
        ip("link set v0 up");
        ip("route add 10.77.0.0/16 via 10.1.1.7 proto static metric 100");
        eventually("all back", || through("10.1.1.7") as u64 == count);
        assert_eq!(worker.status().failed_total, 0);
    });
}
