//! What a daemon was told, written to a file and played again.
use bgp_fsm::{State, replay};
use std::{fs, time::Instant};
use tests::{Azure, Bird, Lab, Myna, Needs, SOON, eventually, same, set, shown};

#[test]
#[expect(clippy::disallowed_methods, reason = "a time to play from")]
fn a_session_with_bird_plays_to_the_same_states() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("bgp1.session");
    let lab = Lab::new();
    let bird = Bird::start(&lab.azure, &Azure::default().config());
    let record = format!("import = \"all\"\nrecord = \"{}\"", path.display());
    let config = Azure::host_with(&[("import = \"all\"", &record)]);
    let mut myna = Myna::start(&lab.host, &config);
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    myna.established("bgp1", SOON);
    eventually("announced", SOON, || {
        same(&bird.prefixes("host"), &set(["192.168.100.0/24"]))
    });
    // One session falls, another one comes.
    let _ = bird.query("restart host");
    eventually("back", SOON, || {
        let neighbor = myna.neighbor("bgp1");
        shown(
            neighbor["messages"]["notifications_in"] == 1 && neighbor["state"] == "Established",
            &neighbor,
        )
    });
    let _ = myna.says(&["stop"]);
    let status = myna.ended();
    assert!(status.success(), "{status}");

    let text = fs::read_to_string(&path).expect("the recording");
    if let Some(keep) = std::env::var_os("MYNA_KEEP_RECORDING") {
        fs::copy(&path, keep).expect("a copy");
    }
    assert!(!text.contains("s3cret"), "a password in a recording");
    let played = replay(&text, Instant::now()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let states: Vec<State> = played.states.iter().map(|(_, state)| *state).collect();
    let sessions = states.iter().filter(|it| **it == State::Established);
    assert_eq!(sessions.count(), 2, "{states:?}");
    assert_eq!(states.last(), Some(&State::Idle));
}
