use super::*;
use alloc::vec::Vec;

const SCOPE: Scope = Scope {
    session: SessionType::Ibgp,
    four_octet_as: true,
    as_sets: AsSets::Accept,
};

/// What a check says, through the table: offsets count from the first octet of the value.
fn verdict(code: u8, value: &[u8]) -> Result<(), (usize, FaultKind)> {
    let row = table::row(code).unwrap();
    let flags = row.flags_to_send(0);
    let attribute = crate::attr::RawAttribute { flags, code, value };
    row.verify(&attribute, SCOPE).map_err(|(at, kind)| {
        let value_at = at.saturating_sub(attribute.header_length());
        (value_at, kind)
    })
}

fn wrong(at: usize) -> Result<(), (usize, FaultKind)> {
    Err((at, FaultKind::AttributeValue))
}

const SHORT: Result<(), (usize, FaultKind)> = Err((0, FaultKind::AttributeLength));

#[test]
fn tunnel_encapsulation_ends_with_its_last_sub_tlv() {
    let of = |value: &[u8]| verdict(code::TUNNEL_ENCAPSULATION, value);
    // VXLAN with an egress endpoint; a type that nobody knows; a sub-TLV with a long length.
    let endpoint = [0, 8, 0, 8, 6, 6, 0, 0, 0, 0, 0, 0];
    let unknown = [0xff, 0xfe, 0, 2, 99, 0];
    let long = [0, 15, 0, 4, 128, 0, 1, 7];
    assert_eq!(of(&endpoint), Ok(()));
    assert_eq!(of(&[&endpoint[..], &unknown, &long].concat()), Ok(()));
    // A tunnel without sub-TLVs adds up.
    assert_eq!(of(&[0, 7, 0, 0]), Ok(()));
    // The tunnel passes the end, a sub-TLV passes its tunnel, half a sub-TLV is left.
    assert_eq!(of(&[0, 8, 0, 9, 6, 6, 0, 0, 0, 0, 0, 0]), wrong(0));
    assert_eq!(of(&[0, 8, 0, 8, 6, 7, 0, 0, 0, 0, 0, 0]), wrong(0));
    assert_eq!(of(&[&endpoint[..], &[0, 8, 0, 1, 6]].concat()), wrong(12));
    assert_eq!(of(&[0, 15, 0, 3, 128, 0, 1]), wrong(0));
    assert_eq!(of(&[0, 15, 0, 2, 128, 0]), wrong(0));
    assert_eq!(of(&[&endpoint[..], &[0, 8, 0]].concat()), wrong(12));
}

#[test]
fn bgp_ls_is_a_list() {
    let of = |value: &[u8]| verdict(code::BGP_LS, value);
    assert_eq!(of(&[]), Ok(()));
    assert_eq!(of(&[4, 0x47, 0, 3, 0, 0, 20, 4, 3, 0, 1, 1]), Ok(()));
    assert_eq!(of(&[4, 0x47, 0, 3, 0, 0, 20, 4, 3, 0, 2, 1]), wrong(7));
}

#[test]
fn prefix_sid_by_the_type_of_each_tlv() {
    let of = |value: &[u8]| verdict(code::PREFIX_SID, value);
    let index = [1, 0, 7, 0, 0, 0, 0, 0, 0, 5];
    let srgb = [3, 0, 8, 0, 0, 0, 0x3e, 0x80, 0, 0x1f, 0x40];
    assert_eq!(of(&index), Ok(()));
    assert_eq!(of(&[&index[..], &srgb, &[200, 0, 1, 9]].concat()), Ok(()));
    // RFC 8669 §6: "not meeting the minimum attribute length requirement"
    assert_eq!(of(&[]), SHORT);
    assert_eq!(of(&[1, 0]), SHORT);
    // Seven octets of label index; an SRGB has at least one range, and whole ones.
    assert_eq!(of(&[1, 0, 6, 0, 0, 0, 0, 0, 0]), wrong(0));
    assert_eq!(of(&[&index[..], &[3, 0, 2, 0, 0]].concat()), wrong(10));
    assert_eq!(of(&[3, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]), wrong(0));
    assert_eq!(of(&[&index[..], &[9, 0, 2, 0]].concat()), wrong(10));
    // RFC 9252 §7: an SRv6 service that cannot be read withdraws.
    let service = Err((0, FaultKind::Srv6Service));
    assert_eq!(of(&[5, 0, 0]), service);
    assert_eq!(of(&[6, 0, 5, 0, 1, 0, 1, 0]), service);
    assert_eq!(of(&[5, 0, 1, 0]), Ok(()));
}

#[test]
fn attr_set_holds_attributes_that_are_sound() {
    let of = |attributes: &[&[u8]]| {
        let mut value = [0, 0, 0xfd, 0xe8].to_vec();
        value.extend(attributes.concat());
        verdict(code::ATTR_SET, &value)
    };
    let origin: &[u8] = &[0x40, 1, 1, 0];
    let path: &[u8] = &[0x40, 2, 6, 2, 1, 0, 0, 0, 1];
    let preference: &[u8] = &[0x40, 5, 4, 0, 0, 0, 100];
    let unknown: &[u8] = &[0x80, 99, 0];
    assert_eq!(of(&[]), Ok(()));
    // What an internal session may carry, whatever the session around it is.
    assert_eq!(of(&[origin, path, preference, unknown]), Ok(()));
    assert_eq!(verdict(code::ATTR_SET, &[0, 0, 1]), SHORT);
    // AS numbers of two octets.
    let short_path: &[u8] = &[0x40, 2, 4, 2, 1, 0x15, 0xb3];
    let short_aggregator: &[u8] = &[0xc0, 7, 6, 0, 1, 1, 1, 1, 1];
    assert_eq!(of(&[origin, short_path, short_aggregator]), Ok(()));
    // RFC 6368 §5: malformed themselves, or NLRI.
    assert_eq!(of(&[origin, &[0x40, 2, 4, 2, 2, 0, 1]]), wrong(8));
    assert_eq!(of(&[&[0x40, 1, 1, 3]]), wrong(4));
    assert_eq!(of(&[&[0xc0, 1, 1, 0]]), wrong(4));
    assert_eq!(of(&[&[0xc0, 7, 7, 0, 1, 1, 1, 1, 1, 1]]), wrong(4));
    assert_eq!(of(&[origin, &[0x80, 14, 5, 0, 1, 1, 0, 0]]), wrong(8));
    assert_eq!(of(&[&[0x80, 15, 3, 0, 1, 1]]), wrong(4));
    assert_eq!(of(&[origin, origin]), wrong(8));
    assert_eq!(of(&[&[0x40, 99, 0]]), wrong(4));
    assert_eq!(of(&[origin, &[0x40, 2, 9, 2]]), wrong(8));
}

#[test]
fn a_tower_of_attr_sets_costs_no_stack() {
    let mut value = Vec::from([0, 0, 0, 1]);
    while value.len() < 65_000 {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        let mut outer = Vec::from([0, 0, 0, 1, 0xd0, code::ATTR_SET]);
        outer.extend(length);
        outer.extend(&value);
        value = outer;
    }
    assert_eq!(verdict(code::ATTR_SET, &value), Ok(()));
}

#[test]
fn d_path_is_segments_of_whole_domains() {
    let of = |value: &[u8]| verdict(code::D_PATH, value);
    let one = [1, 0, 0, 0xfd, 0xe8, 0, 1, 70];
    assert_eq!(of(&one), Ok(()));
    assert_eq!(of(&[one, one].concat()), Ok(()));
    assert_eq!(of(&[]), SHORT);
    assert_eq!(of(&[&one[..], &[0]].concat()), wrong(8));
    assert_eq!(
        of(&[&one[..], &[2, 0, 0, 0, 1, 0, 1, 1]].concat()),
        wrong(8)
    );
}

#[test]
fn aigp_has_its_metric_among_others() {
    let of = |value: &[u8]| verdict(code::AIGP, value);
    let metric = [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9];
    assert_eq!(of(&metric), Ok(()));
    // RFC 7311 §3.2: several of a type, and unknown types, are no fault; the first counts.
    let other = [1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 7];
    let several = [&[9, 0, 4, 1][..], &metric, &other].concat();
    assert_eq!(of(&several), Ok(()));
    assert_eq!(aigp(&several), Some(9));
    assert_eq!(of(&[9, 0, 3]), wrong(0));
    assert_eq!(of(&[1, 0, 10, 0, 0, 0, 0, 0, 0, 0]), wrong(0));
    assert_eq!(of(&[&metric[..], &[2, 0, 2]].concat()), wrong(11));
    assert_eq!(of(&[&metric[..], &[2, 0]].concat()), wrong(11));
}
