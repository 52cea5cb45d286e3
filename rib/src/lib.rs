//! BGP tables: paths, decision, policy and export groups, without I/O.
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

mod change;
mod decision;
mod peer;
mod policy;
mod query;
mod shard;

pub use change::{Change, CursorId};
pub use decision::Step;
pub use peer::{PeerConfig, PeerCounters, PeerId, PeerKind, PeerUp};
pub use policy::{Policy, PrefixRule, PrefixRuleError, Verdict};
pub use query::{ExportState, Query, QueryPosition, RejectReason, RouteState, RouteView};
pub use shard::{Filled, RibFamily, Shard};
