//! From the octets of a message to what is said about it.
use super::context::{Contexts, PathIds, Reading};
use super::entry::{
    AttributesEntry, End, FaultEntry, NotificationEntry, OpenEntry, OtherAttribute,
    PmsiTunnelEntry, UpdateEntry, What,
};
use super::nlri;
use bgp_wire::attr::{Community, ExtendedCommunity, LargeCommunity, PmsiTunnel, RawAttribute};
use bgp_wire::iana::attribute as code;
use bgp_wire::{
    Attributes, Disposition, Family, Fault, Header, MessageType, Notification, Open, RouteRefresh,
    Update, frame, iana,
};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

/// What a message is and what is wrong with it.
pub(super) struct Described {
    pub(super) what: What,
    pub(super) faults: Vec<FaultEntry>,
    pub(super) disposition: Option<Disposition>,
    pub(super) notification: Option<NotificationEntry>,
    pub(super) hint: Option<&'static str>,
    /// An OPEN, for the context of what follows.
    pub(super) open: Option<Open>,
}

impl Described {
    /// Without fault.
    pub(super) fn of(what: What) -> Self {
        Self {
            what,
            faults: Vec::new(),
            disposition: None,
            notification: None,
            hint: None,
            open: None,
        }
    }

    /// A message that a session would end over.
    fn fatal(what: What, fault: &Fault, message: &[u8]) -> Self {
        let mut described = Self::of(what);
        described.fault(fault);
        described.notification = Some(notification(&fault.notification(message)));
        described
    }

    /// Adds a fault.
    pub(super) fn fault(&mut self, fault: &Fault) {
        let disposition = fault.disposition();
        self.faults.push(FaultEntry {
            offset: fault.offset,
            attribute: fault.attr,
            fault: words(fault),
            disposition,
        });
        self.disposition = self.disposition.max(Some(disposition));
    }
}

/// One message; `octets` may hold more than it.
pub(super) fn message(octets: &[u8], reading: Reading, contexts: &Contexts) -> Described {
    let malformed = What::Malformed {
        length: octets.len(),
    };
    let header = match frame(octets, Header::EXTENDED_MAX) {
        Ok(Some(header)) => header,
        // What is framed here is whole: fewer octets than the header says are a fault of it. (In a
        // stream and in lines of digits they are what was cut off.)
        Ok(None) => {
            let fault = Fault {
                offset: 16,
                attr: None,
                kind: bgp_wire::FaultKind::MessageLength,
            };
            return Described::fatal(malformed, &fault, octets);
        }
        Err(fault) => return Described::fatal(malformed, &fault, octets),
    };
    let message = octets.get(..header.length).unwrap_or(octets);
    match header.kind {
        MessageType::Keepalive => Described::of(What::Keepalive),
        MessageType::Open => match Open::parse(message) {
            Ok(open) => Described {
                open: Some(open.clone()),
                ..Described::of(What::Open(open_entry(&open)))
            },
            Err(fault) => Described::fatal(malformed, &fault, message),
        },
        MessageType::Notification => match Notification::parse(message) {
            Ok(value) => Described::of(What::Notification(notification(&value))),
            Err(fault) => Described::fatal(malformed, &fault, message),
        },
        MessageType::RouteRefresh => match RouteRefresh::parse(message) {
            Ok(refresh) => Described::of(What::RouteRefresh {
                family: Some(refresh.family),
                subtype: match refresh.subtype {
                    iana::refresh::REQUEST => "request".into(),
                    iana::refresh::BEGIN => "begin".into(),
                    iana::refresh::END => "end".into(),
                    other => other.to_string(),
                },
            }),
            Err(fault) => Described::fatal(malformed, &fault, message),
        },
        MessageType::Update => update(message, reading, contexts),
    }
}

fn update(message: &[u8], reading: Reading, contexts: &Contexts) -> Described {
    match Update::parse(message, contexts.of(reading)) {
        Err(fatal) => {
            let mut described = Described::of(What::Update(UpdateEntry::default()));
            for fault in Update::every_fault(message, contexts.of(reading)) {
                described.fault(&fault);
            }
            described.notification = Some(notification(&fatal.notification(message)));
            described
        }
        Ok(update) => {
            let add_path = &contexts.of(reading).add_path;
            let mut described = Described::of(What::Update(update_entry(&update, add_path)));
            for fault in update.faults() {
                described.fault(&fault);
            }
            described
        }
    }
}

/// Another reading under which an UPDATE has no fault, in words. For input that does not say how
/// it is to be read.
pub(super) fn hint(octets: &[u8], reading: Reading, contexts: &Contexts) -> Option<&'static str> {
    let other = |four_octet_as, add_path| Reading {
        four_octet_as,
        add_path,
        ..reading
    };
    let internal = |four_octet_as, add_path| Reading {
        internal: true,
        ..other(four_octet_as, add_path)
    };
    if octets.get(18) != Some(&iana::message::UPDATE) {
        return None;
    }
    let four = reading.four_octet_as;
    let (width, both, internal_width) = if four {
        (
            "no fault with --as2",
            "no fault with --as2 and --add-path",
            "no fault with --ibgp and --as2",
        )
    } else {
        (
            "no fault without --as2",
            "no fault with --add-path, without --as2",
            "no fault with --ibgp, without --as2",
        )
    };
    let (said, everywhere) = (PathIds::AsSaid, PathIds::Everywhere);
    let tries = [
        (internal(four, said), "no fault with --ibgp"),
        (other(!four, said), width),
        (other(four, everywhere), "no fault with --add-path"),
        (other(!four, everywhere), both),
        (internal(!four, said), internal_width),
        (
            internal(four, everywhere),
            "no fault with --ibgp and --add-path",
        ),
    ];
    tries.into_iter().find_map(|(reading, words)| {
        let update = Update::parse(octets, contexts.of(reading)).ok()?;
        (update.disposition() == Disposition::Accept).then_some(words)
    })
}

fn open_entry(open: &Open) -> OpenEntry {
    OpenEntry {
        asn: open.asn,
        hold_time: open.hold_time,
        id: open.router_id.address(),
        capabilities: open.capabilities.iter().map(ToString::to_string).collect(),
        context: None,
    }
}

fn notification(value: &Notification) -> NotificationEntry {
    NotificationEntry {
        code: value.code,
        subcode: value.subcode,
        text: value.to_string(),
        data: hex(&value.data),
    }
}

/// What is wrong, without the offset, which has a field of its own.
fn words(fault: &Fault) -> String {
    let text = fault.kind.text();
    match fault.attr.map(|code| (code, code::name(code))) {
        Some((_, Some(name))) => format!("{name}: {text}"),
        Some((code, None)) => format!("attribute {code}: {text}"),
        None => text.to_owned(),
    }
}

fn update_entry<B: AsRef<[u8]>>(update: &Update<B>, add_path: &[Family]) -> UpdateEntry {
    let mut entry = UpdateEntry {
        end_of_rib: update.end_of_rib(),
        ..UpdateEntry::default()
    };
    if entry.end_of_rib.is_some() {
        return entry;
    }
    nlri::groups(update, add_path, &mut entry);
    entry.attributes = attributes(&update.attributes());
    entry
}

/// A next hop of any family: an address, an address behind a route distinguisher, or octets.
pub(super) fn next_hop_text(octets: &[u8]) -> String {
    let address = match octets.len() {
        // RFC 4364 §4.3.2, RFC 4659 §3.2.1
        12 | 24 => octets.get(8..).unwrap_or(&[]),
        _ => octets,
    };
    let four = <[u8; 4]>::try_from(address).map(IpAddr::from);
    let sixteen = <[u8; 16]>::try_from(address).map(IpAddr::from);
    match four.or(sixteen) {
        Ok(address) => address.to_string(),
        Err(_) => hex(octets),
    }
}

/// Attributes that have a field of their own.
const NAMED: &[u8] = &[
    code::ORIGIN,
    code::AS_PATH,
    code::MULTI_EXIT_DISC,
    code::LOCAL_PREF,
    code::ATOMIC_AGGREGATE,
    code::AGGREGATOR,
    code::COMMUNITIES,
    code::ORIGINATOR_ID,
    code::CLUSTER_LIST,
    code::EXTENDED_COMMUNITIES,
    code::PMSI_TUNNEL,
    code::IPV6_EXTENDED_COMMUNITIES,
    code::AIGP,
    code::LARGE_COMMUNITIES,
    code::ONLY_TO_CUSTOMER,
];

/// `None` where there are none.
pub(super) fn attributes(attributes: &Attributes<'_>) -> Option<AttributesEntry> {
    let known = (0..=u8::MAX)
        .filter(|code| code::name(*code).is_some() && !NAMED.contains(code))
        .filter_map(|code| attributes.raw(code));
    let entry = AttributesEntry {
        origin: attributes.origin().map(|origin| origin.to_string()),
        as_path: attributes.as_path().map(|path| path.to_string()),
        med: attributes.med(),
        local_pref: attributes.local_pref(),
        atomic_aggregate: attributes.atomic_aggregate(),
        aggregator: attributes.aggregator().map(|aggregator| End {
            address: aggregator.address.into(),
            asn: aggregator.asn,
        }),
        originator_id: attributes.originator_id().map(|id| id.to_string()),
        cluster_list: attributes.cluster_list().map(Ipv4Addr::from_bits).collect(),
        communities: attributes
            .communities()
            .map(|community| Community(community).to_string())
            .collect(),
        large_communities: attributes
            .large_communities()
            .map(|community| LargeCommunity(community).to_string())
            .collect(),
        extended_communities: attributes
            .extended_communities()
            .map(|community| ExtendedCommunity(community).to_string())
            .collect(),
        ipv6_extended_communities: attributes
            .ipv6_extended_communities()
            .map(|community| community.to_string())
            .collect(),
        aigp: attributes.aigp(),
        pmsi_tunnel: attributes.pmsi_tunnel().as_ref().map(pmsi_tunnel),
        only_to_customer: attributes.only_to_customer(),
        other: known.chain(attributes.unknown()).map(other).collect(),
    };
    (entry != AttributesEntry::default()).then_some(entry)
}

fn pmsi_tunnel(tunnel: &PmsiTunnel<'_>) -> PmsiTunnelEntry {
    PmsiTunnelEntry {
        tunnel: tunnel.kind,
        flags: tunnel.flags,
        label: tunnel.label,
        endpoint: tunnel.endpoint(),
        identifier: hex(tunnel.identifier),
    }
}

fn other(attribute: RawAttribute<'_>) -> OtherAttribute {
    OtherAttribute {
        code: attribute.code,
        name: code::name(attribute.code),
        flags: attribute.flags,
        value: hex(attribute.value),
    }
}

/// Octets in hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(
        String::with_capacity(octets.len() * 2),
        |mut text, octet| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{octet:02x}");
            text
        },
    )
}
