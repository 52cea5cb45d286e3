//! What a neighbor's state machine is told: its timers, and the capabilities that it offers.

use super::compile;
use crate::config::{Config, Hostname, Neighbor, Restart};
use bgp_fsm::StaleLimits;
use bgp_wire::{
    Capability, ExtendedNextHop, Family, GracefulRestart, LongLived, RouterId, iana::afi,
};
use std::time::Duration;

/// Longest time between connection attempts toward a neighbor that is not on a connected subnet.
const CONNECT_RETRY_MAX: Duration = Duration::from_secs(30);

/// What the first session of a neighbor says of the time before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Past {
    /// This process has just started. The kernel had routes of these families from before; where
    /// there are none, nothing is known of an earlier life.
    Start { kept: Vec<Family> },
    /// This process has been running, and what it forwards by was never given up.
    Running,
}

impl Past {
    /// The R bit (RFC 4724 §3): we have restarted.
    pub(super) fn restarted(&self) -> bool {
        matches!(self, Self::Start { kept } if !kept.is_empty())
    }

    /// The F bit (RFC 4724 §3): forwarding went on meanwhile.
    fn preserved(&self, family: Family) -> bool {
        match self {
            Self::Start { kept } => kept.contains(&family),
            Self::Running => true,
        }
    }
}

/// A neighbor as its session's state machine sees it.
pub(super) fn session(
    config: &Config,
    neighbor: &Neighbor,
    router_id: RouterId,
    past: &Past,
) -> bgp_fsm::Config {
    let settings = &neighbor.session;
    let limits = StaleLimits::default();
    bgp_fsm::Config {
        remote_as: Some(neighbor.remote_as),
        hold_time: neighbor.hold_time,
        keepalive: neighbor.keepalive,
        capabilities: capabilities(neighbor, past),
        passive: neighbor.passive,
        connect_retry: neighbor.connect_retry,
        connect_retry_max: CONNECT_RETRY_MAX.max(neighbor.connect_retry),
        send_hold: settings.send_hold_time,
        delay_open: settings.delay_open,
        notification_without_open: settings.notification_without_open,
        damp_peer_oscillations: settings.damping,
        allow_automatic_start: !settings.disable_after_error,
        collision_detect_established: settings.collision_detect_established,
        strict_role: settings.strict_role,
        capability_fallback: settings.capability_fallback,
        stale: StaleLimits {
            restart: settings.max_restart_time.unwrap_or(limits.restart),
            long_lived: settings.max_long_lived_time.unwrap_or(limits.long_lived),
            ..limits
        },
        ..bgp_fsm::Config::new(compile::local_as(config, neighbor), router_id)
    }
}

fn capabilities(neighbor: &Neighbor, past: &Past) -> Vec<Capability> {
    let settings = &neighbor.session;
    let families = neighbor.families.iter().copied();
    let mut capabilities: Vec<Capability> = families.map(Capability::Multiprotocol).collect();
    capabilities.extend([Capability::RouteRefresh, Capability::EnhancedRouteRefresh]);
    // RFC 8950 §4: where the session itself is over IPv6 there may be no IPv4 address to be the next
    // hop of IPv4 routes, and the neighbor's IPv6 address will do in any case.
    if neighbor.address.is_ipv6() && neighbor.families.contains(&Family::IPV4_UNICAST) {
        capabilities.push(Capability::ExtendedNextHop(vec![ExtendedNextHop {
            family: Family::IPV4_UNICAST,
            next_hop_afi: afi::IPV6,
        }]));
    }
    if settings.extended_messages {
        capabilities.push(Capability::ExtendedMessage);
    }
    capabilities.extend(neighbor.treatment.role.map(Capability::Role));
    let crate::config::AddPath { receive, send } = neighbor.treatment.add_path;
    if receive || send {
        let entry = |family: &Family| bgp_wire::AddPath {
            family: *family,
            receive,
            send,
        };
        let entries = neighbor.families.iter().map(entry).collect();
        capabilities.push(Capability::AddPath(entries));
    }
    capabilities.extend(graceful_restart(neighbor, past));
    // RFC 9494 §3.1: without the one before, this one would be ignored.
    if settings.graceful_restart != Restart::Off {
        capabilities.extend(long_lived(neighbor, past));
    }
    match &settings.hostname {
        None => {}
        Some(Hostname::Host) => {
            let name = nix::unistd::gethostname().ok();
            let name = name.and_then(|name| name.into_string().ok());
            capabilities.extend(name.as_deref().map(fqdn));
        }
        Some(Hostname::Name(name)) => capabilities.push(fqdn(name)),
    }
    if settings.software_version {
        let version = concat!("Myna/", env!("CARGO_PKG_VERSION"));
        capabilities.push(Capability::SoftwareVersion(version.to_owned()));
    }
    capabilities
}

fn graceful_restart(neighbor: &Neighbor, past: &Past) -> Option<Capability> {
    let asks = match neighbor.session.graceful_restart {
        Restart::Off => return None,
        // RFC 4724 §3: without a family it says that we keep routes, and send End-of-RIB.
        Restart::Aware => None,
        Restart::For(time) => Some(time),
    };
    let families = neighbor.families.iter().filter(|_| asks.is_some());
    Some(Capability::GracefulRestart(GracefulRestart {
        restarting: past.restarted(),
        notification: true,
        time: seconds(asks.unwrap_or_default()).min(0x0fff),
        families: families
            .map(|family| (*family, past.preserved(*family)))
            .collect(),
    }))
}

fn long_lived(neighbor: &Neighbor, past: &Past) -> Option<Capability> {
    let asks = match neighbor.session.long_lived {
        Restart::Off => return None,
        Restart::Aware => None,
        Restart::For(time) => Some(time),
    };
    let entry = |family: &Family, time: Duration| LongLived {
        family: *family,
        forwarding: past.preserved(*family),
        time: u32::try_from(time.as_secs()).unwrap_or(u32::MAX),
    };
    let families = neighbor.families.iter();
    Some(Capability::LongLivedGracefulRestart(match asks {
        Some(time) => families.map(|family| entry(family, time)).collect(),
        None => Vec::new(),
    }))
}

fn seconds(time: Duration) -> u16 {
    u16::try_from(time.as_secs()).unwrap_or(u16::MAX)
}

/// The first label is the host's name, the others its domain.
fn fqdn(name: &str) -> Capability {
    let (host, domain) = name.split_once('.').unwrap_or((name, ""));
    Capability::Fqdn {
        host: host.to_owned(),
        domain: domain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bgp_wire::{Asn, Role};

    fn neighbor(change: impl FnOnce(&mut Neighbor)) -> Neighbor {
        let address = "10.1.1.2".parse().unwrap();
        let mut neighbor = Neighbor::new("bgp1", address, Asn(12076));
        neighbor.families = vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST];
        change(&mut neighbor);
        neighbor
    }

    fn restart(capabilities: &[Capability]) -> Option<&GracefulRestart> {
        capabilities.iter().find_map(|it| match it {
            Capability::GracefulRestart(restart) => Some(restart),
            _ => None,
        })
    }

    #[test]
    fn by_default_we_are_aware_of_restarts_and_ask_for_nothing() {
        let offered = capabilities(&neighbor(|_| {}), &Past::Start { kept: vec![] });
        let aware = GracefulRestart {
            notification: true,
            ..GracefulRestart::default()
        };
        assert_eq!(restart(&offered), Some(&aware));
        assert!(offered.contains(&Capability::LongLivedGracefulRestart(vec![])));
        assert!(offered.contains(&Capability::EnhancedRouteRefresh));
        for off in [
            Capability::ExtendedMessage,
            Capability::Role(Role::Customer),
            Capability::SoftwareVersion(String::new()),
        ] {
            assert!(offered.iter().all(|it| it.code() != off.code()), "{off}");
        }
    }

    #[test]
    fn forwarding_preserved_is_said_of_what_the_kernel_kept() {
        let neighbor = neighbor(|it| {
            it.session.graceful_restart = Restart::For(Duration::from_secs(120));
            it.session.long_lived = Restart::For(Duration::from_secs(3600));
        });
        let both = |v4, v6| vec![(Family::IPV4_UNICAST, v4), (Family::IPV6_UNICAST, v6)];
        let kept = vec![Family::IPV4_UNICAST];
        for (past, restarting, families) in [
            (Past::Start { kept: vec![] }, false, both(false, false)),
            (Past::Start { kept }, true, both(true, false)),
            (Past::Running, false, both(true, true)),
        ] {
            let offered = capabilities(&neighbor, &past);
            let expected = GracefulRestart {
                restarting,
                notification: true,
                time: 120,
                families: families.clone(),
            };
            assert_eq!(restart(&offered), Some(&expected));
            let long_lived = families
                .iter()
                .map(|(family, forwarding)| LongLived {
                    family: *family,
                    forwarding: *forwarding,
                    time: 3600,
                })
                .collect();
            assert!(offered.contains(&Capability::LongLivedGracefulRestart(long_lived)));
        }
    }

    #[test]
    fn what_is_asked_for_is_offered() {
        let offered = capabilities(
            &neighbor(|it| {
                it.session.graceful_restart = Restart::Off;
                it.treatment.role = Some(Role::Customer);
                it.session.extended_messages = true;
                it.session.hostname = Some(Hostname::Name("r1.example.net".into()));
                it.session.software_version = true;
            }),
            &Past::Running,
        );
        assert_eq!(restart(&offered), None);
        let codes: Vec<u8> = offered.iter().map(Capability::code).collect();
        assert!(!codes.contains(&71), "{codes:?}");
        let fqdn = Capability::Fqdn {
            host: "r1".into(),
            domain: "example.net".into(),
        };
        for wanted in [
            Capability::ExtendedMessage,
            Capability::Role(Role::Customer),
            fqdn,
        ] {
            assert!(offered.contains(&wanted), "{wanted}");
        }
        assert!(codes.contains(&75), "{codes:?}");
    }
}
