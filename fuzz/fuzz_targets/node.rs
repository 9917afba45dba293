//! The libFuzzer binary of target `node`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::node::run(bytes));
