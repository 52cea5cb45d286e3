//! What holds for every message: how input becomes one, and what a fault may say.
use bgp_wire::{Disposition, Fault, Header, frame};

/// Octets of the marker.
const MARKER: usize = 16;

/// `input` as one whole message of type code `kind`: as it is where it is one already, otherwise
/// as the body behind a correct header. So a corpus may hold both, and a mutation of a length does
/// not end at the framing.
pub(crate) fn whole(kind: u8, input: &[u8]) -> Vec<u8> {
    if let Ok(Some(header)) = frame(input, STANDARD)
        && header.length == input.len()
        && input.get(MARKER + 2) == Some(&kind)
    {
        return input.to_vec();
    }
    let body = &input[..input.len().min(STANDARD - Header::LENGTH)];
    let length = u16::try_from(Header::LENGTH + body.len()).expect("at most 4,096");
    let mut message = vec![0xff; MARKER];
    message.extend(length.to_be_bytes());
    message.push(kind);
    message.extend(body);
    message
}

/// Largest message without RFC 8654.
pub(crate) const STANDARD: usize = 4_096;

/// A fault lies inside its message, speaks to people, and its NOTIFICATION is one of RFC 4271 that
/// can be sent and read back.
pub(crate) fn check_fault(fault: &Fault, message: &[u8]) {
    assert!(
        fault.offset <= message.len(),
        "{fault:?} lies outside of {} octets",
        message.len()
    );
    assert!(!fault.to_string().is_empty(), "{fault:?} has no words");
    let notification = fault.notification(message);
    assert!(
        (1..=7).contains(&notification.code),
        "{fault:?} is answered by {notification:?}"
    );
    let mut octets = Vec::new();
    notification.encode(&mut octets);
    check_sendable(&octets);
    if fault.disposition() == Disposition::SessionReset {
        assert_ne!(notification.code, 6, "{fault:?} is no reason to cease");
    }
}

/// Exactly whole messages of the standard size.
pub(crate) fn check_sendable(octets: &[u8]) {
    check_messages(octets, STANDARD);
}

/// Exactly whole messages, none larger than `max`; how many.
pub(crate) fn check_messages(mut octets: &[u8], max: usize) -> usize {
    let mut messages = 0;
    while !octets.is_empty() {
        let header = frame(octets, max)
            .unwrap_or_else(|fault| panic!("we would send octets that are {fault}: {octets:?}"))
            .unwrap_or_else(|| panic!("we would send half a message: {octets:?}"));
        octets = &octets[header.length..];
        messages += 1;
    }
    messages
}
