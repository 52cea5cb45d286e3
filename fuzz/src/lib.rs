//! Fuzz targets: what must hold for any octets at all.
//!
//! A target is an ordinary function from octets to nothing, which panics when a promise is broken:
//! that nothing panics, that every fault lies inside the message and has a legal NOTIFICATION,
//! that what was accepted can be encoded, and that reading it again gives the same value. So the
//! same functions serve three times:
//!
//! - `cargo test -p fuzz` runs each over its committed corpus, over every truncation and many small
//!   mutations of it, and over the shared corpora where they are present. No fuzzer is needed.
//! - `fuzz/run update` explores further by [libFuzzer](https://llvm.org/docs/LibFuzzer.html), until
//!   something breaks. It needs the toolchain that builds everything else, a C++ compiler (libFuzzer
//!   is C++) and nothing that has to be installed; `fuzz/run --help` tells the rest.
//! - `./test` runs each a few seconds that way.
//!
//! The counters of coverage come by stable flags of the compiler. AddressSanitizer
//! (`SANITIZER=address fuzz/run update`) sets `RUSTC_BOOTSTRAP=1` for it; since the code under test
//! forbids unsafe code, what it could find lies in dependencies, and it takes three times as long. Who
//! has cargo-fuzz may use that: `CARGO_PROFILE_RELEASE_LTO=off cargo fuzz run -s none --features
//! libfuzzer update` (link-time optimization would drop what libFuzzer counts with).
//!
//! An input that once failed goes into `corpus/<target>/` under a name that says what it was. Files
//! named by forty hexadecimal digits were found by libFuzzer, from the others, for what they cover.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a target reports by panicking"
)]

mod attribute;
#[cfg(feature = "speaker")]
mod decode;
mod frame;
mod mrt;
mod nlri;
mod notification;
mod open;
mod round_trip;
mod route_refresh;
mod session;
#[cfg(feature = "speaker")]
mod speaker;
mod update;

mod allocation;
mod attributes;
mod context;
mod families;
mod message;

pub use attribute::attribute;
#[cfg(feature = "speaker")]
pub use decode::decode;
pub use frame::frame;
pub use mrt::mrt;
pub use nlri::nlri;
pub use notification::notification;
pub use open::open;
pub use round_trip::round_trip;
pub use route_refresh::route_refresh;
pub use session::session;
#[cfg(feature = "speaker")]
pub use speaker::speaker;
pub use update::update;

/// A target: octets in, and a panic where a promise is broken.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, also of its corpus and its program.
    pub name: &'static str,
    /// What it does with octets.
    pub run: fn(&[u8]),
    /// What stands before the octets of an input from elsewhere; one run for each.
    pub before: &'static [&'static [u8]],
    /// Whether a run takes milliseconds, not microseconds.
    pub slow: bool,
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target {
        name,
        run,
        before: &[&[]],
        slow: false,
    }
}

const fn in_context(name: &'static str, run: fn(&[u8])) -> Target {
    Target {
        before: context::USUAL,
        ..target(name, run)
    }
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("frame", frame),
    target("open", open),
    in_context("update", update),
    in_context("round_trip", round_trip),
    in_context("attribute", attribute),
    target("nlri", nlri),
    target("notification", notification),
    target("route_refresh", route_refresh),
    target("mrt", mrt),
    target("session", session),
    #[cfg(feature = "speaker")]
    target("decode", decode),
    #[cfg(feature = "speaker")]
    Target {
        slow: true,
        ..target("speaker", speaker)
    },
];
