//! Aligned columns that stream.
//!
//! The widths come from the first [`SAMPLE`] rows, which are held back until they are known;
//! after them a table costs no memory. A later cell that is wider pushes its own row aside and no
//! other.
use super::{
    paint::{FAINT, PLAIN, STRONG, clean},
    screen::Screen,
};
use anstyle::Style;
use std::io::{self, Write};

/// Rows that decide on the widths: more than any screen shows.
const SAMPLE: usize = 256;

/// One cell.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::styled(PLAIN, text)
    }

    pub(super) fn styled(style: Style, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            text: clean(&text).replace('\n', " "),
            style,
        }
    }

    /// A text, or a faint dash.
    pub(super) fn optional(text: Option<impl Into<String>>) -> Self {
        match text.map(Into::into) {
            Some(text) if !text.is_empty() => Self::new(text),
            _ => Self::styled(FAINT, "-"),
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::new(number.to_string())
    }
}

/// Which way a column leans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lean {
    Left,
    /// numbers
    Right,
}

/// A table that is being written.
#[derive(Debug)]
pub(super) struct Table<'s, W: Write> {
    screen: &'s mut Screen<W>,
    columns: Vec<(&'static str, Lean)>,
    /// empty until known
    widths: Vec<usize>,
    held: Vec<Vec<Cell>>,
}

impl<'s, W: Write> Table<'s, W> {
    /// A title that begins with `>` makes its column lean right.
    pub(super) fn new(screen: &'s mut Screen<W>, titles: &[&'static str]) -> Self {
        let column = |title: &&'static str| match title.strip_prefix('>') {
            Some(title) => (title, Lean::Right),
            None => (*title, Lean::Left),
        };
        Self {
            screen,
            columns: titles.iter().map(column).collect(),
            widths: Vec::new(),
            held: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        if self.widths.is_empty() {
            self.held.push(cells);
            if self.held.len() >= SAMPLE {
                self.release()?;
            }
            return Ok(());
        }
        self.write(&cells)
    }

    /// Writes what is held back. A table without rows has its titles all the same.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.widths.is_empty() {
            self.release()?;
        }
        Ok(())
    }

    fn release(&mut self) -> io::Result<()> {
        let widest = |(index, (title, _)): (usize, &(&str, Lean))| {
            let cells = self.held.iter().filter_map(|row| row.get(index));
            let widest = cells.map(Cell::width).max().unwrap_or(0);
            widest.max(title.chars().count())
        };
        self.widths = self.columns.iter().enumerate().map(widest).collect();
        let titles: Vec<Cell> = self
            .columns
            .iter()
            .map(|&(title, _)| Cell::styled(STRONG, title))
            .collect();
        if titles.iter().any(|title| !title.text.is_empty()) {
            self.write(&titles)?;
        }
        for row in std::mem::take(&mut self.held) {
            self.write(&row)?;
        }
        Ok(())
    }

    fn write(&mut self, cells: &[Cell]) -> io::Result<()> {
        // what is empty at the end of a row has no spaces before it
        let used = cells.iter().rposition(|cell| !cell.text.is_empty());
        let used = used.map_or(0, |last| last + 1);
        for (index, cell) in cells.iter().enumerate().take(used) {
            let width = self.widths.get(index).copied().unwrap_or(0);
            let room = " ".repeat(width.saturating_sub(cell.width()));
            let (before, after) = match self.columns.get(index) {
                Some((_, Lean::Right)) => (room.as_str(), ""),
                _ => ("", room.as_str()),
            };
            self.screen.raw(before)?;
            self.screen.styled(cell.style, &cell.text)?;
            if index + 1 < used {
                self.screen.raw(after)?;
                self.screen.raw("  ")?;
            }
        }
        self.screen.raw("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::paint::GOOD;

    fn printed(color: bool, fill: impl FnOnce(&mut Table<'_, Vec<u8>>)) -> String {
        let mut screen = Screen::new(Vec::new(), color);
        let mut table = Table::new(&mut screen, &["Name", ">Count", "Text"]);
        fill(&mut table);
        table.finish().unwrap();
        String::from_utf8(screen.into_inner()).unwrap()
    }

    fn row(name: &str, count: u64, text: &str) -> Vec<Cell> {
        vec![Cell::new(name), Cell::from(count), Cell::new(text)]
    }

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let text = printed(false, |table| {
            table.row(row("bgp1", 7, "Zürich")).unwrap();
            table.row(row("a-long-name", 12345678, "")).unwrap();
        });
        assert_eq!(
            text,
            "Name            Count  Text\n\
             bgp1                7  Zürich\n\
             a-long-name  12345678\n"
        );
        assert_eq!(printed(false, |_| ()), "Name  Count  Text\n");
    }

    #[test]
    fn color_does_not_move_columns() {
        let text = printed(true, |table| {
            table
                .row(vec![
                    Cell::styled(GOOD, "up"),
                    Cell::from(1),
                    Cell::new("x"),
                ])
                .unwrap();
        });
        assert_eq!(
            text,
            "\u{1b}[1mName\u{1b}[0m  \u{1b}[1mCount\u{1b}[0m  \u{1b}[1mText\u{1b}[0m\n\
             \u{1b}[32mup\u{1b}[0m        1  x\n"
        );
    }

    #[test]
    fn what_comes_late_and_wide_moves_its_own_row_only() {
        let text = printed(false, |table| {
            for _ in 0..SAMPLE {
                table.row(row("n", 1, "x")).unwrap();
            }
            assert!(table.held.is_empty(), "after the sample nothing is held");
            table.row(row("much-wider", 1, "x")).unwrap();
            table.row(row("n", 1, "x")).unwrap();
        });
        let last: Vec<&str> = text.lines().rev().take(2).collect();
        assert_eq!(last, ["n         1  x", "much-wider      1  x"]);
    }
}
