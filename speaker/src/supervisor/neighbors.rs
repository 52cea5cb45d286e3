//! Neighbors that run: their session, their place in the table, and how both are shown.

use super::{Supervisor, compile, fsm};
use crate::{
    config::{LimitAction, Neighbor, PolicyRef},
    engine::{Mailbox, Question, SourceMeta},
    session::{self, Expected, SessionCommand, SessionHandle, SessionOptions, SessionView},
    view,
};
use bgp_wire::Notification;
use rib::{PeerCounters, PeerId};
use std::{future::Future, sync::Arc};
use tokio::{sync::oneshot, task::JoinHandle};

/// A neighbor that is there: configured, or come by a range.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) config: Neighbor,
    pub(super) peer: PeerId,
    /// The range that it came by.
    pub(super) range: Option<String>,
    pub(super) admin: Admin,
    meta: SourceMeta,
    mailbox: Arc<Mailbox>,
    pub(super) session: SessionHandle,
    task: JoinHandle<()>,
}

/// What outlives a session of a neighbor.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) peer: PeerId,
    pub(super) range: Option<String>,
    pub(super) admin: Admin,
    meta: SourceMeta,
    mailbox: Arc<Mailbox>,
}

/// Whether a neighbor is to have a session. What a command says holds until another command says
/// otherwise, or the configuration says something new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Admin {
    /// It is.
    Enabled,
    /// Not as the configuration has it.
    Configured,
    /// Not since a command said so, with this text for the neighbor.
    Commanded(String),
    /// Not since it passed a limit; which, in words.
    Limited(String),
}

impl Admin {
    fn of(config: &Neighbor) -> Self {
        if config.disabled {
            Self::Configured
        } else {
            Self::Enabled
        }
    }

    /// After a reload: what the configuration says anew goes before what a command said.
    pub(super) fn after(&self, was: &Neighbor, now: &Neighbor) -> Self {
        if was.disabled == now.disabled {
            self.clone()
        } else {
            Self::of(now)
        }
    }

    /// Why there is no session, in words.
    pub(super) fn disabled(&self) -> Option<String> {
        match self {
            Self::Enabled => None,
            Self::Configured => Some("disabled in the configuration".to_owned()),
            Self::Limited(words) => Some(format!("disabled for a limit: {words}")),
            Self::Commanded(text) if text.is_empty() => Some("disabled by command".to_owned()),
            Self::Commanded(text) => Some(format!("disabled by command: {text}")),
        }
    }
}

impl Running {
    /// What is to stay, and the end of the rest: done when all is said and closed.
    pub(super) fn end(
        self,
        notification: Option<Notification>,
    ) -> (Place, impl Future<Output = ()>) {
        let place = Place {
            peer: self.peer,
            range: self.range,
            admin: self.admin,
            meta: self.meta,
            mailbox: self.mailbox,
        };
        let (session, task, name) = (self.session, self.task, self.config.name);
        let end = async move {
            let (done, stopped) = oneshot::channel();
            let command = SessionCommand::Stop(notification, done);
            if session.commands.send(command).await.is_ok() {
                // A task that ended without an answer has stopped as well.
                let _ = stopped.await;
            }
            if let Err(error) = task.await {
                tracing::error!(neighbor = %name, %error, "the session's task failed");
            }
        };
        (place, end)
    }

    /// A session that has ended has nothing to be told.
    pub(super) async fn tell(&self, command: SessionCommand) {
        let _ = self.session.commands.send(command).await;
    }
}

impl Supervisor {
    /// Adds a neighbor to the table and starts its session.
    pub(super) async fn start_neighbor(
        &mut self,
        config: Neighbor,
        range: Option<String>,
    ) -> Result<(), String> {
        let mailbox = Arc::new(Mailbox::default());
        let peer_config = compile::peer(&self.config, &config, self.router_id)?;
        let meta = compile::meta(&self.config, &config, &self.host.borrow());
        let peer = self
            .engine
            .ask(|reply| Question::AddPeer {
                meta: meta.clone(),
                config: Box::new(peer_config),
                mailbox: Some(Arc::clone(&mailbox)),
                reply,
            })
            .await
            .ok_or("the engine has stopped")?;
        let place = Place {
            peer,
            range,
            admin: Admin::of(&config),
            meta,
            mailbox,
        };
        let running = self.start_session(config, place);
        self.neighbors.push(running);
        Ok(())
    }

    pub(super) fn start_session(&mut self, config: Neighbor, place: Place) -> Running {
        let Place {
            peer,
            range,
            admin,
            meta,
            mailbox,
        } = place;
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let (session, task) = session::spawn(SessionOptions {
            name: config.name.clone(),
            fsm: fsm::session(&self.config, &config, self.router_id, &self.past),
            as_sets: config.session.as_sets,
            connector: compile::connector(&config),
            peer,
            mailbox: Arc::clone(&mailbox),
            engine: self.engine.clone(),
            host: self.host.clone(),
            pace: Arc::clone(&self.pace),
            events: self.events.clone(),
            seed: self.seed,
            disabled: admin.disabled(),
            // Those of a range would all write to one file.
            record: config.session.record.clone().filter(|_| range.is_none()),
            dynamic: range.is_some(),
            reports: self.reports.clone(),
        });
        self.routing.insert(Expected {
            address: config.address,
            interface: config.interface.clone(),
            local: config.source_address,
            remote_as: config.remote_as,
            up: Arc::clone(&session.up),
            session: session.accepted.clone(),
        });
        Running {
            config,
            peer,
            range,
            admin,
            meta,
            mailbox,
            session,
            task,
        }
    }

    /// Takes a neighbor out; from now on it is expected no more.
    pub(super) fn take_neighbor(&mut self, index: usize) -> Running {
        let running = self.neighbors.remove(index);
        self.forget(&running);
        running
    }

    /// Connections are no longer for this neighbor.
    pub(super) fn forget(&self, running: &Running) {
        self.routing
            .remove(running.config.address, &running.session.accepted);
    }

    /// Ends a neighbor for good.
    pub(super) async fn remove_neighbor(
        &mut self,
        running: Running,
        notification: Option<Notification>,
    ) {
        let (place, end) = running.end(notification);
        end.await;
        self.engine
            .tell(Question::RemovePeer { peer: place.peer })
            .await;
    }

    /// Tells the table who a neighbor is now.
    pub(super) async fn configure_neighbor(
        &self,
        running: &mut Running,
        config: &Neighbor,
    ) -> Result<(), String> {
        let meta = compile::meta(&self.config, config, &self.host.borrow());
        running.meta = meta.clone();
        let peer = running.peer;
        let config = Box::new(compile::peer(&self.config, config, self.router_id)?);
        self.engine
            .tell(Question::ConfigurePeer { peer, meta, config })
            .await;
        Ok(())
    }

    /// The interface of a neighbor may have been made anew, under another index.
    pub(super) async fn update_interfaces(&mut self) {
        let mut neighbors = std::mem::take(&mut self.neighbors);
        for running in &mut neighbors {
            let meta = compile::meta(&self.config, &running.config, &self.host.borrow());
            if running.meta != meta {
                let config = running.config.clone();
                if let Err(error) = self.configure_neighbor(running, &config).await {
                    tracing::error!(neighbor = %config.name, error, "cannot follow its interface");
                }
            }
        }
        self.neighbors = neighbors;
    }

    /// All neighbors, or the one called `name`.
    pub(super) async fn neighbor_views(&self, name: Option<&str>) -> Vec<view::Neighbor> {
        let wanted = |running: &&Running| name.is_none_or(|name| running.config.name == name);
        let views = self
            .neighbors
            .iter()
            .filter(wanted)
            .map(|running| self.neighbor_view(running));
        futures_util::future::join_all(views).await
    }

    async fn neighbor_view(&self, running: &Running) -> view::Neighbor {
        let config = &running.config;
        let session = ask_session(&running.session).await;
        let counters = self
            .engine
            .ask(|reply| Question::Counters {
                peer: running.peer,
                families: config.families.clone(),
                reply,
            })
            .await
            .unwrap_or_default();
        let external = compile::is_external(&self.config, config);
        let mut neighbor = session.map(|session| session.neighbor).unwrap_or_default();
        neighbor.name.clone_from(&config.name);
        neighbor.description.clone_from(&config.description);
        neighbor.address = match &config.interface {
            Some(interface) => format!("{}%{interface}", config.address),
            None => config.address.to_string(),
        };
        neighbor.port = config.port;
        neighbor.range.clone_from(&running.range);
        neighbor.disabled = running.admin.disabled();
        neighbor.remote_as = config.remote_as.0;
        neighbor.local_as = compile::local_as(&self.config, config).0;
        neighbor.session_type = if external { "external" } else { "internal" }.to_owned();
        neighbor.md5 = config.password.is_some();
        neighbor.import = policy_name(&config.import, external);
        neighbor.export = policy_name(&config.export, external);
        neighbor.limits = limit_uses(config, &counters);
        neighbor.families = config
            .families
            .iter()
            .zip(counters)
            .map(|(family, counters)| family_counts(*family, &counters))
            .collect();
        let linted = crate::config::lint::neighbor(&self.config, config, &self.host.borrow());
        neighbor.warnings.splice(0..0, linted);
        // The kernel drops what is not signed with our key, also a refusal.
        let silent = |error: &String| error.contains("timed out");
        if neighbor.md5 && neighbor.last_error.as_ref().is_some_and(silent) {
            neighbor.warnings.push(
                "with TCP-MD5 a neighbor that does not listen and one that has another password \
                 look the same: neither answers"
                    .to_owned(),
            );
        }
        neighbor
    }

    /// Who will drop our routes when we go without a word, and why.
    pub(super) async fn not_graceful(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for running in &self.neighbors {
            let Some(session) = ask_session(&running.session).await.filter(|it| it.up) else {
                continue;
            };
            let theirs = &session.neighbor.remote_capabilities;
            let restarts = |capability: &String| capability.starts_with("graceful restart");
            let why = if running.config.session.graceful_restart.asks().is_none() {
                "we do not ask it to keep them (graceful-restart)"
            } else if theirs.iter().any(restarts) {
                continue;
            } else {
                "it did not announce graceful restart"
            };
            let name = &running.config.name;
            warnings.push(format!("neighbor {name} will drop our routes: {why}"));
        }
        warnings
    }

    /// How many sessions are Established.
    pub(super) async fn established(&self) -> usize {
        let sessions = self
            .neighbors
            .iter()
            .map(|running| ask_session(&running.session));
        let sessions = futures_util::future::join_all(sessions).await;
        sessions
            .iter()
            .flatten()
            .filter(|session| session.up)
            .count()
    }
}

async fn ask_session(session: &SessionHandle) -> Option<SessionView> {
    let (reply, answer) = oneshot::channel();
    session
        .commands
        .send(SessionCommand::View(reply))
        .await
        .ok()?;
    answer.await.ok()
}

fn limit_uses(config: &Neighbor, counters: &[PeerCounters]) -> Vec<view::LimitUse> {
    let mut uses = Vec::new();
    for (family, counters) in config.families.iter().zip(counters) {
        let limits = &config.limits;
        for (what, limit, prefixes, left_out) in [
            (
                "received",
                limits.received,
                counters.received,
                counters.refused,
            ),
            (
                "imported",
                limits.imported,
                counters.accepted,
                counters.limited,
            ),
            (
                "exported",
                limits.exported,
                counters.announced,
                counters.held_back,
            ),
        ] {
            let Some((limit, most)) = limit.and_then(|it| Some((it, it.of(*family)?))) else {
                continue;
            };
            uses.push(view::LimitUse {
                what: what.to_owned(),
                family: family.to_string(),
                prefixes,
                limit: most.into(),
                action: match limit.action {
                    LimitAction::Warn => "warn",
                    LimitAction::Block => "block",
                    LimitAction::Restart(_) => "restart",
                    LimitAction::Disable => "disable",
                }
                .to_owned(),
                left_out,
            });
        }
    }
    uses
}

fn policy_name(policy: &PolicyRef, external: bool) -> String {
    match policy {
        PolicyRef::Missing if external => "missing",
        PolicyRef::Missing | PolicyRef::All => "all",
        PolicyRef::None => "none",
        PolicyRef::Filter(name) => name,
    }
    .to_owned()
}

fn family_counts(family: bgp_wire::Family, counters: &PeerCounters) -> view::FamilyCounts {
    view::FamilyCounts {
        family: family.to_string(),
        received: counters.received,
        imported: counters.accepted,
        filtered: counters.received.saturating_sub(counters.accepted),
        preferred: counters.best,
        stale: counters.stale,
        long_lived_stale: counters.long_lived_stale,
        exported: counters.announced,
        announcements_in: counters.announcements_in,
        withdrawals_in: counters.withdrawals_in,
        announcements_out: counters.announcements_out,
        withdrawals_out: counters.withdrawals_out,
    }
}
