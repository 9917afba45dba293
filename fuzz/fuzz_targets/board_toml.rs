//! The libFuzzer binary of target `board_toml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::board_toml::run(bytes));
