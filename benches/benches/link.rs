//! What the memory link costs the host: a descriptor through the whole driver and back, against the bare rings.
//!
//! The device is a function that answers at once in the same thread, so its own part is measured too, alone.

#![expect(clippy::expect_used, reason = "a measurement that fails says where")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gemmine_driver::{
    Command, CommandRing, CompletionRing, Descriptor, Device, DmaMemory, DmaWords, PcieDevice,
    PcieError, PcieOptions, Side, Transport, TransportOpener,
};
use gemmine_hdl::dma_registers::*;
use gemmine_hdl::registers::*;
use gemmine_pouw::panel::Panel;

const BATCH: u16 = 16;
/// Bits of a word's address in a lane: panels of up to 2,048 steps.
const WORD_BITS: u32 = 9;

/// Entries of the completion ring.
const ENTRIES: u16 = 256;

/// A device that has an answer to every descriptor when it is told of it, if there is room for the answer. As a real one,
/// it stands still where the host does not take entries in.
struct Instant {
    next: u64,
    memory: Vec<DmaMemory>,
    head: u16,
    tail: u16,
    sequence: u32,
    taken: u16,
    scratch: u32,
}

impl Instant {
    fn new() -> Self {
        Self {
            next: 1 << 20,
            memory: Vec::new(),
            head: 0,
            tail: 0,
            sequence: 0,
            taken: 0,
            scratch: 0,
        }
    }

    fn at(&self, address: u64) -> &[AtomicU32] {
        let piece = self.memory.iter().rev().find(|piece| piece.address() <= address);
        let piece = piece.expect("an address of this bench");
        &piece.words()[(address - piece.address()) as usize / 4..]
    }

    fn entry(&mut self, words: [u32; 4], tag: u32, kind: u32) {
        let ring = self.memory[1].words();
        let place = &ring[16 * (self.sequence as usize & 0xff)..][..16];
        for (word, value) in place.iter().zip(words.into_iter().chain([0; 9]).chain([tag])) {
            word.store(value, Ordering::Relaxed);
        }
        place[14].store(u32::from(self.head) | kind << 24, Ordering::Relaxed);
        self.sequence += 1;
        place[15].store(self.sequence, Ordering::Release);
    }

    /// Entries that the host has not taken in, as far as this device knows.
    fn waiting(&self) -> u16 {
        (self.sequence as u16).wrapping_sub(self.taken)
    }

    fn run(&mut self) {
        // A command has two entries at most: a completion, and that it is done.
        while self.head != self.tail && self.waiting() <= ENTRIES - 2 {
            let ring = self.memory[0].words();
            let place = &ring[8 * (self.head as usize & 0x3ff)..][..8];
            let command: [u32; 8] = std::array::from_fn(|word| place[word].load(Ordering::Relaxed));
            self.head = self.head.wrapping_add(1);
            let [opcode, notify, tag, bus, ..] = COMMAND_FIELDS.map(|field| field.get(&command));
            match (opcode, bus) {
                (IMMEDIATE, DESCRIPTORS) => {
                    self.entry([command[4], 0, 0, 0], 0, KIND_COMPLETION);
                }
                (IMMEDIATE, SCRATCH_SET) => self.scratch = command[4],
                (READ, _) => {
                    let address = u64::from(command[4]) | u64::from(command[5]) << 32;
                    self.at(address)[0].store(self.scratch, Ordering::Relaxed);
                }
                _ => {}
            }
            if notify == 1 {
                self.entry([0; 4], tag, KIND_NOTIFY);
            }
        }
    }
}

impl Transport for Instant {
    fn read(&mut self, word: u32) -> Result<u32, PcieError> {
        Ok(match word {
            ID => ID_VALUE,
            VERSION => VERSION_VALUE,
            GEOMETRY => 16 | 16 << 8 | WORD_BITS << 24,
            PROTOCOLS => 1 << 3,
            LIMITS => u32::from(BATCH) | 4 << 8 | 2 << 16 | 123 << 24,
            DMA_ID => DMA_ID_VALUE,
            DMA_CONTROL => CONTROL_RUN,
            COMMAND_HEAD => self.head.into(),
            _ => 0,
        })
    }

    fn write(&mut self, word: u32, value: u32) -> Result<(), PcieError> {
        match word {
            COMMAND_TAIL => self.tail = value as u16,
            COMPLETION_HEAD => self.taken = value as u16,
            DMA_CONTROL if value & CONTROL_RESET != 0 => {
                (self.head, self.tail, self.sequence, self.taken) = (0, 0, 0, 0);
            }
            _ => return Ok(()),
        }
        self.run();
        Ok(())
    }

    fn allocate(&mut self, bytes: usize) -> Result<DmaMemory, PcieError> {
        let words: Vec<AtomicU32> = (0..bytes / 4).map(|_| AtomicU32::new(0)).collect();
        let memory = DmaMemory::new(Arc::new(words), self.next);
        self.next += bytes as u64;
        self.memory.push(memory.clone());
        Ok(memory)
    }

    fn wait_interrupt(&mut self, _: Duration) -> Result<bool, PcieError> {
        Ok(true)
    }

    fn reset(&mut self) -> Result<(), PcieError> {
        Ok(())
    }
}

struct Opener;

impl TransportOpener for Opener {
    fn open(&mut self, _within: Duration) -> Result<Box<dyn Transport>, PcieError> {
        Ok(Box::new(Instant::new()))
    }
}

fn descriptor(tag: u32) -> Descriptor {
    Descriptor {
        tag,
        a_panel: 0,
        b_panel: 0,
        unsigned_a: false,
        steps: 2048,
        chunk_steps: 128,
        ticket_key: [7; 32],
        bound_le: [0; 32],
        want_tile: false,
    }
}

fn device() -> PcieDevice {
    let device = PcieDevice::on(Box::new(Opener), "bench".into(), PcieOptions::default());
    device.expect("the device of this bench")
}

fn zeros(words: usize) -> Vec<AtomicU32> {
    (0..words).map(|_| AtomicU32::new(0)).collect()
}

fn link(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("memory link, 16 descriptors");
    group.throughput(Throughput::Elements(BATCH.into()));
    let commands = || CommandRing::new(zeros(8 << 10), 10);

    let mut ring = commands();
    let mut head = 0_u16;
    group.bench_function("bare command ring", |bencher| {
        bencher.iter(|| {
            for tag in 0..BATCH {
                let words: [u32; 4] = [tag.into(), 0, 0x1000, 15];
                assert!(ring.push(&Command::immediate(DESCRIPTORS, black_box(&words))));
            }
            let told = black_box(ring.doorbell());
            head = head.wrapping_add(BATCH);
            assert!(told == Some(head) && ring.finished(head).is_ok());
        });
    });

    let mut ring = CompletionRing::new(zeros(16 << 8), 8);
    let mut sequence = 0;
    group.bench_function("bare completion ring, with the device's stores", |bencher| {
        bencher.iter(|| {
            for _ in 0..BATCH {
                let place = &ring.memory()[16 * (sequence as usize & 0xff)..][..16];
                for word in &place[..15] {
                    word.store(sequence, Ordering::Relaxed);
                }
                sequence += 1;
                place[15].store(sequence, Ordering::Release);
            }
            for _ in 0..BATCH {
                let entry = ring.poll().expect("entries in sequence");
                assert!(black_box(entry).is_some());
            }
            black_box(ring.consumed());
        });
    });

    let mut instant = Instant::new();
    let pieces = [instant.allocate(32 << 10), instant.allocate(16 << 10)];
    assert!(pieces.iter().all(Result::is_ok));
    let mut ring = CommandRing::new(instant.memory[0].clone(), 10);
    let mut head = 0_u16;
    group.bench_function("bare command ring, with this bench's device", |bencher| {
        bencher.iter(|| {
            for tag in 0..BATCH {
                let words: [u32; 4] = [tag.into(), 0, 0x1000, 15];
                assert!(ring.push(&Command::immediate(DESCRIPTORS, black_box(&words))));
            }
            head = head.wrapping_add(BATCH);
            if let Some(tail) = ring.doorbell() {
                // Nobody reads its entries here.
                instant.taken = instant.sequence as u16;
                instant.tail = tail;
                instant.run();
            }
            assert!(ring.finished(head).is_ok());
        });
    });

    let mut device = device();
    for side in [Side::A, Side::B] {
        device.load_panel(side, 0, Arc::new(Panel::zero(2048))).expect("a panel that fits");
    }
    group.bench_function("driver, with this bench's device", |bencher| {
        bencher.iter(|| {
            for tag in 0..BATCH {
                device.push(black_box(descriptor(tag.into()))).expect("room");
            }
            for tag in 0..BATCH {
                let completion = device.wait(Duration::from_secs(1)).expect("an answer");
                assert_eq!(completion.tag, u32::from(tag));
            }
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("memory link, a panel of 16 x 2048");
    group.throughput(Throughput::Bytes(16 * 2048));
    let steps: Vec<[i8; 16]> = (0..2048).map(|n| [n as i8; 16]).collect();
    let panel = Arc::new(Panel::from_steps(&steps));
    // Four panels fill the memory that they wait in; then their entries are taken in.
    group.bench_function("packed once into DMA memory, with its commands and entries", |bencher| {
        bencher.iter(|| device.load_panel(Side::B, 1, panel.clone()).expect("a panel that fits"));
    });
    // The device still answers: no panel stands in the way of the rest.
    device.push(Descriptor { b_panel: 1, ..descriptor(7) }).expect("room");
    assert_eq!(device.wait(Duration::from_secs(1)).expect("an answer").tag, 7);
    let mut copy = vec![0_u8; 16 * 2048];
    let bytes: Vec<u8> = (0..16 * 2048).map(|n| n as u8).collect();
    group.bench_function("limit: a plain copy of as many bytes", |bencher| {
        bencher.iter(|| black_box(&mut copy).copy_from_slice(black_box(&bytes)));
    });
    group.finish();
}

criterion_group!(benches, link);
criterion_main!(benches);
