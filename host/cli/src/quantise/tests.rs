//! Scales, and error bounds that hold.

use proptest::prelude::*;

use super::*;

fn matrix(rows: usize, columns: usize, values: Vec<f32>) -> Matrix<f32> {
    assert_eq!(values.len(), rows * columns);
    Matrix { rows, columns, values }
}

fn integer_product(a: &Matrix<i8>, b: &Matrix<i8>) -> Matrix<i32> {
    let entry = |index: usize| {
        let (row, column) = (index / b.columns, index % b.columns);
        (0..a.columns)
            .map(|l| {
                i32::from(a.values[row * a.columns + l])
                    * i32::from(b.values[l * b.columns + column])
            })
            .sum()
    };
    let values = (0..a.rows * b.columns).map(entry).collect();
    Matrix { rows: a.rows, columns: b.columns, values }
}

/// Multiplies by quantising and asserts the bound against the product in float64, whose own error
/// is allowed for.
fn check_bound(a: &Matrix<f32>, b: &Matrix<f32>) -> f64 {
    let (qa, qb) = (quantise("A", a).unwrap(), quantise("B", b).unwrap());
    let product = integer_product(&qa.integers, &qb.integers);
    let result = dequantise(&product, (a, &qa), &qb).unwrap();
    for row in 0..a.rows {
        for column in 0..b.columns {
            let term = |l: usize| {
                f64::from(a.values[row * a.columns + l])
                    * f64::from(b.values[l * b.columns + column])
            };
            let exact: f64 = (0..a.columns).map(term).sum();
            let own_error: f64 = (0..a.columns).map(|l| term(l).abs()).sum::<f64>()
                * a.columns as f64
                * power_of_two(-52);
            let got = f64::from(result.values.values[row * b.columns + column]);
            assert!(
                (exact - got).abs() <= result.error_bound + own_error,
                "[{row}, {column}]: {exact} against {got}, bound {}",
                result.error_bound
            );
        }
    }
    result.error_bound
}

#[test]
fn scales_are_exact_over_all_of_float32() {
    for maximum in [1.0, 64.0, 0.1, f32::MAX, f32::MIN_POSITIVE, 1e-45, 3.0e-41, 1.999_999_9] {
        let scale = Scale::of_maximum(maximum);
        assert_eq!(scale.to_f64() * 64.0, f64::from(maximum));
        assert!(scale.multiplier >= U1F31::ONE);
    }
}

#[test]
fn the_largest_magnitude_becomes_64_and_halves_round_to_even() {
    let quantised = quantise("A", &matrix(1, 5, vec![-128.0, 128.0, 1.0, 3.0, -0.9])).unwrap();
    assert_eq!(quantised.integers.values, [-64, 64, 0, 2, 0]);
    assert_eq!(quantised.scale.to_f64(), 2.0);
}

#[test]
fn a_matrix_of_zeros_is_exact() {
    assert_eq!(check_bound(&matrix(2, 3, vec![0.0; 6]), &matrix(3, 1, vec![-0.0; 3])), 0.0);
    assert_eq!(check_bound(&matrix(2, 3, vec![0.0; 6]), &matrix(3, 1, vec![0.3; 3])), 0.0);
}

#[test]
fn empty_matrices_are_fine() {
    check_bound(&matrix(0, 3, vec![]), &matrix(3, 2, vec![1.0; 6]));
    check_bound(&matrix(2, 0, vec![]), &matrix(0, 2, vec![]));
    check_bound(&matrix(2, 1, vec![1.0; 2]), &matrix(1, 0, vec![]));
}

#[test]
fn nan_and_infinity_are_refused_with_their_position() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let error = quantise("B", &matrix(2, 2, vec![1.0, 2.0, 3.0, bad])).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("quantise B: entry [1, 1] is"), "{message}");
    }
}

#[test]
fn a_product_outside_of_float32_is_refused() {
    let huge = matrix(1, 2, vec![f32::MAX; 2]);
    let (qa, qb) = (quantise("A", &huge).unwrap(), quantise("B", &huge.transposed()).unwrap());
    let product = integer_product(&qa.integers, &qb.integers);
    let message = dequantise(&product, (&huge, &qa), &qb).unwrap_err().to_string();
    assert!(message.contains("outside of float32"), "{message}");
}

#[test]
fn subnormal_products_stay_within_the_bound() {
    check_bound(&matrix(1, 2, vec![1e-30, -3e-31]), &matrix(2, 1, vec![7e-12, 1e-13]));
    check_bound(&matrix(1, 1, vec![1e-45]), &matrix(1, 1, vec![0.75]));
}

proptest! {
    #[test]
    fn every_entry_is_within_the_bound(
        (rows, inner, columns) in (1_usize..5, 1_usize..40, 1_usize..5),
        seed in proptest::collection::vec(-1.0e3_f32..1.0e3, 400),
        exponents in (-50_i32..50, -50_i32..50),
        sparse in 1_usize..9,
    ) {
        // Mixed magnitudes: every `sparse`th value is a thousandth.
        let scaled = |range: std::ops::Range<usize>, exponent: i32| -> Vec<f32> {
            let value = |index: usize| {
                let thin = if index.is_multiple_of(sparse) { 1e-3 } else { 1.0 };
                seed[index % seed.len()] * thin * 2.0_f32.powi(exponent)
            };
            range.map(value).collect()
        };
        let a = matrix(rows, inner, scaled(0..rows * inner, exponents.0));
        let b = matrix(inner, columns, scaled(200..200 + inner * columns, exponents.1));
        let bound = check_bound(&a, &b);

        // Never looser than half a step of each operand allows.
        let maximum = |m: &Matrix<f32>| m.values.iter().fold(0.0_f64, |x, v| x.max(f64::from(v.abs())));
        let (ma, mb) = (maximum(&a), maximum(&b));
        prop_assert!(bound <= inner as f64 * ma * mb * (2.0 / 128.0 + 1e-6));
    }

    #[test]
    fn integers_are_in_range_and_within_half_a_step(
        values in proptest::collection::vec(proptest::num::f32::NORMAL | proptest::num::f32::SUBNORMAL
            | proptest::num::f32::ZERO | proptest::num::f32::NEGATIVE | proptest::num::f32::POSITIVE, 1..50),
    ) {
        let columns = values.len();
        let quantised = quantise("A", &matrix(1, columns, values)).unwrap();
        prop_assert!(quantised.integers.values.iter().all(|q| (-64..=64).contains(q)));
        prop_assert!(quantised.entry_error <= quantised.scale.to_f64() * (0.5 + 1e-12));
    }
}
