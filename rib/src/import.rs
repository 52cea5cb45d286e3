//! What is asked of a route on its way in.
//!
//! A route that fails is kept in Adj-RIB-In with the reason: a person can see why, and a change
//! of policy evaluates it again without asking the neighbor. The checks look at the attributes
//! and the next hop alone and so run once per UPDATE; only a policy that looks at prefixes runs
//! once per prefix.
use crate::{
    PeerConfig, PeerKind, PeerUp, Verdict,
    destinations::Standing,
    intern::{HopId, Hops, SetId, Sets},
};
use bgp_wire::{
    AsPath, Attributes, NextHop,
    attr::{Change, Rewrite},
    iana::community,
};
use ipnet::IpNet;

/// Attributes and next hop, judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Imported {
    pub(crate) standing: Standing,
    /// The set after the import rules; one use is counted.
    pub(crate) accepted: SetId,
}

/// Who judges what a peer sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Importing<'a> {
    pub(crate) config: &'a PeerConfig,
    /// The session that brought it.
    pub(crate) up: Option<&'a PeerUp>,
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
        let standing = match hops.value(next_hop.0) {
            Some(next_hop) => check(self.config, self.up, &attributes, next_hop),
            None => Standing::NextHopInvalid,
        };
        // RFC 4271 §5.1.5: LOCAL_PREF from an external peer is ignored.
        let external = self.config.kind == PeerKind::Ebgp;
        let foreign_preference = external && attributes.local_pref().is_some();
        // RFC 9494 §4.2: LLGR_STALE is attached to routes that are kept for long.
        let stale = || attributes.communities().any(|c| c == community::LLGR_STALE);
        let unmarked = self.long_lived && !stale();
        let accepted = if unmarked {
            let mut set = attributes.to_set();
            set.communities.push(community::LLGR_STALE);
            set.local_pref = set.local_pref.filter(|_| !external);
            let mut octets = Vec::new();
            set.encode(&mut octets);
            sets.intern(&octets)
        } else if foreign_preference {
            let without = Rewrite {
                local_pref: Change::Remove,
                ..Rewrite::default()
            };
            let mut octets = Vec::new();
            without.apply(sets.octets(received), &mut octets);
            sets.intern(&octets)
        } else {
            sets.retain(received, 1);
            received
        };
        Imported { standing, accepted }
    }
}

impl Imported {
    /// The standing of a route to `prefix`.
    pub(crate) fn standing(&self, config: &PeerConfig, prefix: impl FnOnce() -> IpNet) -> Standing {
        if self.standing != Standing::Accepted {
            return self.standing;
        }
        let verdict = config
            .import
            .sweeping()
            .unwrap_or_else(|| config.import.verdict(&prefix()));
        match verdict {
            Verdict::Accept => Standing::Accepted,
            Verdict::Reject => Standing::Policy,
        }
    }
}

fn check(
    config: &PeerConfig,
    up: Option<&PeerUp>,
    attributes: &Attributes<'_>,
    next_hop: NextHop,
) -> Standing {
    if config.kind == PeerKind::Local {
        return Standing::Accepted;
    }
    let path = attributes.as_path();
    // RFC 4271 §9.1.2: an AS loop makes a route unfeasible.
    if path.is_some_and(|path| path.asns().any(|asn| asn == config.local_as)) {
        return Standing::AsLoop;
    }
    match config.kind {
        PeerKind::Ebgp => {
            // RFC 4271 §6.3: the leftmost AS may be checked against the neighbor's. A session
            // reset would punish all its routes, so the route alone is refused.
            let neighbor = up.map_or(config.remote_as, |up| up.remote_as);
            if path.and_then(|path| AsPath::first(&path)) != Some(neighbor) {
                return Standing::FirstAsMismatch;
            }
        }
        PeerKind::Ibgp => {
            // RFC 4456 §8: our own identifier as originator or cluster means a loop.
            if attributes.originator_id() == Some(config.router_id) {
                return Standing::OriginatorLoop;
            }
            let ours = u32::from(config.router_id.address());
            if attributes.cluster_list().any(|cluster| cluster == ours) {
                return Standing::ClusterLoop;
            }
        }
        PeerKind::Local => {}
    }
    check_next_hop(up, next_hop)
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
