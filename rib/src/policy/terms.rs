//! Terms, compiled: what of them depends on attributes is found once per attribute set, what depends
//! on the prefix by one look into a map of all terms' prefixes.
//!
//! A policy of a thousand terms, each with its prefix list, costs a route one search and the terms
//! that match, not a thousand searches.
use super::{Match, Outcome, Subject, Term, Then, prefix_map::PrefixMap};
use ipnet::IpNet;

/// See the module.
#[derive(Debug)]
pub(crate) struct Terms {
    terms: Box<[Term]>,
    /// Where no term decides.
    accept: bool,
    /// The prefixes of each term's first prefix list; a rule's tag is the term.
    index: PrefixMap,
    kinds: Box<[Kind]>,
    pub(crate) looks_at_prefix: bool,
    pub(crate) looks_beside_attributes: bool,
}

/// How a term depends on the prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Not at all.
    Plain,
    /// By its list in the index; with more than that.
    Indexed { further: bool },
    /// Otherwise ("not in this list").
    Unindexed,
}

/// The terms that hold for an attribute set, ascending.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Holding {
    /// Those that are not in the index, up to the first that decides whatever the prefix.
    unindexed: Box<[u16]>,
    /// Those in the index, a bit each.
    indexed: Box<[u64]>,
}

impl Terms {
    /// Terms in order. More than 65,535 are not looked at.
    pub(crate) fn new(terms: Vec<Term>, accept: bool) -> Self {
        let kinds: Box<[Kind]> = terms.iter().map(Kind::of).collect();
        let rules = (0..=u16::MAX)
            .zip(&terms)
            .filter_map(|(number, term)| Some((number, first_list(term)?)))
            .flat_map(|(number, list)| list.rules().iter().map(move |rule| (rule, number)));
        Self {
            index: PrefixMap::new(rules),
            accept,
            looks_at_prefix: terms.iter().any(Term::looks_at_prefix),
            looks_beside_attributes: (terms.iter().flat_map(|term| &term.matches))
                .any(Match::looks_beside_attributes),
            terms: terms.into_boxed_slice(),
            kinds,
        }
    }

    pub(crate) fn list(&self) -> &[Term] {
        &self.terms
    }

    pub(crate) const fn accepts_by_default(&self) -> bool {
        self.accept
    }

    fn numbered(&self) -> impl Iterator<Item = (u16, &Term, Kind)> {
        let terms = (0..=u16::MAX).zip(&self.terms).zip(&self.kinds);
        terms.map(|((number, term), kind)| (number, term, *kind))
    }

    /// The terms that hold, prefix aside.
    pub(crate) fn holding(&self, subject: &Subject<'_>) -> Holding {
        let mut unindexed = Vec::new();
        let mut indexed = vec![0_u64; self.terms.len().div_ceil(64)];
        for (number, term, kind) in self.numbered() {
            if !term.matches.iter().all(|one| one.holds(subject)) {
                continue;
            }
            match kind {
                Kind::Indexed { .. } => {
                    if let Some(word) = indexed.get_mut(usize::from(number >> 6)) {
                        *word |= 1 << (number & 63);
                    }
                }
                Kind::Plain | Kind::Unindexed => unindexed.push(number),
            }
            if kind == Kind::Plain && term.then != Then::Next {
                break;
            }
        }
        Holding {
            unindexed: unindexed.into_boxed_slice(),
            indexed: indexed.into_boxed_slice(),
        }
    }

    /// What the terms make of a prefix.
    pub(crate) fn outcome(&self, holding: &Holding, prefix: Option<&IpNet>) -> Outcome {
        let mut applied = Vec::new();
        let mut others = holding.unindexed.iter().copied().peekable();
        let found = prefix
            .into_iter()
            .flat_map(|prefix| self.index.matches(prefix));
        let mut found = found
            .filter(|number| {
                let word = holding.indexed.get(usize::from(number >> 6));
                word.is_some_and(|word| word & (1 << (number & 63)) != 0)
            })
            .peekable();
        loop {
            let number = match (others.peek(), found.peek()) {
                (Some(other), Some(indexed)) if other < indexed => others.next(),
                (_, Some(_)) => found.next(),
                (_, None) => others.next(),
            };
            let Some(number) = number else {
                return Outcome {
                    accept: self.accept,
                    terms: applied,
                };
            };
            // A term's rules may match more than once.
            while found.next_if_eq(&number).is_some() {}
            let at = usize::from(number);
            let (Some(term), Some(kind)) = (self.terms.get(at), self.kinds.get(at)) else {
                continue;
            };
            let further = matches!(kind, Kind::Indexed { further: true } | Kind::Unindexed);
            if further
                && let Some(prefix) = prefix
                && !term.matches.iter().all(|one| one.holds_for_prefix(prefix))
            {
                continue;
            }
            if !term.actions.is_empty() {
                applied.push(number);
            }
            match term.then {
                Then::Next => {}
                Then::Accept => {
                    return Outcome {
                        accept: true,
                        terms: applied,
                    };
                }
                Then::Reject => return Outcome::REJECT,
            }
        }
    }
}

impl Term {
    fn looks_at_prefix(&self) -> bool {
        self.matches.iter().any(Match::looks_at_prefix)
    }
}

fn first_list(term: &Term) -> Option<&super::PrefixList> {
    term.matches.iter().find_map(|one| match one {
        Match::Prefix(list) => Some(&**list),
        _ => None,
    })
}

impl Kind {
    fn of(term: &Term) -> Self {
        let about_prefixes = term.matches.iter().filter(|one| one.looks_at_prefix());
        match (first_list(term), about_prefixes.count()) {
            (_, 0) => Self::Plain,
            (Some(_), n) => Self::Indexed { further: n > 1 },
            (None, _) => Self::Unindexed,
        }
    }
}

impl PartialEq for Terms {
    fn eq(&self, other: &Self) -> bool {
        (self.accept, &self.terms) == (other.accept, &other.terms)
    }
}

impl Eq for Terms {}

impl std::hash::Hash for Terms {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.accept.hash(state);
        self.terms.hash(state);
    }
}
