use super::*;
use crate::{Asn, RouterId};
use alloc::string::ToString;
use alloc::vec;

fn full() -> AttributeSet {
    let mut set = AttributeSet::with_path([Asn(65_001), Asn(4_200_000_000)]);
    set.as_path.push(SegmentKind::Set, [Asn(7), Asn(8)]);
    set.origin = Origin::Egp;
    set.med = Some(5);
    set.local_pref = Some(200);
    set.atomic_aggregate = true;
    set.aggregator = Some(Aggregator {
        asn: Asn(65_536),
        address: Ipv4Addr::new(192, 0, 2, 1),
    });
    set.communities = vec![0xfde8_0001, 0xffff_ff01];
    set.originator_id = RouterId::new(Ipv4Addr::new(10, 0, 0, 9));
    set.cluster_list = vec![1, 2];
    set.extended_communities = vec![[0, 2, 0xfd, 0xe8, 0, 0, 0, 1]];
    set.large_communities = vec![[1, 2, 3], [4, 5, 6]];
    set.carry(
        CarriedAttribute::new(RawAttribute {
            flags: 0xc0,
            code: 99,
            value: &[1, 2],
        })
        .unwrap(),
    );
    set
}

fn octets(set: &AttributeSet) -> Vec<u8> {
    let mut octets = Vec::new();
    set.encode(&mut octets);
    octets
}

fn canonical(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Attributes::from_canonical(octets).canonical(&mut out);
    out
}

fn rewritten(octets: &[u8], rewrite: Rewrite) -> AttributeSet {
    let mut out = Vec::new();
    rewrite.apply(octets, &mut out);
    assert_eq!(canonical(&out), out, "a rewrite gives canonical octets");
    Attributes::from_canonical(&out).to_set()
}

#[test]
fn a_full_set_octet_by_octet() {
    let expected: &[&[u8]] = &[
        &[0x40, 1, 1, 1],
        &[
            0x40, 2, 20, 2, 2, 0, 0, 0xfd, 0xe9, 0xfa, 0x56, 0xea, 0, 1, 2, 0, 0, 0, 7, 0, 0, 0, 8,
        ],
        &[0x80, 4, 4, 0, 0, 0, 5],
        &[0x40, 5, 4, 0, 0, 0, 200],
        &[0x40, 6, 0],
        &[0xc0, 7, 8, 0, 1, 0, 0, 192, 0, 2, 1],
        &[0xc0, 8, 8, 0xfd, 0xe8, 0, 1, 0xff, 0xff, 0xff, 1],
        &[0x80, 9, 4, 10, 0, 0, 9],
        &[0x80, 10, 8, 0, 0, 0, 1, 0, 0, 0, 2],
        &[0xc0, 16, 8, 0, 2, 0xfd, 0xe8, 0, 0, 0, 1],
        &[
            0xc0, 32, 24, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6,
        ],
        // RFC 4271 §5: passed on with the Partial bit
        &[0xe0, 99, 2, 1, 2],
    ];
    let set = full();
    let octets = octets(&set);
    assert_eq!(octets, expected.concat());
    assert_eq!(canonical(&octets), octets);
    assert_eq!(Attributes::from_canonical(&octets).to_set(), set);
}

#[test]
fn the_view_reads_every_field() {
    let octets = octets(&full());
    let view = Attributes::from_canonical(&octets);
    assert_eq!(view.origin(), Some(Origin::Egp));
    let path = view.as_path().unwrap();
    assert_eq!(path.to_string(), "65001 4200000000 {7,8}");
    assert_eq!((path.first(), path.origin()), (Some(Asn(65_001)), None));
    assert_eq!((view.med(), view.local_pref()), (Some(5), Some(200)));
    assert!(view.atomic_aggregate());
    assert_eq!(view.aggregator().unwrap().to_string(), "65536 192.0.2.1");
    assert_eq!(
        view.communities()
            .map(|community| Community(community).to_string())
            .collect::<Vec<_>>(),
        ["65000:1", "NO_EXPORT"]
    );
    assert_eq!(view.originator_id().unwrap().to_string(), "10.0.0.9");
    assert_eq!(view.cluster_list().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(view.extended_communities().count(), 1);
    assert_eq!(
        view.large_communities().collect::<Vec<_>>(),
        [[1, 2, 3], [4, 5, 6]]
    );
    assert_eq!(view.only_to_customer(), None);
    let unknown: Vec<_> = view.unknown().collect();
    assert_eq!((unknown.len(), unknown[0].code), (1, 99));
    assert_eq!(view.raw(99).unwrap().value, [1, 2]);
    assert!(view.raw(3).is_none());
}

#[test]
fn canonical_sorts_shortens_and_drops() {
    let octets = [
        // unknown: transitive, non-transitive, and the first one again
        &[0xc0, 200, 1, 7][..],
        &[0x80, 201, 1, 7],
        &[0xc0, 200, 1, 8],
        // AS_PATH and ORIGIN with lengths of two octets, out of order
        &[0x50, 2, 0, 6, 2, 1, 0, 0, 0, 1],
        &[0x50, 1, 0, 1, 0],
        // a known transitive attribute keeps Partial
        &[0xe0, 8, 4, 0, 0, 0, 1],
    ]
    .concat();
    let expected = [
        &[0x40, 1, 1, 0][..],
        &[0x40, 2, 6, 2, 1, 0, 0, 0, 1],
        &[0xe0, 8, 4, 0, 0, 0, 1],
        &[0xe0, 200, 1, 7],
    ]
    .concat();
    assert_eq!(canonical(&octets), expected);
    assert_eq!(canonical(&expected), expected);
    let set = Attributes::from_canonical(&octets).to_set();
    let mut encoded = Vec::new();
    set.encode(&mut encoded);
    assert_eq!(encoded, expected);
}

#[test]
fn two_octet_neighbors_get_as_trans_and_the_truth_beside_it() {
    let four = octets(&full());
    let mut two = Vec::new();
    put_two_octet(&four, &mut two);
    let walked: Vec<_> = Walk::new(&two).collect();
    let find = |code| walked.iter().find(|attribute| attribute.code == code);
    assert_eq!(
        find(2).unwrap().value,
        [2, 2, 0xfd, 0xe9, 0x5b, 0xa0, 1, 2, 0, 7, 0, 8]
    );
    assert_eq!(find(7).unwrap().value, [0x5b, 0xa0, 192, 0, 2, 1]);
    assert_eq!(find(17).unwrap().flags, 0xc0);
    assert_eq!(find(18).unwrap().value, [0, 1, 0, 0, 192, 0, 2, 1]);
    assert!(walked.windows(2).all(|pair| pair[0].code < pair[1].code));
    // Where every number fits there is nothing beside it.
    let small = octets(&AttributeSet::with_path([Asn(1), Asn(2)]));
    let mut two = Vec::new();
    put_two_octet(&small, &mut two);
    assert_eq!(two, [0x40, 1, 1, 0, 0x40, 2, 6, 2, 2, 0, 1, 0, 2]);
}

#[test]
fn to_external_neighbors() {
    let set = rewritten(&octets(&full()), Rewrite::external(Asn(65_530)));
    assert_eq!(set.as_path, {
        let mut path = full().as_path;
        path.prepend(Asn(65_530), 1);
        path
    });
    assert_eq!((set.med, set.local_pref), (None, None));
    assert_eq!((set.originator_id, set.cluster_list.len()), (None, 0));
    assert_eq!(set.communities, full().communities);
    assert_eq!(set.carried(), full().carried());
    let local = octets(&AttributeSet::local());
    let thrice = Rewrite {
        prepend: Some((Asn(9), 3)),
        med: Change::Set(77),
        ..Rewrite::external(Asn(9))
    };
    let set = rewritten(&local, thrice);
    assert_eq!(set.as_path, AsPathBuf::sequence([Asn(9); 3]));
    assert_eq!(set.med, Some(77));
}

#[test]
fn an_originator_that_is_nobody_is_none() {
    let octets = [0x40, 1, 1, 0, 0x40, 2, 0, 0x80, 9, 4, 0, 0, 0, 0];
    let view = Attributes::from_canonical(&octets);
    assert_eq!(view.originator_id(), None);
    assert_eq!(canonical(&octets), octets[..7]);
    assert_eq!(view.to_set(), AttributeSet::local());
}

#[test]
fn confederation_segments_stay_inside() {
    let mut inside = AttributeSet::local();
    inside
        .as_path
        .push(SegmentKind::ConfedSequence, [Asn(64_512)]);
    inside.as_path.push(SegmentKind::Sequence, [Asn(1), Asn(2)]);
    let inside = octets(&inside);
    let set = rewritten(&inside, Rewrite::external(Asn(65_530)));
    let outside = AsPathBuf::sequence([65_530, 1, 2].map(Asn));
    assert_eq!(set.as_path, outside);
    let set = rewritten(&inside, Rewrite::internal(100));
    assert_eq!(set.as_path.segments().count(), 2);
}

#[test]
fn to_internal_neighbors_and_reflector_clients() {
    let local = octets(&AttributeSet::local());
    let set = rewritten(&local, Rewrite::internal(100));
    assert_eq!(set.local_pref, Some(100));
    assert!(set.as_path.is_empty());
    let kept = rewritten(&octets(&full()), Rewrite::internal(100));
    assert_eq!(kept, full());
    let reflect = Rewrite {
        reflect: Some(Reflection {
            originator: RouterId::new(Ipv4Addr::new(10, 0, 0, 1)).unwrap(),
            cluster: 77,
        }),
        ..Rewrite::internal(100)
    };
    let first = rewritten(&local, reflect);
    assert_eq!(first.originator_id.unwrap().to_string(), "10.0.0.1");
    assert_eq!(first.cluster_list, [77]);
    let again = rewritten(&octets(&full()), reflect);
    assert_eq!(again.originator_id, full().originator_id);
    assert_eq!(again.cluster_list, [77, 1, 2]);
}

#[test]
fn long_lists_take_a_second_octet_of_length() {
    let mut set = AttributeSet::local();
    set.communities = (0..64).collect();
    let octets = octets(&set);
    let at = octets.len() - 256 - 4;
    assert_eq!(octets[at..at + 4], [0xd0, 8, 1, 0]);
    assert_eq!(canonical(&octets), octets);
    assert_eq!(Attributes::from_canonical(&octets).to_set(), set);
}

#[test]
fn only_what_may_go_on_can_be_carried() {
    let carried = |flags, code, value: &[u8]| {
        CarriedAttribute::new(RawAttribute { flags, code, value }).is_some()
    };
    assert!(carried(0xc0, 99, &[]));
    assert!(!carried(0x80, 99, &[]));
    assert!(!carried(0x40, 99, &[]));
    // a field of the set; of the route; malformed; whole
    assert!(!carried(0xc0, 8, &[0; 4]));
    assert!(!carried(0x80, 14, &[0; 5]));
    assert!(!carried(0xc0, 35, &[0; 5]));
    assert!(carried(0xc0, 35, &[0; 4]));
}

#[test]
fn octets_that_are_not_canonical_do_no_harm() {
    for octets in [
        &[][..],
        &[0x40],
        &[0x40, 1],
        &[0x40, 1, 9, 0],
        &[0x50, 2, 0xff, 0xff],
    ] {
        let view = Attributes::from_canonical(octets);
        assert!(view.origin().is_none() && view.as_path().is_none());
        assert!(canonical(octets).is_empty());
    }
}
