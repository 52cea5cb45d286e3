//! Entries as lines for people.
//!
//! `2019-01-01T00:00:00Z 80.77.16.114 AS34549 UPDATE announce 45.169.4.0/22 via 80.77.16.114 …`: when,
//! who, what, and after a bar what is wrong. Long lists are shortened; `--json` has them whole.
use super::entry::{
    AttributesEntry, ContextEntry, Direction, Entry, NlriEntry, NlriGroup, OpenEntry, RouteEntry,
    UpdateEntry, What,
};
use anstyle::{AnsiColor, Style};
use std::fmt::{self, Display};
use std::io::{self, Write};

/// Routes, communities or peers that are shown of one list.
const SHOWN: usize = 16;

const STRONG: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const BAD: Style = AnsiColor::Red.on_default();

/// Writes the line of an entry, with colors.
pub(super) fn write(entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", Line(entry))
}

struct Line<'a>(&'a Entry);

/// Words after one another, a blank between them.
struct Words<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.0;
        write!(f, "{FAINT}")?;
        if let Some(input) = &entry.input {
            write!(f, "{input} ")?;
        }
        match (entry.line, &entry.time) {
            (Some(line), _) => write!(f, "line {line}")?,
            (None, Some(time)) => time.fmt(f)?,
            (None, None) => write!(f, "octet {}", entry.offset)?,
        }
        write!(f, "{FAINT:#}")?;
        if let Some(peer) = &entry.peer {
            let way = match entry.direction {
                Some(Direction::Sent) => "to ",
                _ => "",
            };
            write!(f, " {way}{} AS{}", peer.address, peer.asn)?;
        }
        what(&entry.what, f)?;
        if entry.faults.is_empty() {
            return Ok(());
        }
        write!(f, " {BAD}|")?;
        for (position, fault) in entry.faults.iter().enumerate() {
            if position > 0 {
                f.write_str(";")?;
            }
            write!(
                f,
                " {} (octet {}): {}",
                fault.fault, fault.offset, fault.disposition
            )?;
        }
        if let Some(notification) = &entry.notification {
            write!(f, ", NOTIFICATION {}", notification.text)?;
        }
        write!(f, "{BAD:#}")?;
        if let Some(hint) = entry.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

fn name(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, " {STRONG}{name}{STRONG:#}")
}

fn what(what: &What, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match what {
        What::Open(value) => {
            name("OPEN", f)?;
            open(value, f)
        }
        What::Update(value) => {
            name("UPDATE", f)?;
            update(value, f)
        }
        What::Notification(value) => {
            name("NOTIFICATION", f)?;
            write!(f, " {}", value.text)
        }
        What::Keepalive => name("KEEPALIVE", f),
        What::RouteRefresh { family, subtype } => {
            name("ROUTE-REFRESH", f)?;
            write!(f, " {subtype}")?;
            family.map_or(Ok(()), |family| write!(f, " {family}"))
        }
        What::Malformed { length } => {
            name("MALFORMED", f)?;
            write!(f, " {length} octets")
        }
        What::State { from, to } => {
            name("STATE", f)?;
            write!(f, " {from} -> {to}")
        }
        What::Route(value) => {
            name("ROUTE", f)?;
            route(value, f)
        }
        What::Peers {
            collector,
            view,
            peers,
        } => {
            name("PEERS", f)?;
            write!(f, " {} of {collector}", peers.len())?;
            if !view.is_empty() {
                write!(f, " view {view:?}")?;
            }
            let ends = peers.iter().map(|peer| (peer.address, peer.asn));
            list(f, ends, |f, (address, asn)| write!(f, "{address} AS{asn}"))
        }
        What::Skipped { record, length } => {
            name("SKIPPED", f)?;
            write!(f, " {record}, {length} octets")
        }
        What::Unreadable { record, at, fault } => {
            name("UNREADABLE", f)?;
            write!(f, " {record} {BAD}| {fault} (octet {at}){BAD:#}")
        }
    }
}

fn open(open: &OpenEntry, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(
        f,
        " AS {} id {} hold {} s",
        open.asn, open.id, open.hold_time
    )?;
    for capability in &open.capabilities {
        write!(f, "; {capability}")?;
    }
    open.context
        .as_ref()
        .map_or(Ok(()), |value| context(value, f))
}

/// " (read on with 4-octet AS, external, ipv4-unicast, ADD-PATH ipv4-unicast)"
fn context(context: &ContextEntry, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, " (read on with {}-octet AS", context.as_octets)?;
    match context.internal {
        Some(true) => f.write_str(", internal")?,
        Some(false) => f.write_str(", external")?,
        None => {}
    }
    for (what, families) in [
        ("", &context.families),
        ("ADD-PATH ", &context.add_path),
        ("IPv6 next hops of ", &context.extended_next_hop),
    ] {
        for (position, family) in families.iter().enumerate() {
            let what = if position == 0 { what } else { "" };
            let separator = if position == 0 { "," } else { " and" };
            write!(f, "{separator} {what}{family}")?;
        }
    }
    f.write_str(")")
}

fn update(update: &UpdateEntry, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(family) = update.end_of_rib {
        return write!(f, " End-of-RIB {family}");
    }
    for group in &update.withdrawn {
        f.write_str(" withdraw")?;
        nlri(group, f)?;
    }
    for group in &update.announced {
        f.write_str(" announce")?;
        nlri(group, f)?;
    }
    update
        .attributes
        .as_ref()
        .map_or(Ok(()), |value| attributes(value, f))
}

fn nlri(group: &NlriGroup, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(octets) = &group.octets {
        write!(f, " {} 0x{octets}", group.family)?;
    }
    // Families whose routes look like nothing else need no name.
    let named = group.nlri.iter().any(|nlri| nlri.prefix.is_none()) || group.family.safi != 1;
    if named && group.octets.is_none() {
        write!(f, " {}", group.family)?;
    }
    list(f, group.nlri.iter(), one_nlri)?;
    match &group.next_hop {
        Some(next_hop) => write!(f, " via {next_hop}"),
        None => Ok(()),
    }
}

fn one_nlri(f: &mut fmt::Formatter<'_>, nlri: &NlriEntry) -> fmt::Result {
    let words = [
        nlri.rd.clone(),
        nlri.prefix.map(|prefix| prefix.to_string()),
        nlri.route.clone(),
        labels(&nlri.labels),
        nlri.segment
            .as_ref()
            .map(|segment| format!("segment {segment}")),
        nlri.gateway.map(|gateway| format!("gateway {gateway}")),
        nlri.path_id.map(|id| format!("id {id}")),
    ];
    f.write_str(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// "label 100", "label 100/200"; `None` where there is none.
fn labels(labels: &[u32]) -> Option<String> {
    let numbers: Vec<String> = labels.iter().map(ToString::to_string).collect();
    (!numbers.is_empty()).then(|| format!("label {}", numbers.join("/")))
}

fn route(route: &RouteEntry, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(rd) = &route.rd {
        write!(f, " {rd}")?;
    }
    match (&route.prefix, &route.route, &route.octets) {
        (Some(prefix), ..) => write!(f, " {prefix}")?,
        (None, Some(route), _) => write!(f, " {route}")?,
        (None, None, Some(octets)) => write!(f, " {} 0x{octets}", route.family)?,
        (None, None, None) => {}
    }
    if let Some(labels) = labels(&route.labels) {
        write!(f, " {labels}")?;
    }
    let read = route.prefix.is_some() || route.route.is_some();
    if route.family.safi != 1 && read {
        write!(f, " {}", route.family)?;
    }
    if let Some(id) = route.path_id {
        write!(f, " id {id}")?;
    }
    if let Some(next_hop) = &route.next_hop {
        write!(f, " via {next_hop}")?;
    }
    if let Some(value) = &route.attributes {
        attributes(value, f)?;
    }
    write!(f, " since {}", route.originated)
}

fn attributes(entry: &AttributesEntry, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut words = Words(f);
    match &entry.as_path {
        Some(path) if path.is_empty() => words.word("path", &"empty")?,
        path => words.some("path", path.as_ref())?,
    }
    words.some("origin", entry.origin.as_ref())?;
    words.some("med", entry.med.as_ref())?;
    words.some("local-pref", entry.local_pref.as_ref())?;
    if entry.atomic_aggregate {
        words.0.write_str(" atomic")?;
    }
    if let Some(end) = &entry.aggregator {
        write!(words.0, " aggregator AS{} {}", end.asn, end.address)?;
    }
    words.some("originator", entry.originator_id.as_ref())?;
    words.all("clusters", &entry.cluster_list)?;
    words.all("communities", &entry.communities)?;
    words.all("large-communities", &entry.large_communities)?;
    words.all("extended-communities", &entry.extended_communities)?;
    words.all(
        "ipv6-extended-communities",
        &entry.ipv6_extended_communities,
    )?;
    words.some("aigp", entry.aigp.as_ref())?;
    if let Some(tunnel) = &entry.pmsi_tunnel {
        write!(
            words.0,
            " pmsi-tunnel {} label {}",
            tunnel.tunnel, tunnel.label
        )?;
        match tunnel.endpoint {
            Some(endpoint) => write!(words.0, " {endpoint}")?,
            None if tunnel.identifier.is_empty() => {}
            None => write!(words.0, " 0x{}", tunnel.identifier)?,
        }
    }
    words.some("only-to-customer", entry.only_to_customer.as_ref())?;
    for other in &entry.other {
        match other.name {
            Some(name) => write!(words.0, " {name}")?,
            None => write!(words.0, " attribute-{}", other.code)?,
        }
        write!(words.0, " 0x{}", other.value)?;
    }
    Ok(())
}

impl Words<'_, '_> {
    fn word(&mut self, name: &str, value: &dyn Display) -> fmt::Result {
        write!(self.0, " {name} {value}")
    }

    fn some<T: Display>(&mut self, name: &str, value: Option<&T>) -> fmt::Result {
        value.map_or(Ok(()), |value| self.word(name, value))
    }

    fn all<T: Display>(&mut self, name: &str, values: &[T]) -> fmt::Result {
        if values.is_empty() {
            return Ok(());
        }
        write!(self.0, " {name}")?;
        list(self.0, values.iter(), |f, value| value.fmt(f))
    }
}

/// The first of a list and how many more there are.
fn list<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl ExactSizeIterator<Item = T>,
    mut one: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    let more = items.len().saturating_sub(SHOWN);
    for (position, item) in items.take(SHOWN).enumerate() {
        f.write_str(if position == 0 { " " } else { ", " })?;
        one(f, item)?;
    }
    match more {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}
