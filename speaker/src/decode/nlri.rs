//! NLRI of any family as entries: those that the codec types with their fields, others as octets.
use super::describe::{hex, next_hop_text};
use super::entry::{NlriEntry, NlriGroup, UpdateEntry};
use bgp_wire::{
    AddressFamily, Evpn, EvpnKey, Family, Ipv4Flowspec, Ipv4Labeled, Ipv4Multicast, Ipv4Unicast,
    Ipv6Flowspec, Ipv6Labeled, Ipv6Multicast, Ipv6Unicast, Labels, MultiprotocolField, Nlri,
    RouteTargetConstraint, SegmentId, Update, Vpn, Vpnv4, Vpnv4Flowspec, Vpnv6, Vpnv6Flowspec,
};
use ipnet::IpNet;
use std::fmt::Display;

/// Whether NLRI are announced; else they are withdrawn, and what is not their key means nothing.
type Announced = bool;

/// Adds the routes of an UPDATE. `add_path` are the families with path identifiers.
pub(super) fn groups<B: AsRef<[u8]>>(
    update: &Update<B>,
    add_path: &[Family],
    entry: &mut UpdateEntry,
) {
    let mut groups = Groups {
        update,
        add_path,
        entry,
    };
    groups.typed::<Ipv4Unicast>(prefix);
    groups.typed::<Ipv6Unicast>(prefix);
    groups.typed::<Ipv4Multicast>(prefix);
    groups.typed::<Ipv6Multicast>(prefix);
    groups.typed::<Ipv4Labeled>(labeled);
    groups.typed::<Ipv6Labeled>(labeled);
    groups.typed::<Vpnv4>(vpn);
    groups.typed::<Vpnv6>(vpn);
    groups.typed::<Evpn>(evpn);
    groups.typed::<Ipv4Flowspec>(words);
    groups.typed::<Ipv6Flowspec>(words);
    groups.typed::<Vpnv4Flowspec>(words);
    groups.typed::<Vpnv6Flowspec>(words);
    groups.typed::<RouteTargetConstraint>(words);
    // What has no type, and what cannot be read.
    for field in update.multiprotocol_fields() {
        let groups = if field.announced {
            &mut entry.announced
        } else {
            &mut entry.withdrawn
        };
        if groups.iter().all(|group| group.family != field.family) {
            groups.push(octets(&field));
        }
    }
}

struct Groups<'a, B> {
    update: &'a Update<B>,
    add_path: &'a [Family],
    entry: &'a mut UpdateEntry,
}

impl<B: AsRef<[u8]>> Groups<'_, B> {
    /// The NLRI of one family, each as `one` has it.
    fn typed<F: AddressFamily>(&mut self, one: fn(&Nlri<F>, Announced) -> NlriEntry) {
        let add_path = self.add_path.contains(&F::FAMILY);
        let listed = |nlri: &Nlri<F>, announced| NlriEntry {
            path_id: add_path.then_some(nlri.path_id.0),
            ..one(nlri, announced)
        };
        let group = |next_hop, nlri: Vec<NlriEntry>| {
            (!nlri.is_empty()).then_some(NlriGroup {
                family: F::FAMILY,
                next_hop,
                nlri,
                octets: None,
            })
        };
        let withdrawn = self.update.withdrawn::<F>();
        let withdrawn = withdrawn.map(|nlri| listed(&nlri, false)).collect();
        self.entry.withdrawn.extend(group(None, withdrawn));
        for (next_hop, run) in self.update.announcements::<F>() {
            let announced = run.map(|nlri| listed(&nlri, true)).collect();
            // RFC 8955 §4: a flow specification goes nowhere.
            let next_hop = (next_hop != bgp_wire::NextHop::NONE).then(|| next_hop.to_string());
            self.entry.announced.extend(group(next_hop, announced));
        }
    }
}

fn prefix<F: AddressFamily>(nlri: &Nlri<F>, _: Announced) -> NlriEntry
where
    IpNet: From<F::Key>,
{
    NlriEntry {
        prefix: Some(nlri.key.clone().into()),
        ..NlriEntry::default()
    }
}

fn labeled<F: AddressFamily<Payload = Labels>>(nlri: &Nlri<F>, announced: Announced) -> NlriEntry
where
    IpNet: From<F::Key>,
{
    NlriEntry {
        labels: labels(nlri.payload),
        ..prefix(nlri, announced)
    }
}

fn vpn<F, P>(nlri: &Nlri<F>, _: Announced) -> NlriEntry
where
    F: AddressFamily<Key = Vpn<P>, Payload = Labels>,
    P: Copy,
    IpNet: From<P>,
{
    NlriEntry {
        rd: Some(nlri.key.rd.to_string()),
        prefix: Some(nlri.key.prefix.into()),
        labels: labels(nlri.payload),
        ..NlriEntry::default()
    }
}

fn labels(labels: Labels) -> Vec<u32> {
    labels.iter().map(bgp_wire::Label::value).collect()
}

fn evpn(nlri: &Nlri<Evpn>, announced: Announced) -> NlriEntry {
    let payload = &nlri.payload;
    let has_label = matches!(
        nlri.key,
        EvpnKey::AutoDiscovery { .. } | EvpnKey::MacIp { .. } | EvpnKey::IpPrefix { .. }
    );
    let label = (announced && has_label).then_some(payload.label);
    NlriEntry {
        labels: label.into_iter().chain(payload.second_label).collect(),
        segment: (payload.segment != SegmentId::default()).then(|| payload.segment.to_string()),
        gateway: payload.gateway.filter(|gateway| !gateway.is_unspecified()),
        ..words(nlri, announced)
    }
}

fn words<F: AddressFamily>(nlri: &Nlri<F>, _: Announced) -> NlriEntry
where
    F::Key: Display,
{
    NlriEntry {
        route: Some(nlri.key.to_string()),
        ..NlriEntry::default()
    }
}

fn octets(field: &MultiprotocolField<'_>) -> NlriGroup {
    NlriGroup {
        family: field.family,
        next_hop: field.announced.then(|| next_hop_text(field.next_hop)),
        nlri: Vec::new(),
        octets: Some(hex(field.nlri)),
    }
}
