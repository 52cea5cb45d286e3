//! A new configuration while running: what did not change is not touched.
use std::{collections::BTreeSet, fs};
use tests::{
    Azure, Bird, Duration, Lab, Myna, Needs, RouteMonitor, SOON, Signal, eventually, holds, said,
    same, set, shown, text,
};

const TWO_PREFIXES: (&str, &str) = (
    "accept = [\"192.168.100.0/24\"]",
    "accept = [\"192.168.100.0/24\", \"192.168.101.0/24\"]",
);

struct Story {
    lab: Lab,
    azure: Bird,
    myna: Myna,
}

impl Story {
    /// Established, with two addresses of which the filter accepts one.
    fn new() -> Self {
        let lab = Lab::new();
        lab.host.ip("addr add 192.168.100.1/24 dev lo");
        lab.host.ip("addr add 192.168.101.1/24 dev lo");
        let azure = Bird::start(&lab.azure, &Azure::default().config());
        let myna = Myna::start(&lab.host, Azure::HOST);
        myna.established("bgp1", SOON);
        let story = Self { lab, azure, myna };
        story.announces(&["192.168.100.0/24"]);
        story
    }

    fn announces(&self, prefixes: &[&str]) {
        let wanted: BTreeSet<_> = prefixes.iter().map(|&prefix| prefix.to_owned()).collect();
        eventually("announced", SOON, || {
            same(&self.azure.prefixes("host"), &wanted)
        });
    }

    /// What would be different after a session reset: since when both sides are Established, and
    /// how many OPENs were sent.
    fn session(&self) -> (String, String, String) {
        let neighbor = self.myna.neighbor("bgp1");
        assert_eq!(text(&neighbor, "state"), "Established", "{neighbor}");
        let azure = self.azure.protocol("host");
        assert_eq!(azure.info, "Established", "{}", azure.text);
        (
            text(&neighbor, "since").to_owned(),
            neighbor["messages"]["opens_out"].to_string(),
            azure.since,
        )
    }
}

#[test]
fn a_reload_adds_and_removes_a_prefix_without_a_session_reset() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::new();
    let session = story.session();
    let monitor = RouteMonitor::start(&story.lab.host);

    story.myna.write_config(&Azure::host_with(&[TWO_PREFIXES]));
    story.myna.signal(Signal::SIGHUP);
    story.announces(&["192.168.100.0/24", "192.168.101.0/24"]);
    assert_eq!(story.session(), session);

    story.myna.write_config(Azure::HOST);
    let told = story.myna.says(&["reload"]);
    assert!(
        told.contains("packet_bgp") || told.contains("bgp1"),
        "{told}"
    );
    story.announces(&["192.168.100.0/24"]);
    assert_eq!(story.session(), session);

    // Nothing changed: nothing is done, and it is said.
    let _ = story.myna.says(&["reload"]);
    assert_eq!(story.session(), session);
    let updates = story.myna.neighbor("bgp1")["messages"]["updates_out"].clone();
    holds("no UPDATE is sent", Duration::from_secs(1), || {
        let now = &story.myna.neighbor("bgp1")["messages"]["updates_out"];
        shown(*now == updates, now)
    });
    assert_eq!(monitor.changes(), Vec::<String>::new());
}

#[test]
fn a_changed_import_policy_needs_no_session_reset() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::new();
    let session = story.session();
    let has_route = || {
        let routes = story.lab.host.routes4();
        routes.contains("192.168.0.0/16 via 10.1.1.2 dev to-azure proto bgp metric 32")
    };
    eventually("installed", SOON, || shown(has_route(), &"not yet"));
    let none = Azure::host_with(&[("import = \"all\"", "import = \"none\"")]);
    story.myna.write_config(&none);
    let _ = story.myna.says(&["reload"]);
    eventually("nothing is accepted", SOON, || {
        shown(!has_route(), &"still there")
    });
    story.myna.write_config(Azure::HOST);
    let _ = story.myna.says(&["reload"]);
    eventually("all is accepted", SOON, || shown(has_route(), &"not yet"));
    assert_eq!(story.session(), session);
}

#[test]
fn a_second_neighbor_comes_and_goes_without_touching_the_first() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::new();
    let session = story.session();
    let second = format!(
        "{}\n[[neighbor]]\nname = \"second\"\naddress = \"10.1.1.2\"\nport = 1790\n\
         remote-as = 12076\nimport = \"none\"\nexport = \"none\"\n",
        Azure::HOST
    );
    // The kernel has one TCP-MD5 key for each address.
    story.myna.write_config(&second);
    let refused = story.myna.command(&["reload"]);
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(said(&refused).contains("10.1.1.2"), "{}", said(&refused));
    assert_eq!(story.session(), session);

    story.myna.write_config(&second.replace(
        "address = \"10.1.1.2\"\nport",
        "address = \"10.1.1.77\"\nport",
    ));
    let _ = story.myna.says(&["reload"]);
    eventually("the second is there", SOON, || {
        story.myna.show(&["neighbor", "second"])
    });
    assert_eq!(story.session(), session);
    story.myna.write_config(Azure::HOST);
    let _ = story.myna.says(&["reload"]);
    eventually("the second is gone", SOON, || {
        match story.myna.show(&["neighbor", "second"]) {
            Err(_) => Ok(()),
            Ok(neighbor) => Err(neighbor.to_string()),
        }
    });
    assert_eq!(story.session(), session);
}

#[test]
fn a_broken_file_changes_nothing_and_says_where_it_is_broken() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::new();
    let session = story.session();
    let cases = [
        // (replacement, line's text, words that must be there)
        (("metric = 32", "metrik = 32"), "metrik", "metric"),
        (("metric = 32", "metric = \"much\""), "metric", "number"),
        (("remote-as = 12076", "remote-as = -1"), "remote-as", ""),
        (
            ("export = \"packet_bgp\"", "export = \"paket_bgp\""),
            "paket_bgp",
            "packet_bgp",
        ),
        (("10.1.1.2", "10.1.1.256"), "10.1.1.256", "address"),
        (
            ("192.168.100.0/24", "192.168.100.0/42"),
            "192.168.100.0/42",
            "",
        ),
        (("[kernel]", "[kernel"), "[kernel", "unclosed table"),
    ];
    for ((old, new), at, words) in cases {
        // The good part of the file would announce a second prefix: it must not be taken over.
        let broken = Azure::host_with(&[TWO_PREFIXES]).replace(old, new);
        story.myna.write_config(&broken);
        let line = fs::read_to_string(story.myna.config())
            .map(|text| text.lines().position(|line| line.contains(at)))
            .ok()
            .flatten()
            .map_or_else(|| panic!("{at:?} is in the file"), |line| line + 1);
        let output = story.myna.command(&["reload"]);
        let told = said(&output);
        assert!(!output.status.success(), "{new}: {told}");
        assert!(told.contains("myna.toml"), "{new}: no file: {told}");
        assert!(
            told.contains(&format!(":{line}")),
            "{new}: no line {line}: {told}"
        );
        let named = told.contains(at) || told.contains("unclosed table");
        assert!(named && told.contains(words), "{new}: {told}");

        story.myna.signal(Signal::SIGHUP);
        let (status, checked) = Myna::check(&story.lab.host, &broken);
        assert!(!status.success(), "{checked}");
        assert!(checked.contains(at) && checked.contains(words), "{checked}");
    }
    holds("all is as it was", Duration::from_secs(1), || {
        same(&story.azure.prefixes("host"), &set(["192.168.100.0/24"]))
    });
    assert_eq!(story.session(), session);
    assert!(
        story.myna.log().contains("metrik"),
        "a failed reload by SIGHUP is logged: {}",
        story.myna.log()
    );
}
