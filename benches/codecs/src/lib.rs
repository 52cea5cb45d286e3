//! The codec beside other crates that read and write UPDATEs, in one run.
//!
//! What keeps it fair: every crate gets the same octets, and every walk adds the same numbers to
//! the same sum, each in the way that is fastest with that crate. Only messages for which all
//! crates come to the same sum are measured, and how many those are is part of the result.
//! Whatever a crate needs to have before it sees octets (a session's parameters, a reference-counted
//! copy of the message) is made before.
pub mod crates;
pub mod nlri;

use codec::corpus::{Corpus, Recorded};
use codec::walk::Sum;

/// A crate that reads UPDATEs.
pub trait Reader {
    /// What it must know of a session.
    type Session;
    /// A message as the crate takes it.
    type Octets;
    /// Name of the crate and its version.
    const NAME: &'static str;
    /// Made before the clock runs, once for all messages.
    fn session(four_octet_as: bool) -> Self::Session;
    /// Made before the clock runs.
    fn octets(message: &[u8]) -> Self::Octets;
    /// Decodes and walks everything; `None` where the crate finds the message malformed.
    fn walk(session: &mut Self::Session, octets: &Self::Octets) -> Option<Sum>;
}

/// A crate that writes UPDATEs.
pub trait Writer {
    /// An UPDATE as the crate has it: owned, and decoded in full.
    type Value;
    /// Name of the crate and its version.
    const NAME: &'static str;
    /// Made before the clock runs.
    fn value(message: Recorded<'_>) -> Option<Self::Value>;
    /// Appends the whole message; `false` where the crate cannot.
    fn write(value: &mut Self::Value, out: &mut Vec<u8>) -> bool;
}

/// What one reader makes of a message.
pub fn sum_of<R: Reader>(message: Recorded<'_>) -> Option<Sum> {
    R::walk(
        &mut R::session(message.four_octet_as),
        &R::octets(message.octets),
    )
}

/// The messages that all readers understand alike.
#[must_use]
pub fn agreed(corpus: &Corpus) -> Corpus {
    use crates::*;
    corpus.filtered(|message| {
        let Some(sum) = sum_of::<ours::Ours>(message) else {
            return false;
        };
        [
            sum_of::<bgpkit::Bgpkit>(message),
            sum_of::<netgauze::Netgauze>(message),
            sum_of::<routecore::Routecore>(message),
            sum_of::<rustbgpd::Rustbgpd>(message),
            sum_of::<zettabgp::Zettabgp>(message),
        ]
        .iter()
        .all(|other| *other == Some(sum))
    })
}

/// Whether what a writer makes of a message means the same as the message.
pub fn writes<W: Writer>(message: Recorded<'_>) -> bool {
    let mut out = Vec::new();
    let Some(mut value) = W::value(message) else {
        return false;
    };
    let written = Recorded {
        octets: {
            if !W::write(&mut value, &mut out) {
                return false;
            }
            &out
        },
        ..message
    };
    sum_of::<crates::ours::Ours>(written) == sum_of::<crates::ours::Ours>(message)
}
