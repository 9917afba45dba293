//! Padding and nonces never change a product.

use super::*;
use crate::product;

fn matrix(rows: usize, columns: usize) -> Matrix<i8> {
    let values = (0..rows * columns).map(|index| ((index * 37 % 129) as i16 - 64) as i8).collect();
    Matrix { rows, columns, values }
}

/// The product of the padded operands, cut to the true shape.
fn padded_product(operands: &Operands, a: &Signal) -> Vec<i32> {
    let (m, n) = (operands.a.rows, operands.b.columns);
    let entry = |index: usize| {
        let (row, column) = (a.row(index / n), operands.bt_padded.row(index % n));
        row.iter().zip(column).map(|(&x, &y)| i32::from(x) * i32::from(y)).sum()
    };
    (0..m * n).map(entry).collect()
}

#[test]
fn nonces_never_change_the_product_but_always_the_matrix() {
    // Columns enough; too few of them; rows only; neither.
    for (m, k, n) in
        [(3, 5, 2), (16, 2047, 1), (3, 2040, 1), (15, 2048, 3), (16, 2048, 2), (32, 2176, 1)]
    {
        let operands = Operands::new(matrix(m, k), matrix(k, n)).unwrap();
        let exact = product::direct(&operands.a, &operands.b).values;
        let mut seen = vec![];
        for (seed, pass) in [(0, 0), (0, 1), (1, 0), (u64::MAX, u64::MAX)] {
            let (row, column, values) = operands.nonce(seed, pass);
            let mut a = operands.a_padded.clone();
            a.write(row, column, &values).unwrap();
            a.check_signal().unwrap();
            assert_eq!(padded_product(&operands, &a), exact, "{m} x {k} x {n}");
            assert!(!seen.contains(&a), "{m} x {k} x {n}: nonces repeat");
            seen.push(a);
        }
    }
}

#[test]
fn padding_is_as_small_as_the_rules_allow() {
    for (m, k, n, expected) in [
        (64, 1797, 64, (64, 2048, 64)),
        (1, 1, 1, (16, 2048, 16)),
        (15, 2048, 16, (16, 2048, 16)),
        (16, 2048, 17, (32, 2048, 32)),
        (17, 2049, 33, (32, 2176, 48)),
    ] {
        let operands = Operands::new(matrix(m, k), matrix(k, n)).unwrap();
        let found = (operands.a_padded.rows(), operands.a_padded.k(), operands.bt_padded.rows());
        assert_eq!(found, expected, "{m} x {k} x {n}");
    }
}

#[test]
fn what_cannot_be_mined_is_refused_with_value_and_place() {
    let check = |a: Matrix<i8>, b: Matrix<i8>, expected: &str| {
        let message = format!("{:#}", Operands::new(a, b).unwrap_err());
        assert!(message.contains(expected), "{message:?} does not contain {expected:?}");
    };
    check(matrix(2, 3), matrix(2, 3), "A is 2 x 3 and B is 2 x 3; A must have");
    check(matrix(0, 3), matrix(3, 2), "nothing to multiply");
    check(matrix(2, 0), matrix(0, 2), "nothing to multiply");
    check(matrix(1, 65_537), matrix(65_537, 1), "k = 65537 is more than 65536");
    // Columns of zeros would do for these, and 35 GB of padding; nothing of it is made.
    check(matrix(16_777_217, 1), matrix(1, 1), "m = 16777232, expected 1 to 16777216");
    check(matrix(1, 1), matrix(1, 16_777_217), "n = 16777232, expected 1 to 16777216");
    check(matrix(16_777_200, 1), matrix(1, 1), "more than the limit of 4294967296 (4 GiB)");
    check(matrix(1, 1), matrix(1, 10_000_000), "more than the limit of 4294967296 (4 GiB)");
    let mut bad = matrix(2, 3);
    bad.values[5] = 65;
    check(bad.clone(), matrix(3, 2), "entry [1, 2] of A is 65, outside of [-64, 64]");
    bad.values[5] = -65;
    check(matrix(2, 2), bad, "entry [1, 2] of B is -65");
}

#[test]
fn the_carried_data_set_is_the_default() {
    let operands = Operands::digits().unwrap();
    assert_eq!((operands.a.rows, operands.a.columns, operands.b.columns), (64, 1797, 64));
    assert_eq!(operands.a_padded.k(), 2048);
}
