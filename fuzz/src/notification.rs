//! NOTIFICATION: read, written, and told to people.
use crate::message::{check_fault, check_sendable, whole};
use bgp_wire::Notification;

/// The octets are a NOTIFICATION, or its body.
///
/// # Panics
/// When a promise of `bgp_wire::Notification` is broken.
pub fn notification(input: &[u8]) {
    let message = whole(3, input);
    match Notification::parse(&message) {
        Ok(notification) => {
            assert!(!notification.to_string().is_empty());
            if let Some(text) = notification.shutdown_text() {
                assert!(text.len() <= 255, "{} octets of text", text.len());
            }
            let mut octets = Vec::new();
            notification.encode(&mut octets);
            check_sendable(&octets);
            assert_eq!(Notification::parse(&octets), Ok(notification));
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
