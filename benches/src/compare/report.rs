//! The results as a page: a table and a plot for each scenario.

use super::{
    scenario::{Outcome, Scenario},
    subject::Subject,
};
use crate::table;
use charts_rs::{HorizontalBarChart, Series};
use std::{fmt::Write, fs, path::Path};

/// What the rounds of one speaker in one scenario gave.
#[derive(Clone, Debug)]
pub struct Result {
    /// Which speaker.
    pub subject: Subject,
    /// Its rounds; empty where it cannot do this.
    pub outcomes: Vec<Outcome>,
    /// What went wrong in rounds that gave nothing.
    pub problems: Vec<String>,
}

impl Result {
    /// The middle one of a number of each round; `None` without rounds.
    fn median(&self, of: impl Fn(&Outcome) -> f64) -> Option<f64> {
        let mut values: Vec<f64> = self.outcomes.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len().checked_sub(1)? / 2).copied()
    }

    fn spread(&self) -> String {
        let seconds = self.outcomes.iter().map(|outcome| outcome.seconds);
        let low = seconds.clone().fold(f64::INFINITY, f64::min);
        let high = seconds.fold(0.0, f64::max);
        format!("{low:.2} to {high:.2}")
    }

    /// A row of the table; ratios are to the first speaker's.
    fn row(&self, first: Option<f64>) -> Vec<String> {
        let Some(seconds) = self.median(|outcome| outcome.seconds) else {
            let why = self.problems.first().map_or("not offered", String::as_str);
            let mut row = vec![self.subject.name.to_owned(), why.to_owned()];
            row.resize(8, String::new());
            return row;
        };
        let number =
            |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
        let mebibytes = |of: fn(&Outcome) -> u64| {
            let median = self.median(|outcome| of(outcome) as f64 / f64::from(1 << 20));
            median.map_or(String::new(), |value| format!("{value:.0}"))
        };
        vec![
            self.subject.name.to_owned(),
            format!("{seconds:.2}"),
            self.spread(),
            first.map_or(String::new(), |first| format!("{:.1}", seconds / first)),
            number(self.median(|outcome| outcome.usage.user)),
            number(self.median(|outcome| outcome.usage.system)),
            mebibytes(|outcome| outcome.usage.resident),
            mebibytes(|outcome| outcome.usage.peak),
        ]
    }
}

/// A scenario's table.
#[must_use]
pub fn section(scenario: &Scenario, results: &[Result]) -> String {
    let first = results
        .first()
        .and_then(|result| result.median(|outcome| outcome.seconds));
    let head = [
        "",
        "seconds",
        "spread",
        "times Myna's",
        "user s",
        "system s",
        "MiB",
        "peak MiB",
    ];
    let rows: Vec<Vec<String>> = results.iter().map(|result| result.row(first)).collect();
    format!(
        "## {}: {}\n\n{}\n",
        scenario.key,
        scenario.title,
        table(&head, &rows)
    )
}

/// Draws the seconds of a scenario as bars and writes them to `file`.
///
/// # Errors
/// The plot cannot be drawn or the file cannot be written.
pub fn plot(
    scenario: &Scenario,
    results: &[Result],
    file: &Path,
) -> std::result::Result<(), String> {
    let done = results.iter().filter_map(|result| {
        let seconds = result.median(|outcome| outcome.seconds)?;
        Some((result.subject.name.to_owned(), seconds as f32))
    });
    let (names, seconds): (Vec<String>, Vec<f32>) = done.unzip();
    if names.is_empty() {
        return Ok(());
    }
    let series = vec![Series::new("seconds".to_owned(), seconds)];
    let mut chart = HorizontalBarChart::new(series, names);
    chart.base.title.text = format!("{}: {} (seconds)", scenario.key, scenario.title);
    chart.base.width = 800.0;
    chart.base.height = 260.0;
    let svg = chart.svg().map_err(|error| error.to_string())?;
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)
            .map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    fs::write(file, svg).map_err(|error| format!("{}: {error}", file.display()))
}

/// The page's first lines: what was run, and on what.
#[must_use]
pub fn head(command: &str, rounds: u64, subjects: &[Subject]) -> String {
    let mut text = String::from("# Speakers under load\n\n");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let _ = write!(
        text,
        "Written by `{command}`: medians of {rounds} rounds on {cores} cores, Linux {}. Read them \
         as ratios: generator and speaker share the cores. Seconds are from the first UPDATE sent \
         until every receiver held every prefix; MiB is the speaker's resident memory then, all \
         its processes together. The mirror copies octets unread, and is what this set-up allows \
         at best.\n\n",
        kernel.trim().split('-').next().unwrap_or_default()
    );
    for subject in subjects.iter().filter(|subject| !subject.is_mirror()) {
        let _ = writeln!(text, "- {}: {}", subject.name, subject.version());
    }
    text.push('\n');
    text
}
