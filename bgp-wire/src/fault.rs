//! What can be wrong with octets from a peer, and what then has to happen.
//!
//! A [`Fault`] is three numbers: where, in which attribute, and what. Everything else follows from
//! the one table in this file: the RFC 7606 disposition, the RFC 4271 NOTIFICATION and the words
//! for people. Why one table: reading code only says what it saw, and a reader can check the
//! table against the RFCs line by line. Cost: a fault is 16 octets and `Copy`; the NOTIFICATION
//! and its data are made only when somebody asks.
use crate::attr::table;
use crate::iana::{attribute, notification as code};
use crate::{Notification, update};
use core::fmt;

/// What is wrong. One variant per row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// The sixteen octets of the marker are not all ones.
    Marker,
    /// The message is shorter or longer than its type or the session allows.
    MessageLength,
    /// No such message type.
    MessageType,

    /// OPEN: not BGP-4.
    OpenVersion,
    /// OPEN: AS 0 (RFC 7607), or not the AS that was expected.
    OpenAsn,
    /// OPEN: a hold time of one or two seconds.
    OpenHoldTime,
    /// OPEN: BGP identifier 0 (RFC 6286), or our own inside one AS.
    OpenRouterId,
    /// OPEN: an optional parameter that is not known.
    OpenParameter,
    /// OPEN: lengths of optional parameters or capabilities that do not add up.
    OpenStructure,
    /// OPEN: a known capability with a value that cannot be.
    OpenCapability,
    /// OPEN: the roles of both sides do not fit each other (RFC 9234 §4.2).
    OpenRole,

    /// ROUTE-REFRESH: BoRR or EoRR with a wrong length (RFC 7313 §5).
    RouteRefreshLength,

    /// UPDATE: withdrawn routes length or total path attribute length passes the end.
    UpdateStructure,
    /// A prefix is too long for its family or passes the end of its field.
    Nlri,
    /// The inside of an NLRI cannot be read; where the next one begins is known.
    NlriValue,
    /// An attribute fault in an UPDATE without reachable NLRI (RFC 7606 §5.2).
    NoReachableNlri,
    /// The last attribute passes the end of the attributes (RFC 7606 §4).
    AttributeTruncated,
    /// Optional, Transitive or Partial contradict the type code.
    AttributeFlags,
    /// A length that the attribute cannot have.
    AttributeLength,
    /// A value that the attribute cannot have.
    AttributeValue,
    /// Marked well-known, but not known.
    UnrecognizedWellKnown,
    /// The attribute is there a second time.
    DuplicateAttribute,
    /// A mandatory attribute is not there.
    MissingAttribute,
    /// The attribute is for internal sessions and came over an external one.
    InternalOnly,
    /// AS4_PATH or AS4_AGGREGATOR from a speaker of four-octet AS numbers.
    Superfluous,
    /// ORIGIN is not 0, 1 or 2.
    OriginValue,
    /// A segment type that is none, an empty segment, or one that passes the end.
    AsPathSegment,
    /// A confederation segment from outside the confederation (RFC 5065 §5).
    AsPathConfederation,
    /// AS 0 in a path or an aggregator (RFC 7607 §2).
    AsZero,
    /// AS_SET or AS_CONFED_SET, where they are not accepted (RFC 9774).
    AsSet,
    /// The next hop is no address of a host.
    NextHopValue,
    /// MP_REACH_NLRI: a next hop length that the family does not have.
    NextHopLength,
    /// MP_REACH_NLRI or MP_UNREACH_NLRI is too short to be one, or holds no NLRI.
    MultiprotocolStructure,
    /// Prefix-SID: an SRv6 service that cannot be read (RFC 9252 §7).
    Srv6Service,
}

/// RFC 7606 dispositions, by severity.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Disposition {
    /// Nothing is wrong.
    Accept,
    /// The attribute is dropped, the rest is used.
    AttributeDiscard,
    /// The announced routes are taken as withdrawn.
    TreatAsWithdraw,
    /// Routes of this family are no longer exchanged.
    FamilyDisable,
    /// The session ends with a NOTIFICATION.
    SessionReset,
}

/// A fault and where it is: `offset` counts from the first octet of the message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fault {
    /// octets from the start of the message
    pub offset: usize,
    /// attribute type code
    pub attr: Option<u8>,
    /// what
    pub kind: FaultKind,
}

/// How severe a kind of fault is.
enum Severity {
    /// Always the same.
    Is(Disposition),
    /// As the attribute's row in the attribute table says.
    ByAttribute,
    /// As the attribute's row says of wrong flags.
    ByFlags,
    /// The first where the NLRI cannot be trusted any more (MP_REACH_NLRI and MP_UNREACH_NLRI),
    /// else the second.
    Multiprotocol(Disposition, Disposition),
}

/// What the data of the NOTIFICATION is copied from.
#[derive(Clone, Copy)]
enum Data {
    None,
    /// The attribute: flags, type, length and value.
    Attribute,
    /// The type code of the attribute.
    TypeCode,
    /// The two octets of the message length.
    Length,
    /// The octet of the message type.
    MessageType,
    /// The largest version number that is supported.
    Version,
    /// The whole message.
    Message,
    /// From the offset on, as far as the optional parameter or capability goes.
    Rest,
}

struct Row {
    severity: Severity,
    code: u8,
    subcode: u8,
    data: Data,
    text: &'static str,
}

impl FaultKind {
    /// The table.
    fn row(self) -> Row {
        use Disposition::{AttributeDiscard, SessionReset, TreatAsWithdraw};
        use Severity::{ByAttribute, ByFlags, Is, Multiprotocol};
        use code::{header, open, update as sub};
        let row = |severity, code, subcode, data, text| Row {
            severity,
            code,
            subcode,
            data,
            text,
        };
        let header =
            |subcode, data, text| row(Is(SessionReset), code::MESSAGE_HEADER, subcode, data, text);
        let open =
            |subcode, data, text| row(Is(SessionReset), code::OPEN_MESSAGE, subcode, data, text);
        let update = |severity, subcode, data, text| {
            row(severity, code::UPDATE_MESSAGE, subcode, data, text)
        };
        match self {
            // RFC 4271 §6.1
            Self::Marker => header(
                header::NOT_SYNCHRONIZED,
                Data::None,
                "marker is not all ones",
            ),
            Self::MessageLength => header(
                header::BAD_LENGTH,
                Data::Length,
                "message length is not allowed here",
            ),
            Self::MessageType => header(
                header::BAD_TYPE,
                Data::MessageType,
                "message type is unknown",
            ),

            // RFC 4271 §6.2
            Self::OpenVersion => open(
                open::UNSUPPORTED_VERSION,
                Data::Version,
                "BGP version is not 4",
            ),
            Self::OpenAsn => open(open::BAD_PEER_AS, Data::None, "AS number is not acceptable"),
            Self::OpenHoldTime => open(
                open::UNACCEPTABLE_HOLD_TIME,
                Data::None,
                "hold time is 1 or 2 s; it must be 0 or at least 3",
            ),
            Self::OpenRouterId => open(
                open::BAD_IDENTIFIER,
                Data::None,
                "BGP identifier is not acceptable",
            ),
            Self::OpenParameter => open(
                open::UNSUPPORTED_PARAMETER,
                Data::None,
                "optional parameter is unknown",
            ),
            // RFC 4271 §6.2: recognized but malformed optional parameters have subcode 0.
            Self::OpenStructure => open(
                code::UNSPECIFIC,
                Data::None,
                "optional parameters do not add up",
            ),
            Self::OpenCapability => open(code::UNSPECIFIC, Data::Rest, "capability is malformed"),
            Self::OpenRole => open(open::ROLE_MISMATCH, Data::None, "roles do not fit"),

            // RFC 7313 §5: the data is the complete message.
            Self::RouteRefreshLength => row(
                Is(SessionReset),
                code::ROUTE_REFRESH_MESSAGE,
                code::route_refresh::INVALID_LENGTH,
                Data::Message,
                "refresh marker has a wrong length",
            ),

            // RFC 7606 §3(b): the lengths of the message itself.
            Self::UpdateStructure => update(
                Is(SessionReset),
                sub::MALFORMED_ATTRIBUTE_LIST,
                Data::None,
                "field lengths pass the end of the message",
            ),
            // RFC 7606 §5.3, §3(j): without readable NLRI there is nothing to withdraw. RFC 4760 §7
            // names the subcode where the field is an attribute; see `notification`.
            Self::Nlri => update(
                Is(SessionReset),
                sub::INVALID_NETWORK_FIELD,
                Data::None,
                "prefix is too long or cut off",
            ),
            // RFC 7606 §5.4, §3(j): all NLRI are found, so the routes can be withdrawn, and what is
            // malformed never was one.
            Self::NlriValue => update(
                Is(TreatAsWithdraw),
                sub::INVALID_NETWORK_FIELD,
                Data::None,
                "NLRI is malformed",
            ),
            // RFC 7606 §5.2
            Self::NoReachableNlri => update(
                Is(SessionReset),
                sub::MALFORMED_ATTRIBUTE_LIST,
                Data::None,
                "attribute fault in an UPDATE without reachable NLRI",
            ),
            // RFC 7606 §4, and §3(j) where what is cut off are NLRI.
            Self::AttributeTruncated => update(
                Multiprotocol(SessionReset, TreatAsWithdraw),
                sub::MALFORMED_ATTRIBUTE_LIST,
                Data::None,
                "passes the end of the path attributes",
            ),
            // RFC 7606 §3(c), "unless the specification for the attribute mandates different
            // handling"; the attribute table knows the one that does.
            Self::AttributeFlags => update(
                ByFlags,
                sub::ATTRIBUTE_FLAGS,
                Data::Attribute,
                "flags contradict the attribute's type",
            ),
            // RFC 7606 §7.1 to §7.16
            Self::AttributeLength => update(
                ByAttribute,
                sub::ATTRIBUTE_LENGTH,
                Data::Attribute,
                "length is not allowed",
            ),
            Self::AttributeValue => update(
                ByAttribute,
                sub::OPTIONAL_ATTRIBUTE,
                Data::Attribute,
                "value is malformed",
            ),
            // RFC 4271 §6.3; RFC 7606 does not revise it.
            Self::UnrecognizedWellKnown => update(
                Is(SessionReset),
                sub::UNRECOGNIZED_WELL_KNOWN,
                Data::Attribute,
                "marked well-known, but is not known",
            ),
            // RFC 7606 §3(g)
            Self::DuplicateAttribute => update(
                Multiprotocol(SessionReset, AttributeDiscard),
                sub::MALFORMED_ATTRIBUTE_LIST,
                Data::None,
                "appears more than once",
            ),
            // RFC 7606 §3(d)
            Self::MissingAttribute => update(
                Is(TreatAsWithdraw),
                sub::MISSING_WELL_KNOWN,
                Data::TypeCode,
                "mandatory, but missing",
            ),
            // RFC 7606 §7.5, §7.9, §7.10; RFC 7311 §3.3 for AIGP
            Self::InternalOnly => update(
                Is(AttributeDiscard),
                sub::OPTIONAL_ATTRIBUTE,
                Data::Attribute,
                "not for external sessions",
            ),
            // RFC 6793 §4.1
            Self::Superfluous => update(
                Is(AttributeDiscard),
                sub::OPTIONAL_ATTRIBUTE,
                Data::Attribute,
                "not from a speaker of four-octet AS numbers",
            ),
            // RFC 7606 §7.1
            Self::OriginValue => update(
                ByAttribute,
                sub::INVALID_ORIGIN,
                Data::Attribute,
                "value is not IGP, EGP or INCOMPLETE",
            ),
            // RFC 7606 §7.2
            Self::AsPathSegment => update(
                ByAttribute,
                sub::MALFORMED_AS_PATH,
                Data::None,
                "segment is malformed",
            ),
            // RFC 5065 §5
            Self::AsPathConfederation => update(
                ByAttribute,
                sub::MALFORMED_AS_PATH,
                Data::None,
                "confederation segment from outside the confederation",
            ),
            // RFC 7607 §2
            Self::AsZero => update(
                ByAttribute,
                sub::MALFORMED_AS_PATH,
                Data::None,
                "AS number 0",
            ),
            // RFC 9774 §3
            Self::AsSet => update(
                Is(TreatAsWithdraw),
                sub::MALFORMED_AS_PATH,
                Data::None,
                "AS_SET or AS_CONFED_SET",
            ),
            // RFC 7606 §7.3 (the value: RFC 4271 §6.3)
            Self::NextHopValue => update(
                Is(TreatAsWithdraw),
                sub::INVALID_NEXT_HOP,
                Data::Attribute,
                "next hop is not the address of a host",
            ),
            // RFC 7606 §7.11
            Self::NextHopLength => update(
                Is(SessionReset),
                sub::OPTIONAL_ATTRIBUTE,
                Data::Attribute,
                "next hop length does not fit the family",
            ),
            Self::MultiprotocolStructure => update(
                Is(SessionReset),
                sub::OPTIONAL_ATTRIBUTE,
                Data::Attribute,
                "too short to hold family, next hop and NLRI",
            ),
            // RFC 9252 §7
            Self::Srv6Service => update(
                Is(TreatAsWithdraw),
                sub::OPTIONAL_ATTRIBUTE,
                Data::Attribute,
                "SRv6 service is malformed",
            ),
        }
    }

    /// What is wrong, in words.
    pub fn text(self) -> &'static str {
        self.row().text
    }
}

impl Fault {
    /// What RFC 7606 asks for.
    pub fn disposition(&self) -> Disposition {
        let multiprotocol = matches!(
            self.attr,
            Some(attribute::MP_REACH_NLRI | attribute::MP_UNREACH_NLRI)
        );
        match self.kind.row().severity {
            Severity::Is(disposition) => disposition,
            Severity::Multiprotocol(severe, _) if multiprotocol => severe,
            Severity::Multiprotocol(_, mild) => mild,
            // Only attributes with a row are checked; any other would be a fault of ours, and the
            // milder answer to it is to give up the routes.
            Severity::ByAttribute => self
                .attr
                .and_then(table::row)
                .map_or(Disposition::TreatAsWithdraw, |row| row.malformed),
            Severity::ByFlags => self
                .attr
                .and_then(table::row)
                .map_or(Disposition::TreatAsWithdraw, |row| row.wrong_flags),
        }
    }

    /// The exact RFC 4271 NOTIFICATION, its data copied from `message`, the whole message that
    /// the fault was found in. Milder faults have one too: what RFC 4271 asked for before RFC 7606.
    pub fn notification(&self, message: &[u8]) -> Notification {
        let row = self.kind.row();
        // RFC 4760 §7: NLRI inside an attribute are an Optional Attribute Error.
        let (subcode, data) = match (self.kind, self.attr) {
            (FaultKind::Nlri | FaultKind::NlriValue, Some(_)) => {
                (code::update::OPTIONAL_ATTRIBUTE, Data::Attribute)
            }
            // RFC 7607 §2: an aggregator is not a path.
            (FaultKind::AsZero, Some(attribute::AGGREGATOR | attribute::AS4_AGGREGATOR)) => {
                (code::update::OPTIONAL_ATTRIBUTE, Data::Attribute)
            }
            _ => (row.subcode, row.data),
        };
        let octets: &[u8] = match data {
            Data::None => &[],
            Data::Attribute => update::attribute_at(message, self.offset).unwrap_or(&[]),
            Data::TypeCode => self.attr.as_slice(),
            Data::Length => message.get(16..18).unwrap_or(&[]),
            Data::MessageType => message.get(18..19).unwrap_or(&[]),
            Data::Version => &[0, 4],
            Data::Message => message,
            Data::Rest => {
                let rest = message.get(self.offset..).unwrap_or(&[]);
                let length = rest.get(1).map_or(0, |length| usize::from(*length));
                rest.get(..length.saturating_add(2)).unwrap_or(rest)
            }
        };
        Notification::new(row.code, subcode, octets)
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Accept => "accept",
            Self::AttributeDiscard => "attribute-discard",
            Self::TreatAsWithdraw => "treat-as-withdraw",
            Self::FamilyDisable => "family-disable",
            Self::SessionReset => "session-reset",
        })
    }
}

impl fmt::Display for Fault {
    // "AS_PATH: segment is malformed (octet 37)"
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attr.map(|code| (code, attribute::name(code))) {
            Some((_, Some(name))) => write!(f, "{name}: ")?,
            Some((code, None)) => write!(f, "attribute {code}: ")?,
            None => {}
        }
        write!(f, "{} (octet {})", self.kind.text(), self.offset)
    }
}
impl core::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn fault(kind: FaultKind, attr: Option<u8>) -> Fault {
        Fault {
            offset: 0,
            attr,
            kind,
        }
    }

    #[test]
    fn disposition_depends_on_the_attribute() {
        use Disposition::{AttributeDiscard, SessionReset, TreatAsWithdraw};
        let length = |code| fault(FaultKind::AttributeLength, Some(code)).disposition();
        assert_eq!(length(attribute::ORIGIN), TreatAsWithdraw);
        assert_eq!(length(attribute::ATOMIC_AGGREGATE), AttributeDiscard);
        assert_eq!(length(attribute::AGGREGATOR), AttributeDiscard);
        let flags = |code| fault(FaultKind::AttributeFlags, Some(code)).disposition();
        assert_eq!(flags(attribute::ORIGIN), TreatAsWithdraw);
        assert_eq!(flags(attribute::MP_REACH_NLRI), TreatAsWithdraw);
        assert_eq!(flags(attribute::AIGP), AttributeDiscard);
        let twice = |code| fault(FaultKind::DuplicateAttribute, Some(code)).disposition();
        assert_eq!(twice(attribute::MP_REACH_NLRI), SessionReset);
        assert_eq!(twice(attribute::MP_UNREACH_NLRI), SessionReset);
        assert_eq!(twice(attribute::ORIGIN), AttributeDiscard);
        assert!(AttributeDiscard < TreatAsWithdraw && TreatAsWithdraw < SessionReset);
    }

    #[test]
    fn words_name_attribute_and_place() {
        let fault = Fault {
            offset: 37,
            attr: Some(attribute::AS_PATH),
            kind: FaultKind::AsPathSegment,
        };
        assert_eq!(
            fault.to_string(),
            "AS_PATH: segment is malformed (octet 37)"
        );
    }

    #[test]
    fn header_faults_carry_the_octets_they_are_about() {
        let mut message = [0xff_u8; 19];
        message[16..].copy_from_slice(&[0, 18, 9]);
        let length = fault(FaultKind::MessageLength, None).notification(&message);
        assert_eq!((length.code, length.subcode), (1, 2));
        assert_eq!(length.data, [0, 18]);
        let kind = fault(FaultKind::MessageType, None).notification(&message);
        assert_eq!((kind.code, kind.subcode), (1, 3));
        assert_eq!(kind.data, [9]);
        let version = fault(FaultKind::OpenVersion, None).notification(&message);
        assert_eq!((version.code, version.subcode), (2, 1));
        assert_eq!(version.data, [0, 4]);
    }
}
