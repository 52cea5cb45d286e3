//! What the interoperability tests stand on: network namespaces, daemons in them, and patience.
//!
//! The proof that Myna does what BIRD does cannot come from Myna alone. So every test here builds
//! a small network of its own out of real kernel namespaces ([`Netns`], [`Lab`], [`Pair`]), puts a
//! real BIRD 2 ([`Bird`]) or another speaker ([`Daemon`]) and the `myna` binary ([`Myna`]) into it,
//! does to them what an operator or an accident would do, and compares what the other side and the
//! kernel then hold.
//!
//! Three habits keep it honest:
//!
//! - Nothing sleeps for a fixed time and hopes. [`eventually`] waits with a deadline and says what
//!   it saw last; [`holds`] watches that something stays as it is. The deadlines are generous:
//!   they find what never happens, not what happens slowly.
//! - Everything is named by this process and removed on drop, and a daemon dies with the test that
//!   started it, also where that test is killed.
//! - A test that cannot run says `SKIPPED` and why ([`Needs`]), and where `CI=true` or
//!   `MYNA_NO_SKIP=1` is set it fails instead.
//!
//! Cost: about 100 ms for a pair of namespaces and a daemon in each; the waiting is the daemons'.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness reports by failing the test that uses it"
)]

mod azure;
mod bird;
mod compare;
mod daemon;
pub mod daemons;
mod eventually;
mod lab;
mod myna;
mod needs;
mod netns;
mod pair;
mod peer;
mod process;
mod route_monitor;
mod router;

pub use azure::Azure;
pub use bird::{Bird, BirdProtocol};
pub use compare::{same, set, shown};
pub use daemon::{Daemon, Implementation};
pub use daemons::{ExaBgp, Extra, MynaRouter};
pub use eventually::{eventually, holds};
pub use lab::Lab;
pub use myna::{Myna, said, text};
pub use needs::Needs;
pub use netns::Netns;
pub use pair::{LEFT_AS, Pair, RIGHT_AS};
pub use peer::{Message, Open, Peer, PeerListener, attribute, update};
pub use process::Process;
pub use route_monitor::RouteMonitor;
pub use router::{Announced, Capability, Family, Neighbor, Path, Role, Router};

pub use nix::sys::signal::Signal;
pub use serde_json::Value;
pub use std::time::Duration;

/// How long a test waits for what takes a healthy system a second or less.
pub const SOON: Duration = Duration::from_secs(10);

/// How long a test waits for what depends on a protocol timer of some seconds.
pub const PATIENT: Duration = Duration::from_secs(45);
