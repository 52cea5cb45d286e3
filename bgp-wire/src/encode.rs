//! Messages to send.
use crate::{AddressFamily, Family, NextHop, Nlri};
use alloc::vec::Vec;
/// How octets look toward one peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct MessageSize {
    /// largest message, octets
    pub max: usize,
    /// four-octet AS numbers negotiated
    pub four_octet_as: bool,
    /// ADD-PATH toward the peer
    pub add_path: bool,
}
/// Packs NLRI that share attributes into UPDATEs no larger than negotiated.
#[derive(Debug)]
pub struct Packer;
impl Packer {
    /// Appends as many whole UPDATEs as it takes to announce all of `nlri`; `attributes` are
    /// canonical octets. Toward a two-octet peer AS_PATH/AGGREGATOR are rewritten with AS4_*.
    /// Returns the messages written.
    pub fn announce<F: AddressFamily>(
        _out: &mut Vec<u8>,
        _size: MessageSize,
        _attributes: &[u8],
        _next_hop: NextHop,
        _nlri: &[Nlri<F>],
    ) -> usize {
        todo!()
    }
    /// Appends whole UPDATEs that withdraw all of `nlri`.
    pub fn withdraw<F: AddressFamily>(
        _out: &mut Vec<u8>,
        _size: MessageSize,
        _nlri: &[Nlri<F>],
    ) -> usize {
        todo!()
    }
}
/// Appends an End-of-RIB marker (RFC 4724 §2).
pub fn write_end_of_rib(_out: &mut Vec<u8>, _family: Family) {
    todo!()
}
/// Appends a KEEPALIVE.
pub fn write_keepalive(_out: &mut Vec<u8>) {
    todo!()
}
