//! One integration binary: vectors of the specs, recorded verdicts, and properties of the fast paths.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod amadeus;
mod common;
mod golden;
mod hostile;
mod kernel;
mod legality;
mod mine;
mod oracle;
mod panel;
mod pattern;
mod peel;
mod target;
mod tree;
