//! The int8 product of two panels, folded chunk by chunk, as fast as this processor can.
//!
//! Four paths give the same bits: AMX, AVX-512 VNNI, AVX2, and portable Rust. The choice is made at run time; tests
//! force every path that the machine has. The golden function is [`crate::tile`], which shares nothing with this.

#[cfg(all(target_arch = "x86_64", target_os = "linux", feature = "std"))]
mod amx;
#[cfg(all(target_arch = "x86_64", feature = "std"))]
mod avx2;
mod dispatch;
mod noise;
mod portable;
mod rows;
#[cfg(all(target_arch = "x86_64", feature = "std"))]
mod vnni;
#[cfg(all(target_arch = "x86_64", feature = "std"))]
mod xof;

use alloc::vec::Vec;

use crate::panel::{Group, LANES, Panel, STEPS};

pub use dispatch::{Path, products_alone};
pub(crate) use dispatch::{has_seeded_product, seeded_product};
pub(crate) use noise::{add_noise, interleave};
pub use rows::NoisedRows;

/// A 16x16 block of the product, row by row.
pub type Tile = [[i32; LANES]; LANES];

/// A tile of a grid.
#[derive(Clone, Copy, Debug)]
pub struct Folded<'a> {
    /// Which of the panels of A.
    pub a: usize,
    /// Which of the panels of B.
    pub b: usize,
    /// The product over all k.
    pub tile: &'a Tile,
    /// One XOR a complete chunk.
    pub words: &'a [u32],
}

/// What the inner loops read: `rows[i]` times `lanes[j]` summed over all groups, a fold word every `chunk` groups.
#[derive(Clone, Copy)]
struct Job<'a> {
    rows: &'a [Group],
    lanes: &'a [Group],
    /// Groups of a chunk; never 0.
    chunk: usize,
    /// The bytes of `lanes` are unsigned.
    unsigned: bool,
}

/// Multiplies two panels and folds: returns the product over all k, and appends to `words` one XOR of all 256
/// accumulators for every complete chunk of `r` steps.
///
/// `words` is cleared first. Steps beyond the shorter panel do not exist. `r = 0` means no fold.
pub fn fold_tile(a: &Panel, b: &Panel, r: usize, words: &mut Vec<u32>) -> Tile {
    fold_tile_on(Path::best(), a, b, r, words)
}

/// As [`fold_tile`] on a given path; a path that this machine lacks falls back to the portable one.
pub fn fold_tile_on(path: Path, a: &Panel, b: &Panel, r: usize, words: &mut Vec<u32>) -> Tile {
    words.clear();
    let k = a.k().min(b.k());
    if r == 0 {
        return product_on(path, a, b, false);
    }
    if !r.is_multiple_of(STEPS) {
        return portable::fold_by_step(a, b, k, r, words);
    }
    let chunk = r / STEPS;
    let groups = k.div_ceil(STEPS);
    // One slot a complete chunk of k, so that zero padding can never complete another.
    words.resize(k / r, 0);
    let job =
        Job { rows: &a.groups()[..groups], lanes: &b.groups()[..groups], chunk, unsigned: false };
    dispatch::run(path, job, words)
}

/// Multiplies every panel of `a` by every panel of `b` and folds: gives `each` what [`fold_tile`] gives for
/// a single tile, in no order that callers may rely on.
///
/// Where the processor has AMX, and k and r are multiples of 64, a grid is several
/// times as fast as its tiles one by one.
pub fn fold_grid(a: &[&Panel], b: &[&Panel], r: usize, each: &mut dyn FnMut(Folded<'_>)) {
    fold_grid_on(Path::best(), a, b, r, each);
}

/// As [`fold_grid`] on a given path; what that path can't do at once is done tile by tile.
pub fn fold_grid_on(
    path: Path,
    a: &[&Panel],
    b: &[&Panel],
    r: usize,
    each: &mut dyn FnMut(Folded<'_>),
) {
    let whole = a.iter().chain(b).all(|panel| panel.k().is_multiple_of(STEPS));
    if whole
        && r.is_multiple_of(STEPS)
        && dispatch::run_grid(path, &groups(a), &groups(b), r / STEPS, each)
    {
        return;
    }
    let mut words = Vec::new();
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            let tile = fold_tile_on(path, a, b, r, &mut words);
            each(Folded { a: i, b: j, tile: &tile, words: &words });
        }
    }
}

/// As [`fold_grid`], of rows whose noise is added on the way: no panel of them is made where AMX and AVX-512's byte
/// permutes do without, at rank 128.
pub fn fold_noised_grid(
    rows: NoisedRows<'_>,
    b: &[&Panel],
    r: usize,
    each: &mut dyn FnMut(Folded<'_>),
) {
    fold_noised_grid_on(Path::best(), rows, b, r, each);
}

/// As [`fold_noised_grid`] on a given path.
pub fn fold_noised_grid_on(
    path: Path,
    rows: NoisedRows<'_>,
    b: &[&Panel],
    r: usize,
    each: &mut dyn FnMut(Folded<'_>),
) {
    /// Panels that are made at once.
    const PANELS: usize = 16;
    let whole = b.iter().all(|panel| panel.k().is_multiple_of(STEPS));
    if whole
        && r.is_multiple_of(STEPS)
        && dispatch::run_noised_grid(path, rows, &groups(b), r / STEPS, each)
    {
        return;
    }
    for first in (0..rows.count).step_by(PANELS) {
        let end = rows.count.min(first + PANELS);
        let panels: Vec<Panel> = (first..end).map(|number| rows.panel(number)).collect();
        let panels: Vec<&Panel> = panels.iter().collect();
        fold_grid_on(path, &panels, b, r, &mut |found| {
            each(Folded { a: first + found.a, ..found })
        });
    }
}

fn groups<'a>(panels: &[&'a Panel]) -> Vec<&'a [Group]> {
    panels.iter().map(|panel| panel.groups()).collect()
}

/// The product of two signed panels over all k.
#[must_use]
pub fn product(a: &Panel, b: &Panel) -> Tile {
    product_on(Path::best(), a, b, false)
}

/// The product of an unsigned panel (`a`, whose bytes are read as u8) and a signed one.
#[must_use]
pub fn product_u8(a: &Panel, b: &Panel) -> Tile {
    product_u8_on(Path::best(), a, b)
}

/// As [`fold_tile`] for an unsigned panel (`a`, whose bytes are read as u8) and a signed one.
///
/// Chunks are whole groups here: an `r` that is not a multiple of four is rounded down to one.
pub fn fold_tile_u8(a: &Panel, b: &Panel, r: usize, words: &mut Vec<u32>) -> Tile {
    words.clear();
    let k = a.k().min(b.k());
    let groups = k.div_ceil(STEPS);
    let chunk = (r / STEPS).max(1);
    // The unsigned operand must sit in the lanes; the XOR does not mind the transposition.
    let rows = &b.groups()[..groups];
    let lanes = &a.groups()[..groups];
    words.resize(k / (chunk * STEPS), 0);
    let transposed = dispatch::run(Path::best(), Job { rows, lanes, chunk, unsigned: true }, words);
    core::array::from_fn(|i| core::array::from_fn(|j| transposed[j][i]))
}

/// As [`product_u8`] on a given path.
#[must_use]
pub fn product_u8_on(path: Path, a: &Panel, b: &Panel) -> Tile {
    // The unsigned operand must sit in the lanes, so this is the transposed product.
    let transposed = product_on(path, b, a, true);
    core::array::from_fn(|i| core::array::from_fn(|j| transposed[j][i]))
}

/// Multiplies and folds a tile of several strips a side: the XOR runs over all of them.
///
/// `words` is cleared first and gets one word a chunk.
pub fn fold_strips(a: &[Panel], b: &[Panel], r: usize, words: &mut Vec<u32>) {
    words.clear();
    let mut part = Vec::new();
    for a in a {
        for b in b {
            fold_tile(a, b, r, &mut part);
            words.resize(words.len().max(part.len()), 0);
            words.iter_mut().zip(&part).for_each(|(word, x)| *word ^= x);
        }
    }
}

fn product_on(path: Path, rows: &Panel, lanes: &Panel, unsigned: bool) -> Tile {
    let groups = rows.groups().len().min(lanes.groups().len());
    let job = Job {
        rows: &rows.groups()[..groups],
        lanes: &lanes.groups()[..groups],
        chunk: usize::MAX,
        unsigned,
    };
    dispatch::run(path, job, &mut [])
}
