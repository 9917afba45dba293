//! Job sources against scripted peers on this machine.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod amadeus;
mod gateway;
mod hostile;
mod life;
mod node;
mod peer;
mod pool;
mod support;
