//! The NOTIFICATIONs that the state machine sends of its own accord.
use crate::State;
use bgp_wire::{
    Asn, Capability, Family, MessageType, Notification, Open, RouterId,
    iana::{self, notification as code},
};

/// Finite State Machine Error: the state, and as data the type of the message that did not belong
/// there (RFC 6608 §4).
pub(crate) fn unexpected(kind: MessageType, state: State) -> Notification {
    let subcode = match state {
        State::OpenSent => code::state::OPEN_SENT,
        State::OpenConfirm => code::state::OPEN_CONFIRM,
        State::Established => code::state::ESTABLISHED,
        State::Idle | State::Connect | State::Active => code::UNSPECIFIC,
    };
    let kind = match kind {
        MessageType::Open => iana::message::OPEN,
        MessageType::Update => iana::message::UPDATE,
        MessageType::Notification => iana::message::NOTIFICATION,
        MessageType::Keepalive => iana::message::KEEPALIVE,
        MessageType::RouteRefresh => iana::message::ROUTE_REFRESH,
    };
    Notification {
        code: code::FINITE_STATE_MACHINE,
        subcode,
        data: vec![kind],
    }
}

/// Hold Timer Expired (RFC 4271 §6.5).
pub(crate) fn hold_timer_expired() -> Notification {
    bare(code::HOLD_TIMER_EXPIRED, code::UNSPECIFIC)
}

/// Send Hold Timer Expired (RFC 9687 §4).
pub(crate) fn send_hold_timer_expired() -> Notification {
    bare(code::SEND_HOLD_TIMER_EXPIRED, code::UNSPECIFIC)
}

/// Cease/Connection Collision Resolution (RFC 4271 §6.8, RFC 4486 §4).
pub(crate) fn collision() -> Notification {
    Notification::cease(code::cease::CONNECTION_COLLISION)
}

/// OPEN Message Error/Bad Peer AS. The data is the AS that the peer said it has, in as many octets
/// as it said it in (RFC 4271 §6.2 leaves it open; implementations print it).
pub(crate) fn bad_peer_as(open: &Open) -> Notification {
    let four_octets = open
        .capabilities
        .iter()
        .any(|c| matches!(c, Capability::FourOctetAs(_)));
    let Asn(asn) = open.asn;
    let data = match u16::try_from(asn) {
        Ok(asn) if !four_octets => asn.to_be_bytes().to_vec(),
        _ => asn.to_be_bytes().to_vec(),
    };
    Notification {
        code: code::OPEN_MESSAGE,
        subcode: code::open::BAD_PEER_AS,
        data,
    }
}

/// OPEN Message Error/Bad BGP Identifier, with the identifier as data.
pub(crate) fn bad_identifier(id: RouterId) -> Notification {
    Notification {
        code: code::OPEN_MESSAGE,
        subcode: code::open::BAD_IDENTIFIER,
        data: id.address().octets().to_vec(),
    }
}

/// OPEN Message Error/Unsupported Capability: the multiprotocol capabilities of which the peer
/// would have to offer one, as they stand in an OPEN (RFC 5492 §5).
pub(crate) fn no_common_family(ours: &[Family]) -> Notification {
    let mut data = Vec::with_capacity(ours.len().saturating_mul(6));
    for family in ours {
        let [high, low] = family.afi.to_be_bytes();
        data.extend([
            iana::capability::MULTIPROTOCOL,
            4,
            high,
            low,
            0,
            family.safi,
        ]);
    }
    Notification {
        code: code::OPEN_MESSAGE,
        subcode: code::open::UNSUPPORTED_CAPABILITY,
        data,
    }
}

/// OPEN Message Error/Role Mismatch (RFC 9234 §4.2).
pub(crate) fn role_mismatch() -> Notification {
    bare(code::OPEN_MESSAGE, code::open::ROLE_MISMATCH)
}

/// Whether the end that `notification` tells of is meant to last, so that the neighbor must not
/// keep routes over it (RFC 8538 §5.1; of an Administrative Reset it leaves the choice, and ours is
/// that a person who resets a session wants nothing of it kept).
pub(crate) fn means_hard_reset(notification: &Notification) -> bool {
    notification.code == code::CEASE
        && matches!(
            notification.subcode,
            code::cease::MAXIMUM_PREFIXES
                | code::cease::ADMINISTRATIVE_SHUTDOWN
                | code::cease::PEER_DECONFIGURED
                | code::cease::ADMINISTRATIVE_RESET
                | code::cease::HARD_RESET
        )
}

/// As it goes to a neighbor with which NOTIFICATIONs are graceful (RFC 8538 §3): what is meant to
/// last inside a Hard Reset.
pub(crate) fn hardened(notification: Notification) -> Notification {
    if is_hard_reset(&notification) || !means_hard_reset(&notification) {
        notification
    } else {
        notification.into_hard_reset()
    }
}

/// Whether `notification` asks for a reset over which nothing is kept (RFC 8538 §3).
pub(crate) fn is_hard_reset(notification: &Notification) -> bool {
    notification.code == code::CEASE && notification.subcode == code::cease::HARD_RESET
}

/// Whether the neighbor says no more than that it does not want a session now: nothing about us
/// has to change for the next attempt to succeed.
pub(crate) fn means_not_now(notification: &Notification) -> bool {
    notification.code == code::CEASE
}

fn bare(code: u8, subcode: u8) -> Notification {
    Notification {
        code,
        subcode,
        data: Vec::new(),
    }
}
