//! When the waves come, and how long what they start takes.

/// Cycles from the first cycle behind a chunk to its start wave at row 0 of the grid, where a step's
/// operands take `operand_latency` cycles to row 0 and column 0.
pub const fn start_latency(operand_latency: usize) -> usize {
    operand_latency + 2
}

/// Cycles from the first cycle behind a chunk to its first token at the first head.
pub const fn token_latency(operand_latency: usize) -> usize {
    operand_latency + 3
}

/// Cycles that the array takes to empty itself after a reset.
pub const FLUSH_CYCLES: usize = 128;
/// Shortest chunk, in steps: the drain of a chunk must be over before the next one ends.
pub const CHUNK_STEPS_MIN: usize = 64;

/// Cycles from the cycle of a tile's last step to the one of its last output.
pub const fn settle_cycles(rows: usize, columns: usize, operand_latency: usize) -> usize {
    let last_token = 1 + token_latency(operand_latency) + 2 * (rows - 1) + (columns - 1);
    last_token + 1 + crate::fold::LATENCY
}
