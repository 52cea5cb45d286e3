//! Routes of others with a lower metric than ours: both stand, but packets follow theirs.
//!
//! They are known from walks and events, up to [`KNOWN`] of them. Those beside a route of ours are
//! told, since that route is installed and yet without effect.
use super::Reconciler;
use crate::fib::tales::Tale;
use ipnet::IpNet;
use std::{collections::HashMap, time::Instant};

/// Beyond so many, another speaker fills the table, which `show status` warns of in a sentence.
const KNOWN: usize = 10_000;

/// Routes with a lower metric, described.
pub(super) type Lower = HashMap<IpNet, String>;

/// Adds one, while there is room.
pub(super) fn remember(lower: &mut Lower, prefix: IpNet, description: String) {
    if lower.len() < KNOWN || lower.contains_key(&prefix) {
        lower.insert(prefix, description);
    }
}

impl Reconciler {
    /// An event: one came or went.
    pub(super) fn overruled(&mut self, prefix: IpNet, by: Option<String>, now: Instant) {
        match by {
            Some(description) => {
                if let Some(walking) = &mut self.walking {
                    remember(&mut walking.lower, prefix, description.clone());
                }
                remember(&mut self.lower, prefix, description);
                self.compare(prefix, now);
            }
            None => {
                if let Some(walking) = &mut self.walking {
                    walking.lower.remove(&prefix);
                }
                if self.lower.remove(&prefix).is_some() {
                    self.report().overruled.remove(&prefix);
                    // There may have been two of them.
                    self.rivals = true;
                }
            }
        }
    }

    /// A walk is over: these are all that there are.
    pub(super) fn know_lower(&mut self, lower: Lower, now: Instant) {
        self.lower = lower;
        let lower = &self.lower;
        self.report
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .overruled
            .retain(|prefix, _| lower.contains_key(prefix));
        let prefixes: Vec<IpNet> = self.lower.keys().copied().collect();
        for prefix in prefixes {
            self.compare(prefix, now);
        }
    }

    /// Our route for `prefix` came, or another's did: tells where another's wins.
    pub(super) fn compare(&mut self, prefix: IpNet, now: Instant) {
        if self.lower.is_empty() || !self.routes.is_claimed(&prefix) {
            return;
        }
        let Some(description) = self.lower.get(&prefix).cloned() else {
            return;
        };
        let mut report = self.report();
        let before = report.overruled.insert(prefix, description.clone());
        drop(report);
        if before.is_none() {
            self.tales.add(Tale::Overruled, description, prefix, now);
        }
    }

    /// Our route for `prefix` is gone.
    pub(super) fn no_longer_overruled(&mut self, prefix: &IpNet) {
        if !self.lower.is_empty() {
            self.report().overruled.remove(prefix);
        }
    }
}
