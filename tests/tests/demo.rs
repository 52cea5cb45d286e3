//! `myna demo`, the README's first command: it runs, tells its story and leaves nothing behind.
use std::{collections::BTreeSet, fs, process::Command};
use tests::{Lab, Myna, Needs, said};

/// Named network namespaces of others than these tests.
fn namespaces() -> BTreeSet<String> {
    fs::read_dir("/run/netns")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with("myna-test-"))
        .collect()
}

fn tells_its_story(output: &std::process::Output) {
    let story = said(output);
    assert!(output.status.success(), "{}: {story}", output.status);
    for word in [
        "Established",
        "192.168.100.0/24",
        "192.168.0.0/16",
        "withdraw",
    ] {
        assert!(
            story.to_lowercase().contains(&word.to_lowercase()),
            "no {word} in {story}"
        );
    }
}

#[test]
fn as_root_it_makes_its_own_network_and_removes_it() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let before = namespaces();
    // Inside a namespace of the test's own, so that two runs do not meet.
    let lab = Lab::new();
    let links = lab.host.ip("-o link show");
    let output = lab
        .host
        .command(&Myna::binary().to_string_lossy())
        .arg("demo")
        .output()
        .unwrap_or_else(|error| unreachable!("run myna: {error}"));
    tells_its_story(&output);
    assert_eq!(namespaces(), before);
    let left: BTreeSet<_> = lab
        .host
        .ip("-o link show")
        .lines()
        .map(str::to_owned)
        .collect();
    let had: BTreeSet<_> = links.lines().map(str::to_owned).collect();
    assert_eq!(left, had, "links of its network are left");
}

#[test]
fn without_root_it_runs_all_the_same() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    // The binary may lie where nobody else may look: a copy does not.
    let directory = tempfile::TempDir::with_prefix("myna-demo")
        .unwrap_or_else(|error| unreachable!("make a temporary directory: {error}"));
    let copy = directory.path().join("myna");
    fs::copy(Myna::binary(), &copy).unwrap_or_else(|error| unreachable!("copy myna: {error}"));
    let _ = Command::new("chmod")
        .arg("755")
        .args([directory.path(), &copy])
        .status();
    let output = lab
        .host
        .command("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&copy)
        .arg("demo")
        .output()
        .unwrap_or_else(|error| unreachable!("run myna: {error}"));
    let story = said(&output);
    assert!(output.status.success(), "{}: {story}", output.status);
    assert!(story.contains("Established"), "{story}");
}
