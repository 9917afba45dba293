//! The libFuzzer binary of target `share_log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::share_log::run(bytes));
