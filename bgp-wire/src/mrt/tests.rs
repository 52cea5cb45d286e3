//! Fixtures of every record kind: octets to values, and faults with their offsets.
use super::*;
use crate::attr::Origin;
use crate::iana::afi;
use crate::{
    Asn, Disposition, Family, Ipv4Unicast, Ipv6Unicast, MessageType, NextHop, PathId, SessionType,
    Update, UpdateContext,
};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

const MAX: usize = 1 << 20;
const TIME: u32 = 1_500_000_000;

fn record(kind: u16, subtype: u16, body: &[u8]) -> Vec<u8> {
    let mut octets = TIME.to_be_bytes().to_vec();
    octets.extend(kind.to_be_bytes());
    octets.extend(subtype.to_be_bytes());
    octets.extend(u32::try_from(body.len()).unwrap().to_be_bytes());
    octets.extend(body);
    octets
}

fn framed(octets: &[u8]) -> Record<'_> {
    let record = frame(octets, MAX).unwrap().expect("whole");
    assert_eq!(record.octets().len(), octets.len());
    record
}

fn fault(octets: &[u8]) -> (usize, RecordFaultKind) {
    let fault = framed(octets).body().unwrap_err();
    (fault.offset, fault.kind)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// ORIGIN IGP, AS_PATH 65001, NEXT_HOP 192.0.2.1, with four-octet AS numbers.
const ATTRIBUTES: &[u8] = &[
    0x40, 1, 1, 0, // ORIGIN
    0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, // AS_PATH
    0x40, 3, 4, 192, 0, 2, 1, // NEXT_HOP
];

fn peer_index_table() -> Vec<u8> {
    let mut body = vec![10, 0, 0, 9, 0, 4];
    body.extend(b"main");
    body.extend([0, 3]);
    body.extend([0, 10, 0, 0, 1, 192, 0, 2, 1, 0xfd, 0xe9]);
    body.extend([1, 10, 0, 0, 2]);
    body.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    body.extend([0xfd, 0xea]);
    body.extend([2, 10, 0, 0, 3, 192, 0, 2, 3, 0, 1, 0x11, 0x70]);
    record(kind::TABLE_DUMP_V2, table_dump_v2::PEER_INDEX_TABLE, &body)
}

fn entry(peer: u16, path_id: Option<u32>, attributes: &[u8]) -> Vec<u8> {
    let mut octets = peer.to_be_bytes().to_vec();
    octets.extend(7_u32.to_be_bytes());
    octets.extend(path_id.into_iter().flat_map(u32::to_be_bytes));
    octets.extend(u16::try_from(attributes.len()).unwrap().to_be_bytes());
    octets.extend(attributes);
    octets
}

fn rib(subtype: u16, nlri: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 5];
    body.extend(nlri);
    body.extend(u16::try_from(entries.len()).unwrap().to_be_bytes());
    body.extend(entries.concat());
    record(kind::TABLE_DUMP_V2, subtype, &body)
}

#[test]
fn framing_waits_and_bounds() {
    let octets = record(kind::OSPF_V2, 0, b"abc");
    for length in 0..octets.len() {
        assert_eq!(frame(&octets[..length], MAX), Ok(None), "{length}");
    }
    let mut two = octets.clone();
    two.extend(&octets);
    let first = frame(&two, MAX).unwrap().unwrap();
    assert_eq!(first.octets(), octets);
    assert!(matches!(first.body(), Ok(Body::Other(b"abc"))));
    assert_eq!(first.header.to_string(), "OSPFv2/subtype 0");
    // A length that lies is refused before its octets arrive.
    let lying = [0, 0, 0, 0, 0, 13, 0, 2, 0xff, 0xff, 0xff, 0xff];
    let fault = frame(&lying, MAX).unwrap_err();
    assert_eq!((fault.offset, fault.kind), (8, RecordFaultKind::TooLong));
    assert_eq!(
        fault.to_string(),
        "record is longer than the reader allows (octet 8)"
    );
    assert!(frame(&octets, octets.len()).unwrap().is_some());
    assert!(frame(&octets, octets.len() - 1).is_err());
}

#[test]
fn microseconds_count_into_the_length() {
    let octets = record(kind::ISIS_ET, 0, &[0, 0, 0, 42, 0xaa]);
    let record = framed(&octets);
    assert_eq!(record.header.microseconds, Some(42));
    assert!(matches!(record.body(), Ok(Body::Other([0xaa]))));
    let short = self::record(kind::BGP4MP_ET, 1, &[0, 0, 0]);
    let fault = frame(&short, MAX).unwrap_err();
    assert_eq!((fault.offset, fault.kind), (12, RecordFaultKind::Truncated));
}

#[test]
fn types_have_names() {
    let name = |kind, subtype| {
        RecordHeader {
            seconds: 0,
            microseconds: None,
            kind,
            subtype,
        }
        .to_string()
    };
    assert_eq!(name(13, 8), "TABLE_DUMP_V2/RIB_IPV4_UNICAST_ADDPATH");
    assert_eq!(name(13, 7), "TABLE_DUMP_V2/GEO_PEER_TABLE");
    assert_eq!(name(17, 11), "BGP4MP_ET/MESSAGE_AS4_LOCAL_ADDPATH");
    assert_eq!(name(16, 99), "BGP4MP/subtype 99");
    assert_eq!(name(5, 3), "BGP/STATE_CHANGE");
    assert_eq!(name(12, 2), "TABLE_DUMP/AFI_IPv6");
    assert_eq!(name(70, 1), "type 70/subtype 1");
}

#[test]
fn peers_of_a_table() {
    let octets = peer_index_table();
    let Ok(Body::PeerIndexTable(table)) = framed(&octets).body() else {
        panic!("no peer index table");
    };
    assert_eq!(table.collector, Ipv4Addr::new(10, 0, 0, 9));
    assert_eq!((table.view, table.count), (&b"main"[..], 3));
    let peers: Vec<Peer> = table.peers().map(Result::unwrap).collect();
    let ends: Vec<_> = peers.iter().map(|peer| (peer.address, peer.asn)).collect();
    assert_eq!(
        ends,
        [
            (address("192.0.2.1"), Asn(65_001)),
            (address("2001:db8::1"), Asn(65_002)),
            (address("192.0.2.3"), Asn(70_000)),
        ]
    );
    assert_eq!(peers[1].bgp_id, Ipv4Addr::new(10, 0, 0, 2));
}

#[test]
fn a_cut_peer_is_told_once_after_those_before_it() {
    let mut octets = peer_index_table();
    octets.truncate(octets.len() - 1);
    octets[11] -= 1;
    let Ok(Body::PeerIndexTable(table)) = framed(&octets).body() else {
        panic!("no peer index table");
    };
    let peers: Vec<_> = table.peers().collect();
    assert_eq!(peers.len(), 3);
    assert!(peers[0].is_ok() && peers[1].is_ok());
    // The AS number of the third.
    let fault = peers[2].unwrap_err();
    let at = octets.len() - 3;
    assert_eq!((fault.offset, fault.kind), (at, RecordFaultKind::Truncated));
    // A view name that passes the end.
    octets[16..18].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(self::fault(&octets), (18, RecordFaultKind::Truncated));
}

#[test]
fn routes_of_a_prefix() {
    let families = [
        (2, Family::IPV4_UNICAST, false),
        (3, Family { afi: 1, safi: 2 }, false),
        (4, Family::IPV6_UNICAST, false),
        (5, Family { afi: 2, safi: 2 }, false),
        (8, Family::IPV4_UNICAST, true),
        (9, Family { afi: 1, safi: 2 }, true),
        (10, Family::IPV6_UNICAST, true),
        (11, Family { afi: 2, safi: 2 }, true),
    ];
    for (subtype, family, add_path) in families {
        let path_id = add_path.then_some(9);
        let entries = [entry(0, path_id, ATTRIBUTES), entry(2, path_id, &[])];
        let octets = rib(subtype, &[19, 10, 1, 0xff], &entries);
        let Ok(Body::Rib(rib)) = framed(&octets).body() else {
            panic!("no rib {subtype}");
        };
        assert_eq!((rib.family, rib.sequence), (family, 5));
        let (prefix, recorded) = if family.afi == afi::IPV4 {
            ("10.1.224.0/19", "10.1.255.0")
        } else {
            ("a01:e000::/19", "a01:ff00::")
        };
        assert_eq!(rib.prefix.to_string(), prefix);
        assert_eq!(rib.recorded, address(recorded));
        assert_eq!(rib.entries.count_left(), 2);
        let entries: Vec<RibEntry<'_>> = rib.entries.map(Result::unwrap).collect();
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[0].peer, entries[1].peer), (0, 2));
        assert_eq!(entries[0].originated, 7);
        assert_eq!(entries[0].path_id, path_id.map(PathId));
        assert_eq!(entries[0].attributes, ATTRIBUTES);
        let at = entries[0].offset;
        assert_eq!(&octets[at..at + ATTRIBUTES.len()], ATTRIBUTES);
    }
}

#[test]
fn faults_of_a_rib_record() {
    use RecordFaultKind::{PrefixLength, Trailing, Truncated};
    let subtype = table_dump_v2::RIB_IPV4_UNICAST;
    assert_eq!(
        fault(&rib(subtype, &[33, 1, 2, 3, 4, 5], &[])),
        (16, PrefixLength)
    );
    assert_eq!(fault(&rib(subtype, &[32, 1], &[])), (17, Truncated));
    // The second entry is cut inside its attributes: the first is still read.
    let mut octets = rib(
        subtype,
        &[8, 10],
        &[entry(0, None, ATTRIBUTES), entry(1, None, ATTRIBUTES)],
    );
    octets.truncate(octets.len() - 3);
    octets[11] -= 3;
    let Ok(Body::Rib(cut)) = framed(&octets).body() else {
        panic!("no rib");
    };
    let entries: Vec<_> = cut.entries.collect();
    assert_eq!(entries.len(), 2);
    assert!(entries[0].is_ok());
    let found = entries[1].unwrap_err();
    assert_eq!((found.offset, found.kind), (56, Truncated));
    // Octets after the last entry.
    let mut octets = rib(subtype, &[8, 10], &[entry(0, None, &[])]);
    octets.extend([1, 2]);
    octets[11] += 2;
    let Ok(Body::Rib(long)) = framed(&octets).body() else {
        panic!("no rib");
    };
    let entries: Vec<_> = long.entries.collect();
    assert_eq!(entries.len(), 2);
    let found = entries[1].unwrap_err();
    assert_eq!((found.offset, found.kind), (octets.len() - 2, Trailing));
}

#[test]
fn nlri_of_any_family_know_their_length() {
    let cases: &[(u16, u8, &[u8])] = &[
        // VPNv4, two labels and a route distinguisher: 112 bits.
        (
            1,
            128,
            &[112, 0, 0, 0x11, 0, 0, 0xfd, 0xe9, 0, 0, 0, 1, 10, 1, 2],
        ),
        // EVPN type 3.
        (25, 70, &[3, 3, 1, 2, 3]),
        (1, 5, &[5, 2, 1, 2]),
        (1, 85, &[1, 0, 1, 2, 0xaa, 0xbb]),
        (25, 65, &[0, 2, 0xaa, 0xbb]),
        (16_388, 71, &[0, 1, 0, 3, 1, 2, 3]),
        (1, 133, &[3, 1, 8, 10]),
        (1, 132, &[0]),
    ];
    for (afi, safi, nlri) in cases {
        let mut head = afi.to_be_bytes().to_vec();
        head.push(*safi);
        head.extend(*nlri);
        let octets = rib(
            table_dump_v2::RIB_GENERIC,
            &head,
            &[entry(1, None, ATTRIBUTES)],
        );
        let Ok(Body::RibGeneric(rib)) = framed(&octets).body() else {
            panic!("no generic rib {afi}/{safi}");
        };
        assert_eq!((rib.family.afi, rib.family.safi), (*afi, *safi));
        assert_eq!((rib.nlri, rib.path_id), (*nlri, None));
        let entries: Vec<_> = rib.entries.map(Result::unwrap).collect();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].attributes, ATTRIBUTES);
    }
    // Flowspec of 240 octets and more has two octets of length.
    let mut flowspec = vec![0, 1, 133, 0xf1, 0x00];
    flowspec.extend([7; 256]);
    let octets = rib(table_dump_v2::RIB_GENERIC, &flowspec, &[]);
    let Ok(Body::RibGeneric(rib)) = framed(&octets).body() else {
        panic!("no generic rib");
    };
    assert_eq!(rib.nlri.len(), 258);
}

#[test]
fn both_layouts_of_path_identifiers_are_read() {
    let subtype = table_dump_v2::RIB_GENERIC_ADDPATH;
    let nlri = [25, 70, 3, 3, 1, 2, 3];
    // RFC 8050 §4.2: one identifier before the NLRI.
    let mut head = vec![0, 25, 70, 0, 0, 0, 9];
    head.extend(&nlri[2..]);
    let octets = rib(subtype, &head, &[entry(1, None, ATTRIBUTES)]);
    let Ok(Body::RibGeneric(standard)) = framed(&octets).body() else {
        panic!("no generic rib");
    };
    assert_eq!(standard.path_id, Some(PathId(9)));
    assert_eq!(standard.nlri, &nlri[2..]);
    assert_eq!(
        standard
            .entries
            .into_iter()
            .next()
            .unwrap()
            .unwrap()
            .path_id,
        None
    );
    // OpenBGPD and GoBGP: one in every entry.
    let mut head = vec![0, 25, 70];
    head.extend(&nlri[2..]);
    let octets = rib(subtype, &head, &[entry(1, Some(9), ATTRIBUTES)]);
    let Ok(Body::RibGeneric(deployed)) = framed(&octets).body() else {
        panic!("no generic rib");
    };
    assert_eq!((deployed.path_id, deployed.nlri), (None, &nlri[2..]));
    let first = deployed.entries.into_iter().next().unwrap().unwrap();
    assert_eq!(first.path_id, Some(PathId(9)));
    assert_eq!(first.attributes, ATTRIBUTES);
}

fn table_dump(subtype: u16, network: &[u8], peer: &[u8], asn: &[u8]) -> Vec<u8> {
    let mut body = vec![0, 1, 0, 2];
    body.extend(network);
    body.extend([20, 1, 0, 0, 0, 7]);
    body.extend(peer);
    body.extend(asn);
    body.extend([0, 4, 0x40, 1, 1, 0]);
    record(kind::TABLE_DUMP, subtype, &body)
}

#[test]
fn one_route_of_a_table_dump() {
    let v6 = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let cases = [
        (
            1,
            table_dump(1, &[10, 1, 2, 3], &[192, 0, 2, 1], &[0xfd, 0xe9]),
        ),
        (2, table_dump(2, &v6, &v6, &[0xfd, 0xe9])),
        (
            3,
            table_dump(3, &[10, 1, 2, 3], &[192, 0, 2, 1], &[0, 0, 0xfd, 0xe9]),
        ),
        (4, table_dump(4, &v6, &v6, &[0, 0, 0xfd, 0xe9])),
    ];
    for (subtype, octets) in &cases {
        let Ok(Body::TableDump(route)) = framed(octets).body() else {
            panic!("no route {subtype}");
        };
        assert_eq!((route.view, route.sequence, route.originated), (1, 2, 7));
        assert_eq!(route.peer_as, Asn(65_001));
        assert_eq!(route.four_octet_as, *subtype > 2);
        assert_eq!(route.attributes, [0x40, 1, 1, 0]);
        let (prefix, peer) = if subtype % 2 == 1 {
            ("10.1.0.0/20", "192.0.2.1")
        } else {
            ("2001::/20", "2001:db8::1")
        };
        assert_eq!(
            (route.prefix.to_string().as_str(), route.peer),
            (prefix, address(peer))
        );
        for length in 12..octets.len() {
            let mut cut = octets[..length].to_vec();
            cut[11] = u8::try_from(length - 12).unwrap();
            assert_eq!(fault(&cut).1, RecordFaultKind::Truncated, "{length}");
        }
    }
    let mut octets = cases[0].1.clone();
    octets[20] = 33;
    assert_eq!(fault(&octets), (20, RecordFaultKind::PrefixLength));
    octets[20] = 32;
    octets.push(0);
    octets[11] += 1;
    assert_eq!(
        fault(&octets),
        (octets.len() - 1, RecordFaultKind::Trailing)
    );
    assert!(matches!(
        framed(&record(12, 9, &[])).body(),
        Ok(Body::Other([]))
    ));
}

fn bgp4mp(subtype: u16, tail: &[u8]) -> Vec<u8> {
    let four = matches!(subtype, 4 | 5 | 7 | 9 | 11);
    let mut body = if four {
        vec![0, 1, 0x11, 0x70, 0, 0, 0xfd, 0xea]
    } else {
        vec![0xfd, 0xe9, 0xfd, 0xea]
    };
    body.extend([0, 3, 0, 1, 192, 0, 2, 1, 192, 0, 2, 2]);
    body.extend(tail);
    record(kind::BGP4MP, subtype, &body)
}

#[test]
fn messages_with_all_their_subtypes() {
    // subtype, local, four octets, path identifiers
    let cases = [
        (1, false, false, false),
        (4, false, true, false),
        (6, true, false, false),
        (7, true, true, false),
        (8, false, false, true),
        (9, false, true, true),
        (10, true, false, true),
        (11, true, true, true),
    ];
    for (subtype, local, four_octet_as, add_path) in cases {
        let octets = bgp4mp(subtype, b"message");
        let Ok(Body::Message(message)) = framed(&octets).body() else {
            panic!("no message {subtype}");
        };
        assert_eq!(
            (message.local, message.four_octet_as, message.add_path),
            (local, four_octet_as, add_path)
        );
        assert_eq!(message.octets, b"message");
        let ends = message.endpoints;
        assert_eq!(
            ends.peer_as,
            Asn(if four_octet_as { 70_000 } else { 65_001 })
        );
        assert_eq!((ends.local_as, ends.interface), (Asn(65_002), 3));
        assert_eq!(
            (ends.peer, ends.local),
            (address("192.0.2.1"), address("192.0.2.2"))
        );
    }
    for subtype in [2, 3, 12] {
        assert!(matches!(
            framed(&bgp4mp(subtype, &[])).body(),
            Ok(Body::Other(_))
        ));
    }
    let mut octets = bgp4mp(1, b"message");
    octets[19] = 9;
    assert_eq!(fault(&octets), (18, RecordFaultKind::AddressFamily));
    octets[19] = 2;
    assert_eq!(fault(&octets).1, RecordFaultKind::Truncated);
}

#[test]
fn changes_of_state() {
    let octets = bgp4mp(0, &[0, 3, 0, 6]);
    let Ok(Body::StateChange(change)) = framed(&octets).body() else {
        panic!("no state change");
    };
    assert_eq!((change.from, change.to), (State(3), State(6)));
    assert_eq!(
        format!("{} {}", change.from, change.to),
        "Active Established"
    );
    assert_eq!(State(12).to_string(), "state 12");
    assert_eq!(change.endpoints.peer, address("192.0.2.1"));
    assert!(matches!(
        framed(&bgp4mp(5, &[0, 3, 0, 6])).body(),
        Ok(Body::StateChange(_))
    ));
    let long = bgp4mp(0, &[0, 3, 0, 6, 0]);
    assert_eq!(fault(&long), (long.len() - 1, RecordFaultKind::Trailing));
    assert_eq!(fault(&bgp4mp(0, &[0, 3, 0])).1, RecordFaultKind::Truncated);
}

#[test]
fn what_zebra_left_out() {
    let octets = record(kind::BGP4MP, 0, &[0xfd, 0xe9, 0xfd, 0xea, 0, 3, 0, 6]);
    let Ok(Body::StateChange(change)) = framed(&octets).body() else {
        panic!("no state change");
    };
    assert_eq!((change.from, change.to), (State(3), State(6)));
    assert_eq!(change.endpoints.peer, address("0.0.0.0"));
    let mut body = vec![0xfd, 0xe9, 0xfd, 0xea];
    body.extend([0xff; 16]);
    body.extend([0, 19, 4]);
    let octets = record(kind::BGP4MP, 1, &body);
    let Ok(Body::Message(message)) = framed(&octets).body() else {
        panic!("no message");
    };
    assert_eq!(message.octets.len(), 19);
    assert_eq!(message.endpoints.peer_as, Asn(65_001));
}

#[test]
fn records_of_type_5() {
    let ends = [0xfd, 0xe9, 192, 0, 2, 1, 0xfd, 0xea, 192, 0, 2, 2];
    let kinds = [
        (1, MessageType::Update),
        (5, MessageType::Open),
        (6, MessageType::Notification),
        (7, MessageType::Keepalive),
    ];
    for (subtype, expected) in kinds {
        let mut body = ends.to_vec();
        body.extend([0, 0, 0, 0]);
        let octets = record(kind::BGP, subtype, &body);
        let Ok(Body::Legacy(legacy)) = framed(&octets).body() else {
            panic!("no message {subtype}");
        };
        assert_eq!((legacy.kind, legacy.body), (expected, &[0, 0, 0, 0][..]));
        assert_eq!(
            (legacy.peer_as, legacy.local_as),
            (Asn(65_001), Asn(65_002))
        );
        assert_eq!(legacy.local, Ipv4Addr::new(192, 0, 2, 2));
        let mut message = Vec::new();
        legacy.write_message(&mut message);
        assert_eq!(&message[..16], &[0xff; 16]);
        assert_eq!(&message[16..], &[0, 23, expected.code(), 0, 0, 0, 0]);
    }
    let octets = record(kind::BGP, 3, &[0xfd, 0xe9, 192, 0, 2, 1, 0, 1, 0, 6]);
    let Ok(Body::LegacyState(change)) = framed(&octets).body() else {
        panic!("no state change");
    };
    assert_eq!(
        (change.peer_as, change.from, change.to),
        (Asn(65_001), State(1), State(6))
    );
    assert!(matches!(
        framed(&record(kind::BGP, 2, &[])).body(),
        Ok(Body::Other(_))
    ));
    assert_eq!(fault(&record(kind::BGP, 1, &ends[..5])).0, 14);
}

#[test]
fn next_hops_whole_and_abbreviated() {
    let global = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let link_local = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let expected = |both: bool| NextHop::V6 {
        global: global.into(),
        link_local: both.then(|| link_local.into()),
    };
    let mut abbreviated = vec![16];
    abbreviated.extend(global);
    assert_eq!(rib_next_hop(&abbreviated), Some(expected(false)));
    abbreviated.extend(link_local);
    abbreviated[0] = 32;
    assert_eq!(rib_next_hop(&abbreviated), Some(expected(true)));
    let mut whole = vec![0, 2, 1, 16];
    whole.extend(global);
    whole.extend([0, 32, 0x20, 1, 0x0d, 0xb8]);
    assert_eq!(rib_next_hop(&whole), Some(expected(false)));
    // Behind a route distinguisher.
    let vpn = [12, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1];
    assert_eq!(rib_next_hop(&vpn), Some(NextHop::V4([192, 0, 2, 1].into())));
    for wrong in [
        &[][..],
        &[0],
        &[16, 1, 2],
        &[0, 2, 1],
        &[0, 2, 1, 16, 1],
        &[5, 1, 2, 3, 4, 5],
    ] {
        assert_eq!(rib_next_hop(wrong), None, "{wrong:?}");
    }
}

fn context() -> UpdateContext {
    UpdateContext {
        session: SessionType::Ibgp,
        four_octet_as: true,
        families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
        add_path: vec![],
        extended_next_hop: Vec::new(),
        as_sets: Default::default(),
    }
}

#[test]
fn a_route_becomes_the_update_that_announces_it() {
    let mut buffer = [0; 17];
    let prefix = "10.1.0.0/16".parse().unwrap();
    let route = Route {
        family: Family::IPV4_UNICAST,
        path_id: None,
        nlri: Route::prefix_octets(prefix, &mut buffer),
        attributes: ATTRIBUTES,
    };
    let mut message = Vec::new();
    let replay = route.write_update(&mut message).unwrap();
    let update = Update::parse(message.as_slice(), &context()).unwrap();
    assert_eq!(update.disposition(), Disposition::Accept);
    let announced: Vec<_> = update.announced::<Ipv4Unicast>().collect();
    assert_eq!(announced.len(), 1);
    assert_eq!(announced[0].key.to_string(), "10.1.0.0/16");
    assert_eq!(update.attributes().origin(), Some(Origin::Igp));
    assert_eq!(replay.attribute_offset(23), 0);
    assert_eq!(replay.attribute_offset(27), 4);
    // NLRI are no attribute, and lie at the end of all.
    assert_eq!(replay.attribute_offset(message.len() - 2), ATTRIBUTES.len());
}

#[test]
fn mp_reach_gets_back_what_the_table_left_out() {
    let mut attributes = vec![0x80, 14, 17, 16];
    attributes.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
    // ORIGIN with a value that is none, behind MP_REACH_NLRI.
    attributes.extend([0x40, 1, 1, 9]);
    attributes.extend([0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9]);
    let mut buffer = [0; 17];
    let prefix = "2001:db8:1::/48".parse().unwrap();
    let mut route = Route {
        family: Family::IPV6_UNICAST,
        path_id: None,
        nlri: Route::prefix_octets(prefix, &mut buffer),
        attributes: &attributes,
    };
    let mut message = Vec::new();
    let replay = route.write_update(&mut message).unwrap();
    let update = Update::parse(message.as_slice(), &context()).unwrap();
    let announced: Vec<_> = update.announced::<Ipv6Unicast>().collect();
    assert_eq!(announced[0].key.to_string(), "2001:db8:1::/48");
    let next_hop = update.next_hop(Family::IPV6_UNICAST).unwrap();
    assert_eq!(next_hop.address(), address("2001:db8::9"));
    let fields: Vec<_> = update.multiprotocol_fields().collect();
    assert_eq!(fields.len(), 1);
    assert_eq!(
        (fields[0].family, fields[0].announced),
        (Family::IPV6_UNICAST, true)
    );
    assert_eq!(fields[0].next_hop, &attributes[4..20]);
    assert_eq!(fields[0].nlri, [48, 0x20, 1, 0x0d, 0xb8, 0, 1]);
    // The fault is where it was in the attributes of the route: at the value of ORIGIN.
    let fault = update.faults().next().unwrap();
    assert_eq!(replay.attribute_offset(fault.offset), 20 + 3);
    // The same with a path identifier.
    route.path_id = Some(PathId(7));
    message.clear();
    route.write_update(&mut message).unwrap();
    let context = UpdateContext {
        add_path: vec![Family::IPV6_UNICAST],
        ..context()
    };
    let update = Update::parse(message.as_slice(), &context).unwrap();
    let announced: Vec<_> = update.announced::<Ipv6Unicast>().collect();
    assert_eq!(announced[0].path_id, PathId(7));
}

#[test]
fn a_route_that_fits_no_message_is_refused() {
    let attributes = vec![0; 65_520];
    let route = Route {
        family: Family::IPV4_UNICAST,
        path_id: None,
        nlri: &[8, 10],
        attributes: &attributes,
    };
    let mut message = vec![1];
    assert_eq!(
        route.write_update(&mut message),
        Err(RecordFaultKind::MessageTooLong)
    );
    assert_eq!(message, [1]);
}

/// Reads a record as far as it can be read.
fn walk(octets: &[u8]) -> usize {
    let Ok(Some(record)) = frame(octets, MAX) else {
        return 0;
    };
    let mut message = Vec::new();
    match record.body() {
        Ok(Body::PeerIndexTable(table)) => table.peers().count(),
        Ok(Body::Rib(rib)) => {
            let mut buffer = [0; 17];
            let nlri = Route::prefix_octets(rib.prefix, &mut buffer);
            for entry in rib.entries.flatten() {
                let route = Route::of_entry(rib.family, nlri, &entry);
                let _ = route.write_update(&mut message);
            }
            message.len()
        }
        Ok(Body::RibGeneric(rib)) => {
            for entry in rib.entries.flatten() {
                let route = Route::of_entry(rib.family, rib.nlri, &entry);
                let _ = route.write_update(&mut message);
            }
            message.len()
        }
        Ok(Body::Legacy(legacy)) => {
            legacy.write_message(&mut message);
            message.len()
        }
        _ => 0,
    }
}

#[test]
fn no_octets_panic_whatever_they_say() {
    let mut seeds = vec![
        peer_index_table(),
        table_dump(1, &[10, 1, 2, 3], &[192, 0, 2, 1], &[0xfd, 0xe9]),
        bgp4mp(0, &[0, 3, 0, 6]),
        bgp4mp(11, b"message"),
        record(kind::BGP, 1, &[0; 20]),
    ];
    for subtype in 2..13 {
        let nlri: &[u8] = if matches!(subtype, 6 | 12) {
            &[0, 25, 70, 3, 2, 1, 2]
        } else {
            &[16, 10, 1]
        };
        let entries = [entry(0, None, ATTRIBUTES), entry(1, Some(4), ATTRIBUTES)];
        seeds.push(rib(subtype, nlri, &entries));
    }
    for seed in &seeds {
        for at in 0..seed.len() {
            for octet in [0, 1, 2, 14, 0x10, 0x7f, 0x80, 0xff] {
                let mut octets = seed.clone();
                octets[at] = octet;
                walk(&octets);
            }
            let mut cut = seed[..at].to_vec();
            if let Some(length) = at.checked_sub(12) {
                cut[8..12].copy_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
            }
            walk(&cut);
        }
    }
}
