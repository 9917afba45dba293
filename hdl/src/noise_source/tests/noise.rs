//! Noise of panels, by the specification.

use std::cell::RefCell;
use std::collections::HashMap;

use super::Panel;
use crate::noise_hash::tests::hash;
use crate::noise_pairs::tests::pair;
use crate::testbench::Random;

/// What a scan is seeded with.
pub struct Seed {
    pub keys: [[u32; 8]; 2],
    pub row: u32,
    pub column: u32,
    pub columns_last: u32,
}

impl Seed {
    pub fn new(nth: u64, row: u32, column: u32, columns_last: u32) -> Self {
        let mut random = Random(1000 + nth);
        let keys = [0, 1].map(|_| std::array::from_fn(|_| random.next() as u32));
        Self { keys, row, column, columns_last }
    }

    /// Words of the two job slots with their places; what is not for the source is noise.
    pub fn words(&self) -> Vec<(u64, u32)> {
        let word = |place: usize| match place {
            0..8 | 16..24 => self.keys[place / 16][place % 8],
            24 => self.row,
            25 => self.column,
            26 => self.columns_last,
            _ => 0x5a5a_0000 | place as u32,
        };
        (0..32).map(|place| (place as u64, word(place))).collect()
    }
}

/// Bytes of E's rows of a panel.
type Rows = [[u8; 128]; 16];

/// The pairs of both sides, and the rows of E that were asked for.
pub struct Noise {
    keys: [[u32; 8]; 2],
    first: [u32; 2],
    pairs: [Vec<[usize; 2]>; 2],
    rows: RefCell<HashMap<(bool, u32), Rows>>,
}

impl Noise {
    pub fn new(seed: &Seed, k: usize) -> Self {
        let pairs = [false, true].map(|b| {
            let key = &seed.keys[usize::from(b)];
            let words = (0..k as u32 / 8).flat_map(|index| hash(key, b, true, index));
            words.map(pair).collect()
        });
        Self { keys: seed.keys, first: [seed.row, seed.column], pairs, rows: RefCell::default() }
    }

    /// Word `nth` of a lane of a panel.
    pub fn word(&self, panel: Panel, lane: usize, nth: usize) -> u32 {
        let side = usize::from(panel.b);
        // Numbers of panels have 20 bits.
        let number = self.first[side].wrapping_add(panel.nth as u32) & 0xf_ffff;
        let mut rows = self.rows.borrow_mut();
        let rows = rows.entry((panel.b, number)).or_insert_with(|| {
            let quarter = |row: u32, quarter: u32| {
                let index = 4 * (16 * number + row) + quarter;
                hash(&self.keys[side], panel.b, false, index).map(u32::to_le_bytes)
            };
            std::array::from_fn(|row| {
                let bytes = (0..4).flat_map(|n| quarter(row as u32, n)).flatten();
                let bytes: Vec<u8> = bytes.collect();
                std::array::from_fn(|column| bytes[column])
            })
        });
        let value = |column: usize| (rows[lane][column] & 63) as i8 - 32;
        let steps: [u8; 4] = std::array::from_fn(|step| {
            let [plus, minus] = self.pairs[side][4 * nth + step];
            (value(plus) - value(minus)) as u8
        });
        u32::from_le_bytes(steps)
    }
}
