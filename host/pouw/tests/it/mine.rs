//! Jobs end to end: mined, rechecked, proved and verified, for the shapes in use.

use crate::common::{EASY, check_easy, header, job, rule, signal, wide, wins};
use gemmine_pouw::config::MiningConfig;
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::{MineError, PreparedJob};
use gemmine_pouw::pattern::Pattern;
use gemmine_pouw::proof::PlainProof;
use gemmine_pouw::target::{U256, target_from_nbits};
use gemmine_pouw::tree::sibling_places;
use gemmine_pouw::verify::{Refusal, verify};

/// Mines a tile three ways and verifies its proof.
fn check(job: &PreparedJob, t_row: u32, t_col: u32) -> PlainProof {
    let golden = job.recheck(t_row, t_col).unwrap();
    assert_eq!(job.fold(t_row, t_col).unwrap(), golden);
    let verified = check_easy(job, t_row, t_col);
    assert_eq!(verified.ticket, golden.ticket);
    assert_eq!((verified.t_row, verified.t_col), (t_row, t_col));
    assert_eq!(verified.config, *job.config());
    assert_eq!(verified.bound, job.bound(Some(target_from_nbits(EASY))));
    let proof = job.proof(t_row, t_col).unwrap();
    assert_eq!(PlainProof::decode(&proof.encode()).unwrap(), proof);
    proof
}

#[test]
fn native_tiles() {
    let proof = check(&job(MiningConfig::native(2048, 128), 32, 32, EASY), 16, 0);
    assert_eq!(proof.encode().len(), 67_057);
    // k not a multiple of r; m * k not a multiple of 1024; m and n not multiples of the tile.
    let odd = job(MiningConfig::native(2112, 128), 39, 37, EASY);
    assert_ne!(39 * 2112 % 1024, 0);
    for t_row in odd.tile_rows() {
        for t_col in odd.tile_cols() {
            check(&odd, t_row, t_col);
        }
    }
    assert_eq!(odd.tile_rows().collect::<Vec<_>>(), [0, 16]);
    check(&job(MiningConfig::native(4096, 128), 32, 16, EASY), 0, 0);
    check(&job(MiningConfig::native(4096, 256), 16, 32, EASY), 0, 16);
    check(&job(MiningConfig::native(1024 * 16, 1024), 16, 16, EASY), 0, 0);
}

#[test]
fn patterned_tiles() {
    let rows = check(&job(wide(4096, 128), 64, 64, EASY), 0, 0);
    assert_eq!((rows.a.leaves.len(), rows.bt.leaves.len()), (8, 256));
    check(&job(wide(4096, 128), 65, 130, EASY), 31, 64);
    let config = MiningConfig {
        k: 2112,
        r: 128,
        rows: Pattern::from_offsets(&[0, 8, 64, 72]).unwrap(),
        cols: Pattern::from_offsets(&[0, 1, 4, 5, 8, 9, 12, 13]).unwrap(),
    };
    check(&job(config, 81, 33, EASY), 7, 18);
    let config = MiningConfig { rows: Pattern::from_offsets(&[0, 8]).unwrap(), ..wide(2048, 128) };
    check(&job(config, 16, 64, EASY), 5, 0);
    // 20 rows: two strips of A.
    let config = MiningConfig {
        rows: Pattern::contiguous(20).unwrap(),
        cols: Pattern::contiguous(12).unwrap(),
        ..wide(2048, 128)
    };
    check(&job(config, 40, 24, EASY), 20, 12);
}

/// The size that the spec gives for rows [0, 32] x 64 columns, k = 4096, m = n = 131072, without the matrices.
#[test]
fn size_of_a_full_scale_proof() {
    let total = 131_072 * 4;
    let leaves =
        |rows: &[u64]| -> Vec<u64> { rows.iter().flat_map(|r| 4 * r..4 * r + 4).collect() };
    let size = |rows: &[u64]| {
        let siblings = sibling_places(total, &leaves(rows)).unwrap().len();
        72 + 1040 * leaves(rows).len() + 32 * siblings + 8 * rows.len()
    };
    let size = 33 + size(&[0, 32]) + size(&(0..64).collect::<Vec<u64>>());
    assert_eq!(size.div_ceil(1000), 277);
    assert_eq!(size / 1000, 276);
}

#[test]
fn winners_and_losers_agree_with_the_verifier() {
    let mut seen = [0; 2];
    let job = job(MiningConfig::native(2048, 128), 64, 64, 0x1e01_0000);
    // A pool target that about half of all tickets meet after scaling by 2^19.
    let target = U256::MAX >> 20;
    for t_row in job.tile_rows() {
        for t_col in job.tile_cols() {
            let ticket = job.fold(t_row, t_col).unwrap().ticket;
            let proof = job.proof(t_row, t_col).unwrap().encode();
            for target in [Some(target), None] {
                let verdict = verify(job.header(), 3, &proof, target);
                let win = wins(&job, &ticket, target);
                assert_eq!(verdict.is_ok(), win);
                assert_eq!(rule(&verdict), if win { "accepted" } else { "bound" });
                seen[usize::from(win)] += 1;
            }
            // The bound itself wins; one less does not.
            let (number, work) = (U256::from_little_endian(&ticket), U256::from(1u64 << 19));
            let share = number / work;
            let exact = verify(job.header(), 3, &proof, Some(share + 1));
            assert!(exact.is_ok());
            let below = verify(job.header(), 3, &proof, Some(share.saturating_sub(U256::one())));
            assert!(matches!(below, Err(Refusal::Bound { ticket, .. }) if ticket == number));
        }
    }
    assert!(seen[0] > 4 && seen[1] > 4, "{seen:?}");
}

#[test]
fn another_header_is_another_job() {
    let job = job(MiningConfig::native(2048, 128), 32, 32, EASY);
    let proof = job.proof(0, 0).unwrap().encode();
    assert!(verify(job.header(), 3, &proof, None).is_ok());
    for at in 0..76 {
        let mut other = *job.header();
        other.0[at] ^= 1;
        assert_eq!(rule(&verify(&other, 3, &proof, None)), "root-a", "byte {at}");
    }
}

#[test]
fn reseed_is_a_fresh_job() {
    for (m, k) in [(39, 2112), (16, 2048)] {
        let config = MiningConfig::native(k, 128);
        let mut job = job(config, m, 16, EASY);
        let before = job.clone();
        // Within one leaf, over a leaf's edge, and at the very end.
        let last = (m - 1, k as usize - 3);
        for (row, column, values) in
            [(0, 5, &[1i8, 2][..]), (3, 1000, &[9; 200]), (last.0, last.1, &[-64, 64, 0])]
        {
            let seeds = job.seeds_with(row, column, values).unwrap();
            job.reseed(row, column, values).unwrap();
            assert_eq!(*job.seeds(), seeds);
            let fresh =
                PreparedJob::new(*job.header(), config, job.a().clone(), job.bt().clone()).unwrap();
            assert_eq!((job.hash_a(), job.seeds()), (fresh.hash_a(), fresh.seeds()));
            assert_eq!(job.fold(0, 0).unwrap(), fresh.recheck(0, 0).unwrap());
            assert_eq!(job.proof(0, 0).unwrap(), fresh.proof(0, 0).unwrap());
            check(&job, 0, 0);
        }
        assert_eq!((before.seeds().b, before.panel_b(0)), (job.seeds().b, job.panel_b(0)));
        assert_ne!(before.seeds().a, job.seeds().a);
        // Refused writes change nothing; empty ones neither.
        let state = job.fold(0, 0).unwrap();
        assert!(matches!(job.reseed(0, 0, &[65]), Err(MineError::Matrix { .. })));
        assert!(matches!(job.reseed(0, k as usize, &[1]), Err(MineError::Matrix { .. })));
        assert!(matches!(job.reseed(m, 0, &[1]), Err(MineError::Matrix { .. })));
        for (row, column, values) in [(0, 0, [65]), (0, k as usize, [1]), (m, 0, [1])] {
            let refused = job.seeds_with(row, column, &values);
            assert!(matches!(refused, Err(MineError::Matrix { .. })));
        }
        job.reseed(0, 0, &[]).unwrap();
        assert_eq!(job.fold(0, 0).unwrap(), state);
    }
}

#[test]
fn jobs_that_no_verifier_takes_are_refused() {
    let native = MiningConfig::native(2048, 128);
    let new = |config, a: Matrix, bt: Matrix| {
        PreparedJob::new(header(EASY, 1), config, a, bt).unwrap_err()
    };
    let good = || signal("g", 32, 2048);
    let mut bad = good();
    bad.write(3, 4, &[-65]).unwrap();
    assert!(matches!(new(native, bad.clone(), good()), MineError::Matrix { matrix: "A", .. }));
    assert!(matches!(new(native, good(), bad), MineError::Matrix { .. }));
    let short = MineError::Length { matrix: "B transposed", found: 1024, k: 2048 };
    assert_eq!(new(native, good(), signal("g", 32, 1024)), short);
    assert!(matches!(new(native, signal("g", 15, 2048), good()), MineError::NoTile { m: 15, .. }));
    assert!(matches!(new(MiningConfig::native(2048, 64), good(), good()), MineError::Limit(_)));

    let job = job(native, 32, 32, EASY);
    for (t_row, t_col) in [(1, 0), (0, 8), (32, 0), (0, 32), (u32::MAX, 0), (0, u32::MAX - 15)] {
        assert!(matches!(job.proof(t_row, t_col), Err(MineError::Tile { .. })));
        assert!(matches!(job.fold(t_row, t_col), Err(MineError::Tile { .. })));
        assert!(matches!(job.recheck(t_row, t_col), Err(MineError::Tile { .. })));
    }
    // Strips beyond the matrix are zero lanes, not a panic.
    assert_eq!(job.panel_a(u32::MAX).lane(3), [0; 2048]);
}
