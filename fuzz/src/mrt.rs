//! MRT: a file of records, whole or cut off anywhere.
use crate::allocation::at_most;
use crate::attributes::look_at;
use crate::message::check_fault;
use bgp_wire::{
    Family, Header, NextHop, Update, UpdateContext, frame as first_message,
    mrt::{
        Body, Message, Record, RecordFault, RecordFaultKind, Replay, RibEntries, Route, frame,
        rib_next_hop,
    },
};

/// Octets of the longest record that is read.
const LONGEST: usize = 1 << 16;

/// The octets are a file.
///
/// # Panics
/// When a promise of `bgp_wire::mrt` is broken.
pub fn mrt(input: &[u8]) {
    let mut rest = input;
    loop {
        match at_most(0, "mrt::frame", || frame(rest, LONGEST)) {
            Ok(Some(record)) => {
                let octets = record.octets();
                assert_eq!(Some(octets), rest.get(..octets.len()));
                assert!(octets.len() <= LONGEST);
                // What follows does not matter, and one octet less is too few.
                assert_eq!(frame(octets, LONGEST), Ok(Some(record)));
                let cut = &octets[..octets.len() - 1];
                assert_eq!(frame(cut, LONGEST), Ok(None), "of {}", record.header);
                let too_long = frame(octets, octets.len() - 1).map_err(|fault| fault.kind);
                assert_eq!(too_long, Err(RecordFaultKind::TooLong));
                self::record(&record);
                rest = &rest[octets.len()..];
            }
            Ok(None) => break,
            Err(fault) => {
                check_record_fault(fault, rest);
                break;
            }
        }
    }
}

fn check_record_fault(fault: RecordFault, record: &[u8]) {
    assert!(
        fault.offset <= record.len(),
        "{fault:?} lies outside of {} octets",
        record.len()
    );
    assert!(!fault.to_string().is_empty());
}

fn record(record: &Record<'_>) {
    assert!(!record.header.to_string().is_empty());
    let body = match at_most(0, "Record::body", || record.body()) {
        Ok(body) => body,
        Err(fault) => return check_record_fault(fault, record.octets()),
    };
    match body {
        Body::TableDump(route) => {
            let mut buffer = [0; 17];
            let nlri = Route::prefix_octets(route.prefix.trunc(), &mut buffer);
            let family = unicast(route.prefix.addr().is_ipv4());
            replayed(
                &Route {
                    family,
                    path_id: None,
                    nlri,
                    attributes: route.attributes,
                },
                route.four_octet_as,
            );
        }
        Body::PeerIndexTable(table) => {
            let peers = table.peers().count();
            assert!(peers <= usize::from(table.count));
            for peer in table.peers() {
                if let Err(fault) = peer {
                    check_record_fault(fault, record.octets());
                }
            }
        }
        Body::Rib(rib) => {
            assert_eq!(rib.prefix, rib.prefix.trunc());
            let mut buffer = [0; 17];
            let nlri = Route::prefix_octets(rib.prefix, &mut buffer);
            entries(record, rib.entries, rib.family, nlri);
        }
        Body::RibGeneric(rib) => entries(record, rib.entries, rib.family, rib.nlri),
        Body::Message(message) => self::message(&message),
        Body::Legacy(legacy) => {
            let mut octets = Vec::new();
            legacy.write_message(&mut octets);
            if legacy.body.len() <= Header::EXTENDED_MAX - Header::LENGTH {
                assert_eq!(octets.get(Header::LENGTH..), Some(legacy.body));
            }
        }
        Body::StateChange(change) => {
            assert!(!format!("{} {}", change.from, change.to).is_empty());
        }
        Body::LegacyState(change) => {
            assert!(!format!("{} {}", change.from, change.to).is_empty());
        }
        Body::Other(octets) => assert!(octets.len() < record.octets().len()),
    }
}

fn unicast(ipv4: bool) -> Family {
    if ipv4 {
        Family::IPV4_UNICAST
    } else {
        Family::IPV6_UNICAST
    }
}

fn entries(record: &Record<'_>, entries: RibEntries<'_>, family: Family, nlri: &[u8]) {
    let claimed = usize::from(entries.count_left());
    // One more for octets that follow the last.
    assert!(entries.count() <= claimed + 1);
    let mut after_fault = false;
    for entry in entries {
        assert!(!after_fault, "an entry behind a fault");
        match entry {
            Ok(entry) => {
                let place = entry.offset..entry.offset + entry.attributes.len();
                assert_eq!(record.octets().get(place), Some(entry.attributes));
                replayed(&Route::of_entry(family, nlri, &entry), true);
            }
            Err(fault) => {
                check_record_fault(fault, record.octets());
                after_fault = true;
            }
        }
    }
}

/// A route as an UPDATE: it can be read like any other, and every fault of its attributes is found at
/// its place in the file.
fn replayed(route: &Route<'_>, four_octet_as: bool) {
    let mut octets = Vec::new();
    let replay: Replay = match route.write_update(&mut octets) {
        Ok(replay) => replay,
        Err(fault) => {
            assert_eq!(fault, RecordFaultKind::MessageTooLong);
            assert!(octets.is_empty(), "half a message");
            return;
        }
    };
    let header = first_message(&octets, Header::EXTENDED_MAX)
        .unwrap_or_else(|fault| panic!("a route became octets that are {fault}: {octets:02x?}"))
        .unwrap_or_else(|| panic!("a route became half a message: {octets:02x?}"));
    assert_eq!(header.length, octets.len());
    let context = context(route.family, four_octet_as, route.path_id.is_some());
    let place = |offset| {
        let offset = replay.attribute_offset(offset);
        assert!(offset <= route.attributes.len(), "{offset} is no place");
    };
    match Update::parse(&octets[..], &context) {
        Ok(update) => {
            for fault in update.faults() {
                check_fault(&fault, &octets);
                place(fault.offset);
            }
            look_at(update.attributes());
        }
        Err(fault) => {
            check_fault(&fault, &octets);
            place(fault.offset);
        }
    }
    if let Some(next_hop) = rib_next_hop(route.attributes) {
        assert!(matches!(next_hop, NextHop::V4(_) | NextHop::V6 { .. }));
    }
}

fn message(message: &Message<'_>) {
    let octets = message.octets;
    match first_message(octets, Header::EXTENDED_MAX) {
        Ok(Some(header)) => {
            let message_octets = &octets[..header.length];
            let context = context(
                Family::IPV4_UNICAST,
                message.four_octet_as,
                message.add_path,
            );
            match Update::parse(message_octets, &context) {
                Ok(update) => look_at(update.attributes()),
                Err(fault) => check_fault(&fault, message_octets),
            }
        }
        Ok(None) => {}
        Err(fault) => check_fault(&fault, octets),
    }
}

fn context(family: Family, four_octet_as: bool, add_path: bool) -> UpdateContext {
    UpdateContext {
        four_octet_as,
        families: vec![family],
        add_path: if add_path { vec![family] } else { Vec::new() },
        extended_next_hop: vec![family],
        ..UpdateContext::default()
    }
}
