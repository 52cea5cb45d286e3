//! NOTIFICATION (RFC 4271 §4.5, RFC 9003, RFC 8538).
//!
//! Two numbers and octets. Text that a peer put into it is shown with its control characters
//! escaped: it ends in logs and on terminals. Cost: one allocation for the data.
use crate::iana::notification as code;
use crate::{Fault, FaultKind, Header, MessageType, header};
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

/// A NOTIFICATION.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Notification {
    /// error code
    pub code: u8,
    /// subcode
    pub subcode: u8,
    /// data
    pub data: Vec<u8>,
}

/// Octets of data that fit into a message of 4,096 (RFC 8654 §4 allows no assumption of more).
const LONGEST_DATA: usize = 4_096 - Header::LENGTH - 2;

impl Notification {
    /// Any code and subcode; data is cut at what fits into 4,096 octets.
    pub fn new(code: u8, subcode: u8, data: &[u8]) -> Self {
        Self {
            code,
            subcode,
            data: data.get(..LONGEST_DATA).unwrap_or(data).to_vec(),
        }
    }

    /// Cease/Administrative Shutdown with RFC 9003 text (cut at 255 octets on a character boundary).
    pub fn administrative_shutdown(text: &str) -> Self {
        Self::with_text(code::cease::ADMINISTRATIVE_SHUTDOWN, text)
    }

    /// Cease/Administrative Reset with RFC 9003 text.
    pub fn administrative_reset(text: &str) -> Self {
        Self::with_text(code::cease::ADMINISTRATIVE_RESET, text)
    }

    /// Cease with another subcode and no data.
    pub fn cease(subcode: u8) -> Self {
        Self::new(code::CEASE, subcode, &[])
    }

    /// Hold Timer Expired.
    pub fn hold_timer_expired() -> Self {
        Self::new(code::HOLD_TIMER_EXPIRED, code::UNSPECIFIC, &[])
    }

    /// The same inside a Cease/Hard Reset: the neighbor must not keep our routes (RFC 8538 §3).
    pub fn into_hard_reset(self) -> Self {
        let mut data = Vec::with_capacity(self.data.len().saturating_add(2));
        data.extend([self.code, self.subcode]);
        data.extend(self.data);
        Self::new(code::CEASE, code::cease::HARD_RESET, &data)
    }

    /// The NOTIFICATION inside a Hard Reset (RFC 8538 §3.1).
    pub fn hard_reset(&self) -> Option<Self> {
        if (self.code, self.subcode) != (code::CEASE, code::cease::HARD_RESET) {
            return None;
        }
        let ([code, subcode], data) = self.data.split_first_chunk::<2>()?;
        Some(Self::new(*code, *subcode, data))
    }

    /// From a whole message.
    pub fn parse(message: &[u8]) -> Result<Self, Fault> {
        match message.get(Header::LENGTH..) {
            Some([code, subcode, data @ ..]) => Ok(Self {
                code: *code,
                subcode: *subcode,
                data: data.to_vec(),
            }),
            _ => Err(Fault {
                offset: 16,
                attr: None,
                kind: FaultKind::MessageLength,
            }),
        }
    }

    /// Appends the whole message.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = header::begin(out, MessageType::Notification);
        out.extend([self.code, self.subcode]);
        out.extend(self.data.iter().take(LONGEST_DATA));
        header::finish(out, start);
    }

    /// RFC 9003 text, where there is one and it is UTF-8.
    pub fn shutdown_text(&self) -> Option<&str> {
        if self.code != code::CEASE {
            return None;
        }
        let data = match self.subcode {
            code::cease::HARD_RESET => match self.data.as_slice() {
                [code::CEASE, subcode, data @ ..] if carries_text(*subcode) => data,
                _ => return None,
            },
            subcode if carries_text(subcode) => self.data.as_slice(),
            _ => return None,
        };
        let (length, rest) = data.split_first()?;
        let text = rest.get(..usize::from(*length))?;
        core::str::from_utf8(text)
            .ok()
            .filter(|text| !text.is_empty())
    }

    fn with_text(subcode: u8, text: &str) -> Self {
        // RFC 9003 §2: the text is cut where a character ends.
        let end = (0..=text.len().min(255))
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or(0);
        let text = text.get(..end).unwrap_or("");
        if text.is_empty() {
            return Self::cease(subcode);
        }
        let mut data = Vec::with_capacity(text.len().saturating_add(1));
        data.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        data.extend(text.as_bytes());
        Self::new(code::CEASE, subcode, &data)
    }

    fn write_names(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match code::code_name(self.code) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "error {}", self.code)?,
        }
        match code::subcode_name(self.code, self.subcode) {
            Some(name) => write!(f, "/{name}"),
            None if self.subcode == code::UNSPECIFIC => Ok(()),
            None => write!(f, "/subcode {}", self.subcode),
        }
    }
}

fn carries_text(subcode: u8) -> bool {
    matches!(
        subcode,
        code::cease::ADMINISTRATIVE_SHUTDOWN | code::cease::ADMINISTRATIVE_RESET
    )
}

impl fmt::Display for Notification {
    // "Cease/Administrative Shutdown: text"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_names(f)?;
        if let Some(inner) = self.hard_reset() {
            f.write_str(" of ")?;
            inner.write_names(f)?;
        }
        if let Some(text) = self.shutdown_text() {
            f.write_str(": ")?;
            for character in text.chars() {
                if character.is_control() {
                    write!(f, "{}", character.escape_default())?;
                } else {
                    f.write_char(character)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};

    fn round(notification: &Notification) -> Vec<u8> {
        let mut octets = Vec::new();
        notification.encode(&mut octets);
        assert_eq!(Notification::parse(&octets).as_ref(), Ok(notification));
        octets
    }

    #[test]
    fn shutdown_text_both_ways() {
        let notification = Notification::administrative_shutdown("maintenance");
        let octets = round(&notification);
        assert_eq!(&octets[16..22], &[0, 33, 3, 6, 2, 11]);
        assert_eq!(notification.shutdown_text(), Some("maintenance"));
        assert_eq!(
            notification.to_string(),
            "Cease/Administrative Shutdown: maintenance"
        );
        assert!(Notification::administrative_shutdown("").data.is_empty());
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let text: String = "é".repeat(200);
        let notification = Notification::administrative_reset(&text);
        assert_eq!(notification.data.len(), 255);
        assert_eq!(notification.shutdown_text(), Some("é".repeat(127).as_str()));
    }

    #[test]
    fn text_of_a_peer_cannot_write_to_a_terminal() {
        let hostile = Notification::new(6, 2, b"\x05\x1b[2Jx");
        assert_eq!(
            hostile.to_string(),
            "Cease/Administrative Shutdown: \\u{1b}[2Jx"
        );
        let lying = Notification::new(6, 2, b"\x09abc");
        assert_eq!(lying.shutdown_text(), None);
        let not_text = Notification::new(6, 2, &[2, 0xff, 0xfe]);
        assert_eq!(not_text.shutdown_text(), None);
    }

    #[test]
    fn hard_reset_wraps_and_unwraps() {
        let inner = Notification::administrative_shutdown("bye");
        let outer = inner.clone().into_hard_reset();
        round(&outer);
        assert_eq!(outer.hard_reset(), Some(inner));
        assert_eq!(outer.shutdown_text(), Some("bye"));
        assert_eq!(
            outer.to_string(),
            "Cease/Hard Reset of Cease/Administrative Shutdown: bye"
        );
    }

    #[test]
    fn names_and_numbers_without_name() {
        assert_eq!(
            Notification::hold_timer_expired().to_string(),
            "Hold Timer Expired"
        );
        assert_eq!(
            Notification::new(3, 11, &[]).to_string(),
            "UPDATE Message Error/Malformed AS_PATH"
        );
        assert_eq!(
            Notification::new(99, 7, &[]).to_string(),
            "error 99/subcode 7"
        );
    }

    #[test]
    fn data_never_makes_a_message_too_long() {
        let notification = Notification::new(7, 1, &[0; 70_000]);
        assert_eq!(round(&notification).len(), 4_096);
    }

    #[test]
    fn a_cut_message_is_a_fault() {
        let fault = Notification::parse(&[0xff; 20]).unwrap_err();
        assert_eq!((fault.offset, fault.kind), (16, FaultKind::MessageLength));
    }
}
