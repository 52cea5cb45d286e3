//! One NLRI as a value, and a run of them as an iterator.
//!
//! A run is checked once, when its UPDATE is parsed; the iterator then reads without errors and
//! without allocating. With ADD-PATH (RFC 7911 §3) every NLRI is preceded by four octets.
use crate::AddressFamily;
use crate::family::Runs;
use alloc::vec::Vec;
use core::iter::FusedIterator;
use core::marker::PhantomData;

/// ADD-PATH path identifier (RFC 7911); 0 where ADD-PATH was not negotiated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PathId(pub u32);

/// One NLRI of family `F`. Host bits of prefixes are already masked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Nlri<F: AddressFamily> {
    /// Path identifier.
    pub path_id: PathId,
    /// The part that identifies the route.
    pub key: F::Key,
    /// The rest.
    pub payload: F::Payload,
}

/// A run of NLRI. One whose inside cannot be read is passed over; the run ends at the first whose
/// length cannot be, which in a checked run is the end.
#[derive(Clone, Debug)]
pub struct NlriRun<'a, F> {
    octets: &'a [u8],
    add_path: bool,
    withdrawn: bool,
    family: PhantomData<F>,
}

/// One NLRI of any family, as octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RawNlri<'a> {
    /// Path identifier.
    pub path_id: PathId,
    /// The NLRI, its length included.
    pub octets: &'a [u8],
}

/// A run of NLRI of a family that is known at run time, as octets.
#[derive(Clone)]
pub struct RawRun<'a> {
    octets: &'a [u8],
    add_path: bool,
    runs: Runs,
}

/// What is wrong with a run, and at which of its octets the NLRI begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RunFault {
    /// A length that cannot be: nothing behind it can be found.
    Length(usize),
    /// Only the inside of an NLRI; the first such.
    Inside(usize),
}

impl<F: AddressFamily> Nlri<F> {
    /// An NLRI without path identifier and with nothing beside its key.
    pub fn new(key: F::Key) -> Self {
        Self {
            path_id: PathId::default(),
            key,
            payload: F::Payload::default(),
        }
    }

    /// Appends it as it is announced, with its path identifier where ADD-PATH is spoken.
    #[inline]
    pub fn encode(&self, add_path: bool, out: &mut Vec<u8>) {
        if add_path {
            out.extend(self.path_id.0.to_be_bytes());
        }
        F::put(&self.key, &self.payload, out);
    }

    /// Appends it as it is withdrawn: without what is not its key.
    #[inline]
    pub fn encode_withdrawn(&self, add_path: bool, out: &mut Vec<u8>) {
        if add_path {
            out.extend(self.path_id.0.to_be_bytes());
        }
        F::put_withdrawn(&self.key, out);
    }
}

/// The path identifier and what follows it; 0 where there is none.
#[inline]
fn split_path_id(octets: &[u8], add_path: bool) -> Option<(PathId, &[u8])> {
    if !add_path {
        return Some((PathId(0), octets));
    }
    let (path_id, body) = octets.split_first_chunk::<4>()?;
    Some((PathId(u32::from_be_bytes(*path_id)), body))
}

/// Walks a run by `measure`, and looks with `reads` into each NLRI.
#[inline]
pub(crate) fn check(
    octets: &[u8],
    add_path: bool,
    measure: impl Fn(&[u8]) -> Option<usize>,
    reads: impl Fn(&[u8]) -> bool,
) -> Result<(), RunFault> {
    let mut rest = octets;
    let mut inside = Ok(());
    while !rest.is_empty() {
        let at = octets.len().saturating_sub(rest.len());
        let nlri = split_path_id(rest, add_path)
            .filter(|(_, body)| !body.is_empty())
            .and_then(|(_, body)| body.split_at_checked(measure(body)?));
        let Some((nlri, next)) = nlri else {
            return Err(RunFault::Length(at));
        };
        if inside.is_ok() && !reads(nlri) {
            inside = Err(RunFault::Inside(at));
        }
        rest = next;
    }
    inside
}

impl<'a, F: AddressFamily> NlriRun<'a, F> {
    /// Over announced NLRI that `check` has passed; of others, the part up to the first whose
    /// length is malformed.
    #[inline]
    pub fn new(octets: &'a [u8], add_path: bool) -> Self {
        Self {
            octets,
            add_path,
            withdrawn: false,
            family: PhantomData,
        }
    }

    /// Over withdrawn NLRI, which may look otherwise than announced ones.
    #[inline]
    pub fn withdrawn(octets: &'a [u8], add_path: bool) -> Self {
        Self {
            withdrawn: F::WITHDRAWN_DIFFERS,
            ..Self::new(octets, add_path)
        }
    }

    /// Whether every announced NLRI of the run can be read; the error is the offset of the first
    /// octet of the one that cannot.
    pub fn check(octets: &[u8], add_path: bool) -> Result<(), usize> {
        Self::check_run(octets, add_path, false)
            .map_err(|(RunFault::Length(at) | RunFault::Inside(at))| at)
    }

    pub(crate) fn check_run(
        octets: &[u8],
        add_path: bool,
        withdrawn: bool,
    ) -> Result<(), RunFault> {
        if !add_path && let Some(checked) = F::check(octets) {
            return checked.map_err(RunFault::Length);
        }
        check(octets, add_path, F::measure, |nlri| {
            F::reads(nlri, withdrawn)
        })
    }
}

impl<F: AddressFamily> Iterator for NlriRun<'_, F> {
    type Item = Nlri<F>;

    #[inline]
    fn next(&mut self) -> Option<Nlri<F>> {
        if self.octets.is_empty() {
            return None;
        }
        self.next_at_once().or_else(|| self.next_slowly())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.octets.len()))
    }

    /// What adapters and `for_each` go by: how the run is read is asked once and not at each NLRI.
    #[inline]
    fn fold<A, G: FnMut(A, Nlri<F>) -> A>(mut self, start: A, mut add: G) -> A {
        let mut sum = start;
        if !self.withdrawn && !self.add_path {
            while !self.octets.is_empty()
                && let Some((key, payload, rest)) = F::take(self.octets)
            {
                self.octets = rest;
                let nlri = Nlri {
                    path_id: PathId(0),
                    key,
                    payload,
                };
                sum = add(sum, nlri);
            }
        }
        // From the first on that is not read at once.
        for nlri in self {
            sum = add(sum, nlri);
        }
        sum
    }
}
impl<F: AddressFamily> FusedIterator for NlriRun<'_, F> {}

impl<F: AddressFamily> NlriRun<'_, F> {
    /// The next NLRI where it is announced and well formed, which nearly all are.
    #[inline]
    fn next_at_once(&mut self) -> Option<Nlri<F>> {
        if self.withdrawn {
            return None;
        }
        let (path_id, body) = split_path_id(self.octets, self.add_path)?;
        let (key, payload, rest) = F::take(body)?;
        self.octets = rest;
        Some(Nlri {
            path_id,
            key,
            payload,
        })
    }

    /// The next NLRI where it is not the first, or is withdrawn. Not inlined: a reader's loop is
    /// fast for being small.
    #[inline(never)]
    fn next_slowly(&mut self) -> Option<Nlri<F>> {
        loop {
            let (path_id, body) = split_path_id(self.octets, self.add_path)?;
            let taken = if self.withdrawn {
                F::take_withdrawn(body)
            } else {
                F::take(body)
            };
            if let Some((key, payload, rest)) = taken {
                self.octets = rest;
                return Some(Nlri {
                    path_id,
                    key,
                    payload,
                });
            }
            self.octets = skip::<F>(body);
            if self.octets.is_empty() {
                return None;
            }
        }
    }
}

/// What follows an NLRI whose inside cannot be read.
fn skip<F: AddressFamily>(body: &[u8]) -> &[u8] {
    if body.is_empty() {
        return &[];
    }
    F::measure(body)
        // One of no octets would be met again.
        .filter(|length| *length > 0)
        .and_then(|length| body.get(length..))
        .unwrap_or(&[])
}

/// Two runs, one after the other: what `Iterator::chain` does, without asking at each NLRI which of
/// the two it is in.
#[derive(Clone, Debug)]
pub(crate) struct TwoRuns<'a, F> {
    now: NlriRun<'a, F>,
    after: Option<NlriRun<'a, F>>,
}

impl<'a, F: AddressFamily> TwoRuns<'a, F> {
    #[inline]
    pub(crate) fn new(first: NlriRun<'a, F>, second: NlriRun<'a, F>) -> Self {
        if first.octets.is_empty() {
            return Self {
                now: second,
                after: None,
            };
        }
        Self {
            now: first,
            after: (!second.octets.is_empty()).then_some(second),
        }
    }

    #[inline(never)]
    fn next_slowly(&mut self) -> Option<Nlri<F>> {
        loop {
            if let Some(nlri) = self.now.next() {
                return Some(nlri);
            }
            self.now = self.after.take()?;
        }
    }
}

impl<F: AddressFamily> Iterator for TwoRuns<'_, F> {
    type Item = Nlri<F>;
    #[inline]
    fn next(&mut self) -> Option<Nlri<F>> {
        if self.now.octets.is_empty() && self.after.is_none() {
            return None;
        }
        self.now.next_at_once().or_else(|| self.next_slowly())
    }

    #[inline]
    fn fold<A, G: FnMut(A, Nlri<F>) -> A>(self, start: A, mut add: G) -> A {
        let sum = self.now.fold(start, &mut add);
        match self.after {
            Some(after) => after.fold(sum, add),
            None => sum,
        }
    }
}

impl<'a> RawRun<'a> {
    pub(crate) fn new(octets: &'a [u8], add_path: bool, runs: Runs) -> Self {
        Self {
            octets,
            add_path,
            runs,
        }
    }
}

impl<'a> Iterator for RawRun<'a> {
    type Item = RawNlri<'a>;

    fn next(&mut self) -> Option<RawNlri<'a>> {
        let (path_id, body) = split_path_id(self.octets, self.add_path)?;
        if body.is_empty() {
            return None;
        }
        let (octets, rest) = body.split_at_checked(self.runs.measure(body)?)?;
        self.octets = rest;
        Some(RawNlri { path_id, octets })
    }
}

impl core::fmt::Debug for RawRun<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ipv4Unicast;

    #[test]
    fn path_identifiers_are_read_and_written() {
        let octets = [0, 0, 0, 7, 8, 10, 0, 0, 0, 9, 16, 10, 1];
        assert_eq!(NlriRun::<Ipv4Unicast>::check(&octets, true), Ok(()));
        let read: Vec<_> = NlriRun::<Ipv4Unicast>::new(&octets, true).collect();
        assert_eq!(read[0].path_id, PathId(7));
        assert_eq!(read[1].path_id, PathId(9));
        let mut written = Vec::new();
        for nlri in &read {
            nlri.encode(true, &mut written);
        }
        assert_eq!(written, octets);
    }

    #[test]
    fn the_first_wrong_nlri_is_named() {
        let octets = [8, 10, 16, 10, 1, 33, 1, 2, 3, 4, 5];
        assert_eq!(NlriRun::<Ipv4Unicast>::check(&octets, false), Err(5));
        assert_eq!(NlriRun::<Ipv4Unicast>::new(&octets, false).count(), 2);
        let octets = [0, 0, 0, 1, 8, 10, 0, 0, 0, 2];
        assert_eq!(NlriRun::<Ipv4Unicast>::check(&octets, true), Err(6));
        assert_eq!(NlriRun::<Ipv4Unicast>::new(&octets, true).count(), 1);
    }
}
