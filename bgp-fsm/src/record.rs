//! A session that writes down what it is told, and the test that plays it again.
//!
//! A session depends on its configuration, its seed and its inputs with their times, and on nothing
//! else. So a file of these is a bug report that can be run: whoever has it sees the same states,
//! the same octets, the same timers, and can stop anywhere. The file also holds what came out, so
//! that playing it says whether anything has changed since.
//!
//! [`Recorded`] stands in place of a [`Session`] and writes; [`replay`] reads and compares. The lines
//! of the file are defined in one place, `record/line.rs`. Nothing of a password is in it: a session
//! knows none. Without a tape `Recorded` costs a branch an input.
mod line;
mod replay;
mod setting;

#[cfg(test)]
mod tests;

pub use replay::{ReplayError, Replayed, replay};

use crate::{Action, Command, Config, ConnectFailure, Received, Session, Slot, State};
use bytes::BytesMut;
use line::{Input, Line, Output};
use std::{ops::Deref, time::Instant};

/// A [`Session`] whose inputs and outputs go to a tape, where it has one. What can be read of a
/// session is read through it.
#[derive(Debug)]
pub struct Recorded {
    session: Session,
    tape: Option<Box<Tape>>,
}

#[derive(Debug)]
struct Tape {
    begin: Instant,
    text: String,
    state: State,
    until: Option<Instant>,
    /// Octets of each slot's buffer that are on the tape already.
    seen: [usize; 2],
}

impl Recorded {
    /// A session without a tape.
    #[must_use]
    pub fn new(config: Config, seed: u64, now: Instant) -> Self {
        Self {
            session: Session::new(config, seed, now),
            tape: None,
        }
    }

    /// A session with a tape, which grows until it is [taken](Self::take_tape).
    #[must_use]
    pub fn with_tape(config: Config, seed: u64, now: Instant) -> Self {
        let mut tape = Tape {
            begin: now,
            text: String::new(),
            state: State::Idle,
            until: None,
            seen: [0; 2],
        };
        tape.write(&Line::Header);
        for (key, value) in setting::of(&config) {
            tape.write(&Line::Setting { key, value: &value });
        }
        tape.write(&Line::Begin { seed });
        Self {
            tape: Some(Box::new(tape)),
            ..Self::new(config, seed, now)
        }
    }

    /// What was written since this was last asked, whole lines; `None`: nothing, or no tape.
    pub fn take_tape(&mut self) -> Option<String> {
        let tape = self.tape.as_mut()?;
        (!tape.text.is_empty()).then(|| std::mem::take(&mut tape.text))
    }

    /// Writes no more.
    pub fn stop_tape(&mut self) {
        self.tape = None;
    }

    /// See [`Session::handle_command`].
    pub fn handle_command(&mut self, command: Command, now: Instant) {
        self.note(now, || Input::Command(command.clone()));
        self.session.handle_command(command, now);
        self.note_state();
    }

    /// See [`Session::handle_connected`].
    #[must_use]
    pub fn handle_connected(&mut self, slot: Slot, now: Instant) -> bool {
        self.note(now, || Input::Connected(slot));
        let wanted = self.session.handle_connected(slot, now);
        if let Some(tape) = &mut self.tape {
            if wanted {
                *tape.seen_of(slot) = 0;
            }
            tape.write(&Line::Output(Output::Answer(wanted)));
        }
        self.note_state();
        wanted
    }

    /// See [`Session::handle_connect_failed`].
    pub fn handle_connect_failed(&mut self, failure: ConnectFailure, now: Instant) {
        self.note(now, || Input::ConnectFailed(failure.0.clone()));
        self.session.handle_connect_failed(failure, now);
        self.note_state();
    }

    /// See [`Session::handle_closed`].
    pub fn handle_closed(&mut self, slot: Slot, error: Option<String>, now: Instant) {
        self.note(now, || Input::Closed(slot, error.clone()));
        self.session.handle_closed(slot, error, now);
        self.note_state();
    }

    /// See [`Session::handle_refused_connection`].
    pub fn handle_refused_connection(&mut self, now: Instant) {
        self.note(now, || Input::RefusedConnection);
        self.session.handle_refused_connection();
    }

    /// See [`Session::handle_bytes`]. The buffer of a slot must hold what was left in it, followed by
    /// what is new; it begins empty with every connection.
    #[must_use]
    pub fn handle_bytes(
        &mut self,
        slot: Slot,
        buffer: &mut BytesMut,
        now: Instant,
    ) -> Option<Received> {
        if let Some(tape) = &mut self.tape {
            let seen = *tape.seen_of(slot);
            let new = buffer.get(seen..).unwrap_or_default().to_vec();
            tape.write(&Line::Input(tape.since(now), Input::Octets(slot, new)));
        }
        let received = self.session.handle_bytes(slot, buffer, now);
        if let Some(tape) = &mut self.tape {
            *tape.seen_of(slot) = buffer.len();
            if let Some(received) = &received {
                tape.write(&Line::Output(Output::received(received)));
            }
        }
        self.note_state();
        received
    }

    /// See [`Session::handle_timeout`].
    pub fn handle_timeout(&mut self, now: Instant, unread: bool) {
        self.note(now, || Input::Timeout { unread });
        self.session.handle_timeout(now, unread);
        self.note_state();
    }

    /// See [`Session::handle_written`].
    pub fn handle_written(&mut self, octets: usize, now: Instant) {
        self.note(now, || Input::Written(octets));
        self.session.handle_written(octets, now);
        self.note_state();
    }

    /// See [`Session::handle_blocked`].
    pub fn handle_blocked(&mut self, now: Instant) {
        self.note(now, || Input::Blocked);
        self.session.handle_blocked(now);
        self.note_state();
    }

    /// See [`Session::poll_transmit`].
    #[must_use]
    pub fn poll_transmit(&mut self, slot: Slot, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        let any = self.session.poll_transmit(slot, out);
        if let (true, Some(tape)) = (any, &mut self.tape) {
            let octets = out.get(before..).unwrap_or_default().to_vec();
            tape.write(&Line::Output(Output::Sends(slot, octets)));
        }
        any
    }

    /// See [`Session::poll_action`].
    #[must_use]
    pub fn poll_action(&mut self) -> Option<Action> {
        let action = self.session.poll_action();
        if let (Some(action), Some(tape)) = (&action, &mut self.tape) {
            tape.write(&Line::Output(Output::action(action)));
        }
        action
    }

    fn note(&mut self, now: Instant, input: impl FnOnce() -> Input) {
        if let Some(tape) = &mut self.tape {
            tape.write(&Line::Input(tape.since(now), input()));
        }
    }

    fn note_state(&mut self) {
        let state = self.session.state();
        let Some(tape) = &mut self.tape else {
            return;
        };
        if tape.state != state {
            tape.state = state;
            tape.write(&Line::Output(Output::State(state)));
        }
        let until = self.session.poll_timeout();
        if tape.until != until {
            tape.until = until;
            let until = until.map(|until| tape.since(until));
            tape.write(&Line::Output(Output::Until(until)));
        }
    }
}

impl Deref for Recorded {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Tape {
    fn write(&mut self, line: &Line<'_>) {
        self.text.push_str(&line.to_string());
        self.text.push('\n');
    }

    fn since(&self, now: Instant) -> std::time::Duration {
        now.saturating_duration_since(self.begin)
    }

    fn seen_of(&mut self, slot: Slot) -> &mut usize {
        let [ours, theirs] = &mut self.seen;
        match slot {
            Slot::Ours => ours,
            Slot::Theirs => theirs,
        }
    }
}
