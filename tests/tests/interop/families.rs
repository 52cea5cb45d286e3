//! Families of addresses, over sessions of either.
use crate::{
    feature::Feature,
    meeting::{OURS_IPV6, Plan, THEIRS_IPV6, theirs_of},
};
use tests::{Announced, Capability, Implementation};

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
