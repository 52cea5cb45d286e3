//! `myna show routes`
use crate::{
    cli::{
        Failure,
        paint::{self, FAINT, GOOD, PLAIN, WAITING},
        screen::Screen,
        table::{Cell, Table},
        time::span,
    },
    view::Route,
};
use std::io::Write;

pub(in crate::cli) fn print(
    routes: impl Iterator<Item = Result<Route, Failure>>,
    screen: &mut Screen<impl Write>,
) -> Result<(), Failure> {
    let titles = [
        "", "Prefix", "Source", "Next hop", "AS path", ">MED", ">Pref", "State", "Kernel", ">Age",
        "Why",
    ];
    let mut table = Table::new(screen, &titles);
    let mut last = String::new();
    let mut failure = None;
    for route in routes {
        let route = match route {
            Ok(route) => route,
            Err(error) => {
                failure = Some(error);
                break;
            }
        };
        // further paths of a prefix are seen at a glance
        let prefix = if route.prefix == last {
            Cell::styled(FAINT, &route.prefix)
        } else {
            Cell::new(&route.prefix)
        };
        table.row(row(&route, prefix))?;
        last = route.prefix;
    }
    let Some(failure) = failure else {
        return Ok(table.finish()?);
    };
    // what came before the failure is to be seen before it
    if !last.is_empty() {
        table.finish()?;
        screen.flush()?;
    }
    Err(failure)
}

fn row(route: &Route, prefix: Cell) -> Vec<Cell> {
    let best = route.state == "best";
    let kernel = match route.kernel.as_deref() {
        None => Cell::styled(FAINT, "-"),
        Some("installed") => Cell::styled(GOOD, "installed"),
        Some(other) => Cell::styled(WAITING, other),
    };
    vec![
        Cell::styled(GOOD, if best { "*" } else { "" }),
        prefix,
        Cell::new(&route.source),
        Cell::optional(next_hop(route)),
        Cell::new(path(route)),
        Cell::optional(route.med.map(|med| med.to_string())),
        Cell::optional(route.local_pref.map(|pref| pref.to_string())),
        Cell::styled(paint::of_state(&route.state), &route.state),
        kernel,
        Cell::new(span(route.age)),
        Cell::styled(PLAIN, why(route)),
    ]
}

fn next_hop(route: &Route) -> Option<String> {
    match (&route.next_hop, &route.next_hop_link_local) {
        (Some(next_hop), Some(link_local)) => Some(format!("{next_hop} {link_local}")),
        (Some(next_hop), None) | (None, Some(next_hop)) => Some(next_hop.clone()),
        (None, None) => None,
    }
}

/// AS path and origin in one letter, as everywhere: "12076 65001 i".
fn path(route: &Route) -> String {
    let origin = match route.origin.as_str() {
        "igp" => "i",
        "egp" => "e",
        _ => "?",
    };
    match route.as_path.as_str() {
        "" => origin.to_owned(),
        path => format!("{path} {origin}"),
    }
}

/// The reason, and what else is to be said of the route.
fn why(route: &Route) -> String {
    let mut text = route.reason.clone();
    if let Some(id) = route.path_id {
        let comma = if text.is_empty() { "" } else { ", " };
        text.push_str(&format!("{comma}path {id}"));
    }
    if let Some(stale) = &route.stale {
        let comma = if text.is_empty() { "" } else { ", " };
        text.push_str(comma);
        text.push_str(stale);
    }
    let communities: Vec<&str> = route
        .communities
        .iter()
        .chain(&route.large_communities)
        .map(String::as_str)
        .collect();
    match (text.as_str(), communities.as_slice()) {
        (_, []) => text,
        ("", communities) => format!("[{}]", communities.join(" ")),
        (text, communities) => format!("{text} [{}]", communities.join(" ")),
    }
}
