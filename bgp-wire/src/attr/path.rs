//! Where a route comes from: ORIGIN, AS_PATH, AGGREGATOR, and the AS4_* pair of RFC 6793.
//!
//! [`AsPath`] is a view: octets of either AS number width, and where a neighbor speaks two-octet
//! AS numbers, the AS4_PATH that continues it. [`AsPathBuf`] is the owned path that can only hold
//! what may be sent. Cost: the view copies nothing; counting a path reads its segment headers.
use super::cursor::Cursor;
use super::table::{Scope, ValueFault};
use super::walk::LONGEST_VALUE;
use crate::iana::segment;
use crate::{AsSets, Asn, FaultKind, SessionType};
use alloc::vec::Vec;
use core::fmt;
use core::net::Ipv4Addr;

/// ORIGIN (RFC 4271 §5.1.1), in order of preference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub enum Origin {
    Igp,
    Egp,
    Incomplete,
}

/// Who aggregated a route (RFC 4271 §5.1.7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Aggregator {
    /// Its AS.
    pub asn: Asn,
    /// Its BGP identifier, shown as an address.
    pub address: Ipv4Addr,
}

/// What a segment of an AS path is (RFC 4271 §4.3, RFC 5065 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub enum SegmentKind {
    Set,
    Sequence,
    ConfedSequence,
    ConfedSet,
}

/// One segment of an AS path, as octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment<'a> {
    /// What it is.
    pub kind: SegmentKind,
    octets: &'a [u8],
    four_octet: bool,
}

/// AS_PATH as a checked view (RFC 4271 §4.3, RFC 5065, RFC 6793).
#[derive(Clone, Copy, Debug)]
pub struct AsPath<'a> {
    octets: &'a [u8],
    four_octet: bool,
    /// How much of `octets` counts, as `length` counts; the rest is replaced by `tail`.
    lead: usize,
    /// AS4_PATH, where there is one that counts.
    tail: &'a [u8],
}

/// An AS path that may be sent: no empty segment, no AS 0 (RFC 7607).
///
/// Most paths have one segment, which therefore lies in the path itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AsPathBuf {
    /// AS_SEQUENCE where there is no segment.
    kind: SegmentKind,
    /// Empty where there is no segment.
    asns: Vec<Asn>,
    /// The segments behind the first.
    more: Vec<(SegmentKind, Vec<Asn>)>,
}

impl Default for AsPathBuf {
    fn default() -> Self {
        Self {
            kind: SegmentKind::Sequence,
            asns: Vec::new(),
            more: Vec::new(),
        }
    }
}

impl Origin {
    #[inline]
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Igp),
            1 => Some(Self::Egp),
            2 => Some(Self::Incomplete),
            _ => None,
        }
    }

    /// The octet on the wire.
    #[inline]
    pub fn code(self) -> u8 {
        match self {
            Self::Igp => 0,
            Self::Egp => 1,
            Self::Incomplete => 2,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Igp => "IGP",
            Self::Egp => "EGP",
            Self::Incomplete => "incomplete",
        })
    }
}

impl fmt::Display for Aggregator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.asn, self.address)
    }
}

impl SegmentKind {
    #[inline]
    fn from_code(code: u8) -> Option<Self> {
        match code {
            segment::SET => Some(Self::Set),
            segment::SEQUENCE => Some(Self::Sequence),
            segment::CONFED_SEQUENCE => Some(Self::ConfedSequence),
            segment::CONFED_SET => Some(Self::ConfedSet),
            _ => None,
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Set => segment::SET,
            Self::Sequence => segment::SEQUENCE,
            Self::ConfedSequence => segment::CONFED_SEQUENCE,
            Self::ConfedSet => segment::CONFED_SET,
        }
    }

    /// Of a confederation (RFC 5065): not counted, and not sent out of it.
    pub fn is_confederation(self) -> bool {
        matches!(self, Self::ConfedSequence | Self::ConfedSet)
    }

    /// Two sequences that follow each other are one.
    fn is_sequence(self) -> bool {
        matches!(self, Self::Sequence | Self::ConfedSequence)
    }
}

/// Octets of one AS number.
fn width(four_octet: bool) -> usize {
    if four_octet { 4 } else { 2 }
}

/// The segment that `octets` begin with, and what follows.
#[inline]
fn split(octets: &[u8], four_octet: bool) -> Option<(Segment<'_>, &[u8])> {
    let [kind, count, body @ ..] = octets else {
        return None;
    };
    let length = usize::from(*count).checked_mul(width(four_octet))?;
    let (octets, rest) = body.split_at_checked(length)?;
    let segment = Segment {
        kind: SegmentKind::from_code(*kind)?,
        octets,
        four_octet,
    };
    Some((segment, rest))
}

impl<'a> Segment<'a> {
    /// How many AS numbers it holds.
    pub fn count(&self) -> usize {
        self.octets.len() >> if self.four_octet { 2 } else { 1 }
    }

    /// What it adds to the length of a path: a set is 1, confederation segments are 0.
    #[inline]
    pub fn length(&self) -> usize {
        match self.kind {
            SegmentKind::Sequence => self.count(),
            SegmentKind::Set => 1,
            SegmentKind::ConfedSequence | SegmentKind::ConfedSet => 0,
        }
    }

    /// Its AS numbers in order.
    #[inline]
    pub fn asns(&self) -> impl DoubleEndedIterator<Item = Asn> + use<'a> {
        // One of the two is empty.
        let (four, two): (&[u8], &[u8]) = if self.four_octet {
            (self.octets, &[])
        } else {
            (&[], self.octets)
        };
        let four = four.as_chunks::<4>().0.iter();
        let two = two.as_chunks::<2>().0.iter();
        four.map(|octets| Asn(u32::from_be_bytes(*octets)))
            .chain(two.map(|octets| Asn(u32::from(u16::from_be_bytes(*octets)))))
    }

    /// Where among them the first AS 0 is.
    fn zero(&self) -> Option<usize> {
        if self.four_octet {
            let (asns, _) = self.octets.as_chunks::<4>();
            asns.iter().position(|octets| *octets == [0; 4])
        } else {
            let (asns, _) = self.octets.as_chunks::<2>();
            asns.iter().position(|octets| *octets == [0; 2])
        }
    }

    /// Its first `count` AS numbers.
    fn take(self, count: usize) -> Self {
        let end = count.saturating_mul(width(self.four_octet));
        Self {
            octets: self.octets.get(..end).unwrap_or(self.octets),
            ..self
        }
    }
}

/// The segments of a path: of the lead, then of the tail.
#[derive(Clone, Debug)]
struct Segments<'a> {
    rest: &'a [u8],
    four_octet: bool,
    lead: usize,
    tail: &'a [u8],
}

impl<'a> Segments<'a> {
    #[inline]
    fn lead(&mut self) -> Option<Segment<'a>> {
        let (segment, rest) = split(self.rest, self.four_octet)?;
        // RFC 6793 §4.2.3: confederation segments stay where they lead or are adjacent to what is
        // taken of AS_PATH.
        if !segment.kind.is_confederation() && self.lead == 0 {
            return None;
        }
        self.rest = rest;
        // No AS4_PATH: all of it counts.
        if self.lead == usize::MAX {
            return Some(segment);
        }
        let taken = segment.length().min(self.lead);
        self.lead = self.lead.saturating_sub(taken);
        match segment.kind {
            SegmentKind::Sequence => Some(segment.take(taken)),
            _ => Some(segment),
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;
    #[inline]
    fn next(&mut self) -> Option<Segment<'a>> {
        if let Some(segment) = self.lead() {
            return Some(segment);
        }
        self.rest = &[];
        if self.tail.is_empty() {
            return None;
        }
        loop {
            let (segment, rest) = split(self.tail, true)?;
            self.tail = rest;
            // RFC 6793 §6: confederation segments of AS4_PATH are discarded.
            if !segment.kind.is_confederation() {
                return Some(segment);
            }
        }
    }
}

impl<'a> AsPath<'a> {
    /// A view over the value of an AS_PATH; what follows a malformed segment is not seen.
    #[inline]
    pub fn new(octets: &'a [u8], four_octet: bool) -> Self {
        Self {
            octets,
            four_octet,
            lead: usize::MAX,
            tail: &[],
        }
    }

    /// The value of an AS_PATH, where every segment is whole, not empty and of a known type.
    pub fn checked(octets: &'a [u8], four_octet: bool) -> Option<Self> {
        check_segments(octets, four_octet, |_| Ok(())).ok()?;
        Some(Self::new(octets, four_octet))
    }

    /// This two-octet path, reconstructed with an AS4_PATH (RFC 6793 §4.2.3).
    pub(crate) fn merged(self, as4_path: &'a [u8]) -> Self {
        let tail = Self {
            octets: &[],
            four_octet: true,
            lead: 0,
            tail: as4_path,
        };
        let fits = self
            .octets
            .len()
            .saturating_mul(2)
            .saturating_add(as4_path.len())
            <= LONGEST_VALUE;
        match self.length().checked_sub(tail.length()) {
            Some(lead) if fits => Self {
                lead,
                tail: as4_path,
                ..self
            },
            // RFC 6793 §4.2.3: an AS4_PATH longer than the AS_PATH is ignored; and here one whose
            // sets would make the path longer than an attribute can be.
            _ => self,
        }
    }

    /// Its segments in order.
    #[inline]
    pub fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        Segments {
            rest: self.octets,
            four_octet: self.four_octet,
            lead: self.lead,
            tail: self.tail,
        }
    }

    /// Length as the decision process counts it: a set is 1, confederation segments are 0.
    #[inline]
    pub fn length(&self) -> usize {
        self.segments()
            .fold(0_usize, |sum, segment| sum.saturating_add(segment.length()))
    }

    /// Whether it holds no AS at all.
    pub fn is_empty(&self) -> bool {
        self.segments().next().is_none()
    }

    /// Every AS in order, sets included.
    #[inline]
    pub fn asns(&self) -> impl Iterator<Item = Asn> + use<'a> {
        self.segments().flat_map(|segment| segment.asns())
    }

    /// The first AS of a leading AS_SEQUENCE: the neighbor AS. Confederation segments before it
    /// are passed over.
    #[inline]
    pub fn first(&self) -> Option<Asn> {
        let segment = self
            .segments()
            .find(|segment| !segment.kind.is_confederation())?;
        match segment.kind {
            SegmentKind::Sequence => segment.asns().next(),
            _ => None,
        }
    }

    /// The last AS of the path where it ends in a sequence: the origin AS.
    pub fn origin(&self) -> Option<Asn> {
        let segment = self.segments().last()?;
        match segment.kind {
            SegmentKind::Sequence => segment.asns().next_back(),
            _ => None,
        }
    }

    /// Appends the value with four-octet AS numbers. Sequences that follow each other become one,
    /// so that paths which mean the same are the same octets.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // What most paths are: one segment of four-octet AS numbers, whole.
        if let (true, true, Some((_, []))) = (
            self.four_octet,
            self.lead == usize::MAX,
            split(self.octets, true),
        ) {
            out.extend_from_slice(self.octets);
            return;
        }
        let mut writer = PathWriter::new(out, true);
        for segment in self.segments() {
            writer.segment(segment.kind, segment.asns());
        }
    }
}

impl fmt::Display for AsPath<'_> {
    // "65001 65002 {1,2} (3 4) [5,6]"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.segments().enumerate() {
            if position != 0 {
                f.write_str(" ")?;
            }
            let (open, between, close) = match segment.kind {
                SegmentKind::Sequence => ("", " ", ""),
                SegmentKind::Set => ("{", ",", "}"),
                SegmentKind::ConfedSequence => ("(", " ", ")"),
                SegmentKind::ConfedSet => ("[", ",", "]"),
            };
            f.write_str(open)?;
            for (position, asn) in segment.asns().enumerate() {
                if position != 0 {
                    f.write_str(between)?;
                }
                write!(f, "{asn}")?;
            }
            f.write_str(close)?;
        }
        Ok(())
    }
}

impl AsPathBuf {
    /// One AS_SEQUENCE; AS 0 is left out. Empty without AS numbers.
    pub fn sequence(asns: impl IntoIterator<Item = Asn>) -> Self {
        let mut path = Self::default();
        path.push(SegmentKind::Sequence, asns);
        path
    }

    /// Appends a segment. AS 0 is left out (RFC 7607 §2), and with no AS number so is the segment.
    pub fn push(&mut self, kind: SegmentKind, asns: impl IntoIterator<Item = Asn>) {
        let asns: Vec<Asn> = asns.into_iter().filter(|asn| *asn != Asn(0)).collect();
        if asns.is_empty() {
            return;
        }
        if self.asns.is_empty() {
            (self.kind, self.asns) = (kind, asns);
            return;
        }
        let (last, before) = match self.more.last_mut() {
            Some((kind, asns)) => (*kind, asns),
            None => (self.kind, &mut self.asns),
        };
        if last == kind && kind.is_sequence() {
            before.extend(asns);
        } else {
            self.more.push((kind, asns));
        }
    }

    /// Puts an AS in front `times` times (RFC 4271 §5.1.2).
    pub fn prepend(&mut self, asn: Asn, times: usize) {
        let rest = core::mem::take(self);
        self.push(SegmentKind::Sequence, core::iter::repeat_n(asn, times));
        for (kind, asns) in rest.segments() {
            self.push(kind, asns.iter().copied());
        }
    }

    /// Its segments in order.
    #[inline]
    pub fn segments(&self) -> impl Iterator<Item = (SegmentKind, &[Asn])> {
        let first = (!self.asns.is_empty()).then_some((self.kind, self.asns.as_slice()));
        let more = self.more.iter();
        first
            .into_iter()
            .chain(more.map(|(kind, asns)| (*kind, asns.as_slice())))
    }

    /// Whether it holds no AS at all.
    pub fn is_empty(&self) -> bool {
        self.asns.is_empty()
    }

    /// Octets of the value with four-octet AS numbers.
    #[inline]
    pub(super) fn octets(&self) -> usize {
        self.more
            .iter()
            .fold(segment_octets(&self.asns), |sum, (_, asns)| {
                sum.saturating_add(segment_octets(asns))
            })
    }

    /// Writes the value with four-octet AS numbers.
    #[inline]
    pub(super) fn write(&self, out: &mut Cursor<'_>) {
        // Sequences that follow each other were joined by `push`.
        put_segment(self.kind, &self.asns, out);
        for (kind, asns) in &self.more {
            put_segment(*kind, asns, out);
        }
    }
}

/// Octets of a segment, and where it has more AS numbers than one counts, of several.
#[inline]
fn segment_octets(asns: &[Asn]) -> usize {
    let heads = asns.len().div_ceil(SEGMENT).saturating_mul(2);
    size_of_val(asns).saturating_add(heads)
}

#[inline]
fn put_segment(kind: SegmentKind, asns: &[Asn], out: &mut Cursor<'_>) {
    for part in asns.chunks(SEGMENT) {
        let count = u8::try_from(part.len()).unwrap_or(u8::MAX);
        out.put([kind.code(), count]);
        out.put_numbers(part, |asn| asn.0);
    }
}

/// AS numbers of the longest segment.
const SEGMENT: usize = 255;

impl From<AsPath<'_>> for AsPathBuf {
    fn from(path: AsPath<'_>) -> Self {
        let mut owned = Self::default();
        for segment in path.segments() {
            owned.push(segment.kind, segment.asns());
        }
        owned
    }
}

/// Writes segments of at most 255 AS numbers, joining sequences that follow each other.
pub(crate) struct PathWriter<'o> {
    out: &'o mut Vec<u8>,
    four_octet: bool,
    /// Kind of the last segment and where its count stands.
    open: Option<(SegmentKind, usize)>,
}

impl<'o> PathWriter<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>, four_octet: bool) -> Self {
        Self {
            out,
            four_octet,
            open: None,
        }
    }

    pub(crate) fn segment(&mut self, kind: SegmentKind, asns: impl Iterator<Item = Asn>) {
        if !kind.is_sequence() {
            self.open = None;
        }
        for asn in asns {
            self.asn(kind, asn);
        }
    }

    fn asn(&mut self, kind: SegmentKind, asn: Asn) {
        let joined = self
            .open
            .filter(|(open, _)| *open == kind)
            .and_then(|(_, at)| self.out.get_mut(at))
            .filter(|count| **count != u8::MAX);
        match joined {
            Some(count) => *count = count.saturating_add(1),
            None => {
                self.out.extend([kind.code(), 1]);
                self.open = Some((kind, self.out.len().saturating_sub(1)));
            }
        }
        if self.four_octet {
            self.out.extend(asn.0.to_be_bytes());
        } else {
            self.out.extend(asn.two_octet().to_be_bytes());
        }
    }
}

pub(super) fn check_origin(value: &[u8], _: Scope) -> Result<(), ValueFault> {
    match value {
        [code] if Origin::from_code(*code).is_some() => Ok(()),
        _ => Err((0, FaultKind::OriginValue)),
    }
}

/// RFC 7606 §7.2: an unknown type, an empty segment, or one that passes the end.
fn check_segments(
    value: &[u8],
    four_octet: bool,
    each: impl Fn(&Segment<'_>) -> Result<(), ValueFault>,
) -> Result<(), ValueFault> {
    let mut rest = value;
    while !rest.is_empty() {
        let at = value.len().saturating_sub(rest.len());
        let (segment, next) = split(rest, four_octet)
            .filter(|(segment, _)| segment.count() != 0)
            .ok_or((at, FaultKind::AsPathSegment))?;
        each(&segment).map_err(|(inside, kind)| (at.saturating_add(inside), kind))?;
        rest = next;
    }
    Ok(())
}

/// RFC 7607 §2
fn check_zero(segment: &Segment<'_>) -> Result<(), ValueFault> {
    match segment.zero() {
        None => Ok(()),
        Some(zero) => {
            let before = zero.saturating_mul(width(segment.four_octet));
            Err((before.saturating_add(2), FaultKind::AsZero))
        }
    }
}

/// Octets of the longest two-octet AS_PATH whose four-octet form is still an attribute.
const LONGEST_TWO_OCTET: usize = 32_000;

pub(super) fn check_as_path(value: &[u8], scope: Scope) -> Result<(), ValueFault> {
    if !scope.four_octet_as && value.len() > LONGEST_TWO_OCTET {
        return Err((0, FaultKind::AsPathSegment));
    }
    check_segments(value, scope.four_octet_as, |segment| {
        // RFC 5065 §5: from outside the confederation such a path is malformed.
        if scope.session == SessionType::Ebgp && segment.kind.is_confederation() {
            return Err((0, FaultKind::AsPathConfederation));
        }
        check_set(segment, scope)?;
        check_zero(segment)
    })
}

/// RFC 9774 §3, where it is followed.
fn check_set(segment: &Segment<'_>, scope: Scope) -> Result<(), ValueFault> {
    if scope.as_sets == AsSets::Withdraw && !segment.kind.is_sequence() {
        return Err((0, FaultKind::AsSet));
    }
    Ok(())
}

pub(super) fn check_as4_path(value: &[u8], scope: Scope) -> Result<(), ValueFault> {
    // RFC 6793 §4.1: not from a speaker of four-octet AS numbers.
    if scope.four_octet_as {
        return Err((0, FaultKind::Superfluous));
    }
    check_segments(value, true, |segment| {
        check_set(segment, scope)?;
        check_zero(segment)
    })
}

pub(super) fn check_aggregator(value: &[u8], scope: Scope) -> Result<(), ValueFault> {
    let asn = value.get(..width(scope.four_octet_as)).unwrap_or(&[]);
    // RFC 7607 §2
    if asn.iter().all(|octet| *octet == 0) {
        return Err((0, FaultKind::AsZero));
    }
    Ok(())
}

pub(super) fn check_as4_aggregator(value: &[u8], scope: Scope) -> Result<(), ValueFault> {
    if scope.four_octet_as {
        return Err((0, FaultKind::Superfluous));
    }
    check_aggregator(
        value,
        Scope {
            four_octet_as: true,
            ..scope
        },
    )
}

/// The value of AGGREGATOR or AS4_AGGREGATOR.
#[inline]
pub(crate) fn aggregator(value: &[u8]) -> Option<Aggregator> {
    let (asn, address) = match *value {
        [a, b, c, d, ref address @ ..] if value.len() == 8 => {
            (u32::from_be_bytes([a, b, c, d]), address)
        }
        [a, b, ref address @ ..] if value.len() == 6 => {
            (u32::from(u16::from_be_bytes([a, b])), address)
        }
        _ => return None,
    };
    let address: [u8; 4] = address.try_into().ok()?;
    Some(Aggregator {
        asn: Asn(asn),
        address: Ipv4Addr::from(address),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn written(path: AsPath<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        path.write(&mut out);
        out
    }

    #[test]
    fn every_segment_reads_well() {
        let octets = [
            3, 2, 0, 5, 0, 6, 4, 2, 0, 7, 0, 8, 2, 2, 0, 1, 0, 2, 1, 2, 0, 3, 0, 4,
        ];
        let path = AsPath::checked(&octets, false).unwrap();
        assert_eq!(path.to_string(), "(5 6) [7,8] 1 2 {3,4}");
        assert_eq!(path.length(), 3);
        assert_eq!(path.first(), Some(Asn(1)));
        assert_eq!(path.origin(), None);
        assert_eq!(path.asns().count(), 8);
        assert!(AsPath::new(&[], true).is_empty());
    }

    #[test]
    fn sequences_in_a_row_are_one_in_canonical_octets() {
        let split = [2, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 2];
        let one = [2, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        assert_eq!(written(AsPath::new(&split, true)), one);
        assert_eq!(written(AsPath::new(&one, true)), one);
        assert_eq!(written(AsPath::new(&[2, 2, 0, 1, 0, 2], false)), one);
        // Sets are not joined: two sets count as two.
        let sets = [1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 2];
        assert_eq!(written(AsPath::new(&sets, true)), sets);
    }

    #[test]
    fn long_sequences_split_at_255() {
        let path = AsPathBuf::sequence((1..=300).map(Asn));
        let mut out = alloc::vec![0; path.octets()];
        path.write(&mut Cursor::new(&mut out));
        assert_eq!(out[..2], [2, 255]);
        assert_eq!(out[2 + 255 * 4..][..2], [2, 45]);
        let view = AsPath::checked(&out, true).unwrap();
        assert_eq!(view.length(), 300);
        assert_eq!(written(view), out);
        assert_eq!(AsPathBuf::from(view), path);
    }

    #[test]
    fn as4_path_replaces_the_end_of_the_path() {
        // RFC 6793 §4.2.3
        let path = [2, 3, 0, 10, 0x5b, 0xa0, 0, 11];
        let as4_path = [2, 2, 0, 1, 0, 0, 0, 0, 0, 11];
        let merged = AsPath::new(&path, false).merged(&as4_path);
        assert_eq!(merged.to_string(), "10 65536 11");
        assert_eq!(
            AsPathBuf::from(merged),
            AsPathBuf::sequence([Asn(10), Asn(65_536), Asn(11)])
        );
        assert_eq!(merged.length(), 3);
        // longer than the path: ignored
        let short = AsPath::new(&[2, 1, 0, 10], false).merged(&as4_path);
        assert_eq!(short.to_string(), "10");
        // confederation segments lead on, those of AS4_PATH are dropped
        let path = [3, 1, 0, 9, 2, 2, 0x5b, 0xa0, 0, 11];
        let as4_path = [3, 1, 0, 0, 0, 5, 2, 2, 0, 1, 0, 0, 0, 0, 0, 11];
        let merged = AsPath::new(&path, false).merged(&as4_path);
        assert_eq!(merged.to_string(), "(9) 65536 11");
    }

    #[test]
    fn what_cannot_be_sent_cannot_be_held() {
        let mut path = AsPathBuf::sequence([Asn(0)]);
        assert!(path.is_empty());
        path.push(SegmentKind::Set, [Asn(3), Asn(4)]);
        path.prepend(Asn(2), 2);
        path.prepend(Asn(1), 1);
        let segments: Vec<_> = path.segments().collect();
        assert_eq!(
            segments,
            [
                (SegmentKind::Sequence, &[Asn(1), Asn(2), Asn(2)][..]),
                (SegmentKind::Set, &[Asn(3), Asn(4)][..]),
            ]
        );
    }
}
