//! Reproducible random tiles.

use std::sync::Arc;

use gemmine_pouw::panel::Panel;
use gemmine_sim::TileWork;

/// SplitMix64: a test's random numbers.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// An operand: one in four is an extreme.
    pub fn operand(&mut self) -> i8 {
        match self.below(16) {
            0 => -128,
            1 => -127,
            2 => 127,
            3 => 0,
            _ => self.next() as i8,
        }
    }

    /// A panel of such operands.
    pub fn panel(&mut self, steps: usize) -> Arc<Panel> {
        let steps: Vec<[i8; 16]> =
            (0..steps).map(|_| std::array::from_fn(|_| self.operand())).collect();
        Arc::new(Panel::from_steps(&steps))
    }

    /// A tile of such operands.
    pub fn tile(&mut self, steps: usize, chunk_steps: usize) -> TileWork {
        let (a, b) = (self.panel(steps), self.panel(steps));
        TileWork { a, unsigned_a: false, b, steps, chunk_steps }
    }
}

/// A tile whose operands are all the same; `a` above 127 makes it unsigned.
pub fn constant_tile(a: i16, b: i8, steps: usize, chunk_steps: usize) -> TileWork {
    let panel = |value: i8| Arc::new(Panel::from_steps(&vec![[value; 16]; steps]));
    TileWork { a: panel(a as i8), unsigned_a: a > 127, b: panel(b), steps, chunk_steps }
}
