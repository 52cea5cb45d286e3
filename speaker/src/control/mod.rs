//! The control socket: one JSON object a line each way.
//!
//! A client writes a [`Request`] and reads [`Reply`]s, a line each, until one is `done` or an
//! `error`; then it may ask again. JSON lines need no framing beyond what every language can read,
//! and `socat` and `jq` suffice to look at them:
//!
//! ```text
//! $ echo '{"request":"status"}' | socat - UNIX-CONNECT:/run/myna/myna.sock
//! {"status":{"version":"0.1.0", …}}
//! "done"
//! ```
//!
//! [`Server`] is the daemon's side, [`Client`] the command line's.

mod client;
mod server;
mod slots;
mod socket;

pub use client::{Client, ClientError, Replies};
pub use server::{Answerer, Listing, Server};
pub use socket::{BindError, Socket};

use crate::view;
use serde::{Deserialize, Serialize};

/// The longest request line, octets; a longer one ends the connection.
pub const MAX_REQUEST: usize = 64 << 10;

/// A request: one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
pub enum Request {
    /// Answered by [`Reply::Status`].
    Status,
    /// Answered by [`Reply::Neighbor`] for each.
    Neighbors,
    /// Answered by [`Reply::Neighbor`].
    Neighbor {
        /// Its name.
        name: String,
    },
    /// Answered by [`Reply::Route`] for each.
    Routes(RouteRequest),
    /// Answered by [`Reply::Kernel`].
    Kernel,
    /// One prefix all the way; answered by [`Reply::Explanation`].
    Explain {
        /// A prefix, or an address for the longest prefix that holds it.
        prefix: String,
    },
    /// Take our routes out of the kernel; answered by [`Reply::Kernel`], as it was before.
    FlushKernel,
    /// Put them back.
    RestoreKernel,
    /// Read the configuration file again; answered by [`Reply::Reloaded`].
    Reload,
    /// Do something with a neighbor; answered by [`Reply::Acted`] for each.
    Act {
        /// Its name, or "all".
        neighbor: String,
        /// What.
        action: Action,
        /// For the neighbor, where its session ends (RFC 9003).
        #[serde(default)]
        message: String,
    },
    /// Stop the daemon; [`Reply::Stopping`] and `done` comes when everything is closed.
    Stop {
        /// Without a NOTIFICATION, routes stay in the kernel.
        #[serde(default)]
        graceful: bool,
    },
}

/// What may be done with a neighbor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Have a session.
    Enable,
    /// Have none.
    Disable,
    /// End the session and begin anew.
    Restart,
    /// Ask for its routes again.
    RefreshIn,
    /// Send it ours again.
    RefreshOut,
    /// Both.
    Refresh,
}

/// `show routes`: at most one of the tables.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RouteRequest {
    /// This prefix and its more-specifics.
    pub prefix: Option<String>,
    /// What this neighbor sent.
    pub received: Option<String>,
    /// What this neighbor is told.
    pub exported: Option<String>,
    /// What this neighbor sent and was rejected.
    pub rejected: Option<String>,
    /// What this neighbor is not told.
    pub not_exported: Option<String>,
}

/// Answers: any number of these, a line each; the last is `Done` or `Error`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// To [`Request::Status`].
    Status(Box<view::Status>),
    /// To [`Request::Neighbors`] and [`Request::Neighbor`].
    Neighbor(Box<view::Neighbor>),
    /// To [`Request::Routes`].
    Route(Box<view::Route>),
    /// To [`Request::Kernel`] and [`Request::FlushKernel`].
    Kernel(Box<view::Kernel>),
    /// To [`Request::Explain`].
    Explanation(Box<view::Explanation>),
    /// In words, what a reload changed; empty: nothing.
    Reloaded(Vec<String>),
    /// To [`Request::Act`].
    Acted(Box<view::Acted>),
    /// To [`Request::Stop`]: what a person should know of it, in words.
    Stopping(Vec<String>),
    /// All is said.
    Done,
    /// In words, what is wrong; nothing comes after it.
    Error(String),
}
