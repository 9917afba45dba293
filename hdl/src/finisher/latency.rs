//! How long a finisher takes for what.
//!
//! [`JOB_CYCLES`] from the completion before to the job; [`ENTRY_CYCLES`] from the later of ticket and
//! last result to the completion, whose last word can be addressed a cycle later. `hold_out` comes
//! [`HOLD_LATENCY`] behind its causes, `data_out` [`READ_LATENCY`] behind `address_in`.

/// Cycles from the first cycle in which a tile runs and none is being finished to the first one in
/// which its job's words are there.
pub const JOB_CYCLES: usize = 18;
/// Cycles from the later of ticket and last result to the first one in which the completion counts
/// among those that wait.
pub const ENTRY_CYCLES: usize = 21;
/// Cycles from `final_in`, and from what ends a hold, to `hold_out`.
pub const HOLD_LATENCY: usize = 1;
/// Cycles from `address_in` to `data_out`.
pub const READ_LATENCY: usize = 2;
/// Cycles from the later of ticket and last result to the one whose number the completion tells.
pub const TIME_OFFSET: usize = 6;

pub use crate::accounts::FREE_LATENCY;
