//! The house rules that a compiler does not check: who may import whom, what core crates may
//! not even depend on, which lints stay on, how long a file may be.
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Longest file of Rust; tests in files of their own may be as long as they need.
const LONGEST_FILE: usize = 1_200;

/// Longest file of a binary that users get: it parses nothing and decides nothing.
const LONGEST_BINARY: usize = 60;

/// The core: decisions without I/O.
const CORE: [&str; 3] = ["bgp-wire", "bgp-fsm", "rib"];

/// Crates of ours that each crate may import, apart from those that are for development only.
const IMPORTS: [(&str, &[&str]); 4] = [
    ("bgp-wire", &[]),
    ("bgp-fsm", &["bgp-wire"]),
    ("rib", &["bgp-wire"]),
    ("speaker", &["bgp-wire", "bgp-fsm", "rib"]),
];

/// Development only: these import what they like, and nobody imports them. `codec` lies in `benches`.
const DEVELOPMENT: [&str; 4] = ["fuzz", "benches", "codec", "tests"];

/// What reaches sockets, threads, clocks, the system or a log.
const OUTSIDE: [&str; 16] = [
    "tokio",
    "mio",
    "async-std",
    "smol",
    "socket2",
    "libc",
    "nix",
    "rustix",
    "rtnetlink",
    "netlink-sys",
    "tracing",
    "log",
    "rand",
    "getrandom",
    "chrono",
    "time",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new(".."))
}

/// Where a crate lies: all but one under their names.
fn folder(name: &str) -> PathBuf {
    match name {
        "codec" => root().join("benches/codec"),
        name => root().join(name),
    }
}

/// The triple of this machine, as in "x86_64-unknown-linux-gnu".
fn host() -> String {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .unwrap_or_else(|error| unreachable!("run rustc: {error}"));
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or_else(|| unreachable!("rustc names no host: {text}"))
        .to_owned()
}

/// `cargo metadata`, of the lock file as it is and for this machine: a build has fetched all of it.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .args(["--filter-platform", &host()])
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| unreachable!("run cargo: {error}"));
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| unreachable!("cargo metadata is JSON: {error}"))
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

fn name(value: &Value) -> String {
    value["name"].as_str().unwrap_or_default().to_owned()
}

/// Our crates, each with the names of its dependencies by kind (`null` is the normal one).
fn members(metadata: &Value) -> BTreeMap<String, Vec<(String, String)>> {
    let members: BTreeSet<_> = list(metadata, "workspace_members")
        .filter_map(Value::as_str)
        .collect();
    list(metadata, "packages")
        .filter(|package| members.contains(package["id"].as_str().unwrap_or_default()))
        .map(|package| {
            let dependencies = list(package, "dependencies")
                .map(|dependency| (dependency["kind"].to_string(), name(dependency)))
                .collect();
            (name(package), dependencies)
        })
        .collect()
}

#[test]
fn crates_import_only_downwards() {
    let members = members(&metadata());
    let names: BTreeSet<_> = members.keys().map(String::as_str).collect();
    let known: BTreeSet<_> = IMPORTS
        .iter()
        .map(|(name, _)| *name)
        .chain(DEVELOPMENT)
        .collect();
    assert_eq!(names, known, "a crate without a place in the house");
    for (name, allowed) in IMPORTS {
        let ours: BTreeSet<_> = members[name]
            .iter()
            .map(|(_, dependency)| dependency.as_str())
            .filter(|dependency| names.contains(dependency))
            .collect();
        let allowed: BTreeSet<_> = allowed.iter().copied().collect();
        assert!(
            ours.is_subset(&allowed),
            "{name} imports {ours:?}, may import {allowed:?}"
        );
    }
}

#[test]
fn the_core_reaches_no_sockets_clocks_or_logs() {
    let metadata = metadata();
    let packages: BTreeMap<_, _> = list(&metadata, "packages")
        .map(|package| (package["id"].as_str().unwrap_or_default(), name(package)))
        .collect();
    let nodes: BTreeMap<_, _> = list(&metadata["resolve"], "nodes")
        .map(|node| (node["id"].as_str().unwrap_or_default(), node))
        .collect();
    for core in CORE {
        let mut open: Vec<_> = packages
            .iter()
            .filter(|(_, name)| *name == core)
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(open.len(), 1, "{core} is one package");
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            let name = packages[id].as_str();
            assert!(!OUTSIDE.contains(&name), "{core} depends on {name}");
            // Dependencies for tests and builds are not part of the crate.
            open.extend(
                list(nodes[id], "deps")
                    .filter(|dependency| {
                        list(dependency, "dep_kinds").any(|kind| kind["kind"].is_null())
                    })
                    .filter_map(|dependency| dependency["pkg"].as_str()),
            );
        }
    }
}

/// Every Rust file of ours, with its lines.
fn sources() -> Vec<(PathBuf, String)> {
    let mut open: Vec<PathBuf> = IMPORTS
        .iter()
        .map(|(name, _)| *name)
        .chain(DEVELOPMENT)
        .map(|name| root().join(name))
        .collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name == "target") {
                continue;
            }
            open.extend(
                fs::read_dir(&path)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|e| e.path()),
            );
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|error| unreachable!("{}: {error}", path.display()));
            files.push((path, text));
        }
    }
    assert!(files.len() > 20, "the sources are somewhere else");
    files
}

/// Whether a file holds nothing but tests.
fn is_test(path: &Path) -> bool {
    let below = path.strip_prefix(root()).unwrap_or(path);
    below
        .components()
        .any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}

#[test]
fn files_stay_short_and_binaries_thin() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        let shown = path.display();
        if !is_test(&path) {
            assert!(lines <= LONGEST_FILE, "{shown} has {lines} lines");
        }
        let delivered = !DEVELOPMENT
            .iter()
            .any(|name| path.starts_with(root().join(name)));
        let binary = delivered
            && (path.ends_with("src/main.rs")
                || path
                    .parent()
                    .is_some_and(|folder| folder.ends_with("src/bin")));
        if binary {
            assert!(lines <= LONGEST_BINARY, "{shown} has {lines} lines");
        }
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        assert!(
            !["util", "utils", "common", "helper", "helpers", "misc"].contains(&stem),
            "{shown}: a name from which nobody can tell what is inside"
        );
    }
}

/// The crate-wide lint attributes of a source.
fn crate_attributes(text: &str) -> String {
    let mut attributes = String::new();
    let mut inside = false;
    for line in text.lines() {
        inside |= line.starts_with("#![");
        if inside {
            attributes.push_str(line);
            inside = !line.ends_with(")]") && !line.ends_with("]");
        }
    }
    attributes
}

#[test]
fn the_lint_table_holds_everywhere() {
    for name in IMPORTS.map(|(name, _)| name).iter().chain(&DEVELOPMENT) {
        let path = folder(name).join("Cargo.toml");
        let manifest = fs::read_to_string(&path)
            .unwrap_or_else(|error| unreachable!("{}: {error}", path.display()));
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} has left the lint table"
        );
    }
    for core in CORE {
        let path = root().join(core).join("src/lib.rs");
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| unreachable!("{}: {error}", path.display()));
        let attributes = crate_attributes(&text);
        for needed in [
            "forbid(unsafe_code)",
            "clippy::indexing_slicing",
            "clippy::arithmetic_side_effects",
            "clippy::unwrap_used",
            "clippy::expect_used",
            "clippy::panic",
        ] {
            assert!(attributes.contains(needed), "{core} does without {needed}");
        }
    }
}

#[test]
fn an_exception_from_a_lint_has_a_reason() {
    // `expect` says when it is no longer needed; both have to say why.
    let forms = ["[allow(", "[expect("];
    for (path, text) in sources() {
        if path.ends_with("tests/tests/crates.rs") {
            continue;
        }
        for form in forms {
            for (at, _) in text.match_indices(form) {
                let attribute = text[at..].split(")]").next().unwrap_or_default();
                let line = text[..at].lines().count();
                assert!(
                    attribute.contains("reason = "),
                    "{}:{line}: {form} without a reason",
                    path.display()
                );
            }
        }
    }
}
