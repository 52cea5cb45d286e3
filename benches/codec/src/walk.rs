//! What "walk every attribute and every prefix" is: each number of an UPDATE goes into a sum.
//!
//! The sum does not depend on the order, so that readers which sort are not at a disadvantage, and
//! two readers that find the same in a message have the same sum. Adding costs one rotation and
//! one addition: what is measured is the reading.
use bgp_wire::attr::SegmentKind;
use bgp_wire::{Family, Fault, Ipv4Unicast, Ipv6Unicast, NextHop, Update, UpdateContext};

/// The sum of everything in an UPDATE.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sum(pub u64);

#[expect(missing_docs, reason = "the names are the RFCs' own")]
impl Sum {
    #[inline(always)]
    fn add(&mut self, kind: u32, number: u64) {
        self.0 = self
            .0
            .wrapping_add(number.wrapping_add(1).rotate_left(kind));
    }
    #[inline(always)]
    fn add_wide(&mut self, kind: u32, number: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
        self.add(
            kind,
            (number as u64) ^ ((number >> 64) as u64).rotate_left(9),
        );
    }
    #[inline(always)]
    pub fn origin(&mut self, code: u8) {
        self.add(1, code.into());
    }
    #[inline(always)]
    pub fn segment(&mut self, code: u8) {
        self.add(2, code.into());
    }
    #[inline(always)]
    pub fn asn(&mut self, asn: u32) {
        self.add(3, asn.into());
    }
    #[inline(always)]
    pub fn next_hop4(&mut self, address: u32) {
        self.add(4, address.into());
    }
    #[inline(always)]
    pub fn next_hop6(&mut self, address: u128) {
        self.add_wide(5, address);
    }
    #[inline(always)]
    pub fn med(&mut self, med: u32) {
        self.add(6, med.into());
    }
    #[inline(always)]
    pub fn local_pref(&mut self, preference: u32) {
        self.add(7, preference.into());
    }
    #[inline(always)]
    pub fn atomic_aggregate(&mut self) {
        self.add(8, 1);
    }
    #[inline(always)]
    pub fn aggregator(&mut self, asn: u32, address: u32) {
        self.add(9, (u64::from(asn) << 32) | u64::from(address));
    }
    #[inline(always)]
    pub fn community(&mut self, community: u32) {
        self.add(10, community.into());
    }
    #[inline(always)]
    pub fn extended_community(&mut self, community: u64) {
        self.add(11, community);
    }
    #[inline(always)]
    pub fn large_community(&mut self, [a, b, c]: [u32; 3]) {
        self.add(
            12,
            (u64::from(a) << 32 | u64::from(b)) ^ u64::from(c).rotate_left(13),
        );
    }
    #[inline(always)]
    pub fn originator(&mut self, id: u32) {
        self.add(14, id.into());
    }
    #[inline(always)]
    pub fn cluster(&mut self, id: u32) {
        self.add(15, id.into());
    }
    #[inline(always)]
    pub fn only_to_customer(&mut self, asn: u32) {
        self.add(16, asn.into());
    }
    /// An attribute that the reader has no type for: type code and length.
    #[inline(always)]
    pub fn unknown(&mut self, code: u8, length: usize) {
        self.add(17, (u64::from(code) << 32) | length as u64);
    }
    #[inline(always)]
    pub fn announced4(&mut self, address: u32, bits: u8) {
        self.add(18, (u64::from(address) << 8) | u64::from(bits));
    }
    #[inline(always)]
    pub fn withdrawn4(&mut self, address: u32, bits: u8) {
        self.add(19, (u64::from(address) << 8) | u64::from(bits));
    }
    #[inline(always)]
    pub fn announced6(&mut self, address: u128, bits: u8) {
        self.add_wide(20, address ^ u128::from(bits));
    }
    #[inline(always)]
    pub fn withdrawn6(&mut self, address: u128, bits: u8) {
        self.add_wide(21, address ^ u128::from(bits));
    }
}

/// The octet of a segment's type (RFC 4271 §4.3, RFC 5065 §3).
fn segment_code(kind: SegmentKind) -> u8 {
    match kind {
        SegmentKind::Set => 1,
        SegmentKind::Sequence => 2,
        SegmentKind::ConfedSequence => 3,
        SegmentKind::ConfedSet => 4,
    }
}

/// Parses a message with all of RFC 7606 and walks everything in it.
///
/// # Errors
/// Where the message ends the session.
pub fn walk(message: &[u8], context: &UpdateContext) -> Result<Sum, Fault> {
    let update = Update::parse(message, context)?;
    let mut sum = Sum::default();
    update
        .announced::<Ipv4Unicast>()
        .for_each(|nlri| sum.announced4(nlri.key.addr().to_bits(), nlri.key.prefix_len()));
    update
        .withdrawn::<Ipv4Unicast>()
        .for_each(|nlri| sum.withdrawn4(nlri.key.addr().to_bits(), nlri.key.prefix_len()));
    update
        .announced::<Ipv6Unicast>()
        .for_each(|nlri| sum.announced6(nlri.key.addr().to_bits(), nlri.key.prefix_len()));
    update
        .withdrawn::<Ipv6Unicast>()
        .for_each(|nlri| sum.withdrawn6(nlri.key.addr().to_bits(), nlri.key.prefix_len()));
    for family in [Family::IPV4_UNICAST, Family::IPV6_UNICAST] {
        match update.next_hop(family) {
            None => {}
            Some(NextHop::V4(address)) => sum.next_hop4(address.to_bits()),
            Some(NextHop::V6 { global, link_local }) => {
                sum.next_hop6(global.to_bits());
                if let Some(link_local) = link_local {
                    sum.next_hop6(link_local.to_bits());
                }
            }
        }
    }
    let attributes = update.attributes();
    if let Some(origin) = attributes.origin() {
        sum.origin(origin.code());
    }
    if let Some(path) = attributes.as_path() {
        for segment in path.segments() {
            sum.segment(segment_code(segment.kind));
            segment.asns().for_each(|asn| sum.asn(asn.0));
        }
    }
    if let Some(med) = attributes.med() {
        sum.med(med);
    }
    if let Some(preference) = attributes.local_pref() {
        sum.local_pref(preference);
    }
    if attributes.atomic_aggregate() {
        sum.atomic_aggregate();
    }
    if let Some(aggregator) = attributes.aggregator() {
        sum.aggregator(aggregator.asn.0, aggregator.address.to_bits());
    }
    attributes.communities().for_each(|one| sum.community(one));
    attributes
        .extended_communities()
        .for_each(|one| sum.extended_community(u64::from_be_bytes(one)));
    attributes
        .large_communities()
        .for_each(|one| sum.large_community(one));
    if let Some(id) = attributes.originator_id() {
        sum.originator(id.address().to_bits());
    }
    attributes.cluster_list().for_each(|one| sum.cluster(one));
    if let Some(asn) = attributes.only_to_customer() {
        sum.only_to_customer(asn.0);
    }
    for attribute in attributes.unknown() {
        sum.unknown(attribute.code, attribute.value.len());
    }
    Ok(sum)
}
