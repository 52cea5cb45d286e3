//! netgauze-bgp-pkt: owned values, decoded in full.
use crate::{Reader, Writer};
use codec::corpus::Recorded;
use codec::walk::Sum;
use netgauze_bgp_pkt::BgpMessage;
use netgauze_bgp_pkt::community::{
    ExtendedCommunity, NonTransitiveOpaqueExtendedCommunity, TransitiveFourOctetExtendedCommunity,
    TransitiveIpv4ExtendedCommunity, TransitiveTwoOctetExtendedCommunity,
};
use netgauze_bgp_pkt::path_attribute::{
    Aggregator, AsPath, MpReach, MpUnreach, PathAttributeValue,
};
use netgauze_bgp_pkt::wire::deserializer::BgpParsingContext;
use netgauze_parse_utils::WritablePdu;
use netgauze_parse_utils::reader::SliceReader;
use netgauze_parse_utils::traits::ParseFromWithOneInput;
use std::net::IpAddr;

pub struct Netgauze;

fn decode(context: &mut BgpParsingContext, octets: &[u8]) -> Option<BgpMessage> {
    BgpMessage::parse(&mut SliceReader::new(octets), context).ok()
}

impl Reader for Netgauze {
    type Session = BgpParsingContext;
    type Octets = Vec<u8>;
    const NAME: &'static str = "netgauze-bgp-pkt 0.13.0";

    fn session(four_octet_as: bool) -> BgpParsingContext {
        let mut context = BgpParsingContext::asn2_default();
        context.set_asn4(four_octet_as);
        context
    }

    fn octets(message: &[u8]) -> Vec<u8> {
        message.to_vec()
    }

    fn walk(context: &mut BgpParsingContext, octets: &Vec<u8>) -> Option<Sum> {
        let BgpMessage::Update(update) = decode(context, octets)? else {
            return None;
        };
        let mut sum = Sum::default();
        for one in update.nlri() {
            let net = one.network().address();
            sum.announced4(net.addr().to_bits(), net.prefix_len());
        }
        for one in update.withdraw_routes() {
            let net = one.network().address();
            sum.withdrawn4(net.addr().to_bits(), net.prefix_len());
        }
        for attribute in update.path_attributes() {
            add(&mut sum, attribute.value());
        }
        Some(sum)
    }
}

fn add(sum: &mut Sum, value: &PathAttributeValue) {
    match value {
        PathAttributeValue::Origin(origin) => sum.origin(*origin as u8),
        PathAttributeValue::AsPath(AsPath::As4PathSegments(segments)) => {
            for segment in segments.iter() {
                sum.segment(segment.segment_type() as u8);
                for asn in segment.as_numbers().iter() {
                    sum.asn(*asn);
                }
            }
        }
        PathAttributeValue::AsPath(AsPath::As2PathSegments(segments)) => {
            for segment in segments.iter() {
                sum.segment(segment.segment_type() as u8);
                for asn in segment.as_numbers().iter() {
                    sum.asn(u32::from(*asn));
                }
            }
        }
        PathAttributeValue::NextHop(hop) => sum.next_hop4(hop.next_hop().to_bits()),
        PathAttributeValue::MultiExitDiscriminator(med) => sum.med(med.metric()),
        PathAttributeValue::LocalPreference(preference) => sum.local_pref(preference.metric()),
        PathAttributeValue::AtomicAggregate(_) => sum.atomic_aggregate(),
        PathAttributeValue::Aggregator(Aggregator::As4Aggregator(by)) => {
            sum.aggregator(*by.asn(), by.origin().to_bits());
        }
        PathAttributeValue::Aggregator(Aggregator::As2Aggregator(by)) => {
            sum.aggregator(u32::from(*by.asn()), by.origin().to_bits());
        }
        PathAttributeValue::Communities(list) => {
            for one in list.communities().iter() {
                sum.community(one.value());
            }
        }
        PathAttributeValue::ExtendedCommunities(list) => {
            for one in list.communities().iter() {
                sum.extended_community(extended(one));
            }
        }
        PathAttributeValue::LargeCommunities(list) => {
            for one in list.communities().iter() {
                sum.large_community([one.global_admin(), one.local_data1(), one.local_data2()]);
            }
        }
        PathAttributeValue::Originator(id) => sum.originator(id.id().to_bits()),
        PathAttributeValue::ClusterList(list) => {
            for one in list.cluster_list().iter() {
                sum.cluster(one.id().to_bits());
            }
        }
        PathAttributeValue::OnlyToCustomer(asn) => sum.only_to_customer(asn.asn()),
        PathAttributeValue::MpReach(MpReach::Ipv6Unicast {
            next_hop_global,
            next_hop_local,
            nlri,
        }) => {
            sum.next_hop6(next_hop_global.to_bits());
            if let Some(link_local) = next_hop_local {
                sum.next_hop6(link_local.to_bits());
            }
            for one in nlri.iter() {
                let net = one.network().address();
                sum.announced6(net.addr().to_bits(), net.prefix_len());
            }
        }
        PathAttributeValue::MpReach(MpReach::Ipv4Unicast {
            next_hop,
            next_hop_local,
            nlri,
        }) => {
            match next_hop {
                IpAddr::V4(address) => sum.next_hop4(address.to_bits()),
                IpAddr::V6(address) => sum.next_hop6(address.to_bits()),
            }
            if let Some(link_local) = next_hop_local {
                sum.next_hop6(link_local.to_bits());
            }
            for one in nlri.iter() {
                let net = one.network().address();
                sum.announced4(net.addr().to_bits(), net.prefix_len());
            }
        }
        PathAttributeValue::MpUnreach(MpUnreach::Ipv6Unicast { nlri }) => {
            for one in nlri.iter() {
                let net = one.network().address();
                sum.withdrawn6(net.addr().to_bits(), net.prefix_len());
            }
        }
        PathAttributeValue::MpUnreach(MpUnreach::Ipv4Unicast { nlri }) => {
            for one in nlri.iter() {
                let net = one.network().address();
                sum.withdrawn4(net.addr().to_bits(), net.prefix_len());
            }
        }
        PathAttributeValue::UnknownAttribute(unknown) => {
            sum.unknown(unknown.code(), unknown.value().len());
        }
        _ => sum.unknown(0, 0),
    }
}

/// The kinds that the recordings hold; messages with others are not measured, since the sums differ.
fn extended(one: &ExtendedCommunity) -> u64 {
    use TransitiveFourOctetExtendedCommunity as Four;
    use TransitiveIpv4ExtendedCommunity as Ipv4;
    use TransitiveTwoOctetExtendedCommunity as Two;
    let two = |subtype: u64, asn: u16, local: u32| {
        (subtype << 48) | (u64::from(asn) << 32) | u64::from(local)
    };
    let four = |kind: u64, subtype: u64, global: u32, local: u16| {
        (kind << 56) | (subtype << 48) | (u64::from(global) << 16) | u64::from(local)
    };
    match one {
        ExtendedCommunity::TransitiveTwoOctet(Two::RouteTarget {
            global_admin,
            local_admin,
        }) => two(2, *global_admin, *local_admin),
        ExtendedCommunity::TransitiveTwoOctet(Two::RouteOrigin {
            global_admin,
            local_admin,
        }) => two(3, *global_admin, *local_admin),
        ExtendedCommunity::TransitiveIpv4(Ipv4::RouteTarget {
            global_admin,
            local_admin,
        }) => four(1, 2, global_admin.to_bits(), *local_admin),
        ExtendedCommunity::TransitiveIpv4(Ipv4::RouteOrigin {
            global_admin,
            local_admin,
        }) => four(1, 3, global_admin.to_bits(), *local_admin),
        ExtendedCommunity::TransitiveFourOctet(Four::RouteTarget {
            global_admin,
            local_admin,
        }) => four(2, 2, *global_admin, *local_admin),
        ExtendedCommunity::TransitiveFourOctet(Four::RouteOrigin {
            global_admin,
            local_admin,
        }) => four(2, 3, *global_admin, *local_admin),
        ExtendedCommunity::NonTransitiveOpaque(
            NonTransitiveOpaqueExtendedCommunity::Unassigned { sub_type, value },
        ) => {
            let [a, b, c, d, e, f] = *value;
            u64::from_be_bytes([0x43, *sub_type, a, b, c, d, e, f])
        }
        _ => 0,
    }
}

impl Writer for Netgauze {
    type Value = BgpMessage;
    const NAME: &'static str = <Self as Reader>::NAME;

    fn value(message: Recorded<'_>) -> Option<BgpMessage> {
        decode(&mut Self::session(message.four_octet_as), message.octets)
    }

    fn write(message: &mut BgpMessage, out: &mut Vec<u8>) -> bool {
        message.write(out).is_ok()
    }
}
