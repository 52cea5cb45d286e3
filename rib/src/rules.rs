//! What a neighbor is told of a path, and how its attributes change on the way; policy aside.
//!
//! - a route never goes back to the peer it came from (per member, when a message is made);
//! - iBGP to iBGP is not announced (RFC 4271 §9.2), but for what comes from clients of ours as a
//!   route reflector, or goes to them: then ORIGINATOR_ID and CLUSTER_LIST are added, and nothing
//!   else changes (RFC 4456 §8, §10);
//! - NO_ADVERTISE, NO_EXPORT, NO_EXPORT_SUBCONFED (RFC 1997); NOPEER toward peers, where roles say
//!   who is one (RFC 3765);
//! - OTC: what came from a provider, a peer or a route server goes to customers only (RFC 9234 §5);
//! - long-lived stale routes only to peers that know what that is (RFC 9494 §4.3), or as configured;
//! - toward eBGP: our AS in front, next hop our own address, no LOCAL_PREF, MED only of our own
//!   routes (RFC 4271 §5.1.4). A route with the neighbor's AS in its path is announced all the
//!   same, as BIRD does: the neighbor's loop check is its own business. As a route server we change
//!   none of it but LOCAL_PREF (RFC 7947 §2.2);
//! - toward iBGP: LOCAL_PREF present, next hop of external routes unchanged (RFC 4271 §5.1.3), of
//!   local routes our own address.
//!
//! The next hop "our own address" is resolved per member, so that peers on different subnets share
//! a group.
use crate::{
    ExportState, LongLivedExport, NextHopRule, PeerConfig, PeerKind, PeerUp, PrivateAs,
    destinations::Path,
    intern::{DEFAULT_LOCAL_PREF, Hot},
    peers::Core,
    sources::Source,
};
use bgp_wire::{
    AsPathBuf, Asn, AttributeSet, Attributes, Family, NextHop, Role, RouterId,
    attr::{CarriedAttribute, Change, Reflection, Rewrite},
    iana::community,
};
use std::{borrow::Cow, net::Ipv4Addr};

/// All that decides, policy aside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Rules {
    pub(crate) kind: PeerKind,
    pub(crate) local_as: Asn,
    client: bool,
    cluster_id: u32,
    /// In unicast families only.
    role: Option<Role>,
    next_hop: NextHopRule,
    private_as: PrivateAs,
    route_server: bool,
    graceful_shutdown: bool,
    /// `All` where the peer has the capability.
    long_lived: LongLivedExport,
}

/// What the rules ask of a path's source. Paths of one attribute set and one class are told alike.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Class {
    pub(crate) kind: PeerKind,
    client: bool,
    /// The identifier of its peer, where the route is reflected; else 0.
    originator: u32,
}

impl Rules {
    pub(crate) fn new(config: &PeerConfig, up: &PeerUp, family: Family) -> Self {
        Self {
            kind: config.kind,
            local_as: config.local_as,
            client: config.client,
            cluster_id: config.cluster_id,
            role: role_in(config, family),
            next_hop: config.next_hop,
            private_as: config.private_as,
            route_server: config.route_server && config.kind == PeerKind::Ebgp,
            graceful_shutdown: config.graceful_shutdown,
            long_lived: if up.long_lived.contains(&family) {
                LongLivedExport::All
            } else {
                config.long_lived_export
            },
        }
    }

    pub(crate) fn class(&self, source: &Source) -> Class {
        let reflected = self.kind == PeerKind::Ibgp && source.kind == PeerKind::Ibgp;
        Class {
            kind: source.kind,
            client: source.client,
            originator: if reflected { source.router_id } else { 0 },
        }
    }

    /// Why a path is not told, whatever the policy says.
    pub(crate) fn bars(&self, class: Class, hot: &Hot) -> Option<ExportState> {
        let internal = self.kind == PeerKind::Ibgp;
        if internal && class.kind == PeerKind::Ibgp && !class.client && !self.client {
            return Some(ExportState::IbgpToIbgp);
        }
        if hot.no_advertise
            || (hot.no_export && !internal)
            || (hot.no_peer && self.role == Some(Role::Peer))
        {
            return Some(ExportState::WellKnownCommunity);
        }
        // RFC 9234 §5: "MUST NOT be propagated to Providers, Peers, or RSes".
        let upward = matches!(
            self.role,
            Some(Role::Customer | Role::Peer | Role::RouteServerClient)
        );
        if hot.only_to_customer && upward {
            return Some(ExportState::OnlyToCustomers);
        }
        if hot.long_lived_stale && !self.takes_long_lived() {
            return Some(ExportState::LongLivedStale);
        }
        None
    }

    fn takes_long_lived(&self) -> bool {
        match self.long_lived {
            LongLivedExport::Never => false,
            LongLivedExport::Internal => self.kind == PeerKind::Ibgp,
            LongLivedExport::All => true,
        }
    }

    /// The next hop that is told instead of our own address.
    pub(crate) fn next_hop(&self, path: &Path, source: PeerKind, core: &Core) -> Option<NextHop> {
        if source == PeerKind::Local {
            return None;
        }
        let received = core.hops.value(path.next_hop.0)?;
        let kept = match self.next_hop {
            NextHopRule::Usual => self.kind == PeerKind::Ibgp || self.route_server,
            NextHopRule::Own => false,
            NextHopRule::OwnForExternal => {
                source == PeerKind::Ibgp && (self.kind == PeerKind::Ibgp || self.route_server)
            }
            NextHopRule::Unchanged => true,
            NextHopRule::Fixed { v4, v6 } => {
                let fixed = match received {
                    NextHop::V4(_) => v4.map(NextHop::V4),
                    NextHop::V6 { .. } => v6.map(|global| NextHop::V6 {
                        global,
                        link_local: None,
                    }),
                };
                if fixed.is_some() {
                    return fixed;
                }
                self.kind == PeerKind::Ibgp || self.route_server
            }
        };
        if !kept {
            return None;
        }
        match received {
            // RFC 2545 §3: the link-local address means something on the link it came from only.
            NextHop::V6 { global, .. } => {
                let known = !global.is_unspecified() && !global.is_unicast_link_local();
                known.then_some(NextHop::V6 {
                    global,
                    link_local: None,
                })
            }
            next_hop @ NextHop::V4(_) => Some(next_hop),
        }
    }

    /// Appends what the attributes become. A MED that policy gave stays.
    pub(crate) fn rewrite(
        &self,
        canonical: &[u8],
        hot: &Hot,
        class: Class,
        med_of_policy: bool,
        out: &mut Vec<u8>,
    ) {
        let edited = self.edited(canonical, hot);
        let mut rewrite = self.usual(class);
        if med_of_policy {
            rewrite.med = Change::Keep;
        }
        rewrite.apply(&edited, out);
    }

    /// What happens on every session of the kind.
    fn usual(&self, class: Class) -> Rewrite {
        match (self.kind, class.kind) {
            // RFC 7947 §2.2
            (PeerKind::Ebgp, _) if self.route_server => Rewrite {
                drop_internal: true,
                ..Rewrite::default()
            },
            // RFC 4271 §5.1.4: a MED from one neighbor AS does not go to another; our own does.
            (PeerKind::Ebgp, PeerKind::Local) => Rewrite {
                med: Change::Keep,
                ..Rewrite::external(self.local_as)
            },
            (PeerKind::Ebgp, _) => Rewrite::external(self.local_as),
            (PeerKind::Ibgp | PeerKind::Local, _) => Rewrite {
                reflect: RouterId::new(Ipv4Addr::from(class.originator)).map(|originator| {
                    Reflection {
                        originator,
                        cluster: self.cluster_id,
                    }
                }),
                ..Rewrite::internal(DEFAULT_LOCAL_PREF)
            },
        }
    }

    /// What happens on some: it costs a decoding, once per attribute set.
    fn edited<'a>(&self, canonical: &'a [u8], hot: &Hot) -> Cow<'a, [u8]> {
        let external = self.kind == PeerKind::Ebgp;
        // RFC 9234 §5: "If a route is to be advertised to a Customer, a Peer, or an RS-Client …
        // and the OTC Attribute is not present".
        let downward = matches!(
            self.role,
            Some(Role::Provider | Role::Peer | Role::RouteServer)
        );
        let only_to_customer = downward && !hot.only_to_customer;
        let last_resort = hot.long_lived_stale && self.long_lived != LongLivedExport::All;
        let private = external && self.private_as != PrivateAs::Keep && {
            let path = Attributes::from_canonical(canonical).as_path();
            path.is_some_and(|path| path.asns().any(Asn::is_private))
        };
        if !(only_to_customer || last_resort || private || self.graceful_shutdown) {
            return Cow::Borrowed(canonical);
        }
        let mut set = Attributes::from_canonical(canonical).to_set();
        if private {
            set.as_path = self.without_private(&set.as_path);
        }
        if only_to_customer {
            set.carry(CarriedAttribute::only_to_customer(self.local_as));
        }
        if last_resort {
            // RFC 9494 §4.6: an internal neighbor that does not know what it is shall prefer any
            // other, and not pass it on.
            set.local_pref = Some(0);
            mark(&mut set, community::NO_EXPORT);
        }
        if self.graceful_shutdown {
            // RFC 8326 §4.1
            mark(&mut set, community::GRACEFUL_SHUTDOWN);
            if !external {
                set.local_pref = Some(0);
            }
        }
        let mut octets = Vec::new();
        set.encode(&mut octets);
        Cow::Owned(octets)
    }

    fn without_private(&self, path: &AsPathBuf) -> AsPathBuf {
        let mut kept = AsPathBuf::default();
        for (kind, asns) in path.segments() {
            let asns = asns.iter().filter_map(|asn| match self.private_as {
                _ if !asn.is_private() => Some(*asn),
                PrivateAs::Replace => Some(self.local_as),
                PrivateAs::Keep | PrivateAs::Remove => None,
            });
            let asns: Vec<Asn> = asns.collect();
            if !asns.is_empty() {
                kept.push(kind, asns);
            }
        }
        kept
    }
}

/// RFC 9234 §5: OTC is for IPv4 and IPv6 unicast over external sessions.
pub(crate) fn role_in(config: &PeerConfig, family: Family) -> Option<Role> {
    let unicast = [Family::IPV4_UNICAST, Family::IPV6_UNICAST].contains(&family);
    config
        .role
        .filter(|_| unicast && config.kind == PeerKind::Ebgp)
}

/// Adds a community that is not there yet.
pub(crate) fn mark(set: &mut AttributeSet, community: u32) {
    if !set.communities.contains(&community) {
        set.communities.push(community);
    }
}
