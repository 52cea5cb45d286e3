//! Reading as bgpdump reads: what is missing is zero, and a length that passes the end stops there.
//!
//! Why: bgpdump prints what it can of a message that was cut, and so do we where we speak its
//! language. Everything else in Myna reads with [`bgp_wire`], which calls such octets a fault.
//! Nothing read here is used for anything but these lines.

/// Octets to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lenient<'a>(pub(super) &'a [u8]);

impl<'a> Lenient<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most `length` octets.
    pub(super) fn take(&mut self, length: usize) -> Self {
        let (head, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        Self(head)
    }

    /// Exactly `N` octets, zeros in place of those that are missing.
    pub(super) fn octets<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        for (to, from) in octets.iter_mut().zip(self.take(N).0) {
            *to = *from;
        }
        octets
    }

    pub(super) fn u8(&mut self) -> u8 {
        let [octet] = self.octets();
        octet
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.octets())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.octets())
    }

    /// Two or four octets.
    pub(super) fn asn(&mut self, four_octet: bool) -> u32 {
        if four_octet {
            self.u32()
        } else {
            u32::from(self.u16())
        }
    }
}
