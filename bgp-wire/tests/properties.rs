//! Properties: decode(encode(x)) == x, and encode(decode(octets)) is stable under a second round.
#![allow(clippy::expect_used, reason = "a failing test says why")]

use bgp_wire::attr::{
    Aggregator, CarriedAttribute, Change, RawAttribute, Reflection, Rewrite, SegmentKind,
};
use bgp_wire::*;
use ipnet::{Ipv4Net, Ipv6Net};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn asn() -> impl Strategy<Value = Asn> {
    prop_oneof![1..=65_535_u32, 1..=u32::MAX].prop_map(Asn)
}

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![
        Just(Family::IPV4_UNICAST),
        Just(Family::IPV6_UNICAST),
        (any::<u16>(), any::<u8>()).prop_map(|(afi, safi)| Family { afi, safi }),
    ]
}

fn router_id() -> impl Strategy<Value = RouterId> {
    (1..=u32::MAX).prop_map(|id| RouterId::new(id.into()).expect("not zero"))
}

fn segment_kind() -> impl Strategy<Value = SegmentKind> {
    prop_oneof![Just(SegmentKind::Sequence), Just(SegmentKind::Set)]
}

fn as_path() -> impl Strategy<Value = AsPathBuf> {
    vec((segment_kind(), vec(asn(), 1..20)), 0..5).prop_map(|segments| {
        let mut path = AsPathBuf::default();
        for (kind, asns) in segments {
            path.push(kind, asns);
        }
        path
    })
}

fn carried() -> impl Strategy<Value = CarriedAttribute> {
    (129..=255_u8, vec(any::<u8>(), 0..300)).prop_map(|(code, value)| {
        let flags = 0xc0;
        CarriedAttribute::new(RawAttribute {
            flags,
            code,
            value: &value,
        })
        .expect("unknown and transitive")
    })
}

prop_compose! {
    fn attribute_set()(
        origin in prop_oneof![Just(Origin::Igp), Just(Origin::Egp), Just(Origin::Incomplete)],
        as_path in as_path(),
        (med, local_pref, originator_id) in (option::of(any::<u32>()), option::of(any::<u32>()),
            option::of(router_id())),
        atomic_aggregate in any::<bool>(),
        aggregator in option::of((asn(), any::<u32>())),
        communities in vec(any::<u32>(), 0..80),
        cluster_list in vec(any::<u32>(), 0..5),
        extended_communities in vec(any::<[u8; 8]>(), 0..5),
        large_communities in vec(any::<[u32; 3]>(), 0..30),
        carried in vec(carried(), 0..3),
    ) -> AttributeSet {
        let mut set = AttributeSet::local();
        set.origin = origin;
        set.as_path = as_path;
        set.med = med;
        set.local_pref = local_pref;
        set.atomic_aggregate = atomic_aggregate;
        set.aggregator = aggregator.map(|(asn, address)| Aggregator {
            asn,
            address: address.into(),
        });
        set.communities = communities;
        set.originator_id = originator_id;
        set.cluster_list = cluster_list;
        set.extended_communities = extended_communities;
        set.large_communities = large_communities;
        for attribute in carried {
            set.carry(attribute);
        }
        set
    }
}

fn capability() -> impl Strategy<Value = Capability> {
    prop_oneof![
        family().prop_map(Capability::Multiprotocol),
        Just(Capability::RouteRefresh),
        Just(Capability::EnhancedRouteRefresh),
        Just(Capability::ExtendedMessage),
        (
            any::<bool>(),
            any::<bool>(),
            0..4_096_u16,
            vec((family(), any::<bool>()), 0..9)
        )
            .prop_map(|(restarting, notification, time, families)| {
                Capability::GracefulRestart(GracefulRestart {
                    restarting,
                    notification,
                    time,
                    families,
                })
            }),
        vec((family(), any::<bool>(), any::<bool>()), 0..9).prop_map(|entries| {
            Capability::AddPath(
                entries
                    .into_iter()
                    .map(|(family, receive, send)| AddPath {
                        family,
                        receive,
                        send,
                    })
                    .collect(),
            )
        }),
        vec((family(), any::<u16>()), 0..9).prop_map(|entries| {
            Capability::ExtendedNextHop(
                entries
                    .into_iter()
                    .map(|(family, next_hop_afi)| ExtendedNextHop {
                        family,
                        next_hop_afi,
                    })
                    .collect(),
            )
        }),
        Just(Capability::Role(Role::Peer)),
        vec((family(), any::<bool>(), 0..0x0100_0000_u32), 0..9).prop_map(|entries| {
            Capability::LongLivedGracefulRestart(
                entries
                    .into_iter()
                    .map(|(family, forwarding, time)| LongLived {
                        family,
                        forwarding,
                        time,
                    })
                    .collect(),
            )
        }),
        ("[a-z]{0,60}", "[a-z.]{0,60}")
            .prop_map(|(host, domain)| Capability::Fqdn { host, domain }),
        "[ -~]{0,60}".prop_map(Capability::SoftwareVersion),
        (128..=255_u8, vec(any::<u8>(), 0..=255)).prop_map(|(code, value)| Capability::Unknown {
            // 128 and up are not known, but for the pre-standard refresh, which is kept as octets.
            code,
            value,
        }),
    ]
}

prop_compose! {
    fn open()(
        asn in asn(),
        hold_time in prop_oneof![Just(0_u16), 3..=u16::MAX],
        router_id in router_id(),
        capabilities in vec(capability(), 0..12),
    ) -> Open {
        let mut capabilities = capabilities;
        capabilities.push(Capability::FourOctetAs(asn));
        Open { asn, hold_time, router_id, capabilities }
    }
}

fn prefix4() -> impl Strategy<Value = Nlri<Ipv4Unicast>> {
    (any::<u32>(), 0..=32_u8, any::<u32>()).prop_map(|(address, length, path_id)| Nlri {
        path_id: PathId(path_id),
        key: Ipv4Net::new(address.into(), length)
            .expect("a length")
            .trunc(),
        payload: (),
    })
}

fn prefix6() -> impl Strategy<Value = Nlri<Ipv6Unicast>> {
    (any::<u128>(), 0..=128_u8, any::<u32>()).prop_map(|(address, length, path_id)| Nlri {
        path_id: PathId(path_id),
        key: Ipv6Net::new(address.into(), length)
            .expect("a length")
            .trunc(),
        payload: (),
    })
}

fn rewrite() -> impl Strategy<Value = Rewrite> {
    let change = || {
        prop_oneof![
            Just(Change::Keep),
            Just(Change::Remove),
            any::<u32>().prop_map(Change::Set),
            any::<u32>().prop_map(Change::Fill),
        ]
    };
    let reflect = (router_id(), any::<u32>()).prop_map(|(originator, cluster)| Reflection {
        originator,
        cluster,
    });
    (
        option::of((asn(), any::<u8>())),
        any::<bool>(),
        change(),
        change(),
        option::of(reflect),
    )
        .prop_map(
            |(prepend, drop_internal, med, local_pref, reflect)| Rewrite {
                prepend,
                drop_internal,
                med,
                local_pref,
                reflect,
            },
        )
}

fn context(four_octet_as: bool, add_path: bool) -> UpdateContext {
    let families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
    UpdateContext {
        session: SessionType::Ibgp,
        four_octet_as,
        add_path: if add_path { families.clone() } else { vec![] },
        families,
        ..UpdateContext::default()
    }
}

fn canonical(attributes: Attributes<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    attributes.canonical(&mut out);
    out
}

fn encoded(set: &AttributeSet) -> Vec<u8> {
    let mut out = Vec::new();
    set.encode(&mut out);
    out
}

/// Frames and parses all of `octets`, whatever they are; re-encodes what was understood and checks
/// that a second round changes nothing.
fn read_anything(octets: &[u8], context: &UpdateContext) {
    let Ok(Some(header)) = frame(octets, 65_535) else {
        return;
    };
    let message = &octets[..header.length];
    match header.kind {
        MessageType::Open => match Open::parse(message) {
            Ok(open) => {
                let mut again = Vec::new();
                open.encode(&mut again);
                assert_eq!(Open::parse(&again), Ok(open));
            }
            Err(fault) => assert_fault(&fault, message),
        },
        MessageType::Update => match Update::parse(message, context) {
            Ok(update) => {
                for fault in update.faults() {
                    assert_fault(&fault, message);
                }
                let once = canonical(update.attributes());
                assert_eq!(canonical(Attributes::from_canonical(&once)), once);
                let set = Attributes::from_canonical(&once).to_set();
                assert_eq!(Attributes::from_canonical(&encoded(&set)).to_set(), set);
                update.announced::<Ipv4Unicast>().for_each(drop);
                update.withdrawn::<Ipv6Unicast>().for_each(drop);
            }
            Err(fault) => {
                assert_eq!(fault.disposition(), Disposition::SessionReset);
                assert_fault(&fault, message);
            }
        },
        MessageType::Notification => {
            let notification = Notification::parse(message).expect("framed");
            assert!(!notification.to_string().is_empty());
        }
        MessageType::RouteRefresh => match RouteRefresh::parse(message) {
            Ok(refresh) => {
                let mut again = Vec::new();
                refresh.encode(&mut again);
                assert_eq!(RouteRefresh::parse(&again), Ok(refresh));
            }
            Err(fault) => assert_fault(&fault, message),
        },
        MessageType::Keepalive => {}
    }
}

fn assert_fault(fault: &Fault, message: &[u8]) {
    assert!(fault.offset <= message.len());
    let mut octets = Vec::new();
    fault.notification(message).encode(&mut octets);
    assert!(octets.len() <= 4_096);
    assert!(!fault.to_string().is_empty());
}

proptest! {
    // A failure prints the smallest case; it becomes a fixture, not a file.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn open_both_ways(open in open()) {
        let mut octets = Vec::new();
        open.encode(&mut octets);
        prop_assert!(octets.len() <= 4_096);
        prop_assert_eq!(Open::parse(&octets), Ok(open));
    }

    #[test]
    fn attributes_both_ways(set in attribute_set()) {
        let octets = encoded(&set);
        let view = Attributes::from_canonical(&octets);
        prop_assert_eq!(canonical(view), octets.clone());
        prop_assert_eq!(view.to_set(), set);
    }

    #[test]
    fn updates_both_ways(
        set in attribute_set(),
        nlri4 in vec(prefix4(), 1..2_000),
        nlri6 in vec(prefix6(), 1..500),
        four_octet_as in any::<bool>(),
        add_path in any::<bool>(),
    ) {
        let size = MessageSize { max: 4_096, four_octet_as, add_path };
        let attributes = encoded(&set);
        let next_hop = NextHop::V4("10.0.0.1".parse().expect("an address"));
        let next_hop6 = NextHop::V6 {
            global: "2001:db8::1".parse().expect("an address"),
            link_local: None,
        };
        let mut octets = Vec::new();
        Packer::announce(&mut octets, size, &attributes, next_hop, &nlri4).expect("fits");
        Packer::announce(&mut octets, size, &attributes, next_hop6, &nlri6).expect("fits");
        Packer::withdraw(&mut octets, size, &nlri4);
        Packer::withdraw(&mut octets, size, &nlri6);
        let context = context(four_octet_as, add_path);
        let (mut announced4, mut announced6) = (vec![], vec![]);
        let (mut withdrawn4, mut withdrawn6) = (vec![], vec![]);
        let mut rest = &octets[..];
        while let Some(header) = frame(rest, 4_096).expect("whole messages") {
            let update = Update::parse(&rest[..header.length], &context).expect("no reset");
            prop_assert_eq!(update.disposition(), Disposition::Accept);
            let announces = update.announced_families().next().is_some();
            announced4.extend(update.announced::<Ipv4Unicast>());
            announced6.extend(update.announced::<Ipv6Unicast>());
            withdrawn4.extend(update.withdrawn::<Ipv4Unicast>());
            withdrawn6.extend(update.withdrawn::<Ipv6Unicast>());
            if announces {
                prop_assert_eq!(canonical(update.attributes()), attributes.clone());
            }
            rest = &rest[header.length..];
        }
        prop_assert!(rest.is_empty());
        let bare = |mut nlri: Vec<Nlri<Ipv4Unicast>>| {
            nlri.iter_mut().filter(|_| !add_path).for_each(|nlri| nlri.path_id = PathId(0));
            nlri
        };
        let bare6 = |mut nlri: Vec<Nlri<Ipv6Unicast>>| {
            nlri.iter_mut().filter(|_| !add_path).for_each(|nlri| nlri.path_id = PathId(0));
            nlri
        };
        prop_assert_eq!(announced4, bare(nlri4.clone()));
        prop_assert_eq!(withdrawn4, bare(nlri4));
        prop_assert_eq!(announced6, bare6(nlri6.clone()));
        prop_assert_eq!(withdrawn6, bare6(nlri6));
    }

    #[test]
    fn a_rewrite_gives_canonical_octets_and_does_what_it_says(
        set in attribute_set(),
        rewrite in rewrite(),
    ) {
        let octets = encoded(&set);
        let mut out = Vec::new();
        rewrite.apply(&octets, &mut out);
        prop_assert_eq!(canonical(Attributes::from_canonical(&out)), out.clone());
        let mut expected = set;
        if let Some((asn, times)) = rewrite.prepend {
            expected.as_path.prepend(asn, usize::from(times));
        }
        if rewrite.drop_internal {
            expected.local_pref = None;
            expected.originator_id = None;
            expected.cluster_list.clear();
        }
        let change = |field: &mut Option<u32>, change| match change {
            Change::Keep => {}
            Change::Remove => *field = None,
            Change::Set(value) => *field = Some(value),
            Change::Fill(value) => *field = field.or(Some(value)),
        };
        change(&mut expected.med, rewrite.med);
        change(&mut expected.local_pref, rewrite.local_pref);
        if let Some(reflect) = rewrite.reflect {
            expected.originator_id = expected.originator_id.or(Some(reflect.originator));
            expected.cluster_list.insert(0, reflect.cluster);
        }
        prop_assert_eq!(Attributes::from_canonical(&out).to_set(), expected);
    }

    #[test]
    fn notifications_both_ways(code in any::<u8>(), subcode in any::<u8>(),
        data in vec(any::<u8>(), 0..300)) {
        let notification = Notification::new(code, subcode, &data);
        let mut octets = Vec::new();
        notification.encode(&mut octets);
        prop_assert_eq!(Notification::parse(&octets), Ok(notification));
    }

    #[test]
    fn any_octets_are_read_without_panic(
        kind in 1..=5_u8,
        body in vec(any::<u8>(), 0..600),
        four_octet_as in any::<bool>(),
        add_path in any::<bool>(),
    ) {
        let mut octets = vec![0xff; 16];
        octets.extend(u16::try_from(body.len() + 19).expect("short").to_be_bytes());
        octets.push(kind);
        octets.extend(body);
        read_anything(&octets, &context(four_octet_as, add_path));
    }

    #[test]
    fn damaged_updates_are_read_without_panic(
        set in attribute_set(),
        nlri in vec(prefix4(), 1..20),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        four_octet_as in any::<bool>(),
    ) {
        let size = MessageSize { max: 4_096, four_octet_as, add_path: false };
        let next_hop = NextHop::V4("10.0.0.1".parse().expect("an address"));
        let mut octets = Vec::new();
        Packer::announce(&mut octets, size, &encoded(&set), next_hop, &nlri).expect("fits");
        for (place, octet) in damage {
            let place = 19 + place.index(octets.len() - 19);
            octets[place] = octet;
        }
        read_anything(&octets, &context(four_octet_as, false));
    }
}
