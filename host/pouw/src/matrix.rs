//! Row-major int8 matrices: A is m x k; B is always held transposed, n x k.
//!
//! Clones share their values. A write into one row of a clone copies that row alone, so that a pass costs no copy of A.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::digest::LEAF_BYTES;

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
#[derive(Clone, Debug)]
pub struct Matrix {
    rows: usize,
    k: usize,
    /// All values, of which those of `own` are stale.
    shared: Arc<Vec<i8>>,
    /// A row of this clone alone.
    own: Option<(usize, Vec<i8>)>,
}

impl PartialEq for Matrix {
    fn eq(&self, other: &Self) -> bool {
        self.k == other.k && self.data() == other.data()
    }
}

impl Eq for Matrix {}

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
        Ok(Self { rows, k, shared: Arc::new(data), own: None })
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

    /// All values, row-major; copied if a row is this clone's own.
    #[must_use]
    pub fn data(&self) -> Cow<'_, [i8]> {
        let Some((row, values)) = &self.own else { return Cow::Borrowed(&self.shared) };
        let mut data = self.shared.to_vec();
        data[row * self.k..][..self.k].copy_from_slice(values);
        Cow::Owned(data)
    }

    /// All values as bytes, row-major: what the commitment hashes. Copied as [`Matrix::data`].
    #[must_use]
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match self.data() {
            Cow::Borrowed(data) => Cow::Borrowed(bytemuck::cast_slice(data)),
            Cow::Owned(data) => Cow::Owned(data.into_iter().map(i8::cast_unsigned).collect()),
        }
    }

    /// Leaf `index` of the commitment, zero-padded.
    #[must_use]
    pub fn leaf(&self, index: usize) -> [u8; LEAF_BYTES] {
        let mut leaf = [0; LEAF_BYTES];
        let Some(first) = index.checked_mul(LEAF_BYTES) else { return leaf };
        let end = first.saturating_add(LEAF_BYTES).min(self.shared.len());
        let mut at = first;
        while at < end {
            let (row, column) = (at / self.k, at % self.k);
            let values: &[u8] = bytemuck::cast_slice(&self.row(row)[column..]);
            let count = values.len().min(end - at);
            leaf[at - first..][..count].copy_from_slice(&values[..count]);
            at += count;
        }
        leaf
    }

    /// One row of `k` values; empty when there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[i8] {
        match &self.own {
            Some((own, values)) if *own == row => values,
            _ => self.shared.chunks_exact(self.k).nth(row).unwrap_or_default(),
        }
    }

    /// Refuses the first value outside [-64, 64], the range that leaves room for the noise.
    ///
    /// # Errors
    /// [`MatrixError::Value`].
    pub fn check_signal(&self) -> Result<(), MatrixError> {
        check_signal(&self.data(), self.k)
    }

    /// Overwrites part of one row, of this clone alone.
    ///
    /// # Errors
    /// [`MatrixError::Outside`] when the write does not fit; the matrix is then unchanged.
    pub fn write(&mut self, row: usize, column: usize, values: &[i8]) -> Result<(), MatrixError> {
        self.check_write(row, column, values.len())?;
        self.row_mut(row)[column..][..values.len()].copy_from_slice(values);
        Ok(())
    }

    /// A row of this clone alone, made so if it is not yet.
    fn row_mut(&mut self, row: usize) -> &mut [i8] {
        if self.own.as_ref().is_some_and(|(own, _)| *own != row) {
            // Two rows of its own: all are.
            self.shared = Arc::new(self.data().into_owned());
            self.own = None;
        }
        let place = row * self.k..(row + 1) * self.k;
        if self.own.is_none() && Arc::get_mut(&mut self.shared).is_some() {
            return &mut Arc::make_mut(&mut self.shared)[place];
        }
        let (_, values) = self.own.get_or_insert_with(|| (row, self.shared[place].to_vec()));
        values
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
