//! `myna decode` over fixtures of our own, and over what others recorded.
mod opens;
mod shared;

use super::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What `decode` prints, without colors.
fn printed(octets: &[u8], options: &Options) -> String {
    let mut out = Vec::new();
    let read = decode(io::Cursor::new(octets.to_vec()), None, options, &mut out);
    let mut text = String::from_utf8(out).expect("UTF-8");
    if let Err(error) = read {
        let _ = writeln!(text, "error: {error}");
    }
    plain(&text)
}

fn plain(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    plain.extend(parts.map(|part| part.split_once('m').map_or(part, |(_, text)| text)));
    plain
}

fn form(form: Form) -> Options {
    Options {
        form,
        ..Options::default()
    }
}

fn lines(octets: &[u8]) -> String {
    printed(octets, &Options::default())
}

fn json(octets: &[u8]) -> Vec<serde_json::Value> {
    printed(octets, &form(Form::Json))
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect()
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut octets = vec![0xff; 16];
    octets.extend(u16::try_from(19 + body.len()).unwrap().to_be_bytes());
    octets.push(kind);
    octets.extend(body);
    octets
}

fn update(attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 0];
    body.extend(u16::try_from(attributes.len()).unwrap().to_be_bytes());
    body.extend(attributes);
    body.extend(nlri);
    message(2, &body)
}

/// ORIGIN IGP, AS_PATH 65001 70000, NEXT_HOP 192.0.2.1, with four-octet AS numbers.
const ATTRIBUTES: &str = "40010100 40020a0202 0000fde9 00011170 400304c0000201";

fn hex_line(octets: &[u8]) -> Vec<u8> {
    let mut line = describe::hex(octets).into_bytes();
    line.push(b'\n');
    line
}

#[test]
fn an_update_in_words_and_in_json() {
    let message = update(&octets(ATTRIBUTES), &[8, 10, 24, 192, 0, 2]);
    let line = hex_line(&message);
    assert_eq!(
        lines(&line),
        "line 1 UPDATE announce 10.0.0.0/8, 192.0.2.0/24 via 192.0.2.1 path 65001 70000 origin IGP\n"
    );
    let expected = serde_json::json!([{
        "line": 1, "offset": 0, "type": "update",
        "announced": [{
            "family": "ipv4-unicast", "next_hop": "192.0.2.1",
            "nlri": [{"prefix": "10.0.0.0/8"}, {"prefix": "192.0.2.0/24"}],
        }],
        "attributes": {"origin": "IGP", "as_path": "65001 70000"},
    }]);
    assert_eq!(serde_json::Value::from(json(&line)), expected);
}

#[test]
fn every_attribute_has_its_words() {
    let attributes = format!(
        "{ATTRIBUTES} 80040400000005 40050400000064 400600 c007080000fde9c0000209 \
         c00808fffffF01fde80001 8009040a000001 800a080a0000020a000003 \
         c010080002fde800000064 c0200c000000010000000200000003 c0230400000007 \
         c01a0b01000b0000000000000005 e06302abcd"
    );
    let line = hex_line(&update(&octets(&attributes), &[8, 10]));
    let options = Options {
        session: Session {
            internal: true,
            ..Session::default()
        },
        ..Options::default()
    };
    assert_eq!(
        printed(&line, &options),
        "line 1 UPDATE announce 10.0.0.0/8 via 192.0.2.1 path 65001 70000 origin IGP med 5 \
         local-pref 100 atomic aggregator AS65001 192.0.2.9 originator 10.0.0.1 clusters 10.0.0.2, \
         10.0.0.3 communities NO_EXPORT, 65000:1 large-communities 1:2:3 extended-communities \
         target:65000:100 only-to-customer 7 attribute-99 0xabcd | AIGP: flags contradict the \
         attribute's type (octet 137): attribute-discard\n"
    );
}

#[test]
fn faults_say_where_and_what_a_session_would_do() {
    let origin = "40010109 40020602010000fde9 400304c0000201";
    let line = hex_line(&update(&octets(origin), &[8, 10]));
    assert_eq!(
        lines(&line),
        "line 1 UPDATE announce 10.0.0.0/8 via 192.0.2.1 path 65001 | ORIGIN: value is not IGP, EGP or \
         INCOMPLETE (octet 26): treat-as-withdraw\n"
    );
    let entry = &json(&line)[0];
    assert_eq!(entry["disposition"], "treat-as-withdraw");
    assert_eq!(entry["faults"][0]["offset"], 26);
    assert_eq!(entry["faults"][0]["attribute"], 1);
    // A prefix of 33 bits ends the session.
    let line = hex_line(&update(&octets(ATTRIBUTES), &[33, 1, 2, 3, 4, 5]));
    let entry = &json(&line)[0];
    assert_eq!(entry["disposition"], "session-reset");
    assert_eq!(entry["faults"][0]["offset"], 23 + 24);
    assert_eq!(entry["notification"]["code"], 3);
    assert_eq!(entry["notification"]["subcode"], 10);
    let text = lines(&line);
    let reset =
        "(octet 47): session-reset, NOTIFICATION UPDATE Message Error/Invalid Network Field";
    assert!(text.contains(reset), "{text}");
}

#[test]
fn context_is_taken_and_missed_context_is_hinted_at() {
    let two = "40010100 4002060202fde9fdea 400304c0000201";
    let line = hex_line(&update(&octets(two), &[8, 10]));
    let text = lines(&line);
    assert!(text.contains("AS_PATH"), "{text}");
    assert!(text.ends_with("(no fault with --as2)\n"), "{text}");
    let mut options = Options::default();
    options.session.two_octet_as = true;
    assert_eq!(
        printed(&line, &options),
        "line 1 UPDATE announce 10.0.0.0/8 via 192.0.2.1 path 65001 65002 origin IGP\n"
    );
    let line = hex_line(&update(&octets(ATTRIBUTES), &[0, 0, 0, 33, 8, 10]));
    assert!(lines(&line).ends_with("(no fault with --add-path)\n"));
    let internal = format!("{ATTRIBUTES} 400504 00000064");
    let text = lines(&hex_line(&update(&octets(&internal), &[8, 10])));
    assert!(text.ends_with("(no fault with --ibgp)\n"), "{text}");
    let internal = hex_line(&update(&octets(&internal), &[0, 0, 0, 33, 8, 10]));
    let text = lines(&internal);
    assert!(
        text.ends_with("(no fault with --ibgp and --add-path)\n"),
        "{text}"
    );
    let internal = hex_line(&update(
        &octets(&format!("{two} 400504 00000064")),
        &[8, 10],
    ));
    let text = lines(&internal);
    assert!(
        text.ends_with("(no fault with --ibgp and --as2)\n"),
        "{text}"
    );
    let mut options = Options::default();
    options.session.add_path = vec![bgp_wire::Family::IPV4_UNICAST];
    assert!(printed(&line, &options).contains("announce 10.0.0.0/8 id 33 via 192.0.2.1"));
}

#[test]
fn other_messages_in_words() {
    let open = octets("04 fde9 005a 0a000001 0c 0206 0104 00010001 0202 0200");
    let stream = [
        message(1, &open),
        message(4, &[]),
        message(3, &[6, 2, 3, b'b', b'y', b'e']),
        message(5, &[0, 2, 1, 1]),
        update(&[], &[]),
        update(&octets("800f03000201"), &[]),
    ];
    let expected = "\
octet 0 OPEN AS 65001 id 10.0.0.1 hold 90 s; multiprotocol ipv4-unicast; route refresh (read on with 2-octet AS)
octet 41 KEEPALIVE
octet 60 NOTIFICATION Cease/Administrative Shutdown: bye
octet 85 ROUTE-REFRESH begin ipv6-unicast
octet 108 UPDATE End-of-RIB ipv4-unicast
octet 131 UPDATE End-of-RIB ipv6-unicast
";
    assert_eq!(lines(&stream.concat()), expected);
    // The OPEN said nothing of four octets: what follows has two.
    let two = update(
        &octets("40010100 4002060202fde9fdea 400304c0000201"),
        &[8, 10],
    );
    let text = lines(&[message(1, &open), two].concat());
    assert!(text.ends_with("path 65001 65002 origin IGP\n"), "{text}");
}

#[test]
fn routes_of_unknown_types_keep_their_octets() {
    // a route type that nobody has typed
    let evpn = octets("800e 0f 0019 46 04 c0000201 00 3f 03 010203 40010100 40020602010000fde9");
    let evpn = [&evpn[..2], &[14][..], &evpn[3..]].concat();
    let line = hex_line(&update(&evpn, &[]));
    assert_eq!(
        lines(&line),
        "line 1 UPDATE announce evpn type 63 0x010203 via 192.0.2.1 path 65001 origin IGP\n"
    );
}

/// MP_REACH_NLRI of this family, behind ORIGIN and AS_PATH.
fn reach(family: &str, next_hop: &str, nlri: &str, more: &str) -> Vec<u8> {
    let (family, next_hop, nlri) = (octets(family), octets(next_hop), octets(nlri));
    let mut value = family;
    value.push(u8::try_from(next_hop.len()).unwrap());
    value.extend(next_hop);
    value.push(0);
    value.extend(nlri);
    let mut attributes = octets("40010100 40020602010000fde9");
    attributes.extend([0x80, 14, u8::try_from(value.len()).unwrap()]);
    attributes.extend(value);
    attributes.extend(octets(more));
    hex_line(&update(&attributes, &[]))
}

#[test]
fn families_of_every_kind_are_read() {
    let shown = |line: &[u8]| {
        let text = lines(line);
        let text = text
            .strip_prefix("line 1 UPDATE announce ")
            .unwrap_or(&text);
        let end = text.find(" path 65001").unwrap_or(text.len());
        text[..end].to_owned()
    };
    let rd = "0000fde800000001";
    let vpn_hop = "0000000000000000 c0000201";
    for (line, expected) in [
        (
            reach("000104", "c0000201", "28 000641 0a01", ""),
            "ipv4-labeled-unicast 10.1.0.0/16 label 100 via 192.0.2.1",
        ),
        (
            reach("000180", vpn_hop, &format!("68 000641 {rd} 0a01"), ""),
            "vpnv4 65000:1 10.1.0.0/16 label 100 via 192.0.2.1",
        ),
        (
            reach("000102", "c0000201", "10 0a01", ""),
            "ipv4-multicast 10.1.0.0/16 via 192.0.2.1",
        ),
        (
            reach(
                "001946",
                "c0000201",
                &format!(
                    "02 25 {rd} 00000000000000000000 00000000 30 00005e005301 20 c0000209 000064"
                ),
                "",
            ),
            "evpn mac-ip 65000:1 tag 0 00:00:5e:00:53:01 192.0.2.9 label 100 via 192.0.2.1",
        ),
        (
            reach("000185", "", "03 03 81 06", ""),
            "ipv4-flowspec protocol =6",
        ),
        (
            reach("000184", "c0000201", "60 0000fde8 0002fde800000001", ""),
            "route-target 65000 target:65000:1 via 192.0.2.1",
        ),
        (
            reach("400447", "c0000201", "0001 0003 010203", ""),
            "bgp-ls 0x00010003010203 via 192.0.2.1",
        ),
    ] {
        assert_eq!(shown(&line), expected);
    }
    let tunnel = "c01609 00 06 000064 c0000201 c01914 000220010db80000000000000000000000010001";
    let line = reach("000180", vpn_hop, &format!("68 000641 {rd} 0a01"), tunnel);
    let entry = &json(&line)[0];
    assert_eq!(
        entry["announced"][0]["nlri"][0],
        serde_json::json!({"rd": "65000:1", "prefix": "10.1.0.0/16", "labels": [100]})
    );
    let attributes = &entry["attributes"];
    assert_eq!(attributes["pmsi_tunnel"]["endpoint"], "192.0.2.1");
    assert_eq!(attributes["pmsi_tunnel"]["label"], 100);
    let communities = &attributes["ipv6_extended_communities"];
    assert_eq!(communities[0], "target:[2001:db8::1]:1");
}

#[test]
fn every_fault_of_a_refused_update_is_shown() {
    let attributes = "40010109 40020602010000fde9 400304c0000201 800403000000";
    let line = hex_line(&update(&octets(attributes), &[33, 1, 2, 3, 4, 5]));
    let entry = &json(&line)[0];
    let faults = entry["faults"].as_array().unwrap();
    let offsets: Vec<_> = faults.iter().map(|fault| fault["offset"].clone()).collect();
    assert_eq!(offsets, [26, 45, 49]);
    assert_eq!(entry["disposition"], "session-reset");
    assert_eq!(entry["notification"]["subcode"], 10);
}

#[test]
fn lines_of_digits_may_have_separators_and_comments() {
    let keepalive = "0xFF:ff-ff.ff,ff ff ffffffffffffffffffff\t0013 04";
    let text = format!("# a comment\n\n{keepalive} # a message\r\n{keepalive}{keepalive}");
    let expected = "line 3 KEEPALIVE\nline 4 KEEPALIVE\nline 4 KEEPALIVE\n";
    assert_eq!(lines(text.as_bytes()), expected);
    let offsets: Vec<_> = json(text.as_bytes())
        .iter()
        .map(|entry| entry["offset"].clone())
        .collect();
    assert_eq!(offsets, [0, 0, 19]);
    // The first line says what the input is; a later one that is none costs itself.
    let error = "error: line 1: column 2: 'g' is no hexadecimal digit\n";
    assert_eq!(lines(b"fg\n"), error);
    let text = format!("{keepalive}\nfff\nfg\n{keepalive}\n");
    let expected = "\
line 1 KEEPALIVE
line 2 UNREADABLE line of hexadecimal digits | an odd number of hexadecimal digits (octet 3)
line 3 UNREADABLE line of hexadecimal digits | column 2: 'g' is no hexadecimal digit (octet 1)
line 4 KEEPALIVE
";
    assert_eq!(lines(text.as_bytes()), expected);
    // A line of more than a message counts once, however long it is.
    let text = format!("{keepalive}\n{}\n{keepalive}\n", "f".repeat(2_000_000));
    let expected = "\
line 1 KEEPALIVE
line 2 UNREADABLE line of hexadecimal digits | longer than 524280 letters (octet 524280)
line 3 KEEPALIVE
";
    assert_eq!(lines(text.as_bytes()), expected);
}

#[test]
fn what_is_no_message_is_a_fault_of_its_line_and_the_end_of_a_stream() {
    let text = lines(b"00112233\n");
    assert!(
        text.starts_with("line 1 MALFORMED 4 octets | marker is not all ones (octet 0)"),
        "{text}"
    );
    let mut stream = message(4, &[]);
    stream.extend([0xff; 16]);
    stream.extend([0, 5, 4, 1, 2, 3]);
    let text = lines(&stream);
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("octet 19 MALFORMED 22 octets"), "{text}");
    assert!(
        text.ends_with("NOTIFICATION Message Header Error/Bad Message Length\n"),
        "{text}"
    );
    // Cut inside the last message: a session would wait for the rest.
    let cut = "octet 0 UNREADABLE message | cut off after 18 of 19 octets (octet 18)\n";
    assert_eq!(lines(&message(4, &[])[..18]), cut);
    let text = lines(&hex_line(&[0xff; 3]));
    let cut = "line 1 UNREADABLE message | cut off after 3 octets (octet 3)\n";
    assert_eq!(text, cut);
}

#[test]
fn compression_is_told_by_its_first_octets() {
    let compressed = [
        "1f8b0800000000000203fbff1f153008b30000fee8ba4713000000",
        "425a6839314159265359df08ae98000003e000c40408000000a00030cd00c345311ee2ee48a70a121be115d300",
        "fd377a585a000004e6d6b4460200210116000000742fe5a3e0001200095d007fed3c01269ff7080000000000e171\
         6d11dec2304b000125131224cb4c1fb6f37d010000000004595a",
        "fd377a585a0000016922de360200210116000000742fe5a3e0001200095d007fed3c01269ff7080000000000fee8\
         ba470001211316e1a7289042990d010000000001595a",
    ];
    for hex in compressed {
        let one = octets(hex);
        assert_eq!(lines(&one), "octet 0 KEEPALIVE\n", "{hex}");
        // Several streams after one another are one file.
        assert_eq!(
            lines(&[one.clone(), one.clone()].concat()).lines().count(),
            2,
            "{hex}"
        );
        // A cut file says so, and nothing is invented.
        let cut = lines(&one[..one.len() - 9]);
        assert!(cut.contains("error: "), "{cut}");
    }
}

#[test]
fn what_is_none_of_the_three_is_refused() {
    assert_eq!(lines(b""), "");
    assert_eq!(
        lines(b"hello"),
        "error: line 1: column 1: 'h' is no hexadecimal digit\n"
    );
    assert_eq!(
        lines(b"\x7fELF"),
        "error: not hexadecimal lines, BGP messages or MRT: it begins with the octets 7f454c4600000000\n"
    );
    assert!(lines(&[0; 100]).starts_with("error: not hexadecimal lines"));
    assert!(lines(b"\xd4\xc3\xb2\xa1\x02\0\x04\0").starts_with("error: a capture of packets"));
    let text = printed(&message(4, &[]), &form(Form::Bgpdump));
    assert!(text.starts_with("error: --bgpdump prints MRT"), "{text}");
}

/// One case of `bgpdump.txt`: a name, records, what bgpdump does wrong with them, its lines where
/// they differ from ours, and ours.
#[derive(Default)]
struct Case {
    name: String,
    records: Vec<u8>,
    reason: Option<String>,
    theirs: String,
    ours: String,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("tests/bgpdump.txt").lines().skip(2) {
        if let Some(name) = line.strip_prefix("# ") {
            cases.push(Case {
                name: name.to_owned(),
                ..Case::default()
            });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        match line.split_at_checked(2) {
            None => {}
            Some(("! ", reason)) => case.reason = Some(reason.to_owned()),
            Some(("< ", line)) => {
                case.theirs.push_str(line);
                case.theirs.push('\n');
            }
            Some(("> ", line)) => {
                case.ours.push_str(line);
                case.ours.push('\n');
            }
            Some(_) => case.records.extend(octets(line)),
        }
    }
    cases
}

#[test]
fn every_record_kind_has_the_lines_of_bgpdump() {
    let cases = cases();
    assert!(cases.len() > 100, "{}", cases.len());
    for case in &cases {
        let printed = printed(&case.records, &form(Form::Bgpdump));
        let lines: String = printed
            .lines()
            .filter(|line| !line.starts_with("error: "))
            .flat_map(|line| [line, "\n"])
            .collect();
        assert_eq!(lines, case.ours, "{}", case.name);
        // Only where it is said why do our lines differ from bgpdump's.
        if case.reason.is_none() {
            assert_eq!(case.theirs, "", "{}", case.name);
        } else {
            assert_ne!(case.theirs, case.ours, "{}", case.name);
        }
    }
}

#[test]
fn every_record_kind_has_words_and_json() {
    for case in cases() {
        let words = lines(&case.records);
        let json = json_or_error(&case.records);
        assert_eq!(words.lines().count(), json, "{}", case.name);
    }
}

fn json_or_error(octets: &[u8]) -> usize {
    let text = printed(octets, &form(Form::Json));
    for line in text.lines().filter(|line| !line.starts_with("error: ")) {
        let value: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
        assert!(
            value["type"].is_string() && value["offset"].is_u64(),
            "{line}"
        );
    }
    text.lines().count()
}

/// Every name of a field, at any depth.
fn names(value: &serde_json::Value, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                names(value, found);
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_json_is_in_the_help() {
    let mut found = BTreeSet::new();
    for case in cases() {
        for line in printed(&case.records, &form(Form::Json)).lines() {
            if let Ok(value) = serde_json::from_str(line) {
                names(&value, &mut found);
            }
        }
    }
    let words: BTreeSet<&str> = arguments::JSON_FIELDS
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .collect();
    for name in &found {
        assert!(words.contains(name.as_str()), "{name} is not in the help");
    }
    assert!(found.len() > 40, "{found:?}");
}

#[test]
fn records_say_when_who_and_what() {
    let record = |name: &str| {
        let case = cases().into_iter().find(|case| case.name == name);
        case.expect("a case of that name").records
    };
    let state = lines(&record("st54"));
    assert_eq!(
        state,
        "1970-01-01T00:00:09Z 10.0.0.1 AS65001 STATE Idle -> state 12\n"
    );
    let et = lines(&record("stet"));
    assert!(
        et.starts_with("1970-01-01T00:00:10.234567Z 10.0.0.1"),
        "{et}"
    );
    let sent = json(&record("sub7v6et1"));
    assert_eq!(sent[0]["direction"], "sent");
    assert_eq!(sent[0]["peer"]["address"], "2001:db8::1");
    assert_eq!(sent[0]["local"]["as"], 65_002);
    let rib = json(&record("rib4"));
    assert_eq!(rib[0]["type"], "peers");
    assert_eq!(rib[0]["view"], "abc");
    assert_eq!(rib[2]["type"], "route");
    assert_eq!(rib[2]["prefix"], "2001:db8:8000::/33");
    assert_eq!(rib[2]["next_hop"], "2001:db8::5");
    assert_eq!(rib[2]["originated"], "1970-01-01T00:00:07Z");
    assert!(rib[2].get("faults").is_none());
    let generic = json(&record("ribgen"));
    assert_eq!(generic[1]["family"], "vpnv4");
    assert_eq!(generic[1]["octets"], "70".to_owned() + &"00".repeat(14));
    let cut = json(&record("ribcut"));
    assert_eq!(cut[2]["type"], "unreadable");
    assert_eq!(cut[2]["record"], "TABLE_DUMP_V2/RIB_IPV4_UNICAST");
    let skipped = lines(&record("ospf"));
    assert!(
        skipped.contains("SKIPPED OSPFv2/subtype 0, 15 octets"),
        "{skipped}"
    );
}

#[test]
fn a_record_that_is_cut_ends_the_input_with_its_offset() {
    let case = cases()
        .into_iter()
        .find(|case| case.name == "ospf")
        .unwrap();
    let text = lines(&case.records[..30]);
    assert!(
        text.ends_with("error: MRT record at octet 15: the last record ends after 15 octets; what follows cannot be read\n"),
        "{text}"
    );
    let mut lying = case.records.clone();
    lying[15 + 8] = 0x7f;
    let text = lines(&lying);
    assert!(
        text.contains("record is longer than the reader allows"),
        "{text}"
    );
}

#[test]
fn a_path_longer_than_bgpdump_prints_ends_in_dots() {
    let mut path = Vec::new();
    for _ in 0..4 {
        path.extend([2, 255]);
        path.extend([0xee_u8, 0x6b, 0x28, 0].repeat(255));
    }
    let mut attributes = vec![0x50, 2];
    attributes.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
    attributes.extend(path);
    let case = cases()
        .into_iter()
        .find(|case| case.name == "path_set")
        .unwrap();
    let body = [&case.records[12..32], &update(&attributes, &[8, 10])[..]].concat();
    let mut record = case.records[..8].to_vec();
    record.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    record.extend(body);
    let text = printed(&record, &form(Form::Bgpdump));
    let path = text.split('|').nth(6).unwrap();
    assert!(path.ends_with("4000000000...") && path.len() > 7_900 && path.len() < 7_920);
}

#[test]
fn text_from_outside_does_not_steer_the_terminal() {
    let mut view = cases()
        .into_iter()
        .find(|case| case.name == "rib4")
        .unwrap();
    view.records[18..21].copy_from_slice(b"\x1b[2");
    let mut out = Vec::new();
    decode(
        io::Cursor::new(view.records),
        None,
        &Options::default(),
        &mut out,
    )
    .unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains(r#"view "\u{1b}[2""#), "{text}");
}
