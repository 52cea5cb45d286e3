//! The story that Myna exists for, step by step: a host announces what is real on it to Azure and
//! routes by what Azure sends. BIRD 2 is Azure.
use std::collections::{BTreeMap, BTreeSet};
use tests::{
    Azure, Bird, Duration, Lab, Myna, Needs, PATIENT, SOON, eventually, holds, same, set, text,
};

const OURS: &str = "192.168.100.0/24";

/// The route toward us as Azure's kernel has it.
const IN_AZURE: &str = "192.168.100.0/24 via 10.1.1.1 dev to-host proto bird metric 32";

#[test]
fn the_story_from_an_absent_neighbor_to_a_ping_and_back() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::without_neighbor();
    let connected_only = set(["10.1.1.0/30 dev to-azure proto kernel scope link src 10.1.1.1"]);
    let mut azure = Bird::start(&lab.azure, &Azure::default().config());
    let myna = Myna::start(&lab.host, Azure::HOST);

    // The neighbor is absent, and that is expected.
    eventually("the reason is told in words", PATIENT, || {
        let neighbor = myna.neighbor("bgp1");
        let told = text(&neighbor, "last_error").to_lowercase();
        if told.contains("no route to host") && text(&neighbor, "state") == "Active" {
            Ok(())
        } else {
            Err(neighbor.to_string())
        }
    });
    let shown = myna.says(&["show", "protocols", "all", "bgp1"]);
    assert!(shown.contains("Active"), "{shown}");
    assert!(shown.to_lowercase().contains("no route to host"), "{shown}");
    assert_eq!(lab.host.routes4(), connected_only);

    // It comes. A neighbor on a connected subnet is tried at least once a second.
    lab.azure_arrives();
    let neighbor = myna.established("bgp1", SOON);
    assert_eq!(text(&neighbor, "source_address"), "10.1.1.1");
    assert_eq!(text(&neighbor, "remote_id"), "10.1.1.2");
    assert_eq!(neighbor["md5"], true);
    assert_eq!(neighbor["remote_as"], 12076);
    azure.established("host");
    eventually("Azure's route is in our kernel", SOON, || {
        same(
            &lab.host.routes4(),
            &set([
                "10.1.1.0/30 dev to-azure proto kernel scope link src 10.1.1.1",
                "192.168.0.0/16 via 10.1.1.2 dev to-azure proto bgp metric 32",
            ]),
        )
    });
    // Nothing of ours is real yet.
    holds("nothing is announced", Duration::from_secs(1), || {
        same(&azure.prefixes("host"), &BTreeSet::new())
    });

    // `ip a add 192.168.100.1/24 dev lo`
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    eventually("Azure has exactly our prefix", SOON, || {
        same(&azure.prefixes("host"), &set([OURS]))
    });
    assert_eq!(
        azure.attributes(OURS, "host"),
        Some(BTreeMap::from(
            [
                ("BGP.origin", "IGP"),
                ("BGP.as_path", "65530"),
                ("BGP.next_hop", "10.1.1.1"),
                // What BIRD gives every route from another AS; not on the wire.
                ("BGP.local_pref", "100"),
                ("via", "10.1.1.1 on to-host"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        ))
    );
    eventually("both kernels hold exactly the right routes", SOON, || {
        same(
            &lab.azure.routes4(),
            &set([
                "10.1.1.0/30 dev to-host proto kernel scope link src 10.1.1.2",
                "blackhole 192.168.0.0/16 proto bird metric 32",
                IN_AZURE,
            ]),
        )
    });
    assert!(lab.azure.ping("192.168.1.1", "192.168.100.1"));
    assert!(lab.host.ping("192.168.100.1", "192.168.1.1"));

    // What Myna says of it agrees.
    let neighbor = myna.neighbor("bgp1");
    let counts = &neighbor["families"][0];
    assert_eq!(counts["family"], "ipv4-unicast", "{neighbor}");
    assert_eq!(counts["received"], 1, "{neighbor}");
    assert_eq!(counts["imported"], 1, "{neighbor}");
    assert_eq!(counts["exported"], 1, "{neighbor}");
    let exported = myna.routes(&["--exported", "bgp1"]);
    assert_eq!(exported.len(), 1, "{exported:?}");
    assert_eq!(exported[0]["prefix"], OURS);
    assert_eq!(exported[0]["state"], "announced");
    let received = myna.routes(&["--received", "bgp1"]);
    assert_eq!(received.len(), 1, "{received:?}");
    assert_eq!(received[0]["prefix"], "192.168.0.0/16");
    assert_eq!(received[0]["as_path"], "12076");
    assert_eq!(received[0]["next_hop"], "10.1.1.2");
    assert_eq!(received[0]["kernel"], "installed");
    let kernel = myna.kernel();
    assert_eq!(kernel["installed_v4"], 1, "{kernel}");
    assert_eq!(kernel["failed"].as_array().map(Vec::len), Some(0));
    let shown = myna.says(&["show", "protocols", "all", "bgp1"]);
    assert!(shown.contains("Established"), "{shown}");

    // The address goes, and the route with it.
    lab.host.ip("addr del 192.168.100.1/24 dev lo");
    eventually("Azure has nothing of us any more", SOON, || {
        same(&azure.prefixes("host"), &BTreeSet::new())
    });
    eventually("nor has its kernel", SOON, || {
        let routes = lab.azure.routes4();
        if routes.contains(IN_AZURE) {
            Err(format!("{routes:?}"))
        } else {
            Ok(())
        }
    });
    assert!(!lab.azure.ping("192.168.1.1", "192.168.100.1"));
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    eventually("it is announced again", SOON, || {
        same(&azure.prefixes("host"), &set([OURS]))
    });

    // The neighbor dies, and comes back.
    azure.kill();
    eventually("its route leaves our kernel", SOON, || {
        same(&lab.host.routes4(), &connected_only)
    });
    let neighbor = myna.neighbor("bgp1");
    assert_ne!(text(&neighbor, "state"), "Established");
    assert_ne!(text(&neighbor, "last_error"), "");
    azure.start_again();
    myna.established("bgp1", SOON);
    eventually("all is as before", SOON, || {
        same(&azure.prefixes("host"), &set([OURS]))?;
        let routes = lab.host.routes4();
        if routes.contains("192.168.0.0/16 via 10.1.1.2 dev to-azure proto bgp metric 32") {
            Ok(())
        } else {
            Err(format!("{routes:?}"))
        }
    });
    eventually("packets cross again", SOON, || {
        if lab.azure.ping("192.168.1.1", "192.168.100.1") {
            Ok(())
        } else {
            Err("no answer".to_owned())
        }
    });
}

#[test]
fn a_neighbor_that_starts_later_is_found_within_a_second_or_so() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let myna = Myna::start(&lab.host, Azure::HOST);
    // With TCP-MD5 the kernel drops the unsigned RST of a port where nobody listens.
    eventually("no answer while nobody listens", SOON, || {
        let neighbor = myna.neighbor("bgp1");
        if text(&neighbor, "last_error")
            .to_lowercase()
            .contains("timed out")
        {
            Ok(())
        } else {
            Err(neighbor.to_string())
        }
    });
    // BIRD waits to be called: who finds whom is not left to chance.
    let azure = Azure {
        passive: true,
        ..Azure::default()
    };
    let azure = Bird::start(&lab.azure, &azure.config());
    // One second is what is promised; the rest is for a busy machine.
    myna.established("bgp1", Duration::from_secs(5));
    azure.established("host");
}

#[test]
fn every_route_of_a_longer_list_reaches_the_kernel_and_no_other() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let mut announces: Vec<String> = (0..200)
        .map(|n| format!("172.{}.{}.0/{}", 16 + n / 16, (n % 16) * 16, 20 + n % 5))
        .collect();
    announces.extend(["0.0.0.0/0", "192.168.255.255/32", "128.0.0.0/1"].map(str::to_owned));
    let mut azure_side = Azure {
        announces,
        ..Azure::default()
    };
    let azure = Bird::start(&lab.azure, &azure_side.config());
    let myna = Myna::start(&lab.host, Azure::HOST);
    myna.established("bgp1", SOON);
    let wanted = |announces: &[String]| -> BTreeSet<String> {
        let mut routes: BTreeSet<_> = announces
            .iter()
            .map(|prefix| {
                let prefix = match prefix.as_str() {
                    "0.0.0.0/0" => "default",
                    // `ip` leaves the length of a host route away.
                    prefix => prefix.trim_end_matches("/32"),
                };
                format!("{prefix} via 10.1.1.2 dev to-azure proto bgp metric 32")
            })
            .collect();
        routes.insert("10.1.1.0/30 dev to-azure proto kernel scope link src 10.1.1.1".to_owned());
        routes
    };
    eventually("all routes are installed", SOON, || {
        same(&lab.host.routes4(), &wanted(&azure_side.announces))
    });
    // Half of them go in one step.
    let mut number = 0;
    azure_side.announces.retain(|_| {
        number += 1;
        number % 2 == 0
    });
    azure.reconfigure(&azure_side.config());
    eventually("the other half is left", SOON, || {
        same(&lab.host.routes4(), &wanted(&azure_side.announces))
    });
}

#[test]
fn without_policies_nothing_is_accepted_and_nothing_announced() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    let config = Azure::host_with(&[
        ("import = \"all\"\n", ""),
        ("export = \"packet_bgp\"\n", ""),
    ]);
    let azure = Bird::start(&lab.azure, &Azure::default().config());
    let myna = Myna::start(&lab.host, &config);
    myna.established("bgp1", SOON);
    azure.established("host");
    eventually("the route came and was rejected", SOON, || {
        let rejected = myna.routes(&["--rejected", "bgp1"]);
        match rejected.as_slice() {
            [route] if route["prefix"] == "192.168.0.0/16" && !text(route, "reason").is_empty() => {
                Ok(())
            }
            other => Err(format!("{other:?}")),
        }
    });
    holds("RFC 8212", Duration::from_secs(1), || {
        same(&azure.prefixes("host"), &BTreeSet::new())?;
        same(
            &lab.host.routes4(),
            &set(["10.1.1.0/30 dev to-azure proto kernel scope link src 10.1.1.1"]),
        )
    });
    let neighbor = myna.neighbor("bgp1");
    assert!(
        neighbor["warnings"].to_string().contains("8212"),
        "{neighbor}"
    );
    let (status, said) = Myna::check(&lab.host, &config);
    assert!(status.success(), "{said}");
    assert!(said.contains("8212"), "{said}");
}
