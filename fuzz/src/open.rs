//! OPEN: read, written, and agreed upon.
use crate::allocation::at_most;
use crate::message::{check_fault, check_sendable, whole};
use bgp_wire::{Negotiated, Open};

/// The octets are an OPEN, or its body.
///
/// # Panics
/// When a promise of `bgp_wire::Open` is broken.
pub fn open(input: &[u8]) {
    let message = whole(1, input);
    // A family of three octets becomes a value of eight or twelve, and lists grow by doubling.
    let most = 4_096 + 128 * message.len();
    let open = match at_most(most, "Open::parse", || Open::parse(&message)) {
        Ok(open) => open,
        Err(fault) => {
            check_fault(&fault, &message);
            let code = fault.notification(&message).code;
            assert!(code == 1 || code == 2, "{fault:?} is an OPEN Message Error");
            return;
        }
    };
    assert!(!(1..3).contains(&open.hold_time), "{open:?}");
    for capability in &open.capabilities {
        assert!(!capability.to_string().is_empty(), "{capability:?}");
    }
    let mut octets = Vec::new();
    open.encode(&mut octets);
    check_sendable(&octets);
    let again = Open::parse(&octets);
    assert_eq!(again.as_ref(), Ok(&open), "read again from {octets:?}");

    // What both sides agree on does not depend on who asks.
    let alone = Negotiated::new(&open, &open);
    assert_eq!(alone.hold_time, open.hold_time);
    let plain = Open {
        capabilities: Vec::new(),
        ..open.clone()
    };
    let (ours, theirs) = (
        Negotiated::new(&plain, &open),
        Negotiated::new(&open, &plain),
    );
    assert_eq!(ours.families, theirs.families);
    assert_eq!(ours.four_octet_as, theirs.four_octet_as);
    assert_eq!(ours.max_send, theirs.max_receive);
}
