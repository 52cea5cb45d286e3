//! Ends and beginnings: a crash, a clean stop, a graceful one, and taking over from BIRD.
use std::collections::BTreeSet;
use tests::{
    Azure, Bird, Duration, Lab, Myna, Needs, RouteMonitor, SOON, Signal, eventually, holds, same,
    set, shown,
};

const CONNECTED: &str = "10.1.1.0/30 dev to-azure proto kernel scope link src 10.1.1.1";

fn ours(prefix: &str) -> String {
    format!("{prefix} via 10.1.1.2 dev to-azure proto bgp metric 32")
}

fn with_connected<const N: usize>(prefixes: [&str; N]) -> BTreeSet<String> {
    let mut routes = set([CONNECTED]);
    routes.extend(prefixes.map(ours));
    routes
}

fn azure(announces: &[&str]) -> Azure {
    Azure {
        announces: announces.iter().map(|&prefix| prefix.to_owned()).collect(),
        ..Azure::default()
    }
}

#[test]
fn after_a_crash_what_did_not_change_does_not_flap() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let bird = Bird::start(
        &lab.azure,
        &azure(&["192.168.0.0/16", "172.16.0.0/12", "198.18.0.0/15"]).config(),
    );
    let mut myna = Myna::start(&lab.host, Azure::HOST);
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    myna.established("bgp1", SOON);
    let before = with_connected(["192.168.0.0/16", "172.16.0.0/12", "198.18.0.0/15"]);
    eventually("installed", SOON, || same(&lab.host.routes4(), &before));
    eventually("announced", SOON, || {
        same(&bird.prefixes("host"), &set(["192.168.100.0/24"]))
    });

    let monitor = RouteMonitor::start(&lab.host);
    myna.kill();
    // It keeps our route meanwhile, as it is told by graceful restart.
    eventually("Azure notices", SOON, || {
        let protocol = bird.protocol("host");
        shown(protocol.info != "Established", &protocol.text)
    });
    assert_eq!(lab.host.routes4(), before, "a crash leaves routes behind");
    // While nobody looks, one route goes, one comes, and our own address goes.
    bird.reconfigure(&azure(&["192.168.0.0/16", "172.16.0.0/12", "203.0.112.0/24"]).config());
    lab.host.ip("addr del 192.168.100.1/24 dev lo");
    lab.host.ip("addr add 192.168.101.1/24 dev lo");

    myna.start_again();
    myna.established("bgp1", SOON);
    let after = with_connected(["192.168.0.0/16", "172.16.0.0/12", "203.0.112.0/24"]);
    eventually("reconciled", SOON, || same(&lab.host.routes4(), &after));
    eventually("settled", SOON, || {
        let kernel = myna.kernel();
        shown(kernel["pending"] == 0 && kernel["swept"] == 1, &kernel)
    });
    for unchanged in ["192.168.0.0/16", "172.16.0.0/12"] {
        assert_eq!(
            monitor.changes_of(unchanged),
            Vec::<String>::new(),
            "{unchanged} did not change"
        );
    }
    assert_eq!(monitor.changes_of("198.18.0.0/15").len(), 1);
    assert_eq!(monitor.changes_of("203.0.112.0/24").len(), 1);
    holds(
        "the old prefix is not announced",
        Duration::from_secs(1),
        || same(&bird.prefixes("host"), &BTreeSet::new()),
    );
    assert!(
        lab.host.ping("192.168.101.1", "192.168.1.1") || lab.host.ping("10.1.1.1", "192.168.1.1")
    );
}

#[test]
fn routes_of_a_neighbor_that_is_gone_are_swept_after_a_crash() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let bird = Bird::start(&lab.azure, &Azure::default().config());
    let mut myna = Myna::start(&lab.host, Azure::HOST);
    eventually("installed", SOON, || {
        same(&lab.host.routes4(), &with_connected(["192.168.0.0/16"]))
    });
    myna.kill();
    // The new configuration knows of no neighbor: nobody will ever confirm the route.
    let (without, _) = Azure::HOST
        .split_once("[[neighbor]]")
        .unwrap_or_else(|| panic!("the configuration has a neighbor"));
    myna.write_config(without);
    myna.start_again();
    eventually("swept", SOON, || {
        same(&lab.host.routes4(), &with_connected([]))
    });
    drop(bird);
}

#[test]
fn a_clean_stop_says_so_and_keeps_or_removes_routes_as_told() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    for (signal, keep) in [(Signal::SIGTERM, true), (Signal::SIGINT, false)] {
        let lab = Lab::new();
        let bird = Bird::start(&lab.azure, &Azure::default().config());
        let config =
            Azure::host_with(&[("keep-on-exit = true", &format!("keep-on-exit = {keep}"))]);
        let mut myna = Myna::start(&lab.host, &config);
        lab.host.ip("addr add 192.168.100.1/24 dev lo");
        let installed = with_connected(["192.168.0.0/16"]);
        eventually("installed", SOON, || same(&lab.host.routes4(), &installed));
        eventually("announced", SOON, || {
            same(&bird.prefixes("host"), &set(["192.168.100.0/24"]))
        });
        myna.signal(signal);
        let status = myna.ended();
        assert!(status.success(), "after {signal}: {status}");
        // Gone or there at once, not later: the process has ended.
        let left = if keep { installed } else { with_connected([]) };
        assert_eq!(lab.host.routes4(), left, "keep-on-exit = {keep}");
        eventually("BIRD was told: Cease/Administrative Shutdown", SOON, || {
            let log = bird.log();
            shown(log.contains("Received: Administrative shutdown"), &log)
        });
        eventually("and forgets our route", SOON, || {
            same(&bird.prefixes("host"), &BTreeSet::new())
        });
    }
}

#[test]
fn myna_stop_does_the_same() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let bird = Bird::start(&lab.azure, &Azure::default().config());
    let mut myna = Myna::start(&lab.host, Azure::HOST);
    myna.established("bgp1", SOON);
    let _ = myna.says(&["stop"]);
    let status = myna.ended();
    assert!(status.success(), "{status}");
    eventually("BIRD was told", SOON, || {
        let log = bird.log();
        shown(log.contains("Received: Administrative shutdown"), &log)
    });
}

#[test]
fn a_graceful_stop_sends_no_notification_and_keeps_the_routes() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let bird = Bird::start(&lab.azure, &Azure::default().config());
    // With `keep-on-exit` graceful restart is announced: forwarding goes on while we are away.
    let mut myna = Myna::start(&lab.host, Azure::HOST);
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    let installed = with_connected(["192.168.0.0/16"]);
    eventually("installed", SOON, || same(&lab.host.routes4(), &installed));
    eventually("announced", SOON, || {
        same(&bird.prefixes("host"), &set(["192.168.100.0/24"]))
    });
    let _ = myna.says(&["stop", "--graceful"]);
    let status = myna.ended();
    assert!(status.success(), "{status}");
    assert_eq!(lab.host.routes4(), installed);
    eventually("BIRD notices the end", SOON, || {
        let protocol = bird.protocol("host");
        shown(protocol.info != "Established", &protocol.text)
    });
    let log = bird.log();
    assert!(!log.contains("Received:"), "a NOTIFICATION came:\n{log}");
    // BIRD is aware of graceful restart, so it goes on forwarding to us.
    eventually("BIRD keeps our route", SOON, || {
        same(&bird.prefixes("host"), &set(["192.168.100.0/24"]))
    });
    let monitor = RouteMonitor::start(&lab.host);
    let there = RouteMonitor::start(&lab.azure);
    myna.start_again();
    myna.established("bgp1", SOON);
    eventually("settled", SOON, || {
        let kernel = myna.kernel();
        shown(
            kernel["pending"] == 0 && kernel["installed_v4"] == 1,
            &kernel,
        )
    });
    assert_eq!(monitor.changes_of("192.168.0.0/16"), Vec::<String>::new());
    holds(
        "Azure goes on forwarding to us",
        Duration::from_secs(1),
        || same(&bird.prefixes("host"), &set(["192.168.100.0/24"])),
    );
    assert_eq!(there.changes_of("192.168.100.0/24"), Vec::<String>::new());
}

/// The story's host as BIRD ran it. With metric 0, as BIRD 1.6 installed routes, a route that is
/// left behind beats every other one for ever.
fn predecessor(metric: u32) -> String {
    format!(
        r#"
log stderr all;
filter packet_bgp {{ if net = 192.168.100.0/24 then accept; reject; }}
router id 10.1.1.1;
protocol direct {{ ipv4; interface "lo"; }}
protocol device {{ scan time 1; }}
protocol kernel {{ persist; metric {metric}; ipv4 {{ import none; export all; }}; }}
protocol bgp bgp1 {{
  local as 65530; neighbor 10.1.1.2 as 12076; password "s3cret";
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 {{ import all; export filter packet_bgp; }};
}}
"#
    )
}

#[test]
fn a_table_left_behind_by_bird_is_adopted() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    for metric in [0, 32] {
        let lab = Lab::new();
        lab.host.ip("addr add 192.168.100.1/24 dev lo");
        let azure_side = azure(&["192.168.0.0/16", "172.16.0.0/12"]);
        let bird = Bird::start(&lab.azure, &azure_side.config());
        let mut old = Bird::start(&lab.host, &predecessor(metric));
        old.established("bgp1");
        let shown_metric = if metric == 0 { "" } else { " metric 32" };
        let left =
            |prefix: &str| format!("{prefix} via 10.1.1.2 dev to-azure proto bird{shown_metric}");
        let mut left_behind = set([CONNECTED]);
        left_behind.extend(["192.168.0.0/16", "172.16.0.0/12"].map(left));
        eventually("BIRD installs", SOON, || {
            lab.host
                .routes4()
                .is_superset(&left_behind)
                .then_some(())
                .ok_or_else(|| format!("{:#?}", lab.host.routes4()))
        });
        old.stop();
        // BIRD also exports its direct route of lo to the kernel; a persist leaves that, too.
        assert!(lab.host.routes4().is_superset(&left_behind));
        // One of them will never be announced again.
        bird.reconfigure(&azure(&["192.168.0.0/16"]).config());

        // Without being told, Myna leaves them alone, and `check` warns of them.
        let (status, said) = Myna::check(&lab.host, Azure::HOST);
        assert!(status.success(), "{said}");
        assert!(
            said.contains("bird") && said.contains("adopt"),
            "check does not warn of the routes of another speaker: {said}"
        );

        let monitor = RouteMonitor::start(&lab.host);
        let config = Azure::host_with(&[("metric = 32", "metric = 32\nadopt = [\"bird\"]")]);
        let myna = Myna::start(&lab.host, &config);
        myna.established("bgp1", SOON);
        eventually("taken over or swept", SOON, || {
            same(&lab.host.routes4(), &with_connected(["192.168.0.0/16"]))
        });
        // The destination was never without a route: ours came before BIRD's went.
        let changes = monitor.changes_of("192.168.0.0/16");
        let came = changes
            .iter()
            .position(|change| !change.starts_with("Deleted") && change.contains("proto bgp"));
        let went = changes
            .iter()
            .position(|change| change.starts_with("Deleted") && change.contains("proto bird"));
        match (came, went) {
            (Some(came), Some(went)) => assert!(came < went, "{changes:#?}"),
            // Replaced in place: the kernel tells one change.
            (Some(_), None) => {}
            _ => panic!("metric {metric}: {changes:#?}"),
        }
        assert!(lab.host.ping("192.168.100.1", "192.168.1.1"));
    }
}

#[test]
fn routes_of_bird_stay_where_myna_is_not_told_to_adopt() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    lab.host
        .ip("route add 172.16.0.0/12 via 10.1.1.2 dev to-azure proto bird");
    let _bird = Bird::start(&lab.azure, &Azure::default().config());
    let mut myna = Myna::start(&lab.host, Azure::HOST);
    let mut wanted = with_connected(["192.168.0.0/16"]);
    wanted.insert("172.16.0.0/12 via 10.1.1.2 dev to-azure proto bird".to_owned());
    eventually("installed beside it", SOON, || {
        same(&lab.host.routes4(), &wanted)
    });
    myna.stop();
    assert_eq!(lab.host.routes4(), wanted);
}

#[test]
fn check_says_that_the_port_is_taken() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let (status, said) = Myna::check(&lab.host, Azure::HOST);
    assert!(status.success(), "{said}");
    assert!(!said.contains("179"), "{said}");
    let bird = Bird::start(&lab.host, &predecessor(32));
    let (_, said) = Myna::check(&lab.host, Azure::HOST);
    assert!(said.contains("179"), "{said}");
    drop(bird);
}
