//! The two connections that a session may have at a time (RFC 4271 §6.8).
use crate::{Slot, connection::Connection, outbox::Outbox};

/// Something for each of the two connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pair<T> {
    ours: T,
    theirs: T,
}

pub(crate) type Slots = Pair<Option<Connection>>;
pub(crate) type Outboxes = Pair<Outbox>;

impl Slot {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Ours, Self::Theirs];

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            Self::Theirs => Self::Ours,
        }
    }
}

impl<T> Pair<T> {
    pub(crate) fn at(&self, slot: Slot) -> &T {
        match slot {
            Slot::Ours => &self.ours,
            Slot::Theirs => &self.theirs,
        }
    }

    pub(crate) fn at_mut(&mut self, slot: Slot) -> &mut T {
        match slot {
            Slot::Ours => &mut self.ours,
            Slot::Theirs => &mut self.theirs,
        }
    }
}

impl Slots {
    /// The connection that is furthest on; ours where both are equally far.
    pub(crate) fn leading(&self) -> Option<&Connection> {
        match (&self.ours, &self.theirs) {
            (Some(ours), Some(theirs)) if theirs.state() > ours.state() => Some(theirs),
            (Some(ours), _) => Some(ours),
            (None, theirs) => theirs.as_ref(),
        }
    }

    /// The slot of the Established connection; there is at most one.
    pub(crate) fn established(&self) -> Option<Slot> {
        Slot::BOTH.into_iter().find(|slot| {
            self.at(*slot)
                .as_ref()
                .is_some_and(|connection| connection.established().is_some())
        })
    }
}
