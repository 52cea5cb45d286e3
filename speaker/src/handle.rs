//! The handle of a running speaker.

use crate::{
    Event,
    config::Config,
    engine::{Engine, Question},
    supervisor::{Act, Request},
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

/// What may be done with a neighbor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeighborAction {
    /// Have a session. This and the next hold over [`Handle::apply`], unless the configuration says
    /// something new.
    Enable,
    /// End the session with Cease/Administrative Shutdown and this text (RFC 9003, cut at 255
    /// octets), and have none until it is enabled.
    Disable(String),
    /// End the session with Cease/Administrative Reset and this text, and begin anew. Without a
    /// session connect at once.
    Restart(String),
    /// Have the routes of every negotiated family said again (RFC 2918).
    Refresh(Refresh),
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

    /// Does something with a neighbor, or with all.
    ///
    /// # Errors
    /// No such neighbor, or the speaker has stopped.
    pub async fn act(
        &self,
        neighbors: Neighbors,
        action: NeighborAction,
    ) -> Result<Vec<view::Acted>, String> {
        let acts: &[Act] = match action {
            NeighborAction::Enable => &[Act::Enable],
            NeighborAction::Disable(text) => &[Act::Disable(text)],
            NeighborAction::Restart(text) => &[Act::Restart(text)],
            NeighborAction::Refresh(Refresh::In) => &[Act::RefreshIn],
            NeighborAction::Refresh(Refresh::Out) => &[Act::RefreshOut],
            NeighborAction::Refresh(Refresh::Both) => &[Act::RefreshIn, Act::RefreshOut],
        };
        let mut done = Vec::new();
        for act in acts {
            let outcomes = self
                .ask(|reply| Request::Act(neighbors.clone(), act.clone(), reply))
                .await
                .map_err(|stopped| stopped.to_string())?
                .map_err(|unknown| no_neighbor(&unknown.name, &unknown.known))?;
            done.extend(outcomes.into_iter().map(|(neighbor, outcome)| {
                let done = outcome.is_ok();
                view::Acted {
                    neighbor,
                    done,
                    what: outcome.unwrap_or_else(|why| why),
                }
            }));
        }
        Ok(done)
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
    /// configured. A speaker that has stopped already stays so. The answer is what a person should
    /// know of it, in words: neighbors that drop our routes although the stop is a graceful one.
    pub async fn shutdown(&self, how: Shutdown) -> Vec<String> {
        // An error says that it has stopped, which is what was wanted.
        let stopped = self.ask(|reply| Request::Shutdown(how, reply)).await;
        stopped.unwrap_or_default()
    }
}
