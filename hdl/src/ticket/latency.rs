//! How long a ticket and its parts take.

use super::program;
use crate::sequencer::CHUNK_STEPS_MIN;

/// Cycles from a tile's last fold word to its ticket.
pub const LATENCY: usize = 6 + program::CYCLES + 2;
/// Cycles from a fold word, be it a tile's last, to the first one in which another may come.
pub const FOLD_CYCLES: usize = 64;
/// Cycles from `load_in` to its word.
pub const LOAD_OFFSET: usize = 2;
/// Cycles from `run_in` to the next chaining value.
pub const RUN_LATENCY: usize = 3 + program::RUN_CYCLES + 2;
/// Cycles from `run_in` to the counter's low word on `load_word_in`: four operations are before it.
pub const RUN_OFFSET: usize = 2 + 4 + LOAD_OFFSET;
/// Cycles from `word_in` to `ticket_out`.
pub const READ_LATENCY: usize = 3;

// Two of the program's cycles in this time are the fold register's, and no chunk is shorter.
const _: () = assert!(2 * program::FOLD_PERIOD <= FOLD_CYCLES && FOLD_CYCLES <= CHUNK_STEPS_MIN);
