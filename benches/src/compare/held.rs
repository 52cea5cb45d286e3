//! What a receiver holds, bit by bit, and the moment at which it is what was waited for.
//!
//! Receivers share the machine with the speaker under test, so they do as little as they can: of
//! an UPDATE with classic fields only lengths and prefixes are looked at; what comes in
//! MP_REACH_NLRI or with path identifiers is read by the codec.

use super::routes;
use bgp_wire::{Family, Ipv4Unicast, Update, UpdateContext};
use ipnet::Ipv4Net;
use std::collections::HashSet;

const HEADER: usize = 19;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Prefixes with a [number](routes::number).
    Numbers,
    /// Any prefixes.
    Prefixes,
    /// Paths, by identifier (RFC 7911) and prefix.
    Paths,
}

/// The prefixes of one receiver.
#[derive(Debug)]
pub struct Held {
    bits: Vec<u64>,
    count: usize,
    /// With path identifiers, or of prefixes without numbers: (identifier, prefix) pairs.
    paths: Option<HashSet<(u32, Ipv4Net)>>,
    context: UpdateContext,
    /// UPDATEs seen.
    pub updates: u64,
    /// Their octets.
    pub octets: u64,
    /// Announced prefixes seen, each time they came.
    pub announced: u64,
    /// Withdrawn prefixes seen.
    pub withdrawn: u64,
    /// End-of-RIB was seen.
    pub loaded: bool,
}

impl Held {
    /// Nothing yet.
    #[must_use]
    pub fn new(counted: Counted) -> Self {
        let add_path = counted == Counted::Paths;
        let families = vec![Family::IPV4_UNICAST];
        Self {
            bits: match counted {
                Counted::Numbers => vec![0; (routes::MOST / 64) as usize],
                Counted::Prefixes | Counted::Paths => Vec::new(),
            },
            count: 0,
            paths: (counted != Counted::Numbers).then(HashSet::new),
            context: UpdateContext {
                four_octet_as: true,
                add_path: if add_path { families.clone() } else { vec![] },
                families,
                ..UpdateContext::default()
            },
            updates: 0,
            octets: 0,
            announced: 0,
            withdrawn: 0,
            loaded: false,
        }
    }

    /// Prefixes held, or paths with path identifiers.
    #[must_use]
    pub fn count(&self) -> usize {
        self.paths.as_ref().map_or(self.count, HashSet::len)
    }

    /// Takes a whole UPDATE.
    ///
    /// # Errors
    /// One that cannot be read.
    pub fn take(&mut self, message: &[u8]) -> Result<(), String> {
        self.updates += 1;
        self.octets += message.len() as u64;
        if self.paths.is_none()
            && let Some(()) = self.classic(message)
        {
            return Ok(());
        }
        let update = Update::parse(message, &self.context).map_err(|fault| fault.to_string())?;
        self.loaded |= update.end_of_rib().is_some();
        for nlri in update.withdrawn::<Ipv4Unicast>() {
            self.note(nlri.path_id.0, nlri.key, false)?;
        }
        for nlri in update.announced::<Ipv4Unicast>() {
            self.note(nlri.path_id.0, nlri.key, true)?;
        }
        Ok(())
    }

    /// The quick way; `None` where there are no classic fields, or they do not add up.
    fn classic(&mut self, message: &[u8]) -> Option<()> {
        let (withdrawn, rest) = field(message.get(HEADER..)?)?;
        let (attributes, announced) = field(rest)?;
        if withdrawn.is_empty() && announced.is_empty() {
            // End-of-RIB, or routes in MP_REACH_NLRI.
            if !attributes.is_empty() {
                return None;
            }
            self.loaded = true;
        }
        self.run(withdrawn, false)?;
        self.run(announced, true)
    }

    fn run(&mut self, mut octets: &[u8], present: bool) -> Option<()> {
        while let [length, rest @ ..] = octets {
            let (prefix, rest) = rest.split_at_checked(usize::from(length.div_ceil(8)))?;
            let mut address = [0; 4];
            address.get_mut(..prefix.len())?.copy_from_slice(prefix);
            self.note_number(u32::from_be_bytes(address), present)?;
            octets = rest;
        }
        Some(())
    }

    fn note(&mut self, path: u32, prefix: Ipv4Net, present: bool) -> Result<(), String> {
        if let Some(paths) = &mut self.paths {
            if present {
                self.announced += 1;
                paths.insert((path, prefix));
            } else {
                self.withdrawn += 1;
                paths.remove(&(path, prefix));
            }
            return Ok(());
        }
        self.note_number(prefix.network().into(), present)
            .ok_or_else(|| format!("{prefix} was never sent"))
    }

    fn note_number(&mut self, address: u32, present: bool) -> Option<()> {
        let number = routes::number(address)?;
        let bit = 1 << (number % 64);
        let word = self.bits.get_mut((number / 64) as usize)?;
        let before = *word & bit != 0;
        if present {
            self.announced += 1;
            *word |= bit;
        } else {
            self.withdrawn += 1;
            *word &= !bit;
        }
        match (before, present) {
            (false, true) => self.count += 1,
            (true, false) => self.count -= 1,
            _ => {}
        }
        Some(())
    }
}

/// Two octets of length, and so many octets.
fn field(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = octets.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::routes::{Mix, withdraw};
    use std::net::Ipv4Addr;

    fn messages(mut octets: &[u8]) -> Vec<&[u8]> {
        let mut list = Vec::new();
        while let Ok(Some(header)) = bgp_wire::frame(octets, 4096) {
            let (message, rest) = octets.split_at(header.length);
            list.push(message);
            octets = rest;
        }
        list
    }

    #[test]
    fn what_is_announced_is_held_until_it_is_withdrawn() {
        let mix = Mix {
            seed: 7,
            first_as: Some(64_601),
            next_hop: Ipv4Addr::new(10, 255, 1, 1),
        };
        let mut held = Held::new(Counted::Numbers);
        for message in messages(&mix.announce(0..5_000).octets) {
            held.take(message).unwrap();
        }
        assert_eq!((held.count(), held.announced), (5_000, 5_000));
        for message in messages(&withdraw(1_000..5_000).octets) {
            held.take(message).unwrap();
        }
        assert_eq!((held.count(), held.withdrawn), (1_000, 4_000));
        let mut end = Vec::new();
        bgp_wire::write_end_of_rib(&mut end, Family::IPV4_UNICAST);
        held.take(&end).unwrap();
        assert!(held.loaded);
    }
}
