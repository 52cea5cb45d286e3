//! What can be wrong with a record, and where.
//!
//! Parsers of this module are nom parsers that fail with [`Wrong`]: a kind and the slice it was
//! found at. The slice lies inside the record, so its distance from the record's first octet is
//! the fault's offset. Cost: a fault is 16 octets and `Copy`.
use core::fmt;
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Offset};

/// What is wrong with a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RecordFaultKind {
    /// The record is longer than the reader allows: damaged, or no MRT at all.
    TooLong,
    /// A field passes the end of the record.
    Truncated,
    /// Octets follow the last field.
    Trailing,
    /// An address family identifier that is neither IPv4 nor IPv6.
    AddressFamily,
    /// A prefix longer than its family's addresses.
    PrefixLength,
    /// A RIB entry whose attributes and NLRI do not fit into one message.
    MessageTooLong,
}

/// What is wrong with a record, and where: `offset` counts from the first octet of its header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RecordFault {
    /// octets from the start of the record
    pub offset: usize,
    /// what
    pub kind: RecordFaultKind,
}

/// What a parser found wrong, and at which octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wrong<'a> {
    pub(super) at: &'a [u8],
    pub(super) kind: RecordFaultKind,
}

/// A parser's result.
pub(super) type Parsed<'a, T> = IResult<&'a [u8], T, Wrong<'a>>;

impl<'a> Wrong<'a> {
    pub(super) fn new(at: &'a [u8], kind: RecordFaultKind) -> nom::Err<Self> {
        nom::Err::Failure(Self { at, kind })
    }
}

impl<'a> ParseError<&'a [u8]> for Wrong<'a> {
    // nom's own parsers of numbers and octets fail for one reason only: the input ends.
    fn from_error_kind(at: &'a [u8], _: ErrorKind) -> Self {
        Self {
            at,
            kind: RecordFaultKind::Truncated,
        }
    }
    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// What a parser of a whole body gives: `None` where the subtype is not known.
pub(super) type Known<'a, T> = Result<Option<T>, nom::Err<Wrong<'a>>>;

/// The fault of a parser that ran over a part of `record`.
pub(super) fn locate(record: &[u8], error: &nom::Err<Wrong<'_>>) -> RecordFault {
    match error {
        nom::Err::Error(wrong) | nom::Err::Failure(wrong) => RecordFault {
            offset: record.offset(wrong.at),
            kind: wrong.kind,
        },
        // Only streaming parsers ask for more, and none is used here.
        nom::Err::Incomplete(_) => RecordFault {
            offset: record.len(),
            kind: RecordFaultKind::Truncated,
        },
    }
}

impl RecordFaultKind {
    /// What is wrong, in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::TooLong => "record is longer than the reader allows",
            Self::Truncated => "field passes the end of the record",
            Self::Trailing => "octets follow the last field of the record",
            Self::AddressFamily => "address family is neither IPv4 nor IPv6",
            Self::PrefixLength => "prefix is longer than its addresses",
            Self::MessageTooLong => "attributes and NLRI do not fit into one message",
        }
    }
}

impl fmt::Display for RecordFault {
    // "field passes the end of the record (octet 37)"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (octet {})", self.kind.text(), self.offset)
    }
}
impl core::error::Error for RecordFault {}
