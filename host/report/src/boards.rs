//! Result files of boards that nobody has measured: simulated cycles x place and route's clock, and published or
//! estimated watts.
//!
//! ```text
//!  bitstreams/BOARD/report.json   PEs, clock, cells, attempts and tickets of devices that grow operands
//!  benches/runs/BOARD-*.json      counters of `gemmine sim --board BOARD`: operands in the device, and over the line
//!  benches/baselines.toml         watts and price
//! ```
//!
//! Every number keeps the place that it was read from; the rest is calculated from those. A board that was measured has
//! a file of its own, by `gemmine bench`, with throughput and power of the same run.

mod build;
mod inputs;
mod power;

use std::path::PathBuf;

use crate::baselines::Baselines;
use crate::figure::FigureError;
use crate::result::ResultFile;
use crate::verify::Checkout;

pub use inputs::run_file;

/// Why a board's result can't be made.
#[derive(Debug, thiserror::Error)]
pub enum BoardsError {
    /// A file can't be read, or lacks something.
    #[error("make the result of {board}: {why}")]
    Input {
        /// The board.
        board: String,
        /// What is missing, and what to do.
        why: String,
    },
    /// A figure can't be calculated.
    #[error("make the result of {board}: {why}")]
    Figure {
        /// The board.
        board: String,
        /// Why not.
        why: FigureError,
    },
}

/// The boards that have an image: the folders of `bitstreams/` with a report, in the order of their names.
///
/// # Errors
/// If there is no checkout, or its folder can't be read.
pub fn names(checkout: &Checkout) -> Result<Vec<String>, BoardsError> {
    let wrong = |why: String| BoardsError::Input { board: "the boards".into(), why };
    let root =
        checkout.root().ok_or_else(|| wrong("there is no checkout; give --root DIR".into()))?;
    let folder = root.join("bitstreams");
    let entries = std::fs::read_dir(&folder)
        .map_err(|why| wrong(format!("read {}: {why}", folder.display())))?;
    let folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let with_report = folders.into_iter().filter(|folder| folder.join("report.json").is_file());
    let mut names: Vec<String> =
        with_report.filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// The result of a board.
///
/// # Errors
/// If a file that it is made of can't be read, is of another image, or lacks a value.
pub fn result(
    board: &str,
    checkout: &Checkout,
    baselines: &Baselines,
) -> Result<ResultFile, BoardsError> {
    let inputs = inputs::Inputs::read(board, checkout, baselines)
        .map_err(|why| BoardsError::Input { board: board.to_owned(), why })?;
    build::result(&inputs).map_err(|why| BoardsError::Figure { board: board.to_owned(), why })
}

#[cfg(test)]
mod tests;
