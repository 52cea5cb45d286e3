//! The engine's loop.

mod deferral;
mod explain;
mod kernel;
mod limits;

pub(crate) use explain::Followed;

use super::{
    answer,
    feed::Feed,
    mailbox::{self, Mailbox},
    message::{Learned, Question, Slice, SourceKind, SourceMeta},
};
use crate::{
    clock, config,
    fib::{Fib, Past},
    view,
};
use bgp_wire::{
    AddressFamily, AttributeSet, Attributes, Disposition, Family, Ipv4Unicast, Ipv6Unicast,
    NextHop, Nlri, PathId, Update, iana::refresh,
};
use bytes::Bytes;
use ipnet::IpNet;
use rib::{PeerId, Query, RibFamily, Shard};
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, Ipv6Addr},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Instant,
};
use tokio::sync::{Notify, mpsc};

/// UPDATE batches that may wait; each is at most what one read of a socket gave.
const ROUTES_QUEUE: usize = 32;
/// Questions that may wait.
const QUESTIONS_QUEUE: usize = 64;
/// Questions answered before routes are looked at again.
const QUESTIONS_AT_A_TIME: usize = 16;
/// Routes of one slice of background work or of a listing.
const SLICE: usize = 64;
const LISTING_SLICE: usize = 256;

/// How the engine is started.
pub(crate) struct EngineOptions {
    /// The kernel table, where there is one.
    pub(crate) fib: Option<(Box<dyn Fib>, config::Kernel)>,
}

/// The senders' side of the engine.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    routes: mpsc::Sender<Learned>,
    questions: mpsc::Sender<Question>,
    signals: Arc<Signals>,
}

/// Flags without content, and the bell that goes with them.
#[derive(Debug, Default)]
struct Signals {
    drained: AtomicBool,
    bell: Notify,
}

impl Engine {
    /// Starts the thread.
    pub(crate) fn start(options: EngineOptions) -> io::Result<Self> {
        let (routes, routes_in) = mpsc::channel(ROUTES_QUEUE);
        let (questions, questions_in) = mpsc::channel(QUESTIONS_QUEUE);
        let signals = Arc::new(Signals::default());
        let mut state = State {
            shard: Shard::new(),
            peers: HashMap::new(),
            ready: Vec::new(),
            feed: None,
            leftovers: kernel::Leftovers::default(),
            flushed: None,
            configured: false,
            deferring: false,
            settled: false,
            window_over: false,
            signals: Arc::clone(&signals),
            started: clock::now(),
        };
        if let Some((fib, kernel)) = options.fib {
            state.start_feed(fib, kernel, None)?;
        }
        let runtime = tokio::runtime::Handle::current();
        thread::Builder::new()
            .name("myna-engine".to_owned())
            .spawn(move || state.run(&runtime, routes_in, questions_in))?;
        Ok(Self {
            routes,
            questions,
            signals,
        })
    }

    /// The bounded queue of routes.
    pub(crate) fn routes(&self) -> &mpsc::Sender<Learned> {
        &self.routes
    }

    /// Asks; `None`: the engine has stopped.
    pub(crate) async fn ask<T>(
        &self,
        question: impl FnOnce(tokio::sync::oneshot::Sender<T>) -> Question,
    ) -> Option<T> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.questions.send(question(reply)).await.ok()?;
        answer.await.ok()
    }

    /// Tells something that has no answer.
    pub(crate) async fn tell(&self, question: Question) {
        // An engine that has stopped has nothing left to be told.
        let _ = self.questions.send(question).await;
    }

    /// A session emptied its mailbox.
    pub(crate) fn drained(&self) {
        self.signals.drained.store(true, Ordering::Release);
        self.signals.bell.notify_one();
    }
}

#[derive(Debug)]
struct Peer {
    meta: SourceMeta,
    mailbox: Option<Arc<Mailbox>>,
    /// The session that is up.
    epoch: Option<u64>,
    /// Families whose End-of-RIB is still expected.
    loading: Vec<Family>,
    /// Something waits for the mailbox to be emptied.
    waiting: bool,
    ever_up: bool,
    /// Its End-of-RIB is waited for before anything is announced.
    awaited: bool,
    /// Limits that are passed and told of.
    passed: limits::Passed,
}

struct State {
    shard: Shard,
    peers: HashMap<PeerId, Peer>,
    /// Peers whose mailbox may take something.
    ready: Vec<PeerId>,
    feed: Option<Feed>,
    /// Kernel tables that were given up.
    leftovers: kernel::Leftovers,
    /// `kernel flush` took our routes out: what was there, and was counted.
    flushed: Option<(view::Kernel, Past)>,
    /// All configured neighbors are there.
    configured: bool,
    /// Nothing is announced yet (RFC 4724 §4.1).
    deferring: bool,
    /// What was in the kernel before our start and is not wanted has been given up.
    settled: bool,
    window_over: bool,
    signals: Arc<Signals>,
    started: Instant,
}

impl State {
    fn run(
        mut self,
        runtime: &tokio::runtime::Handle,
        mut routes: mpsc::Receiver<Learned>,
        mut questions: mpsc::Receiver<Question>,
    ) {
        loop {
            let mut busy = false;
            for _ in 0..QUESTIONS_AT_A_TIME {
                let Ok(question) = questions.try_recv() else {
                    break;
                };
                busy = true;
                if self.answer(question) {
                    return;
                }
            }
            if let Ok(learned) = routes.try_recv() {
                busy = true;
                self.learn(learned);
            }
            busy |= self.shard.work(SLICE);
            busy |= self.give();
            if busy {
                continue;
            }
            let next = runtime.block_on(async {
                let bell = pin!(self.signals.bell.notified());
                tokio::select! {
                    biased;
                    question = questions.recv() => question.map(Next::Question),
                    learned = routes.recv() => learned.map(Next::Learned),
                    () = bell => Some(Next::Bell),
                }
            });
            match next {
                Some(Next::Question(question)) => {
                    if self.answer(question) {
                        return;
                    }
                }
                Some(Next::Learned(learned)) => self.learn(learned),
                Some(Next::Bell) => {}
                // Every sender is gone: the speaker was dropped without a stop.
                None => {
                    if let Some(feed) = self.feed.take() {
                        feed.shutdown(&mut self.shard, true);
                    }
                    return;
                }
            }
        }
    }

    fn now(&self) -> u32 {
        let seconds = clock::now()
            .saturating_duration_since(self.started)
            .as_secs();
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// Routes out: to mailboxes and to the kernel table. `true`: something was given.
    fn give(&mut self) -> bool {
        let mut given = false;
        while let Some(peer) = self.shard.next_ready() {
            self.ready.push(peer);
        }
        if self.signals.drained.swap(false, Ordering::AcqRel) {
            for (id, peer) in &mut self.peers {
                if std::mem::take(&mut peer.waiting) {
                    self.ready.push(*id);
                }
            }
        }
        for id in std::mem::take(&mut self.ready) {
            given |= self.fill(id);
        }
        if let Some(feed) = &mut self.feed {
            let peers = &self.peers;
            given |= feed.feed(&mut self.shard, |id| match peers.get(&id)?.meta.kind {
                SourceKind::Neighbor { interface, .. } => interface,
                SourceKind::Local => None,
            });
        }
        self.remove_retired();
        given
    }

    fn fill(&mut self, id: PeerId) -> bool {
        if self.deferring {
            return false;
        }
        let Some(peer) = self.peers.get_mut(&id) else {
            return false;
        };
        let (Some(mailbox), Some(epoch)) = (&peer.mailbox, peer.epoch) else {
            return false;
        };
        let shard = &mut self.shard;
        let filled = mailbox.fill(epoch, |out| {
            let filled = shard.fill(id, &mut out.octets, mailbox::ROOM);
            out.updates = filled.messages.saturating_sub(filled.refreshes) as u64;
            out.refreshes = filled.refreshes as u64;
            filled
        });
        self.check_limits(id);
        let Some(peer) = self.peers.get_mut(&id) else {
            return false;
        };
        match filled {
            // The budget of one look ended before anything was found to send: nobody empties an
            // empty mailbox, so the rest is looked at in the next round.
            Some(filled) if filled.messages == 0 && filled.more => {
                self.ready.push(id);
                true
            }
            // What is left comes when the session has emptied its mailbox.
            Some(filled) => {
                peer.waiting = filled.more;
                filled.messages > 0
            }
            None => {
                peer.waiting = true;
                false
            }
        }
    }

    fn learn(&mut self, learned: Learned) {
        match learned {
            Learned::Up {
                peer,
                epoch,
                up,
                awaited,
            } => {
                if let Some(state) = self.peers.get_mut(&peer) {
                    state.epoch = Some(epoch);
                    state.ever_up = true;
                    state.passed = 0;
                    state.awaited = awaited;
                    state.loading.clone_from(&up.families);
                }
                self.shard.peer_up(peer, *up);
            }
            Learned::Updates {
                peer,
                updates,
                place: _held_until_the_end,
            } => {
                let now = self.now();
                for update in &updates {
                    self.update(peer, update, now);
                    // Urgent changes of others do not wait behind a long batch.
                    self.give();
                }
                self.check_limits(peer);
            }
            Learned::Refresh {
                peer,
                refresh: message,
            } => match message.subtype {
                refresh::REQUEST => self.shard.refresh(peer, message.family),
                refresh::BEGIN => self.shard.refresh_begins(peer, message.family),
                refresh::END => self.shard.refresh_ends(peer, message.family),
                // RFC 7313 §5: any other subtype is ignored.
                _ => {}
            },
            Learned::AssumeLoaded { peer, epoch } => {
                if let Some(state) = self.peers.get_mut(&peer)
                    && state.epoch == Some(epoch)
                {
                    state.loading.clear();
                }
                self.check_settled();
            }
            Learned::Down {
                peer,
                epoch,
                retain,
            } => {
                if let Some(state) = self.peers.get_mut(&peer)
                    && state.epoch == Some(epoch)
                {
                    state.epoch = None;
                    state.waiting = false;
                    self.shard.peer_down(peer, &retain);
                }
            }
            Learned::SweepStale { peer, family } => self.shard.sweep_stale(peer, family),
            Learned::LongLivedStale { peer, family } => self.shard.keep_long_lived(peer, family),
            Learned::Local {
                peer,
                announced,
                withdrawn,
            } => self.local(peer, &announced, &withdrawn),
        }
    }

    fn update(&mut self, peer: PeerId, update: &Update<Bytes>, now: u32) {
        if let Some(family) = update.end_of_rib() {
            self.shard.end_of_rib(peer, family);
            if let Some(state) = self.peers.get_mut(&peer) {
                state.loading.retain(|loading| *loading != family);
            }
            self.check_settled();
            return;
        }
        // Withdrawn before announced: a prefix in both is announced (RFC 4271 §3.1, §4.3).
        self.withdrawn::<Ipv4Unicast>(peer, update);
        self.withdrawn::<Ipv6Unicast>(peer, update);
        self.announced::<Ipv4Unicast>(peer, update, now);
        self.announced::<Ipv6Unicast>(peer, update, now);
    }

    fn withdrawn<F: RibFamily>(&mut self, peer: PeerId, update: &Update<Bytes>) {
        let nlri: Vec<Nlri<F>> = update.withdrawn::<F>().collect();
        if !nlri.is_empty() {
            self.shard.withdraw(peer, &nlri);
        }
    }

    fn announced<F: RibFamily>(&mut self, peer: PeerId, update: &Update<Bytes>, now: u32) {
        let nlri: Vec<Nlri<F>> = update.announced::<F>().collect();
        if nlri.is_empty() {
            return;
        }
        match update.next_hop(F::FAMILY) {
            Some(next_hop) if update.disposition() < Disposition::TreatAsWithdraw => {
                self.shard
                    .announce(peer, &update.attributes(), next_hop, &nlri, now);
            }
            // RFC 7606 §2: treat-as-withdraw.
            _ => self.shard.withdraw(peer, &nlri),
        }
    }

    fn local(&mut self, peer: PeerId, announced: &[IpNet], withdrawn: &[IpNet]) {
        let now = self.now();
        let mut canonical = Vec::new();
        AttributeSet::local().encode(&mut canonical);
        let attributes = Attributes::from_canonical(&canonical);
        let (v4, v6) = split(withdrawn);
        self.shard.withdraw(peer, &v4);
        self.shard.withdraw(peer, &v6);
        let (v4, v6) = split(announced);
        let here = NextHop::V4(Ipv4Addr::UNSPECIFIED);
        self.shard.announce(peer, &attributes, here, &v4, now);
        let here = NextHop::V6 {
            global: Ipv6Addr::UNSPECIFIED,
            link_local: None,
        };
        self.shard.announce(peer, &attributes, here, &v6, now);
    }

    /// Whether all that can be expected after a start has been learned.
    fn check_settled(&mut self) {
        self.check_deferral();
        let loaded = self.configured
            && self
                .peers
                .values()
                .filter(|peer| {
                    matches!(peer.meta.kind, SourceKind::Neighbor { expected: true, .. })
                })
                .all(|peer| peer.ever_up && peer.loading.is_empty());
        if !self.settled && (self.window_over || loaded) {
            self.settled = true;
            if let Some(feed) = &mut self.feed {
                feed.settled();
            }
        }
    }

    /// `true`: stop.
    fn answer(&mut self, question: Question) -> bool {
        // Who asked may have gone away meanwhile; an answer that nobody reads is no fault.
        match question {
            Question::AddPeer {
                meta,
                config,
                mailbox,
                reply,
            } => {
                let id = self.shard.add_peer(*config);
                self.peers.insert(
                    id,
                    Peer {
                        meta,
                        mailbox,
                        epoch: None,
                        loading: Vec::new(),
                        waiting: false,
                        ever_up: false,
                        awaited: false,
                        passed: 0,
                    },
                );
                let _ = reply.send(id);
            }
            Question::ConfigurePeer { peer, meta, config } => {
                if let Some(state) = self.peers.get_mut(&peer) {
                    state.meta = meta;
                    state.passed = 0;
                }
                self.shard.configure_peer(peer, *config);
                self.check_settled();
            }
            Question::Decide(rules) => self.shard.set_decision(rules),
            Question::RemovePeer { peer } => {
                self.peers.remove(&peer);
                self.shard.remove_peer(peer);
                self.check_settled();
            }
            Question::Counters {
                peer,
                families,
                reply,
            } => {
                let counters = families
                    .iter()
                    .map(|family| self.shard.counters(peer, *family))
                    .collect();
                let _ = reply.send(counters);
            }
            Question::Totals { family, reply } => {
                let _ = reply.send(self.shard.totals(family));
            }
            Question::Routes {
                query,
                within,
                mut position,
                reply,
            } => {
                let mut routes = Vec::new();
                let more = self.list(query, within, &mut position, &mut routes);
                let _ = reply.send(Slice {
                    routes,
                    position,
                    more,
                });
            }
            Question::Kernel { reply } => {
                let _ = reply.send(self.kernel());
            }
            Question::ReplaceFib { fib, old, reply } => {
                let _ = reply.send(self.replace_fib(fib, old));
            }
            Question::Explain {
                asked,
                longest,
                reply,
            } => {
                let _ = reply.send(self.explain(asked, longest));
            }
            Question::FlushKernel { reply } => self.flush_kernel(reply),
            Question::Configured => {
                self.configured = true;
                self.check_settled();
            }
            Question::Kept { reply } => {
                let kept = match &self.feed {
                    Some(feed) => feed.worker().kept(),
                    None => Some((false, false)),
                };
                let _ = reply.send(kept);
            }
            Question::Defer => self.defer(),
            Question::DeferralOver => self.end_deferral(),
            Question::WindowOver => {
                self.window_over = true;
                self.check_settled();
            }
            Question::Stop { keep, reply } => {
                if let Some(feed) = self.feed.take() {
                    feed.shutdown(&mut self.shard, keep);
                }
                self.leftovers.finish();
                let _ = reply.send(());
                return true;
            }
        }
        false
    }

    fn list(
        &self,
        query: Query,
        within: Option<IpNet>,
        position: &mut rib::QueryPosition,
        routes: &mut Vec<view::Route>,
    ) -> bool {
        let now = self.now();
        let (peers, feed) = (&self.peers, self.feed.as_ref());
        self.shard
            .query(query, within, position, LISTING_SLICE, &mut |route| {
                let name = peers
                    .get(&route.peer)
                    .map_or("?", |peer| peer.meta.name.as_str());
                routes.push(answer::route(&route, name, query, feed, now));
            })
    }
}

enum Next {
    Question(Question),
    Learned(Learned),
    Bell,
}

fn split(prefixes: &[IpNet]) -> (Vec<Nlri<Ipv4Unicast>>, Vec<Nlri<Ipv6Unicast>>) {
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for prefix in prefixes {
        match prefix {
            IpNet::V4(prefix) => v4.push(nlri(prefix.trunc())),
            IpNet::V6(prefix) => v6.push(nlri(prefix.trunc())),
        }
    }
    (v4, v6)
}

fn nlri<F: AddressFamily<Payload = ()>>(key: F::Key) -> Nlri<F> {
    Nlri {
        path_id: PathId(0),
        key,
        payload: (),
    }
}
