//! Peel gives the exact product back, for any k.

use crate::common::{header, signal, wide};
use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::kernel::{Tile, product};
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::noise::{Noise, Side};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::peel::{PeelStrip, peel_tile};
use proptest::prelude::*;

fn exact(a: &Matrix, bt: &Matrix, strip_a: usize, strip_b: usize) -> Tile {
    let dot =
        |i, j| a.row(i).iter().zip(bt.row(j)).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
    std::array::from_fn(|i| std::array::from_fn(|j| dot(16 * strip_a + i, 16 * strip_b + j)))
}

fn check_job(config: MiningConfig, a: Matrix, bt: Matrix) {
    let (strips_a, strips_b) = (a.rows().div_ceil(16), bt.rows().div_ceil(16));
    let job = PreparedJob::new(header(0x1e01_0000, 1), config, a.clone(), bt.clone()).unwrap();
    for i in 0..strips_a {
        for j in 0..strips_b {
            let (s, t) = (i as u32, j as u32);
            let noised = product(&job.panel_a(s), &job.panel_b(t));
            let expected = exact(&a, &bt, i, j);
            assert_ne!(noised, expected);
            assert_eq!(peel_tile(&noised, &job.peel_a(s), &job.peel_b(t)), expected, "{i} {j}");
        }
    }
}

#[test]
fn random_matrices() {
    for (k, r) in [(2048, 128), (2112, 128), (4096, 256)] {
        let (a, bt) = (signal("pa", 40, k as usize), signal("pb", 33, k as usize));
        check_job(MiningConfig::native(k, r), a, bt);
    }
    check_job(wide(4096, 128), signal("wa", 48, 4096), signal("wb", 64, 4096));
}

#[test]
fn extreme_matrices() {
    let k = 2112;
    let full = |rows: usize, value: i8| Matrix::new(rows, k, vec![value; rows * k]).unwrap();
    for (a, b) in [(64, 64), (64, -64), (-64, 64), (-64, -64), (0, 64), (1, -1)] {
        check_job(MiningConfig::native(k as u32, 128), full(16, a), full(16, b));
    }
}

/// Sums that need a third digit: all of k on the same two columns.
#[test]
fn large_projections_need_more_digits() {
    let k = 65_536;
    let rows: Vec<u32> = (0..16).collect();
    let a = Matrix::new(16, k, vec![64; 16 * k]).unwrap();
    let bt = Matrix::new(16, k, vec![-64; 16 * k]).unwrap();
    let noise_a = Noise::new(Side::A, &[1; 32], 2, k as u32, 16);
    let noise_b = Noise::new(Side::B, &[2; 32], 2, k as u32, 16);
    let noised = product(
        &Panel::noised_from_matrix(&a, &noise_a, &rows),
        &Panel::noised_from_matrix(&bt, &noise_b, &rows),
    );
    let strip_a = PeelStrip::for_a(&a, &noise_a, &noise_b, &rows);
    let strip_b = PeelStrip::for_b(&bt, &noise_b, &noise_a, &rows);
    assert_eq!(peel_tile(&noised, &strip_a, &strip_b), exact(&a, &bt, 0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_k(k in 1u32..700, log_r in 1u16..9, seed: [u8; 32], hot in prop::bool::ANY) {
        let r = 1u16 << log_r;
        let fill = |label: &str| match hot {
            true => Matrix::new(16, k as usize, vec![if seed[0] & 1 == 0 { 64 } else { -64 }; 16 * k as usize]).unwrap(),
            false => signal(&format!("{label}{seed:?}"), 16, k as usize),
        };
        let (a, bt) = (fill("a"), fill("b"));
        let rows: Vec<u32> = (0..16).collect();
        let noise_a = Noise::new(Side::A, &seed, r, k, 16);
        let noise_b = Noise::new(Side::B, &seed, r, k, 16);
        let noised = product(
            &Panel::noised_from_matrix(&a, &noise_a, &rows),
            &Panel::noised_from_matrix(&bt, &noise_b, &rows),
        );
        let strip_a = PeelStrip::for_a(&a, &noise_a, &noise_b, &rows);
        let strip_b = PeelStrip::for_b(&bt, &noise_b, &noise_a, &rows);
        prop_assert_eq!(peel_tile(&noised, &strip_a, &strip_b), exact(&a, &bt, 0, 0));
    }
}
