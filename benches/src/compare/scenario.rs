//! What is measured, and how a round of it goes.

use super::{
    held::Counted,
    real,
    routes::{self, Mix, Stream},
    session::{Happened, Identity, Reader, Session, What, now},
    subject::{Export, Neighbor, Plan, Subject},
    usage::Usage,
};
use std::{
    net::Ipv4Addr,
    path::PathBuf,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tests::Netns;

/// The speaker's AS and address; the neighbors' addresses follow in the same /16.
const AS: u32 = 64_500;
const SPEAKER: Ipv4Addr = Ipv4Addr::new(10, 255, 0, 1);

/// How long a speaker may take to come up, and for what is measured.
const START: Duration = Duration::from_secs(120);
const PATIENCE: Duration = Duration::from_secs(180);
/// Without processor time for so long a speaker has done all it had to do.
const QUIET: Duration = Duration::from_millis(600);

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Short name, to choose it by.
    pub key: &'static str,
    /// What happens, for people.
    pub title: &'static str,
    /// Neighbors that send.
    pub senders: u32,
    /// Prefixes of each.
    pub prefixes: u32,
    /// Neighbors that are told.
    pub receivers: u32,
    /// What is done.
    pub course: Course,
}

/// The course of a scenario; what is measured is the last step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// All senders announce the same prefixes with different paths.
    Load,
    /// The same, and every path is passed on (RFC 7911).
    LoadPaths,
    /// Each sender announces prefixes of its own; all sessions are inside one AS.
    Reflect,
    /// As [`Load`](Self::Load), until the speaker has nothing left to do.
    Consume,
    /// As [`Load`](Self::Load) through an import policy of so many terms that match nothing.
    Filter(u32),
    /// After a load, everything is withdrawn.
    Withdraw,
    /// After a load, a fifth of the prefixes changes its attributes, five times over.
    Churn,
    /// After a load, the sender's session ends, comes back, and sends the same again.
    Return,
    /// As [`Load`](Self::Load), while a further receiver reads one octet a second.
    BesideSlow,
    /// A real table, from a file of MRT.
    Replay(PathBuf),
}

/// What a round gave.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// From the first UPDATE sent until every receiver held what it should.
    pub seconds: f64,
    /// Used by the speaker meanwhile and before.
    pub usage: Usage,
    /// UPDATEs that the first receiver got.
    pub updates: u64,
}

impl Scenario {
    /// One round; `None` where the speaker cannot do it.
    ///
    /// # Errors
    /// What went wrong, and how far it had come.
    pub fn run(&self, subject: &Subject, seed: u64) -> Result<Option<Outcome>, String> {
        // It forwards withdrawals, but makes none, and waits for every receiver.
        if subject.is_mirror() && matches!(self.course, Course::Return | Course::BesideSlow) {
            return Ok(None);
        }
        let plan = self.plan();
        let stage = Stage::new(&plan);
        let directory = TempDir::new().map_err(|error| error.to_string())?;
        let Some(process) = subject.start(&plan, &stage.speaker, directory.path())? else {
            return Ok(None);
        };
        let (news, heard) = mpsc::channel();
        let round = Round {
            scenario: self,
            plan: &plan,
            stage: &stage,
            seed,
            process: process.id(),
            news,
            heard,
        };
        round.run().map(Some)
    }

    fn is_internal(&self) -> bool {
        self.course == Course::Reflect
    }

    fn plan(&self) -> Plan {
        let asn = |n: u32| if self.is_internal() { AS } else { 64_600 + n };
        let senders = (0..self.senders).map(|n| Neighbor {
            address: address(n),
            asn: asn(n),
            export: Export::Nothing,
        });
        let slow = u32::from(self.course == Course::BesideSlow);
        let receivers = (self.senders..self.senders + self.receivers + slow).map(|n| Neighbor {
            address: address(n),
            asn: asn(n),
            export: match self.course {
                Course::LoadPaths => Export::Paths,
                _ => Export::Best,
            },
        });
        Plan {
            address: SPEAKER,
            asn: AS,
            neighbors: senders.chain(receivers).collect(),
            connects: false,
            terms: match self.course {
                Course::Filter(terms) => terms,
                _ => 0,
            },
        }
    }
}

fn address(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 255, 1, 1)) + number)
}

/// Two namespaces and a wire between them.
struct Stage {
    speaker: Netns,
    generator: Netns,
}

impl Stage {
    fn new(plan: &Plan) -> Self {
        let (speaker, generator) = (Netns::new("speaker"), Netns::new("generator"));
        speaker.ip(&format!(
            "link add wire type veth peer name wire netns {}",
            generator.name()
        ));
        speaker.ip(&format!("addr add {}/16 dev wire", plan.address));
        let addresses: String = plan
            .neighbors
            .iter()
            .map(|neighbor| format!("addr add {}/16 dev wire\n", neighbor.address))
            .collect();
        generator.ip_batch(&addresses);
        speaker.ip("link set wire up");
        generator.ip("link set wire up");
        Self { speaker, generator }
    }
}

/// A round under way.
struct Round<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    stage: &'a Stage,
    seed: u64,
    process: u32,
    news: mpsc::Sender<Happened>,
    heard: mpsc::Receiver<Happened>,
}

impl Round<'_> {
    fn run(self) -> Result<Outcome, String> {
        let scenario = self.scenario;
        let (streams, goal) = self.streams()?;
        let receivers: Vec<Session> = (scenario.senders..scenario.senders + scenario.receivers)
            .map(|n| self.session(n, Reader::Greedy))
            .collect::<Result<_, _>>()?;
        let _slow = (scenario.course == Course::BesideSlow)
            .then(|| self.session(scenario.senders + scenario.receivers, Reader::Slow))
            .transpose()?;
        let mut senders: Vec<Session> = (0..scenario.senders)
            .map(|n| self.session(n, Reader::Greedy))
            .collect::<Result<_, _>>()?;

        let mut begun = now();
        let mut seconds = self.send(&senders, &streams, &receivers, goal)?;
        let total = scenario.prefixes;
        match &scenario.course {
            Course::Consume => seconds = self.until_quiet(begun),
            Course::Withdraw => {
                let all = vec![routes::withdraw(0..total); senders.len()];
                seconds = self.send(&senders, &all, &receivers, 0)?;
            }
            Course::Churn => {
                let changes = self.changes(total);
                // One prefix more, sent last, tells that all before it has come through.
                seconds = self.send(&senders, &[changes], &receivers, goal + 1)?;
            }
            Course::Return => {
                begun = now();
                receivers.iter().for_each(|receiver| receiver.wait_for(0));
                drop(senders);
                self.reached(receivers.len(), begun)?;
                senders = vec![self.session(0, Reader::Greedy)?];
                self.send(&senders, &streams, &receivers, goal)?;
                seconds = begun.elapsed().as_secs_f64();
            }
            _ => {}
        }
        Ok(Outcome {
            seconds,
            usage: Usage::of(self.process),
            updates: receivers
                .first()
                .map_or(0, |receiver| receiver.held(|held| held.updates)),
        })
    }

    fn session(&self, number: u32, reader: Reader) -> Result<Session, String> {
        let neighbor = self.plan.neighbors.get(number as usize);
        let neighbor = neighbor.ok_or("no such neighbor")?;
        let identity = Identity {
            address: neighbor.address,
            asn: neighbor.asn,
            counted: match (neighbor.export, &self.scenario.course) {
                (Export::Paths, _) => Counted::Paths,
                (_, Course::Replay(_)) => Counted::Prefixes,
                _ => Counted::Numbers,
            },
        };
        Session::establish(
            number as usize,
            &self.stage.generator,
            identity,
            self.plan.address,
            reader,
            self.news.clone(),
            now() + START,
        )
    }

    /// What each sender sends, and how much every receiver then holds.
    fn streams(&self) -> Result<(Vec<Stream>, usize), String> {
        let scenario = self.scenario;
        if let Course::Replay(file) = &scenario.course {
            let (stream, prefixes) = real::table(file, 64_600, address(0))?;
            return Ok((vec![stream], prefixes));
        }
        let count = scenario.prefixes;
        let streams = (0..scenario.senders).map(|n| {
            let first = if scenario.is_internal() { n * count } else { 0 };
            self.mix(n, 0).announce(first..first + count)
        });
        let many = if scenario.is_internal() || scenario.course == Course::LoadPaths {
            scenario.senders
        } else {
            1
        };
        Ok((streams.collect(), (count * many) as usize))
    }

    fn mix(&self, sender: u32, generation: u64) -> Mix {
        Mix {
            seed: (self.seed << 32) | (generation << 16) | u64::from(sender),
            first_as: (!self.scenario.is_internal()).then_some(64_600 + sender),
            next_hop: address(sender),
        }
    }

    /// Five times a fifth of all prefixes, each time others and with new attributes, and one more.
    fn changes(&self, total: u32) -> Stream {
        let fifth = total / 5;
        let mut changes = Stream::default();
        for generation in 1..=5 {
            let first = (generation - 1) * fifth;
            let part = self
                .mix(0, generation.into())
                .announce(first..first + fifth);
            changes.octets.extend(part.octets);
            changes.sets += part.sets;
        }
        let last = self.mix(0, 6).announce(total..total + 1);
        changes.octets.extend(last.octets);
        changes
    }

    /// Sends all streams at once and waits for the goal: seconds.
    fn send(
        &self,
        senders: &[Session],
        streams: &[Stream],
        receivers: &[Session],
        goal: usize,
    ) -> Result<f64, String> {
        receivers
            .iter()
            .for_each(|receiver| receiver.wait_for(goal));
        let begun = now();
        thread::scope(|scope| {
            let writers: Vec<_> = senders
                .iter()
                .zip(streams)
                .map(|(sender, stream)| scope.spawn(|| sender.send(&stream.octets)))
                .collect();
            let done = self.reached(receivers.len(), begun);
            if let Err(problem) = done {
                let held: Vec<usize> = receivers
                    .iter()
                    .map(|r| r.held(super::held::Held::count))
                    .collect();
                return Err(format!("{problem}; receivers hold {held:?} of {goal}"));
            }
            for writer in writers {
                match writer.join() {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => return Err(format!("a sender: {error}")),
                    Err(_) => return Err("a sender panicked".to_owned()),
                }
            }
            done
        })
    }

    /// Waits until so many receivers hold what they should: seconds since `begun`.
    fn reached(&self, receivers: usize, begun: Instant) -> Result<f64, String> {
        let mut last = begun;
        let mut missing = receivers;
        while missing > 0 {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let happened = self
                .heard
                .recv_timeout(left)
                .map_err(|_| format!("not done after {} s", PATIENCE.as_secs()))?;
            match happened.what {
                What::Reached => {
                    missing -= 1;
                    last = last.max(happened.at);
                }
                What::Loaded => {}
                What::Ended(why) => {
                    return Err(format!("session {} ended: {why}", happened.session));
                }
            }
        }
        Ok(last.duration_since(begun).as_secs_f64())
    }

    /// Waits until the speaker does nothing any more: seconds since `begun` until then.
    fn until_quiet(&self, begun: Instant) -> f64 {
        let mut used = Usage::of(self.process).processor();
        let mut since = now();
        while since.elapsed() < QUIET && begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(50));
            let uses = Usage::of(self.process).processor();
            // A timer's tick is no work.
            if uses > used + 0.015 {
                used = uses;
                since = now();
            }
        }
        since.duration_since(begun).as_secs_f64()
    }
}
