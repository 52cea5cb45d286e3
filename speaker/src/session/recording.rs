//! The file that a session is written to, where its neighbor's `record` names one.
//!
//! It is for bug reports, so it is written at once, on the session's own task: what a daemon that
//! dies had been told last is what matters most. A file that cannot be written ends the recording
//! and nothing else.

use bgp_fsm::{Config, Recorded};
use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Instant,
};
use tracing::{info, warn};

/// Octets of a file; a full table's initial load takes about half of it.
const LARGEST: u64 = 64 << 20;

/// Where the tape of a session goes.
#[derive(Debug)]
pub(super) struct Recording {
    path: PathBuf,
    file: File,
    written: u64,
}

/// A session, and the file it is written to.
pub(super) fn begin(
    path: Option<&Path>,
    config: Config,
    seed: u64,
    now: Instant,
) -> (Recorded, Option<Recording>) {
    let Some(path) = path else {
        return (Recorded::new(config, seed, now), None);
    };
    match Recording::create(path) {
        Ok(recording) => {
            info!(file = %path.display(), "the session is recorded");
            (Recorded::with_tape(config, seed, now), Some(recording))
        }
        Err(error) => {
            warn!(file = %path.display(), %error, "the session is not recorded");
            (Recorded::new(config, seed, now), None)
        }
    }
}

impl Recording {
    fn create(path: &Path) -> io::Result<Self> {
        // Routes may be nobody else's business.
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            written: 0,
        })
    }

    /// Writes what is new of the session's tape; `false`: that was the last of it.
    fn write(&mut self, session: &mut Recorded) -> bool {
        let Some(text) = session.take_tape() else {
            return true;
        };
        let full = self.written + text.len() as u64 > LARGEST;
        let result = if full {
            self.file.write_all(b"# the file is full\n")
        } else {
            self.file.write_all(text.as_bytes())
        };
        self.written += text.len() as u64;
        match result {
            Ok(()) if !full => true,
            Ok(()) => {
                warn!(file = %self.path.display(), "the recording is full, the session goes on");
                false
            }
            Err(error) => {
                warn!(file = %self.path.display(), %error, "the recording ends here");
                false
            }
        }
    }
}

/// Writes what is new, where the session is recorded.
pub(super) fn write(recording: &mut Option<Recording>, session: &mut Recorded) {
    if let Some(open) = recording
        && !open.write(session)
    {
        *recording = None;
        session.stop_tape();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use bgp_fsm::{Command, State, replay};
    use bgp_wire::{Asn, RouterId};
    use std::{fs, os::unix::fs::PermissionsExt};

    fn config() -> Config {
        Config::new(Asn(65_530), RouterId::new([10, 1, 1, 1].into()).unwrap())
    }

    #[test]
    fn what_is_in_the_file_can_be_played() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bgp1.session");
        fs::write(&path, "from an earlier start").unwrap();
        let now = clock::now();
        let (mut session, mut recording) = begin(Some(&path), config(), 1, now);
        session.handle_command(Command::AutomaticStart, now);
        write(&mut recording, &mut session);
        session.handle_command(Command::Stop(None), now);
        write(&mut recording, &mut session);
        let text = fs::read_to_string(&path).unwrap();
        let played = replay(&text, now).unwrap();
        let states: Vec<_> = played.states.iter().map(|(_, state)| *state).collect();
        assert_eq!(states, [State::Connect, State::Idle]);
    }

    #[test]
    fn a_new_file_is_its_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bgp1.session");
        let (_session, recording) = begin(Some(&path), config(), 1, clock::now());
        assert!(recording.is_some());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_full_file_ends_the_recording_and_not_the_session() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bgp1.session");
        let now = clock::now();
        let (mut session, mut recording) = begin(Some(&path), config(), 1, now);
        write(&mut recording, &mut session);
        recording.as_mut().unwrap().written = LARGEST;
        session.handle_command(Command::AutomaticStart, now);
        write(&mut recording, &mut session);
        assert!(recording.is_none());
        session.handle_command(Command::Stop(None), now);
        assert_eq!(session.take_tape(), None);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("# the file is full\n"), "{text}");
        assert_eq!(replay(&text, now).unwrap().inputs, 0);
        // Where there is no such directory nothing is recorded.
        let nowhere = directory.path().join("no/where");
        assert!(begin(Some(&nowhere), config(), 1, now).1.is_none());
    }
}
