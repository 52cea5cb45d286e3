//! What an OPEN may not say, and what it need not say.
use crate::{
    feature::Feature,
    meeting::{OURS, Plan, THEIRS, theirs_of},
};
use tests::{
    Capability, Daemon, Duration, Implementation, LEFT_AS, PATIENT, Path, Role, eventually, holds,
    shown,
};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "wrong-as-theirs",
        title: "the peer has another AS than we expect",
        run: wrong_as_theirs,
        not_offered: &[],
    },
    Feature {
        key: "wrong-as-ours",
        title: "the peer expects another AS of us",
        run: wrong_as_ours,
        not_offered: &[],
    },
    Feature {
        key: "wrong-identifier",
        title: "both have one identifier within an AS",
        run: wrong_identifier,
        not_offered: &[],
    },
    Feature {
        key: "roles",
        title: "roles: customer and provider",
        run: roles,
        not_offered: NO_ROLES,
    },
    Feature {
        key: "roles-mismatch",
        title: "roles that do not fit",
        run: roles_mismatch,
        not_offered: NO_ROLES,
    },
    Feature {
        key: "roles-strict",
        title: "no role where one is demanded",
        run: roles_strict,
        not_offered: &[],
    },
    Feature {
        key: "two-octet-as",
        title: "peer with 2-octet AS numbers alone",
        run: two_octet_as,
        not_offered: &[
            (
                Implementation::Myna,
                "it always announces 4-octet AS numbers",
            ),
            (
                Implementation::GoBgp,
                "it always announces 4-octet AS numbers",
            ),
        ],
    },
];

const NO_ROLES: &[(Implementation, &str)] = &[
    (Implementation::GoBgp, "it has no roles"),
    (Implementation::ExaBgp, "it has no roles"),
];

/// What the makes call Bad Peer AS, sent or received. When GoBGP receives it, it notes no more
/// than a message that it did not expect.
fn bad_peer_as(make: Implementation) -> &'static [&'static str] {
    match make {
        Implementation::Myna | Implementation::Bird => &["Bad Peer AS"],
        Implementation::Frr => &["Bad Peer AS"],
        Implementation::GoBgp => &["as number mismatch", "reason=invalid-msg"],
        Implementation::OpenBgpd => &["AS unacceptable"],
        Implementation::ExaBgp => &["bad peer as"],
    }
}

fn wrong_as_theirs(make: Implementation) {
    let meeting = Plan::new(make).ours(|session| session.asn = 12077).start();
    meeting.myna_says(&["Bad Peer AS", "12076", "12077"]);
    meeting.peer_says(bad_peer_as(make));
    holds("no session", Duration::from_secs(1), || meeting.apart());
}

fn wrong_as_ours(make: Implementation) {
    let meeting = Plan::new(make)
        .theirs(|session| session.asn = 65531)
        .start();
    meeting.myna_says(&["Bad Peer AS"]);
    meeting.peer_says(bad_peer_as(make));
    holds("no session", Duration::from_secs(1), || meeting.apart());
}

/// RFC 6286: within an AS an identifier is one speaker's own.
fn wrong_identifier(make: Implementation) {
    let mut plan = Plan::new(make);
    let asn = plan.ours.asn;
    plan.theirs.asn = asn;
    plan.theirs.id = plan.ours.id;
    let meeting = plan.both(|session| session.asn = asn).start();
    meeting.myna_says(&["Bad BGP Identifier"]);
    holds("no session", Duration::from_secs(1), || meeting.apart());
}

/// RFC 6793: such a peer has an AS of four octets as AS_TRANS, in the OPEN and in AS_PATH; AS4_PATH
/// tells the true one to who asks.
fn two_octet_as(make: Implementation) {
    const LARGE: u32 = 4_200_000_000;
    const AS_TRANS: u32 = 23_456;
    // What we are, and what the peer is told to expect. BIRD and OpenBGPD read our capability though
    // they do not send theirs; then BIRD takes no AS that it could not have been told.
    let (ours, expected) = match make {
        Implementation::Bird => (LEFT_AS, LEFT_AS),
        Implementation::ExaBgp => (LARGE, AS_TRANS),
        _ => (LARGE, LARGE),
    };
    let mut plan = Plan::new(make).theirs(|session| {
        session.four_octet_as = false;
        session.asn = expected;
    });
    plan.ours.asn = ours;
    let meeting = plan.start();
    meeting.established();
    let heard = meeting.myna.heard(meeting.there).unwrap_or_default();
    assert!(!heard.contains(&Capability::FourOctetAs), "{heard:?}");
    let route = theirs_of(make, THEIRS);
    meeting.myna_has(
        THEIRS,
        &Path {
            next_hop: "10.1.1.2".to_owned(),
            as_path: "12076".to_owned(),
            origin: "igp".to_owned(),
            med: route.med,
            communities: route.communities,
        },
    );
    eventually("the peer has our route", PATIENT, || {
        let seen = meeting.peer.paths(meeting.here, OURS)?;
        let told = |path: &Path| {
            path.as_path == ours.to_string()
                || (ours == LARGE && path.as_path == AS_TRANS.to_string())
        };
        shown(
            seen.len() == 1 && seen.iter().all(told),
            &format!("{seen:#?}"),
        )
    });
}

/// RFC 9234: either side is the customer once.
fn roles(make: Implementation) {
    for [ours, theirs] in [
        [Role::Customer, Role::Provider],
        [Role::Provider, Role::Customer],
    ] {
        let meeting = Plan::new(make)
            .ours(|session| session.role = Some(ours))
            .theirs(|session| session.role = Some(theirs))
            .both(|session| session.strict_role = true)
            .start();
        meeting.exchanged();
        meeting.both_announce(Capability::Role);
    }
}

fn roles_mismatch(make: Implementation) {
    let meeting = Plan::new(make)
        .both(|session| session.role = Some(Role::Customer))
        .start();
    meeting.myna_says(&["Role Mismatch"]);
    meeting.peer_says(&["role mismatch"]);
    holds("no session", Duration::from_secs(1), || meeting.apart());
}

/// The peer has no role toward us. We want one, and it is told.
fn roles_strict(make: Implementation) {
    let meeting = Plan::new(make)
        .ours(|session| {
            session.role = Some(Role::Peer);
            session.strict_role = true;
        })
        .start();
    meeting.myna_says(&["Role Mismatch"]);
    holds("no session", Duration::from_secs(1), || meeting.apart());
}
