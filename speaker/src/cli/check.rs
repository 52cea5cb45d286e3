//! `myna check`: a configuration file, and this host against it, without running anything.
use super::{
    Outcome, listeners,
    paint::{BAD, FAINT, STRONG, WAITING},
    screen::Screen,
};
use crate::{
    config::{
        Config, Problem, Problems, Severity,
        file::{self, Loaded},
        lint::{Subject, Warning},
    },
    host,
};
use serde::Serialize;
use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

/// `myna check --json`
#[derive(Serialize)]
struct Report<'p> {
    /// the file's path as it was given
    file: String,
    /// numbers
    errors: usize,
    warnings: usize,
    /// in the order of the file; those without a line come last
    problems: &'p [Problem],
}

pub(super) fn check(path: &Path, json: bool, screen: &mut Screen<impl Write>) -> Outcome {
    let problems = match file::load(path) {
        Ok(loaded) => {
            let host = host::read().ok();
            let mut problems = loaded.warnings(host.as_ref());
            let of_host = taken_ports(&loaded.config).into_iter();
            problems.extend(of_host.map(|warning| loaded.place(warning)));
            problems.extend(other_routes(&loaded));
            problems
        }
        Err(Problems(problems)) => problems,
    };
    let count = |severity| problems.iter().filter(|p| p.severity == severity).count();
    let report = Report {
        file: path.display().to_string(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        problems: &problems,
    };
    if json {
        screen.json(&report)?;
    } else {
        print(&report, screen)?;
    }
    screen.flush()?;
    Ok(match report.errors {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn print(report: &Report<'_>, screen: &mut Screen<impl Write>) -> io::Result<()> {
    for problem in report.problems {
        screen.styled(STRONG, &problem.location())?;
        screen.raw(": ")?;
        let style = match problem.severity {
            Severity::Error => BAD,
            Severity::Warning => WAITING,
        };
        screen.styled(style.bold(), &problem.severity.to_string())?;
        screen.line(&format!(": {}", problem.headline()))?;
        let details = problem.details();
        for line in details.lines() {
            // what would be right is to be read, the rest only to be found
            let style = if line.trim_start().starts_with('=') {
                STRONG
            } else {
                FAINT
            };
            screen.styled(style, line)?;
            screen.raw("\n")?;
        }
    }
    let count = |number: usize, what: &str| match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    };
    let summary = match (report.errors, report.warnings) {
        (0, 0) => "no problems".to_owned(),
        (0, warnings) => format!("usable, {}", count(warnings, "warning")),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => {
            format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
        }
    };
    screen.line(&format!("{}: {summary}", report.file))
}

/// Ports that another program has. A daemon of ours that runs already is what a reload is for.
fn taken_ports(config: &Config) -> Vec<Warning> {
    let listening = listeners::all();
    let mut warnings: Vec<Warning> = Vec::new();
    for &wanted in &config.listen {
        let in_the_way = |other: &&listeners::Listening| other.stands_in_the_way_of(wanted);
        let Some(other) = listening.iter().find(in_the_way) else {
            continue;
        };
        let who = match other.process() {
            Some((name, _)) if name == "myna" => continue,
            Some((name, pid)) => format!("{name} (process {pid})"),
            None => "another program (root sees which)".to_owned(),
        };
        let message = format!("port {} is taken by {who}", wanted.port());
        if warnings.iter().all(|warning| warning.message != message) {
            warnings.push(Warning {
                subject: Subject::Speaker,
                key: "listen",
                message,
                help: Some("stop that program, or name other addresses or ports".to_owned()),
            });
        }
    }
    warnings
}

/// Routes of other routing programs in the table that is to be ours.
fn other_routes(loaded: &Loaded) -> Vec<Problem> {
    let Some(kernel) = &loaded.config.kernel else {
        return Vec::new();
    };
    let place = |message| {
        loaded.place(Warning {
            subject: Subject::Kernel,
            key: "adopt",
            message,
            help: None,
        })
    };
    match crate::fib::survey(kernel) {
        Ok(sentences) => sentences.into_iter().map(place).collect(),
        Err(error) => vec![place(format!(
            "the kernel's routes cannot be read: {error}"
        ))],
    }
}
