//! Graceful restart (RFC 4724).
use crate::{
    feature::Feature,
    meeting::{OURS, Plan, THEIRS},
};
use tests::{
    Capability, Daemon, Duration, Implementation, PATIENT, RouteMonitor, eventually, holds, shown,
};

pub(crate) const FEATURES: &[Feature] = &[Feature {
    key: "restart-ours",
    title: "graceful restart, Myna restarts",
    run: ours,
    not_offered: &[
        (
            Implementation::Myna,
            "it does not keep a restarting neighbor's routes",
        ),
        (
            Implementation::OpenBgpd,
            "it keeps no stale routes; its graceful restart is End-of-RIB",
        ),
        (
            Implementation::ExaBgp,
            "it has no table in which to keep routes",
        ),
    ],
}];

/// Myna is killed and comes back; the peer keeps our route meanwhile, and neither kernel's table
/// changes.
fn ours(make: Implementation) {
    let mut meeting = Plan::new(make)
        .ours(|session| session.graceful_restart = Some(60))
        .theirs(|session| session.graceful_restart = Some(0))
        .start();
    meeting.exchanged();
    meeting.both_announce(Capability::GracefulRestart);
    let here = RouteMonitor::start(&meeting.pair.left);
    let there = RouteMonitor::start(&meeting.pair.right);
    meeting.myna.kill();
    eventually("the peer notices", PATIENT, || {
        shown(
            meeting.peer.established(meeting.here).is_err(),
            &"Established",
        )
    });
    holds("the peer keeps our route", Duration::from_secs(1), || {
        let prefixes = meeting.peer.prefixes(meeting.here)?;
        shown(prefixes.contains(OURS), &format!("{prefixes:?}"))
    });
    meeting.myna.start_again();
    meeting.exchanged();
    holds("and still has it", Duration::from_secs(1), || {
        let prefixes = meeting.peer.prefixes(meeting.here)?;
        shown(prefixes.contains(OURS), &format!("{prefixes:?}"))
    });
    assert_eq!(here.changes_of(THEIRS), Vec::<String>::new());
    assert_eq!(there.changes_of(OURS), Vec::<String>::new());
}
