//! The libFuzzer binary of target `solution`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::solution::run(bytes));
