//! Symmetric quantisation of float32 matrices to int7 with fixed-point scales, and a rigorous bound
//! on the error of a product computed that way.
//!
//! A matrix A becomes `A ~ s * Q` with one scale `s = max|A| / 64` and integers `|Q| <= 64`. The
//! scale is a fixed-point multiplier in [1, 2) and a power of two, the form that integer hardware
//! applies by one multiplication and one shift. float32 has 24 significant bits and the multiplier
//! 31 fractional bits, so the scale is exact: all of the error is rounding to integers.

use anyhow::{Result, ensure};
use fixed::types::U1F31;

use crate::npy::Matrix;

/// `log2` of the largest magnitude of a quantised value: Pearl's operand range is [-64, 64].
const LEVELS_BITS: i32 = 6;

/// A positive scale: `multiplier * 2^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// In [1, 2).
    pub multiplier: U1F31,
    /// Power of two.
    pub exponent: i32,
}

impl Scale {
    /// `maximum / 64`, exactly; 1 for a matrix of zeros.
    fn of_maximum(maximum: f32) -> Self {
        if maximum == 0.0 {
            return Self { multiplier: U1F31::ONE, exponent: 0 };
        }
        // Every float32, subnormal ones too, is a normal float64: 52 bits of fraction, of which
        // the last 29 are zero.
        let bits = f64::from(maximum).to_bits();
        let fraction = (bits >> (52 - 31)) as u32 & !(1 << 31);
        Self {
            multiplier: U1F31::from_bits(fraction | 1 << 31),
            exponent: exponent_of(bits) - LEVELS_BITS,
        }
    }

    /// The scale as a float64, exactly.
    pub fn to_f64(self) -> f64 {
        self.multiplier.to_num::<f64>() * power_of_two(self.exponent)
    }
}

/// Unbiased exponent of a normal, positive float64.
fn exponent_of(bits: u64) -> i32 {
    (bits >> 52) as i32 - 1023
}

/// `2^exponent`, for exponents of normal float64s.
fn power_of_two(exponent: i32) -> f64 {
    debug_assert!((-1022..=1023).contains(&exponent));
    f64::from_bits(((1023 + exponent) as u64) << 52)
}

/// A matrix as scale and integers, with what is needed to bound the error of a product.
#[derive(Debug)]
pub struct Quantised {
    /// Integers in [-64, 64].
    pub integers: Matrix<i8>,
    /// What one unit of the integers is worth.
    pub scale: Scale,
    /// Largest `|a - s * q|` over all entries, rounded up.
    pub entry_error: f64,
}

/// Quantises a matrix. `name` is how errors call it.
///
/// # Errors
/// NaN and infinities have no place on a scale: the first is refused with its position.
pub fn quantise(name: &str, matrix: &Matrix<f32>) -> Result<Quantised> {
    let mut maximum = 0.0_f32;
    for (index, value) in matrix.values.iter().enumerate() {
        ensure!(
            value.is_finite(),
            "quantise {name}: entry [{}, {}] is {value}; replace NaN and infinities first",
            index / matrix.columns,
            index % matrix.columns
        );
        maximum = maximum.max(value.abs());
    }
    let scale = Scale::of_maximum(maximum);
    let step = scale.to_f64();
    let mut entry_error = 0.0_f64;
    let integer = |&value: &f32| {
        let value = f64::from(value);
        let level = (value / step).round_ties_even();
        // `step * level` has 24 + 7 bits and is exact, so this is off by at most 2^-53 of itself.
        entry_error = entry_error.max((value - step * level).abs());
        level as i8
    };
    let values = matrix.values.iter().map(integer).collect();
    let integers = Matrix { rows: matrix.rows, columns: matrix.columns, values };
    Ok(Quantised { integers, scale, entry_error: rounded_up(entry_error) })
}

/// A dequantised product and how far any of its entries can be from the exact product.
#[derive(Debug)]
pub struct Dequantised {
    /// float32 values.
    pub values: Matrix<f32>,
    /// `|A B - values| <= error_bound`, for every entry.
    pub error_bound: f64,
}

/// Turns `C = Qa * Qb` into `A * B` with its error bound.
///
/// Write `A = sa Qa + E` with `|E| <= ea` and `B = sb Qb + F` with `|F| <= eb`, entry by entry. Then
///
/// ```text
/// A B - sa sb Qa Qb = A F + E (sb Qb)
/// |A B - sa sb C|[i][j] <= eb * sum_l |A[i][l]|  +  ea * sb * sum_l |Qb[l][j]|
/// ```
///
/// The bound is the largest row sum and the largest column sum put in there, plus the rounding of
/// `sa sb C` to float64 and float32: at most `2^-24 + 2^-52` of the largest value, or `2^-150` where
/// that is subnormal. Every sum of `k` float64s is increased by `k * 2^-52` of itself, which
/// outweighs its own rounding.
///
/// # Errors
/// If an entry is too large for float32.
pub fn dequantise(
    product: &Matrix<i32>,
    (a, a_quantised): (&Matrix<f32>, &Quantised),
    b_quantised: &Quantised,
) -> Result<Dequantised> {
    let fixed_point = u64::from(a_quantised.scale.multiplier.to_bits())
        * u64::from(b_quantised.scale.multiplier.to_bits());
    let unit = power_of_two(a_quantised.scale.exponent + b_quantised.scale.exponent - 62);
    let mut largest = 0.0_f64;
    let mut values = Vec::with_capacity(product.values.len());
    for (index, &sum) in product.values.iter().enumerate() {
        // 32 + 64 bits: exact until the conversion.
        let value = (i128::from(sum) * i128::from(fixed_point)) as f64 * unit;
        ensure!(
            (value as f32).is_finite(),
            "dequantise the product: entry [{}, {}] is {value:e}, outside of float32 \
             (+-{:e}); scale the operands down",
            index / product.columns,
            index % product.columns,
            f32::MAX
        );
        largest = largest.max(value.abs());
        values.push(value as f32);
    }
    let row_sum = largest_row_sum(a);
    let column_sum = largest_column_sum(&b_quantised.integers) as f64;
    let quantisation = b_quantised.entry_error * row_sum
        + a_quantised.entry_error * b_quantised.scale.to_f64() * column_sum;
    let rounding = largest * (power_of_two(-24) + power_of_two(-51)) + power_of_two(-150);
    // Zero is converted exactly.
    let rounding = if largest == 0.0 { 0.0 } else { rounding };
    let values = Matrix { rows: product.rows, columns: product.columns, values };
    Ok(Dequantised { values, error_bound: rounded_up(quantisation + rounding) })
}

/// A bound for people, rounded up.
pub fn bound_text(error_bound: f64) -> String {
    let shown = error_bound * (1.0 + 1e-3);
    format!(
        "error bound: every entry is within {shown:.3e} of the exact product of the float32 inputs"
    )
}

fn largest_row_sum(matrix: &Matrix<f32>) -> f64 {
    let columns = matrix.columns.max(1);
    let row_sum = |row: &[f32]| row.iter().map(|value| f64::from(value.abs())).sum::<f64>();
    let largest = matrix.values.chunks(columns).map(row_sum).fold(0.0, f64::max);
    largest * (1.0 + columns as f64 * power_of_two(-52))
}

fn largest_column_sum(matrix: &Matrix<i8>) -> u64 {
    let mut sums = vec![0_u64; matrix.columns];
    for row in matrix.values.chunks(matrix.columns.max(1)) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += u64::from(value.unsigned_abs());
        }
    }
    sums.into_iter().max().unwrap_or(0)
}

/// At least what a handful of float64 operations could have lost.
fn rounded_up(value: f64) -> f64 {
    value * (1.0 + power_of_two(-48))
}

#[cfg(test)]
mod tests;
