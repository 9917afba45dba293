//! Integration tests of the engines.

mod lockstep;
mod stimulus;
