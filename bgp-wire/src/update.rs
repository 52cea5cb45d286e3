//! UPDATE (RFC 4271 §4.3, RFC 4760, RFC 7606).
//!
//! What it is: the octets of a message and, beside them, where its parts are. Parsing walks the
//! attributes once, checks each against the attribute table, and notes where it begins; NLRI, AS
//! paths and communities are then iterators over the same octets. Why so: the table keeps its own
//! form of everything anyway, so a value in between would only be thrown away.
//!
//! A fault of an attribute is not an error: it has a disposition, and the UPDATE remains readable.
//! Faults are not stored but found again when somebody asks, so that a message with a thousand of
//! them costs no more to keep than one without. An error is returned only for what ends the
//! session. Cost: no allocation, under 150 octets beside the message.
mod every_fault;

use crate::attr::table::{self, Scope, ValueFault};
use crate::attr::walk::{RawAttribute, Seen, Walk};
use crate::attr::{Attributes, NextHop, Slots};
use crate::family::Runs;
use crate::iana::attribute as code;
use crate::nlri::{NlriRun, RawNlri, RawRun, RunFault, TwoRuns};
use crate::{
    AddressFamily, Disposition, Family, Fault, FaultKind, Header, Ipv4Unicast, Ipv6Unicast,
    Negotiated, Nlri,
};
use alloc::vec::Vec;
use core::ops::Range;

/// What kind of session octets came over; the RFC 7606 table depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub enum SessionType {
    #[default]
    Ebgp,
    Ibgp,
}

/// What becomes of routes with an AS_SET or AS_CONFED_SET in their path.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum AsSets {
    /// They are used: RFC 4271 as it was.
    #[default]
    Accept,
    /// Treat-as-withdraw (RFC 9774 §3).
    Withdraw,
}

/// What must be known to read an UPDATE. The default is an external session that negotiated nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub struct UpdateContext {
    pub session: SessionType,
    pub four_octet_as: bool,
    pub families: Vec<Family>,
    /// ADD-PATH is received for these
    pub add_path: Vec<Family>,
    /// IPv4 families whose routes may have an IPv6 next hop (RFC 8950)
    pub extended_next_hop: Vec<Family>,
    pub as_sets: AsSets,
}

/// Octets + ranges. Parsing allocates nothing.
#[derive(Clone, Debug)]
pub struct Update<B> {
    octets: B,
    layout: Layout,
    slots: Slots,
    known: Known,
    disposition: Disposition,
}

/// MP_REACH_NLRI or MP_UNREACH_NLRI as octets, whatever the family.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MultiprotocolField<'a> {
    /// AFI and SAFI.
    pub family: Family,
    /// Whether the NLRI are announced; else they are withdrawn.
    pub announced: bool,
    /// Whether path identifiers are expected before each NLRI.
    pub add_path: bool,
    /// The next hop, without its length; empty in a withdrawal.
    pub next_hop: &'a [u8],
    /// The NLRI.
    pub nlri: &'a [u8],
}

/// A part of a message. Two octets each, since a message has no more than 65,535: what is kept
/// beside each message is moved often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    start: u16,
    end: u16,
}

/// Where the three fields of an UPDATE are.
#[derive(Clone, Copy, Debug)]
struct Layout {
    withdrawn: Span,
    attributes: Span,
    nlri: Span,
}

/// How NLRI of one family are read in this session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Mode {
    family: Family,
    negotiated: bool,
    add_path: bool,
    extended_next_hop: bool,
}

/// What is inside MP_REACH_NLRI or MP_UNREACH_NLRI.
#[derive(Clone, Copy, Debug)]
struct Multiprotocol {
    mode: Mode,
    next_hop: Span,
    nlri: Span,
}

/// What an UPDATE remembers of its context: enough to find its faults again.
#[derive(Clone, Debug)]
struct Known {
    scope: Scope,
    classic: Mode,
    reach: Option<Multiprotocol>,
    unreach: Option<Multiprotocol>,
}

impl UpdateContext {
    /// Of an established session.
    pub fn new(negotiated: &Negotiated) -> Self {
        Self {
            session: if negotiated.local_as == negotiated.remote_as {
                SessionType::Ibgp
            } else {
                SessionType::Ebgp
            },
            four_octet_as: negotiated.four_octet_as,
            families: negotiated.families.clone(),
            add_path: negotiated.add_path_receive.clone(),
            extended_next_hop: negotiated.extended_next_hop.clone(),
            as_sets: AsSets::default(),
        }
    }

    fn mode(&self, family: Family) -> Mode {
        Mode {
            family,
            negotiated: self.families.contains(&family),
            add_path: self.add_path.contains(&family),
            extended_next_hop: self.extended_next_hop.contains(&family),
        }
    }
}

impl Span {
    /// `Layout::of` refuses messages in which an end could be cut here.
    #[inline]
    fn new(range: Range<usize>) -> Self {
        let short = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        Self {
            start: short(range.start),
            end: short(range.end),
        }
    }

    #[inline]
    fn is_empty(self) -> bool {
        self.start >= self.end
    }

    #[inline]
    fn start(self) -> usize {
        usize::from(self.start)
    }

    /// Its octets of the message.
    #[inline]
    fn of(self, message: &[u8]) -> &[u8] {
        message
            .get(usize::from(self.start)..usize::from(self.end))
            .unwrap_or(&[])
    }
}

impl Layout {
    /// RFC 7606 §3(b): where the two lengths pass the end, nothing can be told apart.
    fn of(message: &[u8]) -> Result<Self, Fault> {
        let fault = |offset, kind| Fault {
            offset,
            attr: None,
            kind,
        };
        if !(Header::LENGTH + 4..=Header::EXTENDED_MAX).contains(&message.len()) {
            return Err(fault(16, FaultKind::MessageLength));
        }
        let length = |at: usize| {
            let octets = message.get(at..)?.first_chunk::<2>()?;
            Some(usize::from(u16::from_be_bytes(*octets)))
        };
        let field = |at: usize| {
            let start = at.saturating_add(2);
            let end = start.saturating_add(length(at)?);
            (end <= message.len()).then_some(start..end)
        };
        let at = Header::LENGTH;
        let withdrawn = field(at).ok_or(fault(at, FaultKind::UpdateStructure))?;
        let at = withdrawn.end;
        let attributes = field(at).ok_or(fault(at, FaultKind::UpdateStructure))?;
        let nlri = attributes.end..message.len();
        Ok(Self {
            withdrawn: Span::new(withdrawn),
            attributes: Span::new(attributes),
            nlri: Span::new(nlri),
        })
    }
}

/// The octets of the attribute that holds or begins at `offset`, for a NOTIFICATION's data.
pub(crate) fn attribute_at(message: &[u8], offset: usize) -> Option<&[u8]> {
    let layout = Layout::of(message).ok()?;
    let mut walk = Walk::new(layout.attributes.of(message));
    loop {
        let start = layout.attributes.start().saturating_add(walk.offset());
        let attribute = walk.next()?;
        let end = start.saturating_add(attribute.length());
        if (start..end).contains(&offset) {
            return message.get(start..end);
        }
    }
}

/// Are these NLRI whole?
fn check_run(mode: Mode, octets: &[u8], withdrawn: bool) -> Result<(), (usize, FaultKind)> {
    // The two that nearly all UPDATEs are of need no table.
    let checked = match mode.family {
        Family::IPV4_UNICAST => NlriRun::<Ipv4Unicast>::check_run(octets, mode.add_path, withdrawn),
        Family::IPV6_UNICAST => NlriRun::<Ipv6Unicast>::check_run(octets, mode.add_path, withdrawn),
        other => Runs::of(other).check(octets, mode.add_path, withdrawn),
    };
    checked.map_err(|fault| match fault {
        RunFault::Length(at) => (at, FaultKind::Nlri),
        RunFault::Inside(at) => (at, FaultKind::NlriValue),
    })
}

/// Walks the attributes, notes where each begins that nothing is wrong with, and yields the faults
/// of the others, then which mandatory ones are missing. Parsing uses it once; asking for the faults
/// uses it again. A list without faults is one loop without an item.
struct Checker<'a, M> {
    walk: Walk<'a>,
    /// Offset of the first attribute in the message.
    base: usize,
    scope: Scope,
    mode: M,
    /// Which attributes with a row were met, and which without.
    seen: u32,
    seen_unknown: Seen,
    slots: Slots,
    /// Whether the classic NLRI field holds anything, and whether MP_REACH_NLRI does.
    classic: bool,
    reachable: bool,
    /// MP_REACH_NLRI and MP_UNREACH_NLRI, once they were met.
    reach: Option<Multiprotocol>,
    unreach: Option<Multiprotocol>,
    phase: Phase,
}

/// MP_REACH_NLRI and MP_UNREACH_NLRI as rows of the table.
const MULTIPROTOCOL_BITS: u32 = table::bit(code::MP_REACH_NLRI) | table::bit(code::MP_UNREACH_NLRI);

#[derive(Clone, Copy)]
enum Phase {
    Attributes,
    /// Mandatory attributes that are still to be looked for.
    Mandatory(&'static [u8]),
}

/// RFC 4271 §5: well-known mandatory.
const MANDATORY: &[u8] = &[code::ORIGIN, code::AS_PATH, code::NEXT_HOP];
/// The same as rows of the table.
const MANDATORY_BITS: u32 =
    table::bit(code::ORIGIN) | table::bit(code::AS_PATH) | table::bit(code::NEXT_HOP);

impl<'a, M: Fn(Family) -> Mode> Checker<'a, M> {
    fn new(message: &'a [u8], layout: &Layout, scope: Scope, mode: M) -> Self {
        Self {
            walk: Walk::new(layout.attributes.of(message)),
            base: layout.attributes.start(),
            scope,
            mode,
            seen: 0,
            seen_unknown: Seen::default(),
            slots: Slots::new(),
            classic: !layout.nlri.is_empty(),
            reachable: !layout.nlri.is_empty(),
            reach: None,
            unreach: None,
            phase: Phase::Attributes,
        }
    }

    fn fault(&self, offset: usize, attr: Option<u8>, kind: FaultKind) -> Fault {
        Fault {
            offset: self.base.saturating_add(offset),
            attr,
            kind,
        }
    }

    /// Notes an attribute; whether it was there before.
    fn again(&mut self, code: u8) -> bool {
        let bit = table::bit(code);
        if bit == 0 {
            return self.seen_unknown.again(code);
        }
        let before = self.seen & bit != 0;
        self.seen |= bit;
        before
    }

    /// Whether any attribute but MP_UNREACH_NLRI was met.
    fn more_than_unreach(&self) -> bool {
        self.seen & !table::bit(code::MP_UNREACH_NLRI) != 0 || !self.seen_unknown.is_empty()
    }

    /// Looks at an attribute and notes it. The error is what is wrong with it, and at which octet
    /// from its first.
    #[inline]
    fn attribute(&mut self, start: usize, attribute: &RawAttribute<'a>) -> Result<(), ValueFault> {
        let code = attribute.code;
        let Some((position, bit, row)) = table::find(code) else {
            return self.unknown(attribute);
        };
        // RFC 7606 §3(g): all but the first are discarded, and two MP_REACH_NLRI end the session.
        if self.seen & bit != 0 {
            return Err((0, FaultKind::DuplicateAttribute));
        }
        self.seen |= bit;
        let verified = row.verify(attribute, self.scope);
        if bit & MULTIPROTOCOL_BITS != 0 {
            self.note_multiprotocol(start, attribute, verified)?;
        } else {
            verified?;
            // RFC 4760 §3: without NLRI beside it, NEXT_HOP is to be ignored.
            if code == code::NEXT_HOP && self.classic && !is_host(attribute.value) {
                return Err((attribute.header_length(), FaultKind::NextHopValue));
            }
        }
        self.slots.put(position, start);
        Ok(())
    }

    /// An attribute without a row in the table.
    fn unknown(&mut self, attribute: &RawAttribute<'a>) -> Result<(), ValueFault> {
        if self.seen_unknown.again(attribute.code) {
            return Err((0, FaultKind::DuplicateAttribute));
        }
        if attribute.flags & code::OPTIONAL == 0 {
            return Err((0, FaultKind::UnrecognizedWellKnown));
        }
        self.slots.unknown = true;
        Ok(())
    }

    /// MP_REACH_NLRI and MP_UNREACH_NLRI are read also with wrong flags: treat-as-withdraw needs the
    /// NLRI (RFC 7606 §3(j)).
    #[inline(never)]
    fn note_multiprotocol(
        &mut self,
        start: usize,
        attribute: &RawAttribute<'a>,
        verified: Result<(), ValueFault>,
    ) -> Result<(), ValueFault> {
        let (inside, mild) = self.multiprotocol(start, attribute)?;
        if attribute.code == code::MP_REACH_NLRI {
            self.reachable |= !inside.nlri.is_empty();
            self.reach = Some(inside);
        } else {
            self.unreach = Some(inside);
        }
        verified?;
        mild.map_or(Ok(()), Err)
    }

    /// RFC 4760 §3, §4, RFC 7606 §5.3, §7.11. Offsets of faults count from the attribute's first
    /// octet. What ends the session is an error; what does not is beside the result. Of the next hop
    /// only the length is looked at, as §7.11 has it; whether it is usable is for the table
    /// ([`NextHop::is_host`]). An IPv4 next hop of IPv4 unicast is looked at as NEXT_HOP is, since
    /// both are the same.
    fn multiprotocol(
        &self,
        start: usize,
        attribute: &RawAttribute<'a>,
    ) -> Result<(Multiprotocol, Option<ValueFault>), ValueFault> {
        let value = attribute.value;
        let head = attribute.header_length();
        let [high, low, safi, rest @ ..] = value else {
            return Err((2, FaultKind::MultiprotocolStructure));
        };
        let mode = (self.mode)(Family {
            afi: u16::from_be_bytes([*high, *low]),
            safi: *safi,
        });
        let first = self.base.saturating_add(start).saturating_add(head);
        let end = first.saturating_add(value.len());
        let mut inside = Multiprotocol {
            mode,
            next_hop: Span::new(first..first),
            nlri: Span::new(first.saturating_add(3)..end),
        };
        let mut nlri = rest;
        let mut mild = None;
        if attribute.code == code::MP_REACH_NLRI {
            let Some((length, rest)) = rest.split_first() else {
                return Err((2, FaultKind::MultiprotocolStructure));
            };
            let at = head.saturating_add(3);
            let length = usize::from(*length);
            // RFC 7606 §7.11: the next hop, and the reserved octet behind it.
            let Some((hop, [_, rest @ ..])) = rest.split_at_checked(length) else {
                return Err((at, FaultKind::NextHopLength));
            };
            if mode.negotiated && !NextHop::fits(mode.family, length, mode.extended_next_hop) {
                return Err((at, FaultKind::NextHopLength));
            }
            if mode.negotiated
                && mode.family == Family::IPV4_UNICAST
                && matches!(NextHop::read(mode.family, hop), Some(hop @ NextHop::V4(_)) if !hop.is_host())
            {
                mild = Some((at.saturating_add(1), FaultKind::NextHopValue));
            }
            nlri = rest;
            inside.nlri = Span::new(end.saturating_sub(nlri.len())..end);
            let next_hop = first.saturating_add(4);
            inside.next_hop = Span::new(next_hop..next_hop.saturating_add(length));
            // RFC 7606 §5.2: it should announce something; if not, nothing tells that it was read
            // as it was meant.
            if mode.negotiated && nlri.is_empty() {
                return Err((2, FaultKind::MultiprotocolStructure));
            }
        }
        // RFC 4760 §7: what was not negotiated is ignored, whatever it is.
        let withdrawn = attribute.code == code::MP_UNREACH_NLRI;
        if mode.negotiated
            && let Err((at, kind)) = check_run(mode, nlri, withdrawn)
        {
            let run = attribute.length().saturating_sub(nlri.len());
            let fault = (run.saturating_add(at), kind);
            if kind == FaultKind::Nlri {
                return Err(fault);
            }
            mild = mild.or(Some(fault));
        }
        Ok((inside, mild))
    }
}

impl<M: Fn(Family) -> Mode> Iterator for Checker<'_, M> {
    type Item = Fault;

    #[inline]
    fn next(&mut self) -> Option<Fault> {
        loop {
            let start = self.walk.offset();
            let Some(attribute) = self.walk.next() else {
                break;
            };
            if let Err((at, kind)) = self.attribute(start, &attribute) {
                let at = start.saturating_add(at);
                return Some(self.fault(at, Some(attribute.code), kind));
            }
        }
        let complete = self.seen & MANDATORY_BITS == MANDATORY_BITS || !self.reachable;
        if complete && self.walk.rest().is_empty() {
            return None;
        }
        self.next_missing()
    }
}

impl<M: Fn(Family) -> Mode> Checker<'_, M> {
    /// What is wrong behind the last whole attribute.
    fn next_missing(&mut self) -> Option<Fault> {
        if let Phase::Attributes = self.phase {
            self.phase = Phase::Mandatory(MANDATORY);
            // RFC 7606 §4: an attribute whose length passes the end.
            if let [_, rest @ ..] = self.walk.rest() {
                let code = rest.first().copied();
                if let Some(code) = code {
                    self.again(code);
                }
                let start = self.walk.offset();
                return Some(self.fault(start, code, FaultKind::AttributeTruncated));
            }
        }
        // RFC 7606 §3(d), and RFC 4760 §3 for NEXT_HOP.
        while let Phase::Mandatory([code, rest @ ..]) = self.phase {
            self.phase = Phase::Mandatory(rest);
            let needed = self.reachable && (*code != code::NEXT_HOP || self.classic);
            if needed && self.seen & table::bit(*code) == 0 {
                let end = self.walk.offset();
                return Some(self.fault(end, Some(*code), FaultKind::MissingAttribute));
            }
        }
        None
    }
}

/// Whether the value of NEXT_HOP could be the address of a host.
#[inline]
fn is_host(value: &[u8]) -> bool {
    <[u8; 4]>::try_from(value).is_ok_and(|octets| NextHop::V4(octets.into()).is_host())
}

impl<B: AsRef<[u8]>> Update<B> {
    /// `message` is the whole message, header included. An error ends the session (RFC 7606 §3);
    /// everything milder is in `disposition` and `faults`.
    #[inline]
    pub fn parse(message: B, context: &UpdateContext) -> Result<Self, Fault> {
        let octets = message.as_ref();
        let layout = Layout::of(octets)?;
        let classic = context.mode(Family::IPV4_UNICAST);
        // RFC 7606 §3(i), §3(j), §5.3
        let run = |span: Span, withdrawn| match span.of(octets) {
            [] => Ok(()),
            run => check_run(classic, run, withdrawn).map_err(|(at, kind)| Fault {
                offset: span.start().saturating_add(at),
                attr: None,
                kind,
            }),
        };
        run(layout.withdrawn, true)?;
        let scope = Scope {
            session: context.session,
            four_octet_as: context.four_octet_as,
            as_sets: context.as_sets,
        };
        let mut worst: Option<(Disposition, Fault)> = None;
        let mut checker = Checker::new(octets, &layout, scope, |family| context.mode(family));
        for fault in checker.by_ref() {
            let disposition = fault.disposition();
            if disposition >= Disposition::SessionReset {
                return Err(fault);
            }
            // RFC 7606 §3(h): the strongest counts; of equals the first.
            if worst.is_none_or(|(before, _)| disposition > before) {
                worst = Some((disposition, fault));
            }
        }
        run(layout.nlri, false)?;
        // RFC 7606 §5.2: without reachable NLRI it is not sure that the NLRI were found at all.
        if let Some((disposition, fault)) = worst
            && disposition > Disposition::AttributeDiscard
            && checker.more_than_unreach()
            && !checker.reachable
        {
            return Err(Fault {
                kind: FaultKind::NoReachableNlri,
                ..fault
            });
        }
        let known = Known {
            scope,
            classic,
            reach: checker.reach,
            unreach: checker.unreach,
        };
        Ok(Self {
            layout,
            slots: checker.slots,
            known,
            disposition: worst.map_or(Disposition::Accept, |(disposition, _)| disposition),
            octets: message,
        })
    }

    /// The whole message.
    pub fn octets(&self) -> &[u8] {
        self.octets.as_ref()
    }

    /// The most severe of `faults`. With [`Disposition::TreatAsWithdraw`] what `announced` yields
    /// must be withdrawn instead (RFC 7606 §2).
    #[inline]
    pub fn disposition(&self) -> Disposition {
        self.disposition
    }

    /// Every fault, in wire order.
    pub fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        let known = &self.known;
        let mode = move |family: Family| {
            // Only families that parsing met are asked for.
            [&known.reach, &known.unreach]
                .into_iter()
                .flatten()
                .map(|inside| inside.mode)
                .find(|mode| mode.family == family)
                .unwrap_or(Mode {
                    family,
                    negotiated: false,
                    add_path: false,
                    extended_next_hop: false,
                })
        };
        let accepted = self.disposition == Disposition::Accept;
        Checker::new(self.octets.as_ref(), &self.layout, known.scope, mode)
            .take_while(move |_| !accepted)
    }

    /// The family this is an End-of-RIB marker of (RFC 4724 §2).
    pub fn end_of_rib(&self) -> Option<Family> {
        if !self.layout.withdrawn.is_empty() || !self.layout.nlri.is_empty() {
            return None;
        }
        if self.layout.attributes.is_empty() {
            return Some(Family::IPV4_UNICAST);
        }
        // The only attribute, and no NLRI in it.
        let unreach = self.known.unreach.as_ref()?;
        let mut walk = Walk::new(self.attribute_octets());
        let only = walk.next()?.code == code::MP_UNREACH_NLRI && walk.rest().is_empty();
        (only && unreach.nlri.is_empty()).then_some(unreach.mode.family)
    }

    /// Families with announced NLRI (at most two: classic IPv4 and MP_REACH), each once. Families
    /// that were not negotiated are ignored (RFC 4760 §7).
    pub fn announced_families(&self) -> impl Iterator<Item = Family> + '_ {
        self.families(&self.known.reach, self.layout.nlri)
    }

    /// Families with withdrawn NLRI.
    pub fn withdrawn_families(&self) -> impl Iterator<Item = Family> + '_ {
        self.families(&self.known.unreach, self.layout.withdrawn)
    }

    /// The announced NLRI of `F`, classic and MP alike, in wire order.
    #[inline]
    pub fn announced<F: AddressFamily>(&self) -> impl Iterator<Item = Nlri<F>> + '_ {
        TwoRuns::new(
            self.multiprotocol_run(&self.known.reach, false),
            self.classic_run(self.layout.nlri),
        )
    }

    /// The withdrawn NLRI of `F`.
    #[inline]
    pub fn withdrawn<F: AddressFamily>(&self) -> impl Iterator<Item = Nlri<F>> + '_ {
        TwoRuns::new(
            self.classic_run(self.layout.withdrawn),
            self.multiprotocol_run(&self.known.unreach, true),
        )
    }

    /// The announced NLRI of any family as octets, known here or not; MP_REACH_NLRI's first.
    pub fn announced_octets(&self, family: Family) -> impl Iterator<Item = RawNlri<'_>> + '_ {
        self.raw_run(&self.known.reach, family)
            .chain(self.raw_classic(self.layout.nlri, family))
    }

    /// The withdrawn NLRI of any family as octets.
    pub fn withdrawn_octets(&self, family: Family) -> impl Iterator<Item = RawNlri<'_>> + '_ {
        self.raw_classic(self.layout.withdrawn, family)
            .chain(self.raw_run(&self.known.unreach, family))
    }

    /// The next hop of MP_REACH_NLRI as octets, for families that have their own form of it.
    pub fn next_hop_octets(&self, family: Family) -> Option<&[u8]> {
        let inside = self.known.reach.as_ref()?;
        let wanted = inside.mode.family == family && inside.mode.negotiated;
        wanted.then(|| inside.next_hop.of(self.octets.as_ref()))
    }

    /// The announced NLRI of `F` by the field that holds them, each with its next hop. Only a message
    /// that announces IPv4 unicast in both encodings has two.
    pub fn announcements<F: AddressFamily>(
        &self,
    ) -> impl Iterator<Item = (NextHop, NlriRun<'_, F>)> + '_ {
        let multiprotocol = self
            .multiprotocol_next_hop(F::FAMILY)
            .map(|next_hop| (next_hop, self.multiprotocol_run(&self.known.reach, false)));
        let classic = self
            .classic_next_hop(F::FAMILY)
            .map(|next_hop| (next_hop, self.classic_run(self.layout.nlri)));
        multiprotocol.into_iter().chain(classic)
    }

    /// The next hop that goes with the announced NLRI of `family`. Where a message announces IPv4
    /// unicast in both encodings, that of MP_REACH_NLRI; `announcements` tells them apart.
    #[inline]
    pub fn next_hop(&self, family: Family) -> Option<NextHop> {
        self.multiprotocol_next_hop(family)
            .or_else(|| self.classic_next_hop(family))
    }

    /// MP_UNREACH_NLRI and MP_REACH_NLRI as octets, also of families that were not negotiated or
    /// that this crate has no type for. For tools that show what is there; a table uses
    /// `announced` and `withdrawn`.
    pub fn multiprotocol_fields(&self) -> impl Iterator<Item = MultiprotocolField<'_>> + '_ {
        let field = |announced: bool, inside: &Multiprotocol| {
            let octets = self.octets.as_ref();
            MultiprotocolField {
                family: inside.mode.family,
                announced,
                add_path: inside.mode.add_path,
                next_hop: inside.next_hop.of(octets),
                nlri: inside.nlri.of(octets),
            }
        };
        let withdrawn = self
            .known
            .unreach
            .iter()
            .map(move |inside| field(false, inside));
        let announced = self
            .known
            .reach
            .iter()
            .map(move |inside| field(true, inside));
        withdrawn.chain(announced)
    }

    /// The path attributes.
    #[inline]
    pub fn attributes(&self) -> Attributes<'_> {
        Attributes::new(
            self.attribute_octets(),
            self.slots,
            self.known.scope.four_octet_as,
        )
    }

    #[inline]
    fn attribute_octets(&self) -> &[u8] {
        self.layout.attributes.of(self.octets.as_ref())
    }

    fn families(
        &self,
        multiprotocol: &Option<Multiprotocol>,
        classic: Span,
    ) -> impl Iterator<Item = Family> + '_ {
        let multiprotocol = multiprotocol
            .as_ref()
            .filter(|inside| inside.mode.negotiated && !inside.nlri.is_empty())
            .map(|inside| inside.mode.family);
        let classic = (self.known.classic.negotiated
            && !classic.is_empty()
            && multiprotocol != Some(Family::IPV4_UNICAST))
        .then_some(Family::IPV4_UNICAST);
        multiprotocol.into_iter().chain(classic)
    }

    #[inline]
    fn multiprotocol_run<F: AddressFamily>(
        &self,
        inside: &Option<Multiprotocol>,
        withdrawn: bool,
    ) -> NlriRun<'_, F> {
        let run = inside
            .as_ref()
            .filter(|inside| inside.mode.negotiated && inside.mode.family == F::FAMILY)
            .map(|inside| {
                let octets = inside.nlri.of(self.octets.as_ref());
                if withdrawn {
                    NlriRun::withdrawn(octets, inside.mode.add_path)
                } else {
                    NlriRun::new(octets, inside.mode.add_path)
                }
            });
        run.unwrap_or_else(|| NlriRun::new(&[], false))
    }

    #[inline]
    fn classic_run<F: AddressFamily>(&self, span: Span) -> NlriRun<'_, F> {
        let mode = self.known.classic;
        if F::FAMILY != Family::IPV4_UNICAST || !mode.negotiated {
            return NlriRun::new(&[], false);
        }
        NlriRun::new(span.of(self.octets.as_ref()), mode.add_path)
    }

    fn raw_run(&self, inside: &Option<Multiprotocol>, family: Family) -> RawRun<'_> {
        let inside = inside
            .as_ref()
            .filter(|inside| inside.mode.negotiated && inside.mode.family == family);
        let octets = inside.map_or(&[][..], |inside| inside.nlri.of(self.octets.as_ref()));
        let add_path = inside.is_some_and(|inside| inside.mode.add_path);
        RawRun::new(octets, add_path, Runs::of(family))
    }

    fn raw_classic(&self, span: Span, family: Family) -> RawRun<'_> {
        let mode = self.known.classic;
        let wanted = family == Family::IPV4_UNICAST && mode.negotiated;
        let octets = if wanted {
            span.of(self.octets.as_ref())
        } else {
            &[]
        };
        RawRun::new(octets, mode.add_path, Runs::of(family))
    }

    #[inline]
    fn multiprotocol_next_hop(&self, family: Family) -> Option<NextHop> {
        NextHop::read(family, self.next_hop_octets(family)?)
    }

    #[inline]
    fn classic_next_hop(&self, family: Family) -> Option<NextHop> {
        if family != Family::IPV4_UNICAST || self.layout.nlri.is_empty() {
            return None;
        }
        NextHop::from_octets(self.attributes().known(code::NEXT_HOP)?.value)
    }
}

#[cfg(test)]
mod tests;
