//! Every window's first and last words, and those around it, against the register table.

use super::*;
use crate::registers::*;
use crate::testbench::{Clocked, Random};

impl Clocked for Bus {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

/// First address behind the windows.
const END: u32 = 1 << ADDRESS_BITS;
const WINDOWS: [u32; 8] = [0, DESCRIPTORS, JOBS, 192, COMPLETIONS, 512, RESULTS, RESULTS + 512];

/// The word that is read at an address; those of the parts are different ones.
fn word(address: u32) -> u32 {
    match address {
        0..DESCRIPTORS => 0x1111_1111,
        COMPLETIONS..512 => 0x2222_2222,
        RESULTS.. if address < RESULTS + RESULT_BANKS * 256 => 0x3333_3333,
        _ => 0,
    }
}

/// Cycles from an address to its word.
const LATENCY: usize = 4;

#[test]
fn words_go_to_their_window_and_come_from_it() {
    let edges = WINDOWS.into_iter().chain([PANELS_A, PANELS_B, END]);
    let edges: Vec<u32> = edges.flat_map(|edge| [edge.wrapping_sub(1), edge]).collect();
    let edges: Vec<u32> = edges.into_iter().filter(|&edge| edge < END).collect();
    let mut random = Random(1);
    let mut bus = Bus::connected();
    bus.register_in.next = 0x1111_1111_u64.into();
    bus.completion_in.next = 0x2222_2222_u64.into();
    bus.result_in.next = 0x3333_3333_u64.into();
    let mut addresses = Vec::new();
    let (mut was, mut was_write) = (0, false);
    for _ in 0..2000 {
        let address = match random.below(3) {
            0 => random.below(END.into()) as u32,
            _ => edges[random.below(edges.len() as u64) as usize],
        };
        let write = random.one_in(2);
        bus.address_in.next = u64::from(address).into();
        bus.write_in.next = write;
        bus.settle();
        assert_eq!(bus.register_next_out.val(), write && address < DESCRIPTORS, "{address:#x}");
        assert_eq!(bus.next_out.val().to_u32(), address % RESULTS);
        let in_window = |from: u32, to: u32| was_write && (from..to).contains(&was);
        let descriptor = in_window(DESCRIPTORS, DESCRIPTORS + QUEUE * DESCRIPTOR_WORDS);
        assert_eq!(bus.descriptor_write_out.val(), descriptor, "{was:#x}");
        let job = in_window(JOBS, JOBS + JOB_SLOTS * JOB_WORDS);
        assert_eq!(bus.job_write_out.val(), job, "{was:#x}");
        assert_eq!(bus.a_write_out.val(), in_window(PANELS_A, PANELS_B), "{was:#x}");
        assert_eq!(bus.b_write_out.val(), in_window(PANELS_B, END), "{was:#x}");
        assert_eq!(bus.low_out.val().to_u32(), was % RESULTS, "{was:#x}");
        (was, was_write) = (address, write);
        addresses.push(address);
        if let Some(nth) = addresses.len().checked_sub(LATENCY + 1) {
            let address = addresses[nth];
            assert_eq!(bus.data_out.val().to_u32(), word(address), "{address:#x}");
        }
        bus.edge();
    }
}
