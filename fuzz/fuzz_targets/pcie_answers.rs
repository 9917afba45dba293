//! The libFuzzer binary of target `pcie_answers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::pcie_answers::run(bytes));
