//! `myna decode`: what is in a file of BGP, for people and for programs.
//!
//! Input is lines of hexadecimal digits, a stream of BGP messages or MRT, plain or compressed, told
//! apart by its first octets. Output is a line for each message, route or record: words, or JSON
//! whose fields are those of [`Entry`], or what `bgpdump -m` prints. Faults are shown with their
//! offset and with what a session would do about them.
//!
//! Everything streams: one record or message is held at a time, so a full table takes no more
//! memory than a small one. What is read is never trusted: a record that lies costs itself, and
//! text from outside cannot steer a terminal.
mod arguments;
mod bgpdump;
mod context;
mod describe;
mod entry;
mod human;
mod messages;
mod nlri;
mod open;
mod records;
mod sniff;
mod table;
mod window;

pub use arguments::Arguments;
pub use bgpdump::Bgpdump;
pub use context::Session;
pub use entry::{
    AttributesEntry, ContextEntry, Direction, End, Entry, FaultEntry, NlriEntry, NlriGroup,
    NotificationEntry, OpenEntry, OtherAttribute, PeerEntry, PmsiTunnelEntry, RouteEntry, Time,
    UpdateEntry, What,
};
pub use open::Input;

use messages::Messages;
use records::Broken;
use sniff::Kind;
use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::process::ExitCode;
use table::Tables;
use window::Window;

/// How output looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Form {
    /// A line of words for each entry, with colors.
    #[default]
    Lines,
    /// A JSON object for each entry.
    Json,
    /// The lines of `bgpdump -m`.
    Bgpdump,
}

/// How to read and print.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// How output looks.
    pub form: Form,
    /// What the input does not say.
    pub session: Session,
}

/// Why an input was not read to its end.
#[derive(Debug)]
pub enum Error {
    /// It cannot be opened or read.
    Read(io::Error),
    /// Its first octets are of nothing that is read here.
    Unknown([u8; 8]),
    /// `bgpdump -m` has lines for MRT alone.
    NotMrt,
    /// A record that is cut or has no end.
    Record {
        /// Octets of the (decompressed) input before it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// Output cannot be written.
    Write(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Unknown(first) if sniff::is_capture(first) => f.write_str(
                "a capture of packets, which is not read here: take the messages out of it first, as \
                 with `tshark -r FILE -q -z follow,tcp,raw,0 | grep -E '^\\s*[0-9a-f]+$' | xxd -r -p \
                 | myna decode`",
            ),
            Self::Unknown(first) => write!(
                f,
                "not hexadecimal lines, BGP messages or MRT: it begins with the octets {}",
                describe::hex(first)
            ),
            Self::NotMrt => f.write_str(
                "--bgpdump prints MRT, and this is none: leave it out to see what it holds",
            ),
            Self::Record { offset, what } => {
                write!(
                    f,
                    "MRT record at octet {offset}: {what}; what follows cannot be read"
                )
            }
            Self::Write(error) => write!(f, "cannot write: {error}"),
        }
    }
}
impl std::error::Error for Error {}

/// `myna decode`: reads all inputs and prints them. What cannot be read is said on standard error
/// and makes the exit code 1; faults of messages do not.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitCode {
    let options = arguments.options();
    let inputs = arguments.inputs();
    let stdout = io::stdout().lock();
    let mut out: Box<dyn Write> = match options.form {
        // Somebody is watching.
        Form::Lines if stdout.is_terminal() => Box::new(anstream::AutoStream::auto(stdout)),
        Form::Lines => Box::new(BufWriter::new(anstream::AutoStream::auto(stdout))),
        Form::Json | Form::Bgpdump => Box::new(BufWriter::with_capacity(CHUNK, stdout)),
    };
    let mut code = ExitCode::SUCCESS;
    for input in &inputs {
        let name = (inputs.len() > 1).then(|| input.to_string());
        let read = input
            .open()
            .map_err(Error::Read)
            .and_then(|reader| decode(reader, name.as_deref(), &options, &mut *out));
        match read.and_then(|()| out.flush().map_err(Error::Write)) {
            Ok(()) => {}
            // `| head` has seen enough.
            Err(Error::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => return code,
            Err(error) => {
                // What was read before goes before the error. With nobody there to read either
                // there is nobody to tell.
                let _ = out.flush();
                let _ = writeln!(io::stderr(), "myna: {input}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// Reads one input to its end and prints it. `name` stands before every entry, where there are
/// several inputs.
pub fn decode(
    reader: impl Read + 'static,
    name: Option<&str>,
    options: &Options,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let reader = open::decompress(reader).map_err(Error::Read)?;
    let mut window = Window::new(reader);
    while window.octets().len() < sniff::ENOUGH && window.fill().map_err(Error::Read)? {}
    if window.octets().is_empty() {
        return Ok(());
    }
    let first = window.octets();
    let kind = sniff::kind(first.get(..sniff::ENOUGH).unwrap_or(first)).ok_or_else(|| {
        let mut octets = [0; 8];
        for (to, from) in octets.iter_mut().zip(first) {
            *to = *from;
        }
        Error::Unknown(octets)
    })?;
    if options.form == Form::Bgpdump {
        return match kind {
            Kind::Mrt => bgpdump_lines(&mut window, out),
            Kind::Hex | Kind::Messages => Err(Error::NotMrt),
        };
    }
    let mut unwritten = None;
    let mut each = |mut entry: Entry| {
        entry.input = name.map(str::to_owned);
        let written = match options.form {
            Form::Json => write_json(&entry, out),
            Form::Lines | Form::Bgpdump => human::write(&entry, out),
        };
        written.map_err(|error| {
            let kind = error.kind();
            unwritten = Some(error);
            kind.into()
        })
    };
    let session = &options.session;
    let read = match kind {
        Kind::Hex => Messages::new(session)
            .lines(&mut window, &mut each)
            .map_err(Broken::Io),
        Kind::Messages => Messages::new(session)
            .stream(&mut window, &mut each)
            .map_err(Broken::Io),
        Kind::Mrt => {
            let mut tables = Tables::new(session);
            records::each(&mut window, |offset, record| {
                tables.entries(offset, record, &mut each)
            })
        }
    };
    match (unwritten, read) {
        (Some(error), _) => Err(Error::Write(error)),
        (None, Ok(())) => Ok(()),
        (None, Err(broken)) => Err(broken.into()),
    }
}

fn write_json(entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, entry)?;
    out.write_all(b"\n")
}

/// Octets of lines that are written at once.
const CHUNK: usize = 64 * 1024;

fn bgpdump_lines(window: &mut Window<impl Read>, out: &mut dyn Write) -> Result<(), Error> {
    let mut bgpdump = Bgpdump::default();
    let mut lines = Vec::with_capacity(2 * CHUNK);
    let mut unwritten = None;
    let read = records::each(window, |_, record| {
        bgpdump.lines(record, &mut lines);
        if lines.len() >= CHUNK {
            out.write_all(&lines).map_err(|error| {
                let kind = error.kind();
                unwritten = Some(error);
                io::Error::from(kind)
            })?;
            lines.clear();
        }
        Ok(())
    });
    if let Some(error) = unwritten {
        return Err(Error::Write(error));
    }
    out.write_all(&lines).map_err(Error::Write)?;
    read.map_err(Error::from)
}

impl From<Broken> for Error {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Io(error) => Self::Read(error),
            Broken::Record { offset, what } => Self::Record { offset, what },
        }
    }
}

#[cfg(test)]
mod tests;
