//! AS_PATH in bgpdump's letters, with AS4_PATH merged as bgpdump merges it.
use super::lenient::Lenient;
use super::text::number;

/// AS_PATH or AS4_PATH as octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'a> {
    pub(super) octets: &'a [u8],
    pub(super) four_octet: bool,
}

struct Segment<'a> {
    kind: u8,
    count: usize,
    asns: Lenient<'a>,
}

const SET: u8 = 1;
const SEQUENCE: u8 = 2;
const CONFED_SEQUENCE: u8 = 3;
const CONFED_SET: u8 = 4;

/// What stands for a path that cannot be read.
const ERROR: &[u8] = b"! Error !";
/// bgpdump's buffer ends here; a longer path ends in dots.
const LONGEST: usize = 8000 - 100;

impl<'a> Path<'a> {
    /// The segments; `None` in place of the first that cannot be read, which is the last.
    fn segments(self) -> impl Iterator<Item = Option<Segment<'a>>> {
        let mut rest = Lenient(self.octets);
        let width = if self.four_octet { 4 } else { 2 };
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let whole = rest.0.len() > 1;
            let (kind, count) = (rest.u8(), usize::from(rest.u8()));
            let asns = rest.take(count * width);
            if !whole || !matches!(kind, SET..=CONFED_SET) || asns.0.len() < count * width {
                rest = Lenient(&[]);
                return Some(None);
            }
            Some(Some(Segment { kind, count, asns }))
        })
    }

    /// How long bgpdump thinks the path is: a set is 1, confederation segments count, and a path
    /// that cannot be read has length 0.
    fn length(self) -> usize {
        let mut length = 0;
        for segment in self.segments() {
            match segment {
                None => return 0,
                Some(segment) if matches!(segment.kind, SET | CONFED_SET) => length += 1,
                Some(segment) => length += segment.count,
            }
        }
        length
    }

    /// Appends the path.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out);
        writer.path(self, usize::MAX);
        writer.finish();
    }

    /// Appends the path with `newer`, its AS4_PATH, in place of its end.
    pub(super) fn write_merged(self, newer: Self, out: &mut Vec<u8>) {
        // RFC 6793 §4.2.3: a longer AS4_PATH is ignored.
        let Some(kept) = self.length().checked_sub(newer.length()) else {
            return self.write(out);
        };
        let mut writer = Writer::new(out);
        writer.path(self, kept);
        writer.path(newer, usize::MAX);
        writer.finish();
    }
}

/// Writes segments with what stands between them.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    before: u8,
    blank: bool,
    ended: bool,
}

impl<'o> Writer<'o> {
    fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self {
            out,
            start,
            before: SEQUENCE,
            blank: false,
            ended: false,
        }
    }

    /// As many segments as make `length`; the last sequence may be cut.
    fn path(&mut self, path: Path<'_>, length: usize) {
        let mut left = length;
        for segment in path.segments() {
            if left == 0 || self.ended {
                return;
            }
            let Some(segment) = segment else {
                self.out.truncate(self.start);
                self.out.extend(ERROR);
                self.ended = true;
                return;
            };
            let count = if matches!(segment.kind, SET | CONFED_SET) {
                left -= 1;
                segment.count
            } else {
                let count = segment.count.min(left);
                left -= count;
                count
            };
            self.segment(&segment, count, path.four_octet);
        }
    }

    fn segment(&mut self, segment: &Segment<'_>, count: usize, four_octet: bool) {
        self.close();
        if self.blank {
            self.out.push(b' ');
        }
        match segment.kind {
            SET => self.out.push(b'{'),
            CONFED_SET => self.out.push(b'['),
            CONFED_SEQUENCE => self.out.push(b'('),
            _ => {}
        }
        self.before = segment.kind;
        self.blank = false;
        let between = match segment.kind {
            SET | CONFED_SET => b',',
            _ => b' ',
        };
        let mut asns = segment.asns;
        for _ in 0..count {
            if self.blank {
                self.out.push(between);
            }
            self.blank = true;
            number(self.out, asns.asn(four_octet));
            if self.out.len() - self.start > LONGEST {
                self.out.extend(b"...");
                self.ended = true;
                return;
            }
        }
    }

    fn close(&mut self) {
        match self.before {
            SET => self.out.push(b'}'),
            CONFED_SET => self.out.push(b']'),
            CONFED_SEQUENCE => self.out.push(b')'),
            _ => {}
        }
    }

    fn finish(&mut self) {
        if !self.ended {
            self.close();
        }
    }
}
