//! Every message of the captures against the fields that tshark shows of it, for what is typed here.
//!
//! tshark guesses the width of AS numbers and ADD-PATH where the OPENs are not in the capture; so do we,
//! the likelier first.
use super::differences::{CAPTURES, Known};
use super::messages::{context, context_of};
use super::report;
use super::source::{lines, octets, shared, text};
use bgp_wire::attr::{Community, ExtendedCommunity, ExtendedValue};
use bgp_wire::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields of a message: their names at tshark, and our values in wire order.
type Fields = Vec<(&'static str, Vec<String>)>;

/// What tshark shows of one field, in wire order.
fn shown<'a>(line: &'a Value, field: &str) -> Vec<&'a str> {
    let values = line["tshark"][field].as_array();
    values.map_or(Vec::new(), |values| {
        values.iter().filter_map(Value::as_str).collect()
    })
}

fn strings<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn open_fields(open: &Open, message: &[u8]) -> Fields {
    let mut found: Fields = vec![
        ("bgp.open.myas", strings([open.asn.two_octet()])),
        ("bgp.open.holdtime", strings([open.hold_time])),
        ("bgp.open.identifier", strings([open.router_id.address()])),
        (
            "bgp.cap.type",
            strings(open.capabilities.iter().map(Capability::code)),
        ),
    ];
    // RFC 6793 §9: where the AS fits, the two-octet field holds it; tshark shows the field.
    if let [high, low, ..] = message[20..] {
        found[0].1 = strings([u16::from_be_bytes([high, low])]);
    }
    let mut put = |name: &'static str, value: String| match found
        .iter_mut()
        .find(|(known, _)| *known == name)
    {
        Some((_, values)) => values.push(value),
        None => found.push((name, vec![value])),
    };
    for capability in &open.capabilities {
        match capability {
            Capability::Multiprotocol(family) => {
                put("bgp.cap.mp.afi", family.afi.to_string());
                put("bgp.cap.mp.safi", family.safi.to_string());
            }
            Capability::FourOctetAs(asn) => put("bgp.cap.4as", asn.0.to_string()),
            Capability::GracefulRestart(restart) => {
                put("bgp.cap.gr.timers.restart_time", restart.time.to_string());
                let flags = [
                    ("bgp.cap.gr.timers.restart_flag", restart.restarting),
                    ("bgp.cap.gr.timers.notification_flag", restart.notification),
                ];
                for (name, flag) in flags {
                    put(name, u8::from(flag).to_string());
                }
                for (family, preserved) in &restart.families {
                    put("bgp.cap.gr.afi", family.afi.to_string());
                    put("bgp.cap.gr.safi", family.safi.to_string());
                    put("bgp.cap.gr.flag.pfs", u8::from(*preserved).to_string());
                }
            }
            Capability::AddPath(entries) => {
                for entry in entries {
                    let mode = u8::from(entry.receive) | u8::from(entry.send) << 1;
                    put("bgp.cap.ap.afi", entry.family.afi.to_string());
                    put("bgp.cap.ap.safi", entry.family.safi.to_string());
                    put("bgp.cap.ap.sendreceive", mode.to_string());
                }
            }
            Capability::ExtendedNextHop(entries) => {
                for entry in entries {
                    put("bgp.cap.enh.afi", entry.family.afi.to_string());
                    put("bgp.cap.enh.safi", entry.family.safi.to_string());
                    put("bgp.cap.enh.nhafi", entry.next_hop_afi.to_string());
                }
            }
            Capability::Fqdn { host, domain } => {
                put("bgp.cap.orf.fqdn.hostname", host.clone());
                put("bgp.cap.orf.fqdn.domain_name", domain.clone());
            }
            _ => {}
        }
    }
    found
}

fn notification_fields(notification: &Notification) -> Fields {
    let minor = match notification.code {
        2 => "bgp.notify.minor_error_open",
        3 => "bgp.notify.minor_error_update",
        6 => "bgp.notify.minor_error_cease",
        // tshark 4.0.17 has no name for those of ROUTE-REFRESH.
        7 => "bgp.notify.minor_error_capability",
        _ => "bgp.notify.minor_error",
    };
    vec![
        ("bgp.notify.major_error", strings([notification.code])),
        (minor, strings([notification.subcode])),
    ]
}

fn refresh_fields(refresh: &RouteRefresh) -> Fields {
    vec![
        ("bgp.route_refresh.afi", strings([refresh.family.afi])),
        ("bgp.route_refresh.safi", strings([refresh.family.safi])),
        ("bgp.route_refresh.subtype", strings([refresh.subtype])),
    ]
}

/// VPNv4: prefixes, route distinguishers and labels. tshark 4.0.17 has no fields for those of VPNv6.
fn vpn(update: &Update<&[u8]>, found: &mut Fields) {
    let nlri: Vec<Nlri<Vpnv4>> = update.announced().collect();
    // It shows withdrawn ones under the same names.
    if nlri.is_empty() || update.withdrawn::<Vpnv4>().next().is_some() {
        return;
    }
    let network = |text: String| text.split('/').next().unwrap_or("").to_string();
    let labels = nlri.iter().map(|one| format!("{} (bottom)", one.payload));
    found.push(("bgp.label_stack", strings(labels)));
    found.push((
        "bgp.rd",
        strings(nlri.iter().map(|one| one.key.rd.to_string())),
    ));
    let prefixes = nlri.iter().map(|one| network(one.key.prefix.to_string()));
    found.push(("bgp.mp_reach_nlri_ipv4_prefix", strings(prefixes)));
}

/// EVPN: route types, distinguishers, tags and MAC addresses.
fn evpn(update: &Update<&[u8]>, found: &mut Fields) {
    let keys: Vec<EvpnKey> = update.announced::<Evpn>().map(|nlri| nlri.key).collect();
    if keys.is_empty() {
        return;
    }
    let octets = update.announced_octets(Family::EVPN);
    let kinds = octets.filter_map(|nlri| nlri.octets.first().copied());
    found.push(("bgp.evpn.nlri.rt", strings(kinds)));
    let macs = keys.iter().filter_map(|key| match key {
        EvpnKey::MacIp { mac, .. } => Some(mac.to_string()),
        _ => None,
    });
    found.push(("bgp.evpn.nlri.mac_addr", strings(macs)));
}

/// AS numbers are compared as AS_PATH has them, before AS4_PATH is merged.
fn update_fields(update: &Update<&[u8]>, four_octet_as: bool) -> Fields {
    let attributes = update.attributes();
    let path = attributes.raw(2).map_or(&[][..], |raw| raw.value);
    let path = AsPath::new(path, four_octet_as);
    let large: Vec<[u32; 3]> = attributes.large_communities().collect();
    let part = |part: usize| strings(large.iter().map(|one| one[part]));
    let network = |text: String| text.split('/').next().unwrap_or("").to_string();
    let withdrawn = update.withdrawn::<Ipv4Unicast>();
    let mut found: Fields = vec![
        (
            "bgp.update.path_attribute.origin",
            strings(attributes.origin().map(Origin::code)),
        ),
        (
            "bgp.update.path_attribute.multi_exit_disc",
            strings(attributes.med()),
        ),
        (
            "bgp.update.path_attribute.local_pref",
            strings(attributes.local_pref()),
        ),
        (
            if four_octet_as {
                "bgp.update.path_attribute.as_path_segment.as4"
            } else {
                "bgp.update.path_attribute.as_path_segment.as2"
            },
            strings(path.asns().map(|asn| asn.0)),
        ),
        (
            "bgp.update.path_attribute.aggregator_as",
            strings(attributes.aggregator().map(|one| one.asn)),
        ),
        (
            "bgp.update.path_attribute.aggregator_origin",
            strings(attributes.aggregator().map(|one| one.address)),
        ),
        (
            "bgp.update.path_attribute.originator_id",
            strings(attributes.originator_id()),
        ),
        (
            "bgp.path_attribute.cluster_id",
            strings(attributes.cluster_list().map(std::net::Ipv4Addr::from_bits)),
        ),
        (
            "bgp.update.attribute.aigp.accu_igp_metric",
            strings(attributes.aigp()),
        ),
        ("bgp.large_communities.ga", part(0)),
        ("bgp.large_communities.ldp1", part(1)),
        ("bgp.large_communities.ldp2", part(2)),
        (
            "bgp.withdrawn_prefix",
            strings(withdrawn.map(|one| one.key.addr())),
        ),
    ];
    // RFC 4760 §3: beside MP_REACH_NLRI alone, NEXT_HOP is ignored.
    let reach = update.multiprotocol_fields().find(|field| field.announced);
    if let (Some(next_hop), None) = (update.next_hop(Family::IPV4_UNICAST), reach) {
        found.push(("bgp.update.path_attribute.next_hop", strings([next_hop])));
        let prefixes = update.announced::<Ipv4Unicast>().map(|one| one.key.addr());
        found.push(("bgp.nlri_prefix", strings(prefixes)));
    }
    if let Some(NextHop::V6 { global, link_local }) =
        reach.and_then(|field| update.next_hop(field.family))
    {
        let name = "bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6";
        found.push((name, strings([global])));
        let name = "bgp.update.path_attribute.mp_reach_nlri.next_hop.ipv6.link_local";
        found.push((name, strings(link_local)));
    }
    if let Some(field) = reach {
        let name = "bgp.update.path_attribute.mp_reach_nlri.afi";
        found.push((name, strings([field.family.afi])));
        let name = "bgp.update.path_attribute.mp_reach_nlri.safi";
        found.push((name, strings([field.family.safi])));
    }
    if reach.is_some_and(|field| field.family == Family::IPV6_UNICAST) {
        let prefixes = update.announced::<Ipv6Unicast>();
        let prefixes = prefixes.map(|one| network(one.key.to_string()));
        found.push(("bgp.mp_reach_nlri_ipv6_prefix", strings(prefixes)));
    }
    vpn(update, &mut found);
    evpn(update, &mut found);
    // Well-known ones tshark shows elsewhere.
    let communities: Vec<Community> = attributes.communities().map(Community).collect();
    if communities.iter().all(|one| one.name().is_none()) {
        let upper = communities.iter().map(|one| one.0 >> 16);
        found.push(("bgp.update.path_attribute.community_as", strings(upper)));
        let lower = communities.iter().map(|one| one.0 & 0xffff);
        found.push(("bgp.update.path_attribute.community_value", strings(lower)));
    }
    let extended: Vec<ExtendedCommunity> = attributes
        .extended_communities()
        .map(ExtendedCommunity)
        .collect();
    let kinds = extended.iter().map(|one| format!("0x{:02x}", one.0[0]));
    found.push(("bgp.ext_com.type", strings(kinds)));
    let bandwidths = extended.iter().filter_map(|one| match one.value() {
        ExtendedValue::LinkBandwidth { rate, .. } => Some(rate),
        _ => None,
    });
    found.push(("bgp.ext_com.value_link_bw", strings(bandwidths)));
    found
}

/// Contexts of an UPDATE: what the OPENs of its stream agreed on, and where they were not captured,
/// what can be.
fn captured(opens: &BTreeMap<(u64, String), Open>, line: &Value) -> Vec<UpdateContext> {
    let stream = line["stream"].as_u64().expect("a number");
    let side = |name: &str| opens.get(&(stream, text(line, name).to_string()));
    match (side("/dst"), side("/src")) {
        (Some(local), Some(remote)) => {
            let negotiated = Negotiated::new(local, remote);
            vec![UpdateContext::new(&negotiated)]
        }
        _ => [(true, false), (false, false), (true, true), (false, true)]
            .into_iter()
            .map(|(four, add_path)| context(four, add_path))
            .collect(),
    }
}

/// How the messages of one capture came out.
#[derive(Default)]
struct Score {
    messages: usize,
    fields: usize,
    known: Vec<&'static Known>,
    wrong: Vec<String>,
}

impl Score {
    fn differs(&mut self, case: &str, found: &str) {
        let known = |known: &&Known| known.case == case && known.found == found;
        match CAPTURES.iter().find(known) {
            Some(known) => self.known.push(known),
            None => self.wrong.push(format!("{case}: {found}")),
        }
    }
}

/// What a message says, or the fault for which it says nothing.
fn fields(
    message: &[u8],
    kind: MessageType,
    line: &Value,
    opens: &mut BTreeMap<(u64, String), Open>,
) -> Result<Fields, Fault> {
    Ok(match kind {
        MessageType::Keepalive => Vec::new(),
        MessageType::Notification => notification_fields(&Notification::parse(message)?),
        MessageType::RouteRefresh => refresh_fields(&RouteRefresh::parse(message)?),
        MessageType::Open => {
            let open = Open::parse(message)?;
            let found = open_fields(&open, message);
            let stream = line["stream"].as_u64().expect("a number");
            opens.insert((stream, text(line, "/src").to_string()), open);
            found
        }
        MessageType::Update => {
            let contexts = captured(opens, line);
            let context = context_of(message, &contexts);
            let update = Update::parse(message, context)?;
            match update.faults().next() {
                Some(fault) => return Err(fault),
                None => update_fields(&update, context.four_octet_as),
            }
        }
    })
}

fn capture(score: &mut Score, name: &str, lines: &[Value]) {
    let mut opens = BTreeMap::new();
    for line in lines {
        score.messages += 1;
        let case = format!("{name}, frame {}", line["frame"]);
        let message = octets(text(line, "/hex"));
        let header = match frame(&message, 65_535) {
            Ok(Some(header)) => header,
            Ok(None) => {
                score.differs(&case, "cut off");
                continue;
            }
            Err(fault) => {
                score.differs(&case, &fault.to_string());
                continue;
            }
        };
        match fields(&message[..header.length], header.kind, line, &mut opens) {
            Err(fault) => score.differs(&case, &fault.to_string()),
            Ok(fields) => {
                let (same, other): (Vec<_>, Vec<_>) = fields
                    .into_iter()
                    .partition(|(field, ours)| *ours == shown(line, field));
                score.fields += same.len();
                if !other.is_empty() {
                    let names: Vec<&str> = other.iter().map(|(field, _)| *field).collect();
                    score.differs(&case, &names.join(", "));
                }
            }
        }
    }
}

#[test]
fn captures_say_what_tshark_shows() {
    let Some(shared) = shared("captures") else {
        return;
    };
    let folder = shared.join("data/pcap/expected");
    let listing = std::fs::read_dir(folder).expect("captures");
    let mut paths: Vec<_> = listing
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let mut rows = Vec::new();
    let mut known = Vec::new();
    let mut wrong = Vec::new();
    for path in paths {
        let name = path.file_name().expect("a name").to_string_lossy();
        let Some(name) = name.strip_suffix(".tshark.jsonl.xz") else {
            continue;
        };
        let mut score = Score::default();
        capture(&mut score, name, &lines(&path));
        let counts = [
            score.messages,
            score.fields,
            score.known.len(),
            score.wrong.len(),
        ];
        let mut row = strings(counts);
        row.insert(0, format!("`{name}`"));
        rows.push(row);
        known.extend(score.known);
        wrong.extend(score.wrong);
    }
    assert!(rows.len() > 1, "captures");
    let mut page = String::from(
        "Each field of each message that is typed here, as tshark 4.0.17 shows it: of an OPEN its\n\
         capabilities, of an UPDATE its attributes, next hops and NLRI, and so on.\n\n",
    );
    let head = [
        "capture",
        "messages",
        "fields the same",
        "differ",
        "unexplained",
    ];
    page += &report::table(&head, &rows);
    page += "\nDiffer:\n\n";
    page += &Known::table(&known);
    assert!(wrong.is_empty(), "{wrong:#?}");
    Known::all_needed(CAPTURES, &known);
    report::section("Captures", &page);
}
