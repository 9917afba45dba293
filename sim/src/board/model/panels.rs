//! Panel memory: two sides of 16 lanes, as the register map writes and the array reads them.

use gemmine_pouw::panel::{Group, LANES, Panel, STEPS};

/// Panel memory of one side.
#[derive(Clone, Debug)]
pub struct PanelMemory {
    /// Four steps of all lanes a word.
    words: Vec<Group>,
    word_bits: u32,
    /// P for A, Q for B.
    width: usize,
}

impl PanelMemory {
    /// Memory of `2^word_bits` words a lane, all 0.
    pub fn new(word_bits: u32, width: usize) -> Self {
        Self { words: vec![Group::ZERO; 1 << word_bits], word_bits, width }
    }

    /// Writes a word, by its address behind the side's window; one beyond the memory is lost.
    pub fn write(&mut self, address: u32, data: u32) {
        let row = (address >> self.word_bits) as usize;
        let word = address as usize & (self.words.len() - 1);
        if row >= LANES {
            return;
        }
        // Physical lane i holds the logical lanes i, i + width, .. behind each other.
        let groups = LANES / self.width;
        let lane = row / groups + row % groups * self.width;
        self.words[word].0[lane * STEPS..][..STEPS]
            .copy_from_slice(&data.to_le_bytes().map(|byte| byte as i8));
    }

    /// The panel of `k` steps from a word on; behind the last word comes the first.
    pub fn panel(&self, first_word: usize, k: usize) -> Panel {
        let mut first = first_word & (self.words.len() - 1);
        let mut missing = k.div_ceil(STEPS);
        let mut groups = Vec::with_capacity(missing);
        while missing > 0 {
            let count = missing.min(self.words.len() - first);
            groups.extend_from_slice(&self.words[first..first + count]);
            missing -= count;
            first = 0;
        }
        Panel::from_groups(groups, k)
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
            memory.write(16 << 5, 0x1111_1111);
            let panel = memory.panel(30, 4 * 4 - 1);
            assert_eq!(panel.k(), 15);
            for lane in 0..LANES {
                let want = [30, 31, 0, 1].map(|word| [lane as i8, word, -1, -1]);
                assert_eq!(panel.lane(lane), want.as_flattened()[..15]);
            }
        }
    }
}
