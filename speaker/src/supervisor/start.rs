//! How a speaker comes up: everything that can fail is tried before anything is said on the wire.

use super::{Request, Supervisor, compile, entry, fsm};
use crate::{
    Handle, StartError, clock,
    config::{Config, Kernel, Limits, Neighbor},
    engine::{Engine, EngineOptions, Question, SourceKind, SourceMeta},
    fib::Fib,
    host,
    session::{Entry, Listener, Pace, Routing},
};
use bgp_wire::Family;
use rib::{PeerId, Protocol};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};
use tokio::sync::{broadcast, mpsc};

/// Requests of handles that may wait.
const REQUESTS: usize = 64;
/// Neighbors of ranges that may wait to be let in or out.
const INCOMING: usize = 64;
/// Events that a slow follower may lag behind.
const EVENTS: usize = 1024;
/// How long sessions wait at most for the kernel's table to be read, since their first OPEN says
/// whether forwarding was preserved; and how often that is looked at.
const READ_BACK: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(2);

/// What a speaker is made of.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) fib: Option<Box<dyn Fib>>,
}

/// A forwarding table and what is configured of it.
pub(crate) type KernelTable = (Box<dyn Fib>, Kernel);

/// Brings a speaker up.
pub(crate) async fn start(parts: Parts) -> Result<Handle, StartError> {
    let Parts { mut config, fib } = parts;
    let host = host::watch().map_err(|error| {
        StartError(format!(
            "cannot read this host's links and addresses: {error}"
        ))
    })?;
    let router_id = config
        .router_id
        .or_else(|| host.borrow().router_id())
        .ok_or_else(|| {
            StartError(
                "this host has no IPv4 address to take the router id from: set router-id"
                    .to_owned(),
            )
        })?;
    let own_fib = fib.is_some();
    let fib = match fib {
        Some(fib) => Some((fib, config.kernel.clone().unwrap_or_default())),
        None => open_fib(config.kernel.as_ref())?,
    };
    let (unknown, incoming) = mpsc::channel(INCOMING);
    let (reports, reports_in) = mpsc::channel(INCOMING);
    let routing = Routing::new(host.clone(), unknown);
    let entry = entry::of(&config);
    let listeners = open_listeners(&config.listen, &routing, &entry, &[]).map_err(StartError)?;
    let engine = Engine::start(EngineOptions { fib })
        .map_err(|error| StartError(format!("cannot start: {error}")))?;
    engine.tell(Question::Decide(config.decision)).await;
    let (events, _) = broadcast::channel(EVENTS);
    let connected_peer = local_source(
        &engine,
        &config,
        router_id,
        "connected",
        Protocol::Connected,
    )
    .await?;
    let static_peer = local_source(&engine, &config, router_id, "static", Protocol::Static).await?;
    let neighbors = std::mem::take(&mut config.neighbors);
    let mut supervisor = Supervisor {
        router_id,
        engine: engine.clone(),
        events: events.clone(),
        host,
        routing,
        pace: Arc::new(Pace::default()),
        listeners,
        entry,
        reports,
        neighbors: Vec::new(),
        connected_peer,
        static_peer,
        connected: BTreeMap::new(),
        started: clock::now(),
        own_fib,
        seed: seed(),
        past: fsm::Past::Running,
        config,
    };
    supervisor.update_connected().await;
    let prefixes = supervisor.config.static_prefixes.clone();
    supervisor
        .tell_local(static_peer, prefixes, Vec::new())
        .await;
    supervisor.past = past(&engine, &neighbors).await;
    if supervisor.past.restarted() {
        engine.tell(Question::Defer).await;
    }
    for neighbor in &neighbors {
        supervisor
            .start_neighbor(neighbor.clone(), None)
            .await
            .map_err(StartError)?;
    }
    supervisor.config.neighbors = neighbors;
    supervisor.past = fsm::Past::Running;
    supervisor.expect_ranges();
    engine.tell(Question::Configured).await;
    let (requests, requests_in) = mpsc::channel::<Request>(REQUESTS);
    tokio::spawn(supervisor.run(requests_in, incoming, reports_in));
    Ok(Handle {
        supervisor: requests,
        engine,
        events,
    })
}

/// What there was before our start, where any neighbor is to be told.
async fn past(engine: &Engine, neighbors: &[Neighbor]) -> fsm::Past {
    let mut kept = Vec::new();
    let tells = |neighbor: &Neighbor| neighbor.session.graceful_restart.asks().is_some();
    if neighbors.iter().any(tells) {
        let end = clock::now() + READ_BACK;
        let found = loop {
            match engine.ask(|reply| Question::Kept { reply }).await {
                Some(None) if clock::now() < end => tokio::time::sleep(LOOK).await,
                Some(Some(found)) => break found,
                // Not read in time, or the engine has stopped.
                Some(None) | None => break (false, false),
            }
        };
        kept.extend(found.0.then_some(Family::IPV4_UNICAST));
        kept.extend(found.1.then_some(Family::IPV6_UNICAST));
    }
    fsm::Past::Start { kept }
}

fn open_fib(kernel: Option<&Kernel>) -> Result<Option<KernelTable>, StartError> {
    let Some(kernel) = kernel else {
        return Ok(None);
    };
    let fib = super::apply::open_kernel(kernel, None).map_err(StartError)?;
    Ok(Some((fib, kernel.clone())))
}

/// All of `addresses`, or none; `others` are those that are open.
pub(super) fn open_listeners(
    addresses: &[SocketAddr],
    routing: &Arc<Routing>,
    entry: &Entry,
    others: &[Listener],
) -> Result<Vec<Listener>, String> {
    let mut listeners = Vec::new();
    for address in addresses {
        match Listener::open(*address, Arc::clone(routing), entry, others) {
            Ok(listener) => listeners.push(listener),
            // A host without IPv6 has nothing to listen on there.
            Err(error)
                if address.ip().is_unspecified()
                    && error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {}
            Err(error) => return Err(explain_listen(*address, &error)),
        }
    }
    Ok(listeners)
}

fn explain_listen(address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "cannot listen on {address}: port {port} is taken; is another BGP speaker running? \
             (see `ss -ltnp sport = :{port}`; `listen = []` accepts no connections)"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "cannot listen on {address}: permission denied; ports below 1024 need root or \
             CAP_NET_BIND_SERVICE"
        ),
        _ => format!("cannot listen on {address}: {error}"),
    }
}

async fn local_source(
    engine: &Engine,
    config: &Config,
    router_id: bgp_wire::RouterId,
    name: &str,
    protocol: Protocol,
) -> Result<PeerId, StartError> {
    engine
        .ask(|reply| Question::AddPeer {
            meta: SourceMeta {
                name: name.to_owned(),
                kind: SourceKind::Local,
                limits: Limits::default(),
            },
            config: Box::new(compile::local_peer(config, router_id, protocol)),
            mailbox: None,
            reply,
        })
        .await
        .ok_or_else(|| StartError("the engine has stopped".to_owned()))
}

/// Jitter differs from start to start and from process to process.
fn seed() -> u64 {
    let nanos = clock::wall()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    (nanos as u64) ^ (u64::from(std::process::id()) << 32)
}
