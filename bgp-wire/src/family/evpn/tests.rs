use super::*;
use alloc::string::ToString;
use alloc::vec;

const RD: [u8; 8] = [0, 0, 0xfd, 0xe8, 0, 0, 0, 1];
const SEGMENT: [u8; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const TAG: [u8; 4] = [0, 0, 0, 5];
const MAC: [u8; 6] = [0, 0, 0x5e, 0, 0x53, 1];

fn nlri(kind: u8, fields: &[&[u8]]) -> Vec<u8> {
    let value = fields.concat();
    let mut octets = vec![kind, u8::try_from(value.len()).unwrap()];
    octets.extend(value);
    octets
}

fn both_ways(octets: &[u8], text: &str) -> EvpnPayload {
    assert_eq!(Evpn::measure(octets), Some(octets.len()));
    assert!(Evpn::reads(octets, false));
    let (key, payload, rest) = Evpn::take(octets).unwrap();
    assert!(rest.is_empty());
    assert_eq!(key.to_string(), text);
    let mut out = Vec::new();
    Evpn::put(&key, &payload, &mut out);
    assert_eq!(out, octets);
    // A withdraw has the same key and nothing else.
    let mut out = Vec::new();
    Evpn::put_withdrawn(&key, &mut out);
    assert_eq!(
        Evpn::take_withdrawn(&out),
        Some((key, EvpnPayload::default(), &[][..]))
    );
    payload
}

#[test]
fn every_type_both_ways() {
    let v6: Ipv6Addr = "2001:db8::1".parse().unwrap();
    let payload = both_ways(
        &nlri(1, &[&RD, &SEGMENT, &TAG, &[0, 0, 0x64]]),
        "auto-discovery 65000:1 00:01:02:03:04:05:06:07:08:09 tag 5",
    );
    assert_eq!(payload.label, 100);
    let payload = both_ways(
        &nlri(2, &[&RD, &SEGMENT, &TAG, &[48], &MAC, &[0], &[0, 0, 9]]),
        "mac-ip 65000:1 tag 5 00:00:5e:00:53:01",
    );
    assert_eq!(
        (payload.segment, payload.second_label),
        (SegmentId(SEGMENT), None)
    );
    let payload = both_ways(
        &nlri(
            2,
            &[
                &RD,
                &SEGMENT,
                &TAG,
                &[48],
                &MAC,
                &[32, 192, 0, 2, 1],
                &[0, 0, 9, 0, 0, 8],
            ],
        ),
        "mac-ip 65000:1 tag 5 00:00:5e:00:53:01 192.0.2.1",
    );
    assert_eq!((payload.label, payload.second_label), (9, Some(8)));
    both_ways(
        &nlri(3, &[&RD, &TAG, &[128], &v6.octets()]),
        "inclusive-multicast 65000:1 tag 5 2001:db8::1",
    );
    both_ways(
        &nlri(4, &[&RD, &SEGMENT, &[32, 192, 0, 2, 1]]),
        "ethernet-segment 65000:1 00:01:02:03:04:05:06:07:08:09 192.0.2.1",
    );
    let payload = both_ways(
        &nlri(
            5,
            &[
                &RD,
                &SEGMENT,
                &TAG,
                &[24, 10, 1, 2, 0],
                &[192, 0, 2, 1],
                &[0, 0, 9],
            ],
        ),
        "ip-prefix 65000:1 tag 5 10.1.2.0/24",
    );
    assert_eq!(payload.gateway, Some("192.0.2.1".parse().unwrap()));
    let payload = both_ways(
        &nlri(
            5,
            &[
                &RD,
                &SEGMENT,
                &TAG,
                &[128],
                &v6.octets(),
                &[0; 16],
                &[0, 0, 9],
            ],
        ),
        "ip-prefix 65000:1 tag 5 2001:db8::1/128",
    );
    assert_eq!(payload.gateway, None);
    both_ways(&nlri(9, &[&[1, 2, 3]]), "type 9 0x010203");
}

#[test]
fn host_bits_of_a_prefix_are_masked() {
    let octets = nlri(
        5,
        &[&RD, &SEGMENT, &TAG, &[8, 10, 1, 2, 3], &[0; 4], &[0; 3]],
    );
    let (key, ..) = Evpn::take(&octets).unwrap();
    assert_eq!(key.to_string(), "ip-prefix 65000:1 tag 5 10.0.0.0/8");
}

#[test]
fn wrong_insides_are_known_and_the_next_is_found() {
    for octets in [
        nlri(1, &[&RD, &SEGMENT, &TAG]),
        nlri(2, &[&RD, &SEGMENT, &TAG, &[47], &MAC, &[0], &[0, 0, 9]]),
        nlri(
            2,
            &[&RD, &SEGMENT, &TAG, &[48], &MAC, &[16, 1, 2], &[0, 0, 9]],
        ),
        nlri(2, &[&RD, &SEGMENT, &TAG, &[48], &MAC, &[0], &[0, 0, 9, 0]]),
        nlri(3, &[&RD, &TAG, &[0]]),
        nlri(4, &[&RD, &SEGMENT, &[32, 1, 2, 3, 4, 5]]),
        nlri(
            5,
            &[&RD, &SEGMENT, &TAG, &[33, 10, 1, 2, 3], &[0; 4], &[0; 3]],
        ),
        nlri(
            5,
            &[&RD, &SEGMENT, &TAG, &[8, 10, 0, 0, 0], &[0; 16], &[0; 3]],
        ),
    ] {
        assert_eq!(Evpn::measure(&octets), Some(octets.len()), "{octets:?}");
        assert_eq!(Evpn::take(&octets), None, "{octets:?}");
        assert!(!Evpn::reads(&octets, false), "{octets:?}");
    }
    assert_eq!(Evpn::measure(&[1, 5, 0]), None);
    assert_eq!(Evpn::measure(&[1]), None);
}

#[test]
fn other_routes_have_other_types() {
    assert!(OtherRoute::new(2, &[]).is_none());
    assert!(OtherRoute::new(6, &[0; 256]).is_none());
    assert_eq!(OtherRoute::new(6, &[0; 255]).unwrap().value().len(), 255);
}
