//! The device interface over the memory link: answers by the rule, and what waits for what.

use std::sync::Arc;
use std::time::Duration;

use gemmine_hdl::registers::PANELS_A;

use super::super::device::PcieDevice;
use super::slot::Slot;
use crate::device::{Descriptor, Device, Side};
use crate::error::DeviceError;
use crate::serial::tests::device::{KEY, assert_golden, descriptor, lanes, load, panel};
use crate::worker::{WorkUnit, Worker};

pub const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn answers_are_what_the_rule_says() {
    let slot = Slot::new(6);
    let mut device = slot.open();
    for (n, (steps, chunk_steps)) in
        [(64, 64), (256, 64), (192, 128), (200, 68), (180, 100)].into_iter().enumerate()
    {
        let operands = load(&mut device, n as u64, steps);
        let want_tile = n != 1;
        let tile = Descriptor { chunk_steps, want_tile, ..descriptor(n as u32, steps) };
        device.push(tile).unwrap();
        let completion = device.wait(PATIENCE).unwrap();
        assert_eq!((completion.tag, completion.hit), (n as u32, true));
        assert_eq!(completion.tile.is_some(), want_tile);
        assert_golden(&completion, &operands, chunk_steps);
        for (bound_le, hit) in [(completion.ticket, true), ([0; 32], false)] {
            device.push(Descriptor { bound_le, ..tile }).unwrap();
            assert_eq!(device.wait(PATIENCE).unwrap().hit, hit);
        }
    }
    let counters = device.counters().unwrap();
    assert_eq!((counters.tiles, counters.hits), (15, 10));
    let dma = counters.dma.unwrap();
    // Panels of 892 steps on both sides went in, and twelve tiles came out, with their entries and others.
    assert!(dma.read_bytes > 2 * 16 * 892 && dma.read_bytes < 2 * 16 * 892 + 32 * 600, "{dma:?}");
    assert!(dma.write_bytes > 12 * 1024 && dma.write_bytes < 12 * 1024 + 64 * 100, "{dma:?}");
    assert_eq!(dma.polled, 0);
    assert!(slot.world().accelerator.errors == 0 && counters.link.is_none());
}

#[test]
fn a_full_queue_refuses_and_tiles_come_in_order() {
    let slot = Slot::new(6);
    let mut device = slot.open();
    slot.world().accelerator.tile_time = Duration::from_millis(3);
    let operands = load(&mut device, 3, 64);
    for round in 0..40 {
        for tag in 0..16 {
            let want_tile = (tag + round) % 3 > 0;
            device.push(Descriptor { want_tile, ..descriptor(round << 8 | tag, 64) }).unwrap();
        }
        let full = device.push(descriptor(99, 64)).unwrap_err();
        assert!(matches!(full, DeviceError::QueueFull(16)) && full.is_busy(), "{full}");
        for tag in 0..16 {
            let completion = device.wait(PATIENCE).unwrap();
            assert_eq!(completion.tag, round << 8 | tag);
            assert_eq!(completion.tile.is_some(), (tag + round) % 3 > 0);
            assert_golden(&completion, &operands, 64);
        }
    }
    let none = device.wait(Duration::from_millis(3)).unwrap_err().to_string();
    assert!(none.ends_with("waiting for a completion, with no descriptor outstanding"), "{none}");
    assert_eq!(slot.world().accelerator.errors, 0);
}

#[test]
fn commands_are_told_of_in_batches() {
    let slot = Slot::new(6);
    let mut device = slot.open();
    load(&mut device, 1, 64);
    let before = device.counters().unwrap().dma.unwrap();
    for tag in 0..16 {
        device.push(Descriptor { want_tile: false, ..descriptor(tag, 64) }).unwrap();
    }
    for tag in 0..16 {
        assert_eq!(device.wait(PATIENCE).unwrap().tag, tag);
    }
    let dma = device.counters().unwrap().dma.unwrap().since(before);
    // One job slot and sixteen descriptors.
    assert_eq!((dma.doorbells, dma.commands), (1, 4 + 16));
}

#[test]
fn panels_beyond_the_memory_that_they_wait_in_are_waited_for() {
    // A device that takes commands only when it is asked, and panels that fill what they wait in many times over.
    let slot = Slot::new(10);
    let mut device = slot.open();
    let b = lanes(99, 4096);
    device.load_panel(Side::B, 0, panel(&b)).unwrap();
    for n in 0..12 {
        let a = lanes(n, 4096);
        slot.world().faults.stalled = true;
        for place in 0..3 {
            device.load_panel(Side::A, place, panel(&lanes(50 + n, 16))).unwrap();
        }
        slot.world().faults.stalled = false;
        device.load_panel(Side::A, 0, panel(&a)).unwrap();
        device.push(Descriptor { chunk_steps: 1024, ..descriptor(n as u32, 4096) }).unwrap();
        let completion = device.wait(PATIENCE).unwrap();
        assert_golden(&completion, &[a, b.clone()], 1024);
    }
    slot.world().faults.stalled = true;
    let loads = (0..100).map(|n| device.load_panel(Side::A, n % 8, panel(&lanes(5, 4096))));
    let error = { loads }.find_map(Result::err).unwrap().to_string();
    assert!(error.contains("waiting for room for a panel"), "{error}");
}

/// A device that carries out ten commands while one of its registers is read, with more panels on the way than fit into
/// the memory that they wait in; what those of A's four places and of B's first one hold.
fn many_panels() -> (Slot, PcieDevice, [Vec<Vec<i8>>; 4]) {
    let slot = Slot::new(10);
    let mut device = slot.open();
    slot.world().faults.command_time = Duration::from_nanos(100);
    let operands: [_; 4] = std::array::from_fn(|n| lanes(n as u64, 1024));
    let panels = operands.each_ref().map(|lanes| panel(lanes));
    device.load_panel(Side::B, 0, panels[0].clone()).unwrap();
    for n in 0..40 {
        device.load_panel(Side::A, n % 4, panels[n % 4].clone()).unwrap();
    }
    (slot, device, operands)
}

/// All of those panels are there.
fn answer_by_all(device: &mut PcieDevice, operands: &[Vec<Vec<i8>>; 4]) {
    for (place, lanes) in operands.iter().enumerate() {
        device.push(Descriptor { a_panel: place, ..descriptor(place as u32, 1024) }).unwrap();
        let completion = device.wait(PATIENCE).unwrap();
        assert_golden(&completion, &[lanes.clone(), operands[0].clone()], 64);
    }
}

#[test]
fn a_register_may_tell_of_more_than_the_entries_that_are_read() {
    let (slot, mut device, operands) = many_panels();
    answer_by_all(&mut device, &operands);
    assert_eq!(slot.world().accelerator.errors, 0);
}

#[test]
fn a_reset_keeps_panels_whose_entries_are_not_read() {
    let (slot, mut device, operands) = many_panels();
    device.reset().unwrap();
    answer_by_all(&mut device, &operands);
    assert_eq!(slot.world().opened, 1);
}

#[test]
fn panels_that_are_there_are_not_sent_again() {
    let slot = Slot::new(8);
    slot.world().accelerator.log = Some(Vec::new());
    let worker = Worker::start(Box::new(slot.open()), 4).unwrap();
    let b: Vec<_> = (0..3).map(|n| panel(&lanes(n, 256))).collect();
    let mut sent = Vec::new();
    for id in 0..3 {
        let unit = WorkUnit {
            id,
            a: panel(&lanes(50 + id, 256)),
            b: b.clone(),
            steps: 256,
            chunk_steps: 64,
            ticket_key: KEY,
            bound_le: [0; 32],
            want_tiles: true,
        };
        worker.send(unit).unwrap();
        let completions = worker.receive(PATIENCE).unwrap().result.unwrap();
        for (n, completion) in (0..).zip(&completions) {
            assert_golden(completion, &[lanes(50 + id, 256), lanes(n, 256)], 64);
        }
        let log = slot.world().accelerator.log.replace(Vec::new()).unwrap();
        sent.push(log.iter().filter(|(address, _)| *address >= PANELS_A).count());
    }
    assert_eq!(sent, [4 * 1024, 1024, 1024]);
}

#[test]
fn a_reset_drops_work_and_keeps_panels() {
    let slot = Slot::new(6);
    let mut device = slot.open();
    slot.world().accelerator.tile_time = Duration::from_millis(2);
    let operands = load(&mut device, 1, 64);
    for tag in 0..5 {
        device.push(descriptor(tag, 64)).unwrap();
    }
    assert_eq!(device.wait(PATIENCE).unwrap().tag, 0);
    device.reset().unwrap();
    assert!(device.wait(Duration::from_millis(10)).is_err());
    // What was outstanding never comes any more, however late.
    device.push(descriptor(100, 64)).unwrap();
    let completion = device.wait(PATIENCE).unwrap();
    assert_eq!(completion.tag, 100);
    assert_golden(&completion, &operands, 64);
    assert_eq!(slot.world().opened, 1);
}

#[test]
fn a_late_completion_is_waited_for_again() {
    let slot = Slot::new(6);
    let mut device = slot.open();
    slot.world().accelerator.tile_time = Duration::from_millis(500);
    let operands = load(&mut device, 1, 64);
    device.push(descriptor(1, 64)).unwrap();
    for waited in [100, 100].into_iter().chain([20; 14]) {
        let late = device.wait(Duration::from_millis(waited)).unwrap_err();
        assert!(matches!(late, DeviceError::Timeout { .. }), "{late}");
        assert!(late.to_string().contains(&format!("after {waited} ms")), "{late}");
    }
    assert_golden(&device.wait(PATIENCE).unwrap(), &operands, 64);
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_sent() {
    let slot = Slot::new(6);
    let mut device = slot.open();
    load(&mut device, 1, 128);
    let before = device.counters().unwrap().dma;
    for (descriptor, text) in [
        (Descriptor { chunk_steps: 32, ..descriptor(1, 128) }, "chunk length 32 is outside"),
        (descriptor(1, 64), "steps of a tile 64 is outside"),
        (Descriptor { a_panel: 3, ..descriptor(1, 128) }, "A panel 3 is empty"),
    ] {
        let error = device.push(descriptor).unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
    }
    let long = device.load_panel(Side::A, 0, panel(&lanes(1, 260))).unwrap_err().to_string();
    assert!(long.starts_with("panel length 260 is outside"), "{long}");
    assert_eq!(device.counters().unwrap().dma, before);
    let shared = panel(&lanes(1, 64));
    device.load_panel(Side::A, 1, shared.clone()).unwrap();
    assert_eq!(Arc::strong_count(&shared), 1, "the panel's own bytes are not kept");
}
