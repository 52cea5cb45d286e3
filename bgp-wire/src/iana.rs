//! Every code point of BGP, and a name for people beside it.
//!
//! What it is: the numbers of the IANA registries "BGP Parameters", "Capability Codes",
//! "Address Family Numbers" and "SAFI Namespace" that this crate knows. Why so: a number that
//! stands in one place cannot disagree with itself, and what a log or a table prints is the
//! registry's own word. Cost: none; lookups are matches over constants.

/// Message types (RFC 4271 §4.1).
pub mod message {
    /// OPEN.
    pub const OPEN: u8 = 1;
    /// UPDATE.
    pub const UPDATE: u8 = 2;
    /// NOTIFICATION.
    pub const NOTIFICATION: u8 = 3;
    /// KEEPALIVE.
    pub const KEEPALIVE: u8 = 4;
    /// ROUTE-REFRESH (RFC 2918).
    pub const ROUTE_REFRESH: u8 = 5;
}

/// Path attribute type codes and flags (RFC 4271 §4.3).
pub mod attribute {
    /// Optional (not well-known).
    pub const OPTIONAL: u8 = 0x80;
    /// Transitive.
    pub const TRANSITIVE: u8 = 0x40;
    /// Partial: somebody on the way did not know the attribute.
    pub const PARTIAL: u8 = 0x20;
    /// Extended length: two octets of length.
    pub const EXTENDED_LENGTH: u8 = 0x10;

    macro_rules! codes {
        ($($(#[$doc:meta])* $constant:ident = $code:literal, $name:literal;)*) => {
            $($(#[$doc])* pub const $constant: u8 = $code;)*
            /// The registry's name of a type code.
            pub fn name(code: u8) -> Option<&'static str> {
                match code { $($code => Some($name),)* _ => None }
            }
        };
    }
    codes! {
        /// ORIGIN (RFC 4271 §5.1.1).
        ORIGIN = 1, "ORIGIN";
        /// AS_PATH (RFC 4271 §5.1.2).
        AS_PATH = 2, "AS_PATH";
        /// NEXT_HOP (RFC 4271 §5.1.3).
        NEXT_HOP = 3, "NEXT_HOP";
        /// MULTI_EXIT_DISC (RFC 4271 §5.1.4).
        MULTI_EXIT_DISC = 4, "MULTI_EXIT_DISC";
        /// LOCAL_PREF (RFC 4271 §5.1.5).
        LOCAL_PREF = 5, "LOCAL_PREF";
        /// ATOMIC_AGGREGATE (RFC 4271 §5.1.6).
        ATOMIC_AGGREGATE = 6, "ATOMIC_AGGREGATE";
        /// AGGREGATOR (RFC 4271 §5.1.7).
        AGGREGATOR = 7, "AGGREGATOR";
        /// COMMUNITIES (RFC 1997).
        COMMUNITIES = 8, "COMMUNITIES";
        /// ORIGINATOR_ID (RFC 4456 §8).
        ORIGINATOR_ID = 9, "ORIGINATOR_ID";
        /// CLUSTER_LIST (RFC 4456 §8).
        CLUSTER_LIST = 10, "CLUSTER_LIST";
        /// MP_REACH_NLRI (RFC 4760 §3).
        MP_REACH_NLRI = 14, "MP_REACH_NLRI";
        /// MP_UNREACH_NLRI (RFC 4760 §4).
        MP_UNREACH_NLRI = 15, "MP_UNREACH_NLRI";
        /// Extended communities (RFC 4360).
        EXTENDED_COMMUNITIES = 16, "EXTENDED_COMMUNITIES";
        /// AS4_PATH (RFC 6793 §3).
        AS4_PATH = 17, "AS4_PATH";
        /// AS4_AGGREGATOR (RFC 6793 §3).
        AS4_AGGREGATOR = 18, "AS4_AGGREGATOR";
        /// PMSI tunnel (RFC 6514 §5).
        PMSI_TUNNEL = 22, "PMSI_TUNNEL";
        /// Tunnel encapsulation (RFC 9012 §2).
        TUNNEL_ENCAPSULATION = 23, "TUNNEL_ENCAPSULATION";
        /// IPv6 address specific extended communities (RFC 5701).
        IPV6_EXTENDED_COMMUNITIES = 25, "IPV6_EXTENDED_COMMUNITIES";
        /// Accumulated IGP metric (RFC 7311).
        AIGP = 26, "AIGP";
        /// BGP-LS (RFC 9552).
        BGP_LS = 29, "BGP_LS";
        /// Large communities (RFC 8092).
        LARGE_COMMUNITIES = 32, "LARGE_COMMUNITIES";
        /// BGPsec_PATH (RFC 8205).
        BGPSEC_PATH = 33, "BGPSEC_PATH";
        /// Only to Customer (RFC 9234 §5).
        ONLY_TO_CUSTOMER = 35, "ONLY_TO_CUSTOMER";
        /// Domain path (draft-ietf-bess-evpn-ipvpn-interworking).
        D_PATH = 36, "D_PATH";
        /// BGP Prefix-SID (RFC 8669, RFC 9252).
        PREFIX_SID = 40, "PREFIX_SID";
        /// ATTR_SET (RFC 6368).
        ATTR_SET = 128, "ATTR_SET";
    }
}

/// AS_PATH segment types (RFC 4271 §4.3, RFC 5065 §3).
pub mod segment {
    /// AS_SET.
    pub const SET: u8 = 1;
    /// AS_SEQUENCE.
    pub const SEQUENCE: u8 = 2;
    /// AS_CONFED_SEQUENCE.
    pub const CONFED_SEQUENCE: u8 = 3;
    /// AS_CONFED_SET.
    pub const CONFED_SET: u8 = 4;
}

/// OPEN optional parameters (RFC 5492 §4, RFC 9072 §2).
pub mod parameter {
    /// Capabilities.
    pub const CAPABILITIES: u8 = 2;
    /// Extended length follows.
    pub const EXTENDED_LENGTH: u8 = 255;
}

/// Capability codes (RFC 5492).
pub mod capability {
    macro_rules! codes {
        ($($(#[$doc:meta])* $constant:ident = $code:literal, $name:literal;)*) => {
            $($(#[$doc])* pub const $constant: u8 = $code;)*
            /// A name for people.
            pub fn name(code: u8) -> Option<&'static str> {
                match code { $($code => Some($name),)* _ => None }
            }
        };
    }
    codes! {
        /// Multiprotocol extensions (RFC 4760 §8).
        MULTIPROTOCOL = 1, "multiprotocol";
        /// Route refresh (RFC 2918).
        ROUTE_REFRESH = 2, "route refresh";
        /// Outbound route filtering (RFC 5291).
        OUTBOUND_ROUTE_FILTERING = 3, "outbound route filtering";
        /// Extended next hop encoding (RFC 8950).
        EXTENDED_NEXT_HOP = 5, "extended next hop";
        /// Extended message (RFC 8654).
        EXTENDED_MESSAGE = 6, "extended message";
        /// BGPsec (RFC 8205).
        BGPSEC = 7, "BGPsec";
        /// Multiple labels (RFC 8277).
        MULTIPLE_LABELS = 8, "multiple labels";
        /// Role (RFC 9234).
        ROLE = 9, "role";
        /// Graceful restart (RFC 4724).
        GRACEFUL_RESTART = 64, "graceful restart";
        /// Four-octet AS numbers (RFC 6793).
        FOUR_OCTET_AS = 65, "4-octet AS";
        /// Dynamic capability (draft).
        DYNAMIC = 67, "dynamic capability";
        /// ADD-PATH (RFC 7911).
        ADD_PATH = 69, "ADD-PATH";
        /// Enhanced route refresh (RFC 7313).
        ENHANCED_ROUTE_REFRESH = 70, "enhanced route refresh";
        /// Long-lived graceful restart (RFC 9494).
        LONG_LIVED_GRACEFUL_RESTART = 71, "long-lived graceful restart";
        /// FQDN (draft-walton-bgp-hostname-capability).
        FQDN = 73, "FQDN";
        /// Software version (draft-ietf-idr-bgp-sv).
        SOFTWARE_VERSION = 75, "software version";
        /// Paths limit (draft-abraitis-idr-addpath-paths-limit).
        PATHS_LIMIT = 76, "paths limit";
        /// Link-local next hop (draft-ietf-idr-linklocal-capability).
        LINK_LOCAL_NEXT_HOP = 77, "link-local next hop";
        /// Route refresh before RFC 2918.
        ROUTE_REFRESH_CISCO = 128, "route refresh (pre-standard)";
    }
}

/// Extended community types and sub-types (RFC 4360, RFC 7153).
pub mod extended_community {
    /// Does not leave the AS.
    pub const NON_TRANSITIVE: u8 = 0x40;
    /// Two-octet AS specific.
    pub const TWO_OCTET_AS: u8 = 0x00;
    /// IPv4 address specific.
    pub const IPV4_ADDRESS: u8 = 0x01;
    /// Four-octet AS specific (RFC 5668).
    pub const FOUR_OCTET_AS: u8 = 0x02;
    /// Opaque.
    pub const OPAQUE: u8 = 0x03;
    /// EVPN (RFC 7432 §7).
    pub const EVPN: u8 = 0x06;
    /// Actions of flow specifications (RFC 8955 §7).
    pub const FLOWSPEC: u8 = 0x80;

    /// Route target.
    pub const ROUTE_TARGET: u8 = 0x02;
    /// Route origin.
    pub const ROUTE_ORIGIN: u8 = 0x03;
    /// Link bandwidth.
    pub const LINK_BANDWIDTH: u8 = 0x04;
    /// Color (RFC 9012 §4.3).
    pub const COLOR: u8 = 0x0b;
    /// Encapsulation (RFC 9012 §4.1).
    pub const ENCAPSULATION: u8 = 0x0c;
    /// Default gateway (RFC 7432 §7.8).
    pub const DEFAULT_GATEWAY: u8 = 0x0d;
    /// Redirect to an IPv6 route target (RFC 8956 §6.1).
    pub const IPV6_REDIRECT: u8 = 0x0d;

    /// Traffic rate in octets.
    pub const TRAFFIC_RATE: u8 = 0x06;
    /// Traffic action.
    pub const TRAFFIC_ACTION: u8 = 0x07;
    /// Redirect to a route target.
    pub const REDIRECT: u8 = 0x08;
    /// Traffic marking.
    pub const TRAFFIC_MARKING: u8 = 0x09;
    /// Traffic rate in packets.
    pub const TRAFFIC_RATE_PACKETS: u8 = 0x0c;

    /// MAC mobility.
    pub const MAC_MOBILITY: u8 = 0x00;
    /// Ethernet segment identifier label.
    pub const SEGMENT_LABEL: u8 = 0x01;
    /// Route target of an Ethernet segment.
    pub const SEGMENT_IMPORT: u8 = 0x02;
    /// MAC address of a router (RFC 9135).
    pub const ROUTER_MAC: u8 = 0x03;
    /// Layer 2 attributes (RFC 8214).
    pub const LAYER2_ATTRIBUTES: u8 = 0x04;
}

/// Address family identifiers (RFC 4760).
pub mod afi {
    /// IPv4.
    pub const IPV4: u16 = 1;
    /// IPv6.
    pub const IPV6: u16 = 2;
    /// L2VPN.
    pub const L2VPN: u16 = 25;
    /// BGP-LS.
    pub const BGP_LS: u16 = 16_388;
}

/// Subsequent address family identifiers (RFC 4760).
pub mod safi {
    /// Unicast.
    pub const UNICAST: u8 = 1;
    /// Multicast.
    pub const MULTICAST: u8 = 2;
    /// Labelled unicast (RFC 8277).
    pub const LABELED: u8 = 4;
    /// EVPN (RFC 7432).
    pub const EVPN: u8 = 70;
    /// BGP-LS (RFC 9552).
    pub const BGP_LS: u8 = 71;
    /// SR policy (RFC 9830).
    pub const SR_POLICY: u8 = 73;
    /// MPLS VPN (RFC 4364).
    pub const VPN: u8 = 128;
    /// Route target constraint (RFC 4684).
    pub const ROUTE_TARGET: u8 = 132;
    /// Flowspec (RFC 8955).
    pub const FLOWSPEC: u8 = 133;
    /// Flowspec of a VPN (RFC 8955).
    pub const FLOWSPEC_VPN: u8 = 134;
}

/// Families with a name: (AFI, SAFI, name).
pub const FAMILIES: &[(u16, u8, &str)] = &[
    (1, 1, "ipv4-unicast"),
    (1, 2, "ipv4-multicast"),
    (1, 4, "ipv4-labeled-unicast"),
    (1, 5, "ipv4-mvpn"),
    (1, 73, "ipv4-sr-policy"),
    (1, 85, "ipv4-mup"),
    (1, 128, "vpnv4"),
    (1, 129, "vpnv4-multicast"),
    (1, 132, "route-target"),
    (1, 133, "ipv4-flowspec"),
    (1, 134, "vpnv4-flowspec"),
    (2, 1, "ipv6-unicast"),
    (2, 2, "ipv6-multicast"),
    (2, 4, "ipv6-labeled-unicast"),
    (2, 5, "ipv6-mvpn"),
    (2, 73, "ipv6-sr-policy"),
    (2, 85, "ipv6-mup"),
    (2, 128, "vpnv6"),
    (2, 129, "vpnv6-multicast"),
    (2, 133, "ipv6-flowspec"),
    (2, 134, "vpnv6-flowspec"),
    (25, 65, "vpls"),
    (25, 70, "evpn"),
    (16_388, 71, "bgp-ls"),
    (16_388, 72, "bgp-ls-vpn"),
];

/// NOTIFICATION error codes and subcodes (RFC 4271 §4.5).
pub mod notification {
    /// Message Header Error.
    pub const MESSAGE_HEADER: u8 = 1;
    /// OPEN Message Error.
    pub const OPEN_MESSAGE: u8 = 2;
    /// UPDATE Message Error.
    pub const UPDATE_MESSAGE: u8 = 3;
    /// Hold Timer Expired.
    pub const HOLD_TIMER_EXPIRED: u8 = 4;
    /// Finite State Machine Error (subcodes: RFC 6608).
    pub const FINITE_STATE_MACHINE: u8 = 5;
    /// Cease (subcodes: RFC 4486).
    pub const CEASE: u8 = 6;
    /// ROUTE-REFRESH Message Error (RFC 7313 §5).
    pub const ROUTE_REFRESH_MESSAGE: u8 = 7;
    /// Send Hold Timer Expired (RFC 9687).
    pub const SEND_HOLD_TIMER_EXPIRED: u8 = 8;

    /// Subcode 0 of any code.
    pub const UNSPECIFIC: u8 = 0;

    /// Subcodes of Message Header Error (RFC 4271 §6.1).
    pub mod header {
        /// Connection Not Synchronized.
        pub const NOT_SYNCHRONIZED: u8 = 1;
        /// Bad Message Length.
        pub const BAD_LENGTH: u8 = 2;
        /// Bad Message Type.
        pub const BAD_TYPE: u8 = 3;
    }
    /// Subcodes of OPEN Message Error (RFC 4271 §6.2).
    pub mod open {
        /// Unsupported Version Number.
        pub const UNSUPPORTED_VERSION: u8 = 1;
        /// Bad Peer AS.
        pub const BAD_PEER_AS: u8 = 2;
        /// Bad BGP Identifier.
        pub const BAD_IDENTIFIER: u8 = 3;
        /// Unsupported Optional Parameter.
        pub const UNSUPPORTED_PARAMETER: u8 = 4;
        /// Unacceptable Hold Time.
        pub const UNACCEPTABLE_HOLD_TIME: u8 = 6;
        /// Unsupported Capability (RFC 5492 §5).
        pub const UNSUPPORTED_CAPABILITY: u8 = 7;
        /// Role Mismatch (RFC 9234 §4.2).
        pub const ROLE_MISMATCH: u8 = 11;
    }
    /// Subcodes of UPDATE Message Error (RFC 4271 §6.3).
    pub mod update {
        /// Malformed Attribute List.
        pub const MALFORMED_ATTRIBUTE_LIST: u8 = 1;
        /// Unrecognized Well-known Attribute.
        pub const UNRECOGNIZED_WELL_KNOWN: u8 = 2;
        /// Missing Well-known Attribute.
        pub const MISSING_WELL_KNOWN: u8 = 3;
        /// Attribute Flags Error.
        pub const ATTRIBUTE_FLAGS: u8 = 4;
        /// Attribute Length Error.
        pub const ATTRIBUTE_LENGTH: u8 = 5;
        /// Invalid ORIGIN Attribute.
        pub const INVALID_ORIGIN: u8 = 6;
        /// Invalid NEXT_HOP Attribute.
        pub const INVALID_NEXT_HOP: u8 = 8;
        /// Optional Attribute Error.
        pub const OPTIONAL_ATTRIBUTE: u8 = 9;
        /// Invalid Network Field.
        pub const INVALID_NETWORK_FIELD: u8 = 10;
        /// Malformed AS_PATH.
        pub const MALFORMED_AS_PATH: u8 = 11;
    }
    /// Subcodes of Finite State Machine Error (RFC 6608 §3).
    pub mod state {
        /// Unexpected message in OpenSent.
        pub const OPEN_SENT: u8 = 1;
        /// Unexpected message in OpenConfirm.
        pub const OPEN_CONFIRM: u8 = 2;
        /// Unexpected message in Established.
        pub const ESTABLISHED: u8 = 3;
    }
    /// Subcodes of Cease (RFC 4486 §4, RFC 8538 §3, RFC 9384).
    pub mod cease {
        /// Maximum Number of Prefixes Reached.
        pub const MAXIMUM_PREFIXES: u8 = 1;
        /// Administrative Shutdown.
        pub const ADMINISTRATIVE_SHUTDOWN: u8 = 2;
        /// Peer De-configured.
        pub const PEER_DECONFIGURED: u8 = 3;
        /// Administrative Reset.
        pub const ADMINISTRATIVE_RESET: u8 = 4;
        /// Connection Rejected.
        pub const CONNECTION_REJECTED: u8 = 5;
        /// Other Configuration Change.
        pub const OTHER_CONFIGURATION_CHANGE: u8 = 6;
        /// Connection Collision Resolution.
        pub const CONNECTION_COLLISION: u8 = 7;
        /// Out of Resources.
        pub const OUT_OF_RESOURCES: u8 = 8;
        /// Hard Reset (RFC 8538 §3).
        pub const HARD_RESET: u8 = 9;
        /// BFD Down (RFC 9384).
        pub const BFD_DOWN: u8 = 10;
    }
    /// Subcodes of ROUTE-REFRESH Message Error (RFC 7313 §5).
    pub mod route_refresh {
        /// Invalid Message Length.
        pub const INVALID_LENGTH: u8 = 1;
    }

    /// The registry's name of an error code.
    pub fn code_name(code: u8) -> Option<&'static str> {
        Some(match code {
            MESSAGE_HEADER => "Message Header Error",
            OPEN_MESSAGE => "OPEN Message Error",
            UPDATE_MESSAGE => "UPDATE Message Error",
            HOLD_TIMER_EXPIRED => "Hold Timer Expired",
            FINITE_STATE_MACHINE => "Finite State Machine Error",
            CEASE => "Cease",
            ROUTE_REFRESH_MESSAGE => "ROUTE-REFRESH Message Error",
            SEND_HOLD_TIMER_EXPIRED => "Send Hold Timer Expired",
            _ => return None,
        })
    }

    /// The registry's name of a subcode; `None` also for subcode 0, which says nothing.
    pub fn subcode_name(code: u8, subcode: u8) -> Option<&'static str> {
        Some(match (code, subcode) {
            (MESSAGE_HEADER, header::NOT_SYNCHRONIZED) => "Connection Not Synchronized",
            (MESSAGE_HEADER, header::BAD_LENGTH) => "Bad Message Length",
            (MESSAGE_HEADER, header::BAD_TYPE) => "Bad Message Type",
            (OPEN_MESSAGE, open::UNSUPPORTED_VERSION) => "Unsupported Version Number",
            (OPEN_MESSAGE, open::BAD_PEER_AS) => "Bad Peer AS",
            (OPEN_MESSAGE, open::BAD_IDENTIFIER) => "Bad BGP Identifier",
            (OPEN_MESSAGE, open::UNSUPPORTED_PARAMETER) => "Unsupported Optional Parameter",
            (OPEN_MESSAGE, 5) => "Authentication Failure (deprecated)",
            (OPEN_MESSAGE, open::UNACCEPTABLE_HOLD_TIME) => "Unacceptable Hold Time",
            (OPEN_MESSAGE, open::UNSUPPORTED_CAPABILITY) => "Unsupported Capability",
            (OPEN_MESSAGE, open::ROLE_MISMATCH) => "Role Mismatch",
            (UPDATE_MESSAGE, update::MALFORMED_ATTRIBUTE_LIST) => "Malformed Attribute List",
            (UPDATE_MESSAGE, update::UNRECOGNIZED_WELL_KNOWN) => {
                "Unrecognized Well-known Attribute"
            }
            (UPDATE_MESSAGE, update::MISSING_WELL_KNOWN) => "Missing Well-known Attribute",
            (UPDATE_MESSAGE, update::ATTRIBUTE_FLAGS) => "Attribute Flags Error",
            (UPDATE_MESSAGE, update::ATTRIBUTE_LENGTH) => "Attribute Length Error",
            (UPDATE_MESSAGE, update::INVALID_ORIGIN) => "Invalid ORIGIN Attribute",
            (UPDATE_MESSAGE, 7) => "AS Routing Loop (deprecated)",
            (UPDATE_MESSAGE, update::INVALID_NEXT_HOP) => "Invalid NEXT_HOP Attribute",
            (UPDATE_MESSAGE, update::OPTIONAL_ATTRIBUTE) => "Optional Attribute Error",
            (UPDATE_MESSAGE, update::INVALID_NETWORK_FIELD) => "Invalid Network Field",
            (UPDATE_MESSAGE, update::MALFORMED_AS_PATH) => "Malformed AS_PATH",
            (FINITE_STATE_MACHINE, state::OPEN_SENT) => "Unexpected Message in OpenSent",
            (FINITE_STATE_MACHINE, state::OPEN_CONFIRM) => "Unexpected Message in OpenConfirm",
            (FINITE_STATE_MACHINE, state::ESTABLISHED) => "Unexpected Message in Established",
            (CEASE, cease::MAXIMUM_PREFIXES) => "Maximum Number of Prefixes Reached",
            (CEASE, cease::ADMINISTRATIVE_SHUTDOWN) => "Administrative Shutdown",
            (CEASE, cease::PEER_DECONFIGURED) => "Peer De-configured",
            (CEASE, cease::ADMINISTRATIVE_RESET) => "Administrative Reset",
            (CEASE, cease::CONNECTION_REJECTED) => "Connection Rejected",
            (CEASE, cease::OTHER_CONFIGURATION_CHANGE) => "Other Configuration Change",
            (CEASE, cease::CONNECTION_COLLISION) => "Connection Collision Resolution",
            (CEASE, cease::OUT_OF_RESOURCES) => "Out of Resources",
            (CEASE, cease::HARD_RESET) => "Hard Reset",
            (CEASE, cease::BFD_DOWN) => "BFD Down",
            (ROUTE_REFRESH_MESSAGE, route_refresh::INVALID_LENGTH) => "Invalid Message Length",
            _ => return None,
        })
    }
}

/// ROUTE-REFRESH subtypes (RFC 7313 §3.2).
pub mod refresh {
    /// A request.
    pub const REQUEST: u8 = 0;
    /// Beginning of a refresh (BoRR).
    pub const BEGIN: u8 = 1;
    /// End of a refresh (EoRR).
    pub const END: u8 = 2;
}

/// Outbound route filtering (RFC 5291, RFC 5292).
pub mod orf {
    /// Routes are to be sent again at once.
    pub const IMMEDIATE: u8 = 1;
    /// Another ROUTE-REFRESH will follow.
    pub const DEFER: u8 = 2;
    /// ORF type: address prefix.
    pub const ADDRESS_PREFIX: u8 = 64;
    /// In the first octet of an entry: routes that match are not sent.
    pub const DENY: u8 = 0x20;
}

/// Well-known communities (RFC 1997 and successors).
pub mod community {
    macro_rules! codes {
        ($($(#[$doc:meta])* $constant:ident = $code:literal;)*) => {
            $($(#[$doc])* pub const $constant: u32 = $code;)*
            /// Code and name of every well-known community.
            pub const NAMES: &[(u32, &str)] = &[$(($code, stringify!($constant)),)*];
        };
    }
    codes! {
        /// Planned shutdown (RFC 8326).
        GRACEFUL_SHUTDOWN = 0xFFFF_0000;
        /// Accept own (RFC 7611).
        ACCEPT_OWN = 0xFFFF_0001;
        /// Stale route of a long-lived graceful restart (RFC 9494).
        LLGR_STALE = 0xFFFF_0006;
        /// Must not be kept as stale (RFC 9494).
        NO_LLGR = 0xFFFF_0007;
        /// Discard traffic (RFC 7999).
        BLACKHOLE = 0xFFFF_029A;
        /// Not to eBGP neighbors (RFC 1997).
        NO_EXPORT = 0xFFFF_FF01;
        /// Not to any neighbor (RFC 1997).
        NO_ADVERTISE = 0xFFFF_FF02;
        /// Not out of the confederation member (RFC 1997).
        NO_EXPORT_SUBCONFED = 0xFFFF_FF03;
        /// Not to bilateral peers (RFC 3765).
        NOPEER = 0xFFFF_FF04;
    }
}
