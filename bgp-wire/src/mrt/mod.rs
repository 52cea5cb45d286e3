//! MRT (RFC 6396, RFC 8050): files of routing tables and of messages, as route collectors,
//! BIRD, FRR, OpenBGPD and GoBGP write them.
//!
//! What it is: octets to borrowed values. [`frame`] finds the first whole record of a stream,
//! [`Record::body`] reads it, and lists inside it (peers, RIB entries) are iterators. Why so: a
//! table dump is larger than memory, so nothing here does I/O or keeps anything; whoever reads a
//! file holds one record at a time. A record that cannot be read has a fault with the offset of
//! the first wrong octet, and costs only itself, since its length is known. Cost: no allocation;
//! one record is read in time linear to its octets.
//!
//! Walking a table dump: the peers come first and are kept, each RIB entry names one of them.
//!
//! ```
//! use bgp_wire::mrt::{self, Body};
//!
//! # fn stream() -> Vec<u8> {
//! #     let mut stream = vec![0, 0, 0, 9, 0, 13, 0, 1, 0, 0, 0, 19];
//! #     stream.extend([192, 0, 2, 1, 0, 0, 0, 1]);
//! #     stream.extend([0, 10, 0, 0, 1, 10, 0, 0, 1, 0xfd, 0xe9]);
//! #     stream.extend([0, 0, 0, 9, 0, 13, 0, 2, 0, 0, 0, 20]);
//! #     stream.extend([0, 0, 0, 0, 8, 10, 0, 1]);
//! #     stream.extend([0, 0, 0, 0, 0, 5, 0, 4, 0x40, 1, 1, 0]);
//! #     stream
//! # }
//! let stream = stream();
//! let mut octets = stream.as_slice();
//! let mut peers = Vec::new();
//! let mut seen = Vec::new();
//! while let Some(record) = mrt::frame(octets, 1 << 24)? {
//!     octets = &octets[record.octets().len()..];
//!     match record.body()? {
//!         Body::PeerIndexTable(table) => peers = table.peers().collect::<Result<_, _>>()?,
//!         Body::Rib(rib) => {
//!             for entry in rib.entries {
//!                 let entry = entry?;
//!                 let peer: &mrt::Peer = &peers[usize::from(entry.peer)];
//!                 seen.push(format!("{} from AS {}", rib.prefix, peer.asn));
//!             }
//!         }
//!         _ => {}
//!     }
//! }
//! assert_eq!(seen, ["10.0.0.0/8 from AS 65001"]);
//! # Ok::<(), mrt::RecordFault>(())
//! ```

mod bgp;
mod bgp4mp;
mod fault;
mod fields;
mod generic;
mod next_hop;
mod peer_index;
mod record;
mod replay;
mod rib;
mod table_dump;

pub use bgp::{Legacy, LegacyState};
pub use bgp4mp::{Endpoints, Message, State, StateChange};
pub use fault::{RecordFault, RecordFaultKind};
pub use generic::RibGeneric;
pub use next_hop::rib_next_hop;
pub use peer_index::{Peer, PeerIndexTable, Peers};
pub use record::{Body, Record, RecordHeader, frame, kind, table_dump_v2};
pub use replay::{Replay, Route};
pub use rib::{Rib, RibEntries, RibEntry};
pub use table_dump::TableDump;

#[cfg(test)]
mod tests;
