//! `myna demo`: the whole story in a second, on any Linux machine, without touching it.
//!
//! A host and a neighbor that behaves like Azure, both made of this library and of nothing but its
//! public interface, meet over a veth pair. A route comes from Azure into the host's kernel, an
//! address of the host becomes a route in Azure's kernel, a connection crosses, the address and
//! the route go again. Every step is looked up in the kernel by other code than wrote it.
//!
//! Each side lives in a network namespace that has no name: a thread is in it, and when the
//! process ends, however it ends, the kernel takes the namespace away with all that is in it
//! (see `namespace`). Without root the process first becomes root of a user namespace of its
//! own; where the system does not allow that, both speakers meet on the loopback interface, and
//! there is no kernel table (see `venue`).
//!
//! It costs three threads for the two sides and the story, and what two speakers start.

mod links;
mod namespace;
mod printing;
mod probe;
mod sides;
mod stage;
mod story;
mod venue;

use printing::Screen;
use stage::Stage;
use std::{io, process::ExitCode};
use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
};
use venue::Venue;

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Runs the demo and tells its story on standard output. With `keep` both speakers go on after
/// the story until Ctrl-C. Success only if every step came true.
///
/// To be called from a process with one thread, so that it can enter a user namespace where it is
/// not root; otherwise the demo falls back to loopback.
pub fn run(keep: bool) -> ExitCode {
    let venue = Venue::choose();
    let mut screen = Screen::new();
    screen.title(&venue);
    let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            screen.trouble(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(perform(&venue, keep, &mut screen))
}

async fn perform(venue: &Venue, keep: bool, screen: &mut Screen) -> ExitCode {
    let mut interrupted = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            screen.trouble(&format!("cannot listen for Ctrl-C: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let mut stage = Stage::new(keep);

    let ended = tokio::select! {
        ended = story::tell(screen, &mut stage, venue) => Some(ended),
        () = interrupted.wait() => None,
    };
    if keep && ended.is_some() && stage.is_running() {
        screen.summary(false);
        screen.look_around(&stage, venue);
        interrupted.wait().await;
        stage.clear().await;
        screen.note("everything that the demo made is gone again");
    } else {
        stage.clear().await;
        if ended.is_none() {
            screen.trouble("interrupted; everything that the demo made is gone again");
        }
        screen.summary(ended.is_none());
    }
    match ended {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) => ExitCode::FAILURE,
        None => ExitCode::from(INTERRUPTED),
    }
}

/// The three signals that end the demo.
struct Interrupt {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

impl Interrupt {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
            _ = self.hang_up.recv() => (),
        }
    }
}
