//! What the benchmarks share: medians and tables. Each benchmark is a binary of this package that
//! prints a table; README.md has the commands and a run's results.
//!
//! Nothing here asserts a time: machines are shared and noisy, so every number stands beside
//! another one of the same run.

pub mod compare;
pub mod floor;

use std::{fmt::Write, time::Duration};

/// The middle one; the mean of the two in the middle for an even count, zero for none.
#[must_use]
pub fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    let half = samples.len() / 2;
    match (samples.get(half), samples.get(half.wrapping_sub(1))) {
        (Some(high), Some(low)) if samples.len().is_multiple_of(2) => (*high + *low) / 2,
        (Some(middle), _) => *middle,
        (None, _) => Duration::ZERO,
    }
}

/// Milliseconds with as many digits as mean something.
#[must_use]
pub fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// Octets as MiB.
#[must_use]
pub fn mebibytes(octets: u64) -> String {
    format!("{:.2} MiB", octets as f64 / f64::from(1 << 20))
}

/// A Markdown table.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let seconds = |list: &[u64]| list.iter().copied().map(Duration::from_secs).collect();
        assert_eq!(median(seconds(&[9, 1, 5])), Duration::from_secs(5));
        assert_eq!(median(seconds(&[4, 1, 9, 2])), Duration::from_secs(3));
        assert_eq!(median(Vec::new()), Duration::ZERO);
    }
}
