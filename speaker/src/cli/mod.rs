//! The command line.
//!
//! One definition (`arguments`) makes `--help`, the manual pages and the completions. A command
//! reads the views of a running daemon over its control socket ([`crate::control`]) and prints
//! them for people, or as JSON for programs; what it prints is written as it comes, so that a
//! listing of a million routes costs no memory.
//!
//! Exit codes: 0 done, 1 something is wrong (and said on standard error), 2 not understood.

mod act;
mod arguments;
mod check;
mod explain;
mod kernel;
mod listeners;
mod pages;
mod paint;
mod screen;
mod sheet;
mod show;
mod table;
mod time;

use crate::{
    config::{self, ControlSocket},
    control::{Action, Client, ClientError},
    daemon, decode, demo,
};
use arguments::{Arguments, Command, KernelCommand, OnNeighbor};
use clap::Parser;
use screen::Screen;
use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The program: everything `myna` does.
#[must_use]
pub fn main() -> ExitCode {
    // what clap finds wrong it says itself, with the usage, and exits with code 2
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Run(run) => return daemon::run(run.options(arguments.socket)),
        Command::Demo { keep } => return demo::run(keep),
        Command::Decode(arguments) => return decode::run(&arguments),
        Command::Check { file, json } => check::check(&file, json, &mut Screen::stdout()),
        Command::Reload { json } => {
            act::reload(&socket(arguments.socket), json, &mut Screen::stdout())
        }
        Command::Enable(on) => on_neighbor(arguments.socket, on, Action::Enable, ""),
        Command::Disable { on, message } => {
            on_neighbor(arguments.socket, on, Action::Disable, &message)
        }
        Command::Restart { on, message } => {
            on_neighbor(arguments.socket, on, Action::Restart, &message)
        }
        Command::Refresh {
            first,
            second,
            json,
        } => act::what_to_refresh(first, second).and_then(|(neighbor, action)| {
            on_neighbor(arguments.socket, OnNeighbor { neighbor, json }, action, "")
        }),
        Command::Stop { graceful } => {
            act::stop(&socket(arguments.socket), graceful, &mut Screen::stdout())
        }
        Command::Explain { prefix, json } => {
            let socket = socket(arguments.socket);
            explain::explain(&socket, prefix, json, &mut Screen::stdout())
        }
        Command::Kernel { what } => match what {
            KernelCommand::Flush { config, json } => {
                let socket = socket(arguments.socket);
                kernel::flush(&socket, &config, json, &mut Screen::stdout())
            }
            KernelCommand::Restore => {
                kernel::restore(&socket(arguments.socket), &mut Screen::stdout())
            }
        },
        Command::Show(show) => show::show(&show, &socket(arguments.socket), &mut Screen::stdout()),
        Command::Completions { shell } => pages::completions(shell, &mut Screen::stdout()),
        Command::Man { directory } => pages::manual(directory.as_deref(), &mut Screen::stdout()),
    };
    match outcome {
        Ok(code) => code,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            // `| head` has seen enough
            ExitCode::SUCCESS
        }
        Err(failure) => {
            // with nobody there to read it there is nobody to tell
            let _ = writeln!(io::stderr(), "myna: {}", paint::clean(&failure.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn on_neighbor(told: Option<PathBuf>, on: OnNeighbor, action: Action, message: &str) -> Outcome {
    act::act(&socket(told), on, action, message, &mut Screen::stdout())
}

/// Why a command did not do what it should.
#[derive(Debug)]
enum Failure {
    /// The daemon, or the way to it.
    Client(ClientError),
    /// What was to be written could not be.
    Output(io::Error),
    /// In words.
    Other(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => error.fmt(f),
            Self::Output(error) => write!(f, "cannot write: {error}"),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

type Outcome = Result<ExitCode, Failure>;

/// The daemon's socket: as told, else as the configuration in its usual place says, else where it
/// usually is.
fn socket(told: Option<PathBuf>) -> PathBuf {
    told.or_else(|| {
        let loaded = config::file::load(Path::new(config::DEFAULT_FILE)).ok()?;
        Some(loaded.config.control?.path)
    })
    .unwrap_or_else(|| ControlSocket::PATH.into())
}

fn connect(socket: &Path) -> Result<Client, Failure> {
    Ok(Client::connect(socket)?)
}

#[cfg(test)]
mod tests;
