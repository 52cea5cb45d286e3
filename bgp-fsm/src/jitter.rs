//! Jitter (RFC 4271 §10): timers shortened at random, so that neighbors do not march in step.
//!
//! The generator is SplitMix64: eight octets of state, a few instructions, and a session that is
//! given the same seed and the same inputs does the same things, which is what the simulation
//! lives on. Nothing here needs to be unpredictable.
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 75 to 100 % of `duration`, evenly distributed (RFC 4271 §10).
    pub(crate) fn shorten(&mut self, duration: Duration) -> Duration {
        let spread = u32::try_from(self.next() % 257).unwrap_or(0);
        duration
            .saturating_mul(spread.saturating_add(768))
            .checked_div(1024)
            .unwrap_or(duration)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_three_quarters_and_the_whole_and_uses_the_range() {
        let (mut jitter, whole) = (Jitter::new(7), Duration::from_secs(60));
        let drawn: Vec<_> = (0..1000).map(|_| jitter.shorten(whole)).collect();
        assert!(
            drawn
                .iter()
                .all(|d| (Duration::from_secs(45)..=whole).contains(d))
        );
        assert!(drawn.iter().any(|d| *d < Duration::from_secs(46)));
        assert!(drawn.iter().any(|d| *d > Duration::from_secs(59)));
    }

    #[test]
    fn survives_the_longest_duration() {
        assert!(Jitter::new(1).shorten(Duration::MAX) > Duration::from_secs(1 << 40));
    }
}
