//! From the configuration's words to what the table and the sessions take.

use crate::{
    config::{Config, Neighbor, PolicyRef},
    engine::{SourceKind, SourceMeta},
    host::Host,
    session::Connector,
};
use bgp_wire::{Asn, RouterId};
use rib::{PeerConfig, PeerKind, Policy, Protocol};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

/// Our AS toward a neighbor.
pub(super) fn local_as(config: &Config, neighbor: &Neighbor) -> Asn {
    neighbor.local_as.unwrap_or(config.local_as)
}

/// Whether a session with the neighbor is external.
pub(super) fn is_external(config: &Config, neighbor: &Neighbor) -> bool {
    local_as(config, neighbor) != neighbor.remote_as
}

/// The policy that a reference names.
pub(super) fn policy(
    reference: &PolicyRef,
    external: bool,
    config: &Config,
) -> Result<Arc<Policy>, String> {
    Ok(Arc::new(match reference {
        PolicyRef::Missing if external => Policy::missing(),
        PolicyRef::Missing | PolicyRef::All => Policy::all(),
        PolicyRef::None => Policy::none(),
        PolicyRef::Filter(name) => {
            if let Some(policy) = config.policies.get(name) {
                return Ok(Arc::clone(policy));
            }
            let rules = config
                .filters
                .get(name)
                .ok_or_else(|| format!("there is no filter or policy called \"{name}\""))?;
            Policy::accept_prefixes(name, rules.clone())
        }
    }))
}

/// A neighbor as the table sees it.
pub(super) fn peer(
    config: &Config,
    neighbor: &Neighbor,
    router_id: RouterId,
) -> Result<PeerConfig, String> {
    let external = is_external(config, neighbor);
    let within = |error| format!("neighbor {}: {error}", neighbor.name);
    let kind = if external {
        PeerKind::Ebgp
    } else {
        PeerKind::Ibgp
    };
    let ases = (local_as(config, neighbor), neighbor.remote_as);
    let treatment = &neighbor.treatment;
    let common = PeerConfig::new(kind, neighbor.address, ases, router_id);
    Ok(PeerConfig {
        global_as: config.local_as,
        client: treatment.reflector_client,
        cluster_id: config.cluster_id.unwrap_or(common.cluster_id),
        role: treatment.role,
        next_hop: treatment.next_hop,
        private_as: treatment.private_as,
        allow_own_as: treatment.allow_own_as,
        first_as: treatment.enforce_first_as,
        route_server: treatment.route_server_client,
        graceful_shutdown: treatment.graceful_shutdown,
        long_lived_export: treatment.long_lived_stale,
        paths: treatment.paths,
        limits: neighbor.limits.walls(),
        import: policy(&neighbor.import, external, config).map_err(within)?,
        export: policy(&neighbor.export, external, config).map_err(within)?,
        ..common
    })
}

/// A source of local routes as the table sees it: addresses of this host, or configured prefixes.
pub(super) fn local_peer(config: &Config, router_id: RouterId, protocol: Protocol) -> PeerConfig {
    PeerConfig {
        protocol,
        ..PeerConfig::new(
            PeerKind::Local,
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            (config.local_as, config.local_as),
            router_id,
        )
    }
}

/// Who a neighbor is, for people and for the kernel table.
pub(super) fn meta(config: &Config, neighbor: &Neighbor, host: &Host) -> SourceMeta {
    let imports = match neighbor.import {
        PolicyRef::None => false,
        PolicyRef::Missing => !is_external(config, neighbor),
        PolicyRef::All | PolicyRef::Filter(_) => true,
    };
    let interface = neighbor
        .interface
        .as_deref()
        .and_then(|name| host.link(name));
    SourceMeta {
        limits: neighbor.limits,
        name: neighbor.name.clone(),
        kind: SourceKind::Neighbor {
            interface: interface.map(|link| link.index),
            expected: imports && !neighbor.disabled,
        },
    }
}

/// How to reach a neighbor.
pub(super) fn connector(neighbor: &Neighbor) -> Connector {
    Connector {
        address: neighbor.address,
        port: neighbor.port,
        source: neighbor.source_address,
        password: neighbor.password.clone(),
        multihop: neighbor.multihop,
        gtsm: neighbor.gtsm,
        least_hops: neighbor.least_hops(),
        interface: neighbor.interface.clone(),
    }
}
