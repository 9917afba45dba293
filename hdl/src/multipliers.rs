//! Which multiplier each PE gets: a kind for every product of the grid.
//!
//! | kind | part | operands, bits | where |
//! |---|---|---|---|
//! | [`Inferred`](Kind::Inferred) | any | 9 x 9 | Verilog's `*`; simulations |
//! | [`SbMac16`](Kind::SbMac16) | iCE40 UP5K | 9 x 8 | half of a DSP block |
//! | [`Mult18x18d`](Kind::Mult18x18d) | ECP5 | 9 x 9 | a DSP block |
//! | [`Mult9x9`](Kind::Mult9x9) | Gowin GW1N, GW2A | 9 x 9 | a quarter of a DSP block's macro |
//! | [`Mult9x9Piped`](Kind::Mult9x9Piped) | the same | 9 x 9 | the same, with its third register in the block |
//! | [`PairSums`](Kind::PairSums) | ECP5 | 9 x 8 | carry chains |
//! | [`Rows`](Kind::Rows) | any | 9 x 8 | logic cells |
//!
//! All have the latency of a [`MultiplierPair`](crate::multiplier_pair), so which kind stands where
//! changes no cycle.
//!
//! # Why
//! Synthesis does not spill what exceeds a part's DSP blocks into logic, does not use the blocks'
//! registers on all parts, and does not find the UP5K's two products in one block; so it is told. B is
//! i8 in every protocol: only A has a ninth bit, for u8.

use std::fmt;
use std::str::FromStr;

/// How a product is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Verilog's `*` between registers; synthesis takes what it finds.
    #[default]
    Inferred,
    /// Half of an `SB_MAC16` in its dual 8 x 8 mode (iCE40 UP5K), whose adder makes up for the ninth bit. The other
    /// half is the pair's other product, so pairs have two of it or none.
    SbMac16,
    /// A `MULT18X18D` (ECP5).
    Mult18x18d,
    /// A `MULT9X9` (Gowin GW1N and GW2A).
    Mult9x9,
    /// The same with the block's pipeline register instead of one in logic: 18 flip-flops fewer, and a longer way to
    /// the sum.
    Mult9x9Piped,
    /// Sums of two rows each in carry chains (ECP5), of a 9-bit and an 8-bit operand.
    PairSums,
    /// Booth rows, summed in pairs, of a 9-bit and an 8-bit operand.
    Rows,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Inferred,
        Self::SbMac16,
        Self::Mult18x18d,
        Self::Mult9x9,
        Self::Mult9x9Piped,
        Self::PairSums,
        Self::Rows,
    ];

    /// The name that a board's definition gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inferred => "inferred",
            Self::SbMac16 => "sb_mac16",
            Self::Mult18x18d => "mult18x18d",
            Self::Mult9x9 => "mult9x9",
            Self::Mult9x9Piped => "mult9x9_piped",
            Self::PairSums => "pair_sums",
            Self::Rows => "rows",
        }
    }

    /// Whether a part may have too few of it, so that another kind, in logic, makes the products behind.
    pub const fn runs_out(self) -> bool {
        self.in_logic().is_some()
    }

    /// The kind of the products behind, where this one may run out.
    const fn in_logic(self) -> Option<Self> {
        match self {
            Self::Mult18x18d => Some(Self::PairSums),
            Self::Mult9x9 | Self::Mult9x9Piped => Some(Self::Rows),
            _ => None,
        }
    }

    /// The number that it takes a left operand of 9 bits for. All take those from -128 on, i8 and u8, for what they are.
    pub const fn sees_a(self, a: i64) -> i64 {
        match self {
            // Bit 8 tells whether bit 7 is a sign, and is not looked at where bit 7 is 0.
            Self::SbMac16 if a < -128 => a + 256,
            _ => a,
        }
    }

    /// The same of a right operand: i8 is an i8 to all kinds, and some ignore the ninth bit.
    pub const fn sees_b(self, b: i64) -> i64 {
        match self {
            Self::Inferred | Self::Mult18x18d | Self::Mult9x9 | Self::Mult9x9Piped => b,
            Self::SbMac16 | Self::PairSums | Self::Rows => b as i8 as i64,
        }
    }
}

/// A kind that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no multiplier is called {0:?}; there are {list}", list = Kind::ALL.map(Kind::name).join(", "))]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == text);
        kind.ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kinds of all products of a grid: so many of a first kind, row by row from the top and from left to
/// right in a row, and another kind behind them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Multipliers {
    first: Kind,
    first_products: usize,
    rest: Kind,
}

impl Multipliers {
    /// One kind everywhere.
    const fn all(kind: Kind) -> Self {
        Self { first: kind, first_products: 0, rest: kind }
    }

    /// This kind everywhere, or, if it [runs out](Kind::runs_out), for `products` and a kind in logic behind.
    pub const fn of(kind: Kind, products: usize) -> Self {
        match kind.in_logic() {
            Some(rest) => Self { first: kind, first_products: products, rest },
            None => Self::all(kind),
        }
    }

    /// Verilog's `*`: the default.
    pub const fn inferred() -> Self {
        Self::all(Kind::Inferred)
    }

    /// Two products a DSP block of an iCE40 UP5K.
    pub const fn sb_mac16() -> Self {
        Self::all(Kind::SbMac16)
    }

    /// `blocks` DSP blocks of an ECP5, a product each, and carry chains for all products behind.
    pub const fn mult18x18d(blocks: usize) -> Self {
        Self::of(Kind::Mult18x18d, blocks)
    }

    /// `multipliers` of a Gowin part's 9 x 9 multipliers, and rows in logic for all products behind.
    pub const fn mult9x9(multipliers: usize) -> Self {
        Self::of(Kind::Mult9x9, multipliers)
    }

    /// Logic only.
    pub const fn rows() -> Self {
        Self::all(Kind::Rows)
    }

    /// The kind of the product of PE (i, j), which is number i Q + j.
    pub const fn kind(self, product: usize) -> Kind {
        if product < self.first_products { self.first } else { self.rest }
    }

    /// Whether the PEs behind mask their old sums before the adder: on Gowin parts, where an adder's
    /// output reaches a register of its own at once, and nextpnr times no other way out of it.
    pub const fn masks_sums(self) -> bool {
        matches!(self.first, Kind::Mult9x9 | Kind::Mult9x9Piped)
    }
}

#[cfg(test)]
mod tests;
