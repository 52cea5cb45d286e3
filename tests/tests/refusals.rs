//! Sessions that must not come up, and what a person is told.
use std::net::Ipv4Addr;
use tests::{
    Azure, Bird, Duration, Lab, Message, Myna, Needs, Open, PATIENT, PeerListener, SOON,
    eventually, holds, shown, text,
};

#[test]
fn a_wrong_password_never_leads_to_a_session_and_is_hinted_at() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    // Wrong on one side, missing on one side, missing on the other.
    let theirs = [Some("other"), None, Some("s3cret")];
    let right = "password = \"s3cret\"\nhold-time = 3";
    let ours = [right, right, ""];
    let stories: Vec<_> = theirs
        .into_iter()
        .zip(ours)
        .map(|(theirs, ours)| {
            let lab = Lab::new();
            let azure = Azure {
                password: theirs.map(str::to_owned),
                ..Azure::default()
            };
            let azure = Bird::start(&lab.azure, &azure.config());
            let config = Azure::host_with(&[("password = \"s3cret\"", ours)]);
            let myna = Myna::start(&lab.host, &config);
            (lab, azure, myna)
        })
        .collect();
    holds("no session", Duration::from_secs(8), || {
        for (_, azure, myna) in &stories {
            let neighbor = myna.neighbor("bgp1");
            shown(text(&neighbor, "state") != "Established", &neighbor)?;
            let azure = azure.protocol("host");
            shown(azure.info != "Established", &azure.text)?;
        }
        Ok(())
    });
    for (_, _, myna) in &stories {
        // A SYN with a wrong signature is dropped in silence: all that is seen is time passing.
        eventually("it says what it sees", PATIENT, || {
            let neighbor = myna.neighbor("bgp1");
            let told = text(&neighbor, "last_error").to_lowercase();
            shown(told.contains("timed out"), &neighbor)
        });
    }
    // The right one, by a reload, and all is well.
    let (_, azure, myna) = &stories[0];
    azure.reconfigure(&Azure::default().config());
    myna.established("bgp1", PATIENT);
    azure.established("host");
    // A password changes without a reset, so that both sides may change it, one after the other.
    // Where only one does, neither hears the other any more.
    let other = "password = \"other\"\nhold-time = 3";
    myna.write_config(&Azure::host_with(&[("password = \"s3cret\"", other)]));
    let _ = myna.says(&["reload"]);
    eventually("the hold timer ends the session", PATIENT, || {
        let neighbor = myna.neighbor("bgp1");
        let history = neighbor["history"].to_string();
        let ended = text(&neighbor, "state") != "Established" && history.contains("hold timer");
        shown(ended, &neighbor)
    });
}

#[test]
fn a_neighbor_of_another_as_is_refused_and_told() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let azure = Bird::start(&lab.azure, &Azure::default().config());
    let config = Azure::host_with(&[("remote-as = 12076", "remote-as = 12077")]);
    let myna = Myna::start(&lab.host, &config);
    eventually("we say which AS it is", SOON, || {
        let neighbor = myna.neighbor("bgp1");
        let told = text(&neighbor, "last_error");
        shown(
            told.contains("Bad Peer AS") && told.contains("12076") && told.contains("12077"),
            &neighbor,
        )
    });
    eventually("BIRD was told", SOON, || {
        let log = azure.log();
        shown(log.contains("Received: Bad peer AS"), &log)
    });
    never_established(&myna, &azure);
}

#[test]
fn a_neighbor_that_expects_another_as_of_us_is_heard() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let azure = Azure {
        host_as: 65531,
        ..Azure::default()
    };
    let azure = Bird::start(&lab.azure, &azure.config());
    let myna = Myna::start(&lab.host, Azure::HOST);
    eventually("we say what the neighbor said", SOON, || {
        let neighbor = myna.neighbor("bgp1");
        shown(
            text(&neighbor, "last_error").contains("Bad Peer AS"),
            &neighbor,
        )
    });
    never_established(&myna, &azure);
}

#[test]
fn check_warns_before_it_happens() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    let cases = [
        // Azure refuses its own reserved AS numbers.
        (("local-as  = 65530", "local-as = 65515"), "65515"),
        // A neighbor on no subnet of ours, without multihop.
        (
            ("address = \"10.1.1.2\"", "address = \"10.9.9.9\""),
            "multihop",
        ),
        // A session from an address that nothing here has.
        (
            (
                "import = \"all\"",
                "import = \"all\"\nsource-address = \"10.1.1.3\"",
            ),
            "10.1.1.3",
        ),
    ];
    let (status, said) = Myna::check(&lab.host, Azure::HOST);
    assert!(status.success(), "{said}");
    for (change, word) in cases {
        assert!(
            !said.contains(word),
            "{word} is said of a good file: {said}"
        );
        let (_, said) = Myna::check(&lab.host, &Azure::host_with(&[change]));
        assert!(said.contains(word), "nothing of {word}: {said}");
    }
}

fn never_established(myna: &Myna, azure: &Bird) {
    holds("no session", Duration::from_secs(2), || {
        let neighbor = myna.neighbor("bgp1");
        shown(text(&neighbor, "state") != "Established", &neighbor)?;
        let azure = azure.protocol("host");
        shown(azure.info != "Established", &azure.text)
    });
}

/// Octets of an OPEN's body before the optional parameters, their length at the end.
const FIXED: usize = 10;

#[test]
fn a_neighbor_that_refuses_capabilities_is_spoken_to_without() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    let old = PeerListener::bind(&lab.azure, Ipv4Addr::new(10, 1, 1, 2).into());
    let config = Azure::host_with(&[("password = \"s3cret\"", "")]);
    let myna = Myna::start(&lab.host, &config);
    let mut peer = old.accept();
    let open = peer.expect(1, SOON);
    assert!(open.body.len() > FIXED, "{open:?}");
    // Unsupported Optional Parameter (RFC 5492 §3).
    let refusal = Message {
        kind: 3,
        body: vec![2, 4],
    };
    peer.send(&refusal.encode()).expect("say so");
    drop(peer);
    let mut peer = old.accept();
    let plain = Open {
        four_octet_as: false,
        capabilities: Vec::new(),
        ..Open::default()
    };
    let open = peer.establish(&plain, SOON);
    assert_eq!(open.body.len(), FIXED, "{open:?}");
    assert_eq!(open.body.last(), Some(&0), "{open:?}");
    let neighbor = myna.established("bgp1", SOON);
    let warnings = neighbor["warnings"].to_string();
    assert!(
        warnings.contains("withheld are all capabilities"),
        "{warnings}"
    );
}

#[test]
fn roles_that_do_not_fit_each_other_are_refused_and_told() {
    if !Needs::met(&[Needs::Root]) {
        return;
    }
    let lab = Lab::new();
    let peer = PeerListener::bind(&lab.azure, Ipv4Addr::new(10, 1, 1, 2).into());
    let config = Azure::host_with(&[("password = \"s3cret\"", "role = \"customer\"")]);
    let myna = Myna::start(&lab.host, &config);
    let mut peer = peer.accept();
    let _ = peer.expect(1, SOON);
    // RFC 9234 §4.1: capability 9, and 4 is a peer.
    let open = Open {
        capabilities: vec![1, 4, 0, 1, 0, 1, 9, 1, 4],
        ..Open::default()
    };
    peer.send(&open.encode()).expect("an OPEN");
    let answer = peer.expect(3, SOON);
    assert_eq!(answer.notification(), Some((2, 11)), "Role Mismatch");
    eventually("it says why", SOON, || {
        let neighbor = myna.neighbor("bgp1");
        let told = text(&neighbor, "last_error").to_owned();
        shown(
            told.ends_with("we are customer, which does not go with a neighbor that is peer"),
            &told,
        )
    });
}
