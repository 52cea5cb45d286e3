//! Framing and the header that all records share (RFC 6396 §2, §3).
//!
//! [`frame`] finds the first whole record of a stream; [`Record::body`] reads what it holds. A
//! record whose type is not known keeps its octets and its name: a reader steps over it.
use super::fault::{RecordFault, RecordFaultKind, locate};
use super::{
    Legacy, LegacyState, Message, PeerIndexTable, Rib, RibGeneric, StateChange, TableDump, bgp,
    bgp4mp, table_dump,
};

/// Record types (RFC 6396 §4, §5, IANA "MRT").
pub mod kind {
    /// BGP, as routers of 1999 to 2001 wrote it (RFC 6396 appendix B.1).
    pub const BGP: u16 = 5;
    /// OSPFv2.
    pub const OSPF_V2: u16 = 11;
    /// TABLE_DUMP.
    pub const TABLE_DUMP: u16 = 12;
    /// TABLE_DUMP_V2.
    pub const TABLE_DUMP_V2: u16 = 13;
    /// BGP4MP.
    pub const BGP4MP: u16 = 16;
    /// BGP4MP with microseconds.
    pub const BGP4MP_ET: u16 = 17;
    /// IS-IS.
    pub const ISIS: u16 = 32;
    /// IS-IS with microseconds.
    pub const ISIS_ET: u16 = 33;
    /// OSPFv3.
    pub const OSPF_V3: u16 = 48;
    /// OSPFv3 with microseconds.
    pub const OSPF_V3_ET: u16 = 49;
}

/// TABLE_DUMP_V2 subtypes (RFC 6396 §4.3, RFC 6397 §2, RFC 8050 §3).
pub mod table_dump_v2 {
    /// The peers that RIB entries refer to.
    pub const PEER_INDEX_TABLE: u16 = 1;
    /// IPv4 unicast.
    pub const RIB_IPV4_UNICAST: u16 = 2;
    /// IPv4 multicast.
    pub const RIB_IPV4_MULTICAST: u16 = 3;
    /// IPv6 unicast.
    pub const RIB_IPV6_UNICAST: u16 = 4;
    /// IPv6 multicast.
    pub const RIB_IPV6_MULTICAST: u16 = 5;
    /// Any other family.
    pub const RIB_GENERIC: u16 = 6;
    /// Where the peers are (RFC 6397).
    pub const GEO_PEER_TABLE: u16 = 7;
    /// IPv4 unicast with path identifiers.
    pub const RIB_IPV4_UNICAST_ADDPATH: u16 = 8;
    /// IPv4 multicast with path identifiers.
    pub const RIB_IPV4_MULTICAST_ADDPATH: u16 = 9;
    /// IPv6 unicast with path identifiers.
    pub const RIB_IPV6_UNICAST_ADDPATH: u16 = 10;
    /// IPv6 multicast with path identifiers.
    pub const RIB_IPV6_MULTICAST_ADDPATH: u16 = 11;
    /// Any other family with path identifiers.
    pub const RIB_GENERIC_ADDPATH: u16 = 12;
}

/// The header of a record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RecordHeader {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: u32,
    /// Microseconds beside them, of the types that have them (RFC 6396 §3). A writer may put
    /// more than 999,999 here; it is kept as it is.
    pub microseconds: Option<u32>,
    /// Type, see [`kind`].
    pub kind: u16,
    /// Subtype, by type.
    pub subtype: u16,
}

/// A whole record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// Its header.
    pub header: RecordHeader,
    octets: &'a [u8],
    body: &'a [u8],
}

/// What a record holds.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// TABLE_DUMP: one route of one peer.
    TableDump(TableDump<'a>),
    /// TABLE_DUMP_V2 PEER_INDEX_TABLE: the peers of the records that follow.
    PeerIndexTable(PeerIndexTable<'a>),
    /// TABLE_DUMP_V2: the routes of all peers for one prefix.
    Rib(Rib<'a>),
    /// TABLE_DUMP_V2: the routes of all peers for one NLRI of any family.
    RibGeneric(RibGeneric<'a>),
    /// BGP4MP: one message.
    Message(Message<'a>),
    /// BGP4MP: a session changed its state.
    StateChange(StateChange),
    /// BGP (type 5): the body of one message.
    Legacy(Legacy<'a>),
    /// BGP (type 5): a session changed its state.
    LegacyState(LegacyState),
    /// A type or subtype that this module does not read (OSPF, IS-IS, GEO_PEER_TABLE, …).
    Other(&'a [u8]),
}

/// Octets of the header that all types have.
const HEADER: usize = 12;
/// Octets of the microseconds that follow it in types that have them.
const MICROSECONDS: usize = 4;

/// The first record of `octets`; `None` = need more octets. `max` bounds the octets of one record,
/// so that a length that lies costs no more memory than that.
///
/// ```
/// use bgp_wire::mrt;
///
/// let stream = [0, 0, 0, 9, 0, 11, 0, 0, 0, 0, 0, 2, 0xaa, 0xbb];
/// let record = mrt::frame(&stream, 1 << 20)?.expect("whole");
/// assert_eq!((record.header.seconds, record.header.kind), (9, mrt::kind::OSPF_V2));
/// assert_eq!(record.octets().len(), 14);
/// assert_eq!(mrt::frame(&stream[..13], 1 << 20)?, None);
/// # Ok::<(), mrt::RecordFault>(())
/// ```
pub fn frame(octets: &[u8], max: usize) -> Result<Option<Record<'_>>, RecordFault> {
    let Some((first, _)) = octets.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    let [t0, t1, t2, t3, k0, k1, s0, s1, l0, l1, l2, l3] = *first;
    let kind = u16::from_be_bytes([k0, k1]);
    let claimed = u32::from_be_bytes([l0, l1, l2, l3]);
    let too_long = RecordFault {
        offset: 8,
        kind: RecordFaultKind::TooLong,
    };
    let length = usize::try_from(claimed)
        .ok()
        .and_then(|length| length.checked_add(HEADER))
        .filter(|length| *length <= max)
        .ok_or(too_long)?;
    let Some(record) = octets.get(..length) else {
        return Ok(None);
    };
    let after = record.get(HEADER..).unwrap_or(&[]);
    // RFC 6396 §3: the microseconds count into the length.
    let (microseconds, body) = if has_microseconds(kind) {
        let (microseconds, body) =
            after
                .split_first_chunk::<MICROSECONDS>()
                .ok_or(RecordFault {
                    offset: HEADER,
                    kind: RecordFaultKind::Truncated,
                })?;
        (Some(u32::from_be_bytes(*microseconds)), body)
    } else {
        (None, after)
    };
    Ok(Some(Record {
        header: RecordHeader {
            seconds: u32::from_be_bytes([t0, t1, t2, t3]),
            microseconds,
            kind,
            subtype: u16::from_be_bytes([s0, s1]),
        },
        octets: record,
        body,
    }))
}

fn has_microseconds(kind: u16) -> bool {
    matches!(kind, kind::BGP4MP_ET | kind::ISIS_ET | kind::OSPF_V3_ET)
}

impl RecordHeader {
    /// Type and subtype as RFC 6396 and RFC 8050 write them: "TABLE_DUMP_V2/RIB_IPV4_UNICAST".
    pub fn names(&self) -> (Option<&'static str>, Option<&'static str>) {
        let kind = match self.kind {
            kind::BGP => "BGP",
            6 => "RIP",
            8 => "RIPNG",
            9 => "BGP4PLUS",
            10 => "BGP4PLUS_01",
            kind::OSPF_V2 => "OSPFv2",
            kind::TABLE_DUMP => "TABLE_DUMP",
            kind::TABLE_DUMP_V2 => "TABLE_DUMP_V2",
            kind::BGP4MP => "BGP4MP",
            kind::BGP4MP_ET => "BGP4MP_ET",
            kind::ISIS => "ISIS",
            kind::ISIS_ET => "ISIS_ET",
            kind::OSPF_V3 => "OSPFv3",
            kind::OSPF_V3_ET => "OSPFv3_ET",
            _ => return (None, None),
        };
        let subtype = match (self.kind, self.subtype) {
            (kind::BGP, subtype) => bgp::subtype_name(subtype),
            (kind::TABLE_DUMP, subtype) => table_dump::subtype_name(subtype),
            (kind::TABLE_DUMP_V2, subtype) => table_dump_v2_name(subtype),
            (kind::BGP4MP | kind::BGP4MP_ET, subtype) => bgp4mp::subtype_name(subtype),
            _ => None,
        };
        (Some(kind), subtype)
    }
}

impl core::fmt::Display for RecordHeader {
    // "TABLE_DUMP_V2/RIB_IPV4_UNICAST", "BGP4MP/subtype 99", "type 70/subtype 1"
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (kind, subtype) = self.names();
        match kind {
            Some(kind) => f.write_str(kind)?,
            None => write!(f, "type {}", self.kind)?,
        }
        match subtype {
            Some(subtype) => write!(f, "/{subtype}"),
            None => write!(f, "/subtype {}", self.subtype),
        }
    }
}

fn table_dump_v2_name(subtype: u16) -> Option<&'static str> {
    Some(match subtype {
        table_dump_v2::PEER_INDEX_TABLE => "PEER_INDEX_TABLE",
        table_dump_v2::RIB_IPV4_UNICAST => "RIB_IPV4_UNICAST",
        table_dump_v2::RIB_IPV4_MULTICAST => "RIB_IPV4_MULTICAST",
        table_dump_v2::RIB_IPV6_UNICAST => "RIB_IPV6_UNICAST",
        table_dump_v2::RIB_IPV6_MULTICAST => "RIB_IPV6_MULTICAST",
        table_dump_v2::RIB_GENERIC => "RIB_GENERIC",
        table_dump_v2::GEO_PEER_TABLE => "GEO_PEER_TABLE",
        table_dump_v2::RIB_IPV4_UNICAST_ADDPATH => "RIB_IPV4_UNICAST_ADDPATH",
        table_dump_v2::RIB_IPV4_MULTICAST_ADDPATH => "RIB_IPV4_MULTICAST_ADDPATH",
        table_dump_v2::RIB_IPV6_UNICAST_ADDPATH => "RIB_IPV6_UNICAST_ADDPATH",
        table_dump_v2::RIB_IPV6_MULTICAST_ADDPATH => "RIB_IPV6_MULTICAST_ADDPATH",
        table_dump_v2::RIB_GENERIC_ADDPATH => "RIB_GENERIC_ADDPATH",
        _ => return None,
    })
}

impl<'a> Record<'a> {
    /// The whole record, header included.
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Reads what the record holds. An error concerns this record alone: its length is known, so
    /// the next one can be read.
    pub fn body(&self) -> Result<Body<'a>, RecordFault> {
        let (record, body) = (self.octets, self.body);
        let (kind, subtype) = (self.header.kind, self.header.subtype);
        let parsed = match kind {
            kind::TABLE_DUMP => table_dump::parse(subtype, body),
            kind::TABLE_DUMP_V2 if subtype == table_dump_v2::PEER_INDEX_TABLE => {
                PeerIndexTable::parse(record, body)
            }
            kind::TABLE_DUMP_V2
                if matches!(
                    subtype,
                    table_dump_v2::RIB_GENERIC | table_dump_v2::RIB_GENERIC_ADDPATH
                ) =>
            {
                RibGeneric::parse(record, body, subtype)
            }
            kind::TABLE_DUMP_V2 => Rib::parse(record, body, subtype),
            kind::BGP4MP | kind::BGP4MP_ET => bgp4mp::parse(subtype, body),
            kind::BGP => bgp::parse(subtype, body),
            _ => Ok(None),
        };
        match parsed {
            Ok(Some(parsed)) => Ok(parsed),
            Ok(None) => Ok(Body::Other(body)),
            Err(error) => Err(locate(record, &error)),
        }
    }
}
