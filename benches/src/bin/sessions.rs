//! What sessions cost: time to Established for one and for many neighbors, memory per idle
//! session, processor time of idle sessions. Myna, BIRD 2 and GoBGP in turn, each calling the same
//! neighbors, which answer at once and then only keep their sessions alive.
//!
//! `cargo run --release -p benches --bin sessions [NEIGHBORS] [ROUNDS] [IDLE SECONDS]`, as root.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark reads the clock, and has nothing better to do than end when its setting fails"
)]

use benches::{
    compare::{
        subject::{Export, Neighbor, Plan, SUBJECTS, Subject},
        usage::Usage,
    },
    table,
};
use bgp_wire::{Asn, Family, Open, RouterId, write_keepalive};
use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tests::{Needs, Netns};

/// The speaker; its neighbors, of which the kernel remembers 1,024 by default, follow in the same /16.
const SPEAKER: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 1);
const AS: u32 = 64_500;
const NEIGHBOR_AS: u32 = 64_501;
/// Longest wait for all sessions.
const PATIENCE: Duration = Duration::from_secs(120);
/// After the last session came up, until memory is read and processor time is counted.
const SETTLE: Duration = Duration::from_secs(5);
const COMPARED: [&str; 3] = ["Myna", "BIRD 2", "GoBGP"];
/// A neighbor's thread needs next to none.
const STACK: usize = 64 << 10;

/// What one round gave.
#[derive(Clone, Copy)]
struct Round {
    established: f64,
    resident: u64,
    /// Of one core, while idle.
    processor: f64,
}

fn main() -> ExitCode {
    if !Needs::met(&[Needs::Root]) {
        return ExitCode::FAILURE;
    }
    let argument = |n: usize, default: u32| {
        let text = std::env::args().nth(n);
        text.and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (many, rounds, idle) = (argument(1, 1_000), argument(2, 3), argument(3, 120));
    let subjects: Vec<&Subject> = SUBJECTS
        .iter()
        .filter(|subject| COMPARED.contains(&subject.name) && subject.is_installed())
        .collect();
    let mut rows = Vec::new();
    let mut results: Vec<[Vec<Round>; 2]> = subjects.iter().map(|_| Default::default()).collect();
    for _ in 0..rounds {
        for (subject, result) in subjects.iter().zip(&mut results) {
            let [one, all] = result;
            one.extend(round(subject, 1, Duration::ZERO));
            all.extend(round(subject, many, Duration::from_secs(idle.into())));
        }
    }
    for (subject, [one, all]) in subjects.iter().zip(&results) {
        let median = |rounds: &[Round], of: fn(&Round) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        let resident: fn(&Round) -> f64 = |round| round.resident as f64;
        let each = (median(all, resident) - median(one, resident))
            / f64::from(many.saturating_sub(1).max(1));
        rows.push(vec![
            subject.name.to_owned(),
            format!("{:.1} ms", median(one, |round| round.established) * 1000.0),
            format!("{:.2} s", median(all, |round| round.established)),
            format!("{:.1} kB", each / 1000.0),
            format!("{:.2} %", median(all, |round| round.processor) * 100.0),
        ]);
    }
    let all = format!("{many} Established");
    let cpu = format!("core used by {many} idle");
    let head = ["", "1 Established", &all, "resident, each further", &cpu];
    println!("Medians of {rounds} rounds.\n\n{}", table(&head, &rows));
    ExitCode::SUCCESS
}

fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 255, 1, 1)) + number)
}

/// One round with so many neighbors; `None` where not all sessions came up.
fn round(subject: &Subject, neighbors: u32, idle: Duration) -> Option<Round> {
    let (speaker, others) = (Netns::new("speaker"), Netns::new("neighbors"));
    speaker.ip(&format!(
        "link add wire type veth peer name wire netns {}",
        others.name()
    ));
    speaker.ip(&format!("addr add {SPEAKER}/16 dev wire"));
    let addresses: String = (0..neighbors)
        .map(|n| format!("addr add {}/16 dev wire\n", address(n)))
        .collect();
    others.ip_batch(&addresses);
    speaker.ip("link set wire up");
    others.ip("link set wire up");

    let plan = Plan {
        address: SPEAKER,
        asn: AS,
        neighbors: (0..neighbors)
            .map(|n| Neighbor {
                address: address(n),
                asn: NEIGHBOR_AS,
                export: Export::Best,
            })
            .collect(),
        connects: true,
        terms: 0,
    };
    let listener = others
        .enter(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 179)))
        .expect("listen in a namespace of its own");
    let established = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&established);
    // It waits for connections until the program ends.
    thread::spawn(move || accept(&listener, &count));

    let directory = TempDir::new().expect("make a temporary directory");
    let begun = Instant::now();
    let process = subject
        .start(&plan, &speaker, directory.path())
        .expect("start a speaker")?;
    let wanted = neighbors as usize;
    while established.load(Ordering::SeqCst) < wanted {
        if begun.elapsed() > PATIENCE {
            let came = established.load(Ordering::SeqCst);
            eprintln!("{}: {came} of {neighbors} sessions came up", subject.name);
            return None;
        }
        thread::sleep(Duration::from_micros(200));
    }
    let seconds = begun.elapsed().as_secs_f64();
    thread::sleep(SETTLE);
    let before = Usage::of(process.id()).processor();
    thread::sleep(idle);
    let after = Usage::of(process.id());
    Some(Round {
        established: seconds,
        resident: after.resident,
        processor: (after.processor() - before) / idle.as_secs_f64().max(1.0),
    })
}

fn accept(listener: &TcpListener, established: &Arc<AtomicUsize>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { return };
        let established = Arc::clone(established);
        let neighbor = thread::Builder::new().stack_size(STACK);
        let spawned = neighbor.spawn(move || serve(stream, &established));
        spawned.expect("a thread for a neighbor");
    }
}

/// A neighbor: OPEN and KEEPALIVE at once, then a KEEPALIVE for each that comes.
fn serve(mut stream: TcpStream, established: &AtomicUsize) -> Option<()> {
    let IpAddr::V4(address) = stream.local_addr().ok()?.ip() else {
        return None;
    };
    let mut octets = Vec::new();
    let router_id = RouterId::new(address)?;
    // KEEPALIVEs each 60 s.
    Open::new(Asn(NEIGHBOR_AS), 180, router_id, &[Family::IPV4_UNICAST]).encode(&mut octets);
    write_keepalive(&mut octets);
    stream.write_all(&octets).ok()?;
    let mut keepalive = Vec::new();
    write_keepalive(&mut keepalive);
    let mut up = false;
    loop {
        let mut header = [0; 19];
        stream.read_exact(&mut header).ok()?;
        let [.., high, low, kind] = header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let mut body = vec![0; length.checked_sub(header.len())?];
        stream.read_exact(&mut body).ok()?;
        match kind {
            4 if up => stream.write_all(&keepalive).ok()?,
            4 => {
                up = true;
                established.fetch_add(1, Ordering::SeqCst);
            }
            _ => {}
        }
    }
}
