//! `tests/CONFORMANCE.md`, written by the tests whose results it shows.
//!
//! Each test owns a section and replaces it. What is written follows from the data and the code
//! alone, so a second run leaves the file as it is. Under CI nothing is written: there the file must
//! already say what the run found. The tests of other crates include this file by its path.
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Sections in the order in which they stand.
const SECTIONS: &[&str] = &[
    "Messages of other implementations",
    "Fields as ExaBGP reads them",
    "Parts of messages of other implementations",
    "Verdicts of other implementations",
    "Captures",
    "Corpora and streams",
    "MRT files",
];

const HEAD: &str = "\
# Conformance

What other implementations sent, recorded, printed or judged, against what Myna makes of it. The
tests write this page (`cargo test -p bgp-wire --test conformance`, `cargo test -p speaker decode`);
under CI they compare it with what they found. The data is collected from public repositories and
lies beside this one (`../shared/data`, or where `MYNA_SHARED` says); without it the tests say what
they left out, and the fixtures of each crate prove the rest.

A difference is a row: the exact case, exactly what is found there, and who is right. Anything that
differs without a row fails the test, so the last column is always 0.
";

static FILE: Mutex<()> = Mutex::new(());

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/CONFORMANCE.md")
}

/// Whether the file must already hold what is found.
fn only_compare() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// The body of a section as it stands in `text`.
fn body<'a>(text: &'a str, section: &str) -> &'a str {
    let head = format!("\n## {section}\n");
    let Some((_, after)) = text.split_once(&head) else {
        return "";
    };
    after.split("\n## ").next().unwrap_or(after)
}

/// Makes `found` the body of `section`.
pub(crate) fn section(section: &str, found: &str) {
    let _guard = FILE
        .lock()
        .expect("no other section's test has panicked here");
    assert!(SECTIONS.contains(&section), "{section}");
    let before = std::fs::read_to_string(path()).unwrap_or_default();
    let mut after = String::from(HEAD);
    for name in SECTIONS {
        let body = if *name == section {
            found.trim()
        } else {
            body(&before, name).trim()
        };
        if !body.is_empty() {
            write!(after, "\n## {name}\n\n{body}\n").expect("a string");
        }
    }
    if before == after {
        return;
    }
    if only_compare() {
        let differs = before.lines().zip(after.lines()).find(|(a, b)| a != b);
        let (was, is) = differs.unwrap_or(("as many lines", "more or fewer lines"));
        assert_eq!(
            was, is,
            "tests/CONFORMANCE.md, \"{section}\": it says the first, and the run found the \
             second; run the tests without CI set, and commit the file"
        );
    }
    std::fs::write(path(), after).expect("to write tests/CONFORMANCE.md");
}

/// Past the capture of the test runner: what was left out must be seen.
pub(crate) fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}");
}

/// A table of Markdown.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        writeln!(text, "| {} |", cells.join(" | ")).expect("a string");
    }
    text
}
