//! What goes in and what comes out. The numbers are the events of RFC 4271 §8.1.
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
    /// AutomaticStart, or the one with PassiveTcpEstablishment where the config is passive
    /// (events 3, 5). Where sessions that fall are damped, a rest that is under way is not cut
    /// short (events 6, 7).
    AutomaticStart,
    /// ManualStop (event 2): sends `notification`, or closes silently where it is `None` (a
    /// neighbor with graceful restart then keeps forwarding, RFC 4724 §4.2). Toward a neighbor
    /// with which NOTIFICATIONs are graceful it goes out inside a Hard Reset (RFC 8538 §3).
    Stop(Option<Notification>),
    /// A link or address came up, or the neighbor became reachable: connect now if waiting to
    /// (event 9 or 13, early). Earlier failures are forgotten, and an attempt that has been
    /// waiting for an answer for over 100 ms is begun anew.
    RetryNow,
    /// Whether the neighbor is on a connected subnet, where attempts do not back off. No event of
    /// the RFC: it sets the pace of event 9.
    Reachability {
        /// On a subnet of ours.
        connected: bool,
    },
    /// What parsing found in an UPDATE that must end the session (event 28). Ignored unless
    /// Established.
    UpdateFault(Fault, Notification),
    /// Ask the neighbor for its routes again (RFC 2918). Ignored unless Established with this
    /// family and the route refresh capability.
    Refresh(Family),
    /// AutomaticStop and start again (events 8, 3): ends the session with this NOTIFICATION
    /// (prefix limit, an operator's restart, …). Without a connection it connects at once, and
    /// offers all capabilities again. Toward a neighbor with which NOTIFICATIONs are graceful
    /// subcodes 1 to 4 of Cease go out inside a Hard Reset (RFC 8538 §5.1); over others both sides
    /// keep routes.
    Reset(Notification),
    /// The neighbor has sent all its routes of a family: what parsing found. Nothing is waited for
    /// any more to sweep those that it had before it restarted. Ignored unless Established.
    EndOfRib(Family),
    /// The way to the neighbor is gone, and with it what it forwards by: nothing is kept for it any
    /// more (RFC 4724 §4.2 has a receiving speaker that can tell "immediately delete all the stale
    /// routes").
    ForwardingLost,
    /// Our own restart is so long ago that no OPEN is to tell of it any more (the R bit of
    /// RFC 4724 §3).
    RestartOver,
}

/// What the owner must do. Poll until `None` after every input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open a TCP connection; answer with `handle_connected(Slot::Ours)` (event 16) or
    /// `handle_connect_failed` (event 18).
    Connect,
    /// Give up the connection attempt under way and do not answer it.
    AbortConnect,
    /// Send what `poll_transmit(slot)` still gives, in whole messages and before any route that is
    /// still unsent, then close. Do not wait for a socket that takes nothing, and do not answer
    /// with `handle_closed`.
    Close(Slot),
    /// Established on `slot` (event 26): routes may flow. UPDATEs handed out by the call that
    /// caused this come after it.
    Up(Slot, Box<Negotiated>),
    /// Established was left; `Close` follows unless the connection is gone already.
    Down {
        /// Why.
        reason: Box<DownReason>,
        /// Families whose routes are kept as stale, since the neighbor is expected back
        /// (RFC 4724 §4.2); all others go at once.
        retain: Vec<Family>,
    },
    /// Give up the routes of this family that are stale still: the neighbor did not come back in
    /// time, lost them, or did not say in time that it has sent all.
    Sweep(Family),
    /// The stale routes of this family become long-lived stale ones (RFC 9494 §4.2).
    LongLivedStale(Family),
}

/// A message the state machine does not consume itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole UPDATE, header included (event 27). The state machine did not look inside.
    Update(Bytes),
    /// A ROUTE-REFRESH (RFC 2918, RFC 7313) for a negotiated family, no event of RFC 4271. The
    /// subtype is 0, or also 1 or 2 where enhanced route refresh was negotiated.
    RouteRefresh(RouteRefresh),
}
