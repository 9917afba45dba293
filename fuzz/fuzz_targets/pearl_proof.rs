//! The libFuzzer binary of target `pearl_proof`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::pearl_proof::run(bytes));
