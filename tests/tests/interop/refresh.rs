//! Route refresh (RFC 2918).
use crate::{
    feature::Feature,
    meeting::{OURS, Plan},
};
use tests::{Capability, Implementation, PATIENT, eventually, shown};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "refresh-theirs",
        title: "the peer asks for our routes again",
        run: theirs,
        not_offered: &[
            (Implementation::Myna, NOT_YET),
            (
                Implementation::GoBgp,
                "it asks nobody: softresetin goes over what it has kept",
            ),
        ],
    },
    Feature {
        key: "enhanced-refresh",
        title: "enhanced route refresh, the peer asks",
        run: enhanced,
        not_offered: &[
            (Implementation::Myna, NOT_YET),
            (Implementation::GoBgp, "it does not announce it"),
        ],
    },
];

const NOT_YET: &str = "it has no command that asks";

fn theirs(make: Implementation) {
    let mut meeting = Plan::new(make).start();
    meeting.exchanged();
    let announced = |meeting: &crate::meeting::Meeting| {
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
    let sent = |meeting: &crate::meeting::Meeting| {
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
