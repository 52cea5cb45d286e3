//! What ended the last session, or what stands against the next one.
//!
//! What was said, or that a timer expired, tells more than a connection that is refused or reset
//! afterwards: many a speaker says why once, and is merely silent from then on. So what tells more is
//! kept until a session comes up or something else is said.

use crate::{session::view::time_of, view};
use bgp_fsm::DownReason;
use bgp_wire::{Notification, iana::notification as code};
use std::time::Instant;

/// The last end that says something.
#[derive(Clone, Debug, Default)]
pub(super) struct Ended {
    last: Option<(DownReason, Instant)>,
    /// It says more than that there is no connection.
    tells: bool,
}

impl Ended {
    /// An attempt or a session ended; `was_up`: an Established one.
    pub(super) fn note(&mut self, reason: &DownReason, at: Instant, was_up: bool) {
        let silent = matches!(
            reason,
            DownReason::ConnectFailed(_) | DownReason::ConnectionLost(_)
        );
        let tells = was_up || !silent;
        if tells || !self.tells {
            self.last = Some((reason.clone(), at));
            self.tells = tells;
        }
    }

    /// A session is up: whatever comes next is news.
    pub(super) fn came_up(&mut self) {
        self.tells = false;
    }

    /// Fills in what is shown of it; `attempt` is the last attempt's end.
    pub(super) fn show(
        &self,
        attempt: Option<(&DownReason, Instant)>,
        neighbor: &mut view::Neighbor,
    ) {
        let Some((reason, at)) = &self.last else {
            return;
        };
        neighbor.last_error = Some(reason.to_string());
        neighbor.last_error_at = Some(time_of(*at));
        neighbor.last_notification = notification(reason);
        let later = attempt.filter(|(attempt, then)| then > at && *attempt != reason);
        neighbor.last_attempt = later.map(|(attempt, _)| attempt.to_string());
    }
}

/// What was said at an end, by whom.
fn notification(reason: &DownReason) -> Option<view::Notification> {
    let (by_us, said) = match reason {
        DownReason::Received(said) => (false, said.clone()),
        DownReason::Stopped(said) => (true, said.clone()?),
        DownReason::Sent(said, _) | DownReason::OpenRefused(said, _) | DownReason::Reset(said) => {
            (true, said.clone())
        }
        DownReason::HoldTimerExpired(_) => (true, Notification::hold_timer_expired()),
        DownReason::SendHoldTimerExpired(_) => {
            let code = code::SEND_HOLD_TIMER_EXPIRED;
            (true, Notification::new(code, code::UNSPECIFIC, &[]))
        }
        _ => return None,
    };
    Some(view::Notification {
        sent_by: if by_us { "us" } else { "neighbor" }.to_owned(),
        code: said.code,
        subcode: said.subcode,
        words: said.to_string(),
        text: said.shutdown_text().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use std::time::Duration;

    #[test]
    fn a_notification_is_not_forgotten_over_a_bare_reset() {
        let (mut ended, start) = (Ended::default(), clock::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        let shown = |ended: &Ended, attempt: Option<(&DownReason, Instant)>| {
            let mut neighbor = view::Neighbor::default();
            ended.show(attempt, &mut neighbor);
            neighbor
        };
        let refused = DownReason::Received(Notification::administrative_shutdown("moving"));
        let reset = DownReason::ConnectionLost("connection reset by peer".to_owned());
        ended.note(&reset, after(0), false);
        assert_eq!(
            shown(&ended, None).last_error.as_deref(),
            Some("connection lost: connection reset by peer")
        );
        ended.note(&refused, after(1), false);
        ended.note(&reset, after(2), false);
        let neighbor = shown(&ended, Some((&reset, after(2))));
        let said = neighbor.last_notification.unwrap();
        assert_eq!(
            (said.sent_by.as_str(), said.code, said.subcode),
            ("neighbor", 6, 2)
        );
        assert_eq!(said.text.as_deref(), Some("moving"));
        assert!(
            neighbor
                .last_error
                .unwrap()
                .contains("Administrative Shutdown")
        );
        assert!(neighbor.last_attempt.unwrap().contains("reset by peer"));

        ended.came_up();
        ended.note(&reset, after(9), true);
        let neighbor = shown(&ended, Some((&reset, after(9))));
        assert!(neighbor.last_error.unwrap().contains("reset by peer"));
        assert_eq!(
            (neighbor.last_notification, neighbor.last_attempt),
            (None, None)
        );
    }
}
