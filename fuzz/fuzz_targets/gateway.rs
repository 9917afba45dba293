//! The libFuzzer binary of target `gateway`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::gateway::run(bytes));
