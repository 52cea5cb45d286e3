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
    Exactly(usize),
    AtLeast(usize),
    /// A non-zero multiple.
    Multiple(usize),
    /// AGGREGATOR: the first with four-octet AS numbers, else the second.
    ByAsWidth(usize, usize),
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
    pub(crate) class: Class,
    pub(crate) length: Length,
    /// What a malformed one means.
    pub(crate) malformed: Disposition,
    /// What wrong flags mean.
    pub(crate) wrong_flags: Disposition,
    /// Dropped unread when it comes over an external session.
    pub(crate) internal_only: bool,
    /// Whether it is part of what is interned and sent on: not next hops and NLRI, which belong to
    /// routes, and not AS4_*, which are merged.
    pub(crate) canonical: bool,
    check: Option<Check>,
}

const fn new(code: u8, class: Class, length: Length, malformed: Disposition) -> Row {
    Row {
        code,
        class,
        length,
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

    /// Flags and the bits that the class leaves open.
    const fn flags(&self) -> (u8, u8) {
        match self.class {
            Class::WellKnown => (code::TRANSITIVE, 0),
            Class::Transitive => (code::OPTIONAL | code::TRANSITIVE, code::PARTIAL),
            Class::NonTransitive => (code::OPTIONAL, 0),
        }
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
        let length = attribute.value.len();
        let fits = match self.length {
            Length::Any => true,
            Length::Exactly(exactly) => length == exactly,
            Length::AtLeast(least) => length >= least,
            Length::Multiple(unit) => length != 0 && length.is_multiple_of(unit),
            Length::ByAsWidth(four, two) => length == if scope.four_octet_as { four } else { two },
        };
        if !fits {
            return Err((2, FaultKind::AttributeLength));
        }
        match self.check {
            None => Ok(()),
            Some(check) => check(attribute.value, scope)
                .map_err(|(at, kind)| (attribute.header_length().saturating_add(at), kind)),
        }
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

/// Row number by type code; `NONE` where there is none.
static INDEX: [u8; 256] = index();
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

/// The row of a type code.
#[inline]
pub(crate) fn row(code: u8) -> Option<&'static Row> {
    position(code).and_then(|row| ROWS.get(row))
}

#[cfg(test)]
mod tests {
    use super::*;

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
