//! What both OPENs agree on.
use crate::{
    AddPath, Asn, Capability, ExtendedNextHop, Family, GracefulRestart, Header, LongLived, Open,
    PathsLimit, Role, RouterId,
};
use alloc::vec::Vec;

/// A pure function of what both sides sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub struct Negotiated {
    pub local_as: Asn,
    pub remote_as: Asn,
    pub remote_id: RouterId,
    /// seconds, the lower of both; 0 = none
    pub hold_time: u16,
    pub four_octet_as: bool,
    /// what both announced; IPv4 unicast alone where neither side sent multiprotocol (RFC 4760 §8)
    pub families: Vec<Family>,
    pub route_refresh: bool,
    pub enhanced_route_refresh: bool,
    /// largest message we may receive and send, octets
    pub max_receive: usize,
    pub max_send: usize,
    /// the peer's graceful restart capability, where both sent one
    pub graceful_restart: Option<GracefulRestart>,
    /// graceful restart goes also for sessions that a NOTIFICATION or Hold ends (RFC 8538 §2)
    pub graceful_notification: bool,
    /// families that the peer asks us to keep for longer (RFC 9494 §3), where both sent the
    /// capability and the one of graceful restart; empty otherwise
    pub long_lived: Vec<LongLived>,
    /// our role toward the peer, where we sent one (RFC 9234 §4.1)
    pub role: Option<Role>,
    /// the peer's role, where it sent one
    pub remote_role: Option<Role>,
    /// families in which the peer may send us several paths (RFC 7911 §4)
    pub add_path_receive: Vec<Family>,
    /// families in which we may send the peer several paths
    pub add_path_send: Vec<Family>,
    /// IPv4 families whose routes may have an IPv6 next hop, both ways (RFC 8950 §4)
    pub extended_next_hop: Vec<Family>,
    /// how many paths of a prefix the peer takes in each family where we may send several; families
    /// without a limit are not in it (draft-abraitis-idr-addpath-paths-limit)
    pub paths_limit: Vec<PathsLimit>,
    /// link-local addresses alone may be next hops, both ways (draft-ietf-idr-linklocal-capability)
    pub link_local_next_hop: bool,
}

impl Negotiated {
    /// From what we sent and what the peer sent.
    pub fn new(local: &Open, remote: &Open) -> Self {
        let both = |capability: Capability| local.has(&capability) && remote.has(&capability);
        let theirs = remote.families();
        let families: Vec<Family> = local
            .families()
            .into_iter()
            .filter(|family| theirs.contains(family))
            .collect();
        // RFC 8654 §4: each side says what it can receive; who does not say so is sent no message
        // over 4,096 octets, and refuses one.
        let largest = |receiver: &Open| {
            if receiver.has(&Capability::ExtendedMessage) {
                Header::EXTENDED_MAX
            } else {
                Header::STANDARD_MAX
            }
        };
        let (receive, send): (Vec<_>, Vec<_>) = families
            .iter()
            .map(|family| (add_path(local, *family), add_path(remote, *family)))
            .map(|(ours, theirs)| (ours.0 && theirs.1, ours.1 && theirs.0))
            .unzip();
        let chosen = |flags: Vec<bool>| {
            families
                .iter()
                .zip(flags)
                .filter(|(_, flag)| *flag)
                .map(|(family, _)| *family)
                .collect()
        };
        let add_path_send: Vec<Family> = chosen(send);
        let restarts = graceful_restart(local).zip(graceful_restart(remote));
        // RFC 9494 §3.1: without the capability of graceful restart this one is ignored.
        let long_lived = restarts
            .and(long_lived(local))
            .and(long_lived(remote))
            .map(|entries| {
                let wanted = entries.iter().filter(|entry| entry.time > 0);
                let wanted = wanted.filter(|entry| families.contains(&entry.family));
                wanted.copied().collect()
            })
            .unwrap_or_default();
        Self {
            local_as: local.asn,
            remote_as: remote.asn,
            remote_id: remote.router_id,
            hold_time: local.hold_time.min(remote.hold_time),
            four_octet_as: four_octet_as(local) && four_octet_as(remote),
            route_refresh: both(Capability::RouteRefresh),
            enhanced_route_refresh: both(Capability::EnhancedRouteRefresh),
            max_receive: largest(local),
            max_send: largest(remote),
            // RFC 8538 §2: only where both sides set the bit.
            graceful_notification: restarts
                .is_some_and(|(ours, theirs)| ours.notification && theirs.notification),
            graceful_restart: restarts.map(|(_, theirs)| theirs.clone()),
            long_lived,
            role: local.roles().next(),
            remote_role: remote.roles().next(),
            add_path_receive: chosen(receive),
            paths_limit: add_path_send
                .iter()
                .filter_map(|family| paths_limit(remote, *family))
                .collect(),
            link_local_next_hop: both(Capability::LinkLocalNextHop),
            add_path_send,
            extended_next_hop: families
                .iter()
                .copied()
                .filter(|family| ipv6_next_hop(local, *family) && ipv6_next_hop(remote, *family))
                .collect(),
            families,
        }
    }
}

fn four_octet_as(open: &Open) -> bool {
    open.capabilities
        .iter()
        .any(|capability| matches!(capability, Capability::FourOctetAs(_)))
}

fn graceful_restart(open: &Open) -> Option<&GracefulRestart> {
    // RFC 4724 §3: of several, the last one counts.
    open.capabilities
        .iter()
        .rev()
        .find_map(|capability| match capability {
            Capability::GracefulRestart(restart) => Some(restart),
            _ => None,
        })
}

fn long_lived(open: &Open) -> Option<&Vec<LongLived>> {
    // RFC 9494 §3: of several, the last one counts, as with graceful restart.
    open.capabilities
        .iter()
        .rev()
        .find_map(|capability| match capability {
            Capability::LongLivedGracefulRestart(entries) => Some(entries),
            _ => None,
        })
}

/// (can receive, would send)
fn add_path(open: &Open, family: Family) -> (bool, bool) {
    open.capabilities
        .iter()
        .filter_map(|capability| match capability {
            Capability::AddPath(entries) => Some(entries),
            _ => None,
        })
        .flatten()
        // RFC 7911 names no order among entries of one family; the first counts.
        .find(|entry| entry.family == family)
        .map_or((false, false), |AddPath { receive, send, .. }| {
            (*receive, *send)
        })
}

fn paths_limit(open: &Open, wanted: Family) -> Option<PathsLimit> {
    open.capabilities
        .iter()
        .filter_map(|capability| match capability {
            Capability::PathsLimit(entries) => Some(entries),
            _ => None,
        })
        .flatten()
        .find(|entry| entry.family == wanted && entry.limit != 0)
        .copied()
}

fn ipv6_next_hop(open: &Open, wanted: Family) -> bool {
    open.capabilities
        .iter()
        .filter_map(|capability| match capability {
            Capability::ExtendedNextHop(entries) => Some(entries),
            _ => None,
        })
        .flatten()
        .any(|entry| {
            *entry
                == ExtendedNextHop {
                    family: wanted,
                    next_hop_afi: 2,
                }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use core::net::Ipv4Addr;

    fn open(asn: u32, hold_time: u16, capabilities: Vec<Capability>) -> Open {
        Open {
            asn: Asn(asn),
            hold_time,
            router_id: RouterId::new(Ipv4Addr::new(10, 0, 0, 1)).unwrap(),
            capabilities,
        }
    }

    #[test]
    fn silence_means_plain_bgp_4() {
        let negotiated = Negotiated::new(&open(1, 90, vec![]), &open(2, 30, vec![]));
        assert_eq!(negotiated.families, [Family::IPV4_UNICAST]);
        assert_eq!(negotiated.hold_time, 30);
        assert!(!negotiated.four_octet_as && !negotiated.route_refresh);
        assert_eq!(
            (negotiated.max_receive, negotiated.max_send),
            (4_096, 4_096)
        );
    }

    #[test]
    fn families_meet_also_where_one_side_is_silent() {
        let ours = Open::new(
            Asn(1),
            90,
            RouterId::new(Ipv4Addr::LOCALHOST).unwrap(),
            &[Family::IPV6_UNICAST, Family::IPV4_UNICAST],
        );
        let negotiated = Negotiated::new(&ours, &open(2, 0, vec![]));
        assert_eq!(negotiated.families, [Family::IPV4_UNICAST]);
        assert_eq!(negotiated.hold_time, 0);
        let only_ipv6 = open(2, 90, vec![Capability::Multiprotocol(Family::IPV6_UNICAST)]);
        assert_eq!(
            Negotiated::new(&ours, &only_ipv6).families,
            [Family::IPV6_UNICAST]
        );
        assert!(
            Negotiated::new(&open(1, 90, vec![]), &only_ipv6)
                .families
                .is_empty()
        );
    }

    fn restarts(notification: bool) -> Capability {
        Capability::GracefulRestart(GracefulRestart {
            notification,
            time: 120,
            ..GracefulRestart::default()
        })
    }

    #[test]
    fn notifications_are_graceful_where_both_say_so() {
        let side = |notification| open(1, 90, vec![restarts(notification)]);
        let both = |ours, theirs| Negotiated::new(&side(ours), &side(theirs));
        assert!(both(true, true).graceful_notification);
        assert!(!both(true, false).graceful_notification);
        assert!(!both(false, true).graceful_notification);
        assert!(both(false, true).graceful_restart.unwrap().notification);
        let without = Negotiated::new(&open(1, 90, vec![]), &side(true));
        assert_eq!(without.graceful_restart, None);
    }

    #[test]
    fn long_lived_needs_graceful_restart_beside_it() {
        let entry = |family, time| LongLived {
            family,
            forwarding: false,
            time,
        };
        let wanted = Capability::LongLivedGracefulRestart(vec![
            entry(Family::IPV4_UNICAST, 3600),
            entry(Family::IPV6_UNICAST, 3600),
        ]);
        let aware = Capability::LongLivedGracefulRestart(vec![]);
        let ours = open(1, 90, vec![restarts(false), aware]);
        let with = open(2, 90, vec![restarts(false), wanted.clone()]);
        assert_eq!(
            Negotiated::new(&ours, &with).long_lived,
            [entry(Family::IPV4_UNICAST, 3600)],
            "IPv6 was not negotiated"
        );
        let without = open(2, 90, vec![wanted]);
        assert!(Negotiated::new(&ours, &without).long_lived.is_empty());
        let unaware = open(1, 90, vec![restarts(false)]);
        assert!(Negotiated::new(&unaware, &with).long_lived.is_empty());
    }

    #[test]
    fn roles_of_both_sides_are_told() {
        let ours = open(1, 90, vec![Capability::Role(Role::Customer)]);
        let theirs = open(2, 90, vec![Capability::Role(Role::Provider)]);
        let negotiated = Negotiated::new(&ours, &theirs);
        assert_eq!(negotiated.role, Some(Role::Customer));
        assert_eq!(negotiated.remote_role, Some(Role::Provider));
        assert_eq!(
            Negotiated::new(&theirs, &open(1, 90, vec![])).remote_role,
            None
        );
    }

    #[test]
    fn add_path_needs_a_sender_and_a_receiver() {
        let side = |receive, send| {
            open(
                1,
                90,
                vec![Capability::AddPath(vec![AddPath {
                    family: Family::IPV4_UNICAST,
                    receive,
                    send,
                }])],
            )
        };
        let negotiated = Negotiated::new(&side(true, false), &side(true, true));
        assert_eq!(negotiated.add_path_receive, [Family::IPV4_UNICAST]);
        assert!(negotiated.add_path_send.is_empty());
    }

    #[test]
    fn extended_messages_go_to_who_says_so() {
        let with = open(1, 90, vec![Capability::ExtendedMessage]);
        let without = open(1, 90, vec![]);
        for (local, remote, receive, send) in [
            (&with, &with, 65_535, 65_535),
            (&with, &without, 65_535, 4_096),
            (&without, &with, 4_096, 65_535),
            (&without, &without, 4_096, 4_096),
        ] {
            let negotiated = Negotiated::new(local, remote);
            assert_eq!(
                (negotiated.max_receive, negotiated.max_send),
                (receive, send)
            );
        }
    }
}
