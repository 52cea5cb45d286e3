//! Waiting with a deadline, and watching that nothing changes.
use std::{
    thread,
    time::{Duration, Instant},
};

/// Between two looks. Short beside any deadline, long beside the cost of a look.
const PAUSE: Duration = Duration::from_millis(25);

/// Asks `probe` until it answers `Ok`, at most for `within`.
///
/// # Panics
/// When the time is over: with `what`, and with what `probe` said last.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "waiting for real daemons needs a real clock"
)]
pub fn eventually<T>(
    what: &str,
    within: Duration,
    mut probe: impl FnMut() -> Result<T, String>,
) -> T {
    let begin = Instant::now();
    loop {
        match probe() {
            Ok(value) => return value,
            Err(last) if begin.elapsed() >= within => {
                panic!("not within {within:?}: {what}\nlast seen: {last}");
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// Asks `probe` again and again for `during`; every answer must be `Ok`.
///
/// # Panics
/// At the first `Err`, with `what` and that answer.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "watching real daemons needs a real clock"
)]
pub fn holds(what: &str, during: Duration, mut probe: impl FnMut() -> Result<(), String>) {
    let begin = Instant::now();
    while begin.elapsed() < during {
        if let Err(seen) = probe() {
            panic!("held only {:?}: {what}\nseen: {seen}", begin.elapsed());
        }
        thread::sleep(PAUSE);
    }
}
