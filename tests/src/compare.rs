//! Comparing what is there with what should be, item by item.
use std::collections::BTreeSet;

/// A set of owned texts.
#[must_use]
pub fn set<const N: usize>(items: [&str; N]) -> BTreeSet<String> {
    items.map(str::to_owned).into()
}

/// `Ok` when both are equal; otherwise what is missing and what is there besides.
pub fn same(seen: &BTreeSet<String>, wanted: &BTreeSet<String>) -> Result<(), String> {
    if seen == wanted {
        return Ok(());
    }
    let missing: Vec<_> = wanted.difference(seen).collect();
    let besides: Vec<_> = seen.difference(wanted).collect();
    Err(format!("missing {missing:#?}, besides {besides:#?}"))
}

/// `Ok` when `truth`; otherwise what was seen instead.
pub fn shown(truth: bool, seen: &impl ToString) -> Result<(), String> {
    if truth { Ok(()) } else { Err(seen.to_string()) }
}
