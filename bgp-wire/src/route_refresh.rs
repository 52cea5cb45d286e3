//! ROUTE-REFRESH (RFC 2918, RFC 7313).
//!
//! Four octets: a family with the subtype between AFI and SAFI. What may follow a request are
//! outbound route filters (RFC 5291), kept as octets and read by
//! [`RouteRefresh::outbound_filters`].
use crate::iana::refresh;
use crate::structure::{Parsed, Wrong, run};
use crate::{Family, Fault, FaultKind, Header, MessageType, OutboundFilters, header};
use alloc::vec::Vec;
use nom::Parser;
use nom::combinator::rest;
use nom::number::complete::{be_u8, be_u16};

/// A ROUTE-REFRESH.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RouteRefresh {
    /// family
    pub family: Family,
    /// 0 request, 1 BoRR, 2 EoRR
    pub subtype: u8,
    /// outbound route filters, as octets
    pub filters: Vec<u8>,
}

impl RouteRefresh {
    /// A request for all routes of a family.
    pub fn request(family: Family) -> Self {
        Self {
            family,
            subtype: refresh::REQUEST,
            filters: Vec::new(),
        }
    }
    /// A request that brings outbound route filters (RFC 5291 §4).
    pub fn with_filters(family: Family, filters: &OutboundFilters) -> Self {
        let mut octets = Vec::new();
        filters.write(&mut octets);
        Self {
            filters: octets,
            ..Self::request(family)
        }
    }
    /// Beginning of the routes of a family (RFC 7313 §4).
    pub fn begin(family: Family) -> Self {
        Self {
            family,
            subtype: refresh::BEGIN,
            filters: Vec::new(),
        }
    }
    /// End of the routes of a family (RFC 7313 §4).
    pub fn end(family: Family) -> Self {
        Self {
            family,
            subtype: refresh::END,
            filters: Vec::new(),
        }
    }

    /// The filters, where there are any that add up.
    pub fn outbound_filters(&self) -> Option<OutboundFilters> {
        OutboundFilters::read(self.family, &self.filters)
    }

    /// From a whole message.
    pub fn parse(message: &[u8]) -> Result<Self, Fault> {
        let body = message.get(Header::LENGTH..).unwrap_or(&[]);
        if body.len() < 4 {
            return Err(Fault {
                offset: 16,
                attr: None,
                kind: FaultKind::MessageLength,
            });
        }
        run(message, body, FaultKind::RouteRefreshLength, parse_body)
    }

    /// Appends the whole message. Filters that pass the largest message (RFC 8654) are left out.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = header::begin(out, MessageType::RouteRefresh);
        out.extend(self.family.afi.to_be_bytes());
        out.extend([self.subtype, self.family.safi]);
        if self.filters.len() <= Header::EXTENDED_MAX - Header::LENGTH - 4 {
            out.extend(&self.filters);
        }
        header::finish(out, start);
    }
}

fn parse_body(input: &[u8]) -> Parsed<'_, RouteRefresh> {
    let (trailing, (afi, subtype, safi)) = (be_u16, be_u8, be_u8).parse(input)?;
    // RFC 7313 §5: a subtype 1 or 2 has exactly these four octets.
    if matches!(subtype, refresh::BEGIN | refresh::END) && !trailing.is_empty() {
        return Wrong::failure(trailing, FaultKind::RouteRefreshLength);
    }
    let (input, filters) = rest(trailing)?;
    let refresh = RouteRefresh {
        family: Family { afi, safi },
        subtype,
        filters: filters.to_vec(),
    };
    Ok((input, refresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        for refresh in [
            RouteRefresh::request(Family::IPV4_UNICAST),
            RouteRefresh::begin(Family::IPV6_UNICAST),
            RouteRefresh::end(Family { afi: 25, safi: 70 }),
        ] {
            let mut octets = Vec::new();
            refresh.encode(&mut octets);
            assert_eq!(octets.len(), 23);
            assert_eq!(RouteRefresh::parse(&octets), Ok(refresh));
        }
        let mut octets = Vec::new();
        RouteRefresh::begin(Family::IPV6_UNICAST).encode(&mut octets);
        assert_eq!(&octets[16..], &[0, 23, 5, 0, 2, 1, 1]);
    }

    #[test]
    fn a_marker_of_the_wrong_length_is_sent_back_whole() {
        let mut octets = Vec::new();
        RouteRefresh::end(Family::IPV4_UNICAST).encode(&mut octets);
        octets.push(0);
        octets[17] = 24;
        let fault = RouteRefresh::parse(&octets).unwrap_err();
        assert_eq!(
            (fault.offset, fault.kind),
            (23, FaultKind::RouteRefreshLength)
        );
        let notification = fault.notification(&octets);
        assert_eq!((notification.code, notification.subcode), (7, 1));
        assert_eq!(notification.data, octets);
        // With subtype 0 what follows are filters.
        octets[21] = 0;
        assert!(RouteRefresh::parse(&octets).is_ok());
    }
}
