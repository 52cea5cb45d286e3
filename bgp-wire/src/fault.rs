//! What can be wrong with octets from a peer.
use crate::Notification;
/// What is wrong. One variant per row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// placeholder
    Marker,
}
/// RFC 7606 dispositions, by severity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Disposition {
    /// ok
    Accept,
    /// drop attribute
    AttributeDiscard,
    /// treat as withdraw
    TreatAsWithdraw,
    /// disable family
    FamilyDisable,
    /// reset
    SessionReset,
}
/// A fault and where it is: `offset` counts from the first octet of the message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// octets from the start of the message
    pub offset: usize,
    /// attribute type code
    pub attr: Option<u8>,
    /// what
    pub kind: FaultKind,
}
impl Fault {
    /// What RFC 7606 asks for.
    pub fn disposition(&self) -> Disposition {
        todo!()
    }
    /// The exact RFC 4271 NOTIFICATION, its data copied from `message`.
    pub fn notification(&self, _message: &[u8]) -> Notification {
        todo!()
    }
}
impl core::fmt::Display for Fault {
    fn fmt(&self, _f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        todo!()
    }
}
impl core::error::Error for Fault {}
