//! What a device does a second, and what that costs in joules, measured.
//!
//! [`workload`] and [`tiles`] are what a device is measured at, [`run`] how (warm-up, ranging run, test runs), and [`energy`] what
//! tells the joules. [`kernel`] tells what a processor multiplies with nothing else to do.

pub mod energy;
pub mod kernel;
pub mod result;
pub mod run;
pub mod tiles;
pub mod workload;
