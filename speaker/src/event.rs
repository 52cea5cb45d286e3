//! What an embedder may follow.

/// Something happened. Received from [`Handle::events`](crate::Handle::events); a receiver that
/// is too slow misses the oldest and is told so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A session is Established.
    NeighborUp {
        /// The neighbor's name.
        neighbor: String,
    },
    /// A session is no longer Established.
    NeighborDown {
        /// The neighbor's name.
        neighbor: String,
        /// Why, in words.
        reason: String,
    },
}
