//! Messages to send.
//!
//! NLRI that share attributes share messages. Every message is written straight into the buffer
//! of the session and its lengths are filled in when its end is known; a NLRI that would pass the
//! negotiated size begins the next one. Cost: one copy of the attributes per message, nothing
//! else; toward neighbors without four-octet AS numbers one temporary list of attributes. Owned
//! attributes need that list only where the NLRI take more than one message.
use crate::attr::{put_two_octet, walk};
use crate::iana::{attribute as code, message};
use crate::{AddressFamily, AttributeSet, Family, Header, MessageType, NextHop, Nlri, header};
use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

/// How octets look toward one peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MessageSize {
    /// largest message, octets; below 4,096 counts as 4,096
    pub max: usize,
    /// four-octet AS numbers negotiated
    pub four_octet_as: bool,
    /// ADD-PATH toward the peer
    pub add_path: bool,
}

/// Packs NLRI that share attributes into UPDATEs no larger than negotiated.
#[derive(Clone, Copy, Debug)]
pub struct Packer;

/// The attributes leave no room for even one NLRI: these routes cannot be sent to this peer.
///
/// RFC 8654 §4 asks to withdraw such routes from a peer with smaller messages, and to say so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DoesNotFit {
    /// Octets that a message with one of the NLRI would take.
    pub needed: usize,
    /// Octets that it may take.
    pub max: usize,
}

impl fmt::Display for DoesNotFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "path attributes too long: an UPDATE would take {} octets, the peer allows {}",
            self.needed, self.max
        )
    }
}
impl core::error::Error for DoesNotFit {}

impl MessageSize {
    fn limit(self) -> usize {
        self.max.clamp(Header::STANDARD_MAX, Header::EXTENDED_MAX)
    }
}

/// Octets of an UPDATE without anything in it.
const EMPTY_UPDATE: usize = Header::LENGTH + 4;
/// An UPDATE without anything in it, its length still zero.
const EMPTY: [u8; EMPTY_UPDATE] = {
    let mut octets = [0xff; EMPTY_UPDATE];
    let [.., high, low, kind, a, b, c, d] = &mut octets;
    (*high, *low, *kind) = (0, 0, message::UPDATE);
    (*a, *b, *c, *d) = (0, 0, 0, 0);
    octets
};
/// Where the total path attribute length stands in an UPDATE that withdraws nothing.
const ATTRIBUTES_LENGTH: usize = Header::LENGTH + 2;
/// Where the withdrawn routes length stands.
const WITHDRAWN_LENGTH: usize = Header::LENGTH;

impl Packer {
    /// Appends as many whole UPDATEs as it takes to announce all of `nlri`; `attributes` are
    /// canonical octets. Toward a two-octet peer AS_PATH/AGGREGATOR are rewritten with AS4_*.
    /// Returns the messages written.
    ///
    /// IPv4 unicast with an IPv4 next hop goes into the classic fields, all else into
    /// MP_REACH_NLRI, first among the attributes (RFC 7606 §5.1).
    ///
    /// # Errors
    /// [`DoesNotFit`] where attributes and one NLRI pass the size of a message; nothing is
    /// appended then.
    pub fn announce<F: AddressFamily>(
        out: &mut Vec<u8>,
        size: MessageSize,
        attributes: &[u8],
        next_hop: NextHop,
        nlri: &[Nlri<F>],
    ) -> Result<usize, DoesNotFit> {
        let attributes = if size.four_octet_as {
            Cow::Borrowed(attributes)
        } else {
            let mut rewritten = Vec::with_capacity(attributes.len());
            put_two_octet(attributes, &mut rewritten);
            Cow::Owned(rewritten)
        };
        let start = out.len();
        let mut rest = nlri;
        let mut messages = 0_usize;
        while !rest.is_empty() {
            let begin = out.len();
            let taken = match (F::FAMILY, next_hop) {
                (Family::IPV4_UNICAST, NextHop::V4(address)) => {
                    classic(out, size, &attributes, &address.octets(), rest)
                }
                _ => multiprotocol(out, size, &attributes, next_hop, rest),
            };
            if taken == 0 {
                // With no NLRI in it the message holds all but the one.
                if let Some(first) = rest.first() {
                    first.encode(size.add_path, out);
                }
                let needed = out.len().saturating_sub(begin);
                out.truncate(start);
                return Err(DoesNotFit {
                    needed,
                    max: size.limit(),
                });
            }
            rest = rest.get(taken..).unwrap_or(&[]);
            messages = messages.saturating_add(1);
        }
        Ok(messages)
    }

    /// Appends as many whole UPDATEs as it takes to announce all of `nlri` with owned attributes:
    /// what [`Packer::announce`] makes of their canonical octets. Where one message is enough, these
    /// are written straight into it. Returns the messages written.
    ///
    /// # Errors
    /// As [`Packer::announce`].
    pub fn announce_set<F: AddressFamily>(
        out: &mut Vec<u8>,
        size: MessageSize,
        attributes: &AttributeSet,
        next_hop: NextHop,
        nlri: &[Nlri<F>],
    ) -> Result<usize, DoesNotFit> {
        let start = out.len();
        if size.four_octet_as && whole(out, size, attributes, next_hop, nlri) {
            return Ok(1);
        }
        out.truncate(start);
        let mut canonical = Vec::new();
        attributes.encode(&mut canonical);
        Self::announce(out, size, &canonical, next_hop, nlri)
    }

    /// Appends whole UPDATEs that withdraw all of `nlri`. Returns the messages written.
    ///
    /// A NLRI that fits into no message (a flow specification of over 4,000 octets) is left out: it
    /// cannot have been announced either.
    pub fn withdraw<F: AddressFamily>(
        out: &mut Vec<u8>,
        size: MessageSize,
        nlri: &[Nlri<F>],
    ) -> usize {
        let mut rest = nlri;
        let mut messages = 0_usize;
        while !rest.is_empty() {
            let begin = out.len();
            let taken = if F::FAMILY == Family::IPV4_UNICAST {
                let start = header::begin(out, MessageType::Update);
                out.extend([0, 0]);
                // The path attribute length behind them takes two octets.
                let end = start.saturating_add(size.limit()).saturating_sub(2);
                let taken = put_withdrawn(out, end, rest, size);
                let length = out
                    .len()
                    .saturating_sub(start.saturating_add(Header::LENGTH + 2));
                header::put_length(out, start.saturating_add(WITHDRAWN_LENGTH), length);
                out.extend([0, 0]);
                header::finish(out, start);
                taken
            } else {
                let start = begin_update(out);
                let value = begin_multiprotocol(out, code::MP_UNREACH_NLRI, F::FAMILY);
                let end = start.saturating_add(size.limit());
                let taken = put_withdrawn(out, end, rest, size);
                finish_multiprotocol(out, value);
                finish_attributes(out, start);
                header::finish(out, start);
                taken
            };
            if taken == 0 {
                // Empty it would be an End-of-RIB marker.
                out.truncate(begin);
            } else {
                messages = messages.saturating_add(1);
            }
            rest = rest.get(taken.max(1)..).unwrap_or(&[]);
        }
        messages
    }
}

/// Appends the head of an UPDATE, its lengths still zero; where the message starts.
#[inline]
fn begin_update(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&EMPTY);
    start
}

/// Appends an UPDATE with all of `nlri`; whether it is one that may be sent.
#[inline]
fn whole<F: AddressFamily>(
    out: &mut Vec<u8>,
    size: MessageSize,
    attributes: &AttributeSet,
    next_hop: NextHop,
    nlri: &[Nlri<F>],
) -> bool {
    if nlri.is_empty() {
        return false;
    }
    let start = begin_update(out);
    let end = start.saturating_add(size.limit());
    let taken = if let (Family::IPV4_UNICAST, NextHop::V4(address)) = (F::FAMILY, next_hop) {
        attributes.write(Some(address), out);
        finish_attributes(out, start);
        put_announced(out, end, nlri, size)
    } else {
        let value = begin_reach(out, F::FAMILY, next_hop);
        let taken = put_announced(out, end, nlri, size);
        finish_multiprotocol(out, value);
        attributes.write(None, out);
        finish_attributes(out, start);
        taken
    };
    header::finish(out, start);
    taken == nlri.len() && out.len() <= end
}

/// Appends an UPDATE with NLRI in the classic field; how many NLRI it took.
fn classic<F: AddressFamily>(
    out: &mut Vec<u8>,
    size: MessageSize,
    attributes: &[u8],
    next_hop: &[u8],
    nlri: &[Nlri<F>],
) -> usize {
    let start = begin_update(out);
    // NEXT_HOP stands where its type code belongs: behind ORIGIN and AS_PATH.
    let mut walk = walk::Walk::new(attributes);
    let mut before = 0;
    while let Some(next) = walk.next()
        && next.code < code::NEXT_HOP
    {
        before = walk.offset();
    }
    let (first, last) = attributes
        .split_at_checked(before)
        .unwrap_or((attributes, &[]));
    out.extend_from_slice(first);
    walk::put(out, code::TRANSITIVE, code::NEXT_HOP, next_hop);
    out.extend_from_slice(last);
    finish_attributes(out, start);
    let end = start.saturating_add(size.limit());
    let taken = put_announced(out, end, nlri, size);
    header::finish(out, start);
    taken
}

/// Appends an UPDATE with NLRI in MP_REACH_NLRI; how many NLRI it took.
fn multiprotocol<F: AddressFamily>(
    out: &mut Vec<u8>,
    size: MessageSize,
    attributes: &[u8],
    next_hop: NextHop,
    nlri: &[Nlri<F>],
) -> usize {
    let start = begin_update(out);
    let value = begin_reach(out, F::FAMILY, next_hop);
    let end = start
        .saturating_add(size.limit())
        .saturating_sub(attributes.len());
    let taken = put_announced(out, end, nlri, size);
    finish_multiprotocol(out, value);
    out.extend_from_slice(attributes);
    finish_attributes(out, start);
    header::finish(out, start);
    taken
}

/// Appends NLRI as long as the octets end before `end`; how many.
#[inline]
fn put_announced<F: AddressFamily>(
    out: &mut Vec<u8>,
    end: usize,
    nlri: &[Nlri<F>],
    size: MessageSize,
) -> usize {
    let fast = if size.add_path {
        None
    } else {
        F::put_run(nlri, end, out)
    };
    fast.unwrap_or_else(|| put_each(out, end, nlri, |one, out| one.encode(size.add_path, out)))
}

/// The same for NLRI that are withdrawn.
fn put_withdrawn<F: AddressFamily>(
    out: &mut Vec<u8>,
    end: usize,
    nlri: &[Nlri<F>],
    size: MessageSize,
) -> usize {
    let fast = if size.add_path || F::WITHDRAWN_DIFFERS {
        None
    } else {
        F::put_run(nlri, end, out)
    };
    fast.unwrap_or_else(|| {
        put_each(out, end, nlri, |one, out| {
            one.encode_withdrawn(size.add_path, out);
        })
    })
}

fn put_each<F: AddressFamily>(
    out: &mut Vec<u8>,
    end: usize,
    nlri: &[Nlri<F>],
    put: impl Fn(&Nlri<F>, &mut Vec<u8>),
) -> usize {
    let most = if F::SHARES { nlri.len() } else { 1 };
    for (position, one) in nlri.iter().take(most).enumerate() {
        let before = out.len();
        put(one, out);
        if out.len() > end {
            out.truncate(before);
            return position;
        }
    }
    most
}

/// Appends MP_REACH_NLRI up to its NLRI; where its value begins.
#[inline]
fn begin_reach(out: &mut Vec<u8>, family: Family, next_hop: NextHop) -> usize {
    let value = begin_multiprotocol(out, code::MP_REACH_NLRI, family);
    let length = out.len();
    out.push(0);
    next_hop.put(family, out);
    let octets = out.len().saturating_sub(length).saturating_sub(1);
    if let Some(field) = out.get_mut(length) {
        *field = u8::try_from(octets).unwrap_or(u8::MAX);
    }
    // RFC 4760 §3: reserved.
    out.push(0);
    value
}

/// Appends the head of MP_REACH_NLRI or MP_UNREACH_NLRI; where its value begins.
#[inline]
fn begin_multiprotocol(out: &mut Vec<u8>, kind: u8, family: Family) -> usize {
    let flags = code::OPTIONAL | code::EXTENDED_LENGTH;
    out.extend_from_slice(&[flags, kind, 0, 0]);
    let value = out.len();
    let [high, low] = family.afi.to_be_bytes();
    out.extend_from_slice(&[high, low, family.safi]);
    value
}

/// Fills in the length of the attribute whose value begins at `value`, in one octet where that is
/// enough: then the value moves down by one.
fn finish_multiprotocol(out: &mut Vec<u8>, value: usize) {
    let length = out.len().saturating_sub(value);
    let head = value.saturating_sub(4);
    match u8::try_from(length) {
        Ok(length) => {
            if let Some([flags, _, high, low]) =
                out.get_mut(head..).and_then(<[u8]>::first_chunk_mut::<4>)
            {
                *flags &= !code::EXTENDED_LENGTH;
                (*high, *low) = (length, 0);
            }
            out.remove(value.saturating_sub(1));
        }
        Err(_) => header::put_length(out, value.saturating_sub(2), length),
    }
}

/// Fills in the length of the attributes, which end at the end.
#[inline]
fn finish_attributes(out: &mut [u8], start: usize) {
    let length = out.len().saturating_sub(start.saturating_add(EMPTY_UPDATE));
    header::put_length(out, start.saturating_add(ATTRIBUTES_LENGTH), length);
}

/// Appends an End-of-RIB marker (RFC 4724 §2).
pub fn write_end_of_rib(out: &mut Vec<u8>, family: Family) {
    let start = begin_update(out);
    if family != Family::IPV4_UNICAST {
        let value = begin_multiprotocol(out, code::MP_UNREACH_NLRI, family);
        finish_multiprotocol(out, value);
    }
    finish_attributes(out, start);
    header::finish(out, start);
}

/// Appends a KEEPALIVE.
pub fn write_keepalive(out: &mut Vec<u8>) {
    let start = header::begin(out, MessageType::Keepalive);
    header::finish(out, start);
}

#[cfg(test)]
mod tests;
