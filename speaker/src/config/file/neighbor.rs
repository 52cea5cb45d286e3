//! Reads the neighbors of a configuration file.
use super::{Filters, limit, policy::Policies, session, treatment, value};
use crate::config::{
    Identity, Neighbor, Password, PolicyRef, Range, RemoteAs,
    complaint::Complaint,
    keys,
    lint::Subject,
    neighbor::family_of,
    section::{Item, Section},
};
use bgp_wire::Asn;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::Duration,
};
use toml::de::DeValue;

/// What a neighbor refers to.
pub(super) struct Context<'c> {
    /// the file's
    pub(super) path: &'c Path,
    /// `None`: wrong, and reported
    pub(super) local_as: Option<Asn>,
    pub(super) filters: &'c Filters,
    pub(super) policies: &'c Policies,
    /// of the kernel table
    pub(super) keep_on_exit: bool,
}

/// Neighbors read so far: no two have the same name or are the same session.
#[derive(Default)]
struct Taken {
    /// with the line of the neighbor
    names: BTreeMap<String, usize>,
    sessions: BTreeMap<Identity, String>,
    /// by address; the kernel has one key for each
    passwords: BTreeMap<IpAddr, (Option<Password>, String)>,
}

/// What `[[neighbor]]` may be.
enum Entry {
    One(Neighbor),
    Range(Range),
}

/// Reads `[[neighbor]]`; those with errors are left out.
pub(super) fn read_all(context: &Context<'_>, item: &Item<'_, '_>) -> (Vec<Neighbor>, Vec<Range>) {
    let (mut neighbors, mut ranges) = (Vec::new(), Vec::new());
    if !matches!(item.value.get_ref(), DeValue::Array(_)) {
        let complaint =
            Complaint::new("there may be several neighbors, so the header has two brackets")
                .help("[[neighbor]]");
        item.walk.error(item.key.clone(), &item.key_span, complaint);
        return (neighbors, ranges);
    }
    let elements = item.elements();
    let names = names(&elements);
    let mut taken = Taken::default();
    for (item, name) in elements.iter().zip(&names) {
        let section = item.section(Subject::Neighbor(name.clone()), keys::NEIGHBOR);
        match section.and_then(|section| read_one(context, section, name, &mut taken)) {
            Some(Entry::One(neighbor)) => neighbors.push(neighbor),
            Some(Entry::Range(range)) => ranges.push(range),
            None => {}
        }
    }
    (neighbors, ranges)
}

/// Names first, since every other problem of a neighbor is told by its name. As in BIRD the
/// unnamed are counted: the third neighbor is `bgp1` if the first two have names.
fn names(elements: &[Item<'_, '_>]) -> Vec<String> {
    let given: Vec<Option<&str>> = elements
        .iter()
        .map(|item| match item.value.get_ref() {
            DeValue::Table(table) => table.get("name")?.get_ref().as_str(),
            _ => None,
        })
        .collect();
    let mut unnamed = (1..).map(|n| format!("bgp{n}"));
    let mut names = Vec::new();
    for name in &given {
        let name = match name {
            Some(name) => Some((*name).to_owned()),
            None => unnamed.find(|name| !given.contains(&Some(name))),
        };
        names.push(name.unwrap_or_default());
    }
    names
}

fn read_one(
    context: &Context<'_>,
    section: Section<'_, '_>,
    name: &str,
    taken: &mut Taken,
) -> Option<Entry> {
    section.read("name", value::neighbor_name);
    let here = section.line();
    if let Some(line) = taken.names.insert(name.to_owned(), here) {
        let complaint = Complaint::new(format!("line {line} has a neighbor `{name}` already"));
        section.error_at(
            "name",
            complaint.help("every neighbor has a name of its own"),
        );
    }
    let interface = section.read("interface", value::interface);
    let address = section.read("address", |item| {
        value::neighbor_address(item, interface.as_deref())
    });
    let range = section.read("range", |item| value::prefix(item.string()?));
    let limit = section.read("limit", |item| item.integer(1..=100_000));
    let accepted_as = section.read("remote-as", value::remote_as);
    report_missing(&section);
    let remote_as = one_as(&section, accepted_as.as_ref());
    let address = match range {
        Some(range) => Some((range.addr(), interface)),
        None => address,
    };
    let local_as = section.read("local-as", value::asn);
    let ours = local_as.or(context.local_as);
    let internal = remote_as.is_some() && ours == remote_as;

    let filters = || {
        let names = context.filters.keys().chain(context.policies.keys());
        names.map(String::as_str)
    };
    let policy = |key| section.read(key, |item| value::policy(item, filters()));
    let import = policy("import").unwrap_or(PolicyRef::Missing);
    let export = policy("export").unwrap_or(PolicyRef::Missing);
    if let PolicyRef::Filter(name) = &import
        && (context.policies.get(name)).is_some_and(|policy| policy.sets_next_hop())
    {
        let complaint = Complaint::new(format!("the policy `{name}` sets a next hop"))
            .help("that is for `export` only: a policy without `set-next-hop`");
        section.error_at("import", complaint);
    }

    let treatment = treatment::read(&section, internal);

    let hold_time = section.read("hold-time", value::hold_time);
    let hold_time = hold_time.unwrap_or(Neighbor::HOLD_TIME);
    let keepalive = section.read("keepalive-time", |item| keepalive(item, hold_time));
    let connect_retry = section.read("connect-retry", |item| {
        value::duration(item, Duration::from_millis(100)..=Duration::from_secs(3600))
    });
    let session = session::Context {
        keep_on_exit: context.keep_on_exit,
        hold_time,
    };
    let session = session::read(&session, &section);
    let families = families(&section);
    let source_address = section.read("source-address", |item| {
        let source = value::host_address(item.string()?)?;
        match &address {
            Some((neighbor, _)) if neighbor.is_ipv4() != source.is_ipv4() => {
                Err(Complaint::new(format!(
                    "{source} cannot be the source toward {neighbor}: one is IPv4, the other IPv6"
                ))
                .help("an address of this host in the neighbor's family"))
            }
            _ => Ok(source),
        }
    });
    let multihop = section.read("multihop", value::multihop);
    let gtsm = section.read("gtsm", Item::boolean);
    let limits = limit::read(&section);
    let disabled = section.read("disabled", Item::boolean);
    let passive = section.read("passive", Item::boolean);
    let port = section.read("port", |item| item.integer(1..=u16::MAX.into()));
    let description = section.read("description", |item| Ok(item.text()?.to_owned()));
    let password = password(context, &section);
    let whole = address.zip(remote_as);
    let neighbor = whole.map(|((address, interface), remote_as)| Neighbor {
        description,
        interface,
        port: port
            .and_then(|port| port.try_into().ok())
            .unwrap_or(Neighbor::PORT),
        local_as,
        password,
        import,
        export,
        treatment,
        families: families.unwrap_or_else(|| vec![family_of(address)]),
        hold_time,
        keepalive,
        connect_retry: connect_retry.unwrap_or(Neighbor::CONNECT_RETRY),
        passive: passive.unwrap_or(false),
        // neighbors in our own AS are often reached through others, as BIRD expects too
        multihop: multihop.unwrap_or_else(|| internal.then_some(Neighbor::HOPS)),
        gtsm: gtsm.unwrap_or(false),
        limits,
        source_address,
        disabled: disabled.unwrap_or(false),
        session,
        ..Neighbor::new(name, address, remote_as)
    });
    if let Some(neighbor) = &neighbor
        && range.is_none()
    {
        taken.check(&section, neighbor);
    }
    section.finish();
    let neighbor = neighbor?;
    Some(match range {
        None => Entry::One(neighbor),
        Some(prefix) => Entry::Range(Range {
            prefix,
            remote_as: accepted_as?,
            limit: limit
                .and_then(|limit| limit.try_into().ok())
                .unwrap_or(Range::LIMIT),
            neighbor,
        }),
    })
}

impl Taken {
    /// Reports what `neighbor` shares with another one and must not.
    fn check(&mut self, section: &Section<'_, '_>, neighbor: &Neighbor) {
        let (address, name) = (neighbor.address, &neighbor.name);
        if let Some(other) = self.sessions.insert(neighbor.identity(), name.clone()) {
            let complaint =
                Complaint::new(format!("neighbor {other} has the address {address} too"));
            section.error_at(
                "address",
                complaint
                    .help("several sessions of one address differ in port, AS or source-address"),
            );
        }
        let password = neighbor.password.clone();
        match self.passwords.get(&address) {
            Some((other, whose)) if *other != password => {
                let complaint = Complaint::new(format!(
                    "neighbor {whose} has the address {address} too, and another password"
                ));
                section.error_at(
                    "address",
                    complaint.help("the kernel has one TCP-MD5 key for each address"),
                );
            }
            Some(_) => {}
            None => {
                self.passwords.insert(address, (password, name.clone()));
            }
        }
    }
}

/// The AS where there is one; a neighbor that is known by its address has no choice.
fn one_as(section: &Section<'_, '_>, accepted: Option<&RemoteAs>) -> Option<Asn> {
    match accepted? {
        RemoteAs::OneOf(these) if these.len() == 1 => these.first().copied(),
        // What a neighbor of the range will say; until then none is as good as another.
        RemoteAs::OneOf(these) if section.take("range").is_some() => these.first().copied(),
        RemoteAs::Any if section.take("range").is_some() => Some(Asn(0)),
        _ => {
            let complaint = Complaint::new("a neighbor has one AS");
            section.error_at(
                "remote-as",
                complaint.help("several, or \"any\", with a `range`"),
            );
            None
        }
    }
}

fn report_missing(section: &Section<'_, '_>) {
    match (section.take("address"), section.take("range")) {
        (None, None) => section.missing(
            "address",
            "the neighbor's address, as in address = \"10.1.1.2\"",
        ),
        (Some(_), Some(range)) => {
            range.error(Complaint::new("there is an `address` too").help("one of the two"));
        }
        (Some(_), None) => {
            if section.take("limit").is_some() {
                let complaint = Complaint::new("only a `range` has a limit of neighbors");
                section.error_at("limit", complaint.help("leave it out"));
            }
        }
        (None, Some(_)) => {
            for key in ["port", "passive"] {
                if section.take(key).is_some() {
                    let complaint = Complaint::new("neighbors of a range connect to us");
                    section.error_at(key, complaint.help("leave it out"));
                }
            }
        }
    }
    if section.take("remote-as").is_none() {
        section.missing(
            "remote-as",
            "the neighbor's AS number, as in remote-as = 12076",
        );
    }
}

fn families(section: &Section<'_, '_>) -> Option<Vec<bgp_wire::Family>> {
    let mut families = Vec::new();
    section.read_list("families", |item| {
        let family = value::family(item)?;
        if families.contains(&family) {
            return Err(Complaint::new("this family stands here twice").help("remove one"));
        }
        families.push(family);
        Ok(())
    })?;
    let item = section.take("families")?;
    if item.elements().is_empty() {
        item.error(
            Complaint::new("a session needs a family")
                .help("[\"ipv4\"], or leave it out for the family of the address"),
        );
    }
    Some(families)
}

fn password(context: &Context<'_>, section: &Section<'_, '_>) -> Option<Password> {
    let literal = section.read("password", |item| value::password(item.string()?));
    let from_file = section.read("password-file", |item| password_file(context, item));
    if let (Some(_), Some(file)) = (section.take("password"), section.take("password-file")) {
        file.walk.error(
            file.key.clone(),
            &file.key_span,
            Complaint::new("there is a `password` too").help("one of the two"),
        );
    }
    literal.or(from_file)
}

/// The file's first line; the path is relative to the configuration file.
fn password_file(context: &Context<'_>, item: &Item<'_, '_>) -> Result<Password, Complaint> {
    let directory = context.path.parent().unwrap_or(Path::new(""));
    let path = directory.join(item.text()?);
    let shown = path.display();
    let unreadable = |error: io::Error| {
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied => "run as root or as its owner",
            _ => "a file that holds the password on its first line, relative to this file",
        };
        Complaint::new(format!("{shown} cannot be read: {error}")).help(help)
    };
    let file = fs::File::open(&path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    let mut text = String::new();
    file.take(4096)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    let mut lines = text.lines();
    let password = value::password(lines.next().unwrap_or_default())?;
    if lines.any(|line| !line.trim().is_empty()) {
        return Err(Complaint::new(format!("{shown} has more than one line"))
            .help("the password alone, on the first line"));
    }
    if mode & 0o004 != 0 {
        item.warning(
            Complaint::new(format!("everybody on this host can read {shown}"))
                .help(format!("chmod 640 {shown}")),
        );
    }
    Ok(password)
}

fn keepalive(item: &Item<'_, '_>, hold_time: Duration) -> Result<Duration, Complaint> {
    let longest = Duration::from_secs(u16::MAX.into());
    let keepalive = value::duration(item, Duration::from_secs(1)..=longest)?;
    if hold_time.is_zero() {
        return Err(Complaint::new("without a hold time no KEEPALIVE is sent")
            .help("leave it out, or set `hold-time`"));
    }
    if keepalive >= hold_time {
        return Err(Complaint::new(format!(
            "a KEEPALIVE every {} is too late for a hold time of {}",
            value::words(keepalive),
            value::words(hold_time)
        ))
        .help(format!("at most a third: {}", value::words(hold_time / 3))));
    }
    Ok(keepalive)
}
