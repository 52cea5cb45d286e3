//! One attribute with any value, inside an UPDATE that is right otherwise.
//!
//! A fuzzer that has to keep every length of a message right seldom gets to the values. Here all
//! lengths are ours.
use crate::context::{self, Chosen};
use crate::message::check_fault;
use bgp_wire::{
    AsPath, Attributes, Disposition, Family, Fault, Header, Update, UpdateContext,
    attr::{CarriedAttribute, RawAttribute},
    iana::attribute as code,
};

/// Longest value, so that the message stays within 4,096 octets.
const LONGEST: usize = 3_900;

/// The octets are a context (two), a type code, flags and the value. The lowest bit of the flags, which
/// means nothing on the wire, asks for no routes beside the attribute.
///
/// # Panics
/// When a promise of `bgp_wire` about path attributes is broken.
pub fn attribute(input: &[u8]) {
    let Some((Chosen { reading, .. }, [kind, flags, value @ ..])) = context::split(input) else {
        return;
    };
    let value = &value[..value.len().min(LONGEST)];
    let built = Built::new(*kind, *flags, value, &reading);
    let message = &built.message[..];
    alone(built.attribute(*kind, *flags, value));
    paths(value);

    let update = match Update::parse(message, &reading) {
        Ok(update) => update,
        Err(fault) => {
            check_fault(&fault, message);
            assert_eq!(fault.disposition(), Disposition::SessionReset, "{fault:?}");
            built.check_place(&fault, *kind);
            return;
        }
    };
    for fault in update.faults() {
        check_fault(&fault, message);
        built.check_place(&fault, *kind);
    }
    crate::attributes::look_at(update.attributes());
    if update.disposition() == Disposition::Accept {
        accepted(update.attributes(), *kind);
    }
}

/// A message around one attribute.
struct Built {
    message: Vec<u8>,
    /// Where the attribute lies in it.
    start: usize,
    end: usize,
}

impl Built {
    fn new(kind: u8, flags: u8, value: &[u8], context: &UpdateContext) -> Self {
        let mut message = vec![0xff; 16];
        message.extend([0, 0, 2, 0, 0, 0, 0]);
        let lone = flags & 1 != 0;
        if !lone {
            for (beside, attribute) in [
                (code::ORIGIN, &[0x40, 1, 1, 0][..]),
                (code::AS_PATH, &[0x40, 2, 0]),
                (code::NEXT_HOP, &[0x40, 3, 4, 192, 0, 2, 1]),
            ] {
                if beside != kind {
                    message.extend(attribute);
                }
            }
        }
        let start = message.len();
        message.extend([flags, kind]);
        match u8::try_from(value.len()) {
            Ok(length) if flags & code::EXTENDED_LENGTH == 0 => message.push(length),
            _ => {
                if let Some(flags) = message.get_mut(start) {
                    *flags |= code::EXTENDED_LENGTH;
                }
                let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
                message.extend(length.to_be_bytes());
            }
        }
        message.extend(value);
        let end = message.len();
        let attributes = u16::try_from(end - Header::LENGTH - 4).unwrap_or(u16::MAX);
        message[21..23].copy_from_slice(&attributes.to_be_bytes());
        if !lone {
            if context.add_path.contains(&Family::IPV4_UNICAST) {
                message.extend([0, 0, 0, 1]);
            }
            message.extend([24, 198, 51, 100]);
        }
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
        message[16..18].copy_from_slice(&length.to_be_bytes());
        Self {
            message,
            start,
            end,
        }
    }

    fn attribute<'a>(&self, code: u8, flags: u8, value: &'a [u8]) -> RawAttribute<'a> {
        RawAttribute {
            flags: self.message.get(self.start).copied().unwrap_or(flags),
            code,
            value,
        }
    }

    /// A fault of the attribute lies in it, and the NOTIFICATION shows it whole or not at all.
    fn check_place(&self, fault: &Fault, kind: u8) {
        // Mandatory attributes that are not there are missed at the end.
        let missing = fault.kind == bgp_wire::FaultKind::MissingAttribute;
        if fault.attr != Some(kind) || missing {
            return;
        }
        let attribute = self.start..self.end;
        assert!(
            attribute.contains(&fault.offset) || fault.offset == self.end,
            "{fault:?} lies outside of {attribute:?}"
        );
        let data = fault.notification(&self.message).data;
        assert!(
            data.is_empty() || data == self.message[attribute],
            "{fault:?} shows {data:02x?}"
        );
    }
}

/// What can be carried is carried as it is.
fn alone(attribute: RawAttribute<'_>) {
    let Some(carried) = CarriedAttribute::new(attribute) else {
        return;
    };
    let raw = carried.raw();
    assert_eq!((raw.code, raw.value), (attribute.code, attribute.value));
    assert_ne!(
        raw.flags & code::OPTIONAL,
        0,
        "{attribute:?} is sent as {raw:?}"
    );
    let again = CarriedAttribute::new(raw);
    assert_eq!(again.as_ref(), Some(&carried), "carried twice");
}

/// The value as a path, whatever it is.
fn paths(value: &[u8]) {
    for four_octet in [false, true] {
        let checked = AsPath::checked(value, four_octet);
        let path = AsPath::new(value, four_octet);
        let width = if four_octet { 4 } else { 2 };
        let octets: usize = path
            .segments()
            .map(|segment| 2 + segment.count() * width)
            .sum();
        assert!(octets <= value.len());
        if let Some(checked) = checked {
            assert_eq!(octets, value.len(), "{checked} is not all of {value:02x?}");
        }
    }
}

/// The view, its canonical octets and the owned set say the same.
fn accepted(attributes: Attributes<'_>, kind: u8) {
    let mut canonical = Vec::new();
    attributes.canonical(&mut canonical);
    let view = Attributes::from_canonical(&canonical);
    if let (Some(before), Some(after)) = (attributes.raw(kind), view.raw(kind))
        && kind != code::AS_PATH
        && kind != code::AGGREGATOR
    {
        assert_eq!(before.value, after.value);
    }
    if attributes.origin().is_some() && attributes.as_path().is_some() {
        let mut encoded = Vec::new();
        attributes.to_set().encode(&mut encoded);
        assert_eq!(encoded, canonical, "{:?}", attributes.to_set());
        let set = view.to_set();
        assert_eq!(set, attributes.to_set());
    }
}
