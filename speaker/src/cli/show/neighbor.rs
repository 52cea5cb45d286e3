//! `myna show neighbor NAME`
use super::status::warnings;
use crate::{
    cli::{
        paint::{self, BAD, FAINT, GOOD},
        screen::Screen,
        table::{Cell, Table},
        time::{moment, seconds, span},
    },
    view::{FamilyCounts, Messages, Neighbor, Transition},
};
use std::io::{self, Write};

pub(super) fn print(neighbor: &Neighbor, screen: &mut Screen<impl Write>) -> io::Result<()> {
    screen.field("Neighbor", &neighbor.name)?;
    if let Some(description) = &neighbor.description {
        screen.field("Description", description)?;
    }
    screen.label("State")?;
    screen.styled(paint::of_state(&neighbor.state), &neighbor.state)?;
    let (since, ago) = (moment(&neighbor.since), span(neighbor.since_seconds));
    screen.line(&format!(" for {ago}, since {since}"))?;
    if let Some(range) = &neighbor.range {
        screen.field("Range", range)?;
    }
    if neighbor.state != "Established" {
        screen.field("Waiting for", &neighbor.waiting_for)?;
    }
    if let Some(error) = &neighbor.last_error {
        screen.label("Last error")?;
        screen.styled(BAD, error)?;
        let at = neighbor.last_error_at.as_deref().map(moment);
        screen.line(&at.map_or_else(String::new, |at| format!(" ({at})")))?;
    }
    if let Some(attempt) = &neighbor.last_attempt {
        screen.field("Last attempt", attempt)?;
    }
    sides(neighbor, screen)?;
    timers(neighbor, screen)?;
    let policies = format!("import {}, export {}", neighbor.import, neighbor.export);
    screen.field("Policies", &policies)?;
    warnings(&neighbor.warnings, screen)?;
    capabilities(neighbor, screen)?;
    prefixes(neighbor, screen)?;
    limits(neighbor, screen)?;
    messages(&neighbor.messages, screen)?;
    if neighbor.update_faults > 0 {
        let last = neighbor.last_update_fault.as_deref().unwrap_or_default();
        let faults = format!("{}, the last: {last}", neighbor.update_faults);
        screen.raw("\n")?;
        screen.field("UPDATE faults", &faults)?;
    }
    history(neighbor, screen)
}

/// Who they are and who we are.
fn sides(neighbor: &Neighbor, screen: &mut Screen<impl Write>) -> io::Result<()> {
    let Neighbor {
        address,
        port,
        remote_as,
        local_as,
        session_type,
        ..
    } = neighbor;
    let port = match port {
        0 | 179 => String::new(),
        port => format!(" port {port}"),
    };
    let id = neighbor.remote_id.as_deref();
    let id = id.map_or_else(String::new, |id| format!(", identifier {id}"));
    screen.field("Theirs", &format!("{address}{port}, AS {remote_as}{id}"))?;
    let source = neighbor.source_address.as_deref();
    let source = source.map_or_else(String::new, |source| format!("{source}, "));
    screen.field("Ours", &format!("{source}AS {local_as}"))?;
    let md5 = if neighbor.md5 { ", TCP-MD5" } else { "" };
    screen.field("Session", &format!("{session_type}{md5}"))
}

fn timers(neighbor: &Neighbor, screen: &mut Screen<impl Write>) -> io::Result<()> {
    if let Some(hold_time) = neighbor.hold_time {
        let agreed = match hold_time {
            0 => "none".to_owned(),
            hold_time => format!("{hold_time} s agreed"),
        };
        screen.field("Hold time", &agreed)?;
    }
    let timers: Vec<String> = neighbor
        .timers
        .iter()
        .map(|timer| {
            let (left, configured) = (seconds(timer.left), seconds(timer.configured));
            format!("{} {left}/{configured} s", timer.name)
        })
        .collect();
    screen.field("Timers", &timers.join(", "))
}

fn capabilities(neighbor: &Neighbor, screen: &mut Screen<impl Write>) -> io::Result<()> {
    let pairs = pair_up(&neighbor.local_capabilities, &neighbor.remote_capabilities);
    if pairs.is_empty() {
        return Ok(());
    }
    screen.raw("\n")?;
    // before their OPEN there is nothing that they lack
    let heard = !neighbor.remote_capabilities.is_empty();
    let mut table = Table::new(screen, &["Capability", "Ours", "Theirs", ""]);
    for pair in pairs {
        let agreed = pair.ours.is_some() && pair.theirs.is_some();
        let cell = |value: Option<&str>| match value {
            Some("") => Cell::new("yes"),
            Some(value) => Cell::new(value),
            None => Cell::styled(FAINT, "-"),
        };
        table.row(vec![
            Cell::new(pair.name),
            cell(pair.ours),
            if heard {
                cell(pair.theirs)
            } else {
                Cell::new("")
            },
            if agreed {
                Cell::styled(GOOD, "agreed")
            } else {
                Cell::new("")
            },
        ])?;
    }
    table.finish()
}

/// A capability of one side or both; what is not its name is its value.
#[derive(Debug, PartialEq, Eq)]
struct Pair<'c> {
    name: &'c str,
    ours: Option<&'c str>,
    theirs: Option<&'c str>,
}

fn pair_up<'c>(ours: &'c [String], theirs: &'c [String]) -> Vec<Pair<'c>> {
    let mut pairs: Vec<Pair<'_>> = ours
        .iter()
        .map(|capability| {
            let (name, value) = name_and_value(capability);
            Pair {
                name,
                ours: Some(value),
                theirs: None,
            }
        })
        .collect();
    for capability in theirs {
        let (name, value) = name_and_value(capability);
        let same = |pair: &&mut Pair<'_>| pair.name == name && pair.theirs.is_none();
        match pairs.iter_mut().find(same) {
            Some(pair) => pair.theirs = Some(value),
            None => pairs.push(Pair {
                name,
                ours: None,
                theirs: Some(value),
            }),
        }
    }
    pairs
}

/// A value that both sides need not share begins with a digit: "4-octet AS 65530", "graceful
/// restart 120 s". Any other belongs to what is agreed: "multiprotocol ipv4-unicast".
fn name_and_value(capability: &str) -> (&str, &str) {
    let digit_after_space = capability
        .match_indices(' ')
        .find(|&(at, _)| capability[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    match digit_after_space {
        Some((at, _)) => (&capability[..at], &capability[at + 1..]),
        None => (capability, ""),
    }
}

fn prefixes(neighbor: &Neighbor, screen: &mut Screen<impl Write>) -> io::Result<()> {
    if neighbor.families.is_empty() {
        return Ok(());
    }
    screen.raw("\n")?;
    let titles = [
        "Prefixes",
        ">received",
        ">filtered",
        ">imported",
        ">preferred",
        ">exported",
    ];
    let mut table = Table::new(screen, &titles);
    for counts in &neighbor.families {
        table.row(vec![
            Cell::new(&counts.family),
            Cell::from(counts.received),
            Cell::from(counts.filtered),
            Cell::from(counts.imported),
            Cell::from(counts.preferred),
            Cell::from(counts.exported),
        ])?;
    }
    table.finish()?;
    stale(neighbor, screen)?;
    screen.raw("\n")?;
    let titles = [
        "Changes",
        ">announced to us",
        ">withdrawn",
        ">announced by us",
        ">withdrawn",
    ];
    let mut table = Table::new(screen, &titles);
    for counts in &neighbor.families {
        table.row(vec![
            Cell::new(&counts.family),
            Cell::from(counts.announcements_in),
            Cell::from(counts.withdrawals_in),
            Cell::from(counts.announcements_out),
            Cell::from(counts.withdrawals_out),
        ])?;
    }
    table.finish()
}

/// Of the received, what the neighbor does not say now; nothing where it says all of it.
fn stale(neighbor: &Neighbor, screen: &mut Screen<impl Write>) -> io::Result<()> {
    let kept = |counts: &&FamilyCounts| counts.stale > 0 || counts.long_lived_stale > 0;
    if !neighbor.families.iter().any(|counts| kept(&counts)) {
        return Ok(());
    }
    screen.raw("\n")?;
    let mut table = Table::new(screen, &["Kept", ">stale", ">long-lived stale"]);
    for counts in neighbor.families.iter().filter(kept) {
        table.row(vec![
            Cell::new(&counts.family),
            Cell::from(counts.stale),
            Cell::from(counts.long_lived_stale),
        ])?;
    }
    table.finish()
}

fn limits(neighbor: &Neighbor, screen: &mut Screen<impl Write>) -> io::Result<()> {
    if neighbor.limits.is_empty() {
        return Ok(());
    }
    screen.raw("\n")?;
    let titles = [
        "Limit",
        "family",
        ">prefixes",
        ">of",
        ">used",
        ">left out",
        "then",
    ];
    let mut table = Table::new(screen, &titles);
    for limit in &neighbor.limits {
        let used = limit.prefixes.saturating_mul(100) / limit.limit.max(1);
        table.row(vec![
            Cell::new(&limit.what),
            Cell::new(&limit.family),
            Cell::from(limit.prefixes),
            Cell::from(limit.limit),
            Cell::new(format!("{used} %")),
            Cell::from(limit.left_out),
            Cell::new(&limit.action),
        ])?;
    }
    table.finish()
}

fn messages(messages: &Messages, screen: &mut Screen<impl Write>) -> io::Result<()> {
    screen.raw("\n")?;
    let mut table = Table::new(screen, &["Messages", ">received", ">sent"]);
    for (name, received, sent) in [
        ("OPEN", messages.opens_in, messages.opens_out),
        ("UPDATE", messages.updates_in, messages.updates_out),
        ("KEEPALIVE", messages.keepalives_in, messages.keepalives_out),
        (
            "NOTIFICATION",
            messages.notifications_in,
            messages.notifications_out,
        ),
        (
            "ROUTE-REFRESH",
            messages.refreshes_in,
            messages.refreshes_out,
        ),
        ("octets", messages.octets_in, messages.octets_out),
    ] {
        table.row(vec![
            Cell::new(name),
            Cell::from(received),
            Cell::from(sent),
        ])?;
    }
    table.finish()
}

fn history(neighbor: &Neighbor, screen: &mut Screen<impl Write>) -> io::Result<()> {
    if neighbor.history.is_empty() {
        return Ok(());
    }
    screen.raw("\n")?;
    let mut table = Table::new(screen, &["History", "from", "to", ""]);
    for step in &neighbor.history {
        table.row(vec![
            Cell::new(moment(&step.at)),
            Cell::new(&step.from),
            Cell::styled(paint::of_state(&step.to), &step.to),
            Cell::new(reason(step)),
        ])?;
    }
    table.finish()
}

/// "could not connect: no route to host (17 times)"
fn reason(step: &Transition) -> String {
    let reason = step.reason.as_deref().unwrap_or_default();
    match step.times {
        0 | 1 => reason.to_owned(),
        times if reason.is_empty() => format!("{times} times"),
        times => format!("{reason} ({times} times)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_of_both_sides_are_paired() {
        let texts = |texts: &[&str]| {
            texts
                .iter()
                .map(|&text| text.to_owned())
                .collect::<Vec<_>>()
        };
        let ours = texts(&[
            "multiprotocol ipv4-unicast",
            "route refresh",
            "4-octet AS 65530",
            "graceful restart 120 s",
        ]);
        let theirs = texts(&[
            "multiprotocol ipv4-unicast",
            "multiprotocol ipv6-unicast",
            "4-octet AS 12076",
        ]);
        let pair = |name, ours, theirs| Pair { name, ours, theirs };
        assert_eq!(
            pair_up(&ours, &theirs),
            [
                pair("multiprotocol ipv4-unicast", Some(""), Some("")),
                pair("route refresh", Some(""), None),
                pair("4-octet AS", Some("65530"), Some("12076")),
                pair("graceful restart", Some("120 s"), None),
                pair("multiprotocol ipv6-unicast", None, Some("")),
            ]
        );
    }
}
