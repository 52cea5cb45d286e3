//! A real table, replayed from a dump: IPv4 unicast of its first peer, in the dump's order, with
//! the sender's AS before every path and the sender as next hop. Routes that follow each other
//! with the same attributes share messages.

use super::routes::Stream;
use bgp_wire::{
    Asn, Family, Ipv4Unicast, MessageSize, NextHop, Nlri, Packer, Update, UpdateContext,
    attr::Rewrite,
    mrt::{self, Body, Route},
};
use flate2::read::MultiGzDecoder;
use std::{collections::HashSet, fs::File, io::Read, net::Ipv4Addr, path::Path};

/// Largest record of a dump.
const LARGEST: usize = 1 << 24;

/// The table, and how many prefixes it has.
///
/// # Errors
/// A file that cannot be read, or holds no table dump.
pub fn table(file: &Path, asn: u32, next_hop: Ipv4Addr) -> Result<(Stream, usize), String> {
    let problem = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let mut dump = Vec::new();
    let compressed = File::open(file).map_err(|error| problem(&error))?;
    MultiGzDecoder::new(compressed)
        .read_to_end(&mut dump)
        .map_err(|error| problem(&error))?;
    let mut table = Table {
        rewrite: Rewrite::external(Asn(asn)),
        next_hop: NextHop::V4(next_hop),
        stream: Stream::default(),
        attributes: Vec::new(),
        nlri: Vec::new(),
        prefixes: HashSet::new(),
    };
    let mut rest = dump.as_slice();
    let mut peer = None;
    while let Some(record) = mrt::frame(rest, LARGEST).map_err(|fault| problem(&fault))? {
        rest = rest.get(record.octets().len()..).unwrap_or(&[]);
        let Ok(Body::Rib(rib)) = record.body() else {
            continue;
        };
        let mut buffer = [0; 17];
        let octets = Route::prefix_octets(rib.prefix, &mut buffer);
        for entry in rib.entries {
            let entry = entry.map_err(|fault| problem(&fault))?;
            if *peer.get_or_insert(entry.peer) == entry.peer {
                let route = Route::of_entry(Family::IPV4_UNICAST, octets, &entry);
                table.add(&route).map_err(|error| problem(&error))?;
            }
        }
    }
    table.flush();
    if table.prefixes.is_empty() {
        return Err(problem(&"no table dump of IPv4 routes"));
    }
    Ok((table.stream, table.prefixes.len()))
}

struct Table {
    rewrite: Rewrite,
    next_hop: NextHop,
    stream: Stream,
    attributes: Vec<u8>,
    nlri: Vec<Nlri<Ipv4Unicast>>,
    prefixes: HashSet<ipnet::Ipv4Net>,
}

impl Table {
    fn add(&mut self, route: &Route<'_>) -> Result<(), String> {
        let mut message = Vec::new();
        route
            .write_update(&mut message)
            .map_err(|fault| format!("{fault:?}"))?;
        let context = UpdateContext {
            four_octet_as: true,
            families: vec![Family::IPV4_UNICAST],
            ..UpdateContext::default()
        };
        let update =
            Update::parse(message.as_slice(), &context).map_err(|fault| fault.to_string())?;
        let (mut canonical, mut attributes) = (Vec::new(), Vec::new());
        update.attributes().canonical(&mut canonical);
        self.rewrite.apply(&canonical, &mut attributes);
        if attributes != self.attributes {
            self.flush();
            self.attributes = attributes;
            self.stream.sets += 1;
        }
        for nlri in update.announced::<Ipv4Unicast>() {
            if self.prefixes.insert(nlri.key) {
                self.nlri.push(nlri);
            }
        }
        Ok(())
    }

    fn flush(&mut self) {
        let size = MessageSize {
            max: 4096,
            four_octet_as: true,
            add_path: false,
        };
        // What fits into no message is not sent, and not waited for either.
        let packed = Packer::announce(
            &mut self.stream.octets,
            size,
            &self.attributes,
            self.next_hop,
            &self.nlri,
        );
        if packed.is_err() {
            for nlri in &self.nlri {
                self.prefixes.remove(&nlri.key);
            }
        }
        self.nlri.clear();
    }
}
