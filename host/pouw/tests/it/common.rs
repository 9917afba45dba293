//! Jobs and matrices that the tests share.

use gemmine_pouw::config::{Header76, MiningConfig};
use gemmine_pouw::matrix::Matrix;
use gemmine_pouw::mine::PreparedJob;
use gemmine_pouw::pattern::Pattern;
use gemmine_pouw::target::{U256, meets, target_from_nbits};
use gemmine_pouw::verify::{Refusal, Verified, verify};

/// A target that every ticket meets.
pub const EASY: u32 = 0x207f_ffff;

/// A digest from hex.
pub fn digest(hex: &str) -> [u8; 32] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

/// `len` bytes of BLAKE3's extended output of `label`.
pub fn xof(label: &str, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new().update(label.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

/// Values in [-64, 64] as the oracle's recipe makes them: u16 LE mod 129 - 64.
pub fn signal(label: &str, rows: usize, k: usize) -> Matrix {
    let bytes = xof(label, 2 * rows * k);
    let value = |pair: &[u8]| (u16::from_le_bytes([pair[0], pair[1]]) % 129) as i16 - 64;
    let data = bytes.chunks_exact(2).map(|pair| value(pair) as i8).collect();
    Matrix::new(rows, k, data).unwrap()
}

/// A header whose every field is asymmetric under byte reversal.
pub fn header(nbits: u32, time: u32) -> Header76 {
    let mut bytes = [0; 76];
    bytes[..4].copy_from_slice(&0x2000_0001u32.to_le_bytes());
    for (i, byte) in bytes[4..68].iter_mut().enumerate() {
        *byte = (i as u8).wrapping_mul(37).wrapping_add(11);
    }
    bytes[68..72].copy_from_slice(&time.to_le_bytes());
    bytes[72..].copy_from_slice(&nbits.to_le_bytes());
    Header76(bytes)
}

/// A job on recipe matrices under [`header`].
pub fn job(config: MiningConfig, m: usize, n: usize, nbits: u32) -> PreparedJob {
    let k = config.k as usize;
    PreparedJob::new(header(nbits, 0x5f5e_1001), config, signal("a", m, k), signal("b", n, k))
        .unwrap()
}

/// Rows [0, 32] by 64 contiguous columns.
pub fn wide(k: u32, r: u16) -> MiningConfig {
    MiningConfig {
        k,
        r,
        rows: Pattern::from_offsets(&[0, 32]).unwrap(),
        cols: Pattern::contiguous(64).unwrap(),
    }
}

/// Verifies the proof of a tile against its own header, whatever the ticket.
pub fn check_easy(job: &PreparedJob, t_row: u32, t_col: u32) -> Verified {
    let proof = job.proof(t_row, t_col).unwrap().encode();
    verify(job.header(), 3, &proof, Some(target_from_nbits(EASY))).unwrap()
}

/// The rule that a refused proof breaks.
pub fn rule(verdict: &Result<Verified, Refusal>) -> &'static str {
    verdict.as_ref().map_or_else(Refusal::rule, |_| "accepted")
}

/// Whether a ticket wins under the job's own header.
pub fn wins(job: &PreparedJob, ticket: &[u8; 32], target: Option<U256>) -> bool {
    meets(ticket, job.bound(target))
}
