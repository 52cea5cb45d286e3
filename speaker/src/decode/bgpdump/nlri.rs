//! Prefixes as bgpdump reads them: the family does not bound their length, and host bits stay.
use super::lenient::Lenient;
use super::text;

/// One prefix.
pub(super) struct Prefix {
    pub(super) path_id: Option<u32>,
    octets: [u8; 16],
    bits: u8,
}

/// The prefixes of a field, up to the first that passes its end.
pub(super) fn prefixes(octets: &[u8], add_path: bool) -> impl Iterator<Item = Prefix> {
    let mut rest = Lenient(octets);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let path_id = add_path.then(|| rest.u32());
        let bits = rest.u8();
        let length = usize::from(bits).div_ceil(8);
        let mut value = rest.take(length);
        if value.0.len() < length {
            return None;
        }
        let octets = value.octets();
        Some(Prefix {
            path_id,
            octets,
            bits,
        })
    })
}

impl Prefix {
    pub(super) fn write(&self, v6: bool, out: &mut Vec<u8>) {
        text::of_family(out, v6, self.octets);
        out.push(b'/');
        text::number(out, u32::from(self.bits));
    }
}
