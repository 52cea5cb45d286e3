//! A BIRD 2 in a namespace, and its `birdc`.
use crate::{Netns, Process, SOON, eventually, process::bounded};
use nix::sys::signal::Signal;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A BIRD daemon; it may be killed and started again with the same files.
#[derive(Debug)]
pub struct Bird {
    // Dropped first: what it logged is shown from a file in `directory`.
    process: Option<Process>,
    netns: Netns,
    directory: TempDir,
    recovers: bool,
}

/// What `show protocols all NAME` says of one protocol.
#[derive(Clone, Debug, Default)]
pub struct BirdProtocol {
    /// "up", "start", "down".
    pub state: String,
    /// When it went into this state.
    pub since: String,
    /// "Established", "Active Socket: Connection refused", ….
    pub info: String,
    /// The whole answer.
    pub text: String,
}

impl Bird {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(netns: &Netns, config: &str) -> Self {
        let directory = TempDir::new().expect("make a temporary directory");
        fs::write(directory.path().join("bird.conf"), config).expect("write bird.conf");
        let mut bird = Self {
            process: None,
            netns: netns.clone(),
            directory,
            recovers: false,
        };
        bird.start_again();
        bird
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop`](Self::stop).
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.process = None;
        let [config, socket, pid] =
            ["bird.conf", "bird.ctl", "bird.pid"].map(|name| self.path(name));
        let [config, socket, pid] = [&config, &socket, &pid].map(|path| path.to_string_lossy());
        let mut arguments = vec!["-f", "-c", &config, "-s", &socket, "-P", &pid];
        if self.recovers {
            arguments.push("-R");
        }
        let log = self.path("bird.log");
        let process = Process::start(&self.netns, Path::new("bird"), &arguments, &log);
        let process = self.process.insert(process);
        let socket = self.directory.path().join("bird.ctl");
        eventually("BIRD answers", SOON, || {
            if let Some(status) = process.exited() {
                return Err(format!("BIRD ended with {status}: {}", process.log()));
            }
            birdc(&socket, "show status")
        });
    }

    /// From now on a start is the end of a graceful restart, and it says so.
    pub fn recovers(&mut self) {
        self.recovers = true;
    }

    /// Replaces its configuration.
    ///
    /// # Panics
    /// When BIRD refuses it.
    #[track_caller]
    pub fn reconfigure(&self, config: &str) {
        fs::write(self.path("bird.conf"), config).expect("write bird.conf");
        let answer = self.query("configure");
        assert!(
            answer.contains("Reconfigured") || answer.contains("Reconfiguration in progress"),
            "{answer}"
        );
    }

    /// Asks `birdc`.
    ///
    /// # Panics
    /// When BIRD does not answer.
    #[track_caller]
    #[must_use]
    pub fn query(&self, question: &str) -> String {
        birdc(&self.socket(), question)
            .unwrap_or_else(|error| panic!("birdc {question}: {error}\n{}", self.log()))
    }

    /// One protocol.
    ///
    /// # Panics
    /// When BIRD has no such protocol.
    #[track_caller]
    #[must_use]
    pub fn protocol(&self, name: &str) -> BirdProtocol {
        let text = self.query(&format!("show protocols all {name}"));
        // NAME PROTO TABLE STATE SINCE INFO, where SINCE is a time of today in one word.
        let line = text
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name))
            .unwrap_or_else(|| panic!("BIRD has no protocol {name}: {text}"));
        let words: Vec<_> = line.split_whitespace().collect();
        let word = |n: usize| words.get(n).copied().unwrap_or_default().to_owned();
        BirdProtocol {
            state: word(3),
            since: word(4),
            info: words.get(5..).unwrap_or_default().join(" "),
            text,
        }
    }

    /// Waits until a BGP protocol is Established.
    ///
    /// # Panics
    /// When it does not get there.
    #[track_caller]
    pub fn established(&self, name: &str) -> BirdProtocol {
        eventually(&format!("BIRD's {name} is Established"), SOON, || {
            let protocol = self.protocol(name);
            if protocol.info == "Established" {
                Ok(protocol)
            } else {
                Err(protocol.info)
            }
        })
    }

    /// The prefixes learned from a protocol.
    #[track_caller]
    #[must_use]
    pub fn prefixes(&self, protocol: &str) -> BTreeSet<String> {
        self.query(&format!("show route protocol {protocol}"))
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .filter(|word| word.contains('/'))
            .map(str::to_owned)
            .collect()
    }

    /// All attributes of the route to exactly `prefix` learned from `protocol`, by name
    /// (`BGP.origin`, `BGP.as_path`, …), and its next hop as `via`; `None` where there is none.
    #[track_caller]
    #[must_use]
    pub fn attributes(&self, prefix: &str, protocol: &str) -> Option<BTreeMap<String, String>> {
        let question = format!("show route {prefix} protocol {protocol} all");
        let text = match birdc(&self.socket(), &question) {
            Ok(text) if text.lines().any(|line| line.starts_with(prefix)) => text,
            Ok(_) => return None,
            // 8001: birdc fails where the table has no such prefix.
            Err(error) if error.contains("Network not found") => return None,
            Err(error) => panic!("birdc {question}: {error}"),
        };
        let attributes = text.lines().map(str::trim).filter_map(|line| {
            line.strip_prefix("via ")
                .map(|hop| ("via", hop))
                .or_else(|| line.split_once(": "))
        });
        Some(
            attributes
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .filter(|(name, _)| name.starts_with("BGP.") || name == "via")
                .collect(),
        )
    }

    /// How many withdrawals of IPv4 (or only) routes a session has received since it came up.
    ///
    /// # Panics
    /// When BIRD does not say.
    #[track_caller]
    #[must_use]
    pub fn withdrawals(&self, protocol: &str) -> u64 {
        let text = self.protocol(protocol).text;
        text.lines()
            .find_map(|line| line.trim().strip_prefix("Import withdraws:"))
            .and_then(|counts| counts.split_whitespace().next()?.parse().ok())
            .unwrap_or_else(|| panic!("no count of withdrawals in {text}"))
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("bird.log")).unwrap_or_default()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it is not running.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        self.process
            .as_ref()
            .expect("BIRD is running")
            .signal(signal);
    }

    /// Ends it at once; its sockets are closed by the kernel.
    pub fn kill(&mut self) {
        self.end(Signal::SIGKILL);
    }

    /// Ends it as an operator does.
    pub fn stop(&mut self) {
        self.end(Signal::SIGTERM);
    }

    #[track_caller]
    fn end(&mut self, signal: Signal) {
        let mut process = self.process.take().expect("BIRD is running");
        process.signal(signal);
        process.wait(SOON);
        // A killed BIRD leaves its socket behind, which would answer for nobody.
        let _ = fs::remove_file(self.socket());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn socket(&self) -> PathBuf {
        self.path("bird.ctl")
    }
}

fn birdc(socket: &Path, question: &str) -> Result<String, String> {
    let output = bounded("birdc")
        .arg("-s")
        .arg(socket)
        .arg(question)
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}
