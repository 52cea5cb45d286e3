//! `myna reload`, `myna stop`, and what is done with neighbors.
use super::{Failure, Outcome, arguments::OnNeighbor, connect, screen::Screen};
use crate::{
    control::{Action, Reply, Request},
    view::Acted,
};
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

/// `refresh [in | out] NEIGHBOR`: whose, and which.
pub(super) fn what_to_refresh(
    first: String,
    second: Option<String>,
) -> Result<(String, Action), Failure> {
    match (first.as_str(), second) {
        (_, None) => Ok((first, Action::Refresh)),
        ("in", Some(neighbor)) => Ok((neighbor, Action::RefreshIn)),
        ("out", Some(neighbor)) => Ok((neighbor, Action::RefreshOut)),
        (other, Some(_)) => Err(Failure::Other(format!(
            "`{other}` is neither `in` nor `out`: myna refresh [in | out] NEIGHBOR"
        ))),
    }
}

/// The exit code says whether it was done for the one that was named, or for any of all.
pub(super) fn act(
    socket: &Path,
    on: OnNeighbor,
    action: Action,
    message: &str,
    screen: &mut Screen<impl Write>,
) -> Outcome {
    let mut client = connect(socket)?;
    let all = on.neighbor == "all";
    let request = Request::Act {
        neighbor: on.neighbor,
        action,
        message: message.to_owned(),
    };
    let mut acted = Vec::new();
    for reply in client.ask(&request)? {
        if let Reply::Acted(one) = reply? {
            acted.push(*one);
        }
    }
    let done = acted.iter().filter(|one| one.done).count();
    let well = done == acted.len() || (all && done > 0);
    if on.json {
        screen.json(&acted)?;
    } else {
        for Acted { neighbor, what, .. } in &acted {
            screen.line(&format!("{neighbor}: {what}"))?;
        }
        if acted.is_empty() {
            screen.line("there is no neighbor")?;
        }
    }
    screen.flush()?;
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

pub(super) fn stop(socket: &Path, graceful: bool, screen: &mut Screen<impl Write>) -> Outcome {
    let mut client = connect(socket)?;
    for reply in client.ask(&Request::Stop { graceful })? {
        if let Reply::Stopping(warnings) = reply.map_err(Failure::from)? {
            for warning in warnings {
                screen.line(&warning)?;
            }
        }
    }
    screen.line("stopped")?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}
