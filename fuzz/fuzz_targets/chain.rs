//! The libFuzzer binary of target `chain`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::chain::run(bytes));
