//! The matrix as a file: feature by peer.
use crate::{feature::Feature, scripted::SCRIPTS};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write,
    fs,
    path::Path,
};
use tests::Implementation;

/// How a cell ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// Cells by feature's key and peer.
pub(crate) type Outcomes = BTreeMap<(&'static str, Implementation), Outcome>;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/INTEROP.md");

/// Writes the file, or in CI compares it with what was committed. Says what is wrong.
pub(crate) fn settle(
    features: &[Feature],
    cells: &Outcomes,
    scripts: &BTreeMap<&'static str, Outcome>,
) -> Result<(), String> {
    let text = format!("{}{}", render(features, cells), render_scripts(scripts));
    let path = Path::new(FILE);
    let before = fs::read_to_string(path).unwrap_or_default();
    if before == text {
        return Ok(());
    }
    if env::var("CI").is_ok_and(|value| value == "true") {
        return Err(format!(
            "tests/INTEROP.md is not what this run found; run ./test and commit it:\n{text}"
        ));
    }
    fs::write(path, text).map_err(|error| format!("{FILE}: {error}"))
}

fn render(features: &[Feature], outcomes: &Outcomes) -> String {
    let mut text = String::from(
        "# Interoperability\n\n\
         Myna against itself and others, each in a network namespace of its own. This file is \
         written by the test that it tells of (`./test interop`, in `tests/interop`); what a row \
         demands of both sides stands there beside its name.\n\n",
    );
    let versions: Vec<_> = Implementation::ALL
        .into_iter()
        .filter_map(|make| Some(format!("{} {}", make.name(), make.version()?)))
        .collect();
    let _ = writeln!(text, "Peers: {}.\n", versions.join(", "));
    text.push_str("| feature |");
    for make in Implementation::ALL {
        let _ = write!(text, " {} |", make.name());
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(Implementation::ALL.len()));
    text.push('\n');
    let mut notes: Vec<&str> = Vec::new();
    for feature in features {
        let _ = write!(text, "| {} |", feature.title);
        for make in Implementation::ALL {
            if let Some(reason) = feature.not_offered_by(make) {
                let number = notes
                    .iter()
                    .position(|note| *note == reason)
                    .unwrap_or_else(|| {
                        notes.push(reason);
                        notes.len().saturating_sub(1)
                    });
                let _ = write!(text, " not offered [{}] |", number.saturating_add(1));
            } else {
                let word = word(outcomes.get(&(feature.key, make)));
                let _ = write!(text, " {word} |");
            }
        }
        text.push('\n');
    }
    text.push('\n');
    for (number, note) in notes.iter().enumerate() {
        let _ = writeln!(text, "{}. {note}", number.saturating_add(1));
    }
    text
}

fn render_scripts(outcomes: &BTreeMap<&'static str, Outcome>) -> String {
    let mut text = String::from(
        "\n| with a neighbor made of octets, which does what no speaker does | |\n|---|---|\n",
    );
    for script in SCRIPTS {
        let word = word(outcomes.get(script.key));
        let _ = writeln!(text, "| {} | {word} |", script.title);
    }
    text
}

fn word(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Passed) => "passed",
        Some(Outcome::Failed) => "**failed**",
        Some(Outcome::Skipped) | None => "not run",
    }
}

/// That no two features have one key, and that every reason is of a feature's own peers.
pub(crate) fn check(features: &[Feature]) {
    let keys: BTreeSet<_> = features.iter().map(|feature| feature.key).collect();
    assert_eq!(keys.len(), features.len(), "two features have one key");
}
