//! The miner that people run: any number of devices at work for the best job source there is.
//!
//! | module | owns |
//! |---|---|
//! | [`piece`], [`production`] | a job being worked on: its pieces, and what the host makes of answers |
//! | [`supervision`] | what to do with a device that fails, comes and goes, or lies |
//! | [`crew`] | all devices: who gets which pieces |
//! | [`miner`] | the best source's job for the crew, every share into the log and to its source |
//! | [`runner`] | what does a device's work, in its thread |
//! | [`live`] | threads: the miner with real devices and sources |
//! | [`rates`] | rates over three windows |
//!
//! Only [`runner`] waits for anything, and nothing reads the time but it: the rest takes events with their time and
//! says what is to be done, so that a day of mining can be gone through in a minute.

pub mod crew;
pub mod live;
pub mod miner;
pub mod piece;
pub mod production;
pub mod rates;
pub mod runner;
pub mod supervision;
#[cfg(test)]
mod testing;
