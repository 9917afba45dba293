//! The exact product of int8 matrices of any shape, tile by tile on a device.
//!
//! Rows and columns beyond the matrices are zero lanes. k is split into segments that fit a panel,
//! each padded with zero steps to whole chunks; the host adds the segments' tiles in 64 bits and
//! refuses a sum that int32 can't hold.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use gemmine_driver::{Limits, UnitReport, WorkUnit};
use gemmine_pouw::panel::{LANES, Panel};
use rayon::prelude::*;

use crate::device::{DeviceHandle, WINDOW_FAST};
use crate::npy::Matrix;

/// Steps of a chunk where nothing asks for another length: Pearl's usual r.
const CHUNK_STEPS: usize = 128;
/// Longest segment: 2^16 products of at most 2^14 stay far inside a 32-bit accumulator.
const SEGMENT_STEPS_MAX: usize = 1 << 16;

/// Memory that a multiplication may take besides the operands as they are read.
const WORK_BYTES_MAX: u128 = 4 << 30;
/// Largest product that is checked entry by entry: about a second's work.
const DIRECT_CHECK_MACS_MAX: u128 = 1 << 32;

/// How k is cut up for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Split {
    k: usize,
    chunk_steps: usize,
    segment_steps: usize,
}

impl Split {
    fn new(k: usize, limits: &Limits) -> Result<Self> {
        let chunk_steps = CHUNK_STEPS.clamp(limits.chunk_steps_min, limits.chunk_steps_max);
        let chunk_steps = chunk_steps.next_multiple_of(limits.steps_multiple);
        // Two panels a side, so that one loads while the other is multiplied; one if it must be.
        let half = limits.memory_steps / 2;
        let most = if half >= chunk_steps { half } else { limits.memory_steps };
        let longest = most.min(limits.panel_steps).min(SEGMENT_STEPS_MAX);
        let segment_steps = longest - longest % chunk_steps;
        ensure!(
            segment_steps > 0,
            "multiply: the device's panels hold {longest} steps, less than a chunk of {chunk_steps}; \
             choose another --device"
        );
        Ok(Self { k, chunk_steps, segment_steps })
    }

    fn segments(&self) -> usize {
        self.k.div_ceil(self.segment_steps)
    }

    /// Where a segment starts, and its length in whole chunks.
    fn segment(&self, index: usize) -> (usize, usize) {
        let start = index * self.segment_steps;
        let rest = (self.k - start).min(self.segment_steps);
        (start, rest.next_multiple_of(self.chunk_steps))
    }
}

/// Multiplies `a` (m x k) by `b` (k x n) exactly. `progress` sees every report of the device.
///
/// # Errors
/// If the shapes don't fit, an entry of the product is outside of int32, or the device fails.
pub fn multiply(
    device: &mut DeviceHandle,
    a: &Matrix<i8>,
    b: &Matrix<i8>,
    mut progress: impl FnMut(&UnitReport),
) -> Result<Matrix<i32>> {
    ensure_shapes((a.rows, a.columns), (b.rows, b.columns))?;
    let (rows, columns) = (a.rows, b.columns);
    let mut values = vec![0; rows * columns];
    if values.is_empty() || a.columns == 0 {
        return Ok(Matrix { rows, columns, values });
    }
    let split = Split::new(a.columns, &device.identity().limits)?;
    let b_panels = all_panels(&b.transposed(), &split);
    let segments = split.segments();
    let units = rows.div_ceil(LANES) * segments;
    let mut sums = vec![0_i64; LANES * columns];
    let (mut sent, mut received) = (0, 0);
    while received < units {
        while sent < units && device.room() > 0 {
            device.submit(unit(sent, a, &b_panels, &split))?;
            sent += 1;
        }
        let report = device.next()?;
        progress(&report);
        add_tiles(&mut sums, columns, &report.result?)?;
        received += 1;
        if received % segments == 0 {
            let first_row = (received / segments - 1) * LANES;
            take_strip(&mut sums, &mut values, first_row, columns)?;
        }
    }
    Ok(Matrix { rows, columns, values })
}

/// Refuses operands, given as rows and columns, whose inner dimensions differ.
pub fn ensure_inner((m, k): (usize, usize), (b_rows, n): (usize, usize)) -> Result<()> {
    ensure!(
        k == b_rows,
        "multiply: A is {m} x {k} and B is {b_rows} x {n}; A must have as many columns as B has rows"
    );
    Ok(())
}

/// Refuses what [`ensure_inner`] does and what is too large to multiply, before anything is allocated
/// for it.
pub fn ensure_shapes(a: (usize, usize), b: (usize, usize)) -> Result<()> {
    ensure_inner(a, b)?;
    let ((m, k), (_, n)) = (a, b);
    ensure_memory("multiply", (m, k, n), multiply_bytes(m, k, n))
}

/// Refuses work that takes too much memory.
pub fn ensure_memory(
    doing: &str,
    (m, k, n): (usize, usize, usize),
    bytes: Option<u128>,
) -> Result<()> {
    if bytes.is_some_and(|bytes| bytes <= WORK_BYTES_MAX) {
        return Ok(());
    }
    let bytes = bytes.map_or_else(|| "beyond 2^128".to_owned(), |bytes| bytes.to_string());
    bail!(
        "{doing}: A is {m} x {k} and B is {k} x {n}; product and work memory are {bytes} bytes, more \
         than the limit of {WORK_BYTES_MAX} (4 GiB); multiply parts of the matrices"
    )
}

/// Memory for a product and the result that is made of it: int32, float32, and the file's bytes.
pub fn product_bytes(m: usize, n: usize) -> Option<u128> {
    (m as u128).checked_mul(n as u128)?.checked_mul(12)
}

/// Memory that [`multiply`] takes besides its operands: quantised and transposed copies of these, all
/// panels of B, and the tiles on their way back.
fn multiply_bytes(m: usize, k: usize, n: usize) -> Option<u128> {
    let padded = |extent: usize, step: u128| (extent as u128).checked_next_multiple_of(step);
    let lanes = padded(n, LANES as u128)?;
    let copies = (k as u128).checked_mul((m as u128).checked_add(2 * n as u128)?)?;
    let panels = lanes.checked_mul(padded(k, CHUNK_STEPS as u128)?)?;
    let segments = (k as u128).div_ceil(SEGMENT_STEPS_MAX as u128);
    let strips = (m as u128).div_ceil(LANES as u128);
    let units = strips.checked_mul(segments)?.min(WINDOW_FAST as u128);
    // A completion with its tile has 1,024 bytes and a little for each of 16 columns.
    let tiles = lanes.checked_mul(units)?.checked_mul(80)?;
    let parts = [copies, panels, tiles, lanes * 128];
    parts.iter().try_fold(product_bytes(m, n)?, |sum, part| sum.checked_add(*part))
}

/// How a device's product was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Against every entry of a product by plain loops on the host.
    Direct,
    /// Freivalds' check with a 64-bit random vector: misses a wrong product less than once in 2^32.
    Freivalds,
}

impl Check {
    /// For summaries. Of quantised matrices, only the integers' product is exact.
    pub fn description(self, quantised: bool) -> &'static str {
        match (self, quantised) {
            (Self::Direct, false) => "equal to a direct product on the host, every entry",
            (Self::Direct, true) => {
                "integer product equal to a direct one on the host, every entry"
            }
            (Self::Freivalds, false) => {
                "passed Freivalds' check on the host (a wrong one would in 1 of 2^32)"
            }
            (Self::Freivalds, true) => {
                "integer product passed Freivalds' check on the host (a wrong one would in 1 of 2^32)"
            }
        }
    }
}

/// Checks a product on the host; `None` means that it is wrong.
pub fn check(a: &Matrix<i8>, b: &Matrix<i8>, product: &Matrix<i32>) -> Option<Check> {
    let macs = product.values.len() as u128 * a.columns as u128;
    if macs <= DIRECT_CHECK_MACS_MAX {
        (direct(a, b) == *product).then_some(Check::Direct)
    } else {
        freivalds(a, b, product).then_some(Check::Freivalds)
    }
}

/// The product modulo 2^32 by plain loops, sharing nothing with any device.
pub fn direct(a: &Matrix<i8>, b: &Matrix<i8>) -> Matrix<i32> {
    let (rows, columns) = (a.rows, b.columns);
    let mut values = vec![0_i32; rows * columns];
    if columns > 0 && a.columns > 0 {
        let lines = values.par_chunks_mut(columns).zip(a.values.par_chunks(a.columns));
        lines.for_each(|(line, a_row)| {
            for (&left, b_row) in a_row.iter().zip(b.values.chunks(columns)) {
                for (sum, &right) in line.iter_mut().zip(b_row) {
                    *sum = sum.wrapping_add(i32::from(left) * i32::from(right));
                }
            }
        });
    }
    Matrix { rows, columns, values }
}

/// `A (B x) = C x` modulo 2^64, for an x drawn from a hash of C.
fn freivalds(a: &Matrix<i8>, b: &Matrix<i8>, product: &Matrix<i32>) -> bool {
    let mut hasher = blake3::Hasher::new();
    for value in &product.values {
        hasher.update(&value.to_le_bytes());
    }
    let mut bytes = vec![0; 8 * product.columns];
    hasher.finalize_xof().fill(&mut bytes);
    let x: Vec<u64> = bytes.as_chunks().0.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
    let times_x = times(b, &x, |value| i64::from(value) as u64);
    times(a, &times_x, |value| i64::from(value) as u64)
        == times(product, &x, |value| i64::from(value) as u64)
}

/// A matrix times a vector modulo 2^64.
fn times<T: Copy + Sync>(
    matrix: &Matrix<T>,
    x: &[u64],
    widen: impl Fn(T) -> u64 + Sync,
) -> Vec<u64> {
    let dot = |row: &[T]| {
        let terms = row.iter().zip(x).map(|(&value, &x)| widen(value).wrapping_mul(x));
        terms.fold(0, u64::wrapping_add)
    };
    matrix.values.par_chunks(matrix.columns.max(1)).map(dot).collect()
}

/// One strip of A against all strips of B, over one segment of k.
fn unit(index: usize, a: &Matrix<i8>, b_panels: &[Vec<Arc<Panel>>], split: &Split) -> WorkUnit {
    let (strip, segment) = (index / split.segments(), index % split.segments());
    let (start, steps) = split.segment(segment);
    WorkUnit {
        id: index as u64,
        a: Arc::new(panel(a, strip * LANES, start, steps)),
        b: b_panels[segment].clone(),
        steps,
        chunk_steps: split.chunk_steps,
        ticket_key: [0; 32],
        // No hash is at or below zero: nothing here can be a hit.
        bound_le: [0; 32],
        want_tiles: true,
    }
}

/// Panels of all rows of `b`'s transpose: `[segment][strip]`.
fn all_panels(bt: &Matrix<i8>, split: &Split) -> Vec<Vec<Arc<Panel>>> {
    let strips = |segment| {
        let (start, steps) = split.segment(segment);
        (0..bt.rows).step_by(LANES).map(|row| Arc::new(panel(bt, row, start, steps))).collect()
    };
    (0..split.segments()).map(strips).collect()
}

/// Up to 16 rows from `first`, `steps` values from `start` on, zero beyond the matrix.
fn panel(matrix: &Matrix<i8>, first: usize, start: usize, steps: usize) -> Panel {
    let end = matrix.columns.min(start + steps);
    let last = matrix.rows.min(first + LANES);
    let row = |row: usize| &matrix.values[row * matrix.columns..][start..end];
    let lanes: Vec<&[i8]> = (first..last).map(row).collect();
    Panel::from_lanes(&lanes, steps)
}

fn add_tiles(
    sums: &mut [i64],
    columns: usize,
    completions: &[gemmine_driver::Completion],
) -> Result<()> {
    for (strip, completion) in completions.iter().enumerate() {
        let tile = completion.tile.as_ref().context("multiply: the device returned no tile")?;
        let first = strip * LANES;
        let width = LANES.min(columns - first);
        for (line, tile_row) in sums.chunks_mut(columns).zip(tile.iter()) {
            for (sum, &value) in line[first..first + width].iter_mut().zip(tile_row) {
                *sum += i64::from(value);
            }
        }
    }
    Ok(())
}

/// Moves a finished strip of sums into the product and clears it.
fn take_strip(
    sums: &mut [i64],
    values: &mut [i32],
    first_row: usize,
    columns: usize,
) -> Result<()> {
    for (index, (value, sum)) in values[first_row * columns..].iter_mut().zip(sums).enumerate() {
        let exact = std::mem::take(sum);
        *value = i32::try_from(exact).ok().with_context(|| {
            format!(
                "multiply: entry [{}, {}] of the product is {exact}, outside of int32; split k and \
                 add the parts in int64",
                first_row + index / columns,
                index % columns
            )
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
