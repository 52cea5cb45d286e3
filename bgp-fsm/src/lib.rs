//! The BGP session state machine of RFC 4271 section 8, without I/O.
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

mod config;
mod event;
mod reason;
mod session;

pub use config::Config;
pub use event::{Action, Command, Received, Slot};
pub use reason::{ConnectFailure, DownReason};
pub use session::{Counters, Session, State, Timer, TimerView, Transition};
