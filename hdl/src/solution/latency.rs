//! How long a solution and its parts take.

use crate::registers::NONCE_WORD;
use crate::ticket::{LOAD_OFFSET, RUN_LATENCY, RUN_OFFSET};

/// Cycles from `job_place_out` to `job_word_in`.
pub const JOB_LATENCY: usize = 2;
/// Cycles from `result_place_out` to `result_word_in`; at least 4.
pub const RESULT_LATENCY: usize = crate::results::READ_LATENCY + 1;
/// Compressions.
pub const BLOCKS: usize = 18;
/// Step that runs the ticket.
const RUN_STEP: usize = 34;
/// Step of the first word that the ticket takes while it runs.
const PARAMETER_STEP: usize = 40;
/// Cycles from a step to the one in which what it loads is decided.
pub(super) const LATE: usize = RESULT_LATENCY - LOAD_OFFSET;
/// Cycles from a compression's first step to the next one's.
pub const BLOCK_CYCLES: usize = RUN_STEP + LATE + 1 + RUN_LATENCY + 2;
/// Cycles from `start_in` to `valid_out`.
pub const LATENCY: usize = 2 + BLOCKS * BLOCK_CYCLES + RESULT_LATENCY + 5;

// A word of the seed is asked for a cycle or more behind its step, into a register.
const _: () = assert!(RESULT_LATENCY >= JOB_LATENCY + 2);
// A word follows its step two cycles later than a control does.
const _: () = assert!(PARAMETER_STEP + LOAD_OFFSET == RUN_STEP + RUN_OFFSET);
// The word's place among those that are loaded is 16 more.
const _: () = assert!(NONCE_WORD == 9);
