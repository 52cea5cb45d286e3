//! Octets of an NLRI that is kept as it is.
//!
//! Keys of families without a type of their own. Up to [`NlriOctets::INLINE`] octets lie in the
//! value itself, which nearly all NLRI fit in; longer ones take an allocation when they are read.
use alloc::boxed::Box;
use core::{cmp::Ordering, fmt, hash};

/// Octets as they are on the wire, compared and shown as such.
#[derive(Clone)]
pub struct NlriOctets(Kept);

#[derive(Clone)]
enum Kept {
    Inline {
        length: u8,
        octets: [u8; NlriOctets::INLINE],
    },
    Boxed(Box<[u8]>),
}

impl NlriOctets {
    /// As many octets take no allocation.
    pub const INLINE: usize = 38;

    /// A copy of `octets`.
    #[inline]
    pub fn new(octets: &[u8]) -> Self {
        let mut inline = [0; Self::INLINE];
        match (inline.get_mut(..octets.len()), u8::try_from(octets.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(octets);
                Self(Kept::Inline {
                    length,
                    octets: inline,
                })
            }
            _ => Self(Kept::Boxed(octets.into())),
        }
    }

    /// The octets.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Kept::Inline { length, octets } => octets.get(..usize::from(*length)).unwrap_or(&[]),
            Kept::Boxed(octets) => octets,
        }
    }
}

impl AsRef<[u8]> for NlriOctets {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}
impl PartialEq for NlriOctets {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}
impl Eq for NlriOctets {}
impl PartialOrd for NlriOctets {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for NlriOctets {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}
impl hash::Hash for NlriOctets {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}
impl fmt::Debug for NlriOctets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl fmt::Display for NlriOctets {
    // "0x0102a0"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.as_slice()
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec};

    #[test]
    fn inline_and_boxed_are_alike() {
        for length in [0, 1, 37, 38, 39, 4_095] {
            let octets = vec![7; length];
            let kept = NlriOctets::new(&octets);
            assert_eq!(kept.as_slice(), octets);
            assert_eq!(kept, kept.clone());
            assert_eq!(kept.to_string().len(), 2 + 2 * length);
        }
        assert!(NlriOctets::new(&[1; 40]) < NlriOctets::new(&[2]));
        assert_eq!(size_of::<NlriOctets>(), 40);
    }
}
