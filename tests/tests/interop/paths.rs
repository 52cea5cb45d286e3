//! Several paths of one prefix (RFC 7911), told by two neighbors of octets.
use crate::{
    feature::Feature,
    meeting::{Meeting, Plan},
};
use std::collections::BTreeSet;
use tests::{
    Capability, Daemon, Implementation, LEFT_AS, Neighbor, Netns, Open, PATIENT, Peer, RIGHT_AS,
    Router, SOON, attribute, eventually, same, shown, update,
};

pub(crate) const FEATURES: &[Feature] = &[
    Feature {
        key: "add-path-receive",
        title: "ADD-PATH, the peer sends",
        run: receive,
        not_offered: &[(
            Implementation::ExaBgp,
            "it has no table in which paths of others could be",
        )],
    },
    Feature {
        key: "add-path-send",
        title: "ADD-PATH, Myna sends",
        run: send,
        not_offered: &[],
    },
];

/// What both announce, and their AS.
const PREFIX: &str = "172.16.0.0/12";
const FEEDERS: [u16; 2] = [65001, 65002];

/// The fed speaker's address toward them.
const FED: [u8; 4] = [10, 2, 2, 1];

/// Adds both neighbors to the speaker's description, and the addresses of all three.
fn expect_feeders(fed: &mut Router, host: &Netns, feeders: &Netns) {
    host.ip("addr add 10.2.2.1/24 dev wire");
    for (number, asn) in (2_u8..).zip(FEEDERS) {
        feeders.ip(&format!("addr add 10.2.2.{number}/24 dev wire"));
        let mut neighbor = Neighbor::new(FED.into(), [10, 2, 2, number].into(), asn.into());
        neighbor.passive = true;
        fed.neighbors.push(neighbor);
    }
}

/// Both neighbors, connected, with the prefix announced.
fn feed(feeders: &Netns) -> Vec<Peer> {
    let all = (2_u8..).zip(FEEDERS).map(|(number, asn)| {
        let address = [10, 2, 2, number];
        // A speaker that has just started may not listen yet, or not be through with its own start.
        let mut peer = eventually("a neighbor of octets is let in", PATIENT, || {
            let mut peer = Peer::connect(feeders, address.into(), FED.into())
                .map_err(|error| error.to_string())?;
            let open = Open {
                asn,
                hold_time: 180,
                id: address.into(),
                ..Open::default()
            };
            peer.send(&open.encode())
                .map_err(|error| error.to_string())?;
            match peer.receive(SOON) {
                Some(message) if message.kind == 1 => Ok(peer),
                other => Err(format!("{other:?}")),
            }
        });
        peer.send(&tests::Message::KEEPALIVE.encode())
            .expect("send KEEPALIVE");
        let _ = peer.expect(4, SOON);
        let [high, low] = asn.to_be_bytes();
        // ORIGIN IGP, AS_PATH of one AS, NEXT_HOP.
        let mut attributes = attribute(0x40, 1, &[0]);
        attributes.extend(attribute(0x40, 2, &[2, 1, 0, 0, high, low]));
        attributes.extend(attribute(0x40, 3, &address));
        peer.send(&update(&[], &attributes, &[12, 172, 16]))
            .expect("send UPDATE");
        peer
    });
    all.collect()
}

fn as_paths(through: u32) -> BTreeSet<String> {
    FEEDERS
        .iter()
        .map(|asn| format!("{through} {asn}"))
        .collect()
}

/// The next hop is the peer, or the neighbor of its that is on the wire, too (RFC 4271 §5.1.3).
fn in_our_kernel(meeting: &Meeting) {
    eventually("our kernel has one of the paths", PATIENT, || {
        let routes = meeting.pair.left.routes4();
        let there = |route: &String| {
            route.starts_with(&format!("{PREFIX} via "))
                && route.ends_with("dev wire proto bgp metric 32")
        };
        shown(routes.iter().any(there), &format!("{routes:#?}"))
    });
}

/// The peer has two paths, and Myna takes both.
fn receive(make: Implementation) {
    let mut plan = Plan::new(make)
        .ours(|session| session.add_path_receive = true)
        .theirs(|session| session.add_path_send = true);
    expect_feeders(&mut plan.theirs, &plan.pair.right, &plan.pair.left);
    let meeting = plan.start();
    meeting.exchanged();
    meeting.both_announce(Capability::AddPath);
    let feeders = feed(&meeting.pair.left);
    eventually("Myna has both paths", PATIENT, || {
        let paths = meeting.myna.paths(meeting.there, PREFIX)?;
        let seen = paths.into_iter().map(|path| path.as_path).collect();
        same(&seen, &as_paths(RIGHT_AS))
    });
    in_our_kernel(&meeting);
    // One goes with its neighbor, the other stays.
    let mut feeders = feeders.into_iter();
    drop(feeders.next());
    eventually("Myna has one path", PATIENT, || {
        let paths = meeting.myna.paths(meeting.there, PREFIX)?;
        let seen = paths.into_iter().map(|path| path.as_path).collect();
        same(
            &seen,
            &BTreeSet::from([format!("{RIGHT_AS} {}", FEEDERS[1])]),
        )
    });
    in_our_kernel(&meeting);
    meeting.established();
}

/// The same the other way round.
fn send(make: Implementation) {
    let mut plan = Plan::new(make)
        .ours(|session| session.add_path_send = true)
        .theirs(|session| session.add_path_receive = true);
    expect_feeders(&mut plan.ours, &plan.pair.left, &plan.pair.right);
    let meeting = plan.start();
    meeting.exchanged();
    meeting.both_announce(Capability::AddPath);
    let feeders = feed(&meeting.pair.right);
    eventually("the peer has both paths", PATIENT, || {
        let paths = meeting.peer.paths(meeting.here, PREFIX)?;
        let seen = paths.into_iter().map(|path| path.as_path).collect();
        same(&seen, &as_paths(LEFT_AS))
    });
    let mut feeders = feeders.into_iter();
    drop(feeders.next());
    eventually("the peer has one path", PATIENT, || {
        let paths = meeting.peer.paths(meeting.here, PREFIX)?;
        let seen = paths.into_iter().map(|path| path.as_path).collect();
        same(
            &seen,
            &BTreeSet::from([format!("{LEFT_AS} {}", FEEDERS[1])]),
        )
    });
    meeting.established();
}
