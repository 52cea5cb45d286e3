//! Color, and text that may be shown.
use anstyle::{AnsiColor, Style};
use std::borrow::Cow;

pub(super) const PLAIN: Style = Style::new();
pub(super) const STRONG: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const WAITING: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();

/// A text without control characters. Neighbors choose some of what is shown (a shutdown text, a
/// host name): none of it may steer the terminal.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    // line breaks are ours: only texts of the daemon have them
    let harmless = |c: char| !c.is_control() || c == '\n';
    // letters that turn the direction of others are as bad
    let turning = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().all(|c| harmless(c) && !turning(c)) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|c| {
        if harmless(c) && !turning(c) {
            c.to_string()
        } else {
            c.escape_unicode().to_string()
        }
    });
    Cow::Owned(escaped.collect())
}

/// How a state of a session or a route looks.
pub(super) fn of_state(state: &str) -> Style {
    match state {
        "Established" | "best" | "announced" | "installed" => GOOD,
        "Idle" | "rejected" => BAD,
        "not-best" | "not-announced" => FAINT,
        _ => WAITING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neighbors_say_does_not_steer_the_terminal() {
        assert_eq!(clean("bye, Zürich"), "bye, Zürich");
        assert_eq!(clean("\u{1b}[2Jbye\r"), "\\u{1b}[2Jbye\\u{d}");
        assert_eq!(clean("a\u{202e}b"), "a\\u{202e}b");
    }
}
