//! The floor: a program that takes every session, and copies the octets of routes from those
//! that send to all others, unread. It is this same benchmark, started as `compare --mirror`; see
//! [`crate::compare::mirror`].

use super::{Export, Plan, Subject, write};
use std::{env, fmt::Write, path::Path};

pub(super) const SUBJECT: Subject = Subject {
    name: "mirror",
    program: || env::current_exe().unwrap_or_default(),
    version: &["--version"],
    prepare,
};

fn prepare(plan: &Plan, directory: &Path) -> Option<Vec<String>> {
    // With path identifiers the octets would differ.
    if plan.terms > 0 || plan.adds_paths() {
        return None;
    }
    let mut text = format!("{} {}\n", plan.address, plan.asn);
    for neighbor in &plan.neighbors {
        let told = neighbor.export != Export::Nothing;
        let _ = writeln!(text, "{} {told}", neighbor.address);
    }
    let file = write(directory, "neighbors", &text);
    Some(["--mirror", &file].map(str::to_owned).into())
}
