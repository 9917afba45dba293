//! What the source of noise of the double makes of the words of a seed, by the plain rule: nothing of it is shared
//! with what the host computes.

use gemmine_hdl::registers::JOB_WORDS;

use super::engines::{Ended, compress};

const RANK: usize = 128;
/// Flags of a hash of one block under a key: start and end of a chunk, root, keyed.
const ONE_BLOCK: u32 = 1 | 2 | 8 | 16;

fn hash(key: &[u32; 8], block: &[u32]) -> [u32; 8] {
    let words = compress(key, block, [0, 64, ONE_BLOCK]);
    std::array::from_fn(|n| words[n])
}

/// A side's key and the label in its messages.
struct Side {
    key: [u32; 8],
    label: [u8; 8],
}

impl Side {
    fn new(key: &[u32], label: [u8; 8]) -> Self {
        Self { key: std::array::from_fn(|n| key[n]), label }
    }

    /// Hash of a number, from 0 on, in one of the two streams.
    fn stream(&self, slot: usize, number: u32) -> [u32; 8] {
        let mut block = [0; 16];
        block[slot] = number + 1;
        let (label, _) = self.label.as_chunks();
        block[8] = u32::from_le_bytes(label[0]);
        block[9] = u32::from_le_bytes(label[1]);
        hash(&self.key, &block)
    }

    /// 16 lanes of a panel.
    fn lanes(&self, panel: u32, steps: usize) -> Vec<Vec<i32>> {
        let factor = |row: u32| -> Vec<i32> {
            let bytes = (4 * row..4 * row + 4).flat_map(|number| self.stream(0, number));
            let bytes = bytes.flat_map(u32::to_le_bytes);
            bytes.map(|byte| i32::from(byte % 64) - 32).collect()
        };
        let pairs: Vec<(usize, usize)> = (0..steps as u32 / 8)
            .flat_map(|number| self.stream(1, number))
            .map(|word| {
                let first = word as usize % RANK;
                let other = 1 + ((word as usize * (RANK - 1)) >> 32);
                (first, first ^ other)
            })
            .collect();
        let lane = |row| {
            let factor = factor(row);
            pairs.iter().map(|(plus, minus)| factor[*plus] - factor[*minus]).collect()
        };
        (16 * panel..16 * panel + 16).map(lane).collect()
    }
}

/// Runs the scan that two job slots hold, with so many chunks a tile.
pub fn run(slots: &[u32], chunks: usize) -> Ended {
    assert_eq!(slots.len(), 2 * JOB_WORDS as usize);
    assert!(slots[27..30].iter().chain(&slots[31..]).all(|word| *word == 0), "{slots:x?}");
    let a = Side::new(&slots[..8], *b"A_tensor");
    let b = Side::new(&slots[16..24], *b"B_tensor");
    let bound = &slots[8..16];
    let (row, column, columns, tiles) = (slots[24], slots[25], slots[26] + 1, slots[30] + 1);
    assert!(columns <= 1 << 16 && tiles <= 1 << 16);
    let steps = RANK * chunks;
    let mut hit = false;
    for tile in 0..tiles {
        let hit_before = hit;
        let (row, column) = (row + tile / columns, column + tile % columns);
        assert!(row < 1 << 20 && column < 1 << 20);
        let ticket = ticket(&a.key, &a.lanes(row, steps), &b.lanes(column, steps));
        hit = ticket.iter().rev().le(bound.iter().rev());
        if hit_before || tile + 1 == tiles {
            return Ended { nonce: tile, hash: ticket, hit, hit_before, attempts: tile + 1 };
        }
    }
    unreachable!("a scan has a tile at least")
}

fn ticket(key: &[u32; 8], a: &[Vec<i32>], b: &[Vec<i32>]) -> [u32; 8] {
    let mut register = [0_u32; 16];
    for chunk in 0..a[0].len() / RANK {
        let sum = |a: &[i32], b: &[i32]| -> i32 {
            let steps = 0..RANK * (chunk + 1);
            steps.map(|step| a[step] * b[step]).sum()
        };
        let sums = a.iter().flat_map(|a| b.iter().map(|b| sum(a, b)));
        let word = sums.fold(0, |word, sum| word ^ sum.cast_unsigned());
        register[chunk % 16] = register[chunk % 16].rotate_left(13) ^ word;
    }
    hash(key, &register)
}
