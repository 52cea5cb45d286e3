//! Neighbors of ranges: they come with a connection and go with their session.

use super::Supervisor;
use crate::{
    config::{Config, Neighbor, Range},
    session::{self, ExpectedRange, Incoming},
};
use bgp_wire::{
    Notification,
    iana::notification::{OPEN_MESSAGE, cease, open},
};
use rib::PeerId;

impl Supervisor {
    /// Lets connections from the addresses of ranges come.
    pub(super) fn expect_ranges(&self) {
        let expected = self
            .config
            .ranges
            .iter()
            .filter(|range| !range.neighbor.disabled)
            .map(|range| ExpectedRange {
                name: range.neighbor.name.clone(),
                prefix: range.prefix,
                interface: range.neighbor.interface.clone(),
                local: range.neighbor.source_address,
            });
        self.routing.set_ranges(expected.collect());
    }

    /// Somebody within a range has connected and said who it is.
    pub(super) async fn incoming(&mut self, incoming: Incoming) {
        let Incoming {
            range,
            address,
            interface,
            remote_as,
            accepted,
        } = incoming;
        let Some(range) = find(&self.config, &range) else {
            // It was removed while the OPEN was on its way.
            return session::reject(accepted, &Notification::cease(cease::CONNECTION_REJECTED));
        };
        let Some(neighbor) = range.at(address, interface, remote_as) else {
            self.routing.refuse(address, "wrong AS");
            // RFC 4271 §6.2: "If the Autonomous System field of the OPEN message is unacceptable,
            // then the Error Subcode MUST be set to Bad Peer AS."
            let notification = Notification::new(OPEN_MESSAGE, open::BAD_PEER_AS, &[]);
            return session::reject(accepted, &notification);
        };
        let running = self
            .neighbors
            .iter()
            .find(|running| running.config.name == neighbor.name);
        if let Some(running) = running {
            // It came twice at the same time. A queue that is full loses the excess.
            let _ = running.session.accepted.try_send(accepted);
            return;
        }
        let name = range.neighbor.name.clone();
        let there = self.neighbors.iter();
        let there = there.filter(|running| running.range.as_ref() == Some(&name));
        if there.count() >= range.limit {
            self.routing
                .refuse(address, "its range has as many neighbors as it may");
            return session::reject(accepted, &Notification::cease(cease::CONNECTION_REJECTED));
        }
        tracing::info!(neighbor = %neighbor.name, range = %name, "a neighbor of a range has come");
        match self.start_neighbor(neighbor, Some(name)).await {
            Ok(()) => {
                if let Some(running) = self.neighbors.last() {
                    // Its queue is new and so has room.
                    let _ = running.session.accepted.try_send(accepted);
                }
            }
            Err(error) => tracing::error!(%address, error, "cannot start a neighbor of a range"),
        }
    }

    /// A session of a range has ended.
    pub(super) async fn left(&mut self, peer: PeerId) {
        let index = self
            .neighbors
            .iter()
            .position(|running| running.peer == peer && running.range.is_some());
        if let Some(index) = index {
            let running = self.take_neighbor(index);
            tracing::info!(neighbor = %running.config.name, "a neighbor of a range has gone");
            self.remove_neighbor(running, None).await;
        }
    }

    /// The neighbors of ranges that are there, as `new` says; those it has no place for are left
    /// out.
    pub(super) fn dynamic(&self, new: &Config) -> Vec<(Neighbor, String)> {
        let of_range = |running: &super::neighbors::Running| {
            let name = running.range.clone()?;
            let (is, range) = (&running.config, find(new, &name)?);
            if range.neighbor.disabled {
                return None;
            }
            let interface = is.interface.clone();
            Some((range.at(is.address, interface, is.remote_as)?, name))
        };
        self.neighbors.iter().filter_map(of_range).collect()
    }
}

fn find<'c>(config: &'c Config, name: &str) -> Option<&'c Range> {
    config.ranges.iter().find(|it| it.neighbor.name == name)
}
