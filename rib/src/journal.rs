//! The coalescing journal: what changed, for readers that come when they like.
//!
//! One `Log` holds destination numbers in the order of their last change. Each reader is a
//! position. A destination carries a *mark*, the low 32 bits of the number of its newest entry (0:
//! none); an entry whose number is not its destination's mark is stale and skipped, so that a
//! destination is pending at most once per reader, however often it changed. While no reader has
//! passed the newest entry, a further change appends nothing.
//!
//! Cost: 8 octets per entry, one push per change, nothing once every reader has passed (`trim`).
//! Behind a slow reader stale entries pile up between live ones; `tidy` squeezes them out, a
//! chunk at a time, whenever they are more than half: the log stays below twice the number of
//! destinations plus a constant.
//!
//! Instead of a log one can link the destinations themselves in order of change. It never needs
//! tidying, but each change then touches two neighbors far away in memory.
use std::collections::VecDeque;

/// Entries per chunk.
const CHUNK: usize = 1024;

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Added to the chunk's base: the entry's number.
    offset: u32,
    destination: u32,
}

#[derive(Debug)]
struct Chunk {
    base: u64,
    entries: Vec<Entry>,
}

impl Chunk {
    fn number(&self, entry: Entry) -> u64 {
        self.base.saturating_add(u64::from(entry.offset))
    }
}

/// A reader's place: a walk over what is there already, and a position in the log for the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cursor {
    /// Numbers `next..end` are still to be seen.
    pub(crate) next: u32,
    pub(crate) end: u32,
    /// The next log number to read.
    pub(crate) position: u64,
}

impl Cursor {
    /// Everything below `end` first, then what is logged from now on.
    pub(crate) const fn at_start(end: u32, position: u64) -> Self {
        Self {
            next: 0,
            end,
            position,
        }
    }

    pub(crate) const fn walking(&self) -> bool {
        self.next < self.end
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Log {
    chunks: VecDeque<Chunk>,
    /// Entries of the first chunk that are trimmed already.
    trimmed: usize,
    len: usize,
    stale: usize,
    /// The number of the next entry.
    next: u64,
    /// No reader is beyond.
    furthest: u64,
    /// Where `tidy` goes on.
    tidy_at: usize,
}

impl Log {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: VecDeque::new(),
            trimmed: 0,
            len: 0,
            stale: 0,
            next: 1,
            furthest: 1,
            tidy_at: 0,
        }
    }

    /// The position of a reader that has seen everything.
    pub(crate) const fn head(&self) -> u64 {
        self.next
    }

    /// A new reader: it has seen everything by other means, and reads from here.
    pub(crate) fn enter(&mut self) -> u64 {
        self.furthest = self.next;
        self.next
    }

    /// Entries held, stale ones included.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Records a change of `destination`, whose mark is `mark`.
    pub(crate) fn push(&mut self, destination: u32, mark: &mut u32) {
        if *mark != 0 {
            if self.ahead_of_all(*mark) {
                return;
            }
            self.stale = self.stale.saturating_add(1);
        }
        if self.next as u32 == 0 {
            // 0 means "no entry" in a mark.
            self.next = self.next.wrapping_add(1);
        }
        let number = self.next;
        let offset = match self.chunks.back() {
            Some(chunk) if chunk.entries.len() < CHUNK => {
                u32::try_from(number.saturating_sub(chunk.base)).ok()
            }
            _ => None,
        };
        let (fresh, offset) = offset.map_or((true, 0), |offset| (false, offset));
        if fresh {
            self.chunks.push_back(Chunk {
                base: number,
                entries: Vec::new(),
            });
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.entries.push(Entry {
                offset,
                destination,
            });
        }
        self.len = self.len.saturating_add(1);
        self.next = self.next.wrapping_add(1);
        *mark = number as u32;
    }

    /// Is the entry of `mark` still ahead of every reader?
    fn ahead_of_all(&self, mark: u32) -> bool {
        let Some(first) = self.chunks.front() else {
            return false;
        };
        // Low 32 bits name an entry only while the log spans less than half of them; beyond that
        // (a reader asleep for two thousand million changes) every change is appended.
        if self.next.saturating_sub(first.base) >= 1 << 31 {
            return false;
        }
        let age = (self.next as u32).wrapping_sub(mark);
        self.next.saturating_sub(u64::from(age)) >= self.furthest
    }

    /// Was the entry of `mark` appended at `position` or later? (Meaningful while it is held.)
    pub(crate) fn since(&self, mark: u32, position: u64) -> bool {
        let age = (self.next as u32).wrapping_sub(mark);
        self.next.saturating_sub(u64::from(age)) >= position
    }

    /// Reads up to `max` entries at `position` and moves it; pairs of destination and mark. Fewer
    /// than `max`: the head is reached. Stale ones are the caller's to skip: it has the marks.
    pub(crate) fn read(&mut self, position: &mut u64, max: usize, out: &mut Vec<(u32, u32)>) {
        let start = *position;
        let mut at = self
            .chunks
            .partition_point(|chunk| chunk.base <= start)
            .saturating_sub(1);
        let mut left = max;
        while left > 0 {
            let Some(chunk) = self.chunks.get(at) else {
                *position = self.next;
                break;
            };
            let from = chunk
                .entries
                .partition_point(|entry| chunk.number(*entry) < *position);
            for entry in chunk.entries.iter().skip(from).take(left) {
                let number = chunk.number(*entry);
                out.push((entry.destination, number as u32));
                *position = number.saturating_add(1);
                left = left.saturating_sub(1);
            }
            at = at.saturating_add(1);
        }
        self.furthest = self.furthest.max(*position);
    }

    /// Forgets up to `budget` entries that every reader has passed (`slowest` is the least
    /// position); `each` is told of them and says whether the entry was live. `true`: more is left.
    pub(crate) fn trim(
        &mut self,
        slowest: u64,
        budget: usize,
        mut each: impl FnMut(u32, u32) -> bool,
    ) -> bool {
        let mut left = budget;
        while let Some(chunk) = self.chunks.front() {
            while let Some(entry) = chunk.entries.get(self.trimmed) {
                let number = chunk.number(*entry);
                if number >= slowest {
                    return false;
                }
                if left == 0 {
                    return true;
                }
                left = left.saturating_sub(1);
                self.trimmed = self.trimmed.saturating_add(1);
                self.len = self.len.saturating_sub(1);
                if !each(entry.destination, number as u32) {
                    self.stale = self.stale.saturating_sub(1);
                }
            }
            self.chunks.pop_front();
            self.trimmed = 0;
            self.tidy_at = self.tidy_at.saturating_sub(1);
        }
        if self.chunks.is_empty() && self.chunks.capacity() > CHUNK {
            self.chunks = VecDeque::new();
        }
        false
    }

    /// Are stale entries worth squeezing out?
    pub(crate) const fn untidy(&self) -> bool {
        self.stale > 4 * CHUNK && self.stale > self.len / 2
    }

    /// Squeezes the stale entries out of one chunk (at most 1,024 entries are looked at).
    pub(crate) fn tidy(&mut self, live: impl Fn(u32, u32) -> bool) {
        // The first chunk is partly trimmed and goes soon anyway.
        if self.tidy_at == 0 || self.tidy_at >= self.chunks.len() {
            self.tidy_at = 1;
        }
        let at = self.tidy_at;
        let Some(chunk) = self.chunks.get_mut(at) else {
            return;
        };
        let before = chunk.entries.len();
        let base = chunk.base;
        chunk.entries.retain(|entry| {
            let number = base.saturating_add(u64::from(entry.offset));
            live(entry.destination, number as u32)
        });
        let gone = before.saturating_sub(chunk.entries.len());
        self.stale = self.stale.saturating_sub(gone);
        self.len = self.len.saturating_sub(gone);
        self.join_with_previous(at);
    }

    /// Moves what is left of chunk `at` into the one before it where that has room.
    fn join_with_previous(&mut self, at: usize) {
        let next = at.saturating_add(1);
        let mut moved: Vec<(u64, u32)> = Vec::new();
        let mut shrunk = false;
        if let (Some(chunk), Some(previous)) =
            (self.chunks.get(at), self.chunks.get(at.saturating_sub(1)))
        {
            let room = CHUNK.saturating_sub(previous.entries.len());
            let reach = u64::from(u32::MAX);
            let last = chunk.entries.last().map_or(0, |e| chunk.number(*e));
            if chunk.entries.len() <= room && last.saturating_sub(previous.base) < reach {
                moved = chunk
                    .entries
                    .iter()
                    .map(|entry| (chunk.number(*entry), entry.destination))
                    .collect();
                shrunk = true;
            }
        }
        if !shrunk {
            if let Some(chunk) = self.chunks.get_mut(at) {
                chunk.entries.shrink_to_fit();
            }
            self.tidy_at = next;
            return;
        }
        if let Some(previous) = self.chunks.get_mut(at.saturating_sub(1)) {
            for (number, destination) in moved {
                if let Ok(offset) = u32::try_from(number.saturating_sub(previous.base)) {
                    previous.entries.push(Entry {
                        offset,
                        destination,
                    });
                }
            }
        }
        // Readers keep numbers, not places: nothing of theirs moves. `tidy_at` now names the
        // chunk that followed.
        self.chunks.remove(at);
    }
}

#[cfg(test)]
mod tests;
