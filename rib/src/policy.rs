//! Policy as data.
//!
//! A `Policy` is compiled once and then only read: all, nothing, a list of prefixes, or terms of
//! matches and actions (`policy/term`). It is asked in two steps. `look` finds what of it depends on
//! the attributes alone, and is remembered per attribute set; `outcome` adds the prefix, and says
//! whether the route is taken and which terms change it. What those make of an attribute set
//! (`apply`) is remembered again. So a policy costs a route one search for its prefix, and nothing
//! where it looks at no prefix.
//!
//! Equal policies are one object (`Policies`), so that peers with equal policies share one export
//! group.
use bgp_wire::{Asn, AttributeSet};
use ipnet::IpNet;
use std::{
    hash::{Hash, Hasher},
    net::IpAddr,
    sync::{Arc, Weak},
};

mod pattern;
mod prefix_map;
mod prefix_rule;
mod term;
mod terms;

pub use pattern::{AsPathPattern, CommunityPattern, PatternError};
pub use prefix_map::PrefixList;
pub use prefix_rule::{PrefixRule, PrefixRuleError};
pub use term::{Action, AnyCommunity, Match, Protocol, Subject, Term, Then};
use terms::{Holding, Terms};

/// What a policy says of a route.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The route is taken.
    Accept,
    /// It is not; a rejected path stays in Adj-RIB-In with its reason.
    Reject,
}

/// A compiled policy. Equal policies compare equal and share one export group.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Policy {
    name: Box<str>,
    body: Body,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Body {
    All,
    None,
    /// Rejects everything because nothing was configured (RFC 8212 §2).
    Missing,
    Prefixes(Arc<PrefixList>),
    Terms(Arc<Terms>),
}

/// What a policy finds in a route, prefix aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Look {
    /// The prefix does not matter.
    Decided(Outcome),
    /// Only the prefix matters.
    Prefix,
    /// These terms hold as far as it does not.
    Terms(Holding),
}

/// What a policy makes of a route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    pub(crate) accept: bool,
    /// The terms whose actions change it, by number.
    pub(crate) terms: Vec<u16>,
}

impl Outcome {
    pub(crate) const ACCEPT: Self = Self {
        accept: true,
        terms: Vec::new(),
    };
    pub(crate) const REJECT: Self = Self {
        accept: false,
        terms: Vec::new(),
    };
}

impl Policy {
    /// Accepts everything; shown as "all".
    pub fn all() -> Self {
        Self {
            name: "all".into(),
            body: Body::All,
        }
    }

    /// Rejects everything; shown as "none".
    pub fn none() -> Self {
        Self {
            name: "none".into(),
            body: Body::None,
        }
    }

    /// No policy was configured on an eBGP session: rejects everything (RFC 8212); shown as "missing".
    pub fn missing() -> Self {
        Self {
            name: "missing".into(),
            body: Body::Missing,
        }
    }

    /// Accepts what one of the rules matches, rejects all else.
    pub fn accept_prefixes(name: &str, rules: Vec<PrefixRule>) -> Self {
        Self {
            name: name.into(),
            body: Body::Prefixes(Arc::new(PrefixList::new(rules))),
        }
    }

    /// Terms, the first that holds and does not say "next" decides; where none does, `default`.
    /// At most 65,535 terms are looked at.
    ///
    /// ```
    /// use rib::{Action, Match, Policy, PrefixList, Term, Then, Verdict};
    /// use std::sync::Arc;
    /// let ours = PrefixList::new(vec!["10.0.0.0/8 le 24".parse().unwrap()]);
    /// let term = Term {
    ///     name: None,
    ///     matches: vec![Match::Prefix(Arc::new(ours))],
    ///     actions: vec![Action::LocalPref(200)],
    ///     then: Then::Accept,
    /// };
    /// let policy = Policy::terms("prefer_ours", vec![term], Verdict::Reject);
    /// assert_eq!(policy.name(), "prefer_ours");
    /// ```
    pub fn terms(name: &str, terms: Vec<Term>, default: Verdict) -> Self {
        Self {
            name: name.into(),
            body: Body::Terms(Arc::new(Terms::new(terms, default == Verdict::Accept))),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The terms that it is made of, and what it says where none decides; `None`: it has no terms.
    pub fn as_terms(&self) -> Option<(&[Term], Verdict)> {
        let Body::Terms(terms) = &self.body else {
            return None;
        };
        let default = if terms.accepts_by_default() {
            Verdict::Accept
        } else {
            Verdict::Reject
        };
        Some((terms.list(), default))
    }

    /// What it says of a route.
    pub fn verdict(&self, subject: &Subject<'_>, prefix: &IpNet) -> Verdict {
        if self.outcome(&self.look(subject), || *prefix).accept {
            Verdict::Accept
        } else {
            Verdict::Reject
        }
    }

    /// Whether it may give routes another next hop, which only makes sense on the way out.
    pub fn sets_next_hop(&self) -> bool {
        let actions = |term: &Term| term.actions.iter().any(|a| matches!(a, Action::NextHop(_)));
        self.as_terms()
            .is_some_and(|(terms, _)| terms.iter().any(actions))
    }

    /// Does it look at more than attributes and prefix? Then `look` is not for the attribute set
    /// alone.
    pub(crate) fn looks_beside_attributes(&self) -> bool {
        match &self.body {
            Body::Terms(terms) => terms.looks_beside_attributes,
            _ => false,
        }
    }

    /// What it finds in any route, where it has no terms.
    pub(crate) const fn look_at_nothing(&self) -> Option<Look> {
        match &self.body {
            Body::All => Some(Look::Decided(Outcome::ACCEPT)),
            Body::None | Body::Missing => Some(Look::Decided(Outcome::REJECT)),
            Body::Prefixes(_) => Some(Look::Prefix),
            Body::Terms(_) => None,
        }
    }

    /// What it finds in a route, prefix aside.
    pub(crate) fn look(&self, subject: &Subject<'_>) -> Look {
        let Body::Terms(terms) = &self.body else {
            return self.look_at_nothing().unwrap_or(Look::Prefix);
        };
        let holding = terms.holding(subject);
        if terms.looks_at_prefix {
            Look::Terms(holding)
        } else {
            Look::Decided(terms.outcome(&holding, None))
        }
    }

    /// What it makes of a prefix after that look.
    pub(crate) fn outcome(&self, look: &Look, prefix: impl FnOnce() -> IpNet) -> Outcome {
        match (look, &self.body) {
            (Look::Decided(outcome), _) => outcome.clone(),
            (Look::Terms(holding), Body::Terms(terms)) => terms.outcome(holding, Some(&prefix())),
            (_, Body::Prefixes(list)) if list.contains(&prefix()) => Outcome::ACCEPT,
            _ => Outcome::REJECT,
        }
    }

    fn actions<'a>(&'a self, terms: &'a [u16]) -> impl Iterator<Item = &'a Action> {
        let list = self.as_terms().map_or(&[][..], |(list, _)| list);
        let terms = terms.iter().filter_map(|term| list.get(usize::from(*term)));
        terms.flat_map(|term| &term.actions)
    }

    /// Changes attributes as these terms say.
    pub(crate) fn apply(&self, terms: &[u16], set: &mut AttributeSet, local_as: Asn) {
        for action in self.actions(terms) {
            action.apply(set, local_as);
        }
    }

    /// Whether these terms say what the MED is.
    pub(crate) fn sets_med(&self, terms: &[u16]) -> bool {
        self.actions(terms).any(Action::sets_med)
    }

    /// The next hop that these terms give; `Some(None)`: our own address.
    pub(crate) fn next_hop(&self, terms: &[u16]) -> Option<Option<IpAddr>> {
        let given = self.actions(terms).filter_map(|action| match action {
            Action::NextHop(hop) => Some(*hop),
            _ => None,
        });
        given.last()
    }

    /// Nothing was configured (RFC 8212).
    pub const fn is_missing(&self) -> bool {
        matches!(self.body, Body::Missing)
    }
}

/// The policies in use, each once.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    known: Vec<(u64, Weak<Policy>)>,
}

impl Policies {
    /// The one object that equals `policy`.
    pub(crate) fn one(&mut self, policy: Arc<Policy>) -> Arc<Policy> {
        let mut hasher = std::hash::DefaultHasher::new();
        policy.hash(&mut hasher);
        let hash = hasher.finish();
        self.known.retain(|(_, known)| known.strong_count() > 0);
        let found = self
            .known
            .iter()
            .filter(|(other, _)| *other == hash)
            .filter_map(|(_, known)| known.upgrade())
            .find(|known| *known == policy);
        found.unwrap_or_else(|| {
            self.known.push((hash, Arc::downgrade(&policy)));
            policy
        })
    }
}

#[cfg(test)]
mod tests;
