//! NOTIFICATION (RFC 4271 §4.5, RFC 9003, RFC 8538).
use crate::Fault;
use alloc::vec::Vec;
/// A NOTIFICATION.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// error code
    pub code: u8,
    /// subcode
    pub subcode: u8,
    /// data
    pub data: Vec<u8>,
}
impl Notification {
    /// Cease/Administrative Shutdown with RFC 9003 text (cut at 255 octets on a character boundary).
    pub fn administrative_shutdown(_text: &str) -> Self {
        todo!()
    }
    /// Cease with another subcode and no data.
    pub fn cease(_subcode: u8) -> Self {
        todo!()
    }
    /// From a whole message.
    pub fn parse(_message: &[u8]) -> Result<Self, Fault> {
        todo!()
    }
    /// Appends the whole message.
    pub fn encode(&self, _out: &mut Vec<u8>) {
        todo!()
    }
    /// RFC 9003 text, where there is one and it is UTF-8.
    pub fn shutdown_text(&self) -> Option<&str> {
        todo!()
    }
}
impl core::fmt::Display for Notification {
    // "Cease/Administrative Shutdown: text"
    fn fmt(&self, _f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        todo!()
    }
}
