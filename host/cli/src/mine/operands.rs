//! What a mining run multiplies: two int8 matrices, padded to a legal job, and the places in the
//! padding where a nonce can go without changing the product.

use std::ops::Range;

use anyhow::{Context, Result, ensure};
use gemmine_fleet::production::{NONCE_VALUES, Product, nonce_values};
use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::limits;
use gemmine_pouw::matrix::{MAX_SIGNAL, Matrix as Signal};
use gemmine_pouw::panel::LANES;

use crate::npy::{self, Matrix};
use crate::product;

/// Noise rank, and steps of a chunk: the smallest legal one has the smallest overhead.
pub const RANK: u16 = 128;
/// Shortest k that is legal with [`RANK`].
const K_MIN: usize = 16 * RANK as usize;
/// Fewest values that a nonce may be cut to, 56 bits.
const NONCE_VALUES_MIN: usize = 8;
/// The data set that the repository carries.
static DIGITS: &[u8] = include_bytes!("../../../../data/digits.npy");

/// Matrices to multiply, as given and as the job commits to them.
#[derive(Debug)]
pub struct Operands {
    /// A, m x k.
    pub a: Matrix<i8>,
    /// B, k x n.
    pub b: Matrix<i8>,
    /// What they are, for people.
    pub description: String,
    /// Both are zero, and nobody wants the product.
    pub zero_signal: bool,
    /// A padded to whole strips and a legal k, without a nonce.
    pub a_padded: Signal,
    /// B transposed and padded likewise.
    pub bt_padded: Signal,
    /// Row and columns of A that the nonce goes to.
    nonce: (usize, Range<usize>),
}

impl Operands {
    /// The Gram matrix X^T X of the carried data set.
    pub fn digits() -> Result<Self> {
        let x = npy::int8_from_bytes(DIGITS).context("read the data set that gemmine carries")?;
        let mut operands = Self::new(x.transposed(), x)?;
        operands.description = "Gram matrix X^T X of the UCI handwritten digits (data/)".into();
        Ok(operands)
    }

    /// Zeros, m x n of them, with the nonce in A's last row panel: what is mined is the noise alone, as miners do who have nothing to multiply. The
    /// network takes it, and it is no useful work.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn zero_signal((m, n): (usize, usize)) -> Result<Self> {
        // The rest of the shortest legal k is the nonce's.
        let k = K_MIN - NONCE_VALUES;
        let zeros = |rows, columns| Matrix { rows, columns, values: vec![0; rows * columns] };
        product::ensure_memory("mine", (m, k, n), mine_bytes((m, m), K_MIN, (n, n)))?;
        let mut operands = Self::new(zeros(m, k), zeros(k, n))?;
        operands.description = "zero signal, NOT USEFUL WORK".into();
        operands.zero_signal = true;
        // A device that grows the operands itself does so where the signal is zero: in all row panels but one.
        operands.nonce.0 = operands.a_padded.rows() - LANES;
        Ok(operands)
    }

    /// Checks and pads two matrices.
    ///
    /// # Errors
    /// If there is nothing to multiply, the shapes don't fit, k is too long, or a value is outside of
    /// [-64, 64].
    pub fn new(a: Matrix<i8>, b: Matrix<i8>) -> Result<Self> {
        product::ensure_inner((a.rows, a.columns), (b.rows, b.columns))?;
        let (m, k, n) = (a.rows, a.columns, b.columns);
        ensure!(
            m > 0 && k > 0 && n > 0,
            "mine: A is {m} x {k} and B is {k} x {n}, so there is nothing to multiply; give matrices \
             with at least one row and column"
        );
        let k_max = limits::MAX_K as usize;
        ensure!(
            k <= k_max,
            "mine: k = {k} is more than {k_max}, the most that Pearl allows; split k, or multiply \
             without mining"
        );
        let k_padded = k.next_multiple_of(RANK.into()).max(K_MIN);
        let (m_padded, nonce) = nonce_place(m, k, k_padded);
        let n_padded = n.next_multiple_of(LANES);
        // From the shapes alone, before anything is padded.
        let config = MiningConfig::native(u32::try_from(k_padded)?, RANK);
        limits::check(&config, m_padded as u64, n_padded as u64)
            .with_context(|| format!("mine A ({m} x {k}) times B ({k} x {n}), padded"))?;
        product::ensure_memory(
            "mine",
            (m, k, n),
            mine_bytes((m, m_padded), k_padded, (n, n_padded)),
        )?;
        check_range("A", &a)?;
        check_range("B", &b)?;
        Ok(Self {
            a_padded: padded(&a, m_padded, k_padded)?,
            bt_padded: padded(&b.transposed(), n_padded, k_padded)?,
            description: format!("A ({m} x {k}) times B ({k} x {n})"),
            zero_signal: false,
            a,
            b,
            nonce,
        })
    }

    /// What a pass writes into A: row, first column and values.
    pub fn nonce(&self, seed: u64, pass: u64) -> (usize, usize, Vec<i8>) {
        let (row, columns) = self.nonce.clone();
        (row, columns.start, nonce_values(seed, pass, columns.len()))
    }

    /// What the miner that goes on works on, job after job.
    pub fn into_product(self) -> Product {
        Product {
            a: self.a_padded,
            bt: self.bt_padded,
            nonce: self.nonce,
            rank: RANK,
            zero_signal: self.zero_signal,
            description: self.description,
        }
    }
}

/// Where a nonce goes, and the padded m: columns beyond k, where B is zero; else a row beyond m, whose
/// products nobody wants; else a strip of such rows is added.
fn nonce_place(m: usize, k: usize, k_padded: usize) -> (usize, (usize, Range<usize>)) {
    let m_padded = m.next_multiple_of(LANES);
    let columns = (k_padded - k).min(NONCE_VALUES);
    if columns >= NONCE_VALUES_MIN {
        return (m_padded, (0, k..k + columns));
    }
    (if m_padded > m { m_padded } else { m + LANES }, (m, 0..NONCE_VALUES))
}

/// Memory that mining takes besides the operands as given, at most: three copies of both padded (as operands, which all
/// passes share; of B as panels; trees, a sixteenth each, of the passes under way), and noise and peeling.
fn mine_bytes(
    (m, m_padded): (usize, usize),
    k_padded: usize,
    (n, n_padded): (usize, usize),
) -> Option<u128> {
    // All within the limits, so these products are far below 2^128.
    let (m_padded, k_padded, n_padded) = (m_padded as u128, k_padded as u128, n_padded as u128);
    let copies = 3 * (m_padded + n_padded) * k_padded;
    let noise = (m_padded + n_padded) * 1024;
    product::product_bytes(m, n)?.checked_add(copies + noise)
}

fn check_range(name: &str, matrix: &Matrix<i8>) -> Result<()> {
    let outside = |value: &i8| value.unsigned_abs() > MAX_SIGNAL.unsigned_abs();
    match matrix.values.iter().position(outside) {
        None => Ok(()),
        Some(index) => anyhow::bail!(
            "mine: entry [{}, {}] of {name} is {}, outside of [-64, 64], the range that leaves room \
             for the noise; scale it down, or multiply without mining",
            index / matrix.columns,
            index % matrix.columns,
            matrix.values[index]
        ),
    }
}

fn padded(matrix: &Matrix<i8>, rows: usize, k: usize) -> Result<Signal> {
    let mut values = vec![0; rows * k];
    for (line, row) in values.chunks_mut(k).zip(matrix.values.chunks(matrix.columns)) {
        line[..row.len()].copy_from_slice(row);
    }
    Ok(Signal::new(rows, k, values)?)
}

#[cfg(test)]
mod tests;
