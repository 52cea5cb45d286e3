//! The decision process (RFC 4271 §9.1.2.2) and the step that decided.
//!
//! MED is deterministic: paths are compared within the group of their neighbor AS first, then the
//! groups' winners across groups, without MED. Each of the two comparisons is a total order, so
//! the result does not depend on the order in which paths arrived. It follows that a path can
//! matter without being best: with M and N from AS 1 and B from AS 2, M may beat N on MED and B
//! beat M, and when M goes, N may beat B. Where a comparison or two cannot tell, all paths of the
//! prefix are looked at again; they are few. (A step that prefers the oldest external path, RFC
//! 5004, is no part of the default order: it makes the outcome depend on history.)
use crate::{
    DecisionRules, PeerKind,
    destinations::Path,
    intern::{Hot, Sets},
    sources::{Source, Sources},
};
use std::{cmp::Ordering, fmt};

/// The step at which a path lost (or won).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Step {
    /// There is no other path.
    OnlyPath,
    /// A route of this host wins over learned ones.
    LocalRoute,
    /// Not long-lived stale (RFC 9494 §4.2).
    LongLivedStale,
    /// Higher LOCAL_PREF (RFC 4271 §9.1.1).
    LocalPref,
    /// Shorter AS_PATH (RFC 4271 §9.1.2.2(a)).
    AsPathLength,
    /// Lower ORIGIN (RFC 4271 §9.1.2.2(b)).
    Origin,
    /// Lower MED among paths of one neighbor AS (RFC 4271 §9.1.2.2(c)).
    Med,
    /// External over internal (RFC 4271 §9.1.2.2(d)).
    EbgpOverIbgp,
    /// The older external path (RFC 5004).
    Oldest,
    /// Lower BGP identifier, or ORIGINATOR_ID (RFC 4271 §9.1.2.2(f), RFC 4456 §9).
    RouterId,
    /// Shorter CLUSTER_LIST (RFC 4456 §9).
    ClusterListLength,
    /// Lower neighbor address (RFC 4271 §9.1.2.2(g)).
    NeighborAddress,
    /// Lower path identifier (RFC 7911).
    PathId,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnlyPath => "only path",
            Self::LocalRoute => "local route",
            Self::LongLivedStale => "long-lived stale",
            Self::LocalPref => "local preference",
            Self::AsPathLength => "AS path length",
            Self::Origin => "origin",
            Self::Med => "MED",
            Self::EbgpOverIbgp => "external over internal",
            Self::Oldest => "oldest",
            Self::RouterId => "router identifier",
            Self::ClusterListLength => "cluster list length",
            Self::NeighborAddress => "neighbor address",
            Self::PathId => "path identifier",
        })
    }
}

/// Everything that two paths are compared by.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    path: &'a Path,
    hot: &'a Hot,
    source: &'a Source,
    rules: DecisionRules,
}

impl<'a> Candidate<'a> {
    fn new(path: &'a Path, sets: &'a Sets, sources: &'a Sources) -> Option<Self> {
        Some(Self {
            path,
            hot: sets.hot(path.accepted)?,
            source: sources.at(path.source())?,
            rules: sources.decision,
        })
    }

    const fn local(&self) -> bool {
        matches!(self.source.kind, PeerKind::Local)
    }

    /// Within it MED is compared.
    const fn group(&self) -> u32 {
        if self.rules.always_compare_med {
            0
        } else {
            self.hot.neighbor_as
        }
    }

    fn identifier(&self) -> u32 {
        if self.hot.originator == 0 {
            self.source.router_id
        } else {
            self.hot.originator
        }
    }

    /// `Less`: self is preferred.
    fn compare(&self, other: &Self) -> (Ordering, Step) {
        let (mine, theirs) = (self.hot, other.hot);
        macro_rules! step {
            ($one:expr, $other:expr, $step:expr) => {
                let order = Ord::cmp(&$one, &$other);
                if order.is_ne() {
                    return (order, $step);
                }
            };
        }
        step!(other.local(), self.local(), Step::LocalRoute);
        step!(
            mine.long_lived_stale,
            theirs.long_lived_stale,
            Step::LongLivedStale
        );
        step!(theirs.local_pref, mine.local_pref, Step::LocalPref);
        if !self.rules.ignore_path_length {
            step!(mine.path_length, theirs.path_length, Step::AsPathLength);
        }
        step!(mine.origin, theirs.origin, Step::Origin);
        if self.group() == other.group() {
            step!(mine.med, theirs.med, Step::Med);
        }
        step!(
            internal(self.source.kind),
            internal(other.source.kind),
            Step::EbgpOverIbgp
        );
        if self.rules.prefer_oldest && external(self.source.kind) && external(other.source.kind) {
            step!(self.path.learned, other.path.learned, Step::Oldest);
        }
        step!(self.identifier(), other.identifier(), Step::RouterId);
        step!(
            mine.cluster_length,
            theirs.cluster_length,
            Step::ClusterListLength
        );
        step!(
            (self.source.address, self.source.peer),
            (other.source.address, other.source.peer),
            Step::NeighborAddress
        );
        (self.path.path_id.cmp(&other.path.path_id), Step::PathId)
    }
}

const fn external(kind: PeerKind) -> bool {
    matches!(kind, PeerKind::Ebgp)
}

const fn internal(kind: PeerKind) -> bool {
    matches!(kind, PeerKind::Ibgp)
}

/// Compares two paths, MED included where they come from the same neighbor AS.
pub(crate) fn compare(
    one: &Path,
    other: &Path,
    sets: &Sets,
    sources: &Sources,
) -> (Ordering, Step) {
    match (
        Candidate::new(one, sets, sources),
        Candidate::new(other, sets, sources),
    ) {
        (Some(one), Some(other)) => one.compare(&other),
        (Some(_), None) => (Ordering::Less, Step::OnlyPath),
        (None, _) => (Ordering::Greater, Step::OnlyPath),
    }
}

/// Is MED compared between the paths?
pub(crate) fn same_group(one: &Path, other: &Path, sets: &Sets, sources: &Sources) -> bool {
    if sources.decision.always_compare_med {
        return true;
    }
    match (sets.hot(one.accepted), sets.hot(other.accepted)) {
        (Some(one), Some(other)) => one.neighbor_as == other.neighbor_as,
        _ => false,
    }
}

/// The place of the best accepted path. Quadratic in the groups of a prefix, linear in its paths
/// where each neighbor AS offers one.
pub(crate) fn select<'a>(
    paths: impl Iterator<Item = &'a Path> + Clone,
    sets: &'a Sets,
    sources: &'a Sources,
) -> Option<usize> {
    let candidates = paths
        .enumerate()
        .filter(|(_, path)| path.accepted())
        .filter_map(|(at, path)| Some((at, Candidate::new(path, sets, sources)?)));
    let mut best: Option<(usize, Candidate<'a>)> = None;
    for (at, candidate) in candidates.clone() {
        if let Some((_, leader)) = &best {
            // Within one group the comparison is complete; across groups the loser's group may
            // still hold the winner's better, so only losers are dropped here.
            if candidate.compare(leader).0.is_ge() {
                continue;
            }
        }
        let beaten = candidates.clone().any(|(other, rival)| {
            other != at && rival.group() == candidate.group() && rival.compare(&candidate).0.is_lt()
        });
        if !beaten {
            best = Some((at, candidate));
        }
    }
    best.map(|(at, _)| at)
}

/// Where every path of a prefix stands: the paths best first, each with the step at which it won
/// (the first: against the runner-up) or lost.
pub(crate) fn rank<'a>(
    paths: &[&'a Path],
    sets: &'a Sets,
    sources: &'a Sources,
) -> Vec<(&'a Path, Step)> {
    let mut left: Vec<&Path> = paths.iter().copied().filter(|p| p.accepted()).collect();
    let mut ranked: Vec<(&Path, Step)> = Vec::with_capacity(left.len());
    while let Some(at) = select(left.iter().copied(), sets, sources) {
        let path = left.remove(at);
        let step = match ranked.first() {
            None => Step::OnlyPath,
            Some((best, _)) => {
                // A path that a member of its own group beats lost there, whatever a direct
                // comparison with the best one would say.
                let conqueror = ranked
                    .iter()
                    .map(|(rival, _)| *rival)
                    .find(|rival| same_group(rival, path, sets, sources))
                    .unwrap_or(best);
                compare(conqueror, path, sets, sources).1
            }
        };
        ranked.push((path, step));
    }
    if let Some((_, runner_up)) = ranked.get(1).copied()
        && let Some((_, step)) = ranked.first_mut()
    {
        *step = runner_up;
    }
    ranked
}
