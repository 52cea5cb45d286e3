//! Two sessions in virtual time: how they find each other, collide, and find each other again.
use super::world::{MS, Reach, S, World};
use crate::{Command, Config, State, testing::config};
use bgp_wire::{Capability, Family, GracefulRestart, Notification};
use std::time::Duration;

fn pair() -> [Config; 2] {
    [config(1), config(2)]
}

fn near(mut configs: [Config; 2], seed: u64) -> World {
    for config in &mut configs {
        config.connect_retry = S;
    }
    let mut world = World::new(configs, seed);
    for node in 0..2 {
        world.command(node, Command::Reachability { connected: true });
    }
    world
}

fn graceful(mut configs: [Config; 2]) -> [Config; 2] {
    for config in &mut configs {
        config
            .capabilities
            .push(Capability::GracefulRestart(GracefulRestart {
                restarting: false,
                notification: false,
                time: 120,
                families: vec![(Family::IPV4_UNICAST, false)],
            }));
    }
    configs
}

#[test]
fn a_neighbor_that_listens_is_there_after_three_round_trips() {
    let [a, mut b] = pair();
    b.passive = true;
    let mut world = World::new([a, b], 1);
    world.start_both();
    // SYN and SYN+ACK, OPENs, KEEPALIVEs.
    let took = world.run_until(S, World::agreed).expect("Established");
    assert!(took <= 5 * MS, "{took:?}");
}

#[test]
fn of_two_connections_begun_at_once_the_higher_identifiers_survives() {
    for seed in 0..200 {
        let mut world = World::new(pair(), seed);
        world.start_both();
        world.run(2 * S);
        assert!(world.agreed(), "seed {seed}: {world:#?}");
        assert_eq!(world.survivor(), 1, "seed {seed}");
        assert_eq!(world.nodes[0].session.counters().collisions, 1);
        assert_eq!((world.nodes[0].ups, world.nodes[1].ups), (1, 1));
    }
}

#[test]
fn with_equal_identifiers_the_higher_as_survives() {
    let [a, mut b] = pair();
    b.router_id = a.router_id;
    for seed in 0..50 {
        let mut world = World::new([a.clone(), b.clone()], seed);
        world.start_both();
        world.run(2 * S);
        assert!(world.agreed(), "seed {seed}");
        assert_eq!(world.survivor(), 1, "seed {seed}");
        // The other way round, the other one.
        let mut world = World::new([b.clone(), a.clone()], seed);
        world.start_both();
        world.run(2 * S);
        assert!(world.agreed(), "seed {seed}");
        assert_eq!(world.survivor(), 0, "seed {seed}");
    }
}

#[test]
fn begun_at_once_over_uneven_ways_exactly_one_survives_without_another_attempt() {
    for seed in 0..2000 {
        let mut world = World::new(pair(), seed);
        world.delay = (MS, 300 * MS);
        world.fragment = seed % 2 == 0;
        world.start_both();
        world.run(5 * S);
        assert!(world.agreed(), "seed {seed}: {world:#?}");
        for node in &world.nodes {
            assert_eq!(
                node.session.counters().connect_attempts.max(1),
                1,
                "seed {seed}"
            );
        }
    }
}

#[test]
fn an_internal_neighbor_with_our_own_identifier_is_refused() {
    let [a, mut b] = pair();
    b.router_id = a.router_id;
    b.local_as = a.local_as;
    let mut world = World::new([a, b], 1);
    world.start_both();
    world.run(60 * S);
    for node in &world.nodes {
        assert_eq!(node.ups, 0);
        let counters = node.session.counters();
        assert!(counters.connect_attempts < 12, "{counters:?}");
    }
}

#[test]
fn a_neighbor_that_comes_later_is_found_within_a_second() {
    for reach in [Reach::Refused, Reach::NoRoute, Reach::Silent] {
        for seed in 0..50 {
            let [a, mut b] = pair();
            b.passive = true;
            let mut world = near([a, b], seed);
            world.command(1, Command::Start);
            world.reach[1] = reach;
            world.command(0, Command::Start);
            let since = 100 * S + Duration::from_millis(world.dice.below(1000));
            world.run(since);
            assert!(matches!(world.state(0), State::Active | State::Connect));
            world.reach[1] = Reach::Fine;
            // A SYN that got no answer is sent again by the kernel after a second, which this
            // network does not do: there it takes until the attempt is given up.
            let limit = if reach == Reach::Silent { 2 * S } else { S };
            let took = world.run_until(10 * S, World::agreed).expect("Established");
            assert!(took <= limit + 10 * MS, "seed {seed}, {reach:?}: {took:?}");
        }
    }
}

#[test]
fn elsewhere_attempts_back_off_and_a_link_that_comes_up_ends_the_wait() {
    let [a, mut b] = pair();
    b.passive = true;
    let mut world = World::new([a, b], 3);
    world.reach[1] = Reach::NoRoute;
    world.start_both();
    world.run(300 * S);
    let attempts = world.nodes[0].session.counters().connect_attempts;
    assert!((12..22).contains(&attempts), "{attempts}");
    let sentence = world.nodes[0].session.waiting_for(world.now);
    assert!(sentence.ends_with("s before connecting again; last attempt: no route to host"));
    world.reach[1] = Reach::Fine;
    world.command(0, Command::RetryNow);
    assert!(world.run_until(20 * MS, World::agreed).is_some());
}

#[test]
fn a_neighbor_that_is_killed_again_and_again_is_back_at_once() {
    let [a, mut b] = pair();
    b.passive = true;
    let mut world = near([a, b], 5);
    world.start_both();
    for round in 0..3 {
        assert!(world.run_until(2 * S, World::agreed).is_some());
        world.run(2 * S);
        world.reach[1] = Reach::Refused;
        world.kill(1, round);
        world.run(3 * S);
        assert_ne!(world.state(0), State::Established);
        world.reach[1] = Reach::Fine;
        world.command(1, Command::Start);
        let took = world.run_until(5 * S, World::agreed).expect("Established");
        assert!(took <= S + 10 * MS, "{took:?}");
    }
}

#[test]
fn a_neighbor_that_falls_over_and_over_is_not_hammered() {
    let [a, mut b] = pair();
    b.passive = true;
    let mut world = near([a, b], 5);
    world.start_both();
    for _ in 0..1000 {
        world.run(300 * MS);
        world.reset_connections();
    }
    let ups = world.nodes[0].ups;
    assert!((5..25).contains(&ups), "{ups} sessions in five minutes");
}

#[test]
fn a_wrong_as_is_refused_in_words_and_not_hammered() {
    let [mut a, b] = pair();
    a.remote_as = Some(bgp_wire::Asn(12_076));
    let mut world = near([a, b], 9);
    world.start_both();
    world.run(S / 2);
    let (reason, _) = world.nodes[0].session.last_error().unwrap();
    assert_eq!(
        reason.to_string(),
        "we sent OPEN Message Error/Bad Peer AS: expected 12076, got 65002"
    );
    world.run(300 * S);
    let refused = world.nodes[0].session.counters().notifications_out;
    assert!(
        (8..40).contains(&refused),
        "{refused} refusals in five minutes"
    );
    assert_eq!(world.nodes[0].ups, 0);
}

#[test]
fn a_stop_with_words_reaches_the_neighbor_and_a_graceful_one_says_nothing() {
    let mut world = near(pair(), 1);
    world.start_both();
    world.run_until(S, World::agreed).expect("Established");
    let shutdown = Notification::administrative_shutdown("maintenance");
    world.command(0, Command::Stop(Some(shutdown)));
    world.run(S);
    assert_eq!(
        world.nodes[1].downs[0].to_string(),
        "peer sent Cease/Administrative Shutdown: maintenance"
    );
    assert_eq!(
        (world.state(0), world.nodes[0].open_connections()),
        (State::Idle, 0)
    );
    assert_eq!(world.nodes[0].session.waiting_for(world.now), "stopped");

    world.command(0, Command::Start);
    world.run_until(2 * S, World::agreed).expect("Established");
    world.command(0, Command::Stop(None));
    world.run(S);
    assert_eq!(
        world.nodes[1].downs[1].to_string(),
        "connection lost: closed by the neighbor"
    );
}

#[test]
fn a_connection_that_dies_without_a_word_ends_by_hold_and_both_come_back() {
    let mut configs = pair();
    configs[0].hold_time = 9 * S;
    let mut world = near(configs, 1);
    world.start_both();
    world.run_until(S, World::agreed).expect("Established");
    world.run(100 * S);
    assert!(world.agreed() && world.nodes[0].downs.is_empty());
    world.blackhole_connections();
    world.run(12 * S);
    assert!(world.agreed());
    let downs = world.nodes.iter().flat_map(|node| &node.downs);
    assert!(
        downs
            .clone()
            .any(|reason| reason.to_string() == "hold timer expired after 9 s")
    );
    assert_eq!(downs.count(), 2);
}

#[test]
fn a_neighbor_that_lost_its_power_and_connects_anew_is_back_long_before_hold() {
    // Its kernel answers what it does not know by a reset: the probe finds out.
    for graceful_restart in [false, true] {
        let configs = if graceful_restart {
            graceful(pair())
        } else {
            pair()
        };
        for seed in 0..20 {
            let mut world = near(configs.clone(), seed);
            world.start_both();
            world.run_until(S, World::agreed).expect("Established");
            world.run(20 * S);
            world.crash(1, seed);
            world.command(1, Command::Reachability { connected: true });
            world.command(1, Command::Start);
            let took = world.run_until(90 * S, World::agreed).expect("Established");
            assert!(
                took <= 2 * S,
                "graceful restart {graceful_restart}, seed {seed}: {took:?}"
            );
            assert_eq!(world.nodes[0].downs.len(), 1);
        }
    }
}

#[test]
fn without_resets_it_is_back_after_half_the_hold_time() {
    // As behind a firewall that drops what it does not know.
    let mut world = near(pair(), 4);
    world.start_both();
    world.run_until(S, World::agreed).expect("Established");
    world.run(20 * S);
    world.blackhole_connections();
    world.crash(1, 4);
    world.command(1, Command::Reachability { connected: true });
    world.command(1, Command::Start);
    let took = world.run_until(90 * S, World::agreed).expect("Established");
    assert!(took <= 47 * S, "{took:?}");
    let reason = world.nodes[0].downs[0].to_string();
    assert_eq!(reason, "replaced by a new connection of the neighbor");
}

#[test]
fn the_lower_hold_time_wins_and_zero_needs_no_keepalives() {
    for (ours, theirs, hold) in [(90, 3, 3), (3, 90, 3), (0, 90, 0), (90, 0, 0)] {
        let mut configs = pair();
        configs[0].hold_time = ours * S;
        configs[1].hold_time = theirs * S;
        let mut world = near(configs, 1);
        world.start_both();
        world.run_until(S, World::agreed).expect("Established");
        let before = world.nodes[0].session.counters().keepalives_out;
        world.run(300 * S);
        assert!(world.agreed() && world.nodes[0].downs.is_empty());
        assert_eq!(world.nodes[0].session.negotiated().unwrap().hold_time, hold);
        let sent = world.nodes[0].session.counters().keepalives_out - before;
        let expected = if hold == 0 { 0..=0 } else { 290..=301 };
        assert!(
            expected.contains(&sent),
            "{sent} KEEPALIVEs for hold time {hold}"
        );
    }
}
