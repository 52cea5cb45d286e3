//! Coming up, and exchanging routes: whoever connects, within an AS and between two, with a short
//! hold time, over a router.
use crate::{
    feature::Feature,
    meeting::{OURS, Plan, THEIRS, theirs_of},
};
use tests::{
    Announced, Capability, Daemon, Duration, Implementation, PATIENT, Path, eventually, holds,
    shown,
};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "active",
        title: "establish, Myna connects",
        run: active,
        not_offered: &[],
    },
    Feature {
        key: "passive",
        title: "establish, the peer connects",
        run: passive,
        not_offered: &[],
    },
    Feature {
        key: "collision",
        title: "both connect again and again",
        run: collision,
        not_offered: &[],
    },
    Feature {
        key: "changes",
        title: "routes come and go on both sides",
        run: changes,
        not_offered: &[],
    },
    Feature {
        key: "internal",
        title: "session within one AS",
        run: internal,
        not_offered: &[],
    },
    Feature {
        key: "multihop",
        title: "multihop, over a router",
        run: multihop,
        not_offered: &[],
    },
    Feature {
        key: "gtsm-active",
        title: "GTSM (RFC 5082), Myna connects",
        run: gtsm_active,
        not_offered: &[(
            Implementation::ExaBgp,
            "where it listens, the first packet of its answer has an ordinary TTL",
        )],
    },
    Feature {
        key: "gtsm-passive",
        title: "GTSM, the peer connects",
        run: gtsm_passive,
        not_offered: &[],
    },
    Feature {
        key: "gtsm-ours",
        title: "GTSM on our side alone: no session",
        run: gtsm_ours,
        not_offered: &[],
    },
    Feature {
        key: "hold-time",
        title: "hold time of 3 s",
        run: hold_time,
        not_offered: &[],
    },
];

fn active(make: Implementation) {
    let meeting = Plan::new(make).start();
    meeting.exchanged();
    meeting.both_announce(Capability::Ipv4);
    meeting.both_announce(Capability::FourOctetAs);
    meeting.both_announce(Capability::RouteRefresh);
}

fn passive(make: Implementation) {
    let plan = Plan::new(make)
        .ours(|session| session.passive = true)
        .theirs(|session| session.passive = false);
    plan.start_myna_first().exchanged();
}

/// Each side connects to the other, and after the session is lost does so again. Both always agree
/// on one connection that lasts, whichever identifier is the higher one (RFC 4271 §6.8).
fn collision(make: Implementation) {
    for higher in [false, true] {
        let mut plan = Plan::new(make).theirs(|session| session.passive = false);
        if higher {
            plan.ours.id = [10, 9, 9, 9].into();
        }
        let mut meeting = plan.start_myna_first();
        meeting.exchanged();
        meeting.peer.kill();
        eventually("Myna notices", PATIENT, || {
            shown(
                meeting.myna.established(meeting.there).is_err(),
                &"Established",
            )
        });
        meeting.peer.start_again();
        meeting.exchanged();
        let since = meeting.myna.shown(meeting.there)["since"].clone();
        holds(
            "it is one and the same session",
            Duration::from_secs(1),
            || {
                let neighbor = meeting.myna.shown(meeting.there);
                shown(neighbor["since"] == since, &neighbor)?;
                meeting.peer.established(meeting.here)
            },
        );
    }
}

fn changes(make: Implementation) {
    let mut meeting = Plan::new(make).start();
    meeting.exchanged();
    let more_of_theirs = theirs_of(make, "172.16.0.0/12");
    meeting.peer.announce(&more_of_theirs);
    meeting.myna_has_only(&[THEIRS, "172.16.0.0/12"]);
    meeting.myna.announce(&Announced::new("192.168.101.0/24"));
    meeting.peer_has_only(&[OURS, "192.168.101.0/24"]);
    meeting.peer.withdraw(THEIRS);
    meeting.myna_has_only(&["172.16.0.0/12"]);
    meeting.not_in_our_kernel(THEIRS);
    meeting.in_our_kernel("172.16.0.0/12", "10.1.1.2");
    meeting.myna.withdraw(OURS);
    meeting.peer_has_only(&["192.168.101.0/24"]);
    meeting.established();
}

/// The path stays empty, and LOCAL_PREF comes along.
fn internal(make: Implementation) {
    let mut plan = Plan::new(make);
    plan.theirs.asn = plan.ours.asn;
    let asn = plan.ours.asn;
    let mut meeting = plan.both(|session| session.asn = asn).start();
    meeting.established();
    let route = theirs_of(make, THEIRS);
    meeting.myna_has(
        THEIRS,
        &Path {
            next_hop: "10.1.1.2".to_owned(),
            as_path: String::new(),
            origin: "igp".to_owned(),
            med: route.med,
            communities: route.communities,
        },
    );
    meeting.in_our_kernel(THEIRS, "10.1.1.2");
    eventually("Myna shows LOCAL_PREF 100", PATIENT, || {
        let routes = meeting.myna.myna().routes(&["--received", "n0"]);
        let there = routes.iter().any(|route| route["local_pref"] == 100);
        shown(there, &format!("{routes:#?}"))
    });
    meeting.peer_has(
        OURS,
        &Path {
            next_hop: "10.1.1.1".to_owned(),
            origin: "igp".to_owned(),
            ..Path::default()
        },
    );
    meeting.in_their_kernel(OURS);
}

/// A router is in between, so nobody's packets arrive with the TTL that they were sent with, and no
/// next hop is on a wire of ours. Myna reaches no farther than it is told.
fn multihop(make: Implementation) {
    let near = Plan::with_router(make)
        .ours(|session| session.multihop = Some(1))
        .theirs(|session| session.multihop = Some(2));
    let mut far = near.ours.clone();
    far.neighbor().multihop = Some(2);
    let mut meeting = near.start();
    holds("no session over one hop", Duration::from_secs(1), || {
        meeting.apart()
    });
    meeting.myna.reload(&far);
    meeting.established();
    let route = theirs_of(make, THEIRS);
    meeting.myna_has(
        THEIRS,
        &Path {
            next_hop: "10.1.2.1".to_owned(),
            as_path: "12076".to_owned(),
            origin: "igp".to_owned(),
            med: route.med,
            communities: route.communities,
        },
    );
    meeting.peer_has(
        OURS,
        &Path {
            next_hop: "10.1.1.1".to_owned(),
            as_path: "65530".to_owned(),
            origin: "igp".to_owned(),
            ..Path::default()
        },
    );
}

fn gtsm_active(make: Implementation) {
    Plan::new(make)
        .both(|session| session.ttl_security = Some(1))
        .start()
        .exchanged();
}

fn gtsm_passive(make: Implementation) {
    Plan::new(make)
        .both(|session| session.ttl_security = Some(1))
        .ours(|session| session.passive = true)
        .theirs(|session| session.passive = false)
        .start_myna_first()
        .exchanged();
}

/// Nothing that the peer sends is near enough.
fn gtsm_ours(make: Implementation) {
    let meeting = Plan::new(make)
        .ours(|session| session.ttl_security = Some(1))
        .theirs(|session| session.passive = false)
        .start();
    holds("no session", Duration::from_secs(2), || meeting.apart());
}

/// Both agree on the least that RFC 4271 allows, and nobody misses a KEEPALIVE for twice that time.
fn hold_time(make: Implementation) {
    let meeting = Plan::new(make)
        .ours(|session| session.hold_time = 3)
        .start();
    meeting.exchanged();
    eventually("Myna shows what was agreed", PATIENT, || {
        let time = meeting.myna.hold_time(meeting.there)?;
        shown(time == 3, &time)
    });
    eventually("the peer shows what was agreed", PATIENT, || {
        let time = meeting.peer.hold_time(meeting.here)?;
        shown(time == 3, &time)
    });
    holds("both stay Established", Duration::from_secs(6), || {
        meeting.myna.established(meeting.there)?;
        meeting.peer.established(meeting.here)
    });
}
