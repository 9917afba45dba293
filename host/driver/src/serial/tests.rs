//! The host's side against a small double of a board, over a line that damages, stalls and breaks.

pub mod accelerator;
mod arq;
mod board;
pub mod device;
mod engines;
pub mod line;
mod lost;
mod noise;
mod pearl_scan;
mod pty;
mod rates;
mod scan;
