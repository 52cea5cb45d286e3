//! A window that slides over a stream.
//!
//! Readers of records look at `octets`, consume what they have read and ask for more when a record
//! is not whole yet. Cost: one buffer, as large as the largest record so far and no larger than
//! the limit; octets move only when the window reaches its end.
use std::io::{self, Read};

/// The window.
pub(super) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
}

/// Octets the window begins with.
const FIRST: usize = 256 * 1024;
/// Octets of the largest window: what one record may take.
pub(super) const LIMIT: usize = 64 * 1024 * 1024;

impl<R: Read> Window<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; FIRST],
            start: 0,
            end: 0,
            offset: 0,
        }
    }

    /// What was read and not consumed.
    pub(super) fn octets(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or(&[])
    }

    /// How many octets of the stream were consumed.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Moves on by `count` octets, at most to the end of what was read.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads more; whether there was more. A window that is full at the limit says so in words.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        if self.start > 0 && self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.buffer.len() >= LIMIT {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("no end of a record or line within {LIMIT} octets"),
                ));
            }
            self.buffer.resize((self.buffer.len() * 2).min(LIMIT), 0);
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or(&mut []);
        loop {
            match self.reader.read(room) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.end += count;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
