//! The lines of a recording: how each is written, and how it is read.
//!
//! ```text
//! myna session 1                       the format and its version
//! set hold-time 90.000000000           the configuration, a key a line
//! begin 7                              the seed
//! @0.000000000 start                   an input, and when: seconds since the beginning
//! > connect                            what came out, in the order in which it was fetched
//! > state Connect                      the state, where it is another one
//! > until 1.831000000                  the next deadline, where it is another one
//! @0.001250000 connected ours
//! ```
//!
//! Empty lines and lines that begin with `#` mean nothing. Octets are hexadecimal digits; of the
//! words of an error, `\` and line feeds are escaped as in Rust.
use crate::{Action, Command, Received, Slot, State};
use bgp_wire::{Family, Notification};
use std::{fmt, time::Duration};

/// First line: the format's name and version.
const HEADER: &str = "myna session 1";

#[derive(Debug)]
pub(super) enum Line<'l> {
    Header,
    Setting { key: &'l str, value: &'l str },
    Begin { seed: u64 },
    Input(Duration, Input),
    Output(Output),
}

/// What the session was told.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// A fault of an UPDATE is written without its place in the UPDATE.
    Command(Command),
    Connected(Slot),
    ConnectFailed(String),
    Closed(Slot, Option<String>),
    RefusedConnection,
    /// New octets (none: those that were left), and one look at them.
    Octets(Slot, Vec<u8>),
    Timeout {
        unread: bool,
    },
    Written(usize),
    Blocked,
}

/// What it answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    State(State),
    /// The next deadline, since the beginning.
    Until(Option<Duration>),
    Sends(Slot, Vec<u8>),
    Answer(bool),
    /// A word for the kind of action or message, and its operands.
    Does(String),
}

impl Output {
    pub(super) fn action(action: &Action) -> Self {
        Self::Does(match action {
            Action::Connect => "connect".into(),
            Action::AbortConnect => "abort-connect".into(),
            Action::Close(slot) => format!("close {}", name(*slot)),
            Action::Up(slot, negotiated) => {
                format!("up {} {}", name(*slot), families(&negotiated.families))
            }
            Action::Down { retain, .. } if retain.is_empty() => "down".into(),
            Action::Down { retain, .. } => format!("down {}", families(retain)),
            Action::Sweep(family) => format!("sweep {}", families(&[*family])),
            Action::LongLivedStale(family) => format!("long-lived {}", families(&[*family])),
        })
    }

    pub(super) fn received(received: &Received) -> Self {
        Self::Does(match received {
            Received::Update(message) => format!("update {}", message.len()),
            Received::RouteRefresh(refresh) => {
                let family = families(&[refresh.family]);
                format!("refreshed {family} {}", refresh.subtype)
            }
        })
    }
}

/// Reads a line of the file; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Option<Line<'_>>, String> {
    let text = text.trim_end();
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    if text == HEADER {
        return Ok(Some(Line::Header));
    }
    if let Some(output) = text.strip_prefix("> ") {
        return Ok(Some(Line::Output(parse_output(output)?)));
    }
    if let Some(input) = text.strip_prefix('@') {
        let (at, input) = input.split_once(' ').ok_or("an input is missing")?;
        return Ok(Some(Line::Input(parse_seconds(at)?, parse_input(input)?)));
    }
    match text.split_once(' ') {
        Some(("set", setting)) => {
            let (key, value) = setting.split_once(' ').ok_or("a value is missing")?;
            Ok(Some(Line::Setting { key, value }))
        }
        Some(("begin", seed)) => Ok(Some(Line::Begin {
            seed: parse_number(seed)?,
        })),
        _ => Err(format!("`{text}` is no line of a recording")),
    }
}

fn parse_input(text: &str) -> Result<Input, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let command = match word {
        "start" => Command::Start,
        "automatic-start" => Command::AutomaticStart,
        "stop" if rest.is_empty() => Command::Stop(None),
        "stop" => Command::Stop(Some(parse_notification(rest)?)),
        "retry-now" => Command::RetryNow,
        "reachable" => Command::Reachability {
            connected: parse_flag(rest, "near", "far")?,
        },
        "update-fault" => Command::UpdateFault(unplaced(), parse_notification(rest)?),
        "refresh" => Command::Refresh(parse_family(rest)?),
        "reset" => Command::Reset(parse_notification(rest)?),
        "end-of-rib" => Command::EndOfRib(parse_family(rest)?),
        "forwarding-lost" => Command::ForwardingLost,
        "restart-over" => Command::RestartOver,
        _ => return parse_event(word, rest),
    };
    Ok(Input::Command(command))
}

fn parse_event(word: &str, rest: &str) -> Result<Input, String> {
    Ok(match word {
        "connected" => Input::Connected(parse_slot(rest)?),
        "connect-failed" => Input::ConnectFailed(unescape(rest)?),
        "closed" => {
            let (slot, error) = rest.split_once(' ').unwrap_or((rest, ""));
            let error = match error.strip_prefix(": ") {
                Some(error) => Some(unescape(error)?),
                None => None,
            };
            Input::Closed(parse_slot(slot)?, error)
        }
        "refused-connection" => Input::RefusedConnection,
        "octets" => {
            let (slot, octets) = rest.split_once(' ').unwrap_or((rest, ""));
            Input::Octets(parse_slot(slot)?, parse_octets(octets)?)
        }
        "timeout" => Input::Timeout {
            unread: parse_flag(rest, "unread", "read")?,
        },
        "written" => Input::Written(parse_number(rest)?),
        "blocked" => Input::Blocked,
        _ => return Err(format!("`{word}` is not an input of a session")),
    })
}

fn parse_output(text: &str) -> Result<Output, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(match word {
        "state" => Output::State(parse_state(rest)?),
        "until" if rest == "for-ever" => Output::Until(None),
        "until" => Output::Until(Some(parse_seconds(rest)?)),
        "sends" => {
            let (slot, octets) = rest.split_once(' ').ok_or("the octets are missing")?;
            Output::Sends(parse_slot(slot)?, parse_octets(octets)?)
        }
        "answers" => Output::Answer(parse_flag(rest, "yes", "no")?),
        "connect" | "abort-connect" | "close" | "up" | "down" | "sweep" | "long-lived"
        | "update" | "refreshed" => Output::Does(text.to_owned()),
        _ => return Err(format!("`{word}` is not an output of a session")),
    })
}

fn parse_state(text: &str) -> Result<State, String> {
    let states = [
        State::Idle,
        State::Connect,
        State::Active,
        State::OpenSent,
        State::OpenConfirm,
        State::Established,
    ];
    let found = states.into_iter().find(|state| state.to_string() == text);
    found.ok_or_else(|| format!("`{text}` is not a state"))
}

fn parse_slot(text: &str) -> Result<Slot, String> {
    parse_flag(text, "ours", "theirs").map(|ours| if ours { Slot::Ours } else { Slot::Theirs })
}

pub(super) fn parse_flag(text: &str, yes: &str, no: &str) -> Result<bool, String> {
    match text {
        _ if text == yes => Ok(true),
        _ if text == no => Ok(false),
        _ => Err(format!("`{text}` is neither `{yes}` nor `{no}`")),
    }
}

pub(super) fn parse_number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not a number"))
}

pub(super) fn parse_seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time: seconds with nine places, as in 1.500000000");
    let (seconds, nanos) = text.split_once('.').ok_or_else(wrong)?;
    let seconds = seconds.parse().map_err(|_| wrong())?;
    if nanos.len() != 9 {
        return Err(wrong());
    }
    Ok(Duration::new(seconds, nanos.parse().map_err(|_| wrong())?))
}

fn parse_family(text: &str) -> Result<Family, String> {
    let wrong = || format!("`{text}` is not a family: AFI/SAFI, as in 1/1");
    let (afi, safi) = text.split_once('/').ok_or_else(wrong)?;
    Ok(Family {
        afi: afi.parse().map_err(|_| wrong())?,
        safi: safi.parse().map_err(|_| wrong())?,
    })
}

pub(super) fn parse_octets(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || "octets are pairs of hexadecimal digits".to_owned();
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let mut octets = Vec::with_capacity(text.len() / 2);
    let mut rest = text;
    while let Some((pair, after)) = rest.split_at_checked(2) {
        octets.push(u8::from_str_radix(pair, 16).map_err(|_| wrong())?);
        rest = after;
    }
    Ok(octets)
}

fn parse_notification(text: &str) -> Result<Notification, String> {
    match &parse_octets(text)?[..] {
        [code, subcode, data @ ..] => Ok(Notification::new(*code, *subcode, data)),
        _ => Err("a NOTIFICATION is a code, a subcode and data".into()),
    }
}

fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match (character, character == '\\') {
            (_, true) => match characters.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('r') => '\r',
                _ => return Err("a `\\` is followed by `\\`, `n` or `r`".into()),
            },
            (character, false) => character,
        });
    }
    Ok(out)
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

/// A fault without a place: a session looks at none, it only has words for it.
fn unplaced() -> bgp_wire::Fault {
    bgp_wire::Fault {
        offset: 0,
        attr: None,
        kind: bgp_wire::FaultKind::MessageLength,
    }
}

fn name(slot: Slot) -> &'static str {
    match slot {
        Slot::Ours => "ours",
        Slot::Theirs => "theirs",
    }
}

fn families(families: &[Family]) -> String {
    let names = families
        .iter()
        .map(|family| format!("{}/{}", family.afi, family.safi));
    names.collect::<Vec<_>>().join(" ")
}

pub(super) fn seconds(time: Duration) -> String {
    format!("{}.{:09}", time.as_secs(), time.subsec_nanos())
}

pub(super) fn octets(octets: &[u8]) -> String {
    use fmt::Write as _;
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a String does not fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

fn notification(notification: &Notification) -> String {
    let head = [notification.code, notification.subcode];
    octets(&[&head[..], &notification.data].concat())
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str(HEADER),
            Self::Setting { key, value } => write!(f, "set {key} {value}"),
            Self::Begin { seed } => write!(f, "begin {seed}"),
            Self::Input(at, input) => write!(f, "@{} {input}", seconds(*at)),
            Self::Output(output) => write!(f, "> {output}"),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => write_command(command, f),
            Self::Connected(slot) => write!(f, "connected {}", name(*slot)),
            Self::ConnectFailed(words) => write!(f, "connect-failed {}", escape(words)),
            Self::Closed(slot, None) => write!(f, "closed {}", name(*slot)),
            Self::Closed(slot, Some(words)) => {
                write!(f, "closed {} : {}", name(*slot), escape(words))
            }
            Self::RefusedConnection => f.write_str("refused-connection"),
            Self::Octets(slot, new) => write!(f, "octets {} {}", name(*slot), octets(new)),
            Self::Timeout { unread: true } => f.write_str("timeout unread"),
            Self::Timeout { unread: false } => f.write_str("timeout read"),
            Self::Written(octets) => write!(f, "written {octets}"),
            Self::Blocked => f.write_str("blocked"),
        }
    }
}

fn write_command(command: &Command, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match command {
        Command::Start => f.write_str("start"),
        Command::AutomaticStart => f.write_str("automatic-start"),
        Command::Stop(None) => f.write_str("stop"),
        Command::Stop(Some(why)) => write!(f, "stop {}", notification(why)),
        Command::RetryNow => f.write_str("retry-now"),
        Command::Reachability { connected: true } => f.write_str("reachable near"),
        Command::Reachability { connected: false } => f.write_str("reachable far"),
        Command::UpdateFault(_, why) => write!(f, "update-fault {}", notification(why)),
        Command::Refresh(family) => write!(f, "refresh {}", families(&[*family])),
        Command::Reset(why) => write!(f, "reset {}", notification(why)),
        Command::EndOfRib(family) => write!(f, "end-of-rib {}", families(&[*family])),
        Command::ForwardingLost => f.write_str("forwarding-lost"),
        Command::RestartOver => f.write_str("restart-over"),
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(state) => write!(f, "state {state}"),
            Self::Until(None) => f.write_str("until for-ever"),
            Self::Until(Some(deadline)) => write!(f, "until {}", seconds(*deadline)),
            Self::Sends(slot, sent) => write!(f, "sends {} {}", name(*slot), octets(sent)),
            Self::Answer(true) => f.write_str("answers yes"),
            Self::Answer(false) => f.write_str("answers no"),
            Self::Does(what) => f.write_str(what),
        }
    }
}
