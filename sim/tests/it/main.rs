//! Integration tests of the engines.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod board;
mod errors;
mod garbage;
mod lockstep;
mod memory;
mod modules;
mod state;
mod stimulus;
