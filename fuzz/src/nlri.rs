//! NLRI of every family: measured, read, written.
use crate::allocation::at_most;
use crate::families::{self, Visitor};
use bgp_wire::{AddressFamily, Nlri, NlriRun, PathId};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The octets are: which family, whether with path identifiers (lowest bit) and whether withdrawn
/// (the bit above), and a run of NLRI.
///
/// # Panics
/// When a promise of `bgp_wire::AddressFamily` or `bgp_wire::NlriRun` is broken.
pub fn nlri(input: &[u8]) {
    let [family, flags, octets @ ..] = input else {
        return;
    };
    let mut run = Run {
        octets,
        add_path: flags & 1 != 0,
        withdrawn: flags & 2 != 0,
    };
    families::choose(*family, &mut run);
}

struct Run<'a> {
    octets: &'a [u8],
    add_path: bool,
    withdrawn: bool,
}

impl Visitor for Run<'_> {
    fn visit<F: AddressFamily>(&mut self) {
        let (walked, whole) = self.walk::<F>();
        if self.withdrawn {
            let read: Vec<Nlri<F>> = NlriRun::withdrawn(self.octets, self.add_path).collect();
            assert_eq!(read, walked, "withdrawn");
        } else {
            let read: Vec<Nlri<F>> = NlriRun::new(self.octets, self.add_path).collect();
            assert_eq!(read, walked);
            let checked = at_most(0, "a check of NLRI", || {
                NlriRun::<F>::check(self.octets, self.add_path)
            });
            assert_eq!(checked.is_ok(), whole, "{checked:?} of {read:?}");
            if let Err(at) = checked {
                assert!(at < self.octets.len(), "{at} lies outside of the run");
            }
        }
        for nlri in &walked {
            written::<F>(nlri, self.withdrawn);
        }
        for pair in walked.windows(2) {
            if let [one, other] = pair {
                distinct::<F>(one, other);
            }
        }
    }
}

impl Run<'_> {
    /// The NLRI as reading one after the other finds them, and whether they are all there is.
    fn walk<F: AddressFamily>(&self) -> (Vec<Nlri<F>>, bool) {
        let mut found = Vec::new();
        let mut whole = true;
        let mut rest = self.octets;
        while !rest.is_empty() {
            let (path_id, body) = match (self.add_path, rest.split_first_chunk::<4>()) {
                (false, _) => (PathId(0), rest),
                (true, Some((path_id, body))) => (PathId(u32::from_be_bytes(*path_id)), body),
                (true, None) => return (found, false),
            };
            if body.is_empty() {
                return (found, false);
            }
            let Some(length) = F::measure(body) else {
                let taken = if self.withdrawn {
                    F::take_withdrawn(body)
                } else {
                    F::take(body)
                };
                assert!(taken.is_none(), "what cannot be measured was read");
                return (found, false);
            };
            assert!(0 < length && length <= body.len(), "{length} octets");
            let (alone, after) = body.split_at(length);
            let read = |octets| {
                if self.withdrawn {
                    F::take_withdrawn(octets)
                } else {
                    F::take(octets)
                }
            };
            let taken = read(body);
            let reads = at_most(0, "a look into NLRI", || F::reads(alone, self.withdrawn));
            assert_eq!(reads, taken.is_some(), "of {alone:02x?}");
            // What follows does not matter.
            let again = read(alone).map(|(key, payload, rest)| {
                assert!(rest.is_empty());
                (key, payload)
            });
            match taken {
                Some((key, payload, rest)) => {
                    assert!(length <= F::LONGEST, "{length} octets are over the longest");
                    assert_eq!(rest.len(), after.len(), "measured {length} octets");
                    assert_eq!(again, Some((key.clone(), payload.clone())));
                    found.push(Nlri {
                        path_id,
                        key,
                        payload,
                    });
                }
                None => {
                    assert!(again.is_none());
                    whole = false;
                }
            }
            rest = after;
        }
        (found, whole)
    }
}

/// What was read can be written, means the same, and is written the same way again.
fn written<F: AddressFamily>(nlri: &Nlri<F>, withdrawn: bool) {
    assert!(!nlri.key.to_string().is_empty());
    let mut octets = Vec::new();
    F::put_withdrawn(&nlri.key, &mut octets);
    assert_eq!(F::measure(&octets), Some(octets.len()), "{nlri:?}");
    let (key, _, rest) = F::take_withdrawn(&octets)
        .unwrap_or_else(|| panic!("a withdraw of {nlri:?} cannot be read: {octets:02x?}"));
    assert_eq!((&key, rest.len()), (&nlri.key, 0), "withdrawn");
    let mut again = Vec::new();
    F::put_withdrawn(&key, &mut again);
    assert_eq!(again, octets, "a withdraw of {nlri:?}");
    if withdrawn {
        // What came as a withdraw need not be enough to announce.
        return;
    }
    for add_path in [false, true] {
        octets.clear();
        nlri.encode(add_path, &mut octets);
        let expected = Nlri {
            path_id: if add_path { nlri.path_id } else { PathId(0) },
            ..nlri.clone()
        };
        assert_eq!(NlriRun::<F>::check(&octets, add_path), Ok(()), "{nlri:?}");
        let read: Vec<Nlri<F>> = NlriRun::new(&octets, add_path).collect();
        assert_eq!(read, std::slice::from_ref(&expected));
        let mut again = Vec::new();
        for nlri in &read {
            nlri.encode(add_path, &mut again);
        }
        assert_eq!(again, octets, "{nlri:?} is not written the same way twice");
    }
}

/// Keys are equal where their octets are, and order and hash know it.
fn distinct<F: AddressFamily>(one: &Nlri<F>, other: &Nlri<F>) {
    let octets = |key: &F::Key| {
        let mut octets = Vec::new();
        F::put_withdrawn(key, &mut octets);
        octets
    };
    let hash = |key: &F::Key| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    };
    let (one, other) = (&one.key, &other.key);
    let equal = one == other;
    assert_eq!(equal, octets(one) == octets(other), "{one:?} and {other:?}");
    assert_eq!(equal, one.cmp(other).is_eq(), "{one:?} and {other:?}");
    assert_eq!(one.cmp(other), other.cmp(one).reverse());
    if equal {
        assert_eq!(hash(one), hash(other));
    }
}
