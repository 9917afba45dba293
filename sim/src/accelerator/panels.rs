//! Panel memory: two sides of 16 lanes, as the register map writes and the array reads them.
//!
//! A tile's words are looked at when its last step is taken, but what a host wrote over them meanwhile
//! came too late for the array, or not: so what a write replaced is kept for a while.

use gemmine_hdl::{feeder, panel_memory};
use gemmine_pouw::panel::{Group, LANES, Panel, STEPS};

use super::queue::Descriptor;

/// Panel memory of one side.
#[derive(Clone, Debug)]
pub struct PanelMemory {
    /// Four steps of all lanes a word.
    words: Vec<Group>,
    word_bits: u32,
    /// P for A, Q for B: the physical lanes.
    width: usize,
    /// Bits of the number of a logical lane in its physical one.
    group_bits: u32,
    replaced: Vec<Replaced>,
}

/// What a write replaced.
#[derive(Clone, Copy, Debug)]
struct Replaced {
    /// The cycle of the write.
    cycle: u64,
    word: usize,
    lane: usize,
    bytes: [i8; STEPS],
}

/// How many replaced words are kept before those that nobody can ask for are thrown away.
const REPLACED_MAX: usize = 4096;

impl PanelMemory {
    /// Memory of `2^word_bits` words a lane, all 0.
    pub fn new(word_bits: u32, width: usize) -> Self {
        let group_bits = (LANES / width).ilog2();
        let words = vec![Group::ZERO; 1 << word_bits];
        Self { words, word_bits, width, group_bits, replaced: Vec::new() }
    }

    /// Writes a word in a cycle, by its address behind the side's window.
    pub fn write(&mut self, cycle: u64, address: u32, data: u32) {
        // Physical lane i holds the logical lanes i, i + width, .. behind each other.
        let place = (address >> self.word_bits) as usize;
        let physical = place >> self.group_bits & (LANES - 1);
        if physical >= self.width {
            return;
        }
        let lane = physical + (place & ((1 << self.group_bits) - 1)) * self.width;
        let word = address as usize & (self.words.len() - 1);
        if let Some((bytes, _)) = self.words[word].0[lane * STEPS..].split_first_chunk_mut() {
            self.replaced.push(Replaced { cycle, word, lane, bytes: *bytes });
            *bytes = data.to_le_bytes().map(|byte| byte as i8);
        }
    }

    /// Forgets what was replaced too early for any step from `cycle` on, but for the words of a tile.
    pub fn forget_before(&mut self, cycle: u64, tile: Option<(usize, &Descriptor)>) {
        if self.replaced.len() < REPLACED_MAX {
            return;
        }
        let tile = tile.map(|(first_word, tile)| (first_word, words_of(tile)));
        let mask = self.words.len() - 1;
        self.replaced.retain(|replaced| {
            let of_tile =
                |(first, count): (usize, usize)| replaced.word.wrapping_sub(first) & mask < count;
            replaced.cycle + panel_memory::WRITE_LATENCY as u64 > cycle || tile.is_some_and(of_tile)
        });
    }

    /// Whether a word of a tile that began in a cycle was replaced since.
    pub fn is_disturbed(&self, since: u64, first_word: usize, tile: &Descriptor) -> bool {
        let (count, mask) = (words_of(tile), self.words.len() - 1);
        self.replaced.iter().any(|replaced| {
            let late = replaced.cycle + panel_memory::WRITE_LATENCY as u64 > since;
            late && replaced.word.wrapping_sub(first_word) & mask < count
        })
    }

    /// The operands of a logical lane that a wave of steps finds in a word, whose first step is taken in
    /// a cycle.
    pub fn fetched(&self, step_cycle: u64, lane: usize, word: usize) -> [i8; STEPS] {
        let word = word & (self.words.len() - 1);
        let reads = step_cycle + (feeder::LATENCY + lane % self.width) as u64;
        let address_bits = (self.word_bits + self.group_bits) as usize;
        let latency = panel_memory::write_latency(self.width, address_bits, lane % self.width);
        let seen = |cycle: u64| cycle + latency as u64 <= reads;
        let late =
            self.replaced.iter().find(|r| (r.word, r.lane) == (word, lane) && !seen(r.cycle));
        late.map_or_else(
            || std::array::from_fn(|step| self.words[word].0[lane * STEPS + step]),
            |replaced| replaced.bytes,
        )
    }

    /// The first cycle in which a step may be taken so that it and all behind it find what stands in memory now.
    pub fn settled_from(&self) -> u64 {
        let last = self.replaced.iter().map(|replaced| replaced.cycle).max();
        let seen = last.map_or(0, |cycle| cycle + panel_memory::WRITE_LATENCY as u64);
        seen.saturating_sub(feeder::LATENCY as u64)
    }

    /// What a tile reads from a word on. Behind the last word comes the first.
    pub fn panel(&self, first_word: usize, tile: &Descriptor) -> Panel {
        self.part(first_word, words_of(tile))
    }

    /// So many words from one on.
    pub fn part(&self, first_word: usize, count: usize) -> Panel {
        Panel::from_groups(self.read(first_word, count), count * STEPS)
    }

    fn read(&self, first_word: usize, count: usize) -> Vec<Group> {
        let mut first = first_word & (self.words.len() - 1);
        let mut groups = Vec::with_capacity(count);
        while groups.len() < count {
            let run = (count - groups.len()).min(self.words.len() - first);
            groups.extend_from_slice(&self.words[first..first + run]);
            first = 0;
        }
        groups
    }
}

/// Words of a lane that a tile reads.
fn words_of(tile: &Descriptor) -> usize {
    (tile.chunks * tile.chunk_steps + tile.tail_steps) / STEPS
}

#[cfg(test)]
mod tests {
    use gemmine_hdl::registers::panel_address;

    use super::*;

    #[test]
    fn a_lane_is_where_the_register_map_says() {
        for width in [2, 4, 8, 16] {
            let mut memory = PanelMemory::new(5, width);
            for lane in 0..LANES {
                for word in 0..32_u32 {
                    let address = panel_address(width, 5, lane) + word;
                    memory.write(0, address, word << 8 | lane as u32 | 0xffff_0000);
                }
            }
            // Two chunks of eight steps and a tail of four: five words.
            let tile = Descriptor {
                chunk_steps: 8,
                chunks: 2,
                tail_steps: 4,
                ..Descriptor::from_words([0; 4])
            };
            let panel = memory.panel(29, &tile);
            assert_eq!(panel.k(), 20);
            for lane in 0..LANES {
                let word = |n: i8| [lane as i8, n, -1, -1];
                let want = [word(29), word(30), word(31), word(0), word(1)];
                assert_eq!(panel.lane(lane), want.as_flattened());
            }
        }
    }
}
