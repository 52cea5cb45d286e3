//! Path attributes as they lie on the wire: flags, type, length, value (RFC 4271 §4.3).
//!
//! The walk knows nothing of what attributes mean. It ends where the octets end, or at the first
//! attribute that passes the end, which [`Walk::rest`] then still holds.
use crate::iana::attribute;
use alloc::vec::Vec;

/// One path attribute as octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RawAttribute<'a> {
    /// Flags, extended length included.
    pub flags: u8,
    /// Type code.
    pub code: u8,
    /// Value.
    pub value: &'a [u8],
}

/// A walk over attributes.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    #[inline]
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self {
            whole: octets,
            rest: octets,
        }
    }

    /// Offset of the next attribute from the first.
    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.whole.len().saturating_sub(self.rest.len())
    }

    /// What was not read; after the last item it holds an attribute that passes the end.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// The attribute that `octets` begin with, and what follows.
#[inline]
fn split(octets: &[u8]) -> Option<(RawAttribute<'_>, &[u8])> {
    let [flags, code, body @ ..] = octets else {
        return None;
    };
    let (length, body) = if flags & attribute::EXTENDED_LENGTH == 0 {
        let (length, body) = body.split_first()?;
        (usize::from(*length), body)
    } else {
        let (length, body) = body.split_first_chunk::<2>()?;
        (usize::from(u16::from_be_bytes(*length)), body)
    };
    let (value, rest) = body.split_at_checked(length)?;
    let attribute = RawAttribute {
        flags: *flags,
        code: *code,
        value,
    };
    Some((attribute, rest))
}

impl<'a> Iterator for Walk<'a> {
    type Item = RawAttribute<'a>;
    #[inline]
    fn next(&mut self) -> Option<RawAttribute<'a>> {
        let (attribute, rest) = split(self.rest)?;
        self.rest = rest;
        Some(attribute)
    }
}

impl RawAttribute<'_> {
    /// Octets of flags, type and length before a value of this length.
    #[inline]
    pub(crate) fn header_length(&self) -> usize {
        if self.flags & attribute::EXTENDED_LENGTH == 0 {
            3
        } else {
            4
        }
    }

    /// Octets of the whole attribute.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.header_length().saturating_add(self.value.len())
    }
}

/// Appends an attribute with the shortest length that holds its value. `flags` without extended
/// length; a value over 65,535 octets is cut by whoever makes it.
pub(crate) fn put(out: &mut Vec<u8>, flags: u8, code: u8, value: &[u8]) {
    put_header(out, flags, code, value.len());
    out.extend_from_slice(value);
}

/// Appends flags, type and length.
#[inline]
pub(crate) fn put_header(out: &mut Vec<u8>, flags: u8, code: u8, length: usize) {
    let flags = flags & !attribute::EXTENDED_LENGTH;
    match u8::try_from(length) {
        Ok(length) => out.extend_from_slice(&[flags, code, length]),
        Err(_) => {
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            out.extend_from_slice(&[flags | attribute::EXTENDED_LENGTH, code, high, low]);
        }
    }
}

/// The largest value, octets.
pub(crate) const LONGEST_VALUE: usize = 65_535;

/// Which of 256 type codes were seen: 32 octets on the stack.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Seen([u64; 4]);

impl Seen {
    /// Whether none was.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == [0; 4]
    }

    /// Notes `code`; whether it was there before.
    #[inline]
    pub(crate) fn again(&mut self, code: u8) -> bool {
        let bit = 1_u64 << (code & 63);
        match self.0.get_mut(usize::from(code >> 6)) {
            Some(word) => {
                let before = *word & bit != 0;
                *word |= bit;
                before
            }
            None => false,
        }
    }
}
