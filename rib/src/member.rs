//! One peer's place in its export group.
//!
//! What the peer was told is not stored: the group's Adj-RIB-Out is the same for all its members,
//! and a member keeps one bit per prefix, "holds it", and a cursor. A message toward a peer is
//! made from these when its socket is writable.
use crate::journal::Cursor;
use std::collections::BTreeSet;

/// A set of destination numbers, one bit each.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    count: u64,
}

impl Bits {
    const fn place(bit: u32) -> (usize, u64) {
        ((bit >> 6) as usize, 1 << (bit & 63))
    }

    #[inline]
    pub(crate) fn contains(&self, bit: u32) -> bool {
        let (word, mask) = Self::place(bit);
        self.words.get(word).is_some_and(|word| word & mask != 0)
    }

    pub(crate) fn insert(&mut self, bit: u32) {
        let (word, mask) = Self::place(bit);
        if word >= self.words.len() {
            self.words.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.words.get_mut(word)
            && *word & mask == 0
        {
            *word |= mask;
            self.count = self.count.saturating_add(1);
        }
    }

    pub(crate) fn remove(&mut self, bit: u32) {
        let (word, mask) = Self::place(bit);
        if let Some(word) = self.words.get_mut(word)
            && *word & mask != 0
        {
            *word &= !mask;
            self.count = self.count.saturating_sub(1);
        }
    }

    /// Its members.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let words = (0_u32..).zip(&self.words).filter(|(_, word)| **word != 0);
        words.flat_map(|(at, word)| {
            let word = *word;
            (0..64)
                .filter(move |bit| word & (1 << bit) != 0)
                .map(move |bit| (at << 6) | bit)
        })
    }

    /// Members of the set.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }
}

/// When End-of-RIB (RFC 4724 §2) is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndOfRib {
    /// The group must first have seen the table's journal up to here.
    Evaluated(u64),
    /// The peer must then have read the group's journal up to here.
    Told(u64),
    /// Sent.
    Sent,
}

/// Where the answer to a refresh stands that is enclosed in BoRR and EoRR (RFC 7313 §4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// Nobody asked.
    None,
    /// BoRR is to be sent, after the initial End-of-RIB.
    Asked,
    /// BoRR is sent; the walk tells everything again.
    Telling {
        /// It was asked once more meanwhile.
        again: bool,
    },
    /// EoRR is due when the peer has read the group's journal up to here: what the walk left out is
    /// told there.
    Told { position: u64, again: bool },
}

/// A group that a member left when its policy changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Previous {
    pub(crate) group: u32,
    /// The member's position in that group's journal: what changed there since, it was not told.
    pub(crate) position: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) group: u32,
    /// On the group's Adj-RIB-Out and journal.
    pub(crate) cursor: Cursor,
    /// The walk begins when the group has seen the table's journal up to here. (A peer that
    /// comes from another group holds routes; it must not be told a withdrawal only because this
    /// group has not looked yet.)
    pub(crate) not_before: u64,
    pub(crate) holds: Bits,
    /// Prefixes whose source changed to or from this very peer while nothing else did: only it
    /// is concerned, so the group's journal does not tell the others. At most one per prefix.
    pub(crate) own: BTreeSet<u32>,
    /// What it is not told since it is told as many prefixes as it may be.
    pub(crate) blocked: BTreeSet<u32>,
    pub(crate) end_of_rib: EndOfRib,
    pub(crate) answer: Answer,
    /// Groups it left that told it what it holds; pinned until it has walked through this one.
    pub(crate) previous: Vec<Previous>,
    /// The walk leaves out what the one previous group told alike.
    pub(crate) compares: bool,
    /// Prefixes in UPDATEs since the session came up.
    pub(crate) announcements: u64,
    pub(crate) withdrawals: u64,
}
