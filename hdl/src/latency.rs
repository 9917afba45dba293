//! When things happen in an [accelerator](crate::accelerator): what the latencies of its parts add up
//! to, from a descriptor's push to its completion.

use crate::accelerator::OPERAND_LATENCY;
use crate::finisher::{ENTRY_CYCLES, HOLD_LATENCY, JOB_CYCLES};
use crate::geometry::Geometry;
use crate::head;
use crate::sequencer::{FLUSH_CYCLES, settle_cycles, token_latency};
use crate::ticket;

/// Cycles from a write to RESET to the first one in which a step can be taken.
pub const fn reset() -> usize {
    2 + FLUSH_CYCLES
}

/// Cycles with a step of a tile: every step of k is taken once a slot.
pub const fn tile_cycles(geometry: Geometry, steps: usize) -> usize {
    steps * geometry.slots()
}

/// Cycles from the last step of a tile to its last result.
pub const fn last_result(geometry: Geometry) -> usize {
    let last_token =
        1 + token_latency(OPERAND_LATENCY) + 2 * (geometry.rows() - 1) + (geometry.columns() - 1);
    last_token + head::RESULT_LATENCY
}

/// Cycles from the last step of a chunk to its fold word.
pub const fn fold_word(geometry: Geometry) -> usize {
    settle_cycles(geometry.rows(), geometry.columns(), OPERAND_LATENCY)
}

/// Cycles from the last step of a tile without a tail to its ticket.
pub const fn ticket(geometry: Geometry) -> usize {
    fold_word(geometry) + ticket::LATENCY
}

/// Cycles from the last step of a tile without a tail to the first cycle in
/// which its completion counts among those that wait.
pub const fn completion(geometry: Geometry) -> usize {
    ticket(geometry) + ENTRY_CYCLES
}

/// Steps that a tile must have before its last whole chunk, so that it need not wait when it follows
/// another without a cycle between.
///
/// With fewer, it is held for the cycles that are missing.
pub const fn steps_without_hold(geometry: Geometry) -> usize {
    // `final_out` trails the chunk's first step by a cycle, and the hold comes behind that.
    completion(geometry) + JOB_CYCLES - 1 - HOLD_LATENCY
}
