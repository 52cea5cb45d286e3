//! A sheet: labels on the left, what they say on the right.
use super::{paint::STRONG, screen::Screen};
use std::io::{self, Write};

/// Width of the labels.
const LABEL: usize = 16;

impl<W: Write> Screen<W> {
    /// One field; further lines of its text stand below the first. No text, no field.
    pub(super) fn field(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.fields(label, text.lines())
    }

    /// A field of several lines.
    pub(super) fn fields<'l>(
        &mut self,
        label: &str,
        lines: impl IntoIterator<Item = &'l str>,
    ) -> io::Result<()> {
        let mut label = label;
        for line in lines {
            self.label(label)?;
            self.line(line)?;
            label = "";
        }
        Ok(())
    }

    /// A label, and the cursor where its text begins.
    pub(super) fn label(&mut self, label: &str) -> io::Result<()> {
        self.styled(STRONG, label)?;
        self.raw(&" ".repeat(LABEL.saturating_sub(label.chars().count())))
    }
}
