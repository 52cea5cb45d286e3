//! What the worker tells of itself: shared with whoever asks, under a lock that is held shortly.
use super::{Resolved, RouteError, held::HopSet, tales::Tales};
use crate::{clock, config::Kernel, view};
use foldhash::fast::RandomState;
use ipnet::IpNet;
use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    time::{Duration, Instant, SystemTime},
};

/// Failed routes in a listing; the count is told in any case.
const LISTED: usize = 1000;

/// A route that is wanted but not there.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) hops: HopSet,
    pub(super) error: RouteError,
    /// a person was told
    pub(super) told: bool,
}

/// What happened to routes since the daemon's start; goes over from worker to worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    pub(super) adopted: u64,
    pub(super) swept: u64,
    pub(super) restored: u64,
}

#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) waiting: HashMap<IpNet, Waiting, RandomState>,
    /// routes of ours beside one of somebody else that wins, in words
    pub(super) overruled: BTreeMap<IpNet, String>,
    /// next hops that are not on a link
    pub(super) next_hops: Vec<(IpAddr, Resolved)>,
    pub(super) installed: (u64, u64),
    pub(super) past: Past,
    /// whether the kernel had routes of a daemon before this one, IPv4 and IPv6; `None`: it has not
    /// been read yet
    pub(super) kept: Option<(bool, bool)>,
    /// a worker before this one has counted what was there before the daemon's start
    pub(super) continues: bool,
    read_back: Option<(SystemTime, &'static str)>,
}

impl Report {
    /// A walk begins.
    pub(super) fn read_back(&mut self, reason: &'static str) {
        self.read_back = Some((clock::wall(), reason));
    }

    /// For `show kernel`; the failures that are listed are the first by prefix.
    pub(super) fn view(&self, kernel: &Kernel, pending: usize) -> view::Kernel {
        let mut waiting: Vec<_> = self.waiting.iter().collect();
        waiting.sort_unstable_by_key(|(prefix, _)| **prefix);
        let failed = waiting.iter().take(LISTED).map(|(prefix, waiting)| {
            let hops: Vec<_> = waiting
                .hops
                .iter()
                .map(|hop| hop.address.to_string())
                .collect();
            view::KernelFailure {
                prefix: prefix.to_string(),
                next_hop: hops.join(", "),
                reason: waiting.error.to_string(),
            }
        });
        let overruled = self.overruled.iter().take(LISTED);
        let overruled = overruled.map(|(prefix, by)| view::KernelOverruled {
            prefix: prefix.to_string(),
            by: by.clone(),
        });
        let next_hops = self.next_hops.iter().take(LISTED);
        let next_hops = next_hops.map(|(address, resolved)| {
            let (reachable, how) = match resolved {
                Resolved::Direct => (true, "on a link".to_owned()),
                Resolved::Via { description, .. } => (true, format!("by {description}")),
                Resolved::Nowhere => (false, "no route leads to it".to_owned()),
            };
            view::Resolution {
                next_hop: address.to_string(),
                reachable,
                how,
            }
        });
        let (installed_v4, installed_v6) = self.installed;
        view::Kernel {
            enabled: true,
            table: kernel.table,
            metric: kernel.metric,
            protocol: kernel.protocol,
            installed_v4,
            installed_v6,
            pending: pending as u64,
            failed: failed.collect(),
            failed_total: waiting.len() as u64,
            last_resync: self
                .read_back
                .map(|(at, _)| humantime::format_rfc3339_seconds(at).to_string()),
            last_resync_reason: self.read_back.map(|(_, reason)| reason.to_owned()),
            adopted: self.past.adopted,
            swept: self.past.swept,
            restored: self.past.restored,
            overruled: overruled.collect(),
            overruled_total: self.overruled.len() as u64,
            flushed: false,
            dry_run: kernel.dry_run,
            next_hops: next_hops.collect(),
        }
    }
}

/// Lets some lines into the log and counts the rest: a table that cannot be installed is one
/// story, not half a million.
#[derive(Debug)]
pub(super) struct Throttle {
    since: Instant,
    said: u32,
    unsaid: u64,
}

impl Throttle {
    const WINDOW: Duration = Duration::from_secs(30);
    const LINES: u32 = 10;

    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            said: 0,
            unsaid: 0,
        }
    }

    /// Time goes on; tells how much was not said.
    pub(super) fn tick(&mut self, now: Instant) {
        if now.saturating_duration_since(self.since) < Self::WINDOW {
            return;
        }
        if self.unsaid > 0 {
            let unsaid = self.unsaid;
            tracing::warn!(
                unsaid,
                "more lines about kernel routes; `show kernel` has them all"
            );
        }
        *self = Self::new(now);
    }

    pub(super) fn say(&mut self, line: impl FnOnce()) {
        if !self.said(line) {
            self.unsaid += 1;
        }
    }

    /// What was gathered of routes.
    pub(super) fn tell(&mut self, tales: &mut Tales) {
        let unsaid = tales.tell(|line| self.said(line));
        self.unsaid += unsaid;
    }

    fn said(&mut self, line: impl FnOnce()) -> bool {
        let room = self.said < Self::LINES;
        if room {
            self.said += 1;
            line();
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gets_the_first_lines_of_each_window() {
        let mut now = clock::now();
        let mut throttle = Throttle::new(now);
        let mut lines = 0;
        for _ in 0..1000 {
            throttle.say(|| lines += 1);
        }
        assert_eq!((lines, throttle.unsaid), (10, 990));
        now += Throttle::WINDOW;
        throttle.tick(now);
        throttle.say(|| lines += 1);
        assert_eq!((lines, throttle.unsaid), (11, 0));
    }
}
