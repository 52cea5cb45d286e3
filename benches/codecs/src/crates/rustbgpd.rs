//! rustbgpd-wire: owned values, decoded in full.
use crate::{Reader, Writer};
use bytes::Bytes;
use codec::corpus::Recorded;
use codec::walk::Sum;
use rustbgpd_wire::{
    AsPathSegment, Ipv4UnicastMode, Message, NlriEntry, Origin, ParsedUpdate, PathAttribute,
    Prefix, UpdateMessage, decode_message,
};
use std::net::IpAddr;

pub struct Rustbgpd;

fn decode(four_octet_as: bool, octets: &Bytes) -> Option<ParsedUpdate> {
    let Message::Update(update) = decode_message(&mut octets.clone(), 4_096).ok()? else {
        return None;
    };
    update.parse(four_octet_as, false, &[]).ok()
}

impl Reader for Rustbgpd {
    type Session = bool;
    type Octets = Bytes;
    const NAME: &'static str = "rustbgpd-wire 0.27.0";

    fn session(four_octet_as: bool) -> bool {
        four_octet_as
    }

    fn octets(message: &[u8]) -> Bytes {
        Bytes::copy_from_slice(message)
    }

    fn walk(four_octet_as: &mut bool, octets: &Bytes) -> Option<Sum> {
        let update = decode(*four_octet_as, octets)?;
        let mut sum = Sum::default();
        for one in &update.announced {
            sum.announced4(one.prefix.addr.to_bits(), one.prefix.len);
        }
        for one in &update.withdrawn {
            sum.withdrawn4(one.prefix.addr.to_bits(), one.prefix.len);
        }
        for attribute in &update.attributes {
            add(&mut sum, attribute);
        }
        Some(sum)
    }
}

fn announced(sum: &mut Sum, entries: &[NlriEntry]) {
    for one in entries {
        match one.prefix {
            Prefix::V4(prefix) => sum.announced4(prefix.addr.to_bits(), prefix.len),
            Prefix::V6(prefix) => sum.announced6(prefix.addr.to_bits(), prefix.len),
        }
    }
}

fn withdrawn(sum: &mut Sum, entries: &[NlriEntry]) {
    for one in entries {
        match one.prefix {
            Prefix::V4(prefix) => sum.withdrawn4(prefix.addr.to_bits(), prefix.len),
            Prefix::V6(prefix) => sum.withdrawn6(prefix.addr.to_bits(), prefix.len),
        }
    }
}

fn add(sum: &mut Sum, attribute: &PathAttribute) {
    match attribute {
        PathAttribute::Origin(origin) => sum.origin(match origin {
            Origin::Igp => 0,
            Origin::Egp => 1,
            Origin::Incomplete => 2,
        }),
        PathAttribute::AsPath(path) => {
            for segment in &path.segments {
                let (code, asns) = match segment {
                    AsPathSegment::AsSet(asns) => (1, asns),
                    AsPathSegment::AsSequence(asns) => (2, asns),
                };
                sum.segment(code);
                for asn in asns {
                    sum.asn(*asn);
                }
            }
        }
        PathAttribute::NextHop(address) => sum.next_hop4(address.to_bits()),
        PathAttribute::Med(med) => sum.med(*med),
        PathAttribute::LocalPref(preference) => sum.local_pref(*preference),
        PathAttribute::AtomicAggregate => sum.atomic_aggregate(),
        PathAttribute::Aggregator(by) => sum.aggregator(by.asn, by.router_id.to_bits()),
        PathAttribute::Communities(list) | PathAttribute::CommunitiesPartial(list) => {
            for one in list {
                sum.community(*one);
            }
        }
        PathAttribute::ExtendedCommunities(list)
        | PathAttribute::ExtendedCommunitiesPartial(list) => {
            for one in list {
                sum.extended_community(one.as_u64());
            }
        }
        PathAttribute::LargeCommunities(list) | PathAttribute::LargeCommunitiesPartial(list) => {
            for one in list {
                sum.large_community([one.global_admin, one.local_data1, one.local_data2]);
            }
        }
        PathAttribute::OriginatorId(id) => sum.originator(id.to_bits()),
        PathAttribute::ClusterList(list) => {
            for one in list {
                sum.cluster(one.to_bits());
            }
        }
        PathAttribute::OnlyToCustomer(asn) | PathAttribute::OnlyToCustomerPartial(asn) => {
            sum.only_to_customer(*asn);
        }
        PathAttribute::MpReachNlri(reach) => {
            match reach.next_hop {
                IpAddr::V4(address) => sum.next_hop4(address.to_bits()),
                IpAddr::V6(address) => sum.next_hop6(address.to_bits()),
            }
            if let Some(link_local) = reach.link_local_next_hop {
                sum.next_hop6(link_local.to_bits());
            }
            announced(sum, &reach.announced);
        }
        PathAttribute::MpUnreachNlri(unreach) => withdrawn(sum, &unreach.withdrawn),
        PathAttribute::Unknown(raw) => sum.unknown(raw.type_code, raw.data.len()),
        _ => sum.unknown(0, 0),
    }
}

impl Writer for Rustbgpd {
    type Value = (ParsedUpdate, bool);
    const NAME: &'static str = <Self as Reader>::NAME;

    fn value(message: Recorded<'_>) -> Option<Self::Value> {
        let update = decode(message.four_octet_as, &Self::octets(message.octets))?;
        Some((update, message.four_octet_as))
    }

    fn write((update, four_octet_as): &mut Self::Value, out: &mut Vec<u8>) -> bool {
        UpdateMessage::try_build(
            &update.announced,
            &update.withdrawn,
            &update.attributes,
            *four_octet_as,
            false,
            Ipv4UnicastMode::Body,
        )
        .is_ok_and(|message| message.encode(out).is_ok())
    }
}
