//! Capabilities (RFC 5492).
//!
//! A capability that this crate knows is a value; any other is kept octet by octet, so that a
//! session can show what a neighbor sent. Encoding the value of a decoded capability gives the
//! same octets where they were canonical. Cost: a vector per capability with a list.
use crate::iana::capability as code;
use crate::structure::{Parsed, Wrong, or};
use crate::{Asn, Family, FaultKind};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use nom::Parser;
use nom::combinator::{all_consuming, map, rest};
use nom::multi::{length_count, length_data, many0, many1};
use nom::number::complete::{be_u8, be_u16, be_u24, be_u32};

/// Graceful restart (RFC 4724 §3, RFC 8538 N bit).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub struct GracefulRestart {
    pub restarting: bool,
    pub notification: bool,
    /// seconds, 12 bits
    pub time: u16,
    /// (family, forwarding preserved)
    pub families: Vec<(Family, bool)>,
}

/// Which way ADD-PATH is spoken for one family (RFC 7911 §4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct AddPath {
    /// The family.
    pub family: Family,
    /// Whether the sender of the capability can receive several paths.
    pub receive: bool,
    /// Whether it would send several paths.
    pub send: bool,
}

/// An IPv4 family whose routes may have an IPv6 next hop (RFC 8950 §4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExtendedNextHop {
    /// The family of the routes.
    pub family: Family,
    /// The AFI of the next hop.
    pub next_hop_afi: u16,
}

/// One family of long-lived graceful restart (RFC 9494 §3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LongLived {
    /// The family.
    pub family: Family,
    /// Whether forwarding state was preserved.
    pub forwarding: bool,
    /// Long-lived stale time, seconds, 24 bits.
    pub time: u32,
}

/// Outbound route filters of one family (RFC 5291 §5).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct OutboundFiltering {
    /// The family.
    pub family: Family,
    /// (ORF type, whether the sender would receive such filters, whether it would send them)
    pub filters: Vec<(u8, bool, bool)>,
}

/// How many paths of a prefix the sender takes by ADD-PATH
/// (draft-abraitis-idr-addpath-paths-limit).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PathsLimit {
    /// The family.
    pub family: Family,
    /// Paths; 0 is no limit.
    pub limit: u16,
}

/// BGP role (RFC 9234 §4.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub enum Role {
    Provider,
    RouteServer,
    RouteServerClient,
    Customer,
    Peer,
    /// A role without meaning yet.
    Other(u8),
}

/// One capability.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the RFCs' own")]
pub enum Capability {
    Multiprotocol(Family),
    RouteRefresh,
    EnhancedRouteRefresh,
    ExtendedMessage,
    FourOctetAs(Asn),
    GracefulRestart(GracefulRestart),
    AddPath(Vec<AddPath>),
    ExtendedNextHop(Vec<ExtendedNextHop>),
    Role(Role),
    LongLivedGracefulRestart(Vec<LongLived>),
    /// host and domain name, UTF-8, at most 255 octets each
    Fqdn {
        host: String,
        domain: String,
    },
    /// UTF-8, at most 254 octets (draft-abraitis-bgp-version-capability)
    SoftwareVersion(String),
    OutboundFiltering(Vec<OutboundFiltering>),
    PathsLimit(Vec<PathsLimit>),
    /// link-local addresses alone may be next hops (draft-ietf-idr-linklocal-capability)
    LinkLocalNextHop,
    /// kept octet by octet
    Unknown {
        code: u8,
        value: Vec<u8>,
    },
}

impl Role {
    fn from_code(code: u8) -> Self {
        match code {
            0 => Self::Provider,
            1 => Self::RouteServer,
            2 => Self::RouteServerClient,
            3 => Self::Customer,
            4 => Self::Peer,
            other => Self::Other(other),
        }
    }

    /// The octet on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::Provider => 0,
            Self::RouteServer => 1,
            Self::RouteServerClient => 2,
            Self::Customer => 3,
            Self::Peer => 4,
            Self::Other(code) => code,
        }
    }

    /// Whether a neighbor with role `remote` fits (RFC 9234 §4.2, table 2).
    pub fn fits(self, remote: Self) -> bool {
        matches!(
            (self, remote),
            (Self::Provider, Self::Customer)
                | (Self::Customer, Self::Provider)
                | (Self::RouteServer, Self::RouteServerClient)
                | (Self::RouteServerClient, Self::RouteServer)
                | (Self::Peer, Self::Peer)
        )
    }
}

impl Capability {
    /// The capability code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Multiprotocol(_) => code::MULTIPROTOCOL,
            Self::RouteRefresh => code::ROUTE_REFRESH,
            Self::EnhancedRouteRefresh => code::ENHANCED_ROUTE_REFRESH,
            Self::ExtendedMessage => code::EXTENDED_MESSAGE,
            Self::FourOctetAs(_) => code::FOUR_OCTET_AS,
            Self::GracefulRestart(_) => code::GRACEFUL_RESTART,
            Self::AddPath(_) => code::ADD_PATH,
            Self::ExtendedNextHop(_) => code::EXTENDED_NEXT_HOP,
            Self::Role(_) => code::ROLE,
            Self::LongLivedGracefulRestart(_) => code::LONG_LIVED_GRACEFUL_RESTART,
            Self::Fqdn { .. } => code::FQDN,
            Self::SoftwareVersion(_) => code::SOFTWARE_VERSION,
            Self::OutboundFiltering(_) => code::OUTBOUND_ROUTE_FILTERING,
            Self::PathsLimit(_) => code::PATHS_LIMIT,
            Self::LinkLocalNextHop => code::LINK_LOCAL_NEXT_HOP,
            Self::Unknown { code, .. } => *code,
        }
    }

    /// The octets of the value, as they would be sent.
    pub fn value(&self) -> Vec<u8> {
        let mut value = Vec::new();
        self.encode_value(&mut value);
        value
    }

    /// Appends code, length and value. A value over 255 octets has no encoding: nothing is
    /// appended.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend([self.code(), 0]);
        let value = out.len();
        self.encode_value(out);
        let length = u8::try_from(out.len().saturating_sub(value));
        match (length, value.checked_sub(1).and_then(|at| out.get_mut(at))) {
            (Ok(length), Some(field)) => *field = length,
            _ => out.truncate(start),
        }
    }

    fn encode_value(&self, out: &mut Vec<u8>) {
        let put_family = |out: &mut Vec<u8>, family: Family| {
            out.extend(family.afi.to_be_bytes());
            out.push(family.safi);
        };
        match self {
            Self::RouteRefresh
            | Self::EnhancedRouteRefresh
            | Self::ExtendedMessage
            | Self::LinkLocalNextHop => {}
            // RFC 4760 §8: a reserved octet lies between AFI and SAFI.
            Self::Multiprotocol(family) => {
                out.extend(family.afi.to_be_bytes());
                out.extend([0, family.safi]);
            }
            Self::FourOctetAs(asn) => out.extend(asn.0.to_be_bytes()),
            Self::GracefulRestart(restart) => {
                let flags = (u16::from(restart.restarting) << 15)
                    | (u16::from(restart.notification) << 14)
                    | restart.time.min(0x0fff);
                out.extend(flags.to_be_bytes());
                for (family, forwarding) in &restart.families {
                    put_family(out, *family);
                    out.push(u8::from(*forwarding) << 7);
                }
            }
            Self::AddPath(families) => {
                for entry in families {
                    put_family(out, entry.family);
                    out.push(u8::from(entry.receive) | (u8::from(entry.send) << 1));
                }
            }
            // RFC 8950 §4: the SAFI takes two octets here.
            Self::ExtendedNextHop(families) => {
                for entry in families {
                    out.extend(entry.family.afi.to_be_bytes());
                    out.extend([0, entry.family.safi]);
                    out.extend(entry.next_hop_afi.to_be_bytes());
                }
            }
            Self::Role(role) => out.push(role.code()),
            Self::LongLivedGracefulRestart(families) => {
                for entry in families {
                    put_family(out, entry.family);
                    out.push(u8::from(entry.forwarding) << 7);
                    let [_, time @ ..] = entry.time.min(0x00ff_ffff).to_be_bytes();
                    out.extend(time);
                }
            }
            Self::Fqdn { host, domain } => {
                put_text(host, out);
                put_text(domain, out);
            }
            // A length of its own stands before the text, within the capability's.
            Self::SoftwareVersion(version) => put_text(version, out),
            Self::OutboundFiltering(families) => {
                for entry in families {
                    out.extend(entry.family.afi.to_be_bytes());
                    out.extend([0, entry.family.safi]);
                    // More than 255 would pass the length of the capability anyway.
                    out.push(u8::try_from(entry.filters.len()).unwrap_or(u8::MAX));
                    for (kind, receive, send) in &entry.filters {
                        out.extend([*kind, u8::from(*receive) | (u8::from(*send) << 1)]);
                    }
                }
            }
            Self::PathsLimit(families) => {
                for entry in families {
                    put_family(out, entry.family);
                    out.extend(entry.limit.to_be_bytes());
                }
            }
            Self::Unknown { value, .. } => out.extend(value),
        }
    }
}

/// Appends text behind its length in one octet, cut where a character ends.
fn put_text(text: &str, out: &mut Vec<u8>) {
    let end = (0..=text.len().min(255))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    let text = text.get(..end).unwrap_or("");
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend(text.as_bytes());
}

/// One capability of a list: code, length, value.
pub(crate) fn capability(input: &[u8]) -> Parsed<'_, Capability> {
    let (after, (code, value)) =
        or(FaultKind::OpenStructure, (be_u8, length_data(be_u8))).parse(input)?;
    // What the value means is decided inside it; what is left of it is a fault of this capability.
    match value_of(code, value) {
        Ok((_, capability)) => Ok((after, capability)),
        Err(_) => Wrong::failure(input, FaultKind::OpenCapability),
    }
}

fn family(input: &[u8]) -> Parsed<'_, Family> {
    map((be_u16, be_u8), |(afi, safi)| Family { afi, safi }).parse(input)
}

/// The value of a capability. Errors are turned into [`FaultKind::OpenCapability`].
fn value_of(code: u8, value: &[u8]) -> Parsed<'_, Capability> {
    let empty = |capability: Capability| {
        all_consuming(map(nom::combinator::success(()), move |()| {
            capability.clone()
        }))
        .parse(value)
    };
    match code {
        code::MULTIPROTOCOL => all_consuming(map((be_u16, be_u8, be_u8), |(afi, _, safi)| {
            Capability::Multiprotocol(Family { afi, safi })
        }))
        .parse(value),
        code::ROUTE_REFRESH => empty(Capability::RouteRefresh),
        code::ENHANCED_ROUTE_REFRESH => empty(Capability::EnhancedRouteRefresh),
        code::EXTENDED_MESSAGE => empty(Capability::ExtendedMessage),
        code::FOUR_OCTET_AS => {
            all_consuming(map(be_u32, |asn| Capability::FourOctetAs(Asn(asn)))).parse(value)
        }
        code::GRACEFUL_RESTART => all_consuming(map(
            (
                be_u16,
                many0(map((family, be_u8), |(family, flags)| {
                    (family, flags & 0x80 != 0)
                })),
            ),
            |(flags, families)| {
                Capability::GracefulRestart(GracefulRestart {
                    restarting: flags & 0x8000 != 0,
                    notification: flags & 0x4000 != 0,
                    time: flags & 0x0fff,
                    families,
                })
            },
        ))
        .parse(value),
        code::ADD_PATH => {
            let (after, entries) = all_consuming(many0((family, be_u8))).parse(value)?;
            // RFC 7911 §4: with any other value the capability counts as not understood. Entries of
            // neither direction say nothing, and take nothing from the others.
            let capability = if entries.iter().all(|(_, mode)| *mode <= 3) {
                let entry = |(family, mode)| AddPath {
                    family,
                    receive: matches!(mode, 1 | 3),
                    send: matches!(mode, 2 | 3),
                };
                Capability::AddPath(entries.into_iter().map(entry).collect())
            } else {
                Capability::Unknown {
                    code,
                    value: value.to_vec(),
                }
            };
            Ok((after, capability))
        }
        code::EXTENDED_NEXT_HOP => all_consuming(map(
            many0(map(
                (be_u16, be_u8, be_u8, be_u16),
                |(afi, _, safi, next_hop_afi)| ExtendedNextHop {
                    family: Family { afi, safi },
                    next_hop_afi,
                },
            )),
            Capability::ExtendedNextHop,
        ))
        .parse(value),
        code::ROLE => {
            all_consuming(map(be_u8, |role| Capability::Role(Role::from_code(role)))).parse(value)
        }
        code::LONG_LIVED_GRACEFUL_RESTART => all_consuming(map(
            many0(map((family, be_u8, be_u24), |(family, flags, time)| {
                LongLived {
                    family,
                    forwarding: flags & 0x80 != 0,
                    time,
                }
            })),
            Capability::LongLivedGracefulRestart,
        ))
        .parse(value),
        code::FQDN => fqdn(value),
        code::LINK_LOCAL_NEXT_HOP => empty(Capability::LinkLocalNextHop),
        // RFC 5291 §5: at least one entry, of at least five octets. Entries whose counts do not add
        // up are kept as octets, as other speakers accept them: a filter is a favour, and its
        // absence ends no session.
        code::OUTBOUND_ROUTE_FILTERING if value.len() >= 5 => {
            let entries = all_consuming(many1(outbound_filtering)).parse(value);
            let (empty, octets) = rest(value)?;
            let capability = match entries {
                Ok((_, entries)) => Capability::OutboundFiltering(entries),
                Err(_) => Capability::Unknown {
                    code,
                    value: octets.to_vec(),
                },
            };
            Ok((empty, capability))
        }
        code::OUTBOUND_ROUTE_FILTERING => Wrong::failure(value, FaultKind::OpenCapability),
        code::PATHS_LIMIT => all_consuming(map(
            many0(map((family, be_u16), |(family, limit)| PathsLimit {
                family,
                limit,
            })),
            Capability::PathsLimit,
        ))
        .parse(value),
        code::SOFTWARE_VERSION => {
            let (empty, octets) = rest(value)?;
            Ok((
                empty,
                text(code, value, || {
                    let (length, version) = octets.split_first()?;
                    let whole = usize::from(*length) == version.len();
                    Some(Capability::SoftwareVersion(
                        owned(version).filter(|_| whole)?,
                    ))
                }),
            ))
        }
        _ => {
            let (empty, value) = rest(value)?;
            Ok((
                empty,
                Capability::Unknown {
                    code,
                    value: value.to_vec(),
                },
            ))
        }
    }
}

fn outbound_filtering(input: &[u8]) -> Parsed<'_, OutboundFiltering> {
    let mode = |(kind, mode): (u8, u8)| (kind, matches!(mode, 1 | 3), matches!(mode, 2 | 3));
    map(
        (
            be_u16,
            be_u8,
            be_u8,
            length_count(be_u8, map((be_u8, be_u8), mode)),
        ),
        |(afi, _, safi, filters)| OutboundFiltering {
            family: Family { afi, safi },
            filters,
        },
    )
    .parse(input)
}

fn fqdn(value: &[u8]) -> Parsed<'_, Capability> {
    let (after, (host, domain)) =
        all_consuming((length_data(be_u8), length_data(be_u8))).parse(value)?;
    let capability = text(code::FQDN, value, || {
        Some(Capability::Fqdn {
            host: owned(host)?,
            domain: owned(domain)?,
        })
    });
    Ok((after, capability))
}

/// Names are for people only: octets that are no text are kept, and end no session.
fn text(code: u8, value: &[u8], named: impl FnOnce() -> Option<Capability>) -> Capability {
    named().unwrap_or_else(|| Capability::Unknown {
        code,
        value: value.to_vec(),
    })
}

fn owned(octets: &[u8]) -> Option<String> {
    core::str::from_utf8(octets).ok().map(String::from)
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider => f.write_str("provider"),
            Self::RouteServer => f.write_str("route server"),
            Self::RouteServerClient => f.write_str("route server client"),
            Self::Customer => f.write_str("customer"),
            Self::Peer => f.write_str("peer"),
            Self::Other(code) => write!(f, "{code}"),
        }
    }
}

impl fmt::Display for Capability {
    // short, for people: "multiprotocol ipv4-unicast", "4-octet AS 65530"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match code::name(self.code()) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "capability {}", self.code())?,
        }
        match self {
            Self::RouteRefresh
            | Self::EnhancedRouteRefresh
            | Self::ExtendedMessage
            | Self::LinkLocalNextHop => Ok(()),
            Self::OutboundFiltering(families) => list(f, families, |f, entry| {
                write!(f, "{}", entry.family)?;
                for (kind, receive, send) in &entry.filters {
                    write!(f, " type {kind} {}", direction(*receive, *send))?;
                }
                Ok(())
            }),
            Self::PathsLimit(families) => list(f, families, |f, entry| {
                write!(f, "{} {}", entry.family, entry.limit)
            }),
            Self::Multiprotocol(family) => write!(f, " {family}"),
            Self::FourOctetAs(asn) => write!(f, " {asn}"),
            Self::GracefulRestart(restart) => {
                write!(f, " {} s", restart.time)?;
                if restart.restarting {
                    f.write_str(", restarting")?;
                }
                if restart.notification {
                    f.write_str(", notification")?;
                }
                for (family, forwarding) in &restart.families {
                    let kept = if *forwarding { " forwarding" } else { "" };
                    write!(f, ", {family}{kept}")?;
                }
                Ok(())
            }
            Self::AddPath(families) => list(f, families, |f, entry| {
                let mode = direction(entry.receive, entry.send);
                write!(f, "{} {mode}", entry.family)
            }),
            Self::ExtendedNextHop(families) => {
                list(f, families, |f, entry| match entry.next_hop_afi {
                    2 => write!(f, "{} over ipv6", entry.family),
                    afi => write!(f, "{} over afi {afi}", entry.family),
                })
            }
            Self::Role(role) => write!(f, " {role}"),
            Self::LongLivedGracefulRestart(families) => list(f, families, |f, entry| {
                write!(f, "{} {} s", entry.family, entry.time)
            }),
            Self::Fqdn { host, domain } => {
                write!(f, " {}", host.escape_debug())?;
                if domain.is_empty() {
                    return Ok(());
                }
                write!(f, ".{}", domain.escape_debug())
            }
            Self::SoftwareVersion(version) => write!(f, " {}", version.escape_debug()),
            Self::Unknown { value, .. } if value.is_empty() => Ok(()),
            Self::Unknown { value, .. } => {
                f.write_str(" 0x")?;
                value.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

fn direction(receive: bool, send: bool) -> &'static str {
    match (receive, send) {
        (true, true) => "both",
        (true, false) => "receive",
        (false, true) => "send",
        (false, false) => "neither",
    }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    entries: &[T],
    mut one: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (position, entry) in entries.iter().enumerate() {
        f.write_str(if position == 0 { " " } else { ", " })?;
        one(f, entry)?;
    }
    Ok(())
}
