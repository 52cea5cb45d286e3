use super::*;
use alloc::string::ToString;
use alloc::vec;

fn both_ways<F: AddressFamily>(octets: &[u8], text: &str) -> F::Key {
    assert_eq!(F::measure(octets), Some(octets.len()));
    assert!(F::reads(octets, false));
    let (key, payload, rest) = F::take(octets).unwrap();
    assert!(rest.is_empty());
    assert_eq!(key.to_string(), text);
    let mut out = Vec::new();
    F::put(&key, &payload, &mut out);
    assert_eq!(out, octets);
    key
}

#[test]
fn components_of_the_rfc() {
    // RFC 8955 §4.3.1, its first two examples.
    both_ways::<Ipv4Flowspec>(
        &[
            0x0b, 0x01, 0x18, 0xc0, 0x00, 0x02, 0x03, 0x81, 0x06, 0x04, 0x81, 0x19,
        ],
        "destination 192.0.2.0/24 protocol =6 port =25",
    );
    both_ways::<Ipv4Flowspec>(
        &[
            0x10, 0x01, 0x18, 0xc0, 0x00, 0x02, 0x02, 0x08, 0xcb, 0x04, 0x03, 0x89, 0x45, 0x8b,
            0x91, 0x1f, 0x90,
        ],
        "destination 192.0.2.0/24 source 203.0.0.0/8 port >=137&<=139,=8080",
    );
    // RFC 8956 §3.8.2: an offset of 64 bits.
    both_ways::<Ipv6Flowspec>(
        &[0x08, 0x01, 0x68, 0x40, 0x12, 0x34, 0x56, 0x78, 0x9a],
        "destination ::1234:5678:9a00:0/104 offset 64",
    );
    both_ways::<Ipv6Flowspec>(&[3, 2, 0, 0], "source ::/0");
}

#[test]
fn what_means_nothing_is_zero_in_the_key() {
    // Bits behind the prefix, reserved bits of operators, "and" on the first.
    let loose = [9, 1, 9, 10, 0xff, 3, 0x49, 6, 0x89, 17];
    let (key, ..) = Ipv4Flowspec::take(&loose).unwrap();
    assert_eq!(key.to_string(), "destination 10.128.0.0/9 protocol =6,=17");
    let mut out = Vec::new();
    Ipv4Flowspec::put(&key, &(), &mut out);
    assert_eq!(out, [9, 1, 9, 10, 0x80, 3, 0x01, 6, 0x81, 17]);
    assert_eq!(Ipv4Flowspec::take(&out).unwrap().0, key);
}

#[test]
fn vpn_both_ways() {
    let octets = [13, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 12, 0x81, 2, 0, 0];
    assert_eq!(
        Vpnv4Flowspec::take(&octets),
        None,
        "trailing octets are no component"
    );
    both_ways::<Vpnv4Flowspec>(
        &[11, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 12, 0x81, 2],
        "65000:1 fragment =0x2",
    );
    both_ways::<Vpnv6Flowspec>(
        &[14, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 13, 0xa1, 0, 0, 1, 2],
        "65000:1 flow-label =258",
    );
    // No route distinguisher.
    assert!(!Vpnv4Flowspec::reads(&[3, 3, 0x81, 6], false));
}

#[test]
fn long_rules_have_a_length_of_two_octets() {
    for matches in [79, 80, 1_000] {
        let list: Vec<FlowMatch> = (0..matches)
            .map(|value| FlowMatch::equal(if value < 2 { 1 } else { 0x100 }))
            .collect();
        let rule = FlowRuleBuilder::ipv4()
            .matches(FlowType::Port, &list)
            .build()
            .unwrap();
        let mut out = Vec::new();
        Ipv4Flowspec::put(&rule, &(), &mut out);
        let body = 1 + 4 + 3 * (matches - 2);
        assert_eq!(out.len(), body + if body < 240 { 1 } else { 2 });
        assert_eq!(Ipv4Flowspec::measure(&out), Some(out.len()));
        let (back, (), rest) = Ipv4Flowspec::take(&out).unwrap();
        assert!(rest.is_empty());
        assert_eq!(back, rule);
        let component = back.components().next().unwrap();
        assert!(
            matches!(component, FlowComponent::Matches(FlowType::Port, read)
            if read.clone().eq(list.iter().copied()))
        );
    }
    // A short rule behind two octets of length is the same rule.
    let (key, ..) = Ipv4Flowspec::take(&[0xf0, 3, 3, 0x81, 6]).unwrap();
    assert_eq!(key, Ipv4Flowspec::take(&[3, 3, 0x81, 6]).unwrap().0);
}

#[test]
fn malformed_rules() {
    for octets in [
        // Empty; order; twice; unknown type; flow label in IPv4; prefix over 32; a list without end.
        &[0][..],
        &[6, 4, 0x81, 6, 3, 0x81, 6],
        &[6, 3, 0x81, 6, 3, 0x81, 6],
        &[3, 14, 0x81, 6],
        &[3, 13, 0x81, 6],
        &[7, 1, 33, 1, 2, 3, 4, 5],
        &[3, 3, 0x01, 6],
        &[3, 3, 0x91, 6],
        &[3, 1, 24, 10],
    ] {
        assert_eq!(
            Ipv4Flowspec::measure(octets),
            Some(octets.len()),
            "{octets:?}"
        );
        assert!(!Ipv4Flowspec::reads(octets, false), "{octets:?}");
        assert_eq!(Ipv4Flowspec::take(octets), None, "{octets:?}");
    }
    for octets in [&[4, 1, 64, 64, 0][..], &[4, 1, 129, 0, 0], &[3, 1, 0, 1]] {
        assert!(!Ipv6Flowspec::reads(octets, false), "{octets:?}");
        assert_eq!(Ipv6Flowspec::take(octets), None, "{octets:?}");
    }
    assert_eq!(Ipv4Flowspec::measure(&[4, 3, 0x81, 6]), None);
    assert_eq!(Ipv4Flowspec::measure(&[0xf0]), None);
}

#[test]
fn what_cannot_be_sent_cannot_be_built() {
    let one = &[FlowMatch::equal(1)][..];
    let v4 = FlowRuleBuilder::ipv4;
    assert_eq!(v4().build(), Err(FlowRuleError::Empty));
    let twice = v4()
        .matches(FlowType::Port, one)
        .matches(FlowType::Port, one);
    assert_eq!(twice.build(), Err(FlowRuleError::Twice(FlowType::Port)));
    for (kind, matches) in [
        (FlowType::Port, &[][..]),
        (FlowType::FlowLabel, one),
        (FlowType::TcpFlags, one),
        (FlowType::Port, &[FlowMatch::any_bit(1)]),
        (FlowType::Source, one),
    ] {
        let rule = v4().matches(kind, matches).build();
        assert_eq!(rule, Err(FlowRuleError::Unfit(kind)));
    }
    let wide: ipnet::Ipv6Net = "2001:db8::/32".parse().unwrap();
    let rule = v4().prefix(FlowType::Source, wide.into()).build();
    assert_eq!(rule, Err(FlowRuleError::Unfit(FlowType::Source)));
    let long = vec![FlowMatch::equal(0x100); 1_400];
    let rule = v4().matches(FlowType::Port, &long).build();
    assert_eq!(rule, Err(FlowRuleError::TooLong));
    assert_eq!(FlowPrefix::with_offset(wide, 32), None);
}
