//! Panel memory: two sides of 16 lanes, as the register map writes and the array reads them.

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
}

impl PanelMemory {
    /// Memory of `2^word_bits` words a lane, all 0.
    pub fn new(word_bits: u32, width: usize) -> Self {
        let group_bits = (LANES / width).ilog2();
        Self { words: vec![Group::ZERO; 1 << word_bits], word_bits, width, group_bits }
    }

    /// Writes a word, by its address behind the side's window.
    pub fn write(&mut self, address: u32, data: u32) {
        // Physical lane i holds the logical lanes i, i + width, .. behind each other.
        let place = (address >> self.word_bits) as usize;
        let physical = place >> self.group_bits & (LANES - 1);
        if physical >= self.width {
            return;
        }
        let lane = physical + (place & ((1 << self.group_bits) - 1)) * self.width;
        let word = address as usize & (self.words.len() - 1);
        self.words[word].0[lane * STEPS..][..STEPS]
            .copy_from_slice(&data.to_le_bytes().map(|byte| byte as i8));
    }

    /// What a tile reads from a word on: every chunk from a word of its own on, zeros behind its last
    /// step. Behind the last word comes the first.
    pub fn panel(&self, first_word: usize, tile: &Descriptor) -> Panel {
        let words_of = |steps: usize| steps.div_ceil(STEPS);
        let chunk_words = words_of(tile.chunk_steps);
        let count = tile.chunks * chunk_words + words_of(tile.tail_steps);
        let mut groups = self.read(first_word, count);
        if !tile.chunk_steps.is_multiple_of(STEPS) {
            let chunks = groups[..tile.chunks * chunk_words].chunks_exact_mut(chunk_words);
            chunks.for_each(|chunk| clear_behind(chunk, tile.chunk_steps));
        }
        let tail = count - words_of(tile.tail_steps);
        clear_behind(&mut groups[tail..], tile.tail_steps);
        Panel::from_groups(groups, count * STEPS)
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

/// Clears what stands behind the last of `steps` steps in its word.
fn clear_behind(words: &mut [Group], steps: usize) {
    if let Some(last) = words.last_mut()
        && !steps.is_multiple_of(STEPS)
    {
        for lane in last.0.as_chunks_mut::<STEPS>().0 {
            lane[steps % STEPS..].fill(0);
        }
    }
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
                    memory.write(address, word << 8 | lane as u32 | 0xffff_0000);
                }
            }
            // Two chunks of five steps and a tail of two: five words.
            let tile = Descriptor {
                chunk_steps: 5,
                chunks: 2,
                tail_steps: 2,
                ..Descriptor::from_words([0; 4])
            };
            let panel = memory.panel(29, &tile);
            assert_eq!(panel.k(), 20);
            for lane in 0..LANES {
                let word = |n: i8| [lane as i8, n, -1, -1];
                let step = [lane as i8, 0, 0, 0];
                let want = [word(29), step, word(31), step, [lane as i8, 1, 0, 0]];
                assert_eq!(panel.lane(lane), want.as_flattened());
            }
        }
    }
}
