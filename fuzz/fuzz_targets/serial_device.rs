//! The libFuzzer binary of target `serial_device`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gemmine_fuzz::targets::serial_device::run(bytes));
