//! Spans of time for people.

/// "12 s", "3 m 20 s", "4 h 5 m", "12 d 3 h": two units, the larger first.
pub(super) fn span(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} m {rest} s"),
        (0, ..) => format!("{hours} h {minutes} m"),
        _ => format!("{days} d {hours} h"),
    }
}

/// A timer: whole seconds where there are many, tenths where there are few.
pub(super) fn seconds(seconds: f64) -> String {
    if seconds < 10.0 && seconds.fract() != 0.0 {
        format!("{seconds:.1}")
    } else {
        format!("{seconds:.0}")
    }
}

/// RFC 3339 as people write it: "2026-11-23 00:31:06".
pub(super) fn moment(rfc3339: &str) -> String {
    rfc3339
        .replacen('T', " ", 1)
        .trim_end_matches('Z')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (value, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 m 0 s"),
            (3599, "59 m 59 s"),
            (3600, "1 h 0 m"),
            (86_399, "23 h 59 m"),
            (86_400, "1 d 0 h"),
            (1_000_000, "11 d 13 h"),
        ] {
            assert_eq!(span(value), expected);
        }
    }

    #[test]
    fn timers_and_moments() {
        assert_eq!(seconds(89.6), "90");
        assert_eq!(seconds(9.94), "9.9");
        assert_eq!(seconds(1.0), "1");
        assert_eq!(moment("2026-11-23T00:31:06Z"), "2026-11-23 00:31:06");
    }
}
