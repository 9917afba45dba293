//! Devices behind a serial port: a board's UART, or the pseudo-terminal of a virtual board.
//!
//! | module | owns |
//! |---|---|
//! | [`port`], [`board_port`] | the line: bytes, a rate, a clock; and one to a virtual board in this process |
//! | [`decoder`], [`link`], [`pace`] | requests, each carried out once and in order, over a line that damages what it likes |
//! | [`baud`] | the fastest rate that works |
//! | [`device`], [`scan`], [`completions`], [`counters`] | the [`Device`](crate::Device) |
//! | [`enumerate`] | which ports there are |

mod baud;
mod board_port;
mod completions;
mod counters;
mod decoder;
mod device;
mod enumerate;
mod link;
mod pace;
mod port;
mod scan;

pub use board_port::{BoardOpener, SharedBoard};
pub use device::{SerialDevice, SerialOptions};
pub use enumerate::{PortInfo, ports};
pub use port::{Opener, Port, TtyPort};

#[cfg(test)]
pub mod tests;
