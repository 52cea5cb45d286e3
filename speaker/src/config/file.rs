//! From a TOML file to a checked [`Config`], or to every problem that stands against it.
//!
//! Reading is one pass over the parsed tree that goes on after an error, so that a person mends a
//! file in one round. It costs the text, the tree and the result; a file of [`MAX_OCTETS`] is the
//! largest that is read.
mod limit;
mod neighbor;
mod policy;
mod session;
mod sets;
mod treatment;

use super::{
    Config, Connected, ControlSocket, InterfacePatterns, Kernel, Problem, Problems, Severity,
    complaint::Complaint,
    keys,
    lint::{self, Subject},
    section::{Item, Section, Walk},
    value,
};
use crate::{fib, host::Host};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{self, Read},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::Path,
};
use toml::de::DeTable;

/// No configuration of a host comes near it; a file beyond is not read.
pub const MAX_OCTETS: u64 = 64 << 20;

/// A configuration and what is to be said about its file.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The checked configuration.
    pub config: Config,
    file: String,
    warnings: Vec<Problem>,
    places: BTreeMap<(Subject, &'static str), Problem>,
}

impl Loaded {
    /// Warnings of the file and of [`lint::lint`], each with its place.
    pub fn warnings(&self, host: Option<&Host>) -> Vec<Problem> {
        let mut problems = self.warnings.clone();
        let of_values = lint::lint(&self.config, host).into_iter();
        problems.extend(of_values.map(|warning| self.place(warning)));
        // those without a place come last
        problems.sort_by_key(|problem| (problem.line.unwrap_or(usize::MAX), problem.column));
        problems
    }

    /// Warnings of the file itself, such as its permissions.
    pub fn file_warnings(&self) -> impl Iterator<Item = &Problem> {
        self.warnings.iter()
    }

    /// A warning at the key that it is about, else at the section, else at the file.
    pub(crate) fn place(&self, warning: lint::Warning) -> Problem {
        let at = |key| self.places.get(&(warning.subject.clone(), key));
        let place = at(warning.key).or_else(|| at("")).cloned();
        let nowhere = Problem {
            severity: Severity::Warning,
            file: self.file.clone(),
            line: None,
            column: None,
            key: String::new(),
            message: String::new(),
            help: None,
            source: None,
            width: 0,
        };
        Problem {
            key: warning.subject.key(warning.key),
            message: warning.message,
            help: warning.help,
            ..place.unwrap_or(nowhere)
        }
    }
}

/// Reads a file.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    let name = path.display().to_string();
    let (text, mode) = read_text(path).map_err(|(line, complaint)| {
        Problems(vec![Problem {
            severity: Severity::Error,
            file: name.clone(),
            line,
            column: line.map(|_| 1),
            key: String::new(),
            message: complaint.message,
            help: complaint.help,
            source: None,
            width: 0,
        }])
    })?;
    let mut loaded = parse(&text, path)?;
    if mode & 0o004 != 0 {
        loaded.warn_of_readable_passwords();
    }
    Ok(loaded)
}

impl Loaded {
    fn warn_of_readable_passwords(&mut self) {
        let first = self.places.iter().find(|((_, key), _)| *key == "password");
        if let Some(((subject, key), place)) = first {
            self.warnings.push(Problem {
                key: subject.key(key),
                message: "everybody on this host can read the password".to_owned(),
                help: Some(format!("chmod 640 {}, or use `password-file`", self.file)),
                ..place.clone()
            });
        }
    }
}

/// The text and the permission bits; on an error a line where one is known.
fn read_text(path: &Path) -> Result<(String, u32), (Option<usize>, Complaint)> {
    let unreadable = |error: io::Error| {
        let complaint = match error.kind() {
            io::ErrorKind::NotFound => Complaint::new("no such file")
                .help("name another one, or write it: `man 5 myna.toml` shows every key"),
            io::ErrorKind::PermissionDenied => {
                Complaint::new("no permission to read it").help("run as root or as its owner")
            }
            _ => Complaint::new(format!("cannot be read: {error}")),
        };
        (None, complaint)
    };
    let file = fs::File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        let complaint = Complaint::new("is a directory").help("name the file in it");
        return Err((None, complaint));
    }
    let mut octets = Vec::new();
    file.take(MAX_OCTETS + 1)
        .read_to_end(&mut octets)
        .map_err(unreadable)?;
    if octets.len() as u64 > MAX_OCTETS {
        let complaint = Complaint::new(format!("is larger than {} MiB", MAX_OCTETS >> 20))
            .help("is it the right file?");
        return Err((None, complaint));
    }
    let text = String::from_utf8(octets).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|&&octet| octet == b'\n').count();
        let complaint = Complaint::new("this line is not UTF-8").help("save the file as UTF-8");
        (Some(line), complaint)
    })?;
    Ok((text, metadata.permissions().mode()))
}

/// Checks the text of a file; `path` names it in problems, and password files are relative to it.
pub fn parse(text: &str, path: &Path) -> Result<Loaded, Problems> {
    let file = path.display().to_string();
    let walk = Walk::new(file.clone(), text);
    let (tree, syntax_errors) = DeTable::parse_recoverable(text);
    let bird = looks_like_bird(text).then(|| BIRD_HELP.to_owned());
    for (index, error) in syntax_errors.iter().enumerate() {
        let span = error.span().unwrap_or_default();
        let complaint = Complaint::new(error.message().replace('\n', ", "))
            .help_if(bird.clone().filter(|_| index == 0));
        walk.error("", &span, complaint);
    }
    // what a broken syntax leaves of the tree would only lead to errors that are none
    let config = if syntax_errors.is_empty() {
        read(&walk, tree.get_ref(), path)
    } else {
        None
    };
    let (problems, places) = walk.finish();
    match config {
        Some(config) if !problems.iter().any(|p| p.severity == Severity::Error) => Ok(Loaded {
            config,
            file,
            warnings: problems,
            places,
        }),
        _ => Err(Problems(problems)),
    }
}

const BIRD_HELP: &str = "this looks like BIRD's configuration; Myna's is TOML: `man 5 myna.toml`";

fn looks_like_bird(text: &str) -> bool {
    let words = |line: &str| {
        let line = line.trim_start();
        ["protocol ", "router id ", "filter "]
            .iter()
            .any(|start| line.starts_with(start) && !line.contains('='))
    };
    text.lines().any(words)
}

/// Reads everything; `None` only after an error was reported.
fn read(walk: &Walk<'_>, tree: &DeTable<'_>, path: &Path) -> Option<Config> {
    let top = Section::top(walk, tree);
    let router_id = top.read("router-id", value::router_id);
    let local_as = top.read("local-as", value::asn);
    if local_as.is_none() && !tree.contains_key("local-as") {
        top.missing(
            "local-as",
            "the AS number of this host, as in local-as = 65530",
        );
    }
    let cluster_id = top.read("cluster-id", value::cluster_id);
    let listen = read_listen(&top);
    let section = |key, subject, keys| top.take(key)?.section(subject, keys);
    let control = section("control", Subject::Control, keys::CONTROL);
    let control = match control {
        Some(control) => read_control(control),
        None => Some(ControlSocket::default()),
    };
    let connected = section("connected", Subject::Connected, keys::CONNECTED);
    let connected = connected.map(read_connected);
    let static_prefixes = section("static", Subject::Static, keys::STATIC);
    let static_prefixes = static_prefixes.map(read_static).unwrap_or_default();
    let kernel = section("kernel", Subject::Kernel, keys::KERNEL);
    let kernel = kernel.map(read_kernel);
    let decision = section("decision", Subject::Decision, keys::DECISION);
    let decision = decision.map(read_decision).unwrap_or_default();
    let filters = section("filter", Subject::Filters, keys::FILTER);
    let filters = filters
        .map(|section| read_filters(&section))
        .unwrap_or_default();
    let sets = section("set", Subject::Sets, keys::SET);
    let sets = sets.map(|section| sets::Sets::read(&section, path));
    let sets = sets.unwrap_or_default();
    let policies = section("policy", Subject::Policies, keys::POLICY);
    let policies = policies
        .map(|section| policy::read_all(&section, &sets, |name| filters.contains_key(name)));
    let policies = policies.unwrap_or_default();
    let (mut neighbors, mut ranges) = (Vec::new(), Vec::new());
    if let Some(item) = top.take("neighbor") {
        let context = neighbor::Context {
            path,
            local_as,
            filters: &filters,
            policies: &policies,
            keep_on_exit: kernel.as_ref().is_some_and(|kernel| kernel.keep_on_exit),
        };
        (neighbors, ranges) = neighbor::read_all(&context, &item);
    }
    top.finish();
    Some(Config {
        router_id,
        local_as: local_as?,
        cluster_id,
        decision,
        listen,
        control,
        connected,
        static_prefixes,
        kernel,
        filters: filters
            .into_iter()
            .map(|(name, rules)| (name, rules.unwrap_or_default()))
            .collect(),
        policies,
        neighbors,
        ranges,
    })
}

/// Default: the BGP port of both families.
fn read_listen(top: &Section<'_, '_>) -> Vec<SocketAddr> {
    let mut seen = BTreeSet::new();
    let addresses = top.read_list("listen", |item| {
        let address = value::listen(item)?;
        if seen.insert(address) {
            Ok(address)
        } else {
            Err(Complaint::new(format!("{address} stands here twice")).help("remove one"))
        }
    });
    addresses.unwrap_or_else(|| {
        let both = [
            IpAddr::from(Ipv4Addr::UNSPECIFIED),
            Ipv6Addr::UNSPECIFIED.into(),
        ];
        both.map(|address| SocketAddr::new(address, value::BGP_PORT))
            .into()
    })
}

fn read_control(section: Section<'_, '_>) -> Option<ControlSocket> {
    let default = ControlSocket::default();
    let path = section.read("socket", |item| {
        let text = item.text()?;
        match text {
            "none" => Ok(None),
            // sockaddr_un holds 108 octets with the terminating zero
            _ if text.starts_with('/') && text.len() <= 107 => Ok(Some(text.into())),
            _ if text.starts_with('/') => {
                Err(Complaint::new("the path is too long for a socket").help("at most 107 octets"))
            }
            _ => Err(Complaint::new(format!("`{text}` is not an absolute path"))
                .help("as in \"/run/myna/myna.sock\", or \"none\" for no control socket")),
        }
    });
    let mode = section.read("mode", value::mode);
    let group = section.read("group", |item| Ok(item.text()?.to_owned()));
    section.finish();
    Some(ControlSocket {
        path: path.unwrap_or(Some(default.path))?,
        mode: mode.unwrap_or(default.mode),
        group,
    })
}

fn read_connected(section: Section<'_, '_>) -> Connected {
    let patterns = section.read_list("interfaces", value::interface_pattern);
    if let Some(item) = section.take("interfaces")
        && item.elements().is_empty()
    {
        item.error(
            Complaint::new("names no interface")
                .help("\"*\" for all; for none leave the section [connected] out"),
        );
    }
    section.finish();
    Connected {
        interfaces: InterfacePatterns(patterns.unwrap_or_default()),
    }
}

fn read_static(section: Section<'_, '_>) -> Vec<ipnet::IpNet> {
    let mut seen = BTreeSet::new();
    let prefixes = section.read_list("prefixes", |item| {
        let prefix = value::prefix(item.string()?)?;
        if seen.insert(prefix) {
            Ok(prefix)
        } else {
            Err(Complaint::new(format!("{prefix} stands here twice")).help("remove one"))
        }
    });
    section.finish();
    prefixes.unwrap_or_default()
}

/// What the kernel takes: IPv4's least, which is 68 octets (RFC 791), to the largest packet.
const MTUS: std::ops::RangeInclusive<u32> = 68..=65_535;

fn read_kernel(section: Section<'_, '_>) -> Kernel {
    let default = Kernel::default();
    let table = section.read("table", value::table);
    // the kernel makes 1024 of an IPv6 metric of 0, so that our routes would not be found again
    let metric = section.read("metric", |item| item.integer(1..=u32::MAX));
    let protocol = section.read("protocol", value::protocol);
    let protocol = protocol.unwrap_or(default.protocol);
    let keep_on_exit = section.read("keep-on-exit", Item::boolean);
    let source_v4 = section.read("source", value::source_v4);
    let source_v6 = section.read("source-ipv6", value::source_v6);
    let dry_run = section.read("dry-run", Item::boolean);
    let mtu = section.read("mtu", |item| item.integer(MTUS));
    let locked = section.read("mtu-lock", Item::boolean).unwrap_or(false);
    if locked
        && mtu.is_none()
        && let Some(item) = section.take("mtu-lock")
    {
        item.error(Complaint::new("locks no MTU").help("set `mtu` too, or remove it"));
    }
    let adopt = section.read_list("adopt", |item| match value::protocol(item)? {
        own if own == protocol => Err(Complaint::new(
            "this is our own protocol: its routes in our table and with our metric are always taken over",
        )
        .help("remove it")),
        other => Ok(other),
    });
    section.finish();
    let mut adopt = adopt.unwrap_or_default();
    adopt.sort_unstable();
    adopt.dedup();
    Kernel {
        table: table.unwrap_or(default.table),
        metric: metric.unwrap_or(default.metric),
        protocol,
        keep_on_exit: keep_on_exit.unwrap_or(default.keep_on_exit),
        source_v4,
        source_v6,
        dry_run: dry_run.unwrap_or(default.dry_run),
        mtu: mtu.map(|octets| fib::Mtu { octets, locked }),
        adopt,
    }
}

fn read_decision(section: Section<'_, '_>) -> rib::DecisionRules {
    let flag = |key| section.read(key, Item::boolean).unwrap_or(false);
    let rules = rib::DecisionRules {
        always_compare_med: flag("always-compare-med"),
        ignore_path_length: flag("ignore-as-path-length"),
        prefer_oldest: flag("prefer-oldest"),
    };
    section.finish();
    rules
}

/// `None` in place of rules: the filter is there, but something is wrong with it.
type Filters = BTreeMap<String, Option<Vec<rib::PrefixRule>>>;

fn read_filters(section: &Section<'_, '_>) -> Filters {
    let mut filters = Filters::new();
    for (name, item) in section.names() {
        if name == "accept" {
            item.walk.error(
                item.key,
                &item.key_span,
                Complaint::new("a filter has a name")
                    .help("[filter.to_azure], and `accept` below it"),
            );
            continue;
        }
        let rules = read_filter(name, &item);
        filters.insert(name.to_owned(), rules);
    }
    filters
}

fn read_filter(name: &str, item: &Item<'_, '_>) -> Option<Vec<rib::PrefixRule>> {
    if let Err(complaint) = value::filter_name(name) {
        item.walk.error(item.key.clone(), &item.key_span, complaint);
    }
    let section = item.section(Subject::Filter(name.to_owned()), keys::FILTER)?;
    let rules = section.read_list("accept", value::prefix_rule);
    if rules.is_none() {
        section.missing(
            "accept",
            "the prefixes it lets through, as in accept = [\"192.168.100.0/24\"]",
        );
    }
    section.finish();
    rules
}

#[cfg(test)]
mod tests;
