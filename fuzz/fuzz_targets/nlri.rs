//! libFuzzer's way into `fuzz::nlri`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::nlri(input));
