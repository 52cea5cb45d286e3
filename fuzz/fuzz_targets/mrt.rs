//! libFuzzer's way into `fuzz::mrt`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::mrt(input));
