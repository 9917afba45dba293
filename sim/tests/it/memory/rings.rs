//! Rings that wrap, fill up and are reset; interrupts.

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::registers;

use super::host::{Host, descriptor, immediate, kind, notifying, transfer};
use super::model;
use crate::board::host::Tile;

/// Pushes so many short tiles.
fn push(host: &mut Host, tags: std::ops::Range<u32>) {
    for tag in tags {
        host.put(descriptor(&Tile { tag, chunk_steps: 64, chunks: 1, ..Tile::default() }));
    }
    host.ring();
}

fn tags(entries: &[super::host::Entry]) -> Vec<u32> {
    let completions = entries.iter().filter(|entry| kind(entry) == map::KIND_COMPLETION);
    completions.map(|entry| entry[0]).collect()
}

pub fn check_wrapping(mut host: Host) {
    for round in 0..9 {
        push(&mut host, 10 * round..10 * round + 10);
        host.rest();
        let entries = host.entries();
        assert_eq!(tags(&entries), (10 * round..10 * round + 10).collect::<Vec<_>>());
    }
    assert_eq!(host.read(map::COMPLETION_TAIL), 90);
    assert_eq!(host.read(map::COMMAND_HEAD), 90);
    assert_eq!(host.read(map::COMMANDS), 90);
    assert_eq!(host.read(map::INTERRUPTS), host.interrupts);
    assert_eq!(host.read(registers::ERROR), 0);
}

#[test]
fn rings_wrap() {
    check_wrapping(model());
}

/// A full completion ring holds completions and notifying commands back, and loses none.
pub fn check_full(mut host: Host) {
    for n in 0..12 {
        host.put(notifying(immediate(registers::SCRATCH_SET, &[n]), n as u16));
    }
    host.ring();
    host.rest();
    push(&mut host, 0..12);
    host.rest();
    assert_eq!(host.read(map::COMPLETION_TAIL), 16, "the ring is full");
    let mut entries = host.entries();
    host.rest();
    entries.extend(host.entries());
    let notified: Vec<u32> = entries[..12].iter().map(|entry| entry[13]).collect();
    assert_eq!(notified, (0..12).collect::<Vec<_>>());
    assert_eq!(tags(&entries), (0..12).collect::<Vec<_>>());
    assert_eq!(host.read(registers::SCRATCH), 11);
}

#[test]
fn a_full_ring_waits() {
    check_full(model());
}

pub fn check_moderation(mut host: Host) {
    // At eight entries, or when the first of them is a long time old.
    host.write(map::INTERRUPT_MODERATION, 8 << 16 | 1000);
    push(&mut host, 0..9);
    let ran = host.rest();
    assert_eq!(host.interrupts, 2, "eight entries, and one that waited");
    assert!(ran.cycles > 16_000, "{ran:?}");
    assert_eq!(host.read(map::INTERRUPT_CONTROL), map::INTERRUPT_ENABLE);
    host.entries();
    host.write(map::INTERRUPT_CONTROL, 0);
    push(&mut host, 0..2);
    host.rest();
    assert_eq!((host.interrupts, host.read(map::INTERRUPT_CONTROL)), (2, map::INTERRUPT_PENDING));
    host.write(map::INTERRUPT_CONTROL, map::INTERRUPT_ENABLE);
    host.rest();
    assert_eq!(host.interrupts, 3, "as soon as it may");
}

#[test]
fn interrupts_are_moderated() {
    check_moderation(model());
}

pub fn check_reset(mut host: Host) {
    host.write(registers::SCRATCH_SET, 7);
    for _ in 0..3 {
        host.put(transfer(map::WRITE, registers::PANELS_A, 4096, super::host::DATA));
    }
    host.ring();
    host.run(300);
    assert_ne!(host.read(map::DMA_STATUS) & map::STATUS_BUSY, 0);
    host.write(map::DMA_CONTROL, map::CONTROL_RESET);
    host.rest();
    for at in [map::DMA_CONTROL, map::DMA_STATUS, map::COMMAND_HEAD, map::COMMAND_TAIL] {
        assert_eq!(host.read(at), 0, "word {at}");
    }
    assert_eq!(host.read(registers::SCRATCH), 7);
    host.tail = 0;
    host.write(map::DMA_CONTROL, map::CONTROL_RUN);
    push(&mut host, 5..6);
    host.rest();
    assert_eq!(tags(&host.entries()), [5]);
}

#[test]
fn a_reset_drops_commands_and_keeps_the_accelerator() {
    check_reset(model());
}

pub fn check_stopped(mut host: Host) {
    push(&mut host, 0..1);
    host.rest();
    assert_eq!(tags(&host.entries()), [0]);
    host.write(map::DMA_CONTROL, 0);
    let tile = Tile { tag: 9, chunk_steps: 64, chunks: 1, ..Tile::default() };
    for (n, word) in (0..).zip(tile.words()) {
        host.write(registers::DESCRIPTORS + n, word);
    }
    host.rest();
    assert_eq!(host.read(registers::STATUS) >> 8 & 0xff, 1);
    assert_eq!(host.entries(), [[0; 16]; 0]);
    host.write(map::DMA_CONTROL, map::CONTROL_RUN);
    host.rest();
    assert_eq!(tags(&host.entries()), [9], "now it does");
}

#[test]
fn completions_wait_while_the_link_does_not_run() {
    check_stopped(model());
}

#[test]
fn a_completion_is_popped_once() {
    let mut host = model();
    // As far as the device knows its ring has no room, so the completion waits.
    host.write(map::COMPLETION_HEAD, 1);
    push(&mut host, 0..1);
    host.rest();
    assert_eq!(host.read(registers::STATUS) >> 8, 0x0101, "one waits, one is outstanding");
    // While the first command is in work, those behind it come, and follow each other from cycle to cycle.
    host.put(transfer(map::READ, registers::RESULTS, 16, super::host::DATA));
    for _ in 0..2 {
        host.put(immediate(registers::POP, &[1]));
    }
    host.ring();
    host.rest();
    assert_eq!(host.read(registers::STATUS) >> 8, 0);
    assert_eq!(host.read(registers::ERROR), 2, "more was popped than there was");
}
