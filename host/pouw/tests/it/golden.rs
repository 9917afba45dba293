//! The vectors of the Pearl spec, value by value.

use crate::common::{digest, header, job};
use gemmine_pouw::config::{ConfigError, Header76, MiningConfig, job_key};
use gemmine_pouw::digest::hash;
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::noise::noise_row;
use gemmine_pouw::pattern::Pattern;
use gemmine_pouw::seeds::{SALT_A, SALT_B, Seeds};
use gemmine_pouw::target::{meets, to_hex};
use gemmine_pouw::tile::{fold_register, tile};

#[test]
fn salts_are_the_hashes_of_their_names() {
    assert_eq!(SALT_A, hash(b"pearl/cert-v3/noise-seed/A"));
    assert_eq!(SALT_B, hash(b"pearl/cert-v3/noise-seed/B"));
}

/// Seeds pinned upstream.
#[test]
fn upstream_seeds() {
    let seeds = Seeds::new(&[0x11; 32], &[0xaa; 32], &[0xbb; 32], 192, 320);
    let b = "60ed9b73c5a9599b200b6cd563e7f0d5d9a67d2402d85fd4ef966c580080d0e5";
    let a = "301784168005ec833ab0aa60006f7fe7faaa95307d8c1fc6819b2ffdd717eccf";
    assert_eq!(seeds, Seeds { a: digest(a), b: digest(b) });
}

/// KAT1 of the spec: A = B = 0, so that the tile is noise times noise.
fn zero_signal() -> PreparedJob {
    let mut bytes = [0; 76];
    bytes[4..36].fill(1);
    bytes[36..68].fill(2);
    bytes[68..72].fill(0x66);
    bytes[72..].copy_from_slice(&0x1e01_0000u32.to_le_bytes());
    let zero = Matrix::new(32, 2048, vec![0; 32 * 2048]).unwrap();
    PreparedJob::new(Header76(bytes), MiningConfig::native(2048, 128), zero.clone(), zero).unwrap()
}

#[test]
fn zero_signal_tile() {
    let job = zero_signal();
    assert_eq!(
        hex::encode(job.config().to_bytes()),
        format!("0008000080000000000f00000000000f{}", "0".repeat(72))
    );
    let key = "d1fe65afe68a742e5f06920cb4a1145b038da825b13b0e14d2e7d7f593f1f933";
    let root = "1f05f62781751e28f14470885de0e548109d6e6bb8ae9a4dd7b0ca21e260ac74";
    assert_eq!(*job.job_key(), digest(key));
    assert_eq!(job.hash_a(), digest(root));
    assert_eq!(job.hash_b(), digest(root));
    let b = "a6d64f36b8f78f461fd156199865e7371f4dfdb221d1114814b99eeb224e72cd";
    let a = "d75f9be2672c37a437a872b8868483ed7ff2c719cc9a233ad75923ef838c8d93";
    assert_eq!(*job.seeds(), Seeds { a: digest(a), b: digest(b) });

    let first = |noise: &gemmine_pouw::noise::Noise| {
        noise_row(noise.factor_row(0), noise.pairs())[..8].to_vec()
    };
    assert_eq!(first(job.noise_a()), [-22, -30, -40, -28, -12, 47, 9, -11]);
    assert_eq!(first(job.noise_b()), [14, 2, -37, 13, 49, -40, -1, 19]);

    let golden = job.golden(0, 0).unwrap();
    assert_eq!(golden.words[..3], [0x278, 0xf78, 0x7956]);
    assert_eq!(
        golden.register,
        [
            0x0000_0278,
            0x0000_0f78,
            0x0000_7956,
            0xffff_8176,
            0x0000_7052,
            0x0000_35db,
            0xfffe_0800,
            0x0000_b574,
            0x0000_3fb6,
            0xfffe_2284,
            0x0001_db4e,
            0x0000_03a5,
            0xfffe_343c,
            0x0000_b54d,
            0x0000_dd2f,
            0xfffe_410c
        ]
    );
    let ticket = "2fcea4e24b74d91225178c90870f2ec8f223749dcd2a85edcbb2d7bfc660eced";
    let recheck = job.recheck(0, 0).unwrap();
    assert_eq!(recheck.ticket, digest(ticket));
    assert_eq!(job.fold(0, 0).unwrap(), recheck);
    let bound = job.bound(None);
    assert_eq!(to_hex(bound), format!("08{}", "0".repeat(62)));
    assert!(!meets(&recheck.ticket, bound));
}

#[test]
fn register_rotates_on_the_second_round() {
    let words: Vec<u32> = (1..=18).collect();
    let register = fold_register(&words);
    assert_eq!(register[0], (1 << 13) ^ 17);
    assert_eq!(register[1], (2 << 13) ^ 18);
    assert_eq!(register[2..], (3..=16).collect::<Vec<u32>>());
}

#[test]
fn tile_by_hand() {
    // acc after each chunk of 2: [[1*5+2*6, ..], ..], then cumulative; a tail of one step folds nowhere.
    let (rows, cols) =
        ([[1i8, 2, 3, 4, 100], [-1, 0, 0, 1, 1]], [[5i8, 6, 7, 8, 1], [1, 1, 1, 1, 1]]);
    let result = tile(&[&rows[0], &rows[1]], &[&cols[0], &cols[1]], 2);
    let word = |acc: [i32; 4]| acc.iter().fold(0, |x, &v| x ^ v.cast_unsigned());
    assert_eq!(result.words, [word([17, 3, -5, -1]), word([70, 10, 3, 0])]);
    assert_eq!(result.product, [170, 110, 4, 1]);
}

#[test]
fn config_bytes_round_trip_and_refuse() {
    let config = MiningConfig {
        k: 4096,
        r: 256,
        rows: Pattern::from_offsets(&[0, 8, 64, 72]).unwrap(),
        cols: Pattern::contiguous(32).unwrap(),
    };
    let bytes = config.to_bytes();
    assert_eq!(
        hex::encode(&bytes[..20]),
        "00100000000100000701030100000 01f00000000".replace(' ', "")
    );
    assert_eq!(MiningConfig::from_bytes(&bytes), Ok(config));
    assert_eq!(MiningConfig::from_bytes(&bytes[1..]), Err(ConfigError::ConfigLength(51)));
    let edit = |at: usize, value| {
        let mut edited = bytes;
        edited[at] = value;
        MiningConfig::from_bytes(&edited)
    };
    assert_eq!(edit(6, 1), Err(ConfigError::MmaType(1)));
    assert_eq!(edit(51, 9), Err(ConfigError::Reserved { at: 51, value: 9 }));
    assert!(matches!(edit(12, 1), Err(ConfigError::Rows(_))));
    assert!(matches!(edit(16, 1), Err(ConfigError::Cols(_))));
}

#[test]
fn job_key_depends_on_every_byte_of_the_header() {
    let config = MiningConfig::native(2048, 128);
    let base = header(0x1e01_0000, 7);
    let keys: std::collections::HashSet<_> = (0..76)
        .map(|at| {
            let mut edited = base;
            edited.0[at] ^= 1;
            job_key(&edited, &config)
        })
        .collect();
    assert_eq!(keys.len(), 76);
    assert!(!keys.contains(&job_key(&base, &config)));
    assert_eq!(base.nbits(), 0x1e01_0000);
    assert_eq!(Header76::from_slice(&base.0[..75]), Err(ConfigError::HeaderLength(75)));
}

/// Two jobs that differ in m only have the same roots per leaf count but other seeds.
#[test]
fn extents_are_bound_into_the_seeds() {
    let small = job(MiningConfig::native(2048, 128), 32, 32, 0x1e01_0000);
    let seeds = |m, n| Seeds::new(small.job_key(), &small.hash_a(), &small.hash_b(), m, n);
    assert_eq!(seeds(32, 32), *small.seeds());
    assert_ne!(seeds(33, 32).a, small.seeds().a);
    assert_eq!(seeds(33, 32).b, small.seeds().b);
    assert_ne!(seeds(32, 33).b, small.seeds().b);
}
