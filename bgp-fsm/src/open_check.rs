//! Whether what the neighbor's OPEN says can be accepted (RFC 4271 §6.2), as a pure function.
//!
//! What can be told from the octets alone (version, lengths, hold time, identifier zero) is a
//! fault of parsing; here is what depends on our own configuration.
use crate::{Config, OpenRefusal, notifications};
use bgp_wire::{Asn, Capability, Negotiated, Notification, Open};

/// What both sides agreed on, or why not and the NOTIFICATION that says so.
pub(crate) fn agree(
    config: &Config,
    local: &Open,
    remote: &Open,
) -> Result<Negotiated, (Notification, OpenRefusal)> {
    // RFC 4271 §6.2: "If the Autonomous System field of the OPEN message is unacceptable, then
    // the Error Subcode MUST be set to Bad Peer AS." RFC 7607: AS 0 always is.
    if config
        .remote_as
        .is_some_and(|expected| expected != remote.asn)
        || remote.asn == Asn(0)
    {
        let refusal = OpenRefusal::PeerAs {
            expected: config.remote_as,
            got: remote.asn,
        };
        return Err((notifications::bad_peer_as(remote), refusal));
    }
    // RFC 6286 §2.2: our own identifier is an error from an internal peer only.
    if remote.asn == config.local_as && remote.router_id == config.router_id {
        let id = remote.router_id;
        return Err((
            notifications::bad_identifier(id),
            OpenRefusal::OwnIdentifier(id),
        ));
    }
    check_role(config, local, remote)
        .map_err(|refusal| (notifications::role_mismatch(), refusal))?;
    let negotiated = Negotiated::new(local, remote);
    if negotiated.families.is_empty() {
        // RFC 5492 §3: a session without a family would be of no use.
        let ours: Vec<_> = local
            .capabilities
            .iter()
            .filter_map(|capability| match capability {
                Capability::Multiprotocol(family) => Some(*family),
                _ => None,
            })
            .collect();
        return Err((
            notifications::no_common_family(&ours),
            OpenRefusal::NoCommonFamily { ours },
        ));
    }
    Ok(negotiated)
}

/// RFC 9234 §4.2: whether the roles of both sides fit each other. They have a meaning between
/// different AS only.
fn check_role(config: &Config, local: &Open, remote: &Open) -> Result<(), OpenRefusal> {
    let Some(ours) = local.roles().next().filter(|_| local.asn != remote.asn) else {
        return Ok(());
    };
    let mut theirs = remote.roles();
    match theirs.next() {
        // "If the BGP Role Capability is sent but one is not received, the BGP Speaker SHOULD
        // ignore the absence … [or] MAY apply a 'strict mode'".
        None if config.strict_role => Err(OpenRefusal::NoRole { ours }),
        None => Ok(()),
        // "If a speaker receives multiple but identical BGP Role Capabilities with the same value
        // in each, then the speaker considers them to be a single BGP Role Capability".
        Some(role) => match theirs.find(|other| *other != role) {
            Some(other) => Err(OpenRefusal::SeveralRoles { first: role, other }),
            None if ours.fits(role) => Ok(()),
            None => Err(OpenRefusal::Role { ours, theirs: role }),
        },
    }
}
