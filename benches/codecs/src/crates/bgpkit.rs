//! bgpkit-parser: owned values, decoded in full.
use crate::{Reader, Writer};
use bgpkit_parser::models::{
    AsPathSegment, AsnLength, AttributeValue, BgpMessage, Community, ExtendedCommunity,
    NetworkPrefix, NextHopAddress,
};
use bgpkit_parser::parser::bgp::messages::parse_bgp_message;
use bytes::Bytes;
use codec::corpus::Recorded;
use codec::walk::Sum;
use ipnet::IpNet;
use std::net::IpAddr;

pub struct Bgpkit;

fn decode(length: AsnLength, octets: &Bytes) -> Option<BgpMessage> {
    parse_bgp_message(&mut octets.clone(), false, &length).ok()
}

impl Reader for Bgpkit {
    type Session = AsnLength;
    type Octets = Bytes;
    const NAME: &'static str = "bgpkit-parser 0.23.0";

    fn session(four_octet_as: bool) -> AsnLength {
        if four_octet_as {
            AsnLength::Bits32
        } else {
            AsnLength::Bits16
        }
    }

    fn octets(message: &[u8]) -> Bytes {
        Bytes::copy_from_slice(message)
    }

    fn walk(length: &mut AsnLength, octets: &Bytes) -> Option<Sum> {
        let BgpMessage::Update(update) = decode(*length, octets)? else {
            return None;
        };
        let mut sum = Sum::default();
        announced(&mut sum, &update.announced_prefixes);
        withdrawn(&mut sum, &update.withdrawn_prefixes);
        for attribute in &update.attributes {
            add(&mut sum, attribute);
        }
        Some(sum)
    }
}

fn announced(sum: &mut Sum, prefixes: &[NetworkPrefix]) {
    for one in prefixes {
        match one.prefix {
            IpNet::V4(net) => sum.announced4(net.addr().to_bits(), net.prefix_len()),
            IpNet::V6(net) => sum.announced6(net.addr().to_bits(), net.prefix_len()),
        }
    }
}

fn withdrawn(sum: &mut Sum, prefixes: &[NetworkPrefix]) {
    for one in prefixes {
        match one.prefix {
            IpNet::V4(net) => sum.withdrawn4(net.addr().to_bits(), net.prefix_len()),
            IpNet::V6(net) => sum.withdrawn6(net.addr().to_bits(), net.prefix_len()),
        }
    }
}

fn add(sum: &mut Sum, value: &AttributeValue) {
    match value {
        AttributeValue::Origin(origin) => sum.origin(*origin as u8),
        AttributeValue::AsPath(path) => {
            for segment in &path.segments {
                let (code, asns) = match segment {
                    AsPathSegment::AsSet(asns) => (1, asns),
                    AsPathSegment::AsSequence(asns) => (2, asns),
                    AsPathSegment::ConfedSequence(asns) => (3, asns),
                    AsPathSegment::ConfedSet(asns) => (4, asns),
                };
                sum.segment(code);
                for asn in asns {
                    sum.asn(asn.to_u32());
                }
            }
        }
        AttributeValue::NextHop(IpAddr::V4(address)) => sum.next_hop4(address.to_bits()),
        AttributeValue::NextHop(IpAddr::V6(address)) => sum.next_hop6(address.to_bits()),
        AttributeValue::MultiExitDiscriminator(med) => sum.med(*med),
        AttributeValue::LocalPreference(preference) => sum.local_pref(*preference),
        AttributeValue::AtomicAggregate => sum.atomic_aggregate(),
        AttributeValue::Aggregator { asn, id } => sum.aggregator(asn.to_u32(), id.to_bits()),
        AttributeValue::Communities(list) => {
            for one in list {
                sum.community(match one {
                    Community::NoExport => 0xffff_ff01,
                    Community::NoAdvertise => 0xffff_ff02,
                    Community::NoExportSubConfed => 0xffff_ff03,
                    Community::Custom(asn, value) => (asn.to_u32() << 16) | u32::from(*value),
                });
            }
        }
        AttributeValue::ExtendedCommunities(list) => {
            for one in list {
                sum.extended_community(extended(one));
            }
        }
        AttributeValue::LargeCommunities(list) => {
            for one in list {
                sum.large_community([one.global_admin, one.local_data[0], one.local_data[1]]);
            }
        }
        AttributeValue::OriginatorId(id) => sum.originator(id.to_bits()),
        AttributeValue::Clusters(list) => {
            for one in list {
                sum.cluster(*one);
            }
        }
        AttributeValue::OnlyToCustomer(asn) => sum.only_to_customer(asn.to_u32()),
        AttributeValue::MpReachNlri(nlri) => {
            match nlri.next_hop {
                Some(NextHopAddress::Ipv4(address)) => sum.next_hop4(address.to_bits()),
                Some(NextHopAddress::Ipv6(address)) => sum.next_hop6(address.to_bits()),
                Some(NextHopAddress::Ipv6LinkLocal(global, link_local)) => {
                    sum.next_hop6(global.to_bits());
                    sum.next_hop6(link_local.to_bits());
                }
                _ => {}
            }
            announced(sum, &nlri.prefixes);
        }
        AttributeValue::MpUnreachNlri(nlri) => withdrawn(sum, &nlri.prefixes),
        AttributeValue::Raw(raw)
        | AttributeValue::Deprecated(raw)
        | AttributeValue::Unknown(raw) => sum.unknown(raw.code, raw.bytes.len()),
        _ => sum.unknown(0, 0),
    }
}

fn extended(one: &ExtendedCommunity) -> u64 {
    let octets = |kind: u8, subtype: u8, rest: [u8; 6]| {
        let [a, b, c, d, e, f] = rest;
        u64::from_be_bytes([kind, subtype, a, b, c, d, e, f])
    };
    let two = |kind, asn: u32, local: &[u8], subtype| {
        let [.., a, b] = asn.to_be_bytes();
        octets(
            kind,
            subtype,
            [a, b, local[0], local[1], local[2], local[3]],
        )
    };
    let four = |kind, [a, b, c, d]: [u8; 4], local: &[u8], subtype| {
        octets(kind, subtype, [a, b, c, d, local[0], local[1]])
    };
    match one {
        ExtendedCommunity::TransitiveTwoOctetAs(x) => {
            two(0, x.global_admin.to_u32(), &x.local_admin, x.subtype)
        }
        ExtendedCommunity::NonTransitiveTwoOctetAs(x) => {
            two(0x40, x.global_admin.to_u32(), &x.local_admin, x.subtype)
        }
        ExtendedCommunity::TransitiveIpv4Addr(x) => {
            four(1, x.global_admin.octets(), &x.local_admin, x.subtype)
        }
        ExtendedCommunity::NonTransitiveIpv4Addr(x) => {
            four(0x41, x.global_admin.octets(), &x.local_admin, x.subtype)
        }
        ExtendedCommunity::TransitiveFourOctetAs(x) => four(
            2,
            x.global_admin.to_u32().to_be_bytes(),
            &x.local_admin,
            x.subtype,
        ),
        ExtendedCommunity::NonTransitiveFourOctetAs(x) => four(
            0x42,
            x.global_admin.to_u32().to_be_bytes(),
            &x.local_admin,
            x.subtype,
        ),
        ExtendedCommunity::TransitiveOpaque(x) => octets(3, x.subtype, x.value),
        ExtendedCommunity::NonTransitiveOpaque(x) => octets(0x43, x.subtype, x.value),
        ExtendedCommunity::Raw(all) => u64::from_be_bytes(*all),
        _ => 0,
    }
}

impl Writer for Bgpkit {
    type Value = (BgpMessage, AsnLength);
    const NAME: &'static str = <Self as Reader>::NAME;

    fn value(message: Recorded<'_>) -> Option<Self::Value> {
        let length = Self::session(message.four_octet_as);
        Some((decode(length, &Self::octets(message.octets))?, length))
    }

    fn write((message, length): &mut Self::Value, out: &mut Vec<u8>) -> bool {
        let Ok(octets) = message.encode(*length) else {
            return false;
        };
        out.extend_from_slice(&octets);
        true
    }
}
