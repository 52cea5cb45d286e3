//! The BGP wire codec: octets to values and back.
//!
//! Two layers. A checked view over octets ([`Update`], [`Attributes`]) for what is read often and
//! fast, and owned values ([`Open`], [`Notification`], [`AttributeSet`]) that can only hold what is
//! legal to send. Everything that can be wrong with a peer's octets is a [`Fault`], which knows its
//! offset, what RFC 7606 makes of it and the NOTIFICATION that RFC 4271 asks for. There is no I/O,
//! no clock and no logging; the crate needs `alloc` only.
//!
//! # Framing a stream, reading an UPDATE
//!
//! [`frame`] finds the first whole message. What an UPDATE means depends on the session: that is
//! the [`UpdateContext`], which follows from the OPENs of both sides ([`Negotiated`]).
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
//! # When something is wrong
//!
//! An error ends the session ([`Update::every_fault`] tells what else is wrong with such a
//! message). Anything milder is a disposition, and the UPDATE remains readable:
//!
//! ```
//! use bgp_wire::*;
//! # let mut message = Vec::new();
//! # let mut canonical = Vec::new();
//! # AttributeSet::with_path([Asn(12076)]).encode(&mut canonical);
//! # let size = MessageSize { max: 4096, four_octet_as: true, add_path: false };
//! # let next_hop = NextHop::V4("10.1.1.2".parse()?);
//! # let nlri = [Nlri::<Ipv4Unicast>::new("192.168.0.0/16".parse()?)];
//! # Packer::announce(&mut message, size, &canonical, next_hop, &nlri)?;
//! # let context = UpdateContext {
//! #     four_octet_as: true,
//! #     families: vec![Family::IPV4_UNICAST],
//! #     ..UpdateContext::default()
//! # };
//! message[26] = 7; // ORIGIN is 0, 1 or 2
//! let update = Update::parse(&message[..], &context)?;
//! assert_eq!(update.disposition(), Disposition::TreatAsWithdraw);
//! let fault = update.faults().next().unwrap();
//! assert_eq!(fault.to_string(), "ORIGIN: value is not IGP, EGP or INCOMPLETE (octet 26)");
//! // What a session without RFC 7606 would have sent:
//! let notification = fault.notification(&message);
//! assert_eq!((notification.code, notification.subcode), (3, 6));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Families
//!
//! A family is a type ([`AddressFamily`]), so that tables and iterators are written once. It says
//! which part of an NLRI is the key and which is not: a withdraw may carry another label. Families
//! without a type of their own are [`Opaque`], and of any family known only at run time
//! [`Update::announced_octets`] gives the octets of each NLRI.
//!
//! ```
//! use bgp_wire::*;
//! let route = Vpn { rd: "65000:1".parse()?, prefix: "10.0.0.0/8".parse()? };
//! let label = Label::new(100).unwrap();
//! let nlri = Nlri::<Vpnv4> { path_id: PathId(0), key: route, payload: label.into() };
//! let mut octets = Vec::new();
//! nlri.encode(false, &mut octets);
//! let read: Vec<_> = NlriRun::<Vpnv4>::new(&octets, false).collect();
//! assert_eq!(read, [nlri]);
//! assert_eq!(read[0].key.to_string(), "65000:1 10.0.0.0/8");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Building and sending
//!
//! An [`AttributeSet`] becomes canonical octets once, a [`Rewrite`](attr::Rewrite) turns them into
//! what one kind of neighbor gets, and the [`Packer`] writes whole messages, as many NLRI in each
//! as it holds. What is sent once needs no canonical octets: [`Packer::announce_set`].
//!
//! ```
//! use bgp_wire::*;
//! use bgp_wire::attr::Rewrite;
//! let mut local = Vec::new();
//! AttributeSet::local().encode(&mut local);
//! let mut attributes = Vec::new();
//! Rewrite::external(Asn(65530)).apply(&local, &mut attributes);
//!
//! let size = MessageSize { max: 4_096, four_octet_as: true, add_path: false };
//! let next_hop = NextHop::V4("10.1.1.1".parse()?);
//! let nlri = [
//!     Nlri::<Ipv4Unicast>::new("192.168.100.0/24".parse()?),
//!     Nlri::new("192.168.101.0/24".parse()?),
//! ];
//! let mut stream = Vec::new();
//! let messages = Packer::announce(&mut stream, size, &attributes, next_hop, &nlri)?;
//! assert_eq!((messages, stream.len()), (1, 51));
//! Packer::withdraw(&mut stream, size, &nlri[..1]);
//! write_end_of_rib(&mut stream, Family::IPV4_UNICAST);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Opening and closing a session
//!
//! What both OPENs agree on is a pure function of them, and what an UPDATE means follows from that.
//!
//! ```
//! use bgp_wire::*;
//! let families = [Family::IPV4_UNICAST, Family::IPV6_UNICAST];
//! let mut ours = Open::new(Asn(65530), 90, "10.1.1.1".parse()?, &families);
//! ours.capabilities.push(Capability::AddPath(vec![AddPath {
//!     family: Family::IPV4_UNICAST,
//!     receive: true,
//!     send: false,
//! }]));
//! let mut stream = Vec::new();
//! ours.encode(&mut stream);
//! assert_eq!(Open::parse(&stream)?, ours);
//!
//! let theirs = Open::new(Asn(12076), 30, "10.1.1.2".parse()?, &families[..1]);
//! let negotiated = Negotiated::new(&ours, &theirs);
//! assert_eq!((negotiated.hold_time, negotiated.max_send), (30, 65_535));
//! assert_eq!(negotiated.families, [Family::IPV4_UNICAST]);
//! let context = UpdateContext::new(&negotiated);
//! assert_eq!(context.session, SessionType::Ebgp);
//!
//! stream.clear();
//! Notification::administrative_shutdown("maintenance").encode(&mut stream);
//! let read = Notification::parse(&stream)?;
//! assert_eq!(read.to_string(), "Cease/Administrative Shutdown: maintenance");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Table dumps
//!
//! [`mrt`] reads what route collectors and other speakers write into files, and shows there how to
//! walk one.
//!
//! # Features
//!
//! `std` (by default) only passes on to the dependencies; without it the crate needs `alloc`. With
//! `serde`, AS numbers are numbers and families, identifiers, route distinguishers and communities
//! are the words that they are shown as.
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
