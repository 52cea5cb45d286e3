//! The session: any order of inputs, in virtual time.
//!
//! The target is the session's owner: it does what it is asked to, and nothing it is not, so that
//! whatever goes wrong is the session's fault. What a script may say is in `session/script.rs`.
mod script;

use crate::message::{check_messages, check_sendable};
use bgp_fsm::{Action, Received, Session, Slot, State};
use bgp_wire::{Asn, Family, Header};
use bytes::BytesMut;
use std::time::Instant;

/// Actions that one input may ask for; more is a loop.
const ACTIONS: usize = 64;
/// Octets that may wait for a socket that takes none: an OPEN, a KEEPALIVE, a ROUTE-REFRESH for each
/// family and a NOTIFICATION, with room to spare.
const WAITING: usize = 16_384;

/// The octets are a configuration (two of them) and a script: an instruction, its operands, and so on.
///
/// # Panics
/// When a promise of `bgp_fsm::Session` is broken.
pub fn session(input: &[u8]) {
    let Some((configuration, script)) = input.split_first_chunk::<2>() else {
        return;
    };
    let mut play = Play::new(script::config(*configuration), script);
    while let Some(instruction) = play.next() {
        play.step(instruction);
        play.settle();
    }
}

struct Play<'a> {
    script: &'a [u8],
    session: Session,
    now: Instant,
    /// What each connection has received and not yet read; `None` while it is closed.
    buffers: [Option<BytesMut>; 2],
    /// Connections whose socket takes nothing.
    blocked: [bool; 2],
    /// `Action::Connect` was asked for and not answered.
    connecting: bool,
    /// Between `Action::Up` and `Action::Down`.
    up: bool,
    /// Families whose routes we keep as stale.
    stale: Vec<Family>,
}

fn place(slot: Slot) -> usize {
    match slot {
        Slot::Ours => 0,
        Slot::Theirs => 1,
    }
}

impl<'a> Play<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.script.split_first()?;
        self.script = rest;
        Some(*first)
    }

    fn operand(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    fn connect(&mut self, slot: Slot) {
        let open = self.buffers[place(slot)].is_some();
        if slot == Slot::Ours && (open || !self.connecting) {
            return;
        }
        self.connecting &= slot != Slot::Ours;
        if self.session.handle_connected(slot, self.now) {
            // A new connection of the neighbor takes the place of its old one.
            self.buffers[place(slot)] = Some(BytesMut::new());
            self.blocked[place(slot)] = false;
        }
    }

    fn receive(&mut self, slot: Slot, octets: &[u8]) {
        let Some(mut buffer) = self.buffers[place(slot)].take() else {
            return;
        };
        buffer.extend_from_slice(octets);
        self.buffers[place(slot)] = Some(buffer);
        while let Some(buffer) = &mut self.buffers[place(slot)] {
            let before = buffer.len();
            let Some(received) = self.session.handle_bytes(slot, buffer, self.now) else {
                break;
            };
            assert!(buffer.len() < before, "something came out of nothing");
            let state = self.session.state();
            assert_eq!(state, State::Established, "{received:?} in {state:?}");
            let negotiated = self.session.negotiated().expect("Established");
            match received {
                Received::Update(update) => {
                    assert_eq!(check_messages(&update, negotiated.max_receive), 1);
                }
                Received::RouteRefresh(refresh) => {
                    assert!(negotiated.families.contains(&refresh.family), "{refresh:?}");
                }
            }
            self.settle();
        }
    }

    /// Does what the session asks for, as its owner must after every input.
    fn settle(&mut self) {
        for slot in [Slot::Ours, Slot::Theirs] {
            if !self.blocked[place(slot)] {
                self.transmit(slot);
            }
        }
        let mut actions = 0;
        while let Some(action) = self.session.poll_action() {
            actions += 1;
            assert!(actions <= ACTIONS, "no end of actions: {action:?}");
            self.act(action);
        }
        let established = self.session.state() == State::Established;
        assert_eq!(established, self.up, "Established, or not, without a word");
        if established {
            assert!(self.session.negotiated().is_some());
        }
        assert!(!self.session.waiting_for(self.now).is_empty());
        for timer in self.session.timers(self.now) {
            assert!(!format!("{timer:?}").is_empty());
        }
        assert!(self.session.history().count() <= 20);
    }

    /// Takes what is to be sent. While nobody did it has not grown without end.
    fn transmit(&mut self, slot: Slot) {
        let mut octets = Vec::new();
        while self.session.poll_transmit(slot, &mut octets) {
            assert!(octets.len() <= WAITING, "{} octets waited", octets.len());
        }
        check_sendable(&octets);
        assert!(
            octets.is_empty() || self.buffers[place(slot)].is_some(),
            "octets for a connection that is closed"
        );
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Connect => {
                assert!(!self.connecting, "asked to connect twice");
                self.connecting = true;
            }
            Action::AbortConnect => {
                assert!(self.connecting, "asked to give up what nobody began");
                self.connecting = false;
            }
            Action::Close(slot) => {
                assert!(
                    self.buffers[place(slot)].is_some(),
                    "asked to close what is closed"
                );
                self.transmit(slot);
                self.buffers[place(slot)] = None;
                self.blocked[place(slot)] = false;
            }
            Action::Up(slot, negotiated) => {
                assert!(
                    self.buffers[place(slot)].is_some(),
                    "up without a connection"
                );
                assert!(!self.up, "up twice");
                self.up = true;
                if let Some(asn) = self.session.config().remote_as {
                    assert_eq!(negotiated.remote_as, asn);
                }
                assert_ne!(negotiated.remote_as, Asn(0));
                let sizes = [Header::STANDARD_MAX, Header::EXTENDED_MAX];
                assert!(sizes.contains(&negotiated.max_receive), "{negotiated:?}");
            }
            Action::Down { reason, retain } => {
                assert!(!reason.to_string().is_empty());
                assert!(self.up, "down without having been up: {reason}");
                self.up = false;
                assert_eq!(self.stale, [], "stale twice: {reason}");
                self.stale = retain;
            }
            Action::Sweep(family) => {
                let known = self.stale.iter().position(|stale| *stale == family);
                let known = known.unwrap_or_else(|| panic!("{family} has no stale routes"));
                self.stale.swap_remove(known);
            }
            Action::LongLivedStale(family) => {
                assert!(self.stale.contains(&family), "{family} is not stale");
            }
        }
    }
}
