//! Pictures of the dashboard, keys, lines. `UPDATE_EXPECT=1 cargo test` writes pictures anew.

mod keys;
mod lines;
mod pictures;
mod sample;
mod text;
