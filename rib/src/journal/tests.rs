use super::*;

/// A log with its marks and one slow reader.
struct Bench {
    log: Log,
    marks: Vec<u32>,
}

impl Bench {
    fn new(destinations: usize) -> Self {
        Self {
            log: Log::new(),
            marks: vec![0; destinations],
        }
    }
    fn change(&mut self, destination: u32) {
        let mark = &mut self.marks[destination as usize];
        self.log.push(destination, mark);
    }
    fn read(&mut self, position: &mut u64) -> Vec<u32> {
        let mut raw = Vec::new();
        self.log.read(position, usize::MAX, &mut raw);
        raw.retain(|(destination, mark)| self.marks[*destination as usize] == *mark);
        raw.into_iter()
            .map(|(destination, _)| destination)
            .collect()
    }
    fn tidy(&mut self) {
        while self.log.untidy() {
            let marks = &self.marks;
            self.log.tidy(|d, mark| marks[d as usize] == mark);
        }
    }
    fn trim(&mut self, slowest: u64) {
        let marks = &mut self.marks;
        while self.log.trim(slowest, 7, |d, mark| {
            let live = marks[d as usize] == mark;
            if live {
                marks[d as usize] = 0;
            }
            live
        }) {}
    }
}

#[test]
fn a_destination_is_pending_once_per_reader() {
    let mut bench = Bench::new(4);
    let (mut fast, mut slow) = (bench.log.head(), bench.log.head());
    bench.change(1);
    bench.change(1);
    assert_eq!(bench.log.len(), 1, "nobody has read it: nothing to append");
    assert_eq!(bench.read(&mut fast), [1]);
    bench.change(2);
    bench.change(1);
    assert_eq!(bench.read(&mut fast), [2, 1]);
    assert_eq!(bench.read(&mut slow), [2, 1]);
    assert_eq!(bench.read(&mut slow), []);
    bench.trim(fast.min(slow));
    assert_eq!((bench.log.len(), bench.marks.as_slice()), (0, &[0; 4][..]));
}

#[test]
fn a_reader_that_sleeps_costs_no_memory() {
    let mut bench = Bench::new(5000);
    let (mut fast, mut asleep) = (bench.log.head(), bench.log.head());
    let mut state = 7_u64;
    let mut longest = 0;
    for step in 0..300_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        bench.change((state >> 33) as u32 % 5000);
        if step % 16 == 0 {
            bench.read(&mut fast);
            bench.trim(fast.min(asleep));
            bench.tidy();
        }
        longest = longest.max(bench.log.len());
    }
    assert!(longest < 2 * 5000 + 6 * CHUNK, "{longest} entries held");
    let mut seen = bench.read(&mut asleep);
    assert_eq!(seen.len(), 5000);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 5000, "each exactly once");
    bench.trim(asleep);
    assert_eq!(bench.log.len(), 0);
}

#[test]
fn entries_survive_the_wrap_of_their_marks() {
    let mut bench = Bench::new(3);
    bench.log.next = u64::from(u32::MAX) - 1;
    bench.log.furthest = bench.log.next;
    let mut reader = bench.log.head();
    for round in 0..4 {
        for destination in 0..3 {
            bench.change(destination);
        }
        assert!(bench.marks.iter().all(|mark| *mark != 0));
        assert_eq!(bench.read(&mut reader), [0, 1, 2], "round {round}");
        bench.trim(reader);
    }
}

#[test]
fn trim_counts_what_is_left() {
    let mut bench = Bench::new(3000);
    let mut reader = bench.log.head();
    for destination in 0..3000 {
        bench.change(destination);
    }
    let mut out = Vec::new();
    bench.log.read(&mut reader, 1500, &mut out);
    assert_eq!(out.len(), 1500);
    bench.trim(reader);
    assert_eq!(bench.log.len(), 1500);
    assert_eq!(bench.read(&mut reader).len(), 1500);
}
