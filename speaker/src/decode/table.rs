//! From MRT records to entries.
use super::context::{Contexts, PathIds, Reading, Session};
use super::describe::{self, Described, hex};
use super::entry::{Direction, End, Entry, PeerEntry, RouteEntry, Time, UpdateEntry, What};
use super::nlri;
use bgp_wire::mrt::{
    Body, Endpoints, Peer, PeerIndexTable, Record, RecordFault, RibEntries, Route, TableDump,
};
use bgp_wire::{Asn, Disposition, Family, PathId, Update};
use ipnet::IpNet;
use std::io;
use std::net::IpAddr;

/// Turns records into entries. Keeps the peers of the table that is being read and nothing else.
#[derive(Debug)]
pub(super) struct Tables {
    contexts: Contexts,
    internal: bool,
    peers: Vec<Peer>,
    update: Vec<u8>,
}

/// A route as a record holds it.
struct Listed<'a> {
    family: Family,
    prefix: Option<IpNet>,
    nlri: &'a [u8],
    path_id: Option<PathId>,
    originated: u32,
    attributes: &'a [u8],
    /// Octets of the record before the attributes.
    offset: usize,
    four_octet_as: bool,
}

/// A route and the peer it came from, or why there is none.
type Routed = Result<(Option<End>, Described), RecordFault>;

impl Tables {
    pub(super) fn new(session: &Session) -> Self {
        Self {
            contexts: Contexts::new(session),
            internal: session.internal,
            peers: Vec::new(),
            update: Vec::new(),
        }
    }

    /// Calls `each` with every entry of a record.
    pub(super) fn entries(
        &mut self,
        offset: u64,
        record: &Record<'_>,
        each: &mut dyn FnMut(Entry) -> io::Result<()>,
    ) -> io::Result<()> {
        let header = &record.header;
        let entry = |described| Entry {
            time: Some(Time {
                seconds: header.seconds,
                microseconds: header.microseconds,
            }),
            ..Entry::new(offset, described)
        };
        let plain = |what| entry(Described::of(what));
        let unreadable = |fault: RecordFault| {
            plain(What::Unreadable {
                record: header.to_string(),
                at: fault.offset,
                fault: fault.kind.text().to_owned(),
            })
        };
        match record.body() {
            Err(fault) => each(unreadable(fault)),
            Ok(Body::Other(_)) => each(plain(What::Skipped {
                record: header.to_string(),
                length: record.octets().len(),
            })),
            Ok(Body::StateChange(change)) => each(Entry {
                peer: Some(peer(&change.endpoints)),
                local: Some(local(&change.endpoints)),
                ..plain(What::State {
                    from: change.from.to_string(),
                    to: change.to.to_string(),
                })
            }),
            Ok(Body::LegacyState(change)) => each(Entry {
                peer: Some(end(change.peer, change.peer_as)),
                ..plain(What::State {
                    from: change.from.to_string(),
                    to: change.to.to_string(),
                })
            }),
            Ok(Body::Message(message)) => {
                let ends = &message.endpoints;
                let described = self.message(
                    message.octets,
                    message.four_octet_as,
                    ends.peer_as == ends.local_as,
                    message.add_path,
                );
                each(Entry {
                    peer: Some(peer(ends)),
                    local: Some(local(ends)),
                    direction: Some(if message.local {
                        Direction::Sent
                    } else {
                        Direction::Received
                    }),
                    ..entry(described)
                })
            }
            Ok(Body::Legacy(legacy)) => {
                let mut message = std::mem::take(&mut self.update);
                message.clear();
                legacy.write_message(&mut message);
                let internal = legacy.peer_as == legacy.local_as;
                let described = self.message(&message, false, internal, false);
                self.update = message;
                each(Entry {
                    peer: Some(end(legacy.peer, legacy.peer_as)),
                    local: Some(end(legacy.local, legacy.local_as)),
                    direction: Some(Direction::Received),
                    ..entry(described)
                })
            }
            Ok(Body::PeerIndexTable(table)) => {
                let (what, fault) = self.remember(&table);
                each(plain(what))?;
                fault.map_or(Ok(()), |fault| each(unreadable(fault)))
            }
            Ok(Body::TableDump(route)) => {
                let described = self.table_dump(record, &route);
                each(Entry {
                    peer: Some(end(route.peer, route.peer_as)),
                    ..entry(described)
                })
            }
            Ok(Body::Rib(rib)) => {
                let mut buffer = [0; 17];
                let nlri = Route::prefix_octets(rib.prefix, &mut buffer);
                let of_record = (rib.family, Some(rib.prefix), nlri, None);
                self.routes(of_record, rib.entries, &mut |route| match route {
                    Ok((peer, described)) => each(Entry {
                        peer,
                        ..entry(described)
                    }),
                    Err(fault) => each(unreadable(fault)),
                })
            }
            Ok(Body::RibGeneric(rib)) => {
                let of_record = (rib.family, None, rib.nlri, rib.path_id);
                self.routes(of_record, rib.entries, &mut |route| match route {
                    Ok((peer, described)) => each(Entry {
                        peer,
                        ..entry(described)
                    }),
                    Err(fault) => each(unreadable(fault)),
                })
            }
        }
    }

    fn message(
        &self,
        octets: &[u8],
        four_octet_as: bool,
        same_as: bool,
        add_path: bool,
    ) -> Described {
        let reading = Reading {
            four_octet_as,
            internal: self.internal || same_as,
            add_path: PathIds::everywhere(add_path),
        };
        let mut described = describe::message(octets, reading, &self.contexts);
        // Some writers say nothing of path identifiers (RFC 8050 came late).
        if described.disposition >= Some(Disposition::TreatAsWithdraw) {
            described.hint = describe::hint(octets, reading, &self.contexts);
        }
        described
    }

    fn remember(&mut self, table: &PeerIndexTable<'_>) -> (What, Option<RecordFault>) {
        self.peers.clear();
        let mut fault = None;
        for peer in table.peers() {
            match peer {
                Ok(peer) => self.peers.push(peer),
                Err(found) => fault = Some(found),
            }
        }
        let peers = self.peers.iter().map(|peer| PeerEntry {
            id: peer.bgp_id,
            address: peer.address,
            asn: peer.asn,
        });
        let what = What::Peers {
            collector: table.collector,
            view: String::from_utf8_lossy(table.view).into_owned(),
            peers: peers.collect(),
        };
        (what, fault)
    }

    /// The routes of all peers for one NLRI.
    fn routes(
        &mut self,
        (family, prefix, nlri, path_id): (Family, Option<IpNet>, &[u8], Option<PathId>),
        entries: RibEntries<'_>,
        each: &mut dyn FnMut(Routed) -> io::Result<()>,
    ) -> io::Result<()> {
        for route in entries {
            let described = route.map(|route| {
                let peer = self.peers.get(usize::from(route.peer));
                let peer = peer.map(|peer| end(peer.address, peer.asn));
                let listed = Listed {
                    family,
                    prefix,
                    nlri,
                    path_id: route.path_id.or(path_id),
                    originated: route.originated,
                    attributes: route.attributes,
                    offset: route.offset,
                    four_octet_as: true,
                };
                (peer, self.describe(&listed))
            });
            each(described)?;
        }
        Ok(())
    }

    fn table_dump(&mut self, record: &Record<'_>, route: &TableDump<'_>) -> Described {
        let mut buffer = [0; 17];
        self.describe(&Listed {
            family: match route.prefix {
                IpNet::V4(_) => Family::IPV4_UNICAST,
                IpNet::V6(_) => Family::IPV6_UNICAST,
            },
            prefix: Some(route.prefix),
            nlri: Route::prefix_octets(route.prefix, &mut buffer),
            path_id: None,
            originated: route.originated,
            attributes: route.attributes,
            offset: record.octets().len() - route.attributes.len(),
            four_octet_as: route.four_octet_as,
        })
    }

    /// A route, by way of the UPDATE that would announce it.
    fn describe(&mut self, listed: &Listed<'_>) -> Described {
        let route = Route {
            family: listed.family,
            path_id: listed.path_id,
            nlri: listed.nlri,
            attributes: listed.attributes,
        };
        let mut entry = RouteEntry {
            family: listed.family,
            path_id: listed.path_id.map(|id| id.0),
            prefix: listed.prefix,
            octets: listed.prefix.is_none().then(|| hex(listed.nlri)),
            rd: None,
            route: None,
            labels: Vec::new(),
            originated: Time {
                seconds: listed.originated,
                microseconds: None,
            },
            next_hop: None,
            attributes: None,
        };
        self.update.clear();
        let Ok(replay) = route.write_update(&mut self.update) else {
            return Described::of(What::Route(entry));
        };
        // What a table holds was chosen inside the AS: LOCAL_PREF belongs to it.
        let reading = Reading {
            four_octet_as: listed.four_octet_as,
            internal: true,
            add_path: PathIds::everywhere(listed.path_id.is_some()),
        };
        let mut faults = Vec::new();
        match Update::parse(self.update.as_slice(), self.contexts.of(reading)) {
            Ok(update) => {
                entry.next_hop = match update.next_hop(listed.family) {
                    Some(next_hop) => Some(next_hop.to_string()),
                    None => update
                        .multiprotocol_fields()
                        .find(|field| field.announced)
                        .map(|field| describe::next_hop_text(field.next_hop)),
                };
                entry.attributes = describe::attributes(&update.attributes());
                if listed.prefix.is_none() {
                    name(&update, &mut entry);
                }
                faults.extend(update.faults());
            }
            Err(fault) => faults.push(fault),
        }
        let mut described = Described::of(What::Route(entry));
        for mut fault in faults {
            // A route of a table is on no session: there is nothing to notify.
            fault.offset = listed.offset + replay.attribute_offset(fault.offset);
            described.fault(&fault);
        }
        described
    }
}

/// The route of a table of any family, where its family is read.
fn name<B: AsRef<[u8]>>(update: &Update<B>, entry: &mut RouteEntry) {
    let mut read = UpdateEntry::default();
    nlri::groups(update, &[], &mut read);
    let groups = read.announced.into_iter();
    if let Some(nlri) = groups.flat_map(|group| group.nlri).next() {
        entry.rd = nlri.rd;
        entry.prefix = nlri.prefix;
        entry.route = nlri.route;
        entry.labels = nlri.labels;
    }
}

fn end(address: impl Into<IpAddr>, asn: Asn) -> End {
    End {
        address: address.into(),
        asn,
    }
}

fn peer(ends: &Endpoints) -> End {
    end(ends.peer, ends.peer_as)
}

fn local(ends: &Endpoints) -> End {
    end(ends.local, ends.local_as)
}
