//! The libFuzzer binary of target `npy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::npy::run(bytes));
