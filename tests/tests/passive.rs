//! Whoever connects first: each side alone, with MD5 on the accepting side, and both at once.
use tests::{
    Azure, Bird, Duration, Lab, Myna, Needs, SOON, eventually, holds, same, set, shown, text,
};

const PASSIVE: (&str, &str) = ("import = \"all\"", "import = \"all\"\npassive = true");

fn story(lab: &Lab, myna: &Myna, bird: &Bird) {
    myna.established("bgp1", SOON);
    bird.established("host");
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    eventually("announced", SOON, || {
        same(&bird.prefixes("host"), &set(["192.168.100.0/24"]))
    });
    eventually("installed", SOON, || {
        let routes = lab.host.routes4();
        shown(
            routes.contains("192.168.0.0/16 via 10.1.1.2 dev to-azure proto bgp metric 32"),
            &format!("{routes:#?}"),
        )
    });
}

#[test]
fn bird_waits_and_myna_connects() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    for password in [true, false] {
        let lab = Lab::new();
        let mut azure = Azure {
            passive: true,
            ..Azure::default()
        };
        let mut config = Azure::HOST.to_owned();
        if !password {
            azure.password = None;
            config = Azure::host_with(&[("password = \"s3cret\"", "")]);
        }
        let bird = Bird::start(&lab.azure, &azure.config());
        let myna = Myna::start(&lab.host, &config);
        story(&lab, &myna, &bird);
        assert_eq!(myna.neighbor("bgp1")["md5"], password);
    }
}

#[test]
fn myna_waits_and_bird_connects() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    for password in [true, false] {
        let lab = Lab::new();
        let mut azure = Azure::default();
        let mut config = Azure::host_with(&[PASSIVE]);
        if !password {
            azure.password = None;
            config = Azure::host_with(&[PASSIVE, ("password = \"s3cret\"", "")]);
        }
        let bird = Bird::start(&lab.azure, &azure.config());
        let myna = Myna::start(&lab.host, &config);
        story(&lab, &myna, &bird);
        assert_eq!(myna.neighbor("bgp1")["md5"], password);
        let log = bird.log();
        assert!(
            !log.contains("Incoming connection"),
            "a passive speaker does not connect:\n{log}"
        );
    }
}

#[test]
fn two_that_wait_never_meet() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let azure = Azure {
        passive: true,
        ..Azure::default()
    };
    let bird = Bird::start(&lab.azure, &azure.config());
    let myna = Myna::start(&lab.host, &Azure::host_with(&[PASSIVE]));
    holds("no session", Duration::from_secs(3), || {
        let neighbor = myna.neighbor("bgp1");
        shown(text(&neighbor, "state") == "Active", &neighbor)
    });
    let neighbor = myna.neighbor("bgp1");
    assert_ne!(text(&neighbor, "waiting_for"), "", "{neighbor}");
    assert_ne!(bird.protocol("host").info, "Established");
}

#[test]
fn both_connect_again_and_again_and_always_agree_on_one() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    // The lower and the higher identifier: RFC 4271 §6.8 decides the other way round.
    for router_id in ["10.1.1.1", "10.1.1.3"] {
        let lab = Lab::new();
        let mut azure = Azure::default();
        azure.announces.clear();
        let mut bird = Bird::start(&lab.azure, &azure.config());
        let config = Azure::host_with(&[(
            "router-id = \"10.1.1.1\"",
            &format!("router-id = \"{router_id}\""),
        )]);
        let mut myna = Myna::start(&lab.host, &config);
        for round in 0..3 {
            myna.established("bgp1", SOON);
            bird.established("host");
            holds("it stays", Duration::from_secs(2), || {
                let neighbor = myna.neighbor("bgp1");
                shown(text(&neighbor, "state") == "Established", &neighbor)
            });
            if round % 2 == 0 {
                bird.kill();
                bird.start_again();
            } else {
                myna.kill();
                myna.start_again();
            }
        }
    }
}
