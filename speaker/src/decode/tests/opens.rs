//! What the OPENs in a stream say is the context of what follows.
use super::*;

/// An OPEN whose capabilities are these digits; the AS of `USUAL` becomes its own.
fn open(asn: &str, id: u8, capabilities: &str) -> Vec<u8> {
    let capabilities = octets(&capabilities.replace("0000fde9", &format!("0000{asn}")));
    let mut body = octets(&format!("04 {asn} 005a 0a0000"));
    let length = u8::try_from(capabilities.len()).unwrap();
    body.extend([id, length + 2, 2, length]);
    body.extend(capabilities);
    message(1, &body)
}

/// IPv4 and IPv6 unicast and four-octet AS numbers.
const USUAL: &str = "0104 00010001 0104 00020001 4104 0000fde9";
/// A path of two octets an AS number.
const TWO: &str = "40010100 4002060202fde9fdea 400304c0000201";
/// LOCAL_PREF of 100.
const LOCAL_PREF: &str = "400504 00000064";

fn with(change: impl FnOnce(&mut Session)) -> Options {
    let mut options = Options::default();
    change(&mut options.session);
    options
}

#[test]
fn both_opens_say_how_what_follows_is_read() {
    // one side has no four octets, and ADD-PATH goes both ways in IPv4 alone
    let ours = open("fde9", 1, &format!("{USUAL} 4508 00010103 00020101"));
    let theirs = open(
        "fdea",
        2,
        "0104 00010001 0104 00020001 4508 00010103 00020101",
    );
    let routes = update(&octets(TWO), &[0, 0, 0, 33, 8, 10]);
    let stream = [ours.clone(), theirs, routes].concat();
    let text = lines(&stream);
    let read = text.lines().skip(1).collect::<Vec<_>>();
    assert!(
        read[0].ends_with(
            "(read on with 2-octet AS, external, ipv4-unicast and ipv6-unicast, ADD-PATH ipv4-unicast)"
        ),
        "{text}"
    );
    assert!(
        read[1].ends_with("announce 10.0.0.0/8 id 33 via 192.0.2.1 path 65001 65002 origin IGP"),
        "{text}"
    );
    let entries = json(&stream);
    assert_eq!(
        entries[0]["context"],
        serde_json::json!({"as_octets": 4}),
        "of one side alone nothing more is known"
    );
    assert_eq!(
        entries[1]["context"],
        serde_json::json!({
            "as_octets": 2, "internal": false,
            "families": ["ipv4-unicast", "ipv6-unicast"], "add_path": ["ipv4-unicast"],
        })
    );
    // A third speaker begins another session, of which one side is known.
    let third = [stream, open("fdeb", 3, USUAL)].concat();
    assert_eq!(
        json(&third)[3]["context"],
        serde_json::json!({"as_octets": 4})
    );
    // The same one again stays one side.
    let again = [ours.clone(), ours].concat();
    assert_eq!(
        json(&again)[1]["context"],
        serde_json::json!({"as_octets": 4})
    );
}

#[test]
fn one_as_on_both_sides_is_an_internal_session() {
    let opens = [open("fde9", 1, USUAL), open("fde9", 2, USUAL)].concat();
    let route = update(&octets(&format!("{ATTRIBUTES} {LOCAL_PREF}")), &[8, 10]);
    let text = lines(&[opens, route.clone()].concat());
    assert!(text.contains("4-octet AS, internal"), "{text}");
    assert!(text.ends_with("local-pref 100\n"), "{text}");
    let external = [open("fde9", 1, USUAL), open("fdea", 2, USUAL)].concat();
    let text = lines(&[external, route].concat());
    assert!(text.contains("4-octet AS, external"), "{text}");
    assert!(text.contains("LOCAL_PREF"), "discarded: {text}");
    assert!(text.contains("attribute-discard"), "{text}");
}

#[test]
fn path_identifiers_of_one_way_are_read_where_they_are() {
    // the first receives several paths, the second sends them
    let first = open("fde9", 1, &format!("{USUAL} 4504 00010101"));
    let second = open("fdea", 2, &format!("{USUAL} 4504 00010102"));
    let with_ids = update(&octets(ATTRIBUTES), &[0, 0, 0, 33, 24, 192, 0, 2]);
    let without = update(&octets(ATTRIBUTES), &[24, 192, 0, 2]);
    let text = lines(&[first, second, with_ids, without].concat());
    let routes: Vec<_> = text.lines().skip(2).collect();
    assert!(
        routes[0].contains("announce 192.0.2.0/24 id 33 via"),
        "{text}"
    );
    assert!(routes[1].contains("announce 192.0.2.0/24 via"), "{text}");
    assert!(!text.contains('|'), "no fault in either: {text}");
}

#[test]
fn next_hops_of_ipv6_need_both_sides() {
    let extended = "0506 000100010002";
    let route = "40010100 40020602010000fde9 \
        800e19 0001 01 10 20010db8000000000000000000000001 00 18c00002";
    let route = update(&octets(route), &[]);
    for (theirs, fits) in [(extended, true), ("", false)] {
        let first = open("fde9", 1, &format!("{USUAL} {extended}"));
        let second = open("fdea", 2, &format!("{USUAL} {theirs}"));
        let text = lines(&[first, second, route.clone()].concat());
        assert_eq!(
            text.contains("IPv6 next hops of ipv4-unicast"),
            fits,
            "{text}"
        );
        assert_eq!(!text.contains("session-reset"), fits, "{text}");
    }
}

#[test]
fn a_family_that_one_side_lacks_is_no_route() {
    let first = open("fde9", 1, USUAL);
    let second = open("fdea", 2, "0104 00010001 4104 0000fdea");
    let route = "40010100 40020602010000fde9 \
        800e1a 0002 01 10 20010db8000000000000000000000001 00 2020010db8";
    let entry = json(&[first, second, update(&octets(route), &[])].concat()).remove(2);
    // RFC 4760 §7: it is ignored, and shown as octets.
    assert_eq!(entry["faults"], serde_json::Value::Null, "{entry}");
    assert_eq!(entry["announced"][0]["family"], "ipv6-unicast");
    assert_eq!(entry["announced"][0]["octets"], "2020010db8");
}

#[test]
fn options_are_above_opens() {
    let opens = [open("fde9", 1, USUAL), open("fdea", 2, USUAL)].concat();
    let two = [opens.clone(), update(&octets(TWO), &[8, 10])].concat();
    let text = printed(&two, &with(|session| session.two_octet_as = true));
    assert!(text.contains("(read on with 2-octet AS"), "{text}");
    assert!(text.ends_with("path 65001 65002 origin IGP\n"), "{text}");
    let internal = update(&octets(&format!("{ATTRIBUTES} {LOCAL_PREF}")), &[8, 10]);
    let internal = [opens.clone(), internal].concat();
    let text = printed(&internal, &with(|session| session.internal = true));
    assert!(text.ends_with("local-pref 100\n"), "{text}");
    let ids = update(&octets(ATTRIBUTES), &[0, 0, 0, 33, 8, 10]);
    let ids = [opens, ids].concat();
    let text = printed(
        &ids,
        &with(|session| session.add_path = vec![bgp_wire::Family::IPV4_UNICAST]),
    );
    assert!(text.contains("announce 10.0.0.0/8 id 33"), "{text}");
}
