//! TCP-MD5 (RFC 2385).
use crate::{feature::Feature, meeting::Plan};
use tests::{Duration, Implementation, holds, shown};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "md5-active",
        title: "TCP-MD5, Myna connects",
        run: active,
        not_offered: &[(Implementation::OpenBgpd, ACTIVE_ONLY)],
    },
    Feature {
        key: "md5-passive",
        title: "TCP-MD5, the peer connects",
        run: passive,
        not_offered: &[],
    },
    Feature {
        key: "md5-wrong",
        title: "TCP-MD5 with another key",
        run: wrong_key,
        not_offered: &[],
    },
];

const ACTIVE_ONLY: &str = "on Linux it signs only connections that it opens itself";

fn keyed(make: Implementation) -> Plan {
    Plan::new(make).both(|session| session.password = Some("s3cret".to_owned()))
}

fn active(make: Implementation) {
    let meeting = keyed(make).start();
    meeting.exchanged();
    let neighbor = meeting.myna.shown(meeting.there);
    assert_eq!(neighbor["md5"], true, "{neighbor}");
}

fn passive(make: Implementation) {
    let plan = keyed(make)
        .ours(|session| session.passive = true)
        .theirs(|session| session.passive = false);
    let meeting = plan.start_myna_first();
    meeting.exchanged();
    let neighbor = meeting.myna.shown(meeting.there);
    assert_eq!(neighbor["md5"], true, "{neighbor}");
}

/// No session while the keys differ, and one as soon as Myna is told the peer's.
fn wrong_key(make: Implementation) {
    let plan = Plan::new(make)
        .ours(|session| session.password = Some("other".to_owned()))
        .theirs(|session| session.password = Some("s3cret".to_owned()))
        .theirs(|session| session.passive = false);
    let mut right = plan.ours.clone();
    right.neighbor().password = Some("s3cret".to_owned());
    let mut meeting = plan.start();
    holds("no session", Duration::from_secs(2), || meeting.apart());
    let neighbor = meeting.myna.shown(meeting.there);
    shown(neighbor["messages"]["opens_in"] == 0, &neighbor)
        .unwrap_or_else(|seen| panic!("no octet may cross: {seen}"));
    meeting.myna.reload(&right);
    meeting.exchanged();
}
