//! Framing (RFC 4271 §4.1, RFC 8654).
use crate::Fault;
/// Message types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
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
}
/// The first message of `octets`; `None` = need more octets. `max` is 4,096, or 65,535 (RFC 8654).
/// Checks marker, length bounds of the type, and the type, as early as the octets allow.
pub fn frame(_octets: &[u8], _max: usize) -> Result<Option<Header>, Fault> {
    todo!()
}
