//! SIGKILL at any point, again and again, while a table is going into the kernel: nothing that
//! should stay is ever gone, and in the end the table is exactly right.
#![expect(
    clippy::disallowed_methods,
    reason = "how long a whole table takes says where to kill; nothing is asserted of it"
)]

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    time::Instant,
};
use tempfile::TempDir;
use tests::{
    Duration, Lab, Myna, Needs, Open, Peer, PeerListener, Process, SOON, Signal, attribute,
    eventually, shown, update,
};

const ROUNDS: u64 = 50;
const ROUTES: u64 = 4000;
const AZURE: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 2);
const OTHERS: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 2, 2, 2), Ipv4Addr::new(10, 2, 2, 3)];
/// Not ours, in the way of ours, or with a metric of their own.
const FOREIGN: [&str; 3] = [
    "20.0.1.0/24 via 10.1.1.2 dev to-azure proto static metric 32",
    "20.0.2.0/24 via 10.1.1.2 dev to-azure proto static metric 9",
    "20.0.3.0/24 via 10.1.1.2 dev to-azure proto bgp metric 33",
];

const CONFIG: &str = r#"
router-id = "10.1.1.1"
local-as = 65530
listen = []
[kernel]
keep-on-exit = true
[[neighbor]]
name = "bgp1"
address = "10.1.1.2"
remote-as = 12076
import = "all"
export = "none"
[control]
socket = "none"
"#;

/// Prefix to next hop.
type Table = BTreeMap<String, Ipv4Addr>;

fn prefix(number: u64) -> String {
    format!("20.{}.{}.0/24", number / 256, number % 256)
}

/// Splitmix64.
fn random(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What the neighbor sends in this round: every fourth route always and by the same next hop, of
/// the others two thirds, by another one each time.
fn sent(round: u64) -> Table {
    let mut table = Table::new();
    for number in 0..ROUTES {
        let dice = random(round * ROUTES + number);
        let hop = match (number % 4, dice % 3) {
            (0, _) => AZURE,
            (_, 0) => continue,
            _ => OTHERS[(dice / 3 % 2) as usize],
        };
        table.insert(prefix(number), hop);
    }
    table
}

/// As UPDATEs, a hundred prefixes each, and End-of-RIB.
fn updates(table: &Table) -> Vec<u8> {
    let mut by_hop: BTreeMap<Ipv4Addr, Vec<&String>> = BTreeMap::new();
    for (prefix, hop) in table {
        by_hop.entry(*hop).or_default().push(prefix);
    }
    let mut octets = Vec::new();
    for (hop, prefixes) in by_hop {
        // ORIGIN IGP, AS_PATH 12076 in four octets, NEXT_HOP.
        let mut attributes = attribute(0x40, 1, &[0]);
        attributes.extend(attribute(0x40, 2, &[2, 1, 0, 0, 0x2f, 0x2c]));
        attributes.extend(attribute(0x40, 3, &hop.octets()));
        for some in prefixes.chunks(100) {
            let nlri = some.iter().flat_map(|prefix| {
                let mut parts = prefix.split(['.', '/']);
                let mut octet = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
                [24, octet(), octet(), octet()]
            });
            octets.extend(update(&[], &attributes, &nlri.collect::<Vec<u8>>()));
        }
    }
    octets.extend(update(&[], &[], &[]));
    octets
}

struct Story {
    lab: Lab,
    listener: PeerListener,
    directory: TempDir,
}

impl Story {
    fn new(directory: TempDir) -> Self {
        let lab = Lab::new();
        lab.host.ip("addr add 10.2.2.1/24 dev to-azure");
        for route in FOREIGN {
            lab.host.ip(&format!("route add {route}"));
        }
        let listener = PeerListener::bind(&lab.azure, IpAddr::V4(AZURE));
        let config = directory.path().join("myna.toml");
        let written = std::fs::write(config, CONFIG);
        assert!(written.is_ok(), "{written:?}");
        Self {
            lab,
            listener,
            directory,
        }
    }

    /// Starts the daemon and sends it the round's table.
    fn start(&self, round: u64) -> (Process, Peer) {
        let file = |name: &str| self.directory.path().join(name);
        let config = file("myna.toml").display().to_string();
        let arguments = ["run", "--config", &config];
        let myna = Process::start(&self.lab.host, Myna::binary(), &arguments, &file("log"));
        let mut peer = self.listener.accept();
        // Graceful restart, as a helper: End-of-RIB is to be waited for.
        let capabilities = vec![1, 4, 0, 1, 0, 1, 64, 2, 0, 0];
        let open = Open {
            capabilities,
            ..Open::default()
        };
        peer.establish(&open, SOON);
        let sent = peer.send(&updates(&sent(round)));
        assert!(sent.is_ok(), "{sent:?}");
        (myna, peer)
    }

    /// Our routes in the kernel; the foreign ones are there, whatever happens.
    #[track_caller]
    fn installed(&self) -> Table {
        let shown = self.lab.host.ip("-4 route show table main");
        for route in FOREIGN {
            assert!(
                shown.lines().any(|line| line.trim() == route),
                "{route} is gone"
            );
        }
        let ours = shown
            .lines()
            .filter(|line| line.contains("proto bgp metric 32"));
        let mut table = Table::new();
        for line in ours {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [prefix, "via", hop, ..] = words.as_slice()
                && let Ok(hop) = hop.parse()
            {
                table.insert((*prefix).to_owned(), hop);
            }
        }
        table
    }

    /// Waits until the kernel has the round's table, but for the route that a foreign one keeps out.
    #[track_caller]
    fn becomes(&self, round: u64) {
        let mut wanted = sent(round);
        wanted.remove("20.0.1.0/24");
        eventually(&format!("the table of round {round}"), SOON, || {
            let now = self.installed();
            let wrong = wanted
                .iter()
                .filter(|(prefix, hop)| now.get(*prefix) != Some(hop));
            let wrong = wrong.count();
            let spare = now.keys().filter(|prefix| !wanted.contains_key(*prefix));
            let spare = spare.count();
            shown(
                (wrong, spare) == (0, 0),
                &format!("{wrong} wrong, {spare} too many"),
            )
        });
    }
}

#[test]
fn killed_at_fifty_points_the_table_ends_exactly_right() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let story = Story::new(TempDir::new().expect("make a temporary directory"));
    let began = Instant::now();
    let (myna, peer) = story.start(0);
    story.becomes(0);
    let whole = began.elapsed();
    myna.signal(Signal::SIGKILL);
    drop((myna, peer));

    let lasting: Vec<String> = (0..ROUTES).step_by(4).map(prefix).collect();
    let mut unfinished = 0;
    for round in 1..=ROUNDS {
        let (myna, _peer) = story.start(round);
        // Up to the time that all of it took once, in tenths of a millisecond.
        let most = u64::try_from(whole.as_micros() / 100).unwrap_or(1);
        std::thread::sleep(Duration::from_micros(random(!round) % most.max(1) * 100));
        myna.signal(Signal::SIGKILL);
        drop(myna);
        let now = story.installed();
        for prefix in &lasting {
            assert_eq!(now.get(prefix), Some(&AZURE), "round {round}: {prefix}");
        }
        let wanted = sent(round);
        unfinished += u64::from(now.len() != wanted.len());
    }
    assert!(
        unfinished > ROUNDS / 10,
        "hardly any kill came in the middle: {unfinished}"
    );
    let (_myna, _peer) = story.start(ROUNDS + 1);
    story.becomes(ROUNDS + 1);
}
