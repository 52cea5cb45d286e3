//! Graceful restart (RFC 4724).
use crate::{
    feature::Feature,
    meeting::{OURS, Plan, THEIRS},
};
use tests::{
    Capability, Daemon, Duration, Implementation, PATIENT, RouteMonitor, Signal, eventually, holds,
    shown,
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
    Feature {
        key: "restart-notification",
        title: "graceful restart after a NOTIFICATION (RFC 8538)",
        run: notification,
        not_offered: &[
            (Implementation::Bird, NO_NOTIFICATION),
            (Implementation::OpenBgpd, END_OF_RIB_ONLY),
            (Implementation::ExaBgp, NO_NOTIFICATION),
        ],
    },
    Feature {
        key: "long-lived-ours",
        title: "long-lived graceful restart, Myna is away",
        run: long_lived_ours,
        not_offered: &[
            (Implementation::OpenBgpd, NO_LONG_LIVED),
            (Implementation::ExaBgp, NO_LONG_LIVED),
        ],
    },
    Feature {
        key: "long-lived-theirs",
        title: "long-lived graceful restart, the peer is away",
        run: long_lived_theirs,
        not_offered: &[
            (Implementation::OpenBgpd, NO_LONG_LIVED),
            (Implementation::ExaBgp, NO_LONG_LIVED),
        ],
    },
];

const NO_NOTIFICATION: &str = "its graceful restart ends at a NOTIFICATION";

const NO_LONG_LIVED: &str = "it does not announce it";

const END_OF_RIB_ONLY: &str = "it keeps no stale routes; its graceful restart is End-of-RIB";

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

/// The peer is stopped until our hold timer has expired and we have said so; it wanted its routes
/// kept in such a case, too.
fn notification(make: Implementation) {
    let meeting = Plan::new(make)
        .both(|session| session.graceful_restart = Some(60))
        .ours(|session| session.hold_time = 3)
        .start();
    meeting.exchanged();
    let monitor = RouteMonitor::start(&meeting.pair.left);
    meeting.peer.signal(Signal::SIGSTOP);
    meeting.myna_says(&["hold timer expired"]);
    holds("Myna keeps their route", Duration::from_secs(1), || {
        let prefixes = meeting.myna.prefixes(meeting.there)?;
        shown(prefixes.contains(THEIRS), &format!("{prefixes:?}"))
    });
    meeting.peer.signal(Signal::SIGCONT);
    meeting.exchanged();
    // GoBGP says that its forwarding went on (F) only where it was started anew; then RFC 4724 §4.2
    // has us drop what we kept.
    if make != Implementation::GoBgp {
        assert_eq!(monitor.changes_of(THEIRS), Vec::<String>::new());
    }
}

/// Myna is killed and stays away for longer than its restart time. The peer still has our route,
/// now as a last resort.
fn long_lived_ours(make: Implementation) {
    let mut meeting = Plan::new(make)
        .ours(|session| {
            session.graceful_restart = Some(1);
            session.long_lived = Some(60);
        })
        .theirs(|session| {
            session.graceful_restart = Some(0);
            // FRR keeps nothing for long unless it wants its own routes kept, too.
            session.long_lived = Some(if make == Implementation::Frr { 60 } else { 0 });
        })
        .start();
    meeting.exchanged();
    meeting.both_announce(Capability::LongLivedGracefulRestart);
    meeting.myna.kill();
    eventually(
        "the peer has our route as long-lived stale",
        PATIENT,
        || {
            let paths = meeting.peer.paths(meeting.here, OURS)?;
            let stale = |path: &tests::Path| path.communities.iter().any(|one| is_llgr_stale(one));
            shown(
                paths.len() == 1 && paths.iter().all(stale),
                &format!("{paths:#?}"),
            )
        },
    );
    meeting.myna.start_again();
    meeting.exchanged();
}

/// The same the other way round.
fn long_lived_theirs(make: Implementation) {
    let mut meeting = Plan::new(make)
        .ours(|session| {
            session.graceful_restart = Some(0);
            session.long_lived = Some(0);
        })
        .theirs(|session| {
            session.graceful_restart = Some(1);
            session.long_lived = Some(60);
        })
        .start();
    meeting.exchanged();
    meeting.both_announce(Capability::LongLivedGracefulRestart);
    let monitor = RouteMonitor::start(&meeting.pair.left);
    meeting.peer.kill();
    eventually("Myna has their route as long-lived stale", PATIENT, || {
        let counts = meeting.myna.counts(meeting.there, "ipv4-unicast");
        shown(counts["long_lived_stale"].as_u64() > Some(0), &counts)
    });
    meeting.in_our_kernel(THEIRS, "10.1.1.2");
    meeting.peer.start_again();
    meeting.exchanged();
    let counts = meeting.myna.counts(meeting.there, "ipv4-unicast");
    assert_eq!(counts["long_lived_stale"], 0, "{counts}");
    assert_eq!(monitor.changes_of(THEIRS), Vec::<String>::new());
}

/// LLGR_STALE (RFC 9494), as numbers and as the makes write it.
fn is_llgr_stale(community: &str) -> bool {
    ["65535:6", "llgr-stale", "llgrstale"].contains(&community.to_lowercase().as_str())
}
