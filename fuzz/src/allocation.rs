//! How much memory code asks for: every octet that Rust code of this process allocates is counted,
//! by thread.
//!
//! Why: a length that lies must not cost memory. libFuzzer only notices where hundreds of megabytes
//! are gone; a target can say "nothing" or "no more than so many octets for each that came in". What
//! libFuzzer itself allocates does not pass here. Cost: an addition per allocation.
#![allow(
    unsafe_code,
    reason = "a counting allocator has to implement GlobalAlloc"
)]
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Counting;

thread_local! {
    static OCTETS: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(octets: usize) {
    // While a thread ends, its counter is gone before its last allocation.
    let _ = OCTETS.try_with(|sum| sum.set(sum.get().wrapping_add(octets)));
}

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's contract is that of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's contract is that of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        // SAFETY: `pointer` came from `System` by one of the calls above.
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` by one of the calls above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs `work` and checks that it asked for at most `most` octets, freed or not.
pub(crate) fn at_most<T>(most: usize, what: &str, work: impl FnOnce() -> T) -> T {
    let before = OCTETS.get();
    let result = work();
    let asked = OCTETS.get().wrapping_sub(before);
    assert!(
        asked <= most,
        "{what} allocated {asked} octets, more than {most}"
    );
    result
}
