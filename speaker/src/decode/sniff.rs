//! What a stream holds, told by its first octets.
use bgp_wire::mrt;

/// The kinds of input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Lines of hexadecimal digits, each a message.
    Hex,
    /// BGP messages, one after another, as on a TCP connection.
    Messages,
    /// MRT records.
    Mrt,
}

/// Octets that are enough to tell.
pub(super) const ENOUGH: usize = 16;

/// `octets` are the first [`ENOUGH`] of a stream, or all of it, and not none. `None`: none of the
/// three.
pub(super) fn kind(octets: &[u8]) -> Option<Kind> {
    // A marker, or as much of it as there is (RFC 4271 §4.1).
    if octets.iter().all(|octet| *octet == 0xff) {
        return Some(Kind::Messages);
    }
    if octets.iter().all(|octet| is_text(*octet)) {
        return Some(Kind::Hex);
    }
    is_mrt(octets).then_some(Kind::Mrt)
}

/// Whether this is how pcap and pcapng files begin.
pub(super) fn is_capture(octets: &[u8]) -> bool {
    const MAGIC: [[u8; 4]; 5] = [
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x0a, 0x0d, 0x0d, 0x0a],
    ];
    MAGIC.iter().any(|magic| octets.starts_with(magic))
}

fn is_text(octet: u8) -> bool {
    octet.is_ascii_graphic() || matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// Type and subtype of the first record are among those that are defined, and its length is one
/// that a record may have.
fn is_mrt(octets: &[u8]) -> bool {
    let Some(header) = octets.first_chunk::<12>() else {
        return false;
    };
    let [_, _, _, _, k0, k1, s0, s1, l0, l1, l2, l3] = *header;
    let header = mrt::RecordHeader {
        seconds: 0,
        microseconds: None,
        kind: u16::from_be_bytes([k0, k1]),
        subtype: u16::from_be_bytes([s0, s1]),
    };
    let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
    header.names().0.is_some() && header.subtype < 256 && length < super::window::LIMIT
}
