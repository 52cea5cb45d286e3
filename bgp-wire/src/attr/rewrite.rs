//! What happens to attributes as a route goes out: canonical octets to canonical octets.
//!
//! One pass over the attributes, no intermediate value; the result is canonical, so it may be
//! interned like what came in. A rewrite is `Copy`, `Eq` and `Hash`, and can be the key under which
//! a table remembers results. Cost: one copy of the octets.
use super::canonical::put_value;
use super::path::PathWriter;
use super::walk::{self, RawAttribute, Walk};
use super::{AsPath, SegmentKind, table};
use crate::iana::attribute as code;
use crate::{Asn, RouterId};
use alloc::vec::Vec;

/// What to do with an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Change<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Drop it.
    Remove,
    /// This value, whatever there is.
    Set(T),
    /// This value where there is none.
    Fill(T),
}

/// What a route reflector adds (RFC 4456 §8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Reflection {
    /// ORIGINATOR_ID where there is none: who brought the route into the AS.
    pub originator: RouterId,
    /// Put in front of CLUSTER_LIST.
    pub cluster: u32,
}

/// A rewrite of attributes. The default changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Rewrite {
    /// Put this AS in front of AS_PATH so many times.
    pub prepend: Option<(Asn, u8)>,
    /// Drop what is for internal sessions only: LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST, AIGP, and
    /// confederation segments of AS_PATH.
    pub drop_internal: bool,
    /// MULTI_EXIT_DISC.
    pub med: Change<u32>,
    /// LOCAL_PREF.
    pub local_pref: Change<u32>,
    /// ORIGINATOR_ID and CLUSTER_LIST.
    pub reflect: Option<Reflection>,
}

impl Rewrite {
    /// To an external neighbor: our AS in front, MED and internal attributes gone
    /// (RFC 4271 §5.1.2, §5.1.4, §5.1.5).
    pub fn external(local_as: Asn) -> Self {
        Self {
            prepend: Some((local_as, 1)),
            drop_internal: true,
            med: Change::Remove,
            ..Self::default()
        }
    }

    /// To an internal neighbor: LOCAL_PREF where there is none (RFC 4271 §5.1.5).
    pub fn internal(local_pref: u32) -> Self {
        Self {
            local_pref: Change::Fill(local_pref),
            ..Self::default()
        }
    }

    /// Appends the canonical octets that `canonical` become.
    ///
    /// ```
    /// use bgp_wire::{Asn, AttributeSet, Attributes, attr::Rewrite};
    /// let mut local = Vec::new();
    /// AttributeSet::local().encode(&mut local);
    /// let mut sent = Vec::new();
    /// Rewrite::external(Asn(65_530)).apply(&local, &mut sent);
    /// assert_eq!(Attributes::from_canonical(&sent).as_path().unwrap().to_string(), "65530");
    /// ```
    pub fn apply(&self, canonical: &[u8], out: &mut Vec<u8>) {
        let mut walk = Walk::new(canonical).peekable();
        for edited in [
            code::AS_PATH,
            code::MULTI_EXIT_DISC,
            code::LOCAL_PREF,
            code::ORIGINATOR_ID,
            code::CLUSTER_LIST,
        ] {
            while let Some(attribute) = walk.next_if(|attribute| attribute.code < edited) {
                self.pass(&attribute, out);
            }
            let existing = walk.next_if(|attribute| attribute.code == edited);
            self.edit(edited, existing, out);
        }
        for attribute in walk {
            self.pass(&attribute, out);
        }
    }

    /// Whether an attribute of this type is dropped for being internal.
    fn drops(&self, code: u8) -> bool {
        self.drop_internal && table::row(code).is_some_and(|row| row.internal_only)
    }

    fn pass(&self, attribute: &RawAttribute<'_>, out: &mut Vec<u8>) {
        if !self.drops(attribute.code) {
            walk::put(out, attribute.flags, attribute.code, attribute.value);
        }
    }

    fn edit(&self, edited: u8, existing: Option<RawAttribute<'_>>, out: &mut Vec<u8>) {
        let existing = existing.filter(|_| !self.drops(edited));
        match edited {
            code::AS_PATH => self.path(existing, out),
            code::MULTI_EXIT_DISC => number(edited, self.med, existing, out),
            code::LOCAL_PREF => number(edited, self.local_pref, existing, out),
            code::ORIGINATOR_ID => {
                let change = self.reflect.map_or(Change::Keep, |reflection| {
                    Change::Fill(reflection.originator.address().to_bits())
                });
                number(edited, change, existing, out);
            }
            _ => {
                let value = existing.map_or(&[][..], |attribute| attribute.value);
                let cluster = self.reflect.map(|reflection| reflection.cluster);
                if cluster.is_some() || existing.is_some() {
                    put_value(out, code::OPTIONAL, edited, |out| {
                        out.extend(cluster.iter().flat_map(|cluster| cluster.to_be_bytes()));
                        out.extend_from_slice(value);
                    });
                }
            }
        }
    }

    fn path(&self, existing: Option<RawAttribute<'_>>, out: &mut Vec<u8>) {
        if self.prepend.is_none() && !self.drop_internal {
            if let Some(attribute) = existing {
                walk::put(out, attribute.flags, attribute.code, attribute.value);
            }
            return;
        }
        if self.prepend.is_none() && existing.is_none() {
            return;
        }
        let path = AsPath::new(existing.map_or(&[], |attribute| attribute.value), true);
        put_value(out, code::TRANSITIVE, code::AS_PATH, |out| {
            let mut writer = PathWriter::new(out, true);
            if let Some((asn, times)) = self.prepend {
                let prepended = core::iter::repeat_n(asn, usize::from(times));
                writer.segment(SegmentKind::Sequence, prepended);
            }
            for segment in path.segments() {
                // RFC 5065 §4.1: confederation segments do not leave the confederation.
                if !(self.drop_internal && segment.kind.is_confederation()) {
                    writer.segment(segment.kind, segment.asns());
                }
            }
        });
    }
}

/// Appends an attribute of four octets as `change` leaves it.
fn number(edited: u8, change: Change<u32>, existing: Option<RawAttribute<'_>>, out: &mut Vec<u8>) {
    let flags = table::row(edited).map_or(code::OPTIONAL, |row| row.flags_to_send(0));
    match (change, existing) {
        (Change::Keep | Change::Fill(_), Some(attribute)) => {
            walk::put(out, attribute.flags, edited, attribute.value);
        }
        (Change::Set(value) | Change::Fill(value), _) => {
            walk::put(out, flags, edited, &value.to_be_bytes());
        }
        (Change::Keep, None) | (Change::Remove, _) => {}
    }
}
