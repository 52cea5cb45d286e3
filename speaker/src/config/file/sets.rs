//! Reads named sets, `[set.NAME]`: lists that terms of policies share.
use super::value;
use crate::config::{
    complaint::Complaint,
    complaint::did_you_mean,
    keys,
    lint::Subject,
    section::{Item, Section},
};
use rib::{AsPathPattern, CommunityPattern, PrefixList, PrefixRule};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

/// A named list.
#[derive(Clone, Debug)]
pub(super) enum Set {
    Prefixes(Arc<PrefixList>),
    Communities(Vec<CommunityPattern>),
    AsPaths(Vec<AsPathPattern>),
    /// Something is wrong with it, and reported.
    Wrong,
}

/// By name.
#[derive(Debug, Default)]
pub(super) struct Sets(BTreeMap<String, Set>);

/// The name in "@NAME".
pub(super) fn reference<'w>(item: &Item<'w, '_>) -> Option<&'w str> {
    item.string().ok()?.strip_prefix('@')
}

impl Sets {
    /// Reads `[set]`; `path` is the configuration file's.
    pub(super) fn read(section: &Section<'_, '_>, path: &Path) -> Self {
        let mut sets = BTreeMap::new();
        for (name, item) in section.names() {
            if let Err(complaint) = value::filter_name(name) {
                item.walk.error(item.key.clone(), &item.key_span, complaint);
            }
            let Some(section) = item.section(Subject::Set(name.to_owned()), keys::SET) else {
                continue;
            };
            sets.insert(name.to_owned(), read_set(section, path));
        }
        Self(sets)
    }

    pub(super) fn find(&self, name: &str) -> Result<&Set, Complaint> {
        self.0.get(name).ok_or_else(|| {
            let known = self.0.keys().map(String::as_str);
            let help = did_you_mean(name, known)
                .unwrap_or_else(|| format!("write a section [set.{name}]"));
            Complaint::new(format!("there is no set `{name}`")).help(help)
        })
    }
}

/// What is said of a set that holds something else.
pub(super) fn other_kind(name: &str, wanted: &str) -> Complaint {
    Complaint::new(format!("the set `{name}` does not hold {wanted}"))
        .help(format!("name a set of {wanted} here"))
}

fn read_set(section: Section<'_, '_>, path: &Path) -> Set {
    let prefixes = section.read_list("prefixes", value::prefix_rule);
    let file = section.read("file", |item| read_file(item, path));
    let communities = section.read_list("communities", community);
    let as_paths = section.read_list("as-paths", as_path);
    let kinds = [
        section.take("prefixes").is_some() || section.take("file").is_some(),
        section.take("communities").is_some(),
        section.take("as-paths").is_some(),
    ];
    let set = match (prefixes, file, communities, as_paths) {
        (None, None, Some(communities), None) => Set::Communities(communities),
        (None, None, None, Some(as_paths)) => Set::AsPaths(as_paths),
        (prefixes, file, None, None) if prefixes.is_some() || file.is_some() => {
            let mut rules = prefixes.unwrap_or_default();
            rules.extend(file.unwrap_or_default());
            Set::Prefixes(Arc::new(PrefixList::new(rules)))
        }
        _ => Set::Wrong,
    };
    if kinds.iter().filter(|there| **there).count() != 1 {
        section.error_at(
            "prefixes",
            Complaint::new("a set holds one kind of thing")
                .help("`prefixes` and `file`, or `communities`, or `as-paths`"),
        );
    }
    section.finish();
    set
}

/// One rule a line; empty lines and what follows a # do not count.
fn read_file(item: &Item<'_, '_>, path: &Path) -> Result<Vec<PrefixRule>, Complaint> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let file = directory.join(item.text()?);
    let shown = file.display();
    let text = fs::read_to_string(&file).map_err(|error| {
        Complaint::new(format!("{shown} cannot be read: {error}"))
            .help("a file with one prefix a line, relative to this file")
    })?;
    let mut rules = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let rule = line
            .parse::<PrefixRule>()
            .map_err(|error| Complaint::new(format!("{shown}:{number}: {error}")))?;
        rules.push(rule);
    }
    Ok(rules)
}

pub(super) fn community(item: &Item<'_, '_>) -> Result<CommunityPattern, Complaint> {
    (item.text()?.parse()).map_err(|error: rib::PatternError| Complaint::new(error.to_string()))
}

pub(super) fn as_path(item: &Item<'_, '_>) -> Result<AsPathPattern, Complaint> {
    (item.text()?.parse()).map_err(|error: rib::PatternError| Complaint::new(error.to_string()))
}
