//! A problem of a configuration file, told as a compiler would: where, what, and what would be
//! right.
use serde::Serialize;
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// Legal, but probably not what was meant.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One problem. The field names are those of `myna check --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// "error" or "warning".
    pub severity: Severity,
    /// The file's path as it was given.
    pub file: String,
    /// Line, from 1; absent where the problem is the whole file's or the host's.
    pub line: Option<usize>,
    /// Column in characters, from 1.
    pub column: Option<usize>,
    /// The key, as in `neighbor.bgp1.hold-time`; empty where there is none.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// The line's text (without passwords).
    pub source: Option<String>,
    /// Characters to mark from `column` on.
    #[serde(skip)]
    pub width: usize,
}

impl Problem {
    /// "myna.toml:14:1"
    pub fn location(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            _ => self.file.clone(),
        }
    }

    /// "neighbor.bgp1.hold-time: 2 s is not possible"
    pub fn headline(&self) -> String {
        if self.key.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", self.key, self.message)
        }
    }

    /// The source line with what is meant marked, and the help: whole lines, none at the end.
    pub fn details(&self) -> String {
        let mut lines = Vec::new();
        if let (Some(line), Some(column), Some(source)) = (self.line, self.column, &self.source) {
            let before = source.chars().take(column - 1);
            let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let missing = (column - 1).saturating_sub(source.chars().count());
            let room = (source.chars().count() + 1).saturating_sub(column).max(1);
            lines.push(format!("{line:>6} | {source}"));
            lines.push(format!(
                "       | {indent}{:missing$}{}",
                "",
                "^".repeat(self.width.clamp(1, room))
            ));
        }
        if let Some(help) = &self.help {
            lines.push(format!("       = {help}"));
        }
        lines.join("\n")
    }

    /// All of it on one line, for logs.
    pub fn one_line(&self) -> String {
        let help = self.help.as_ref();
        let help = help.map_or_else(String::new, |help| format!(" ({help})"));
        format!("{}: {}{help}", self.location(), self.headline())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (location, severity) = (self.location(), self.severity);
        write!(f, "{location}: {severity}: {}", self.headline())?;
        match self.details() {
            details if details.is_empty() => Ok(()),
            details => write!(f, "\n{details}"),
        }
    }
}

/// All problems of a file that cannot be used, in the file's order; at least one is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
