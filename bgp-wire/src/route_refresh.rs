//! ROUTE-REFRESH (RFC 2918, RFC 7313).
use crate::{Family, Fault};
use alloc::vec::Vec;
/// A ROUTE-REFRESH.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteRefresh {
    /// family
    pub family: Family,
    /// 0 request, 1 BoRR, 2 EoRR
    pub subtype: u8,
}
impl RouteRefresh {
    /// From a whole message.
    pub fn parse(_message: &[u8]) -> Result<Self, Fault> {
        todo!()
    }
    /// Appends the whole message.
    pub fn encode(&self, _out: &mut Vec<u8>) {
        todo!()
    }
}
