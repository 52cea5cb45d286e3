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
fn run(target: &Target, input: &[u8], origin: &str) {
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    if let Err(panic) = outcome {
        let octets: String = input.iter().map(|octet| format!("{octet:02x}")).collect();
        eprintln!("target {}, input from {origin}: {octets}", target.name);
        std::panic::resume_unwind(panic);
    }
}

/// The target that an ordinary test is for.
fn over_the_corpus(name: &str) {
    let target = TARGETS
        .iter()
        .find(|target| target.name == name)
        .unwrap_or_else(|| unreachable!("no target {name}"));
    let inputs = files(&root().join("corpus").join(name));
    assert!(!inputs.is_empty(), "corpus/{name} is empty");
    for path in &inputs {
        let origin = path.display().to_string();
        let seed = read(path);
        run(target, &seed, &origin);
        if seed.len() > MUTATED || is_found(path) {
            continue;
        }
        for at in 0..seed.len() {
            run(target, &seed[..at], &format!("{origin} cut at {at}"));
            if target.slow {
                continue;
            }
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
                let origin = format!("{origin} with {value:#04x} at {at}");
                run(target, &mutated, &origin);
            }
            let mut longer = seed.clone();
            longer.insert(at, seed[at]);
            run(
                target,
                &longer,
                &format!("{origin} with octet {at} doubled"),
            );
        }
    }
}

/// Whether a fuzzer found the input, which it then named by its digest: it has been mutated enough.
fn is_found(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        name.len() == 40 && name.bytes().all(|letter| letter.is_ascii_hexdigit())
    })
}

macro_rules! targets {
    ($($target:ident)*) => {
        $(
            #[test]
            fn $target() {
                over_the_corpus(stringify!($target));
            }
        )*

        /// No target without a test and a program.
        #[test]
        fn every_target_is_tested() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
            let manifest = String::from_utf8(read(&root().join("Cargo.toml")));
            let manifest = manifest.unwrap_or_else(|error| unreachable!("{error}"));
            for name in names {
                let program = format!("path = \"fuzz_targets/{name}.rs\"");
                assert!(manifest.contains(&program), "no program of {name}");
            }
        }
    };
}

targets! {
    frame
    open
    update
    round_trip
    attribute
    nlri
    notification
    route_refresh
    mrt
    session
    decode
    speaker
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
            for target in TARGETS {
                for before in target.before {
                    run(target, &[*before, &octets].concat(), &origin);
                }
            }
        }
    }
}
