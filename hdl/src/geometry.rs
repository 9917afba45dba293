//! The shape of the physical array, and what follows from it.

use std::fmt;
use std::str::FromStr;

use crate::core::OPERAND_LATENCY;
use crate::sequencer::{FLUSH_CYCLES, settle_cycles};

/// Rows and columns of a tile: the one shape that the networks use.
pub const TILE: usize = 16;

/// P rows by Q columns of PEs, each of them powers of two from 2 to 16.
///
/// Every PE computes D = 256/(P Q) results of a tile, one slot after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Geometry {
    rows: usize,
    columns: usize,
}

/// Why a geometry is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GeometryError {
    /// Not of the form PxQ.
    #[error("geometry \"{0}\" is not of the form PxQ, such as 16x16 or 8x4")]
    Form(String),
    /// P or Q does not divide the tile.
    #[error("geometry {rows}x{columns} does not divide a 16x16 tile; P and Q are 2, 4, 8 or 16")]
    Divide {
        /// P.
        rows: usize,
        /// Q.
        columns: usize,
    },
    /// Legal, but no such array is built.
    #[error("no {wanted} array is built into this program; it has {}", list(.built))]
    NotBuilt {
        /// The geometry asked for.
        wanted: Geometry,
        /// Those there are.
        built: &'static [Geometry],
    },
    /// There are devices of the geometry, but none with such panel memory.
    #[error(
        "no {wanted} device with lanes of 2^{word_bits} words of panel memory is built into this program; \
         it has {}",
        list_words(*.wanted, .built)
    )]
    PanelsNotBuilt {
        /// The geometry asked for.
        wanted: Geometry,
        /// Bits of a word's address in a lane.
        word_bits: usize,
        /// Devices there are.
        built: &'static [(Geometry, usize)],
    },
}

fn list(built: &[Geometry]) -> String {
    built.iter().map(Geometry::to_string).collect::<Vec<_>>().join(", ")
}

fn list_words(wanted: Geometry, built: &[(Geometry, usize)]) -> String {
    let words = built.iter().filter(|(geometry, _)| *geometry == wanted);
    words.map(|(_, bits)| format!("2^{bits}")).collect::<Vec<_>>().join(", ")
}

impl Geometry {
    /// A geometry of `rows` x `columns`; in a constant, an illegal one is a compile-time error.
    ///
    /// ```
    /// const BOARD: gemmine_hdl::Geometry = gemmine_hdl::Geometry::new(8, 4);
    /// assert_eq!(BOARD.slots(), 8);
    /// ```
    ///
    /// ```compile_fail
    /// const BOARD: gemmine_hdl::Geometry = gemmine_hdl::Geometry::new(3, 4);
    /// assert_eq!(BOARD.slots(), 8);
    /// ```
    ///
    /// # Panics
    /// If P or Q is not 2, 4, 8 or 16. Use [`Geometry::try_new`] for values from outside.
    pub const fn new(rows: usize, columns: usize) -> Self {
        assert!(legal(rows) && legal(columns), "P and Q are 2, 4, 8 or 16");
        Self { rows, columns }
    }

    /// A geometry of `rows` x `columns`.
    ///
    /// # Errors
    /// If P or Q is not 2, 4, 8 or 16.
    pub const fn try_new(rows: usize, columns: usize) -> Result<Self, GeometryError> {
        if legal(rows) && legal(columns) {
            Ok(Self { rows, columns })
        } else {
            Err(GeometryError::Divide { rows, columns })
        }
    }

    /// P.
    pub const fn rows(self) -> usize {
        self.rows
    }

    /// Q.
    pub const fn columns(self) -> usize {
        self.columns
    }

    /// PEs, each one MAC a cycle.
    pub const fn pes(self) -> usize {
        self.rows * self.columns
    }

    /// D: slots of a tile, results a PE.
    pub const fn slots(self) -> usize {
        TILE * TILE / self.pes()
    }

    /// Results of a tile that one column computes.
    pub const fn column_results(self) -> usize {
        TILE * TILE / self.columns
    }

    /// Bits of a result's address in its column.
    pub const fn address_bits(self) -> usize {
        self.column_results().ilog2() as usize
    }

    /// First row and first column of the tile that a slot covers.
    pub const fn slot_origin(self, slot: usize) -> (usize, usize) {
        let across = TILE / self.columns;
        (slot / across * self.rows, slot % across * self.columns)
    }

    /// Row and column of the tile at an address of a column of the array.
    pub const fn place(self, column: usize, address: usize) -> (usize, usize) {
        let (row, first_column) = self.slot_origin(address / self.rows);
        (row + address % self.rows, first_column + column)
    }

    /// Cycles from a tile's last step to its last output, in a [core](crate::core).
    pub const fn settle_cycles(self) -> usize {
        settle_cycles(self.rows, self.columns, OPERAND_LATENCY)
    }

    /// Cycles from the end of a reset to the first step that can be taken.
    pub const fn flush_cycles(self) -> usize {
        FLUSH_CYCLES
    }
}

const fn legal(n: usize) -> bool {
    matches!(n, 2 | 4 | 8 | 16)
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.rows, self.columns)
    }
}

impl FromStr for Geometry {
    type Err = GeometryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || GeometryError::Form(text.to_owned());
        let (rows, columns) = text.split_once('x').ok_or_else(form)?;
        let number = |digits: &str| match digits.strip_prefix('+') {
            None => digits.parse().map_err(|_| form()),
            Some(_) => Err(form()),
        };
        Self::try_new(number(rows)?, number(columns)?)
    }
}

#[cfg(test)]
mod tests;
