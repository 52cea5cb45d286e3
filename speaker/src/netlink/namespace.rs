//! Tests against the real kernel: a thread in a network namespace of its own, and `ip` in it.
use nix::sched::{CloneFlags, unshare};
use std::{
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Runs `test` in a fresh namespace with `lo` up, on a thread of its own; the namespace goes with
/// the thread's last child. Without root the test is reported as skipped.
pub(crate) fn in_namespace(name: &str, test: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let inside = move || {
            if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
                eprintln!("SKIPPED {name}: no network namespace of its own ({error}); needs root");
                return;
            }
            ip("link set lo up");
            test();
        };
        let joined = thread::Builder::new()
            .name(name.into())
            .spawn_scoped(scope, inside);
        if let Err(panic) = joined.unwrap().join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// `ip ARGUMENTS` in the calling thread's namespace; what it printed.
pub(crate) fn ip(arguments: &str) -> String {
    let run = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "ip {arguments}: {error}");
    String::from_utf8(run.stdout).unwrap()
}

/// Many commands of `ip` at once.
pub(crate) fn ip_batch(lines: &str) {
    use std::io::Write;
    let mut child = Command::new("ip")
        .args(["-force", "-batch", "-"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.as_bytes())
        .unwrap();
    child.wait().unwrap();
}

/// A pair of links, both up: `v0` with 10.1.1.1/24 and fd00::1/64, `v1` with nothing.
pub(crate) fn veth() {
    ip("link add v0 type veth peer name v1");
    ip("link set v0 up");
    ip("link set v1 up");
    ip("addr add 10.1.1.1/24 dev v0");
    ip("addr add fd00::1/64 dev v0 nodad");
}

/// Waits until `holds`; how long that took. Ends the test with `what` after 10 s.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) -> Duration {
    let began = crate::clock::now();
    while !holds() {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "not within 10 s: {what}"
        );
        thread::sleep(Duration::from_micros(200));
    }
    Instant::elapsed(&began)
}
