//! The libFuzzer binary of target `meter`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::meter::run(bytes));
