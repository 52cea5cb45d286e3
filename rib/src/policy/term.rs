//! What a policy is made of, as typed values.
use super::{
    AsPathPattern, CommunityPattern, PrefixList,
    pattern::{path_text, standard},
};
use bgp_wire::{
    Asn, AttributeSet, Attributes, NextHop, Origin,
    attr::{ExtendedCommunity, LargeCommunity},
};
use ipnet::IpNet;
use std::{net::IpAddr, ops::RangeInclusive, sync::Arc};

/// One term: where all of `matches` hold, `actions` are done, and `then` says how it goes on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Term {
    /// For people.
    pub name: Option<Box<str>>,
    /// None: it holds for every route.
    pub matches: Vec<Match>,
    /// What changes.
    pub actions: Vec<Action>,
    /// How it goes on.
    pub then: Then,
}

/// How it goes on after a term that held.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Then {
    /// The route is taken.
    Accept,
    /// It is not.
    Reject,
    /// The next term decides.
    Next,
}

/// Where routes come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    /// A neighbor.
    Bgp,
    /// Addresses of this host.
    Connected,
    /// Configured prefixes.
    Static,
}

/// One condition; of a list one entry is enough. All look at the route as it came to the policy,
/// whatever terms before have changed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Match {
    /// The prefix.
    Prefix(Arc<PrefixList>),
    /// The next hop; routes of this host have none.
    NextHop(Arc<PrefixList>),
    /// The address of the neighbor that the route came from.
    Neighbor(Arc<PrefixList>),
    /// AS_PATH.
    AsPath(Arc<[AsPathPattern]>),
    /// Length of AS_PATH as the decision counts it.
    AsPathLength(RangeInclusive<u32>),
    /// The last AS of AS_PATH.
    OriginAs(Arc<[RangeInclusive<u32>]>),
    /// Communities of any kind.
    Community(Arc<[CommunityPattern]>),
    /// MULTI_EXIT_DISC; does not hold where there is none.
    Med(RangeInclusive<u32>),
    /// LOCAL_PREF, 100 where there is none.
    LocalPref(RangeInclusive<u32>),
    /// ORIGIN.
    Origin(Origin),
    /// Where it comes from.
    Source(Vec<Protocol>),
    /// The condition does not hold.
    Not(Box<Self>),
}

/// What an accepted route changes on its way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// LOCAL_PREF.
    LocalPref(u32),
    /// MULTI_EXIT_DISC; `None`: it goes. A MED that a policy gave goes to other AS too.
    Med(Option<u32>),
    /// So much more MED.
    AddMed(u32),
    /// So much less.
    SubtractMed(u32),
    /// ORIGIN.
    Origin(Origin),
    /// Our own AS so many times more.
    PrependOwn(u8),
    /// These in front of the path.
    Prepend(Vec<Asn>),
    /// On the way out: this address, or our own (`None`), as next hop.
    NextHop(Option<IpAddr>),
    /// In place of all communities of all kinds.
    SetCommunities(Vec<AnyCommunity>),
    /// Beside those that are there.
    AddCommunities(Vec<AnyCommunity>),
    /// Those that one of the patterns matches.
    DeleteCommunities(Arc<[CommunityPattern]>),
}

/// A community of any kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AnyCommunity {
    /// RFC 1997
    Standard(u32),
    /// RFC 8092
    Large([u32; 3]),
    /// RFC 4360
    Extended([u8; 8]),
}

impl std::str::FromStr for AnyCommunity {
    type Err = super::PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(value) = standard(text) {
            return Ok(Self::Standard(value));
        }
        if let Ok(LargeCommunity(words)) = text.parse() {
            return Ok(Self::Large(words));
        }
        let ExtendedCommunity(octets) = text.parse().map_err(|_| {
            super::PatternError(format!(
                "\"{text}\" is not a community; write \"65000:1\", \"no-export\", \"65000:1:2\" or \"target:65000:1\""
            ))
        })?;
        Ok(Self::Extended(octets))
    }
}

/// A route as it comes to a policy, prefix aside.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its attributes.
    pub attributes: &'a Attributes<'a>,
    /// Its next hop, where it has one.
    pub next_hop: Option<NextHop>,
    /// The neighbor that it came from.
    pub neighbor: IpAddr,
    /// Where it comes from.
    pub protocol: Protocol,
}

impl Match {
    /// Does it look at the prefix?
    pub(crate) fn looks_at_prefix(&self) -> bool {
        match self {
            Self::Prefix(_) => true,
            Self::Not(inner) => inner.looks_at_prefix(),
            _ => false,
        }
    }

    /// Does it look at where the route comes from, or at its next hop, beside its attributes?
    pub(crate) fn looks_beside_attributes(&self) -> bool {
        match self {
            Self::NextHop(_) | Self::Neighbor(_) | Self::Source(_) => true,
            Self::Not(inner) => inner.looks_beside_attributes(),
            _ => false,
        }
    }

    /// Does it hold for the prefix?
    pub(crate) fn holds_for_prefix(&self, prefix: &IpNet) -> bool {
        match self {
            Self::Prefix(list) => list.contains(prefix),
            Self::Not(inner) => !inner.holds_for_prefix(prefix),
            _ => true,
        }
    }

    /// Does it hold for all but the prefix?
    pub(crate) fn holds(&self, subject: &Subject<'_>) -> bool {
        let attributes = subject.attributes;
        match self {
            Self::Prefix(_) => true,
            Self::NextHop(list) => subject
                .next_hop
                .is_some_and(|hop| list.contains(&IpNet::from(hop.address()))),
            Self::Neighbor(list) => {
                subject.protocol == Protocol::Bgp && list.contains(&IpNet::from(subject.neighbor))
            }
            Self::AsPath(patterns) => {
                let text = path_text(attributes.as_path());
                patterns.iter().any(|pattern| pattern.matches(&text))
            }
            Self::AsPathLength(range) => {
                let length = attributes.as_path().map_or(0, |path| path.length());
                u32::try_from(length).is_ok_and(|length| range.contains(&length))
            }
            Self::OriginAs(ranges) => {
                let origin = attributes.as_path().and_then(|path| path.origin());
                origin.is_some_and(|Asn(asn)| ranges.iter().any(|range| range.contains(&asn)))
            }
            Self::Community(patterns) => patterns.iter().any(|one| one.matches(attributes)),
            Self::Med(range) => attributes.med().is_some_and(|med| range.contains(&med)),
            Self::LocalPref(range) => {
                let preference = attributes.local_pref();
                range.contains(&preference.unwrap_or(crate::intern::DEFAULT_LOCAL_PREF))
            }
            Self::Origin(origin) => attributes.origin() == Some(*origin),
            Self::Source(protocols) => protocols.contains(&subject.protocol),
            Self::Not(inner) => inner.looks_at_prefix() || !inner.holds(subject),
        }
    }
}

impl Action {
    /// Changes the attributes; `local_as` is ours toward the neighbor.
    pub(crate) fn apply(&self, set: &mut AttributeSet, local_as: Asn) {
        match self {
            Self::LocalPref(preference) => set.local_pref = Some(*preference),
            Self::Med(med) => set.med = *med,
            Self::AddMed(more) => set.med = Some(set.med.unwrap_or(0).saturating_add(*more)),
            Self::SubtractMed(less) => set.med = Some(set.med.unwrap_or(0).saturating_sub(*less)),
            Self::Origin(origin) => set.origin = *origin,
            Self::PrependOwn(times) => set.as_path.prepend(local_as, usize::from(*times)),
            Self::Prepend(path) => {
                for asn in path.iter().rev() {
                    set.as_path.prepend(*asn, 1);
                }
            }
            Self::NextHop(_) => {}
            Self::SetCommunities(communities) => {
                set.communities.clear();
                set.large_communities.clear();
                set.extended_communities.clear();
                add(set, communities);
            }
            Self::AddCommunities(communities) => add(set, communities),
            Self::DeleteCommunities(patterns) => {
                let any =
                    |matches: &dyn Fn(&CommunityPattern) -> bool| patterns.iter().any(matches);
                set.communities.retain(|c| !any(&|p| p.is_standard(*c)));
                set.large_communities.retain(|c| !any(&|p| p.is_large(c)));
                set.extended_communities
                    .retain(|c| !any(&|p| p.is_extended(*c)));
            }
        }
    }

    pub(crate) const fn sets_med(&self) -> bool {
        matches!(self, Self::Med(_) | Self::AddMed(_) | Self::SubtractMed(_))
    }
}

fn add(set: &mut AttributeSet, communities: &[AnyCommunity]) {
    for community in communities {
        match community {
            AnyCommunity::Standard(value) if !set.communities.contains(value) => {
                set.communities.push(*value);
            }
            AnyCommunity::Large(words) if !set.large_communities.contains(words) => {
                set.large_communities.push(*words);
            }
            AnyCommunity::Extended(octets) if !set.extended_communities.contains(octets) => {
                set.extended_communities.push(*octets);
            }
            _ => {}
        }
    }
}
