//! `ip monitor route` in a namespace: every change of the kernel's tables, in order.
use crate::{Netns, Process, SOON, eventually};
use std::path::Path;
use tempfile::TempDir;

/// A prefix that no test uses (RFC 5737): its coming and going shows that the monitor listens.
const MARKER: &str = "203.0.113.255";

/// Listens from its creation on.
#[derive(Debug)]
pub struct RouteMonitor {
    process: Process,
    netns: Netns,
    _directory: TempDir,
}

impl RouteMonitor {
    /// Starts listening; when this returns, no later change is missed.
    ///
    /// # Panics
    /// When `ip monitor` does not come up.
    #[must_use]
    pub fn start(netns: &Netns) -> Self {
        let directory = TempDir::new().expect("make a temporary directory");
        let log = directory.path().join("monitor.log");
        let process = Process::start(netns, Path::new("ip"), &["monitor", "route"], &log);
        let monitor = Self {
            process,
            netns: netns.clone(),
            _directory: directory,
        };
        monitor.mark();
        monitor
    }

    /// Every change since the start, a line each as `ip monitor` prints it, in order. All that the
    /// kernel did before this call is included.
    #[must_use]
    pub fn changes(&self) -> Vec<String> {
        self.mark();
        self.process
            .log()
            .lines()
            .filter(|line| !line.contains(MARKER))
            .map(|line| line.trim().to_owned())
            .collect()
    }

    /// The changes of one destination.
    #[must_use]
    pub fn changes_of(&self, prefix: &str) -> Vec<String> {
        let mut changes = self.changes();
        changes.retain(|line| line.split_whitespace().any(|word| word == prefix));
        changes
    }

    /// Waits until the monitor has seen a change that is made now.
    fn mark(&self) {
        let seen = || self.process.log().matches(MARKER).count();
        let before = seen();
        eventually("ip monitor sees a change", SOON, || {
            self.netns.ip(&format!("route add {MARKER} dev lo"));
            self.netns.ip(&format!("route del {MARKER} dev lo"));
            if seen() > before {
                Ok(())
            } else {
                Err("nothing seen".to_owned())
            }
        });
    }
}
