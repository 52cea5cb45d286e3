//! What a session's task tells of itself; the supervisor adds what the table knows.

use crate::{clock, view};
use bgp_fsm::{DownReason, Session, State, Timer};
use std::time::{Instant, SystemTime};

/// A session as it is now, and what only its task knows.
#[derive(Debug)]
pub(crate) struct SessionView {
    /// All fields that the session knows; counts of prefixes are not among them.
    pub(crate) neighbor: view::Neighbor,
    /// Established.
    pub(crate) up: bool,
}

/// The time of day of a moment, RFC 3339 in UTC.
pub(crate) fn time_of(moment: Instant) -> String {
    let ago = clock::now().saturating_duration_since(moment);
    let at = clock::wall()
        .checked_sub(ago)
        .unwrap_or(SystemTime::UNIX_EPOCH);
    humantime::format_rfc3339_seconds(at).to_string()
}

/// Fills in what the state machine knows.
pub(super) fn of_session(session: &Session) -> view::Neighbor {
    let now = clock::now();
    let last_error = session.last_error();
    // A neighbor that is not there yet is Active, as people know it from BIRD, also during each of
    // the attempts that are made once a second.
    let shown = match (session.state(), &last_error) {
        (State::Connect, Some((DownReason::ConnectFailed(_), _))) => State::Active,
        (state, _) => state,
    };
    view::Neighbor {
        state: state(shown).to_owned(),
        since: time_of(session.since()),
        since_seconds: now.saturating_duration_since(session.since()).as_secs(),
        waiting_for: session.waiting_for(now),
        remote_id: session.remote_open().map(|open| open.router_id.to_string()),
        local_capabilities: capabilities(session.local_open()),
        remote_capabilities: capabilities(session.remote_open()),
        hold_time: session
            .negotiated()
            .map(|negotiated| u64::from(negotiated.hold_time)),
        timers: session
            .timers(now)
            .map(|timer| view::Timer {
                name: timer_name(timer.timer).to_owned(),
                left: timer.left.as_secs_f64(),
                configured: timer.configured.as_secs_f64(),
            })
            .collect(),
        messages: messages(session),
        warnings: session
            .withheld()
            .map(|what| {
                format!(
                    "the neighbor refused our capabilities: withheld are {what}, until an hour \
                     has passed or the session is restarted"
                )
            })
            .into_iter()
            .collect(),
        history: session
            .history()
            .map(|step| view::Transition {
                at: time_of(step.at),
                from: state(step.from).to_owned(),
                to: state(step.to).to_owned(),
                reason: step.reason.as_ref().map(DownReason::to_string),
                times: step.times,
            })
            .collect(),
        ..view::Neighbor::default()
    }
}

fn capabilities(open: Option<&bgp_wire::Open>) -> Vec<String> {
    open.map(|open| open.capabilities.iter().map(ToString::to_string).collect())
        .unwrap_or_default()
}

fn messages(session: &Session) -> view::Messages {
    let counters = session.counters();
    view::Messages {
        opens_in: counters.opens_in,
        opens_out: counters.opens_out,
        updates_in: counters.updates_in,
        keepalives_in: counters.keepalives_in,
        keepalives_out: counters.keepalives_out,
        notifications_in: counters.notifications_in,
        notifications_out: counters.notifications_out,
        refreshes_in: counters.refreshes_in,
        refreshes_out: counters.refreshes_out,
        ..view::Messages::default()
    }
}

/// RFC 4271 §8.2.2's names.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Idle => "Idle",
        State::Connect => "Connect",
        State::Active => "Active",
        State::OpenSent => "OpenSent",
        State::OpenConfirm => "OpenConfirm",
        State::Established => "Established",
    }
}

fn timer_name(timer: Timer) -> &'static str {
    match timer {
        Timer::ConnectRetry => "connect-retry",
        Timer::Hold => "hold",
        Timer::Keepalive => "keepalive",
        Timer::DelayOpen => "delay-open",
        Timer::IdleHold => "idle-hold",
        Timer::SendHold => "send-hold",
        Timer::Restart => "restart",
        Timer::LongLivedStale => "long-lived-stale",
        Timer::EndOfRib => "end-of-rib",
    }
}
