//! What the session is waiting for, in a sentence for people.
use super::Session;
use crate::{
    DownReason, Timer,
    connection::{Connection, Phase},
    dialer::Dialer,
};
use std::time::{Duration, Instant};

/// A KEEPALIVE that waits for less than this is merely on its way.
const WORTH_SAYING: Duration = Duration::from_secs(2);

impl Session {
    /// In one sentence, what the session is waiting for now.
    #[must_use]
    pub fn waiting_for(&self, now: Instant) -> String {
        let mut sentence = match self.slots.leading() {
            Some(connection) => on(connection, now),
            None => self.without_connection(now),
        };
        if let Some(kept) = self.retention.sentence(now) {
            sentence.push_str("; ");
            sentence.push_str(&kept);
        }
        sentence
    }

    fn without_connection(&self, now: Instant) -> String {
        let last = match &self.last_error {
            None => String::new(),
            Some((DownReason::ConnectFailed(failure), _)) => format!("; last attempt: {failure}"),
            Some((reason, _)) => format!("; last: {reason}"),
        };
        let left = |timer| {
            self.timers
                .left(timer, now)
                .unwrap_or_default()
                .as_secs_f32()
        };
        match self.dialer {
            Dialer::Stopped => match &self.last_error {
                Some((reason, _)) if !matches!(reason, DownReason::Stopped(_)) => {
                    format!("waiting to be started again; last: {reason}")
                }
                _ => "stopped".into(),
            },
            Dialer::Held { .. } => {
                let left = left(Timer::IdleHold);
                let why = if self.pacing.damped(&self.config) {
                    " after repeated failures"
                } else {
                    ""
                };
                format!("waiting {left:.1} s before trying again{why}{last}")
            }
            Dialer::Waiting if self.config.passive => {
                format!("waiting for the neighbor to connect (passive){last}")
            }
            Dialer::Waiting => {
                let left = left(Timer::ConnectRetry);
                format!("waiting {left:.1} s before connecting again{last}")
            }
            Dialer::Dialing { .. } | Dialer::Engaged => format!("connecting{last}"),
        }
    }
}

fn on(connection: &Connection, now: Instant) -> String {
    match &connection.phase {
        Phase::Delaying(_) => {
            let left = connection
                .timers
                .left(Timer::DelayOpen, now)
                .unwrap_or_default()
                .as_secs_f32();
            format!("connected, waiting {left:.1} s for the neighbor's OPEN before sending ours")
        }
        Phase::OpenSent(_) => "OPEN sent, waiting for the neighbor's OPEN".into(),
        Phase::OpenConfirm(_) => "OPENs exchanged, waiting for the neighbor's KEEPALIVE".into(),
        Phase::Established(established) => {
            let mut sentence = String::from("established");
            if established.hold_extended {
                sentence.push_str(
                    "; hold timer extended, since what the neighbor sent is still unread here",
                );
            }
            if let (Some(left), Some(whole)) = (
                connection.timers.left(Timer::SendHold, now),
                connection.timers.configured(Timer::SendHold),
            ) {
                let blocked = whole.saturating_sub(left);
                if blocked >= WORTH_SAYING {
                    let blocked = blocked.as_secs();
                    sentence.push_str(&format!("; the neighbor has read nothing for {blocked} s"));
                }
            }
            sentence
        }
    }
}
