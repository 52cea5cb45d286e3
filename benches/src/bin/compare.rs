//! Myna and other speakers under load; see README.md beside this package.

#![expect(clippy::print_stdout, reason = "it prints its results")]

use benches::compare::{
    mirror,
    report::{self, Result as Rounds},
    scenario::{Course, Scenario},
    subject::{SUBJECTS, Subject},
};
use clap::Parser;
use std::{fs, path::PathBuf, process::ExitCode};
use tests::Needs;

/// Runs scenarios of load against Myna and every installed speaker, as root.
#[derive(Parser)]
struct Arguments {
    /// Rounds of each speaker in each scenario
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// Only these scenarios
    #[arg(long)]
    scenario: Vec<String>,
    /// Only these speakers
    #[arg(long)]
    subject: Vec<String>,
    /// Divide all numbers of prefixes by this
    #[arg(long, default_value_t = 1)]
    divide: u32,
    /// A table dump (MRT, gzip) to replay as well
    #[arg(long)]
    table: Option<PathBuf>,
    /// Write RESULTS.md and plots into this directory
    #[arg(long)]
    write: Option<PathBuf>,
    /// Be the mirror (what the benchmark starts itself as)
    #[arg(long, hide = true)]
    mirror: Option<PathBuf>,
}

fn scenarios(table: Option<PathBuf>) -> Vec<Scenario> {
    let scenario = |key, title, senders, prefixes, receivers, course| Scenario {
        key,
        title,
        senders,
        prefixes,
        receivers,
        course,
    };
    const M: u32 = 1_000_000;
    const K: u32 = 1_000;
    let mut list = vec![
        scenario(
            "A",
            "1 sender, 1 M prefixes, 1 receiver",
            1,
            M,
            1,
            Course::Load,
        ),
        scenario(
            "B",
            "10 senders of the same 200 k prefixes, 1 receiver",
            10,
            200 * K,
            1,
            Course::Load,
        ),
        scenario(
            "C",
            "reflector, 2 senders of 100 k prefixes each, 50 clients",
            2,
            100 * K,
            50,
            Course::Reflect,
        ),
        scenario(
            "E",
            "4 senders of the same 1 M prefixes, no receiver",
            4,
            M,
            0,
            Course::Consume,
        ),
        scenario(
            "withdraw",
            "as A, then all is withdrawn",
            1,
            M,
            1,
            Course::Withdraw,
        ),
        scenario(
            "churn",
            "200 k prefixes, all of which change",
            1,
            200 * K,
            1,
            Course::Churn,
        ),
        scenario(
            "return",
            "200 k prefixes, the session is lost and comes back",
            1,
            200 * K,
            1,
            Course::Return,
        ),
        scenario(
            "slow",
            "200 k prefixes beside a receiver of an octet a second",
            1,
            200 * K,
            1,
            Course::BesideSlow,
        ),
        scenario(
            "paths",
            "4 senders of the same 50 k prefixes, ADD-PATH to 1 receiver",
            4,
            50 * K,
            1,
            Course::LoadPaths,
        ),
        scenario(
            "policy",
            "200 k prefixes through 1,000 terms, 1 receiver",
            1,
            200 * K,
            1,
            Course::Filter(1_000),
        ),
    ];
    if let Some(file) = table {
        list.push(scenario(
            "table",
            "a real table, 1 receiver",
            1,
            0,
            1,
            Course::Replay(file),
        ));
    }
    list
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(file) = arguments.mirror {
        return match mirror::serve(&file) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("mirror: {error}");
                ExitCode::FAILURE
            }
        };
    }
    if !Needs::met(&[Needs::Root]) {
        return ExitCode::FAILURE;
    }
    let wanted = |list: &[String], name: &str| {
        list.is_empty() || list.iter().any(|entry| name.eq_ignore_ascii_case(entry))
    };
    let subjects: Vec<Subject> = SUBJECTS
        .iter()
        .filter(|subject| wanted(&arguments.subject, subject.name) && subject.is_installed())
        .copied()
        .collect();
    let command: Vec<String> = std::env::args()
        .skip(1)
        .map(|word| {
            if word.contains(' ') {
                format!("'{word}'")
            } else {
                word
            }
        })
        .collect();
    let command = format!(
        "cargo run --release -p benches --bin compare -- {}",
        command.join(" ")
    );
    let mut page = report::head(command.trim(), arguments.rounds, &subjects);
    print!("{page}");
    for mut scenario in scenarios(arguments.table) {
        if !wanted(&arguments.scenario, scenario.key) {
            continue;
        }
        scenario.prefixes = (scenario.prefixes / arguments.divide.max(1)).max(10);
        let results = rounds(&scenario, &subjects, arguments.rounds);
        let mut section = report::section(&scenario, &results);
        if let Some(directory) = &arguments.write {
            let plot = format!("plots/{}.svg", scenario.key.to_lowercase());
            match report::plot(&scenario, &results, &directory.join(&plot)) {
                Ok(()) => section.push_str(&format!("![seconds]({plot})\n\n")),
                Err(error) => eprintln!("{error}"),
            }
        }
        print!("{section}");
        page.push_str(&section);
    }
    if let Some(directory) = arguments.write
        && let Err(error) = fs::write(directory.join("RESULTS.md"), page)
    {
        eprintln!("{}: {error}", directory.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn rounds(scenario: &Scenario, subjects: &[Subject], rounds: u64) -> Vec<Rounds> {
    let mut results: Vec<Rounds> = subjects
        .iter()
        .map(|subject| Rounds {
            subject: *subject,
            outcomes: Vec::new(),
            problems: Vec::new(),
        })
        .collect();
    for round in 0..rounds {
        for result in &mut results {
            // Who cannot do it need not be asked again.
            if round > 0 && result.outcomes.is_empty() {
                continue;
            }
            match scenario.run(&result.subject, round) {
                Ok(outcome) => result.outcomes.extend(outcome),
                Err(problem) => {
                    eprintln!("{} in {}: {problem}", result.subject.name, scenario.key);
                    result.problems.push(problem);
                }
            }
        }
    }
    results
}
