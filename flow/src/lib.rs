//! From Verilog to a board: synthesis, place and route, images, reports, the manifest, flashing.
//!
//! | module | owns |
//! |---|---|
//! | [`board`] | what a board is: `bitstreams/*/board.toml` and its constraints |
//! | [`pll`] | PLL settings from oscillator and wanted clock |
//! | [`top`] | a board's top module |
//! | [`toolchain`] | the pinned tools, or those on the PATH |
//! | [`mod@build`] | the steps from Verilog to an image, with seeds, logs and limits |
//! | [`floorplan`] | where the blocks of an ECP5 go |
//! | [`gates`] | the netlist as Verilog that simulates |
//! | [`timing`], [`report`] | what nextpnr says of speed, and all that is said of an image |
//! | `sta` | the longest path, where nextpnr does not have all of them |
//! | [`manifest`] | `bitstreams/MANIFEST.toml`: which images there are, and their checksums |
//! | [`flash`] | the programmer's command line |

pub mod board;
pub mod build;
mod checkout;
mod error;
pub mod flash;
pub mod floorplan;
pub mod gates;
pub mod manifest;
pub mod netlist;
pub mod pll;
pub mod report;
mod sta;
pub mod timing;
pub mod toolchain;
pub mod top;

pub use board::Board;
pub use build::{Built, Options, Progress, build};
pub use checkout::{find_bitstreams, source_commit};
pub use error::FlowError;
pub use manifest::Manifest;
pub use report::Report;
pub use toolchain::Toolchain;
