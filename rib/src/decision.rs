//! The decision process (RFC 4271 §9.1.2.2) and the step that decided.
/// The step at which a path lost (or won).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Step {
    OnlyPath,
    LocalRoute,
    LocalPref,
    AsPathLength,
    Origin,
    Med,
    EbgpOverIbgp,
    Oldest,
    RouterId,
    ClusterListLength,
    NeighborAddress,
    PathId,
}
impl std::fmt::Display for Step {
    // "local preference", "AS path length", …
    fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
