//! The libFuzzer binary of target `pool`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::pool::run(bytes));
