//! Every path of the kernel, bit for bit against the golden function.

use crate::common::xof;
use gemmine_pouw::kernel::{
    NoisedRows, Path, Tile, fold_grid_on, fold_noised_grid_on, fold_strips, fold_tile_on, product,
    product_u8_on,
};
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::noise::{Noise, Side, noise_row};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::tile::tile;
use proptest::prelude::*;

fn lanes(values: &[i8], k: usize) -> Vec<&[i8]> {
    values.chunks_exact(k).collect()
}

fn as_tile(product: &[i32], h: usize, w: usize) -> Tile {
    let at = |i, j| {
        if i < h && j < w { product[i * w + j] } else { 0 }
    };
    std::array::from_fn(|i| std::array::from_fn(|j| at(i, j)))
}

/// Folds h x w lanes of k steps on every path of this machine.
fn check(a: &[i8], b: &[i8], k: usize, r: usize) {
    let (rows, cols) = (lanes(a, k), lanes(b, k));
    let golden = tile(&rows, &cols, r);
    let product = as_tile(&golden.product, rows.len(), cols.len());
    let (a, b) = (Panel::from_lanes(&rows, k), Panel::from_lanes(&cols, k));
    for path in Path::ALL {
        let mut words = vec![7];
        let folded = fold_tile_on(path, &a, &b, r, &mut words);
        assert_eq!(words, golden.words, "{path:?} k={k} r={r}");
        assert_eq!(folded, product, "{path:?} k={k} r={r}");
    }
}

fn signed(label: &str, len: usize) -> Vec<i8> {
    xof(label, len).into_iter().map(u8::cast_signed).collect()
}

#[test]
fn this_machine_says_which_paths_it_ran() {
    let paths: Vec<Path> = Path::ALL.into_iter().filter(|path| path.is_available()).collect();
    println!("paths available: {paths:?}");
    assert!(paths.contains(&Path::Portable));
    assert_eq!(Path::best(), paths[0]);
}

#[test]
fn random_bytes() {
    for (k, r) in [(2048, 128), (2112, 128), (4096, 256), (1024, 64), (130, 128), (64, 128), (5, 4)]
    {
        check(&signed("ka", 16 * k), &signed("kb", 16 * k), k, r);
    }
}

#[test]
fn chunks_that_are_not_whole_groups() {
    for (k, r) in [(7, 1), (50, 6), (33, 5), (126, 128), (127, 128), (64, 0), (1, 1)] {
        check(&signed("ca", 16 * k), &signed("cb", 16 * k), k, r);
    }
}

#[test]
fn extremes() {
    let k = 512;
    for a in [-128i8, -127, 127, 0, 1] {
        for b in [-128i8, -127, 127, -1] {
            check(&vec![a; 16 * k], &vec![b; 16 * k], k, 128);
        }
    }
    let pick = |label: &str| -> Vec<i8> {
        xof(label, 16 * k).iter().map(|byte| [-128, -127, 127, 0][usize::from(byte & 3)]).collect()
    };
    check(&pick("ea"), &pick("eb"), k, 128);
}

/// Folds a grid of h x w panels on every path of this machine.
fn check_grid(a: &[Panel], b: &[Panel], r: usize) {
    let golden = |i: usize, j: usize| {
        let k = a[i].k().min(b[j].k());
        let lanes = |panel: &Panel| -> Vec<Vec<i8>> {
            (0..16).map(|lane| panel.lane(lane)[..k].to_vec()).collect()
        };
        let (rows, cols) = (lanes(&a[i]), lanes(&b[j]));
        let rows: Vec<&[i8]> = rows.iter().map(Vec::as_slice).collect();
        let cols: Vec<&[i8]> = cols.iter().map(Vec::as_slice).collect();
        tile(&rows, &cols, r)
    };
    let (refs_a, refs_b): (Vec<&Panel>, Vec<&Panel>) = (a.iter().collect(), b.iter().collect());
    for path in Path::ALL {
        let mut found = vec![None; a.len() * b.len()];
        fold_grid_on(path, &refs_a, &refs_b, r, &mut |folded| {
            let at = folded.a * b.len() + folded.b;
            let before = found[at].replace((*folded.tile, folded.words.to_vec()));
            assert_eq!(before, None, "{path:?} {at}: twice");
        });
        for (at, found) in found.into_iter().enumerate() {
            let golden = golden(at / b.len(), at % b.len());
            let (tile, words) = found.unwrap();
            assert_eq!(words, golden.words, "{path:?} r={r} at {at}");
            assert_eq!(tile.as_flattened(), golden.product, "{path:?} r={r} at {at}");
        }
    }
}

#[test]
fn grids_of_tiles() {
    let panels = |label: &str, count: usize, k: usize| -> Vec<Panel> {
        let values = signed(label, 16 * k * count);
        values
            .chunks_exact(16 * k)
            .map(|lanes_of| Panel::from_lanes(&lanes(lanes_of, k), k))
            .collect()
    };
    let shapes = [(1, 1), (1, 2), (2, 1), (2, 2), (3, 5), (4, 2)];
    for (h, w) in shapes {
        check_grid(&panels("ga", h, 256), &panels("gb", w, 256), 128);
    }
    // A last chunk that is not whole, chunks longer than k, chunks and k that AMX does not take, and no fold at all.
    for (k, r) in [(320, 128), (192, 64), (128, 256), (192, 96), (200, 64), (66, 64), (128, 0)] {
        check_grid(&panels("gk", 3, k), &panels("gl", 2, k), r);
    }
    let mut unequal = panels("gu", 1, 128);
    unequal.extend(panels("gv", 1, 64));
    check_grid(&unequal, &panels("gw", 2, 128), 64);
}

/// Folds a grid of a matrix' rows with their noise on every path; some rows are beyond the matrix.
fn check_noised_grid(values: Vec<i8>, k: usize, rank: u16) {
    let (rows, first, count) = (values.len() / k, 1, 3);
    let matrix = Matrix::new(rows, k, values).unwrap();
    let noise = Noise::new(Side::A, &[rank as u8; 32], rank, k as u32, rows as u32);
    let b = [
        Panel::from_lanes(&lanes(&signed("nb", 16 * k), k), k),
        Panel::from_lanes(&lanes(&vec![-128; 16 * k], k), k),
    ];
    let columns: Vec<Vec<Vec<i8>>> =
        b.iter().map(|panel| (0..16).map(|lane| panel.lane(lane)).collect()).collect();
    let noised: Vec<Vec<i8>> = (0..16 * (first + count))
        .map(|row| {
            let noise = noise_row(noise.factor_row(row), noise.pairs());
            let signal = matrix.row(row).iter().chain(std::iter::repeat(&0));
            signal.zip(noise).map(|(x, e)| x.wrapping_add(e)).collect()
        })
        .collect();
    let refs: Vec<&Panel> = b.iter().collect();
    for path in Path::ALL {
        let mut found = vec![None; count * b.len()];
        let of = NoisedRows { matrix: &matrix, noise: &noise, first: first as u32, count };
        fold_noised_grid_on(path, of, &refs, 128, &mut |folded| {
            let before =
                found[folded.a * b.len() + folded.b].replace((*folded.tile, folded.words.to_vec()));
            assert_eq!(before, None, "{path:?}: twice");
        });
        for (at, found) in found.into_iter().enumerate() {
            let strip = 16 * (first + at / b.len());
            let rows: Vec<&[i8]> = noised[strip..strip + 16].iter().map(Vec::as_slice).collect();
            let columns: Vec<&[i8]> = columns[at % b.len()].iter().map(Vec::as_slice).collect();
            let golden = tile(&rows, &columns, 128);
            let (tile, words) = found.unwrap();
            assert_eq!(words, golden.words, "{path:?} k={k} rank={rank} at {at}");
            assert_eq!(tile.as_flattened(), golden.product, "{path:?} k={k} rank={rank} at {at}");
        }
    }
}

#[test]
fn grids_of_rows_with_their_noise() {
    // With 128 columns of noise and whole lines of 64 steps AMX adds the noise itself; else it is given panels.
    for (k, rank) in [(2048, 128), (256, 128), (256, 64), (512, 256), (200, 128), (66, 128)] {
        check_noised_grid(signed("na", 40 * k), k, rank);
    }
    for value in [-128, -127, 127, -64, 64] {
        check_noised_grid(vec![value; 40 * 256], 256, 128);
    }
}

#[test]
fn grids_of_extremes() {
    let k = 256;
    let filled = |value: i8| Panel::from_lanes(&lanes(&vec![value; 16 * k], k), k);
    let a = [-128, -127, 127, 0, 1].map(filled);
    let mixed: Vec<i8> =
        xof("ge", 16 * k).iter().map(|byte| [-128, -127, 127, 0][usize::from(byte & 3)]).collect();
    let b = [filled(-128), filled(127), filled(-1), Panel::from_lanes(&lanes(&mixed, k), k)];
    check_grid(&a, &b, 128);
}

#[test]
fn padding_lanes_come_out_zero() {
    let k = 256;
    for (h, w) in [(1, 16), (16, 1), (2, 3), (15, 7)] {
        check(&signed("pa", h * k), &signed("pb", w * k), k, 64);
    }
}

#[test]
fn unsigned_operand() {
    let k = 300;
    let mut a = xof("ua", 16 * k);
    let mut b = signed("ub", 16 * k);
    a[..k].fill(255);
    b[..k].fill(-128);
    b[k..2 * k].fill(127);
    a[k..2 * k].fill(128);
    let expected: Tile = std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            (0..k).map(|l| i32::from(a[i * k + l]) * i32::from(b[j * k + l])).sum()
        })
    });
    let rows: Vec<&[u8]> = a.chunks_exact(k).collect();
    let a = Panel::from_unsigned_lanes(&rows, k);
    let b = Panel::from_lanes(&lanes(&b, k), k);
    for path in Path::ALL {
        assert_eq!(product_u8_on(path, &a, &b), expected, "{path:?}");
    }
}

#[test]
fn several_strips_fold_as_one_tile() {
    let k = 512;
    let (a, b) = (signed("sa", 20 * k), signed("sb", 40 * k));
    let (rows, cols) = (lanes(&a, k), lanes(&b, k));
    let panels = |rows: &[&[i8]]| -> Vec<Panel> {
        rows.chunks(16).map(|lanes| Panel::from_lanes(lanes, k)).collect()
    };
    let mut words = vec![1, 2, 3];
    fold_strips(&panels(&rows), &panels(&cols), 128, &mut words);
    assert_eq!(words, tile(&rows, &cols, 128).words);
}

#[test]
fn panels_of_unequal_length_use_the_shorter() {
    let (a, b) = (signed("la", 16 * 64), signed("lb", 16 * 60));
    let (a, b) = (Panel::from_lanes(&lanes(&a, 64), 64), Panel::from_lanes(&lanes(&b, 60), 60));
    let mut words = Vec::new();
    for path in Path::ALL {
        assert_eq!(fold_tile_on(path, &a, &b, 8, &mut words), product(&a, &b));
        assert_eq!(words.len(), 7, "{path:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_shape(h in 1usize..=16, w in 1usize..=16, k in 1usize..200, r in 1usize..70, seed: u64) {
        let a = signed(&format!("{seed}a"), h * k);
        let b = signed(&format!("{seed}b"), w * k);
        check(&a, &b, k, r);
    }
}
