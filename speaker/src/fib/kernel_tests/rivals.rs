//! Routes of others with a lower metric, and what was ours under another protocol number.
use super::*;
use crate::fib::{filter::event_filter, message::Identity};

#[test]
fn a_lower_metric_of_others_is_told_by_event_and_by_walk() {
    in_namespace("fib-overruled", || {
        veth();
        ip("route add 10.9.0.0/16 via 10.1.1.9 proto static metric 31");
        ip("route add 10.8.0.0/16 via 10.1.1.9 proto static metric 33");
        let mut worker = start(&config());
        give(
            &mut worker,
            vec![
                install("10.9.0.0/16", "10.1.1.2"),
                install("10.8.0.0/16", "10.1.1.2"),
                install("10.7.0.0/16", "10.1.1.2"),
                install("fd09::/32", "fd00::2"),
            ],
        );
        let wins = |prefix: &str| worker.overruled(&prefix.parse().unwrap());
        // There before us: found by the walk at the start.
        eventually("told", || {
            wins("10.9.0.0/16").as_deref()
                == Some("10.9.0.0/16 via 10.1.1.9 dev v0 proto static metric 31")
        });
        assert_eq!(wins("10.8.0.0/16"), None, "ours wins");
        // And by events, with no metric at all and with one just below ours.
        ip("route add 10.7.0.0/16 via 10.1.1.9");
        ip("-6 route add fd09::/32 via fd00::9 metric 31");
        eventually("told", || {
            wins("10.7.0.0/16").is_some() && wins("fd09::/32").is_some()
        });
        assert_eq!(worker.status().overruled_total, 3);
        ip("route del 10.7.0.0/16 metric 0");
        ip("-6 route del fd09::/32 metric 31");
        ip("route del 10.9.0.0/16 metric 31");
        eventually("over", || worker.status().overruled_total == 0);
        assert_eq!(worker.status().installed_v4, 3);
    });
}

#[test]
fn only_events_that_matter_reach_us() {
    in_namespace("fib-filter", || {
        veth();
        for metric in [32, 256, 70_000] {
            let identity = Identity {
                table: 254,
                metric,
                protocol: 186,
            };
            let groups = [group::IPV4_ROUTE, group::IPV6_ROUTE];
            let filter = event_filter(4711, &identity);
            let mut ear = Ear(Channel::listen(&groups, 1 << 20, &filter).unwrap());
            let mut heard = |what: &str| {
                ip(what);
                ear.events().len()
            };
            let add =
                |metric: u32| format!("route add 10.9.0.0/16 dev v0 proto static metric {metric}");
            let del = |metric: u32| format!("route del 10.9.0.0/16 dev v0 metric {metric}");
            for (other, wanted) in [
                (0, 1),
                (1, 1),
                (metric - 1, 1),
                (metric, 0),
                (metric + 1, 0),
                (metric * 2, 0),
                (u32::MAX, 0),
            ] {
                assert_eq!(heard(&add(other)), wanted, "{other} beside {metric}");
                assert_eq!(heard(&del(other)), 1, "deletions all count");
            }
            assert_eq!(heard("-6 route add fd09::/32 dev v0 metric 1"), 1);
            assert_eq!(heard("-6 route add fd09::/32 dev v0 metric 70001"), 0);
            assert_eq!(heard("-6 route replace fd09::/32 dev lo metric 70001"), 1);
            assert_eq!(heard("-6 route del fd09::/32 metric 1"), 1);
            assert_eq!(heard("-6 route del fd09::/32 metric 70001"), 1);
            assert_eq!(heard("route add table 7 10.9.0.0/16 dev v0 metric 1"), 0);
            assert_eq!(heard("route del table 7 10.9.0.0/16 dev v0 metric 1"), 0);
        }
    });
}

#[test]
fn another_protocol_number_takes_the_routes_over_in_their_places() {
    in_namespace("fib-inherit", || {
        veth();
        let old = config();
        let mut worker = start(&old);
        let count = 500;
        let wanted = |via: &'static str, via6: &'static str| {
            (0..count).flat_map(move |n| [numbered(n, via), numbered6(n, via6)])
        };
        feed(&mut worker, wanted("10.1.1.2", "fd00::2"));
        worker.shutdown(true);
        // Not ours under the old number either: another metric.
        ip("route add 10.9.0.0/16 via 10.1.1.9 proto bgp metric 33");
        let new = Kernel {
            protocol: 200,
            ..old.clone()
        };
        let mut ear = Ear::open();
        let fib = NetlinkFib::open(&new).unwrap().inheriting(&old);
        let mut worker = Worker::start(Box::new(fib), new, Arc::new(|| {}), None).unwrap();
        feed(&mut worker, wanted("10.1.1.2", "fd00::2"));
        worker.settled();
        eventually("all moved", || {
            ip("route show proto 200").lines().count() as u64 == count
                && ip("-6 route show proto 200").lines().count() as u64 == count
                && ip("-6 route show proto bgp").is_empty()
        });
        assert_eq!(ip("route show proto bgp").lines().count(), 1);
        let (new, gone) = ear.heard();
        assert_eq!(new as u64, 2 * count);
        assert!(gone as u64 <= 2 * count);
        assert_eq!(worker.status().failed_total, 0);
    });
}
