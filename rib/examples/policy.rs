//! How long a list of a million prefixes takes to make, and to ask.
//!
//! `cargo run --release -p rib --example policy [PREFIXES]`
//!
//! The list has lengths as the Internet's table has (mostly /24), a quarter of it with a range. It
//! is asked for what is in it and for what is not, in an order that no cache knows.
#![allow(clippy::unwrap_used, reason = "a measurement, not a part of the crate")]

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use rib::{PrefixList, PrefixRule};
use std::{
    hint::black_box,
    net::Ipv4Addr,
    time::{Duration, Instant},
};

#[expect(clippy::disallowed_methods, reason = "measuring is what this is for")]
fn now() -> Instant {
    Instant::now()
}

/// CPU time of this process, which others on the machine lengthen less than they do wall time.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// splitmix64
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn prefix(state: &mut u64, ipv6: bool) -> IpNet {
    let length = [24, 24, 24, 24, 23, 22, 22, 21, 20, 19, 18, 16][random(state) as usize % 12];
    if ipv6 {
        let address = (0x2000_u128 << 112) | (u128::from(random(state)) << 61);
        let net = Ipv6Net::new(address.into(), length + 24).unwrap();
        return IpNet::V6(net.trunc());
    }
    let address = Ipv4Addr::from(random(state) as u32);
    IpNet::V4(Ipv4Net::new(address, length).unwrap().trunc())
}

fn measure(count: usize, ipv6: bool) {
    let mut state = 7;
    let inside: Vec<IpNet> = (0..count).map(|_| prefix(&mut state, ipv6)).collect();
    let outside: Vec<IpNet> = (0..count).map(|_| prefix(&mut state, ipv6)).collect();
    let start = now();
    let texts: Vec<String> = inside.iter().map(ToString::to_string).collect();
    let texts: Vec<String> = (0_u8..4)
        .cycle()
        .zip(texts)
        .map(|(n, text)| match n {
            0 => format!("{text} le {}", if ipv6 { 64 } else { 28 }),
            _ => text,
        })
        .collect();
    let written = start.elapsed();
    let start = now();
    let rules: Vec<PrefixRule> = texts.iter().map(|text| text.parse().unwrap()).collect();
    let parsed = start.elapsed();
    let start = now();
    let list = PrefixList::new(rules);
    let made = start.elapsed();
    let ask = |prefixes: &[IpNet]| {
        let start = cpu();
        let hits = prefixes.iter().filter(|net| list.contains(black_box(net)));
        let hits = hits.count();
        let spent = cpu().saturating_sub(start).as_secs_f64();
        (hits, spent * 1e9 / prefixes.len() as f64)
    };
    let family = if ipv6 { "IPv6" } else { "IPv4" };
    println!(
        "{family}: {count} rules written in {written:?}, parsed in {parsed:?}, made in {made:?}"
    );
    for (what, prefixes) in [("in it", &inside), ("others", &outside)] {
        let (hits, nanoseconds) = ask(prefixes);
        println!("  {what}: {hits} match, {nanoseconds:.0} ns each");
    }
}

fn main() {
    let count = std::env::args()
        .nth(1)
        .map_or(1_000_000, |text| text.parse().unwrap());
    measure(count, false);
    measure(count, true);
}
