//! The BGP session state machine of RFC 4271 section 8, without I/O.
//!
//! A [`Session`] is a value. It is told what happened (a TCP connection came up, octets arrived,
//! time passed, somebody asked for something) and answers with octets to send, a deadline and
//! things to do; it opens no socket, reads no clock and logs nothing. So a test can drive two of
//! them against each other through a thousand failures in a millisecond, and what runs in
//! production is what was tested.
//!
//! What is in it, from the outside in:
//! - [`Session`]: the polling order and an example are on the type.
//! - two connections at most, one that we began and one that the neighbor began; which of them
//!   survives is the pure function [`survivor`].
//! - each connection is in one of three phases, types that a transition consumes.
//! - our own attempts to connect, their pace, and the rest after a session that cannot last.
//! - what the next OPEN offers, where the neighbor refused the last one for its capabilities.
//! - for how long the owner keeps the routes of a neighbor that restarts (RFC 4724, RFC 8538,
//!   RFC 9494): the session knows no routes, it says which families, and when that is over.
//!
//! [`Recorded`] is a session that writes down what it is told, [`replay`] tells it again.
//!
//! # Costs
//!
//! An UPDATE costs a look at its header and one at the state; it is handed out as a slice of the
//! buffer it came in, without a copy or an allocation. An idle session takes less than two kilobytes.
//!
//! # Where it deviates from RFC 4271
//!
//! Each deviation is a row, with its reason, in the table that tests every state against every
//! event (`session/tests/table.rs`).
//! - A failed connection attempt leads to Active, not Idle: what people know from other speakers.
//! - While it rests after a lost session (Idle), a neighbor that connects is accepted, unless its
//!   own OPEN or ours was refused within the last `connect_retry`. Whoever comes back first ends
//!   the rest.
//! - A NOTIFICATION is never answered by one, also not in OpenSent (event 25).
//! - Hold is restarted by any legal message, not only by KEEPALIVE and UPDATE.
//! - A message header error in Established is reported as such (§6.1), not as an error of the
//!   state machine (event 21).
//! - With CollisionDetectEstablishedState FALSE ([`Config::collision_detect_established`]) a
//!   connection begun while the Established one was not yet is an exception: for
//!   [five seconds](Session#collisions) both sides still come to the same answer by comparing
//!   identifiers, where "close the newer" could close both.
//! - A new connection of the neighbor while Established is refused, and the old one probed with a
//!   KEEPALIVE (a neighbor that restarted answers it with a RST). It replaces the old one at once
//!   where graceful restart was negotiated (RFC 4724 §5) or where the neighbor has been quiet for
//!   half the hold time.
//! - IdleHoldTimer runs after every session that ends, also without DampPeerOscillations: its
//!   200 ms give both sides the time to close.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod record;

mod session;

mod dialer;
mod open_check;
mod slots;

mod connection;
mod offer;
mod outbox;
mod pacing;
mod retention;

mod history;
mod notifications;
mod timers;

mod collision;
mod config;
mod counters;
mod event;
mod jitter;
mod reason;
mod state;

#[cfg(test)]
mod testing;

pub use collision::{Contender, survivor};
pub use config::{Config, StaleLimits};
pub use counters::Counters;
pub use event::{Action, Command, Received, Slot};
pub use history::Transition;
pub use reason::{ConnectFailure, DownReason, OpenRefusal};
pub use record::{Recorded, ReplayError, Replayed, replay};
pub use session::Session;
pub use state::State;
pub use timers::{Timer, TimerView};
