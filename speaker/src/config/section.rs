//! A walk over a parsed TOML file that knows where everything stands and collects every problem.
//!
//! Written by hand over toml's spanned tree rather than derived: a derived deserializer stops at
//! the first error and knows the place of a syntax error only, not of a wrong prefix inside an
//! array.
use super::{
    complaint::Complaint,
    keys::{self, Keys},
    lint::Subject,
    problem::{Problem, Severity},
    source::Source,
};
use std::{cell::RefCell, collections::BTreeMap, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Octets of the text.
pub(super) type Span = Range<usize>;

/// What the walk knows and finds.
#[derive(Debug)]
pub(super) struct Walk<'t> {
    file: String,
    source: Source<'t>,
    /// with the offset that they are sorted by
    problems: RefCell<Vec<(usize, Problem)>>,
    places: RefCell<BTreeMap<(Subject, &'static str), Problem>>,
}

impl<'t> Walk<'t> {
    pub(super) fn new(file: String, text: &'t str) -> Self {
        Self {
            file,
            source: Source::new(text),
            problems: RefCell::default(),
            places: RefCell::default(),
        }
    }

    pub(super) fn problem(
        &self,
        severity: Severity,
        key: impl Into<String>,
        span: &Span,
        complaint: Complaint,
    ) -> Problem {
        let place = self.source.place(span);
        Problem {
            severity,
            file: self.file.clone(),
            line: Some(place.line),
            column: Some(place.column),
            key: key.into(),
            message: complaint.message,
            help: complaint.help,
            source: Some(place.text),
            width: place.width,
        }
    }

    pub(super) fn error(&self, key: impl Into<String>, span: &Span, complaint: Complaint) {
        let problem = self.problem(Severity::Error, key, span, complaint);
        self.problems.borrow_mut().push((span.start, problem));
    }

    pub(super) fn warning(&self, key: impl Into<String>, span: &Span, complaint: Complaint) {
        let problem = self.problem(Severity::Warning, key, span, complaint);
        self.problems.borrow_mut().push((span.start, problem));
    }

    /// "neighbor.bgp1 was set here": for warnings that come later.
    fn remember(&self, subject: Subject, key: &'static str, span: &Span) {
        let place = self.problem(Severity::Warning, "", span, Complaint::new(""));
        self.places.borrow_mut().insert((subject, key), place);
    }

    /// All problems in the order of the text, and where every key stands.
    pub(super) fn finish(self) -> (Vec<Problem>, BTreeMap<(Subject, &'static str), Problem>) {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|&(offset, _)| offset);
        let problems = problems.into_iter().map(|(_, problem)| problem);
        (problems.collect(), self.places.into_inner())
    }
}

/// A table of the file. What is not taken until `finish` is unknown.
#[derive(Debug)]
pub(super) struct Section<'w, 't> {
    pub(super) walk: &'w Walk<'t>,
    pub(super) subject: Subject,
    keys: Keys,
    table: &'w DeTable<'t>,
    /// the header
    span: Span,
}

impl<'w, 't> Section<'w, 't> {
    pub(super) fn top(walk: &'w Walk<'t>, table: &'w DeTable<'t>) -> Self {
        Self {
            walk,
            subject: Subject::Speaker,
            keys: keys::TOP,
            table,
            span: 0..0,
        }
    }

    /// Takes a known key.
    pub(super) fn take(&self, key: &'static str) -> Option<Item<'w, 't>> {
        debug_assert!(self.keys.keys.contains(&key), "{key} is not in the list");
        let (name, value) = self.table.get_key_value(key)?;
        self.walk.remember(self.subject.clone(), key, &name.span());
        Some(Item {
            walk: self.walk,
            key: self.subject.key(key),
            value,
            key_span: name.span(),
        })
    }

    /// Reads a key that may be absent; what is wrong with it is reported.
    pub(super) fn read<T>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&Item<'w, 't>) -> Result<T, Complaint>,
    ) -> Option<T> {
        let item = self.take(key)?;
        match parse(&item) {
            Ok(value) => Some(value),
            Err(complaint) => {
                item.error(complaint);
                None
            }
        }
    }

    /// Reads an array, or the single value that may stand for it; bad elements are reported and
    /// left out. `None`: the key is absent.
    pub(super) fn read_list<T>(
        &self,
        key: &'static str,
        mut parse: impl FnMut(&Item<'w, 't>) -> Result<T, Complaint>,
    ) -> Option<Vec<T>> {
        let item = self.take(key)?;
        let mut values = Vec::new();
        for element in item.elements() {
            match parse(&element) {
                Ok(value) => values.push(value),
                Err(complaint) => element.error(complaint),
            }
        }
        Some(values)
    }

    /// Reports a key that must be there.
    pub(super) fn missing(&self, key: &'static str, help: &str) {
        let complaint = Complaint::new("missing").help(help);
        self.walk
            .error(self.subject.key(key), &self.span, complaint);
    }

    /// A problem of a key, or of the section where the key is not there.
    pub(super) fn error_at(&self, key: &'static str, complaint: Complaint) {
        let span = match self.table.get(key) {
            Some(value) => value.span(),
            None => self.span.clone(),
        };
        self.walk.error(self.subject.key(key), &span, complaint);
    }

    /// The line of the header.
    pub(super) fn line(&self) -> usize {
        self.walk.source.place(&self.span).line
    }

    /// The names in a table of tables, `[filter.NAME]`.
    pub(super) fn names(&self) -> impl Iterator<Item = (&'w str, Item<'w, 't>)> + use<'w, 't> {
        let (walk, subject) = (self.walk, self.subject.clone());
        self.table.iter().map(move |(name, value)| {
            let name_text: &'w str = name.get_ref();
            let item = Item {
                walk,
                key: subject.key(name_text),
                value,
                key_span: name.span(),
            };
            (name_text, item)
        })
    }

    /// Reports keys that nobody knows.
    pub(super) fn finish(self) {
        // the top level has no header to point at
        if self.subject != Subject::Speaker {
            self.walk.remember(self.subject.clone(), "", &self.span);
        }
        for name in self.table.keys() {
            let key: &str = name.get_ref();
            if !self.keys.keys.contains(&key) {
                let complaint =
                    Complaint::new("unknown key").help(keys::suggestion(self.keys, key));
                self.walk
                    .error(self.subject.key(key), &name.span(), complaint);
            }
        }
    }
}

/// A value of the file with its key.
#[derive(Debug)]
pub(super) struct Item<'w, 't> {
    pub(super) walk: &'w Walk<'t>,
    /// as in `neighbor.bgp1.hold-time`
    pub(super) key: String,
    pub(super) value: &'w Spanned<DeValue<'t>>,
    pub(super) key_span: Span,
}

impl<'w, 't> Item<'w, 't> {
    pub(super) fn error(&self, complaint: Complaint) {
        self.walk
            .error(self.key.clone(), &self.value.span(), complaint);
    }

    pub(super) fn warning(&self, complaint: Complaint) {
        self.walk
            .warning(self.key.clone(), &self.value.span(), complaint);
    }

    /// "expected a string, found a whole number"
    pub(super) fn expected(&self, what: &str) -> Complaint {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a section",
        };
        Complaint::new(format!("expected {what}, found {found}"))
    }

    pub(super) fn string(&self) -> Result<&'w str, Complaint> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => {
                Err(self.expected("a string").help("write it in quotes"))
            }
            _ => Err(self.expected("a string")),
        }
    }

    /// A string that may have no control characters and no spaces around it.
    pub(super) fn text(&self) -> Result<&'w str, Complaint> {
        let text = self.string()?;
        if text.chars().any(char::is_control) {
            return Err(Complaint::new("control characters are not possible here"));
        }
        if text.trim() != text {
            return Err(Complaint::new("spaces at the beginning or the end")
                .help(format!("\"{}\"", text.trim())));
        }
        Ok(text)
    }

    pub(super) fn boolean(&self) -> Result<bool, Complaint> {
        match self.value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            DeValue::String(text) => {
                let meant = match text.to_lowercase().as_str() {
                    "yes" | "on" | "true" | "1" => Some("true"),
                    "no" | "off" | "false" | "0" => Some("false"),
                    _ => None,
                };
                let help = meant.map(|meant| format!("write {meant}, without quotes"));
                Err(self.expected("true or false").help_if(help))
            }
            _ => Err(self.expected("true or false")),
        }
    }

    /// An integer within `range`.
    pub(super) fn integer(&self, range: std::ops::RangeInclusive<u32>) -> Result<u32, Complaint> {
        let DeValue::Integer(integer) = self.value.get_ref() else {
            let unquoted = matches!(self.value.get_ref(), DeValue::String(text)
                if text.parse::<u32>().is_ok());
            let help = unquoted.then(|| "leave out the quotes".to_owned());
            return Err(self.expected("a whole number").help_if(help));
        };
        let value = u32::from_str_radix(integer.as_str(), integer.radix());
        match value {
            Ok(value) if range.contains(&value) => Ok(value),
            _ => Err(
                Complaint::new(format!("{integer} is out of range")).help(format!(
                    "{} to {}",
                    range.start(),
                    range.end()
                )),
            ),
        }
    }

    /// The elements of an array; a value that is no array stands for an array of one.
    pub(super) fn elements(&self) -> Vec<Item<'w, 't>> {
        let element = |index: Option<usize>, value| Item {
            walk: self.walk,
            key: match index {
                Some(index) => format!("{}[{index}]", self.key),
                None => self.key.clone(),
            },
            value,
            key_span: self.key_span.clone(),
        };
        match self.value.get_ref() {
            DeValue::Array(array) => array
                .iter()
                .enumerate()
                .map(|(index, value)| element(Some(index), value))
                .collect(),
            _ => vec![element(None, self.value)],
        }
    }

    /// The value as a section.
    pub(super) fn section(&self, subject: Subject, keys: Keys) -> Option<Section<'w, 't>> {
        match self.value.get_ref() {
            DeValue::Table(table) => Some(Section {
                walk: self.walk,
                subject,
                keys,
                table,
                span: self.header_span(),
            }),
            _ => {
                let help = format!("begin the section with a line {}", keys.section);
                self.error(self.expected("a section").help(help));
                None
            }
        }
    }

    /// The span of a table is its header's; that of an inline table the whole of it.
    fn header_span(&self) -> Span {
        let span = self.value.span();
        if span.is_empty() {
            self.key_span.clone()
        } else {
            span
        }
    }
}
