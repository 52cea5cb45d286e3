//! What waits to be sent on one connection: whole messages, in order.
//!
//! Apart from routes a session says little, so this holds a few dozen octets. It cannot grow
//! beside a socket that takes nothing: of KEEPALIVEs at most one waits, and everything else
//! answers an input. It outlives its connection, since a NOTIFICATION is the last thing to be sent.
use bgp_wire::{Family, Notification, Open, RouteRefresh, write_keepalive};

#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox {
    octets: Vec<u8>,
    keepalive: bool,
}

impl Outbox {
    pub(crate) fn open(&mut self, open: &Open) {
        open.encode(&mut self.octets);
    }

    pub(crate) fn notification(&mut self, notification: &Notification) {
        notification.encode(&mut self.octets);
    }

    pub(crate) fn refresh(&mut self, family: Family) {
        RouteRefresh::request(family).encode(&mut self.octets);
    }

    /// Adds a KEEPALIVE where none waits; says whether it did.
    pub(crate) fn keepalive(&mut self) -> bool {
        if self.keepalive {
            return false;
        }
        self.keepalive = true;
        write_keepalive(&mut self.octets);
        true
    }

    /// Moves all to `out`; `false` when there was nothing.
    pub(crate) fn take(&mut self, out: &mut Vec<u8>) -> bool {
        let any = !self.octets.is_empty();
        out.append(&mut self.octets);
        self.keepalive = false;
        any
    }

    pub(crate) fn clear(&mut self) {
        self.octets.clear();
        self.keepalive = false;
    }
}
