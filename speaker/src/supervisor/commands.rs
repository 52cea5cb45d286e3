//! What a person may do with neighbors.

use super::{
    Supervisor,
    neighbors::{Admin, Running},
};
use crate::{Neighbors, session::SessionCommand};
use bgp_wire::Notification;
use tokio::sync::oneshot;

/// No neighbor has this name; the others are the names that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) name: String,
    pub(crate) known: Vec<String>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Have a session, from now on.
    Enable,
    /// Have none from now on; the text goes to the neighbor (RFC 9003).
    Disable(String),
    /// End the session and begin anew; the text goes to the neighbor.
    Restart(String),
    /// Ask for its routes again (RFC 2918).
    RefreshIn,
    /// Send it ours again.
    RefreshOut,
}

/// What came of it for one neighbor, in words.
pub(crate) type Outcome = Result<String, String>;

impl Supervisor {
    /// By neighbor, with its name.
    pub(super) async fn act(
        &mut self,
        to: &Neighbors,
        act: &Act,
    ) -> Result<Vec<(String, Outcome)>, Unknown> {
        let mut outcomes = Vec::new();
        for running in &mut self.neighbors {
            let meant = match to {
                Neighbors::All => true,
                Neighbors::Named(name) => running.config.name == *name,
            };
            if meant {
                let outcome = act_on(running, act).await;
                if let Ok(done) = &outcome {
                    tracing::info!(neighbor = %running.config.name, "by command: {done}");
                }
                outcomes.push((running.config.name.clone(), outcome));
            }
        }
        if let (Neighbors::Named(name), true) = (to, outcomes.is_empty()) {
            let known = self.neighbors.iter();
            return Err(Unknown {
                name: name.clone(),
                known: known.map(|running| running.config.name.clone()).collect(),
            });
        }
        Ok(outcomes)
    }
}

async fn act_on(running: &mut Running, act: &Act) -> Outcome {
    let disabled = running.admin.disabled();
    match act {
        Act::Enable if disabled.is_none() => {
            // It may wait for its time after a limit.
            running.tell(SessionCommand::Enable).await;
            return Ok("was enabled already".to_owned());
        }
        Act::Enable | Act::Disable(_) => {}
        Act::Restart(_) | Act::RefreshIn | Act::RefreshOut => {
            if let Some(disabled) = disabled {
                let name = &running.config.name;
                return Err(format!("is {disabled}; `myna enable {name}` starts it"));
            }
        }
    }
    match act {
        Act::Enable => {
            running.admin = Admin::Enabled;
            running.tell(SessionCommand::Enable).await;
            Ok("enabled".to_owned())
        }
        Act::Disable(text) => {
            running.admin = Admin::Commanded(text.clone());
            let why = running.admin.disabled().unwrap_or_default();
            let notification = Notification::administrative_shutdown(text);
            let command = SessionCommand::Disable(notification, why);
            running.tell(command).await;
            Ok("disabled, also over a reload, until it is enabled".to_owned())
        }
        Act::Restart(text) => {
            let notification = Notification::administrative_reset(text);
            running.tell(SessionCommand::Restart(notification)).await;
            Ok("session begun anew".to_owned())
        }
        Act::RefreshIn => refresh(running, SessionCommand::RefreshIn).await,
        Act::RefreshOut => refresh(running, SessionCommand::RefreshOut).await,
    }
}

async fn refresh(
    running: &Running,
    command: impl FnOnce(oneshot::Sender<Outcome>) -> SessionCommand,
) -> Outcome {
    let (reply, answer) = oneshot::channel();
    running.tell(command(reply)).await;
    let ended = || Err("its session has just ended".to_owned());
    answer.await.unwrap_or_else(|_| ended())
}
