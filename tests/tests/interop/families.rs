//! Families of addresses, over sessions of either.
use crate::{
    feature::Feature,
    meeting::{OURS_IPV6, Plan, THEIRS_IPV6, theirs_of},
};
use tests::{Announced, Capability, Family, Implementation, Pair};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "ipv6",
        title: "IPv6 over a session of its own",
        run: ipv6,
        not_offered: &[],
    },
    Feature {
        key: "both-families",
        title: "IPv4 and IPv6 over one session",
        run: both_families,
        not_offered: &[(
            Implementation::OpenBgpd,
            "over a session of IPv4 it gives IPv6 routes the next hop ::1",
        )],
    },
    Feature {
        key: "ipv4-over-ipv6",
        title: "IPv4 over IPv6 next hops (RFC 8950)",
        run: ipv4_over_ipv6,
        not_offered: &[(Implementation::OpenBgpd, "it does not announce it")],
    },
];

fn ipv6(make: Implementation) {
    let mut plan = Plan::new(make).over_ipv6();
    plan.ours.announces = vec![Announced::new(OURS_IPV6)];
    plan.theirs.announces = vec![theirs_of(make, THEIRS_IPV6)];
    let meeting = plan.start();
    meeting.exchanged();
    meeting.both_announce(Capability::Ipv6);
}

fn both_families(make: Implementation) {
    let meeting = Plan::new(make).with_ipv6().start();
    meeting.exchanged();
    meeting.both_announce(Capability::Ipv4);
    meeting.both_announce(Capability::Ipv6);
}

/// Myna announces the capability wherever IPv4 goes over a session of IPv6.
fn ipv4_over_ipv6(make: Implementation) {
    let mut plan = Plan::new(make).over_ipv6();
    for route in &mut plan.theirs.announces {
        route.next_hop = Some(Pair::RIGHT_IPV6.into());
    }
    let meeting = plan
        .both(|session| {
            session.families = vec![Family::Ipv4, Family::Ipv6];
            session.extended_next_hop = true;
        })
        .start();
    meeting.exchanged();
    meeting.both_announce(Capability::ExtendedNextHop);
}
