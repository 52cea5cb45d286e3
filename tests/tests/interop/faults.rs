//! Malformed attributes, sent by a speaker that sends what it is told: ExaBGP.
use crate::{
    feature::Feature,
    meeting::{Plan, THEIRS},
};
use tests::{Announced, Daemon, ExaBgp, Implementation, MynaRouter, PATIENT, eventually, shown};

pub(crate) const FEATURES: &[Feature] = &[Feature {
    key: "faults",
    title: "malformed attributes (RFC 7606)",
    run: faults,
    not_offered: &[
        (Implementation::Myna, SENDS_NONE),
        (Implementation::Bird, SENDS_NONE),
        (Implementation::Frr, SENDS_NONE),
        (Implementation::GoBgp, SENDS_NONE),
        (Implementation::OpenBgpd, SENDS_NONE),
    ],
}];

const SENDS_NONE: &str = "it sends none";

/// What becomes of the route.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// Treat-as-withdraw: the prefix is as good as withdrawn.
    Withdrawn,
    /// Attribute discard: the prefix is there without the attribute.
    Kept,
}

/// A name, ExaBGP's words for the attribute (code, flags, value), and what RFC 7606 §7 says.
const CASES: [(&str, &str, Fate); 7] = [
    (
        "MULTI_EXIT_DISC of 2 octets",
        "0x04 0x80 0x0001",
        Fate::Withdrawn,
    ),
    (
        "COMMUNITIES of 3 octets",
        "0x08 0xc0 0x000001",
        Fate::Withdrawn,
    ),
    (
        "EXTENDED COMMUNITIES of 7 octets",
        "0x10 0xc0 0x00000000000001",
        Fate::Withdrawn,
    ),
    (
        "LARGE_COMMUNITY of 5 octets",
        "0x20 0xc0 0x0000000001",
        Fate::Withdrawn,
    ),
    ("ATOMIC_AGGREGATE of 1 octet", "0x06 0x40 0x01", Fate::Kept),
    ("AGGREGATOR of 2 octets", "0x07 0xc0 0x0001", Fate::Kept),
    (
        "an unknown optional transitive one",
        "0xf0 0xc0 0x0102",
        Fate::Kept,
    ),
];

/// Each prefix is first announced as it should be, then with the fault. The session and the other
/// routes stay.
fn faults(make: Implementation) {
    let plan = Plan::new(make);
    let mut theirs = plan.theirs.clone();
    let [here, there] = [plan.ours.neighbors[0].local, plan.ours.neighbors[0].address];
    let prefixes: Vec<_> = (0..CASES.len())
        .map(|number| format!("10.77.{number}.0/24"))
        .collect();
    theirs
        .announces
        .extend(prefixes.iter().map(|prefix| Announced::new(prefix)));
    let mut exabgp = ExaBgp::start(&plan.pair.right, &theirs);
    let myna = MynaRouter::start(&plan.pair.left, &plan.ours);
    let has = |wanted: &dyn Fn(usize) -> bool| {
        let seen = myna.prefixes(there)?;
        let all = prefixes.iter().enumerate();
        let wrong = all.filter(|(number, prefix)| seen.contains(*prefix) != wanted(*number));
        let wrong: Vec<_> = wrong.map(|(number, _)| CASES[number].0).collect();
        shown(
            wrong.is_empty() && seen.contains(THEIRS),
            &format!("{wrong:?}, {seen:?}, {}", myna.shown(there)),
        )
    };
    eventually("Myna has all", PATIENT, || has(&|_| true));
    let since = myna.shown(there)["since"].clone();
    for ((_, attribute, _), prefix) in CASES.iter().zip(&prefixes) {
        exabgp.command(&format!(
            "announce route {prefix} next-hop self attribute [ {attribute} ]"
        ));
    }
    eventually("each has the fate that it deserves", PATIENT, || {
        has(&|number| CASES[number].2 == Fate::Kept)?;
        let neighbor = myna.shown(there);
        // The unknown attribute is no fault.
        let faults = u64::try_from(CASES.len())
            .unwrap_or_default()
            .saturating_sub(1);
        shown(neighbor["update_faults"] == faults, &neighbor)
    });
    let neighbor = myna.shown(there);
    assert_eq!(
        neighbor["since"], since,
        "the session is another one: {neighbor}"
    );
    exabgp.established(here).expect("the session stays");
}
