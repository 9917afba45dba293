//! The libFuzzer binary of target `config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::config::run(bytes));
