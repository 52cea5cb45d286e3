//! What the speaker shows of itself: the field names of `--json`, documented and stable.
use serde::{Deserialize, Serialize};

/// `show status`
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Status {
    /// Program version.
    pub version: String,
    /// BGP identifier.
    pub router_id: String,
    /// Our AS.
    pub local_as: u32,
    /// RFC 3339, UTC.
    pub started: String,
    /// Seconds since then.
    pub uptime: u64,
    /// Configuration file, where there is one, and when it was last read (RFC 3339).
    pub config: Option<String>,
    /// see above
    pub config_read: Option<String>,
    /// Configured neighbors.
    pub neighbors: u32,
    /// Of these, Established.
    pub established: u32,
    /// Per family: prefixes and paths in the table.
    pub tables: Vec<TableTotals>,
    /// Prefixes that this host announces of itself, by source ("connected", "static").
    pub local_prefixes: Vec<LocalPrefix>,
    /// Connections refused because they came from nobody we know, and half-open ones dropped.
    pub refused_connections: u64,
    /// What a person should know (another speaker's routes, RFC 8212, …).
    pub warnings: Vec<String>,
}
/// Sizes of one table.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct TableTotals {
    /// "ipv4-unicast"
    pub family: String,
    /// distinct prefixes
    pub prefixes: u64,
    /// paths
    pub paths: u64,
}
/// A prefix of this host.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct LocalPrefix {
    /// "192.168.100.0/24"
    pub prefix: String,
    /// "connected" or "static"
    pub source: String,
    /// interface of a connected prefix
    pub interface: Option<String>,
}
/// `show neighbors`, `show neighbor NAME`
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Neighbor {
    /// Configured name.
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Its address.
    pub address: String,
    /// The range that it came by.
    pub range: Option<String>,
    /// In words, why it is to have no session: configured so, or by command.
    pub disabled: Option<String>,
    /// TCP port.
    pub port: u16,
    /// Its AS.
    pub remote_as: u32,
    /// Our AS toward it.
    pub local_as: u32,
    /// "external" or "internal".
    pub session_type: String,
    /// "Idle" … "Established" (RFC 4271 §8.2.2); "Active" while a neighbor is not there yet.
    pub state: String,
    /// Since when (RFC 3339), and seconds.
    pub since: String,
    /// see above
    pub since_seconds: u64,
    /// In words, what the session waits for.
    pub waiting_for: String,
    /// In words, what ended the last session or stands against the next one, and when (RFC 3339).
    pub last_error: Option<String>,
    /// see above
    pub last_error_at: Option<String>,
    /// The NOTIFICATION of that end, where one was sent.
    pub last_notification: Option<Notification>,
    /// In words, how the last attempt since then ended, where it says less.
    pub last_attempt: Option<String>,
    /// Its BGP identifier.
    pub remote_id: Option<String>,
    /// Local address of the connection.
    pub source_address: Option<String>,
    /// TCP-MD5 in use.
    pub md5: bool,
    /// Capabilities we announce and those it announced.
    pub local_capabilities: Vec<String>,
    /// see above
    pub remote_capabilities: Vec<String>,
    /// Families in use.
    pub families: Vec<FamilyCounts>,
    /// Limits, and how near they are.
    pub limits: Vec<LimitUse>,
    /// Running timers.
    pub timers: Vec<Timer>,
    /// Negotiated hold time, seconds.
    pub hold_time: Option<u64>,
    /// Names of the policies: a filter's name, "all", "none", "missing".
    pub import: String,
    /// see above
    pub export: String,
    /// Messages.
    pub messages: Messages,
    /// Malformed UPDATEs that were treated as withdrawn or had attributes discarded (RFC 7606).
    pub update_faults: u64,
    /// Last of these, in words.
    pub last_update_fault: Option<String>,
    /// What a person should know (RFC 8212, reserved AS, …).
    pub warnings: Vec<String>,
    /// Last transitions, oldest first.
    pub history: Vec<Transition>,
}
/// What one side said as it ended a session (RFC 4271 §4.5).
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Notification {
    /// "us" or "neighbor"
    pub sent_by: String,
    /// error code
    pub code: u8,
    /// subcode
    pub subcode: u8,
    /// both in words, with the text
    pub words: String,
    /// RFC 9003 text
    pub text: Option<String>,
}
/// What came of a command for one neighbor.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Acted {
    /// Its name.
    pub neighbor: String,
    /// It was done, or was so already.
    pub done: bool,
    /// What was done, or why not, in words.
    pub what: String,
}
/// Prefix counts of one family.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct FamilyCounts {
    /// "ipv4-unicast"
    pub family: String,
    /// prefixes it announces to us
    pub received: u64,
    /// of these, accepted
    pub imported: u64,
    /// of these, rejected
    pub filtered: u64,
    /// of the accepted, best
    pub preferred: u64,
    /// of the received, not said again yet by a session or refresh that should (RFC 4724, RFC 7313)
    #[serde(default)]
    pub stale: u64,
    /// of the received, kept as long-lived stale (RFC 9494)
    #[serde(default)]
    pub long_lived_stale: u64,
    /// prefixes we announce to it
    pub exported: u64,
    /// since the session came up: prefixes in announcements and withdrawals
    pub announcements_in: u64,
    /// see above
    pub withdrawals_in: u64,
    /// see above
    pub announcements_out: u64,
    /// see above
    pub withdrawals_out: u64,
}
/// How near a limit is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct LimitUse {
    /// "received", "imported" or "exported"
    pub what: String,
    /// "ipv4-unicast"
    pub family: String,
    /// prefixes there are
    pub prefixes: u64,
    /// prefixes there may be
    pub limit: u64,
    /// "warn", "block", "restart" or "disable"
    pub action: String,
    /// what was left out for it: received and imported since the session came up, exported now
    pub left_out: u64,
}
/// A running timer, seconds.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Timer {
    /// "hold", "keepalive", "connect-retry", …
    pub name: String,
    /// seconds left
    pub left: f64,
    /// seconds it was set to
    pub configured: f64,
}
/// Message counters since the neighbor was configured.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub struct Messages {
    pub opens_in: u64,
    pub opens_out: u64,
    pub updates_in: u64,
    pub updates_out: u64,
    pub keepalives_in: u64,
    pub keepalives_out: u64,
    pub notifications_in: u64,
    pub notifications_out: u64,
    pub refreshes_in: u64,
    pub refreshes_out: u64,
    pub octets_in: u64,
    pub octets_out: u64,
}
/// A step of a session's history.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Transition {
    /// RFC 3339
    pub at: String,
    /// states
    pub from: String,
    /// see above
    pub to: String,
    /// in words
    pub reason: Option<String>,
    /// how many times in a row, together with the steps around it
    pub times: u32,
}
/// `show routes`
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct Route {
    /// "192.168.0.0/16"
    pub prefix: String,
    /// Name of the neighbor, "connected" or "static".
    pub source: String,
    /// Path identifier (RFC 7911) as received, or as sent; absent where there is none.
    #[serde(default)]
    pub path_id: Option<u32>,
    /// Next hop; absent for local routes.
    pub next_hop: Option<String>,
    /// Link-local next hop beside it (RFC 2545).
    pub next_hop_link_local: Option<String>,
    /// "igp", "egp", "incomplete"
    pub origin: String,
    /// "12076 65001 {1,2}"
    pub as_path: String,
    /// Multi-exit discriminator.
    pub med: Option<u32>,
    /// Local preference.
    pub local_pref: Option<u32>,
    /// "65000:1", "no-export"
    pub communities: Vec<String>,
    /// "65000:1:2"
    pub large_communities: Vec<String>,
    /// "best", "not-best", "rejected", "announced", "pending", "not-announced"
    pub state: String,
    /// In words, why: the decision step, the filter, what stands against announcing.
    pub reason: String,
    /// "stale", "not refreshed yet", "long-lived stale"; absent where its source says it.
    #[serde(default)]
    pub stale: Option<String>,
    /// Best learned routes: "installed" (", but …" where another's route wins), "pending", or why
    /// not, in words; absent where it does not apply.
    pub kernel: Option<String>,
    /// Seconds since it was learned.
    pub age: u64,
}
/// `explain PREFIX`: one prefix all the way.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Explanation {
    /// What was asked: "10.9.1.2", "10.9.0.0/16".
    pub asked: String,
    /// The prefix that is explained: for an address the longest match that there is.
    pub prefix: String,
    /// Every path that a neighbor or this host has for it, best first, the rejected ones last.
    pub paths: Vec<Route>,
    /// How the next hop of the best path is reached; absent for this host's own.
    pub next_hop: Option<Resolution>,
    /// As in [`Route::kernel`].
    pub kernel: Option<String>,
    /// What the kernel does with packets to the (first) address, in words.
    pub packets: Option<String>,
    /// Every neighbor, and whether it is told.
    pub told: Vec<Told>,
    /// Where it stopped, and why, in one sentence.
    pub verdict: String,
}
/// How a next hop is reached.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Resolution {
    /// Its address.
    pub next_hop: String,
    /// Whether packets get there, as far as this host can know.
    pub reachable: bool,
    /// In words: "connected on eth0, answers on the link".
    pub how: String,
}
/// What a neighbor is told of a prefix.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Told {
    /// Its name.
    pub neighbor: String,
    /// "announced", "pending" or "not-announced"
    pub state: String,
    /// In words, what stands against it; empty where it is announced.
    pub reason: String,
}
/// `show kernel`
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
pub struct Kernel {
    /// Whether there is a kernel table at all.
    pub enabled: bool,
    /// Table, metric, protocol number.
    pub table: u32,
    /// see above
    pub metric: u32,
    /// see above
    pub protocol: u8,
    /// Routes of ours in the kernel, by family.
    pub installed_v4: u64,
    /// see above
    pub installed_v6: u64,
    /// Changes not yet written.
    pub pending: u64,
    /// Routes that could not be installed, the first 1,000 by prefix.
    pub failed: Vec<KernelFailure>,
    /// How many these are in all.
    pub failed_total: u64,
    /// When the kernel was last read back (RFC 3339), and why.
    pub last_resync: Option<String>,
    /// see above
    pub last_resync_reason: Option<String>,
    /// Routes adopted from before our start, and swept.
    pub adopted: u64,
    /// see above
    pub swept: u64,
    /// Our routes that somebody else removed, and that we put back.
    pub restored: u64,
    /// Routes of ours that are there, but a route of somebody else with a lower metric wins; the
    /// first 1,000 by prefix.
    pub overruled: Vec<KernelOverruled>,
    /// How many these are in all.
    pub overruled_total: u64,
    /// Next hops that are not on a link of this host, and how they are reached, or not.
    #[serde(default)]
    pub next_hops: Vec<Resolution>,
    /// Nothing is written; all else is as it would be.
    #[serde(default)]
    pub dry_run: bool,
    /// `kernel flush` took our routes out, and they stay out until `kernel restore`.
    pub flushed: bool,
}
/// A route that is in the kernel without effect.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct KernelOverruled {
    /// prefix
    pub prefix: String,
    /// the route that wins, in words: "10.9.0.0/16 via 10.1.1.9 dev eth0 proto static metric 0"
    pub by: String,
}
/// A route that is not in the kernel although it should be.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct KernelFailure {
    /// prefix
    pub prefix: String,
    /// next hop wanted
    pub next_hop: String,
    /// in words: "a route of proto static with the same metric exists: …", "no connected network holds 10.9.9.9"
    pub reason: String,
}
