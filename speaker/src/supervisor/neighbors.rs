//! Neighbors that run: their session, their place in the table, and how both are shown.

use super::{Supervisor, compile, fsm};
use crate::{
    config::{Neighbor, PolicyRef},
    engine::{Mailbox, Question},
    session::{self, SessionCommand, SessionHandle, SessionOptions, SessionView},
    view,
};
use bgp_wire::Notification;
use rib::{PeerCounters, PeerId};
use std::sync::Arc;
use tokio::{sync::oneshot, task::JoinHandle};

/// A configured neighbor.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) config: Neighbor,
    pub(super) peer: PeerId,
    mailbox: Arc<Mailbox>,
    pub(super) session: SessionHandle,
    task: JoinHandle<()>,
}

impl Running {
    /// Ends the session; returns when all is said and closed.
    pub(super) async fn stop(self, notification: Option<Notification>) {
        let (done, stopped) = oneshot::channel();
        let command = SessionCommand::Stop(notification, done);
        if self.session.commands.send(command).await.is_ok() {
            // A task that ended without an answer has stopped as well.
            let _ = stopped.await;
        }
        if let Err(error) = self.task.await {
            tracing::error!(neighbor = %self.config.name, %error, "the session's task failed");
        }
    }
}

impl Supervisor {
    /// Adds a neighbor to the table and starts its session.
    pub(super) async fn start_neighbor(&mut self, config: Neighbor) -> Result<(), String> {
        let mailbox = Arc::new(Mailbox::default());
        let peer_config = compile::peer(&self.config, &config, self.router_id)?;
        let meta = compile::meta(&self.config, &config, &self.host.borrow());
        let peer = self
            .engine
            .ask(|reply| Question::AddPeer {
                meta,
                config: Box::new(peer_config),
                mailbox: Some(Arc::clone(&mailbox)),
                reply,
            })
            .await
            .ok_or("the engine has stopped")?;
        let running = self.start_session(config, peer, mailbox);
        self.neighbors.push(running);
        Ok(())
    }

    fn start_session(&mut self, config: Neighbor, peer: PeerId, mailbox: Arc<Mailbox>) -> Running {
        self.set_password(&config);
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let (session, task) = session::spawn(SessionOptions {
            name: config.name.clone(),
            fsm: fsm::session(&self.config, &config, self.router_id, &self.past),
            connector: compile::connector(&config, &self.host.borrow()),
            peer,
            mailbox: Arc::clone(&mailbox),
            engine: self.engine.clone(),
            host: self.host.clone(),
            pace: Arc::clone(&self.pace),
            events: self.events.clone(),
            seed: self.seed,
            disabled: config.disabled,
        });
        self.routing
            .insert(config.address, session.accepted.clone());
        Running {
            config,
            peer,
            mailbox,
            session,
            task,
        }
    }

    fn set_password(&self, neighbor: &Neighbor) {
        let Some(password) = &neighbor.password else {
            return;
        };
        for (address, listener) in &self.listeners {
            if let Err(error) = listener.set_password(neighbor.address, Some(password)) {
                tracing::error!(neighbor = %neighbor.name, listener = %address, %error,
                    "cannot set the TCP-MD5 password: the neighbor cannot connect to us");
            }
        }
    }

    /// Sets the TCP-MD5 keys of all neighbors on all listeners.
    pub(super) fn set_passwords(&self) {
        for running in &self.neighbors {
            self.set_password(&running.config);
        }
    }

    /// Ends the session at `index` and starts it again as `config` says; its place in the table
    /// stays, its routes go.
    pub(super) async fn restart_neighbor(&mut self, index: usize, config: Neighbor) {
        let old = self.neighbors.remove(index);
        self.forget(&old);
        let (peer, mailbox) = (old.peer, Arc::clone(&old.mailbox));
        old.stop(Some(Notification::cease(OTHER_CONFIGURATION_CHANGE)))
            .await;
        let running = self.start_session(config, peer, mailbox);
        self.neighbors.insert(index, running);
    }

    /// Ends the session at `index` for good.
    pub(super) async fn remove_neighbor(&mut self, index: usize) {
        let old = self.neighbors.remove(index);
        self.forget(&old);
        let peer = old.peer;
        old.stop(Some(Notification::cease(PEER_DECONFIGURED))).await;
        self.engine.tell(Question::RemovePeer { peer }).await;
    }

    fn forget(&self, old: &Running) {
        self.routing
            .remove(old.config.address, &old.session.accepted);
        if old.config.password.is_some() {
            for (_, listener) in &self.listeners {
                if let Err(error) = listener.set_password(old.config.address, None) {
                    tracing::warn!(neighbor = %old.config.name, %error,
                        "cannot take the TCP-MD5 password away");
                }
            }
        }
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
        neighbor.remote_as = config.remote_as.0;
        neighbor.local_as = compile::local_as(&self.config, config).0;
        neighbor.session_type = if external { "external" } else { "internal" }.to_owned();
        neighbor.md5 = config.password.is_some();
        neighbor.import = policy_name(&config.import, external);
        neighbor.export = policy_name(&config.export, external);
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

/// RFC 4486: subcodes of Cease.
const PEER_DECONFIGURED: u8 = 3;
const OTHER_CONFIGURATION_CHANGE: u8 = 6;

async fn ask_session(session: &SessionHandle) -> Option<SessionView> {
    let (reply, answer) = oneshot::channel();
    session
        .commands
        .send(SessionCommand::View(reply))
        .await
        .ok()?;
    answer.await.ok()
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
