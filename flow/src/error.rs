//! Why there is no image, or no board to put it on.

use std::path::PathBuf;

use gemmine_hdl::emit::EmissionError;
use gemmine_tools::ToolError;
use gemmine_tools::process::ProcessError;

use crate::pll::PllError;

/// Why a build, an installation or flashing fails. The texts complete "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// No such board.
    #[error(
        "find board {name:?}: there are {}; `gemmine build --list` says more, and a path to a board.toml \
         of yours will do, too", .known.join(", ")
    )]
    UnknownBoard {
        /// The name given.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// A file is not of its form.
    #[error("read {file}: {why}")]
    Parse {
        /// The file.
        file: String,
        /// Where in it, and what is wrong.
        why: String,
    },
    /// A value in a file can't be.
    #[error("read {file}: {key} is {value}; {remedy}")]
    Value {
        /// The file.
        file: String,
        /// The key, dotted.
        key: &'static str,
        /// The value seen.
        value: String,
        /// What to do.
        remedy: String,
    },
    /// The board is listed, but can't be built for.
    #[error("build for {board}: {reason}")]
    NoBoard {
        /// The board.
        board: String,
        /// Why not.
        reason: String,
    },
    /// The clock can't be made.
    #[error("{0}")]
    Pll(#[from] PllError),
    /// The device is not built into the program, or can't be written as Verilog.
    #[error("emit the device: {0}")]
    Emission(#[from] EmissionError),
    /// The tools can't be had.
    #[error("{0}")]
    Tools(#[from] ToolError),
    /// A native tool is not there, or is not what its name says.
    #[error("use {tool} from the PATH: {why}; install it, or leave --native out")]
    Native {
        /// The tool.
        tool: &'static str,
        /// What happened.
        why: String,
    },
    /// A step failed.
    #[error("{doing}: {source}")]
    Step {
        /// What was being done.
        doing: String,
        /// How the tool ended.
        source: ProcessError,
    },
    /// Too large.
    #[error(
        "fit the device onto {board}: it takes {}; choose a smaller device.geometry or \
         device.panel_word_bits in its board.toml; nextpnr's log is {}", .cells.join(", "), .log.display()
    )]
    TooLarge {
        /// The board.
        board: String,
        /// What there is too little of.
        cells: Vec<String>,
        /// nextpnr's log.
        log: PathBuf,
    },
    /// A netlist can't be simulated.
    #[error(
        "simulate the netlist of {board}: its cell {cell} has no model; write one into flow/cells and list it \
         in flow/src/gates.rs"
    )]
    NoModel {
        /// The board.
        board: String,
        /// The type of the cell.
        cell: String,
    },
    /// A cell of a netlist is used in a way that its model does not know.
    #[error("simulate the netlist of {board}: {why}; see flow/cells for what is modelled")]
    NotModelled {
        /// The board.
        board: String,
        /// The cell, and what of it.
        why: String,
    },
    /// A block has no place.
    #[error("follow the floorplan of {file}: {why}")]
    Floorplan {
        /// The board's file.
        file: String,
        /// The block or the place, and what there is.
        why: String,
    },
    /// A tool's output is not what it should be.
    #[error("read {}: {why}", .file.display())]
    Output {
        /// The file.
        file: PathBuf,
        /// What is missing.
        why: String,
    },
    /// Too slow.
    #[error(
        "meet timing: the device reaches {fmax_mhz:.2} MHz of {clock_mhz:.2} MHz on {board} with the best of \
         {seeds} ({critical}); try --seeds 8, lower clock.target_hz in its board.toml, or give \
         --allow-timing-failure; the report is {}", .report.display()
    )]
    Timing {
        /// The board.
        board: String,
        /// What is reached.
        fmax_mhz: f64,
        /// What is needed.
        clock_mhz: f64,
        /// Seeds tried, for people.
        seeds: String,
        /// Where the critical path goes.
        critical: String,
        /// Where the report is.
        report: PathBuf,
    },
    /// A file can't be read or written.
    #[error("{doing} {}: {source}", .path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is no folder to install into.
    #[error(
        "find bitstreams/MANIFEST.toml: it is in no folder from {} up; run this in a checkout of gemmine, or \
         leave --install out", .from.display()
    )]
    NoCheckout {
        /// The current folder.
        from: PathBuf,
    },
    /// An image is not the one in the manifest.
    #[error(
        "flash {}: its sha256 is {found}, and the manifest's for {board} is {wanted}; take the image that \
         belongs to this version, or name it with --image and give --unknown-image", .image.display()
    )]
    WrongImage {
        /// The file.
        image: PathBuf,
        /// The board.
        board: String,
        /// Its checksum.
        found: String,
        /// That of the manifest, or what there is instead.
        wanted: String,
    },
    /// No image to flash.
    #[error("find an image for {board}: {why}")]
    NoImage {
        /// The board.
        board: String,
        /// What was looked at, and the remedy.
        why: String,
    },
    /// The board can't be programmed that way.
    #[error("flash {board}: {why}")]
    Flash {
        /// The board.
        board: String,
        /// Why not, and the remedy.
        why: String,
    },
    /// Ctrl-C.
    #[error("go on: interrupted")]
    Cancelled,
}

impl FlowError {
    /// Something about a file.
    pub(crate) fn file(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }
}
