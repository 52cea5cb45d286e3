//! The two hosts of the story and the wire between them.
use crate::Netns;

/// A host and Azure, joined by a veth pair: `to-azure` on the host, `to-host` on the other side.
///
/// The host has 10.1.1.1/30 and fd00::1/64. Azure's end is up but has no address: the neighbor is
/// absent until [`azure_arrives`](Self::azure_arrives). Inside Azure a virtual machine's addresses,
/// 192.168.1.1/24 and fd00:a::1/64, are on the loopback.
#[derive(Debug)]
pub struct Lab {
    /// Where Myna runs.
    pub host: Netns,
    /// Where BIRD runs.
    pub azure: Netns,
}

impl Lab {
    /// Makes both, with the neighbor absent.
    #[must_use]
    pub fn without_neighbor() -> Self {
        let host = Netns::new("host");
        let azure = Netns::new("azure");
        host.ip(&format!(
            "link add to-azure type veth peer name to-host netns {}",
            azure.name()
        ));
        host.ip("addr add 10.1.1.1/30 dev to-azure");
        host.ip("addr add fd00::1/64 dev to-azure nodad");
        host.ip("link set to-azure up");
        azure.ip("link set to-host up");
        azure.ip("addr add 192.168.1.1/24 dev lo");
        azure.ip("addr add fd00:a::1/64 dev lo nodad");
        Self { host, azure }
    }

    /// Makes both, with the neighbor's addresses there.
    #[must_use]
    pub fn new() -> Self {
        let lab = Self::without_neighbor();
        lab.azure_arrives();
        lab
    }

    /// Azure's side gets its addresses.
    pub fn azure_arrives(&self) {
        self.azure.ip("addr add 10.1.1.2/30 dev to-host");
        self.azure.ip("addr add fd00::2/64 dev to-host nodad");
    }
}

impl Default for Lab {
    fn default() -> Self {
        Self::new()
    }
}
