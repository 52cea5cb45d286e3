//! The handle of a running speaker.

use crate::{
    Event,
    config::Config,
    engine::{Engine, Question},
    supervisor::{Act, Request, Selection},
    view,
};
use ipnet::IpNet;
use rib::{PeerId, Query, QueryPosition};
use std::fmt;
use tokio::sync::{broadcast, mpsc, oneshot};

/// A cloneable handle. The speaker goes on until [`Handle::shutdown`], or until the last handle
/// is dropped: then its sessions end with Cease/Administrative Shutdown.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(crate) supervisor: mpsc::Sender<Request>,
    pub(crate) engine: Engine,
    pub(crate) events: broadcast::Sender<Event>,
}

/// The speaker has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the speaker has stopped")
    }
}

impl std::error::Error for Stopped {}

/// How to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Cease/Administrative Shutdown with this text (RFC 9003); routes are kept in the kernel or
    /// removed as configured.
    Administrative(String),
    /// No NOTIFICATION, and routes stay in the kernel: neighbors with graceful restart keep
    /// forwarding (RFC 4724 §4.2).
    Graceful,
}

/// Which routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteFilter {
    /// This prefix and its more-specifics.
    pub within: Option<IpNet>,
    /// Which table.
    pub table: RouteTable,
}

/// Which table, by neighbor name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RouteTable {
    /// Every path of every prefix, best first.
    #[default]
    All,
    /// What a neighbor sent, rejected or not.
    Received(String),
    /// What a neighbor sent and was rejected, with the reason.
    Rejected(String),
    /// What a neighbor is told.
    Exported(String),
    /// What a neighbor is not told, with the reason.
    NotExported(String),
}

/// What [`Handle::apply`] changed, in words, one line a change; empty: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// "neighbor bgp1: export policy changed", …
    pub changes: Vec<String>,
}

/// A listing that goes on slice by slice; nothing is held in the speaker between slices.
#[derive(Debug)]
pub struct RouteListing {
    engine: Engine,
    query: Query,
    within: Option<IpNet>,
    position: Option<QueryPosition>,
}

impl RouteListing {
    /// The next slice (a few hundred routes at most); `None` at the end.
    ///
    /// # Errors
    /// The speaker has stopped.
    pub async fn next(&mut self) -> Result<Option<Vec<view::Route>>, Stopped> {
        while let Some(position) = self.position.take() {
            let (query, within) = (self.query, self.within);
            let slice = self
                .engine
                .ask(|reply| Question::Routes {
                    query,
                    within,
                    position,
                    reply,
                })
                .await
                .ok_or(Stopped)?;
            self.position = slice.more.then_some(slice.position);
            if !slice.routes.is_empty() {
                return Ok(Some(slice.routes));
            }
        }
        Ok(None)
    }
}

/// Which neighbors something is to be done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Neighbors {
    /// Every one that there is.
    All,
    /// The one of this name.
    Named(String),
}

/// Whose routes are to be said again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// The neighbor's.
    In,
    /// Ours.
    Out,
    /// Both sides'.
    Both,
}

/// What came of it for one neighbor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its name.
    pub neighbor: String,
    /// What was done, or why nothing could be, in words.
    pub outcome: Result<String, String>,
}

fn no_neighbor(name: &str, known: &[String]) -> String {
    if known.is_empty() {
        format!("no neighbor is called `{name}`: there is none at all")
    } else {
        format!(
            "no neighbor is called `{name}`; there are: {}",
            known.join(", ")
        )
    }
}

impl Handle {
    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.supervisor
            .send(request(reply))
            .await
            .map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }

    /// The speaker as a whole.
    ///
    /// # Errors
    /// The speaker has stopped.
    pub async fn status(&self) -> Result<view::Status, Stopped> {
        self.ask(Request::Status).await
    }

    /// All neighbors, in the configuration's order.
    ///
    /// # Errors
    /// The speaker has stopped.
    pub async fn neighbors(&self) -> Result<Vec<view::Neighbor>, Stopped> {
        self.ask(|reply| Request::Neighbors(None, reply)).await
    }

    /// One neighbor; `None`: no such name.
    ///
    /// # Errors
    /// The speaker has stopped.
    pub async fn neighbor(&self, name: &str) -> Result<Option<view::Neighbor>, Stopped> {
        let name = Some(name.to_owned());
        Ok(self
            .ask(|reply| Request::Neighbors(name, reply))
            .await?
            .pop())
    }

    /// Routes, slice by slice.
    ///
    /// # Errors
    /// What is wrong with the filter (no such neighbor), or that the speaker has stopped.
    pub async fn routes(&self, filter: RouteFilter) -> Result<RouteListing, String> {
        let query = match &filter.table {
            RouteTable::All => Query::All,
            RouteTable::Received(name) => Query::Received(self.peer(name).await?),
            RouteTable::Rejected(name) => Query::Rejected(self.peer(name).await?),
            RouteTable::Exported(name) => Query::Exported(self.peer(name).await?),
            RouteTable::NotExported(name) => Query::NotExported(self.peer(name).await?),
        };
        Ok(RouteListing {
            engine: self.engine.clone(),
            query,
            within: filter.within,
            position: Some(QueryPosition::default()),
        })
    }

    async fn peer(&self, name: &str) -> Result<PeerId, String> {
        let wanted = name.to_owned();
        self.ask(|reply| Request::Peer(wanted, reply))
            .await
            .map_err(|stopped| stopped.to_string())?
            .map_err(|known| no_neighbor(name, &known))
    }

    /// One prefix all the way, and where it stopped. An address (a prefix of full length) stands
    /// for the longest prefix that holds it.
    ///
    /// # Errors
    /// The speaker has stopped.
    pub async fn explain(&self, prefix: IpNet) -> Result<view::Explanation, Stopped> {
        self.ask(|reply| Request::Explain(prefix.trunc(), reply))
            .await?
            .ok_or(Stopped)
    }

    /// The kernel table.
    ///
    /// # Errors
    /// The speaker has stopped.
    pub async fn kernel(&self) -> Result<view::Kernel, Stopped> {
        self.engine
            .ask(|reply| Question::Kernel { reply })
            .await
            .ok_or(Stopped)
    }

    /// Takes our routes out of the kernel; they stay out until [`Handle::restore_kernel`], or
    /// until [`Handle::apply`] brings other settings for the kernel table. Sessions go on. What
    /// was there before comes back when the routes are gone.
    ///
    /// # Errors
    /// There is no kernel table, or the speaker has stopped.
    pub async fn flush_kernel(&self) -> Result<view::Kernel, String> {
        self.ask(Request::FlushKernel)
            .await
            .map_err(|stopped| stopped.to_string())?
    }

    /// Puts our routes back into the kernel after [`Handle::flush_kernel`].
    ///
    /// # Errors
    /// They are not out, the kernel cannot be used, or the speaker has stopped.
    pub async fn restore_kernel(&self) -> Result<(), String> {
        self.ask(Request::RestoreKernel)
            .await
            .map_err(|stopped| stopped.to_string())?
    }

    /// Lets a neighbor have a session. What is said here, or by [`disable`](Self::disable), holds
    /// over [`apply`](Self::apply) unless the configuration says something new.
    ///
    /// # Errors
    /// No such neighbor, or the speaker has stopped.
    pub async fn enable(&self, neighbors: Neighbors) -> Result<Vec<Done>, String> {
        self.act(neighbors, Act::Enable).await
    }

    /// Ends a neighbor's session with Cease/Administrative Shutdown and this text (RFC 9003, at most
    /// 255 octets), and lets it have none until it is enabled.
    ///
    /// # Errors
    /// No such neighbor, or the speaker has stopped.
    pub async fn disable(&self, neighbors: Neighbors, text: &str) -> Result<Vec<Done>, String> {
        self.act(neighbors, Act::Disable(text.to_owned())).await
    }

    /// Ends a neighbor's session with Cease/Administrative Reset and this text (RFC 9003), and
    /// begins anew. Without a session it connects at once.
    ///
    /// # Errors
    /// No such neighbor, or the speaker has stopped.
    pub async fn restart(&self, neighbors: Neighbors, text: &str) -> Result<Vec<Done>, String> {
        self.act(neighbors, Act::Restart(text.to_owned())).await
    }

    /// Asks a neighbor for its routes again (RFC 2918), sends it ours again, or both, in every
    /// negotiated family.
    ///
    /// # Errors
    /// No such neighbor, or the speaker has stopped.
    pub async fn refresh(&self, neighbors: Neighbors, which: Refresh) -> Result<Vec<Done>, String> {
        let mut done = Vec::new();
        if matches!(which, Refresh::In | Refresh::Both) {
            done = self.act(neighbors.clone(), Act::RefreshIn).await?;
        }
        if matches!(which, Refresh::Out | Refresh::Both) {
            done.extend(self.act(neighbors, Act::RefreshOut).await?);
        }
        Ok(done)
    }

    async fn act(&self, neighbors: Neighbors, act: Act) -> Result<Vec<Done>, String> {
        let selection = match &neighbors {
            Neighbors::All => Selection::All,
            Neighbors::Named(name) => Selection::Named(name.clone()),
        };
        let outcomes = self
            .ask(|reply| Request::Act(selection, act, reply))
            .await
            .map_err(|stopped| stopped.to_string())?;
        match (outcomes, neighbors) {
            (Ok(outcomes), _) => Ok(outcomes
                .into_iter()
                .map(|(neighbor, outcome)| Done { neighbor, outcome })
                .collect()),
            (Err(unknown), Neighbors::Named(name)) => Err(no_neighbor(&name, &unknown.known)),
            (Err(unknown), Neighbors::All) => Err(no_neighbor("all", &unknown.known)),
        }
    }

    /// Waits until the speaker has stopped, however that came about.
    pub async fn stopped(&self) {
        self.supervisor.closed().await;
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Goes over to `config`: only what differs is touched.
    ///
    /// # Errors
    /// In words; nothing was changed then.
    pub async fn apply(&self, config: Config) -> Result<Applied, String> {
        self.ask(|reply| Request::Apply(Box::new(config), reply))
            .await
            .map_err(|stopped| stopped.to_string())?
    }

    /// Stops the speaker and waits until everything is said and closed, and the kernel table is as
    /// configured. A speaker that has stopped already stays so.
    pub async fn shutdown(&self, how: Shutdown) {
        // An error says that it has stopped, which is what was wanted.
        let _ = self.ask(|reply| Request::Shutdown(how, reply)).await;
    }
}
