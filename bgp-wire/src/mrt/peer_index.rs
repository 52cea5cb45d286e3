//! PEER_INDEX_TABLE (RFC 6396 §4.3.1): the peers that the RIB entries after it name by number.
use super::fault::{Known, Parsed, RecordFault, locate};
use super::fields::{Width, address, ipv4, sized};
use super::record::Body;
use crate::Asn;
use core::net::{IpAddr, Ipv4Addr};
use nom::Parser;
use nom::combinator::map;
use nom::number::complete::{be_u8, be_u16, be_u32};

/// The table. Entries have no fixed size: whoever looks peers up by number keeps what
/// [`peers`](Self::peers) gives in a list of its own.
#[derive(Clone, Copy, Debug)]
pub struct PeerIndexTable<'a> {
    /// BGP identifier of the collector.
    pub collector: Ipv4Addr,
    /// Name of the view, UTF-8 where the writer kept to the RFC; empty where there is one only.
    pub view: &'a [u8],
    /// How many peers the table claims to hold.
    pub count: u16,
    record: &'a [u8],
    peers: &'a [u8],
}

/// One peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Peer {
    /// BGP identifier; 0.0.0.0 where the writer did not know it.
    pub bgp_id: Ipv4Addr,
    /// Address.
    pub address: IpAddr,
    /// AS number.
    pub asn: Asn,
}

/// The peers of a table, in order; ends after the first fault.
#[derive(Clone, Debug)]
pub struct Peers<'a> {
    record: &'a [u8],
    rest: &'a [u8],
    left: u16,
}

/// Peer type: the address is IPv6.
const IPV6: u8 = 0x01;
/// Peer type: the AS number has four octets.
const FOUR_OCTET_AS: u8 = 0x02;

impl<'a> PeerIndexTable<'a> {
    pub(super) fn parse(record: &'a [u8], input: &'a [u8]) -> Known<'a, Body<'a>> {
        let (peers, (collector, view, count)) = (ipv4, sized, be_u16).parse(input)?;
        Ok(Some(Body::PeerIndexTable(Self {
            collector,
            view,
            count,
            record,
            peers,
        })))
    }

    /// The peers, in the order of their numbers, from 0.
    pub fn peers(&self) -> Peers<'a> {
        Peers {
            record: self.record,
            rest: self.peers,
            left: self.count,
        }
    }
}

fn peer(input: &[u8]) -> Parsed<'_, Peer> {
    let (rest, (kind, bgp_id)) = (be_u8, ipv4).parse(input)?;
    let width = if kind & IPV6 == 0 {
        Width::V4
    } else {
        Width::V6
    };
    let (rest, address) = address(width, rest)?;
    let (rest, asn) = if kind & FOUR_OCTET_AS == 0 {
        map(be_u16, u32::from).parse(rest)?
    } else {
        be_u32(rest)?
    };
    Ok((
        rest,
        Peer {
            bgp_id,
            address,
            asn: Asn(asn),
        },
    ))
}

impl Iterator for Peers<'_> {
    type Item = Result<Peer, RecordFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        match peer(self.rest) {
            Ok((rest, peer)) => {
                self.rest = rest;
                Some(Ok(peer))
            }
            Err(error) => {
                self.left = 0;
                Some(Err(locate(self.record, &error)))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(usize::from(self.left)))
    }
}
impl core::iter::FusedIterator for Peers<'_> {}
