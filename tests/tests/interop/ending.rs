//! Ends: what is said, and what only time tells.
use crate::{
    feature::Feature,
    meeting::{OURS, Plan, THEIRS},
};
use tests::{Daemon, Duration, Implementation, PATIENT, SOON, Signal, eventually, holds, shown};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "stopped",
        title: "peer that is stopped: hold timer",
        run: stopped,
        not_offered: &[],
    },
    Feature {
        key: "stopped-myna",
        title: "Myna is stopped: the peer's hold timer",
        run: stopped_myna,
        not_offered: &[],
    },
    Feature {
        key: "link",
        title: "link down and up",
        run: link,
        not_offered: &[],
    },
    Feature {
        key: "shutdown-theirs",
        title: "shutdown text, the peer's operator",
        run: shutdown_theirs,
        not_offered: &[(Implementation::ExaBgp, "it sends no text of its operator's")],
    },
    Feature {
        key: "shutdown-ours",
        title: "shutdown text, Myna's operator",
        run: shutdown_ours,
        not_offered: &[(
            Implementation::ExaBgp,
            "it falls over a text that it is sent",
        )],
    },
    Feature {
        key: "stop",
        title: "Myna is stopped by its operator",
        run: stop,
        not_offered: &[],
    },
];

/// Nothing comes any more, and nothing ends the connection but our hold timer.
fn stopped(make: Implementation) {
    let meeting = Plan::new(make)
        .ours(|session| session.hold_time = 3)
        .start();
    meeting.exchanged();
    meeting.peer.signal(Signal::SIGSTOP);
    meeting.myna_says(&["hold timer expired"]);
    meeting.myna_has_only(&[]);
    meeting.not_in_our_kernel(THEIRS);
    meeting.peer.signal(Signal::SIGCONT);
    meeting.exchanged();
}

/// The same the other way round; Myna's socket is still open when the peer gives it up.
fn stopped_myna(make: Implementation) {
    let meeting = Plan::new(make)
        .ours(|session| session.hold_time = 3)
        .start();
    meeting.exchanged();
    meeting.myna.signal(Signal::SIGSTOP);
    eventually("the peer's hold timer expires", PATIENT, || {
        shown(
            meeting.peer.established(meeting.here).is_err(),
            &"Established",
        )
    });
    meeting.peer_says(&["hold timer", "holdtimer", "hold time"]);
    meeting.myna.signal(Signal::SIGCONT);
    meeting.exchanged();
}

/// Our link goes: its routes leave the kernel with it. It comes back, and so does all else, at once.
fn link(make: Implementation) {
    let meeting = Plan::new(make)
        .ours(|session| session.hold_time = 3)
        .start();
    meeting.exchanged();
    meeting.pair.left.ip("link set wire down");
    eventually("Myna's session is gone", PATIENT, || {
        shown(
            meeting.myna.established(meeting.there).is_err(),
            &"Established",
        )
    });
    meeting.not_in_our_kernel(THEIRS);
    meeting.pair.left.ip("link set wire up");
    meeting.exchanged();
}

/// The peer is told by Cease/Administrative Shutdown, and drops our route at once.
fn stop(make: Implementation) {
    let mut meeting = Plan::new(make).start();
    meeting.exchanged();
    meeting.myna.myna().stop();
    eventually("the peer knows", SOON, || {
        shown(
            meeting.peer.established(meeting.here).is_err(),
            &"Established",
        )?;
        let prefixes = meeting.peer.prefixes(meeting.here)?;
        shown(!prefixes.contains(OURS), &format!("{prefixes:?}"))
    });
    meeting.peer_says(&[
        "administrative shutdown",
        "administratively shutdown",
        "administratively down",
        "6/2",
        "shutdown",
    ]);
    holds(
        "our kernel keeps what it was told to keep",
        Duration::from_millis(200),
        || {
            let routes = meeting.pair.left.routes4();
            shown(
                routes.iter().any(|route| route.starts_with(THEIRS)),
                &format!("{routes:#?}"),
            )
        },
    );
}

/// What an operator writes.
const TEXT: &str = "card 3 is on fire, back at 12:00";

/// RFC 9003: what ours writes, theirs reads.
fn shutdown_ours(make: Implementation) {
    let mut meeting = Plan::new(make).start();
    meeting.exchanged();
    meeting.myna.shut_down(meeting.there, TEXT);
    meeting.peer_says(&[TEXT]);
    meeting.peer_has_only(&[]);
    holds("no session", Duration::from_secs(1), || meeting.apart());
    let name = meeting.myna.name(meeting.there);
    let _ = meeting.myna.myna().says(&["enable", &name]);
    meeting.exchanged();
}

/// RFC 9003: what their operator writes, ours reads.
fn shutdown_theirs(make: Implementation) {
    let mut meeting = Plan::new(make).start();
    meeting.exchanged();
    meeting.peer.shut_down(meeting.here, TEXT);
    meeting.myna_said(&["Administrative Shutdown", TEXT]);
    meeting.myna_has_only(&[]);
    meeting.not_in_our_kernel(THEIRS);
}
