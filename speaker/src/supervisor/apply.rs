//! Going over to another configuration: only what differs is touched.
//!
//! What can fail is done first and undone by being dropped, so that an error leaves everything as
//! it was.

use super::{
    Supervisor, compile, entry,
    neighbors::{Place, Running},
    start,
};
use crate::{
    Applied,
    config::{Config, Kernel, Neighbor, PolicyRef, Range, Treatment},
    engine::{OldRoutes, Question},
    fib::{DryRun, Fib, NetlinkFib},
    session::SessionCommand,
};
use bgp_wire::{Notification, iana::notification::cease};
use std::net::SocketAddr;
use tokio::sync::oneshot;

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
        for neighbor in new.all_neighbors() {
            compile::peer(&new, neighbor, router_id)?;
        }
        let added: Vec<SocketAddr> = new
            .listen
            .iter()
            .filter(|address| !old.listen.contains(address))
            .copied()
            .collect();
        let entry = entry::of(&new);
        let listeners = start::open_listeners(&added, &self.routing, &entry, &self.listeners)?;
        let fib = if new.kernel != old.kernel && !self.own_fib {
            Some(match &new.kernel {
                Some(kernel) => {
                    let fib = open_kernel(kernel, old.kernel.as_ref())?;
                    Some((fib, kernel.clone()))
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
                .retain(|listener| new.listen.contains(&listener.address()));
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
        if old.decision != new.decision {
            self.engine.tell(Question::Decide(new.decision)).await;
            changes.push("decision: rules changed".to_owned());
        }
        self.apply_origins(&old, &new, &mut changes).await;
        self.set_entry();
        self.expect_ranges();
        changes.extend(range_changes(&old, &new));
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

    /// A neighbor is the same when its session would be with the same one in the same way,
    /// whatever it is called (names of unnamed neighbors move when one of them goes); else when it
    /// is called the same.
    async fn apply_neighbors(
        &mut self,
        old: &Config,
        new: &Config,
        identity: bool,
        changes: &mut Vec<String>,
    ) -> Result<(), String> {
        let configured = new.neighbors.iter().cloned().map(|it| (it, None));
        let dynamic = self.dynamic(new).into_iter();
        let dynamic = dynamic.map(|(neighbor, range)| (neighbor, Some(range)));
        let wanted: Vec<_> = configured.chain(dynamic).collect();
        let mut there: Vec<Option<Running>> = self.neighbors.drain(..).map(Some).collect();
        let mut take = |same: &dyn Fn(&Running) -> bool| {
            let mut places = there.iter_mut();
            places
                .find(|place| place.as_ref().is_some_and(same))
                .and_then(Option::take)
        };
        let mut known: Vec<Option<Running>> = wanted
            .iter()
            .map(|(neighbor, range)| {
                let identity = neighbor.identity();
                take(&|it| it.range == *range && it.config.identity() == identity)
            })
            .collect();
        for ((neighbor, range), place) in wanted.iter().zip(&mut known) {
            if place.is_none() {
                *place = take(&|it| it.range == *range && it.config.name == neighbor.name);
            }
        }

        // All that end do so at the same time: one that does not answer delays nobody twice.
        let mut ends = Vec::new();
        let mut removed = Vec::new();
        for running in there.into_iter().flatten() {
            self.forget(&running);
            changes.push(format!("neighbor {}: removed", running.config.name));
            let (place, end) = running.end(Some(Notification::cease(cease::PEER_DECONFIGURED)));
            removed.push(place.peer);
            ends.push(end);
        }
        let mut next = Vec::new();
        for ((neighbor, range), running) in wanted.into_iter().zip(known) {
            let Some(mut running) = running else {
                changes.push(format!("neighbor {}: added", neighbor.name));
                next.push(Next::Add(neighbor, range));
                continue;
            };
            let was = running.config.clone();
            let policies = self.describe(&was, old, new, &neighbor, changes);
            if was != neighbor || identity || policies {
                self.configure_neighbor(&mut running, &neighbor).await?;
            }
            running.admin = running.admin.after(&was, &neighbor);
            if identity || needs_restart(&was, &neighbor) {
                changes.push(format!(
                    "neighbor {}: session restarted with its new settings",
                    neighbor.name
                ));
                self.forget(&running);
                let notification = Notification::cease(cease::OTHER_CONFIGURATION_CHANGE);
                let (place, end) = running.end(Some(notification));
                ends.push(end);
                next.push(Next::Restart(neighbor, place));
            } else {
                self.adopt(&mut running, neighbor).await;
                next.push(Next::Keep(running));
            }
        }
        futures_util::future::join_all(ends).await;
        for peer in removed {
            self.engine.tell(Question::RemovePeer { peer }).await;
        }
        for next in next {
            match next {
                Next::Keep(running) => self.neighbors.push(running),
                Next::Restart(neighbor, place) => {
                    let running = self.start_session(neighbor, place);
                    self.neighbors.push(running);
                }
                Next::Add(neighbor, range) => self.start_neighbor(neighbor, range).await?,
            }
        }
        Ok(())
    }

    /// Says what changes of a neighbor that stays; `true`: what becomes of its routes does.
    fn describe(
        &self,
        was: &Neighbor,
        old: &Config,
        new: &Config,
        neighbor: &Neighbor,
        changes: &mut Vec<String>,
    ) -> bool {
        let name = &neighbor.name;
        if was.name != *name {
            changes.push(format!("neighbor {}: is called {name} now", was.name));
        }
        if was.description != neighbor.description {
            changes.push(format!("neighbor {name}: description changed"));
        }
        if was.limits != neighbor.limits {
            changes.push(format!("neighbor {name}: limits changed"));
        }
        if was.password != neighbor.password {
            changes.push(format!("neighbor {name}: TCP-MD5 password changed"));
        }
        if was.disabled != neighbor.disabled {
            let word = if neighbor.disabled {
                "disabled"
            } else {
                "enabled"
            };
            changes.push(format!("neighbor {name}: {word}"));
        }
        let before = changes.len();
        for (direction, before, after) in [
            ("import", &was.import, &neighbor.import),
            ("export", &was.export, &neighbor.export),
        ] {
            if before != after || filter_changed(after, old, new) {
                changes.push(format!("neighbor {name}: {direction} policy changed"));
            }
        }
        if old.cluster_id != new.cluster_id || was.treatment != neighbor.treatment {
            changes.push(format!("neighbor {name}: treatment of routes changed"));
        }
        changes.len() > before
    }

    /// Goes over to settings that need no new session.
    async fn adopt(&self, running: &mut Running, neighbor: Neighbor) {
        let was = std::mem::replace(&mut running.config, neighbor);
        let now = &running.config;
        if was.name != now.name || was.password != now.password {
            let (name, password) = (now.name.clone(), now.password.clone());
            running.tell(SessionCommand::Adopt { name, password }).await;
        }
        if was.limits.received != now.limits.received {
            // What was refused is to be said again; without a session there is nothing to ask.
            let (reply, _) = oneshot::channel();
            running.tell(SessionCommand::RefreshIn(reply)).await;
        }
        if was.disabled != now.disabled {
            let command = match running.admin.disabled() {
                None => SessionCommand::Enable,
                Some(why) => {
                    SessionCommand::Disable(Notification::administrative_shutdown(""), why)
                }
            };
            running.tell(command).await;
        }
    }
}

/// How a neighbor goes on.
enum Next {
    Keep(Running),
    Restart(Neighbor, Place),
    Add(Neighbor, Option<String>),
}

fn range_changes(old: &Config, new: &Config) -> Vec<String> {
    let name = |range: &Range| range.neighbor.name.clone();
    let find = |config: &Config, wanted: &str| {
        let mut ranges = config.ranges.iter();
        ranges.find(|range| name(range) == wanted).cloned()
    };
    let removed = old.ranges.iter().map(name);
    let removed = removed.filter(|name| find(new, name).is_none());
    let mut changes: Vec<_> = removed.map(|it| format!("range {it}: removed")).collect();
    for range in &new.ranges {
        let name = name(range);
        match find(old, &name) {
            None => changes.push(format!("range {name}: added")),
            Some(was) if was != *range => changes.push(format!("range {name}: changed")),
            Some(_) => {}
        }
    }
    changes
}

/// The table that [kernel] names. `before`: the settings whose routes are taken over, where these
/// are others.
pub(super) fn open_kernel(
    kernel: &Kernel,
    before: Option<&Kernel>,
) -> Result<Box<dyn Fib>, String> {
    let fib = NetlinkFib::open(kernel)
        .map_err(|error| format!("cannot use the kernel's routing table: {error}"))?;
    let fib = match before.filter(|before| inherits(before, kernel)) {
        Some(before) => fib.inheriting(before),
        None => fib,
    };
    Ok(if kernel.dry_run {
        Box::new(DryRun::over(fib))
    } else {
        Box::new(fib)
    })
}

/// The routes stay in their places and only change their protocol number: the kernel would take
/// the old ones for somebody else's, in the way of the new.
fn inherits(old: &Kernel, new: &Kernel) -> bool {
    (old.table, old.metric) == (new.table, new.metric) && old.protocol != new.protocol
}

fn filter_changed(policy: &PolicyRef, old: &Config, new: &Config) -> bool {
    match policy {
        PolicyRef::Filter(name) => {
            old.filters.get(name) != new.filters.get(name)
                || old.policies.get(name) != new.policies.get(name)
        }
        _ => false,
    }
}

/// Whether a change can only be had with a new session: all but names, words for people, policies,
/// passwords (the kernel changes the key of a connection) and whether there is to be one at all.
fn needs_restart(old: &Neighbor, new: &Neighbor) -> bool {
    let same = Neighbor {
        name: new.name.clone(),
        description: new.description.clone(),
        import: new.import.clone(),
        export: new.export.clone(),
        treatment: Treatment {
            role: old.treatment.role,
            add_path: old.treatment.add_path,
            ..new.treatment.clone()
        },
        password: new.password.clone(),
        limits: new.limits,
        disabled: new.disabled,
        ..old.clone()
    };
    same != *new
}
