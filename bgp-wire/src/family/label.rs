//! Labelled unicast (RFC 8277): a prefix with the MPLS labels that reach it.
//!
//! The labels are not part of the key: the same prefix with another label replaces the first, and
//! a withdraw carries no label that means anything. Cost: a stack of labels takes 31 octets and is
//! `Copy`.
use super::{AddressFamily, Family};
use crate::prefix::{self, IpPrefix};
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;
use ipnet::{Ipv4Net, Ipv6Net};

/// Labelled unicast of IPv4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv4Labeled;
/// Labelled unicast of IPv6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ipv6Labeled;

/// An MPLS label: 20 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Label(u32);

/// The labels of an NLRI, the outermost first. None at all is what a withdraw carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Labels {
    count: u8,
    labels: [[u8; 3]; Labels::MAX],
}

/// RFC 8277 §2.4: what stands in a withdraw where an announcement has its labels.
const COMPATIBILITY: [u8; 3] = [0x80, 0, 0];
/// What some speakers put there instead.
const NOTHING: [u8; 3] = [0; 3];
const BOTTOM_OF_STACK: u8 = 1;
/// Bits of a label field.
const BITS: u8 = 24;
/// Of the last octet of a label field; the bits between label and bottom of stack mean nothing here
/// (RFC 8277 §2.2).
const LABEL_BITS: u8 = 0xf0;

impl Label {
    /// Pop the label, the packet is IPv4 (RFC 3032 §2.1).
    pub const IPV4_EXPLICIT_NULL: Self = Self(0);
    /// No label at all (RFC 3032 §2.1).
    pub const IMPLICIT_NULL: Self = Self(3);

    /// `None` where `value` takes more than 20 bits.
    pub fn new(value: u32) -> Option<Self> {
        (value < 1 << 20).then_some(Self(value))
    }
    /// The label.
    pub fn value(self) -> u32 {
        self.0
    }

    fn from_octets([a, b, c]: [u8; 3]) -> Self {
        Self(u32::from_be_bytes([0, a, b, c]) >> 4)
    }
    fn octets(self) -> [u8; 3] {
        let [_, octets @ ..] = (self.0 << 4).to_be_bytes();
        octets
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Labels {
    /// As many fit into an NLRI whose length takes one octet.
    pub const MAX: usize = 10;

    /// `None` where there are more than [`Labels::MAX`], and where one that is not the last is 0 or
    /// 0x80000: what stands where labels were in a withdraw would end the stack there.
    ///
    /// How many an NLRI has room for depends on its prefix: its length, labels included, is at most
    /// 255 bits. Labels that do not fit beside the prefix are not sent.
    pub fn new(labels: &[Label]) -> Option<Self> {
        let mut stack = Self::default();
        let ends = |label: &Label| matches!(label.octets(), NOTHING | COMPATIBILITY);
        if let [before @ .., _] = labels
            && before.iter().any(ends)
        {
            return None;
        }
        for label in labels {
            stack.push(label.octets())?;
        }
        Some(stack)
    }

    /// The labels, the outermost first.
    pub fn iter(&self) -> impl Iterator<Item = Label> + '_ {
        self.octets().iter().copied().map(Label::from_octets)
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The first `count` label fields of `octets`, which has as many.
    fn read(octets: &[u8], count: u8) -> Self {
        let mut stack = Self {
            count,
            ..Self::default()
        };
        let fields = octets.as_chunks::<3>().0.iter();
        for (label, [high, middle, low]) in stack.labels.iter_mut().zip(fields).take(count.into()) {
            *label = [*high, *middle, low & LABEL_BITS];
        }
        stack
    }
    fn octets(&self) -> &[[u8; 3]] {
        self.labels.get(..usize::from(self.count)).unwrap_or(&[])
    }
    fn push(&mut self, label: [u8; 3]) -> Option<()> {
        *self.labels.get_mut(usize::from(self.count))? = label;
        self.count = self.count.checked_add(1)?;
        Some(())
    }
}

impl From<Label> for Labels {
    fn from(label: Label) -> Self {
        Self::new(&[label]).unwrap_or_default()
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Display for Labels {
    // "100", "100/200"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, label) in self.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { "/" })?;
            label.fmt(f)?;
        }
        Ok(())
    }
}

/// A labelled NLRI taken apart: labels, bits behind them, octets of those bits, what follows. `bits`
/// are those that what is labelled may have, and `likely` says how its octets usually begin.
///
/// RFC 8277 §2.2 wants "bottom of stack" ignored where no stacks were negotiated; speakers of RFC
/// 3107 §3 send stacks all the same. So what reads as a stack with something likely behind it is
/// one, and then what reads so behind one label; what is not likely at all is read in the same order.
///
/// RFC 8277 §2.4: a withdraw has one field where the labels were, whose value means nothing. Speakers
/// of RFC 3107 §3 withdraw with the labels they announced, and here too a stack is a stack.
pub(super) fn take(
    octets: &[u8],
    withdrawn: bool,
    bits: RangeInclusive<u8>,
    likely: fn(&[u8]) -> bool,
) -> Option<(Labels, u8, &[u8], &[u8])> {
    let (found, body, rest) = find(octets, bits, likely)?;
    let labels = if withdrawn {
        Labels::default()
    } else {
        Labels::read(body, found.count)
    };
    Some((labels, found.bits, found.behind, rest))
}

/// Labels that were found, not yet read: how many, and what is behind them.
#[derive(Clone, Copy)]
struct Found<'a> {
    count: u8,
    bits: u8,
    behind: &'a [u8],
}

/// Finds the labels; beside them what is behind the length octet, and what follows the NLRI.
#[inline]
fn find(
    octets: &[u8],
    bits: RangeInclusive<u8>,
    likely: fn(&[u8]) -> bool,
) -> Option<(Found<'_>, &[u8], &[u8])> {
    let (nlri, rest) = octets.split_at_checked(prefix::measure(octets, u8::MAX)?)?;
    let (length, body) = nlri.split_first()?;
    let sound = |found: &Found<'_>| bits.contains(&found.bits);
    let stacked = stack(*length, body).filter(sound);
    let found = match stacked {
        Some(found) if likely(found.behind) => stacked,
        _ => {
            let single = single(*length, body).filter(sound);
            match single {
                Some(found) if likely(found.behind) => single,
                _ => stacked.or(single),
            }
        }
    }?;
    Some((found, body, rest))
}

/// One label at the front, whatever it says of others, and what is behind it.
fn single(bits: u8, body: &[u8]) -> Option<Found<'_>> {
    let (_, behind) = body.split_first_chunk::<3>()?;
    Some(Found {
        count: 1,
        bits: bits.checked_sub(BITS)?,
        behind,
    })
}

/// The labels at the front, and what is behind them.
#[inline]
fn stack(mut bits: u8, mut body: &[u8]) -> Option<Found<'_>> {
    for count in 1.. {
        let ([high, middle, low], behind) = body.split_first_chunk::<3>()?;
        bits = bits.checked_sub(BITS)?;
        body = behind;
        let bottom = low & BOTTOM_OF_STACK != 0;
        let label = [*high, *middle, low & LABEL_BITS];
        // RFC 8277 §2.4; RFC 3107 §3 let a speaker withdraw so where it announced.
        if label == COMPATIBILITY && !bottom {
            return Some(Found {
                count: 0,
                bits,
                behind,
            });
        }
        if usize::from(count) > Labels::MAX {
            return None;
        }
        if bottom || label == NOTHING {
            return Some(Found {
                count,
                bits,
                behind,
            });
        }
    }
    None
}

/// Appends the length of `bits` bits behind labels, and the labels.
pub(super) fn put(labels: &Labels, bits: u8, out: &mut Vec<u8>) {
    let room = usize::from(u8::MAX.saturating_sub(bits) / BITS);
    let stack = labels.octets();
    let stack = stack.get(..room).unwrap_or(stack);
    let fields = u8::try_from(stack.len().max(1)).unwrap_or(1);
    out.push(fields.saturating_mul(BITS).saturating_add(bits));
    let Some((last, before)) = stack.split_last() else {
        out.extend(COMPATIBILITY);
        return;
    };
    out.extend(before.iter().flatten());
    let [high, middle, low] = *last;
    out.extend([high, middle, low | BOTTOM_OF_STACK]);
}

fn take_prefix<P: IpPrefix>(octets: &[u8], withdrawn: bool) -> Option<(P, Labels, &[u8])> {
    let (labels, bits, body, rest) = take(octets, withdrawn, 0..=P::BITS, |_| true)?;
    Some((P::from_bits(bits, body)?, labels, rest))
}

macro_rules! family {
    ($name:ident, $family:ident, $prefix:ty) => {
        impl AddressFamily for $name {
            const FAMILY: Family = Family::$family;
            const LONGEST: usize = 33;
            const WITHDRAWN_DIFFERS: bool = true;
            type Key = $prefix;
            type Payload = Labels;

            // RFC 7606 §5.3: what cannot be read here has a length that cannot be, as a prefix of 33
            // bits has, and where the next one begins is not known either.
            fn measure(octets: &[u8]) -> Option<usize> {
                let (_, _, rest) = find(octets, 0..=<$prefix>::BITS, |_| true)?;
                octets.len().checked_sub(rest.len())
            }
            fn take(octets: &[u8]) -> Option<($prefix, Labels, &[u8])> {
                take_prefix(octets, false)
            }
            fn reads(octets: &[u8], withdrawn: bool) -> bool {
                // As an announced one `measure` has read it already.
                !withdrawn || Self::take_withdrawn(octets).is_some()
            }
            fn take_withdrawn(octets: &[u8]) -> Option<($prefix, Labels, &[u8])> {
                take_prefix(octets, true)
            }
            fn put(key: &$prefix, labels: &Labels, out: &mut Vec<u8>) {
                put(labels, key.bits(), out);
                key.write(out);
            }
        }
    };
}
family!(Ipv4Labeled, IPV4_LABELED, Ipv4Net);
family!(Ipv6Labeled, IPV6_LABELED, Ipv6Net);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn labels(values: &[u32]) -> Labels {
        let labels: Vec<_> = values
            .iter()
            .map(|value| Label::new(*value).unwrap())
            .collect();
        Labels::new(&labels).unwrap()
    }

    #[test]
    fn both_ways() {
        let prefix: Ipv4Net = "10.1.0.0/16".parse().unwrap();
        for (stack, octets) in [
            (labels(&[]), vec![40, 0x80, 0, 0, 10, 1]),
            (labels(&[100]), vec![40, 0, 0x06, 0x41, 10, 1]),
            (
                labels(&[100, 0xf_ffff]),
                vec![64, 0, 0x06, 0x40, 0xff, 0xff, 0xf1, 10, 1],
            ),
        ] {
            let mut out = Vec::new();
            Ipv4Labeled::put(&prefix, &stack, &mut out);
            assert_eq!(out, octets);
            assert_eq!(Ipv4Labeled::measure(&octets), Some(octets.len()));
            assert_eq!(Ipv4Labeled::take(&octets), Some((prefix, stack, &[][..])));
        }
        assert_eq!(labels(&[100, 7]).to_string(), "100/7");
    }

    #[test]
    fn a_withdraw_has_one_field_whatever_it_holds() {
        let octets = [32, 0x12, 0x34, 0x50, 10];
        let (prefix, stack, rest) = Ipv4Labeled::take_withdrawn(&octets).unwrap();
        assert_eq!(prefix.to_string(), "10.0.0.0/8");
        assert!(stack.is_empty() && rest.is_empty());
        // Announced it is a label, though it says that another follows (RFC 8277 §2.2).
        let (prefix, stack, _) = Ipv4Labeled::take(&octets).unwrap();
        assert_eq!(
            (prefix.to_string().as_str(), stack),
            ("10.0.0.0/8", labels(&[0x12345]))
        );
        let mut out = Vec::new();
        Ipv4Labeled::put_withdrawn(&prefix, &mut out);
        assert_eq!(out, [32, 0x80, 0, 0, 10]);
        // As RFC 3107 has it: the labels of the announcement.
        let octets = [56, 0, 0, 0x80, 0, 0, 0x91, 10];
        let (prefix, stack, _) = Ipv4Labeled::take_withdrawn(&octets).unwrap();
        assert_eq!(
            (prefix.to_string().as_str(), stack.is_empty()),
            ("10.0.0.0/8", true)
        );
    }

    #[test]
    fn wrong_lengths() {
        for octets in [
            // No room for a label; a prefix of 33 bits, behind one label and behind none that ends;
            // octets that are not there.
            &[23, 0, 0, 1][..],
            &[57, 0, 0, 0x10, 10, 0, 0, 0, 0],
            &[57, 0, 0, 1, 10, 0, 0, 0, 0],
            &[40, 0, 0, 1, 10],
        ] {
            assert_eq!(Ipv4Labeled::measure(octets), None, "{octets:?}");
            assert_eq!(Ipv4Labeled::take(octets), None, "{octets:?}");
        }
    }

    #[test]
    fn what_ends_a_stack_is_not_inside_one() {
        // Label 0 and label 0x80000, not marked as the last, with and without the bits that mean
        // nothing.
        for field in [[0, 0, 0], [0, 0, 8]] {
            let octets = [[48].as_slice(), &field, &[0, 0, 0x11]].concat();
            let (prefix, stack, _) = Ipv4Labeled::take(&octets).unwrap();
            assert_eq!(
                (prefix.to_string().as_str(), stack),
                ("0.0.17.0/24", labels(&[0]))
            );
        }
        for field in [[0x80, 0, 0], [0x80, 0, 2]] {
            let octets = [[24].as_slice(), &field].concat();
            let (_, stack, _) = Ipv4Labeled::take(&octets).unwrap();
            assert!(stack.is_empty());
        }
        let label = |value| Label::new(value).unwrap();
        for first in [0, 0x8_0000] {
            assert_eq!(Labels::new(&[label(first), label(7)]), None);
            assert_eq!(
                Labels::new(&[label(7), label(first)])
                    .unwrap()
                    .iter()
                    .count(),
                2
            );
        }
    }

    #[test]
    fn more_labels_than_fit_are_not_sent() {
        let stack = labels(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        let host: Ipv6Net = "2001:db8::1/128".parse().unwrap();
        let mut out = Vec::new();
        Ipv6Labeled::put(&host, &stack, &mut out);
        let (key, sent, _) = Ipv6Labeled::take(&out).unwrap();
        assert_eq!((key, sent), (host, labels(&[1, 2, 3, 4, 5])));
    }
}
