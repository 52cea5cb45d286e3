//! What consumers outside BGP (the kernel table) pull from the table.
use crate::PeerId;
use bgp_wire::NextHop;
use ipnet::IpNet;

/// A consumer's place in the journal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CursorId(pub(crate) u32);

/// The best path of one IP unicast prefix as it is now; coalesced: only the newest state is seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The prefix.
    pub prefix: IpNet,
    /// `None`: nothing to forward by (no path left, or the best path is local to this host).
    pub next_hop: Option<NextHop>,
    /// The neighbor whose path is best.
    pub peer: Option<PeerId>,
}
