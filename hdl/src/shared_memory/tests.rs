//! A shared memory against plain words.

use super::*;
use crate::emit;
use crate::testbench::Random;

const PARTS: usize = 4;
const WORDS: usize = 8;

type Memory = SharedMemory<2, 3>;

impl Memory {
    /// One clock cycle; the word on the output behind it.
    fn cycle(
        &mut self,
        write: Option<(usize, usize, u32)>,
        (part, address): (usize, usize),
    ) -> u32 {
        self.write_enable_in.next = write.is_some();
        let (write_part, write_address, word) = write.unwrap_or((part, address, 0xdead_beef));
        self.write_part_in.next = unsigned_bits(write_part as u64);
        self.write_address_in.next = unsigned_bits(write_address as u64);
        self.write_data_in.next = unsigned_bits(word.into());
        self.read_part_in.next = unsigned_bits(part as u64);
        self.read_address_in.next = unsigned_bits(address as u64);
        for clk in [false, true] {
            self.read_clock.next = Clock { clk };
            self.write_clock.next = Clock { clk };
            assert!(simulate(self, 100));
        }
        self.read_data_out.val().to_u32()
    }
}

#[test]
fn every_part_has_words_of_its_own() {
    for parts in [1, 2, PARTS] {
        let mut random = Random(parts as u64);
        let mut memory = Memory::new(parts);
        memory.connect_all();
        let mut words = [[0; WORDS]; PARTS];
        for _ in 0..2000 {
            let mut place =
                || (random.below(PARTS as u64) as usize, random.below(WORDS as u64) as usize);
            let (read, (part, address)) = (place(), place());
            let write = random.one_in(2).then_some((part, address, random.next() as u32));
            // A word that is written in the cycle in which it is read reads as it was.
            assert_eq!(memory.cycle(write, read), words[read.0 % parts][read.1], "{parts} parts");
            if let Some((part, address, word)) = write {
                words[part % parts][address] = word;
            }
        }
    }
}

#[test]
fn the_verilog_has_as_many_words() {
    for (parts, words) in [(1, 8), (2, 16), (4, 32)] {
        let mut memory = Memory::new(parts);
        memory.connect_all();
        let verilog = emit::verilog(&memory, "gemmine_shared_memory").unwrap();
        assert!(verilog.contains(&format!("mem[{}:0]", words - 1)), "{verilog}");
    }
}
