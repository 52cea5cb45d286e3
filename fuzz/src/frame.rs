//! Framing: a stream of octets is cut into messages, or refused as early as it can be.
use crate::message::{STANDARD, check_fault};
use bgp_wire::{Header, frame as first};

/// The octets are a stream.
///
/// # Panics
/// When a promise of `bgp_wire::frame` is broken.
pub fn frame(input: &[u8]) {
    for max in [STANDARD, usize::from(u16::MAX)] {
        let mut stream = input;
        loop {
            match first(stream, max) {
                Ok(Some(header)) => {
                    assert!(
                        (Header::LENGTH..=max).contains(&header.length),
                        "{header:?}"
                    );
                    assert!(header.length <= stream.len(), "{header:?} is not all there");
                    // Octets that follow do not matter.
                    assert_eq!(first(&stream[..header.length], max), Ok(Some(header)));
                    assert_eq!(first(&stream[..header.length - 1], max), Ok(None));
                    stream = &stream[header.length..];
                }
                Ok(None) => {
                    assert!(stream.len() < max, "{max} octets are enough to know");
                    break;
                }
                Err(fault) => {
                    check_fault(&fault, stream);
                    assert_eq!(
                        fault.notification(stream).code,
                        1,
                        "{fault:?} is a Message Header Error"
                    );
                    // What was refused stays refused, whatever follows.
                    let mut longer = stream.to_vec();
                    longer.extend([0; 64]);
                    assert_eq!(first(&longer, max), Err(fault));
                    break;
                }
            }
        }
    }
}
