//! The speakers under test: how each is told of the same neighbors, started and named.
//!
//! All of them get what the scenario needs and nothing else: no kernel table, no import or export
//! filter, a hold time of 180 s, no delays between announcements. A speaker that cannot do a
//! scenario says so by giving no configuration for it.

mod bird;
mod frr;
mod gobgp;
mod mirror;
mod myna;
mod openbgpd;

use std::{
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};
use tests::{Netns, Process};

/// What a speaker is asked to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its address and identifier.
    pub address: Ipv4Addr,
    /// Its AS.
    pub asn: u32,
    /// Its neighbors.
    pub neighbors: Vec<Neighbor>,
    /// Whether it connects to its neighbors, rather than wait for them.
    pub connects: bool,
    /// Terms of the import policy, each of which matches no route; none: accept all.
    pub terms: u32,
}

/// A neighbor of the speaker.
#[derive(Clone, Copy, Debug)]
pub struct Neighbor {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its AS; inside the speaker's own AS it is a client of a route reflector.
    pub asn: u32,
    /// What is announced to it.
    pub export: Export,
}

/// What a neighbor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// Nothing: it only sends.
    Nothing,
    /// The best path of every prefix.
    Best,
    /// Every path (RFC 7911).
    Paths,
}

/// A speaker.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// As people call it.
    pub name: &'static str,
    program: fn() -> PathBuf,
    version: &'static [&'static str],
    /// Writes its files into the directory and gives its arguments; `None`: it cannot do this.
    prepare: fn(&Plan, &Path) -> Option<Vec<String>>,
}

/// All of them, ours first. The mirror is no BGP speaker: it is the floor of this set-up.
pub const SUBJECTS: &[Subject] = &[
    myna::SUBJECT,
    bird::SUBJECT,
    frr::SUBJECT,
    openbgpd::SUBJECT,
    gobgp::SUBJECT,
    mirror::SUBJECT,
];

impl Subject {
    /// Whether it is installed.
    #[must_use]
    pub fn is_installed(&self) -> bool {
        (self.program)().is_file()
    }

    /// Whether it is no speaker at all, but the floor.
    #[must_use]
    pub fn is_mirror(&self) -> bool {
        self.name == mirror::SUBJECT.name
    }

    /// First line of what it says of itself.
    #[must_use]
    pub fn version(&self) -> String {
        let output = Command::new((self.program)()).args(self.version).output();
        let Ok(output) = output else {
            return "unknown".to_owned();
        };
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        text.lines().next().unwrap_or("unknown").trim().to_owned()
    }

    /// Starts it; `None` where it cannot do what is planned.
    ///
    /// # Errors
    /// Its files cannot be written.
    pub fn start(
        &self,
        plan: &Plan,
        netns: &Netns,
        directory: &Path,
    ) -> Result<Option<Process>, String> {
        // Some of them give up their rights before they read their files.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(directory, mode).map_err(|error| error.to_string())?;
        let Some(arguments) = (self.prepare)(plan, directory) else {
            return Ok(None);
        };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let log = directory.join("log");
        let process = Process::start(netns, &(self.program)(), &arguments, &log);
        Ok(Some(process))
    }
}

impl Plan {
    fn adds_paths(&self) -> bool {
        let mut neighbors = self.neighbors.iter();
        neighbors.any(|neighbor| neighbor.export == Export::Paths)
    }

    fn is_internal(&self, neighbor: &Neighbor) -> bool {
        neighbor.asn == self.asn
    }
}

/// Writes a file that a speaker reads, and gives its path.
fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    if let Err(error) = fs::write(&path, text) {
        eprintln!("cannot write {}: {error}", path.display());
    }
    path.display().to_string()
}
