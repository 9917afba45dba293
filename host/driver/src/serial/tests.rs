//! The host's side against a small double of a board, over a line that damages, stalls and breaks.

mod accelerator;
mod arq;
mod board;
mod device;
mod engines;
mod line;
mod lost;
mod noise;
mod pearl_scan;
mod pty;
mod rates;
mod scan;
