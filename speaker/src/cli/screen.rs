//! Standard output: buffered, in color where a terminal can show it.
use super::paint::{PLAIN, clean};
use anstyle::Style;
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// Where a command writes.
#[derive(Debug)]
pub(super) struct Screen<W: Write> {
    out: W,
    color: bool,
}

impl Screen<BufWriter<StdoutLock<'static>>> {
    /// Colors as anstream decides: a terminal, NO_COLOR, CLICOLOR and CLICOLOR_FORCE.
    pub(super) fn stdout() -> Self {
        let stdout = io::stdout();
        let color = match anstream::AutoStream::choice(&stdout) {
            anstream::ColorChoice::Never => false,
            anstream::ColorChoice::Auto => stdout.is_terminal(),
            anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi => true,
        };
        Self {
            out: BufWriter::with_capacity(1 << 16, stdout.lock()),
            color,
        }
    }
}

impl<W: Write> Screen<W> {
    #[cfg(test)]
    pub(super) fn new(out: W, color: bool) -> Self {
        Self { out, color }
    }

    #[cfg(test)]
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    /// Writes text that is ours.
    pub(super) fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// Writes octets that are ours.
    pub(super) fn octets(&mut self, octets: &[u8]) -> io::Result<()> {
        self.out.write_all(octets)
    }

    /// Writes text that may be anybody's.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.styled(PLAIN, text)
    }

    /// The same, in a style.
    pub(super) fn styled(&mut self, style: Style, text: &str) -> io::Result<()> {
        let text = clean(text);
        if self.color && style != PLAIN && !text.is_empty() {
            write!(self.out, "{style}{text}{style:#}")
        } else {
            self.raw(&text)
        }
    }

    /// A whole line of text.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.text(text)?;
        self.raw("\n")
    }

    /// One value as JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        self.raw("\n")
    }

    /// An array as JSON, one element a line, as they come.
    pub(super) fn json_array<T: Serialize, E: From<io::Error>>(
        &mut self,
        values: impl Iterator<Item = Result<T, E>>,
    ) -> Result<(), E> {
        self.raw("[")?;
        let mut separator = "\n";
        for value in values {
            let value = value?;
            self.raw(separator)?;
            serde_json::to_writer(&mut self.out, &value).map_err(io::Error::from)?;
            separator = ",\n";
        }
        self.raw("\n]\n")?;
        Ok(())
    }

    /// To be called at the end, since what a buffer cannot write on drop is lost.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
