//! Myna and a peer of every make: each feature of BGP that both have, in namespaces of the cell's
//! own. A cell is a test, called `feature::peer`; the run of all of them writes `INTEROP.md`.
//!
//! What a feature's name means is the function beside it: what both sides have to show of state,
//! routes, the kernel's table and the reason for an end.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test reports by failing"
)]

mod authentication;
mod ending;
mod establish;
mod families;
mod faults;
mod feature;
mod limits;
mod matrix;
mod meeting;
mod opening;
mod paths;
mod refresh;
mod restart;
mod scripted;

use feature::Feature;
use libtest_mimic::{Arguments, Failed, Trial};
use matrix::{Outcome, Outcomes};
use std::{
    collections::BTreeMap,
    env,
    panic::resume_unwind,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    thread,
};
use tests::{Implementation, Needs};

/// Cells at a time. They wait for timers and for each other's daemons most of the time.
const AT_A_TIME: usize = 4;

fn features() -> Vec<Feature> {
    [
        establish::FEATURES,
        authentication::FEATURES,
        families::FEATURES,
        paths::FEATURES,
        opening::FEATURES,
        refresh::FEATURES,
        restart::FEATURES,
        ending::FEATURES,
        limits::FEATURES,
        faults::FEATURES,
    ]
    .concat()
}

/// Runs a test on a thread of its own: its name is said where it is skipped, and the kernel ends
/// the daemons of a thread that is gone.
fn apart(
    name: &str,
    needs: Vec<Needs>,
    run: impl FnOnce() + Send + 'static,
) -> thread::Result<Outcome> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread
        .spawn(move || {
            if !Needs::met(&needs) {
                return Outcome::Skipped;
            }
            run();
            Outcome::Passed
        })
        .expect("start a thread")
        .join()
}

/// Notes how a test ended, and passes on what it said.
fn settled<K: Ord>(
    key: K,
    ended: thread::Result<Outcome>,
    outcomes: &Mutex<BTreeMap<K, Outcome>>,
) -> Result<(), Failed> {
    let outcome = ended.as_ref().copied().unwrap_or(Outcome::Failed);
    outcomes
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key, outcome);
    match ended {
        Ok(_) => Ok(()),
        Err(panic) => resume_unwind(panic),
    }
}

/// The command line without names of tests, and these: `libtest_mimic` takes one, `./test` and
/// every other test any number.
fn command_line() -> (Arguments, Vec<String>) {
    let mut rest = Vec::new();
    let mut names = Vec::new();
    let mut value_follows = false;
    for (number, argument) in env::args().enumerate() {
        let option = argument.starts_with('-');
        if number == 0 || option || value_follows {
            let takes_value = [
                "--test-threads",
                "--format",
                "--color",
                "--skip",
                "--logfile",
            ];
            value_follows = option && takes_value.contains(&argument.as_str());
            rest.push(argument);
        } else {
            names.push(argument);
        }
    }
    (Arguments::from_iter(rest), names)
}

fn main() -> ExitCode {
    let (mut arguments, names) = command_line();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let features = features();
    matrix::check(&features);
    let chosen = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(part));
    let cells = Arc::new(Mutex::new(Outcomes::new()));
    let scripts = Arc::new(Mutex::new(BTreeMap::new()));
    let mut trials = Vec::new();
    let mut all = 0_usize;
    for feature in &features {
        for make in Implementation::ALL {
            if feature.not_offered_by(make).is_some() {
                continue;
            }
            all = all.saturating_add(1);
            let name = format!("{}::{}", feature.key, make.word());
            if chosen(&name) {
                let (feature, cells) = (*feature, Arc::clone(&cells));
                trials.push(Trial::test(name.clone(), move || {
                    let needs = [Some(Needs::Root), make.needs()];
                    let needs = needs.into_iter().flatten().collect();
                    let ended = apart(&name, needs, move || (feature.run)(make));
                    settled((feature.key, make), ended, &cells)
                }));
            }
        }
    }
    for script in scripted::SCRIPTS {
        all = all.saturating_add(1);
        let name = format!("{}::octets", script.key);
        if chosen(&name) {
            let scripts = Arc::clone(&scripts);
            trials.push(Trial::test(name.clone(), move || {
                let ended = apart(&name, vec![Needs::Root], script.run);
                settled(script.key, ended, &scripts)
            }));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    let cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
    let scripts = scripts.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ran = cells.values().chain(scripts.values());
    let all_ran = cells.len().saturating_add(scripts.len()) == all
        && ran.all(|outcome| *outcome != Outcome::Skipped);
    // Part of the matrix says nothing about the rest of it.
    if all_ran && let Err(wrong) = matrix::settle(&features, &cells, &scripts) {
        eprintln!("{wrong}");
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
