//! Policies of terms, and what they mean by the letter.
use crate::naive::Attr;
use bgp_wire::{Asn, NextHop, Origin};
use ipnet::IpNet;
use rib::{
    Action, AnyCommunity, CommunityPattern, Match, Policy, PrefixList, Protocol, Term, Then,
    Verdict,
};
use std::{net::IpAddr, sync::Arc};

fn list(rules: &[&str]) -> Arc<PrefixList> {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    Arc::new(PrefixList::new(rules))
}

fn communities(texts: &[&str]) -> Arc<[CommunityPattern]> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn term(matches: Vec<Match>, actions: Vec<Action>, then: Then) -> Term {
    Term {
        name: None,
        matches,
        actions,
        then,
    }
}

/// Some that look at everything a policy can look at, and change all that it can change.
pub(crate) fn some() -> Vec<Policy> {
    let low = Match::Prefix(list(&["10.0.0.0/9 le 32", "2001:db8::/33 le 64"]));
    let few = Match::Prefix(list(&["10.0.0.0/24", "10.40.0.0/24", "::/0 le 48"]));
    let not = |inner: &Match| Match::Not(Box::new(inner.clone()));
    let one_as = Match::AsPath(Arc::from([" _5_".trim().parse().unwrap()]));
    let marked = Match::Community(communities(&["65000:*"]));
    let add = |text: &str| Action::AddCommunities(vec![text.parse().unwrap()]);
    let prefixes = vec![
        term(vec![few.clone()], vec![Action::LocalPref(150)], Then::Next),
        term(
            vec![low.clone(), not(&few)],
            vec![add("65000:9")],
            Then::Accept,
        ),
        term(
            vec![few.clone(), low.clone()],
            vec![Action::PrependOwn(2)],
            Then::Accept,
        ),
        term(vec![not(&low)], vec![Action::AddMed(5)], Then::Accept),
    ];
    let attributes = vec![
        term(
            vec![one_as.clone()],
            vec![Action::LocalPref(90)],
            Then::Next,
        ),
        term(
            vec![marked.clone(), Match::AsPathLength(0..=2)],
            vec![
                Action::DeleteCommunities(communities(&["65000:1", "65000:9"])),
                Action::Med(Some(7)),
            ],
            Then::Accept,
        ),
        term(vec![Match::Origin(Origin::Egp)], vec![], Then::Reject),
        term(vec![Match::Med(2..=9)], vec![Action::Med(None)], Then::Next),
        term(
            vec![Match::OriginAs(Arc::from([1..=2, 6..=6]))],
            vec![Action::Prepend(vec![Asn(77), Asn(78)])],
            Then::Accept,
        ),
        term(vec![Match::LocalPref(100..=100)], vec![], Then::Accept),
    ];
    let beside = vec![
        term(
            vec![Match::Source(vec![Protocol::Static])],
            vec![
                Action::Origin(Origin::Incomplete),
                Action::SetCommunities(vec![AnyCommunity::Standard(65000 << 16 | 3)]),
            ],
            Then::Accept,
        ),
        term(
            vec![Match::Neighbor(list(&["10.0.0.4/31 le 32"])), not(&few)],
            vec![],
            Then::Reject,
        ),
        term(
            vec![Match::NextHop(list(&[
                "192.0.2.0/31 le 32",
                "2001:db8::/32 le 128",
            ]))],
            vec![Action::SubtractMed(1), add("65000:4")],
            Then::Next,
        ),
        term(vec![not(&marked)], vec![], Then::Accept),
    ];
    vec![
        Policy::terms("prefixes", prefixes, Verdict::Reject),
        Policy::terms("attributes", attributes, Verdict::Accept),
        Policy::terms("beside", beside, Verdict::Accept),
    ]
}

/// One that may be for the way out only.
pub(crate) fn outward() -> Policy {
    let few = Match::Prefix(list(&["10.0.0.0/8 le 32"]));
    let fixed = Action::NextHop(Some(IpAddr::from([192, 0, 2, 77])));
    let terms = vec![
        term(vec![few], vec![fixed], Then::Next),
        term(
            vec![Match::Med(0..=1)],
            vec![Action::NextHop(None)],
            Then::Next,
        ),
    ];
    Policy::terms("outward", terms, Verdict::Accept)
}

/// What is asked of, beside attributes and prefix.
pub(crate) struct From {
    pub(crate) next_hop: Option<NextHop>,
    pub(crate) neighbor: IpAddr,
    pub(crate) protocol: Protocol,
}

/// What a policy makes of a route.
pub(crate) struct Made {
    pub(crate) attr: Attr,
    /// It gave a MED.
    pub(crate) med: bool,
    /// It gave a next hop; `None` within: our own.
    pub(crate) next_hop: Option<Option<IpAddr>>,
}

/// What a policy that sees `seen` makes of `attr`; `None`: it rejects the route.
pub(crate) fn judge(
    policy: &Policy,
    prefix: &IpNet,
    (seen, attr): (&Attr, &Attr),
    from: &From,
) -> Option<Made> {
    let mut made = Made {
        attr: attr.clone(),
        med: false,
        next_hop: None,
    };
    let Some((terms, default)) = policy.as_terms() else {
        return simple(policy, prefix).then_some(made);
    };
    for term in terms {
        if !term
            .matches
            .iter()
            .all(|one| holds(one, prefix, seen, from))
        {
            continue;
        }
        for action in &term.actions {
            act(action, &mut made);
        }
        match term.then {
            Then::Accept => return Some(made),
            Then::Reject => return None,
            Then::Next => {}
        }
    }
    (default == Verdict::Accept).then_some(made)
}

/// Policies without terms, by their names.
fn simple(policy: &Policy, prefix: &IpNet) -> bool {
    let within = |texts: &[&str]| {
        let mut rules = texts
            .iter()
            .map(|text| text.parse::<rib::PrefixRule>().unwrap());
        rules.any(|rule| rule.matches(prefix))
    };
    match policy.name() {
        "all" => true,
        "low" => within(crate::LOW),
        "even" => within(crate::EVEN),
        _ => false,
    }
}

fn holds(one: &Match, prefix: &IpNet, attr: &Attr, from: &From) -> bool {
    let any = |list: &PrefixList, net: &IpNet| list.rules().iter().any(|rule| rule.matches(net));
    match one {
        Match::Prefix(list) => any(list, prefix),
        Match::NextHop(list) => {
            (from.next_hop).is_some_and(|hop| any(list, &IpNet::from(hop.address())))
        }
        Match::Neighbor(list) => {
            from.protocol == Protocol::Bgp && any(list, &IpNet::from(from.neighbor))
        }
        Match::AsPath(_) => attr.path.contains(&5),
        Match::AsPathLength(range) => range.contains(&(attr.path.len() as u32)),
        Match::OriginAs(ranges) => {
            (attr.path.last()).is_some_and(|asn| ranges.iter().any(|range| range.contains(asn)))
        }
        Match::Community(_) => attr.communities.iter().any(|c| c >> 16 == 65000),
        Match::Med(range) => attr.med.is_some_and(|med| range.contains(&med)),
        Match::LocalPref(range) => range.contains(&attr.local_pref.unwrap_or(100)),
        Match::Origin(origin) => attr.origin == *origin,
        Match::Source(protocols) => protocols.contains(&from.protocol),
        Match::Not(inner) => !holds(inner, prefix, attr, from),
    }
}

fn act(action: &Action, made: &mut Made) {
    let attr = &mut made.attr;
    let standard = |community: &AnyCommunity| match community {
        AnyCommunity::Standard(value) => *value,
        other => unreachable!("{other:?}"),
    };
    match action {
        Action::LocalPref(value) => attr.local_pref = Some(*value),
        Action::Med(value) => attr.med = *value,
        Action::AddMed(more) => attr.med = Some(attr.med.unwrap_or(0) + more),
        Action::SubtractMed(less) => {
            attr.med = Some(attr.med.unwrap_or(0).saturating_sub(*less));
        }
        Action::Origin(origin) => attr.origin = *origin,
        Action::PrependOwn(times) => {
            for _ in 0..*times {
                attr.path.insert(0, crate::LOCAL_AS);
            }
        }
        Action::Prepend(path) => {
            attr.path.splice(0..0, path.iter().map(|asn| asn.0));
        }
        Action::NextHop(hop) => made.next_hop = Some(*hop),
        Action::SetCommunities(list) => attr.communities = list.iter().map(standard).collect(),
        Action::AddCommunities(list) => list.iter().for_each(|one| attr.add(standard(one))),
        Action::DeleteCommunities(_) => {
            attr.communities
                .retain(|c| c >> 16 != 65000 || ![1, 9].contains(&(c & 0xffff)));
        }
    }
    made.med |= matches!(
        action,
        Action::Med(_) | Action::AddMed(_) | Action::SubtractMed(_)
    );
}
