//! NLRI of every family, octets and values both ways, and where exactly a wrong one is wrong.
#![allow(clippy::expect_used, reason = "a failing test says why")]

use bgp_wire::*;

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|digit| *digit != b' ').collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| {
            let text = std::str::from_utf8(pair).expect("digits");
            u8::from_str_radix(text, 16).expect("digits")
        })
        .collect()
}

/// An UPDATE with these NLRI in MP_REACH_NLRI, and how many octets stand before them.
fn reach(family: Family, next_hop: &[u8], nlri: &[u8]) -> (Vec<u8>, usize) {
    let mut value = family.afi.to_be_bytes().to_vec();
    value.push(family.safi);
    value.push(u8::try_from(next_hop.len()).expect("short"));
    value.extend(next_hop);
    value.push(0);
    let before = 27 + value.len();
    value.extend(nlri);
    let mut attributes = vec![0x90, 14];
    attributes.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
    attributes.extend(value);
    attributes.extend([0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9]);
    let length = u16::try_from(attributes.len()).expect("short");
    let mut message = vec![0xff; 16];
    message.extend((length + 23).to_be_bytes());
    message.extend([2, 0, 0]);
    message.extend(length.to_be_bytes());
    message.extend(attributes);
    (message, before)
}

fn next_hop<F: AddressFamily>() -> Vec<u8> {
    match (F::FAMILY.afi, F::FAMILY.safi) {
        (_, 133 | 134) => vec![],
        (1, 128) => octets("0000000000000000 c0000201"),
        (2, 128) => octets("0000000000000000 20010db8000000000000000000000001"),
        (2, _) => octets("20010db8000000000000000000000001"),
        _ => octets("c0000201"),
    }
}

fn context(family: Family, add_path: bool) -> UpdateContext {
    UpdateContext {
        four_octet_as: true,
        families: vec![family],
        add_path: if add_path { vec![family] } else { vec![] },
        ..UpdateContext::default()
    }
}

/// One NLRI: what its key shows, what stands beside it, and the same octets again; withdrawn, the key
/// alone.
fn both_ways<F: AddressFamily>(hex: &str, key: &str, beside: &str, withdrawn: &str) {
    for add_path in [false, true] {
        let mut nlri = if add_path { vec![0, 0, 0, 7] } else { vec![] };
        nlri.extend(octets(hex));
        let (message, before) = reach(F::FAMILY, &next_hop::<F>(), &nlri);
        assert_eq!(message[before..][..nlri.len()], nlri);
        let context = context(F::FAMILY, add_path);
        let update = Update::parse(&message[..], &context).expect(hex);
        assert_eq!(update.faults().next(), None, "{hex}");
        let read: Vec<Nlri<F>> = update.announced().collect();
        assert_eq!(read.len(), 1, "{hex}");
        let one = &read[0];
        assert_eq!(one.key.to_string(), key);
        assert_eq!(format!("{:?}", one.payload), beside, "{key}");
        assert_eq!(one.path_id.0, if add_path { 7 } else { 0 });
        let mut again = Vec::new();
        one.encode(add_path, &mut again);
        assert_eq!(again, nlri, "{key}");
        let mut again = Vec::new();
        one.encode_withdrawn(false, &mut again);
        assert_eq!(again, octets(withdrawn), "{key}");
        let back: Vec<Nlri<F>> = NlriRun::withdrawn(&again, false).collect();
        assert_eq!(back[0].key, one.key);
    }
}

/// NLRI of which the one at octet `at` is wrong.
fn wrong<F: AddressFamily>(hex: &str, at: usize, kind: FaultKind) {
    for (add_path, path) in [(false, ""), (true, "00000007")] {
        // Only the first has a path identifier in what is wrong at its first octet.
        if add_path && at != 0 {
            continue;
        }
        let nlri = octets(&format!("{path}{hex}"));
        let (message, before) = reach(F::FAMILY, &next_hop::<F>(), &nlri);
        let fault = match Update::parse(&message[..], &context(F::FAMILY, add_path)) {
            Ok(update) => update.faults().next().expect(hex),
            Err(fault) => fault,
        };
        assert_eq!((fault.offset, fault.kind), (before + at, kind), "{hex}");
        assert_eq!(fault.attr, Some(iana::attribute::MP_REACH_NLRI));
        let expected = match kind {
            FaultKind::NlriValue => Disposition::TreatAsWithdraw,
            _ => Disposition::SessionReset,
        };
        assert_eq!(fault.disposition(), expected, "{hex}");
        // RFC 4760 §7: the data is the attribute.
        let notification = fault.notification(&message);
        assert_eq!((notification.code, notification.subcode), (3, 9));
        assert_eq!(notification.data, message[23..before + nlri.len()]);
    }
}

use FaultKind::{Nlri as Length, NlriValue as Inside};

const RD: &str = "0000fde800000001";

#[test]
fn prefixes() {
    both_ways::<Ipv4Unicast>("18 c00002", "192.0.2.0/24", "()", "18 c00002");
    both_ways::<Ipv4Unicast>("00", "0.0.0.0/0", "()", "00");
    both_ways::<Ipv4Multicast>("09 0a80", "10.128.0.0/9", "()", "09 0a80");
    both_ways::<Ipv6Unicast>("20 20010db8", "2001:db8::/32", "()", "20 20010db8");
    both_ways::<Ipv6Multicast>("20 20010db8", "2001:db8::/32", "()", "20 20010db8");
    wrong::<Ipv4Unicast>("21 c000020100", 0, Length);
    wrong::<Ipv4Unicast>("18 c00002 18 c000", 4, Length);
    wrong::<Ipv4Multicast>("20 c00002", 0, Length);
    wrong::<Ipv6Unicast>("81 20010db800000000000000000000000000", 0, Length);
    wrong::<Ipv6Unicast>("20 20010db8 30 20010db8", 5, Length);
    wrong::<Ipv6Multicast>("81 20010db800000000000000000000000000", 0, Length);
}

#[test]
fn labels() {
    let one = ("28 000641 0a01", "28 800000 0a01");
    both_ways::<Ipv4Labeled>(one.0, "10.1.0.0/16", "[Label(100)]", one.1);
    let two = "40 000640 000c81 0a01";
    both_ways::<Ipv4Labeled>(two, "10.1.0.0/16", "[Label(100), Label(200)]", one.1);
    both_ways::<Ipv6Labeled>(
        "38 000641 20010db8",
        "2001:db8::/32",
        "[Label(100)]",
        "38 800000 20010db8",
    );
    // RFC 8277 §2.2: one label is one label, whatever its last bit says; sent again it is right.
    let nlri: Vec<_> = NlriRun::<Ipv4Labeled>::new(&octets("20 000640 0a"), false).collect();
    assert_eq!(nlri[0].key.to_string(), "10.0.0.0/8");
    wrong::<Ipv4Labeled>("17 000641", 0, Length);
    wrong::<Ipv4Labeled>("28 000641 0a01 39 000641 0a01020304", 6, Length);
    wrong::<Ipv6Labeled>("38 000641 2001", 0, Length);
}

#[test]
fn vpns() {
    both_ways::<Vpnv4>(
        &format!("68 000641 {RD} 0a01"),
        "65000:1 10.1.0.0/16",
        "[Label(100)]",
        &format!("68 800000 {RD} 0a01"),
    );
    both_ways::<Vpnv6>(
        &format!("78 000641 {RD} 20010db8"),
        "65000:1 2001:db8::/32",
        "[Label(100)]",
        &format!("78 800000 {RD} 20010db8"),
    );
    wrong::<Vpnv4>(&format!("57 000641 {RD}"), 0, Length);
    wrong::<Vpnv4>(&format!("79 000641 {RD} 0a01020304"), 0, Length);
    wrong::<Vpnv6>(&format!("78 000641 {RD} 2001"), 0, Length);
}

#[test]
fn evpn() {
    let segment = "00112233445566778899";
    let nothing = "EvpnPayload { segment: SegmentId([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), gateway: None, \
                   label: 0, second_label: None }";
    let labeled = nothing.replace("label: 0,", "label: 100,");
    both_ways::<Evpn>(
        &format!("01 19 {RD} {segment} 00000005 000064"),
        "auto-discovery 65000:1 00:11:22:33:44:55:66:77:88:99 tag 5",
        &labeled,
        &format!("01 19 {RD} {segment} 00000005 000000"),
    );
    both_ways::<Evpn>(
        &format!(
            "02 25 {RD} {} 00000000 30 00005e005301 20 c0000209 000064",
            "00".repeat(10)
        ),
        "mac-ip 65000:1 tag 0 00:00:5e:00:53:01 192.0.2.9",
        &labeled,
        &format!(
            "02 25 {RD} {} 00000000 30 00005e005301 20 c0000209 000000",
            "00".repeat(10)
        ),
    );
    let multicast = format!("03 11 {RD} 00000000 20 c0000201");
    let shown = "inclusive-multicast 65000:1 tag 0 192.0.2.1";
    both_ways::<Evpn>(&multicast, shown, nothing, &multicast);
    let ethernet = format!("04 17 {RD} {segment} 20 c0000201");
    let shown = "ethernet-segment 65000:1 00:11:22:33:44:55:66:77:88:99 192.0.2.1";
    both_ways::<Evpn>(&ethernet, shown, nothing, &ethernet);
    both_ways::<Evpn>(
        &format!(
            "05 22 {RD} {} 00000000 18 0a010200 c0000201 000064",
            "00".repeat(10)
        ),
        "ip-prefix 65000:1 tag 0 10.1.2.0/24",
        &labeled.replace("gateway: None", "gateway: Some(192.0.2.1)"),
        &format!(
            "05 22 {RD} {} 00000000 18 0a010200 00000000 000000",
            "00".repeat(10)
        ),
    );
    both_ways::<Evpn>("0b 03 010203", "type 11 0x010203", nothing, "0b 03 010203");
    // RFC 7606 §5.4: where the next one begins is known.
    wrong::<Evpn>(&format!("01 18 {RD} {segment} 00000005 0000"), 0, Inside);
    wrong::<Evpn>(
        &format!("0b 01 07 03 11 {RD} 00000000 21 c0000201"),
        3,
        Inside,
    );
    wrong::<Evpn>("03 11 0000", 0, Length);
    wrong::<Evpn>("0b 01 07 03", 3, Length);
}

#[test]
fn flow_specifications() {
    let rule = "0b 01 18 0a0102 03 81 06 05 81 50";
    let shown = "destination 10.1.2.0/24 protocol =6 destination-port =80";
    both_ways::<Ipv4Flowspec>(rule, shown, "()", rule);
    let rule = "0e 01 20 00 20010db8 03 81 06 05 91 1f90";
    let shown = "destination 2001:db8::/32 protocol =6 destination-port =8080";
    both_ways::<Ipv6Flowspec>(rule, shown, "()", rule);
    let rule = format!("0b {RD} 03 81 06");
    both_ways::<Vpnv4Flowspec>(&rule, "65000:1 protocol =6", "()", &rule);
    let rule = format!("0b {RD} 03 81 06");
    both_ways::<Vpnv6Flowspec>(&rule, "65000:1 protocol =6", "()", &rule);
    // RFC 8955 §4.1: 240 octets and more have a length of two; no more fit than 4,095.
    let long = |count: usize| {
        let length = 1 + 2 * count;
        let matches = format!("03{}{}", "01ff".repeat(count - 1), "81ff");
        let length = if length < 240 {
            format!("{length:02x}")
        } else {
            format!("f{length:03x}")
        };
        format!("{length}{matches}")
    };
    for count in [119, 120, 2_047] {
        let rule = octets(&long(count));
        assert_eq!(Ipv4Flowspec::measure(&rule), Some(rule.len()));
        let (key, (), rest) = Ipv4Flowspec::take(&rule).expect("a rule");
        assert!(rest.is_empty());
        let mut again = Vec::new();
        Ipv4Flowspec::put(&key, &(), &mut again);
        assert_eq!(again, rule, "{count}");
    }
    wrong::<Ipv4Flowspec>("03 63 81 06", 0, Inside);
    wrong::<Ipv4Flowspec>("03 03 81 06 02 03 01", 4, Inside);
    wrong::<Ipv4Flowspec>("04 03 81 06", 0, Length);
    wrong::<Ipv4Flowspec>("f1", 0, Length);
    wrong::<Ipv6Flowspec>("07 01 20 21 20010db8", 0, Inside);
    wrong::<Vpnv4Flowspec>("07 0000fde8000000", 0, Inside);
    wrong::<Vpnv6Flowspec>(&format!("0c {RD} 03 81 06"), 0, Length);
}

#[test]
fn route_targets() {
    let member = "60 0000fde8 0002fde800000001";
    both_ways::<RouteTargetConstraint>(member, "65000 target:65000:1", "()", member);
    wrong::<RouteTargetConstraint>("61 0000fde8 0002fde80000000100", 0, Length);
    wrong::<RouteTargetConstraint>("60 0000fde8 0002", 0, Length);
    // Half an origin AS.
    wrong::<RouteTargetConstraint>("10 0000", 0, Inside);
}

/// One opaque family: an NLRI, and one that is cut off behind it.
fn opaque<F: AddressFamily>(hex: &str, cut: &str) {
    let digits: String = hex.chars().filter(|digit| *digit != ' ').collect();
    both_ways::<F>(hex, &format!("0x{digits}"), "()", hex);
    wrong::<F>(&format!("{hex}{cut}"), digits.len() / 2, Length);
}

#[test]
fn families_that_are_octets() {
    opaque::<BgpLs>("0001 0003 010203", "0001 0003 01");
    opaque::<Opaque<1, 5>>("01 02 0102", "01 02 01");
    opaque::<Opaque<2, 5>>("01 02 0102", "01");
    opaque::<Opaque<1, 66>>("60 0000fde8000000010a000001", "60 0000");
    opaque::<Opaque<1, 73>>("60 00000001 00000064 c0000201", "60 00");
    opaque::<Opaque<1, 83>>("02 0102", "02 01");
    opaque::<Opaque<1, 85>>("01 0001 02 0102", "01 0001");
    opaque::<Opaque<2, 85>>("01 0001 02 0102", "01 0001 02 01");
    opaque::<Opaque<31, 9>>("0001 0002 0102", "0001 0002 01");
    opaque::<Opaque<25, 65>>("0002 0102", "0002 01");
    opaque::<Opaque<25, 134>>("02 0102", "02 01");
    // Nobody knows where one ends: all of it is one.
    both_ways::<Opaque<7, 7>>("010203", "0x010203", "()", "010203");
}
