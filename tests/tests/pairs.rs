//! The harness with no Myna in it: every other make meets another one, and each side says of the
//! other what it should. What it could not see between two others it could not demand of Myna.
use tests::{
    Announced, Capability, Daemon, Implementation, Needs, PATIENT, Pair, Path, Router, eventually,
    shown,
};

fn meet(left: Implementation, right: Implementation) {
    let needs = [Some(Needs::Root), left.needs(), right.needs()];
    if !Needs::met(&needs.into_iter().flatten().collect::<Vec<_>>()) {
        return;
    }
    let pair = Pair::new();
    let (mut here, mut there) = pair.routers();
    here.announces.push(announced("192.168.100.0/24"));
    there.announces.push(announced("192.168.0.0/16"));
    there.neighbor().passive = true;
    let far = right.start(&pair.right, &there);
    let near = left.start(&pair.left, &here);
    side(near.as_ref(), &mut here, &there);
    side(far.as_ref(), &mut there, &here);
}

/// Communities go along, MED does to the neighbor.
fn announced(prefix: &str) -> Announced {
    Announced {
        med: Some(50),
        communities: vec!["65000:1".to_owned(), "65000:2".to_owned()],
        ..Announced::new(prefix)
    }
}

fn side(daemon: &dyn Daemon, this: &mut Router, other: &Router) {
    let address = this.neighbor().address;
    eventually("the session is Established", PATIENT, || {
        daemon.established(address)
    });
    for route in &other.announces {
        let wanted = Path {
            next_hop: address.to_string(),
            as_path: other.asn.to_string(),
            origin: "igp".to_owned(),
            med: route.med,
            communities: route.communities.clone(),
        };
        eventually("the route is there as it was sent", PATIENT, || {
            let seen = daemon.paths(address, &route.prefix)?;
            shown(seen == [wanted.clone()], &format!("{seen:#?}"))
        });
    }
    let heard = daemon.heard(address).unwrap_or_default();
    for capability in [
        Capability::Ipv4,
        Capability::RouteRefresh,
        Capability::FourOctetAs,
    ] {
        assert!(heard.contains(&capability), "{capability:?} in {heard:?}");
    }
    assert_eq!(daemon.hold_time(address), Ok(90));
}

#[test]
fn bird_meets_frr() {
    meet(Implementation::Bird, Implementation::Frr);
}

#[test]
fn frr_meets_gobgp() {
    meet(Implementation::Frr, Implementation::GoBgp);
}

#[test]
fn gobgp_meets_openbgpd() {
    meet(Implementation::GoBgp, Implementation::OpenBgpd);
}

#[test]
fn openbgpd_meets_exabgp() {
    meet(Implementation::OpenBgpd, Implementation::ExaBgp);
}

#[test]
fn exabgp_meets_bird() {
    meet(Implementation::ExaBgp, Implementation::Bird);
}
