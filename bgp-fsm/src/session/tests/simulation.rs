//! A minute of chaos, then calm: thousands of seeds, each another minute.
//!
//! Whatever happened, once the network is well again both sides must find each other, agree on
//! one connection, and keep it. On the way the world asserts, after every input, that no timer
//! runs in a state without use for it, that Up and Down alternate and mean Established, and that
//! time moves on. A failure names its seed: `seed(N)` in a test of its own repeats it.
use super::world::{MS, Reach, S, World};
use crate::{Command, Config, testing::config};
use bgp_wire::{Capability, GracefulRestart, Notification};
use std::time::Duration;

const SEEDS: u64 = 3000;

fn random_config(n: u8, world: &mut super::world::Dice) -> Config {
    let mut config = config(n);
    config.hold_time = [0, 3, 9, 30, 90][world.below(5) as usize] * S;
    config.connect_retry = [S / 5, S, 2 * S][world.below(3) as usize];
    config.connect_retry_max = 10 * S;
    if world.chance(30) {
        config.keepalive = Some(Duration::from_millis(world.below(20_000)));
    }
    if world.chance(30) {
        config
            .capabilities
            .push(Capability::GracefulRestart(GracefulRestart {
                restarting: false,
                notification: false,
                time: 120,
                families: Vec::new(),
            }));
    }
    config
}

fn seed(seed: u64) {
    let mut dice = super::world::Dice::new(seed);
    let mut configs = [random_config(1, &mut dice), random_config(2, &mut dice)];
    if dice.chance(20) {
        configs[1].router_id = configs[0].router_id;
    }
    if dice.chance(25) {
        configs[dice.below(2) as usize].passive = true;
    }
    // Without a hold time a connection that died without a word, or with a passive neighbor, is
    // never missed, by intent.
    let hold = configs.iter().all(|config| !config.hold_time.is_zero());
    let mut world = World::new(configs, seed);
    world.delay = (MS, MS * (1 + dice.below(400) as u32));
    world.fragment = dice.chance(50);
    for node in 0..2 {
        world.command(
            node,
            Command::Reachability {
                connected: dice.chance(50),
            },
        );
    }
    world.start_both();

    for _ in 0..dice.below(60) {
        world.run(Duration::from_millis(dice.below(2000)));
        let node = dice.below(2) as usize;
        match dice.below(12) {
            0 => world.reset_connections(),
            1 if hold => world.blackhole_connections(),
            2 if hold => {
                world.crash(node, seed);
                world.command(node, Command::Start);
            }
            3 => {
                world.kill(node, seed);
                world.command(node, Command::Start);
            }
            4 => {
                use Reach::{Fine, NoRoute, Refused, Silent};
                world.reach[node] = [Fine, Refused, NoRoute, Silent][dice.below(4) as usize];
            }
            5 => world.command(node, Command::RetryNow),
            6 => {
                let reset = Notification {
                    code: 6,
                    subcode: 4,
                    data: Vec::new(),
                };
                world.command(node, Command::Reset(reset));
            }
            7 => {
                world.command(node, Command::Stop(None));
                world.command(node, Command::Start);
            }
            8 => {
                let fault = bgp_wire::frame(&[0; 19], 4096).unwrap_err();
                let malformed = Notification {
                    code: 3,
                    subcode: 1,
                    data: Vec::new(),
                };
                world.command(node, Command::UpdateFault(fault, malformed));
            }
            // The clock jumps: the host was suspended.
            9 => world.now += Duration::from_millis(dice.below(20_000)),
            10 => world.command(node, Command::Refresh(bgp_wire::Family::IPV4_UNICAST)),
            _ => {}
        }
    }

    world.reach = [Reach::Fine; 2];
    world.command(0, Command::Start);
    world.command(1, Command::Start);
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
    let downs = world
        .nodes
        .iter()
        .map(|node| node.downs.len())
        .sum::<usize>();
    world.run(120 * S);
    assert!(world.agreed(), "seed {seed} does not last: {world:#?}");
    let after = world
        .nodes
        .iter()
        .map(|node| node.downs.len())
        .sum::<usize>();
    assert_eq!(downs, after, "seed {seed}: a session fell in calm");
}

fn seeds(numbers: std::ops::Range<u64>) {
    for number in numbers {
        // The harness keeps what fails to itself unless it is said before.
        let result = std::panic::catch_unwind(|| seed(number));
        assert!(result.is_ok(), "seed {number} failed");
    }
}

#[test]
fn whatever_happened_both_sides_find_each_other_and_stay() {
    seeds(0..SEEDS / 2);
}

#[test]
fn and_so_with_as_many_other_seeds() {
    seeds(SEEDS / 2..SEEDS);
}
