//! The BGP wire codec: octets to values and back.
//!
//! Two layers. A checked view over octets ([`Update`], [`Attributes`]) for what is read often and
//! fast, and owned values ([`Open`], [`Notification`], [`AttributeSet`]) that can only hold what is
//! legal to send. Everything that can be wrong with a peer's octets is a [`Fault`], which knows its
//! offset, what RFC 7606 makes of it and the NOTIFICATION that RFC 4271 asks for. There is no I/O,
//! no clock and no logging; the crate needs `alloc` only.
//!
//! Framing a stream and reading an UPDATE:
//!
//! ```
//! use bgp_wire::*;
//! # let mut stream = Vec::new();
//! # let mut canonical = Vec::new();
//! # AttributeSet::with_path([Asn(12076)]).encode(&mut canonical);
//! # let size = MessageSize { max: 4096, four_octet_as: true, add_path: false };
//! # let next_hop = NextHop::V4("10.1.1.2".parse()?);
//! # let nlri = [Nlri::<Ipv4Unicast>::new("192.168.0.0/16".parse()?)];
//! # Packer::announce(&mut stream, size, &canonical, next_hop, &nlri)?;
//! let context = UpdateContext {
//!     session: SessionType::Ebgp,
//!     four_octet_as: true,
//!     families: vec![Family::IPV4_UNICAST],
//!     ..UpdateContext::default()
//! };
//! let mut rest = &stream[..];
//! while let Some(header) = frame(rest, 4_096)? {
//!     let (message, next) = rest.split_at(header.length);
//!     if header.kind == MessageType::Update {
//!         let update = Update::parse(message, &context)?;
//!         assert_eq!(update.disposition(), Disposition::Accept);
//!         for nlri in update.announced::<Ipv4Unicast>() {
//!             assert_eq!(nlri.key.to_string(), "192.168.0.0/16");
//!         }
//!         assert_eq!(update.attributes().as_path().unwrap().to_string(), "12076");
//!     }
//!     rest = next;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Building and sending: an [`AttributeSet`] becomes canonical octets once, a
//! [`Rewrite`](attr::Rewrite) turns them into what one kind of neighbor gets, and the [`Packer`]
//! writes whole messages.
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

// From here down a module imports from those below it.
mod encode;
pub mod mrt;
mod update;

mod negotiated;
mod open;

mod capability;
mod notification;
mod orf;
mod route_refresh;

pub mod attr;
mod fault;
mod header;
mod structure;

mod family;
mod nlri;
mod prefix;

mod asn;
pub mod iana;

pub use asn::{Asn, ParseAsnError, ParseRouterIdError, RouterId};
pub use attr::{AsPath, AsPathBuf, AttributeSet, Attributes, NextHop, Origin};
pub use capability::{
    AddPath, Capability, ExtendedNextHop, GracefulRestart, LongLived, OutboundFiltering,
    PathsLimit, Role,
};
pub use encode::{DoesNotFit, MessageSize, Packer, write_end_of_rib, write_keepalive};
pub use family::{
    AddressFamily, BgpLs, Evpn, EvpnKey, EvpnPayload, Family, FlowComponent, FlowMatch,
    FlowMatches, FlowPrefix, FlowRule, FlowRuleBuilder, FlowRuleError, FlowTest, FlowType,
    Ipv4Flowspec, Ipv4Labeled, Ipv4Multicast, Ipv4Unicast, Ipv6Flowspec, Ipv6Labeled,
    Ipv6Multicast, Ipv6Unicast, Label, Labels, MacAddress, NlriOctets, Opaque, OpaqueKey,
    OtherRoute, ParseFamilyError, ParseRouteDistinguisherError, RouteDistinguisher,
    RouteTargetConstraint, RouteTargetMembership, SegmentId, Vpn, VpnFlowRule, Vpnv4,
    Vpnv4Flowspec, Vpnv6, Vpnv6Flowspec,
};
pub use fault::{Disposition, Fault, FaultKind};
pub use header::{Header, MessageType, frame};
pub use negotiated::Negotiated;
pub use nlri::{Nlri, NlriRun, PathId, RawNlri, RawRun};
pub use notification::Notification;
pub use open::Open;
pub use orf::{FilterList, OutboundFilters, PrefixFilter};
pub use route_refresh::RouteRefresh;
pub use update::{AsSets, MultiprotocolField, SessionType, Update, UpdateContext};
