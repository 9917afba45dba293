//! Integration tests of the engines.

mod errors;
mod lockstep;
mod state;
mod stimulus;
