//! Parsing an UPDATE and walking everything in it allocates nothing.
#![allow(clippy::expect_used, reason = "a failing test says why")]
#![allow(
    unsafe_code,
    reason = "a counting allocator has to implement GlobalAlloc"
)]

use bgp_wire::{
    Asn, AttributeSet, Family, FlowMatch, FlowRuleBuilder, FlowType, Ipv4Flowspec, Ipv4Unicast,
    Ipv6Unicast, MessageSize, NextHop, Nlri, Packer, SessionType, Update, UpdateContext,
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
