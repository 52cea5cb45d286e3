//! From the first UPDATE on the wire to the last route in the kernel: Myna and BIRD 2 beside the
//! floor, a bare loop that sends the kernel the same messages. All in one namespace, in turn.
//!
//! `cargo run --release -p benches --bin kernel [ROUNDS [PREFIXES]]`, as root, with `bird2`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark reads the clock, prints, and ends when its setting fails"
)]

use benches::{
    compare::{
        held::Counted,
        routes::{Mix, Stream, prefix, withdraw},
        session::{Identity, Reader, Session},
        usage::Usage,
    },
    floor::{self, Sends, Table, Verb},
    mebibytes, median, milliseconds, table,
};
use ipnet::Ipv4Net;
use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tests::{Lab, Myna, Needs, Process};

const HOST: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 1);
const AZURE: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 2);
/// Next hop of the second table; its subnet is on the same link.
const OTHER: Ipv4Addr = Ipv4Addr::new(10, 2, 2, 2);
const AZURE_AS: u32 = 12_076;
/// A second neighbor, which changes one route at a time: its address, ours toward it, its AS, and
/// the next hop of its route in turn with its address.
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 2, 2, 2);
const HOST_TO_SECOND: Ipv4Addr = Ipv4Addr::new(10, 2, 2, 1);
const SECOND_AS: u32 = 64_999;
const BESIDE: Ipv4Addr = Ipv4Addr::new(10, 2, 2, 3);
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at the kernel.
const LOOK: Duration = Duration::from_millis(2);
/// Routes that each look asks for, spread over the table, beside as many at its end.
const SAMPLES: u32 = 24;
/// Between two looks for a single change, and between two of these.
const GLANCE: Duration = Duration::from_micros(50);
const PAUSE: Duration = Duration::from_millis(10);
/// Pairs of single changes while a table is being installed.
const SINGLES: usize = 40;

const BIRD: &str = r#"
router id 10.1.1.1;
protocol device { }
protocol kernel { ipv4 { import none; export all; }; metric 32; }
protocol bgp bgp1 {
  local 10.1.1.1 as 65530; neighbor 10.1.1.2 as 12076; passive yes;
  ipv4 { import all; export none; };
}
protocol bgp bgp2 {
  local 10.2.2.1 as 65530; neighbor 10.2.2.2 as 64999; passive yes;
  ipv4 { import all; export none; };
}
"#;

const MYNA: &str = r#"
router-id = "10.1.1.1"
local-as = 65530
[kernel]
[[neighbor]]
name = "bgp1"
address = "10.1.1.2"
remote-as = 12076
passive = true
import = "all"
export = "none"
[[neighbor]]
name = "bgp2"
address = "10.2.2.2"
remote-as = 64999
passive = true
import = "all"
export = "none"
"#;

/// A speaker under test.
struct Subject {
    name: &'static str,
    program: PathBuf,
    config: &'static str,
    arguments: fn(&Path) -> Vec<String>,
}

/// What the rounds of one subject gave.
#[derive(Default)]
struct Samples {
    installed: Vec<Duration>,
    changed: Vec<Duration>,
    single: Vec<Duration>,
    withdrawn: Vec<Duration>,
    peak: u64,
    processor: Vec<Duration>,
}

/// What is sent and looked for, the same for all.
struct Story {
    prefixes: Vec<Ipv4Net>,
    announce: Stream,
    change: Stream,
    withdraw: Stream,
}

fn mix(next_hop: Ipv4Addr) -> Mix {
    Mix {
        seed: 1,
        first_as: Some(AZURE_AS),
        next_hop,
    }
}

fn main() -> ExitCode {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return ExitCode::FAILURE;
    }
    let mut numbers = std::env::args().skip(1).map_while(|text| text.parse().ok());
    let rounds = numbers.next().unwrap_or(5);
    let count = numbers.next().unwrap_or(500_000);
    let story = Story {
        prefixes: (0..count).map(prefix).collect(),
        announce: mix(AZURE).announce(0..count),
        change: mix(OTHER).announce(0..count),
        withdraw: withdraw(0..count),
    };
    let subjects = [
        Subject {
            name: "Myna",
            program: Myna::binary().to_owned(),
            config: MYNA,
            arguments: |directory| vec!["run".into(), "--config".into(), path(directory, "config")],
        },
        Subject {
            name: "BIRD 2",
            program: "/usr/sbin/bird".into(),
            config: BIRD,
            arguments: |directory| {
                let (config, socket) = (path(directory, "config"), path(directory, "socket"));
                ["-f", "-c", &config, "-s", &socket]
                    .map(str::to_owned)
                    .into()
            },
        },
    ];
    let mut floor = Samples::default();
    let mut samples = [Samples::default(), Samples::default()];
    for _ in 0..rounds {
        floor_round(&story, &mut floor);
        for (subject, samples) in subjects.iter().zip(&mut samples) {
            round(subject, &story, samples);
        }
    }
    let mut rows = vec![row("floor", floor)];
    for (subject, samples) in subjects.iter().zip(samples) {
        rows.push(row(subject.name, samples));
    }
    let head = [
        "",
        "installed",
        "next hop of all changed",
        "all withdrawn",
        "one changed meanwhile",
        "processor time",
        "peak memory",
    ];
    println!(
        "Medians of {rounds} rounds, {count} prefixes.\n\n{}",
        table(&head, &rows)
    );
    ExitCode::SUCCESS
}

fn row(name: &str, samples: Samples) -> Vec<String> {
    let or_none = |list: Vec<Duration>| match list.is_empty() {
        true => "-".to_owned(),
        false => milliseconds(median(list)),
    };
    vec![
        name.to_owned(),
        or_none(samples.installed),
        or_none(samples.changed),
        or_none(samples.withdrawn),
        or_none(samples.single),
        or_none(samples.processor),
        match samples.peak {
            0 => "-".to_owned(),
            octets => mebibytes(octets),
        },
    ]
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).display().to_string()
}

fn lab() -> Lab {
    let lab = Lab::new();
    lab.host.ip("addr add 10.2.2.1/24 dev to-azure");
    lab.azure.ip("addr add 10.2.2.2/24 dev to-host");
    lab
}

fn floor_round(story: &Story, samples: &mut Samples) {
    let lab = lab();
    let mut kernel = lab.host.enter(Table::open).expect("a netlink socket");
    let mut run = |verb, next_hop| {
        let sends = Sends::new(verb, &story.prefixes, next_hop);
        let began = Instant::now();
        kernel.send(&sends).expect("the kernel takes it");
        began.elapsed()
    };
    samples.installed.push(run(Verb::Add, AZURE));
    samples.changed.push(run(Verb::Replace, OTHER));
    samples.withdrawn.push(run(Verb::Delete, OTHER));
    let left = lab
        .host
        .ip(&format!("-4 route show proto {}", floor::PROTOCOL));
    assert!(left.is_empty(), "the floor left routes behind");
}

fn round(subject: &Subject, story: &Story, samples: &mut Samples) {
    let lab = lab();
    let directory = TempDir::new().expect("make a temporary directory");
    let mut config = subject.config.to_owned();
    if subject.name == "Myna" {
        let socket = path(directory.path(), "socket");
        config.push_str(&format!("[control]\nsocket = \"{socket}\"\n"));
    }
    fs::write(directory.path().join("config"), config).expect("write the configuration");
    let arguments = (subject.arguments)(directory.path());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let log = directory.path().join("log");
    let process = Process::start(&lab.host, &subject.program, &arguments, &log);
    let session = establish(&lab, AZURE, AZURE_AS, HOST);
    let second = establish(&lab, SECOND, SECOND_AS, HOST_TO_SECOND);
    let mut kernel = lab.host.enter(Table::open).expect("a netlink socket");
    let mut send = |stream: &Stream, wanted| {
        thread::scope(|scope| {
            let began = Instant::now();
            let writer = scope.spawn(|| session.send(&stream.octets).expect("it reads"));
            until(&mut kernel, &story.prefixes, wanted);
            let took = began.elapsed();
            writer.join().expect("the writer");
            took
        })
    };
    samples.installed.push(send(&story.announce, Some(AZURE)));
    let there = lab.host.ip("-4 route show via 10.1.1.2").lines().count();
    assert_eq!(there, story.prefixes.len(), "{} is not done", subject.name);
    samples.changed.push(send(&story.change, Some(OTHER)));
    samples.withdrawn.push(send(&story.withdraw, None));
    let usage = Usage::of(process.id());
    samples.peak = samples.peak.max(usage.peak);
    samples
        .processor
        .push(Duration::from_secs_f64(usage.processor()));
    singles(&session, &second, &mut kernel, story, samples);
}

fn establish(lab: &Lab, address: Ipv4Addr, asn: u32, speaker: Ipv4Addr) -> Session {
    let (news, _nobody_listens) = mpsc::channel();
    let counted = Counted::Prefixes;
    let identity = Identity {
        address,
        asn,
        counted,
    };
    let deadline = Instant::now() + PATIENCE;
    let reader = Reader::Greedy;
    Session::establish(0, &lab.azure, identity, speaker, reader, news, deadline).expect("a session")
}

/// Waits until the kernel has `wanted` for all that is looked at, from the end on.
fn until(kernel: &mut Table, prefixes: &[Ipv4Net], wanted: Option<Ipv4Addr>) {
    let began = Instant::now();
    let count = prefixes.len();
    let step = (count / SAMPLES as usize).max(1);
    let last = prefixes.iter().rev().take(SAMPLES as usize);
    let mut left: Vec<&Ipv4Net> = prefixes.iter().step_by(step).chain(last).collect();
    while let Some(prefix) = left.last() {
        if kernel.gateway(prefix).expect("the kernel answers") == wanted {
            left.pop();
            continue;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{prefix} is not as it should be"
        );
        thread::sleep(LOOK);
    }
}

/// A known prefix of the second neighbor changes its next hop to and fro while the first sends a
/// whole table: from its UPDATE to the kernel.
fn singles(
    bulk: &Session,
    second: &Session,
    kernel: &mut Table,
    story: &Story,
    samples: &mut Samples,
) {
    let number = u32::try_from(story.prefixes.len()).expect("a number");
    let prefix = prefix(number);
    let one = |next_hop| {
        let mix = Mix {
            seed: 1,
            first_as: Some(SECOND_AS),
            next_hop,
        };
        mix.announce(number..number + 1).octets
    };
    let ways = [one(SECOND), one(BESIDE)];
    second.send(&ways[0]).expect("it reads");
    until(kernel, &[prefix], Some(SECOND));
    // From here on a change of this prefix is no initial load.
    second.send(&END_OF_RIB).expect("it reads");
    thread::scope(|scope| {
        let writer = scope.spawn(|| bulk.send(&story.announce.octets).expect("it reads"));
        for _ in 0..SINGLES {
            for (way, hop) in ways.iter().zip([SECOND, BESIDE]).rev() {
                if writer.is_finished() {
                    break;
                }
                thread::sleep(PAUSE);
                let began = Instant::now();
                second.send(way).expect("it reads");
                while kernel.gateway(&prefix).expect("the kernel answers") != Some(hop) {
                    assert!(
                        began.elapsed() < PATIENCE,
                        "one change does not get through"
                    );
                    thread::sleep(GLANCE);
                }
                samples.single.push(began.elapsed());
            }
        }
        writer.join().expect("the writer");
    });
}

/// UPDATE without anything (RFC 4724 §2).
const END_OF_RIB: [u8; 23] = {
    let mut octets = [0xff; 23];
    let mut at = 16;
    let tail = [0, 23, 2, 0, 0, 0, 0];
    while at < 23 {
        octets[at] = tail[at - 16];
        at += 1;
    }
    octets
};
