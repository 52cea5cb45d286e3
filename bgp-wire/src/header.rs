//! Framing (RFC 4271 §4.1, RFC 8654).
//!
//! TCP hands over a stream; this finds the first whole message in it. It says "wrong" with the
//! first octet that is wrong, so that a connection that speaks no BGP ends at once and not when
//! its "length" has arrived. Cost: no copy, no allocation.
use crate::iana::message;
use crate::{Fault, FaultKind};
use alloc::vec::Vec;
use core::fmt;

/// Message types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub enum MessageType {
    Open,
    Update,
    Notification,
    Keepalive,
    RouteRefresh,
}

/// A checked message header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// type
    pub kind: MessageType,
    /// whole message, header included, octets
    pub length: usize,
}

impl Header {
    /// Octets of a header.
    pub const LENGTH: usize = 19;
    /// Octets of the largest message without RFC 8654.
    pub const STANDARD_MAX: usize = 4_096;
    /// Octets of the largest message with RFC 8654.
    pub const EXTENDED_MAX: usize = 65_535;
}

impl MessageType {
    /// From the octet on the wire.
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            message::OPEN => Self::Open,
            message::UPDATE => Self::Update,
            message::NOTIFICATION => Self::Notification,
            message::KEEPALIVE => Self::Keepalive,
            message::ROUTE_REFRESH => Self::RouteRefresh,
            _ => return None,
        })
    }

    /// The octet on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Open => message::OPEN,
            Self::Update => message::UPDATE,
            Self::Notification => message::NOTIFICATION,
            Self::Keepalive => message::KEEPALIVE,
            Self::RouteRefresh => message::ROUTE_REFRESH,
        }
    }

    /// Octets that a message of this type has at least and at most.
    fn bounds(self, max: usize) -> (usize, usize) {
        match self {
            // RFC 8654 §4: OPEN and KEEPALIVE are never extended.
            Self::Open => (29, max.min(Header::STANDARD_MAX)),
            Self::Update => (23, max),
            Self::Notification => (21, max),
            Self::Keepalive => (Header::LENGTH, Header::LENGTH),
            Self::RouteRefresh => (23, max),
        }
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Open => "OPEN",
            Self::Update => "UPDATE",
            Self::Notification => "NOTIFICATION",
            Self::Keepalive => "KEEPALIVE",
            Self::RouteRefresh => "ROUTE-REFRESH",
        })
    }
}

/// The first message of `octets`; `None` = need more octets. `max` is 4,096, or 65,535 (RFC 8654).
/// Checks marker, length bounds of the type, and the type, as early as the octets allow.
///
/// ```
/// let mut stream = Vec::new();
/// bgp_wire::write_keepalive(&mut stream);
/// let header = bgp_wire::frame(&stream, 4_096)?.expect("whole");
/// assert_eq!((header.kind, header.length), (bgp_wire::MessageType::Keepalive, 19));
/// assert_eq!(bgp_wire::frame(&stream[..18], 4_096)?, None);
/// # Ok::<(), bgp_wire::Fault>(())
/// ```
pub fn frame(octets: &[u8], max: usize) -> Result<Option<Header>, Fault> {
    let wrong = |offset, kind| {
        Err(Fault {
            offset,
            attr: None,
            kind,
        })
    };
    if let Some(offset) = octets.iter().take(16).position(|octet| *octet != 0xff) {
        return wrong(offset, FaultKind::Marker);
    }
    let Some([high, low]) = octets.get(16..18) else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length < Header::LENGTH || length > max {
        return wrong(16, FaultKind::MessageLength);
    }
    let Some(code) = octets.get(18) else {
        return Ok(None);
    };
    let Some(kind) = MessageType::from_code(*code) else {
        return wrong(18, FaultKind::MessageType);
    };
    let (least, most) = kind.bounds(max);
    if length < least || length > most {
        return wrong(16, FaultKind::MessageLength);
    }
    Ok((octets.len() >= length).then_some(Header { kind, length }))
}

/// Appends a header whose length `finish` fills in; gives where the message starts.
#[inline]
pub(crate) fn begin(out: &mut Vec<u8>, kind: MessageType) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0xff; 16]);
    out.extend_from_slice(&[0, 0, kind.code()]);
    start
}

/// Writes the length of the message that begins at `start` and ends at the end.
#[inline]
pub(crate) fn finish(out: &mut [u8], start: usize) {
    let length = out.len().saturating_sub(start);
    put_length(out, start.saturating_add(16), length);
}

/// Writes a two-octet length at `at`.
#[inline]
pub(crate) fn put_length(out: &mut [u8], at: usize, length: usize) {
    // Every writer bounds its message first; the clamp only keeps this total.
    let length = u16::try_from(length).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<2>) {
        *field = length.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: u16, kind: u8) -> Vec<u8> {
        let mut octets = alloc::vec![0xff; 16];
        octets.extend(length.to_be_bytes());
        octets.push(kind);
        octets
    }

    fn fault(octets: &[u8], max: usize) -> (usize, FaultKind) {
        let fault = frame(octets, max).unwrap_err();
        (fault.offset, fault.kind)
    }

    #[test]
    fn garbage_is_refused_at_its_first_octet() {
        assert_eq!(fault(b"GET / HTTP/1.1", 4_096), (0, FaultKind::Marker));
        assert_eq!(fault(&[0xff, 0xff, 0], 4_096), (2, FaultKind::Marker));
        assert_eq!(frame(&[0xff; 15], 4_096), Ok(None));
        assert_eq!(frame(&[], 4_096), Ok(None));
    }

    #[test]
    fn lengths_are_checked_by_type_before_the_body_arrives() {
        for (length, kind, max) in [
            (18, 4, 4_096),
            (20, 4, 4_096),
            (28, 1, 4_096),
            (22, 2, 4_096),
            (20, 3, 4_096),
            (22, 5, 4_096),
            (4_097, 2, 4_096),
            // RFC 8654 §4
            (4_097, 1, 65_535),
        ] {
            let octets = message(length, kind);
            assert_eq!(
                fault(&octets, max),
                (16, FaultKind::MessageLength),
                "{length} {kind}"
            );
        }
        assert_eq!(fault(&message(19, 0), 4_096), (18, FaultKind::MessageType));
        assert_eq!(fault(&message(19, 6), 4_096), (18, FaultKind::MessageType));
        assert_eq!(frame(&message(4_097, 2), 65_535), Ok(None));
    }

    #[test]
    fn more_than_one_message_is_no_matter() {
        let mut octets = message(19, 4);
        octets.extend(message(23, 2));
        let header = frame(&octets, 4_096).unwrap().unwrap();
        assert_eq!((header.kind, header.length), (MessageType::Keepalive, 19));
        assert_eq!(frame(&octets[19..], 4_096), Ok(None));
    }
}
