//! Panel memories, and an array that reads them.

use super::noise::Noise;
use super::schedule::Panel;
use crate::registers::panel_address;

/// What the array computes, and with how many lanes.
pub struct Shape {
    /// Lanes of the array on A's and on B's side.
    pub widths: [usize; 2],
    /// Bits of a word's address in its lane.
    pub word_bits: usize,
    /// Chunks of a tile.
    pub chunks: usize,
    /// Steps of a chunk, in all slots.
    pub pass: usize,
    /// Tiles of a row.
    pub columns: usize,
}

/// Where the array stands, and what the memories hold.
pub struct Array {
    shape: Shape,
    memories: [Vec<Option<u32>>; 2],
    step: usize,
    chunk: usize,
    column: usize,
    row: usize,
    /// Chunks of B so far.
    total: usize,
}

impl Array {
    pub fn new(shape: Shape) -> Self {
        let memories = [0, 1].map(|_| vec![None; 16 << shape.word_bits]);
        Self { shape, memories, step: 0, chunk: 0, column: 0, row: 0, total: 0 }
    }

    /// The next step is its chunk's last.
    pub fn is_pass_end(&self) -> bool {
        self.step == self.shape.pass - 1
    }

    /// The next step is a row's first.
    pub fn is_row_start(&self) -> bool {
        self.step == 0 && self.chunk == 0 && self.column == 0
    }

    /// Tiles so far.
    pub fn tiles(&self) -> usize {
        self.row * self.shape.columns + self.column
    }

    /// Puts a word into a memory.
    pub fn write(&mut self, b: bool, address: usize, word: u32) {
        self.memories[usize::from(b)][address] = Some(word);
    }

    /// Takes a step. With a chunk's first and last, all of the chunk must be there, of A and of B.
    pub fn step(&mut self, noise: &Noise) {
        if self.step == 0 || self.is_pass_end() {
            let ring = self.total % (1 << (self.shape.word_bits - 5));
            for nth in 0..32 {
                for lane in 0..16 {
                    let panel = Panel { b: false, nth: self.row };
                    self.compare(noise, panel, lane, 32 * self.chunk, nth);
                    let panel = Panel { b: true, nth: self.column };
                    self.compare(noise, panel, lane, 32 * ring, nth);
                }
            }
        }
        self.step += 1;
        if self.step < self.shape.pass {
            return;
        }
        self.step = 0;
        self.total += 1;
        self.chunk += 1;
        if self.chunk == self.shape.chunks {
            self.chunk = 0;
            self.column += 1;
        }
        if self.column == self.shape.columns {
            self.column = 0;
            self.row += 1;
        }
    }

    /// Word `nth` of the chunk, in a memory in which the chunk begins at word `first`.
    fn compare(&self, noise: &Noise, panel: Panel, lane: usize, first: usize, nth: usize) {
        let side = usize::from(panel.b);
        let place = panel_address(self.shape.widths[side], self.shape.word_bits, lane) as usize;
        let want = noise.word(panel, lane, 32 * self.chunk + nth);
        let (tile, chunk) = (self.tiles(), self.chunk);
        let got = self.memories[side][place + first + nth];
        assert_eq!(got, Some(want), "{panel:?}, lane {lane}, word {nth}, tile {tile}, {chunk}");
    }
}
