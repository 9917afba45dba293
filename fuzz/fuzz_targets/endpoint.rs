//! The libFuzzer binary of target `endpoint`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::endpoint::run(bytes));
