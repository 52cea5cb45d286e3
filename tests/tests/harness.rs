//! The harness itself, with BIRD on both sides: it can see a session, a route and its attributes.
//! What it could not see between two BIRDs it could not demand of Myna.
use std::collections::BTreeMap;
use tests::{Azure, Bird, Lab, Needs, RouteMonitor, SOON, eventually};

/// The story's host with BIRD 2 in Myna's place.
const HOST: &str = r#"
log stderr all;
filter packet_bgp { if net = 192.168.100.0/24 then accept; reject; }
router id 10.1.1.1;
protocol direct { ipv4; interface "lo"; }
protocol device { scan time 1; }
protocol kernel { ipv4 { import none; export all; }; }
protocol bgp bgp1 {
  local as 65530; neighbor 10.1.1.2 as 12076; password "s3cret";
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 { import all; export filter packet_bgp; };
}
"#;

#[test]
fn two_birds_tell_their_story() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::without_neighbor();
    let host = Bird::start(&lab.host, HOST);
    let azure = Bird::start(&lab.azure, &Azure::default().config());
    assert_ne!(host.protocol("bgp1").info, "Established");

    lab.azure_arrives();
    host.established("bgp1");
    azure.established("host");
    assert_eq!(azure.attributes("192.168.100.0/24", "host"), None);

    let monitor = RouteMonitor::start(&lab.azure);
    lab.host.ip("addr add 192.168.100.1/24 dev lo");
    let attributes = eventually("the route arrives", SOON, || {
        azure
            .attributes("192.168.100.0/24", "host")
            .ok_or_else(|| azure.query("show route"))
    });
    assert_eq!(
        attributes,
        BTreeMap::from(
            [
                ("BGP.origin", "IGP"),
                ("BGP.as_path", "65530"),
                ("BGP.next_hop", "10.1.1.1"),
                // What BIRD gives every route from another AS; not on the wire.
                ("BGP.local_pref", "100"),
                ("via", "10.1.1.1 on to-host"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
        )
    );
    eventually("the kernels have the routes", SOON, || {
        let there = lab.azure.routes4();
        let here = lab.host.routes4();
        let wanted_there = "192.168.100.0/24 via 10.1.1.1 dev to-host proto bird metric 32";
        let wanted_here = "192.168.0.0/16 via 10.1.1.2 dev to-azure proto bird metric 32";
        if there.contains(wanted_there) && here.contains(wanted_here) {
            Ok(())
        } else {
            Err(format!("azure {there:#?}, host {here:#?}"))
        }
    });
    assert!(lab.azure.ping("192.168.1.1", "192.168.100.1"));

    lab.host.ip("addr del 192.168.100.1/24 dev lo");
    eventually("the route is withdrawn", SOON, || {
        match azure.attributes("192.168.100.0/24", "host") {
            None => Ok(()),
            Some(attributes) => Err(format!("{attributes:?}")),
        }
    });
    let changes = eventually("both changes were monitored", SOON, || {
        let changes = monitor.changes_of("192.168.100.0/24");
        if changes.len() == 2 {
            Ok(changes)
        } else {
            Err(format!("{changes:?}"))
        }
    });
    assert!(!changes[0].starts_with("Deleted"), "{changes:?}");
    assert!(changes[1].starts_with("Deleted"), "{changes:?}");
    assert!(!lab.azure.ping("192.168.1.1", "192.168.100.1"));
}

#[test]
fn a_killed_bird_takes_its_session_along_and_comes_back() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let host = Bird::start(&lab.host, HOST);
    let mut azure = Bird::start(&lab.azure, &Azure::default().config());
    host.established("bgp1");
    azure.kill();
    eventually("the session ends", SOON, || {
        let protocol = host.protocol("bgp1");
        if protocol.info == "Established" {
            Err(protocol.text)
        } else {
            Ok(())
        }
    });
    azure.start_again();
    host.established("bgp1");
}
