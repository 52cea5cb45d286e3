//! Parts of messages from the tests of NetGauze: attributes, capabilities, NLRI, bodies.
//!
//! A part is put into the message that it belongs to. What the source calls valid must be read without
//! a fault, what it calls an error must have one.
use super::differences::{FRAGMENTS, Known};
use super::messages::{Score, context};
use super::report;
use super::source::{framed, lines, octets, shared, text, update};
use bgp_wire::attr::ExtendedCommunity;
use bgp_wire::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is said of a part: "no fault", or the fault.
type Said = String;

fn said<T>(result: &Result<T, Fault>) -> Said {
    match result {
        Ok(_) => "no fault".into(),
        Err(fault) => fault.to_string(),
    }
}

/// Attributes that an UPDATE needs, beside those that are in it.
const BASE: &[(u8, &[u8])] = &[
    (1, &[0x40, 1, 1, 0]),
    (2, &[0x40, 2, 0]),
    (3, &[0x40, 3, 4, 192, 0, 2, 1]),
];

/// Attributes inside an UPDATE with one classic route.
fn attributes(octets: &[u8], four_octet_as: bool) -> Said {
    attributes_in(octets, &context(four_octet_as, false))
}

fn attributes_in(octets: &[u8], context: &UpdateContext) -> Said {
    let code = octets.get(1).copied();
    let mut all: Vec<u8> = BASE
        .iter()
        .filter(|(base, _)| Some(*base) != code)
        .flat_map(|(_, octets)| octets.iter().copied())
        .collect();
    all.extend(octets);
    let message = update(&all, &[8, 10]);
    match Update::parse(&message[..], context) {
        Ok(update) => match update.faults().next() {
            None => "no fault".into(),
            Some(fault) => fault.to_string(),
        },
        Err(fault) => fault.to_string(),
    }
}

/// An attribute of which the part has length and value.
fn valued(flags: u8, code: u8, octets: &[u8], four_octet_as: bool) -> Said {
    attributes(&[&[flags, code], octets].concat(), four_octet_as)
}

/// Capabilities inside an OPEN.
fn capability(octets: &[u8]) -> Said {
    let length = u8::try_from(octets.len()).expect("short");
    let mut body = vec![4, 0xff, 0xfa, 0, 90, 10, 0, 0, 1, length + 2, 2, length];
    body.extend(octets);
    let message = framed(1, &body);
    let open = Open::parse(&message);
    if let Ok(open) = &open {
        let mut again = Vec::new();
        open.encode(&mut again);
        assert_eq!(Open::parse(&again).as_ref(), Ok(open));
    }
    said(&open)
}

/// One NLRI, read and written again.
fn nlri<F: AddressFamily>(octets: &[u8]) -> Said {
    if NlriRun::<F>::check(octets, false).is_err() {
        return "malformed".into();
    }
    let mut again = Vec::new();
    for one in NlriRun::<F>::new(octets, false) {
        one.encode(false, &mut again);
    }
    assert_eq!(again.len(), octets.len());
    let keys = |octets| {
        NlriRun::<F>::new(octets, false)
            .map(|one| one.key)
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&again), keys(octets));
    "no fault".into()
}

fn extended_community(octets: &[u8]) -> Said {
    match octets.try_into() {
        Ok(octets) => {
            let community = ExtendedCommunity(octets);
            assert_eq!(ExtendedCommunity::from(community.value()).0, octets);
            "no fault".into()
        }
        Err(_) => "not eight octets".into(),
    }
}

/// What we say of a part; `None` where it is no part of a message by itself.
fn part(case: &Value) -> Option<Said> {
    let octets = octets(text(case, "/hex"));
    let four = case.pointer("/context/as4").and_then(Value::as_bool) != Some(false);
    let name = text(case, "/name");
    let long = name.contains("extended") || text(case, "/context/args").contains(", true,");
    let flags = |flags: u8| if long { flags | 0x10 } else { flags };
    let kind = text(case, "/context/rust_type").trim();
    let kind = kind.split([',', ':', '>']).next().unwrap_or("").trim();
    Some(match kind {
        "BgpCapability" => capability(&octets),
        "ExtendedNextHopEncodingCapability" => capability(&[&[5], &octets[..]].concat()),
        "" if name.contains("long_lived") => capability(&octets),
        "BgpOpenMessage" => said(&Open::parse(&framed(1, &octets))),
        "BgpNotificationMessage" => said(&Notification::parse(&framed(3, &octets))),
        "BgpRouteRefreshMessage" => said(&RouteRefresh::parse(&framed(5, &octets))),
        "PathAttribute" => match octets[..] {
            // Pieces of the longer vectors before them, without flags and type.
            [0x11 | 0x23, 4, ..] => valued(0x80, 29, &octets, four),
            [0xba | 0xda, 0x40, ..] => valued(0x80, 14, &octets, four),
            // With path identifiers.
            [0xd8, 0x40, ..] => {
                let context = UpdateContext {
                    add_path: vec![Family {
                        afi: 16_388,
                        safi: 72,
                    }],
                    ..context(four, false)
                };
                attributes_in(&[&[0x80, 15], &octets[..]].concat(), &context)
            }
            [0x2e, 5, ..] => valued(0xc0, 40, &octets, four),
            [0, 2..=4, ..] => nlri::<BgpLs>(&octets),
            _ => attributes(&octets, four),
        },
        "MpReach" => valued(0x90, 14, &octets, four),
        "PrefixSegmentIdentifier" => valued(0xc0, 40, &octets, four),
        "NextHop" => valued(flags(0x40), 3, &octets, four),
        "MultiExitDiscriminator" => valued(flags(0x80), 4, &octets, four),
        "LocalPreference" => valued(flags(0x40), 5, &octets, four),
        "AtomicAggregate" => valued(flags(0x40), 6, &octets, four),
        "As2Aggregator" => valued(flags(0xc0), 7, &octets, false),
        "AsPath" => valued(0x50, 2, &octets, true),
        // The type, length and value of an attribute of type 0.
        "UnknownAttribute" => attributes(&[&[flags(0xc0)], &octets[..]].concat(), four),
        "As4PathSegment" | "" if name.contains("segment") => {
            let length = u8::try_from(octets.len()).expect("short");
            valued(0x40, 2, &[&[length], &octets[..]].concat(), true)
        }
        "Community" => {
            let length = u8::try_from(octets.len()).expect("short");
            valued(0xc0, 8, &[&[length], &octets[..]].concat(), four)
        }
        // Without the octet of the type, which the name says.
        "TransitiveTwoOctetExtendedCommunity" | "UnknownExtendedCommunity" => {
            extended_community(&[&[0], &octets[..]].concat())
        }
        "TransitiveIpv4ExtendedCommunity" => extended_community(&[&[1], &octets[..]].concat()),
        "" if name.contains("extended_community") => extended_community(&octets),
        "Ipv4Unicast" => nlri::<Ipv4Unicast>(&octets),
        "Ipv6Unicast" => nlri::<Ipv6Unicast>(&octets),
        "Ipv4MplsVpnUnicastAddress" => nlri::<Vpnv4>(&octets),
        "Ipv6MplsVpnUnicastAddress" => nlri::<Vpnv6>(&octets),
        "Ipv4NlriMplsLabelsAddress" => nlri::<Ipv4Labeled>(&octets),
        // Without what the NLRI begins with.
        "MacIpAdvertisement" => nlri::<Evpn>(&[&[2, 33], &octets[..]].concat()),
        "EthernetSegmentRoute" => nlri::<Evpn>(&[&[4, 23], &octets[..]].concat()),
        "RouteTargetMembership" => nlri::<RouteTargetConstraint>(&[&[96], &octets[..]].concat()),
        "RouteDistinguisher" => {
            let octets: [u8; 8] = octets[..].try_into().ok()?;
            let distinguisher = RouteDistinguisher(octets);
            assert_eq!(distinguisher.to_string().parse(), Ok(distinguisher));
            "no fault".into()
        }
        _ => return None,
    })
}

#[test]
fn parts_are_read_as_their_source_reads_them() {
    let Some(shared) = shared("parts of messages of other implementations") else {
        return;
    };
    let mut score = Score::default();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut left_out = 0;
    for case in lines(&shared.join("data/vectors/netgauze.jsonl")) {
        if text(&case, "/kind") != "fragment" {
            continue;
        }
        score.cases += 1;
        let name = text(&case, "/name");
        let times = seen.entry(name.to_string()).or_default();
        *times += 1;
        let name = format!("{name}#{times}");
        let Some(found) = part(&case) else {
            left_out += 1;
            continue;
        };
        if (found == "no fault") == (text(&case, "/expect/verdict") == "valid") {
            score.same += 1;
        } else {
            score.differs(FRAGMENTS, &name, &found);
        }
    }
    let counts = [
        score.cases,
        score.same,
        score.known.len(),
        left_out,
        score.wrong.len(),
    ];
    let mut row: Vec<String> = counts.iter().map(ToString::to_string).collect();
    row.insert(0, "`netgauze.jsonl`".into());
    let mut page = String::from(
        "Each part is put into the message that it belongs to. What the source calls valid has no\n\
         fault, what it calls an error has one. Left out are MAC addresses and Ethernet segments by\n\
         themselves, which are six and ten octets of any value.\n\n",
    );
    let head = [
        "source",
        "cases",
        "agreed",
        "differ",
        "left out",
        "unexplained",
    ];
    page += &report::table(&head, &[row]);
    page += "\nDiffer:\n\n";
    page += &Known::table(&score.known);
    assert!(score.wrong.is_empty(), "{:#?}", score.wrong);
    assert!(score.same > 0);
    Known::all_needed(FRAGMENTS, &score.known);
    report::section("Parts of messages of other implementations", &page);
}
