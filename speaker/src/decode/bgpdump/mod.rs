//! MRT in the words of `bgpdump -m`, line for line.
//!
//! Why: twenty years of scripts read these lines. They are a language of their own, with its own
//! reading of what is broken, so this is a second, lenient reader beside `bgp_wire` and shares only
//! the MRT records with it. Cost: one buffer of lines, no allocation per route.
//!
//! What one has to know of the language, and what is printed here just the same:
//! - an absent LOCAL_PREF or MED is 0, an absent NEXT_HOP 255.255.255.255, an absent ORIGIN
//!   INCOMPLETE, and an AGGREGATOR with the address 255.255.255.255 is not there;
//! - host bits of prefixes are printed as they were recorded;
//! - AS4_PATH and AS4_AGGREGATOR are merged (RFC 6793 §4.2.3), a path that cannot be read is
//!   "! Error !", and one of more than 7,900 letters ends in dots;
//! - of two IPv6 next hops the global one is printed; of a route in a table dump the next hop of
//!   MP_REACH_NLRI, where there is one, goes before NEXT_HOP;
//! - LOCAL_PREF and MED of IPv4 prefixes in MP_REACH_NLRI are signed;
//! - IPv6 addresses have "::" also for a single zero group, and ::0.0.0.9 has dots;
//! - lines of record type 5 have no separator between MED and communities;
//! - a message that the collector sent has "_LOCAL" in its first field, except with path
//!   identifiers, where that is missing and the collector's own address and AS are printed;
//! - OPEN, NOTIFICATION, KEEPALIVE and ROUTE-REFRESH have no line, nor have RIB_GENERIC, multicast
//!   tables and families other than IPv4 and IPv6 unicast and multicast.
//!
//! Where bgpdump 1.6.2 loses or invents something, this prints what the record says:
//! - a withdrawal in record type 5 has the neighbor's address in place of its prefix (two calls of
//!   one static buffer in one line);
//! - an IPv6 withdrawal that the collector sent over IPv4 has the neighbor's address printed as
//!   IPv6;
//! - merging AS4_PATH repeats the first segment of an AS_PATH whose first segment is too short;
//! - TABLE_DUMP subtype 4 has the first four octets of its IPv6 addresses, printed as IPv4;
//! - a message of more than 8,192 prefixes has no line, more than about 8,000 letters of
//!   communities are cut;
//! - a record that is cut, has octets too many, names a peer that is not in the table or an
//!   attribute twice, stops bgpdump or gets lines with what memory held before; here it has the
//!   lines of what can be read.
mod attributes;
mod lenient;
mod nlri;
mod path;
mod text;

use attributes::{Attributes, Slot};
use bgp_wire::MessageType;
use bgp_wire::iana::message;
use bgp_wire::mrt::{
    Body, Endpoints, Legacy, LegacyState, Message, Peer, PeerIndexTable, Record, RecordHeader, Rib,
    StateChange, TableDump,
};
use lenient::Lenient;
use std::net::IpAddr;

/// Turns records into lines.
#[derive(Debug, Default)]
pub struct Bgpdump {
    peers: Vec<Peer>,
    /// Part of a line that the routes of a message share.
    shared: Vec<u8>,
}

impl Bgpdump {
    /// Appends the lines of a record; a record that cannot be read, or that bgpdump has no line
    /// for, has none.
    pub fn lines(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let header = &record.header;
        match record.body() {
            Ok(Body::TableDump(route)) => table_dump(header, &route, out),
            Ok(Body::PeerIndexTable(table)) => self.remember(&table),
            Ok(Body::Rib(rib)) => self.rib(header, &rib, out),
            Ok(Body::Message(message)) => self.message(header, &message, out),
            Ok(Body::StateChange(change)) => state_change(header, &change, out),
            Ok(Body::Legacy(legacy)) => self.legacy(header, &legacy, out),
            Ok(Body::LegacyState(change)) => legacy_state(header, &change, out),
            Ok(Body::RibGeneric(_) | Body::Other(_)) | Err(_) => {}
        }
    }

    fn remember(&mut self, table: &PeerIndexTable<'_>) {
        self.peers.clear();
        self.peers.extend(table.peers().map_while(Result::ok));
    }

    fn rib(&mut self, header: &RecordHeader, rib: &Rib<'_>, out: &mut Vec<u8>) {
        // bgpdump prints unicast alone.
        if rib.family.safi != 1 {
            return;
        }
        for entry in rib.entries.map_while(Result::ok) {
            let Some(peer) = self.peers.get(usize::from(entry.peer)) else {
                continue;
            };
            let attributes = Attributes::read(entry.attributes, true);
            out.extend(match entry.path_id {
                Some(_) => &b"TABLE_DUMP2_AP|"[..],
                None => b"TABLE_DUMP2|",
            });
            text::number(out, header.seconds);
            out.extend(b"|B|");
            text::address(out, peer.address);
            out.push(b'|');
            text::number(out, peer.asn.0);
            out.push(b'|');
            text::address(out, rib.recorded);
            out.push(b'/');
            text::number(out, u32::from(rib.prefix.prefix_len()));
            out.push(b'|');
            if let Some(path_id) = entry.path_id {
                text::number(out, path_id.0);
                out.push(b'|');
            }
            table_rest(&attributes, &[Slot::IPV6_UNICAST, Slot::IPV4_UNICAST], out);
        }
    }

    fn message(&mut self, header: &RecordHeader, message: &Message<'_>, out: &mut Vec<u8>) {
        let mut octets = Lenient(message.octets);
        if octets.octets() != [0xff; 16] {
            return;
        }
        let length = usize::from(octets.u16());
        let mut octets = octets.take(length.saturating_sub(18));
        if octets.u8() != message::UPDATE {
            return;
        }
        let line = Line {
            header,
            label: label(header, message),
            peer: reported_peer(message),
            add_path: message.add_path,
        };
        let length = octets.u16();
        let withdrawn = octets.take(usize::from(length));
        let length = octets.u16();
        let attributes = octets.take(usize::from(length));
        let attributes = Attributes::read(attributes.0, message.four_octet_as);
        line.withdrawn(false, withdrawn.0, out);
        for slot in Slot::all() {
            if let Some(nlri) = attributes.unreach(slot) {
                line.withdrawn(slot.is_v6(), nlri, out);
            }
        }
        let shared = &mut self.shared;
        line.announced(&attributes, shared, None, octets.0, out);
        for slot in Slot::all() {
            if let Some(reach) = attributes.reach(slot) {
                let next_hop = Some((slot, reach.next_hop));
                line.announced(&attributes, shared, next_hop, reach.nlri, out);
            }
        }
    }

    fn legacy(&mut self, header: &RecordHeader, legacy: &Legacy<'_>, out: &mut Vec<u8>) {
        if legacy.kind != MessageType::Update {
            return;
        }
        let mut octets = Lenient(legacy.body);
        let line = Line {
            header,
            label: "BGP",
            peer: (IpAddr::V4(legacy.peer), legacy.peer_as.0),
            add_path: false,
        };
        let length = octets.u16();
        let withdrawn = octets.take(usize::from(length));
        let length = octets.u16();
        let attributes = Attributes::read(octets.take(usize::from(length)).0, false);
        line.withdrawn(false, withdrawn.0, out);
        self.shared.clear();
        attributes.write_path(&mut self.shared);
        attributes.write_next_hop(&mut self.shared);
        attributes.write_preference(&mut self.shared);
        attributes.write_rest(&mut self.shared);
        line.routes(false, octets.0, &self.shared, out);
    }
}

/// What the lines of a message begin with.
struct Line<'a> {
    header: &'a RecordHeader,
    label: &'static str,
    peer: (IpAddr, u32),
    add_path: bool,
}

impl Line<'_> {
    fn begin(&self, letter: u8, out: &mut Vec<u8>) {
        out.extend(self.label.as_bytes());
        out.push(b'|');
        time(self.header, out);
        out.extend([b'|', letter, b'|']);
        text::address(out, self.peer.0);
        out.push(b'|');
        text::number(out, self.peer.1);
        out.push(b'|');
    }

    fn withdrawn(&self, v6: bool, nlri: &[u8], out: &mut Vec<u8>) {
        for prefix in nlri::prefixes(nlri, self.add_path) {
            self.begin(b'W', out);
            prefix.write(v6, out);
            if let Some(path_id) = prefix.path_id {
                out.push(b'|');
                text::number(out, path_id);
            }
            out.push(b'\n');
        }
    }

    /// Routes with their next hop in MP_REACH_NLRI, or in NEXT_HOP.
    fn announced(
        &self,
        attributes: &Attributes<'_>,
        shared: &mut Vec<u8>,
        next_hop: Option<(Slot, IpAddr)>,
        nlri: &[u8],
        out: &mut Vec<u8>,
    ) {
        if nlri.is_empty() {
            return;
        }
        shared.clear();
        attributes.write_path(shared);
        match next_hop {
            Some((_, address)) => text::address(shared, address),
            None => attributes.write_next_hop(shared),
        }
        match next_hop {
            Some((slot, _)) if !slot.is_v6() => attributes.write_signed_preference(shared),
            _ => attributes.write_preference(shared),
        }
        shared.push(b'|');
        attributes.write_rest(shared);
        let v6 = next_hop.is_some_and(|(slot, _)| slot.is_v6());
        self.routes(v6, nlri, shared, out);
    }

    fn routes(&self, v6: bool, nlri: &[u8], shared: &[u8], out: &mut Vec<u8>) {
        for prefix in nlri::prefixes(nlri, self.add_path) {
            self.begin(b'A', out);
            prefix.write(v6, out);
            out.push(b'|');
            if let Some(path_id) = prefix.path_id {
                text::number(out, path_id);
                out.push(b'|');
            }
            out.extend(shared);
        }
    }
}

fn time(header: &RecordHeader, out: &mut Vec<u8>) {
    text::number(out, header.seconds);
    if let Some(microseconds) = header.microseconds {
        out.push(b'.');
        // Six digits at least.
        for power in [100_000, 10_000, 1_000, 100, 10] {
            if microseconds < power {
                out.push(b'0');
            }
        }
        text::number(out, microseconds);
    }
}

fn label(header: &RecordHeader, message: &Message<'_>) -> &'static str {
    let extended = header.microseconds.is_some();
    match (extended, message.local, message.add_path) {
        (false, _, true) => "BGP4MP_AP",
        (true, _, true) => "BGP4MP_ET_AP",
        (false, true, false) => "BGP4MP_LOCAL",
        (true, true, false) => "BGP4MP_ET_LOCAL",
        (false, false, false) => "BGP4MP",
        (true, false, false) => "BGP4MP_ET",
    }
}

fn reported_peer(message: &Message<'_>) -> (IpAddr, u32) {
    let Endpoints {
        peer,
        peer_as,
        local,
        local_as,
        ..
    } = message.endpoints;
    if message.local && message.add_path {
        (local, local_as.0)
    } else {
        (peer, peer_as.0)
    }
}

fn table_dump(header: &RecordHeader, route: &TableDump<'_>, out: &mut Vec<u8>) {
    let attributes = Attributes::read(route.attributes, route.four_octet_as);
    out.extend(b"TABLE_DUMP|");
    text::number(out, header.seconds);
    out.extend(b"|B|");
    text::address(out, route.peer);
    out.push(b'|');
    text::number(out, route.peer_as.0);
    out.push(b'|');
    text::address(out, route.recorded);
    out.push(b'/');
    text::number(out, u32::from(route.prefix.prefix_len()));
    out.push(b'|');
    table_rest(&attributes, &[Slot::IPV6_UNICAST], out);
}

fn table_rest(attributes: &Attributes<'_>, slots: &[Slot], out: &mut Vec<u8>) {
    attributes.write_path(out);
    attributes.write_table_next_hop(slots, out);
    attributes.write_preference(out);
    out.push(b'|');
    attributes.write_rest(out);
}

fn state_change(header: &RecordHeader, change: &StateChange, out: &mut Vec<u8>) {
    let label = match header.microseconds {
        Some(_) => "BGP4MP_ET",
        None => "BGP4MP",
    };
    let peer = (change.endpoints.peer, change.endpoints.peer_as.0);
    state(header, label, peer, (change.from.0, change.to.0), out);
}

fn legacy_state(header: &RecordHeader, change: &LegacyState, out: &mut Vec<u8>) {
    let peer = (IpAddr::V4(change.peer), change.peer_as.0);
    state(header, "BGP", peer, (change.from.0, change.to.0), out);
}

fn state(
    header: &RecordHeader,
    label: &str,
    peer: (IpAddr, u32),
    (from, to): (u16, u16),
    out: &mut Vec<u8>,
) {
    out.extend(label.as_bytes());
    out.push(b'|');
    time(header, out);
    out.extend(b"|STATE|");
    text::address(out, peer.0);
    for number in [peer.1, u32::from(from), u32::from(to)] {
        out.push(b'|');
        text::number(out, number);
    }
    out.push(b'\n');
}
