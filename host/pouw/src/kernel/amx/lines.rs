//! Rows with their noise as rows of tile registers.

use core::arch::x86_64::*;

use safe_unaligned_simd::x86_64 as mem;

use crate::kernel::NoisedRows;
use crate::noise::IndexPair;
use crate::panel::{Group, LANES};

/// Steps of a line.
const STEPS: usize = 64;
/// Columns of the noise that a byte permute chooses from.
const COLUMNS: usize = 128;

/// Rows with their noise as lines of 64 steps of one row each, by byte permutes.
pub(in super::super) struct Lines<'a> {
    rows: NoisedRows<'a>,
    /// The columns of 64 steps: those added, and those subtracted.
    pairs: Vec<[[u8; STEPS]; 2]>,
}

impl<'a> Lines<'a> {
    /// `None` if the noise has more columns than a permute chooses from, or k is not a multiple of a line.
    pub fn new(rows: NoisedRows<'a>) -> Option<Self> {
        let (pairs, rest) = rows.noise.pairs().as_chunks::<STEPS>();
        let fits = rows.noise.rank() == COLUMNS
            && rest.is_empty()
            && pairs.len() * STEPS == rows.matrix.k();
        // The indices are below the rank, so they keep their values.
        let column =
            |side: usize| move |pairs: &[IndexPair; STEPS]| pairs.map(|pair| pair[side] as u8);
        let columns = |pairs| [column(0)(pairs), column(1)(pairs)];
        fits.then(|| Self { rows, pairs: pairs.iter().map(columns).collect() })
    }

    /// Writes one panel: line 16 x + i has steps 64 x to 64 x + 63 of row i.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    pub fn write(&self, panel: usize, lines: &mut [Group]) {
        const NONE: &[i8; COLUMNS] = &[0; COLUMNS];
        let rows = self.rows.rows(panel).map(|row| row as usize);
        let signals = rows.map(|row| self.rows.matrix.row(row).as_chunks::<STEPS>().0);
        let factors = rows.map(|row| {
            let factor = self.rows.noise.factor_row(row).as_array::<COLUMNS>().unwrap_or(NONE);
            let [low, high] = [factor.first_chunk::<STEPS>(), factor.last_chunk::<STEPS>()];
            [low, high].map(|half| mem::_mm512_loadu_si512(half.unwrap_or(&[0; STEPS])))
        });
        let blocks = lines.as_chunks_mut::<LANES>().0.iter_mut();
        for (at, (block, [plus, minus])) in blocks.zip(&self.pairs).enumerate() {
            let [plus, minus] = [plus, minus].map(|columns| mem::_mm512_loadu_si512(columns));
            for ((line, signal), [low, high]) in block.iter_mut().zip(&signals).zip(&factors) {
                let noise = _mm512_sub_epi8(
                    _mm512_permutex2var_epi8(*low, plus, *high),
                    _mm512_permutex2var_epi8(*low, minus, *high),
                );
                let signal = mem::_mm512_loadu_si512(signal.get(at).unwrap_or(&[0; STEPS]));
                mem::_mm512_storeu_si512(&mut line.0, _mm512_add_epi8(signal, noise));
            }
        }
    }
}
