//! The libFuzzer binary of target `manifest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::manifest::run(bytes));
