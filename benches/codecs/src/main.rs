//! Prints a Markdown table of all crates for each corpus: `codecs [ROUNDS]`.
use codec::corpus::{self, Corpus};
use codecs::crates::{bgpkit, netgauze, ours, routecore, rustbgpd, zettabgp};
use codecs::{Reader, Writer, agreed, nlri, writes};
use nix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// Messages of a corpus that are measured, at most: one round is then some milliseconds.
const MESSAGES: usize = 10_000;

/// One of those that are compared: its name, and one round of it.
struct Contestant {
    name: &'static str,
    round: Box<dyn FnMut()>,
    times: Vec<Duration>,
}

impl Contestant {
    fn new(name: &'static str, round: impl FnMut() + 'static) -> Self {
        Self {
            name,
            round: Box::new(round),
            times: Vec::new(),
        }
    }
}

fn reader<R: Reader + 'static>(corpus: &Corpus) -> Contestant
where
    R::Session: 'static,
    R::Octets: 'static,
{
    let messages: Vec<(usize, R::Octets)> = corpus
        .messages()
        .map(|message| {
            (
                usize::from(message.four_octet_as),
                R::octets(message.octets),
            )
        })
        .collect();
    let mut sessions = [R::session(false), R::session(true)];
    Contestant::new(R::NAME, move || {
        for (session, octets) in &messages {
            black_box(R::walk(&mut sessions[*session], black_box(octets)));
        }
    })
}

fn writer<W: Writer + 'static>(corpus: &Corpus) -> Contestant
where
    W::Value: 'static,
{
    let mut values: Vec<W::Value> = corpus.messages().filter_map(W::value).collect();
    let mut out = Vec::with_capacity(1 << 16);
    Contestant::new(W::NAME, move || {
        for value in &mut values {
            out.clear();
            black_box(W::write(black_box(value), &mut out));
        }
    })
}

/// Everybody once in each round, each round beginning with another; so what disturbs the machine
/// for a while disturbs them alike.
fn run(contestants: &mut [Contestant], rounds: usize) {
    for round in 0..rounds {
        let count = contestants.len();
        for position in 0..count {
            if let Some(one) = contestants.get_mut((round + position) % count) {
                let start = processor_time();
                (one.round)();
                one.times.push(processor_time().saturating_sub(start));
            }
        }
    }
}

/// Time that this thread has had a processor: what others do on the machine counts less.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_unstable_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(0.0)
}

/// Rows of name, time for each of `count`, and how many times that of the first; the median of the
/// rounds' times, and of the rounds' ratios.
fn table(title: &str, contestants: &[Contestant], count: usize) {
    println!("\n| {title} | ns | times ours |\n|---|---|---|");
    let Some(first) = contestants.first() else {
        return;
    };
    for one in contestants {
        let time = median(one.times.iter().map(Duration::as_secs_f64).collect());
        let ratio = median(
            one.times
                .iter()
                .zip(&first.times)
                .map(|(one, first)| one.as_secs_f64() / first.as_secs_f64())
                .collect(),
        );
        let each = time * 1e9 / count as f64;
        println!("| {} | {each:.1} | {ratio:.2} |", one.name);
    }
}

fn read(corpus: &Corpus, rounds: usize) {
    let mut contestants = [
        reader::<ours::Ours>(corpus),
        reader::<routecore::Routecore>(corpus),
        reader::<rustbgpd::Rustbgpd>(corpus),
        reader::<netgauze::Netgauze>(corpus),
        reader::<bgpkit::Bgpkit>(corpus),
        reader::<zettabgp::Zettabgp>(corpus),
    ];
    run(&mut contestants, rounds);
    let title = format!("{}: decode and walk one UPDATE", corpus.name);
    table(&title, &contestants, corpus.messages().len());
}

fn write(corpus: &Corpus, rounds: usize) {
    let all = corpus.messages().len();
    let corpus = corpus.filtered(|message| {
        writes::<ours::Ours>(message)
            && writes::<bgpkit::Bgpkit>(message)
            && writes::<netgauze::Netgauze>(message)
            && writes::<routecore::Routecore>(message)
            && writes::<rustbgpd::Rustbgpd>(message)
    });
    // zettabgp 0.6.0 writes an AS_SEQUENCE as an AS_SET, so its messages are never the same; the work
    // is, and so it is measured with the others.
    println!(
        "\n{} of {all} messages are written alike by all but zettabgp.",
        corpus.messages().len()
    );
    let mut contestants = [
        writer::<ours::Ours>(&corpus),
        writer::<routecore::Routecore>(&corpus),
        writer::<rustbgpd::Rustbgpd>(&corpus),
        writer::<netgauze::Netgauze>(&corpus),
        writer::<bgpkit::Bgpkit>(&corpus),
        writer::<zettabgp::Zettabgp>(&corpus),
    ];
    run(&mut contestants, rounds);
    let title = format!("{}: encode one UPDATE", corpus.name);
    table(&title, &contestants, corpus.messages().len());
}

fn nlri(rounds: usize) {
    const PREFIXES: usize = 200;
    let octets = Corpus::run(PREFIXES);
    let one = |name, walk: fn(&[u8]) -> Option<u64>| {
        let octets = octets.clone();
        Contestant::new(name, move || {
            for _ in 0..200 {
                black_box(walk(black_box(&octets)));
            }
        })
    };
    let mut contestants = [
        one("bgp-wire", nlri::ours),
        one("nom, octet loop", nlri::octet_loop),
        one("nom, `fold_many0`", nlri::fold),
        one("nom, `many0`", nlri::collected),
    ];
    run(&mut contestants, rounds * 10);
    table("one IPv4 prefix of a run", &contestants, PREFIXES * 200);
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = match std::env::args().nth(1) {
        Some(count) => count.parse()?,
        None => 31,
    };
    nlri(rounds);
    for corpus in corpus::all()? {
        let same = agreed(&corpus);
        println!(
            "\n{} of {} UPDATEs of \"{}\" are read alike by all.",
            same.messages().len(),
            corpus.messages().len(),
            corpus.name
        );
        let some = same.first(MESSAGES);
        read(&some, rounds);
        write(&some, rounds);
    }
    Ok(())
}
