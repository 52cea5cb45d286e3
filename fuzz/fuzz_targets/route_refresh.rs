//! libFuzzer's way into `fuzz::route_refresh`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::route_refresh(input));
