//! Tests that run the tools. `cargo xtask tools` installs them; without them the tests fail and say so.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod blocks;
mod images;
mod plls;
mod reproduction;
