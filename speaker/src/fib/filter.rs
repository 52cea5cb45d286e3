//! Which events the kernel shall wake us for: a socket filter, so that the rest costs nothing.
//!
//! Installing a full table makes half a million notifications, and another speaker on the host as
//! many again. Let through are links and addresses; deletions and replacements of routes in our
//! table by others; and new routes of others with a lower metric than ours, which packets follow
//! instead. Each message is looked at in place, some ten instructions.
use super::message::Identity;
use crate::netlink::kind;
use rtnetlink::packet_core::NLM_F_REPLACE;
use socket2::SockFilter;

/// `rtm_table` of a table beyond 255.
const TABLE_IN_ATTRIBUTE: u8 = 252;
/// nlmsghdr and rtmsg: where attributes begin.
const ATTRIBUTES: u32 = 16 + 12;
/// RTA_PRIORITY
const PRIORITY: u32 = 6;

// Classic BPF: BPF_LD and BPF_LDX with size and mode, BPF_JMP, BPF_RET, BPF_MISC.
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_OCTET: u16 = 0x30;
const LOAD_OCTET_AT_X: u16 = 0x50;
const LOAD_NUMBER: u16 = 0x00;
const LOAD_X_NUMBER: u16 = 0x01;
const TO_X: u16 = 0x07;
const IF_EQUAL: u16 = 0x15;
const IF_GREATER: u16 = 0x25;
const IF_NOT_LESS: u16 = 0x35;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
/// SKF_AD_OFF + SKF_AD_NLATTR: loading from here finds the attribute of type X from offset A on.
const FIND_ATTRIBUTE: u32 = 0xffff_f00c;

/// Lets through everything but what we caused ourselves: for a host whose next hops are reached by
/// routes of others.
pub(super) fn all_routes_filter(port: u32) -> Vec<SockFilter> {
    let word = |value: u32| u32::from_be_bytes(value.to_ne_bytes());
    let op = SockFilter::new;
    vec![
        op(LOAD_WORD, 0, 0, 12),
        op(IF_EQUAL, 0, 1, word(port)),
        op(RETURN, 0, 0, 0),
        op(RETURN, 0, 0, u32::MAX),
    ]
}

/// The filter of a socket that hears of routes. `port` is the socket that our own requests go out
/// by.
pub(super) fn event_filter(port: u32, identity: &Identity) -> Vec<SockFilter> {
    // Loads are big-endian, the header is the machine's.
    let half = |value: u16| u32::from(u16::from_be_bytes(value.to_ne_bytes()));
    let word = |value: u32| u32::from_be_bytes(value.to_ne_bytes());
    let table = u8::try_from(identity.table).unwrap_or(TABLE_IN_ATTRIBUTE);
    let [m0, m1, m2, m3] = identity.highest_metric().to_be_bytes().map(u32::from);
    // The octets of the metric behind the attribute's header, the most significant first.
    let [o0, o1, o2, o3] = if cfg!(target_endian = "little") {
        [7, 6, 5, 4]
    } else {
        [4, 5, 6, 7]
    };
    let op = SockFilter::new;
    vec![
        op(LOAD_HALF, 0, 0, 4),
        op(IF_EQUAL, 1, 0, half(kind::NEW_ROUTE)),
        op(IF_EQUAL, 18, 22, half(kind::DEL_ROUTE)),
        // 3: a new route counts where it replaced one,
        op(LOAD_HALF, 0, 0, 6),
        op(IF_ANY_BIT, 16, 0, half(NLM_F_REPLACE)),
        // or where its metric is lower than ours; none means 0.
        op(LOAD_NUMBER, 0, 0, ATTRIBUTES),
        op(LOAD_X_NUMBER, 0, 0, PRIORITY),
        op(LOAD_WORD, 0, 0, FIND_ATTRIBUTE),
        op(IF_EQUAL, 12, 0, 0),
        op(TO_X, 0, 0, 0),
        // 10: octet by octet; greater: no, less: yes, equal: the next tells.
        op(LOAD_OCTET_AT_X, 0, 0, o0),
        op(IF_GREATER, 14, 0, m0),
        op(IF_EQUAL, 0, 8, m0),
        op(LOAD_OCTET_AT_X, 0, 0, o1),
        op(IF_GREATER, 11, 0, m1),
        op(IF_EQUAL, 0, 5, m1),
        op(LOAD_OCTET_AT_X, 0, 0, o2),
        op(IF_GREATER, 8, 0, m2),
        op(IF_EQUAL, 0, 2, m2),
        op(LOAD_OCTET_AT_X, 0, 0, o3),
        op(IF_NOT_LESS, 5, 0, m3),
        // 21: not by us, and in our table.
        op(LOAD_WORD, 0, 0, 12),
        op(IF_EQUAL, 3, 0, word(port)),
        op(LOAD_OCTET, 0, 0, 20),
        op(IF_EQUAL, 0, 1, u32::from(table)),
        // 25, 26
        op(RETURN, 0, 0, u32::MAX),
        op(RETURN, 0, 0, 0),
    ]
}
