//! From two commitments to two noise seeds.
//!
//! A's seed depends on everything; B's only on the job key and on B. So a miner who changes A for a fresh
//! ticket keeps B's noise.

use crate::digest::{self, Digest};

/// `B3("pearl/cert-v3/noise-seed/A")`.
pub const SALT_A: Digest = [
    0x82, 0x49, 0x40, 0x6c, 0xa0, 0xed, 0x15, 0x16, 0x96, 0x16, 0xf6, 0x92, 0xfc, 0xf0, 0x76, 0xf8,
    0x92, 0xdb, 0xdb, 0x2a, 0x70, 0x23, 0xb8, 0x52, 0xf0, 0xd4, 0x77, 0x19, 0xc3, 0x90, 0x01, 0x7b,
];
/// `B3("pearl/cert-v3/noise-seed/B")`.
pub const SALT_B: Digest = [
    0x11, 0x30, 0x06, 0x32, 0xec, 0x63, 0x01, 0xca, 0x2b, 0xe2, 0xaf, 0x71, 0x8b, 0x3f, 0x4d, 0x4f,
    0x1a, 0xe9, 0xc6, 0x39, 0x88, 0xe8, 0xcc, 0x04, 0x48, 0x44, 0x30, 0x1d, 0x71, 0xb8, 0x9a, 0xa9,
];

/// The two noise seeds of a job. `a` also keys the ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// Seed of A's noise, and key of every ticket.
    pub a: Digest,
    /// Seed of B's noise.
    pub b: Digest,
}

impl Seeds {
    /// Both seeds, from the job key, the commitments and the matrices' extents.
    #[must_use]
    pub fn new(job_key: &Digest, hash_a: &Digest, hash_b: &Digest, m: u32, n: u32) -> Self {
        let b = b_seed(job_key, &bound_b(hash_b, n));
        Self { a: a_seed(&b, &bound_a(hash_a, m)), b }
    }
}

/// `B3k(SALT_A, hash_a ‖ m u32 LE ‖ 28 zero bytes)`: A's commitment bound to its height.
#[must_use]
pub fn bound_a(hash_a: &Digest, m: u32) -> Digest {
    bind(&SALT_A, hash_a, m)
}

/// `B3k(SALT_B, hash_b ‖ n u32 LE ‖ 28 zero bytes)`: B's commitment bound to its width.
#[must_use]
pub fn bound_b(hash_b: &Digest, n: u32) -> Digest {
    bind(&SALT_B, hash_b, n)
}

/// `B3(job_key ‖ bound_b)`.
#[must_use]
pub fn b_seed(job_key: &Digest, bound_b: &Digest) -> Digest {
    join(job_key, bound_b)
}

/// `B3(b_seed ‖ bound_a)`.
#[must_use]
pub fn a_seed(b_seed: &Digest, bound_a: &Digest) -> Digest {
    join(b_seed, bound_a)
}

fn bind(salt: &Digest, root: &Digest, extent: u32) -> Digest {
    let mut block = [0; 64];
    block[..32].copy_from_slice(root);
    block[32..36].copy_from_slice(&extent.to_le_bytes());
    digest::keyed(salt, &block)
}

fn join(left: &Digest, right: &Digest) -> Digest {
    digest::hash([*left, *right].as_flattened())
}
