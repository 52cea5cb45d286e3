//! What ExaBGP says of its own messages, field by field, against what we read in them.
//!
//! Both sides are turned into the same short words, a line for each attribute and each route, and the
//! lines must be the same. Attributes and families that are octets here have no words: of a route
//! its octets are compared where ExaBGP prints them, and what is left is counted.
use super::differences::{Known, MESSAGES};
use super::messages::{context_of, contexts};
use super::report;
use super::source::{framed, lines, octets, shared, text};
use bgp_wire::attr::{Community, LargeCommunity};
use bgp_wire::*;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Attributes that are octets here.
const CARRIED: &[&str] = &["bgp-prefix-sid", "bgp-ls", "tunnel-encap"];
/// Families that are octets here, and of which ExaBGP prints no octets.
const OPAQUE: &[&str] = &["l2vpn vpls", "bgp-ls bgp-ls", "ipv4 sr-policy"];

const PROTOCOLS: &[(u64, &str)] = &[(1, "icmp"), (6, "tcp"), (17, "udp")];
const TCP_FLAGS: &[&str] = &["fin", "syn", "rst", "push", "ack", "urgent", "ece", "cwr"];
const FRAGMENTS: &[&str] = &[
    "dont-fragment",
    "is-fragment",
    "first-fragment",
    "last-fragment",
];

/// Names of the bits that are set.
fn bits(value: u64, names: &[&str]) -> String {
    let set = names.iter().enumerate();
    let set = set.filter(|(bit, _)| value >> bit & 1 == 1);
    set.map(|(_, name)| *name).collect::<Vec<_>>().join("+")
}

/// ">8080&<8088 =3128"
fn matches(kind: FlowType, list: FlowMatches<'_>) -> String {
    let mut words = String::new();
    for (position, one) in list.enumerate() {
        words += match (position, one.and) {
            (0, _) => "",
            (_, true) => "&",
            (_, false) => " ",
        };
        let (sign, value) = match one.test {
            FlowTest::Number {
                less,
                greater,
                equal,
            } => {
                let sign = [(less, "<"), (greater, ">"), (equal, "=")];
                let sign = sign.iter().filter(|(set, _)| *set).map(|(_, sign)| *sign);
                let sign = sign.collect::<String>().replace("<>", "!=");
                let named = PROTOCOLS.iter().find(|(number, _)| *number == one.value);
                let named = named.filter(|_| kind == FlowType::Protocol);
                let value = named.map_or(one.value.to_string(), |(_, name)| (*name).to_owned());
                (sign, value)
            }
            FlowTest::Bits { not, all } => {
                let sign = [if not { "!" } else { "" }, if all { "=" } else { "" }].concat();
                let names = if kind == FlowType::Fragment {
                    FRAGMENTS
                } else {
                    TCP_FLAGS
                };
                (sign, bits(one.value, names))
            }
        };
        words += &sign;
        words += &value;
    }
    words
}

/// "destination-ipv4 10.0.0.0/8 protocol =tcp", with ExaBGP's names of the components.
fn rule(rule: &FlowRule) -> String {
    let version = if rule.is_ipv6() { "ipv6" } else { "ipv4" };
    let prefix = |prefix: &FlowPrefix| {
        let offset = rule.is_ipv6().then(|| format!("/{}", prefix.offset()));
        format!(
            "-{version} {}{}",
            prefix.prefix(),
            offset.unwrap_or_default()
        )
    };
    let components = rule.components().map(|component| match component {
        FlowComponent::Destination(one) => format!("destination{}", prefix(&one)),
        FlowComponent::Source(one) => format!("source{}", prefix(&one)),
        FlowComponent::Matches(kind, list) => {
            let name = match kind {
                FlowType::Protocol if rule.is_ipv6() => "next-header".to_owned(),
                FlowType::Dscp if rule.is_ipv6() => "traffic-class".to_owned(),
                other => other.to_string(),
            };
            format!("{name} {}", matches(kind, list))
        }
    });
    components.collect::<Vec<_>>().join(" ")
}

fn labels(labels: &Labels) -> String {
    labels
        .iter()
        .map(|label| format!(" label {}", label.value()))
        .collect()
}

fn evpn(route: &Nlri<Evpn>) -> String {
    match &route.key {
        EvpnKey::MacIp { rd, tag, mac, ip } => format!(
            "type 2 rd {rd} tag {tag} mac {mac} ip {ip:?} segment {:?} label {}",
            route.payload.segment, route.payload.label,
        ),
        EvpnKey::Other(other) => {
            let value: String = other
                .value()
                .iter()
                .map(|octet| format!("{octet:02x}"))
                .collect();
            format!("raw {:02x}{:02x}{value}", other.kind(), other.value().len())
        }
        other => format!("{other:?}"),
    }
}

/// Reads the routes of one family on our side.
struct Ours<'a> {
    update: &'a Update<&'a [u8]>,
    context: &'a UpdateContext,
    words: Vec<String>,
}

impl Ours<'_> {
    fn routes<F: AddressFamily>(&mut self, name: &str, one: impl Fn(&Nlri<F>) -> String) {
        let add_path = self.context.add_path.contains(&F::FAMILY);
        let id = |nlri: &Nlri<F>| {
            let id = std::net::Ipv4Addr::from_bits(nlri.path_id.0);
            if add_path {
                format!(" id {id}")
            } else {
                String::new()
            }
        };
        for (next_hop, run) in self.update.announcements::<F>() {
            let next_hop = match next_hop {
                _ if name.contains("flow") => "no-nexthop".to_owned(),
                NextHop::V4(address) => address.to_string(),
                NextHop::V6 { global, .. } => global.to_string(),
            };
            let words =
                run.map(|nlri| format!("{name} {}{} via {next_hop}", one(&nlri), id(&nlri)));
            self.words.extend(words);
        }
        let withdrawn = self.update.withdrawn::<F>();
        let words = withdrawn.map(|nlri| format!("no {name} {}{}", one(&nlri), id(&nlri)));
        self.words.extend(words);
    }

    fn octets<F: AddressFamily>(&mut self, name: &str) {
        let raw = |nlri: RawNlri<'_>| -> String {
            nlri.octets
                .iter()
                .map(|octet| format!("{octet:02x}"))
                .collect()
        };
        let announced = self.update.announced_octets(F::FAMILY);
        let next_hop = self
            .update
            .next_hop(F::FAMILY)
            .map(|next_hop| next_hop.to_string());
        let next_hop = next_hop.unwrap_or_default();
        let words = announced.map(|nlri| format!("{name} raw {} via {next_hop}", raw(nlri)));
        self.words.extend(words);
        let withdrawn = self.update.withdrawn_octets(F::FAMILY);
        self.words
            .extend(withdrawn.map(|nlri| format!("no {name} raw {}", raw(nlri))));
    }

    fn attributes(&mut self) {
        let attributes = self.update.attributes();
        let mut word = |name: &str, value: Option<String>| {
            self.words
                .extend(value.map(|value| format!("{name} {value}")));
        };
        let list = |words: Vec<String>| (!words.is_empty()).then(|| words.join(" "));
        word(
            "origin",
            attributes.origin().map(|it| it.to_string().to_lowercase()),
        );
        let path = attributes.as_path().map(|it| it.to_string());
        word("as-path", path.filter(|path| !path.is_empty()));
        word("med", attributes.med().map(|it| it.to_string()));
        word(
            "local-preference",
            attributes.local_pref().map(|it| it.to_string()),
        );
        word(
            "atomic-aggregate",
            attributes.atomic_aggregate().then(|| "true".to_owned()),
        );
        let aggregator = attributes.aggregator();
        word(
            "aggregator",
            aggregator.map(|it| format!("{}:{}", it.asn, it.address)),
        );
        word(
            "originator-id",
            attributes.originator_id().map(|it| it.to_string()),
        );
        let clusters = attributes.cluster_list().map(std::net::Ipv4Addr::from_bits);
        word(
            "cluster-list",
            list(clusters.map(|it| it.to_string()).collect()),
        );
        let communities = attributes.communities();
        let communities = communities.map(|it| Community(it).to_string());
        word("community", list(communities.collect()));
        let large = attributes.large_communities();
        word(
            "large-community",
            list(large.map(|it| LargeCommunity(it).to_string()).collect()),
        );
        let extended = attributes.extended_communities();
        let extended = extended.map(|it| u64::from_be_bytes(it).to_string());
        word("extended-community", list(extended.collect()));
    }
}

fn ours(update: &Update<&[u8]>, context: &UpdateContext) -> Vec<String> {
    let mut ours = Ours {
        update,
        context,
        words: Vec::new(),
    };
    ours.attributes();
    ours.routes::<Ipv4Unicast>("ipv4 unicast", |nlri| nlri.key.to_string());
    ours.routes::<Ipv6Unicast>("ipv6 unicast", |nlri| nlri.key.to_string());
    ours.routes::<Vpnv4>("ipv4 mpls-vpn", |nlri| {
        format!(
            "{} rd {}{}",
            nlri.key.prefix,
            nlri.key.rd,
            labels(&nlri.payload)
        )
    });
    ours.routes::<Ipv4Flowspec>("ipv4 flow", |nlri| rule(&nlri.key));
    ours.routes::<Ipv6Flowspec>("ipv6 flow", |nlri| rule(&nlri.key));
    ours.routes::<Vpnv4Flowspec>("ipv4 flow-vpn", |nlri| {
        format!("{} rd {}", rule(&nlri.key.rule), nlri.key.rd)
    });
    ours.routes::<Evpn>("l2vpn evpn", evpn);
    ours.octets::<Opaque<1, 5>>("ipv4 mcast-vpn");
    ours.octets::<Opaque<2, 5>>("ipv6 mcast-vpn");
    ours.octets::<Opaque<1, 85>>("ipv4 mup");
    ours.octets::<Opaque<2, 85>>("ipv6 mup");
    ours.words.sort();
    ours.words
}

/// One JSON value as words: lists in order, what is joined by ":" joined so.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts.iter().all(Value::is_number) => {
            parts.iter().map(plain).collect::<Vec<_>>().join(":")
        }
        Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join(" "),
        // An extended community.
        Value::Object(fields) if fields.contains_key("value") => plain(&fields["value"]),
        other => other.to_string(),
    }
}

fn path(segments: &Value) -> String {
    let segments = segments.as_object().expect("segments by number");
    let words = segments.values().map(|segment| {
        assert_eq!(text(segment, "/element"), "as-sequence", "no other occurs");
        let asns = segment["value"].as_array().expect("AS numbers");
        asns.iter().map(plain).collect::<Vec<_>>().join(" ")
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A route as ExaBGP says it; `None` where it says nothing that we know.
fn route(family: &str, route: &Value) -> Option<String> {
    let fields = route.as_object()?;
    let field = |name: &str| fields.get(name).map(plain);
    if OPAQUE.contains(&family) {
        return None;
    }
    if let Some(raw) = field("raw").filter(|_| fields["code"] != 2 || family != "l2vpn evpn") {
        return Some(format!("raw {}", raw.to_lowercase()));
    }
    let with = |name: &str| {
        field(name)
            .map(|value| format!(" rd {value}"))
            .unwrap_or_default()
    };
    if family == "l2vpn evpn" {
        let ip = field("ip").map(|ip| ip.parse::<std::net::IpAddr>().expect("an address"));
        // "-" is no segment; the labels are lists of one.
        let segment = SegmentId::default();
        assert_eq!(field("esi").as_deref(), Some("-"));
        return Some(format!(
            "type 2 rd {} tag {} mac {} ip {ip:?} segment {segment:?} label {}",
            field("rd")?,
            field("ethernet-tag")?,
            field("mac")?.to_lowercase(),
            field("label")?
        ));
    }
    if family.contains("flow") {
        let string = field("string")?.replace(['[', ']'], "");
        let words: Vec<_> = string.split_whitespace().skip(1).collect();
        return Some(words.join(" "));
    }
    let labels = fields.get("label").and_then(Value::as_array);
    let labels = labels.into_iter().flatten();
    let labels: String = labels
        .map(|label| format!(" label {}", plain(&label[0])))
        .collect();
    let id = field("path-information").map(|id| format!(" id {id}"));
    Some(format!(
        "{}{}{labels}{}",
        field("nlri")?,
        with("rd"),
        id.unwrap_or_default()
    ))
}

/// What ExaBGP says, and how many of its words have none of ours.
fn theirs(update: &Map<String, Value>) -> (Vec<String>, usize) {
    let mut words = Vec::new();
    let mut left = 0;
    let none = Map::new();
    let part = |name: &str| update.get(name).and_then(Value::as_object).unwrap_or(&none);
    for (name, value) in part("attribute") {
        match name.as_str() {
            name if CARRIED.contains(&name) => left += 1,
            "as-path" => words.push(format!("as-path {}", path(value))),
            name => words.push(format!("{name} {}", plain(value))),
        }
    }
    for (family, hops) in part("announce") {
        for (hop, routes) in hops.as_object().expect("routes by next hop") {
            for one in routes.as_array().expect("a list of routes") {
                match route(family, one) {
                    Some(route) => words.push(format!("{family} {route} via {hop}")),
                    None => left += 1,
                }
            }
        }
    }
    for (family, routes) in part("withdraw") {
        for one in routes.as_array().expect("a list of routes") {
            match route(family, one) {
                Some(route) => words.push(format!("no {family} {route}")),
                None => left += 1,
            }
        }
    }
    words.sort();
    (words, left)
}

#[test]
fn exabgp_reads_the_same_fields() {
    let Some(shared) = shared("what ExaBGP reads") else {
        return;
    };
    let (mut cases, mut compared, mut left_out, mut faults) = (0, 0, 0, 0);
    let mut by_family: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in lines(&shared.join("data/vectors/exabgp.jsonl")) {
        let json = "/expect/exabgp_json/neighbor/message/update";
        let Some(update) = case.pointer(json).and_then(Value::as_object) else {
            continue;
        };
        let name = text(&case, "/name");
        let hex = octets(text(&case, "/hex"));
        let message = if text(&case, "/kind") == "message" {
            hex
        } else {
            framed(2, &hex)
        };
        cases += 1;
        let contexts = contexts(&case);
        let context = context_of(&message, &contexts);
        let read = Update::parse(&message[..], context);
        let read = read
            .ok()
            .filter(|read| read.disposition() == Disposition::Accept);
        let Some(read) = read else {
            // Its fault has a row of its own.
            assert!(
                MESSAGES.iter().any(|known: &Known| known.case == name),
                "{name}"
            );
            faults += 1;
            continue;
        };
        let (theirs, left) = theirs(update);
        left_out += left;
        compared += theirs.len();
        for word in &theirs {
            let route = word.strip_prefix("no ").unwrap_or(word);
            if let Some((version, rest)) = route.split_once(' ')
                && (version.starts_with("ip") || version == "l2vpn")
            {
                let family = format!("{version} {}", rest.split(' ').next().unwrap_or(""));
                *by_family.entry(family).or_default() += 1;
            }
        }
        let ours = ours(&read, context);
        if ours != theirs {
            wrong.push(format!("{name}: {ours:#?} and ExaBGP {theirs:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        compared > 500 && by_family.len() > 8,
        "{compared} {by_family:?}"
    );
    let families = by_family.iter();
    let families: Vec<_> = families
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let page = format!(
        "What ExaBGP says of its messages, field by field: every attribute and every field of every\n\
         route that has a type here, and the octets of other routes where ExaBGP prints them.\n\n{}\n\
         Routes: {}.\n",
        report::table(
            &[
                "source",
                "cases",
                "with a fault (above)",
                "fields and routes",
                "without words here",
                "unexplained"
            ],
            &[[
                "`exabgp.jsonl`".to_owned(),
                cases.to_string(),
                faults.to_string(),
                compared.to_string(),
                left_out.to_string(),
                "0".to_owned(),
            ]
            .to_vec()],
        ),
        families.join(", "),
    );
    report::section("Fields as ExaBGP reads them", &page);
}
