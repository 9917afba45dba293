//! Why a job cannot be mined.

use crate::limits::LimitError;
use crate::matrix::MatrixError;
use crate::tree::TreeError;

/// Why a job cannot be prepared, or a tile of it not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MineError {
    /// A parameter is out of range.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A matrix, or a write to it, was refused.
    #[error("{matrix}: {error}")]
    Matrix {
        /// `A` or `B transposed`.
        matrix: &'static str,
        /// Why.
        error: MatrixError,
    },
    /// A matrix whose rows are not k long.
    #[error("{matrix} has rows of {found} values, the config says k = {k}")]
    Length {
        /// `A` or `B transposed`.
        matrix: &'static str,
        /// Values a row.
        found: usize,
        /// The config's k.
        k: u32,
    },
    /// No tile of the config's shape fits.
    #[error("no {h} x {w} tile fits a {m} x {n} product, pad the matrices")]
    NoTile {
        /// Rows of a tile.
        h: u32,
        /// Columns of a tile.
        w: u32,
        /// Rows of A.
        m: u32,
        /// Columns of B.
        n: u32,
    },
    /// No tile starts there.
    #[error(
        "no tile starts at row {t_row}, column {t_col}, expected a legal offset inside {m} x {n}"
    )]
    Tile {
        /// The row asked for.
        t_row: u32,
        /// The column asked for.
        t_col: u32,
        /// Rows of A.
        m: u32,
        /// Columns of B.
        n: u32,
    },
    /// A tree and its matrix disagree.
    #[error(transparent)]
    Tree(#[from] TreeError),
}
