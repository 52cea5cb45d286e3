//! Which addresses become routes, and when they stop being routes: the kernel's events decide.
use std::{collections::BTreeSet, fmt::Write};
use tests::{
    Azure, Bird, Duration, Lab, Myna, Needs, PATIENT, SOON, Signal, eventually, holds, same, set,
    shown,
};

/// Everything that is connected and not on the way to Azure may go out.
const ALL_CONNECTED: [(&str, &str); 2] = [
    ("interfaces = [\"lo\"]", "interfaces = [\"*\", \"!to-*\"]"),
    ("export = \"packet_bgp\"", "export = \"all\""),
];

struct Story {
    lab: Lab,
    azure: Bird,
    myna: Myna,
}

impl Story {
    fn established(host: &str) -> Self {
        let lab = Lab::new();
        let azure = Bird::start(&lab.azure, &Azure::default().config());
        let myna = Myna::start(&lab.host, host);
        myna.established("bgp1", SOON);
        azure.established("host");
        Self { lab, azure, myna }
    }

    fn announces(&self, what: &str, wanted: &BTreeSet<String>) {
        eventually(what, SOON, || same(&self.azure.prefixes("host"), wanted));
    }
}

#[test]
fn a_prefix_goes_with_its_last_address() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::established(Azure::HOST);
    let ours = set(["192.168.100.0/24"]);
    // A primary address that goes leaves its place to the next one of its subnet.
    story
        .lab
        .host
        .sysctl("net.ipv4.conf.all.promote_secondaries", "1");
    let address = |what: &str| story.lab.host.ip(&format!("addr {what} dev lo"));
    for host in 1..=3 {
        address(&format!("add 192.168.100.{host}/24"));
    }
    story.announces("one prefix of three addresses", &ours);
    address("del 192.168.100.2/24");
    address("del 192.168.100.1/24");
    holds("the third address keeps it", Duration::from_secs(1), || {
        same(&story.azure.prefixes("host"), &ours)
    });
    assert_eq!(story.azure.withdrawals("host"), 0);
    address("del 192.168.100.3/24");
    story.announces("the last one takes it along", &BTreeSet::new());

    // Without promotion the kernel deletes the others of the subnet together with the first.
    story
        .lab
        .host
        .sysctl("net.ipv4.conf.all.promote_secondaries", "0");
    address("add 192.168.100.1/24");
    address("add 192.168.100.2/24");
    story.announces("announced again", &ours);
    address("del 192.168.100.1/24");
    story.announces("both are gone", &BTreeSet::new());
}

#[test]
fn only_the_exact_prefix_of_the_filter_is_announced() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::established(Azure::HOST);
    for address in ["192.168.100.1/32", "192.168.101.1/24", "192.168.100.129/25"] {
        story.lab.host.ip(&format!("addr add {address} dev lo"));
    }
    eventually("they are seen, and why they stay here", SOON, || {
        let routes = story.myna.routes(&[]);
        let told = routes
            .iter()
            .filter(|route| route["source"] == "connected")
            .count();
        shown(told == 3, &format!("{routes:?}"))
    });
    holds("none is announced", Duration::from_secs(1), || {
        same(&story.azure.prefixes("host"), &BTreeSet::new())
    });
    story.lab.host.ip("addr add 192.168.100.1/24 dev lo");
    story.announces("the one that the filter names", &set(["192.168.100.0/24"]));
}

#[test]
fn a_link_that_goes_down_takes_its_prefixes_along() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::established(&Azure::host_with(&ALL_CONNECTED));
    let host = &story.lab.host;
    host.ip("link add lan type veth peer name lan-switch");
    host.ip("addr add 172.20.1.1/24 dev lan");
    host.ip("addr add 192.168.100.1/24 dev lo");
    story.announces(
        "a link that is down counts for nothing",
        &set(["192.168.100.0/24"]),
    );
    host.ip("link set lan-switch up");
    host.ip("link set lan up");
    let both = set(["192.168.100.0/24", "172.20.1.0/24"]);
    story.announces("both while the link is up", &both);
    host.ip("link set lan down");
    story.announces("down", &set(["192.168.100.0/24"]));
    host.ip("link set lan up");
    story.announces("up again", &both);
    // The switch loses power: the link is up, but without carrier.
    host.ip("link set lan-switch down");
    story.announces("no carrier", &set(["192.168.100.0/24"]));
    host.ip("link set lan-switch up");
    story.announces("carrier again", &both);
    host.ip("link del lan");
    story.announces("the link is gone", &set(["192.168.100.0/24"]));
    host.ip("link set lo down");
    story.announces("the loopback goes down", &BTreeSet::new());
    host.ip("link set lo up");
    story.announces("the loopback is back", &set(["192.168.100.0/24"]));
}

#[test]
fn loopback_and_link_local_addresses_and_excluded_links_never_count() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::established(&Azure::host_with(&ALL_CONNECTED));
    let host = &story.lab.host;
    host.ip("addr add 127.5.5.5/16 dev lo");
    host.ip("addr add 169.254.7.7/24 dev lo");
    host.ip("addr add 10.77.0.1/24 dev to-azure");
    host.ip("addr add 192.168.100.1/24 dev lo");
    story.announces("only what is real", &set(["192.168.100.0/24"]));
    holds("and nothing later", Duration::from_secs(1), || {
        same(&story.azure.prefixes("host"), &set(["192.168.100.0/24"]))
    });
}

#[test]
fn a_static_prefix_needs_no_address() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::established(&Azure::host_with(&[(
        "prefixes = []",
        "prefixes = [\"192.168.100.0/24\"]",
    )]));
    let ours = set(["192.168.100.0/24"]);
    story.announces("announced without an address", &ours);
    // An address of the same prefix changes nothing when it comes, nor when it goes.
    story.lab.host.ip("addr add 192.168.100.1/24 dev lo");
    story.lab.host.ip("addr del 192.168.100.1/24 dev lo");
    holds("it stays", Duration::from_secs(1), || {
        same(&story.azure.prefixes("host"), &ours)
    });
    assert_eq!(story.azure.withdrawals("host"), 0);
}

#[test]
fn a_hundred_addresses_come_and_go_quickly() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::established(&Azure::host_with(&[(
        "192.168.100.0/24",
        "192.168.0.0/16 le 24",
    )]));
    let prefixes: BTreeSet<_> = (100..200).map(|n| format!("192.168.{n}.0/24")).collect();
    let batch = |what: &str| {
        (100..200).fold(String::new(), |mut lines, n| {
            let _ = writeln!(lines, "addr {what} 192.168.{n}.1/24 dev lo");
            lines
        })
    };
    // Ending absent: ten times there and gone.
    for _ in 0..10 {
        story
            .lab
            .host
            .ip_batch(&format!("{}{}", batch("add"), batch("del")));
    }
    story.announces("nothing is left of them", &BTreeSet::new());
    // Ending present.
    for _ in 0..10 {
        story
            .lab
            .host
            .ip_batch(&format!("{}{}", batch("add"), batch("del")));
    }
    story.lab.host.ip_batch(&batch("add"));
    story.announces("all of them are there", &prefixes);
    let kernel = eventually("Azure's kernel has them", SOON, || {
        let routes = story.lab.azure.routes4();
        let learned = routes.iter().filter(|route| route.contains("via 10.1.1.1"));
        match learned.count() {
            100 => Ok(routes),
            count => Err(format!("{count} routes")),
        }
    });
    for n in 100..200 {
        let route = format!("192.168.{n}.0/24 via 10.1.1.1 dev to-host proto bird metric 32");
        assert!(kernel.contains(&route), "{route} is not in {kernel:#?}");
    }
    story.lab.host.ip_batch(&batch("del"));
    story.announces("none again", &BTreeSet::new());
}

#[test]
fn lost_events_lead_to_a_full_reading() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let story = Story::established(&Azure::host_with(&[(
        "192.168.100.0/24",
        "192.168.0.0/16 le 32",
    )]));
    let batch = |what: &str, range: std::ops::Range<u32>| {
        range.fold(String::new(), |mut lines, n| {
            let _ = writeln!(
                lines,
                "addr {what} 192.168.{}.{}/32 dev lo",
                n / 200 + 2,
                n % 200 + 1
            );
            lines
        })
    };
    story.lab.host.ip_batch(&batch("add", 0..10));
    let first: BTreeSet<_> = (0..10).map(|n| format!("192.168.2.{}/32", n + 1)).collect();
    story.announces("the first ones", &first);
    // While Myna does not run, more happens than a socket holds; the last word among it is lost.
    story.myna.signal(Signal::SIGSTOP);
    for _ in 0..4 {
        story.lab.host.ip_batch(&batch("add", 10..2_000));
        story.lab.host.ip_batch(&batch("del", 10..2_000));
    }
    story.lab.host.ip_batch(&batch("del", 5..10));
    story.lab.host.ip_batch(&batch("add", 1_990..2_000));
    story.myna.signal(Signal::SIGCONT);
    let mut wanted: BTreeSet<_> = (0..5).map(|n| format!("192.168.2.{}/32", n + 1)).collect();
    wanted.extend((1_990..2_000).map(|n| format!("192.168.{}.{}/32", n / 200 + 2, n % 200 + 1)));
    eventually("what is there now is announced", PATIENT, || {
        same(&story.azure.prefixes("host"), &wanted)
    });
}
