//! Routes in the kernel that are not ours: never replaced, never deleted, and shown.
use std::collections::BTreeSet;
use tests::{
    Azure, Bird, Duration, Lab, Myna, Needs, PATIENT, SOON, Value, eventually, holds, shown, text,
};

const PREFIX4: &str = "192.168.0.0/16";
const PREFIX6: &str = "fd00:a::/32";

/// Our side with both families: a session over each.
fn host() -> String {
    format!(
        "{}\n[[neighbor]]\nname = \"bgp2\"\naddress = \"fd00::2\"\nremote-as = 12076\n\
         password = \"s3cret\"\nimport = \"all\"\nexport = \"none\"\n",
        Azure::HOST
    )
}

fn both_families() -> Azure {
    Azure {
        announces: vec![PREFIX4.to_owned(), PREFIX6.to_owned()],
        session6: true,
        ..Azure::default()
    }
}

/// The routes to our prefixes of both families.
fn routes(lab: &Lab) -> BTreeSet<String> {
    let mut routes = lab.host.routes4();
    routes.extend(lab.host.routes6());
    routes.retain(|route| route.starts_with(PREFIX4) || route.starts_with(PREFIX6));
    routes
}

fn failed(kernel: &Value, prefix: &str) -> Option<String> {
    kernel["failed"]
        .as_array()?
        .iter()
        .find(|failure| failure["prefix"] == prefix)
        .map(|failure| text(failure, "reason").to_owned())
}

#[test]
fn a_foreign_route_of_equal_metric_is_never_touched() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    lab.host
        .ip("route add 192.168.0.0/16 dev lo proto static metric 32");
    lab.host
        .ip("-6 route add fd00:a::/32 dev lo proto static metric 32");
    let before = routes(&lab);
    assert_eq!(before.len(), 2, "{before:?}");
    let azure_side = both_families();
    let mut azure = Bird::start(&lab.azure, &azure_side.config());
    let mut myna = Myna::start(&lab.host, &host());
    myna.established("bgp1", SOON);
    myna.established("bgp2", SOON);
    eventually("both conflicts are shown", SOON, || {
        let kernel = myna.kernel();
        for prefix in [PREFIX4, PREFIX6] {
            let reason = failed(&kernel, prefix).unwrap_or_default();
            shown(reason.contains("static"), &kernel)?;
        }
        Ok(())
    });
    let of_route = myna.routes(&[PREFIX4]);
    assert!(
        of_route
            .iter()
            .any(|route| text(route, "kernel").contains("static")),
        "{of_route:?}"
    );
    holds("untouched", Duration::from_secs(2), || {
        let now = routes(&lab);
        shown(now == before, &format!("{now:#?}"))
    });
    // The neighbor goes and comes, and its routes with it.
    azure.kill();
    eventually("the session ends", SOON, || {
        let kernel = myna.kernel();
        shown(failed(&kernel, PREFIX4).is_none(), &kernel)
    });
    azure.start_again();
    myna.established("bgp1", SOON);
    myna.established("bgp2", SOON);
    assert_eq!(routes(&lab), before);
    // So do we, cleanly and not.
    myna.kill();
    assert_eq!(routes(&lab), before);
    myna.start_again();
    myna.established("bgp1", SOON);
    myna.established("bgp2", SOON);
    eventually("the conflicts are shown again", SOON, || {
        let kernel = myna.kernel();
        shown(
            failed(&kernel, PREFIX4).is_some() && failed(&kernel, PREFIX6).is_some(),
            &kernel,
        )
    });
    myna.stop();
    assert_eq!(routes(&lab), before);
}

#[test]
fn the_place_is_taken_when_the_foreign_route_goes() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    lab.host
        .ip("route add 192.168.0.0/16 dev lo proto static metric 32");
    lab.host
        .ip("-6 route add fd00:a::/32 dev lo proto static metric 32");
    let _azure = Bird::start(&lab.azure, &both_families().config());
    let myna = Myna::start(&lab.host, &host());
    eventually("both conflicts are shown", SOON, || {
        let kernel = myna.kernel();
        shown(
            failed(&kernel, PREFIX4).is_some() && failed(&kernel, PREFIX6).is_some(),
            &kernel,
        )
    });
    lab.host.ip("route del 192.168.0.0/16 proto static");
    lab.host.ip("-6 route del fd00:a::/32 proto static");
    eventually("ours are installed", PATIENT, || {
        let now = routes(&lab);
        let ours = now.iter().all(|route| route.contains("proto bgp"));
        shown(now.len() == 2 && ours, &format!("{now:#?}"))
    });
    eventually("no conflict is left", SOON, || {
        let kernel = myna.kernel();
        shown(
            kernel["failed"].as_array().is_some_and(Vec::is_empty),
            &kernel,
        )
    });
}

#[test]
fn a_foreign_route_of_another_metric_lives_beside_ours() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    lab.host
        .ip("route add 192.168.0.0/16 dev lo proto static metric 50");
    lab.host
        .ip("-6 route add fd00:a::/32 dev lo proto static metric 50");
    // Somebody else's routes of our protocol number, but of another metric, are not ours either.
    lab.host
        .ip("route add 172.31.0.0/16 dev lo proto bgp metric 33");
    let mut azure = Bird::start(&lab.azure, &both_families().config());
    let mut myna = Myna::start(&lab.host, &host());
    eventually("four routes", SOON, || {
        let now = routes(&lab);
        shown(now.len() == 4, &format!("{now:#?}"))
    });
    azure.kill();
    eventually("ours are gone, theirs are not", SOON, || {
        let now = routes(&lab);
        let theirs = now.iter().all(|route| route.contains("proto static"));
        shown(now.len() == 2 && theirs, &format!("{now:#?}"))
    });
    myna.stop();
    let all = lab.host.routes4();
    assert!(
        all.iter().any(|route| route.starts_with("172.31.0.0/16")),
        "{all:?}"
    );
}

#[test]
fn what_somebody_else_removes_is_put_back() {
    if !Needs::met(&[Needs::Root, Needs::Bird]) {
        return;
    }
    let lab = Lab::new();
    let _azure = Bird::start(&lab.azure, &both_families().config());
    let myna = Myna::start(&lab.host, &host());
    let both = |what: &str| {
        eventually(what, PATIENT, || {
            let now = routes(&lab);
            let ours = now.iter().all(|route| route.contains("proto bgp"));
            shown(now.len() == 2 && ours, &format!("{now:#?}"))
        });
    };
    both("installed");
    lab.host.ip("route del 192.168.0.0/16 proto bgp");
    lab.host.ip("-6 route del fd00:a::/32 proto bgp");
    both("put back");
    let kernel = myna.kernel();
    assert_eq!(kernel["restored"], 2, "{kernel}");

    // A link that goes down takes IPv4 routes with it, and the kernel says nothing of them. The
    // sessions may outlive it: the neighbor's keepalives come again before the hold time is over.
    lab.host.ip("link set to-azure down");
    lab.host.ip("link set to-azure up");
    // IPv6 addresses of a link go with it, too.
    let addresses = lab.host.ip("-6 addr show dev to-azure");
    if !addresses.contains("fd00::1/64") {
        lab.host.ip("addr add fd00::1/64 dev to-azure nodad");
    }
    both("back after the link was down");
}
