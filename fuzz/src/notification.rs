//! NOTIFICATION: read, written, and told to people.
use crate::allocation::at_most;
use crate::message::{STANDARD, check_fault, check_sendable, whole};
use bgp_wire::{Header, Notification};

/// The octets are a NOTIFICATION, or its body.
///
/// # Panics
/// When a promise of `bgp_wire::Notification` is broken.
pub fn notification(input: &[u8]) {
    let message = whole(3, input);
    let parsed = at_most(message.len(), "Notification::parse", || {
        Notification::parse(&message)
    });
    match parsed {
        Ok(notification) => {
            assert!(!notification.to_string().is_empty());
            if let Some(text) = notification.shutdown_text() {
                assert!(text.len() <= 255, "{} octets of text", text.len());
            }
            let mut octets = Vec::new();
            notification.encode(&mut octets);
            check_sendable(&octets);
            assert_eq!(Notification::parse(&octets).as_ref(), Ok(&notification));
            if let Some(inside) = notification.hard_reset() {
                assert_eq!(inside.into_hard_reset(), notification);
            }
            // A NOTIFICATION inside another has two octets less room.
            let room = notification.data.len() + 4 <= STANDARD - Header::LENGTH;
            let inside = notification.clone().into_hard_reset().hard_reset();
            assert_eq!(inside.as_ref() == Some(&notification), room, "{inside:?}");
        }
        Err(fault) => check_fault(&fault, &message),
    }
    // Any text of ours can be sent, and arrives where it fits.
    let text = String::from_utf8_lossy(input);
    let shutdown = Notification::administrative_shutdown(&text);
    let mut octets = Vec::new();
    shutdown.encode(&mut octets);
    check_sendable(&octets);
    let arrived = Notification::parse(&octets).expect("our own NOTIFICATION");
    let said = arrived.shutdown_text().unwrap_or_default();
    assert!(text.starts_with(said), "{said:?} is not of {text:?}");
    assert!(
        said == text || said.len() > 251,
        "{text:?} was cut to {said:?}"
    );
}
