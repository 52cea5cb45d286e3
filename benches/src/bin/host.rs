//! What a host feels: time to Established, time from `ip addr add` to the UPDATE on the wire,
//! resident memory when idle, size of the program. Myna and BIRD 2 in turn, in the same namespaces,
//! against the same raw neighbor that answers at once.
//!
//! `cargo run --release -p benches --bin host [ROUNDS]`, as root, with `bird2` installed.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark reads the clock, and has nothing better to do than end when its setting fails"
)]

use benches::{mebibytes, median, milliseconds, table};
use std::{
    fs,
    io::Write,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::{Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tests::{Lab, Myna, Needs, Netns, Open, Peer, PeerListener, Process};

const AZURE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 2));
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// BIRD scans interfaces in intervals as well as by events; its memory is read after this pause.
const IDLE: Duration = Duration::from_secs(3);
/// What `ip` takes to start, and more.
const START: Duration = Duration::from_millis(200);

const BIRD: &str = r#"
router id 10.1.1.1;
filter packet_bgp { if net = 192.168.100.0/24 then accept; reject; }
protocol device { }
protocol direct { ipv4; interface "lo"; }
protocol kernel { ipv4 { import none; export all; }; metric 32; }
protocol bgp bgp1 {
  local 10.1.1.1 as 65530; neighbor 10.1.1.2 as 12076;
  ipv4 { import all; export filter packet_bgp; };
}
"#;

const MYNA: &str = r#"
router-id = "10.1.1.1"
local-as = 65530
[connected]
interfaces = ["lo"]
[kernel]
table = "main"
metric = 32
[filter.packet_bgp]
accept = ["192.168.100.0/24"]
[[neighbor]]
name = "bgp1"
address = "10.1.1.2"
remote-as = 12076
import = "all"
export = "packet_bgp"
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
    established: Vec<Duration>,
    announced: Vec<Duration>,
    withdrawn: Vec<Duration>,
    resident: Vec<u64>,
}

fn main() -> ExitCode {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return ExitCode::FAILURE;
    }
    let rounds = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
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
                let id = path(directory, "pid");
                ["-f", "-c", &config, "-s", &socket, "-P", &id]
                    .map(str::to_owned)
                    .into()
            },
        },
    ];
    let mut samples = [Samples::default(), Samples::default()];
    for _ in 0..rounds {
        for (subject, samples) in subjects.iter().zip(&mut samples) {
            round(subject, samples);
        }
    }
    let rows: Vec<Vec<String>> = subjects
        .iter()
        .zip(samples)
        .map(|(subject, mut samples)| {
            samples.resident.sort_unstable();
            let resident = samples.resident.get(samples.resident.len() / 2).copied();
            let size = fs::metadata(&subject.program)
                .map(|file| file.len())
                .unwrap_or_default();
            vec![
                subject.name.to_owned(),
                milliseconds(median(samples.established)),
                milliseconds(median(samples.announced)),
                milliseconds(median(samples.withdrawn)),
                mebibytes(resident.unwrap_or_default()),
                mebibytes(size),
            ]
        })
        .collect();
    let head = [
        "",
        "start to Established",
        "`ip addr add` to UPDATE",
        "`ip addr del` to UPDATE",
        "resident, idle",
        "program",
    ];
    println!("Medians of {rounds} rounds.\n\n{}", table(&head, &rows));
    ExitCode::SUCCESS
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).display().to_string()
}

fn round(subject: &Subject, samples: &mut Samples) {
    let lab = Lab::new();
    let directory = TempDir::new().expect("make a temporary directory");
    let mut config = subject.config.to_owned();
    if subject.name == "Myna" {
        config.push_str(&format!(
            "[control]\nsocket = \"{}\"\n",
            path(directory.path(), "socket")
        ));
    }
    fs::write(directory.path().join("config"), config).expect("write the configuration");
    let listener = PeerListener::bind(&lab.azure, AZURE);
    let arguments = (subject.arguments)(directory.path());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let started = Instant::now();
    let process = Process::start(
        &lab.host,
        &subject.program,
        &arguments,
        &directory.path().join("log"),
    );
    let mut peer = listener.accept();
    peer.establish(&Open::default(), PATIENCE);
    samples.established.push(started.elapsed());
    thread::sleep(IDLE);
    samples.resident.extend(process.resident());
    let mut ip = Addresses::start(&lab.host);
    samples.announced.push(ip.until_update(&mut peer, "add"));
    samples.withdrawn.push(ip.until_update(&mut peer, "del"));
}

/// A running `ip -batch`: a line to it costs no start of a program.
struct Addresses(Child);

impl Addresses {
    fn start(netns: &Netns) -> Self {
        let mut command: Command = netns.command("ip");
        command.args(["-batch", "-"]).stdin(Stdio::piped());
        let mut ip = Self(command.spawn().expect("start ip"));
        // Its start is not to be measured: it does something else first, which no filter accepts.
        ip.tell("addr add 10.99.0.1/32 dev lo");
        thread::sleep(START);
        ip
    }

    fn tell(&mut self, line: &str) {
        let input = self.0.stdin.as_mut().expect("the batch's input");
        writeln!(input, "{line}").expect("tell ip");
        input.flush().expect("tell ip");
    }

    fn until_update(&mut self, peer: &mut Peer, what: &str) -> Duration {
        let started = Instant::now();
        self.tell(&format!("addr {what} 192.168.100.1/24 dev lo"));
        // An End-of-RIB may come first.
        while !peer
            .expect(2, PATIENCE)
            .body
            .windows(3)
            .any(|part| part == [192, 168, 100])
        {}
        started.elapsed()
    }
}

impl Drop for Addresses {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        if let Err(error) = self.0.wait() {
            eprintln!("ip: {error}");
        }
    }
}
