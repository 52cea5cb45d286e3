//! Every family in whole messages, octets and values both ways, and what RFC 7606 makes of a wrong
//! inside.
#![allow(clippy::expect_used, reason = "a failing test says why")]

use bgp_wire::attr::{CarriedAttribute, Ipv6ExtendedCommunity, Ipv6ExtendedValue, PmsiTunnel};
use bgp_wire::*;

fn context(family: Family, add_path: bool) -> UpdateContext {
    UpdateContext {
        four_octet_as: true,
        families: vec![family],
        add_path: if add_path { vec![family] } else { vec![] },
        extended_next_hop: vec![family],
        ..UpdateContext::default()
    }
}

fn size(max: usize, add_path: bool) -> MessageSize {
    MessageSize {
        max,
        four_octet_as: true,
        add_path,
    }
}

fn canonical() -> Vec<u8> {
    let mut octets = Vec::new();
    AttributeSet::with_path([Asn(65_530)]).encode(&mut octets);
    octets
}

fn messages(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some(header) = frame(rest, 65_535).expect("in step") {
        let (message, next) = rest.split_at(header.length);
        found.push(message);
        rest = next;
    }
    found
}

/// Announces and withdraws `keys`, and reads both back.
fn both_ways<F: AddressFamily>(keys: &[(F::Key, F::Payload)], next_hop: NextHop) {
    for add_path in [false, true] {
        let context = context(F::FAMILY, add_path);
        let nlri: Vec<Nlri<F>> = (7_u32..)
            .zip(keys)
            .map(|(id, (key, payload))| Nlri {
                path_id: PathId(if add_path { id } else { 0 }),
                key: key.clone(),
                payload: payload.clone(),
            })
            .collect();
        let mut octets = Vec::new();
        let size = size(4_096, add_path);
        Packer::announce(&mut octets, size, &canonical(), next_hop, &nlri).expect("fits");
        let mut read = Vec::new();
        for message in messages(&octets) {
            let update = Update::parse(message, &context).expect("sound");
            assert_eq!(update.disposition(), Disposition::Accept);
            assert_eq!(update.next_hop(F::FAMILY), Some(next_hop), "{}", F::FAMILY);
            assert!(update.announced_families().eq([F::FAMILY]));
            let raw = update.announced_octets(F::FAMILY);
            let again: usize = raw.map(|one| one.octets.len()).sum();
            read.extend(update.announced::<F>());
            assert!(again > 0);
        }
        assert_eq!(read, nlri, "{}", F::FAMILY);

        let mut octets = Vec::new();
        Packer::withdraw(&mut octets, size, &nlri);
        let withdrawn: Vec<_> = messages(&octets)
            .iter()
            .flat_map(|message| {
                let update = Update::parse(*message, &context).expect("sound");
                assert_eq!(update.end_of_rib(), None);
                let found: Vec<_> = update.withdrawn::<F>().collect();
                found
            })
            .map(|one| (one.path_id, one.key))
            .collect();
        let expected: Vec<_> = nlri.into_iter().map(|one| (one.path_id, one.key)).collect();
        assert_eq!(withdrawn, expected, "{}", F::FAMILY);

        let mut octets = Vec::new();
        write_end_of_rib(&mut octets, F::FAMILY);
        let update = Update::parse(&octets[..], &context).expect("sound");
        assert_eq!(update.end_of_rib(), Some(F::FAMILY));
    }
}

fn v4() -> NextHop {
    NextHop::V4("192.0.2.1".parse().expect("an address"))
}
fn v6() -> NextHop {
    NextHop::V6 {
        global: "2001:db8::1".parse().expect("an address"),
        link_local: Some("fe80::1".parse().expect("an address")),
    }
}
fn key<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("readable")
}
fn labels(value: u32) -> Labels {
    Label::new(value).expect("20 bits").into()
}

#[test]
fn ip_families() {
    for next_hop in [v4(), v6()] {
        both_ways::<Ipv4Unicast>(&[(key("10.0.0.0/8"), ()), (key("0.0.0.0/0"), ())], next_hop);
        both_ways::<Ipv4Multicast>(&[(key("10.0.0.0/8"), ())], next_hop);
        both_ways::<Ipv4Labeled>(&[(key("10.0.0.0/8"), labels(16))], next_hop);
        let vpn = Vpn {
            rd: key("65000:1"),
            prefix: key("10.0.0.0/8"),
        };
        both_ways::<Vpnv4>(&[(vpn, labels(17))], next_hop);
        both_ways::<RouteTargetConstraint>(&[(RouteTargetMembership::ALL, ())], next_hop);
    }
    both_ways::<Ipv6Unicast>(&[(key("2001:db8::/32"), ()), (key("::/0"), ())], v6());
    both_ways::<Ipv6Multicast>(&[(key("2001:db8::/32"), ())], v6());
    both_ways::<Ipv6Labeled>(&[(key("2001:db8::/32"), labels(18))], v6());
    let vpn = Vpn {
        rd: key("192.0.2.1:1"),
        prefix: key("2001:db8::/32"),
    };
    both_ways::<Vpnv6>(&[(vpn, labels(19))], v6());
}

#[test]
fn evpn_and_opaque_families() {
    let route = EvpnKey::MacIp {
        rd: key("65000:1"),
        tag: 0,
        mac: MacAddress([0, 0, 0x5e, 0, 0x53, 1]),
        ip: Some(key("192.0.2.9")),
    };
    let payload = EvpnPayload {
        label: 100,
        second_label: Some(200),
        ..EvpnPayload::default()
    };
    let other = EvpnKey::Other(OtherRoute::new(11, &[9; 60]).expect("another type"));
    both_ways::<Evpn>(&[(route, payload), (other, EvpnPayload::default())], v4());

    let link = OpaqueKey::new(&[0, 1, 0, 3, 1, 2, 3]).expect("one NLRI");
    let node = OpaqueKey::new(&[0, 2, 0, 1, 9]).expect("one NLRI");
    both_ways::<BgpLs>(&[(link, ()), (node, ())], v4());
    // Nobody knows where one ends: one in each message.
    let first = OpaqueKey::new(&[1, 2, 3]).expect("one NLRI");
    let second = OpaqueKey::new(&[4]).expect("one NLRI");
    both_ways::<Opaque<7, 7>>(&[(first, ()), (second, ())], v4());
}

#[test]
fn flow_specifications() {
    let rule = |count: usize| {
        FlowRuleBuilder::ipv4()
            .matches(FlowType::Port, &vec![FlowMatch::equal(0x100); count])
            .build()
            .expect("a rule")
    };
    both_ways::<Ipv4Flowspec>(
        &[(rule(1), ()), (rule(100), ()), (rule(1_000), ())],
        NextHop::NONE,
    );
    both_ways::<Ipv4Flowspec>(&[(rule(1), ())], v4());
    let vpn = VpnFlowRule {
        rd: key("65000:1"),
        rule: rule(2),
    };
    both_ways::<Vpnv4Flowspec>(&[(vpn, ())], NextHop::NONE);
    // The longest has no message of 4,096 octets, and its absence is no End-of-RIB.
    let nlri = [Nlri::<Ipv4Flowspec>::new(rule(1_360))];
    let mut out = Vec::new();
    let attributes = canonical();
    let next_hop = NextHop::NONE;
    let standard = size(4_096, false);
    let refused = Packer::announce(&mut out, standard, &attributes, next_hop, &nlri);
    assert!(refused.is_err_and(|error| error.needed > 4_096));
    assert_eq!(Packer::withdraw(&mut out, standard, &nlri), 0);
    assert!(out.is_empty());
    let extended = size(65_535, false);
    let written = Packer::announce(&mut out, extended, &attributes, next_hop, &nlri);
    assert_eq!(written, Ok(1));
}

/// An UPDATE whose only attribute is this MP_REACH_NLRI, beside the mandatory ones.
fn reach(family: Family, next_hop: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut value = family.afi.to_be_bytes().to_vec();
    value.push(family.safi);
    value.push(u8::try_from(next_hop.len()).expect("short"));
    value.extend(next_hop);
    value.push(0);
    value.extend(nlri);
    let mut attributes = vec![0x80, 14, u8::try_from(value.len()).expect("short")];
    attributes.extend(value);
    attributes.extend(canonical());
    let length = u16::try_from(attributes.len()).expect("short");
    let mut message = vec![0xff; 16];
    message.extend((length + 23).to_be_bytes());
    message.extend([2, 0, 0]);
    message.extend(length.to_be_bytes());
    message.extend(attributes);
    message
}

#[test]
fn a_wrong_inside_withdraws_and_a_wrong_length_resets() {
    // A rule of an unknown type between two sound ones.
    let nlri = [3, 3, 0x81, 6, 3, 99, 0x81, 6, 3, 3, 0x81, 17];
    let context = context(Family::IPV4_FLOWSPEC, false);
    let message = reach(Family::IPV4_FLOWSPEC, &[], &nlri);
    let update = Update::parse(&message[..], &context).expect("no session reset");
    assert_eq!(update.disposition(), Disposition::TreatAsWithdraw);
    let fault = update.faults().next().expect("a fault");
    assert_eq!(fault.kind, FaultKind::NlriValue);
    assert_eq!(message[fault.offset..][..4], [3, 99, 0x81, 6]);
    let notification = fault.notification(&message);
    assert_eq!((notification.code, notification.subcode), (3, 9));
    // The sound ones are found, to be withdrawn.
    assert_eq!(update.announced::<Ipv4Flowspec>().count(), 2);
    assert_eq!(update.announced_octets(Family::IPV4_FLOWSPEC).count(), 3);
    let message = reach(Family::IPV4_FLOWSPEC, &[], &[3, 3, 0x81, 6, 9, 3]);
    let fault = Update::parse(&message[..], &context).expect_err("no length");
    assert_eq!(fault.kind, FaultKind::Nlri);
    assert_eq!(
        message[fault.offset..],
        [&[9, 3][..], &canonical()].concat()
    );
}

#[test]
fn an_ipv6_next_hop_of_ipv4_has_to_be_negotiated() {
    let message = reach(Family::IPV4_UNICAST, &[0x20; 16], &[8, 10]);
    let mut context = context(Family::IPV4_UNICAST, false);
    let update = Update::parse(&message[..], &context).expect("negotiated");
    assert_eq!(update.disposition(), Disposition::Accept);
    context.extended_next_hop.clear();
    let fault = Update::parse(&message[..], &context).expect_err("not negotiated");
    assert_eq!((fault.offset, fault.kind), (29, FaultKind::NextHopLength));
}

#[test]
fn an_ipv4_next_hop_is_judged_alike_in_both_encodings() {
    let message = reach(Family::IPV4_UNICAST, &[0, 1, 1, 2], &[8, 10]);
    let update = Update::parse(&message[..], &context(Family::IPV4_UNICAST, false));
    let update = update.expect("no session reset");
    assert_eq!(update.disposition(), Disposition::TreatAsWithdraw);
    let fault = update.faults().next().expect("a fault");
    assert_eq!((fault.offset, fault.kind), (30, FaultKind::NextHopValue));
    assert_eq!(update.announced::<Ipv4Unicast>().count(), 1);
}

#[test]
fn as_sets_where_they_are_not_wanted() {
    let mut set = AttributeSet::with_path([Asn(1)]);
    set.as_path.push(attr::SegmentKind::Set, [Asn(2), Asn(3)]);
    let mut canonical = Vec::new();
    set.encode(&mut canonical);
    let nlri = [Nlri::<Ipv4Unicast>::new(key("10.0.0.0/8"))];
    let mut message = Vec::new();
    Packer::announce(&mut message, size(4_096, false), &canonical, v4(), &nlri).expect("fits");
    let mut context = context(Family::IPV4_UNICAST, false);
    let accepted = Update::parse(&message[..], &context).expect("sound");
    assert_eq!(accepted.disposition(), Disposition::Accept);
    context.as_sets = AsSets::Withdraw;
    let update = Update::parse(&message[..], &context).expect("no session reset");
    assert_eq!(update.disposition(), Disposition::TreatAsWithdraw);
    let fault = update.faults().next().expect("a fault");
    // ORIGIN, the head of AS_PATH, its first segment of one AS.
    assert_eq!(
        (fault.offset, fault.kind),
        (23 + 4 + 3 + 6, FaultKind::AsSet)
    );
}

#[test]
fn typed_attributes_are_what_was_carried() {
    let mut set = AttributeSet::with_path([Asn(1)]);
    let endpoint = [192, 0, 2, 1];
    let tunnel = PmsiTunnel::ingress_replication(100, &endpoint);
    let address = "2001:db8::1".parse().expect("an address");
    let target = Ipv6ExtendedCommunity::from(Ipv6ExtendedValue::RouteTarget(address, 9));
    set.carry(tunnel.to_attribute().expect("sound"));
    set.carry(CarriedAttribute::aigp(77));
    set.carry(CarriedAttribute::only_to_customer(Asn(65_000)));
    set.carry(CarriedAttribute::ipv6_extended_communities(&[target]).expect("one"));
    let mut canonical = Vec::new();
    set.encode(&mut canonical);
    let read = Attributes::from_canonical(&canonical);
    assert_eq!(read.pmsi_tunnel(), Some(tunnel));
    assert_eq!(read.aigp(), Some(77));
    assert_eq!(read.only_to_customer(), Some(Asn(65_000)));
    assert!(read.ipv6_extended_communities().eq([target]));
    assert_eq!(read.to_set(), set);
}
