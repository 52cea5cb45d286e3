//! The text of a configuration file: from octet offsets to lines and columns.
use std::ops::Range;

/// A text with an index of its lines; a place costs one binary search.
#[derive(Debug)]
pub(super) struct Source<'t> {
    text: &'t str,
    /// offset at which each line begins
    line_starts: Vec<usize>,
}

/// A place in a text for people: lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
    /// characters to mark, within the line
    pub(super) width: usize,
    /// the line itself; a password in it is not shown
    pub(super) text: String,
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let after_newline = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            line_starts: std::iter::once(0).chain(after_newline).collect(),
        }
    }

    /// The place of a range of octets; of a range over several lines, its first line.
    pub(super) fn place(&self, range: &Range<usize>) -> Place {
        let offset = boundary_before(self.text, range.start);
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        let text = self.text[start..].lines().next().unwrap_or_default();
        // an offset at the line break itself marks the end of the line
        let within = (offset - start).min(text.len());
        let end = (range.end.max(offset) - start).clamp(within, text.len());
        let end = boundary_after(text, end);
        Place {
            line,
            column: text[..within].chars().count() + 1,
            width: text[within..end].chars().count().max(1),
            text: without_secret(text),
        }
    }
}

fn boundary_before(text: &str, offset: usize) -> usize {
    let mut before = (0..=offset.min(text.len())).rev();
    before.find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn boundary_after(text: &str, offset: usize) -> usize {
    let mut after = offset..text.len();
    after
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(text.len())
}

/// Error messages go to logs and terminals; passwords must not, nor what is nearly called so.
fn without_secret(line: &str) -> String {
    if line.contains('{') && line.contains("pass") {
        return "…".to_owned();
    }
    let Some((before, _)) = line.split_once('=') else {
        return line.to_owned();
    };
    let key = before.trim().trim_matches(['"', '\'']);
    let secret = strsim::damerau_levenshtein(key, "password") <= 3
        || ["pass", "md5", "secret"]
            .iter()
            .any(|word| key.contains(word));
    if secret && key != "password-file" {
        format!("{before}= …")
    } else {
        line.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let source = Source::new("ä = 1\n\nkey = \"wert\"\r\nlast");
        for (range, line, column, width, text) in [
            (0..2, 1, 1, 1, "ä = 1"),
            (5..6, 1, 5, 1, "ä = 1"),
            (6..7, 1, 6, 1, "ä = 1"),
            (7..8, 2, 1, 1, ""),
            (14..20, 3, 7, 6, "key = \"wert\""),
            (14..99, 3, 7, 6, "key = \"wert\""),
            (22..26, 4, 1, 4, "last"),
            (26..26, 4, 5, 1, "last"),
            (99..99, 4, 5, 1, "last"),
        ] {
            let place = source.place(&range);
            assert_eq!(
                (place.line, place.column, place.width, place.text.as_str()),
                (line, column, width, text),
                "{range:?}"
            );
        }
    }

    #[test]
    fn empty_text() {
        let place = Source::new("").place(&(0..0));
        assert_eq!((place.line, place.column, place.width), (1, 1, 1));
    }

    #[test]
    fn passwords_are_not_shown() {
        let shown = |line| Source::new(line).place(&(0..1)).text;
        assert_eq!(shown("password = \"s3cret\""), "password = …");
        assert_eq!(shown("  password=7"), "  password= …");
        assert_eq!(shown("\"password\" = 7"), "\"password\" = …");
        assert_eq!(shown("passwrod = \"s3cret\""), "passwrod = …");
        assert_eq!(shown("psswd = \"s3cret\""), "psswd = …");
        assert_eq!(shown("tcp-md5 = \"s3cret\""), "tcp-md5 = …");
        assert_eq!(shown("password-file = \"key\""), "password-file = \"key\"");
        assert_eq!(
            shown("neighbor = [{ password = \"s3cret\", remote-as = 0 }]"),
            "…"
        );
    }
}
