//! One NLRI as a value, and a run of them as an iterator.
//!
//! A run is checked once, when its UPDATE is parsed; the iterator then reads without errors and
//! without allocating. With ADD-PATH (RFC 7911 §3) every NLRI is preceded by four octets.
use crate::AddressFamily;
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

/// A run of NLRI. Ends at the first that cannot be read, which in a checked run is the end.
#[derive(Clone, Debug)]
pub struct NlriRun<'a, F> {
    octets: &'a [u8],
    add_path: bool,
    family: PhantomData<F>,
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

    /// Appends it, with its path identifier where ADD-PATH is spoken.
    #[inline]
    pub fn encode(&self, add_path: bool, out: &mut Vec<u8>) {
        if add_path {
            out.extend(self.path_id.0.to_be_bytes());
        }
        F::put(&self.key, &self.payload, out);
    }
}

impl<'a, F: AddressFamily> NlriRun<'a, F> {
    /// Over octets that `check` has passed; of others, the part up to the first malformed one.
    pub fn new(octets: &'a [u8], add_path: bool) -> Self {
        Self {
            octets,
            add_path,
            family: PhantomData,
        }
    }

    /// Whether every NLRI of the run can be read; the error is the offset of the first octet of
    /// the one that cannot.
    pub fn check(octets: &[u8], add_path: bool) -> Result<(), usize> {
        let mut rest = octets;
        while !rest.is_empty() {
            let body = if add_path { rest.get(4..) } else { Some(rest) };
            let next = body
                .filter(|body| !body.is_empty())
                .and_then(|body| body.get(F::measure(body)?..));
            match next {
                Some(next) => rest = next,
                None => return Err(octets.len().saturating_sub(rest.len())),
            }
        }
        Ok(())
    }
}

impl<F: AddressFamily> Iterator for NlriRun<'_, F> {
    type Item = Nlri<F>;

    #[inline]
    fn next(&mut self) -> Option<Nlri<F>> {
        let (path_id, body) = if self.add_path {
            let (path_id, body) = self.octets.split_first_chunk::<4>()?;
            (u32::from_be_bytes(*path_id), body)
        } else {
            (0, self.octets)
        };
        let Some((key, payload, rest)) = F::take(body) else {
            self.octets = &[];
            return None;
        };
        self.octets = rest;
        Some(Nlri {
            path_id: PathId(path_id),
            key,
            payload,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.octets.len()))
    }
}
impl<F: AddressFamily> FusedIterator for NlriRun<'_, F> {}

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
