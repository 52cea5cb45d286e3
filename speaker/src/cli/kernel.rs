//! `myna kernel flush` and `myna kernel restore`.
use super::{Failure, Outcome, connect, screen::Screen};
use crate::{
    config::{Problem, Problems, file},
    control::{ClientError, Reply, Request},
    fib,
};
use serde::Serialize;
use std::{io, io::Write, path::Path, process::ExitCode};

/// `myna kernel flush --json`
#[derive(Serialize)]
struct Flushed {
    /// routes that were removed, by family
    removed_v4: u64,
    /// see above
    removed_v6: u64,
    /// whether a daemon did it, which will not put them back before `kernel restore`
    running: bool,
}

/// Through the daemon where one runs, else with our own hands.
pub(super) fn flush(
    socket: &Path,
    config: &Path,
    json: bool,
    screen: &mut Screen<impl Write>,
) -> Outcome {
    let flushed = match connect(socket) {
        Ok(mut client) => {
            let mut before = None;
            for reply in client.ask(&Request::FlushKernel)? {
                if let Reply::Kernel(kernel) = reply? {
                    before = Some(kernel);
                }
            }
            let before =
                before.ok_or_else(|| Failure::Other("the daemon answered nothing".to_owned()))?;
            Flushed {
                removed_v4: before.installed_v4,
                removed_v6: before.installed_v6,
                running: true,
            }
        }
        Err(Failure::Client(ClientError::Connect(_, error))) if is_absent(&error) => {
            flush_alone(config)?
        }
        Err(failure) => return Err(failure),
    };
    if json {
        screen.json(&flushed)?;
    } else {
        let Flushed {
            removed_v4,
            removed_v6,
            running,
        } = flushed;
        let stay = if running {
            "; `myna kernel restore` puts them back"
        } else {
            ""
        };
        screen.line(&format!(
            "removed {removed_v4} IPv4 routes and {removed_v6} IPv6 routes{stay}"
        ))?;
    }
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Nobody is there; a socket that we may not use is something else.
fn is_absent(error: &io::Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

fn flush_alone(config: &Path) -> Result<Flushed, Failure> {
    let loaded = file::load(config).map_err(|Problems(problems)| {
        let lines: Vec<String> = problems.iter().map(Problem::one_line).collect();
        Failure::Other(format!(
            "myna is not running, and the configuration that tells which routes are its own \
             cannot be read:\n{}",
            lines.join("\n")
        ))
    })?;
    let Some(kernel) = loaded.config.kernel else {
        let path = config.display();
        return Err(Failure::Other(format!(
            "{path} has no [kernel], which tells which routes are ours; name another file with \
             --config"
        )));
    };
    if kernel.dry_run {
        let path = config.display();
        return Err(Failure::Other(format!(
            "[kernel] of {path} says dry-run = true, so nothing is written into the kernel"
        )));
    }
    let (removed_v4, removed_v6) = fib::flush(&kernel)
        .map_err(|error| Failure::Other(format!("cannot empty the kernel table: {error}")))?;
    Ok(Flushed {
        removed_v4,
        removed_v6,
        running: false,
    })
}

pub(super) fn restore(socket: &Path, screen: &mut Screen<impl Write>) -> Outcome {
    let mut client = connect(socket)?;
    for reply in client.ask(&Request::RestoreKernel)? {
        reply.map_err(Failure::from)?;
    }
    screen.line("our routes go back into the kernel")?;
    screen.flush()?;
    Ok(ExitCode::SUCCESS)
}
