//! Limits: how many prefixes, and how large a message.
use crate::{
    feature::Feature,
    meeting::{Meeting, Plan, THEIRS, theirs_of},
};
use std::collections::BTreeSet;
use tests::{
    Announced, Capability, Daemon, Duration, Implementation, PATIENT, eventually, holds, same,
    shown,
};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "prefix-limit-theirs",
        title: "prefix limit of the peer's",
        run: prefix_limit_theirs,
        not_offered: &[(Implementation::ExaBgp, "it has no limits")],
    },
    Feature {
        key: "prefix-limit-ours",
        title: "prefix limit of ours",
        run: prefix_limit_ours,
        not_offered: &[],
    },
    Feature {
        key: "extended-messages",
        title: "messages beyond 4,096 octets",
        run: extended_messages,
        not_offered: &[
            (Implementation::GoBgp, NOT_ANNOUNCED),
            (Implementation::OpenBgpd, NOT_ANNOUNCED),
        ],
    },
];

const NOT_ANNOUNCED: &str = "it does not announce it";

/// One prefix too many: the peer ends the session and says why, and Myna shows it. (FRR compares
/// what it had before a prefix, so it takes two of them.)
fn prefix_limit_theirs(make: Implementation) {
    let mut meeting = Plan::new(make)
        .theirs(|session| session.prefix_limit = Some(2))
        .start();
    meeting.exchanged();
    meeting.myna.announce(&Announced::new("192.168.101.0/24"));
    meeting.peer_has_only(&["192.168.100.0/24", "192.168.101.0/24"]);
    meeting.established();
    meeting.myna.announce(&Announced::new("192.168.102.0/24"));
    meeting.myna.announce(&Announced::new("192.168.103.0/24"));
    meeting.myna_said(&["Maximum Number of Prefixes Reached"]);
}

/// The same the other way round. The peer is told and stays away until our operator lets it, after
/// theirs has taken back what was too much.
fn prefix_limit_ours(make: Implementation) {
    let mut meeting = Plan::new(make)
        .ours(|session| session.prefix_limit = Some(2))
        .start();
    meeting.exchanged();
    meeting.peer.announce(&theirs_of(make, "172.16.0.0/12"));
    meeting.myna_has_only(&[THEIRS, "172.16.0.0/12"]);
    meeting.established();
    meeting.peer.announce(&theirs_of(make, "172.32.0.0/12"));
    meeting.peer_says(&[
        "Maximum Number of Prefixes Reached",
        "Maximum number of prefixes reached",
        "max-prefix exceeded",
    ]);
    meeting.not_in_our_kernel(THEIRS);
    meeting.not_in_our_kernel("172.32.0.0/12");
    eventually("both sides are apart", PATIENT, || meeting.apart());
    holds("no session", Duration::from_secs(1), || meeting.apart());
    meeting.peer.withdraw("172.32.0.0/12");
    let name = meeting.myna.name(meeting.there);
    let _ = meeting.myna.myna().says(&["enable", &name]);
    meeting.exchanged();
    meeting.myna_has_only(&[THEIRS, "172.16.0.0/12"]);
}

/// RFC 8654: thousands of prefixes of ours fit into a few messages, and none of the peer's is lost
/// however it packs them.
fn extended_messages(make: Implementation) {
    let prefixes = |first: u8, count: u16| {
        let all = (0..count).map(move |number| {
            let [high, low] = number.to_be_bytes();
            format!("{first}.{high}.{low}.0/24")
        });
        all.collect::<BTreeSet<_>>()
    };
    let (ours, theirs) = (prefixes(20, 6_000), prefixes(40, 1_200));
    let mut plan = Plan::new(make).both(|session| session.extended_messages = true);
    plan.ours.announces = ours.iter().map(|prefix| Announced::new(prefix)).collect();
    plan.theirs.announces = theirs.iter().map(|prefix| Announced::new(prefix)).collect();
    let mut meeting = plan.start();
    meeting.established();
    meeting.both_announce(Capability::ExtendedMessage);
    eventually("the peer has all", PATIENT, || {
        same(&meeting.peer.prefixes(meeting.here)?, &ours)
    });
    eventually("Myna has all", PATIENT, || {
        same(&meeting.myna.prefixes(meeting.there)?, &theirs)
    });
    // What was there when the session came up may have gone in parts, as it appeared. Now it is
    // one whole: 24 kB of NLRI.
    let sent = |meeting: &Meeting| {
        let messages = meeting.myna.shown(meeting.there)["messages"].clone();
        let count = |name: &str| messages[name].as_u64().unwrap_or_default();
        (count("updates_out"), count("octets_out"))
    };
    let before = sent(&meeting);
    let name = meeting.myna.name(meeting.there);
    let _ = meeting.myna.myna().says(&["refresh", "out", &name]);
    let (updates, octets) = eventually("Myna has sent all again", PATIENT, || {
        let (updates, octets) = sent(&meeting);
        let octets = octets.saturating_sub(before.1);
        shown(octets >= 24_000, &octets)?;
        Ok((updates.saturating_sub(before.0), octets))
    });
    assert!(
        octets > updates.saturating_mul(4_096),
        "none of our messages was large: {octets} octets in {updates} UPDATEs"
    );
    meeting.established();
}
