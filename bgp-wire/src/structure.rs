//! nom, with faults that know where they are.
//!
//! Parsers of structure (OPEN, capabilities, ROUTE-REFRESH) fail with [`Wrong`]: a kind and the
//! slice it was found at. The slice lies inside the message, so its distance from the message's
//! first octet is the fault's offset, however deep the parsers are nested.
use crate::{Fault, FaultKind};
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Offset, Parser};

/// What a parser found wrong, and at which octets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrong<'a> {
    at: &'a [u8],
    kind: FaultKind,
}

/// A parser's result.
pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T, Wrong<'a>>;

impl<'a> Wrong<'a> {
    /// Wrong beyond all alternatives.
    pub(crate) fn failure<T>(at: &'a [u8], kind: FaultKind) -> Parsed<'a, T> {
        Err(nom::Err::Failure(Self { at, kind }))
    }
}

impl<'a> ParseError<&'a [u8]> for Wrong<'a> {
    // A primitive knows only that octets are missing; `or` says what that means.
    fn from_error_kind(at: &'a [u8], _: ErrorKind) -> Self {
        Self {
            at,
            kind: FaultKind::OpenStructure,
        }
    }
    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Names what it means that `parser` cannot go on, and points at where it began.
pub(crate) fn or<'a, T>(
    kind: FaultKind,
    mut parser: impl Parser<&'a [u8], Output = T, Error = Wrong<'a>>,
) -> impl FnMut(&'a [u8]) -> Parsed<'a, T> {
    move |input| match parser.parse(input) {
        Err(nom::Err::Error(_) | nom::Err::Incomplete(_)) => Wrong::failure(input, kind),
        other => other,
    }
}

/// Runs `parser` over `octets`, a part of `message`, all of which it must consume.
pub(crate) fn run<'a, T>(
    message: &'a [u8],
    octets: &'a [u8],
    trailing: FaultKind,
    mut parser: impl Parser<&'a [u8], Output = T, Error = Wrong<'a>>,
) -> Result<T, Fault> {
    let wrong = match parser.parse(octets) {
        Ok(([], value)) => return Ok(value),
        Ok((rest, _)) => Wrong {
            at: rest,
            kind: trailing,
        },
        Err(nom::Err::Error(wrong) | nom::Err::Failure(wrong)) => wrong,
        Err(nom::Err::Incomplete(_)) => Wrong {
            at: octets,
            kind: trailing,
        },
    };
    Err(Fault {
        offset: message.offset(wrong.at),
        attr: None,
        kind: wrong.kind,
    })
}
