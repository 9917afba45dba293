//! Every latency of the device around its wires, in cycles.
//!
//! The array's and the ticket's are constants of their modules; what is named here belongs to the
//! modules that join them.

use gemmine_hdl::Geometry;
use gemmine_hdl::core::{FOLD_LATENCY, RESULT_LATENCY};
use gemmine_hdl::ticket;

// Endpoint

/// From the zero that ends a frame to the first word of its request on the bus.
pub const FRAME_TO_BUS: u64 = 4;
/// From one word of a request on the bus to the next.
pub const BUS_WORD: u64 = 1;
/// From the last word of a request, or the end of a response before, to the first byte of the
/// response in the transmitter.
pub const BUS_TO_RESPONSE: u64 = 4;
/// Cycles between the stop bit of a byte and the start bit of the next one of the response.
pub const RESPONSE_GAP: u64 = 1;

// Tiles

/// From the push of a descriptor to the cycle in which its tile can start on an idle array.
pub const PUSH_TO_TILE: u64 = 4;
/// From the completion of a tile, or the start of the next one if that is later, to the job's words
/// being in the ticket engine.
pub const JOB_LOAD: u64 = 18;
/// From a tile's ticket and last result to its completion in the queue.
pub const COMPLETION: u64 = 2;
/// Cycles by which the busy time of the array outlasts a tile's last step.
pub const fn busy_tail(geometry: Geometry) -> u64 {
    geometry.settle_cycles() as u64 + 1
}

/// From the last step of a chunk's last slot to its fold word.
pub const fn fold_latency(geometry: Geometry) -> u64 {
    (FOLD_LATENCY + 2 * (geometry.rows() - 1) + geometry.columns() - 1) as u64
}

/// From a tile's last step to its last result.
pub const fn last_result_latency(geometry: Geometry) -> u64 {
    (RESULT_LATENCY + 2 * (geometry.rows() - 1) + geometry.columns() - 1) as u64
}

/// From a tile's last fold word to its ticket.
pub const fn ticket_latency(lanes: usize, chunks: usize) -> u64 {
    ticket::latency(lanes, chunks) as u64
}

// Counters

/// Cycles by which a counter that is read trails what it counts.
pub const COUNTER_LAG: u64 = 2;
