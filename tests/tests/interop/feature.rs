//! A row of the matrix.
use tests::Implementation;

/// What is demanded of Myna and a peer of any make.
#[derive(Clone, Copy)]
pub(crate) struct Feature {
    /// Name of its tests: `key::peer`.
    pub(crate) key: &'static str,
    /// Its row in the matrix.
    pub(crate) title: &'static str,
    /// Runs one cell; it panics where something is not as it should be.
    pub(crate) run: fn(Implementation),
    /// Makes that do not have it, and why we say so.
    pub(crate) not_offered: &'static [(Implementation, &'static str)],
}

impl Feature {
    /// Why there is no such cell.
    pub(crate) fn not_offered_by(&self, make: Implementation) -> Option<&'static str> {
        let mut all = self.not_offered.iter();
        all.find(|(other, _)| *other == make).map(|(_, why)| *why)
    }
}
