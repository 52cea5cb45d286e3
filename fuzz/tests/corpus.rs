//! Every target over its corpus, and over what lies near it: no fuzzer needed.
use fuzz::{TARGETS, Target};
use std::{
    fs,
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::Command,
};

/// Longest input of which every truncation and octet is tried.
const MUTATED: usize = 512;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut open = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                fs::read_dir(&path)
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|e| e.path()),
            );
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| unreachable!("{}: {error}", path.display()))
}

/// Runs a target; on a panic it says which input it was, so that it can be kept.
fn run(name: &str, target: Target, input: &[u8], origin: &str) {
    let outcome = catch_unwind(AssertUnwindSafe(|| target(input)));
    if let Err(panic) = outcome {
        let octets: String = input.iter().map(|octet| format!("{octet:02x}")).collect();
        eprintln!("target {name}, input from {origin}: {octets}");
        std::panic::resume_unwind(panic);
    }
}

/// The target that an ordinary test is for.
fn over_the_corpus(name: &str) {
    let target = TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .map_or_else(|| unreachable!("no target {name}"), |(_, target)| *target);
    let inputs = files(&root().join("corpus").join(name));
    assert!(!inputs.is_empty(), "corpus/{name} is empty");
    for path in &inputs {
        let origin = path.display().to_string();
        let seed = read(path);
        run(name, target, &seed, &origin);
        if seed.len() > MUTATED {
            continue;
        }
        for at in 0..seed.len() {
            run(name, target, &seed[..at], &format!("{origin} cut at {at}"));
            for value in [
                0,
                1,
                0x7f,
                0x80,
                0xff,
                seed[at].wrapping_add(1),
                seed[at] ^ 0x10,
            ] {
                let mut mutated = seed.clone();
                mutated[at] = value;
                run(
                    name,
                    target,
                    &mutated,
                    &format!("{origin} with {value:#04x} at {at}"),
                );
            }
            let mut longer = seed.clone();
            longer.insert(at, seed[at]);
            run(
                name,
                target,
                &longer,
                &format!("{origin} with octet {at} doubled"),
            );
        }
    }
}

#[test]
fn frame() {
    over_the_corpus("frame");
}

#[test]
fn open() {
    over_the_corpus("open");
}

#[test]
fn update() {
    over_the_corpus("update");
}

#[test]
fn notification() {
    over_the_corpus("notification");
}

#[test]
fn route_refresh() {
    over_the_corpus("route_refresh");
}

#[test]
fn session() {
    over_the_corpus("session");
}

/// Corpora of other projects are not part of this repository. Where a copy lies beside it, every
/// input goes through every target.
#[test]
fn shared_corpora() {
    let shared = std::env::var_os("MYNA_CORPORA")
        .map_or_else(|| root().join("../../shared/data/corpora"), PathBuf::from);
    let archives: Vec<_> = files(&shared)
        .into_iter()
        .filter(|path| path.to_string_lossy().ends_with(".tar.xz"))
        .collect();
    if archives.is_empty() {
        // Nothing of ours is left out, so this is no skip; but it must be seen, and `eprintln!`
        // would be captured.
        let _ = writeln!(
            std::io::stderr(),
            "ABSENT shared_corpora: no *.tar.xz in {} (MYNA_CORPORA names another place)",
            shared.display()
        );
        return;
    }
    for archive in archives {
        let directory = tempfile::TempDir::new()
            .unwrap_or_else(|error| unreachable!("make a temporary directory: {error}"));
        let status = Command::new("tar")
            .arg("-xJf")
            .arg(&archive)
            .arg("-C")
            .arg(directory.path())
            .status();
        assert!(
            status.as_ref().is_ok_and(std::process::ExitStatus::success),
            "cannot unpack {}: {status:?}",
            archive.display()
        );
        let inputs = files(directory.path());
        assert!(!inputs.is_empty(), "{} is empty", archive.display());
        for path in inputs {
            let octets = read(&path);
            let origin = format!("{} of {}", path.display(), archive.display());
            for (name, target) in TARGETS {
                run(name, target, &octets, &origin);
            }
        }
    }
}
