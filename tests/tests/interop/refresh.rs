//! Route refresh (RFC 2918).
use crate::{
    feature::Feature,
    meeting::{OURS, Plan},
};
use tests::{Implementation, PATIENT, eventually, shown};

pub(crate) const FEATURES: &[Feature] = &[Feature {
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
}];

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
