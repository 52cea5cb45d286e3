//! OPEN (RFC 4271 §4.2, RFC 5492, RFC 9072).
use crate::{Asn, Capability, Fault, RouterId};
use alloc::vec::Vec;
/// An OPEN. `asn` is the true AS: AS_TRANS and the four-octet capability are handled by parse/encode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Open {
    /// AS
    pub asn: Asn,
    /// seconds; 0 or at least 3
    pub hold_time: u16,
    /// BGP identifier
    pub router_id: RouterId,
    /// in order; FourOctetAs present where sent
    pub capabilities: Vec<Capability>,
}
impl Open {
    /// From a whole message. Version, hold time 1-2, identifier 0, lengths are faults with their NOTIFICATION.
    pub fn parse(_message: &[u8]) -> Result<Self, Fault> {
        todo!()
    }
    /// Appends the whole message.
    pub fn encode(&self, _out: &mut Vec<u8>) {
        todo!()
    }
}
