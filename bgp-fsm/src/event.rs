//! What goes in and what comes out.
use crate::DownReason;
use bgp_wire::{Family, Fault, Negotiated, Notification, RouteRefresh};
use bytes::Bytes;

/// One of the two TCP connections a session may have at a time (RFC 4271 §6.8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Slot {
    /// We connected.
    Ours,
    /// The neighbor connected.
    Theirs,
}

/// What an operator or the owner of the session asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// ManualStart or, with a passive config, ManualStart_with_PassiveTcpEstablishment (events 1, 4).
    Start,
    /// ManualStop (event 2): sends `notification`, or closes silently where it is `None` (a
    /// neighbor with graceful restart then keeps forwarding, RFC 4724 §4.2).
    Stop(Option<Notification>),
    /// A link or address came up, or the neighbor became reachable: connect now if waiting to.
    RetryNow,
    /// The neighbor is on a connected subnet: no back-off.
    Reachability {
        /// On a subnet of ours.
        connected: bool,
    },
    /// What parsing found in an UPDATE that must end the session (event 28).
    UpdateFault(Fault, Notification),
    /// Ask the neighbor for its routes again (RFC 2918).
    Refresh(Family),
    /// End the session with this NOTIFICATION and start again (prefix limit, …).
    Reset(Notification),
}

/// What the owner must do. Poll until `None` after every input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a TCP connection; answer with `handle_connected(Slot::Ours)` or `handle_connect_failed`.
    Connect,
    /// Give up the connection attempt under way.
    AbortConnect,
    /// Send what `poll_transmit(slot)` still gives, then close.
    Close(Slot),
    /// Established on `slot`: routes may flow.
    Up(Slot, Box<Negotiated>),
    /// Established was left.
    Down(Box<DownReason>),
}

/// A message the state machine does not consume itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole UPDATE, header included. The state machine did not look inside.
    Update(Bytes),
    /// A ROUTE-REFRESH for a negotiated family.
    RouteRefresh(RouteRefresh),
}
