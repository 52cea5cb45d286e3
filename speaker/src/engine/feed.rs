//! From best paths to the kernel table: what the worker asks for, and no more.

use crate::fib::{Demand, Fib, FibChange, FibNextHop, FibRoute, Past, Worker};
use bgp_wire::NextHop;
use rib::{Change, CursorId, PeerId, Shard};
use std::{io, net::IpAddr, sync::Arc};

/// The engine's side of a kernel table.
#[derive(Debug)]
pub(crate) struct Feed {
    worker: Worker,
    cursor: CursorId,
    /// The worker is to be told that all is there, once it has been given all of it.
    settle_due: bool,
    /// All that the table has was given.
    drained: bool,
    changes: Vec<Change>,
}

impl Feed {
    /// Starts the worker; it sees the whole table first.
    pub(crate) fn start(
        fib: Box<dyn Fib>,
        kernel: crate::config::Kernel,
        wake: Arc<dyn Fn() + Send + Sync>,
        past: Option<Past>,
        shard: &mut Shard,
    ) -> io::Result<Self> {
        let worker = Worker::start(fib, kernel, wake, past)?;
        Ok(Self {
            worker,
            cursor: shard.subscribe(),
            settle_due: false,
            drained: false,
            changes: Vec::new(),
        })
    }

    /// Gives what is asked for, if there is any; `true`: something was given.
    pub(crate) fn feed(
        &mut self,
        shard: &mut Shard,
        interface_of: impl Fn(PeerId) -> Option<u32>,
    ) -> bool {
        let mut given = false;
        self.changes.clear();
        shard.urgent(self.cursor, self.worker.hurry_room(), &mut self.changes);
        if !self.changes.is_empty() {
            given = true;
            let changes = self.changes.drain(..);
            let changes = changes.map(|change| wanted(&change, &interface_of));
            self.worker.hurry(changes.collect());
        }
        let Demand::Changes(room) = self.worker.demand() else {
            return given;
        };
        let room = room.clamp(1, 4096);
        shard.changes(self.cursor, room, &mut self.changes);
        self.drained = self.changes.len() < room;
        if !self.changes.is_empty() {
            given = true;
            let changes = self.changes.drain(..);
            let changes = changes.map(|change| wanted(&change, &interface_of));
            self.worker.give(changes.collect());
        }
        if self.drained && std::mem::take(&mut self.settle_due) {
            self.worker.settled();
        }
        given
    }

    /// The worker itself, for questions.
    pub(crate) fn worker(&self) -> &Worker {
        &self.worker
    }

    /// All that was to be waited for is in the table; the worker is told when it has all of it.
    pub(crate) fn settled(&mut self) {
        self.settle_due = true;
    }

    /// Whether the kernel has been given all that the table has.
    pub(crate) fn has_caught_up(&self) -> bool {
        self.drained && self.worker.is_idle()
    }

    /// Takes nothing more; what is in the kernel stays for now.
    pub(crate) fn retire(self, shard: &mut Shard) -> Worker {
        shard.unsubscribe(self.cursor);
        self.worker
    }

    /// Ends the worker.
    pub(crate) fn shutdown(self, shard: &mut Shard, keep: bool) {
        self.retire(shard).shutdown(keep);
    }
}

fn wanted(change: &Change, interface_of: impl Fn(PeerId) -> Option<u32>) -> FibChange {
    let Some(next_hop) = change.next_hop else {
        return FibChange::Remove(change.prefix);
    };
    let interface = change.peer.and_then(interface_of);
    // RFC 2545 §3: with a link-local address beside the global one, forwarding on the shared link
    // may use either; the global one needs no interface, so link-local is used only alone.
    let address = match next_hop {
        NextHop::V4(address) => IpAddr::V4(address),
        NextHop::V6 { global, link_local } => match link_local {
            Some(link_local) if interface.is_some() || global.is_unspecified() => {
                IpAddr::V6(link_local)
            }
            _ => IpAddr::V6(global),
        },
    };
    let interface = match address {
        IpAddr::V6(address) if address.is_unicast_link_local() => interface,
        _ => None,
    };
    FibChange::Install(FibRoute {
        prefix: change.prefix,
        next_hops: vec![FibNextHop {
            address,
            interface,
            weight: 1,
        }],
    })
}
