//! When to try again.
//!
//! Three pressures meet here. A neighbor that is not there yet must be found within a second of
//! its coming, where asking costs next to nothing: on a connected subnet we try every
//! `connect_retry`, without backing off; elsewhere the pause doubles up to `connect_retry_max`. A
//! session that was good and was lost is tried again almost at once. And a neighbor with which a
//! session cannot last (wrong AS, one that is refused or falls over and over) must not be
//! hammered: every refused OPEN, and every session that fell before [`STABLE`], is a strike, and
//! from the fourth strike on the pause doubles too (RFC 4271 §8.1.1, DampPeerOscillations; where
//! that is switched off it stays at `connect_retry`). A refused OPEN counts as the fourth strike at
//! once: it takes a person to mend.
use crate::{Config, jitter::Jitter};
use std::time::Duration;

/// A session that lasted this long was a good one: strikes are forgotten.
const STABLE: Duration = Duration::from_secs(10);
/// The pause after a good session was lost: long enough for the neighbor's own end to close and
/// for both sides' jitter to spare us a collision.
const SOON: Duration = Duration::from_millis(200);
/// Strikes without consequence: a neighbor that is restarted a few times in a row is not at fault.
const FREE_STRIKES: u32 = 3;
/// However small `connect_retry` is configured.
const SHORTEST_RETRY: Duration = Duration::from_millis(50);
/// The least time that an attempt off our subnets is given (SYN sent again after 1 s and 3 s).
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(4);

/// What is remembered of earlier attempts and sessions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pacing {
    /// The neighbor is on a connected subnet.
    pub(crate) connected: bool,
    failures: u32,
    strikes: u32,
}

impl Pacing {
    /// Begin as if nothing had happened yet.
    pub(crate) fn forgive(&mut self) {
        self.failures = 0;
        self.strikes = 0;
    }

    /// Whether the pauses grow because of strikes.
    pub(crate) fn damped(&self, config: &Config) -> bool {
        config.damp_peer_oscillations && self.strikes > FREE_STRIKES
    }

    /// How long an attempt to connect may take.
    ///
    /// Toward a connected subnet twice `connect_retry`: the kernel sends the SYN again after 1 s
    /// and then more and more rarely, so that giving up after 2 s keeps one SYN a second going.
    pub(crate) fn attempt(&self, config: &Config, jitter: &mut Jitter) -> Duration {
        jitter.shorten(if self.connected {
            retry(config).saturating_mul(2)
        } else {
            grow(config, self.failures).max(SHORTEST_ATTEMPT)
        })
    }

    /// An attempt got no answer within its time.
    pub(crate) fn gave_up(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// An attempt failed: the pause until the next one.
    pub(crate) fn failed(&mut self, config: &Config, jitter: &mut Jitter) -> Duration {
        let failures = if self.connected { 0 } else { self.failures };
        self.failures = self.failures.saturating_add(1);
        jitter.shorten(grow(config, failures))
    }

    /// The longest pause toward a neighbor that has just turned out to be on a connected subnet.
    pub(crate) fn pause(&self, config: &Config, jitter: &mut Jitter) -> Duration {
        jitter.shorten(retry(config))
    }

    /// A session was Established for `lifetime`: the pause until the next attempt.
    pub(crate) fn lost(
        &mut self,
        lifetime: Duration,
        config: &Config,
        jitter: &mut Jitter,
    ) -> Duration {
        self.failures = 0;
        self.strikes = if lifetime >= STABLE {
            0
        } else {
            self.strikes.saturating_add(1)
        };
        self.damping(config, jitter)
    }

    /// One side refused the other's OPEN: the pause until the next attempt.
    pub(crate) fn refused(&mut self, config: &Config, jitter: &mut Jitter) -> Duration {
        self.strikes = self.strikes.max(FREE_STRIKES).saturating_add(1);
        self.damping(config, jitter)
    }

    /// The session was ended on purpose: the pause until the next attempt.
    pub(crate) fn reset(&self, jitter: &mut Jitter) -> Duration {
        jitter.shorten(SOON)
    }

    fn damping(&self, config: &Config, jitter: &mut Jitter) -> Duration {
        jitter.shorten(
            match self.strikes.checked_sub(FREE_STRIKES.saturating_add(1)) {
                Some(doublings) if config.damp_peer_oscillations => grow(config, doublings),
                // A refused OPEN is not sent again five times a second, damping or not.
                Some(_) => retry(config),
                None => SOON,
            },
        )
    }
}

fn retry(config: &Config) -> Duration {
    config.connect_retry.max(SHORTEST_RETRY)
}

fn grow(config: &Config, doublings: u32) -> Duration {
    let longest = config.connect_retry_max.max(retry(config));
    retry(config)
        .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
        .min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::config;

    const S: Duration = Duration::from_secs(1);

    fn within(drawn: Duration, whole: Duration) -> bool {
        (whole.mul_f64(0.749)..=whole).contains(&drawn)
    }

    #[test]
    fn backs_off_up_to_the_limit_and_not_on_a_connected_subnet() {
        let (config, mut jitter, mut pacing) = (config(1), Jitter::new(1), Pacing::default());
        for whole in [1, 2, 4, 8, 16, 30, 30] {
            assert!(
                within(pacing.failed(&config, &mut jitter), whole * S),
                "{whole}"
            );
        }
        for _ in 0..100 {
            pacing.failed(&config, &mut jitter);
        }
        assert!(within(pacing.failed(&config, &mut jitter), 30 * S));
        pacing.connected = true;
        assert!(within(pacing.failed(&config, &mut jitter), S));
    }

    #[test]
    fn refusals_are_damped_at_once_and_short_sessions_after_three() {
        let (config, mut jitter, mut pacing) = (config(1), Jitter::new(1), Pacing::default());
        for whole in [1, 2, 4, 8, 16, 30, 30] {
            assert!(
                within(pacing.refused(&config, &mut jitter), whole * S),
                "{whole}"
            );
        }
        assert!(within(pacing.lost(STABLE, &config, &mut jitter), SOON));
        for whole in [SOON, SOON, SOON, S, 2 * S] {
            let short = STABLE - Duration::from_millis(1);
            assert!(
                within(pacing.lost(short, &config, &mut jitter), whole),
                "{whole:?}"
            );
        }
    }
}
