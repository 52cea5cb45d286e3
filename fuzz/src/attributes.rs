//! What holds for a view over path attributes.
use bgp_wire::{
    AsPath, AsPathBuf, Attributes,
    attr::{Community, ExtendedCommunity, LargeCommunity},
};

/// Reads everything, so that nothing that is read lazily can hide a panic; what has words is told in
/// words, and read back from them where that is offered.
pub(crate) fn look_at(attributes: Attributes<'_>) {
    let _ = (attributes.origin(), attributes.med());
    let _ = (attributes.local_pref(), attributes.originator_id());
    let _ = (attributes.atomic_aggregate(), attributes.aggregator());
    let _ = (attributes.aigp(), attributes.only_to_customer());
    let _ = attributes.cluster_list().count();
    for community in attributes.communities().map(Community) {
        assert_eq!(community.to_string().parse(), Ok(community));
    }
    for community in attributes.large_communities().map(LargeCommunity) {
        assert_eq!(community.to_string().parse(), Ok(community));
    }
    for community in attributes.extended_communities().map(ExtendedCommunity) {
        extended_community(community);
    }
    for community in attributes.ipv6_extended_communities() {
        let _ = community.value();
    }
    if let Some(tunnel) = attributes.pmsi_tunnel() {
        let _ = tunnel.endpoint();
        if let Some(attribute) = tunnel.to_attribute() {
            let octets = attributes.raw(attribute.raw().code);
            assert_eq!(octets.map(|raw| raw.value), Some(attribute.raw().value));
        }
    }
    if let Some(path) = attributes.as_path() {
        as_path(path);
    }
    for attribute in attributes.unknown() {
        assert_eq!(attributes.raw(attribute.code), Some(attribute));
    }
}

fn extended_community(community: ExtendedCommunity) {
    // A value says all that its octets say, or is octets.
    let again = ExtendedCommunity::from(community.value());
    assert_eq!(
        again.value(),
        community.value(),
        "{community:?} and {again:?}"
    );
    let text = community.to_string();
    assert!(!text.is_empty());
    if let Ok(read) = text.parse::<ExtendedCommunity>() {
        assert_eq!(read.to_string(), text);
    }
}

fn as_path(path: AsPath<'_>) {
    let asns = path.asns().count();
    assert!(
        path.length() <= asns,
        "{path} is longer than its {asns} members"
    );
    if path.first().is_some() || path.origin().is_some() {
        assert!(asns > 0, "ends of an empty path");
    }
    assert_eq!(path.is_empty(), path.segments().next().is_none());
    assert_eq!(path.to_string().is_empty(), path.is_empty());
    let owned = AsPathBuf::from(path);
    let members: usize = owned.segments().map(|(_, asns)| asns.len()).sum();
    assert_eq!(members, asns, "{path}");
}
