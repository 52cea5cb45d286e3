//! UPDATEs are handed out without an allocation each: counted, not claimed.
#![expect(unsafe_code, reason = "a global allocator that counts")]

use bgp_fsm::{Action, Command, Config, Received, Session, Slot, State};
use bgp_wire::{Asn, Capability, Family, Open, RouterId, write_end_of_rib, write_keepalive};
use bytes::BytesMut;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
#[expect(clippy::disallowed_methods, reason = "the fake clock starts somewhere")]
fn a_thousand_updates_and_keepalives_cost_one_allocation() {
    let now = Instant::now();
    let asn = Asn(65_002);
    let router_id = |last| RouterId::new([10, 0, 0, last].into()).unwrap();
    let config = Config {
        remote_as: Some(asn),
        capabilities: vec![Capability::Multiprotocol(Family::IPV4_UNICAST)],
        passive: true,
        ..Config::new(Asn(65_001), router_id(1))
    };
    let mut session = Session::new(config, 1, now);
    session.handle_command(Command::Start, now);
    assert!(session.handle_connected(Slot::Theirs, now));

    let mut octets = Vec::new();
    let capabilities = vec![Capability::FourOctetAs(asn)];
    Open {
        asn,
        hold_time: 90,
        router_id: router_id(2),
        capabilities,
    }
    .encode(&mut octets);
    write_keepalive(&mut octets);
    let mut buffer = BytesMut::from(&octets[..]);
    assert!(
        session
            .handle_bytes(Slot::Theirs, &mut buffer, now)
            .is_none()
    );
    assert_eq!(session.state(), State::Established);
    assert!(matches!(session.poll_action(), Some(Action::Up(..))));

    octets.clear();
    for _ in 0..1000 {
        write_end_of_rib(&mut octets, Family::IPV4_UNICAST);
        write_keepalive(&mut octets);
    }
    let mut buffer = BytesMut::from(&octets[..]);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let mut updates = 0;
    while let Some(received) = session.handle_bytes(Slot::Theirs, &mut buffer, now) {
        updates += usize::from(matches!(received, Received::Update(_)));
        assert!(session.poll_timeout().is_some());
    }
    // The first cut makes the buffer one that can be shared.
    let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(updates, 1000);
    assert!(allocations <= 1, "{allocations} allocations");
}
