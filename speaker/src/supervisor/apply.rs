//! Going over to another configuration: only what differs is touched.
//!
//! What can fail is done first and undone by being dropped, so that an error leaves everything as
//! it was.

use super::{Supervisor, compile, start};
use crate::{
    Applied,
    config::{Config, Kernel, Neighbor, PolicyRef, Treatment},
    engine::{OldRoutes, Question},
    fib::{Fib, NetlinkFib},
};
use std::net::SocketAddr;

impl Supervisor {
    pub(super) async fn apply(&mut self, new: Config) -> Result<Applied, String> {
        let old = self.config.clone();
        if old == new {
            return Ok(Applied::default());
        }
        let router_id = new
            .router_id
            .or_else(|| {
                // Without one in the file the id chosen at the start stays as long as it is ours.
                old.router_id.is_none().then_some(self.router_id)
            })
            .or_else(|| self.host.borrow().router_id())
            .ok_or("this host has no IPv4 address to take the router id from: set router-id")?;
        for neighbor in &new.neighbors {
            compile::peer(&new, neighbor, router_id)?;
        }
        let added: Vec<SocketAddr> = new
            .listen
            .iter()
            .filter(|address| !old.listen.contains(address))
            .copied()
            .collect();
        let listeners = start::open_listeners(&added, &self.routing, &new.neighbors)?;
        let fib = if new.kernel != old.kernel && !self.own_fib {
            Some(match &new.kernel {
                Some(kernel) => {
                    let mut fib = open_kernel(kernel)?;
                    if let Some(old) = old.kernel.as_ref().filter(|old| inherits(old, kernel)) {
                        fib = fib.inheriting(old);
                    }
                    Some((Box::new(fib) as Box<dyn Fib>, kernel.clone()))
                }
                None => None,
            })
        } else {
            None
        };

        // From here on nothing can be refused.
        let mut changes = Vec::new();
        self.config = new.clone();
        if old.listen != new.listen {
            self.listeners
                .retain(|(address, _)| new.listen.contains(address));
            self.listeners.extend(listeners);
            changes.push("listen: addresses changed".to_owned());
        }
        if let Some(fib) = fib {
            // The old table's routes go when they would be somewhere else from now on.
            let moved = match (&old.kernel, &new.kernel) {
                (Some(old), Some(new)) => (old.table, old.metric) != (new.table, new.metric),
                (Some(old), None) => !old.keep_on_exit,
                (None, _) => false,
            };
            let old = if moved {
                OldRoutes::Remove
            } else {
                OldRoutes::Keep
            };
            let replaced = self
                .engine
                .ask(|reply| Question::ReplaceFib { fib, old, reply })
                .await;
            changes.push(match replaced {
                Some(Err(error)) => format!("kernel: cannot start: {error}"),
                _ => "kernel: settings changed".to_owned(),
            });
        }
        if old.control != new.control {
            changes.push("control: takes effect after a restart".to_owned());
        }
        let identity = (old.local_as, self.router_id) != (new.local_as, router_id);
        if identity {
            self.router_id = router_id;
            changes.push(format!("router id {router_id}, local AS {}", new.local_as));
        }
        self.apply_origins(&old, &new, &mut changes).await;
        self.apply_neighbors(&old, &new, identity, &mut changes)
            .await?;
        Ok(Applied { changes })
    }

    async fn apply_origins(&mut self, old: &Config, new: &Config, changes: &mut Vec<String>) {
        if old.connected != new.connected {
            changes.push("connected: interfaces changed".to_owned());
            self.update_connected().await;
        }
        let is_new = |prefix: &&ipnet::IpNet| !old.static_prefixes.contains(prefix);
        let is_gone = |prefix: &&ipnet::IpNet| !new.static_prefixes.contains(prefix);
        let announced: Vec<_> = new.static_prefixes.iter().filter(is_new).copied().collect();
        let withdrawn: Vec<_> = old
            .static_prefixes
            .iter()
            .filter(is_gone)
            .copied()
            .collect();
        changes.extend(
            announced
                .iter()
                .map(|prefix| format!("static: {prefix} added")),
        );
        changes.extend(
            withdrawn
                .iter()
                .map(|prefix| format!("static: {prefix} removed")),
        );
        self.tell_local(self.static_peer, announced, withdrawn)
            .await;
    }

    async fn apply_neighbors(
        &mut self,
        old: &Config,
        new: &Config,
        identity: bool,
        changes: &mut Vec<String>,
    ) -> Result<(), String> {
        let mut index = 0;
        while let Some(running) = self.neighbors.get(index) {
            let name = running.config.name.clone();
            if new.neighbors.iter().any(|neighbor| neighbor.name == name) {
                index += 1;
            } else {
                self.remove_neighbor(index).await;
                changes.push(format!("neighbor {name}: removed"));
            }
        }
        for neighbor in &new.neighbors {
            let index = self
                .neighbors
                .iter()
                .position(|running| running.config.name == neighbor.name);
            match index {
                None => {
                    self.start_neighbor(neighbor.clone()).await?;
                    changes.push(format!("neighbor {}: added", neighbor.name));
                }
                Some(index) => {
                    self.apply_neighbor(index, old, new, neighbor, identity, changes)
                        .await?;
                }
            }
        }
        // An address may have moved from one neighbor to another, and with it its key.
        self.set_passwords();
        let order = |name: &str| {
            new.neighbors
                .iter()
                .position(|neighbor| neighbor.name == name)
        };
        self.neighbors
            .sort_by_key(|running| order(&running.config.name));
        Ok(())
    }

    async fn apply_neighbor(
        &mut self,
        index: usize,
        old: &Config,
        new: &Config,
        neighbor: &Neighbor,
        identity: bool,
        changes: &mut Vec<String>,
    ) -> Result<(), String> {
        let Some(running) = self.neighbors.get_mut(index) else {
            return Ok(());
        };
        let was = running.config.clone();
        let name = &neighbor.name;
        let policies = [
            ("import", &was.import, &neighbor.import),
            ("export", &was.export, &neighbor.export),
        ]
        .into_iter()
        .filter(|(_, before, after)| before != after || filter_changed(after, old, new))
        .map(|(direction, ..)| direction)
        .collect::<Vec<_>>();
        let cluster = old.cluster_id != new.cluster_id;
        if was != *neighbor || identity || cluster || !policies.is_empty() {
            let (peer, host) = (running.peer, self.host.borrow().clone());
            let config = Box::new(compile::peer(new, neighbor, self.router_id)?);
            let meta = compile::meta(new, neighbor, &host);
            self.engine
                .tell(Question::ConfigurePeer { peer, meta, config })
                .await;
            if cluster || was.treatment != neighbor.treatment {
                changes.push(format!("neighbor {name}: treatment of routes changed"));
            }
            changes.extend(
                policies
                    .iter()
                    .map(|it| format!("neighbor {name}: {it} policy changed")),
            );
        }
        if identity || needs_restart(&was, neighbor) {
            self.restart_neighbor(index, neighbor.clone()).await;
            changes.push(format!(
                "neighbor {name}: session restarted with its new settings"
            ));
        } else if let Some(running) = self.neighbors.get_mut(index) {
            if was.description != neighbor.description {
                changes.push(format!("neighbor {name}: description changed"));
            }
            running.config = neighbor.clone();
        }
        Ok(())
    }
}

/// The table that [kernel] names.
pub(super) fn open_kernel(kernel: &Kernel) -> Result<NetlinkFib, String> {
    NetlinkFib::open(kernel)
        .map_err(|error| format!("cannot use the kernel's routing table: {error}"))
}

/// The routes stay in their places and only change their protocol number: the kernel would take
/// the old ones for somebody else's, in the way of the new.
fn inherits(old: &Kernel, new: &Kernel) -> bool {
    (old.table, old.metric) == (new.table, new.metric) && old.protocol != new.protocol
}

fn filter_changed(policy: &PolicyRef, old: &Config, new: &Config) -> bool {
    match policy {
        PolicyRef::Filter(name) => old.filters.get(name) != new.filters.get(name),
        _ => false,
    }
}

/// Whether a change can only be had with a new session: all but policies and words for people.
fn needs_restart(old: &Neighbor, new: &Neighbor) -> bool {
    let same_words = Neighbor {
        description: new.description.clone(),
        import: new.import.clone(),
        export: new.export.clone(),
        treatment: Treatment {
            role: old.treatment.role,
            ..new.treatment.clone()
        },
        ..old.clone()
    };
    same_words != *new
}
