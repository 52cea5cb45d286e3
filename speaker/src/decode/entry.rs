//! What a line of output says: one entry per message, state change, route or record.
//!
//! Both forms of output, lines for people and JSON lines, are made from this one value, so they
//! cannot disagree. The field names of the JSON lines are the field names here, in the order they
//! stand here; fields that have nothing to say are left out. They are stable: fields may be added,
//! none is renamed or taken away.
use super::describe::Described;
use bgp_wire::{Asn, Disposition, Family};
use ipnet::IpNet;
use serde::{Serialize, Serializer};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, UNIX_EPOCH};

/// One line.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The file, where there are several inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// Number of the line, from 1, in input that is lines of hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Octets of the (decompressed) input before the message or record; in a line of hexadecimal
    /// digits, octets of the line before the message.
    pub offset: u64,
    /// When, RFC 3339, where the input knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Time>,
    /// The neighbor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<End>,
    /// The side that recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<End>,
    /// "received" from the neighbor, or "sent" to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// What it is: "type" and the fields of that type.
    #[serde(flatten)]
    pub what: What,
    /// What is wrong, in the order it was found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultEntry>,
    /// What a session would do about the worst of the faults (RFC 7606): "attribute-discard",
    /// "treat-as-withdraw", "family-disable" or "session-reset".
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub disposition: Option<Disposition>,
    /// The NOTIFICATION that a session would end with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<NotificationEntry>,
    /// A reading without fault, where another context gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<&'static str>,
}

/// What an entry is about; "type" in JSON.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum What {
    /// OPEN.
    Open(OpenEntry),
    /// UPDATE.
    Update(UpdateEntry),
    /// NOTIFICATION.
    Notification(NotificationEntry),
    /// KEEPALIVE.
    Keepalive,
    /// ROUTE-REFRESH.
    RouteRefresh {
        /// The family.
        #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
        family: Option<Family>,
        /// "request", "begin", "end", or a number.
        subtype: String,
    },
    /// Octets that are no message: see the faults.
    Malformed {
        /// How many octets.
        length: usize,
    },
    /// A session changed its state.
    State {
        /// State before.
        from: String,
        /// State after.
        to: String,
    },
    /// A route of a table.
    Route(RouteEntry),
    /// The peers that the routes after it came from.
    Peers {
        /// BGP identifier of the collector.
        collector: Ipv4Addr,
        /// Name of the view.
        #[serde(skip_serializing_if = "String::is_empty")]
        view: String,
        /// The peers, in order of their numbers.
        peers: Vec<PeerEntry>,
    },
    /// A record that holds no BGP, or in a form that is not read.
    Skipped {
        /// Its type and subtype.
        record: String,
        /// Octets of the record.
        length: usize,
    },
    /// A record with a fault.
    Unreadable {
        /// Its type and subtype.
        record: String,
        /// Octets from the first of the record to the fault.
        at: usize,
        /// What is wrong.
        fault: String,
    },
}

/// One end of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct End {
    /// Address.
    pub address: IpAddr,
    /// AS number.
    #[serde(rename = "as")]
    pub asn: Asn,
}

/// Which way a message went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the neighbor.
    Received,
    /// To the neighbor.
    Sent,
}

/// A peer of a table.
#[derive(Clone, Debug, Serialize)]
pub struct PeerEntry {
    /// BGP identifier.
    pub id: Ipv4Addr,
    /// Address.
    pub address: IpAddr,
    /// AS number.
    #[serde(rename = "as")]
    pub asn: Asn,
}

/// OPEN.
#[derive(Clone, Debug, Serialize)]
pub struct OpenEntry {
    /// AS number, of four octets where the capability is there.
    #[serde(rename = "as")]
    pub asn: Asn,
    /// Hold time, seconds.
    pub hold_time: u16,
    /// BGP identifier.
    pub id: Ipv4Addr,
    /// Capabilities, in words.
    pub capabilities: Vec<String>,
    /// How what follows is read, in input that is messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<ContextEntry>,
}

/// How the messages behind an OPEN are read: by what it says, and the OPEN of the other side where
/// that was there, and by the options.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ContextEntry {
    /// Octets of an AS number: 2 or 4.
    pub as_octets: u8,
    /// Whether both sides are of one AS, where both were heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal: Option<bool>,
    /// Families that both sides have, where both were heard.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "all_shown")]
    pub families: Vec<Family>,
    /// Families with path identifiers.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "all_shown")]
    pub add_path: Vec<Family>,
    /// Families of IPv4 whose next hops may be IPv6, where both sides were heard.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "all_shown")]
    pub extended_next_hop: Vec<Family>,
}

/// UPDATE.
#[derive(Clone, Debug, Default, Serialize)]
pub struct UpdateEntry {
    /// The family this is an End-of-RIB marker of.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    pub end_of_rib: Option<Family>,
    /// Withdrawn routes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<NlriGroup>,
    /// Announced routes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<NlriGroup>,
    /// Path attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<AttributesEntry>,
}

/// NLRI of one field of an UPDATE.
#[derive(Clone, Debug, Serialize)]
pub struct NlriGroup {
    /// Their family.
    #[serde(serialize_with = "shown_always")]
    pub family: Family,
    /// Their next hop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop: Option<String>,
    /// The NLRI, of families that are read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nlri: Vec<NlriEntry>,
    /// All NLRI in hexadecimal digits, of other families and where they cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub octets: Option<String>,
}

/// One NLRI: a prefix, or words where its family has none.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct NlriEntry {
    /// Path identifier, with ADD-PATH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_id: Option<u32>,
    /// Route distinguisher, in VPNs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rd: Option<String>,
    /// The prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<IpNet>,
    /// The route in words: EVPN, flow specifications, route targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// MPLS labels, the outermost first; in EVPN 24 bits, which may be a VNI.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<u32>,
    /// Ethernet segment that goes with a route of EVPN and is no part of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// Gateway of a prefix of EVPN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
}

/// A route of a table.
#[derive(Clone, Debug, Serialize)]
pub struct RouteEntry {
    /// Family.
    #[serde(serialize_with = "shown_always")]
    pub family: Family,
    /// Path identifier, with ADD-PATH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_id: Option<u32>,
    /// The prefix, of families that are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<IpNet>,
    /// The NLRI in hexadecimal digits, of other families.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub octets: Option<String>,
    /// Route distinguisher, in VPNs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rd: Option<String>,
    /// The route in words: EVPN, flow specifications, route targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// MPLS labels, the outermost first; in EVPN 24 bits, which may be a VNI.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<u32>,
    /// When the route was learned.
    pub originated: Time,
    /// The next hop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_hop: Option<String>,
    /// Path attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<AttributesEntry>,
}

/// Path attributes, those that are malformed left out.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct AttributesEntry {
    /// "IGP", "EGP" or "incomplete".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// AS path as text: sets in braces, confederation segments in parentheses and brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_path: Option<String>,
    /// MULTI_EXIT_DISC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub med: Option<u32>,
    /// LOCAL_PREF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_pref: Option<u32>,
    /// Whether ATOMIC_AGGREGATE is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub atomic_aggregate: bool,
    /// AGGREGATOR: AS number and address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregator: Option<End>,
    /// ORIGINATOR_ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub originator_id: Option<String>,
    /// CLUSTER_LIST, the last reflector first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cluster_list: Vec<Ipv4Addr>,
    /// Communities: "65000:1", or their well-known names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub communities: Vec<String>,
    /// Large communities: "65000:1:2".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub large_communities: Vec<String>,
    /// Extended communities: "target:65000:1"; "0x" and hexadecimal digits where they have no words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extended_communities: Vec<String>,
    /// IPv6 address specific extended communities: `target:[2001:db8::1]:1`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv6_extended_communities: Vec<String>,
    /// Accumulated IGP metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aigp: Option<u64>,
    /// PMSI tunnel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pmsi_tunnel: Option<PmsiTunnelEntry>,
    /// Only to Customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_to_customer: Option<Asn>,
    /// All others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<OtherAttribute>,
}

/// A PMSI tunnel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PmsiTunnelEntry {
    /// Tunnel type: 6 is ingress replication.
    pub tunnel: u8,
    /// Flags.
    pub flags: u8,
    /// 24 bits: an MPLS label in the upper 20 of them, or a VNI.
    pub label: u32,
    /// Endpoint of ingress replication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<IpAddr>,
    /// Tunnel identifier in hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub identifier: String,
}

/// An attribute that is shown as octets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OtherAttribute {
    /// Type code.
    pub code: u8,
    /// The registry's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'static str>,
    /// Flags.
    pub flags: u8,
    /// Value in hexadecimal digits.
    pub value: String,
}

/// One fault.
#[derive(Clone, Debug, Serialize)]
pub struct FaultEntry {
    /// Octets from the first of the message (of the record, for a route of a table).
    pub offset: usize,
    /// Type code of the attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<u8>,
    /// What is wrong, with the attribute's name.
    pub fault: String,
    /// What a session would do about it.
    #[serde(serialize_with = "shown_always")]
    pub disposition: Disposition,
}

/// NOTIFICATION.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NotificationEntry {
    /// Error code.
    pub code: u8,
    /// Subcode.
    pub subcode: u8,
    /// Code, subcode and shutdown text in words.
    pub text: String,
    /// Data in hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub data: String,
}

/// Seconds and microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Time {
    /// Seconds.
    pub seconds: u32,
    /// Microseconds, where the input has them.
    pub microseconds: Option<u32>,
}

impl Entry {
    /// Of a message or record at `offset`.
    pub(super) fn new(offset: u64, described: Described) -> Self {
        Self {
            input: None,
            line: None,
            offset,
            time: None,
            peer: None,
            local: None,
            direction: None,
            what: described.what,
            faults: described.faults,
            disposition: described.disposition,
            notification: described.notification,
            hint: described.hint,
        }
    }
}

impl std::fmt::Display for Time {
    // "2019-01-01T00:00:00Z", "2015-10-23T02:21:18.509481Z"
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = Duration::from_secs(u64::from(self.seconds))
            + Duration::from_micros(u64::from(self.microseconds.unwrap_or(0)));
        let time = UNIX_EPOCH + since;
        match self.microseconds {
            None => humantime::format_rfc3339_seconds(time).fmt(f),
            Some(_) => humantime::format_rfc3339_micros(time).fmt(f),
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn shown_always<T: std::fmt::Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn all_shown<T: std::fmt::Display, S: Serializer>(
    values: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(ToString::to_string))
}

fn shown<T: std::fmt::Display, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}
