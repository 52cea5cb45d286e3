//! Messages of a stream and of lines of hexadecimal digits.
use super::context::{Learned, Session};
use super::describe::{self, Described};
use super::entry::{Entry, What};
use super::window::Window;
use bgp_wire::{Header, frame};
use std::io::{self, Read};

/// Reads messages one after another; remembers what OPENs said.
#[derive(Debug)]
pub(super) struct Messages {
    learned: Learned,
}

/// A line longer than this is no message: two digits an octet, with room for separators.
const LONGEST_LINE: usize = 8 * Header::EXTENDED_MAX;

type Each<'a> = dyn FnMut(Entry) -> io::Result<()> + 'a;

impl Messages {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            learned: Learned::new(session),
        }
    }

    fn entry(&mut self, offset: u64, octets: &[u8]) -> Entry {
        let (reading, contexts) = (self.learned.reading(), self.learned.contexts());
        let mut described = describe::message(octets, reading, contexts);
        if described.disposition.is_some() {
            let other = self.learned.other_way();
            let other = other.map(|reading| describe::message(octets, reading, contexts));
            match other.filter(|other| other.disposition.is_none()) {
                Some(other) => described = other,
                None => described.hint = describe::hint(octets, reading, contexts),
            }
        }
        if let Some(open) = &described.open {
            self.learned.open(open);
            if let What::Open(entry) = &mut described.what {
                entry.context = Some(self.learned.context());
            }
        }
        Entry::new(offset, described)
    }

    /// What is left of a message whose end is not there. A session would wait for it.
    fn cut(offset: u64, octets: &[u8]) -> Entry {
        let have = octets.len();
        let fault = match octets.get(16..18) {
            Some(&[high, low]) => {
                let whole = u16::from_be_bytes([high, low]);
                format!("cut off after {have} of {whole} octets")
            }
            _ => format!("cut off after {have} octets"),
        };
        let record = "message".to_owned();
        let at = have;
        Entry::new(
            offset,
            Described::of(What::Unreadable { record, at, fault }),
        )
    }

    /// Messages as they lie in a TCP stream. Ends where a session would: at the first that cannot
    /// be framed.
    pub(super) fn stream<R: Read>(
        &mut self,
        window: &mut Window<R>,
        each: &mut Each<'_>,
    ) -> io::Result<()> {
        loop {
            let octets = window.octets();
            let offset = window.offset();
            let whole = match frame(octets, Header::EXTENDED_MAX) {
                Ok(header) => header.map(|header| header.length),
                // Nothing after it can be told apart.
                Err(_) => return each(self.entry(offset, octets)),
            };
            if let Some(length) = whole {
                let entry = self.entry(offset, octets.get(..length).unwrap_or(octets));
                each(entry)?;
                window.consume(length);
            } else if !window.fill()? {
                let octets = window.octets();
                if octets.is_empty() {
                    return Ok(());
                }
                return each(Self::cut(offset, octets));
            }
        }
    }

    /// Lines of hexadecimal digits, each one message or several. Blanks, colons, dashes, dots and
    /// commas between digits and "0x" before them mean nothing; "#" begins a comment. A line that cannot
    /// be read costs itself, unless it is the first.
    pub(super) fn lines<R: Read>(
        &mut self,
        window: &mut Window<R>,
        each: &mut Each<'_>,
    ) -> io::Result<()> {
        let mut octets = Vec::new();
        let mut number = 0;
        loop {
            let text = window.octets();
            let end = text.iter().position(|octet| *octet == b'\n');
            if end.is_none() && text.len() <= LONGEST_LINE && window.fill()? {
                continue;
            }
            let text = window.octets();
            if text.is_empty() {
                return Ok(());
            }
            number += 1;
            let line = text.get(..end.unwrap_or(text.len())).unwrap_or(text);
            match digits(line, &mut octets) {
                Ok(()) => self.line(number, &octets, each)?,
                // Nothing says yet that these are lines of digits.
                Err((_, what)) if number == 1 => {
                    let text = format!("line 1: {what}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, text));
                }
                Err((column, what)) => {
                    let record = "line of hexadecimal digits".to_owned();
                    each(Entry {
                        line: Some(number),
                        ..Entry::new(
                            0,
                            Described::of(What::Unreadable {
                                record,
                                at: column,
                                fault: what,
                            }),
                        )
                    })?;
                }
            }
            let length = line.len() + usize::from(end.is_some());
            window.consume(length);
            if end.is_none() {
                skip_line(window)?;
            }
        }
    }

    fn line(&mut self, number: u64, octets: &[u8], each: &mut Each<'_>) -> io::Result<()> {
        let mut rest = octets;
        while !rest.is_empty() {
            let offset = (octets.len() - rest.len()) as u64;
            // What cannot be framed takes the rest of the line.
            let (entry, after) = match frame(rest, Header::EXTENDED_MAX) {
                Ok(Some(header)) => {
                    let (message, after) = rest.split_at(header.length);
                    (self.entry(offset, message), after)
                }
                Ok(None) => (Self::cut(offset, rest), &[][..]),
                Err(_) => (self.entry(offset, rest), &[][..]),
            };
            each(Entry {
                line: Some(number),
                ..entry
            })?;
            rest = after;
        }
        Ok(())
    }
}

/// Consumes what is left of a line that is too long to be looked at.
fn skip_line<R: Read>(window: &mut Window<R>) -> io::Result<()> {
    loop {
        let text = window.octets();
        let end = text.iter().position(|octet| *octet == b'\n');
        let length = end.map_or(text.len(), |end| end + 1);
        window.consume(length);
        if end.is_some() || !window.fill()? {
            return Ok(());
        }
    }
}

/// The octets of a line, or where it cannot be read and why.
fn digits(line: &[u8], octets: &mut Vec<u8>) -> Result<(), (usize, String)> {
    octets.clear();
    if line.len() > LONGEST_LINE {
        return Err((LONGEST_LINE, format!("longer than {LONGEST_LINE} letters")));
    }
    let mut high = None;
    let mut letters = line.iter().enumerate().peekable();
    while let Some((column, letter)) = letters.next() {
        let digit = match letter {
            b'#' => break,
            b' ' | b'\t' | b'\r' | b':' | b'-' | b'.' | b',' => continue,
            b'0' if high.is_none()
                && letters
                    .next_if(|(_, next)| matches!(next, b'x' | b'X'))
                    .is_some() =>
            {
                continue;
            }
            b'0'..=b'9' => letter - b'0',
            b'a'..=b'f' => letter - b'a' + 10,
            b'A'..=b'F' => letter - b'A' + 10,
            other => {
                let letter = char::from(*other);
                let text = format!("column {}: {letter:?} is no hexadecimal digit", column + 1);
                return Err((column, text));
            }
        };
        match high.take() {
            None => high = Some(digit),
            Some(high) => octets.push(high << 4 | digit),
        }
    }
    match high {
        None => Ok(()),
        Some(_) => Err((line.len(), "an odd number of hexadecimal digits".to_owned())),
    }
}
