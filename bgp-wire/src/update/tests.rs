use super::*;
use crate::{Ipv4Unicast, Ipv6Unicast, MessageType, header};
use alloc::string::ToString;
use alloc::vec;

fn context(session: SessionType) -> UpdateContext {
    UpdateContext {
        session,
        four_octet_as: true,
        families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
        add_path: vec![],
        ..UpdateContext::default()
    }
}

fn message(withdrawn: &[u8], attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let start = header::begin(&mut out, MessageType::Update);
    for field in [withdrawn, attributes] {
        out.extend(u16::try_from(field.len()).unwrap().to_be_bytes());
        out.extend(field);
    }
    out.extend(nlri);
    header::finish(&mut out, start);
    out
}

const ORIGIN: &[u8] = &[0x40, 1, 1, 0];
const AS_PATH: &[u8] = &[0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9];
const NEXT_HOP: &[u8] = &[0x40, 3, 4, 10, 0, 0, 2];
const PREFIX: &[u8] = &[24, 192, 0, 2];
/// Where the attributes begin when nothing is withdrawn.
const BASE: usize = 23;

/// An MP_REACH_NLRI of IPv6 unicast.
fn reach(next_hop: &[u8], nlri: &[u8]) -> Vec<u8> {
    let length = 5 + next_hop.len() + nlri.len();
    let mut out = vec![0x80, 14, u8::try_from(length).unwrap(), 0, 2, 1];
    out.push(u8::try_from(next_hop.len()).unwrap());
    out.extend(next_hop);
    out.push(0);
    out.extend(nlri);
    out
}

fn global() -> [u8; 16] {
    "2001:db8::1"
        .parse::<core::net::Ipv6Addr>()
        .unwrap()
        .octets()
}

const PREFIX6: &[u8] = &[32, 0x20, 1, 0x0d, 0xb8];

/// What the whole base set, this attribute and a classic prefix come to.
fn with(attribute: &[u8], session: SessionType) -> Result<(Disposition, Vec<Fault>), Fault> {
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP, attribute].concat();
    verdict(&attributes, session)
}

fn verdict(attributes: &[u8], session: SessionType) -> Result<(Disposition, Vec<Fault>), Fault> {
    let message = message(&[], attributes, PREFIX);
    let update = Update::parse(&message, &context(session))?;
    let faults: Vec<_> = update.faults().collect();
    let worst = faults.iter().map(Fault::disposition).max();
    assert_eq!(
        update.disposition(),
        worst.unwrap_or(Disposition::Accept),
        "the disposition is that of the worst fault"
    );
    Ok((update.disposition(), faults))
}

fn one(result: Result<(Disposition, Vec<Fault>), Fault>) -> (Disposition, usize, FaultKind) {
    let (disposition, faults) = result.unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    (disposition, faults[0].offset, faults[0].kind)
}

#[test]
fn a_classic_update() {
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    let message = message(&[8, 10], &attributes, &[24, 192, 0, 2, 16, 172, 16]);
    let update = Update::parse(&message, &context(SessionType::Ebgp)).unwrap();
    assert_eq!(update.disposition(), Disposition::Accept);
    assert_eq!(update.faults().count(), 0);
    let prefixes = |nlri: Vec<Nlri<Ipv4Unicast>>| -> Vec<_> {
        nlri.iter().map(|nlri| nlri.key.to_string()).collect()
    };
    assert_eq!(prefixes(update.withdrawn().collect()), ["10.0.0.0/8"]);
    assert_eq!(
        prefixes(update.announced().collect()),
        ["192.0.2.0/24", "172.16.0.0/16"]
    );
    assert_eq!(update.announced::<Ipv6Unicast>().count(), 0);
    assert_eq!(
        update.next_hop(Family::IPV4_UNICAST).unwrap().to_string(),
        "10.0.0.2"
    );
    assert_eq!(update.next_hop(Family::IPV6_UNICAST), None);
    assert_eq!(
        update.announced_families().collect::<Vec<_>>(),
        [Family::IPV4_UNICAST]
    );
    assert_eq!(
        update.withdrawn_families().collect::<Vec<_>>(),
        [Family::IPV4_UNICAST]
    );
    assert_eq!(update.end_of_rib(), None);
    assert_eq!(update.attributes().as_path().unwrap().to_string(), "65001");
}

#[test]
fn ipv6_with_one_next_hop_and_with_two() {
    let link_local = "fe80::1".parse::<core::net::Ipv6Addr>().unwrap().octets();
    for (next_hop, shown) in [
        (global().to_vec(), "2001:db8::1"),
        ([global(), link_local].concat(), "2001:db8::1 fe80::1"),
    ] {
        let unreach = [0x80, 15, 8, 0, 2, 1, 32, 0x20, 1, 0x0d, 0xb9];
        let attributes = [&reach(&next_hop, PREFIX6), ORIGIN, AS_PATH, &unreach].concat();
        let message = message(&[], &attributes, &[]);
        let update = Update::parse(&message, &context(SessionType::Ebgp)).unwrap();
        assert_eq!(update.disposition(), Disposition::Accept);
        let announced: Vec<_> = update.announced::<Ipv6Unicast>().collect();
        assert_eq!(announced[0].key.to_string(), "2001:db8::/32");
        let withdrawn: Vec<_> = update.withdrawn::<Ipv6Unicast>().collect();
        assert_eq!(withdrawn[0].key.to_string(), "2001:db9::/32");
        let families: Vec<_> = update.announced_families().collect();
        assert_eq!(families, [Family::IPV6_UNICAST]);
        assert_eq!(
            update.next_hop(Family::IPV6_UNICAST).unwrap().to_string(),
            shown
        );
    }
}

#[test]
fn both_encodings_of_ipv4_are_one_family() {
    let reach = [0x80, 14, 12, 0, 1, 1, 4, 10, 0, 0, 9, 0, 16, 10, 1];
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP, &reach].concat();
    let message = message(&[], &attributes, PREFIX);
    let update = Update::parse(&message, &context(SessionType::Ebgp)).unwrap();
    let families: Vec<_> = update.announced_families().collect();
    assert_eq!(families, [Family::IPV4_UNICAST]);
    let keys: Vec<_> = update
        .announced::<Ipv4Unicast>()
        .map(|nlri| nlri.key.to_string())
        .collect();
    assert_eq!(keys, ["10.1.0.0/16", "192.0.2.0/24"]);
    let runs: Vec<_> = update
        .announcements::<Ipv4Unicast>()
        .map(|(next_hop, run)| (next_hop.to_string(), run.count()))
        .collect();
    assert_eq!(
        runs,
        [("10.0.0.9".to_string(), 1), ("10.0.0.2".to_string(), 1)]
    );
}

#[test]
fn end_of_rib_of_every_family() {
    let parse = |message: &[u8]| {
        Update::parse(message, &context(SessionType::Ebgp))
            .unwrap()
            .end_of_rib()
    };
    assert_eq!(parse(&message(&[], &[], &[])), Some(Family::IPV4_UNICAST));
    let unreach = |afi, safi| message(&[], &[0x80, 15, 3, 0, afi, safi], &[]);
    assert_eq!(parse(&unreach(2, 1)), Some(Family::IPV6_UNICAST));
    assert_eq!(parse(&unreach(25, 70)), Some(Family { afi: 25, safi: 70 }));
    let withdraw = message(&[], &[0x80, 15, 4, 0, 2, 1, 0], &[]);
    assert_eq!(parse(&withdraw), None);
    assert_eq!(parse(&message(&[8, 10], &[], &[])), None);
}

#[test]
fn add_path_where_it_was_negotiated() {
    let context = UpdateContext {
        add_path: vec![Family::IPV4_UNICAST],
        ..context(SessionType::Ebgp)
    };
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    let octets = message(&[0, 0, 0, 3, 8, 10], &attributes, &[0, 0, 0, 9, 8, 11]);
    let update = Update::parse(&octets, &context).unwrap();
    let announced: Vec<_> = update.announced::<Ipv4Unicast>().collect();
    assert_eq!(announced[0].path_id.0, 9);
    let withdrawn: Vec<_> = update.withdrawn::<Ipv4Unicast>().collect();
    assert_eq!(withdrawn[0].path_id.0, 3);
    let cut = message(&[], &attributes, &[0, 0, 0, 9]);
    let fault = Update::parse(&cut, &context).unwrap_err();
    assert_eq!((fault.offset, fault.kind), (cut.len() - 4, FaultKind::Nlri));
}

#[test]
fn lengths_of_the_message_end_the_session() {
    let good = message(&[], ORIGIN, &[]);
    for (at, value, offset) in [
        (19, 0xffff_u16, 19),
        (19, 7, 19),
        (21, 5, 21),
        (21, 0xffff, 21),
    ] {
        let mut octets = good.clone();
        octets[at..at + 2].copy_from_slice(&value.to_be_bytes());
        let fault = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap_err();
        assert_eq!(
            (fault.offset, fault.kind),
            (offset, FaultKind::UpdateStructure)
        );
        let notification = fault.notification(&octets);
        assert_eq!((notification.code, notification.subcode), (3, 1));
        assert!(notification.data.is_empty());
    }
    let fault = Update::parse(&good[..22], &context(SessionType::Ebgp)).unwrap_err();
    assert_eq!(fault.kind, FaultKind::MessageLength);
}

#[test]
fn classic_prefixes_that_cannot_be_read_end_the_session() {
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    for (withdrawn, nlri, offset) in [
        (&[][..], &[24, 192, 0, 2, 33, 0, 0, 0, 0, 0][..], 47),
        (&[], &[24, 192, 0], 43),
        (&[8, 10, 40, 0, 0, 0, 0, 0], &[], 23),
    ] {
        let octets = message(withdrawn, &attributes, nlri);
        let fault = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap_err();
        assert_eq!((fault.offset, fault.kind), (offset, FaultKind::Nlri));
        let notification = fault.notification(&octets);
        assert_eq!((notification.code, notification.subcode), (3, 10));
    }
}

#[test]
fn every_attribute_fault_with_its_place() {
    use Disposition::{Accept, AttributeDiscard, TreatAsWithdraw};
    use FaultKind::{AttributeFlags, AttributeLength, AttributeValue, InternalOnly};
    use SessionType::{Ebgp, Ibgp};
    // The attribute stands behind 20 octets of others.
    let at = BASE + 20;
    let rows: &[(&[u8], SessionType, Disposition, usize, FaultKind)] = &[
        (
            &[0x80, 4, 3, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 4, 4, 0, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at,
            AttributeFlags,
        ),
        (
            &[0xa0, 4, 4, 0, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at,
            AttributeFlags,
        ),
        (
            &[0x40, 5, 3, 0, 0, 0],
            Ibgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0x40, 5, 3, 0, 0, 0],
            Ebgp,
            AttributeDiscard,
            at,
            InternalOnly,
        ),
        (
            &[0x40, 5, 4, 0, 0, 0, 1],
            Ebgp,
            AttributeDiscard,
            at,
            InternalOnly,
        ),
        (
            &[0x40, 6, 1, 0],
            Ebgp,
            AttributeDiscard,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 7, 6, 0, 1, 1, 1, 1, 1],
            Ebgp,
            AttributeDiscard,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 7, 8, 0, 0, 0, 0, 1, 1, 1, 1],
            Ebgp,
            AttributeDiscard,
            at + 3,
            FaultKind::AsZero,
        ),
        (
            &[0xc0, 8, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 8, 5, 0, 0, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0x80, 9, 5, 0, 0, 0, 0, 0],
            Ibgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0x80, 9, 4, 0, 0, 0, 1],
            Ebgp,
            AttributeDiscard,
            at,
            InternalOnly,
        ),
        (
            &[0x80, 10, 0],
            Ibgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 16, 7, 0, 0, 0, 0, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 17, 6, 2, 1, 0, 0, 0, 1],
            Ebgp,
            AttributeDiscard,
            at + 3,
            FaultKind::Superfluous,
        ),
        (
            &[0xc0, 22, 4, 0, 6, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 22, 5, 0, 255, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 4,
            AttributeValue,
        ),
        (
            &[0xc0, 23, 5, 0, 7, 0, 4, 1],
            Ebgp,
            TreatAsWithdraw,
            at + 3,
            AttributeValue,
        ),
        (
            &[0xc0, 25, 8, 0, 0, 0, 0, 0, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0x80, 26, 3, 9, 0, 3],
            Ibgp,
            AttributeDiscard,
            at + 3,
            AttributeValue,
        ),
        (
            &[0x80, 26, 3, 1, 0, 11],
            Ibgp,
            AttributeDiscard,
            at + 3,
            AttributeValue,
        ),
        // RFC 7311 §3.2: transitive, it is discarded and takes no route with it.
        (
            &[0xc0, 26, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 1],
            Ibgp,
            AttributeDiscard,
            at,
            AttributeFlags,
        ),
        (
            &[0x80, 29, 5, 4, 0, 0, 0xff, 0],
            Ebgp,
            AttributeDiscard,
            at + 3,
            AttributeValue,
        ),
        (
            &[0xc0, 32, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 35, 5, 0, 0, 0, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 2,
            AttributeLength,
        ),
        (
            &[0xc0, 40, 3, 1, 0, 0],
            Ebgp,
            AttributeDiscard,
            at + 3,
            AttributeValue,
        ),
        (
            &[0xc0, 40, 3, 5, 0, 0],
            Ebgp,
            TreatAsWithdraw,
            at + 3,
            FaultKind::Srv6Service,
        ),
        (
            &[0x40, 1, 1, 0],
            Ebgp,
            AttributeDiscard,
            at,
            FaultKind::DuplicateAttribute,
        ),
        (
            &[0xc0, 8, 9, 0],
            Ebgp,
            TreatAsWithdraw,
            at,
            FaultKind::AttributeTruncated,
        ),
        (
            &[0xc0],
            Ebgp,
            TreatAsWithdraw,
            at,
            FaultKind::AttributeTruncated,
        ),
        (
            &[0xd0, 8, 0],
            Ebgp,
            TreatAsWithdraw,
            at,
            FaultKind::AttributeTruncated,
        ),
    ];
    for (attribute, session, disposition, offset, kind) in rows {
        assert_eq!(
            one(with(attribute, *session)),
            (*disposition, *offset, *kind),
            "{attribute:02x?} {session:?}"
        );
    }
    // What is unknown is no fault, whatever its flags.
    for flags in [0x80, 0xc0, 0xe0, 0xa0, 0x8f] {
        assert_eq!(with(&[flags, 99, 1, 0], Ebgp), Ok((Accept, vec![])));
    }
    // Extended lengths are allowed everywhere.
    assert_eq!(
        with(&[0x90, 4, 0, 4, 0, 0, 0, 1], Ebgp),
        Ok((Accept, vec![]))
    );
}

#[test]
fn faults_of_the_well_known() {
    use Disposition::TreatAsWithdraw;
    use SessionType::{Ebgp, Ibgp};
    let replace = |from: &[u8], to: &[u8], session| {
        let attributes: Vec<_> = [ORIGIN, AS_PATH, NEXT_HOP]
            .iter()
            .map(|attribute| if *attribute == from { to } else { attribute })
            .collect();
        one(verdict(&attributes.concat(), session))
    };
    for (from, to, offset, kind) in [
        (
            ORIGIN,
            &[0x40, 1, 1, 3][..],
            BASE + 3,
            FaultKind::OriginValue,
        ),
        (ORIGIN, &[0x40, 1, 0], BASE + 2, FaultKind::AttributeLength),
        (ORIGIN, &[0xc0, 1, 1, 0], BASE, FaultKind::AttributeFlags),
        (ORIGIN, &[], BASE + 16, FaultKind::MissingAttribute),
        (AS_PATH, &[], BASE + 11, FaultKind::MissingAttribute),
        (NEXT_HOP, &[], BASE + 13, FaultKind::MissingAttribute),
        (AS_PATH, &[0x60, 2, 0], BASE + 4, FaultKind::AttributeFlags),
        (
            AS_PATH,
            &[0x40, 2, 6, 5, 1, 0, 0, 0, 1],
            BASE + 7,
            FaultKind::AsPathSegment,
        ),
        (
            AS_PATH,
            &[0x40, 2, 2, 2, 0],
            BASE + 7,
            FaultKind::AsPathSegment,
        ),
        (
            AS_PATH,
            &[0x40, 2, 7, 2, 1, 0, 0, 0, 1, 2],
            BASE + 13,
            FaultKind::AsPathSegment,
        ),
        (
            AS_PATH,
            &[0x40, 2, 6, 2, 2, 0, 0, 0, 1],
            BASE + 7,
            FaultKind::AsPathSegment,
        ),
        (
            AS_PATH,
            &[0x40, 2, 10, 2, 2, 0, 0, 0, 1, 0, 0, 0, 0],
            BASE + 13,
            FaultKind::AsZero,
        ),
        (
            AS_PATH,
            &[0x40, 2, 6, 3, 1, 0, 0, 0, 1],
            BASE + 7,
            FaultKind::AsPathConfederation,
        ),
        (
            NEXT_HOP,
            &[0x40, 3, 5, 1, 1, 1, 1, 1],
            BASE + 15,
            FaultKind::AttributeLength,
        ),
        (
            NEXT_HOP,
            &[0x40, 3, 4, 0, 0, 0, 0],
            BASE + 16,
            FaultKind::NextHopValue,
        ),
        (
            NEXT_HOP,
            &[0x40, 3, 4, 224, 0, 0, 1],
            BASE + 16,
            FaultKind::NextHopValue,
        ),
    ] {
        assert_eq!(
            replace(from, to, Ebgp),
            (TreatAsWithdraw, offset, kind),
            "{to:02x?}"
        );
    }
    // Inside the AS the confederation is ours.
    let attributes = [ORIGIN, &[0x40, 2, 6, 3, 1, 0, 0, 0, 1], NEXT_HOP].concat();
    assert_eq!(
        verdict(&attributes, Ibgp),
        Ok((Disposition::Accept, vec![]))
    );
}

#[test]
fn the_worst_of_several_counts_and_all_are_told() {
    let attributes = [
        &[0x40, 1, 1, 9][..],
        AS_PATH,
        NEXT_HOP,
        &[0x40, 6, 1, 0],
        &[0x80, 4, 1, 0],
    ]
    .concat();
    let (disposition, faults) = verdict(&attributes, SessionType::Ebgp).unwrap();
    assert_eq!(disposition, Disposition::TreatAsWithdraw);
    let told: Vec<_> = faults
        .iter()
        .map(|fault| (fault.attr.unwrap(), fault.kind))
        .collect();
    assert_eq!(
        told,
        [
            (1, FaultKind::OriginValue),
            (6, FaultKind::AttributeLength),
            (4, FaultKind::AttributeLength)
        ]
    );
}

#[test]
fn discarded_attributes_are_not_seen() {
    let attributes = [
        ORIGIN,
        AS_PATH,
        NEXT_HOP,
        &[0x40, 6, 1, 0],
        &[0x40, 5, 4, 0, 0, 0, 9],
        &[0x80, 4, 4, 0, 0, 0, 1],
        &[0x80, 4, 4, 0, 0, 0, 2],
    ]
    .concat();
    let message = message(&[], &attributes, PREFIX);
    let update = Update::parse(&message, &context(SessionType::Ebgp)).unwrap();
    assert_eq!(update.disposition(), Disposition::AttributeDiscard);
    let attributes = update.attributes();
    assert!(!attributes.atomic_aggregate());
    assert_eq!(attributes.local_pref(), None);
    assert_eq!(attributes.med(), Some(1));
    let mut canonical = Vec::new();
    attributes.canonical(&mut canonical);
    assert_eq!(
        canonical,
        [ORIGIN, AS_PATH, &[0x80, 4, 4, 0, 0, 0, 1]].concat()
    );
}

#[test]
fn multiprotocol_faults_end_the_session_with_the_attribute_as_data() {
    use FaultKind::{MultiprotocolStructure, NextHopLength, Nlri};
    let good = reach(&global(), PREFIX6);
    assert_eq!(
        with(&good, SessionType::Ebgp),
        Ok((Disposition::Accept, vec![]))
    );
    let at = BASE + 20;
    for (attribute, offset, kind) in [
        (vec![0x80, 14, 2, 0, 2], at + 2, MultiprotocolStructure),
        (vec![0x80, 14, 3, 0, 2, 1], at + 2, MultiprotocolStructure),
        (vec![0x80, 14, 5, 0, 2, 1, 16, 0], at + 6, NextHopLength),
        (reach(&global()[..4], PREFIX6), at + 6, NextHopLength),
        (reach(&[0; 24], PREFIX6), at + 6, NextHopLength),
        (reach(&global(), &[129, 0]), at + 24, Nlri),
        (
            reach(&global(), &[32, 0x20, 1, 0xd, 0xb8, 64, 0]),
            at + 29,
            Nlri,
        ),
        (reach(&global(), &[]), at + 2, MultiprotocolStructure),
        (vec![0x80, 15, 2, 0, 2], at + 2, MultiprotocolStructure),
        (vec![0x80, 15, 5, 0, 2, 1, 129, 0], at + 6, Nlri),
        (vec![0x80, 14, 99, 0, 2], at, FaultKind::AttributeTruncated),
    ] {
        let attributes = [ORIGIN, AS_PATH, NEXT_HOP, &attribute].concat();
        let message = message(&[], &attributes, PREFIX);
        let fault = Update::parse(&message, &context(SessionType::Ebgp)).unwrap_err();
        assert_eq!(
            (fault.offset, fault.kind),
            (offset, kind),
            "{attribute:02x?}"
        );
        assert_eq!(fault.disposition(), Disposition::SessionReset);
        let notification = fault.notification(&message);
        if kind == FaultKind::AttributeTruncated {
            assert_eq!((notification.subcode, notification.data), (1, vec![]));
        } else {
            assert_eq!((notification.code, notification.subcode), (3, 9));
            assert_eq!(notification.data, attribute);
        }
    }
    // RFC 7606 §3(g)
    let twice = with(&[good.clone(), good].concat(), SessionType::Ebgp).unwrap_err();
    assert_eq!(twice.kind, FaultKind::DuplicateAttribute);
    assert_eq!(twice.disposition(), Disposition::SessionReset);
}

#[test]
fn wrong_flags_of_mp_reach_withdraw_what_is_in_it() {
    let mut flagged = reach(&global(), PREFIX6);
    flagged[0] = 0xc0;
    let attributes = [ORIGIN, AS_PATH, &flagged].concat();
    let message = message(&[], &attributes, &[]);
    let update = Update::parse(&message, &context(SessionType::Ebgp)).unwrap();
    assert_eq!(update.disposition(), Disposition::TreatAsWithdraw);
    assert_eq!(update.announced::<Ipv6Unicast>().count(), 1);
    assert_eq!(update.faults().count(), 1);
}

#[test]
fn families_that_were_not_negotiated_are_ignored() {
    // EVPN-like octets that no IP family could read, in a session of two IP families.
    let reach = [0x80, 14, 11, 0, 25, 70, 4, 10, 0, 0, 1, 0, 255, 255];
    let unreach = [0x80, 15, 5, 0, 25, 70, 255, 255];
    let attributes = [ORIGIN, AS_PATH, &reach, &unreach].concat();
    let octets = message(&[], &attributes, &[]);
    let update = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap();
    assert_eq!(update.disposition(), Disposition::Accept);
    assert_eq!(update.announced_families().count(), 0);
    assert_eq!(update.withdrawn_families().count(), 0);
    // A family of two that was not negotiated.
    let only_ipv6 = UpdateContext {
        families: vec![Family::IPV6_UNICAST],
        ..context(SessionType::Ebgp)
    };
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    let octets = message(&[8, 10], &attributes, PREFIX);
    let update = Update::parse(&octets, &only_ipv6).unwrap();
    assert_eq!(update.announced::<Ipv4Unicast>().count(), 0);
    assert_eq!(update.withdrawn::<Ipv4Unicast>().count(), 0);
}

#[test]
fn without_reachable_nlri_a_fault_ends_the_session() {
    // RFC 7606 §5.2
    let attributes = [&[0x40, 1, 1, 9][..], AS_PATH].concat();
    let octets = message(&[8, 10], &attributes, &[]);
    let fault = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap_err();
    assert_eq!(
        (fault.offset, fault.attr, fault.kind),
        (25 + 3, Some(1), FaultKind::NoReachableNlri)
    );
    let notification = fault.notification(&octets);
    assert_eq!((notification.code, notification.subcode), (3, 1));
    // What is discarded is not enough for that, nor is MP_UNREACH_NLRI alone.
    let discard = message(&[], &[0x40, 6, 1, 0], &[]);
    let update = Update::parse(&discard, &context(SessionType::Ebgp)).unwrap();
    assert_eq!(update.disposition(), Disposition::AttributeDiscard);
    let unreach = message(&[], &[0xc0, 15, 4, 0, 2, 1, 0], &[]);
    let update = Update::parse(&unreach, &context(SessionType::Ebgp)).unwrap();
    assert_eq!(update.disposition(), Disposition::TreatAsWithdraw);
    assert_eq!(update.withdrawn::<Ipv6Unicast>().count(), 1);
}

#[test]
fn next_hop_beside_mp_reach_alone_is_ignored() {
    let attributes = [
        ORIGIN,
        AS_PATH,
        &[0x40, 3, 4, 0, 0, 0, 0],
        &reach(&global(), PREFIX6),
    ]
    .concat();
    let octets = message(&[], &attributes, &[]);
    let update = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap();
    assert_eq!(update.disposition(), Disposition::Accept);
}

#[test]
fn unknown_well_known_ends_the_session() {
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP, &[0x40, 99, 1, 7]].concat();
    let octets = message(&[], &attributes, PREFIX);
    let fault = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap_err();
    let notification = fault.notification(&octets);
    assert_eq!((notification.code, notification.subcode), (3, 2));
    assert_eq!(notification.data, [0x40, 99, 1, 7]);
}

#[test]
fn notification_data_of_the_milder_faults() {
    for (attribute, subcode, data) in [
        (
            &[0xc0, 4, 4, 0, 0, 0, 0][..],
            4,
            &[0xc0, 4, 4, 0, 0, 0, 0][..],
        ),
        (&[0x80, 4, 3, 0, 0, 0], 5, &[0x80, 4, 3, 0, 0, 0]),
        (
            &[0xc0, 23, 5, 0, 7, 0, 4, 1],
            9,
            &[0xc0, 23, 5, 0, 7, 0, 4, 1],
        ),
    ] {
        let attributes = [ORIGIN, AS_PATH, NEXT_HOP, attribute].concat();
        let octets = message(&[], &attributes, PREFIX);
        let update = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap();
        let notification = update.faults().next().unwrap().notification(&octets);
        assert_eq!((notification.code, notification.subcode), (3, subcode));
        assert_eq!(notification.data, data);
    }
    let octets = message(&[], &[ORIGIN, NEXT_HOP].concat(), PREFIX);
    let update = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap();
    let notification = update.faults().next().unwrap().notification(&octets);
    assert_eq!((notification.subcode, notification.data), (3, vec![2]));
}

#[test]
fn two_octet_sessions_are_merged() {
    let context = UpdateContext {
        four_octet_as: false,
        ..context(SessionType::Ebgp)
    };
    let path = [0x40, 2, 6, 2, 2, 0xfd, 0xe9, 0x5b, 0xa0];
    let as4_path = [0xc0, 17, 6, 2, 1, 0, 1, 0, 0];
    let aggregator = [0xc0, 7, 6, 0x5b, 0xa0, 10, 0, 0, 1];
    let as4_aggregator = [0xc0, 18, 8, 0, 1, 0, 0, 10, 0, 0, 1];
    let attributes = [
        ORIGIN,
        &path,
        NEXT_HOP,
        &aggregator,
        &as4_path,
        &as4_aggregator,
    ]
    .concat();
    let octets = message(&[], &attributes, PREFIX);
    let update = Update::parse(&octets, &context).unwrap();
    assert_eq!(update.disposition(), Disposition::Accept);
    let attributes = update.attributes();
    assert_eq!(attributes.as_path().unwrap().to_string(), "65001 65536");
    assert_eq!(attributes.aggregator().unwrap().asn.0, 65_536);
    let mut canonical = Vec::new();
    attributes.canonical(&mut canonical);
    let expected = [
        ORIGIN,
        &[0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 1, 0, 0],
        &[0xc0, 7, 8, 0, 1, 0, 0, 10, 0, 0, 1],
    ]
    .concat();
    assert_eq!(canonical, expected);
    // RFC 6793 §4.2.3: an aggregator that is not AS_TRANS overrules both.
    let aggregator = [0xc0, 7, 6, 0, 7, 10, 0, 0, 1];
    let attributes = [
        ORIGIN,
        &path,
        NEXT_HOP,
        &aggregator,
        &as4_path,
        &as4_aggregator,
    ]
    .concat();
    let octets = message(&[], &attributes, PREFIX);
    let update = Update::parse(&octets, &context).unwrap();
    let attributes = update.attributes();
    assert_eq!(attributes.as_path().unwrap().to_string(), "65001 23456");
    assert_eq!(attributes.aggregator().unwrap().asn.0, 7);
}

/// What is kept beside a message is moved with it, and its places have two octets.
#[test]
fn what_is_kept_is_small_and_reaches_to_the_end_of_the_longest_message() {
    assert!(
        size_of::<Update<&[u8]>>() <= 144,
        "{}",
        size_of::<Update<&[u8]>>()
    );
    let attributes = [ORIGIN, AS_PATH, NEXT_HOP].concat();
    let prefixes = (Header::EXTENDED_MAX - BASE - attributes.len()) / PREFIX.len() - 1;
    let mut octets = message(&[], &attributes, &PREFIX.repeat(prefixes));
    // 0.0.0.0/0 takes one octet.
    octets.resize(Header::EXTENDED_MAX, 0);
    let update = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap();
    let last = update.announced::<Ipv4Unicast>().last().unwrap();
    assert_eq!(last.key.prefix_len(), 0);
    octets.push(0);
    let fault = Update::parse(&octets, &context(SessionType::Ebgp)).unwrap_err();
    assert_eq!((fault.kind, fault.offset), (FaultKind::MessageLength, 16));
}
