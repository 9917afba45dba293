//! Row-major int8 matrices: A is m x k; B is always held transposed, n x k.

use alloc::vec::Vec;

/// The largest magnitude of a signal value, so that signal plus noise fits int8.
pub const MAX_SIGNAL: i8 = 64;

/// Why a matrix was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatrixError {
    /// No rows or no columns.
    #[error("matrix of {rows} x {k}, expected at least 1 x 1")]
    Empty {
        /// Rows.
        rows: usize,
        /// Columns.
        k: usize,
    },
    /// The data's length is not rows times k.
    #[error("matrix data of {found} values, expected {rows} x {k}")]
    Length {
        /// Values given.
        found: usize,
        /// Rows.
        rows: usize,
        /// Columns.
        k: usize,
    },
    /// A value outside [-64, 64].
    #[error("value {value} at row {row}, column {column}, expected -64 to 64")]
    Value {
        /// The value seen.
        value: i8,
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// A write beyond the matrix.
    #[error(
        "write of {length} values at row {row}, column {column} leaves the {rows} x {k} matrix"
    )]
    Outside {
        /// Row of the write.
        row: usize,
        /// First column of the write.
        column: usize,
        /// Values written.
        length: usize,
        /// Rows of the matrix.
        rows: usize,
        /// Columns of the matrix.
        k: usize,
    },
}

/// `rows` x `k` signed bytes, row-major.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    rows: usize,
    k: usize,
    data: Vec<i8>,
}

impl Matrix {
    /// Takes `rows * k` values, row-major; any int8 value is fine here ([`Matrix::check_signal`] is separate).
    ///
    /// # Errors
    /// [`MatrixError::Empty`], [`MatrixError::Length`].
    pub fn new(rows: usize, k: usize, data: Vec<i8>) -> Result<Self, MatrixError> {
        if rows == 0 || k == 0 {
            return Err(MatrixError::Empty { rows, k });
        }
        if rows.checked_mul(k) != Some(data.len()) {
            return Err(MatrixError::Length { found: data.len(), rows, k });
        }
        Ok(Self { rows, k, data })
    }

    /// Rows: m of A, n of B transposed.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Columns: the length of the dot product.
    #[must_use]
    pub const fn k(&self) -> usize {
        self.k
    }

    /// All values, row-major.
    #[must_use]
    pub fn data(&self) -> &[i8] {
        &self.data
    }

    /// All values as bytes, row-major: what the commitment hashes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.data)
    }

    /// One row of `k` values; empty when there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[i8] {
        self.data.chunks_exact(self.k).nth(row).unwrap_or_default()
    }

    /// Refuses the first value outside [-64, 64], the range that leaves room for the noise.
    ///
    /// # Errors
    /// [`MatrixError::Value`].
    pub fn check_signal(&self) -> Result<(), MatrixError> {
        check_signal(&self.data, self.k)
    }

    /// Overwrites part of one row.
    ///
    /// # Errors
    /// [`MatrixError::Outside`] when the write does not fit; the matrix is then unchanged.
    pub fn write(&mut self, row: usize, column: usize, values: &[i8]) -> Result<(), MatrixError> {
        self.check_write(row, column, values.len())?;
        self.data[row * self.k + column..][..values.len()].copy_from_slice(values);
        Ok(())
    }

    /// Whether so many values fit into a row there.
    ///
    /// # Errors
    /// [`MatrixError::Outside`] when they do not.
    pub(crate) fn check_write(
        &self,
        row: usize,
        column: usize,
        length: usize,
    ) -> Result<(), MatrixError> {
        let (rows, k) = (self.rows, self.k);
        let fits = row < rows && column <= k && length <= k - column;
        if fits { Ok(()) } else { Err(MatrixError::Outside { row, column, length, rows, k }) }
    }
}

/// [`Matrix::check_signal`] over a bare strip whose rows have `k` values.
pub(crate) fn check_signal(data: &[i8], k: usize) -> Result<(), MatrixError> {
    let outside = |value: i8| value.unsigned_abs() > MAX_SIGNAL.unsigned_abs();
    // OR instead of `any`, so that the clean case vectorises.
    if !data.iter().fold(false, |bad, &value| bad | outside(value)) {
        return Ok(());
    }
    match data.iter().position(|&value| outside(value)) {
        Some(at) => {
            Err(MatrixError::Value { value: data[at], row: at / k.max(1), column: at % k.max(1) })
        }
        None => Ok(()),
    }
}
