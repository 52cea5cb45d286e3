use super::*;
use crate::{
    AddPath, ExtendedNextHop, GracefulRestart, LongLived, OutboundFiltering, PathsLimit, Role,
};
use alloc::string::{String, ToString};
use alloc::vec;

fn id() -> RouterId {
    RouterId::new(Ipv4Addr::new(10, 1, 1, 1)).unwrap()
}

fn open(capabilities: Vec<Capability>) -> Open {
    Open {
        asn: Asn(65_530),
        hold_time: 90,
        router_id: id(),
        capabilities,
    }
}

fn octets(open: &Open) -> Vec<u8> {
    let mut octets = Vec::new();
    open.encode(&mut octets);
    octets
}

/// An OPEN with these optional parameters, length octet included.
fn message(parameters: &[u8]) -> Vec<u8> {
    let mut octets = Vec::new();
    let start = header::begin(&mut octets, MessageType::Open);
    octets.extend([4, 0xff, 0xfa, 0, 90, 10, 1, 1, 1]);
    octets.extend(parameters);
    header::finish(&mut octets, start);
    octets
}

fn fault(message: &[u8]) -> (usize, FaultKind, u8, u8) {
    let fault = Open::parse(message).unwrap_err();
    let notification = fault.notification(message);
    (
        fault.offset,
        fault.kind,
        notification.code,
        notification.subcode,
    )
}

fn every_capability() -> Vec<Capability> {
    vec![
        Capability::Multiprotocol(Family::IPV4_UNICAST),
        Capability::Multiprotocol(Family::IPV6_UNICAST),
        Capability::RouteRefresh,
        Capability::EnhancedRouteRefresh,
        Capability::ExtendedMessage,
        Capability::FourOctetAs(Asn(65_530)),
        Capability::GracefulRestart(GracefulRestart {
            restarting: true,
            notification: true,
            time: 120,
            families: vec![(Family::IPV4_UNICAST, true), (Family::IPV6_UNICAST, false)],
        }),
        Capability::AddPath(vec![AddPath {
            family: Family::IPV4_UNICAST,
            receive: true,
            send: true,
        }]),
        Capability::ExtendedNextHop(vec![ExtendedNextHop {
            family: Family::IPV4_UNICAST,
            next_hop_afi: 2,
        }]),
        Capability::Role(Role::Customer),
        Capability::LongLivedGracefulRestart(vec![LongLived {
            family: Family::IPV4_UNICAST,
            forwarding: true,
            time: 0x0001_0203,
        }]),
        Capability::Fqdn {
            host: String::from("host"),
            domain: String::from("example"),
        },
        Capability::SoftwareVersion(String::from("Myna")),
        Capability::OutboundFiltering(vec![OutboundFiltering {
            family: Family::IPV4_UNICAST,
            filters: vec![(64, true, false), (128, true, true)],
        }]),
        Capability::PathsLimit(vec![PathsLimit {
            family: Family::IPV6_UNICAST,
            limit: 259,
        }]),
        Capability::LinkLocalNextHop,
        Capability::Unknown {
            code: 200,
            value: vec![1, 2, 3],
        },
    ]
}

#[test]
fn the_smallest_open_octet_by_octet() {
    let open = open(vec![]);
    let octets = octets(&open);
    assert_eq!(
        &octets[16..],
        &[0, 29, 1, 4, 0xff, 0xfa, 0, 90, 10, 1, 1, 1, 0]
    );
    assert_eq!(Open::parse(&octets), Ok(open));
}

#[test]
fn every_capability_both_ways() {
    let open = open(every_capability());
    let octets = octets(&open);
    assert_eq!(Open::parse(&octets).as_ref(), Ok(&open));
    let list = &octets[Header::LENGTH + FIXED + 2..];
    let expected: &[&[u8]] = &[
        &[1, 4, 0, 1, 0, 1],
        &[1, 4, 0, 2, 0, 1],
        &[2, 0],
        &[70, 0],
        &[6, 0],
        &[65, 4, 0, 0, 0xff, 0xfa],
        &[64, 10, 0xc0, 120, 0, 1, 1, 0x80, 0, 2, 1, 0],
        &[69, 4, 0, 1, 1, 3],
        &[5, 6, 0, 1, 0, 1, 0, 2],
        &[9, 1, 3],
        &[71, 7, 0, 1, 1, 0x80, 1, 2, 3],
        b"\x49\x0d\x04host\x07example",
        b"\x4b\x05\x04Myna",
        &[3, 9, 0, 1, 0, 1, 2, 64, 1, 128, 3],
        &[76, 5, 0, 2, 1, 1, 3],
        &[77, 0],
        &[200, 3, 1, 2, 3],
    ];
    assert_eq!(list, expected.concat());
}

#[test]
fn capabilities_read_well() {
    let shown: Vec<_> = every_capability().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "multiprotocol ipv4-unicast",
            "multiprotocol ipv6-unicast",
            "route refresh",
            "enhanced route refresh",
            "extended message",
            "4-octet AS 65530",
            "graceful restart 120 s, restarting, notification, ipv4-unicast forwarding, ipv6-unicast",
            "ADD-PATH ipv4-unicast both",
            "extended next hop ipv4-unicast over ipv6",
            "role customer",
            "long-lived graceful restart ipv4-unicast 66051 s",
            "FQDN host.example",
            "software version Myna",
            "outbound route filtering ipv4-unicast type 64 receive type 128 both",
            "paths limit ipv6-unicast 259",
            "link-local next hop",
            "capability 200 0x010203",
        ]
    );
}

#[test]
fn a_large_as_hides_behind_as_trans() {
    let open = Open::new(Asn(4_200_000_001), 90, id(), &[Family::IPV6_UNICAST]);
    let octets = octets(&open);
    assert_eq!(&octets[20..22], &23_456_u16.to_be_bytes());
    assert_eq!(Open::parse(&octets).unwrap().asn, Asn(4_200_000_001));
    assert_eq!(open.families(), [Family::IPV6_UNICAST]);
}

#[test]
fn extended_lengths_where_the_short_ones_end() {
    for size in [240, 248, 249, 250, 251, 252, 253, 255] {
        let open = open(vec![Capability::Unknown {
            code: 200,
            value: vec![7; size],
        }]);
        let octets = octets(&open);
        let extended = octets[Header::LENGTH + FIXED - 1] == 255;
        // Code and length take two octets of the parameter's 252.
        assert_eq!(extended, size > 250, "{size}");
        assert_eq!(Open::parse(&octets), Ok(open), "{size}");
    }
    let many = open(vec![
        Capability::Unknown {
            code: 200,
            value: vec![7; 255],
        };
        100
    ]);
    let octets = octets(&many);
    assert!(octets.len() <= 4_096);
    assert_eq!(Open::parse(&octets).unwrap().capabilities.len(), 15);
}

#[test]
fn the_extended_form_is_read_whatever_the_length_octet_says() {
    // RFC 9072 §2: the length octet should be 255, and is not looked at unless it is 0.
    let octets = message(&[9, 255, 0, 5, 2, 0, 2, 2, 0]);
    assert_eq!(
        Open::parse(&octets).unwrap().capabilities,
        [Capability::RouteRefresh]
    );
    assert_eq!(
        fault(&message(&[255, 255, 0, 9, 2, 0, 2, 2, 0])),
        (30, FaultKind::OpenStructure, 2, 0)
    );
}

#[test]
fn several_parameters_are_one_list() {
    let octets = message(&[14, 2, 6, 1, 4, 0, 1, 0, 1, 2, 2, 2, 0, 2, 0]);
    assert_eq!(
        Open::parse(&octets).unwrap().capabilities,
        [
            Capability::Multiprotocol(Family::IPV4_UNICAST),
            Capability::RouteRefresh
        ]
    );
}

#[test]
fn faults_of_the_fixed_part() {
    let good = message(&[0]);
    let with = |at: usize, octets: &[u8]| {
        let mut message = good.clone();
        message[at..at + octets.len()].copy_from_slice(octets);
        message
    };
    assert_eq!(fault(&with(19, &[3])), (19, FaultKind::OpenVersion, 2, 1));
    assert_eq!(fault(&with(20, &[0, 0])), (20, FaultKind::OpenAsn, 2, 2));
    for seconds in [1, 2] {
        assert_eq!(
            fault(&with(22, &[0, seconds])),
            (22, FaultKind::OpenHoldTime, 2, 6)
        );
    }
    assert!(Open::parse(&with(22, &[0, 0])).is_ok());
    assert!(Open::parse(&with(22, &[0, 3])).is_ok());
    assert_eq!(
        fault(&with(24, &[0, 0, 0, 0])),
        (24, FaultKind::OpenRouterId, 2, 3)
    );
    assert_eq!(fault(&good[..28]), (16, FaultKind::MessageLength, 1, 2));
}

#[test]
fn faults_of_the_parameters() {
    use FaultKind::{OpenCapability, OpenParameter, OpenStructure};
    for (parameters, offset, kind, subcode) in [
        (&[2][..], 28, OpenStructure, 0),
        (&[1, 2], 29, OpenStructure, 0),
        (&[2, 2, 1], 29, OpenStructure, 0),
        (&[0, 9], 29, OpenStructure, 0),
        (&[2, 1, 0], 29, OpenParameter, 4),
        (&[3, 2, 1, 2], 31, OpenStructure, 0),
        (&[4, 2, 2, 2, 1], 31, OpenStructure, 0),
        // multiprotocol with two octets, role with none, graceful restart with three
        (&[6, 2, 4, 1, 2, 0, 1], 31, OpenCapability, 0),
        (&[6, 2, 4, 2, 0, 9, 0], 33, OpenCapability, 0),
        (&[7, 2, 5, 64, 3, 0, 0, 0], 31, OpenCapability, 0),
        (&[5, 2, 3, 2, 1, 0], 31, OpenCapability, 0),
        // AS 0 behind the capability
        (&[8, 2, 6, 65, 4, 0, 0, 0, 0], 20, FaultKind::OpenAsn, 2),
    ] {
        assert_eq!(
            fault(&message(parameters)),
            (offset, kind, 2, subcode),
            "{parameters:?}"
        );
    }
    let octets = message(&[6, 2, 4, 1, 2, 0, 1]);
    let data = Open::parse(&octets).unwrap_err().notification(&octets).data;
    assert_eq!(data, [1, 2, 0, 1]);
}

#[test]
fn names_that_are_no_text_end_no_session() {
    let octets = message(&[7, 2, 5, 73, 3, 1, 0xff, 0]);
    assert_eq!(
        Open::parse(&octets).unwrap().capabilities,
        [Capability::Unknown {
            code: 73,
            value: vec![1, 0xff, 0]
        }]
    );
}

#[test]
fn roles_fit_as_the_table_says() {
    assert!(Role::Provider.fits(Role::Customer));
    assert!(Role::Peer.fits(Role::Peer));
    assert!(!Role::Customer.fits(Role::Customer));
    assert!(!Role::Other(9).fits(Role::Other(9)));
}
