//! `show status`.

use super::{Supervisor, neighbors::Admin};
use crate::{clock, engine::Question, session::time_of, view};
use bgp_wire::{AddressFamily, Ipv4Unicast, Ipv6Unicast};

impl Supervisor {
    pub(super) async fn status(&self) -> view::Status {
        let mut tables = Vec::new();
        for family in [Ipv4Unicast::FAMILY, Ipv6Unicast::FAMILY] {
            let totals = self
                .engine
                .ask(|reply| Question::Totals { family, reply })
                .await;
            let (prefixes, paths) = totals.unwrap_or_default();
            tables.push(view::TableTotals {
                family: family.to_string(),
                prefixes,
                paths,
            });
        }
        let connected = self
            .connected
            .iter()
            .map(|(prefix, interface)| view::LocalPrefix {
                prefix: prefix.to_string(),
                source: "connected".to_owned(),
                interface: Some(interface.clone()),
            });
        let configured = self
            .config
            .static_prefixes
            .iter()
            .map(|prefix| view::LocalPrefix {
                prefix: prefix.to_string(),
                source: "static".to_owned(),
                interface: None,
            });
        let uptime = clock::now().saturating_duration_since(self.started);
        let mut warnings = crate::config::lint::speaker(&self.config, &self.host.borrow());
        for running in &self.neighbors {
            if let Admin::Commanded(_) | Admin::Limited(_) = running.admin {
                let (name, why) = (&running.config.name, running.admin.disabled());
                warnings.push(format!(
                    "neighbor {name} is {}, also over a reload: `myna enable {name}` starts it",
                    why.unwrap_or_default()
                ));
            }
        }
        view::Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            router_id: self.router_id.to_string(),
            local_as: self.config.local_as.0,
            started: time_of(self.started),
            uptime: uptime.as_secs(),
            config: None,
            config_read: None,
            neighbors: u32::try_from(self.neighbors.len()).unwrap_or(u32::MAX),
            established: u32::try_from(self.established().await).unwrap_or(u32::MAX),
            tables,
            local_prefixes: connected.chain(configured).collect(),
            refused_connections: self.routing.refused(),
            warnings,
        }
    }
}
