//! Instructions instead of time: the same on every machine of a kind, however busy it is.
//!
//! The program runs itself under valgrind's callgrind, which counts only inside [`measured`] and
//! writes a file at each [`finished`]. What is counted is compared with a file in the repository,
//! and the hostile messages with each other: four times the octets may cost four times as much, and
//! none may cost more than so many times an honest one. Counts depend on the compiler, so a
//! baseline names the one that made it, and another one is given more room.
use crate::workloads::{self, LENGTHS, Workload};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// Per cent that a count may be above its baseline. Not zero: which of its copies of `memcpy` the C
/// library takes depends on the processor.
const TOLERANCE: u64 = 3;
/// The same where another compiler made the baseline.
const OTHER_COMPILER: u64 = 25;
/// Times the cost of the honest message of the same family and length.
const MOST_HOSTILE: u64 = 14;
/// Tenths of the growth in octets that growth in cost may reach: 11 is a tenth more.
const GROWTH: u64 = 11;

/// Counts by name, in the order of the workloads.
pub type Counts = Vec<(String, u64)>;

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Report {
    /// A line per workload, for people.
    pub lines: String,
    /// What may not be.
    pub faults: Vec<String>,
}

/// A file of counts and the compiler that they are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    compiler: String,
    counts: BTreeMap<String, u64>,
}

/// Counts are collected while this is on the stack.
#[inline(never)]
pub fn measured(run: &mut dyn FnMut()) {
    run();
}

/// A file of counts is written when this is called.
#[inline(never)]
pub fn finished() {
    std::hint::black_box(());
}

fn all() -> Vec<Workload> {
    let mut all = workloads::honest();
    all.push(workloads::ipv6());
    all.extend(workloads::hostile());
    all
}

/// What runs under valgrind.
pub fn run_all() {
    for mut workload in all() {
        measured(&mut workload.run);
        finished();
    }
}

/// Counts all workloads: this program once more, with `argument`, under valgrind.
///
/// # Errors
/// Where valgrind cannot be run or says something else than expected.
pub fn count(argument: &str, folder: &Path) -> io::Result<Counts> {
    let out = folder.join("counts");
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg("--toggle-collect=*counting::measured*")
        .arg("--dump-before=*counting::finished*")
        .arg(std::env::current_exe()?)
        .arg(argument)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(said));
    }
    let mut counts = Counts::new();
    for (number, workload) in (1..).zip(all()) {
        let file = PathBuf::from(format!("{}.{number}", out.display()));
        let text = fs::read_to_string(&file)?;
        let total = total(&text)
            .filter(|total| *total > 0)
            .ok_or_else(|| io::Error::other(format!("no count for {}", workload.name)))?;
        counts.push((workload.name, total));
    }
    Ok(counts)
}

/// The total of a file of callgrind's.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Release and target of the compiler, as `rustc -vV` tells them.
#[must_use]
pub fn compiler() -> String {
    let said = Command::new("rustc").arg("-vV").output();
    let text = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        value.unwrap_or("unknown").trim().to_owned()
    };
    format!("rustc {} {}", field("release:"), field("host:"))
}

impl Baseline {
    /// Where the repository has it.
    #[must_use]
    pub fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.txt")
    }

    /// Of these counts.
    #[must_use]
    pub fn new(compiler: String, counts: &Counts) -> Self {
        Self {
            compiler,
            counts: counts.iter().cloned().collect(),
        }
    }

    /// Reads the file: the compiler, then count and name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let compiler = lines.next()?.to_owned();
        let counts = lines
            .map(|line| {
                let (count, name) = line.trim_start().split_once(' ')?;
                Some((name.to_owned(), count.parse().ok()?))
            })
            .collect::<Option<_>>()?;
        Some(Self { compiler, counts })
    }

    /// The file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.compiler);
        for (name, count) in &self.counts {
            let _ = writeln!(text, "{count:>9} {name}");
        }
        text
    }
}

/// Holds counts against a baseline.
#[must_use]
pub fn compare(counts: &Counts, baseline: &Baseline, compiler: &str) -> Report {
    let mut report = Report::default();
    let room = if baseline.compiler == compiler {
        TOLERANCE
    } else {
        let line = format!(
            "the baseline is of {}, this is {compiler}\n",
            baseline.compiler
        );
        report.lines.push_str(&line);
        OTHER_COMPILER
    };
    for (name, count) in counts {
        let Some(before) = baseline.counts.get(name) else {
            report.faults.push(format!("{name}: has no baseline"));
            continue;
        };
        let change = (*count as f64 / *before as f64 - 1.0) * 100.0;
        let _ = writeln!(report.lines, "{count:>9} {change:>+6.1} % {name}");
        if *count * 100 > before * (100 + room) {
            let fault = format!("{name}: {count} instructions, {before} before");
            report.faults.push(fault);
        }
    }
    for name in baseline.counts.keys() {
        if !counts.iter().any(|(other, _)| other == name) {
            report.faults.push(format!("{name}: is measured no more"));
        }
    }
    report
}

/// Holds the hostile messages against each other and the honest one.
#[must_use]
pub fn hostile(counts: &Counts) -> Vec<String> {
    let [short, long] = LENGTHS.map(|length| format!(", {length} octets"));
    let of = |name: &str, length: &str| {
        let wanted = format!("{name}{length}");
        let found = counts.iter().find(|(name, _)| *name == wanted);
        found.map_or(0, |(_, count)| *count)
    };
    let mut faults = Vec::new();
    for shape in crate::hostile::every() {
        let honest = of(shape.honest, &long);
        let (less, more) = (of(shape.name, &short), of(shape.name, &long));
        if more == 0 || more > honest * MOST_HOSTILE {
            faults.push(format!(
                "{}: {more} instructions, over {MOST_HOSTILE} times the {honest} of an honest one",
                shape.name
            ));
        }
        if more * 10 > less * 4 * GROWTH {
            faults.push(format!(
                "{}: grows faster than its length, from {less} to {more} instructions",
                shape.name
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(list: &[(&str, u64)]) -> Counts {
        list.iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn a_baseline_is_read_as_it_is_written() {
        let baseline = Baseline::new("rustc 1".into(), &counts(&[("one, 2", 7), ("b", 123)]));
        assert_eq!(Baseline::parse(&baseline.text()), Some(baseline));
        assert_eq!(Baseline::parse("rustc 1\nnot a count\n"), None);
        assert_eq!(total("events: Ir\ntotals: 123\n"), Some(123));
    }

    #[test]
    fn more_than_the_tolerance_is_a_fault_and_so_is_what_is_missing() {
        let baseline = Baseline::new("rustc 1".into(), &counts(&[("a", 1_000), ("b", 1_000)]));
        let now = counts(&[("a", 1_030), ("b", 900)]);
        assert!(compare(&now, &baseline, "rustc 1").faults.is_empty());
        let now = counts(&[("a", 1_031), ("c", 1)]);
        assert_eq!(compare(&now, &baseline, "rustc 1").faults.len(), 3);
        let now = counts(&[("a", 1_031), ("b", 1_250)]);
        assert!(compare(&now, &baseline, "rustc 2").faults.is_empty());
    }

    #[test]
    fn growth_beyond_the_length_is_a_fault() {
        let mut list = Counts::new();
        for shape in crate::hostile::every() {
            for (length, count) in LENGTHS.into_iter().zip([100, 400]) {
                list.push((format!("{}, {length} octets", shape.name), count));
            }
        }
        assert_eq!(hostile(&list), Vec::<String>::new());
        let last = list.len() - 1;
        list[last].1 = 441;
        assert_eq!(hostile(&list).len(), 1);
        list[last].1 = 400 * MOST_HOSTILE + 1;
        assert_eq!(hostile(&list).len(), 2);
    }
}
