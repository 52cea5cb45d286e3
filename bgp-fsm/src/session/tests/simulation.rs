//! A minute of chaos, then calm: thousands of seeds, each another minute.
//!
//! Whatever happened, once the network is well again both sides must find each other, agree on
//! one connection, and keep it. On the way the world asserts, after every input, that no timer
//! runs in a state without use for it, that Up and Down alternate and mean Established, that what
//! is kept of a lost session has a timer that ends it, and that time moves on. A failure names its
//! seed: `MYNA_SIMULATION_SEED=N cargo test -p bgp-fsm one_seed` repeats it alone.
//!
//! Some thousand seeds run with all other tests; `MYNA_SIMULATION_SEEDS=100000` runs so many.
use super::world::{Dice, MS, Reach, S, World};
use crate::{Command, Config, testing::config};
use bgp_wire::{Capability, Family, Fault, GracefulRestart, LongLived, Notification, RouterId};
use std::time::Duration;

/// Without another word.
const SEEDS: u64 = 3000;
/// Of ten seeds, one is a mesh of several speakers.
const MESH: u64 = 10;

fn random_config(n: u8, dice: &mut Dice) -> Config {
    let mut config = config(n);
    config.hold_time = [0, 3, 9, 30, 90][dice.below(5) as usize] * S;
    config.connect_retry = [S / 5, S, 2 * S][dice.below(3) as usize];
    config.connect_retry_max = 10 * S;
    if dice.chance(30) {
        config.keepalive = Some(Duration::from_millis(dice.below(20_000)));
    }
    if dice.chance(10) {
        config.delay_open = Some(Duration::from_millis(dice.below(5000)));
    }
    config.damp_peer_oscillations = dice.chance(80);
    config.notification_without_open = dice.chance(20);
    if dice.chance(60) {
        let time = [0, 5, 120][dice.below(3) as usize];
        let families = if dice.chance(50) {
            vec![(Family::IPV4_UNICAST, dice.chance(50))]
        } else {
            Vec::new()
        };
        let restart = GracefulRestart {
            restarting: dice.chance(50),
            notification: dice.chance(50),
            time,
            families,
        };
        config
            .capabilities
            .push(Capability::GracefulRestart(restart));
        if dice.chance(50) {
            let entry = LongLived {
                family: Family::IPV4_UNICAST,
                forwarding: dice.chance(50),
                time: dice.below(60) as u32,
            };
            config
                .capabilities
                .push(Capability::LongLivedGracefulRestart(vec![entry]));
        }
    }
    config
}

/// Whom an event of a speaker concerns: all nodes that are it.
struct Speakers(Vec<Vec<usize>>);

fn two(dice: &mut Dice) -> (Vec<Config>, Speakers) {
    let mut configs = vec![random_config(1, dice), random_config(2, dice)];
    if dice.chance(20) {
        configs[1].router_id = configs[0].router_id;
    }
    if dice.chance(25) {
        configs[dice.below(2) as usize].passive = true;
    }
    // Only one that asks for it: the other one would refuse what this one prefers.
    if dice.chance(10) {
        for config in &mut configs {
            config.collision_detect_established = true;
        }
    }
    (configs, Speakers(vec![vec![0], vec![1]]))
}

/// Three to six speakers, each with all others: up to fifteen sessions.
fn mesh(dice: &mut Dice) -> (Vec<Config>, Speakers) {
    let size = 3 + dice.below(4) as u8;
    let mut speakers = Speakers(vec![Vec::new(); usize::from(size)]);
    let mut configs = Vec::new();
    for a in 1..=size {
        for b in a + 1..=size {
            let passive = dice.below(6);
            for (turn, n) in [a, b].into_iter().enumerate() {
                speakers.0[usize::from(n - 1)].push(configs.len());
                let mut config = random_config(n, dice);
                // Whatever its sessions are like, a speaker has one identifier.
                config.router_id = RouterId::new([10, 0, 0, n].into()).expect("not zero");
                config.passive = passive == turn as u64;
                configs.push(config);
            }
        }
    }
    (configs, speakers)
}

fn seed(seed: u64) {
    let mut dice = Dice::new(seed);
    let (configs, speakers) = if seed.is_multiple_of(MESH) {
        mesh(&mut dice)
    } else {
        two(&mut dice)
    };
    // Without a hold time a connection that died without a word, or with a passive neighbor, is
    // never missed, by intent.
    let hold = configs.iter().all(|config| !config.hold_time.is_zero());
    let mut world = World::with(configs, seed);
    world.delay = (MS, MS * (1 + dice.below(400) as u32));
    world.fragment = dice.chance(50);
    world.loss = [0, 0, 2, 10][dice.below(4) as usize];
    for node in 0..world.nodes.len() {
        let connected = dice.chance(50);
        world.command(node, Command::Reachability { connected });
    }
    world.start_both();
    for _ in 0..dice.below(60) {
        world.run(Duration::from_millis(dice.below(2000)));
        chaos(&mut world, &speakers, hold, seed, &mut dice);
    }
    calm(&mut world, hold, seed);
}

fn chaos(world: &mut World, speakers: &Speakers, hold: bool, seed: u64, dice: &mut Dice) {
    let node = dice.below(world.nodes.len() as u64) as usize;
    let speaker = &speakers.0[dice.below(speakers.0.len() as u64) as usize];
    match dice.below(15) {
        0 => world.reset_connections(),
        1 if hold => world.blackhole_connections(),
        2 if hold => {
            for node in speaker {
                world.crash(*node, seed);
                world.command(*node, Command::Start);
            }
        }
        3 => {
            for node in speaker {
                world.kill(*node, seed);
                world.command(*node, Command::AutomaticStart);
            }
        }
        4 => {
            use Reach::{Fine, NoRoute, Refused, Silent};
            let reach = [Fine, Refused, NoRoute, Silent][dice.below(4) as usize];
            for node in speaker {
                world.reach[*node] = reach;
            }
        }
        5 => world.command(node, Command::RetryNow),
        6 => world.command(node, Command::Reset(Notification::cease(4))),
        7 => {
            let why = dice.chance(50).then(|| Notification::cease(2));
            world.command(node, Command::Stop(why));
            world.command(node, Command::Start);
        }
        8 => {
            let (fault, malformed): (Fault, _) = (
                bgp_wire::frame(&[0; 19], 4096).unwrap_err(),
                Notification::new(3, 1, &[]),
            );
            world.command(node, Command::UpdateFault(fault, malformed));
        }
        // The clock jumps: the host was suspended.
        9 => world.now += Duration::from_millis(dice.below(20_000)),
        10 => world.command(node, Command::Refresh(Family::IPV4_UNICAST)),
        11 => world.stray(node),
        12 => world.command(node, Command::RestartOver),
        13 => world.command(node, Command::ForwardingLost),
        _ => {}
    }
}

fn calm(world: &mut World, hold: bool, seed: u64) {
    world.reach.fill(Reach::Fine);
    world.loss = 0;
    for node in 0..world.nodes.len() {
        world.command(node, Command::Start);
    }
    if hold {
        // The longest hold time finds every connection that died without a word.
        world.run(100 * S);
    }
    let found = world.run_until(300 * S, World::agreed);
    assert!(found.is_some(), "seed {seed} does not mend: {world:#?}");
    // Beyond what two connections begun together may take to settle.
    world.run(10 * S);
    if !world.agreed() {
        world
            .run_until(60 * S, World::agreed)
            .expect("a settled session");
        world.run(10 * S);
    }
    assert!(world.agreed(), "seed {seed} does not settle: {world:#?}");
    let downs = |world: &World| world.nodes.iter().map(|it| it.downs.len()).sum::<usize>();
    let before = downs(world);
    world.run(120 * S);
    assert!(world.agreed(), "seed {seed} does not last: {world:#?}");
    assert_eq!(before, downs(world), "seed {seed}: a session fell in calm");
    for node in &world.nodes {
        assert!(node.stale.is_empty(), "seed {seed}: stale in calm");
    }
}

fn variable(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect("a number of seeds"))
}

/// Every second seed from `first`, so that two tests share the work.
fn seeds(first: u64) {
    let end = variable("MYNA_SIMULATION_SEEDS").unwrap_or(SEEDS);
    for number in (first..end).step_by(2) {
        // The harness keeps what fails to itself unless it is said before.
        let result = std::panic::catch_unwind(|| seed(number));
        assert!(result.is_ok(), "seed {number} failed");
    }
}

#[test]
fn whatever_happened_all_sides_find_each_other_and_stay() {
    seeds(0);
}

#[test]
fn and_so_with_as_many_other_seeds() {
    seeds(1);
}

#[test]
fn one_seed() {
    seed(variable("MYNA_SIMULATION_SEED").unwrap_or(0));
}
