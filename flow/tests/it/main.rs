//! Tests that run the tools. `cargo xtask tools` installs them; without them the tests fail and say so.

mod images;
mod plls;
mod reproduction;
