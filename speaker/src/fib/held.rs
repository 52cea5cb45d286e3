//! What we put into the table: prefix -> next hops, as small as it can be.
//!
//! A route is a key of 5 (IPv4) or 17 octets (IPv6) and a word: the number of its next-hop set and
//! two flags. With the hash's control octet that is 10 or 22 octets per slot, at a load of 44 to
//! 87 %. Next-hop sets are few (one per neighbor, or per combination of them) and counted.
use super::FibNextHop;
use foldhash::fast::RandomState;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

/// Shared, sorted next hops.
pub(super) type HopSet = Arc<[FibNextHop]>;

/// State of one route, four octets: bits 2.. the number of the next-hop set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word([u8; 4]);

impl Word {
    const CLAIMED: u32 = 1;
    const SEEN: u32 = 2;

    fn new(set: u32, claimed: bool, seen: bool) -> Self {
        let flags = if claimed { Self::CLAIMED } else { 0 } | if seen { Self::SEEN } else { 0 };
        Self((set << 2 | flags).to_ne_bytes())
    }
    fn value(self) -> u32 {
        u32::from_ne_bytes(self.0)
    }
    fn set(self) -> u32 {
        self.value() >> 2
    }
    fn is_claimed(self) -> bool {
        self.value() & Self::CLAIMED != 0
    }
    fn seen(self) -> bool {
        self.value() & Self::SEEN != 0
    }
}

#[derive(Debug, Default)]
struct Sets {
    /// by number; the count of routes that use it
    slots: Vec<Option<(HopSet, u32)>>,
    numbers: HashMap<HopSet, u32>,
    free: Vec<u32>,
}

impl Sets {
    fn acquire(&mut self, hops: &HopSet) -> u32 {
        if let Some(number) = self.numbers.get(hops).copied() {
            if let Some(Some((_, uses))) = self.slots.get_mut(number as usize) {
                *uses = uses.saturating_add(1);
            }
            return number;
        }
        let slot = Some((Arc::clone(hops), 1));
        let number = match self.free.pop() {
            Some(number) => {
                if let Some(place) = self.slots.get_mut(number as usize) {
                    *place = slot;
                }
                number
            }
            None => {
                self.slots.push(slot);
                // One set per route at most: 2^30 routes are more than any table.
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX >> 2)
            }
        };
        self.numbers.insert(Arc::clone(hops), number);
        number
    }

    fn release(&mut self, number: u32) {
        let Some(slot) = self.slots.get_mut(number as usize) else {
            return;
        };
        if let Some((hops, uses)) = slot {
            *uses = uses.saturating_sub(1);
            if *uses == 0 {
                self.numbers.remove(hops);
                *slot = None;
                self.free.push(number);
            }
        }
    }

    fn hops(&self, number: u32) -> Option<&HopSet> {
        self.slots
            .get(number as usize)?
            .as_ref()
            .map(|(hops, _)| hops)
    }
}

/// The routes we believe to be in the table.
#[derive(Debug, Default)]
pub(super) struct Routes {
    v4: HashMap<[u8; 5], Word, RandomState>,
    v6: HashMap<[u8; 17], Word, RandomState>,
    sets: Sets,
}

/// A prefix as its key; the one place where the families part.
enum Key {
    V4([u8; 5]),
    V6([u8; 17]),
}

impl From<&IpNet> for Key {
    fn from(prefix: &IpNet) -> Self {
        match prefix {
            IpNet::V4(net) => {
                let [a, b, c, d] = net.addr().octets();
                Self::V4([a, b, c, d, net.prefix_len()])
            }
            IpNet::V6(net) => {
                let mut key = [0; 17];
                let (address, length) = key.split_at_mut(16);
                address.copy_from_slice(&net.addr().octets());
                length.fill(net.prefix_len());
                Self::V6(key)
            }
        }
    }
}

fn prefix_v4([a, b, c, d, length]: &[u8; 5]) -> IpNet {
    let address = Ipv4Addr::new(*a, *b, *c, *d);
    Ipv4Net::new(address, *length).unwrap_or_default().into()
}

fn prefix_v6(key: &[u8; 17]) -> IpNet {
    let [address @ .., length] = key;
    Ipv6Net::new(Ipv6Addr::from(*address), *length)
        .unwrap_or_default()
        .into()
}

impl Routes {
    /// Routes by family: IPv4, IPv6.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.v4.len() as u64, self.v6.len() as u64)
    }

    fn word(&self, prefix: &IpNet) -> Option<Word> {
        match Key::from(prefix) {
            Key::V4(key) => self.v4.get(&key).copied(),
            Key::V6(key) => self.v6.get(&key).copied(),
        }
    }

    fn store(&mut self, prefix: &IpNet, word: Word) -> Option<Word> {
        match Key::from(prefix) {
            Key::V4(key) => self.v4.insert(key, word),
            Key::V6(key) => self.v6.insert(key, word),
        }
    }

    pub(super) fn hops(&self, prefix: &IpNet) -> Option<&HopSet> {
        self.sets.hops(self.word(prefix)?.set())
    }

    pub(super) fn contains(&self, prefix: &IpNet) -> bool {
        self.word(prefix).is_some()
    }

    /// The walk that goes on has met it, or it was written since that walk began.
    pub(super) fn is_seen(&self, prefix: &IpNet) -> bool {
        self.word(prefix).is_some_and(Word::seen)
    }

    /// Puts a route in, seen; `claimed`: the feeder wants it (else it is left from before).
    pub(super) fn insert(&mut self, prefix: &IpNet, hops: &HopSet, claimed: bool) {
        let word = Word::new(self.sets.acquire(hops), claimed, true);
        if let Some(old) = self.store(prefix, word) {
            self.sets.release(old.set());
        }
    }

    /// The feeder wants it; else it is left from before.
    pub(super) fn is_claimed(&self, prefix: &IpNet) -> bool {
        self.word(prefix).is_some_and(Word::is_claimed)
    }

    /// The shared set of these next hops.
    pub(super) fn share(&self, mut hops: Vec<FibNextHop>) -> HopSet {
        if hops.len() > 1 {
            hops.sort_unstable();
        }
        match self.sets.numbers.get_key_value(hops.as_slice()) {
            Some((shared, _)) => Arc::clone(shared),
            None => hops.into(),
        }
    }

    pub(super) fn mark_unseen(&mut self, prefix: &IpNet) {
        if let Some(word) = self.word(prefix) {
            self.store(prefix, Word::new(word.set(), word.is_claimed(), false));
        }
    }

    pub(super) fn mark_seen(&mut self, prefix: &IpNet) {
        if let Some(word) = self.word(prefix) {
            self.store(prefix, Word::new(word.set(), word.is_claimed(), true));
        }
    }

    pub(super) fn remove(&mut self, prefix: &IpNet) -> Option<HopSet> {
        let word = match Key::from(prefix) {
            Key::V4(key) => self.v4.remove(&key),
            Key::V6(key) => self.v6.remove(&key),
        }?;
        let hops = self.sets.hops(word.set()).cloned();
        self.sets.release(word.set());
        hops
    }

    /// Every next hop that a route has.
    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let sets = self.sets.slots.iter().flatten();
        sets.flat_map(|(hops, _)| hops.iter().map(|hop| hop.address))
    }

    /// Routes with the next hop `address`.
    pub(super) fn using(&self, address: IpAddr) -> Vec<IpNet> {
        let with = |hops: &HopSet| hops.iter().any(|hop| hop.address == address);
        let sets: Vec<bool> = self
            .sets
            .slots
            .iter()
            .map(|slot| slot.as_ref().is_some_and(|(hops, _)| with(hops)))
            .collect();
        if !sets.contains(&true) {
            return Vec::new();
        }
        self.select(|word| sets.get(word.set() as usize).copied().unwrap_or(false))
    }

    /// From here on nothing is seen. One pass over all, some nanoseconds each.
    pub(super) fn begin_walk(&mut self) {
        for word in self.v4.values_mut().chain(self.v6.values_mut()) {
            *word = Word::new(word.set(), word.is_claimed(), false);
        }
    }

    fn select(&self, wanted: impl Fn(Word) -> bool) -> Vec<IpNet> {
        let v4 = self
            .v4
            .iter()
            .filter(|(_, word)| wanted(**word))
            .map(|(key, _)| prefix_v4(key));
        let v6 = self
            .v6
            .iter()
            .filter(|(_, word)| wanted(**word))
            .map(|(key, _)| prefix_v6(key));
        v4.chain(v6).collect()
    }

    /// What the walk did not meet.
    pub(super) fn unseen(&self) -> Vec<IpNet> {
        self.select(|word| !word.seen())
    }

    /// What the feeder never asked for.
    pub(super) fn unclaimed(&self) -> Vec<IpNet> {
        self.select(|word| !word.is_claimed())
    }

    /// Gives memory back after the table shrank.
    pub(super) fn shrink(&mut self) {
        if self.v4.capacity() > 4096 && self.v4.len() < self.v4.capacity() / 4 {
            self.v4.shrink_to_fit();
        }
        if self.v6.capacity() > 4096 && self.v6.len() < self.v6.capacity() / 4 {
            self.v6.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hops(address: &str) -> HopSet {
        let address = address.parse().unwrap();
        Arc::new([FibNextHop {
            address,
            interface: None,
            weight: 1,
        }])
    }

    #[test]
    fn a_route_takes_as_many_octets_as_the_essay_says() {
        assert_eq!(size_of::<([u8; 5], Word)>(), 9);
        assert_eq!(size_of::<([u8; 17], Word)>(), 21);
    }

    #[test]
    fn prefixes_of_both_families_come_back_as_they_went_in() {
        let mut routes = Routes::default();
        let all = [
            "0.0.0.0/0",
            "10.1.2.0/24",
            "255.255.255.255/32",
            "::/0",
            "fd00:1::/48",
        ];
        for prefix in all {
            routes.insert(&prefix.parse().unwrap(), &hops("10.0.0.1"), false);
        }
        let mut back: Vec<String> = routes.unclaimed().iter().map(ToString::to_string).collect();
        back.sort();
        let mut wanted: Vec<String> = all.iter().map(ToString::to_string).collect();
        wanted.sort();
        assert_eq!(back, wanted);
        assert_eq!(routes.counts(), (3, 2));
    }

    #[test]
    fn sets_are_shared_and_their_numbers_used_again() {
        let mut routes = Routes::default();
        let (one, two): (IpNet, IpNet) =
            ("10.0.0.0/8".parse().unwrap(), "11.0.0.0/8".parse().unwrap());
        routes.insert(&one, &hops("10.0.0.1"), true);
        routes.insert(&two, &hops("10.0.0.1"), true);
        assert_eq!(routes.sets.slots.len(), 1);
        routes.insert(&one, &hops("10.0.0.2"), true);
        routes.insert(&two, &hops("10.0.0.2"), true);
        routes.insert(&one, &hops("10.0.0.3"), true);
        assert_eq!(
            routes.sets.slots.len(),
            2,
            "the first set's number is free again"
        );
        assert_eq!(routes.remove(&one), Some(hops("10.0.0.3")));
        assert_eq!(routes.hops(&two), Some(&hops("10.0.0.2")));
    }

    #[test]
    fn a_walk_tells_what_it_did_not_see() {
        let mut routes = Routes::default();
        let (one, two): (IpNet, IpNet) =
            ("10.0.0.0/8".parse().unwrap(), "fd00::/16".parse().unwrap());
        routes.insert(&one, &hops("10.0.0.1"), true);
        routes.insert(&two, &hops("fd01::1"), true);
        for _ in 0..3 {
            routes.begin_walk();
            assert_eq!(routes.unseen().len(), 2);
            routes.mark_seen(&one);
            assert_eq!(routes.unseen(), [two]);
            routes.mark_seen(&two);
            assert!(routes.unseen().is_empty());
        }
    }
}
