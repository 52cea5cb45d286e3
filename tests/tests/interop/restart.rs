//! Graceful restart (RFC 4724).
use crate::{
    feature::Feature,
    meeting::{OURS, Plan, THEIRS},
};
use tests::{
    Capability, Daemon, Duration, Implementation, PATIENT, RouteMonitor, eventually, holds, shown,
};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "restart-ours",
        title: "graceful restart, Myna restarts",
        run: ours,
        not_offered: &[
            (Implementation::OpenBgpd, END_OF_RIB_ONLY),
            (
                Implementation::ExaBgp,
                "it has no table in which to keep routes",
            ),
        ],
    },
    Feature {
        key: "restart-theirs",
        title: "graceful restart, the peer restarts",
        run: theirs,
        not_offered: &[(Implementation::OpenBgpd, END_OF_RIB_ONLY)],
    },
    Feature {
        key: "restart-never",
        title: "graceful restart, the peer does not come back",
        run: never,
        not_offered: &[(Implementation::OpenBgpd, END_OF_RIB_ONLY)],
    },
];

const END_OF_RIB_ONLY: &str = "it keeps no stale routes; its graceful restart is End-of-RIB";

/// Myna is killed and comes back; the peer keeps our route meanwhile, and neither kernel's table
/// changes.
fn ours(make: Implementation) {
    let mut meeting = Plan::new(make)
        .ours(|session| session.graceful_restart = Some(60))
        .theirs(|session| {
            // Only to wait for us; Myna does it where it wants to be waited for, too.
            let time = if make == Implementation::Myna { 60 } else { 0 };
            session.graceful_restart = Some(time);
        })
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

/// The peer is killed and comes back; Myna keeps its route meanwhile, and traffic goes on.
fn theirs(make: Implementation) {
    let mut meeting = Plan::new(make)
        .both(|session| session.graceful_restart = Some(60))
        .start();
    meeting.exchanged();
    meeting.both_announce(Capability::GracefulRestart);
    let monitor = RouteMonitor::start(&meeting.pair.left);
    meeting.peer.kill();
    eventually("Myna notices", PATIENT, || {
        shown(
            meeting.myna.established(meeting.there).is_err(),
            &"Established",
        )
    });
    holds("Myna keeps their route", Duration::from_secs(1), || {
        let prefixes = meeting.myna.prefixes(meeting.there)?;
        shown(prefixes.contains(THEIRS), &format!("{prefixes:?}"))
    });
    meeting.peer.start_again();
    meeting.exchanged();
    assert_eq!(monitor.changes_of(THEIRS), Vec::<String>::new());
}

/// The peer is killed for good: its route goes when the time that it asked for is over, not before.
fn never(make: Implementation) {
    let mut meeting = Plan::new(make)
        .ours(|session| session.graceful_restart = Some(60))
        .theirs(|session| session.graceful_restart = Some(4))
        .start();
    meeting.exchanged();
    meeting.both_announce(Capability::GracefulRestart);
    meeting.peer.kill();
    eventually("Myna notices", PATIENT, || {
        shown(
            meeting.myna.established(meeting.there).is_err(),
            &"Established",
        )
    });
    holds("Myna keeps their route", Duration::from_secs(2), || {
        let prefixes = meeting.myna.prefixes(meeting.there)?;
        shown(prefixes.contains(THEIRS), &format!("{prefixes:?}"))
    });
    meeting.myna_has_only(&[]);
    meeting.not_in_our_kernel(THEIRS);
}
