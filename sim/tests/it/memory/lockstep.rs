//! Model and Verilated device carry out the same random programs.
//!
//! What must be the same: every entry of a completion but for its cycle, every entry that a command asked for, each in
//! their order; every word that is read back; what the accelerator and the link count of work. What may differ: cycles,
//! and so which kind of entry comes first where both are due.

use gemmine_hdl::Geometry;
use gemmine_hdl::dma_registers as map;
use gemmine_hdl::registers;
use gemmine_sim::memory::MemoryDevice;
use gemmine_sim::memory::model::ModelMemory;
use gemmine_sim::verilator::{Tools, VerilatedMemory};

use super::config;
use super::errors::{check_errors, check_lost_rings};
use super::host::{Host, immediate, kind, notifying, transfer};
use super::rings::{check_full, check_moderation, check_reset, check_stopped, check_wrapping};
use super::tiles::check_tiles;
use crate::board::lockstep::descriptors;
use crate::stimulus::Random;

fn verilated(geometry: Geometry, min: u32, max: u32, seed: u64) -> VerilatedMemory {
    VerilatedMemory::new(&Tools::find().unwrap(), config(geometry, min, max, seed)).unwrap()
}

fn small() -> Host {
    Host::new(verilated(Geometry::new(4, 4), 1, 60, 3))
}

#[test]
fn verilated_tiles_are_those_of_the_golden_function() {
    let mut random = Random(41);
    check_tiles(&mut random, verilated(Geometry::new(4, 4), 1, 1, 1));
    check_tiles(&mut random, verilated(Geometry::new(8, 8), 1, 300, 2));
}

#[test]
fn verilated_rings_wrap_fill_up_and_halt() {
    check_wrapping(small());
    check_full(small());
    check_moderation(small());
    check_reset(small());
    check_stopped(small());
    check_errors(small);
    check_lost_rings(small);
}

/// What came of a program.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    completions: Vec<[u32; 16]>,
    notified: Vec<u32>,
    read: Vec<Vec<u32>>,
    counted: Vec<u64>,
}

impl Outcome {
    /// Takes entries until none comes any more.
    fn settle(&mut self, host: &mut Host) {
        loop {
            host.rest();
            let entries = host.entries();
            if entries.is_empty() {
                return;
            }
            for mut entry in entries {
                match kind(&entry) {
                    map::KIND_COMPLETION => {
                        // When, and what was done by then.
                        for word in [2, 3, 14, 15] {
                            entry[word] = 0;
                        }
                        self.completions.push(entry);
                    }
                    map::KIND_NOTIFY => self.notified.push(entry[13]),
                    other => panic!("an entry of kind {other}: {entry:x?}"),
                }
            }
        }
    }
}

/// A command that may well make sense, on any part of the bus.
fn command(host: &mut Host, random: &mut Random) -> [u32; 8] {
    let words = match random.below(4) {
        0 => 1 + random.below(300) as u32,
        _ => 1 + random.below(40) as u32,
    };
    match random.below(8) {
        0..4 => {
            let window = [registers::PANELS_A, registers::PANELS_B][random.below(2) as usize];
            let data: Vec<u32> = (0..words).map(|_| random.next() as u32).collect();
            let from = host.place(words as usize + 16) + 8 * random.below(8);
            assert!(host.memory.put(from, &data));
            transfer(map::WRITE, window + random.below(1 << 13) as u32, words, from)
        }
        4 => {
            let words = words.min(64);
            let data: Vec<u32> = (0..words).map(|_| random.next() as u32).collect();
            let from = host.place(words as usize);
            assert!(host.memory.put(from, &data));
            let first = registers::JOBS + random.below(u64::from(65 - words)) as u32;
            transfer(map::WRITE, first, words, from)
        }
        5 => {
            let to = host.place(words as usize);
            transfer(map::READ, registers::RESULTS + random.below(200) as u32, words, to)
        }
        6 => immediate(registers::COMMIT, &[random.below(3) as u32 * 0x101]),
        _ => immediate(registers::SCRATCH_SET, &[random.next() as u32]),
    }
}

/// A program drops what the one before left, loads, pushes tiles that may wait for commits or for room, reads.
fn play(host: &mut Host, random: &mut Random) -> Outcome {
    let mut outcome = Outcome::default();
    host.command(immediate(registers::RESET, &[0]));
    for _ in 0..2 + random.below(3) {
        for _ in 0..random.below(12) {
            let mut command = command(host, random);
            if random.below(4) == 0 {
                command = notifying(command, random.next() as u16);
            }
            host.put(command);
        }
        for words in descriptors(random).chunks(4) {
            host.put(immediate(registers::DESCRIPTORS, words));
        }
        host.ring();
        match random.below(3) {
            0 => drop(host.run(random.below(2000))),
            _ => outcome.settle(host),
        }
        // At most 16 tiles, and 32 commands in the ring.
        outcome.settle(host);
    }
    host.command(immediate(registers::COMMIT, &[0x0202]));
    outcome.settle(host);
    while host.read(registers::STATUS) >> 16 & 0xff > 0 && outcome.completions.len() < 16 {
        outcome.read.push(host.fetch(registers::RESULTS, 512));
        host.command(immediate(registers::RELEASE, &[1]));
        let before = outcome.completions.len();
        outcome.settle(host);
        if outcome.completions.len() == before {
            break;
        }
    }
    outcome.read.push(host.fetch(registers::RESULTS + random.below(500) as u32, 9));
    outcome.read.push(host.fetch(registers::SCRATCH, 1));
    for low in [registers::MAC_LOW, registers::TILES_LOW, registers::HITS_LOW] {
        let counted = host.counter(low);
        outcome.counted.push(counted);
    }
    for counter in [map::COMMANDS, map::DMA_READ_BYTES, map::DMA_WRITE_BYTES] {
        outcome.counted.push(host.read(counter).into());
    }
    outcome
}

/// Random programs: many more where GEMMINE_LONG is set.
fn programs() -> usize {
    if std::env::var_os("GEMMINE_LONG").is_some() { 200 } else { 4 }
}

#[test]
fn random_programs_end_the_same() {
    let mut tiles = 0;
    for (seed, (geometry, min, max)) in (1..).zip([
        (Geometry::new(4, 4), 1, 1),
        (Geometry::new(4, 4), 1, 80),
        (Geometry::new(8, 8), 100, 100),
    ]) {
        let rtl = verilated(geometry, min, max, seed);
        let description = rtl.description().clone();
        let model = ModelMemory::new(description.config).unwrap();
        let mut hosts = [Host::with_rings(model, 6, 5), Host::with_rings(rtl, 6, 5)];
        for n in 0..programs() as u64 {
            let [want, got] = hosts.each_mut().map(|host| play(host, &mut Random(1000 * seed + n)));
            assert_eq!(got, want, "{geometry}, latency {min} to {max}, program {n}");
            tiles += got.completions.len();
        }
    }
    println!("{tiles} tiles complete");
    assert!(tiles > 3 * programs(), "{tiles} tiles");
}
