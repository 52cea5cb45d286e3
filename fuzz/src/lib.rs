//! Fuzz targets: what must hold for any octets at all.
//!
//! A target is an ordinary function from octets to nothing, which panics when a promise is broken:
//! that nothing panics, that every fault lies inside the message and has a legal NOTIFICATION,
//! that what was accepted can be encoded, and that reading it again gives the same value. So the
//! same functions serve three times:
//!
//! - `cargo test -p fuzz` runs each over its committed corpus, over every truncation and many small
//!   mutations of it, and over the shared corpora where they are present. No fuzzer is needed.
//! - `cargo +nightly fuzz run --features libfuzzer update` explores further where cargo-fuzz is
//!   installed.
//! - Without cargo-fuzz, [libFuzzer's own switches](https://llvm.org/docs/LibFuzzer.html) do (link
//!   time optimization would drop what the sanitizer counts with):
//!   ```sh
//!   CARGO_PROFILE_RELEASE_LTO=off RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
//!     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
//!     -Cllvm-args=-sanitizer-coverage-trace-compares -Zsanitizer=address -Cdebug-assertions" \
//!   cargo +nightly run --release -p fuzz --features libfuzzer --target x86_64-unknown-linux-gnu \
//!     --bin update -- -max_len=4096 fuzz/corpus/update
//!   ```
//!
//! An input that once failed goes into `corpus/<target>/` under a name that says what it was.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a target reports by panicking"
)]

mod frame;
mod message;
mod notification;
mod open;
mod route_refresh;
mod session;
mod update;

pub use frame::frame;
pub use notification::notification;
pub use open::open;
pub use route_refresh::route_refresh;
pub use session::session;
pub use update::update;

/// A target: octets in, and a panic where a promise is broken.
pub type Target = fn(&[u8]);

/// Every target with the name of its corpus.
pub const TARGETS: [(&str, Target); 6] = [
    ("frame", frame),
    ("open", open),
    ("update", update),
    ("notification", notification),
    ("route_refresh", route_refresh),
    ("session", session),
];
