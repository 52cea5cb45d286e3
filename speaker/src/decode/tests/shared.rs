//! What route collectors and daemons recorded, against what bgpdump 1.6.2 prints of it.
//!
//! The files are not part of this repository: they lie in `../shared/data/mrt`, or where
//! `MYNA_SHARED` says. Where they are not there the test says so and proves nothing; the fixtures
//! beside it do.
#[path = "../../../../bgp-wire/tests/conformance/report.rs"]
mod report;

use crate::decode::{Form, Options, decode, open};
use report::{section, skipped, table};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Files without expected lines, and the SHA-256 of theirs.
const DIGESTS: &[(&str, &str)] = &[(
    "derived-fulltable-1M.gz",
    "93c7b410688c786069d7a99952031e2a11bb68c8d7f81488c59b4d0696efdb24",
)];

/// Lines that differ, as they should, with the reason.
const KNOWN: &[Known] = &[Known {
    reason: "bgpdump prints the neighbor's address in place of the prefix that a record of type 5 \
             withdraws (two calls of one static buffer in one line)",
    explains: |ours, theirs| {
        let parts: Vec<&str> = ours.split('|').collect();
        let ["BGP", time, "W", peer, asn, prefix] = parts[..] else {
            return false;
        };
        let length = prefix.split_once('/').map_or("", |(_, length)| length);
        format!("BGP|{time}|W|{peer}|{asn}|{peer}/{length}") == theirs
    },
}];

struct Known {
    reason: &'static str,
    explains: fn(&str, &str) -> bool,
}

/// Compares lines as they are written.
struct Compare {
    expected: Box<dyn BufRead>,
    line: Vec<u8>,
    same: usize,
    known: usize,
    wrong: Vec<String>,
}

impl Compare {
    fn line(&mut self, ours: &str) {
        let mut theirs = String::new();
        self.expected
            .read_line(&mut theirs)
            .expect("expected lines");
        let theirs = theirs.trim_end();
        if ours == theirs {
            self.same += 1;
        } else if KNOWN.iter().any(|known| (known.explains)(ours, theirs)) {
            self.known += 1;
        } else if self.wrong.len() < 5 {
            self.wrong
                .push(format!("bgpdump: {theirs}\n   ours: {ours}"));
        }
    }
}

impl Write for Compare {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        for part in octets.split_inclusive(|octet| *octet == b'\n') {
            self.line.extend(part);
            if self.line.ends_with(b"\n") {
                self.line.pop();
                let line = String::from_utf8(std::mem::take(&mut self.line)).expect("UTF-8");
                self.line(&line);
            }
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Digested(Sha256);

impl Write for Digested {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.update(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn shared() -> PathBuf {
    match std::env::var_os("MYNA_SHARED") {
        Some(path) => path.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"),
    }
}

#[test]
fn every_recorded_file_has_the_lines_of_bgpdump() {
    let folder = shared().join("data/mrt");
    let Ok(listing) = fs::read_dir(&folder) else {
        return skipped(&format!(
            "MRT files against bgpdump: {} is not there",
            folder.display()
        ));
    };
    let mut files: Vec<PathBuf> = listing.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    assert!(!files.is_empty(), "no MRT files in {}", folder.display());
    let mut rows = Vec::new();
    for path in &files {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let options = Options {
            form: Form::Bgpdump,
            ..Options::default()
        };
        let file = File::open(path).expect("to open it");
        if let Some((_, digest)) = DIGESTS.iter().find(|(file, _)| *file == name) {
            let mut digested = Digested(Sha256::new());
            decode(file, None, &options, &mut digested).expect("to be read");
            let ours: String = digested
                .0
                .finalize()
                .iter()
                .map(|octet| format!("{octet:02x}"))
                .collect();
            assert_eq!(ours, *digest, "{name}");
            let whole = "all, by their SHA-256".to_owned();
            rows.push(vec![format!("`{name}`"), whole, "0".into(), "0".into()]);
            continue;
        }
        let expected = folder.join("expected").join(format!("{name}.bgpdump-m.xz"));
        let Ok(expected) = File::open(&expected) else {
            panic!("{} is not there", expected.display());
        };
        let expected = open::decompress(expected).expect("expected lines");
        let mut compare = Compare {
            expected: Box::new(BufReader::new(expected)),
            line: Vec::new(),
            same: 0,
            known: 0,
            wrong: Vec::new(),
        };
        decode(file, None, &options, &mut compare).expect("to be read");
        assert!(
            compare.wrong.is_empty(),
            "{name}:\n{}",
            compare.wrong.join("\n")
        );
        rows.push(vec![
            format!("`{name}`"),
            compare.same.to_string(),
            compare.known.to_string(),
            compare.wrong.len().to_string(),
        ]);
        let left = compare.expected.lines().count();
        assert_eq!(left, 0, "{name}: lines of bgpdump that we do not have");
    }
    let mut page = String::from(
        "Each line that `bgpdump -m` (1.6.2) prints of a file, against the line that\n\
         `myna decode --bgpdump` prints.\n\n",
    );
    let head = ["file", "lines the same", "differ", "unexplained"];
    page += &table(&head, &rows);
    page += "\nDiffer:\n\n";
    let known: Vec<_> = KNOWN
        .iter()
        .map(|known| vec![known.reason.to_owned()])
        .collect();
    page += &table(&["why"], &known);
    section("MRT files", &page);
}
