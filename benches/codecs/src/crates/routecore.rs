//! routecore: a view over octets, and iterators, as ours. Reads with one pass over the attributes,
//! which is faster than its accessors: each of those passes over them again.
use crate::{Reader, Writer};
use codec::corpus::Recorded;
use codec::walk::Sum;
use inetnum::addr::Prefix;
use routecore::bgp::aspath::AsPath;
use routecore::bgp::message::update::{SessionConfig, UpdateMessage};
use routecore::bgp::message::update_builder::UpdateBuilder;
use routecore::bgp::nlri::afisafi::{
    AfiSafiNlri, Ipv4UnicastNlri, Ipv6UnicastNlri, IsPrefix, NlriCompose,
};
use routecore::bgp::nlri::nexthop::NextHop;
use routecore::bgp::path_attributes::{PaMap, WireformatPathAttribute};
use std::net::IpAddr;

pub struct Routecore;

impl Reader for Routecore {
    type Session = SessionConfig;
    type Octets = Vec<u8>;
    const NAME: &'static str = "routecore 0.7.2";

    fn session(four_octet_as: bool) -> SessionConfig {
        if four_octet_as {
            SessionConfig::modern()
        } else {
            SessionConfig::legacy()
        }
    }

    fn octets(message: &[u8]) -> Vec<u8> {
        message.to_vec()
    }

    fn walk(session: &mut SessionConfig, octets: &Vec<u8>) -> Option<Sum> {
        let update = UpdateMessage::from_octets(octets.as_slice(), session).ok()?;
        let mut sum = Sum::default();
        if let Some(announced) = update.typed_announcements::<_, Ipv4UnicastNlri>().ok()? {
            for one in announced {
                let (address, bits) = four(one.ok()?.prefix())?;
                sum.announced4(address, bits);
            }
        }
        if let Some(withdrawn) = update.typed_withdrawals::<_, Ipv4UnicastNlri>().ok()? {
            for one in withdrawn {
                let (address, bits) = four(one.ok()?.prefix())?;
                sum.withdrawn4(address, bits);
            }
        }
        if let Some(announced) = update.typed_announcements::<_, Ipv6UnicastNlri>().ok()? {
            for one in announced {
                let (address, bits) = six(one.ok()?.prefix())?;
                sum.announced6(address, bits);
            }
        }
        if let Some(withdrawn) = update.typed_withdrawals::<_, Ipv6UnicastNlri>().ok()? {
            for one in withdrawn {
                let (address, bits) = six(one.ok()?.prefix())?;
                sum.withdrawn6(address, bits);
            }
        }
        for attribute in update.path_attributes().ok()? {
            add(&mut sum, &update, &attribute.ok()?)?;
        }
        Some(sum)
    }
}

fn four(prefix: Prefix) -> Option<(u32, u8)> {
    match prefix.addr() {
        IpAddr::V4(address) => Some((address.to_bits(), prefix.len())),
        IpAddr::V6(_) => None,
    }
}

fn six(prefix: Prefix) -> Option<(u128, u8)> {
    match prefix.addr() {
        IpAddr::V6(address) => Some((address.to_bits(), prefix.len())),
        IpAddr::V4(_) => None,
    }
}

fn add(
    sum: &mut Sum,
    update: &UpdateMessage<&[u8]>,
    attribute: &WireformatPathAttribute<'_, &[u8]>,
) -> Option<()> {
    match attribute {
        WireformatPathAttribute::Origin(value) => {
            sum.origin(value.value_into_parser().parse_u8().ok()?);
        }
        WireformatPathAttribute::AsPath(value) => {
            let mut parser = value.value_into_parser();
            let octets = parser.parse_octets(parser.remaining()).ok()?;
            let four_octet = value.pdu_parse_info().four_octet_enabled();
            let path = AsPath::new(octets, four_octet).ok()?;
            // Its segments do not tell their type.
            let mut at = 0;
            for segment in path.segments() {
                sum.segment(*octets.get(at)?);
                let width = if four_octet { 4 } else { 2 };
                at += 2 + width * usize::from(segment.asn_count());
                for asn in segment.asns() {
                    sum.asn(asn.into_u32());
                }
            }
        }
        WireformatPathAttribute::ConventionalNextHop(value) => {
            sum.next_hop4(value.value_into_parser().parse_u32_be().ok()?);
        }
        WireformatPathAttribute::MultiExitDisc(value) => {
            sum.med(value.value_into_parser().parse_u32_be().ok()?);
        }
        WireformatPathAttribute::LocalPref(value) => {
            sum.local_pref(value.value_into_parser().parse_u32_be().ok()?);
        }
        WireformatPathAttribute::AtomicAggregate(_) => sum.atomic_aggregate(),
        WireformatPathAttribute::Aggregator(value) => {
            let mut parser = value.value_into_parser();
            let asn = if value.pdu_parse_info().four_octet_enabled() {
                parser.parse_u32_be().ok()?
            } else {
                u32::from(parser.parse_u16_be().ok()?)
            };
            sum.aggregator(asn, parser.parse_u32_be().ok()?);
        }
        WireformatPathAttribute::StandardCommunities(value) => {
            let mut parser = value.value_into_parser();
            while parser.remaining() > 0 {
                sum.community(parser.parse_u32_be().ok()?);
            }
        }
        WireformatPathAttribute::ExtendedCommunities(value) => {
            let mut parser = value.value_into_parser();
            while parser.remaining() > 0 {
                let high = u64::from(parser.parse_u32_be().ok()?);
                let low = u64::from(parser.parse_u32_be().ok()?);
                sum.extended_community((high << 32) | low);
            }
        }
        WireformatPathAttribute::LargeCommunities(value) => {
            let mut parser = value.value_into_parser();
            while parser.remaining() > 0 {
                let mut word = || parser.parse_u32_be().ok();
                sum.large_community([word()?, word()?, word()?]);
            }
        }
        WireformatPathAttribute::OriginatorId(value) => {
            sum.originator(value.value_into_parser().parse_u32_be().ok()?);
        }
        WireformatPathAttribute::ClusterList(value) => {
            let mut parser = value.value_into_parser();
            while parser.remaining() > 0 {
                sum.cluster(parser.parse_u32_be().ok()?);
            }
        }
        WireformatPathAttribute::Otc(value) => {
            sum.only_to_customer(value.value_into_parser().parse_u32_be().ok()?);
        }
        WireformatPathAttribute::MpReachNlri(_) => match update.mp_next_hop().ok()?? {
            NextHop::Unicast(IpAddr::V4(address)) => sum.next_hop4(address.to_bits()),
            NextHop::Unicast(IpAddr::V6(address)) => sum.next_hop6(address.to_bits()),
            NextHop::Ipv6LL { global, link_local } => {
                sum.next_hop6(global.to_bits());
                sum.next_hop6(link_local.to_bits());
            }
            _ => return None,
        },
        // MP_UNREACH_NLRI is among those that it has no type for; its NLRI are walked above.
        WireformatPathAttribute::Unimplemented(unknown) if unknown.type_code() == 15 => {}
        other => sum.unknown(other.type_code(), other.length()),
    }
    Some(())
}

/// Attributes and NLRI; the builder that it writes with is made of them each time, since writing
/// consumes it.
pub enum Value {
    Four(Parts<Ipv4UnicastNlri>),
    Six(Parts<Ipv6UnicastNlri>),
}

pub struct Parts<A> {
    session: SessionConfig,
    attributes: PaMap,
    next_hop: Option<NextHop>,
    announced: Vec<A>,
    withdrawn: Vec<A>,
}

impl Writer for Routecore {
    type Value = Value;
    const NAME: &'static str = <Self as Reader>::NAME;

    fn value(message: Recorded<'_>) -> Option<Value> {
        let session = Self::session(message.four_octet_as);
        let update = UpdateMessage::from_octets(message.octets, &session).ok()?;
        let mut attributes = PaMap::from_update_pdu(&update).ok()?;
        attributes.attributes_mut().remove(&14);
        let next_hop = match update.mp_next_hop().ok()? {
            Some(next_hop) => Some(next_hop),
            None => update.conventional_next_hop().ok()?,
        };
        let announced = update.typed_announcements::<_, Ipv4UnicastNlri>().ok()?;
        let withdrawn = update.typed_withdrawals::<_, Ipv4UnicastNlri>().ok()?;
        if announced.is_some() || withdrawn.is_some() {
            return Some(Value::Four(Parts {
                session,
                attributes,
                next_hop,
                announced: announced
                    .into_iter()
                    .flatten()
                    .collect::<Result<_, _>>()
                    .ok()?,
                withdrawn: withdrawn
                    .into_iter()
                    .flatten()
                    .collect::<Result<_, _>>()
                    .ok()?,
            }));
        }
        let announced = update.typed_announcements::<_, Ipv6UnicastNlri>().ok()?;
        let withdrawn = update.typed_withdrawals::<_, Ipv6UnicastNlri>().ok()?;
        Some(Value::Six(Parts {
            session,
            attributes,
            next_hop,
            announced: announced
                .into_iter()
                .flatten()
                .collect::<Result<_, _>>()
                .ok()?,
            withdrawn: withdrawn
                .into_iter()
                .flatten()
                .collect::<Result<_, _>>()
                .ok()?,
        }))
    }

    fn write(value: &mut Value, out: &mut Vec<u8>) -> bool {
        let octets = match value {
            Value::Four(parts) => compose(parts),
            Value::Six(parts) => compose(parts),
        };
        octets.is_some_and(|octets| {
            out.extend_from_slice(&octets);
            true
        })
    }
}

fn compose<A: Clone + AfiSafiNlri + NlriCompose>(parts: &Parts<A>) -> Option<Vec<u8>> {
    let mut builder: UpdateBuilder<Vec<u8>, A> =
        UpdateBuilder::from_attributes_builder(parts.attributes.clone());
    builder
        .announcements_from_iter(parts.announced.iter().cloned())
        .ok()?;
    builder
        .withdrawals_from_iter(parts.withdrawn.iter().cloned())
        .ok()?;
    if let Some(next_hop) = parts.next_hop.filter(|_| !parts.announced.is_empty()) {
        builder.set_nexthop(next_hop).ok()?;
    }
    Some(builder.into_message(&parts.session).ok()?.into_octets())
}
