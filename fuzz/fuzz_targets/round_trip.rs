//! libFuzzer's way into `fuzz::round_trip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::round_trip(input));
