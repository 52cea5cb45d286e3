//! A route of a table dump as the UPDATE that would announce it.
//!
//! Why: what reads, checks or sends UPDATEs then serves table dumps too. Attributes are copied
//! octet by octet, faults included; MP_REACH_NLRI gets its family, next hop and NLRI back.
//! Cost: one copy of the attributes.
use super::fault::RecordFaultKind;
use super::{RibEntry, next_hop};
use crate::attr::walk::Walk;
use crate::iana::attribute::{EXTENDED_LENGTH, MP_REACH_NLRI, OPTIONAL};
use crate::{Family, Header, MessageType, PathId, header};
use alloc::vec::Vec;
use ipnet::IpNet;

/// A route to be written as an UPDATE.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// Family of the NLRI.
    pub family: Family,
    /// Path identifier; where there is one, the UPDATE is one of an ADD-PATH session.
    pub path_id: Option<PathId>,
    /// The NLRI as octets, without path identifier.
    pub nlri: &'a [u8],
    /// Path attributes of a RIB entry.
    pub attributes: &'a [u8],
}

/// How offsets in a written UPDATE relate to offsets in the attributes it was made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replay {
    /// Octets of all attributes as they were.
    total: usize,
    /// Octets of attributes before MP_REACH_NLRI, or all where it has none.
    before: usize,
    /// Octets of MP_REACH_NLRI as it was, and as it was written.
    was: usize,
    written: usize,
}

/// Octets before the attributes: header, withdrawn routes length, total path attribute length.
const ATTRIBUTES_AT: usize = 23;

impl<'a> Route<'a> {
    /// The octets of a prefix as NLRI, in `buffer`.
    pub fn prefix_octets(prefix: IpNet, buffer: &mut [u8; 17]) -> &[u8] {
        let (address, bits): ([u8; 16], u8) = match prefix {
            IpNet::V4(prefix) => {
                let mut octets = [0; 16];
                for (to, from) in octets.iter_mut().zip(prefix.network().octets()) {
                    *to = from;
                }
                (octets, prefix.prefix_len())
            }
            IpNet::V6(prefix) => (prefix.network().octets(), prefix.prefix_len()),
        };
        let (length, octets) = buffer.split_at_mut(1);
        length.fill(bits);
        octets.copy_from_slice(&address);
        buffer
            .get(..usize::from(bits).div_ceil(8).saturating_add(1))
            .unwrap_or(&[])
    }

    /// Of a RIB entry.
    pub fn of_entry(family: Family, nlri: &'a [u8], entry: &RibEntry<'a>) -> Self {
        Self {
            family,
            path_id: entry.path_id,
            nlri,
            attributes: entry.attributes,
        }
    }

    /// Appends the UPDATE. Nothing is appended where it would pass 65,535 octets.
    pub fn write_update(&self, out: &mut Vec<u8>) -> Result<Replay, RecordFaultKind> {
        let start = header::begin(out, MessageType::Update);
        out.extend([0, 0, 0, 0]);
        let (replay, attributes) = self.write(out);
        if out.len().saturating_sub(start) > Header::EXTENDED_MAX {
            out.truncate(start);
            return Err(RecordFaultKind::MessageTooLong);
        }
        header::put_length(out, start.saturating_add(ATTRIBUTES_AT - 2), attributes);
        header::finish(out, start);
        Ok(replay)
    }

    /// Writes attributes and NLRI; gives how long the attributes are.
    fn write(&self, out: &mut Vec<u8>) -> (Replay, usize) {
        let attributes_at = out.len();
        let mut replay = Replay {
            total: self.attributes.len(),
            before: self.attributes.len(),
            was: 0,
            written: 0,
        };
        let mut walk = Walk::new(self.attributes);
        let mut at = 0;
        while let Some(attribute) = walk.next() {
            if attribute.code == MP_REACH_NLRI && replay.written == 0 {
                replay.before = at;
                replay.was = attribute.length();
                let before = out.len();
                self.write_mp_reach(attribute.flags, attribute.value, out);
                replay.written = out.len().saturating_sub(before);
            } else {
                out.extend(self.attributes.get(at..walk.offset()).unwrap_or(&[]));
            }
            at = walk.offset();
        }
        // An attribute that passes the end is a fault, and stays one.
        out.extend(walk.rest());
        if replay.written == 0 && self.family != Family::IPV4_UNICAST {
            // No next hop was recorded: the reader of the UPDATE will say so.
            self.write_mp_reach(OPTIONAL, &[], out);
        }
        let attributes = out.len().saturating_sub(attributes_at);
        if replay.written == 0 && self.family == Family::IPV4_UNICAST {
            self.write_nlri(out);
        }
        (replay, attributes)
    }

    fn write_mp_reach(&self, flags: u8, value: &[u8], out: &mut Vec<u8>) {
        let next_hop = next_hop::octets(value).unwrap_or(&[]);
        out.extend([flags | EXTENDED_LENGTH, MP_REACH_NLRI, 0, 0]);
        let start = out.len();
        out.extend(self.family.afi.to_be_bytes());
        // A next hop has at most 255 octets: its length was one octet.
        out.extend([self.family.safi, u8::try_from(next_hop.len()).unwrap_or(0)]);
        out.extend(next_hop);
        out.push(0);
        self.write_nlri(out);
        let length = out.len().saturating_sub(start);
        header::put_length(out, start.saturating_sub(2), length);
    }

    fn write_nlri(&self, out: &mut Vec<u8>) {
        if let Some(path_id) = self.path_id {
            out.extend(path_id.0.to_be_bytes());
        }
        out.extend(self.nlri);
    }
}

impl Replay {
    /// Where in the attributes of the route lies what is at `offset` in the UPDATE. What was added
    /// to MP_REACH_NLRI, and all that is no attribute, lies at the nearest attribute's begin or end.
    pub fn attribute_offset(&self, offset: usize) -> usize {
        let offset = offset.saturating_sub(ATTRIBUTES_AT);
        if offset < self.before {
            return offset;
        }
        let inside = offset.saturating_sub(self.before);
        let place = match inside.checked_sub(self.written) {
            None => self.before,
            Some(after) => self.before.saturating_add(self.was).saturating_add(after),
        };
        place.min(self.total)
    }
}
