//! What is asked of a route on its way in.
//!
//! A route that fails is kept in Adj-RIB-In with the reason: a person can see why, and a change
//! of policy evaluates it again without asking the neighbor. The checks look at the attributes
//! and the next hop alone and so run once per UPDATE; only a policy that looks at prefixes runs
//! once per prefix.
use crate::{
    PeerConfig, PeerKind, PeerUp, Subject,
    destinations::Standing,
    intern::{HopId, Hops, Hot, SetId, Sets},
    policy::Look,
    rules::{mark, role_in},
};
use bgp_wire::{
    AsPath, Asn, Attributes, Family, NextHop, Role,
    attr::{CarriedAttribute, Change, Rewrite},
    iana::community,
};
use ipnet::IpNet;

/// Attributes and next hop of an UPDATE, judged; prefixes come one after the other.
#[derive(Debug)]
pub(crate) struct Imported {
    received: SetId,
    standing: Standing,
    look: Look,
    /// What the terms of an outcome make of the received set, one use of each counted. The first is
    /// what no term changed.
    made: Vec<(Vec<u16>, SetId)>,
}

/// Who judges what a peer sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Importing<'a> {
    pub(crate) config: &'a PeerConfig,
    /// The session that brought it.
    pub(crate) up: Option<&'a PeerUp>,
    pub(crate) family: Family,
    /// It is long-lived stale (RFC 9494).
    pub(crate) long_lived: bool,
}

impl Importing<'_> {
    /// Judges what a peer sent, prefixes aside.
    pub(crate) fn import(
        &self,
        sets: &mut Sets,
        hops: &Hops,
        received: SetId,
        next_hop: HopId,
    ) -> Imported {
        let attributes = sets.attributes(received);
        let hop = hops.value(next_hop.0);
        let standing = match (hop, sets.hot(received)) {
            (Some(next_hop), Some(hot)) => self.check(&attributes, hot, next_hop),
            _ => Standing::NextHopInvalid,
        };
        let look = self.config.import.look(&Subject {
            attributes: &attributes,
            next_hop: hop.filter(|_| self.config.kind != PeerKind::Local),
            neighbor: self.config.address,
            protocol: self.config.protocol,
        });
        let unchanged = self.made(sets, received, &[]);
        Imported {
            received,
            standing,
            look,
            made: vec![(Vec::new(), unchanged)],
        }
    }

    /// The set that these terms and the rules make of what was received, one use counted.
    fn made(&self, sets: &mut Sets, received: SetId, terms: &[u16]) -> SetId {
        match self.rewritten(sets, received, terms) {
            Some(octets) => sets.intern(&octets),
            None => {
                sets.retain(received, 1);
                received
            }
        }
    }

    /// The attributes after the import rules, where they change.
    fn rewritten(&self, sets: &Sets, received: SetId, terms: &[u16]) -> Option<Vec<u8>> {
        let local = self.config.kind == PeerKind::Local;
        if local && terms.is_empty() {
            return None;
        }
        let hot = sets.hot(received)?;
        let octets = sets.octets(received);
        let external = self.config.kind == PeerKind::Ebgp;
        let attributes = || Attributes::from_canonical(octets);
        // RFC 4271 §5.1.5: LOCAL_PREF from an external peer is ignored.
        let foreign_preference = external && hot.has_local_pref;
        // RFC 8326 §4.2, for both sides of the session.
        let last_resort =
            (self.config.graceful_shutdown && !local) || (external && hot.graceful_shutdown);
        // RFC 7999 §3.2: a BLACKHOLE goes no further than this AS.
        let blackhole = external && hot.blackhole && !hot.no_export && !hot.no_advertise;
        // RFC 9234 §5: "from a Provider, a Peer, or an RS, and the OTC Attribute is not present".
        let from_above = matches!(
            role_in(self.config, self.family),
            Some(Role::Customer | Role::Peer | Role::RouteServerClient)
        );
        let only_to_customer = from_above && !hot.only_to_customer;
        // RFC 9494 §4.2: LLGR_STALE is attached to routes that are kept for long.
        let stale = self.long_lived && !hot.long_lived_stale;
        let mut out = Vec::new();
        if last_resort || blackhole || only_to_customer || stale || !terms.is_empty() {
            let mut set = attributes().to_set();
            set.local_pref = set.local_pref.filter(|_| !external);
            // Policy first: what RFCs ask for, it cannot undo.
            self.config
                .import
                .apply(terms, &mut set, self.config.local_as);
            if last_resort {
                set.local_pref = Some(0);
            }
            if blackhole {
                mark(&mut set, community::NO_EXPORT);
            }
            if only_to_customer {
                set.carry(CarriedAttribute::only_to_customer(self.neighbor_as()));
            }
            if stale {
                mark(&mut set, community::LLGR_STALE);
            }
            set.encode(&mut out);
        } else if foreign_preference {
            let without = Rewrite {
                local_pref: Change::Remove,
                ..Rewrite::default()
            };
            without.apply(octets, &mut out);
        } else {
            return None;
        }
        Some(out)
    }

    fn neighbor_as(&self) -> Asn {
        self.up.map_or(self.config.remote_as, |up| up.remote_as)
    }

    fn check(&self, attributes: &Attributes<'_>, hot: &Hot, next_hop: NextHop) -> Standing {
        let config = self.config;
        if config.kind == PeerKind::Local {
            return Standing::Accepted;
        }
        let path = attributes.as_path();
        // RFC 4271 §9.1.2: an AS loop makes a route unfeasible.
        let ours = |asn: &Asn| [config.local_as, config.global_as].contains(asn);
        let times = path.map_or(0, |path| path.asns().filter(ours).count());
        if times > usize::from(config.allow_own_as) {
            return Standing::AsLoop;
        }
        match config.kind {
            PeerKind::Ebgp => {
                // RFC 4271 §6.3: the leftmost AS may be checked against the neighbor's. A session
                // reset would punish all its routes, so the route alone is refused. A route server
                // does not put its own there (RFC 7947 §2.2.2.1).
                let checked = config.first_as && config.role != Some(Role::RouteServerClient);
                let first = path.and_then(|path| AsPath::first(&path));
                if checked && first != Some(self.neighbor_as()) {
                    return Standing::FirstAsMismatch;
                }
                if self.leaked(attributes, hot) {
                    return Standing::RouteLeak;
                }
            }
            PeerKind::Ibgp => {
                // RFC 4456 §8: our own identifier as originator or cluster means a loop.
                if attributes.originator_id() == Some(config.router_id) {
                    return Standing::OriginatorLoop;
                }
                let mut clusters = attributes.cluster_list();
                if clusters.any(|cluster| cluster == config.cluster_id) {
                    return Standing::ClusterLoop;
                }
            }
            PeerKind::Local => {}
        }
        check_next_hop(self.up, next_hop)
    }

    /// RFC 9234 §5: what was for customers only does not come from one, and from a peer only if it
    /// put the mark there itself.
    fn leaked(&self, attributes: &Attributes<'_>, hot: &Hot) -> bool {
        if !hot.only_to_customer {
            return false;
        }
        match role_in(self.config, self.family) {
            Some(Role::Provider | Role::RouteServer) => true,
            Some(Role::Peer) => attributes.only_to_customer() != Some(self.neighbor_as()),
            _ => false,
        }
    }
}

impl Imported {
    /// The standing of a route to `prefix`, and its attributes (valid until `release`).
    pub(crate) fn judge(
        &mut self,
        importing: &Importing<'_>,
        prefix: impl FnOnce() -> IpNet,
        sets: &mut Sets,
    ) -> (Standing, SetId) {
        let unchanged = self.made.first().map_or(self.received, |(_, set)| *set);
        if self.standing != Standing::Accepted {
            return (self.standing, unchanged);
        }
        let outcome = importing.config.import.outcome(&self.look, prefix);
        if !outcome.accept {
            return (Standing::Policy, unchanged);
        }
        let known = self.made.iter().find(|(terms, _)| *terms == outcome.terms);
        if let Some((_, set)) = known {
            return (Standing::Accepted, *set);
        }
        let set = importing.made(sets, self.received, &outcome.terms);
        self.made.push((outcome.terms, set));
        (Standing::Accepted, set)
    }

    /// Nothing more is to be judged.
    pub(crate) fn release(self, sets: &mut Sets) {
        for (_, set) in self.made {
            sets.release(set, 1);
        }
    }
}

/// RFC 4271 §5.1.3 and §6.3: the next hop must be a host's address and not the receiver's own.
fn check_next_hop(up: Option<&PeerUp>, next_hop: NextHop) -> Standing {
    let (ours_v4, ours_v6, link_local) = up.map_or((None, None, None), |up| {
        (up.next_hop_v4, up.next_hop_v6, up.link_local)
    });
    match next_hop {
        NextHop::V4(address) if Some(address) == ours_v4 => Standing::NextHopIsOurs,
        NextHop::V6 { global, .. } if [ours_v6, link_local].contains(&Some(global)) => {
            Standing::NextHopIsOurs
        }
        _ if !next_hop.is_host() || next_hop.address().to_canonical().is_loopback() => {
            Standing::NextHopInvalid
        }
        _ => Standing::Accepted,
    }
}
