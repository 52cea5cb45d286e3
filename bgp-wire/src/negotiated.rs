//! What both OPENs agree on.
use crate::{Asn, Family, GracefulRestart, Open, RouterId};
use alloc::vec::Vec;
/// A pure function of what both sides sent.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Negotiated {
    pub local_as: Asn,
    pub remote_as: Asn,
    pub remote_id: RouterId,
    /// seconds, the lower of both; 0 = none
    pub hold_time: u16,
    pub four_octet_as: bool,
    /// what both announced; IPv4 unicast alone where neither side sent multiprotocol (RFC 4760 §8)
    pub families: Vec<Family>,
    pub route_refresh: bool,
    pub enhanced_route_refresh: bool,
    /// largest message we may receive and send, octets
    pub max_receive: usize,
    pub max_send: usize,
    /// the peer's graceful restart capability, where both sent one
    pub graceful_restart: Option<GracefulRestart>,
}
impl Negotiated {
    /// From what we sent and what the peer sent.
    pub fn new(_local: &Open, _remote: &Open) -> Self {
        todo!()
    }
}
