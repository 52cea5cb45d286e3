//! How long a full table takes through the tables alone, and how large it is.
//!
//! `cargo run --release -p rib --example load [PREFIXES] [SENDERS] [RECEIVERS]`
//!
//! Senders announce the same prefixes with about one attribute set per seven of them (path
//! lengths 1 to 8, 60 % with communities); every receiver is filled to the end. Then everything
//! is withdrawn.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a measurement, not a part of the crate"
)]

use bgp_wire::{Asn, AttributeSet, Attributes, Family, Ipv4Unicast, NextHop, Nlri, RouterId};
use ipnet::Ipv4Net;
use rib::{PeerConfig, PeerId, PeerKind, PeerUp, Policy, Shard};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Instant,
};

/// Routes per slice of work between two UPDATEs.
const SLICE: usize = 64;

#[expect(clippy::disallowed_methods, reason = "measuring is what this is for")]
fn now() -> Instant {
    Instant::now()
}

fn resident_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|n| n.parse::<f64>().ok());
    pages.unwrap_or(0.0) * 4096.0 / f64::from(1 << 20)
}

fn peer(shard: &mut Shard, number: u32) -> PeerId {
    let address = Ipv4Addr::from(0x0a00_0000 + number);
    let router_id = RouterId::new(Ipv4Addr::new(10, 255, 0, 1)).unwrap();
    let ases = (Asn(65530), Asn(number));
    let id = shard.add_peer(PeerConfig {
        import: Arc::new(Policy::all()),
        export: Arc::new(Policy::all()),
        ..PeerConfig::new(PeerKind::Ebgp, IpAddr::V4(address), ases, router_id)
    });
    let families = vec![Family::IPV4_UNICAST];
    let up = PeerUp {
        next_hop_v4: Some(Ipv4Addr::new(10, 255, 0, 1)),
        ..PeerUp::new(RouterId::new(address).unwrap(), Asn(number), families)
    };
    shard.peer_up(id, up);
    id
}

/// UPDATEs of one sender: canonical attributes and prefixes.
fn updates(sender: u32, prefixes: u32) -> Vec<(Vec<u8>, Vec<Nlri<Ipv4Unicast>>)> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::from(sender);
    let mut random = move |below: u32| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        ((state >> 33) as u32) % below
    };
    let mut list = Vec::new();
    let mut next = 0;
    while next < prefixes {
        let run = (1 + random(12)).min(prefixes - next);
        let path = std::iter::once(sender).chain((0..random(8)).map(|_| 1000 + random(60_000)));
        let mut set = AttributeSet::with_path(path.map(Asn).collect::<Vec<_>>());
        if random(10) < 6 {
            set.communities = (0..1 + random(5))
                .map(|_| (65000 << 16) + random(5000))
                .collect();
        }
        let mut octets = Vec::new();
        set.encode(&mut octets);
        let nlri = (next..next + run).map(|n| {
            // An odd factor spreads the prefixes over the address space, each once.
            let spread = (n.wrapping_mul(40_503) & 0x00ff_ffff) << 8;
            Nlri::new(Ipv4Net::new(Ipv4Addr::from(spread), 24).expect("a length below 33"))
        });
        list.push((octets, nlri.collect()));
        next += run;
    }
    list
}

/// Octets sent to whoever has something to read.
fn deliver(shard: &mut Shard, out: &mut Vec<u8>) -> usize {
    let mut sent = 0;
    while let Some(id) = shard.next_ready() {
        while {
            out.clear();
            let more = shard.fill(id, out, 65_536).more;
            sent += out.len();
            more
        } {}
    }
    sent
}

fn main() {
    let argument = |n: usize, default: u32| {
        std::env::args()
            .nth(n)
            .map_or(default, |text| text.parse().expect("a number"))
    };
    let (prefixes, senders, receivers) = (argument(1, 1_000_000), argument(2, 1), argument(3, 1));
    let mut shard = Shard::new();
    let from: Vec<PeerId> = (1..=senders).map(|n| peer(&mut shard, n)).collect();
    let to: Vec<PeerId> = (1..=receivers)
        .map(|n| peer(&mut shard, 1000 + n))
        .collect();
    let lists: Vec<_> = (1..=senders).map(|n| updates(n, prefixes)).collect();
    let next_hop = NextHop::V4(Ipv4Addr::new(10, 0, 0, 1));
    let mut out = Vec::with_capacity(1 << 17);
    let before = resident_mib();

    let start = now();
    let mut sent = 0;
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let mut inside = 0.0;
    for n in 0..longest {
        for (id, list) in from.iter().zip(&lists) {
            if let Some((octets, nlri)) = list.get(n) {
                let attributes = Attributes::from_canonical(octets);
                let begin = now();
                shard.announce(*id, &attributes, next_hop, nlri, 1);
                inside += begin.elapsed().as_secs_f64();
            }
        }
        if n % 64 == 0 {
            let _ = shard.work(SLICE * 64);
            sent += deliver(&mut shard, &mut out);
        }
    }
    while shard.work(SLICE * 64) {
        sent += deliver(&mut shard, &mut out);
    }
    sent += deliver(&mut shard, &mut out);
    let seconds = start.elapsed().as_secs_f64();
    let after = resident_mib();
    println!(
        "announce: {seconds:.3} s ({inside:.3} s in announce), {:.1} MiB, {} MiB sent, {:?}",
        after - before,
        sent >> 20,
        shard.usage()
    );
    for id in &to {
        let announced = shard.counters(*id, Family::IPV4_UNICAST).announced;
        assert_eq!(announced, u64::from(prefixes), "a receiver lacks routes");
    }

    let start = now();
    for n in 0..longest {
        for (id, list) in from.iter().zip(&lists) {
            if let Some((_, nlri)) = list.get(n) {
                shard.withdraw(*id, nlri);
            }
        }
        if n % 64 == 0 {
            let _ = shard.work(SLICE * 64);
            deliver(&mut shard, &mut out);
        }
    }
    while shard.work(SLICE * 64) {
        deliver(&mut shard, &mut out);
    }
    deliver(&mut shard, &mut out);
    while shard.work(SLICE * 64) {}
    println!(
        "withdraw: {:.3} s, {:.1} MiB, {:?}",
        start.elapsed().as_secs_f64(),
        resident_mib() - before,
        shard.usage()
    );
}
