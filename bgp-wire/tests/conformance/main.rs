//! What other implementations sent, recorded, printed or judged, against what we make of it.
//!
//! The results are `tests/CONFORMANCE.md`. The data is looked for in `$MYNA_SHARED`, then beside the
//! workspace. Without it each test says that it was skipped; the crate's own fixtures do not need it.
#![allow(clippy::expect_used, reason = "a failing test says why")]

mod captures;
mod corpora;
mod differences;
mod exabgp;
mod fragments;
mod messages;
mod verdicts;

mod report;
mod source;
