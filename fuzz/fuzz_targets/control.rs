//! The libFuzzer binary of target `control`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::control::run(bytes));
