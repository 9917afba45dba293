//! Panels: layout, padding, and noise against the row-wise definition.

use crate::common::{digest, job, signal, xof};
use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::digest::keyed;
use gemmine_pouw::matrix::{Matrix, MatrixError};
use gemmine_pouw::noise::{Noise, Side, factor_rows, index_pairs, noise_row};
use gemmine_pouw::panel::{Group, Panel};

#[test]
fn layout_is_four_steps_by_lane() {
    let rows: Vec<Vec<i8>> = (0..3).map(|row| (0..6).map(|l| 10 * row + l).collect()).collect();
    let lanes: Vec<&[i8]> = rows.iter().map(Vec::as_slice).collect();
    let panel = Panel::from_lanes(&lanes, 6);
    assert_eq!((panel.k(), panel.groups().len()), (6, 2));
    assert_eq!(panel.groups()[0].0[..12], [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]);
    assert_eq!(panel.groups()[1].0[..8], [4, 5, 0, 0, 14, 15, 0, 0]);
    assert!(panel.groups()[0].0[12..].iter().all(|&value| value == 0));
    assert_eq!(panel.lane(1), rows[1]);
    assert_eq!(panel.lane(16), [0; 6]);
    assert_eq!(panel.step(5)[..4], [5, 15, 25, 0]);
    assert_eq!(
        (panel.get(2, 4), panel.get(2, 6), panel.get(0, 99), panel.get(16, 0)),
        (24, 0, 0, 0)
    );
    let steps: Vec<[i8; 16]> = (0..6).map(|step| panel.step(step)).collect();
    assert_eq!(Panel::from_steps(&steps), panel);
}

#[test]
fn groups_are_cut_and_padded() {
    let group = Group([5; 64]);
    let panel = Panel::from_groups(vec![group; 3], 6);
    assert_eq!((panel.k(), panel.groups().len()), (6, 2));
    assert_eq!(panel.groups()[0], group);
    assert_eq!(panel.groups()[1].0[..8], [5, 5, 0, 0, 5, 5, 0, 0]);
    assert_eq!(Panel::from_groups(vec![group], 8).lane(15), [5, 5, 5, 5, 0, 0, 0, 0]);
    assert_eq!(Panel::from_groups(Vec::new(), 0), Panel::zero(0));
}

#[test]
fn lanes_are_cut_and_padded() {
    let long = [7i8; 20];
    let panel = Panel::from_lanes(&[&long[..2], &long], 5);
    assert_eq!(panel.lane(0), [7, 7, 0, 0, 0]);
    assert_eq!(panel.lane(1), [7; 5]);
    assert_eq!(panel.groups()[1].0[4..8], [7, 0, 0, 0]);
    assert_eq!(Panel::zero(0).groups().len(), 0);
}

#[test]
fn noised_lanes_are_signal_plus_noise() {
    // k is not a multiple of 4 groups of anything: the panel does not mind.
    for (k, rows, r) in [(2048u32, 40usize, 128u16), (70, 17, 32), (1, 3, 256)] {
        let matrix = signal("panel", rows, k as usize);
        let noise = Noise::new(Side::A, &[9; 32], r, k, rows as u32);
        let lanes: Vec<u32> = (rows as u32 - 3..rows as u32 + 13).collect();
        let panel = Panel::noised_from_matrix(&matrix, &noise, &lanes);
        for (lane, &row) in lanes.iter().enumerate() {
            let noise = noise_row(noise.factor_row(row as usize), noise.pairs());
            let expected: Vec<i8> = match matrix.row(row as usize) {
                [] => vec![0; k as usize],
                signal => signal.iter().zip(noise).map(|(a, e)| a + e).collect(),
            };
            assert_eq!(panel.lane(lane), expected, "lane {lane}");
        }
    }
}

/// The noise hashes, one at a time through the public BLAKE3 API.
#[test]
fn noise_follows_its_definition() {
    let seed = digest("301784168005ec833ab0aa60006f7fe7faaa95307d8c1fc6819b2ffdd717eccf");
    let hash = |i: u32, label: &[u8; 8], slot: usize| {
        let mut block = [0; 64];
        block[4 * slot..4 * slot + 4].copy_from_slice(&(i + 1).to_le_bytes());
        block[32..40].copy_from_slice(label);
        keyed(&seed, &block)
    };
    for (side, label) in [(Side::A, b"A_tensor"), (Side::B, b"B_tensor")] {
        for r in [8u16, 32, 128, 1024] {
            let rows = [0u32, 1, 2, 40, 300, 301];
            let factors = factor_rows(side, &seed, r, &rows);
            for (factor, row) in factors.chunks_exact(r.into()).zip(rows) {
                for (q, &value) in factor.iter().enumerate() {
                    let at = row as usize * usize::from(r) + q;
                    let byte = hash((at / 32) as u32, label, 0)[at % 32];
                    assert_eq!(value, (byte & 63) as i8 - 32);
                }
            }
            let k = 301;
            let pairs = index_pairs(side, &seed, r, k);
            assert_eq!(pairs.len(), k as usize);
            for (l, pair) in pairs.iter().enumerate() {
                let word = &hash((l / 8) as u32, label, 1)[l % 8 * 4..][..4];
                let u = u32::from_le_bytes(word.try_into().unwrap());
                let p0 = u & u32::from(r - 1);
                let p1 = p0 ^ (1 + ((u64::from(r - 1) * u64::from(u)) >> 32) as u32);
                assert_eq!(pair.map(u32::from), [p0, p1]);
                assert!(p0 != p1 && p1 < u32::from(r));
            }
        }
    }
}

#[test]
fn whole_matrix_noise_is_its_rows() {
    let job = job(MiningConfig::native(2048, 128), 48, 32, 0x1e01_0000);
    for (side, noise, seed, rows) in [
        (Side::A, job.noise_a(), job.seeds().a, 48u32),
        (Side::B, job.noise_b(), job.seeds().b, 32),
    ] {
        for row in 0..rows {
            assert_eq!(noise.factor_row(row as usize), factor_rows(side, &seed, 128, &[row]));
        }
        assert!(noise.factor_row(rows as usize).is_empty());
    }
    // Enough rows for several tasks.
    let tall = Noise::new(Side::B, &[3; 32], 128, 1, 1000);
    let rows: Vec<u32> = (0..1000).collect();
    assert_eq!(tall.factor_row(999), &factor_rows(Side::B, &[3; 32], 128, &rows)[999 * 128..]);
}

#[test]
fn matrices_check_shape_range_and_writes() {
    assert_eq!(Matrix::new(0, 4, vec![]), Err(MatrixError::Empty { rows: 0, k: 4 }));
    let length = MatrixError::Length { found: 5, rows: 2, k: 3 };
    assert_eq!(Matrix::new(2, 3, vec![0; 5]), Err(length));
    let length = MatrixError::Length { found: 0, rows: usize::MAX, k: 2 };
    assert_eq!(Matrix::new(usize::MAX, 2, vec![]), Err(length));
    let mut matrix = Matrix::new(2, 3, vec![0, 64, -64, 0, 0, 0]).unwrap();
    assert_eq!(matrix.check_signal(), Ok(()));
    for value in [65, -65, -128] {
        matrix.write(1, 2, &[value]).unwrap();
        let error = MatrixError::Value { value, row: 1, column: 2 };
        assert_eq!(matrix.check_signal(), Err(error));
    }
    assert!(matrix.write(1, 2, &[1, 2]).is_err());
    assert!(matrix.write(2, 0, &[1]).is_err());
    assert!(matrix.write(usize::MAX, usize::MAX, &[1]).is_err());
    assert_eq!(matrix.row(2), [0i8; 0]);
    assert_eq!(xof("x", 3).len(), 3);
}
