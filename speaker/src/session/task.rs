//! The task of one neighbor.

use super::{
    connection::{Connection, Progress},
    connector::{Connector, Pace, words},
    ended::Ended,
    recording::{self, Recording},
    view::{self, SessionView},
};
use crate::{
    Event, clock,
    config::Password,
    engine::{Breach, Engine, Learned, Mailbox},
    host::Host,
};
use bgp_fsm::{
    Action, Command, ConnectFailure, DownReason, Received, Recorded, Slot, State, Timer,
};
use bgp_wire::{
    AsSets, Capability, Disposition, Family, Negotiated, Notification, Open, RouteRefresh, Update,
    UpdateContext,
};
use bytes::{Bytes, BytesMut};
use rib::{PathCount, PeerId, PeerUp};
use std::{
    collections::VecDeque,
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc, oneshot, watch},
    task::{AbortHandle, JoinHandle, JoinSet},
};
use tracing::{debug, info, warn};

/// Batches of one session in the engine's queue, the one being learned included.
const PLACES: usize = 2;
/// Cease/Other Configuration Change (RFC 4486).
const OTHER_CONFIGURATION_CHANGE: u8 = 6;
/// Without End-of-RIB in this time after Established a neighbor is taken to have sent all it has.
const LOADING: Duration = Duration::from_secs(30);
/// A neighbor of a range is gone when it had no connection for so long: one that is refused or
/// falls is damped meanwhile, and can be looked at.
const LINGER: Duration = Duration::from_secs(5);

/// Says `notification` on a connection that no session wants, and closes it.
pub(crate) fn reject(accepted: Accepted, notification: &Notification) {
    let mut connection = Connection::begun(accepted.stream, accepted.octets);
    notification.encode(&mut connection.urgent);
    tokio::spawn(connection.finish());
}

/// What a session is made of.
#[derive(Debug)]
pub(crate) struct SessionOptions {
    pub(crate) name: String,
    pub(crate) fsm: bgp_fsm::Config,
    /// What becomes of routes with sets in their path.
    pub(crate) as_sets: AsSets,
    pub(crate) connector: Connector,
    pub(crate) peer: PeerId,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) engine: Engine,
    pub(crate) host: watch::Receiver<Arc<Host>>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) events: broadcast::Sender<Event>,
    /// Feeds the jitter of the timers.
    pub(crate) seed: u64,
    /// Why it is not to be started, in words.
    pub(crate) disabled: Option<String>,
    /// It came by a range, and is gone with its session.
    pub(crate) dynamic: bool,
    /// Where it says what the supervisor has to know.
    pub(crate) reports: mpsc::Sender<Report>,
    /// The file that the session is recorded to.
    pub(crate) record: Option<PathBuf>,
}

/// What a session tells of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// A neighbor of a range is gone.
    Gone(PeerId),
    /// A limit ended the session until a person says otherwise; which, in words.
    Halted(PeerId, String),
}

/// What a session may be asked.
#[derive(Debug)]
pub(crate) enum SessionCommand {
    /// How it stands.
    View(oneshot::Sender<SessionView>),
    /// Our own restart is too long ago to be told of.
    RestartOver,
    /// Ask the neighbor for its routes again (RFC 2918); answered with what is done, in words, or
    /// why not.
    RefreshIn(oneshot::Sender<Result<String, String>>),
    /// Send it our routes again; answered likewise.
    RefreshOut(oneshot::Sender<Result<String, String>>),
    /// Have a session from now on.
    Enable,
    /// End the session with this NOTIFICATION, and have none until told otherwise; why, in words.
    Disable(Notification, String),
    /// End the session with this NOTIFICATION and begin anew.
    Restart(Notification),
    /// Go on under another name and with another TCP-MD5 key.
    Adopt {
        name: String,
        password: Option<Password>,
    },
    /// End it with this NOTIFICATION, or silently; answered when all is said and closed.
    Stop(Option<Notification>, oneshot::Sender<()>),
}

/// A connection that the neighbor made.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) stream: TcpStream,
    /// What was read of it already.
    pub(crate) octets: BytesMut,
}

impl Accepted {
    /// One of which nothing was read.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            octets: BytesMut::new(),
        }
    }
}

/// The other end of a session's task.
#[derive(Clone, Debug)]
pub(crate) struct SessionHandle {
    pub(crate) commands: mpsc::Sender<SessionCommand>,
    pub(crate) accepted: mpsc::Sender<Accepted>,
    /// Established.
    pub(crate) up: Arc<AtomicBool>,
}

/// Starts the task of one neighbor.
pub(crate) fn spawn(options: SessionOptions) -> (SessionHandle, JoinHandle<()>) {
    let (commands, commands_in) = mpsc::channel(16);
    let (accepted, accepted_in) = mpsc::channel(2);
    let up = Arc::new(AtomicBool::new(false));
    let now = clock::now();
    let (mut session, recording) = recording::begin(
        options.record.as_deref(),
        options.fsm.clone(),
        options.seed,
        now,
    );
    let seen = options.host.borrow().clone();
    let connected = is_connected(&options.connector, &seen);
    session.handle_command(Command::Reachability { connected }, now);
    if options.disabled.is_none() {
        session.handle_command(Command::AutomaticStart, now);
    }
    let task = Task {
        session,
        recording,
        ours: None,
        theirs: None,
        connecting: None,
        up: None,
        epoch: 0,
        outbox: VecDeque::new(),
        places: Arc::new(Semaphore::new(PLACES)),
        farewells: JoinSet::new(),
        faults: 0,
        last_fault: None,
        updates_out: 0,
        marks_out: 0,
        octets_in: 0,
        octets_out: 0,
        established: Arc::clone(&up),
        seen,
        connected,
        idle_since: Some(now),
        resume_at: None,
        ended: Ended::default(),
        last_failure: None,
        noted: None,
        said: None,
        options,
    };
    let task = tokio::spawn(task.run(commands_in, accepted_in));
    let handle = SessionHandle {
        commands,
        accepted,
        up,
    };
    (handle, task)
}

/// What is true only while Established.
#[derive(Debug)]
struct Up {
    slot: Slot,
    /// What is announced as next hop.
    hops: NextHops,
    context: UpdateContext,
    loading: AbortHandle,
}

type Connecting = Pin<Box<dyn Future<Output = Result<TcpStream, ConnectFailure>> + Send>>;

struct Task {
    options: SessionOptions,
    session: Recorded,
    recording: Option<Recording>,
    ours: Option<Connection>,
    theirs: Option<Connection>,
    connecting: Option<Connecting>,
    up: Option<Up>,
    epoch: u64,
    /// Toward the engine, in order. Nothing is read from the socket while anything is here.
    outbox: VecDeque<Learned>,
    /// In the engine's queue: two, so that one waits while one is learned, and a session with a
    /// whole table does not fill the queue before the others.
    places: Arc<Semaphore>,
    farewells: JoinSet<()>,
    faults: u64,
    last_fault: Option<String>,
    updates_out: u64,
    /// ROUTE-REFRESHes that enclose the answer to one (RFC 7313).
    marks_out: u64,
    /// Of connections that are closed.
    octets_in: u64,
    octets_out: u64,
    /// For who must know without asking.
    established: Arc<AtomicBool>,
    seen: Arc<Host>,
    connected: bool,
    /// Of a neighbor of a range: since when there is no connection; `None`: there is one.
    idle_since: Option<Instant>,
    /// When a session that a limit ended begins anew.
    resume_at: Option<Instant>,
    ended: Ended,
    /// The kind of trouble that was logged last, when it was, and why the last session ended.
    last_failure: Option<String>,
    noted: Option<Instant>,
    said: Option<String>,
}

enum Input {
    Timeout,
    Command(Option<SessionCommand>),
    Accepted(Accepted),
    Connected(Result<TcpStream, ConnectFailure>),
    Host(bool),
    Filled,
    Sent,
    Leaving,
    Resume,
    Breach(Breach),
    Progress(Slot, Progress),
}

impl Task {
    async fn run(
        mut self,
        mut commands: mpsc::Receiver<SessionCommand>,
        mut accepted: mpsc::Receiver<Accepted>,
    ) {
        let engine = self.options.engine.clone();
        let mut host = self.options.host.clone();
        let mut watching = true;
        loop {
            self.carry_out();
            recording::write(&mut self.recording, &mut self.session);
            let deadline = self.session.poll_timeout();
            let leaving = self.leaving();
            let reading = self.outbox.is_empty();
            let up = self.up.as_ref().map(|up| up.slot);
            let filling = up.is_some_and(|slot| {
                self.connection(slot)
                    .as_ref()
                    .is_some_and(Connection::wants_updates)
            });
            let input = tokio::select! {
                biased;
                () = until(deadline) => Input::Timeout,
                () = until(leaving) => Input::Leaving,
                () = until(self.resume_at) => Input::Resume,
                breach = self.options.mailbox.breached(), if up.is_some() => Input::Breach(breach),
                command = commands.recv() => Input::Command(command),
                Some(stream) = accepted.recv() => Input::Accepted(stream),
                result = attempt(&mut self.connecting) => Input::Connected(result),
                changed = host.changed(), if watching => Input::Host(changed.is_ok()),
                room = room(&engine, &self.places), if !reading => {
                    if let (Some((permit, place)), Some(learned)) = (room, self.outbox.pop_front()) {
                        permit.send(learned.with(place));
                    } else {
                        // The engine is gone: the speaker is stopping.
                        self.outbox.clear();
                    }
                    Input::Sent
                }
                () = self.options.mailbox.filled(), if filling => Input::Filled,
                progress = ready(&mut self.ours, reading) => Input::Progress(Slot::Ours, progress),
                progress = ready(&mut self.theirs, reading) => Input::Progress(Slot::Theirs, progress),
            };
            match input {
                Input::Timeout => self.timeout(),
                Input::Command(Some(SessionCommand::View(reply))) => {
                    // Who asked may have gone away meanwhile.
                    let _ = reply.send(self.view());
                }
                Input::Command(Some(SessionCommand::Stop(notification, done))) => {
                    self.stop(notification).await;
                    let _ = done.send(());
                    return;
                }
                Input::Command(Some(command)) => self.command(command),
                Input::Leaving => self.leave(),
                Input::Resume => self.enable(),
                Input::Breach(breach) => self.breached(breach),
                // Nobody holds the handle any more: the speaker was dropped.
                Input::Command(None) => {
                    self.stop(Some(Notification::administrative_shutdown("")))
                        .await;
                    return;
                }
                Input::Accepted(stream) => self.accepted(stream),
                Input::Connected(result) => self.connect_result(result),
                Input::Host(alive) => {
                    watching = alive;
                    let seen = host.borrow_and_update().clone();
                    self.host_changed(seen);
                }
                Input::Filled => self.mailbox_filled(),
                Input::Sent => {}
                Input::Progress(slot, progress) => self.progress(slot, progress),
            }
        }
    }

    fn connection(&mut self, slot: Slot) -> &mut Option<Connection> {
        match slot {
            Slot::Ours => &mut self.ours,
            Slot::Theirs => &mut self.theirs,
        }
    }

    /// Does all that the session asks for.
    fn carry_out(&mut self) {
        while self.farewells.try_join_next().is_some() {}
        loop {
            for slot in [Slot::Ours, Slot::Theirs] {
                let mut octets = Vec::new();
                if self.session.poll_transmit(slot, &mut octets)
                    && let Some(connection) = self.connection(slot)
                {
                    connection.urgent.append(&mut octets);
                }
            }
            match self.session.poll_action() {
                None => return self.note_trouble(),
                Some(Action::Connect) => {
                    let connector = self.options.connector.clone();
                    let pace = Arc::clone(&self.options.pace);
                    let host = self.options.host.clone();
                    self.connecting =
                        Some(Box::pin(
                            async move { connector.connect(&pace, &host).await },
                        ));
                }
                Some(Action::AbortConnect) => self.connecting = None,
                Some(Action::Close(slot)) => self.close(slot),
                Some(Action::Up(slot, negotiated)) => self.come_up(slot, &negotiated),
                Some(Action::Down { reason, retain }) => {
                    self.go_down(&reason, &retain);
                }
                Some(Action::Sweep(family)) => {
                    let peer = self.options.peer;
                    self.outbox.push_back(Learned::SweepStale { peer, family });
                }
                Some(Action::LongLivedStale(family)) => {
                    let peer = self.options.peer;
                    self.outbox
                        .push_back(Learned::LongLivedStale { peer, family });
                }
            }
        }
    }

    /// Says why a session does not come up, once a reason: a neighbor that is not there is tried
    /// again and again.
    fn note_trouble(&mut self) {
        let Some((reason, at)) = self.session.last_error() else {
            return;
        };
        if self.noted == Some(at) {
            return;
        }
        self.noted = Some(at);
        self.ended.note(reason, at, false);
        // "no answer within 1.8 s" and "within 2.0 s" are the same.
        let text: String = reason.to_string();
        let kind: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
        if self.last_failure.as_ref() == Some(&kind) {
            return;
        }
        match reason {
            // go_down has said it, or we were told to
            _ if self.said.as_ref() == Some(&text) => {}
            DownReason::Stopped(_) => {}
            DownReason::ConnectFailed(_) => {
                info!(neighbor = %self.options.name, reason = %text, "not up yet");
            }
            _ => warn!(neighbor = %self.options.name, reason = %text, "not up"),
        }
        self.last_failure = Some(kind);
    }

    fn close(&mut self, slot: Slot) {
        if let Some(connection) = self.connection(slot).take() {
            self.octets_in += connection.octets_in;
            self.octets_out += connection.octets_out;
            self.farewells.spawn(connection.finish());
        }
    }

    fn come_up(&mut self, slot: Slot, negotiated: &Negotiated) {
        self.last_failure = None;
        self.said = None;
        self.ended.came_up();
        self.established.store(true, Ordering::Relaxed);
        self.epoch = self.options.mailbox.begin();
        let local = self
            .connection(slot)
            .as_ref()
            .and_then(Connection::local_address);
        let hops = NextHops::toward(&self.seen, local, self.connected);
        self.outbox.push_back(Learned::Up {
            peer: self.options.peer,
            epoch: self.epoch,
            // RFC 4724 §4.1: who does not send it, or waits for ours, is not waited for.
            awaited: negotiated
                .graceful_restart
                .as_ref()
                .is_some_and(|restart| !restart.restarting),
            up: Box::new(PeerUp {
                max_message: negotiated.max_send,
                four_octet_as: negotiated.four_octet_as,
                next_hop_v4: hops.v4,
                next_hop_v6: hops.v6,
                ipv4_over_ipv6: negotiated.extended_next_hop.contains(&Family::IPV4_UNICAST),
                link_local: hops.link_local,
                enhanced_refresh: negotiated.enhanced_route_refresh,
                preserved: preserved(negotiated),
                add_path: add_path(negotiated),
                long_lived: if self.session.remote_open().is_some_and(knows_long_lived) {
                    negotiated.families.clone()
                } else {
                    Vec::new()
                },
                ..PeerUp::new(
                    negotiated.remote_id,
                    negotiated.remote_as,
                    negotiated.families.clone(),
                )
            }),
        });
        let (engine, peer, epoch) = (self.options.engine.clone(), self.options.peer, self.epoch);
        let loading = tokio::spawn(async move {
            tokio::time::sleep(LOADING).await;
            // A stopped engine has nothing to sweep.
            let _ = engine
                .routes()
                .send(Learned::AssumeLoaded { peer, epoch })
                .await;
        });
        self.up = Some(Up {
            slot,
            hops,
            context: UpdateContext {
                as_sets: self.options.as_sets,
                ..UpdateContext::new(negotiated)
            },
            loading: loading.abort_handle(),
        });
        info!(neighbor = %self.options.name, remote_as = %negotiated.remote_as,
              hold_time = negotiated.hold_time, "established");
        self.tell(Event::NeighborUp {
            neighbor: self.options.name.clone(),
        });
    }

    fn go_down(&mut self, reason: &DownReason, retain: &[Family]) {
        self.ended.note(reason, clock::now(), true);
        let reason = reason.to_string();
        if let Some(up) = self.up.take() {
            up.loading.abort();
        }
        self.established.store(false, Ordering::Relaxed);
        // What the ended session still had to say is withdrawn with the rest.
        self.outbox
            .retain(|learned| !matches!(learned, Learned::Updates { .. }));
        self.outbox.push_back(Learned::Down {
            peer: self.options.peer,
            epoch: self.epoch,
            retain: retain.to_vec(),
        });
        warn!(neighbor = %self.options.name, %reason, "session down");
        if !retain.is_empty() {
            let families: Vec<_> = retain.iter().map(ToString::to_string).collect();
            info!(neighbor = %self.options.name, families = families.join(", "),
                  "routes are kept while it restarts");
        }
        self.said = Some(reason.clone());
        self.tell(Event::NeighborDown {
            neighbor: self.options.name.clone(),
            reason,
        });
    }

    /// Nobody has to listen.
    fn tell(&self, event: Event) {
        let _ = self.options.events.send(event);
    }

    fn timeout(&mut self) {
        let unread = !self.outbox.is_empty()
            || self.up.as_ref().map(|up| up.slot).is_some_and(|slot| {
                self.connection(slot)
                    .as_ref()
                    .is_some_and(Connection::has_unread)
            });
        self.session.handle_timeout(clock::now(), unread);
    }

    fn accepted(&mut self, accepted: Accepted) {
        let Accepted { stream, octets } = accepted;
        if let Err(error) = self.options.connector.prepare(&stream) {
            // Without its options (GTSM most of all) a connection is not what was asked for.
            debug!(neighbor = %self.options.name, %error, "cannot set socket options");
            return;
        }
        if self.session.handle_connected(Slot::Theirs, clock::now()) {
            let read = !octets.is_empty();
            self.theirs = Some(Connection::begun(stream, octets));
            if read {
                self.carry_out();
                self.received(Slot::Theirs);
            }
        }
    }

    fn connect_result(&mut self, result: Result<TcpStream, ConnectFailure>) {
        self.connecting = None;
        match result {
            Ok(stream) => {
                if self.session.handle_connected(Slot::Ours, clock::now()) {
                    self.ours = Some(Connection::new(stream));
                }
            }
            Err(failure) => {
                self.session.handle_connect_failed(failure, clock::now());
            }
        }
    }

    fn host_changed(&mut self, host: Arc<Host>) {
        let now = clock::now();
        let connected = is_connected(&self.options.connector, &host);
        // A session over several hops may find another way.
        let direct = self.options.connector.multihop.is_none();
        // An interface that is gone, or was made anew with another index, takes its connections
        // along, whether or not the kernel had said already that its link is up.
        let index = |host: &Host| {
            let name = self.options.connector.interface.as_deref()?;
            host.link(name).map(|link| link.index)
        };
        let before = index(&self.seen);
        let replaced = before.is_some() && before != index(&host);
        let lost = replaced || (direct && self.connected && !connected);
        let appeared = host.links.values().any(|link| {
            link.up
                && self
                    .seen
                    .links
                    .get(&link.index)
                    .is_none_or(|before| !before.up)
        }) || host
            .addresses
            .iter()
            .any(|address| !self.seen.addresses.contains(address));
        self.seen = host;
        if connected != self.connected {
            self.connected = connected;
            self.session
                .handle_command(Command::Reachability { connected }, now);
        }
        if lost {
            // Nothing can be said to a neighbor whose link is gone, and nothing should be
            // forwarded to it until Hold ends.
            for slot in [Slot::Ours, Slot::Theirs] {
                let reason = "the link or address toward the neighbor is gone".to_owned();
                self.closed(slot, Some(reason));
            }
            // Routes through it would be kept in place of those of neighbors that are there.
            self.session.handle_command(Command::ForwardingLost, now);
        }
        if appeared {
            self.session.handle_command(Command::RetryNow, now);
        }
        self.check_next_hops();
    }

    /// A session of two families may come up before the other family has an address to be its next
    /// hop (duplicate address detection takes a second): when it has, the session begins anew,
    /// since routes of that family were not announced.
    fn check_next_hops(&mut self) {
        let Some(up) = &self.up else { return };
        let (slot, before) = (up.slot, up.hops);
        let has = |family| up.context.families.contains(&family);
        let (v4, v6) = (has(Family::IPV4_UNICAST), has(Family::IPV6_UNICAST));
        let over_v6 = &up.context.extended_next_hop;
        let v4 = v4 && !over_v6.contains(&Family::IPV4_UNICAST);
        let local = self
            .connection(slot)
            .as_ref()
            .and_then(Connection::local_address);
        let now = NextHops::toward(&self.seen, local, self.connected);
        if (v4 && before.v4.is_none() && now.v4.is_some())
            || (v6 && before.v6.is_none() && now.v6.is_some())
        {
            info!(neighbor = %self.options.name, "an address for the next hop has appeared");
            let notification = Notification::cease(OTHER_CONFIGURATION_CHANGE);
            self.session
                .handle_command(Command::Reset(notification), clock::now());
        }
    }

    fn mailbox_filled(&mut self) {
        let Some(slot) = self.up.as_ref().map(|up| up.slot) else {
            return;
        };
        let Some(outbound) = self.options.mailbox.take() else {
            return;
        };
        self.options.engine.drained();
        self.updates_out += outbound.updates;
        self.marks_out += outbound.refreshes;
        if let Some(connection) = self.connection(slot) {
            connection.queue_updates(outbound.octets);
        }
    }

    fn progress(&mut self, slot: Slot, progress: Progress) {
        let now = clock::now();
        match progress.written {
            // What a connection that is being closed still says is no sign of life.
            Ok(written)
                if written.octets > 0 && self.up.as_ref().is_some_and(|up| up.slot == slot) =>
            {
                self.session.handle_written(written.octets, now);
            }
            Ok(_) => {}
            // What the neighbor said last (a NOTIFICATION) tells more than the error.
            Err(error) => {
                if matches!(progress.read, Ok(Some(1..))) {
                    self.received(slot);
                    self.carry_out();
                }
                return self.closed(slot, Some(words(&error)));
            }
        }
        match progress.read {
            Ok(None) => {}
            Ok(Some(0)) => self.closed(slot, None),
            Ok(Some(_)) => self.received(slot),
            Err(error) => self.closed(slot, Some(words(&error))),
        }
    }

    fn closed(&mut self, slot: Slot, error: Option<String>) {
        // Gone already where the session itself has closed it.
        if let Some(connection) = self.connection(slot).take() {
            self.octets_in += connection.octets_in;
            self.octets_out += connection.octets_out;
            self.session.handle_closed(slot, error, clock::now());
        }
    }

    /// Frames and parses what was read, into one batch for the engine.
    fn received(&mut self, slot: Slot) {
        let now = clock::now();
        let Some(connection) = self.connection(slot) else {
            return;
        };
        let mut buffer = std::mem::take(&mut connection.received);
        let mut updates = Vec::new();
        while let Some(received) = self.session.handle_bytes(slot, &mut buffer, now) {
            // The message before may have made the session Established.
            self.carry_out();
            match received {
                Received::Update(message) => {
                    let Some(up) = &self.up else { break };
                    match Update::parse(message.clone(), &up.context) {
                        Ok(update) => {
                            self.note_faults(&update);
                            if let Some(family) = update.end_of_rib() {
                                self.session.handle_command(Command::EndOfRib(family), now);
                            }
                            updates.push(update);
                        }
                        Err(fault) => {
                            self.faults += 1;
                            self.last_fault = Some(fault.to_string());
                            let notification = fault.notification(&message);
                            self.session
                                .handle_command(Command::UpdateFault(fault, notification), now);
                            break;
                        }
                    }
                }
                Received::RouteRefresh(refresh) => {
                    self.send_batch(&mut updates);
                    let peer = self.options.peer;
                    self.outbox.push_back(Learned::Refresh { peer, refresh });
                }
            }
        }
        self.send_batch(&mut updates);
        if let Some(connection) = self.connection(slot) {
            connection.received = buffer;
            connection.give_back();
        }
    }

    fn send_batch(&mut self, updates: &mut Vec<Update<Bytes>>) {
        if !updates.is_empty() {
            let peer = self.options.peer;
            self.outbox.push_back(Learned::Updates {
                peer,
                updates: std::mem::take(updates),
                place: None,
            });
        }
    }

    fn note_faults(&mut self, update: &Update<Bytes>) {
        if update.disposition() == Disposition::Accept {
            return;
        }
        let Some(fault) = update.faults().max_by_key(bgp_wire::Fault::disposition) else {
            return;
        };
        let text = fault.to_string();
        if self.last_fault.as_ref() != Some(&text) {
            warn!(neighbor = %self.options.name, fault = %text, "malformed UPDATE");
        }
        self.faults += 1;
        self.last_fault = Some(text);
    }

    fn command(&mut self, command: SessionCommand) {
        let now = clock::now();
        match command {
            SessionCommand::RefreshIn(reply) => {
                let families = self.refreshable(true);
                for family in families.iter().flatten() {
                    self.session.handle_command(Command::Refresh(*family), now);
                }
                // Who asked may have gone away meanwhile.
                let _ = reply.send(families.map(|families| told("asked for", &families)));
            }
            SessionCommand::RefreshOut(reply) => {
                let families = self.refreshable(false);
                let peer = self.options.peer;
                for family in families.iter().flatten() {
                    let refresh = RouteRefresh::request(*family);
                    self.outbox.push_back(Learned::Refresh { peer, refresh });
                }
                let _ = reply.send(families.map(|families| told("sending again", &families)));
            }
            SessionCommand::Enable => self.enable(),
            SessionCommand::Disable(notification, why) => {
                self.resume_at = None;
                self.options.disabled = Some(why);
                let stop = Command::Stop(Some(notification));
                self.session.handle_command(stop, now);
            }
            SessionCommand::RestartOver => self.session.handle_command(Command::RestartOver, now),
            SessionCommand::Restart(_) if self.resume_at.is_some() => self.enable(),
            SessionCommand::Restart(notification) => {
                self.session
                    .handle_command(Command::Reset(notification), now);
            }
            SessionCommand::Adopt { name, password } => {
                self.options.name = name;
                if self.options.connector.password != password {
                    self.options.connector.password = password;
                    self.rekey();
                }
            }
            // Both are answered where the task's loop is.
            SessionCommand::View(_) | SessionCommand::Stop(..) => {}
        }
    }

    fn enable(&mut self) {
        self.resume_at = None;
        self.options.disabled = None;
        self.session.handle_command(Command::Start, clock::now());
    }

    /// The table says that a limit is reached.
    fn breached(&mut self, breach: Breach) {
        let Breach {
            notification,
            words,
            restart,
        } = breach;
        let now = clock::now();
        match restart {
            Some(after) => {
                self.resume_at = now.checked_add(after);
                let seconds = after.as_secs();
                self.options.disabled = Some(format!("{words}; beginning anew after {seconds} s"));
            }
            None => {
                self.options.disabled = Some(words.clone());
                let reports = self.options.reports.clone();
                let report = Report::Halted(self.options.peer, words);
                // A speaker that is stopping need not know.
                tokio::spawn(async move { reports.send(report).await });
            }
        }
        self.session
            .handle_command(Command::Stop(Some(notification)), now);
    }

    /// The families whose routes can be asked for, or sent, again.
    fn refreshable(&self, by_neighbor: bool) -> Result<Vec<Family>, String> {
        match self.session.negotiated().filter(|_| self.up.is_some()) {
            None => Err("is not Established: there is nothing to refresh".to_owned()),
            // RFC 2918 §4: only toward a peer that announced the capability.
            Some(negotiated) if by_neighbor && !negotiated.route_refresh => {
                Err("did not announce route refresh: restart it instead".to_owned())
            }
            Some(negotiated) => Ok(negotiated.families.clone()),
        }
    }

    /// The connections there are go on with the new key: what the neighbor signs with the old one
    /// is lost and sent again until it has the new one too, which Hold bounds.
    fn rekey(&mut self) {
        for connection in [&self.ours, &self.theirs].into_iter().flatten() {
            if let Err(error) = self.options.connector.sign(connection.socket()) {
                warn!(neighbor = %self.options.name, %error, "cannot change the TCP-MD5 key");
            }
        }
    }

    /// When a neighbor of a range is gone for good.
    fn leaving(&mut self) -> Option<Instant> {
        if !self.options.dynamic {
            return None;
        }
        let restarting = self
            .session
            .timers(clock::now())
            .any(|timer| matches!(timer.timer, Timer::Restart | Timer::LongLivedStale));
        let stays = self.ours.is_some()
            || self.theirs.is_some()
            || self.options.disabled.is_some()
            || restarting;
        if stays {
            self.idle_since = None;
            return None;
        }
        let since = *self.idle_since.get_or_insert_with(clock::now);
        since.checked_add(LINGER)
    }

    fn leave(&mut self) {
        // Said again later where nobody could hear it now.
        let _ = self
            .options
            .reports
            .try_send(Report::Gone(self.options.peer));
        self.idle_since = Some(clock::now());
    }

    async fn stop(&mut self, notification: Option<Notification>) {
        self.session
            .handle_command(Command::Stop(notification), clock::now());
        self.carry_out();
        recording::write(&mut self.recording, &mut self.session);
        self.connecting = None;
        for learned in self.outbox.drain(..) {
            if self.options.engine.routes().send(learned).await.is_err() {
                break;
            }
        }
        while self.farewells.join_next().await.is_some() {}
    }

    fn view(&mut self) -> SessionView {
        let mut neighbor = view::of_session(&self.session);
        self.ended.show(self.session.last_error(), &mut neighbor);
        neighbor.messages.updates_out = self.updates_out;
        neighbor.messages.refreshes_out += self.marks_out;
        neighbor.messages.octets_in = self.octets_in;
        neighbor.messages.octets_out = self.octets_out;
        neighbor.update_faults = self.faults;
        neighbor.last_update_fault.clone_from(&self.last_fault);
        for connection in [&self.ours, &self.theirs].into_iter().flatten() {
            neighbor.messages.octets_in += connection.octets_in;
            neighbor.messages.octets_out += connection.octets_out;
            let local = connection
                .local_address()
                .map(|address| address.ip().to_string());
            neighbor.source_address = neighbor.source_address.take().or(local);
        }
        if let Some(disabled) = &self.options.disabled {
            neighbor.waiting_for.clone_from(disabled);
        }
        SessionView {
            neighbor,
            up: self.session.state() == State::Established,
        }
    }
}

/// "asked for ipv4-unicast, ipv6-unicast"
fn told(what: &str, families: &[Family]) -> String {
    let families: Vec<_> = families.iter().map(ToString::to_string).collect();
    format!("{what} {}", families.join(", "))
}

/// Families in which we send several paths of a prefix, and how many the neighbor takes.
fn add_path(negotiated: &Negotiated) -> Vec<(Family, PathCount)> {
    let taken = |family: &Family| {
        let mut limits = negotiated.paths_limit.iter();
        let limit = limits.find(|limit| limit.family == *family);
        let paths = limit.map_or(PathCount::All, |limit| PathCount::Best(limit.limit));
        (*family, paths)
    };
    negotiated.add_path_send.iter().map(taken).collect()
}

/// Room in the engine's queue, and a place of our own in it; `None`: the engine is gone.
async fn room<'e>(
    engine: &'e Engine,
    places: &Arc<Semaphore>,
) -> Option<(mpsc::Permit<'e, Learned>, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    let permit = engine.routes().reserve().await.ok()?;
    Some((permit, place))
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

async fn attempt(connecting: &mut Option<Connecting>) -> Result<TcpStream, ConnectFailure> {
    match connecting {
        Some(connecting) => connecting.await,
        None => std::future::pending().await,
    }
}

async fn ready(connection: &mut Option<Connection>, may_read: bool) -> Progress {
    match connection {
        Some(connection) => connection.ready(may_read).await,
        None => std::future::pending().await,
    }
}

/// Families whose forwarding state the neighbor preserved over its restart. Of those among them
/// whose stale routes it gives up all the same the session tells by a sweep.
fn preserved(negotiated: &Negotiated) -> Vec<Family> {
    let restart = negotiated.graceful_restart.iter();
    let listed = restart.flat_map(|restart| restart.families.iter().copied());
    let long_lived = negotiated.long_lived.iter();
    listed
        .chain(long_lived.map(|entry| (entry.family, entry.forwarding)))
        .filter_map(|(family, preserved)| preserved.then_some(family))
        .collect()
}

/// RFC 9494 §4.3: only who announces the capability, for whatever families, is told long-lived
/// stale routes.
fn knows_long_lived(open: &Open) -> bool {
    open.capabilities
        .iter()
        .any(|capability| matches!(capability, Capability::LongLivedGracefulRestart(_)))
}

/// On a subnet of a link that is up.
fn is_connected(connector: &Connector, host: &Host) -> bool {
    match (&connector.interface, connector.address) {
        (Some(interface), IpAddr::V6(address)) if address.is_unicast_link_local() => {
            host.link(interface).is_some_and(|link| link.up)
        }
        (_, address) => address.is_loopback() || host.connected_to(address).is_some(),
    }
}

/// Our addresses as next hops on the link of a session.
#[derive(Clone, Copy, Debug, Default)]
struct NextHops {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
    link_local: Option<Ipv6Addr>,
}

impl NextHops {
    /// The session's own address for its own family; for the other one the first address of the
    /// same link. A link-local next hop is only for neighbors on the same link (RFC 2545 §3).
    fn toward(host: &Host, local: Option<SocketAddr>, connected: bool) -> Self {
        let Some(socket) = local else {
            return Self::default();
        };
        // The same link-local address may be on several links.
        let scope = match socket {
            SocketAddr::V6(socket) => socket.scope_id(),
            SocketAddr::V4(_) => 0,
        };
        let local = socket.ip().to_canonical();
        let link = host
            .addresses
            .iter()
            .find(|address| address.net.addr() == local && (scope == 0 || address.link == scope));
        let mut hops = Self::default();
        let on_link = host
            .addresses
            .iter()
            .filter(|address| link.is_some_and(|link| link.link == address.link))
            .filter(|address| !address.tentative);
        for address in on_link.map(|address| address.net.addr()).chain([local]) {
            match address {
                IpAddr::V4(address) => hops.v4 = hops.v4.or(Some(address)),
                IpAddr::V6(address) if address.is_unicast_link_local() => {
                    hops.link_local = hops.link_local.or(connected.then_some(address));
                }
                IpAddr::V6(address) => hops.v6 = hops.v6.or(Some(address)),
            }
        }
        match local {
            IpAddr::V4(address) => hops.v4 = Some(address),
            IpAddr::V6(address) if address.is_unicast_link_local() => {
                hops.link_local = Some(address);
            }
            IpAddr::V6(address) => hops.v6 = Some(address),
        }
        hops
    }
}
