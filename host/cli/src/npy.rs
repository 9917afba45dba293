//! Matrices in NumPy's .npy files, by their paths.

use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result};

pub use gemmine_npy::{Matrix, Operand, int8_from_bytes, int32_from_bytes, to_bytes};

use crate::files;

/// Reads a 2-D int8 or float32 matrix, in C or Fortran order.
pub fn read(path: &Path) -> Result<Operand> {
    let (file, length) = files::open_regular(path)?;
    gemmine_npy::read(BufReader::with_capacity(1 << 20, file), length)
        .with_context(|| format!("read matrix {}", path.display()))
}
