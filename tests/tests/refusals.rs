//! Sessions that must not come up, and what a person is told.
use tests::{
    Azure, Bird, Duration, Lab, Myna, Needs, PATIENT, SOON, eventually, holds, shown, text,
};

#[test]
fn a_wrong_password_never_leads_to_a_session_and_is_hinted_at() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    // Wrong on one side, missing on one side, missing on the other.
    let theirs = [Some("other"), None, Some("s3cret")];
    let ours = ["password = \"s3cret\"", "password = \"s3cret\"", ""];
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
    myna.write_config(&Azure::host_with(&[("s3cret", "other")]));
    let _ = myna.says(&["reload"]);
    eventually("a new password ends the old session", PATIENT, || {
        let neighbor = myna.neighbor("bgp1");
        shown(text(&neighbor, "state") != "Established", &neighbor)
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
