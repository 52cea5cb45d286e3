//! The verdicts and corpora of other implementations, where the data is at hand.
//!
//! It is looked for in `$MYNA_SHARED`, then beside the workspace. Without it these tests say that
//! they were skipped; the crate's own fixtures do not need it.
#![allow(clippy::expect_used, reason = "a failing test says why")]

mod shared;

use bgp_wire::*;
use serde_json::Value;
use shared::{octets, shared};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn lines(path: &Path) -> Vec<Value> {
    std::fs::read_to_string(path)
        .expect("a readable file")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut message = vec![0xff; 16];
    message.extend(u16::try_from(body.len() + 19).expect("short").to_be_bytes());
    message.push(kind);
    message.extend(body);
    message
}

/// An UPDATE of these attributes and one classic prefix.
fn update(attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0];
    body.extend(
        u16::try_from(attributes.len())
            .expect("short")
            .to_be_bytes(),
    );
    body.extend(attributes);
    body.extend(nlri);
    framed(2, &body)
}

const BASE: &[u8] = &[
    0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, 0x40, 3, 4, 10, 0, 0, 2,
];
const PREFIX: &[u8] = &[24, 192, 168, 1];

fn context(case: &Value) -> UpdateContext {
    UpdateContext {
        session: if text(case, "/context/session") == "ibgp" {
            SessionType::Ibgp
        } else {
            SessionType::Ebgp
        },
        four_octet_as: case.pointer("/context/as4").and_then(Value::as_bool) != Some(false),
        families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
        extended_next_hop: vec![Family::IPV4_UNICAST],
        ..UpdateContext::default()
    }
}

/// What we make of a case: a disposition's name, "open-error", "malformed"; `None` where what the case
/// is about has no type here.
fn verdict(case: &Value) -> Option<String> {
    let octets = octets(text(case, "/hex"));
    let context = context(case);
    let disposition = |message: &[u8]| match Update::parse(message, &context) {
        Ok(update) => update.disposition().to_string(),
        Err(fault) => fault.disposition().to_string(),
    };
    let open = |parameters: &[u8]| {
        let mut body = vec![4, 0xfd, 0xe9, 0, 90, 10, 0, 0, 1];
        body.push(u8::try_from(parameters.len()).expect("short"));
        body.extend(parameters);
        match Open::parse(&framed(1, &body)) {
            Ok(_) => "accept".to_string(),
            Err(_) => "open-error".to_string(),
        }
    };
    Some(match text(case, "/kind") {
        "message" => disposition(&octets),
        "attributes" => disposition(&update(&octets, PREFIX)),
        "as-path-value" => match AsPath::checked(&octets, false) {
            Some(_) => "accept".to_string(),
            None => "malformed".to_string(),
        },
        "capability" => {
            let mut parameters = vec![2, u8::try_from(octets.len()).expect("short")];
            parameters.extend(&octets);
            open(&parameters)
        }
        "open-optional-parameters" => open(&octets),
        kind if kind.starts_with("attr-value:") => {
            let code: u8 = kind["attr-value:".len()..].parse().expect("a type code");
            let family = (octets[1], octets[2]);
            if matches!(code, 14 | 15) && !matches!(family, (1 | 2, 1)) {
                return None;
            }
            let flags = if code == 40 { 0xc0 } else { 0x80 };
            let mut attributes = BASE.to_vec();
            attributes.extend([flags, code, u8::try_from(octets.len()).expect("short")]);
            attributes.extend(&octets);
            disposition(&update(&attributes, PREFIX))
        }
        _ => return None,
    })
}

/// Cases where we do not say what the row says, each with its reason.
fn known_difference(name: &str) -> Option<&'static str> {
    let name = name.trim_start_matches("frr/");
    if name.starts_with("rfc7606/as4path-seg-type-0/") {
        return Some("RFC 6793 §4.1, §6: AS4_PATH from a four-octet speaker is discarded");
    }
    None
}

fn agrees(expected: &str, got: &str) -> bool {
    match expected {
        "accept-or-discard-attribute" => matches!(got, "accept" | "attribute-discard"),
        "accept-do-not-propagate" | "accept-and-propagate-with-partial" => got == "accept",
        "error (session reset or AFI/SAFI disable)" => {
            matches!(got, "session-reset" | "family-disable")
        }
        // A structural check has no finer verdict.
        "malformed" => got == "malformed",
        expected => got == expected,
    }
}

#[test]
fn frr_verdicts() {
    let Some(shared) = shared() else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in lines(&shared.join("data/vectors/frr.jsonl")) {
        let name = text(&case, "/name").to_string();
        // draft-uttaro-idr-bgp-oad is not spoken.
        if text(&case, "/context/session") == "ebgp-oad" {
            *counts.entry("draft").or_default() += 1;
            continue;
        }
        let Some(got) = verdict(&case) else {
            *counts.entry("family or message not typed").or_default() += 1;
            continue;
        };
        // Code 39 is a draft's; unknown here, optional and transitive: accepted and passed on.
        let draft = case.pointer("/context/attr/code").and_then(Value::as_u64) == Some(39);
        let expected = if draft {
            "accept"
        } else {
            text(&case, "/expect/verdict")
        };
        if agrees(expected, &got) {
            *counts.entry("agreed").or_default() += 1;
        } else if let Some(reason) = known_difference(&name) {
            println!("differs: {name}: {got}, the row says {expected}: {reason}");
            *counts.entry("differs with reason").or_default() += 1;
        } else {
            wrong.push(format!("{name}: {got}, the row says {expected}"));
        }
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(counts["agreed"] > 100, "{counts:?}");
}

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
                        let families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
                        let context = UpdateContext {
                            session,
                            four_octet_as,
                            add_path: if add_path { families.clone() } else { vec![] },
                            families,
                            ..UpdateContext::default()
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
    update.announced::<Ipv6Unicast>().for_each(drop);
}

#[test]
fn every_vector_is_read_without_panic() {
    let Some(shared) = shared() else { return };
    let mut count = 0;
    for file in std::fs::read_dir(shared.join("data/vectors")).expect("vectors") {
        let path = file.expect("an entry").path();
        if path
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        for case in lines(&path) {
            read_anything(&octets(text(&case, "/hex")));
            count += 1;
        }
    }
    println!("{count} vectors");
    assert!(count > 500);
}

/// Full messages that others call valid, of families that are typed here or not: none may end a
/// session.
#[test]
fn valid_messages_of_others_end_no_session() {
    let Some(shared) = shared() else { return };
    let mut wrong = Vec::new();
    let mut count = 0;
    for file in ["exabgp.jsonl", "bgpcep.jsonl"] {
        for case in lines(&shared.join("data/vectors").join(file)) {
            if text(&case, "/kind") != "message" || text(&case, "/expect/verdict") != "valid" {
                continue;
            }
            let octets = octets(text(&case, "/hex"));
            // ADD-PATH comes with the case's own names; such cases are for their family's reader.
            let plain = ["/context/addpath_families", "/context/addpath_conf"]
                .iter()
                .all(|path| {
                    case.pointer(path)
                        .is_none_or(|value| value.is_null() || value == &Value::Array(vec![]))
                });
            let Ok(Some(header)) = frame(&octets, 65_535) else {
                wrong.push(format!("{}: not framed", text(&case, "/name")));
                continue;
            };
            if header.kind != MessageType::Update || !plain {
                continue;
            }
            count += 1;
            let context = UpdateContext {
                session: SessionType::Ibgp,
                ..context(&case)
            };
            if let Err(fault) = Update::parse(&octets, &context) {
                wrong.push(format!("{}: {fault}", text(&case, "/name")));
            }
        }
    }
    println!("{count} messages");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn corpora_are_read_without_panic() {
    let Some(shared) = shared() else { return };
    for archive in [
        "bio-rd-fuzz-corpus.tar.xz",
        "frr-fuzz-corpi-bgpd-even.tar.xz",
    ] {
        // tar writes every file to its standard output, one after another; as one stream and in
        // windows this is as good a corpus as file by file.
        let output = Command::new("tar")
            .args(["--extract", "--xz", "--to-stdout", "--file"])
            .arg(shared.join("data/corpora").join(archive))
            .output();
        let Ok(output) = output else {
            println!("skipped: {archive}: no tar");
            continue;
        };
        assert!(output.status.success(), "{archive}");
        let octets = output.stdout;
        assert!(!octets.is_empty());
        let marker = [0xff_u8; 16];
        let mut starts: Vec<usize> = octets
            .windows(16)
            .enumerate()
            .filter(|(_, window)| *window == marker)
            .map(|(at, _)| at)
            .collect();
        starts.dedup_by(|next, before| *next - *before < 16);
        for start in &starts {
            let end = octets.len().min(start + 4_096);
            read_anything(&octets[*start..end]);
        }
        println!("{archive}: {} messages", starts.len());
    }
}

#[test]
fn streams_are_whole_messages() {
    let Some(shared) = shared() else { return };
    for file in std::fs::read_dir(shared.join("data/streams")).expect("streams") {
        let path = file.expect("an entry").path();
        let octets = std::fs::read(&path).expect("readable");
        let mut rest = &octets[..];
        let mut count = 0;
        while !rest.is_empty() {
            let header = frame(rest, 4_096).expect("in step").expect("whole");
            read_message(header.kind, &rest[..header.length]);
            rest = &rest[header.length..];
            count += 1;
        }
        println!("{}: {count} messages", path.display());
        assert!(count > 0);
    }
}
