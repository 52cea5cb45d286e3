//! The kernel table in an operator's hands: emptied, moved, and overruled by others.
use std::collections::BTreeSet;
use tests::{
    Azure, Bird, Lab, Myna, Needs, RouteMonitor, SOON, Signal, eventually, same, shown, text,
};

const PREFIXES: [&str; 3] = ["192.168.0.0/16", "172.16.0.0/12", "10.64.0.0/10"];
/// Not ours: another protocol with our metric, our protocol with another metric.
const FOREIGN: [&str; 2] = [
    "10.200.0.0/16 via 10.1.1.2 dev to-azure proto static metric 32",
    "10.201.0.0/16 via 10.1.1.2 dev to-azure proto bgp metric 33",
];

struct Story {
    lab: Lab,
    _azure: Bird,
    myna: Myna,
}

impl Story {
    /// Established, with all of [`PREFIXES`] installed beside [`FOREIGN`].
    fn new(config: &str) -> Self {
        let lab = Lab::new();
        for route in FOREIGN {
            lab.host.ip(&format!("route add {route}"));
        }
        let azure = Azure {
            announces: PREFIXES.map(str::to_owned).into(),
            ..Azure::default()
        };
        let azure = Bird::start(&lab.azure, &azure.config());
        let myna = Myna::start(&lab.host, config);
        myna.established("bgp1", SOON);
        let story = Self {
            lab,
            _azure: azure,
            myna,
        };
        story.has(&installed("proto bgp metric 32"));
        story
    }

    /// Waits until the host's table is the foreign routes and `wanted`.
    #[track_caller]
    fn has(&self, wanted: &[String]) {
        let mut all: BTreeSet<String> = FOREIGN.map(str::to_owned).into();
        all.insert("10.1.1.0/30 dev to-azure proto kernel scope link src 10.1.1.1".to_owned());
        all.extend(wanted.iter().cloned());
        eventually("the table", SOON, || same(&self.lab.host.routes4(), &all));
    }

    fn opens(&self) -> String {
        self.myna.neighbor("bgp1")["messages"]["opens_out"].to_string()
    }
}

fn installed(how: &str) -> Vec<String> {
    PREFIXES
        .map(|prefix| format!("{prefix} via 10.1.1.2 dev to-azure {how}"))
        .into()
}

#[test]
fn a_running_daemon_flushes_and_restores_while_its_session_goes_on() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::new(Azure::HOST);
    let opens = story.opens();
    let refused = story.myna.command(&["kernel", "restore"]);
    assert!(!refused.status.success(), "there is nothing to restore");

    let told = story.myna.says(&["kernel", "flush"]);
    assert!(
        told.contains("removed 3 IPv4 routes and 0 IPv6 routes"),
        "{told}"
    );
    story.has(&[]);
    let kernel = story.myna.kernel();
    assert_eq!(kernel["flushed"], true, "{kernel}");
    let told = story.myna.says(&["show", "kernel"]);
    assert!(told.contains("myna kernel restore"), "{told}");
    // Nothing changed in the file, so a reload changes nothing here.
    let _ = story.myna.says(&["reload"]);
    assert_eq!(story.myna.kernel()["flushed"], true);
    story.has(&[]);

    let _ = story.myna.says(&["kernel", "restore"]);
    story.has(&installed("proto bgp metric 32"));
    let kernel = story.myna.kernel();
    assert_eq!(kernel["flushed"], false, "{kernel}");
    assert_eq!(kernel["installed_v4"], 3, "{kernel}");
    assert_eq!(story.opens(), opens, "the session was never touched");
}

#[test]
fn without_a_daemon_flush_removes_what_is_ours_and_nothing_else() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let mut story = Story::new(Azure::HOST);
    story.myna.signal(Signal::SIGKILL);
    story.myna.kill();
    story.has(&installed("proto bgp metric 32"));
    let config = story.myna.config();
    let config = config.to_string_lossy();
    let flush = ["kernel", "flush", "--config", &config];
    let told = story.myna.says(&flush);
    assert!(told.starts_with("removed 3 IPv4 routes"), "{told}");
    story.has(&[]);
    let told = story.myna.says(&flush);
    assert!(told.starts_with("removed 0 IPv4 routes"), "{told}");

    story.myna.write_config("local-as = 65530\nlisten = []");
    let refused = story.myna.command(&flush);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("no [kernel]"),
        "{said}"
    );
}

#[test]
fn a_dry_run_tells_and_writes_nothing() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let azure = Azure {
        announces: PREFIXES.map(str::to_owned).into(),
        ..Azure::default()
    };
    let _azure = Bird::start(&lab.azure, &azure.config());
    let before = lab.host.routes4();
    let config = Azure::host_with(&[("metric = 32", "metric = 32\ndry-run = true")]);
    let myna = Myna::start(&lab.host, &config);
    myna.established("bgp1", SOON);
    eventually("all would be there", SOON, || {
        let kernel = myna.kernel();
        shown(kernel["installed_v4"] == 3, &kernel)
    });
    assert_eq!(myna.kernel()["dry_run"], true);
    let told = myna.says(&["show", "kernel"]);
    assert!(told.contains("nothing is written"), "{told}");
    let told = myna.says(&["explain", "172.16.0.0/12"]);
    assert!(
        told.contains("stopped before the kernel: would be"),
        "{told}"
    );
    let refused = myna.command(&["kernel", "flush"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("dry run"),
        "{said}"
    );
    assert!(
        myna.log().contains("dry run: would add a route"),
        "{}",
        myna.log()
    );
    assert_eq!(lab.host.routes4(), before);
}

#[test]
fn a_changed_metric_protocol_or_table_leaves_no_gap() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::new(Azure::HOST);
    let opens = story.opens();
    let change = |section: &str| {
        let monitor = RouteMonitor::start(&story.lab.host);
        let config = Azure::host_with(&[("table = \"main\"\nmetric = 32", section)]);
        story.myna.write_config(&config);
        let _ = story.myna.says(&["reload"]);
        monitor
    };
    // What a forwarding host would see of one destination: never fewer than one route.
    let no_gap = |monitor: &RouteMonitor| {
        let mut routes = 1;
        for line in monitor.changes_of("172.16.0.0/12") {
            routes += if line.starts_with("Deleted") { -1 } else { 1 };
            assert!(routes >= 1, "{:#?}", monitor.changes());
        }
        assert_eq!(routes, 1, "{:#?}", monitor.changes());
    };

    let monitor = change("table = \"main\"\nmetric = 40");
    story.has(&installed("proto bgp metric 40"));
    no_gap(&monitor);
    let monitor = change("table = \"main\"\nmetric = 40\nprotocol = 200");
    story.has(&installed("proto 200 metric 40"));
    no_gap(&monitor);
    let monitor = change("table = 1000\nmetric = 40\nprotocol = 200");
    story.has(&[]);
    let there = story.lab.host.ip("-4 route show table 1000");
    assert_eq!(there.lines().count(), PREFIXES.len(), "{there}");
    no_gap(&monitor);
    // Back again, and what was adopted from before the start is not counted anew.
    let monitor = change("table = \"main\"\nmetric = 32");
    story.has(&installed("proto bgp metric 32"));
    no_gap(&monitor);
    let kernel = story.myna.kernel();
    for counter in ["adopted", "swept", "restored"] {
        assert_eq!(kernel[counter], 0, "{counter}: {kernel}");
    }
    let there = story.lab.host.ip("-4 route show table 1000");
    assert_eq!(there, "", "nothing is left behind");
    assert_eq!(story.opens(), opens, "the session was never touched");
}

#[test]
fn a_foreign_route_with_a_lower_metric_is_said_to_win() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::new(Azure::HOST);
    let of = |prefix: &str| {
        let routes = story.myna.routes(&[prefix]);
        let route = routes.iter().find(|route| text(route, "prefix") == prefix);
        text(route.expect("a route"), "kernel").to_owned()
    };
    assert_eq!(of("172.16.0.0/12"), "installed");
    story
        .lab
        .host
        .ip("route add 172.16.0.0/12 dev lo proto static metric 5");
    eventually("the loser is named", SOON, || {
        let kernel = of("172.16.0.0/12");
        shown(
            kernel.starts_with("installed, but")
                && kernel.contains("172.16.0.0/12 dev lo proto static metric 5"),
            &kernel,
        )
    });
    let kernel = story.myna.kernel();
    assert_eq!(kernel["overruled_total"], 1, "{kernel}");
    assert_eq!(kernel["overruled"][0]["prefix"], "172.16.0.0/12");
    let told = story.myna.says(&["show", "kernel"]);
    assert!(told.contains("Without effect"), "{told}");
    story.lab.host.ip("route del 172.16.0.0/12 metric 5");
    eventually("it is over", SOON, || {
        let kernel = of("172.16.0.0/12");
        shown(kernel == "installed", &kernel)
    });
}
