//! The table of path attributes: one row per attribute this crate knows.
//!
//! Type code, flags, length rule, what a malformed one means (RFC 7606 §7) and, where length is
//! not all, a function that looks at the value. Why a table: the checks of UPDATE, the meaning of
//! faults, canonical octets and fuzzing all read the same rows. Cost: one index octet per type
//! code; a check is a table lookup and, for some attributes, one call.
use super::walk::RawAttribute;
use super::{path, tlv, tunnel};
use crate::iana::attribute as code;
use crate::{AsSets, Disposition, FaultKind, SessionType};

/// What flags an attribute must have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// Well-known: transitive, not optional, never partial.
    WellKnown,
    /// Optional and transitive; may be partial.
    Transitive,
    /// Optional and not transitive; never partial.
    NonTransitive,
}

/// Which lengths a value may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Length {
    Any,
    Exactly(u32),
    AtLeast(u32),
    /// A non-zero multiple.
    Multiple(u32),
    /// AGGREGATOR: the first with four-octet AS numbers, else the second.
    ByAsWidth(u32, u32),
}

/// A [`Length`] as numbers, so that every attribute is tested by the same few instructions: a
/// branch on the kind of rule would go another way at nearly every attribute.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: u32,
    most: u32,
    unit: Unit,
}

/// Whether a length is a multiple of so many octets, without a division (Hacker's Delight §10-17):
/// the product with the inverse of the unit's odd part, its low bits rotated to the top, is small
/// for multiples alone.
#[derive(Clone, Copy, Debug)]
struct Unit {
    inverse: u32,
    shift: u32,
    limit: u32,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, where an overflow is an error"
)]
impl Unit {
    const fn of(octets: u32) -> Self {
        let shift = octets.trailing_zeros();
        let odd = octets >> shift;
        // Each step of Newton's doubles the right bits; three are right at first.
        let mut inverse = odd;
        let mut step = 0;
        while step < 4 {
            inverse = inverse.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(inverse)));
            step += 1;
        }
        Self {
            inverse,
            shift,
            limit: u32::MAX / octets,
        }
    }
}

impl Unit {
    #[inline]
    const fn divides(self, length: u32) -> bool {
        length.wrapping_mul(self.inverse).rotate_right(self.shift) <= self.limit
    }
}

impl Bounds {
    const fn of(length: Length, four_octet_as: bool) -> Self {
        let (least, most, unit) = match length {
            Length::Any => (0, u32::MAX, 1),
            Length::Exactly(exactly) => (exactly, exactly, 1),
            Length::AtLeast(least) => (least, u32::MAX, 1),
            Length::Multiple(unit) => (unit, u32::MAX, unit),
            Length::ByAsWidth(four, two) => {
                let exactly = if four_octet_as { four } else { two };
                (exactly, exactly, 1)
            }
        };
        Self {
            least,
            most,
            unit: Unit::of(unit),
        }
    }

    #[inline]
    fn hold(&self, length: usize) -> bool {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        // No `&&`: the three are one branch.
        (length >= self.least) & (length <= self.most) & self.unit.divides(length)
    }
}

/// What a check must know beside the value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) session: SessionType,
    pub(crate) four_octet_as: bool,
    pub(crate) as_sets: AsSets,
}

/// What is wrong with a value, and at which of its octets.
pub(crate) type ValueFault = (usize, FaultKind);
type Check = fn(&[u8], Scope) -> Result<(), ValueFault>;

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) code: u8,
    /// By AS number width: two octets, four octets.
    bounds: [Bounds; 2],
    /// What a malformed one means.
    pub(crate) malformed: Disposition,
    /// What wrong flags mean.
    pub(crate) wrong_flags: Disposition,
    /// Dropped unread when it comes over an external session.
    pub(crate) internal_only: bool,
    /// Whether it is part of what is interned and sent on: not next hops and NLRI, which belong to
    /// routes, and not AS4_*, which are merged.
    pub(crate) canonical: bool,
    /// What the class means, computed once.
    flags: u8,
    open: u8,
    check: Option<Check>,
}

const fn new(code: u8, class: Class, length: Length, malformed: Disposition) -> Row {
    let (flags, open) = match class {
        Class::WellKnown => (code::TRANSITIVE, 0),
        Class::Transitive => (code::OPTIONAL | code::TRANSITIVE, code::PARTIAL),
        Class::NonTransitive => (code::OPTIONAL, 0),
    };
    Row {
        code,
        bounds: [Bounds::of(length, false), Bounds::of(length, true)],
        flags,
        open,
        malformed,
        wrong_flags: Disposition::TreatAsWithdraw,
        internal_only: false,
        canonical: true,
        check: None,
    }
}

impl Row {
    const fn check(mut self, check: Check) -> Self {
        self.check = Some(check);
        self
    }
    const fn flags_mean(mut self, disposition: Disposition) -> Self {
        self.wrong_flags = disposition;
        self
    }
    const fn internal(mut self) -> Self {
        self.internal_only = true;
        self
    }
    const fn of_route(mut self) -> Self {
        self.canonical = false;
        self
    }

    /// The flags that the class has, and the bit that it leaves open.
    #[inline]
    const fn flags(&self) -> (u8, u8) {
        (self.flags, self.open)
    }

    /// The flags to send, Partial kept where it may be (RFC 4271 §5).
    pub(crate) const fn flags_to_send(&self, received: u8) -> u8 {
        let (flags, open) = self.flags();
        flags | (received & open)
    }

    /// What is wrong with an attribute of this type, and at which octet from its first.
    #[inline]
    pub(crate) fn verify(
        &self,
        attribute: &RawAttribute<'_>,
        scope: Scope,
    ) -> Result<(), ValueFault> {
        let (flags, open) = self.flags();
        let tested = (code::OPTIONAL | code::TRANSITIVE | code::PARTIAL) & !open;
        // RFC 7606 §3(c) for Optional and Transitive; RFC 4271 §4.3 for Partial, which must be 0
        // on well-known and on optional non-transitive attributes.
        if attribute.flags & tested != flags {
            return Err((0, FaultKind::AttributeFlags));
        }
        // RFC 7606 §7.5, §7.9, §7.10: dropped whatever it holds.
        if self.internal_only && scope.session == SessionType::Ebgp {
            return Err((0, FaultKind::InternalOnly));
        }
        let [two_octet, four_octet] = &self.bounds;
        let bounds = if scope.four_octet_as {
            four_octet
        } else {
            two_octet
        };
        if !bounds.hold(attribute.value.len()) {
            return Err((2, FaultKind::AttributeLength));
        }
        // The two that nearly every UPDATE has are called directly: a call through a pointer would
        // be predicted badly, since it leads elsewhere each time.
        let checked = if self.code == code::AS_PATH {
            path::check_as_path(attribute.value, scope)
        } else if self.code == code::ORIGIN {
            path::check_origin(attribute.value, scope)
        } else {
            match self.check {
                None => return Ok(()),
                Some(check) => check(attribute.value, scope),
            }
        };
        checked.map_err(|(at, kind)| (attribute.header_length().saturating_add(at), kind))
    }
}

/// The table, in order of type codes.
pub(crate) static ROWS: &[Row] = {
    use Class::{NonTransitive, Transitive, WellKnown};
    use Disposition::{
        AttributeDiscard as Discard, SessionReset as Reset, TreatAsWithdraw as Withdraw,
    };
    use Length::{Any, AtLeast, ByAsWidth, Exactly, Multiple};
    &[
        // RFC 7606 §7.1
        new(code::ORIGIN, WellKnown, Exactly(1), Withdraw).check(path::check_origin),
        // RFC 7606 §7.2
        new(code::AS_PATH, WellKnown, Any, Withdraw).check(path::check_as_path),
        // RFC 7606 §7.3
        new(code::NEXT_HOP, WellKnown, Exactly(4), Withdraw).of_route(),
        // RFC 7606 §7.4
        new(code::MULTI_EXIT_DISC, NonTransitive, Exactly(4), Withdraw),
        // RFC 7606 §7.5
        new(code::LOCAL_PREF, WellKnown, Exactly(4), Withdraw).internal(),
        // RFC 7606 §7.6
        new(code::ATOMIC_AGGREGATE, WellKnown, Exactly(0), Discard),
        // RFC 7606 §7.7
        new(code::AGGREGATOR, Transitive, ByAsWidth(8, 6), Discard).check(path::check_aggregator),
        // RFC 7606 §7.8
        new(code::COMMUNITIES, Transitive, Multiple(4), Withdraw),
        // RFC 7606 §7.9
        new(code::ORIGINATOR_ID, NonTransitive, Exactly(4), Withdraw).internal(),
        // RFC 7606 §7.10
        new(code::CLUSTER_LIST, NonTransitive, Multiple(4), Withdraw).internal(),
        // RFC 7606 §7.11, §7.12: what is inside is read with the families of the session.
        new(code::MP_REACH_NLRI, NonTransitive, Any, Reset).of_route(),
        new(code::MP_UNREACH_NLRI, NonTransitive, Any, Reset).of_route(),
        // RFC 7606 §7.14
        new(
            code::EXTENDED_COMMUNITIES,
            Transitive,
            Multiple(8),
            Withdraw,
        ),
        // RFC 6793 §6
        new(code::AS4_PATH, Transitive, Any, Discard)
            .check(path::check_as4_path)
            .of_route(),
        new(code::AS4_AGGREGATOR, Transitive, Exactly(8), Discard)
            .check(path::check_as4_aggregator)
            .of_route(),
        // RFC 6514 §5
        new(code::PMSI_TUNNEL, Transitive, AtLeast(5), Withdraw).check(tunnel::check_pmsi_tunnel),
        // RFC 9012 §13
        new(code::TUNNEL_ENCAPSULATION, Transitive, Any, Withdraw)
            .check(tlv::check_tunnel_encapsulation),
        // RFC 7606 §7.15
        new(
            code::IPV6_EXTENDED_COMMUNITIES,
            Transitive,
            Multiple(20),
            Withdraw,
        ),
        // RFC 7311 §3.2, §3.3; a transitive one is malformed like any other.
        new(code::AIGP, NonTransitive, AtLeast(3), Discard)
            .check(tlv::check_aigp)
            .flags_mean(Discard)
            .internal(),
        // RFC 9552 §8.2.2
        new(code::BGP_LS, NonTransitive, Any, Discard).check(tlv::check_long),
        // RFC 8092 §6
        new(code::LARGE_COMMUNITIES, Transitive, Multiple(12), Withdraw),
        // RFC 9234 §5
        new(code::ONLY_TO_CUSTOMER, Transitive, Exactly(4), Withdraw),
        // draft-ietf-bess-evpn-ipvpn-interworking §4
        new(code::D_PATH, Transitive, AtLeast(8), Withdraw).check(tlv::check_d_path),
        // RFC 8669 §6, RFC 9252 §7
        new(code::PREFIX_SID, Transitive, AtLeast(3), Discard).check(tlv::check_prefix_sid),
        // RFC 6368 §5, RFC 7606 §7.16
        new(code::ATTR_SET, Transitive, AtLeast(4), Withdraw).check(tlv::check_attr_set),
    ]
};

/// How many rows there are: a bound for arrays.
pub(crate) const COUNT: usize = 25;
const _: () = assert!(COUNT <= 32, "rows are bits of a u32");

/// Row number by type code; `NONE` where there is none. A constant, so that looking up a type that
/// is known when compiling is done then.
const INDEX: [u8; 256] = index();
const NONE: u8 = 0xff;

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, where a wrong index is an error"
)]
const fn index() -> [u8; 256] {
    let mut index = [NONE; 256];
    let mut row = 0;
    while row < COUNT {
        index[ROWS[row].code as usize] = row as u8;
        row += 1;
    }
    index
}

/// Row number of a type code.
#[inline]
pub(crate) fn position(code: u8) -> Option<usize> {
    match INDEX.get(usize::from(code)) {
        Some(&NONE) | None => None,
        Some(row) => Some(usize::from(*row)),
    }
}

/// Rows as bits: that of a type code, or none.
#[inline]
pub(crate) const fn bit(code: u8) -> u32 {
    #[expect(
        clippy::indexing_slicing,
        reason = "an octet cannot pass the end of 256"
    )]
    match INDEX[code as usize] {
        NONE => 0,
        row => 1 << row,
    }
}

/// Row number, bit and row of a type code.
#[inline]
pub(crate) fn find(code: u8) -> Option<(usize, u32, &'static Row)> {
    #[expect(
        clippy::indexing_slicing,
        reason = "an octet cannot pass the end of 256"
    )]
    let number = INDEX[usize::from(code)];
    let position = usize::from(number);
    // A number without a row is past the end of them.
    let row = ROWS.get(position)?;
    Some((position, 1_u32.wrapping_shl(u32::from(number)), row))
}

/// The row of a type code.
#[inline]
pub(crate) fn row(code: u8) -> Option<&'static Row> {
    position(code).and_then(|row| ROWS.get(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_found_without_division() {
        for unit in [1, 2, 3, 4, 5, 7, 8, 12, 20, 24, 255] {
            for length in (0..=2_000).chain(65_000..=65_535) {
                let divides = Unit::of(unit).divides(length);
                assert_eq!(divides, length % unit == 0, "{length} by {unit}");
            }
        }
    }

    #[test]
    fn rows_ascend_and_are_found() {
        assert_eq!(ROWS.len(), COUNT);
        assert!(ROWS.windows(2).all(|pair| pair[0].code < pair[1].code));
        for wanted in ROWS {
            assert_eq!(row(wanted.code).unwrap().code, wanted.code);
            assert!(code::name(wanted.code).is_some());
        }
        assert!(row(0).is_none() && row(11).is_none() && row(255).is_none());
    }
}
