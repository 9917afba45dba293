//! Descriptors on their way in, completions on their way out, and the banks of product tiles.

use std::collections::VecDeque;

use gemmine_hdl::registers::{COMPLETION_WORDS, QUEUE, RESULT_BANKS, SHAPE_FIELDS};

/// Four words of a descriptor, decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Chosen by the host.
    pub tag: u32,
    /// First words of the panels of A and B in their lanes.
    pub first_words: [usize; 2],
    /// Steps of a chunk.
    pub chunk_steps: usize,
    /// Whole chunks.
    pub chunks: usize,
    /// Steps of the tail; 0 without one.
    pub tail_steps: usize,
    /// Bytes of A are unsigned.
    pub unsigned_a: bool,
    /// Keep the product tile.
    pub want_tile: bool,
    /// Job slot.
    pub job: usize,
    /// Commits of A and of B that the tile waits for.
    pub fences: [u8; 2],
}

impl Descriptor {
    /// From its words.
    pub fn from_words(words: [u32; 4]) -> Self {
        let [tag, panels, shape, rest] = words;
        let field = |nth: usize| {
            let (_, low, bits) = SHAPE_FIELDS[nth];
            shape >> low & ((1 << bits) - 1)
        };
        let has_tail = field(1) == 1;
        Self {
            tag,
            first_words: [panels as u16, (panels >> 16) as u16].map(usize::from),
            chunk_steps: field(0) as usize + 1,
            chunks: (rest & 0x7ff) as usize + 1,
            tail_steps: if has_tail { field(2) as usize + 1 } else { 0 },
            unsigned_a: field(3) == 1,
            want_tile: field(4) == 1,
            job: (rest >> 12 & 3) as usize,
            fences: [(rest >> 16) as u8, (rest >> 24) as u8],
        }
    }

    /// Steps of k.
    pub fn steps(&self) -> usize {
        self.chunks * self.chunk_steps + self.tail_steps
    }
}

/// What the device says about a tile that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The descriptor's tag.
    pub tag: u32,
    /// The ticket meets its bound.
    pub hit: bool,
    /// The bank that holds the product tile.
    pub bank: Option<usize>,
    /// When.
    pub cycle: u64,
    /// The ticket.
    pub ticket: [u8; 32],
}

impl Completion {
    /// Its words in the queue.
    fn words(&self) -> [u32; COMPLETION_WORDS as usize] {
        let mut words = [0; COMPLETION_WORDS as usize];
        let bank = self.bank.map_or(0, |bank| 2 | (bank as u32) << 2);
        words[0] = self.tag;
        words[1] = u32::from(self.hit) | bank;
        words[2] = super::counter::low_half(self.cycle);
        words[3] = super::counter::high_half(self.cycle);
        let (ticket, _) = self.ticket.as_chunks::<4>();
        for (word, bytes) in words[8..].iter_mut().zip(ticket) {
            *word = u32::from_le_bytes(*bytes);
        }
        words
    }
}

/// The completion queue: a ring that keeps what stood in it.
#[derive(Clone, Debug)]
pub struct Completions {
    ring: [[u32; COMPLETION_WORDS as usize]; QUEUE as usize],
    next: usize,
    waiting: u32,
}

impl Completions {
    /// Nothing waits.
    pub fn new() -> Self {
        Self { ring: Default::default(), next: 0, waiting: 0 }
    }

    /// How many wait.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Appends one.
    pub fn push(&mut self, completion: &Completion) {
        self.ring[self.next] = completion.words();
        self.next = (self.next + 1) % self.ring.len();
        self.waiting += 1;
    }

    /// Frees the oldest; false, and nothing is done, if there are fewer.
    pub fn pop(&mut self, count: u32) -> bool {
        let enough = count <= self.waiting;
        if enough {
            self.waiting -= count;
        }
        enough
    }

    /// A word by its address behind the queue's window.
    pub fn word(&self, address: usize) -> u32 {
        let words = self.ring.as_flattened();
        words.get(address).copied().unwrap_or(0)
    }

    /// Drops all; the next one is the first again.
    pub fn reset(&mut self) {
        self.next = 0;
        self.waiting = 0;
    }
}

/// The banks of product tiles: used and freed in turn.
#[derive(Clone, Debug)]
pub struct Banks {
    /// 256 results a bank, in the order of their addresses.
    results: [[u32; 256]; RESULT_BANKS as usize],
    next: usize,
    /// Taken by a tile, and not released.
    taken: u32,
    /// Of these, those whose tile is complete.
    kept: u32,
}

impl Banks {
    /// All free.
    pub fn new() -> Self {
        Self { results: [[0; 256]; RESULT_BANKS as usize], next: 0, taken: 0, kept: 0 }
    }

    /// Whether a tile could take one.
    pub fn is_free(&self) -> bool {
        self.taken < RESULT_BANKS
    }

    /// Takes the one that is due.
    pub fn take(&mut self) -> usize {
        let bank = self.next;
        self.next = (bank + 1) % self.results.len();
        self.taken += 1;
        bank
    }

    /// Fills a bank that was taken.
    pub fn fill(&mut self, bank: usize, results: [u32; 256]) {
        self.results[bank] = results;
        self.kept += 1;
    }

    /// Frees the oldest kept tiles; false, and nothing is done, if there are fewer.
    pub fn release(&mut self, count: u32) -> bool {
        let enough = count <= self.kept;
        if enough {
            self.kept -= count;
            self.taken -= count;
        }
        enough
    }

    /// A result by its address behind the window.
    pub fn word(&self, address: usize) -> u32 {
        self.results.as_flattened().get(address).copied().unwrap_or(0)
    }

    /// Frees all; bank 0 is due.
    pub fn reset(&mut self) {
        (self.next, self.taken, self.kept) = (0, 0, 0);
    }
}

/// Descriptors that were pushed and whose tiles have not started, in order.
pub type Pushed = VecDeque<(Descriptor, u64)>;
