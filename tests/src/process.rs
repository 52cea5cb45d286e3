//! A program in a namespace, with its output kept for the case that the test fails.
use crate::{Netns, eventually};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

/// How long a program may take that only asks a daemon something. A daemon that hangs, or turns in
/// circles, shall fail a test and not hold it.
const ANSWER: &str = "20";

/// A program that asks a daemon something, and is ended by its process id where it gets no answer.
#[must_use]
pub(crate) fn bounded(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=1", ANSWER, program]);
    command
}

/// Lines of output that a failing test shows of each of its programs.
const SHOWN: usize = 120;

/// A running program. It is killed by its process id on drop, and by the kernel when the thread
/// that started it ends, so no daemon outlives its test.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    _netns: Netns,
}

impl Process {
    /// Starts `program` in `netns`; its output is appended to `log`.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn start(netns: &Netns, program: &Path, arguments: &[&str], log: &Path) -> Self {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("open a log file in the test's own directory");
        let name = program
            .file_name()
            .unwrap_or(program.as_os_str())
            .to_string_lossy()
            .into_owned();
        // `ip netns exec` and `setpriv` both replace themselves, so the child's process id is the
        // program's own.
        let child = netns
            .command("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("duplicate a file descriptor"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self {
            name,
            child,
            log: log.to_owned(),
            _netns: netns.clone(),
        }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it has ended already.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id fits");
        kill(Pid::from_raw(id), signal)
            .unwrap_or_else(|error| panic!("cannot send {signal} to {}: {error}", self.name));
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it has not ended `within` the time.
    #[track_caller]
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        eventually(&format!("the end of {}", self.name), within, || {
            self.exited().ok_or_else(|| "still running".to_owned())
        })
    }

    /// How it ended, if it has.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// What it has written so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Resident memory, octets; `None` once it has ended.
    #[must_use]
    pub fn resident(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        kilobytes.checked_mul(1024)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exited().is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let skipped = lines.len().saturating_sub(SHOWN);
            eprintln!("--- output of {} ({})", self.name, self.id());
            if skipped > 0 {
                eprintln!("… {skipped} lines before");
            }
            for line in lines.iter().skip(skipped) {
                eprintln!("{line}");
            }
            eprintln!("---");
        }
    }
}
