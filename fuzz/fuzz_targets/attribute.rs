//! libFuzzer's way into `fuzz::attribute`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::attribute(input));
