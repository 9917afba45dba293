//! A matrix in a file of NumPy's, whose header may lie.
//!
//! What is read has as many values as its shape says and no more than the file has bytes, and is read again from what
//! gemmine writes of it. Messages echo little of a header.

use gemmine_npy::{Matrix, Operand, int8_from_bytes, int32_from_bytes, read, to_bytes};

use crate::plain;

/// Longest message: a header may have 10,000 bytes.
const MESSAGE_MAX: usize = 600;

/// Runs the target.
pub fn run(bytes: &[u8]) {
    match read(bytes, bytes.len() as u64) {
        Ok(operand) => taken(bytes, &operand),
        Err(error) => {
            plain::message(&error);
            assert!(error.to_string().len() <= MESSAGE_MAX, "{error}");
        }
    }
    match int32_from_bytes(bytes) {
        Ok(matrix) => {
            shaped(&matrix, bytes.len());
            assert_eq!(
                int32_from_bytes(&to_bytes(&matrix).expect("it is whole")).ok(),
                Some(matrix)
            );
        }
        Err(error) => plain::message(&error),
    }
    // A file that is shorter than it was said to be.
    for length in [bytes.len() as u64 + 1, u64::MAX] {
        if let Ok(operand) = read(bytes, length) {
            panic!("{operand:?} out of a file of other length");
        }
    }
}

fn taken(bytes: &[u8], operand: &Operand) {
    match operand {
        Operand::Int8(matrix) => {
            shaped(matrix, bytes.len());
            assert_eq!(int8_from_bytes(bytes).ok().as_ref(), Some(matrix));
            let written = to_bytes(matrix).expect("it is whole");
            assert_eq!(int8_from_bytes(&written).ok().as_ref(), Some(matrix));
            assert_eq!(matrix.transposed().transposed(), *matrix);
        }
        Operand::Float32(matrix) => {
            shaped(matrix, bytes.len() / 4);
            int8_from_bytes(bytes).expect_err("it is of float32");
            let written = to_bytes(matrix).expect("it is whole");
            let again = read(written.as_slice(), written.len() as u64);
            let Ok(Operand::Float32(again)) = again else { panic!("{again:?}") };
            let bits = |matrix: &Matrix<f32>| -> Vec<u32> {
                matrix.values.iter().map(|value| value.to_bits()).collect()
            };
            assert_eq!((again.rows, again.columns), (matrix.rows, matrix.columns));
            assert_eq!(bits(&again), bits(matrix));
        }
    }
}

fn shaped<T>(matrix: &Matrix<T>, most: usize) {
    assert_eq!(Some(matrix.values.len()), matrix.rows.checked_mul(matrix.columns), "{matrix:?}");
    assert!(matrix.values.len() <= most, "{matrix:?} of {most} values");
}
