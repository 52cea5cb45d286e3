//! A `myna` daemon in a namespace, and its command line.
use crate::{Netns, Process, SOON, eventually};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{ExitStatus, Output},
    sync::OnceLock,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

/// A Myna daemon; it may be killed and started again with the same files.
#[derive(Debug)]
pub struct Myna {
    // Dropped first: what it logged is shown from a file in `directory`.
    process: Option<Process>,
    netns: Netns,
    directory: TempDir,
}

impl Myna {
    /// The binary under test: `MYNA_BIN`, or the newest one built beside this test.
    ///
    /// # Panics
    /// When there is none; it says how to build it.
    #[must_use]
    pub fn binary() -> &'static Path {
        static BINARY: OnceLock<PathBuf> = OnceLock::new();
        BINARY.get_or_init(|| {
            if let Some(path) = env::var_os("MYNA_BIN") {
                let path = PathBuf::from(path);
                assert!(path.is_file(), "MYNA_BIN: no file {}", path.display());
                return fs::canonicalize(&path).unwrap_or(path);
            }
            // target/<profile>/deps/<test>-<hash>, or target/<profile>/<benchmark>
            let test = env::current_exe().expect("know this test's own path");
            let profile = test
                .ancestors()
                .skip(1)
                .find(|folder| !folder.ends_with("deps"));
            let target = profile
                .and_then(Path::parent)
                .unwrap_or(Path::new("target"));
            ["release", "debug"]
                .map(|profile| target.join(profile).join("myna"))
                .into_iter()
                .filter(|path| path.is_file())
                .max_by_key(|path| {
                    fs::metadata(path)
                        .and_then(|metadata| metadata.modified())
                        .unwrap_or(SystemTime::UNIX_EPOCH)
                })
                .unwrap_or_else(|| {
                    panic!(
                        "no `myna` in {}/release or /debug: run `cargo build -p speaker` first, \
                         or name one with MYNA_BIN",
                        target.display()
                    )
                })
        })
    }

    /// Starts one with this configuration (a control socket of its own is added) and waits until
    /// it answers.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(netns: &Netns, config: &str) -> Self {
        let directory = TempDir::new().expect("make a temporary directory");
        let mut myna = Self {
            process: None,
            netns: netns.clone(),
            directory,
        };
        myna.write_config(config);
        myna.start_again();
        myna
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop`](Self::stop).
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.process = None;
        let process = Process::start(
            &self.netns,
            Self::binary(),
            &["run", "--config", &self.config().to_string_lossy()],
            &self.log_file(),
        );
        self.process = Some(process);
        eventually("myna answers", SOON, || {
            if let Some(process) = &mut self.process
                && let Some(status) = process.exited()
            {
                return Err(format!("myna ended with {status}"));
            }
            self.show(&["status"])
        });
    }

    /// Replaces the configuration file; the daemon is not told.
    ///
    /// # Panics
    /// When the file cannot be written.
    pub fn write_config(&self, config: &str) {
        let text = format!(
            "{config}\n[control]\nsocket = \"{}\"\n",
            self.socket().display()
        );
        fs::write(self.config(), text).expect("write the configuration");
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.directory.path().join("myna.toml")
    }

    /// The control socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("myna.sock")
    }

    /// Runs `myna` with these arguments against the daemon, in its namespace.
    ///
    /// # Panics
    /// When the binary cannot be run.
    #[track_caller]
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Output {
        // `stop` waits for the daemon's end.
        self.netns
            .command("timeout")
            .args(["--kill-after=1", "30"])
            .arg(Self::binary())
            .args(arguments)
            .arg("--socket")
            .arg(self.socket())
            .output()
            .expect("run myna")
    }

    /// What such a command prints.
    ///
    /// # Panics
    /// When it fails.
    #[track_caller]
    #[must_use]
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(
            output.status.success(),
            "myna {arguments:?}: {}: {}",
            output.status,
            said(&output)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs `myna check FILE` in a namespace.
    ///
    /// # Panics
    /// When the binary cannot be run.
    #[must_use]
    pub fn check(netns: &Netns, config: &str) -> (ExitStatus, String) {
        let directory = TempDir::new().expect("make a temporary directory");
        let file = directory.path().join("myna.toml");
        fs::write(&file, config).expect("write the configuration");
        let output = netns
            .command(&Self::binary().to_string_lossy())
            .arg("check")
            .arg(&file)
            .output()
            .expect("run myna check");
        (output.status, said(&output))
    }

    /// `myna show … --json`.
    pub fn show(&self, what: &[&str]) -> Result<Value, String> {
        let output = self.command(&[&["show"], what, &["--json"]].concat());
        if !output.status.success() {
            return Err(said(&output));
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("not JSON ({error}): {}", said(&output)))
    }

    /// `show neighbor NAME`.
    ///
    /// # Panics
    /// When the daemon does not answer.
    #[track_caller]
    #[must_use]
    pub fn neighbor(&self, name: &str) -> Value {
        self.show(&["neighbor", name])
            .unwrap_or_else(|error| panic!("show neighbor {name}: {error}"))
    }

    /// `show kernel`.
    ///
    /// # Panics
    /// When the daemon does not answer.
    #[track_caller]
    #[must_use]
    pub fn kernel(&self) -> Value {
        self.show(&["kernel"])
            .unwrap_or_else(|error| panic!("show kernel: {error}"))
    }

    /// `show routes …`, a list.
    ///
    /// # Panics
    /// When the daemon does not answer with a list.
    #[track_caller]
    #[must_use]
    pub fn routes(&self, arguments: &[&str]) -> Vec<Value> {
        match self.show(&[&["routes"], arguments].concat()) {
            Ok(Value::Array(routes)) => routes,
            other => panic!("show routes {arguments:?}: {other:?}"),
        }
    }

    /// Waits until a neighbor is Established.
    ///
    /// # Panics
    /// When it does not get there `within` the time.
    #[track_caller]
    pub fn established(&self, name: &str, within: Duration) -> Value {
        eventually(&format!("myna's {name} is Established"), within, || {
            let neighbor = self.neighbor(name);
            if text(&neighbor, "state") == "Established" {
                Ok(neighbor)
            } else {
                Err(neighbor.to_string())
            }
        })
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it is not running.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        self.process().signal(signal);
    }

    /// The process.
    ///
    /// # Panics
    /// When it is not running.
    #[track_caller]
    #[must_use]
    pub fn process(&self) -> &Process {
        self.process.as_ref().expect("myna is running")
    }

    /// Ends it at once, as a crash does.
    #[track_caller]
    pub fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.ended();
    }

    /// Ends it as an operator does (SIGTERM).
    ///
    /// # Panics
    /// When it does not end with success.
    #[track_caller]
    pub fn stop(&mut self) {
        self.signal(Signal::SIGTERM);
        let status = self.ended();
        assert!(status.success(), "after SIGTERM: {status}\n{}", self.log());
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("myna is running");
        process.wait(SOON)
    }

    /// What it logged, over all its starts.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("myna.log")
    }
}

/// A field's text; empty where there is none.
#[must_use]
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Both outputs of a command, for people.
#[must_use]
pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
