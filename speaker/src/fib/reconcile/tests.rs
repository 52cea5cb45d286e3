//! The reconciler over a table in memory: time is an argument, nothing sleeps.
use super::*;
use crate::fib::{FibNextHop, FibRoute, MemoryFib};
use std::collections::BTreeMap;

struct Bench {
    fib: MemoryFib,
    reconciler: Reconciler,
    report: Arc<Mutex<Report>>,
    now: Instant,
}

impl Bench {
    fn over(fib: MemoryFib) -> Self {
        let now = crate::clock::now();
        let report = Arc::<Mutex<Report>>::default();
        let mut reconciler = Reconciler::new(Box::new(fib.clone()), Arc::clone(&report), now);
        reconciler.adopt(now).unwrap();
        Self {
            fib,
            reconciler,
            report,
            now,
        }
    }

    /// Events and turns until nothing is left to do at this moment.
    fn rest(&mut self) {
        for _ in 0..1000 {
            self.now += Duration::from_millis(100);
            // Events of a second ago at most: the fake time runs far ahead of the real one.
            let mut events = Vec::new();
            self.fib.wait(Duration::ZERO, &mut events).unwrap();
            self.reconciler.notice(&mut events, self.now);
            let due = self.reconciler.turn(self.now);
            if due.is_some_and(|due| due > self.now + Duration::from_secs(5)) {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    fn give(&mut self, changes: Vec<FibChange>) {
        self.reconciler.apply(changes, self.now);
        self.rest();
    }

    fn failure(&self, text: &str) -> Option<RouteError> {
        let report = self.report.lock().unwrap();
        report
            .waiting
            .get(&prefix(text))
            .map(|waiting| waiting.error.clone())
    }

    fn via(&self, text: &str) -> Option<String> {
        let hops = self.fib.next_hops(&prefix(text))?;
        Some(hops.first()?.address.to_string())
    }
}

fn prefix(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn route(text: &str, via: &str) -> FibRoute {
    let hop = FibNextHop {
        address: via.parse().unwrap(),
        interface: None,
        weight: 1,
    };
    FibRoute {
        prefix: prefix(text),
        next_hops: vec![hop],
    }
}

fn install(text: &str, via: &str) -> FibChange {
    FibChange::Install(route(text, via))
}

#[test]
fn what_is_there_already_is_claimed_without_a_write() {
    let fib = MemoryFib::new();
    fib.leave(route("10.0.0.0/8", "10.1.1.2"));
    fib.leave(route("11.0.0.0/8", "10.1.1.2"));
    fib.leave(route("12.0.0.0/8", "10.1.1.2"));
    let mut bench = Bench::over(fib);
    bench.give(vec![install("10.0.0.0/8", "10.1.1.2")]);
    assert_eq!(bench.fib.writes(), 0);
    bench.give(vec![install("11.0.0.0/8", "10.1.1.3")]);
    assert_eq!(
        (bench.fib.writes(), bench.via("11.0.0.0/8").as_deref()),
        (1, Some("10.1.1.3"))
    );
    assert_eq!(
        bench.fib.routes().len(),
        3,
        "nothing is swept before the word"
    );
    bench.reconciler.settle();
    bench.rest();
    assert_eq!(bench.fib.routes().len(), 2);
    let report = bench.report.lock().unwrap();
    assert_eq!((report.past.adopted, report.past.swept), (3, 1));
}

#[test]
fn what_is_wanted_again_before_the_sweep_stays() {
    let fib = MemoryFib::new();
    fib.leave(route("10.0.0.0/8", "10.1.1.2"));
    fib.leave(route("11.0.0.0/8", "10.1.1.2"));
    let mut bench = Bench::over(fib);
    bench.reconciler.settle();
    bench.give(vec![
        install("10.0.0.0/8", "10.1.1.2"),
        install("11.0.0.0/8", "10.1.1.3"),
    ]);
    assert_eq!(bench.via("10.0.0.0/8").as_deref(), Some("10.1.1.2"));
    assert_eq!(bench.via("11.0.0.0/8").as_deref(), Some("10.1.1.3"));
    assert_eq!(bench.reconciler.counts(), (2, 0));
}

#[test]
fn a_removal_takes_what_was_left_from_before() {
    let fib = MemoryFib::new();
    fib.leave(route("10.0.0.0/8", "10.1.1.2"));
    let mut bench = Bench::over(fib);
    bench.give(vec![
        FibChange::Remove(prefix("10.0.0.0/8")),
        FibChange::Remove(prefix("::/0")),
    ]);
    assert!(bench.fib.routes().is_empty());
    assert_eq!(
        bench.fib.writes(),
        1,
        "nothing is written for what was never there"
    );
}

#[test]
fn a_conflict_gets_its_name_and_ends_with_its_cause() {
    let mut bench = Bench::over(MemoryFib::new());
    bench.fib.insert_foreign(
        prefix("10.0.0.0/8"),
        "10.0.0.0/8 dev lo proto static metric 32",
    );
    bench
        .reconciler
        .apply(vec![install("10.0.0.0/8", "10.1.1.2")], bench.now);
    assert_eq!(
        bench.failure("10.0.0.0/8"),
        Some(RouteError::Conflict(None))
    );
    bench.rest();
    let named = bench.failure("10.0.0.0/8").unwrap();
    assert!(named.to_string().contains("dev lo proto static"), "{named}");
    bench.give(vec![install("10.0.0.0/8", "10.1.1.3")]);
    assert_eq!(
        bench.failure("10.0.0.0/8"),
        Some(named),
        "the name is not forgotten"
    );
    bench.fib.remove_foreign(&prefix("10.0.0.0/8"));
    bench.rest();
    assert_eq!(bench.via("10.0.0.0/8").as_deref(), Some("10.1.1.3"));
    assert_eq!(bench.failure("10.0.0.0/8"), None);
}

#[test]
fn a_route_that_another_with_a_lower_metric_overrules_is_told() {
    let fib = MemoryFib::new();
    let other = "10.0.0.0/8 via 10.1.1.9 dev v0 proto static metric 0";
    fib.overrule(prefix("10.0.0.0/8"), Some(other));
    let mut bench = Bench::over(fib);
    let overruled = |bench: &Bench| bench.report.lock().unwrap().overruled.clone();
    assert!(overruled(&bench).is_empty(), "nothing of ours is there yet");
    bench.give(vec![
        install("10.0.0.0/8", "10.1.1.2"),
        install("11.0.0.0/8", "10.1.1.2"),
    ]);
    assert!(
        bench.via("10.0.0.0/8").is_some(),
        "it is installed all the same"
    );
    let mut wanted = BTreeMap::from([(prefix("10.0.0.0/8"), other.to_owned())]);
    assert_eq!(overruled(&bench), wanted);
    // One comes while we run, one goes.
    bench.fib.overrule(prefix("11.0.0.0/8"), Some("another"));
    bench.rest();
    wanted.insert(prefix("11.0.0.0/8"), "another".to_owned());
    assert_eq!(overruled(&bench), wanted);
    bench.fib.overrule(prefix("11.0.0.0/8"), None);
    bench.give(vec![FibChange::Remove(prefix("10.0.0.0/8"))]);
    assert!(overruled(&bench).is_empty());
    bench.give(vec![install("10.0.0.0/8", "10.1.1.3")]);
    assert_eq!(overruled(&bench).len(), 1, "it is still there");
}

#[test]
fn what_cannot_be_installed_waits_for_an_event_or_the_minute() {
    let mut bench = Bench::over(MemoryFib::new());
    let unreachable = RouteError::Unreachable("10.1.1.2".parse().unwrap());
    bench.fib.refuse(prefix("10.0.0.0/8"), unreachable.clone());
    bench.fib.refuse(prefix("11.0.0.0/8"), unreachable.clone());
    bench.give(vec![
        install("10.0.0.0/8", "10.1.1.2"),
        install("11.0.0.0/8", "10.1.1.2"),
    ]);
    let writes = bench.fib.writes();
    bench.rest();
    assert_eq!(
        (bench.failure("10.0.0.0/8"), bench.fib.writes()),
        (Some(unreachable), writes)
    );
    bench.fib.accept(&prefix("10.0.0.0/8"));
    bench.rest();
    assert!(bench.via("10.0.0.0/8").is_some() && bench.via("11.0.0.0/8").is_none());
    // Nobody tells of the other, and it is wanted no more when the minute is over.
    let writes = bench.fib.writes();
    bench.give(vec![FibChange::Remove(prefix("11.0.0.0/8"))]);
    bench.now += AUDIT;
    bench.rest();
    assert_eq!(
        (bench.failure("11.0.0.0/8"), bench.fib.writes()),
        (None, writes)
    );
}

#[test]
fn a_refused_change_leaves_nothing_of_the_old() {
    let mut bench = Bench::over(MemoryFib::new());
    bench.give(vec![install("10.0.0.0/8", "10.1.1.2")]);
    bench
        .fib
        .refuse(prefix("10.0.0.0/8"), RouteError::Kernel("no".into()));
    bench.give(vec![install("10.0.0.0/8", "10.1.1.3")]);
    assert_eq!(
        (bench.via("10.0.0.0/8"), bench.reconciler.counts()),
        (None, (0, 0))
    );
    bench.fib.accept(&prefix("10.0.0.0/8"));
    bench.rest();
    assert_eq!(bench.via("10.0.0.0/8").as_deref(), Some("10.1.1.3"));
}

#[test]
fn a_fight_is_damped_and_forgotten() {
    let mut bench = Bench::over(MemoryFib::new());
    let victim = prefix("10.0.0.0/8");
    bench.give(vec![install("10.0.0.0/8", "10.1.1.2")]);
    for _ in 0..5 {
        bench.fib.rob(&victim, true);
        bench.rest();
        assert!(bench.via("10.0.0.0/8").is_some());
    }
    bench.fib.rob(&victim, true);
    bench.rest();
    assert_eq!(bench.failure("10.0.0.0/8"), Some(RouteError::Contested(6)));
    // Back with the minute, and a single blow is enough now.
    bench.now += AUDIT;
    bench.rest();
    assert!(bench.via("10.0.0.0/8").is_some() && bench.failure("10.0.0.0/8").is_none());
    bench.fib.rob(&victim, true);
    bench.rest();
    assert!(matches!(
        bench.failure("10.0.0.0/8"),
        Some(RouteError::Contested(_))
    ));
    // After a truce it starts from nothing.
    bench.now += AUDIT;
    bench.rest();
    bench.now += events::TRUCE;
    bench.rest();
    bench.fib.rob(&victim, true);
    bench.rest();
    assert!(bench.via("10.0.0.0/8").is_some());
    assert_eq!(bench.report.lock().unwrap().past.restored, 8);
}

#[test]
fn the_audit_finds_what_nobody_told() {
    let mut bench = Bench::over(MemoryFib::new());
    bench.give(vec![
        install("10.0.0.0/8", "10.1.1.2"),
        install("11.0.0.0/8", "10.1.1.2"),
    ]);
    bench.fib.rob(&prefix("10.0.0.0/8"), false);
    bench.fib.leave(route("11.0.0.0/8", "10.1.1.9"));
    bench.fib.leave(route("12.0.0.0/8", "10.1.1.9"));
    bench.rest();
    assert_eq!(bench.via("10.0.0.0/8"), None, "nobody told");
    bench.now += AUDIT;
    bench.rest();
    let wanted = [
        route("10.0.0.0/8", "10.1.1.2"),
        route("11.0.0.0/8", "10.1.1.2"),
    ];
    assert_eq!(bench.fib.routes(), wanted);
}

#[test]
fn the_table_ends_as_wanted_whatever_happens_to_it() {
    // Random changes, thefts, strangers and refusals against the plainest model.
    for seed in 1..=40_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut random = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let fib = MemoryFib::new();
        let prefixes: Vec<String> = (0..12).map(|n| format!("10.{n}.0.0/16")).collect();
        for text in &prefixes[..6] {
            fib.leave(route(text, "10.1.1.1"));
        }
        let mut bench = Bench::over(fib);
        let mut model: HashMap<IpNet, FibRoute> = HashMap::new();
        for _ in 0..200 {
            let text = &prefixes[random(12) as usize];
            let victim = prefix(text);
            match random(10) {
                0..4 => {
                    let route = route(text, &format!("10.1.1.{}", 1 + random(3)));
                    model.insert(victim, route.clone());
                    bench
                        .reconciler
                        .apply(vec![FibChange::Install(route)], bench.now);
                }
                4 => {
                    model.remove(&victim);
                    bench
                        .reconciler
                        .apply(vec![FibChange::Remove(victim)], bench.now);
                }
                5 => bench.fib.rob(&victim, random(2) == 0),
                6 => bench.fib.leave(route(text, "10.1.1.8")),
                7 => bench.fib.refuse(victim, RouteError::Kernel("no".into())),
                8 => bench.fib.accept(&victim),
                _ => bench.rest(),
            }
            if random(40) == 0 {
                bench.reconciler.settle();
            }
        }
        for text in &prefixes {
            bench.fib.accept(&prefix(text));
        }
        bench.reconciler.settle();
        bench.rest();
        // Two audits: what the first puts right may uncover something for the second.
        for _ in 0..2 {
            bench.now += AUDIT;
            bench.rest();
        }
        let mut wanted: Vec<_> = model.into_values().collect();
        wanted.sort_by_key(|route| route.prefix);
        assert_eq!(bench.fib.routes(), wanted, "seed {seed}");
        assert!(
            bench.report.lock().unwrap().waiting.is_empty(),
            "seed {seed}"
        );
    }
}
