//! `myna show protocols [all] [NAME]`: what BIRD's users type, answered in the columns that their
//! eyes and their `grep BGP.*Established` know.
//!
//! Myna has no protocols: each neighbor is shown as one of class BGP, and what `protocol kernel`,
//! `direct` and `static` are in BIRD as kernel1, direct1 and static1. Times are UTC.
use super::Daemon;
use crate::{
    cli::{
        Failure,
        screen::Screen,
        time::{moment, seconds},
    },
    config::InterfacePatterns,
    view::{FamilyCounts, Kernel, Neighbor, Status},
};
use serde::Serialize;
use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// `show protocols --json`
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Protocol {
    /// "bgp1", "kernel1"
    name: String,
    /// "BGP", "Kernel", "Direct", "Static"
    class: &'static str,
    /// "master4", "master6", or "---"
    table: &'static str,
    /// "up", "start", "down"
    state: &'static str,
    /// "2026-11-23 00:31:06"
    since: String,
    /// "Established", "Active        could not connect: No route to host"
    info: String,
}

/// What the answer is made of.
pub(super) struct Views {
    pub(super) status: Status,
    pub(super) kernel: Kernel,
    pub(super) neighbors: Vec<Neighbor>,
}

pub(super) fn show(
    words: &[String],
    json: bool,
    daemon: &mut Daemon,
    screen: &mut Screen<impl Write>,
) -> Result<(), Failure> {
    let views = Views {
        status: daemon.status()?,
        kernel: daemon.kernel()?,
        neighbors: daemon.neighbors()?,
    };
    print(words, json, &views, screen)
}

pub(super) fn print(
    words: &[String],
    json: bool,
    views: &Views,
    screen: &mut Screen<impl Write>,
) -> Result<(), Failure> {
    let (details, wanted) = understand(words).map_err(Failure::Other)?;
    let own = our_own(&views.status, &views.kernel).into_iter();
    let of_neighbors = views
        .neighbors
        .iter()
        .map(|neighbor| (of_neighbor(neighbor), Some(neighbor)));
    let mut shown: Vec<_> = own
        .map(|protocol| (protocol, None))
        .chain(of_neighbors)
        .collect();
    if let Some(wanted) = wanted {
        let known: Vec<String> = shown
            .iter()
            .map(|(protocol, _)| protocol.name.clone())
            .collect();
        let pattern = InterfacePatterns(vec![wanted.to_owned()]);
        shown.retain(|(protocol, _)| pattern.matches(&protocol.name));
        if shown.is_empty() {
            let known = known.join(", ");
            let message = format!("no protocol is called `{wanted}`; there are: {known}");
            return Err(Failure::Other(message));
        }
    }
    match (json, details) {
        // what is BIRD's layout says less than our own views
        (true, true) => {
            let neighbors = shown.iter().filter_map(|(_, neighbor)| *neighbor).map(Ok);
            screen.json_array::<_, Failure>(neighbors)
        }
        (true, false) => {
            let protocols = shown.iter().map(|(protocol, _)| Ok(protocol));
            screen.json_array::<_, Failure>(protocols)
        }
        (false, details) => Ok(lines(&shown, details, screen)?),
    }
}

/// `all` first, as in BIRD; any other word is a name, or a pattern of names.
fn understand(words: &[String]) -> Result<(bool, Option<&str>), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok((false, None)),
        ["all"] => Ok((true, None)),
        // BIRD's patterns stand in quotes, which a shell may leave on
        ["all", name] => Ok((true, Some(name.trim_matches('"')))),
        [name] => Ok((false, Some(name.trim_matches('"')))),
        _ => Err(
            "as in `show protocols`, `show protocols all`, `show protocols all bgp1`".to_owned(),
        ),
    }
}

/// What BIRD has protocols for beside BGP.
fn our_own(status: &Status, kernel: &Kernel) -> Vec<Protocol> {
    let own = |name: &str, class, info| Protocol {
        name: name.to_owned(),
        class,
        table: "---",
        state: "up",
        since: moment(&status.started),
        info,
    };
    let count = |source: &str| {
        let prefixes = status.local_prefixes.iter();
        let count = prefixes.filter(|prefix| prefix.source == source).count();
        match count {
            1 => "1 prefix".to_owned(),
            count => format!("{count} prefixes"),
        }
    };
    let mut protocols = vec![
        own("direct1", "Direct", count("connected")),
        own("static1", "Static", count("static")),
    ];
    if kernel.enabled {
        let info = format!("{} routes", kernel.installed_v4 + kernel.installed_v6);
        protocols.push(own("kernel1", "Kernel", info));
    }
    protocols
}

fn of_neighbor(neighbor: &Neighbor) -> Protocol {
    let error = neighbor.last_error.as_deref();
    let (state, info) = match neighbor.state.as_str() {
        "Established" => ("up", "Established".to_owned()),
        "Idle" => ("down", with_error("Idle", error)),
        state => ("start", with_error(state, error)),
    };
    let mut families = neighbor
        .families
        .iter()
        .map(|counts| counts.family.as_str());
    let table = match (families.next(), families.next()) {
        (Some("ipv4-unicast"), None) => "master4",
        (Some("ipv6-unicast"), None) => "master6",
        _ => "---",
    };
    Protocol {
        name: neighbor.name.clone(),
        class: "BGP",
        table,
        state,
        since: moment(&neighbor.since),
        info,
    }
}

fn with_error(state: &str, error: Option<&str>) -> String {
    match error {
        Some(error) => format!("{state:<13} {error}"),
        None => state.to_owned(),
    }
}

/// Columns as wide as BIRD's, and as narrow.
fn lines(
    shown: &[(Protocol, Option<&Neighbor>)],
    details: bool,
    screen: &mut Screen<impl Write>,
) -> io::Result<()> {
    let line = |columns: [&str; 6]| {
        let [name, class, table, state, since, info] = columns;
        let line = format!("{name:<10} {class:<10} {table:<10} {state:<6} {since:<19}  {info}");
        line.trim_end().to_owned()
    };
    screen.line(&line(["Name", "Proto", "Table", "State", "Since", "Info"]))?;
    for (protocol, neighbor) in shown {
        let Protocol {
            name,
            class,
            table,
            state,
            since,
            info,
        } = protocol;
        screen.line(&line([name, class, table, state, since, info]))?;
        if details {
            if let Some(neighbor) = neighbor {
                screen.text(&described(neighbor))?;
            }
            screen.raw("\n")?;
        }
    }
    Ok(())
}

/// The block that `show protocols all` prints of a BGP protocol.
fn described(neighbor: &Neighbor) -> String {
    let mut text = String::new();
    let mut field = |indent: usize, label: &str, value: &str| {
        if !value.is_empty() {
            let width = 22 - indent;
            // writing to a String does not fail
            let _ = writeln!(text, "{:indent$}{:<width$}{value}", "", format!("{label}:"));
        }
    };
    field(
        2,
        "Description",
        neighbor.description.as_deref().unwrap_or_default(),
    );
    field(2, "BGP state", &neighbor.state);
    field(4, "Neighbor address", &neighbor.address);
    field(4, "Neighbor AS", &neighbor.remote_as.to_string());
    field(4, "Local AS", &neighbor.local_as.to_string());
    field(
        4,
        "Neighbor ID",
        neighbor.remote_id.as_deref().unwrap_or_default(),
    );
    field(4, "Local caps", &neighbor.local_capabilities.join(", "));
    field(4, "Neighbor caps", &neighbor.remote_capabilities.join(", "));
    let md5 = if neighbor.md5 { " MD5" } else { "" };
    field(4, "Session", &format!("{}{md5}", neighbor.session_type));
    field(
        4,
        "Source address",
        neighbor.source_address.as_deref().unwrap_or_default(),
    );
    for timer in &neighbor.timers {
        let label = format!("{} timer", capitalized(&timer.name));
        let (left, configured) = (seconds(timer.left), seconds(timer.configured));
        field(4, &label, &format!("{left}/{configured}"));
    }
    if neighbor.state != "Established" {
        field(4, "Waiting for", &neighbor.waiting_for);
    }
    field(
        4,
        "Last error",
        neighbor.last_error.as_deref().unwrap_or_default(),
    );
    for counts in &neighbor.families {
        let FamilyCounts {
            family,
            imported,
            filtered,
            exported,
            preferred,
            ..
        } = counts;
        let channel = family.strip_suffix("-unicast").unwrap_or(family);
        let _ = writeln!(text, "  Channel {channel}");
        let up = if neighbor.state == "Established" {
            "UP"
        } else {
            "DOWN"
        };
        let mut field = |label: &str, value: &str| {
            let _ = writeln!(text, "    {:<16}{value}", format!("{label}:"));
        };
        field("State", up);
        field("Input filter", &filter(&neighbor.import));
        field("Output filter", &filter(&neighbor.export));
        field(
            "Routes",
            &format!(
                "{imported} imported, {filtered} filtered, {exported} exported, {preferred} preferred"
            ),
        );
    }
    text
}

/// As BIRD calls them.
fn filter(policy: &str) -> String {
    match policy {
        "all" => "ACCEPT".to_owned(),
        "none" => "REJECT".to_owned(),
        "missing" => "REJECT (not configured, RFC 8212)".to_owned(),
        name => name.to_owned(),
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn words() {
        let understand = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            super::understand(&words).map(|(all, name)| (all, name.map(str::to_owned)))
        };
        assert_eq!(understand(&[]), Ok((false, None)));
        assert_eq!(understand(&["all"]), Ok((true, None)));
        assert_eq!(understand(&["bgp1"]), Ok((false, Some("bgp1".to_owned()))));
        assert_eq!(
            understand(&["all", "\"bgp1\""]),
            Ok((true, Some("bgp1".to_owned())))
        );
        assert_eq!(
            understand(&["all", "\"bgp*\""]),
            Ok((true, Some("bgp*".to_owned())))
        );
        assert!(understand(&["bgp1", "bgp2"]).is_err());
    }
}
