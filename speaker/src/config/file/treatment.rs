//! Reads how a neighbor's routes are treated.
use super::value;
use crate::config::{
    AddPath, Treatment,
    complaint::Complaint,
    section::{Item, Section},
};
use bgp_wire::Role;
use rib::{LongLivedExport, NextHopRule, PathCount, PrivateAs};
use std::net::IpAddr;
use toml::de::DeValue;

/// The words of `role`, and what each means.
const ROLES: [(&str, Role); 5] = [
    ("provider", Role::Provider),
    ("customer", Role::Customer),
    ("peer", Role::Peer),
    ("route-server", Role::RouteServer),
    ("route-server-client", Role::RouteServerClient),
];

/// Reads the keys of a neighbor that only the tables look at; `internal`: it is of our own AS.
pub(super) fn read(section: &Section<'_, '_>, internal: bool) -> Treatment {
    let default = Treatment::default();
    let flag = |key| section.read(key, Item::boolean);
    let treatment = Treatment {
        role: section.read("role", role),
        reflector_client: flag("reflector-client").unwrap_or(false),
        route_server_client: flag("route-server-client").unwrap_or(false),
        next_hop: next_hop(section).unwrap_or_default(),
        private_as: section
            .read("remove-private-as", private_as)
            .unwrap_or_default(),
        allow_own_as: section
            .read("allow-own-as", |item| item.integer(0..=10))
            .and_then(|times| u8::try_from(times).ok())
            .unwrap_or(0),
        enforce_first_as: flag("enforce-first-as").unwrap_or(default.enforce_first_as),
        graceful_shutdown: flag("graceful-shutdown").unwrap_or(false),
        long_lived_stale: section
            .read("long-lived-stale", long_lived)
            .unwrap_or_default(),
        add_path: section.read("add-path", add_path).unwrap_or_default(),
        paths: paths(section).unwrap_or_default(),
    };
    for (key, external, set) in [
        ("role", true, treatment.role.is_some()),
        ("route-server-client", true, treatment.route_server_client),
        (
            "remove-private-as",
            true,
            treatment.private_as != PrivateAs::Keep,
        ),
        ("reflector-client", false, treatment.reflector_client),
    ] {
        if set && external == internal {
            let (whose, others) = if external {
                ("another AS", "our own")
            } else {
                ("our own AS", "another")
            };
            let complaint = Complaint::new(format!("is for neighbors of {whose}"))
                .help(format!("this one is of {others}: leave it out"));
            section.error_at(key, complaint);
        }
    }
    treatment
}

fn role(item: &Item<'_, '_>) -> Result<Role, Complaint> {
    let text = item.text()?;
    let known = ROLES.iter().find(|(word, _)| *word == text);
    known.map(|(_, role)| *role).ok_or_else(|| {
        Complaint::new(format!("`{text}` is not a role (RFC 9234)"))
            .help("what we are to it: \"provider\", \"customer\", \"peer\", \"route-server\" or \"route-server-client\"")
    })
}

fn private_as(item: &Item<'_, '_>) -> Result<PrivateAs, Complaint> {
    match item.value.get_ref() {
        DeValue::Boolean(true) => Ok(PrivateAs::Remove),
        DeValue::Boolean(false) => Ok(PrivateAs::Keep),
        DeValue::String(text) if text == "replace" => Ok(PrivateAs::Replace),
        _ => Err(item
            .expected("true, false or \"replace\"")
            .help("true leaves them out, \"replace\" puts our own AS in their place")),
    }
}

fn long_lived(item: &Item<'_, '_>) -> Result<LongLivedExport, Complaint> {
    match item.text()? {
        "capable" => Ok(LongLivedExport::Never),
        "internal" => Ok(LongLivedExport::Internal),
        "all" => Ok(LongLivedExport::All),
        other => Err(Complaint::new(format!("`{other}` is not known here"))
            .help("\"capable\", \"internal\" or \"all\"")),
    }
}

fn add_path(item: &Item<'_, '_>) -> Result<AddPath, Complaint> {
    let both = |receive, send| Ok(AddPath { receive, send });
    match item.value.get_ref() {
        DeValue::Boolean(on) => both(*on, *on),
        DeValue::String(text) if text == "receive" => both(true, false),
        DeValue::String(text) if text == "send" => both(false, true),
        _ => Err(item
            .expected("true, false, \"receive\" or \"send\"")
            .help("true takes and tells several paths of a prefix")),
    }
}

fn paths(section: &Section<'_, '_>) -> Option<PathCount> {
    section.read("add-path-paths", |item| {
        if matches!(item.value.get_ref(), DeValue::String(text) if text == "all") {
            return Ok(PathCount::All);
        }
        let paths = item.integer(1..=u16::MAX.into())?;
        Ok(u16::try_from(paths).map_or(PathCount::All, PathCount::Best))
    })
}

/// A word, or an address of each family.
fn next_hop(section: &Section<'_, '_>) -> Option<NextHopRule> {
    let word = section.take("next-hop")?;
    let words = match word.value.get_ref() {
        DeValue::String(text) => match text.as_ref() {
            "usual" => Some(NextHopRule::Usual),
            "self" => Some(NextHopRule::Own),
            "self-external" => Some(NextHopRule::OwnForExternal),
            "unchanged" => Some(NextHopRule::Unchanged),
            _ => None,
        },
        _ => None,
    };
    if words.is_some() {
        return words;
    }
    let (mut v4, mut v6) = (None, None);
    section.read_list("next-hop", |item| {
        let text = item.string()?;
        let address = value::host_address(text).map_err(|_| {
            Complaint::new(format!("`{text}` is not a next hop"))
                .help("\"usual\", \"self\", \"self-external\", \"unchanged\", or an address of each family")
        })?;
        let twice = match address {
            IpAddr::V4(address) => v4.replace(address).is_some(),
            IpAddr::V6(address) => v6.replace(address).is_some(),
        };
        if twice {
            return Err(Complaint::new("there is an address of this family already")
                .help("one IPv4 address, one IPv6 address, or one of them"));
        }
        Ok(())
    })?;
    Some(NextHopRule::Fixed { v4, v6 })
}
