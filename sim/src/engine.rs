//! The interface of all engines, and what a run yields.

use gemmine_hdl::emit::EmissionError;
use gemmine_hdl::{Geometry, GeometryError};

use crate::program::Program;

/// What an engine observed while it ran a program. Cycles count from the program's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// One entry a tile that was begun, in order; a reset leaves the last ones incomplete.
    pub tiles: Vec<TileRun>,
    /// Cycles that the program occupied the array, to its last output.
    pub cycles: u64,
}

/// What came out of one tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileRun {
    /// One word a whole chunk: the XOR of all 256 accumulators.
    pub fold_words: Vec<u32>,
    /// The cycle in which each of them was on the output.
    pub fold_cycles: Vec<u64>,
    /// The product tile, row-major; 0 where no result came.
    pub product: Box<[[i32; 16]; 16]>,
    /// Results that came: 256 for a finished tile.
    pub results: usize,
    /// The cycle of the last output.
    pub last_cycle: u64,
    /// The cycle of each result, if the program asks for it.
    pub result_cycles: Option<Box<[[u64; 16]; 16]>>,
}

impl TileRun {
    /// A tile of which nothing has come yet.
    pub(crate) fn empty(with_result_cycles: bool) -> Self {
        Self {
            fold_words: Vec::new(),
            fold_cycles: Vec::new(),
            product: Box::default(),
            results: 0,
            last_cycle: 0,
            result_cycles: with_result_cycles.then(Box::default),
        }
    }
}

/// The array's own counters, since the engine was made. Resets of the array don't clear them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Cycles in which a tile was in work or its results on the way.
    pub cycles: u64,
    /// Cycles in which a step was taken; each is worth P*Q MACs.
    pub mac_cycles: u64,
    /// Cycles in which all PEs multiplied a pair of some step at once.
    pub full_mac_cycles: u64,
}

/// Why an engine could not run a program.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The array can't do it.
    #[error("{what} {value} is outside of what the array can do ({min}..={max})")]
    Unsupported {
        /// The quantity.
        what: &'static str,
        /// The value asked for.
        value: usize,
        /// Smallest legal value.
        min: usize,
        /// Largest legal value.
        max: usize,
    },
    /// A panel is not as long as its tile.
    #[error(
        "the {side} panel holds {found} steps, the tile asks for {steps}; give panels of k steps"
    )]
    PanelLength {
        /// `A` or `B`.
        side: &'static str,
        /// Steps of the panel.
        found: usize,
        /// Steps of the tile.
        steps: usize,
    },
    /// A reset that can't be simulated.
    #[error(
        "a reset of {cycles} cycles from cycle {at} on can't be run; it takes at least one cycle"
    )]
    Reset {
        /// First cycle.
        at: u64,
        /// Cycles.
        cycles: u64,
    },
    /// No such array.
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    /// No such array, or not as Verilog.
    #[error(transparent)]
    Emission(#[from] EmissionError),
    /// A tool that the engine needs is missing or failed.
    #[error("failed to {doing}: {why}")]
    Tool {
        /// What was being done.
        doing: String,
        /// What went wrong, and the remedy.
        why: String,
    },
    /// The tools that the engine needs are not installed.
    #[error("failed to {0}")]
    Missing(#[from] gemmine_tools::ToolError),
    /// The simulated hardware did something that it never should.
    #[error("the {engine} simulation broke its protocol: {why}")]
    Protocol {
        /// The engine.
        engine: &'static str,
        /// What was seen.
        why: String,
    },
}

/// Runs programs on one array, cycle by cycle or as if.
pub trait Engine: Send {
    /// Short name: `model`, `rtl` or `verilator`.
    fn name(&self) -> &'static str;

    /// The array that runs.
    fn geometry(&self) -> Geometry;

    /// Runs a program to its last output. The array is idle before and after.
    ///
    /// # Errors
    /// Refuses what the array can't do; reports a simulation that fails.
    fn run(&mut self, program: &Program) -> Result<Run, EngineError>;

    /// The array's counters.
    ///
    /// # Errors
    /// If the simulation can't be asked.
    fn counters(&mut self) -> Result<Counters, EngineError>;
}
