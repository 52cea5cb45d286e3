//! Recordings of real sessions, played again. `MYNA_REPLAY=FILE cargo test -p bgp-fsm --test replay`
//! plays one of your own (the key `record` of a neighbor makes it) and prints its states.
//!
//! Where a session is to do otherwise from now on, those in `recordings` are made anew:
//! `MYNA_KEEP_RECORDING=FILE cargo test -p tests --test record`.
use bgp_fsm::{Replayed, State, replay};
use std::{fs, path::Path, time::Instant};

#[expect(clippy::disallowed_methods, reason = "the fake clock starts somewhere")]
#[expect(clippy::panic, reason = "a test that fails says why")]
fn play(path: &Path) -> Replayed {
    let shown = path.display();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{shown}: {error}"));
    replay(&text, Instant::now()).unwrap_or_else(|error| panic!("{shown}, {error}"))
}

#[test]
fn recordings_play_to_the_same_states() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let mut played = 0;
    for entry in fs::read_dir(directory).expect("the recordings") {
        let recording = play(&entry.expect("a file").path());
        let came_up = recording
            .states
            .iter()
            .any(|(_, state)| *state == State::Established);
        assert!(came_up, "every one of them is of a session");
        played += 1;
    }
    assert!(played > 0);
}

#[test]
fn one_of_your_own() {
    if let Some(path) = std::env::var_os("MYNA_REPLAY") {
        let recording = play(Path::new(&path));
        println!("{} inputs", recording.inputs);
        for (at, state) in recording.states {
            println!("{:>14.6} s  {state}", at.as_secs_f64());
        }
    }
}
