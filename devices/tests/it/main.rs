//! Whole devices: what is emitted, and what is written about them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod datasheet;
mod devices;
mod memory_devices;
