//! The whole way, worker to kernel, in network namespaces.
mod foreign;
mod rivals;
mod survival;
mod ways;
mod writes;

use super::*;
use crate::{
    config::Kernel,
    netlink::{
        Channel, Received, group, kind,
        namespace::{eventually, in_namespace, ip, ip_batch, veth},
    },
};
use std::time::Instant;

fn config() -> Kernel {
    Kernel {
        table: 254,
        metric: 32,
        protocol: 186,
        keep_on_exit: true,
        source_v4: None,
        source_v6: None,
        mtu: None,
        dry_run: false,
        adopt: Vec::new(),
    }
}

fn start(kernel: &Kernel) -> Worker {
    let fib = NetlinkFib::open(kernel).unwrap();
    Worker::start(Box::new(fib), kernel.clone(), Arc::new(|| {}), None).unwrap()
}

fn install(prefix: &str, via: &str) -> FibChange {
    let (prefix, address) = (prefix.parse().unwrap(), via.parse().unwrap());
    let next_hops = vec![FibNextHop {
        address,
        interface: None,
        weight: 1,
    }];
    FibChange::Install(FibRoute { prefix, next_hops })
}

fn install_many(prefix: &str, via: &[(&str, u16)]) -> FibChange {
    let hops = via.iter().map(|(address, weight)| FibNextHop {
        address: address.parse().unwrap(),
        interface: None,
        weight: *weight,
    });
    FibChange::Install(FibRoute {
        prefix: prefix.parse().unwrap(),
        next_hops: hops.collect(),
    })
}

fn remove(prefix: &str) -> FibChange {
    FibChange::Remove(prefix.parse().unwrap())
}

/// Gives and waits until it is written.
#[track_caller]
fn give(worker: &mut Worker, changes: Vec<FibChange>) {
    worker.give(changes);
    eventually("written", || worker.status().pending == 0);
}

/// `ip route show` of both families, of what is not the system's own, trimmed.
fn routes(table: &str) -> Vec<String> {
    let mut all = Vec::new();
    for family in ["-4", "-6"] {
        let shown = ip(&format!("{family} -oneline route show table {table}"));
        let lines = shown.lines().map(|line| {
            let line = line.replace(" pref medium", "").replace('\\', "");
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        });
        all.extend(lines.filter(|line| !line.contains("proto kernel")));
    }
    all
}

#[track_caller]
fn becomes(wanted: &[&str]) {
    let mut now = Vec::new();
    let began = crate::clock::now();
    while began.elapsed() < Duration::from_secs(10) {
        now = routes("main");
        if now == wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(now, wanted);
}

#[track_caller]
fn fails_with(worker: &Worker, prefix: &str, words: &str) {
    let prefix = prefix.parse().unwrap();
    eventually(words, || {
        worker
            .failure(&prefix)
            .is_some_and(|reason| reason.contains(words))
    });
}

/// Hears every route event of the namespace.
struct Ear(Channel);

impl Ear {
    fn open() -> Self {
        let groups = [group::IPV4_ROUTE, group::IPV6_ROUTE];
        Self(Channel::listen(&groups, 64 << 20, &[]).unwrap())
    }

    /// Additions (true) and deletions since the last call, without the kernel's own routes.
    fn events(&mut self) -> Vec<bool> {
        const KERNEL: u8 = 2;
        let mut events = Vec::new();
        loop {
            match self.0.receive(false).unwrap() {
                Received::Nothing => return events,
                Received::Lost => panic!("the test's own ear lost events"),
                Received::Datagram(length) => {
                    events.extend(self.0.messages(length).filter_map(|message| {
                        let view = message::RouteView::parse(message.payload)?;
                        (view.protocol != KERNEL).then_some(message.kind == kind::NEW_ROUTE)
                    }));
                }
            }
        }
    }

    /// How many of each.
    fn heard(&mut self) -> (usize, usize) {
        let events = self.events();
        let new = events.iter().filter(|new| **new).count();
        (new, events.len() - new)
    }
}

fn numbered(n: u64, via: &str) -> FibChange {
    install(
        &format!("{}.{}.{}.0/24", 20 + n / 65536, n / 256 % 256, n % 256),
        via,
    )
}

fn numbered6(n: u64, via: &str) -> FibChange {
    install(&format!("2001:{:x}:{:x}::/48", n / 65536, n % 65536), via)
}

/// As the engine does it: what is asked for, when it is asked for; returns when all is written.
fn feed(worker: &mut Worker, changes: impl Iterator<Item = FibChange>) -> Duration {
    let changes: Vec<_> = changes.collect();
    let began = crate::clock::now();
    let mut rest = changes.into_iter().peekable();
    while rest.peek().is_some() {
        match worker.demand() {
            Demand::Changes(room) => worker.give(rest.by_ref().take(room).collect()),
            _ => std::thread::yield_now(),
        }
    }
    while worker.status().pending > 0 {
        std::thread::sleep(Duration::from_micros(100));
    }
    Instant::elapsed(&began)
}

/// The requests of another program that installs or deletes the first `count` numbered routes.
fn batches_of_another(count: u64, delete: bool) -> Vec<Vec<u8>> {
    use requests::{Requests, Subject};
    use rtnetlink::packet_core::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST};
    let identity = message::Identity::of(&config());
    let (kind, flags) = if delete {
        (kind::DEL_ROUTE, NLM_F_REQUEST)
    } else {
        (kind::NEW_ROUTE, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL)
    };
    let mut requests = Requests::default();
    for n in 0..count {
        let FibChange::Install(route) = numbered(n, "10.1.1.2") else {
            unreachable!()
        };
        let subject = Subject {
            prefix: &route.prefix,
            next_hops: if delete { &[] } else { &route.next_hops },
            source: None,
            mtu: None,
            identity: &identity,
            any_kind: false,
        };
        requests.push(0, kind, flags, &subject);
    }
    let mut batches = Vec::new();
    let mut next = requests.fit(0, 16 * 1024);
    while !next.is_empty() {
        let end = next.end;
        batches.push(requests.numbered(next, 0).0.to_vec());
        next = requests.fit(end, 16 * 1024);
    }
    batches
}

/// Another program sends `batches`; nothing is refused.
fn send_as_another(batches: &[Vec<u8>]) {
    let mut bare = Channel::open(1 << 20).unwrap();
    for batch in batches {
        bare.send(batch).unwrap();
    }
    assert!(
        matches!(bare.receive(false).unwrap(), Received::Nothing),
        "something is refused"
    );
}

/// Another program deletes the first `count` numbered routes.
fn delete_behind(count: u64) {
    send_as_another(&batches_of_another(count, true));
}
