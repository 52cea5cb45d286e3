//! The supervisor: one task that owns the configuration and everything that comes and goes with
//! it: sessions, listeners, the host's own prefixes. It holds no routes and moves no octets.

mod apply;
mod commands;
mod compile;
mod dynamic;
mod entry;
mod explain;
mod fsm;
mod kernel;
mod neighbors;
mod start;
mod status;

pub(crate) use commands::{Act, Outcome, Unknown};
pub(crate) use start::{Parts, start};

use crate::{
    Applied, Event, Neighbors, Shutdown, clock,
    config::Config,
    engine::{Engine, Learned, Question},
    host::Host,
    origin,
    session::{Entry, Incoming, Listener, Pace, Report, Routing, SessionCommand},
    view,
};
use bgp_wire::{Notification, RouterId};
use ipnet::IpNet;
use neighbors::{Admin, Running};
use rib::PeerId;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

/// After a start, neighbors that are not there keep their routes in the kernel for so long
/// (the usual restart time of RFC 4724).
const RESTART_WINDOW: Duration = Duration::from_secs(120);

/// RFC 4724 §4.1, Selection_Deferral_Timer: after a restart nothing is announced for at most so
/// long. As long as a neighbor that sends no End-of-RIB may take, and well below the time for which
/// ours are asked to keep what we had said.
const SELECTION_DEFERRAL: Duration = Duration::from_secs(30);

/// What the handle asks.
#[derive(Debug)]
pub(crate) enum Request {
    Status(oneshot::Sender<view::Status>),
    /// All, or the one of this name.
    Neighbors(Option<String>, oneshot::Sender<Vec<view::Neighbor>>),
    /// The peer of a neighbor; the error lists the names that there are.
    Peer(String, oneshot::Sender<Result<PeerId, Vec<String>>>),
    /// To neighbors: the one of this name, or all.
    Act(
        Neighbors,
        Act,
        oneshot::Sender<Result<Vec<(String, Outcome)>, Unknown>>,
    ),
    Apply(Box<Config>, oneshot::Sender<Result<Applied, String>>),
    Explain(IpNet, oneshot::Sender<Option<view::Explanation>>),
    FlushKernel(oneshot::Sender<Result<view::Kernel, String>>),
    RestoreKernel(oneshot::Sender<Result<(), String>>),
    /// Answered with what a person should know of it, in words.
    Shutdown(Shutdown, oneshot::Sender<Vec<String>>),
}

pub(crate) struct Supervisor {
    config: Config,
    router_id: RouterId,
    engine: Engine,
    events: broadcast::Sender<Event>,
    host: watch::Receiver<Arc<Host>>,
    routing: Arc<Routing>,
    pace: Arc<Pace>,
    listeners: Vec<Listener>,
    /// What the listeners ask of connections.
    entry: Entry,
    /// For sessions, to say what is to be known of them.
    reports: mpsc::Sender<Report>,
    neighbors: Vec<Running>,
    connected_peer: PeerId,
    static_peer: PeerId,
    connected: BTreeMap<IpNet, String>,
    started: Instant,
    /// The embedder's own forwarding table: never replaced.
    own_fib: bool,
    seed: u64,
    /// What sessions that begin now say of the time before them.
    past: fsm::Past,
}

impl Supervisor {
    async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut incoming: mpsc::Receiver<Incoming>,
        mut reports: mpsc::Receiver<Report>,
    ) {
        let window = tokio::time::sleep(RESTART_WINDOW);
        let deferral = tokio::time::sleep(SELECTION_DEFERRAL);
        tokio::pin!(window, deferral);
        let (mut window_over, mut deferral_over, mut watching) = (false, false, true);
        let mut host = self.host.clone();
        loop {
            tokio::select! {
                biased;
                changed = host.changed(), if watching => {
                    watching = changed.is_ok();
                    host.borrow_and_update();
                    self.update_connected().await;
                    self.update_interfaces().await;
                }
                Some(report) = reports.recv() => self.heard(report).await,
                Some(new) = incoming.recv() => self.incoming(new).await,
                request = requests.recv() => match request {
                    Some(Request::Shutdown(how, reply)) => {
                        let warnings = self.shutdown(&how).await;
                        // Who asked may have gone away meanwhile.
                        let _ = reply.send(warnings);
                        return;
                    }
                    Some(request) => self.answer(request).await,
                    None => {
                        self.shutdown(&Shutdown::Administrative(String::new())).await;
                        return;
                    }
                },
                () = &mut window, if !window_over => {
                    window_over = true;
                    self.engine.tell(Question::WindowOver).await;
                    for running in &self.neighbors {
                        // A session that has ended has nothing to forget.
                        let _ = running.session.commands.send(SessionCommand::RestartOver).await;
                    }
                }
                () = &mut deferral, if !deferral_over => {
                    deferral_over = true;
                    self.engine.tell(Question::DeferralOver).await;
                }
            }
        }
    }

    async fn heard(&mut self, report: Report) {
        match report {
            Report::Gone(peer) => self.left(peer).await,
            Report::Halted(peer, words) => {
                if let Some(running) = self.neighbors.iter_mut().find(|it| it.peer == peer) {
                    running.admin = Admin::Limited(words);
                }
            }
        }
    }

    async fn answer(&mut self, request: Request) {
        // Who asked may have gone away meanwhile; an answer that nobody reads is no fault.
        match request {
            Request::Status(reply) => {
                let _ = reply.send(self.status().await);
            }
            Request::Neighbors(name, reply) => {
                let _ = reply.send(self.neighbor_views(name.as_deref()).await);
            }
            Request::Peer(name, reply) => {
                let found = self
                    .neighbors
                    .iter()
                    .find(|running| running.config.name == name);
                let known = || {
                    self.neighbors
                        .iter()
                        .map(|running| running.config.name.clone())
                };
                let _ = reply.send(
                    found
                        .map(|running| running.peer)
                        .ok_or_else(|| known().collect()),
                );
            }
            Request::Act(to, act, reply) => {
                let _ = reply.send(self.act(&to, &act).await);
            }
            Request::Apply(config, reply) => {
                let _ = reply.send(self.apply(*config).await);
            }
            Request::Explain(prefix, reply) => {
                let longest = prefix.prefix_len() == prefix.max_prefix_len();
                let _ = reply.send(self.explain(prefix, longest).await);
            }
            Request::FlushKernel(reply) => self.flush_kernel(reply),
            Request::RestoreKernel(reply) => {
                let _ = reply.send(self.restore_kernel().await);
            }
            Request::Shutdown(..) => {}
        }
    }

    /// Tells the table which connected prefixes came and went.
    async fn update_connected(&mut self) {
        let now = match &self.config.connected {
            Some(config) => origin::connected(&self.host.borrow(), config),
            None => BTreeMap::new(),
        };
        let announced: Vec<IpNet> = now
            .keys()
            .filter(|prefix| !self.connected.contains_key(prefix))
            .copied()
            .collect();
        let withdrawn: Vec<IpNet> = self
            .connected
            .keys()
            .filter(|prefix| !now.contains_key(prefix))
            .copied()
            .collect();
        self.connected = now;
        self.tell_local(self.connected_peer, announced, withdrawn)
            .await;
    }

    async fn tell_local(&self, peer: PeerId, announced: Vec<IpNet>, withdrawn: Vec<IpNet>) {
        if announced.is_empty() && withdrawn.is_empty() {
            return;
        }
        for prefix in &announced {
            tracing::info!(%prefix, "local prefix appeared");
        }
        for prefix in &withdrawn {
            tracing::info!(%prefix, "local prefix vanished");
        }
        let learned = Learned::Local {
            peer,
            announced,
            withdrawn,
        };
        // An engine that has stopped announces nothing any more.
        let _ = self.engine.routes().send(learned).await;
    }

    async fn shutdown(&mut self, how: &Shutdown) -> Vec<String> {
        self.listeners.clear();
        let warnings = match how {
            Shutdown::Graceful => self.not_graceful().await,
            Shutdown::Administrative(_) => Vec::new(),
        };
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let kept = self
            .config
            .kernel
            .as_ref()
            .is_some_and(|kernel| kernel.keep_on_exit);
        let (notification, keep) = match how {
            Shutdown::Administrative(text) => {
                (Some(Notification::administrative_shutdown(text)), kept)
            }
            Shutdown::Graceful => (None, true),
        };
        // The kernel table first: what the sessions' end withdraws is not to be removed when it
        // is to be kept.
        self.engine
            .ask(|reply| Question::Stop { keep, reply })
            .await;
        let stopping: Vec<_> = self
            .neighbors
            .drain(..)
            .map(|running| running.end(notification.clone()).1)
            .collect();
        futures_util::future::join_all(stopping).await;
        let uptime = clock::now().saturating_duration_since(self.started);
        tracing::info!(uptime = uptime.as_secs(), "stopped");
        warnings
    }
}
