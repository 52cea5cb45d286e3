//! libFuzzer's way into `fuzz::speaker`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::speaker(input));
