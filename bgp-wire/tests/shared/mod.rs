//! Where the data of other implementations is, and how its octets are written.
use std::path::{Path, PathBuf};

/// The folder, or a word that it was not found.
pub(crate) fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let found = std::env::var_os("MYNA_SHARED")
        .map(PathBuf::from)
        .into_iter()
        .chain([beside])
        .find(|path| path.join("data/vectors").is_dir());
    if found.is_none() {
        println!("skipped: no shared data (set MYNA_SHARED)");
    }
    found
}

/// Octets of hexadecimal digits.
pub(crate) fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
        .collect()
}
