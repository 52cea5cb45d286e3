//! Plays a recording: the same session is told the same things, and has to answer the same.
use super::{
    line::{self, Input, Line, Output},
    setting,
};
use crate::{Config, ConnectFailure, Session, Slot, State};
use bgp_wire::{Asn, RouterId};
use bytes::BytesMut;
use std::{
    error::Error,
    fmt,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

/// What was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Inputs of the recording.
    pub inputs: usize,
    /// When, since the beginning, the session came into which state.
    pub states: Vec<(Duration, State)>,
}

/// Why a recording could not be played to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayError {
    /// Line of the file, from 1.
    pub line: usize,
    /// What is wrong with it, or what the session does instead.
    pub what: String,
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl Error for ReplayError {}

/// Plays the recording in `text`. `begin` stands for its beginning, whenever that was.
///
/// # Errors
/// Where `text` is not a recording, and where the session does otherwise than it did then. A last
/// line that was cut off in the middle is an error as well.
pub fn replay(text: &str, begin: Instant) -> Result<Replayed, ReplayError> {
    let mut stage = Stage::Header;
    let mut number = 0_usize;
    for text in text.lines() {
        number = number.saturating_add(1);
        let at = |what: String| ReplayError { line: number, what };
        let Some(line) = line::parse(text).map_err(at)? else {
            continue;
        };
        stage = stage.next(line, begin).map_err(at)?;
    }
    match stage {
        Stage::Playing(mut player) => {
            player
                .settled()
                .map_err(|what| ReplayError { line: number, what })?;
            Ok(player.played)
        }
        Stage::Header | Stage::Settings(_) => Err(ReplayError {
            line: number,
            what: "the recording ends before it begins".into(),
        }),
    }
}

/// How far a file has been read.
enum Stage {
    Header,
    Settings(Config),
    Playing(Box<Player>),
}

impl Stage {
    fn next(self, line: Line<'_>, begin: Instant) -> Result<Self, String> {
        match (self, line) {
            (Self::Header, Line::Header) => {
                let unset = RouterId::new(Ipv4Addr::BROADCAST).ok_or("no router id")?;
                Ok(Self::Settings(Config::new(Asn(0), unset)))
            }
            (Self::Header, _) => Err("the file does not begin like a recording".into()),
            (Self::Settings(mut config), Line::Setting { key, value }) => {
                setting::set(&mut config, key, value)?;
                Ok(Self::Settings(config))
            }
            (Self::Settings(config), Line::Begin { seed }) => Ok(Self::Playing(Box::new(Player {
                session: Session::new(config, seed, begin),
                begin,
                now: begin,
                state: State::Idle,
                until: None,
                buffers: [BytesMut::new(), BytesMut::new()],
                answers: Vec::new(),
                played: Replayed {
                    inputs: 0,
                    states: Vec::new(),
                },
            }))),
            (Self::Settings(_), _) => Err("the settings end with `begin` and the seed".into()),
            (Self::Playing(mut player), Line::Input(at, input)) => {
                player.settled()?;
                player.input(at, input)?;
                Ok(Self::Playing(player))
            }
            (Self::Playing(mut player), Line::Output(output)) => {
                player.output(&output)?;
                Ok(Self::Playing(player))
            }
            (Self::Playing(_), _) => Err("only inputs and outputs follow `begin`".into()),
        }
    }
}

struct Player {
    session: Session,
    begin: Instant,
    now: Instant,
    /// As the recording has it.
    state: State,
    until: Option<Duration>,
    buffers: [BytesMut; 2],
    /// What the last input itself returned and the recording has still to mention, last one first.
    answers: Vec<Output>,
    played: Replayed,
}

impl Player {
    /// Whether all that the last input brought about stands in the recording.
    fn settled(&mut self) -> Result<(), String> {
        if let Some(answer) = self.answers.pop() {
            return Err(format!("before this the session says `> {answer}`"));
        }
        let state = self.session.state();
        if state != self.state {
            return Err(format!(
                "by now the session is in {state}, and was in {} then",
                self.state
            ));
        }
        if self.until() != self.until {
            return Err(format!(
                "by now the session waits for another time: `> {}`",
                Output::Until(self.until())
            ));
        }
        Ok(())
    }

    fn until(&self) -> Option<Duration> {
        let until = self.session.poll_timeout();
        until.map(|until| until.saturating_duration_since(self.begin))
    }

    fn input(&mut self, at: Duration, input: Input) -> Result<(), String> {
        let now = self.begin.checked_add(at).ok_or("too far in the future")?;
        if now < self.now {
            return Err("time goes back".into());
        }
        self.now = now;
        self.played.inputs = self.played.inputs.saturating_add(1);
        let session = &mut self.session;
        match input {
            Input::Command(command) => session.handle_command(command, now),
            Input::Connected(slot) => {
                let wanted = session.handle_connected(slot, now);
                self.answers.push(Output::Answer(wanted));
                if wanted {
                    self.buffer(slot).clear();
                }
            }
            Input::ConnectFailed(words) => {
                session.handle_connect_failed(ConnectFailure(words), now);
            }
            Input::Closed(slot, error) => session.handle_closed(slot, error, now),
            Input::RefusedConnection => session.handle_refused_connection(),
            Input::Octets(slot, new) => {
                let buffer = self.buffer(slot);
                buffer.extend_from_slice(&new);
                let mut buffer = std::mem::take(buffer);
                let received = self.session.handle_bytes(slot, &mut buffer, now);
                *self.buffer(slot) = buffer;
                self.answers.extend(received.as_ref().map(Output::received));
            }
            Input::Timeout { unread } => session.handle_timeout(now, unread),
            Input::Written(octets) => session.handle_written(octets, now),
            Input::Blocked => session.handle_blocked(now),
        }
        Ok(())
    }

    fn output(&mut self, expected: &Output) -> Result<(), String> {
        let found = match expected {
            Output::State(state) => {
                self.state = *state;
                let at = self.now.saturating_duration_since(self.begin);
                self.played.states.push((at, *state));
                Some(Output::State(self.session.state()))
            }
            Output::Until(until) => {
                self.until = *until;
                Some(Output::Until(self.until()))
            }
            Output::Sends(slot, _) => {
                let mut sent = Vec::new();
                let any = self.session.poll_transmit(*slot, &mut sent);
                any.then_some(Output::Sends(*slot, sent))
            }
            Output::Answer(_) => self.answers.pop(),
            Output::Does(_) => match self.answers.pop() {
                Some(answer) => Some(answer),
                None => self.session.poll_action().as_ref().map(Output::action),
            },
        };
        match found {
            Some(found) if found == *expected => Ok(()),
            Some(found) => Err(format!("`> {expected}` then, `> {found}` now")),
            None => Err(format!("`> {expected}` then, nothing now")),
        }
    }

    fn buffer(&mut self, slot: Slot) -> &mut BytesMut {
        let [ours, theirs] = &mut self.buffers;
        match slot {
            Slot::Ours => ours,
            Slot::Theirs => theirs,
        }
    }
}
