//! A panel: 16 lanes by k steps of int8, in the order in which the array consumes it.
//!
//! A lane is a row of A or a column of B. Memory order is `[step / 4][lane][step % 4]`: 64 bytes hold four steps
//! of all lanes, one SIMD register. Lanes beyond the matrix and steps beyond k are zero, and a zero lane adds
//! nothing to products or folds.

use alloc::vec::Vec;

use crate::kernel;
use crate::matrix::Matrix;
use crate::noise::{IndexPair, Noise};

/// Lanes of a panel: one side of the native tile.
pub const LANES: usize = 16;
/// Steps in one group of 64 bytes.
pub const STEPS: usize = 4;

/// Four steps of all lanes: byte `4 * lane + step % 4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Group(pub [i8; LANES * STEPS]);

impl Group {
    /// All zero.
    pub const ZERO: Self = Self([0; LANES * STEPS]);
}

/// 16 lanes x `k` steps of int8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    k: usize,
    groups: Vec<Group>,
}

impl Panel {
    /// `k` steps of zero.
    #[must_use]
    pub fn zero(k: usize) -> Self {
        Self { k, groups: alloc::vec![Group::ZERO; k.div_ceil(STEPS)] }
    }

    /// Up to 16 lanes, each cut or zero-padded to `k` steps. Lanes after the 16th are ignored.
    #[must_use]
    pub fn from_lanes(lanes: &[&[i8]], k: usize) -> Self {
        let mut panel = Self::zero(k);
        for (lane, values) in lanes.iter().take(LANES).enumerate() {
            panel.set_lane(lane, values);
        }
        panel
    }

    /// As [`Panel::from_lanes`] for unsigned bytes, kept bit for bit; see [`crate::kernel::product_u8`].
    #[must_use]
    pub fn from_unsigned_lanes(lanes: &[&[u8]], k: usize) -> Self {
        let mut panel = Self::zero(k);
        for (lane, values) in lanes.iter().take(LANES).enumerate() {
            panel.set_lane(lane, bytemuck::cast_slice(values));
        }
        panel
    }

    /// `k` steps, each the 16 lanes' values at that step.
    #[must_use]
    pub fn from_steps(steps: &[[i8; LANES]]) -> Self {
        let groups = steps
            .chunks(STEPS)
            .map(|steps| {
                let mut four = [[0; LANES]; STEPS];
                four[..steps.len()].copy_from_slice(steps);
                Group(kernel::interleave(&four))
            })
            .collect();
        Self { k: steps.len(), groups }
    }

    /// The given rows of a matrix, one a lane; a row beyond the matrix is a zero lane.
    #[must_use]
    pub fn from_matrix(matrix: &Matrix, rows: &[u32]) -> Self {
        Self::from_lanes(&lanes_of(rows, |row| matrix.row(row)), matrix.k())
    }

    /// The given rows of a matrix with their noise added; a row beyond the matrix is a zero lane.
    #[must_use]
    pub fn noised_from_matrix(matrix: &Matrix, noise: &Noise, rows: &[u32]) -> Self {
        let factors = lanes_of(rows, |row| noise.factor_row(row));
        Self::noised(&lanes_of(rows, |row| matrix.row(row)), &factors, noise.pairs())
    }

    /// Up to 16 lanes of signal plus noise, a step for each index pair.
    ///
    /// `factors[lane]` is the lane's row of E. A lane without one gets no noise; an index beyond it reads 0.
    /// Sums wrap, which signals in [-64, 64] never reach.
    #[must_use]
    pub fn noised(lanes: &[&[i8]], factors: &[&[i8]], pairs: &[IndexPair]) -> Self {
        let mut panel = Self::from_lanes(lanes, pairs.len());
        kernel::add_noise(&mut panel.groups, columns_of(factors), pairs);
        panel
    }

    /// `k` steps in memory order; missing groups are zeros, and what stands beyond k is cleared.
    #[must_use]
    pub fn from_groups(mut groups: Vec<Group>, k: usize) -> Self {
        groups.resize(k.div_ceil(STEPS), Group::ZERO);
        if let Some(group) = groups.last_mut()
            && !k.is_multiple_of(STEPS)
        {
            for lane in group.0.as_chunks_mut::<STEPS>().0 {
                lane[k % STEPS..].fill(0);
            }
        }
        Self { k, groups }
    }

    /// Steps.
    #[must_use]
    pub const fn k(&self) -> usize {
        self.k
    }

    /// The groups of four steps; the last one is zero beyond k.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// One value; 0 outside the panel.
    #[must_use]
    pub fn get(&self, lane: usize, step: usize) -> i8 {
        if lane >= LANES {
            return 0;
        }
        self.groups.get(step / STEPS).map_or(0, |group| group.0[lane * STEPS + step % STEPS])
    }

    /// All lanes at one step; zeros outside the panel.
    #[must_use]
    pub fn step(&self, step: usize) -> [i8; LANES] {
        core::array::from_fn(|lane| self.get(lane, step))
    }

    /// All k values of one lane; zeros when there is no such lane.
    #[must_use]
    pub fn lane(&self, lane: usize) -> Vec<i8> {
        (0..self.k).map(|step| self.get(lane, step)).collect()
    }

    fn set_lane(&mut self, lane: usize, values: &[i8]) {
        let at = lane * STEPS;
        let values = &values[..values.len().min(self.k)];
        let (whole, rest) = values.as_chunks::<STEPS>();
        for (group, four) in self.groups.iter_mut().zip(whole) {
            group.0[at..at + STEPS].copy_from_slice(four);
        }
        if let Some(group) = self.groups.get_mut(whole.len()) {
            group.0[at..at + rest.len()].copy_from_slice(rest);
        }
    }
}

/// Splits rows into strips of at most 16 and makes a panel of each.
pub(crate) fn strips(rows: &[u32], panel: impl Fn(&[u32]) -> Panel) -> Vec<Panel> {
    rows.chunks(LANES).map(panel).collect()
}

fn lanes_of<'a>(rows: &[u32], lane: impl Fn(usize) -> &'a [i8]) -> Vec<&'a [i8]> {
    rows.iter().map(|&row| lane(row as usize)).collect()
}

/// E of one strip, transposed: for each of its r columns the value in every lane.
pub(crate) fn columns_of(factors: &[&[i8]]) -> Vec<[i8; LANES]> {
    let rank = factors.iter().map(|factor| factor.len()).max().unwrap_or(0);
    let mut columns = alloc::vec![[0; LANES]; rank];
    for (lane, factor) in factors.iter().take(LANES).enumerate() {
        for (column, &value) in columns.iter_mut().zip(*factor) {
            column[lane] = value;
        }
    }
    columns
}
