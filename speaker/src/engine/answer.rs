//! Routes as `show` prints them.

use super::feed::Feed;
use crate::view;
use bgp_wire::{
    NextHop, Origin,
    attr::{Community, LargeCommunity},
};
use ipnet::IpNet;
use rib::{ExportState, Query, RouteState, RouteView};

/// One route as a person reads it. `name` is its source's.
pub(crate) fn route(
    route: &RouteView<'_>,
    name: &str,
    query: Query,
    feed: Option<&Feed>,
    now: u32,
) -> view::Route {
    let (next_hop, next_hop_link_local) = match route.next_hop {
        Some(NextHop::V4(address)) if !address.is_unspecified() => {
            (Some(address.to_string()), None)
        }
        Some(NextHop::V6 { global, link_local }) if !global.is_unspecified() => (
            Some(global.to_string()),
            link_local.map(|address| address.to_string()),
        ),
        Some(NextHop::V6 {
            link_local: Some(address),
            ..
        }) => (None, Some(address.to_string())),
        _ => (None, None),
    };
    let attributes = &route.attributes;
    let state = match &route.state {
        RouteState::Best(_) => "best",
        RouteState::NotBest(_) => "not-best",
        RouteState::Rejected(_) => "rejected",
        RouteState::Export(ExportState::Announced) => "announced",
        RouteState::Export(ExportState::Pending) => "pending",
        RouteState::Export(_) => "not-announced",
    };
    let learned = next_hop.is_some() || next_hop_link_local.is_some();
    let kernel = (matches!(query, Query::All | Query::Received(_))
        && matches!(route.state, RouteState::Best(_))
        && learned)
        .then(|| feed.map(|feed| in_kernel(feed, &route.prefix)))
        .flatten();
    view::Route {
        prefix: route.prefix.to_string(),
        source: name.to_owned(),
        path_id: Some(route.path_id.0).filter(|id| *id != 0),
        next_hop,
        next_hop_link_local,
        origin: match attributes.origin() {
            Some(Origin::Igp) => "igp",
            Some(Origin::Egp) => "egp",
            Some(Origin::Incomplete) | None => "incomplete",
        }
        .to_owned(),
        as_path: attributes
            .as_path()
            .map(|path| path.to_string())
            .unwrap_or_default(),
        med: attributes.med(),
        local_pref: attributes.local_pref(),
        communities: attributes
            .communities()
            .map(|value| Community(value).to_string())
            .collect(),
        large_communities: attributes
            .large_communities()
            .map(|value| LargeCommunity(value).to_string())
            .collect(),
        state: state.to_owned(),
        reason: route.state.to_string(),
        stale: route.stale.map(|stale| stale.to_string()),
        kernel,
        age: u64::from(now.saturating_sub(route.learned)),
    }
}

fn in_kernel(feed: &Feed, prefix: &IpNet) -> String {
    if let Some(reason) = feed.worker().failure(prefix) {
        reason
    } else if feed.worker().is_pending(prefix) {
        "pending".to_owned()
    } else if let Some(other) = feed.worker().overruled(prefix) {
        format!("installed, but another route with a lower metric wins: {other}")
    } else if feed.worker().is_dry_run() {
        "would be installed (dry run)".to_owned()
    } else {
        "installed".to_owned()
    }
}
