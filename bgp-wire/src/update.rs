//! UPDATE (RFC 4271 §4.3, RFC 4760, RFC 7606).
use crate::{AddressFamily, Attributes, Disposition, Family, Fault, Negotiated, NextHop, Nlri};
use alloc::vec::Vec;
/// What kind of session octets came over; the RFC 7606 table depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum SessionType {
    Ebgp,
    Ibgp,
}
/// What must be known to read an UPDATE.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct UpdateContext {
    pub session: SessionType,
    pub four_octet_as: bool,
    pub families: Vec<Family>,
    /// ADD-PATH is received for these
    pub add_path: Vec<Family>,
}
impl UpdateContext {
    /// Of an established session.
    pub fn new(_negotiated: &Negotiated) -> Self {
        todo!()
    }
}
/// Octets + ranges. Parsing allocates nothing.
#[derive(Clone, Debug)]
pub struct Update<B> {
    _octets: B,
}
impl<B: AsRef<[u8]>> Update<B> {
    /// `message` is the whole message, header included. An error ends the session (RFC 7606 §3);
    /// everything milder is in `disposition` and `faults`.
    pub fn parse(_message: B, _context: &UpdateContext) -> Result<Self, Fault> {
        todo!()
    }
    /// The most severe of `faults`.
    pub fn disposition(&self) -> Disposition {
        todo!()
    }
    /// Every fault, in wire order.
    pub fn faults(&self) -> impl Iterator<Item = Fault> + '_ {
        core::iter::empty()
    }
    /// The family this is an End-of-RIB marker of (RFC 4724 §2).
    pub fn end_of_rib(&self) -> Option<Family> {
        todo!()
    }
    /// Families with announced NLRI (at most two: classic IPv4 and MP_REACH).
    pub fn announced_families(&self) -> impl Iterator<Item = Family> + '_ {
        core::iter::empty()
    }
    /// Families with withdrawn NLRI.
    pub fn withdrawn_families(&self) -> impl Iterator<Item = Family> + '_ {
        core::iter::empty()
    }
    /// The announced NLRI of `F`, classic and MP alike, in wire order.
    pub fn announced<F: AddressFamily>(&self) -> impl Iterator<Item = Nlri<F>> + '_ {
        core::iter::empty()
    }
    /// The withdrawn NLRI of `F`.
    pub fn withdrawn<F: AddressFamily>(&self) -> impl Iterator<Item = Nlri<F>> + '_ {
        core::iter::empty()
    }
    /// The next hop that goes with the announced NLRI of `family`.
    pub fn next_hop(&self, _family: Family) -> Option<NextHop> {
        todo!()
    }
    /// The path attributes.
    pub fn attributes(&self) -> Attributes<'_> {
        todo!()
    }
}
