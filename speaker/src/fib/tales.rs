//! Log lines about routes, one for each reason instead of one for each route: a link that goes
//! down is one story, not half a million.
use ipnet::IpNet;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// From the first route with a reason to the line about all of them.
const GATHERING: Duration = Duration::from_millis(200);
/// Reasons that are kept apart within that time; conflicts have one each.
const REASONS: usize = 10;

/// What happened to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tale {
    /// it is not in the kernel
    Missing,
    /// it is, but another's wins
    Overruled,
    /// it is, after it had to wait
    Installed,
    /// another program removed it, and it is put back
    PutBack,
}

/// How many routes share a reason, and the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Routes {
    count: u64,
    first: IpNet,
}

/// What is to be told, and when.
#[derive(Debug, Default)]
pub(super) struct Tales {
    routes: BTreeMap<(Tale, String), Routes>,
    /// routes of further reasons
    more: u64,
    due: Option<Instant>,
}

impl Tales {
    /// Something happened to `prefix`, for `reason`.
    pub(super) fn add(&mut self, tale: Tale, reason: String, prefix: IpNet, now: Instant) {
        self.due.get_or_insert(now + GATHERING);
        let full = self.routes.len() >= REASONS;
        let key = (tale, reason);
        if full && !self.routes.contains_key(&key) {
            self.more += 1;
            return;
        }
        let first = prefix;
        let routes = self.routes.entry(key).or_insert(Routes { count: 0, first });
        routes.count += 1;
    }

    /// When there is something to tell.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Tells it, by `line`; what that does not take, or was too much, is counted: the result.
    pub(super) fn tell(&mut self, mut line: impl FnMut(&dyn Fn()) -> bool) -> u64 {
        self.due = None;
        let mut unsaid = std::mem::take(&mut self.more);
        for ((tale, reason), Routes { count, first }) in std::mem::take(&mut self.routes) {
            if !line(&|| say(tale, &reason, count, first)) {
                unsaid += count;
            }
        }
        unsaid
    }
}

fn say(tale: Tale, reason: &str, count: u64, first: IpNet) {
    match (tale, count) {
        (Tale::Missing, 1) => {
            tracing::warn!(prefix = %first, reason, "a route is not in the kernel");
        }
        (Tale::Missing, routes) => {
            tracing::warn!(routes, %first, reason, "routes are not in the kernel");
        }
        (Tale::Overruled, 1) => tracing::warn!(
            prefix = %first, by = reason,
            "a route is in the kernel, but one of somebody else with a lower metric wins"
        ),
        (Tale::Overruled, routes) => tracing::warn!(
            routes, %first, by = reason,
            "routes are in the kernel, but those of somebody else with a lower metric win"
        ),
        (Tale::Installed, 1) => {
            tracing::info!(prefix = %first, reason, "installed what had to wait");
        }
        (Tale::Installed, routes) => {
            tracing::info!(routes, %first, reason, "installed what had to wait");
        }
        (Tale::PutBack, 1) => {
            tracing::info!(prefix = %first, "another program removed a route; putting it back");
        }
        (Tale::PutBack, routes) => {
            tracing::info!(routes, %first, "another program removed routes; putting them back");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_that_share_a_reason_share_a_line() {
        let mut tales = Tales::default();
        let now = crate::clock::now();
        let prefix = |n: u32| format!("10.{}.{}.0/24", n / 256, n % 256).parse().unwrap();
        for n in 0..5000 {
            tales.add(Tale::Missing, format!("reason {}", n % 3), prefix(n), now);
        }
        assert_eq!(tales.due(), Some(now + GATHERING));
        let mut lines = 0;
        let unsaid = tales.tell(|_| {
            lines += 1;
            lines < 3
        });
        assert_eq!((lines, unsaid), (3, 1666));
        assert_eq!((tales.due(), tales.tell(|_| true)), (None, 0));
    }

    #[test]
    fn reasons_without_end_are_counted() {
        let mut tales = Tales::default();
        let now = crate::clock::now();
        for n in 0..25 {
            let prefix = "10.0.0.0/8".parse().unwrap();
            tales.add(Tale::Missing, format!("conflict {n}"), prefix, now);
        }
        let mut lines = 0;
        let unsaid = tales.tell(|_| {
            lines += 1;
            true
        });
        assert_eq!((lines, unsaid), (REASONS, 15));
    }
}
