//! The BGP wire codec: octets to values and back.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod asn;
pub mod attr;
mod capability;
mod encode;
mod family;
mod fault;
mod header;
pub mod iana;
mod negotiated;
mod nlri;
mod notification;
mod open;
mod route_refresh;
mod update;

pub use asn::{Asn, RouterId};
pub use attr::{AsPath, AttributeSet, Attributes, NextHop, Origin};
pub use capability::{Capability, GracefulRestart};
pub use encode::{MessageSize, Packer, write_end_of_rib, write_keepalive};
pub use family::{AddressFamily, Family, Ipv4Unicast, Ipv6Unicast};
pub use fault::{Disposition, Fault, FaultKind};
pub use header::{Header, MessageType, frame};
pub use negotiated::Negotiated;
pub use nlri::{Nlri, PathId};
pub use notification::Notification;
pub use open::Open;
pub use route_refresh::RouteRefresh;
pub use update::{SessionType, Update, UpdateContext};
