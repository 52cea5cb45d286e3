//! Octets that are written into a place which was made before.
//!
//! Appending to a `Vec` asks at each piece whether there is room and then stores the new length,
//! which the next piece waits for. Where the room is known, a cursor keeps both in registers.
use crate::iana::attribute;

/// A place that is filled from its front. What passes its end is not written, and nothing after it.
#[derive(Debug)]
pub(crate) struct Cursor<'o> {
    room: &'o mut [u8],
}

impl<'o> Cursor<'o> {
    #[inline]
    pub(crate) fn new(room: &'o mut [u8]) -> Self {
        Self { room }
    }

    /// Octets that are left.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.room.len()
    }

    /// Writes octets.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, octets: [u8; N]) {
        let room = core::mem::take(&mut self.room);
        if let Some((place, rest)) = room.split_first_chunk_mut::<N>() {
            *place = octets;
            self.room = rest;
        }
    }

    /// Writes octets whose number is not known before.
    #[inline]
    pub(crate) fn put_slice(&mut self, octets: &[u8]) {
        let room = core::mem::take(&mut self.room);
        if let Some((place, rest)) = room.split_at_mut_checked(octets.len()) {
            place.copy_from_slice(octets);
            self.room = rest;
        }
    }

    /// Writes numbers in network order.
    #[inline]
    pub(crate) fn put_numbers<T>(&mut self, entries: &[T], number: impl Fn(&T) -> u32) {
        let room = core::mem::take(&mut self.room);
        let length = entries.len().saturating_mul(4);
        if let Some((place, rest)) = room.split_at_mut_checked(length) {
            for (place, entry) in place.as_chunks_mut::<4>().0.iter_mut().zip(entries) {
                *place = number(entry).to_be_bytes();
            }
            self.room = rest;
        }
    }

    /// Writes flags, type and length of an attribute, the length in the shortest form. `flags`
    /// without extended length.
    #[inline]
    pub(crate) fn put_header(&mut self, flags: u8, code: u8, length: usize) {
        match u8::try_from(length) {
            Ok(length) => self.put([flags, code, length]),
            Err(_) => {
                let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
                self.put([flags | attribute::EXTENDED_LENGTH, code, high, low]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_behind_what_did_not_fit() {
        let mut octets = [0; 8];
        let mut cursor = Cursor::new(&mut octets);
        cursor.put([1, 2]);
        cursor.put_numbers(&[3_u32], |number| *number);
        assert_eq!(cursor.left(), 2);
        cursor.put_slice(&[4, 5, 6]);
        cursor.put([7]);
        assert_eq!(cursor.left(), 0);
        assert_eq!(octets, [1, 2, 0, 0, 0, 3, 0, 0]);
    }

    #[test]
    fn headers_are_the_shortest() {
        let mut octets = [0; 7];
        let mut cursor = Cursor::new(&mut octets);
        cursor.put_header(0x40, 2, 255);
        cursor.put_header(0x40, 2, 256);
        assert_eq!(octets, [0x40, 2, 255, 0x50, 2, 1, 0]);
    }
}
