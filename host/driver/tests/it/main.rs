//! Integration tests of the driver: on virtual boards in this process.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod damage;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod guest;
mod rtl;
mod scan;
mod unplug;
