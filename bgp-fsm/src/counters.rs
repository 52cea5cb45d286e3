//! What a session counts.

/// Messages and events since the session was created.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Counters {
    pub opens_in: u64,
    pub opens_out: u64,
    pub updates_in: u64,
    pub notifications_in: u64,
    pub notifications_out: u64,
    pub keepalives_in: u64,
    pub keepalives_out: u64,
    pub refreshes_in: u64,
    pub refreshes_out: u64,
    pub established: u64,
    pub connect_attempts: u64,
    /// Times that Hold was extended since octets of the neighbor were still unread on our side.
    pub hold_extensions: u64,
    /// Collisions resolved (RFC 4271 §6.8).
    pub collisions: u64,
    /// Connections said to be the neighbor's that the listener turned away (event 15).
    pub connections_refused: u64,
}

/// One more; a counter stays at its end rather than starting anew.
pub(crate) fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}
