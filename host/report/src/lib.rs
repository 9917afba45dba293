//! Result files, and the efficiency report that is made of them.
//!
//! | module | owns |
//! |---|---|
//! | [`baselines`] | what others publish: GPUs, boards' watts, energy of arithmetic |
//! | [`boards`] | results of boards that nobody has measured |
//! | [`figure`], [`mod@unit`] | a number with its kind, boundary, conditions, range and source; what it counts |
//! | [`derive`](mod@derive) | numbers that are calculated from others |
//! | [`race`] | how far chips for one thing alone pull ahead |
//! | [`report`](mod@report), [`mod@format`] | the report, and how numbers are written in it |
//! | [`result`] | what is known of one device; the schema and checksum of its file |
//! | [`mod@verify`] | the rules that a result file must keep |
//!
//! Nothing here runs a device or knows one: what others find out arrives as files.

pub mod baselines;
pub mod boards;
pub mod derive;
pub mod figure;
pub mod format;
pub mod race;
pub mod report;
pub mod result;
pub mod unit;
pub mod verify;
