//! RIB_GENERIC (RFC 6396 §4.3.3, RFC 8050 §4.2): the routes of all peers for one NLRI of any
//! family.
//!
//! The NLRI carries no length of its own, so its family must say how long it is. With path
//! identifiers two layouts are in the world: RFC 8050 §4.2 puts one identifier before the NLRI,
//! OpenBGPD and GoBGP put one into every entry. A record says which by adding up: the layout that
//! ends exactly at the record's end is taken, the RFC's first.
use super::fault::{Known, RecordFaultKind, Wrong};
use super::record::{Body, table_dump_v2};
use super::rib::RibEntries;
use crate::{Family, PathId};
use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::{be_u8, be_u16, be_u32};

/// The routes of all peers for one NLRI.
#[derive(Clone, Copy, Debug)]
pub struct RibGeneric<'a> {
    /// Family of the NLRI.
    pub family: Family,
    /// Counts the records of a dump, and wraps.
    pub sequence: u32,
    /// Path identifier, where the record holds one for all entries (RFC 8050 §4.2).
    pub path_id: Option<PathId>,
    /// The NLRI as it would stand in MP_REACH_NLRI, without path identifier.
    pub nlri: &'a [u8],
    /// The routes.
    pub entries: RibEntries<'a>,
}

/// Where path identifiers stand.
#[derive(Clone, Copy)]
enum PathIds {
    None,
    BeforeNlri,
    InEntries,
}

impl<'a> RibGeneric<'a> {
    pub(super) fn parse(record: &'a [u8], input: &'a [u8], subtype: u16) -> Known<'a, Body<'a>> {
        let whole = |path_ids| Self::layout(record, input, path_ids);
        let parsed = if subtype == table_dump_v2::RIB_GENERIC {
            whole(PathIds::None)
        } else {
            match (whole(PathIds::BeforeNlri), whole(PathIds::InEntries)) {
                (Ok(standard), _) if standard.adds_up() => Ok(standard),
                (_, Ok(deployed)) if deployed.adds_up() => Ok(deployed),
                (standard, _) => standard,
            }
        };
        parsed.map(|generic| Some(Body::RibGeneric(generic)))
    }

    fn layout(
        record: &'a [u8],
        input: &'a [u8],
        path_ids: PathIds,
    ) -> Result<Self, nom::Err<Wrong<'a>>> {
        let (rest, (sequence, afi, safi)) = (be_u32, be_u16, be_u8).parse(input)?;
        let family = Family { afi, safi };
        let (rest, path_id) = match path_ids {
            PathIds::BeforeNlri => {
                let (rest, path_id) = be_u32(rest)?;
                (rest, Some(PathId(path_id)))
            }
            PathIds::None | PathIds::InEntries => (rest, None),
        };
        let length = nlri_length(family, rest)
            .ok_or_else(|| Wrong::new(rest, RecordFaultKind::Truncated))?;
        let (rest, nlri) = take(length).parse(rest)?;
        let (rest, count) = be_u16(rest)?;
        let in_entries = matches!(path_ids, PathIds::InEntries);
        Ok(Self {
            family,
            sequence,
            path_id,
            nlri,
            entries: RibEntries::new(record, rest, count, in_entries),
        })
    }

    /// Whether the entries end where the record ends.
    fn adds_up(&self) -> bool {
        self.entries.into_iter().all(|entry| entry.is_ok())
    }
}

/// Octets of the NLRI that `octets` begin with, its own length included; `None` where they end
/// before its length is known.
fn nlri_length(family: Family, octets: &[u8]) -> Option<usize> {
    let (header, value) = match (family.afi, family.safi) {
        // MVPN (RFC 6514 §4), EVPN (RFC 7432 §7): type, length.
        (1 | 2, 5) | (25, 70) => (2, usize::from(*octets.get(1)?)),
        // MUP (draft-ietf-bess-mup-safi): architecture, type of two octets, length.
        (1 | 2, 85) => (4, usize::from(*octets.get(3)?)),
        // VPLS (RFC 4761 §3.2.2): two octets of length.
        (25, 65) => (2, two_octets(octets, 0)?),
        // BGP-LS (RFC 9552 §5.2): type of two octets, length of two.
        (16_388, _) => (4, two_octets(octets, 2)?),
        // Flowspec (RFC 8955 §4.1): one octet of length, or two where the first is 0xf0 or more.
        (_, 133 | 134) => match *octets.first()? {
            length if length < 0xf0 => (1, usize::from(length)),
            _ => (2, two_octets(octets, 0)? & 0x0fff),
        },
        // All others: a length in bits (RFC 4760 §5, RFC 8277 §2, RFC 4364 §4.3.4, RFC 4684 §4).
        _ => (1, usize::from(*octets.first()?).div_ceil(8)),
    };
    Some(value.saturating_add(header))
}

fn two_octets(octets: &[u8], at: usize) -> Option<usize> {
    let (length, _) = octets.get(at..)?.split_first_chunk::<2>()?;
    Some(usize::from(u16::from_be_bytes(*length)))
}
