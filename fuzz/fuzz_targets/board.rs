//! The libFuzzer binary of target `board`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::board::run(bytes));
