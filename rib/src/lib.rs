//! BGP tables: paths, decision, policy and export groups, without I/O.
//!
//! A [`Shard`] owns all tables. Its caller is one thread that hands it what sessions received and
//! asks it what to send; nothing in here waits, reads a clock, logs or calls back.
//!
//! The way of a route:
//!
//! 1. `announce` interns the attribute set once per UPDATE, judges it by the import rules, and
//!    puts one path (24 octets of ids) per prefix into the family's table. A rejected path is kept
//!    with its reason, so that a change of policy needs no refresh from the neighbor.
//! 2. Where the best path of a prefix changes, the prefix enters the table's journal, once,
//!    however often it changes before anybody reads.
//! 3. Readers of the journal come when they like: export groups (in `work`), and consumers of best
//!    paths such as the kernel table (`changes`). A group decides once for all its members what
//!    they are told, and has a journal of its own for them.
//!    `urgent` gives such a consumer the changes of prefixes that it has already, ahead of what
//!    else is waiting.
//! 4. `next_ready` names a peer with something to send; its session calls `fill` whenever its
//!    socket is writable and gets whole UPDATEs. A peer that does not read costs one bit per
//!    prefix, not a queue.
//!
//! What takes long (a neighbor's paths going, a policy being evaluated again, a large group being
//! fed) is done by `work` in slices of a budget that the caller chooses.
//!
//! ```
//! use bgp_wire::{Asn, AttributeSet, Attributes, Ipv4Unicast, NextHop, Nlri, PathId, RouterId};
//! use rib::{PeerConfig, PeerKind, Query, QueryPosition, Shard};
//! use std::net::Ipv4Addr;
//!
//! let mut shard = Shard::new();
//! let host = shard.add_peer(PeerConfig::new(
//!     PeerKind::Local,
//!     Ipv4Addr::UNSPECIFIED.into(),
//!     (Asn(65530), Asn(65530)),
//!     RouterId::new(Ipv4Addr::new(10, 1, 1, 1)).unwrap(),
//! ));
//! let mut octets = Vec::new();
//! AttributeSet::local().encode(&mut octets);
//! let route = Nlri::<Ipv4Unicast> {
//!     path_id: PathId(0),
//!     key: "192.168.100.0/24".parse().unwrap(),
//!     payload: (),
//! };
//! let nowhere = NextHop::V4(Ipv4Addr::UNSPECIFIED);
//! shard.announce(host, &Attributes::from_canonical(&octets), nowhere, &[route], 0);
//!
//! let mut shown = Vec::new();
//! let mut position = QueryPosition::default();
//! while shard.query(Query::All, None, &mut position, 64, &mut |route| {
//!     shown.push(format!("{} {}", route.prefix, route.state));
//! }) {}
//! assert_eq!(shown, ["192.168.100.0/24 best (only path)"]);
//! ```
//!
//! Files, each importing only those that come later here: `stale`, `lookup`, `shard` (the public
//! face), `tables`, `listing`, `membership`, `fill`, `background`, `table`, `export`, `import`, `rules`, `query`,
//! `decision`, `lives`, `peers`, `inbox`, `member`, `destinations`, `intern`, `sources`, `change`, `peer`,
//! `policy`, `preferences`, `index`, `key`, `hurry`, `journal`, `slots`, `interner`, `pages`.
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

mod background;
mod change;
mod decision;
mod destinations;
mod export;
mod fill;
mod hurry;
mod import;
mod inbox;
mod index;
mod intern;
mod interner;
mod journal;
mod key;
mod limits;
mod listing;
mod lives;
mod lookup;
mod member;
mod membership;
mod pages;
mod peer;
mod peers;
mod policy;
mod preferences;
mod query;
mod rules;
mod shard;
mod slots;
mod sources;
mod stale;
mod table;
mod tables;

pub use change::{Change, CursorId};
pub use decision::Step;
pub use fill::Filled;
pub use limits::{FamilyLimits, Limits};
pub use listing::QueryPosition;
pub use peer::{
    LongLivedExport, NextHopRule, PathCount, PeerConfig, PeerCounters, PeerId, PeerKind, PeerUp,
    PrivateAs,
};
pub use policy::{
    Action, AnyCommunity, AsPathPattern, CommunityPattern, Match, PatternError, Policy, PrefixList,
    PrefixRule, PrefixRuleError, Protocol, Subject, Term, Then, Verdict,
};
pub use preferences::DecisionRules;
pub use query::{ExportState, Query, RejectReason, RouteState, RouteView, Staleness};
pub use shard::{Shard, Usage};
pub use tables::RibFamily;
