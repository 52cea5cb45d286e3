//! Where the data of other implementations is, and how its octets are written.
use super::report::skipped;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder; where it is not there, the test `name` says that it was skipped.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let found = std::env::var_os("MYNA_SHARED")
        .map(PathBuf::from)
        .into_iter()
        .chain([beside])
        .find(|path| path.join("data/vectors").is_dir());
    if found.is_none() {
        skipped(&format!(
            "{name}: there is no ../shared/data, and MYNA_SHARED names none"
        ));
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

/// A file of JSON lines, compressed or not.
pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = if path.extension().is_some_and(|extension| extension == "xz") {
        let output = Command::new("xz")
            .args(["--decompress", "--stdout"])
            .arg(path)
            .output()
            .expect("xz");
        assert!(output.status.success(), "{}", path.display());
        String::from_utf8(output.stdout).expect("UTF-8")
    } else {
        std::fs::read_to_string(path).expect("a readable file")
    };
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// A string inside a JSON value; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

/// A message of this type around a body.
pub(crate) fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![0xff; 16];
    message.extend(u16::try_from(body.len() + 19).expect("short").to_be_bytes());
    message.push(kind);
    message.extend(body);
    message
}

/// An UPDATE of these attributes and these classic NLRI.
pub(crate) fn update(attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0];
    let length = u16::try_from(attributes.len()).expect("short");
    body.extend(length.to_be_bytes());
    body.extend(attributes);
    body.extend(nlri);
    framed(2, &body)
}
