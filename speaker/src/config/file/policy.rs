//! Reads policies, `[policy.NAME]` with `[[policy.NAME.term]]`.
use super::{
    sets::{self, Set, Sets, reference},
    value,
};
use crate::config::{
    complaint::Complaint,
    keys,
    lint::Subject,
    section::{Item, Section},
};
use bgp_wire::{Asn, Origin};
use ipnet::IpNet;
use rib::{
    Action, AnyCommunity, Match, Policy, PrefixList, PrefixRule, Protocol, Term, Then, Verdict,
};
use std::{collections::BTreeMap, net::IpAddr, ops::RangeInclusive, sync::Arc};
use toml::de::DeValue;

/// Policies by name.
pub(super) type Policies = BTreeMap<String, Arc<Policy>>;

/// Terms that one policy may have.
const MOST_TERMS: usize = 65_535;

/// Reads `[policy]`. `taken`: names of filters.
pub(super) fn read_all(
    section: &Section<'_, '_>,
    sets: &Sets,
    taken: impl Fn(&str) -> bool,
) -> Policies {
    let mut policies = Policies::new();
    for (name, item) in section.names() {
        let complaint = match value::filter_name(name) {
            Err(complaint) => Some(complaint),
            Ok(_) if taken(name) => Some(
                Complaint::new(format!("there is a filter `{name}` too"))
                    .help("filters and policies have names of their own"),
            ),
            Ok(_) => None,
        };
        if let Some(complaint) = complaint {
            item.walk.error(item.key.clone(), &item.key_span, complaint);
        }
        let subject = Subject::Policy(name.to_owned());
        if let Some(section) = item.section(subject, keys::POLICY) {
            policies.insert(name.to_owned(), Arc::new(read_one(name, section, sets)));
        }
    }
    policies
}

fn read_one(name: &str, section: Section<'_, '_>, sets: &Sets) -> Policy {
    let default = section.read("default", |item| match item.text()? {
        "accept" => Ok(Verdict::Accept),
        "reject" => Ok(Verdict::Reject),
        other => Err(Complaint::new(format!("`{other}` is no verdict"))
            .help("\"accept\" or \"reject\": what becomes of a route that no term decides about")),
    });
    let mut terms = Vec::new();
    if let Some(item) = section.take("term") {
        let elements = item.elements();
        if elements.len() > MOST_TERMS {
            item.error(Complaint::new("more than 65535 terms").help("fewer, with longer lists"));
        }
        for (number, item) in elements.into_iter().enumerate() {
            let subject = Subject::Term(name.to_owned(), number);
            if let Some(section) = item.section(subject, keys::TERM) {
                terms.push(read_term(section, sets));
            }
        }
    }
    section.finish();
    Policy::terms(name, terms, default.unwrap_or(Verdict::Reject))
}

fn read_term(section: Section<'_, '_>, sets: &Sets) -> Term {
    let name = section.read("name", |item| Ok(item.text()?.into()));
    let mut matches = read_matches(&section, sets);
    if let Some(item) = section.take("not")
        && let Some(inner) = item.section(section.subject.clone(), keys::MATCHES)
    {
        let inner_matches = read_matches(&inner, sets);
        matches.extend(
            inner_matches
                .into_iter()
                .map(|one| Match::Not(Box::new(one))),
        );
        inner.finish();
    }
    let actions = read_actions(&section, sets);
    let then = section.read("then", |item| match item.text()? {
        "accept" => Ok(Then::Accept),
        "reject" => Ok(Then::Reject),
        "next" => Ok(Then::Next),
        other => Err(Complaint::new(format!("`{other}` is not known here"))
            .help("\"accept\", \"reject\" or \"next\"")),
    });
    if section.take("then").is_none() {
        section.missing(
            "then",
            "how it goes on: \"accept\", \"reject\" or \"next\" (the next term)",
        );
    }
    section.finish();
    Term {
        name,
        matches,
        actions,
        then: then.unwrap_or(Then::Reject),
    }
}

fn read_matches(section: &Section<'_, '_>, sets: &Sets) -> Vec<Match> {
    let number = |key| section.read(key, range);
    let origin = section.read("origin", origin);
    let source = section.read_list("source", |item| match item.text()? {
        "bgp" => Ok(Protocol::Bgp),
        "connected" => Ok(Protocol::Connected),
        "static" => Ok(Protocol::Static),
        other => Err(Complaint::new(format!("`{other}` is no source of routes"))
            .help("\"bgp\", \"connected\" or \"static\"")),
    });
    let found = [
        prefixes(section, sets).map(Match::Prefix),
        addresses(section, "next-hop").map(Match::NextHop),
        addresses(section, "neighbor").map(Match::Neighbor),
        from_sets(
            section,
            "as-path",
            sets,
            "AS paths",
            sets::as_path,
            |set| match set {
                Set::AsPaths(list) => Some(list),
                _ => None,
            },
        )
        .map(|list| Match::AsPath(list.into())),
        number("as-path-length").map(Match::AsPathLength),
        section
            .read_list("origin-as", range)
            .map(|list| Match::OriginAs(list.into())),
        communities(section, "community", sets).map(|list| Match::Community(list.into())),
        number("med").map(Match::Med),
        number("local-pref").map(Match::LocalPref),
        origin.map(Match::Origin),
        source.map(Match::Source),
    ];
    found.into_iter().flatten().collect()
}

fn read_actions(section: &Section<'_, '_>, sets: &Sets) -> Vec<Action> {
    let list = |key| section.read_list(key, any_community);
    let found = [
        section
            .read("set-local-pref", |item| item.integer(0..=u32::MAX))
            .map(Action::LocalPref),
        section.read("set-med", med),
        section.read("set-origin", origin).map(Action::Origin),
        section.read("prepend", prepend),
        section.read("set-next-hop", next_hop),
        list("set-communities").map(Action::SetCommunities),
        communities(section, "delete-communities", sets)
            .map(|list| Action::DeleteCommunities(list.into())),
        list("add-communities").map(Action::AddCommunities),
    ];
    found.into_iter().flatten().collect()
}

fn prefixes(section: &Section<'_, '_>, sets: &Sets) -> Option<Arc<PrefixList>> {
    let list = |name| match sets.find(name)? {
        Set::Prefixes(list) => Ok(Arc::clone(list)),
        Set::Wrong => Ok(Arc::new(PrefixList::new(Vec::new()))),
        _ => Err(sets::other_kind(name, "prefixes")),
    };
    let item = section.take("prefix")?;
    let elements = item.elements();
    // A set alone is shared, however large it is.
    if let [only] = elements.as_slice()
        && let Some(name) = reference(only)
    {
        return list(name).map_err(|complaint| only.error(complaint)).ok();
    }
    let mut rules = Vec::new();
    for element in &elements {
        let read = match reference(element) {
            Some(name) => list(name).map(|list| rules.extend(list.rules())),
            None => value::prefix_rule(element).map(|rule| rules.push(rule)),
        };
        if let Err(complaint) = read {
            element.error(complaint);
        }
    }
    Some(Arc::new(PrefixList::new(rules)))
}

/// Entries and "@NAME" of sets.
fn from_sets<T: Clone>(
    section: &Section<'_, '_>,
    key: &'static str,
    sets: &Sets,
    kind: &str,
    parse: impl Fn(&Item<'_, '_>) -> Result<T, Complaint>,
    of: impl Fn(&Set) -> Option<&Vec<T>>,
) -> Option<Vec<T>> {
    let lists = section.read_list(key, |item| match reference(item) {
        None => Ok(vec![parse(item)?]),
        Some(name) => match sets.find(name)? {
            Set::Wrong => Ok(Vec::new()),
            set => of(set).cloned().ok_or_else(|| sets::other_kind(name, kind)),
        },
    })?;
    Some(lists.into_iter().flatten().collect())
}

fn communities(
    section: &Section<'_, '_>,
    key: &'static str,
    sets: &Sets,
) -> Option<Vec<rib::CommunityPattern>> {
    from_sets(
        section,
        key,
        sets,
        "communities",
        sets::community,
        |set| match set {
            Set::Communities(list) => Some(list),
            _ => None,
        },
    )
}

/// Addresses, and prefixes that they may lie in.
fn addresses(section: &Section<'_, '_>, key: &'static str) -> Option<Arc<PrefixList>> {
    let rules = section.read_list(key, |item| {
        let text = item.text()?;
        let net = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => value::prefix(text)?,
        };
        let rule = format!("{net} le {}", net.max_prefix_len());
        rule.parse::<PrefixRule>()
            .map_err(|error| Complaint::new(error.to_string()))
    })?;
    Some(Arc::new(PrefixList::new(rules)))
}

/// 5, "5", "2..8", "..8", "2.."
fn range(item: &Item<'_, '_>) -> Result<RangeInclusive<u32>, Complaint> {
    let DeValue::String(text) = item.value.get_ref() else {
        let number = item.integer(0..=u32::MAX)?;
        return Ok(number..=number);
    };
    let wrong = || {
        Complaint::new(format!("`{text}` is not a range of numbers"))
            .help("as in 5, \"2..8\" (both ends count), \"..8\" or \"2..\"")
    };
    let bound = |text: &str, open: u32| match text.trim() {
        "" => Ok(open),
        text => text.parse::<u32>().map_err(|_| wrong()),
    };
    let (low, high) = match text.split_once("..") {
        Some((low, high)) => (bound(low, 0)?, bound(high, u32::MAX)?),
        None => {
            let number = text.trim().parse().map_err(|_| wrong())?;
            (number, number)
        }
    };
    if low > high {
        return Err(
            Complaint::new(format!("`{text}` holds no number")).help(format!("\"{high}..{low}\""))
        );
    }
    Ok(low..=high)
}

fn origin(item: &Item<'_, '_>) -> Result<Origin, Complaint> {
    match item.text()? {
        "igp" => Ok(Origin::Igp),
        "egp" => Ok(Origin::Egp),
        "incomplete" => Ok(Origin::Incomplete),
        other => Err(Complaint::new(format!("`{other}` is no origin"))
            .help("\"igp\", \"egp\" or \"incomplete\"")),
    }
}

/// 10, "+10", "-10", "none"
fn med(item: &Item<'_, '_>) -> Result<Action, Complaint> {
    let DeValue::String(text) = item.value.get_ref() else {
        return Ok(Action::Med(Some(item.integer(0..=u32::MAX)?)));
    };
    let number = |text: &str| {
        text.parse::<u32>().map_err(|_| {
            Complaint::new(format!("`{text}` is no MED"))
                .help("as in 10, \"+10\", \"-10\" or \"none\"")
        })
    };
    match (text.strip_prefix('+'), text.strip_prefix('-')) {
        _ if text == "none" => Ok(Action::Med(None)),
        (Some(more), _) => Ok(Action::AddMed(number(more)?)),
        (_, Some(less)) => Ok(Action::SubtractMed(number(less)?)),
        (None, None) => Ok(Action::Med(Some(number(text)?))),
    }
}

/// A number of times our own AS, or AS numbers.
fn prepend(item: &Item<'_, '_>) -> Result<Action, Complaint> {
    if let DeValue::Array(_) = item.value.get_ref() {
        let path: Result<Vec<Asn>, Complaint> = item.elements().iter().map(value::asn).collect();
        return Ok(Action::Prepend(path?));
    }
    let times = item.integer(1..=64)?;
    Ok(Action::PrependOwn(u8::try_from(times).unwrap_or(u8::MAX)))
}

fn next_hop(item: &Item<'_, '_>) -> Result<Action, Complaint> {
    match item.string()? {
        "self" => Ok(Action::NextHop(None)),
        text => Ok(Action::NextHop(Some(value::host_address(text)?))),
    }
}

fn any_community(item: &Item<'_, '_>) -> Result<AnyCommunity, Complaint> {
    (item.text()?.parse()).map_err(|error: rib::PatternError| Complaint::new(error.to_string()))
}

#[cfg(test)]
mod tests;
