use super::*;
use crate::attr::{Aggregator, CarriedAttribute, RawAttribute};
use crate::{
    Asn, AttributeSet, Attributes, Disposition, Ipv4Unicast, Ipv6Unicast, PathId, RouterId,
    SessionType, Update, UpdateContext, frame,
};
use alloc::string::ToString;
use alloc::vec;
use core::net::Ipv4Addr;
use ipnet::{Ipv4Net, Ipv6Net};

const STANDARD: MessageSize = MessageSize {
    max: 4_096,
    four_octet_as: true,
    add_path: false,
};
const V4: NextHop = NextHop::V4(Ipv4Addr::new(10, 1, 1, 1));

fn v6() -> NextHop {
    NextHop::V6 {
        global: "2001:db8::1".parse().unwrap(),
        link_local: Some("fe80::1".parse().unwrap()),
    }
}

fn canonical(set: &AttributeSet) -> Vec<u8> {
    let mut out = Vec::new();
    set.encode(&mut out);
    out
}

fn context(size: MessageSize) -> UpdateContext {
    let families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    UpdateContext {
        session: SessionType::Ebgp,
        four_octet_as: size.four_octet_as,
        add_path: if size.add_path {
            families.clone()
        } else {
            vec![]
        },
        extended_next_hop: families.clone(),
        families,
        ..UpdateContext::default()
    }
}

/// Every message of `octets`, parsed; none is over the limit.
fn updates(octets: &[u8], size: MessageSize) -> Vec<Update<&[u8]>> {
    let mut rest = octets;
    let mut updates = Vec::new();
    while !rest.is_empty() {
        let header = frame(rest, size.max).unwrap().unwrap();
        let (message, next) = rest.split_at(header.length);
        let update = Update::parse(message, &context(size)).unwrap();
        assert_eq!(update.disposition(), Disposition::Accept);
        updates.push(update);
        rest = next;
    }
    updates
}

fn prefixes4(count: u32) -> Vec<Nlri<Ipv4Unicast>> {
    (0..count)
        .map(|number| Nlri {
            path_id: PathId(number),
            key: Ipv4Net::new(Ipv4Addr::from_bits(number << 8), 24).unwrap(),
            payload: (),
        })
        .collect()
}

#[test]
fn one_route_octet_by_octet() {
    let mut out = Vec::new();
    let nlri = [Nlri::<Ipv4Unicast>::new(
        "192.168.100.0/24".parse().unwrap(),
    )];
    let attributes = canonical(&AttributeSet::with_path([Asn(65_530)]));
    let written = Packer::announce(&mut out, STANDARD, &attributes, V4, &nlri);
    assert_eq!(written, Ok(1));
    let expected = [
        &[0, 47, 2, 0, 0, 0, 20][..],
        &[0x40, 1, 1, 0],
        &[0x40, 2, 6, 2, 1, 0, 0, 0xff, 0xfa],
        &[0x40, 3, 4, 10, 1, 1, 1],
        &[24, 192, 168, 100],
    ]
    .concat();
    assert_eq!(&out[16..], expected);
    out.clear();
    assert_eq!(Packer::withdraw(&mut out, STANDARD, &nlri), 1);
    assert_eq!(&out[16..], &[0, 27, 2, 0, 4, 24, 192, 168, 100, 0, 0]);
}

#[test]
fn one_ipv6_route_octet_by_octet() {
    let mut out = Vec::new();
    let nlri = [Nlri::<Ipv6Unicast>::new("2001:db8::/32".parse().unwrap())];
    let attributes = canonical(&AttributeSet::with_path([Asn(65_530)]));
    Packer::announce(&mut out, STANDARD, &attributes, v6(), &nlri).unwrap();
    assert_eq!(&out[16..23], &[0, 81, 2, 0, 0, 0, 58]);
    // RFC 7606 §5.1: first of all attributes.
    assert_eq!(&out[23..30], &[0x80, 14, 42, 0, 2, 1, 32]);
    assert_eq!(&out[62..68], &[0, 32, 0x20, 1, 0x0d, 0xb8]);
    assert_eq!(&out[68..], attributes);
    let update = &updates(&out, STANDARD)[0];
    assert_eq!(update.next_hop(Family::IPV6_UNICAST), Some(v6()));
    out.clear();
    assert_eq!(Packer::withdraw(&mut out, STANDARD, &nlri), 1);
    assert_eq!(
        &out[16..],
        &[
            0, 34, 2, 0, 0, 0, 11, 0x80, 15, 8, 0, 2, 1, 32, 0x20, 1, 0x0d, 0xb8
        ]
    );
}

#[test]
fn many_routes_fill_messages_to_the_last_octet_that_fits() {
    for (max, add_path) in [
        (4_096, false),
        (4_096, true),
        (65_535, false),
        (65_535, true),
    ] {
        let size = MessageSize {
            max,
            add_path,
            ..STANDARD
        };
        let nlri = prefixes4(40_000);
        let mut out = Vec::new();
        let attributes = canonical(&AttributeSet::with_path([Asn(65_530)]));
        let written = Packer::announce(&mut out, size, &attributes, V4, &nlri).unwrap();
        let parsed = updates(&out, size);
        assert_eq!(parsed.len(), written);
        let each = if add_path { 8 } else { 4 };
        assert_eq!(written, 40_000_usize.div_ceil((max - 43) / each));
        for full in &parsed[..written - 1] {
            assert!(full.octets().len() + each > max);
        }
        let read: Vec<_> = parsed
            .iter()
            .flat_map(Update::announced::<Ipv4Unicast>)
            .map(|nlri| (nlri.path_id, nlri.key))
            .collect();
        let expected: Vec<_> = nlri
            .iter()
            .map(|nlri| (if add_path { nlri.path_id } else { PathId(0) }, nlri.key))
            .collect();
        assert_eq!(read, expected);

        out.clear();
        let written = Packer::withdraw(&mut out, size, &nlri);
        let parsed = updates(&out, size);
        assert_eq!(parsed.len(), written);
        assert_eq!(written, 40_000_usize.div_ceil((max - 23) / each));
        let read = parsed
            .iter()
            .flat_map(Update::withdrawn::<Ipv4Unicast>)
            .count();
        assert_eq!(read, 40_000);
    }
}

#[test]
fn many_ipv6_routes() {
    let nlri: Vec<_> = (0..5_000_u128)
        .map(|number| {
            let net = Ipv6Net::new((number << 64).into(), 64).unwrap();
            Nlri::<Ipv6Unicast>::new(net)
        })
        .collect();
    let mut out = Vec::new();
    let attributes = canonical(&AttributeSet::with_path([Asn(1)]));
    let written = Packer::announce(&mut out, STANDARD, &attributes, v6(), &nlri).unwrap();
    let parsed = updates(&out, STANDARD);
    assert_eq!(parsed.len(), written);
    let read: Vec<_> = parsed
        .iter()
        .flat_map(Update::announced::<Ipv6Unicast>)
        .collect();
    assert_eq!(read, nlri);
    out.clear();
    Packer::withdraw(&mut out, STANDARD, &nlri);
    let read: Vec<_> = updates(&out, STANDARD)
        .iter()
        .flat_map(|update| update.withdrawn::<Ipv6Unicast>().collect::<Vec<_>>())
        .collect();
    assert_eq!(read, nlri);
}

#[test]
fn ipv4_with_an_ipv6_next_hop() {
    // RFC 8950
    let nlri = [Nlri::<Ipv4Unicast>::new("10.0.0.0/8".parse().unwrap())];
    let mut out = Vec::new();
    let attributes = canonical(&AttributeSet::with_path([Asn(1)]));
    Packer::announce(&mut out, STANDARD, &attributes, v6(), &nlri).unwrap();
    let update = &updates(&out, STANDARD)[0];
    assert_eq!(update.next_hop(Family::IPV4_UNICAST), Some(v6()));
    assert_eq!(update.announced::<Ipv4Unicast>().collect::<Vec<_>>(), nlri);
}

#[test]
fn two_octet_neighbors() {
    let size = MessageSize {
        four_octet_as: false,
        ..STANDARD
    };
    let nlri = [Nlri::<Ipv4Unicast>::new("10.0.0.0/8".parse().unwrap())];
    let attributes = canonical(&AttributeSet::with_path([Asn(65_001), Asn(65_536)]));
    let mut out = Vec::new();
    Packer::announce(&mut out, size, &attributes, V4, &nlri).unwrap();
    let update = &updates(&out, size)[0];
    let path = update.attributes().as_path().unwrap().to_string();
    assert_eq!(path, "65001 65536");
    let mut back = Vec::new();
    update.attributes().canonical(&mut back);
    assert_eq!(back, attributes);
}

#[test]
fn attributes_that_leave_no_room_are_told() {
    let mut set = AttributeSet::local();
    set.communities = (0..1_010).collect();
    let fits = canonical(&set);
    let nlri = prefixes4(3);
    let mut out = vec![7];
    // 4,096 - 23 - 7 of NEXT_HOP = 4,066; one prefix takes four.
    assert_eq!(fits.len(), 4_040 + 4 + 7);
    assert_eq!(
        Packer::announce(&mut out, STANDARD, &fits, V4, &nlri),
        Ok(1)
    );
    set.communities.extend(0..4);
    set.med = Some(1);
    let too_long = canonical(&set);
    let mut out = vec![7];
    let error = Packer::announce(&mut out, STANDARD, &too_long, V4, &nlri).unwrap_err();
    assert_eq!(out, [7], "nothing is appended");
    assert_eq!(error.max, 4_096);
    assert!(error.to_string().contains("4096"), "{error}");
    let large = MessageSize {
        max: 65_535,
        ..STANDARD
    };
    assert_eq!(
        Packer::announce(&mut out, large, &too_long, V4, &nlri),
        Ok(1)
    );
}

#[test]
fn end_of_rib_and_keepalive() {
    let mut out = Vec::new();
    write_end_of_rib(&mut out, Family::IPV4_UNICAST);
    assert_eq!(&out[16..], &[0, 23, 2, 0, 0, 0, 0]);
    let update = &updates(&out, STANDARD)[0];
    assert_eq!(update.end_of_rib(), Some(Family::IPV4_UNICAST));
    out.clear();
    write_end_of_rib(&mut out, Family::IPV6_UNICAST);
    assert_eq!(&out[16..], &[0, 29, 2, 0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1]);
    let update = &updates(&out, STANDARD)[0];
    assert_eq!(update.end_of_rib(), Some(Family::IPV6_UNICAST));
    out.clear();
    write_keepalive(&mut out);
    assert_eq!(&out[16..], &[0, 19, 4]);
    assert_eq!(Packer::withdraw::<Ipv4Unicast>(&mut out, STANDARD, &[]), 0);
}

#[test]
fn what_is_announced_is_canonical_again_on_the_other_side() {
    let mut set = AttributeSet::with_path((1..=300).map(Asn));
    set.large_communities = vec![[1, 2, 3]; 30];
    let attributes = canonical(&set);
    let mut out = Vec::new();
    Packer::announce(&mut out, STANDARD, &attributes, V4, &prefixes4(1)).unwrap();
    let update = &updates(&out, STANDARD)[0];
    let mut back = Vec::new();
    update.attributes().canonical(&mut back);
    assert_eq!(back, attributes);
    assert_eq!(Attributes::from_canonical(&back).to_set(), set);
}

/// A set with every field, a list of two-octet length, and carried attributes before and after each
/// that may have some.
fn full_set() -> AttributeSet {
    let mut set = AttributeSet::with_path((1..=300).map(Asn));
    set.med = Some(1);
    set.local_pref = Some(2);
    set.atomic_aggregate = true;
    set.aggregator = Some(Aggregator {
        asn: Asn(70_000),
        address: Ipv4Addr::new(192, 0, 2, 9),
    });
    set.communities = (0..101).collect();
    set.originator_id = RouterId::new(Ipv4Addr::new(192, 0, 2, 8));
    set.cluster_list = vec![5, 6, 7];
    set.extended_communities = vec![[1; 8], [2; 8]];
    set.large_communities = vec![[8, 9, 10]];
    for code in [0, 11, 20, 31, 200] {
        let unknown = RawAttribute {
            flags: 0xc0,
            code,
            value: &[code],
        };
        set.carry(CarriedAttribute::new(unknown).unwrap());
    }
    set
}

#[test]
fn sets_are_written_in_order_and_read_back() {
    for set in [
        AttributeSet::local(),
        AttributeSet::with_path([Asn(1)]),
        AttributeSet::with_path((1..=63).map(Asn)),
        AttributeSet::with_path((1..=64).map(Asn)),
        full_set(),
    ] {
        let octets = canonical(&set);
        let codes: Vec<u8> = walk::Walk::new(&octets).map(|one| one.code).collect();
        assert!(codes.is_sorted(), "{codes:?}");
        assert_eq!(Attributes::from_canonical(&octets).to_set(), set);
        let mut again = Vec::new();
        Attributes::from_canonical(&octets).canonical(&mut again);
        assert_eq!(again, octets);
    }
}

/// Writing a set into a message is the same as making its canonical octets and packing them.
#[test]
fn a_set_is_announced_as_its_canonical_octets_are() {
    let mut long = AttributeSet::local();
    long.communities = (0..1_100).collect();
    let v6_prefix: Ipv6Net = "2001:db8::/32".parse().unwrap();
    for set in [AttributeSet::local(), full_set(), long] {
        let octets = canonical(&set);
        for four_octet_as in [true, false] {
            let size = MessageSize {
                four_octet_as,
                ..STANDARD
            };
            let before = [1, 2, 3];
            let (mut one, mut other) = (before.to_vec(), before.to_vec());
            for count in [0, 1, 3, 1_500] {
                let nlri = prefixes4(count);
                for next_hop in [V4, v6()] {
                    assert_eq!(
                        Packer::announce_set(&mut one, size, &set, next_hop, &nlri),
                        Packer::announce(&mut other, size, &octets, next_hop, &nlri),
                    );
                }
            }
            let nlri = [Nlri::<Ipv6Unicast>::new(v6_prefix)];
            assert_eq!(
                Packer::announce_set(&mut one, size, &set, v6(), &nlri),
                Packer::announce(&mut other, size, &octets, v6(), &nlri),
            );
            assert!(one == other, "{} and {} octets", one.len(), other.len());
            assert!(one.starts_with(&before));
        }
    }
}
