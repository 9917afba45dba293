//! A chain of one's own: hands out seeds and judges solutions as a node's `/api/upow` calls do.
//!
//! Pure: time and secret come from outside, and everything that looks random is BLAKE3 of the secret. Whoever serves a
//! chain reads solutions by [`from_body`] and [`from_path`].
//!
//! A node's rule, and where this one differs:
//!
//! | | a node's validate call | here |
//! |---|---|---|
//! | length | shorter: both findings false; longer: `valid` false, the product is still looked at | both false |
//! | epoch | not looked at; the transaction that submits a solution checks it | must be the current one |
//! | `segment_vr_hash` | must be the current one | the same |
//! | hash | at least `diff_bits` leading zero bits | the same |
//! | product | Freivalds with fresh randomness, twice: for `valid`, and alone for `valid_math` | once, for both |
//! | repeats | answered as at first | the same |
//!
//! A node refuses repeats only when a solution is submitted on chain (`sol_exists`, by a Bloom filter
//! of the epoch's solutions). That call needs a signed transaction, and no chain of one's own has it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gemmine_pouw::amadeus::{self, K, NONCE_AT, SEED_BYTES, SOLUTION_BYTES, Seed};
use gemmine_pouw::digest::{self, Digest};

use super::verdict::Verdict;

/// Difficulty of a chain whose maker asks for none, in leading zero bits: a node's local genesis.
pub const BITS: u32 = 8;
/// Seconds of a segment whose maker asks for none: a node's 1000 entries at half a second each.
pub const SEGMENT_SECONDS: u32 = 500;
/// Segments of an epoch: a node's 100,000 entries.
const SEGMENTS_AN_EPOCH: u128 = 100;
/// Longest base58 text of 1264 bytes, and some more.
const LONGEST_TEXT: usize = 1800;
/// Where the epoch ends and the segment's hash begins in a seed.
const SEGMENT_AT: usize = 4;
/// Where that ends.
const KEY_AT: usize = SEGMENT_AT + size_of::<Digest>();

/// Why what came with a call is no solution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSolution {
    /// More text than a solution has.
    #[error("{0} characters of base58, too many")]
    Long(usize),
    /// Text that is none.
    #[error("the solution is not base58: {0}")]
    Text(bs58::decode::Error),
    /// More bytes than a solution has, or less.
    #[error("{0} bytes, expected {SOLUTION_BYTES}")]
    Length(usize),
}

/// The solution in the body of a call.
///
/// # Errors
/// If it has another length.
pub fn from_body(body: &[u8]) -> Result<[u8; SOLUTION_BYTES], NoSolution> {
    body.try_into().map_err(|_| NoSolution::Length(body.len()))
}

/// The solution in the path of a call, as base58.
///
/// # Errors
/// If it is none, or of another length.
pub fn from_path(text: &str) -> Result<[u8; SOLUTION_BYTES], NoSolution> {
    // Decoding takes the square of the length.
    if text.len() > LONGEST_TEXT {
        return Err(NoSolution::Long(text.len()));
    }
    from_body(&bs58::decode(text).into_vec().map_err(NoSolution::Text)?)
}

/// What a chain is like.
#[derive(Clone, Copy, Debug)]
pub struct ChainOptions {
    /// Leading zero bits that a solution's hash must have.
    pub bits: u32,
    /// How long a segment lasts, and with it the seeds handed out in it.
    pub segment: Duration,
}

/// A chain that has begun.
#[derive(Debug)]
pub struct Chain {
    options: ChainOptions,
    secret: Digest,
    began: Instant,
    /// Values drawn that must never come again.
    drawn: AtomicU64,
}

impl Chain {
    /// A chain whose first segment begins at `began`. Whoever knows the secret can make it take wrong
    /// products, so it is for tests to choose and for everybody else to draw.
    pub fn new(options: ChainOptions, secret: Digest, began: Instant) -> Self {
        Self { options, secret, began, drawn: AtomicU64::new(0) }
    }

    /// Leading zero bits that a solution's hash must have.
    pub fn bits(&self) -> u32 {
        self.options.bits
    }

    /// What it is like, for people.
    pub fn describe(&self) -> String {
        let seconds = self.options.segment.as_secs_f64();
        format!("local chain, {} bits, segments of {seconds} s", self.bits())
    }

    /// A seed of the current segment, with a nonce that no other seed has.
    pub fn seed(&self, now: Instant) -> [u8; SEED_BYTES] {
        let (epoch, segment_vr_hash) = self.segment(now);
        let mut nonce = [0; SEED_BYTES - NONCE_AT];
        nonce.copy_from_slice(&self.draw("nonce")[..SEED_BYTES - NONCE_AT]);
        let pk = padded("gemmine local chain: no public key");
        let pop = padded("gemmine local chain: no proof of possession");
        let computor = padded("gemmine local chain: no computor");
        Seed { epoch, segment_vr_hash, pk, pop, computor, nonce }.to_bytes()
    }

    /// What a node would say of these bytes now. Says the same however often it is asked.
    pub fn validate(&self, bytes: &[u8], now: Instant) -> Verdict {
        let Ok(solution) = <&[u8; SOLUTION_BYTES]>::try_from(bytes) else {
            return Verdict { valid: false, valid_math: false };
        };
        let (epoch, segment_vr_hash) = self.segment(now);
        let current = solution[..SEGMENT_AT] == epoch.to_le_bytes()
            && solution[SEGMENT_AT..KEY_AT] == segment_vr_hash;
        let found = amadeus::leading_zero_bits(&digest::hash(solution));
        // Fresh for every check: an answer then tells nothing about the next check's vectors.
        let valid_math = amadeus::freivalds(solution, &self.draw("vr_b3"), K);
        Verdict { valid: current && found >= self.options.bits && valid_math, valid_math }
    }

    /// Epoch and `segment_vr_hash` of a moment.
    fn segment(&self, now: Instant) -> (u32, Digest) {
        let elapsed = now.saturating_duration_since(self.began).as_nanos();
        let index = elapsed / self.options.segment.as_nanos().max(1);
        let epoch = u32::try_from(index / SEGMENTS_AN_EPOCH).unwrap_or(u32::MAX);
        (epoch, self.derive("segment", &index.to_le_bytes()))
    }

    /// A value that never came before.
    fn draw(&self, purpose: &str) -> Digest {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        self.derive(purpose, &number.to_le_bytes())
    }

    fn derive(&self, purpose: &str, number: &[u8]) -> Digest {
        digest::keyed(&self.secret, &[purpose.as_bytes(), number].concat())
    }
}

/// Text as a field of a seed: whoever looks at it sees that no key is there.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [b' '; N];
    for (byte, letter) in field.iter_mut().zip(text.bytes()) {
        *byte = letter;
    }
    field
}

#[cfg(test)]
mod tests;
