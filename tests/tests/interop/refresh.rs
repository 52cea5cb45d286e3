//! Route refresh (RFC 2918).
use crate::{
    feature::Feature,
    meeting::{Meeting, OURS, Plan, THEIRS},
};
use tests::{Capability, Daemon, Implementation, PATIENT, RouteMonitor, eventually, shown};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "refresh-ours",
        title: "Myna asks for the peer's routes again",
        run: ours,
        not_offered: &[
            (
                Implementation::OpenBgpd,
                "asked, it says that the family is not negotiated, whoever asks",
            ),
            (
                Implementation::ExaBgp,
                "asked, it falls over its own mark of enhanced refresh",
            ),
        ],
    },
    Feature {
        key: "refresh-theirs",
        title: "the peer asks for our routes again",
        run: theirs,
        not_offered: &[(
            Implementation::GoBgp,
            "it asks nobody: softresetin goes over what it has kept",
        )],
    },
    Feature {
        key: "enhanced-refresh",
        title: "enhanced route refresh, the peer asks",
        run: enhanced,
        not_offered: &[(Implementation::GoBgp, "it does not announce it")],
    },
];

fn theirs(make: Implementation) {
    let mut meeting = Plan::new(make).start();
    meeting.exchanged();
    let announced = |meeting: &Meeting| {
        let counts = meeting.myna.counts(meeting.there, "ipv4-unicast");
        counts["announcements_out"].as_u64().unwrap_or_default()
    };
    let before = announced(&meeting);
    meeting.peer.ask_again(meeting.here);
    eventually("Myna is asked and answers", PATIENT, || {
        let neighbor = meeting.myna.shown(meeting.there);
        let asked = neighbor["messages"]["refreshes_in"].as_u64() > Some(0);
        shown(asked && announced(&meeting) > before, &neighbor)
    });
    meeting.peer_has_only(&[OURS]);
    meeting.established();
}

/// RFC 7313: both announce it, so our answer stands between two marks; nothing is lost by it, and
/// the peer's own table never lacks our route.
fn enhanced(make: Implementation) {
    let mut meeting = Plan::new(make)
        .both(|session| session.enhanced_refresh = true)
        .start();
    meeting.exchanged();
    meeting.both_announce(Capability::EnhancedRouteRefresh);
    let sent = |meeting: &Meeting| {
        let neighbor = meeting.myna.shown(meeting.there);
        neighbor["messages"]["refreshes_out"]
            .as_u64()
            .unwrap_or_default()
    };
    let before = sent(&meeting);
    meeting.peer.ask_again(meeting.here);
    eventually("Myna marks begin and end of its answer", PATIENT, || {
        let marks = sent(&meeting).saturating_sub(before);
        shown(marks >= 2, &meeting.myna.shown(meeting.there))
    });
    meeting.exchanged();
    meeting.peer_has_only(&[OURS]);
}

/// Myna asks, counts what it is told, and loses nothing by it.
fn ours(make: Implementation) {
    let mut meeting = Plan::new(make)
        .both(|session| {
            session.enhanced_refresh = true;
            // FRR answers nothing before its End-of-RIB, which it has with graceful restart alone.
            session.graceful_restart = Some(60);
        })
        .start();
    meeting.exchanged();
    let monitor = RouteMonitor::start(&meeting.pair.left);
    let told = |meeting: &Meeting| {
        let counts = meeting.myna.counts(meeting.there, "ipv4-unicast");
        counts["announcements_in"].as_u64().unwrap_or_default()
    };
    let before = told(&meeting);
    let mut looks = 0_u32;
    eventually("Myna is told again", PATIENT, || {
        // FRR drops a request that comes before its End-of-RIB, so it is asked again.
        if looks.is_multiple_of(40) {
            meeting.myna.ask_again(meeting.there);
        }
        looks = looks.saturating_add(1);
        let neighbor = meeting.myna.shown(meeting.there);
        shown(told(&meeting) > before, &neighbor)
    });
    meeting.exchanged();
    meeting.myna_has_only(&[THEIRS]);
    assert_eq!(monitor.changes_of(THEIRS), Vec::<String>::new());
}
