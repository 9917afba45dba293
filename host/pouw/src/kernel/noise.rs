//! Adding the noise of a panel: two columns of E subtracted, for every step.

use alloc::vec::Vec;

use crate::noise::IndexPair;
use crate::panel::{Group, LANES, STEPS};

/// One value a lane.
type Column = [i8; LANES];

/// Adds `columns[p0] - columns[p1]` to every step that has an index pair; an index beyond the
/// columns reads 0. Sums wrap.
pub(crate) fn add_noise(groups: &mut [Group], mut columns: Vec<Column>, pairs: &[IndexPair]) {
    let beyond = columns.len();
    columns.push([0; LANES]);
    let column = |p: u16| &columns[usize::from(p).min(beyond)];
    for (group, pairs) in groups.iter_mut().zip(pairs.chunks(STEPS)) {
        let pair = |n: usize| {
            pairs.get(n).map_or([column(u16::MAX); 2], |&[p0, p1]| [column(p0), column(p1)])
        };
        super::dispatch::add_differences(group, [pair(0), pair(1), pair(2), pair(3)]);
    }
}

/// Four steps of 16 lanes to one group's bytes.
pub(crate) fn interleave(steps: &[[i8; LANES]; STEPS]) -> [i8; LANES * STEPS] {
    // Two rounds of interleaving pairs, which compile to byte unpacks; one round of four does not.
    let low: [[i8; 2]; LANES] = core::array::from_fn(|lane| [steps[0][lane], steps[1][lane]]);
    let high: [[i8; 2]; LANES] = core::array::from_fn(|lane| [steps[2][lane], steps[3][lane]]);
    let mut bytes = [0; LANES * STEPS];
    for (lane, four) in bytes.as_chunks_mut::<STEPS>().0.iter_mut().enumerate() {
        *four = [low[lane][0], low[lane][1], high[lane][0], high[lane][1]];
    }
    bytes
}

/// Adds `four[n][0] - four[n][1]` to step n of a group.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn add_differences(group: &mut Group, four: [[&Column; 2]; STEPS]) {
    let noise =
        four.map(|[plus, minus]| core::array::from_fn(|lane| plus[lane].wrapping_sub(minus[lane])));
    for (value, noise) in group.0.iter_mut().zip(interleave(&noise)) {
        *value = value.wrapping_add(noise);
    }
}

/// Adds `four[n][0] - four[n][1]` to step n of a group: three times as fast as what the compiler
/// makes of the portable text.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
pub(super) fn add_differences(group: &mut Group, four: [[&Column; 2]; STEPS]) {
    use core::arch::x86_64::*;

    use safe_unaligned_simd::x86_64 as mem;

    let [a, b, c, d] = four
        .map(|[plus, minus]| _mm_sub_epi8(mem::_mm_loadu_si128(plus), mem::_mm_loadu_si128(minus)));
    let (low_ab, high_ab) = (_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b));
    let (low_cd, high_cd) = (_mm_unpacklo_epi8(c, d), _mm_unpackhi_epi8(c, d));
    let noise = [
        _mm_unpacklo_epi16(low_ab, low_cd),
        _mm_unpackhi_epi16(low_ab, low_cd),
        _mm_unpacklo_epi16(high_ab, high_cd),
        _mm_unpackhi_epi16(high_ab, high_cd),
    ];
    for (bytes, noise) in group.0.as_chunks_mut::<LANES>().0.iter_mut().zip(noise) {
        mem::_mm_storeu_si128(bytes, _mm_add_epi8(mem::_mm_loadu_si128(bytes), noise));
    }
}
