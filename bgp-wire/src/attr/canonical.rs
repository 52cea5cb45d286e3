//! Canonical octets, and the two-octet form for neighbors without four-octet AS numbers.
use super::path::PathWriter;
use super::table::{ROWS, Row};
use super::walk::{self, RawAttribute, Walk};
use super::{AsPath, Attributes};
use crate::Asn;
use crate::iana::attribute as code;
use alloc::vec::Vec;

/// Appends what `attributes` are in canonical octets.
pub(super) fn write(attributes: &Attributes<'_>, out: &mut Vec<u8>) {
    if !attributes.slots.unknown {
        for row in ROWS {
            put_known(attributes, row, out);
        }
        return;
    }
    // Where each unknown attribute begins, plus one; a table instead of a search for each, so that
    // a hostile list of attributes costs no more than its length.
    let mut starts = [0_u16; 256];
    let mut walk = Walk::new(attributes.octets);
    loop {
        let offset = walk.offset();
        let Some(attribute) = walk.next() else { break };
        if let (Some(start @ 0), Ok(offset)) = (
            starts.get_mut(usize::from(attribute.code)),
            u16::try_from(offset.saturating_add(1)),
        ) {
            *start = offset;
        }
    }
    for (code, start) in (0..=u8::MAX).zip(starts) {
        if let Some(row) = super::table::row(code) {
            put_known(attributes, row, out);
        } else if let Some(start) = usize::from(start).checked_sub(1)
            && let Some(octets) = attributes.octets.get(start..)
            && let Some(unknown) = Walk::new(octets).next()
        {
            put_unknown(&unknown, out);
        }
    }
}

/// RFC 4271 §5: an unknown transitive attribute is passed on with the Partial bit, an unknown
/// non-transitive one is not passed on.
fn put_unknown(attribute: &RawAttribute<'_>, out: &mut Vec<u8>) {
    let both = code::OPTIONAL | code::TRANSITIVE;
    if attribute.flags & both == both {
        walk::put(out, both | code::PARTIAL, attribute.code, attribute.value);
    }
}

fn put_known(attributes: &Attributes<'_>, row: &Row, out: &mut Vec<u8>) {
    if !row.canonical {
        return;
    }
    let Some(attribute) = attributes.known(row.code) else {
        return;
    };
    let flags = row.flags_to_send(attribute.flags);
    match row.code {
        code::AS_PATH => {
            if let Some(path) = attributes.as_path() {
                put_value(out, flags, row.code, |out| path.write(out));
            }
        }
        // RFC 6286 §2.1: zero is nobody's identifier, and for whoever asks there is none.
        code::ORIGINATOR_ID if attributes.originator_id().is_none() => {}
        code::AGGREGATOR if !attributes.four_octet => {
            if let Some(aggregator) = attributes.aggregator() {
                walk::put_header(out, flags, row.code, 8);
                out.extend(aggregator.asn.0.to_be_bytes());
                out.extend(aggregator.address.octets());
            }
        }
        _ => walk::put(out, flags, row.code, attribute.value),
    }
}

/// Appends an attribute whose value is as long as `write` makes it.
///
/// A value over 65,535 octets gets a length that is not its own; such a list of attributes is
/// longer than any message, and every encoder refuses it for that.
pub(super) fn put_value(out: &mut Vec<u8>, flags: u8, code: u8, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    walk::put_header(out, flags, code, 0);
    let value = out.len();
    write(out);
    let length = out.len().saturating_sub(value);
    if let Ok(length) = u8::try_from(length) {
        if let Some(field) = value.checked_sub(1).and_then(|at| out.get_mut(at)) {
            *field = length;
        }
        return;
    }
    // The length needs a second octet: one place further for the value.
    let length = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let header = [flags | code::EXTENDED_LENGTH, code]
        .into_iter()
        .chain(length);
    out.splice(start..value, header);
}

/// Appends canonical octets as a neighbor with two-octet AS numbers reads them: AS_TRANS where a
/// number does not fit, and then AS4_PATH and AS4_AGGREGATOR beside it (RFC 6793 §4.2.2).
pub(crate) fn put_two_octet(canonical: &[u8], out: &mut Vec<u8>) {
    let mut as4_path = None;
    let mut as4_aggregator = None;
    for attribute in Walk::new(canonical) {
        if attribute.code > code::AS4_PATH {
            put_as4(&mut as4_path, &mut as4_aggregator, out);
        }
        match attribute.code {
            code::AS_PATH => {
                let path = AsPath::new(attribute.value, true);
                put_value(out, attribute.flags, code::AS_PATH, |out| {
                    let mut writer = PathWriter::new(out, false);
                    for segment in path.segments() {
                        writer.segment(segment.kind, segment.asns());
                    }
                });
                if path.asns().any(does_not_fit) {
                    as4_path = Some(path);
                }
            }
            code::AGGREGATOR => {
                let Some(aggregator) = super::path::aggregator(attribute.value) else {
                    continue;
                };
                walk::put_header(out, attribute.flags, code::AGGREGATOR, 6);
                out.extend(aggregator.asn.two_octet().to_be_bytes());
                out.extend(aggregator.address.octets());
                if does_not_fit(aggregator.asn) {
                    as4_aggregator = Some(attribute.value);
                }
            }
            _ => walk::put(out, attribute.flags, attribute.code, attribute.value),
        }
    }
    put_as4(&mut as4_path, &mut as4_aggregator, out);
}

fn does_not_fit(asn: Asn) -> bool {
    asn.0 > u32::from(u16::MAX)
}

fn put_as4(
    as4_path: &mut Option<AsPath<'_>>,
    as4_aggregator: &mut Option<&[u8]>,
    out: &mut Vec<u8>,
) {
    let flags = code::OPTIONAL | code::TRANSITIVE;
    if let Some(path) = as4_path.take() {
        put_value(out, flags, code::AS4_PATH, |out| {
            let mut writer = PathWriter::new(out, true);
            // RFC 6793 §3: confederation segments are not carried in AS4_PATH.
            for segment in path
                .segments()
                .filter(|segment| !segment.kind.is_confederation())
            {
                writer.segment(segment.kind, segment.asns());
            }
        });
    }
    if let Some(value) = as4_aggregator.take() {
        walk::put(out, flags, code::AS4_AGGREGATOR, value);
    }
}
