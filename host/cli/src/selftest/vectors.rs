//! Tiles whose answers the golden function knows.

use std::sync::Arc;

use gemmine_driver::{Completion, Limits, PearlScan, TILE_CHUNK};
use gemmine_pouw::noise::{Side, factor_rows, index_pairs, noise_row};
use gemmine_pouw::panel::Panel;
use gemmine_pouw::tile::{fold_register, ticket, tile};

/// Key of every ticket here.
pub const KEY: [u8; 32] = *b"gemmine selftest: the ticket key";

/// 16 lanes of as many values.
pub type Lanes = Vec<Vec<i8>>;

/// A tile and its answer.
pub struct Vector {
    /// For people.
    pub name: String,
    /// Rows of A; their bits, where they are unsigned.
    pub a: Lanes,
    /// Columns of B.
    pub b: Lanes,
    /// The bytes of A are unsigned.
    pub unsigned_a: bool,
    /// Steps of a chunk.
    pub chunk_steps: usize,
    /// The ticket.
    pub ticket: [u8; 32],
    /// The product, row by row.
    pub product: Vec<i32>,
}

impl Vector {
    /// A tile; the golden function gives its answer.
    pub fn new(name: &str, (a, b): (Lanes, Lanes), unsigned_a: bool, chunk_steps: usize) -> Self {
        let (register, product) = golden(&a, &b, unsigned_a, chunk_steps);
        let ticket = ticket(&KEY, &register);
        Self { name: name.to_owned(), a, b, unsigned_a, chunk_steps, ticket, product }
    }

    /// Steps of k.
    pub fn steps(&self) -> usize {
        self.a.first().map_or(0, Vec::len)
    }

    /// Both panels.
    pub fn panels(&self) -> (Arc<Panel>, Arc<Panel>) {
        let panel = |lanes: &Lanes| {
            let lanes: Vec<&[i8]> = lanes.iter().map(Vec::as_slice).collect();
            Arc::new(Panel::from_lanes(&lanes, self.steps()))
        };
        (panel(&self.a), panel(&self.b))
    }

    /// What is wrong with a device's answer, if something is.
    pub fn complain(&self, completion: &Completion) -> Option<String> {
        let name = &self.name;
        if let Some(tile) = &completion.tile {
            let pairs = tile.as_flattened().iter().zip(&self.product);
            let wrong: Vec<usize> =
                pairs.enumerate().filter(|(_, (got, want))| got != want).map(|(n, _)| n).collect();
            if let Some(&first) = wrong.first() {
                return Some(format!(
                    "{name}: {} of 256 results wrong; row {}, column {} is {}, not {}",
                    wrong.len(),
                    first / 16,
                    first % 16,
                    tile.as_flattened()[first],
                    self.product[first]
                ));
            }
        }
        (completion.ticket != self.ticket).then(|| {
            let (got, want) = (hex::encode(completion.ticket), hex::encode(self.ticket));
            format!("{name}: ticket {got}, not {want}")
        })
    }
}

/// The ticket of one of a scan's tiles.
pub fn noise_ticket(scan: &PearlScan, nth: u32) -> [u8; 32] {
    let rank = TILE_CHUNK as u16;
    let lanes = |side, seed, panel: u32| -> Lanes {
        let pairs = index_pairs(side, seed, rank, scan.steps as u32);
        let rows: Vec<u32> = (16 * panel..16 * panel + 16).collect();
        let factors = factor_rows(side, seed, rank, &rows);
        factors.chunks(TILE_CHUNK).map(|factor| noise_row(factor, &pairs)).collect()
    };
    let (row, column) = scan.place(nth);
    let (a, b) = (lanes(Side::A, &scan.a_seed, row), lanes(Side::B, &scan.b_seed, column));
    let (register, _) = golden(&a, &b, false, TILE_CHUNK);
    ticket(&scan.a_seed, &register)
}

/// Fold register and product. The golden function takes signed bytes: an unsigned one is a signed one,
/// and 256 more where that is negative.
fn golden(a: &Lanes, b: &Lanes, unsigned_a: bool, chunk_steps: usize) -> ([u32; 16], Vec<i32>) {
    let view = |lanes: &Lanes, end: usize| -> Lanes {
        lanes.iter().map(|lane| lane[..end].to_vec()).collect()
    };
    let run = |a: &Lanes, b: &Lanes| {
        let [a, b] = [a, b].map(|lanes| lanes.iter().map(Vec::as_slice).collect::<Vec<_>>());
        tile(&a, &b, chunk_steps)
    };
    let signed = run(a, b);
    if !unsigned_a {
        return (signed.register, signed.product);
    }
    let negative: Lanes =
        a.iter().map(|lane| lane.iter().map(|value| i8::from(*value < 0)).collect()).collect();
    let steps = a.first().map_or(0, Vec::len);
    let product = |end: usize| -> Vec<i32> {
        let b = view(b, end);
        let (low, high) = (run(&view(a, end), &b).product, run(&view(&negative, end), &b).product);
        low.iter().zip(&high).map(|(low, high)| low + 256 * high).collect()
    };
    let fold = |chunk: usize| {
        product(chunk * chunk_steps).iter().fold(0, |word, sum| word ^ sum.cast_unsigned())
    };
    let words: Vec<u32> = (1..=steps / chunk_steps).map(fold).collect();
    (fold_register(&words), product(steps))
}

/// Pseudo-random bytes, the same everywhere (SplitMix64).
pub fn random(seed: u64, steps: usize) -> Lanes {
    let value = |lane: usize, step: usize| {
        let mut x = seed
            .wrapping_add(((lane * steps + step + 1) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x >> 56) as i8
    };
    fill(steps, value)
}

fn fill(steps: usize, value: impl Fn(usize, usize) -> i8) -> Lanes {
    (0..16).map(|lane| (0..steps).map(|step| value(lane, step)).collect()).collect()
}

/// Extremes of the operands and of a chunk's sum, results in their places, random tiles, a tail.
pub fn golden_vectors(limits: &Limits) -> Vec<Vector> {
    let constant = |steps, value| fill(steps, |_, _| value);
    let short = limits.chunk_steps_min;
    let long = (2 * short).min(limits.panel_steps);
    // Four steps a word of a board's memory.
    let longest = limits.chunk_steps_max.min(limits.panel_steps);
    let longest = longest - longest % limits.steps_multiple;
    let mut vectors = Vec::new();
    for (a, b) in [(-128, -128), (-128, 127), (127, 127), (-127, -127), (127, -127), (-1, -128)] {
        let lanes = (constant(long, a), constant(long, b));
        vectors.push(Vector::new(&format!("{a} x {b}"), lanes, false, short));
    }
    // 255, 128 and 127 as unsigned bytes.
    for (a, b) in [(-1, -128), (-1, 127), (-128, -127), (127, -128)] {
        let shown = i8::cast_unsigned(a);
        let lanes = (constant(longest, a), constant(longest, b));
        vectors.push(Vector::new(&format!("unsigned {shown} x {b}"), lanes, true, longest));
    }
    // Row i of A picks step i, where column j of B holds 16 i + j.
    let places = (
        fill(short, |lane, step| i8::from(lane == step)),
        fill(short, |lane, step| (16 * step + lane) as i8),
    );
    vectors.push(Vector::new("results in their places", places, false, short));
    for (seed, unsigned_a) in [(1, false), (2, true)] {
        let lanes = (random(2 * seed, long), random(2 * seed + 1, long));
        vectors.push(Vector::new("random bytes", lanes, unsigned_a, short));
    }
    let with_tail = 2 * (short + 4) + short;
    if with_tail <= limits.panel_steps {
        let lanes = (random(6, with_tail), random(7, with_tail));
        vectors.push(Vector::new("random bytes with a tail", lanes, false, short + 4));
    }
    vectors
}

/// Two tiles as long as all of panel memory: a wrong bit of any word, or a word in another's place,
/// changes a result, and every bit is 0 in one of them and 1 in the other.
pub fn memory_vectors(limits: &Limits) -> [Vector; 2] {
    let steps = limits.panel_steps;
    let chunk = limits.chunk_steps_max.min(steps);
    let lanes = (random(8, steps), random(9, steps));
    let inverted =
        |lanes: &Lanes| lanes.iter().map(|lane| lane.iter().map(|v| !v).collect()).collect();
    let inverse = (inverted(&lanes.0), inverted(&lanes.1));
    [
        Vector::new("random bits in every word", lanes, false, chunk),
        Vector::new("the same bits inverted", inverse, false, chunk),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsigned_bytes_have_the_answer_of_plain_loops() {
        let vector = Vector::new("", (random(1, 192), random(2, 192)), true, 64);
        let mut sums = [[0_i32; 16]; 16];
        let mut words = Vec::new();
        for step in 0..192 {
            for (row, a) in sums.iter_mut().zip(&vector.a) {
                for (sum, b) in row.iter_mut().zip(&vector.b) {
                    *sum += i32::from(a[step].cast_unsigned()) * i32::from(b[step]);
                }
            }
            if (step + 1) % 64 == 0 {
                words.push(sums.as_flattened().iter().fold(0, |word, sum| word ^ *sum as u32));
            }
        }
        assert_eq!(vector.product, sums.as_flattened());
        assert_eq!(vector.ticket, ticket(&KEY, &fold_register(&words)));
    }
}
