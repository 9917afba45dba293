//! The libFuzzer binary of target `gateway_job`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::gateway_job::run(bytes));
