//! `myna reload` and `myna stop`.
use super::{Failure, Outcome, connect, screen::Screen};
use crate::control::{Reply, Request};
use serde::Serialize;
use std::{io::Write, path::Path, process::ExitCode};

/// `myna reload --json`
#[derive(Serialize)]
struct Reloaded {
    /// in words, one a change
    changes: Vec<String>,
}

pub(super) fn reload(socket: &Path, json: bool, screen: &mut Screen<impl Write>) -> Outcome {
    let mut client = connect(socket)?;
    let mut changes = Vec::new();
    for reply in client.ask(&Request::Reload)? {
        if let Reply::Reloaded(said) = reply? {
            changes = said;
        }
    }
    if json {
        screen.json(&Reloaded { changes })?;
    } else if changes.is_empty() {
        screen.line("nothing changed")?;
    } else {
        for change in changes {
            screen.line(&change)?;
        }
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn stop(socket: &Path, graceful: bool, screen: &mut Screen<impl Write>) -> Outcome {
    let mut client = connect(socket)?;
    for reply in client.ask(&Request::Stop { graceful })? {
        reply.map_err(Failure::from)?;
    }
    screen.line("stopped")?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}
