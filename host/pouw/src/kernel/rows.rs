//! Row panels of a grid that are a matrix' rows with their noise, added where they are multiplied: no panel of them is
//! ever in memory.

use crate::matrix::Matrix;
use crate::noise::Noise;
use crate::panel::{LANES, Panel};

/// Panels of 16 rows of a matrix, one behind the other. Rows beyond the matrix are zero.
#[derive(Clone, Copy, Debug)]
pub struct NoisedRows<'a> {
    /// The signal.
    pub matrix: &'a Matrix,
    /// Its noise.
    pub noise: &'a Noise,
    /// The first panel, whose rows are `16 * first ..`.
    pub first: u32,
    /// How many there are.
    pub count: usize,
}

impl NoisedRows<'_> {
    /// Rows of one of them.
    pub(super) fn rows(&self, number: usize) -> [u32; LANES] {
        // Saturating keeps what is beyond the matrix beyond it.
        let panel = self.first.saturating_add(u32::try_from(number).unwrap_or(u32::MAX));
        core::array::from_fn(|lane| panel.saturating_mul(LANES as u32).saturating_add(lane as u32))
    }

    /// One of them.
    pub(super) fn panel(&self, number: usize) -> Panel {
        Panel::noised_from_matrix(self.matrix, self.noise, &self.rows(number))
    }
}
