//! Every lane of a group has the words that were written to it, in its own cycle.

use super::*;
use crate::bits::unsigned_bits;
use crate::testbench::{Clocked, Random};

impl<const R: usize> Clocked for PanelGroup<R> {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

const WORDS: usize = 16;

fn check(lanes: usize) {
    let mut random = Random(lanes as u64);
    let mut group = PanelGroup::<4>::new(lanes);
    group.connect_all();
    let mut words = [[0_u32; WORDS]; LANES_MAX];
    for n in 0..lanes * WORDS {
        let (lane, address, word) = (n / WORDS, n % WORDS, random.next() as u32);
        words[lane][address] = word;
        group.write_enable_in.next = true;
        group.write_lane_in.next = unsigned_bits(lane as u64);
        group.write_address_in.next = unsigned_bits(address as u64);
        group.write_data_in.next = unsigned_bits(word.into());
        group.settle();
        group.edge();
    }
    group.write_enable_in.next = false;

    // Addresses by the cycle of their fetch, each as early as it may come or later.
    let mut fetches: Vec<Option<usize>> = Vec::new();
    while fetches.len() < 600 {
        fetches.push(Some(random.below(WORDS as u64) as usize));
        let gap = lanes - 1 + random.below(3) as usize * random.below(4) as usize;
        fetches.extend(std::iter::repeat_n(None, gap));
    }
    let ago = |cycle: usize, delay: usize| cycle.checked_sub(delay).and_then(|then| fetches[then]);
    for (cycle, fetch) in fetches.iter().enumerate() {
        group.fetch_in.next = fetch.is_some();
        // Between fetches the address is anything.
        let address = fetch.unwrap_or_else(|| random.below(WORDS as u64) as usize);
        group.address_in.next = unsigned_bits(address as u64);
        group.settle();
        for (lane, words) in words.iter().enumerate().take(lanes) {
            if let Some(address) = ago(cycle, LATENCY + lane) {
                assert_eq!(group.word_out.val().to_u32(), words[address], "lane {lane} of {lanes}");
            }
        }
        if let Some(address) = ago(cycle, lanes) {
            assert_eq!(group.address_out.val().to_u64() as usize, address, "{lanes} lanes");
        }
        group.edge();
    }
}

#[test]
fn every_lane_has_its_word_in_its_cycle() {
    for lanes in [1, 2, 4] {
        check(lanes);
    }
}

#[test]
fn lanes_share_a_memory_where_they_do_not_fill_one() {
    for (count, address_bits, want) in
        [(4, 7, 4), (2, 7, 2), (16, 8, 4), (8, 5, 4), (4, 9, 1), (16, 11, 1)]
    {
        assert_eq!(lanes(count, address_bits), want, "{count} lanes of 2^{address_bits} words");
    }
}
