//! A network namespace of the test's own.
use nix::sched::{CloneFlags, setns};
use std::{
    collections::BTreeSet,
    fs::File,
    io::Write,
    process::{self, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

/// Beginning of every name, so that `./test` can sweep what a killed run left behind.
const PREFIX: &str = "myna-test";

/// A named network namespace with its loopback up; deleted when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Netns(Arc<Named>);

#[derive(Debug)]
struct Named(String);

impl Netns {
    /// Makes one; `label` makes its name readable.
    ///
    /// # Panics
    /// When the kernel does not let us.
    #[must_use]
    pub fn new(label: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}-{}-{number}-{label}", process::id());
        run(Command::new("ip").args(["netns", "add", &name]));
        let netns = Self(Arc::new(Named(name)));
        // Link-local addresses without the second or two of duplicate address detection.
        netns.sysctl("net.ipv6.conf.all.accept_dad", "0");
        netns.sysctl("net.ipv6.conf.default.accept_dad", "0");
        netns.ip("link set lo up");
        netns
    }

    /// Its name, as `ip netns` shows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.0
    }

    /// A command that runs `program` inside.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.name(), program]);
        command
    }

    /// Runs `ip` with these arguments inside, and returns its output.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    pub fn ip(&self, arguments: &str) -> String {
        run(Command::new("ip")
            .args(["-n", self.name()])
            .args(arguments.split_whitespace()))
    }

    /// Runs many `ip` commands, a line each, in one process: as fast as they can be given.
    ///
    /// # Panics
    /// When one of them fails.
    #[track_caller]
    pub fn ip_batch(&self, lines: &str) {
        let mut child = Command::new("ip")
            .args(["-n", self.name(), "-batch", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("start ip");
        child
            .stdin
            .take()
            .expect("its input is a pipe")
            .write_all(lines.as_bytes())
            .expect("write to ip");
        let status = child.wait().expect("wait for ip");
        assert!(status.success(), "ip -batch failed: {status}");
    }

    /// Sets a kernel parameter inside.
    ///
    /// # Panics
    /// When there is no such parameter.
    #[track_caller]
    pub fn sysctl(&self, name: &str, value: &str) {
        run(self
            .command("sysctl")
            .args(["-q", "-w", &format!("{name}={value}")]));
    }

    /// Whether one echo request from `source` to `destination` is answered.
    #[must_use]
    pub fn ping(&self, source: &str, destination: &str) -> bool {
        self.command("ping")
            .args(["-n", "-c", "1", "-W", "2", "-I", source, destination])
            .output()
            .is_ok_and(|output| output.status.success())
    }

    /// The IPv4 routes of table main, one line each as `ip route` prints them.
    #[track_caller]
    #[must_use]
    pub fn routes4(&self) -> BTreeSet<String> {
        lines(&self.ip("-4 route show table main"))
    }

    /// The IPv6 routes of table main without the link-local ones.
    #[track_caller]
    #[must_use]
    pub fn routes6(&self) -> BTreeSet<String> {
        let mut routes = lines(&self.ip("-6 route show table main"));
        routes.retain(|route| !route.starts_with("fe80::"));
        routes
    }

    /// Runs `work` on a thread inside. Sockets that it opens stay inside wherever they are used.
    ///
    /// # Panics
    /// When the namespace is gone, or `work` panics.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let file = File::open(format!("/run/netns/{}", self.name()))
            .expect("the namespace is there as long as this value");
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    setns(&file, CloneFlags::CLONE_NEWNET).expect("enter a namespace");
                    work()
                })
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.0]).output();
    }
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

/// Runs a command to its end and returns its standard output.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stderr),
        output.status
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
