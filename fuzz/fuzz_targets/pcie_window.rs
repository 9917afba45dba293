//! The libFuzzer binary of target `pcie_window`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::pcie_window::run(bytes));
