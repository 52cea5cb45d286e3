//! Octets that were made to break readers, and streams of whole messages: nothing may panic, and what
//! is understood must survive a second round.
use super::messages;
use super::report;
use super::source::{framed, lines, octets, shared, text};
use bgp_wire::*;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Reads octets as every message there is, in every context; nothing may panic, and what is
/// understood must survive a second round.
fn read_anything(octets: &[u8]) {
    let mut rest = octets;
    while let Ok(Some(header)) = frame(rest, 65_535) {
        read_message(header.kind, &rest[..header.length]);
        rest = &rest[header.length..];
    }
    // Also as bodies, for corpora without headers.
    if octets.len() < 60_000 {
        for (code, kind) in [
            (1, MessageType::Open),
            (2, MessageType::Update),
            (3, MessageType::Notification),
            (5, MessageType::RouteRefresh),
        ] {
            let message = framed(code, octets);
            if frame(&message, 65_535).is_ok() {
                read_message(kind, &message);
            }
        }
    }
}

fn read_message(kind: MessageType, message: &[u8]) {
    match kind {
        MessageType::Open => {
            if let Ok(open) = Open::parse(message) {
                let mut again = Vec::new();
                open.encode(&mut again);
                assert_eq!(Open::parse(&again), Ok(open));
            }
        }
        MessageType::Notification => {
            let notification = Notification::parse(message).expect("framed");
            assert!(!notification.to_string().is_empty());
        }
        MessageType::RouteRefresh => drop(RouteRefresh::parse(message)),
        MessageType::Keepalive => {}
        MessageType::Update => {
            for session in [SessionType::Ebgp, SessionType::Ibgp] {
                for four_octet_as in [true, false] {
                    for add_path in [false, true] {
                        let context = UpdateContext {
                            session,
                            ..messages::context(four_octet_as, add_path)
                        };
                        read_update(message, &context);
                    }
                }
            }
        }
    }
}

fn read_update(message: &[u8], context: &UpdateContext) {
    let update = match Update::parse(message, context) {
        Ok(update) => update,
        Err(fault) => {
            assert_eq!(fault.disposition(), Disposition::SessionReset);
            fault.notification(message).encode(&mut Vec::new());
            return;
        }
    };
    for fault in update.faults() {
        assert!(fault.offset <= message.len());
        fault.notification(message).encode(&mut Vec::new());
    }
    let mut once = Vec::new();
    update.attributes().canonical(&mut once);
    let mut twice = Vec::new();
    Attributes::from_canonical(&once).canonical(&mut twice);
    assert_eq!(once, twice);
    update.announced::<Ipv4Unicast>().for_each(drop);
    for family in update.announced_families() {
        update.announced_octets(family).for_each(drop);
    }
}

/// The files of an archive, unpacked.
fn files(archive: &Path, name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    let unpacked = Command::new("tar")
        .args(["--extract", "--xz", "--directory"])
        .arg(&folder)
        .arg("--file")
        .arg(archive)
        .status();
    assert!(unpacked.expect("tar").success(), "{name}");
    let mut folders = vec![folder];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn hostile_octets_and_streams() {
    let Some(shared) = shared("corpora and streams") else {
        return;
    };
    let mut rows = Vec::new();
    let mut row = |source: &str, cases: usize, what: &str| {
        assert!(cases > 0, "{source}");
        rows.push(vec![
            format!("`{source}`"),
            cases.to_string(),
            what.to_string(),
            "0".into(),
        ]);
    };
    let read = "files, read as messages and as bodies of each type, in each context";
    for name in ["bio-rd-fuzz-corpus", "frr-fuzz-corpi-bgpd-even"] {
        let archive = format!("{name}.tar.xz");
        let found = files(&shared.join("data/corpora").join(&archive), name);
        for path in &found {
            read_anything(&std::fs::read(path).expect("readable"));
        }
        row(&archive, found.len(), read);
    }
    for name in ["bgpcep", "exabgp", "frr", "messages", "netgauze"] {
        let file = format!("{name}.jsonl");
        let cases = lines(&shared.join("data/vectors").join(&file));
        for case in &cases {
            read_anything(&octets(text(case, "/hex")));
        }
        row(&file, cases.len(), "vectors, read so as well");
    }
    let streams = std::fs::read_dir(shared.join("data/streams")).expect("streams");
    let mut streams: Vec<_> = streams
        .map(|entry| entry.expect("an entry").path())
        .collect();
    streams.sort();
    for path in streams {
        let octets = std::fs::read(&path).expect("readable");
        let mut rest = &octets[..];
        let mut count = 0;
        while !rest.is_empty() {
            let header = frame(rest, 4_096).expect("in step").expect("whole");
            read_message(header.kind, &rest[..header.length]);
            rest = &rest[header.length..];
            count += 1;
        }
        let name = path.file_name().expect("a name").to_string_lossy();
        row(&name, count, "messages, framed without rest and read");
    }
    let mut page = String::from(
        "Nothing may panic, a fault has its place inside the octets and a NOTIFICATION, and what is\n\
         understood must survive a second round.\n\n",
    );
    page += &report::table(&["source", "cases", "what", "failed"], &rows);
    report::section("Corpora and streams", &page);
}
