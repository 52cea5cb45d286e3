//! zettabgp: owned values, decoded in full.
use crate::{Reader, Writer};
use codec::corpus::Recorded;
use codec::walk::Sum;
use zettabgp::prelude::*;

pub struct Zettabgp;

/// Octets of a header, which this crate reads apart from the message.
const HEADER: usize = 19;

fn decode(session: &BgpSessionParams, octets: &[u8]) -> Option<BgpUpdateMessage> {
    let (kind, length) = session.decode_message_head(octets).ok()?;
    if kind != BgpMessageType::Update {
        return None;
    }
    let mut update = BgpUpdateMessage::new();
    let body = octets.get(HEADER..HEADER + length)?;
    update.decode_from(session, body).ok()?;
    Some(update)
}

impl Reader for Zettabgp {
    type Session = BgpSessionParams;
    type Octets = Vec<u8>;
    const NAME: &'static str = "zettabgp 0.6.0";

    fn session(four_octet_as: bool) -> BgpSessionParams {
        let mut session =
            BgpSessionParams::new(1, 90, BgpTransportMode::IPv4, [192, 0, 2, 1].into(), vec![]);
        session.has_as32bit = four_octet_as;
        // It would guess whether there are path identifiers; here it is known.
        session.fuzzy_pathid = false;
        session
    }

    fn octets(message: &[u8]) -> Vec<u8> {
        message.to_vec()
    }

    fn walk(session: &mut BgpSessionParams, octets: &Vec<u8>) -> Option<Sum> {
        let update = decode(session, octets)?;
        let mut sum = Sum::default();
        announced(&mut sum, &update.updates);
        withdrawn(&mut sum, &update.withdraws);
        for attribute in &update.attrs {
            add(&mut sum, attribute);
        }
        Some(sum)
    }
}

fn announced(sum: &mut Sum, addresses: &BgpAddrs) {
    match addresses {
        BgpAddrs::IPV4U(list) => {
            for one in list {
                sum.announced4(one.addr.to_bits(), one.prefixlen);
            }
        }
        BgpAddrs::IPV6U(list) => {
            for one in list {
                sum.announced6(one.addr.to_bits(), one.prefixlen);
            }
        }
        _ => {}
    }
}

fn withdrawn(sum: &mut Sum, addresses: &BgpAddrs) {
    match addresses {
        BgpAddrs::IPV4U(list) => {
            for one in list {
                sum.withdrawn4(one.addr.to_bits(), one.prefixlen);
            }
        }
        BgpAddrs::IPV6U(list) => {
            for one in list {
                sum.withdrawn6(one.addr.to_bits(), one.prefixlen);
            }
        }
        _ => {}
    }
}

fn bits(address: &std::net::IpAddr) -> u32 {
    match address {
        std::net::IpAddr::V4(address) => address.to_bits(),
        std::net::IpAddr::V6(_) => 0,
    }
}

fn add(sum: &mut Sum, attribute: &BgpAttrItem) {
    match attribute {
        BgpAttrItem::Origin(origin) => sum.origin(match origin.value {
            BgpAttrOrigin::Igp => 0,
            BgpAttrOrigin::Egp => 1,
            BgpAttrOrigin::Incomplete => 2,
        }),
        BgpAttrItem::ASPath(path) => {
            for item in &path.value {
                match item {
                    BgpASitem::Set(set) => {
                        sum.segment(1);
                        for asn in &set.value {
                            sum.asn(asn.value);
                        }
                    }
                    BgpASitem::Seq(sequence) => {
                        sum.segment(2);
                        for asn in &sequence.value {
                            sum.asn(asn.value);
                        }
                    }
                }
            }
        }
        BgpAttrItem::NextHop(hop) => sum.next_hop4(bits(&hop.value)),
        BgpAttrItem::MED(med) => sum.med(med.value),
        BgpAttrItem::LocalPref(preference) => sum.local_pref(preference.value),
        BgpAttrItem::AtomicAggregate(_) => sum.atomic_aggregate(),
        BgpAttrItem::AggregatorAS(by) => sum.aggregator(by.asn, by.addr.to_bits()),
        BgpAttrItem::CommunityList(list) => {
            for one in &list.value {
                sum.community(one.value);
            }
        }
        BgpAttrItem::ExtCommunityList(list) => {
            for one in &list.value {
                sum.extended_community(
                    (u64::from(one.ctype) << 56)
                        | (u64::from(one.subtype) << 48)
                        | (u64::from(one.a) << 32)
                        | u64::from(one.b),
                );
            }
        }
        BgpAttrItem::LargeCommunityList(list) => {
            for one in &list.value {
                sum.large_community([one.ga, one.ldp1, one.ldp2]);
            }
        }
        BgpAttrItem::OriginatorID(id) => sum.originator(bits(&id.value)),
        BgpAttrItem::ClusterList(list) => {
            for one in &list.value {
                sum.cluster(bits(one));
            }
        }
        BgpAttrItem::OTC(asn) => sum.only_to_customer(asn.value),
        BgpAttrItem::MPUpdates(reach) => {
            match &reach.nexthop {
                BgpAddr::V4(address) => sum.next_hop4(address.to_bits()),
                BgpAddr::V6(address) => sum.next_hop6(address.to_bits()),
                _ => {}
            }
            announced(sum, &reach.addrs);
        }
        BgpAttrItem::MPWithdraws(unreach) => withdrawn(sum, &unreach.addrs),
        BgpAttrItem::Unknown(unknown) => {
            sum.unknown(unknown.params.typecode, unknown.value.len());
        }
        _ => sum.unknown(0, 0),
    }
}

impl Writer for Zettabgp {
    type Value = (BgpUpdateMessage, BgpSessionParams);
    const NAME: &'static str = <Self as Reader>::NAME;

    fn value(message: Recorded<'_>) -> Option<Self::Value> {
        let session = Self::session(message.four_octet_as);
        Some((decode(&session, message.octets)?, session))
    }

    fn write((update, session): &mut Self::Value, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        // It writes into a slice that is long enough.
        out.resize(start + 4_096, 0);
        let Ok(length) = update.encode_to(session, &mut out[start + HEADER..]) else {
            return false;
        };
        let end = session.prepare_message_buf(&mut out[start..], BgpMessageType::Update, length);
        out.truncate(start + HEADER + length);
        end.is_ok()
    }
}
