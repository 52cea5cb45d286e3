//! Logs of the daemon: lines on standard error, for people or as JSON.
//!
//! Only the daemon calls this; a program that embeds a speaker brings its own `tracing`
//! subscriber, or none.
use crate::clock;
use clap::ValueEnum;
use std::{fmt, io, str::FromStr};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets,
    fmt::{format::Writer, time::FormatTime},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// How logs look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for people
    #[default]
    Human,
    /// A JSON object a line
    Json,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Human => "human",
            Self::Json => "json",
        })
    }
}

/// What is logged: a level, also by module: "info,speaker::session=debug".
#[derive(Clone, Debug, PartialEq)]
pub struct LogFilter(Targets);

/// Why a text is no filter, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilterError(String);

impl fmt::Display for LogFilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LogFilterError {}

impl FromStr for LogFilter {
    type Err = LogFilterError;

    fn from_str(text: &str) -> Result<Self, LogFilterError> {
        // a lone word that is no level would be taken for a module, and everything be logged
        for part in text.split(',') {
            let level = part.rsplit('=').next().unwrap_or(part);
            if part.is_empty() || LevelFilter::from_str(level).is_err() {
                return Err(LogFilterError(format!(
                    "`{part}` is no level: error, warn, info, debug, trace or off, as in info or info,speaker::session=debug"
                )));
            }
        }
        text.parse()
            .map(Self)
            .map_err(|error| LogFilterError(format!("{error}")))
    }
}

/// RFC 3339 in UTC with milliseconds.
struct WallClock;

impl FormatTime for WallClock {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        write!(w, "{}", humantime::format_rfc3339_millis(clock::wall()))
    }
}

/// Begins to log, for the whole process. A second call changes nothing.
pub fn start(format: LogFormat, filter: LogFilter) {
    let color = matches!(
        anstream::AutoStream::choice(&io::stderr()),
        anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi
    );
    let detailed = filter
        .0
        .iter()
        .any(|(_, level)| level >= LevelFilter::DEBUG)
        || filter
            .0
            .default_level()
            .is_some_and(|level| level >= LevelFilter::DEBUG);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_timer(WallClock)
        // nobody reads standard error any more: that must not end the daemon
        .log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter.0);
    let _ = match format {
        LogFormat::Human => {
            let layer = layer.with_ansi(color).with_target(detailed);
            registry.with(layer).try_init()
        }
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for good in [
            "info",
            "off",
            "warn,speaker::session=trace",
            "speaker=DEBUG",
        ] {
            assert!(good.parse::<LogFilter>().is_ok(), "{good}");
        }
        for bad in ["", "loud", "speaker", "info,", "speaker=loud"] {
            let error = bad.parse::<LogFilter>().unwrap_err().to_string();
            assert!(error.contains("is no level: error, warn"), "{bad}: {error}");
        }
    }
}
