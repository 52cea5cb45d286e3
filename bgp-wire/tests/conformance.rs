//! What other implementations sent, read and written again.
//!
//! Every message must be read; what is read, written and read again must be the same, and a second
//! round gives the same octets. Where a vector is written as we write, it comes out octet by octet;
//! the others are counted, each with the reason that a comparison of the two finds.
//!
//! The data is looked for in `$MYNA_SHARED`, then beside the workspace. Without it the test says that
//! it was skipped; the crate's own fixtures do not need it.
#![allow(clippy::expect_used, reason = "a failing test says why")]

mod shared;

use bgp_wire::attr::Community;
use bgp_wire::*;
use serde_json::Value;
use shared::{octets, shared};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or("")
}

fn lines(path: &Path) -> Vec<Value> {
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

/// Calls a generic function for every family that some vector speaks.
macro_rules! every_family {
    ($function:ident $arguments:tt) => {
        every_family!(@ $function $arguments
            Ipv4Unicast Ipv6Unicast Ipv4Multicast Ipv6Multicast Ipv4Labeled Ipv6Labeled Vpnv4 Vpnv6
            Evpn Ipv4Flowspec Ipv6Flowspec Vpnv4Flowspec Vpnv6Flowspec RouteTargetConstraint BgpLs
            (Opaque<1, 5>) (Opaque<2, 5>) (Opaque<1, 66>) (Opaque<1, 73>) (Opaque<2, 73>)
            (Opaque<1, 85>) (Opaque<2, 85>) (Opaque<1, 129>) (Opaque<2, 129>) (Opaque<25, 65>)
            (Opaque<25, 134>) (Opaque<16_388, 72>))
    };
    (@ $function:ident $arguments:tt $($family:tt)*) => {
        $(every_family!(! $function $arguments $family);)*
    };
    (! $function:ident ($($argument:expr),*) ($family:ty)) => {
        $function::<$family>($($argument),*);
    };
    (! $function:ident ($($argument:expr),*) $family:ident) => {
        $function::<$family>($($argument),*);
    };
}

fn name<F: AddressFamily>(families: &mut Vec<Family>) {
    families.push(F::FAMILY);
}

fn context(four_octet_as: bool, add_path: bool) -> UpdateContext {
    let mut families = Vec::new();
    every_family!(name(&mut families));
    UpdateContext {
        session: SessionType::Ibgp,
        four_octet_as,
        add_path: if add_path { families.clone() } else { vec![] },
        extended_next_hop: families.clone(),
        families,
        ..UpdateContext::default()
    }
}

fn write_again<F: AddressFamily>(
    update: &Update<&[u8]>,
    attributes: &[u8],
    context: &UpdateContext,
    out: &mut Vec<u8>,
) {
    let size = MessageSize {
        max: 65_535,
        four_octet_as: context.four_octet_as,
        add_path: context.add_path.contains(&F::FAMILY),
    };
    let withdrawn: Vec<Nlri<F>> = update.withdrawn().collect();
    Packer::withdraw(out, size, &withdrawn);
    for (next_hop, run) in update.announcements::<F>() {
        let nlri: Vec<Nlri<F>> = run.collect();
        Packer::announce(out, size, attributes, next_hop, &nlri).expect("fits");
    }
    if update.end_of_rib() == Some(F::FAMILY) {
        write_end_of_rib(out, F::FAMILY);
    }
}

/// Everything an UPDATE says, as we write it; several messages where it both announces and withdraws.
fn again(update: &Update<&[u8]>, context: &UpdateContext) -> Vec<u8> {
    let mut attributes = Vec::new();
    update.attributes().canonical(&mut attributes);
    let mut out = Vec::new();
    every_family!(write_again(update, &attributes, context, &mut out));
    out
}

fn messages(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Ok(Some(header)) = frame(rest, 65_535) {
        let (message, next) = rest.split_at(header.length);
        found.push(message);
        rest = next;
    }
    assert!(rest.is_empty(), "whole messages");
    found
}

/// Attributes of a message as (type, flags without the length's, value), sorted.
fn attributes_of(message: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    let length = |at: usize| usize::from(u16::from_be_bytes([message[at], message[at + 1]]));
    let start = 21 + length(19) + 2;
    let mut rest = &message[start..start + length(start - 2)];
    let mut found = Vec::new();
    while let [flags, code, tail @ ..] = rest {
        let (head, octets) = if flags & 0x10 == 0 {
            (1, usize::from(tail[0]))
        } else {
            (2, usize::from(u16::from_be_bytes([tail[0], tail[1]])))
        };
        found.push((*code, flags & !0x10, tail[head..head + octets].to_vec()));
        rest = &tail[head + octets..];
    }
    found.sort();
    found
}

/// Why octets differ that mean the same; `None` where nothing explains it.
fn reason(original: &[u8], written: &[u8]) -> Option<&'static str> {
    let many = messages(written);
    let [one] = many[..] else {
        return Some(match many.len() {
            0 => "attributes without routes, or nothing at all, are not sent",
            _ => "what was announced and withdrawn in one message goes in two",
        });
    };
    let (before, after) = (attributes_of(original), attributes_of(one));
    if before == after {
        return Some("attributes in another order, or with longer lengths");
    }
    let missing: Vec<u8> = before
        .iter()
        .map(|(code, ..)| *code)
        .filter(|code| !after.iter().any(|(kept, ..)| kept == code))
        .collect();
    let withdraws = before.iter().any(|(code, ..)| *code == 15);
    if withdraws && !missing.is_empty() && after.iter().all(|(code, ..)| *code == 15) {
        return Some("a withdraw carries no attributes");
    }
    match missing[..] {
        [3] => return Some("NEXT_HOP beside MP_REACH_NLRI is to be ignored (RFC 4760 §3)"),
        [14] => return Some("IPv4 unicast with an IPv4 next hop goes into the classic fields"),
        [_, ..] => return Some("unknown non-transitive attributes are not sent on (RFC 4271 §5)"),
        [] => {}
    }
    let changed: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| before != after)
        .collect();
    Some(match changed[..] {
        [((code, flags, value), (_, sent, same))] if value == same && flags != sent => match code {
            14 | 15 | 4 | 9 | 10 => return None,
            _ => "Partial is set on unknown transitive attributes (RFC 4271 §5)",
        },
        [((15, ..), _)] => "a withdraw carries the key alone (RFC 8277 §2.4)",
        [((14, _, value), (_, _, sent))] if value.len() != sent.len() => {
            "a second next hop of zeros is none; a flow specification has the shortest length"
        }
        [((14, ..), _)] => "reserved bits and bits behind a prefix are zero",
        [((2, ..), _)] => "sequences that follow each other are one",
        _ => return None,
    })
}

#[derive(Default)]
struct Score {
    cases: usize,
    same: usize,
    differing: BTreeMap<&'static str, usize>,
    faults: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

/// Where we find a fault and the source meant none, or its name does not tell: (name, reason).
const EXPLAINED: &[(&str, &str)] = &[
    (
        "exabgp/encoding/conf-attributes#3",
        "RFC 4271 §6.3: 255.255.255.255 is no address of a host",
    ),
    (
        "exabgp/encoding/conf-flow#7",
        "RFC 8956 §3.1: behind an offset of 120 bits a pattern has one octet, not sixteen",
    ),
    (
        "exabgp/encoding/extended-nexthop#2",
        "RFC 4760 §3, RFC 2545 §3: IPv6 unicast has no next hop of four octets; RFC 8950 is the other way",
    ),
    (
        "netgauze/test_update_bad_length",
        "the source calls it malformed",
    ),
    (
        "src/gobgp/TestBGPUpdatePrefixSIDMalformedSubSubTLVLength",
        "the source calls it malformed",
    ),
    (
        "src/routecore/bgpsec#20",
        "RFC 8205 §4.1: no AS_PATH where BGPsec was negotiated; without it, RFC 4271 §5 asks for one",
    ),
    ("src/routecore/invalid_", "the source calls it malformed"),
    (
        "src/NetGauze/test_segment_identifier_label_index#44",
        "RFC 4271 §6.3: 0.0.0.0 is no address of a host",
    ),
    (
        "src/holo/test_decode_malformed_updates",
        "the source calls it malformed",
    ),
    (
        "src/scapy/",
        "RFC 4271 §4.1, §4.2: lengths below what the type has at least",
    ),
    (
        "src/bgpkit-parser/test_parse_bgp_route_refresh_message_with_orf_data",
        "RFC 7313 §5: nothing follows the family in a BoRR",
    ),
    (
        "src/bgpkit-parser/test_parse_bgp_route_refresh_message_truncated",
        "the source calls it truncated",
    ),
    (
        "src/BGP/#122",
        "RFC 4271 §4.2: four octets of optional parameters, none of them there",
    ),
    (
        "src/BGP/#130",
        "RFC 7606 §7.2: a segment passes the end of the path in either AS width",
    ),
    ("src/BGP/#132", "RFC 4271 §5.1.1: ORIGIN is mandatory"),
    ("src/BGP/#134", "RFC 4271 §5.1.3: NEXT_HOP is mandatory"),
    (
        "src/bio-rd/TestDecode#170",
        "RFC 4271 §4.1: a length below that of a header",
    ),
    ("src/bio-rd/#188", "RFC 7606 §3(c): NEXT_HOP is transitive"),
    (
        "src/bio-rd/",
        "RFC 4271 §6.3: a next hop in 0.0.0.0/8 is no address of a host",
    ),
    (
        "ryu-evpn_",
        "RFC 4271 §5: the capture's UPDATE has routes and no mandatory attribute",
    ),
    (
        "ryu-flowspec_nlri_vpn6",
        "RFC 8956 §3.1: behind an offset of 32 bits a pattern has twelve octets, not sixteen",
    ),
    (
        "tcpdump-bgp_mp_reach_nlri-oobr",
        "made to be malformed; the lengths of the fields pass the end",
    ),
    (
        "tcpdump-bgp_vpn_attrset",
        "tshark shows the attributes inside ATTR_SET under the same names",
    ),
    (
        "tcpdump-bgpsec_invalid",
        "made to be malformed; and without BGPsec AS_PATH is mandatory",
    ),
];

fn explained(case: &str) -> Option<&'static str> {
    EXPLAINED
        .iter()
        .find(|(name, _)| case.starts_with(name))
        .map(|(_, reason)| *reason)
}

/// The context in which a message has no fault, the likelier first; where there is none, the first.
fn context_of<'c>(message: &[u8], contexts: &'c [UpdateContext]) -> &'c UpdateContext {
    contexts
        .iter()
        .find(|context| {
            Update::parse(message, context)
                .is_ok_and(|update| update.disposition() == Disposition::Accept)
        })
        .unwrap_or(&contexts[0])
}

fn fault(score: &mut Score, case: &str, fault: &str) {
    match explained(case) {
        Some(reason) => {
            let line = format!("{case}: {fault}: {reason}");
            *score.faults.entry(line).or_default() += 1;
        }
        None => score.wrong.push(format!("{case}: {fault}")),
    }
}

fn try_update(score: &mut Score, case: &str, message: &[u8], contexts: &[UpdateContext]) {
    let context = context_of(message, contexts);
    let update = match Update::parse(message, context) {
        Ok(update) => update,
        Err(found) => return fault(score, case, &found.to_string()),
    };
    if let Some(found) = update.faults().next() {
        return fault(score, case, &found.to_string());
    }
    let once = again(&update, context);
    let mut twice = Vec::new();
    for message in messages(&once) {
        let update = Update::parse(message, context).expect("what we write we read");
        assert_eq!(update.disposition(), Disposition::Accept, "{case}");
        twice.extend(again(&update, context));
    }
    if once != twice {
        score.wrong.push(format!("{case}: not stable"));
    }
    if once == message {
        score.same += 1;
    } else if let Some(reason) = reason(message, &once) {
        *score.differing.entry(reason).or_default() += 1;
    } else {
        score
            .wrong
            .push(format!("{case}: {once:02x?} was {message:02x?}"));
    }
}

fn try_message(score: &mut Score, case: &str, message: &[u8], contexts: &[UpdateContext]) {
    score.cases += 1;
    let header = match frame(message, 65_535) {
        Ok(Some(header)) => header,
        Ok(None) => return fault(score, case, "cut off"),
        Err(found) => return fault(score, case, &found.to_string()),
    };
    let message = &message[..header.length];
    let mut out = Vec::new();
    match header.kind {
        MessageType::Update => return try_update(score, case, message, contexts),
        MessageType::Open => match Open::parse(message) {
            Ok(open) => {
                open.encode(&mut out);
                assert_eq!(Open::parse(&out), Ok(open), "{case}");
            }
            Err(found) => return fault(score, case, &found.to_string()),
        },
        MessageType::Notification => match Notification::parse(message) {
            Ok(notification) => notification.encode(&mut out),
            Err(found) => return fault(score, case, &found.to_string()),
        },
        MessageType::RouteRefresh => match RouteRefresh::parse(message) {
            Ok(refresh) => refresh.encode(&mut out),
            Err(found) => return fault(score, case, &found.to_string()),
        },
        MessageType::Keepalive => write_keepalive(&mut out),
    }
    if out == message {
        score.same += 1;
    } else if header.kind == MessageType::Open {
        let reason = "one capability list for all, reserved bits zero";
        *score.differing.entry(reason).or_default() += 1;
    } else {
        score
            .wrong
            .push(format!("{case}: {out:02x?} was {message:02x?}"));
    }
}

fn report(source: &str, score: &Score) {
    println!(
        "{source}: {} cases, {} the same octets, {} others the same meaning, {} with faults",
        score.cases,
        score.same,
        score.differing.values().sum::<usize>(),
        score.faults.values().sum::<usize>()
    );
    for (reason, count) in &score.differing {
        println!("  {count} × {reason}");
    }
    for fault in score.faults.keys() {
        println!("  fault: {fault}");
    }
    assert!(score.wrong.is_empty(), "{source}: {:#?}", score.wrong);
    assert!(score.cases > 0, "{source}");
}

#[test]
fn vectors() {
    let Some(shared) = shared() else { return };
    for file in ["exabgp", "bgpcep", "netgauze", "messages"] {
        let mut score = Score::default();
        for case in lines(&shared.join(format!("data/vectors/{file}.jsonl"))) {
            if text(&case, "/kind") != "message" {
                continue;
            }
            let four_octet_as = case.pointer("/context/as4").and_then(Value::as_bool);
            let add_path = ["/context/addpath_families", "/context/addpath_conf"]
                .iter()
                .filter_map(|path| case.pointer(path))
                .any(|value| !value.is_null() && value != &Value::Array(vec![]));
            // What a source does not say is tried, the likelier first.
            let widths = four_octet_as.map_or(vec![true, false], |known| vec![known]);
            let contexts: Vec<_> = [add_path, true]
                .into_iter()
                .flat_map(|add_path| widths.iter().map(move |width| context(*width, add_path)))
                .collect();
            let name = text(&case, "/name");
            try_message(&mut score, name, &octets(text(&case, "/hex")), &contexts);
        }
        report(file, &score);
    }
}

/// What tshark shows of one field, in wire order; `None` where the field is not there.
fn shown<'a>(line: &'a Value, field: &str) -> Option<Vec<&'a str>> {
    let values = line.get("tshark")?.get(field)?.as_array()?;
    values.iter().map(Value::as_str).collect()
}

/// The same fields of ours. AS numbers are compared as AS_PATH has them, before AS4_PATH is merged.
fn fields(update: &Update<&[u8]>, four_octet_as: bool) -> Vec<(&'static str, Vec<String>)> {
    let attributes = update.attributes();
    let prefix = "bgp.update.path_attribute.";
    let numbers = |value: Option<u32>| value.iter().map(ToString::to_string).collect();
    let path = attributes.raw(2).map(|raw| raw.value).unwrap_or(&[]);
    let asns = AsPath::new(path, four_octet_as)
        .asns()
        .map(|asn| asn.0.to_string())
        .collect();
    let large: Vec<[u32; 3]> = attributes.large_communities().collect();
    let part = |part: usize| large.iter().map(|one| one[part].to_string()).collect();
    let networks4 =
        |nlri: Vec<Nlri<Ipv4Unicast>>| nlri.iter().map(|one| one.key.addr().to_string()).collect();
    let mut found: Vec<(&str, Vec<String>)> = vec![
        (
            "origin",
            attributes
                .origin()
                .iter()
                .map(|one| one.code().to_string())
                .collect(),
        ),
        ("multi_exit_disc", numbers(attributes.med())),
        ("local_pref", numbers(attributes.local_pref())),
        (
            if four_octet_as {
                "as_path_segment.as4"
            } else {
                "as_path_segment.as2"
            },
            asns,
        ),
        (
            "aggregator_origin",
            attributes
                .aggregator()
                .iter()
                .map(|one| one.address.to_string())
                .collect(),
        ),
        ("bgp.large_communities.ga", part(0)),
        ("bgp.large_communities.ldp1", part(1)),
        ("bgp.large_communities.ldp2", part(2)),
        (
            "bgp.withdrawn_prefix",
            networks4(update.withdrawn().collect()),
        ),
    ];
    // RFC 4760 §3: beside MP_REACH_NLRI alone, NEXT_HOP is ignored.
    let classic = update
        .announced_families()
        .any(|family| family == Family::IPV4_UNICAST)
        && update.next_hop_octets(Family::IPV4_UNICAST).is_none();
    if classic {
        let next_hop = update.next_hop(Family::IPV4_UNICAST);
        let next_hop = next_hop.iter().map(ToString::to_string).collect();
        found.push(("next_hop", next_hop));
        found.push(("bgp.nlri_prefix", networks4(update.announced().collect())));
    }
    if update
        .announced_families()
        .any(|family| family == Family::IPV6_UNICAST)
    {
        let networks = update.announced::<Ipv6Unicast>();
        let networks = networks.map(|one| one.key.addr().to_string()).collect();
        found.push(("bgp.mp_reach_nlri_ipv6_prefix", networks));
    }
    // Well-known ones tshark shows elsewhere.
    let communities: Vec<Community> = attributes.communities().map(Community).collect();
    if communities.iter().all(|one| one.name().is_none()) {
        let values = communities.iter().map(|one| (one.0 & 0xffff).to_string());
        found.push(("community_value", values.collect()));
    }
    found
        .into_iter()
        .map(|(name, values)| {
            let full: &'static str = if name.starts_with("bgp.") {
                name
            } else {
                format!("{prefix}{name}").leak()
            };
            (full, values)
        })
        .collect()
}

/// Contexts of an UPDATE: what the OPENs of its stream agreed on, and where they were not captured,
/// what can be.
fn captured(opens: &BTreeMap<(u64, String), Open>, line: &Value) -> Vec<UpdateContext> {
    let stream = line["stream"].as_u64().expect("a number");
    let side = |name: &str| opens.get(&(stream, text(line, name).to_string()));
    match (side("/dst"), side("/src")) {
        (Some(local), Some(remote)) => {
            let negotiated = Negotiated::new(local, remote);
            vec![UpdateContext::new(&negotiated)]
        }
        _ => [(true, false), (false, false), (true, true), (false, true)]
            .into_iter()
            .map(|(four, add_path)| context(four, add_path))
            .collect(),
    }
}

#[test]
fn captures() {
    let Some(shared) = shared() else { return };
    let mut compared = 0;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let expected = std::fs::read_dir(shared.join("data/pcap/expected")).expect("captures");
    let mut paths: Vec<_> = expected
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let Some(name) = name.strip_suffix(".tshark.jsonl.xz") else {
            continue;
        };
        let mut opens = BTreeMap::new();
        for line in lines(&path) {
            let message = octets(text(&line, "/hex"));
            let Ok(Some(header)) = frame(&message, 65_535) else {
                *counts.entry("not framed".to_string()).or_default() += 1;
                continue;
            };
            let message = &message[..header.length];
            if header.kind == MessageType::Open
                && let Ok(open) = Open::parse(message)
            {
                let stream = line["stream"].as_u64().expect("a number");
                opens.insert((stream, text(&line, "/src").to_string()), open);
            }
            if header.kind != MessageType::Update {
                *counts.entry(header.kind.to_string()).or_default() += 1;
                continue;
            }
            let contexts = captured(&opens, &line);
            let context = context_of(message, &contexts);
            let case = format!("{name} frame {}", line["frame"]);
            let update = match Update::parse(message, context) {
                Ok(update) if update.disposition() == Disposition::Accept => update,
                other => {
                    let fault = match other {
                        Ok(update) => update.faults().next().expect("a fault"),
                        Err(fault) => fault,
                    };
                    wrong.push(format!("{case}: {fault}"));
                    continue;
                }
            };
            for (field, ours) in fields(&update, context.four_octet_as) {
                let theirs = shown(&line, field).unwrap_or_default();
                if ours == theirs {
                    compared += 1;
                } else {
                    wrong.push(format!("{case}: {field}: {ours:?}, tshark {theirs:?}"));
                }
            }
            *counts.entry("UPDATE".to_string()).or_default() += 1;
        }
    }
    println!("{counts:?}, {compared} fields compared");
    let (known, wrong): (Vec<_>, Vec<_>) = wrong
        .iter()
        .partition(|case: &&String| explained(case).is_some());
    for case in known {
        println!("  {case}: {}", explained(case).unwrap_or_default());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared > 8_000, "{compared}");
}
