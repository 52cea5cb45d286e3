//! Capabilities (RFC 5492).
use crate::{Asn, Family};
use alloc::vec::Vec;
/// Graceful restart (RFC 4724 §3, RFC 8538 N bit).
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct GracefulRestart {
    pub restarting: bool,
    pub notification: bool,
    /// seconds, 12 bits
    pub time: u16,
    /// (family, forwarding preserved)
    pub families: Vec<(Family, bool)>,
}
/// One capability. (Issue-3 variants will come: ORF, add-path, …)
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Capability {
    Multiprotocol(Family),
    RouteRefresh,
    EnhancedRouteRefresh,
    ExtendedMessage,
    FourOctetAs(Asn),
    GracefulRestart(GracefulRestart),
    /// kept octet by octet
    Unknown {
        code: u8,
        value: Vec<u8>,
    },
}
impl core::fmt::Display for Capability {
    // short, for people: "multiprotocol ipv4-unicast", "4-octet AS 65530"
    fn fmt(&self, _f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        todo!()
    }
}
