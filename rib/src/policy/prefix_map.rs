//! Prefix rules by the million, found in one search.
//!
//! Rules nest like prefixes do, so the addresses of a family fall into intervals within which the
//! same rules hold. The map is the sorted beginnings of these intervals, each with the number of
//! the list of rules that cover it, and lists that are equal are one. Looking up a prefix is a search
//! for its address and a look at a short list: each entry says which lengths match. Rules longer than
//! the prefix may be in the list as well; their lengths are longer too, so they never match.
//!
//! The search goes down a tree of sixteens: every 16th beginning makes a coarser level, up to one
//! that has no more than sixteen. All but the last level stay in the cache.
//!
//! Cost: 8 octets per interval of IPv4 and 32 of IPv6, and a fifteenth of that; at most two intervals
//! per rule; made in the time of a sort. Measured by `examples/policy.rs`.
use super::PrefixRule;
use ipnet::IpNet;
use std::collections::HashMap;

/// Beginnings between two of the next coarser level.
const STEP: usize = 16;

/// What matches where: lengths, and whose rule it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Entry {
    tag: u16,
    min: u8,
    max: u8,
}

/// The intervals of one family.
#[derive(Debug)]
struct Intervals<A> {
    /// The coarsest first.
    levels: Vec<Box<[A]>>,
    /// Where each begins, and its list.
    points: Box<[(A, u32)]>,
}

/// See the module. A rule carries the number of whose it is, its tag.
#[derive(Debug)]
pub(crate) struct PrefixMap {
    v4: Intervals<u32>,
    v6: Intervals<u128>,
    /// By number; sorted by tag.
    lists: Vec<Box<[Entry]>>,
}

/// The lists there are, each once.
#[derive(Default)]
struct Lists {
    numbers: HashMap<Box<[Entry]>, u32>,
    lists: Vec<Box<[Entry]>>,
}

impl Lists {
    fn number(&mut self, mut entries: Vec<Entry>) -> u32 {
        entries.sort_unstable();
        entries.dedup();
        let entries = entries.into_boxed_slice();
        if let Some(number) = self.numbers.get(&entries) {
            return *number;
        }
        let number = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        self.lists.push(entries.clone());
        self.numbers.insert(entries, number);
        number
    }
}

/// A rule on the number line of its family.
struct Flat<A> {
    first: A,
    last: A,
    entry: Entry,
}

impl PrefixMap {
    pub(crate) fn new<'a>(rules: impl IntoIterator<Item = (&'a PrefixRule, u16)>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (rule, tag) in rules {
            let (min, max) = rule.lengths();
            let entry = Entry { tag, min, max };
            match rule.prefix() {
                IpNet::V4(net) => v4.push(Flat {
                    first: u32::from(net.network()),
                    last: u32::from(net.broadcast()),
                    entry,
                }),
                IpNet::V6(net) => v6.push(Flat {
                    first: u128::from(net.network()),
                    last: u128::from(net.broadcast()),
                    entry,
                }),
            }
        }
        let mut lists = Lists::default();
        // Where no rule is.
        lists.number(Vec::new());
        Self {
            v4: Intervals::new(v4, |a| a.checked_add(1), &mut lists),
            v6: Intervals::new(v6, |a| a.checked_add(1), &mut lists),
            lists: lists.lists,
        }
    }

    /// The tags of the rules that match, ascending; a tag may come twice.
    #[inline]
    pub(crate) fn matches(&self, prefix: &IpNet) -> impl Iterator<Item = u16> + '_ {
        let list = match prefix {
            IpNet::V4(net) => self.v4.find(u32::from(net.network())),
            IpNet::V6(net) => self.v6.find(u128::from(net.network())),
        };
        let length = prefix.prefix_len();
        let entries = self.lists.get(list as usize).map_or(&[][..], |list| list);
        entries
            .iter()
            .filter(move |entry| (entry.min..=entry.max).contains(&length))
            .map(|entry| entry.tag)
    }

    #[inline]
    pub(crate) fn contains(&self, prefix: &IpNet) -> bool {
        self.matches(prefix).next().is_some()
    }
}

impl<A: Copy + Ord> Intervals<A> {
    fn new(mut rules: Vec<Flat<A>>, next: impl Fn(A) -> Option<A>, lists: &mut Lists) -> Self {
        // Outer rules before those within.
        rules.sort_unstable_by(|one, other| {
            (one.first, std::cmp::Reverse(one.last), one.entry).cmp(&(
                other.first,
                std::cmp::Reverse(other.last),
                other.entry,
            ))
        });
        let mut points: Vec<(A, u32)> = Vec::new();
        let mut open: Vec<(A, u32, Vec<Entry>)> = Vec::new();
        let mut at = 0_usize;
        while let Some(rule) = rules.get(at) {
            close(&mut open, &mut points, Some(rule.first), &next);
            // All rules of one prefix.
            let mut entries = open
                .last()
                .map_or_else(Vec::new, |(_, _, above)| above.clone());
            let same = rules.get(at..).unwrap_or(&[]).iter();
            let same =
                same.take_while(|other| other.first == rule.first && other.last == rule.last);
            let before = entries.len();
            entries.extend(same.map(|other| other.entry));
            at = at.saturating_add(entries.len().saturating_sub(before));
            let number = lists.number(entries.clone());
            put(&mut points, rule.first, number);
            open.push((rule.last, number, entries));
        }
        close(&mut open, &mut points, None, &next);
        let mut levels: Vec<Box<[A]>> = Vec::new();
        let mut level: Vec<A> = points.iter().map(|(start, _)| *start).collect();
        while level.len() > STEP {
            level = level.into_iter().step_by(STEP).collect();
            levels.push(level.clone().into_boxed_slice());
        }
        levels.reverse();
        Self {
            levels,
            points: points.into_boxed_slice(),
        }
    }

    /// The number of the list that covers an address.
    #[inline]
    fn find(&self, address: A) -> u32 {
        let mut from = 0_usize;
        for level in &self.levels {
            let Some(at) = last_not_after(level, from, |start| *start <= address) else {
                return 0;
            };
            from = at.saturating_mul(STEP);
        }
        last_not_after(&self.points, from, |(start, _)| *start <= address)
            .and_then(|at| self.points.get(at))
            .map_or(0, |(_, list)| *list)
    }
}

/// The last of the sixteen from `from` on that is not behind what is looked for. All sixteen are
/// compared: that is faster than four branches that nobody can foresee.
#[inline]
fn last_not_after<T>(level: &[T], from: usize, not_after: impl Fn(&T) -> bool) -> Option<usize> {
    let block = level.get(from..)?;
    let within = match block.first_chunk::<STEP>() {
        Some(whole) => whole.iter().map(|one| usize::from(not_after(one))).sum(),
        None => block.iter().filter(|one| not_after(one)).count(),
    };
    from.saturating_add(within).checked_sub(1)
}

/// Ends the rules that lie before `until`; behind each, its outer one goes on.
fn close<A: Copy + Ord>(
    open: &mut Vec<(A, u32, Vec<Entry>)>,
    points: &mut Vec<(A, u32)>,
    until: Option<A>,
    next: impl Fn(A) -> Option<A>,
) {
    while let Some((last, ..)) = open.last()
        && until.is_none_or(|until| *last < until)
    {
        let behind = next(*last);
        open.pop();
        let outer = open.last().map_or(0, |(_, number, _)| *number);
        if let Some(behind) = behind {
            put(points, behind, outer);
        }
    }
}

/// An interval begins here; one that began at the same place is empty, one that goes on is one.
fn put<A: Copy + Ord>(points: &mut Vec<(A, u32)>, at: A, number: u32) {
    if points.last().is_some_and(|(start, _)| *start == at) {
        points.pop();
    }
    if points.last().is_none_or(|(_, before)| *before != number) {
        points.push((at, number));
    }
}

/// Prefix rules as a set, shared between the terms that name it.
#[derive(Debug)]
pub struct PrefixList {
    rules: Box<[PrefixRule]>,
    map: PrefixMap,
}

impl PrefixList {
    /// Rules in any order.
    pub fn new(mut rules: Vec<PrefixRule>) -> Self {
        rules.sort_unstable();
        rules.dedup();
        Self {
            map: PrefixMap::new(rules.iter().map(|rule| (rule, 0))),
            rules: rules.into_boxed_slice(),
        }
    }

    /// Does one of the rules match?
    #[inline]
    pub fn contains(&self, prefix: &IpNet) -> bool {
        self.map.contains(prefix)
    }

    /// The rules, each once.
    pub fn rules(&self) -> &[PrefixRule] {
        &self.rules
    }
}

impl PartialEq for PrefixList {
    fn eq(&self, other: &Self) -> bool {
        self.rules == other.rules
    }
}

impl Eq for PrefixList {}

impl std::hash::Hash for PrefixList {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.rules.hash(state);
    }
}
