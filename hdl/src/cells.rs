//! Behavioural models, in Verilog, of DSP blocks that a [multiplier](crate::multipliers) can be, for
//! simulating what is emitted. Each knows the one mode that is used and refuses any other.
//!
//! There is none of the iCE40's `SB_MAC16` here: yosys has one, in `ice40/cells_sim.v` of its `share`.

/// `MULT18X18D` of the ECP5.
pub const ECP5: &str = include_str!("../cells/ecp5.v");

/// `MULT9X9` of Gowin's GW1N and GW2A.
pub const GOWIN: &str = include_str!("../cells/gowin.v");
