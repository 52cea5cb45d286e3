//! What the demo prints: a line a step with its time, and a summary.
//!
//! Colors only on a terminal that shows them (`anstream` decides, and honors NO_COLOR). On a
//! terminal the step under way is shown too, and is overwritten by what came of it.

use super::{sides, stage::Stage, venue::Venue};
use crate::{clock, view};
use anstyle::{AnsiColor, Style};
use std::{
    env, fmt,
    future::Future,
    io::{IsTerminal, Write, stdout},
    process,
    time::{Duration, Instant},
};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

/// Back to the first column, and the line away.
const ERASE_LINE: &str = "\r\x1b[2K";
/// Columns before the text of a step: time, mark.
const INDENT: usize = 15;
/// Columns of the text of a step, before the time that it took.
const WIDTH: usize = 62;

/// What came of a step that came true.
pub(super) struct Done<T = ()> {
    pub(super) value: T,
    /// How long it took, counted from what the text names.
    pub(super) took: Option<Duration>,
    /// Lines that show it.
    pub(super) shows: Vec<String>,
}

/// A step did not come true; what was seen instead has been printed.
#[derive(Debug)]
pub(super) struct Failed;

/// Standard output, and what was told on it.
pub(super) struct Screen {
    began: Instant,
    terminal: bool,
    told: Vec<Told>,
}

struct Told {
    step: String,
    took: Option<Duration>,
    came_true: bool,
}

impl<T> Done<T> {
    pub(super) fn new(value: T) -> Self {
        Self {
            value,
            took: None,
            shows: Vec::new(),
        }
    }

    pub(super) fn took(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    pub(super) fn shows(mut self, line: impl fmt::Display) -> Self {
        self.shows.push(line.to_string());
        self
    }
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            began: clock::now(),
            terminal: stdout().is_terminal(),
            told: Vec::new(),
        }
    }

    /// What is about to happen, and where.
    pub(super) fn title(&self, venue: &Venue) {
        line(format_args!(
            "{STRONG}Myna demo{STRONG:#}: a host (AS {}) and a neighbor that behaves like Azure (AS {})",
            sides::HOST_AS,
            sides::AZURE_AS,
        ));
        match venue {
            Venue::Root => line("each in a network namespace of its own"),
            Venue::UserNamespace => line(
                "each in a network namespace of its own; not root, so all of it in a user namespace",
            ),
            Venue::Loopback(reason) => {
                line(format_args!("both on the loopback interface: {reason};"));
                line(
                    "so routes come and go, but lead nowhere: there is no kernel table, and a next \
                     hop on loopback is one that nobody may use",
                );
            }
        }
        line("");
    }

    /// Does `work`, and says what came of it.
    pub(super) async fn step<T>(
        &mut self,
        step: &str,
        work: impl Future<Output = Result<Done<T>, String>>,
    ) -> Result<T, Failed> {
        if self.terminal {
            raw(format_args!("{FAINT}{:INDENT$}{step} …{FAINT:#}", ""));
        }
        let result = work.await;
        if self.terminal {
            raw(ERASE_LINE);
        }
        let at = self.began.elapsed().as_secs_f64();
        let (took, answer) = match result {
            Ok(done) => {
                line(format_args!(
                    "{FAINT}{at:9.3} s{FAINT:#}  {GOOD}✓{GOOD:#} {}",
                    with_time(step, done.took, STRONG)
                ));
                for shown in &done.shows {
                    line(format_args!("{:INDENT$}{FAINT}{shown}{FAINT:#}", ""));
                }
                (done.took, Ok(done.value))
            }
            Err(seen) => {
                line(format_args!(
                    "{FAINT}{at:9.3} s{FAINT:#}  {BAD}✗ {step}{BAD:#}"
                ));
                line(format_args!("{:INDENT$}{seen}", ""));
                (None, Err(Failed))
            }
        };
        self.told.push(Told {
            step: step.to_owned(),
            took,
            came_true: answer.is_ok(),
        });
        answer
    }

    /// A neighbor, as one side sees it.
    pub(super) fn neighbor(&self, seen_by: &str, neighbor: &view::Neighbor) {
        line("");
        line(format_args!(
            "{STRONG}{}{STRONG:#}, as {seen_by} sees it",
            neighbor.name
        ));
        let row = |name: &str, value: &dyn fmt::Display| line(format_args!("  {name:14}{value}"));
        row(
            "address",
            &format_args!(
                "{} port {}, AS {}",
                neighbor.address, neighbor.port, neighbor.remote_as
            ),
        );
        row(
            "state",
            &format_args!("{} for {} s", neighbor.state, neighbor.since_seconds),
        );
        if let Some(hold) = neighbor.hold_time {
            row(
                "hold time",
                &format_args!("{hold} s{}", if neighbor.md5 { ", TCP-MD5" } else { "" }),
            );
        }
        row("capabilities", &neighbor.remote_capabilities.join(", "));
        for family in &neighbor.families {
            row(
                &family.family,
                &format_args!(
                    "{} received, {} imported, {} exported; \
                     {} announcement{} and {} withdrawal{} sent",
                    family.received,
                    family.imported,
                    family.exported,
                    family.announcements_out,
                    plural(family.announcements_out),
                    family.withdrawals_out,
                    plural(family.withdrawals_out),
                ),
            );
        }
    }

    /// All steps once more, with what they took, and the verdict; nothing where nothing was done.
    pub(super) fn summary(&self, interrupted: bool) {
        if self.told.is_empty() {
            return;
        }
        line("");
        line(format_args!("{STRONG}Summary{STRONG:#}"));
        for told in &self.told {
            let (style, mark) = if told.came_true {
                (GOOD, "✓")
            } else {
                (BAD, "✗")
            };
            line(format_args!(
                "  {style}{mark}{style:#} {}",
                with_time(&told.step, told.took, Style::new())
            ));
        }
        let failed = self.told.iter().filter(|told| !told.came_true).count();
        let seconds = self.began.elapsed().as_secs_f64();
        let steps = self.told.len();
        if failed > 0 {
            line(format_args!(
                "  {BAD}the story broke off{BAD:#} at step {steps} after {seconds:.2} s"
            ));
        } else if interrupted {
            line(format_args!(
                "  interrupted after step {steps}, in {seconds:.2} s"
            ));
        } else {
            line(format_args!(
                "  {steps} steps, all of them true, in {seconds:.2} s"
            ));
        }
    }

    /// Commands with which a person can look at what is left running.
    pub(super) fn look_around(&self, stage: &Stage, venue: &Venue) {
        let program = env::current_exe().map_or_else(
            |_| "myna".to_owned(),
            |path| path.to_string_lossy().into_owned(),
        );
        line("");
        line(format_args!(
            "{STRONG}Both go on until Ctrl-C.{STRONG:#} Look around from another terminal:"
        ));
        for socket in stage.control_sockets() {
            line(format_args!(
                "  {program} --socket {} show neighbors",
                socket.display()
            ));
        }
        if let Some((host, azure)) = stage.sides() {
            let user = match venue {
                Venue::UserNamespace => format!(
                    " --preserve-credentials --user=/proc/{}/ns/user",
                    process::id()
                ),
                Venue::Root | Venue::Loopback(_) => String::new(),
            };
            for (side, command) in [
                (host, "ip route".to_owned()),
                (
                    host,
                    format!("ip address add {} dev lo", sides::HOST_ADDRESS),
                ),
                (azure, "ip route".to_owned()),
            ] {
                line(format_args!(
                    "  nsenter{user} --net={} {command}",
                    side.namespace.path()
                ));
            }
        }
    }

    pub(super) fn note(&self, text: &str) {
        line("");
        line(text);
    }

    pub(super) fn trouble(&self, text: &str) {
        // A step may be under way.
        raw(if self.terminal { ERASE_LINE } else { "" });
        line("");
        line(format_args!("{BAD}{text}{BAD:#}"));
    }
}

/// A reader that went away is no reason to stop the demo before it has cleaned up.
fn line(text: impl fmt::Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

fn raw(text: impl fmt::Display) {
    let mut out = anstream::stdout();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// The step, and beside it the time that it took, if it is known.
fn with_time(step: &str, took: Option<Duration>, style: Style) -> String {
    match took {
        None => step.to_owned(),
        Some(took) => {
            let took = format!("{:.1} ms", took.as_secs_f64() * 1000.0);
            format!("{step:WIDTH$} {style}{took:>10}{style:#}")
        }
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
