//! What is legal but probably not meant.
//!
//! Lints look at values only, so that an embedder gets them too; the file's reader adds the place.
//! Each is here because somebody waits in vain for a route or a session when it holds.
use super::{Config, Neighbor, PolicyRef, Range};
use crate::host::Host;
use bgp_wire::{Asn, AttributeSet, Attributes};
use ipnet::IpNet;
use rib::{Protocol, Verdict};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

/// What a warning is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// the top level of the file
    Speaker,
    /// `[control]`
    Control,
    /// `[connected]`
    Connected,
    /// `[static]`
    Static,
    /// `[kernel]`
    Kernel,
    /// all filters
    Filters,
    /// one filter by name
    Filter(String),
    /// `[decision]`
    Decision,
    /// all named sets
    Sets,
    /// one of them by name
    Set(String),
    /// all policies
    Policies,
    /// one policy by name
    Policy(String),
    /// one term of a policy, by number
    Term(String, usize),
    /// one neighbor by name
    Neighbor(String),
}

impl Subject {
    /// The full name of a key, as in `neighbor.bgp1.hold-time`.
    pub(super) fn key(&self, key: &str) -> String {
        match (self.to_string().as_str(), key) {
            (subject, "") => subject.to_owned(),
            ("", key) => key.to_owned(),
            (subject, key) => format!("{subject}.{key}"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Speaker => Ok(()),
            Self::Control => f.write_str("control"),
            Self::Connected => f.write_str("connected"),
            Self::Static => f.write_str("static"),
            Self::Kernel => f.write_str("kernel"),
            Self::Filters => f.write_str("filter"),
            Self::Filter(name) => write!(f, "filter.{name}"),
            Self::Decision => f.write_str("decision"),
            Self::Sets => f.write_str("set"),
            Self::Set(name) => write!(f, "set.{name}"),
            Self::Policies => f.write_str("policy"),
            Self::Policy(name) => write!(f, "policy.{name}"),
            Self::Term(name, number) => write!(f, "policy.{name}.term[{number}]"),
            Self::Neighbor(name) => write!(f, "neighbor.{name}"),
        }
    }
}

/// One warning; `Display` is message and help on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub subject: Subject,
    /// The key within; empty for the whole section.
    pub key: &'static str,
    /// What is the matter.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Microsoft's AS at ExpressRoute.
const AZURE: Asn = Asn(12_076);

/// Looks at a configuration and, where there is one, at the host that it is meant for.
pub fn lint(config: &Config, host: Option<&Host>) -> Vec<Warning> {
    let mut lints = Lints::default();
    lints.whole(config, host);
    for neighbor in &config.neighbors {
        lints.one_neighbor(config, neighbor, host);
    }
    for range in &config.ranges {
        lints.neighbor(config, &range.neighbor);
        lints.range(config, range);
    }
    lints.0
}

/// What is to be said of the speaker as a whole, a line each.
pub fn speaker(config: &Config, host: &Host) -> Vec<String> {
    let mut lints = Lints::default();
    lints.whole(config, Some(host));
    for neighbor in &config.neighbors {
        lints.neighbor_as(config, neighbor);
    }
    let about_all = |warning: &&Warning| !matches!(warning.subject, Subject::Neighbor(_));
    let text = |warning: &Warning| match warning.subject.key(warning.key) {
        key if key.is_empty() => warning.to_string(),
        key => format!("{key}: {warning}"),
    };
    lints.0.iter().filter(about_all).map(text).collect()
}

/// What is to be said of one neighbor, a line each.
pub fn neighbor(config: &Config, neighbor: &Neighbor, host: &Host) -> Vec<String> {
    let mut lints = Lints::default();
    lints.one_neighbor(config, neighbor, Some(host));
    lints.0.iter().map(Warning::to_string).collect()
}

#[derive(Default)]
struct Lints(Vec<Warning>);

impl Lints {
    fn warn(
        &mut self,
        subject: Subject,
        key: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.0.push(Warning {
            subject,
            key,
            message: message.into(),
            help: Some(help.into()),
        });
    }

    fn whole(&mut self, config: &Config, host: Option<&Host>) {
        self.speaker(config);
        self.filters(config);
        self.policies(config);
        self.static_prefixes(config);
        if let Some(host) = host {
            self.host(config, host);
        }
    }

    fn one_neighbor(&mut self, config: &Config, neighbor: &Neighbor, host: Option<&Host>) {
        self.neighbor_as(config, neighbor);
        self.neighbor(config, neighbor);
        if let Some(host) = host {
            self.neighbor_on_host(neighbor, host);
        }
    }

    fn speaker(&mut self, config: &Config) {
        if let Some(id) = config.router_id.filter(|id| id.address().is_loopback()) {
            let message = format!("{id} is a loopback address: another host may have the same");
            let help = "an address of this host that nobody else has";
            self.warn(Subject::Speaker, "router-id", message, help);
        }
        self.reserved_as(Subject::Speaker, "local-as", config.local_as);
        if config.neighbors.is_empty() && config.ranges.is_empty() {
            let help = "write a section [[neighbor]]";
            self.warn(Subject::Speaker, "", "there is no neighbor", help);
        }
    }

    /// RFC 7300: the last AS numbers of each size are reserved.
    fn reserved_as(&mut self, subject: Subject, key: &'static str, asn: Asn) {
        if matches!(asn.0, 65_535 | 4_294_967_295) {
            let message = format!("AS {asn} is reserved, neighbors may refuse it");
            let help = "private AS numbers are 64512 to 65534 and 4200000000 to 4294967294";
            self.warn(subject, key, message, help);
        }
    }

    fn policies(&mut self, config: &Config) {
        for name in config.policies.keys() {
            let uses = |policy: &PolicyRef| *policy == PolicyRef::Filter(name.clone());
            let mut neighbors = config.all_neighbors();
            if !neighbors.any(|neighbor| uses(&neighbor.import) || uses(&neighbor.export)) {
                let help = format!("import or export = \"{name}\" in a [[neighbor]], or remove it");
                let subject = Subject::Policy(name.clone());
                self.warn(subject, "", "no neighbor uses this policy", help);
            }
        }
    }

    fn filters(&mut self, config: &Config) {
        for (name, rules) in &config.filters {
            let uses =
                |policy: &PolicyRef| matches!(policy, PolicyRef::Filter(used) if used == name);
            let mut users = config
                .all_neighbors()
                .filter(|neighbor| uses(&neighbor.import) || uses(&neighbor.export))
                .peekable();
            let subject = || Subject::Filter(name.clone());
            if users.peek().is_none() {
                let help = format!("import or export = \"{name}\" in a [[neighbor]], or remove it");
                self.warn(subject(), "", "no neighbor uses this filter", help);
                continue;
            }
            if rules.is_empty() {
                let help = "list prefixes, or use \"none\" in its place";
                self.warn(subject(), "accept", "this filter accepts nothing", help);
            }
            let families: Vec<_> = users.flat_map(|neighbor| &neighbor.families).collect();
            for rule in rules {
                let text = rule.to_string();
                let prefix = text.split_whitespace().next().unwrap_or_default();
                let Ok(prefix) = prefix.parse::<IpNet>() else {
                    continue;
                };
                let family = super::neighbor::family_of(prefix.addr());
                if !families.contains(&&family) {
                    let message = format!(
                        "`{text}` matches nothing: no neighbor that uses the filter has the family {}",
                        family_key(prefix)
                    );
                    let help = format!(
                        "families = [\"{}\"] in the [[neighbor]]",
                        family_key(prefix)
                    );
                    self.warn(subject(), "accept", message, help);
                }
            }
        }
    }

    fn static_prefixes(&mut self, config: &Config) {
        if config.all_neighbors().next().is_none() {
            return;
        }
        for prefix in &config.static_prefixes {
            let family = super::neighbor::family_of(prefix.addr());
            let announced = |neighbor: &Neighbor| {
                neighbor.families.contains(&family) && exports(config, neighbor, prefix)
            };
            if !config.all_neighbors().any(announced) {
                let message = format!("{prefix} is announced to nobody");
                let help = "let the filter of a neighbor's `export` accept it";
                self.warn(Subject::Static, "prefixes", message, help);
            }
        }
    }

    /// Warnings of AS numbers; where ours is the speaker's, so is the warning.
    fn neighbor_as(&mut self, config: &Config, neighbor: &Neighbor) {
        let subject = || Subject::Neighbor(neighbor.name.clone());
        let local_as = neighbor.local_as.unwrap_or(config.local_as);
        if neighbor.remote_as == AZURE && (65_515..=65_520).contains(&local_as.0) {
            let whose = match neighbor.local_as {
                Some(_) => subject(),
                None => Subject::Speaker,
            };
            let message = format!("AS {local_as} is reserved by Azure, which refuses it");
            let help = "the AS number given to Azure, not one from 65515 to 65520";
            let known = |warning: &Warning| warning.subject == whose && warning.message == message;
            if !self.0.iter().any(known) {
                self.warn(whose, "local-as", message, help);
            }
        }
        self.reserved_as(subject(), "remote-as", neighbor.remote_as);
        if let Some(own) = neighbor.local_as {
            self.reserved_as(subject(), "local-as", own);
        }
    }

    fn neighbor(&mut self, config: &Config, neighbor: &Neighbor) {
        let subject = || Subject::Neighbor(neighbor.name.clone());
        let local_as = neighbor.local_as.unwrap_or(config.local_as);
        if local_as != neighbor.remote_as {
            // RFC 8212 §3
            for (key, policy, what) in [
                ("import", &neighbor.import, "accepted from"),
                ("export", &neighbor.export, "announced to"),
            ] {
                if *policy == PolicyRef::Missing {
                    let message = format!(
                        "without `{key}` nothing is {what} a neighbor of another AS (RFC 8212)"
                    );
                    let help = format!("{key} = \"all\", \"none\" or a filter's name");
                    self.warn(subject(), key, message, help);
                }
            }
        }
        if neighbor.session.graceful_restart.asks().is_some()
            && config
                .kernel
                .as_ref()
                .is_some_and(|kernel| !kernel.keep_on_exit)
        {
            let message =
                "the neighbor is asked to keep our routes, but our kernel will not keep its routes";
            let help = "keep-on-exit = true in [kernel]";
            self.warn(subject(), "graceful-restart", message, help);
        }
        if neighbor.hold_time.is_zero() {
            let message = "without a hold time a dead neighbor is not noticed";
            self.warn(subject(), "hold-time", message, "hold-time = 90");
        }
        if let Some(keepalive) = neighbor.keepalive
            && keepalive > neighbor.hold_time / 3
        {
            let message = "a KEEPALIVE or two that come late end the session";
            let help = format!(
                "at most a third of the hold time: {} s",
                neighbor.hold_time.as_secs() / 3
            );
            self.warn(subject(), "keepalive-time", message, help);
        }
        if neighbor.passive && config.listen.is_empty() {
            let message = "neither side connects: we are passive and listen nowhere";
            self.warn(
                subject(),
                "passive",
                message,
                "passive = false, or `listen`",
            );
        }
        let nothing_to_announce = config.connected.is_none()
            && config.static_prefixes.is_empty()
            && config.neighbors.len() == 1
            && config.ranges.is_empty();
        if nothing_to_announce && matches!(neighbor.export, PolicyRef::All | PolicyRef::Filter(_)) {
            let message =
                "there is nothing to announce: no [connected], no [static], no other neighbor";
            let help = "[connected] for addresses of this host, [static] for fixed prefixes";
            self.warn(subject(), "export", message, help);
        }
    }

    fn range(&mut self, config: &Config, range: &Range) {
        let subject = Subject::Neighbor(range.neighbor.name.clone());
        if config.listen.is_empty() {
            let message = "neighbors of a range connect to us, and we listen nowhere";
            self.warn(subject, "range", message, "`listen`, or leave it out");
        }
    }

    fn host(&mut self, config: &Config, host: &Host) {
        if config.router_id.is_none() && !host.addresses.iter().any(|a| identifies(a.net.addr())) {
            let message = "no interface has an IPv4 address that could be the router-id";
            let help = "router-id = \"10.1.1.1\", any four octets that no other speaker has";
            self.warn(Subject::Speaker, "router-id", message, help);
        }
        for address in &config.listen {
            if !address.ip().is_unspecified() && !host.has_address(address.ip()) {
                let message = format!("no interface has the address {}", address.ip());
                let help = "an address of this host, or leave it out to listen on all";
                self.warn(Subject::Speaker, "listen", message, help);
            }
        }
        if let Some(connected) = &config.connected
            && !host
                .links
                .values()
                .any(|link| connected.interfaces.matches(&link.name))
        {
            let names: Vec<&str> = host
                .links
                .values()
                .map(|link| link.name.as_str())
                .take(16)
                .collect();
            let help = format!("this host has: {}", names.join(", "));
            self.warn(
                Subject::Connected,
                "interfaces",
                "no interface of this host matches",
                help,
            );
        }
        if let Some(kernel) = &config.kernel {
            for (key, source) in [
                ("source", kernel.source_v4.map(IpAddr::from)),
                ("source-ipv6", kernel.source_v6.map(IpAddr::from)),
            ] {
                if let Some(source) = source.filter(|&source| !host.has_address(source)) {
                    let message = format!(
                        "no interface has the address {source}: the kernel refuses routes with it"
                    );
                    self.warn(Subject::Kernel, key, message, "an address of this host");
                }
            }
        }
    }

    fn neighbor_on_host(&mut self, neighbor: &Neighbor, host: &Host) {
        let subject = || Subject::Neighbor(neighbor.name.clone());
        let address = neighbor.address;
        if let Some(source) = neighbor
            .source_address
            .filter(|&source| !host.has_address(source))
        {
            let message = format!("no interface has the address {source}");
            let help = "an address of this host, or leave it out";
            self.warn(subject(), "source-address", message, help);
        }
        if let Some(name) = &neighbor.interface {
            if host.link(name).is_none() {
                let message = format!("this host has no interface {name}");
                self.warn(subject(), "address", message, "a name that `ip link` shows");
            }
        } else if host.has_address(address) && !address.is_loopback() {
            let message = format!("{address} is an address of this host, not the neighbor's");
            self.warn(subject(), "address", message, "the other side's address");
        } else if neighbor.multihop.is_none()
            && !address.is_loopback()
            && host.connected_to(address).is_none()
        {
            let message = format!("no interface that is up is connected to {address}");
            let help = "an address in the neighbor's subnet on this host, or `multihop`";
            self.warn(subject(), "address", message, help);
        }
    }
}

/// Would this prefix be announced to the neighbor?
fn exports(config: &Config, neighbor: &Neighbor, prefix: &IpNet) -> bool {
    match &neighbor.export {
        PolicyRef::All => true,
        PolicyRef::None => false,
        PolicyRef::Missing => neighbor.local_as.unwrap_or(config.local_as) == neighbor.remote_as,
        PolicyRef::Filter(name) => match (config.filters.get(name), config.policies.get(name)) {
            (Some(rules), _) => rules.iter().any(|rule| rule.matches(prefix)),
            (None, Some(policy)) => of_this_host(policy, prefix),
            (None, None) => false,
        },
    }
}

/// Does a policy accept a prefix that this host announces of itself?
fn of_this_host(policy: &rib::Policy, prefix: &IpNet) -> bool {
    let mut octets = Vec::new();
    AttributeSet::local().encode(&mut octets);
    let attributes = Attributes::from_canonical(&octets);
    [Protocol::Connected, Protocol::Static]
        .into_iter()
        .any(|protocol| {
            let subject = rib::Subject {
                attributes: &attributes,
                next_hop: None,
                neighbor: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                protocol,
            };
            policy.verdict(&subject, prefix) == Verdict::Accept
        })
}

fn family_key(prefix: IpNet) -> &'static str {
    match prefix {
        IpNet::V4(_) => "ipv4",
        IpNet::V6(_) => "ipv6",
    }
}

/// May this address become the router-id?
fn identifies(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if !v4.is_loopback() && v4 != Ipv4Addr::UNSPECIFIED)
}

#[cfg(test)]
mod tests;
