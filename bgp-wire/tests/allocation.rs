//! Parsing an UPDATE and walking everything in it allocates nothing.
#![allow(clippy::expect_used, reason = "a failing test says why")]
#![allow(
    unsafe_code,
    reason = "a counting allocator has to implement GlobalAlloc"
)]

use bgp_wire::{
    AddressFamily, Asn, AttributeSet, BgpLs, Disposition, Evpn, Family, FlowMatch, FlowRuleBuilder,
    FlowType, Ipv4Flowspec, Ipv4Labeled, Ipv4Multicast, Ipv4Unicast, Ipv6Flowspec, Ipv6Labeled,
    Ipv6Multicast, Ipv6Unicast, MessageSize, NextHop, Nlri, Packer, RouteTargetConstraint,
    SessionType, Update, UpdateContext, Vpnv4, Vpnv4Flowspec, Vpnv6, Vpnv6Flowspec,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Allocations of this thread; the test harness has threads of its own.
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's contract is that of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` by `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> usize {
    COUNT.with(Cell::get)
}

/// Reads everything an UPDATE offers; the sum keeps the compiler from leaving it out.
fn walk(message: &[u8], context: &UpdateContext) -> u64 {
    let update = Update::parse(message, context).expect("no session reset");
    let mut sum = update.disposition() as u64;
    sum += update.faults().count() as u64;
    sum += update.announced_families().count() as u64;
    sum += update.withdrawn_families().count() as u64;
    for nlri in update.announced::<Ipv4Unicast>() {
        sum += u64::from(nlri.key.prefix_len());
    }
    for nlri in update.withdrawn::<Ipv4Unicast>() {
        sum += u64::from(nlri.key.prefix_len());
    }
    for nlri in update.announced::<Ipv6Unicast>() {
        sum += u64::from(nlri.key.prefix_len());
    }
    sum += u64::from(update.next_hop(Family::IPV4_UNICAST).is_some());
    let attributes = update.attributes();
    if let Some(path) = attributes.as_path() {
        sum += path.length() as u64;
        sum += path.asns().map(|asn| u64::from(asn.0)).sum::<u64>();
    }
    sum += attributes.communities().map(u64::from).sum::<u64>();
    sum += attributes.cluster_list().map(u64::from).sum::<u64>();
    sum += attributes.large_communities().count() as u64;
    sum += attributes.extended_communities().count() as u64;
    sum += attributes.unknown().count() as u64;
    sum += u64::from(attributes.med().unwrap_or(1));
    sum += u64::from(attributes.aggregator().is_some());
    sum
}

#[test]
fn parsing_and_walking_allocate_nothing() {
    let mut set = AttributeSet::with_path((1..100).map(Asn));
    set.communities = (0..50).collect();
    set.large_communities = vec![[1, 2, 3]; 9];
    set.med = Some(7);
    let mut canonical = Vec::new();
    set.encode(&mut canonical);
    let size = MessageSize {
        max: 4_096,
        four_octet_as: false,
        add_path: false,
    };
    let nlri: Vec<Nlri<Ipv4Unicast>> = (0..200)
        .map(|number| Nlri::new(format!("10.{number}.0.0/16").parse().expect("a prefix")))
        .collect();
    let next_hop = NextHop::V4("10.0.0.1".parse().expect("an address"));
    let mut message = Vec::new();
    let written = Packer::announce(&mut message, size, &canonical, next_hop, &nlri);
    assert_eq!(written, Ok(1));
    // The same with a fault of every mild kind.
    let mut faulty = message.clone();
    let origin_flags = 23;
    faulty[origin_flags] = 0xc0;
    let context = UpdateContext {
        session: SessionType::Ebgp,
        four_octet_as: false,
        families: vec![Family::IPV4_UNICAST, Family::IPV6_UNICAST],
        add_path: vec![],
        ..UpdateContext::default()
    };

    let before = allocations();
    let sum = walk(&message, &context);
    let faulty_sum = walk(&faulty, &context);
    assert_eq!(allocations(), before, "allocations while parsing");
    assert!(sum > 0 && faulty_sum != sum);

    drop(message.clone());
    assert!(allocations() > before, "the counter counts");
}

/// Checking NLRI of other families, and walking them as octets, allocates nothing either, however
/// long they are.
#[test]
fn other_families_are_checked_without_allocating() {
    let rule = FlowRuleBuilder::ipv4()
        .matches(FlowType::Port, &vec![FlowMatch::equal(0x100); 1_000])
        .build()
        .expect("a rule");
    let nlri = [Nlri::<Ipv4Flowspec>::new(rule)];
    let mut canonical = Vec::new();
    AttributeSet::local().encode(&mut canonical);
    let size = MessageSize {
        max: 4_096,
        four_octet_as: true,
        add_path: false,
    };
    let mut message = Vec::new();
    let written = Packer::announce(&mut message, size, &canonical, NextHop::NONE, &nlri);
    assert_eq!(written, Ok(1));
    let context = UpdateContext {
        four_octet_as: true,
        families: vec![Family::IPV4_FLOWSPEC],
        ..UpdateContext::default()
    };
    let before = allocations();
    let update = Update::parse(&message[..], &context).expect("sound");
    let octets: usize = update
        .announced_octets(Family::IPV4_FLOWSPEC)
        .map(|one| one.octets.len())
        .sum();
    assert_eq!(allocations(), before, "allocations while parsing");
    assert_eq!(octets, 3_003);
}

/// Flags, type code and value of one attribute of every type that the table knows, and of one that
/// it does not, as an internal session of two-octet AS numbers has them.
const ATTRIBUTES: &[(u8, u8, &[u8])] = &[
    (0x40, 1, &[0]),
    (0x40, 2, &[2, 2, 0x5b, 0xa0, 0xfd, 0xe9, 1, 1, 0, 9]),
    (0x40, 3, &[10, 0, 0, 2]),
    (0x80, 4, &[0, 0, 0, 7]),
    (0x40, 5, &[0, 0, 0, 100]),
    (0x40, 6, &[]),
    (0xc0, 7, &[0x5b, 0xa0, 10, 0, 0, 1]),
    (0xc0, 8, &[0xfd, 0xe9, 0, 1, 0xff, 0xff, 0xff, 1]),
    (0x80, 9, &[10, 0, 0, 9]),
    (0x80, 10, &[10, 0, 0, 8, 10, 0, 0, 7]),
    (0xc0, 16, &[0, 2, 0xfd, 0xe9, 0, 0, 0, 1]),
    (
        0xc0,
        17,
        &[2, 2, 0, 1, 0, 0, 0, 0, 0xfd, 0xe9, 1, 1, 0, 0, 0, 9],
    ),
    (0xc0, 18, &[0, 1, 0, 0, 10, 0, 0, 1]),
    (0xc0, 22, &[0, 6, 0, 0, 0, 10, 0, 0, 1]),
    (0xc0, 23, &[0, 8, 0, 0]),
    (
        0xc0,
        25,
        &[
            0, 2, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 5,
        ],
    ),
    (0x80, 26, &[1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9]),
    (0x80, 29, &[4, 2, 0, 0]),
    (0xc0, 32, &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]),
    (0xc0, 35, &[0, 0, 0xfd, 0xe9]),
    (0xc0, 36, &[1, 0, 0, 0xfd, 0xe9, 0, 1, 70]),
    (0xc0, 40, &[1, 0, 7, 0, 0, 0, 0, 0, 0, 9]),
    (0xc0, 128, &[0, 0, 0xfd, 0xe9, 0x40, 1, 1, 0]),
    (0xc0, 200, &[1, 2, 3]),
];

/// A message of these attributes and classic NLRI.
fn message(attributes: &[u8], nlri: &[u8]) -> Vec<u8> {
    let mut out = vec![0xff; 16];
    out.extend([0, 0, 2, 0, 0]);
    let length = u16::try_from(attributes.len()).expect("short");
    out.extend(length.to_be_bytes());
    out.extend(attributes);
    out.extend(nlri);
    let length = u16::try_from(out.len()).expect("short").to_be_bytes();
    out[16..18].copy_from_slice(&length);
    out
}

fn attribute(flags: u8, code: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("short");
    [&[flags, code, length], value].concat()
}

#[test]
fn every_attribute_is_walked_without_allocating() {
    let attributes: Vec<u8> = ATTRIBUTES
        .iter()
        .flat_map(|(flags, code, value)| attribute(*flags, *code, value))
        .collect();
    let octets = message(&attributes, &[24, 192, 0, 2]);
    let context = UpdateContext {
        session: SessionType::Ibgp,
        families: vec![Family::IPV4_UNICAST],
        ..UpdateContext::default()
    };

    let before = allocations();
    let update = Update::parse(&octets[..], &context).expect("sound");
    let attributes = update.attributes();
    let path = attributes.as_path().expect("a path");
    let seen = [
        attributes.origin().is_some(),
        path.segments().count() == 2 && path.first() == Some(Asn(65_536)),
        path.origin().is_none() && path.length() == 3,
        attributes.med() == Some(7),
        attributes.local_pref() == Some(100),
        attributes.atomic_aggregate(),
        attributes
            .aggregator()
            .is_some_and(|by| by.asn == Asn(65_536)),
        attributes.communities().count() == 2,
        attributes.originator_id().is_some(),
        attributes.cluster_list().count() == 2,
        attributes.extended_communities().count() == 1,
        attributes.ipv6_extended_communities().count() == 1,
        attributes.large_communities().count() == 1,
        attributes.pmsi_tunnel().is_some(),
        attributes.aigp() == Some(9),
        attributes.only_to_customer() == Some(Asn(65_001)),
        attributes.unknown().count() == 1,
        // All but NEXT_HOP and the two that are merged.
        (0..=u8::MAX)
            .filter_map(|code| attributes.raw(code))
            .count()
            == ATTRIBUTES.len() - 3,
        update.next_hop(Family::IPV4_UNICAST).is_some(),
        update.end_of_rib().is_none(),
        update.disposition() == Disposition::Accept && update.faults().count() == 0,
    ];
    assert_eq!(allocations(), before, "allocations while parsing");
    assert!(
        seen.iter().all(|seen| *seen),
        "{seen:?} {:?}",
        update.faults().collect::<Vec<_>>()
    );
}

/// NLRI of a family as octets, how often they are one, and how they are walked.
struct Walked {
    family: Family,
    next_hop: &'static [u8],
    nlri: &'static [u8],
    walk: fn(&Update<&[u8]>) -> usize,
}

fn walked<F: AddressFamily>(next_hop: &'static [u8], nlri: &'static [u8]) -> Walked {
    Walked {
        family: F::FAMILY,
        next_hop,
        nlri,
        walk: |update| update.announced::<F>().count() + update.withdrawn::<F>().count(),
    }
}

/// Announced and withdrawn NLRI of every family that has a type, one at a time.
#[test]
fn every_family_is_walked_without_allocating() {
    const HOP: &[u8] = &[10, 0, 0, 1];
    const HOP6: &[u8] = &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const VPN: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1];
    const VPN6: &[u8] = &[
        0, 0, 0, 0, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    ];
    const LABELED: &[u8] = &[48, 0, 6, 0x41, 192, 0, 2];
    const VPN_PREFIX: &[u8] = &[112, 0, 6, 0x41, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 192, 0, 2];
    const FLOW: &[u8] = &[3, 3, 0x81, 6];
    const VPN_FLOW: &[u8] = &[11, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 3, 0x81, 6];
    let inclusive_multicast = &[
        3, 17, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 0, 0, 0, 0, 32, 10, 0, 0, 1,
    ];
    let families = [
        walked::<Ipv4Unicast>(HOP, &[24, 192, 0, 2]),
        walked::<Ipv4Multicast>(HOP, &[24, 192, 0, 2]),
        walked::<Ipv6Unicast>(HOP6, &[32, 0x20, 1, 0x0d, 0xb8]),
        walked::<Ipv6Multicast>(HOP6, &[32, 0x20, 1, 0x0d, 0xb8]),
        walked::<Ipv4Labeled>(HOP, LABELED),
        walked::<Ipv6Labeled>(HOP6, &[56, 0, 6, 0x41, 0x20, 1, 0x0d, 0xb8]),
        walked::<Vpnv4>(VPN, VPN_PREFIX),
        walked::<Vpnv6>(VPN6, VPN_PREFIX),
        walked::<Evpn>(HOP, inclusive_multicast),
        walked::<RouteTargetConstraint>(HOP, &[32, 0, 0, 0xfd, 0xe9]),
        walked::<Ipv4Flowspec>(&[], FLOW),
        walked::<Ipv6Flowspec>(&[], FLOW),
        walked::<Vpnv4Flowspec>(&[], VPN_FLOW),
        walked::<Vpnv6Flowspec>(&[], VPN_FLOW),
        walked::<BgpLs>(HOP, &[0, 1, 0, 3, 1, 2, 3]),
    ];
    for one in families {
        let [high, low] = one.family.afi.to_be_bytes();
        let hop = u8::try_from(one.next_hop.len()).expect("short");
        let reach = [
            &[high, low, one.family.safi, hop],
            one.next_hop,
            &[0],
            one.nlri,
        ]
        .concat();
        let unreach = [&[high, low, one.family.safi], one.nlri].concat();
        let attributes = [
            attribute(0x80, 14, &reach),
            attribute(0x80, 15, &unreach),
            attribute(0x40, 1, &[0]),
            attribute(0x40, 2, &[2, 1, 0, 0, 0xfd, 0xe9]),
        ]
        .concat();
        let octets = message(&attributes, &[]);
        let context = UpdateContext {
            four_octet_as: true,
            families: vec![one.family],
            ..UpdateContext::default()
        };
        let before = allocations();
        let update = Update::parse(&octets[..], &context).expect("no session reset");
        let count = (one.walk)(&update)
            + update.announced_octets(one.family).count()
            + update.withdrawn_octets(one.family).count();
        let faults = update.faults().count();
        assert_eq!(allocations(), before, "{}: allocations", one.family);
        assert_eq!((count, faults), (4, 0), "{}", one.family);
    }
}
