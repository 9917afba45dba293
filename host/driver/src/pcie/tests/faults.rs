//! Everything that can go wrong with a slot, its device and what that writes.

use std::time::Duration;

use gemmine_hdl::dma_registers::DMA_REGISTERS;

use super::super::device::{PcieDevice, PcieOptions};
use super::device::PATIENCE;
use super::double::Faults;
use super::slot::Slot;
use crate::device::{Descriptor, Device};
use crate::error::DeviceError;
use crate::serial::tests::device::{assert_golden, descriptor, load};

fn text(error: &DeviceError) -> String {
    assert!(error.is_lost(), "{error:?}");
    error.to_string()
}

/// A device with panels, and faults from now on.
fn faulty(faults: Faults) -> (Slot, PcieDevice) {
    let slot = Slot::new(6);
    let mut device = slot.open();
    load(&mut device, 1, 64);
    slot.world().faults = faults;
    (slot, device)
}

/// After the faults are gone, a reset helps, and nothing of before comes back.
fn recovers(slot: &Slot, device: &mut PcieDevice) {
    slot.world().faults = Faults::default();
    device.reset().unwrap();
    let gone = device.push(descriptor(9, 64)).unwrap_err();
    assert!(matches!(gone, DeviceError::NoPanel { .. }), "{gone}");
    let operands = load(device, 2, 64);
    device.push(descriptor(10, 64)).unwrap();
    let completion = device.wait(PATIENCE).unwrap();
    assert_eq!(completion.tag, 10);
    assert_golden(&completion, &operands, 64);
}

#[test]
fn a_device_that_is_pulled_out_is_lost_and_one_that_comes_back_is_reached_again() {
    let (slot, mut device) = faulty(Faults::default());
    slot.world().accelerator.tile_time = Duration::from_millis(40);
    device.push(descriptor(1, 64)).unwrap();
    assert!(device.wait(Duration::from_millis(5)).is_err());
    slot.world().remove();
    let lost = text(&device.wait(PATIENCE).unwrap_err());
    assert!(lost.contains("lost device test: the device is gone: its registers read as all ones"));
    // Until a reset, everything says so.
    let closed = text(&device.counters().unwrap_err());
    assert!(closed.contains("reset the device to open it again"), "{closed}");
    let never = text(&device.reset().unwrap_err());
    assert!(never.contains("there is none in its slot"), "{never}");
    slot.world().faults.back_after = Some(Duration::from_secs(20));
    device.reset().unwrap();
    let operands = load(&mut device, 3, 64);
    device.push(descriptor(2, 64)).unwrap();
    assert_golden(&device.wait(PATIENCE).unwrap(), &operands, 64);
    assert_eq!(slot.world().opened, 2);
}

#[test]
fn counters_and_panels_of_a_device_that_is_gone_are_no_numbers() {
    for n in 0..3 {
        let (slot, mut device) = faulty(Faults::default());
        slot.world().remove();
        let error = match n {
            0 => device.counters().unwrap_err(),
            1 => device.push(descriptor(1, 64)).and_then(|()| device.wait(PATIENCE)).unwrap_err(),
            _ => device.reset().unwrap_err(),
        };
        let error = text(&error);
        assert!(error.contains("gone") || error.contains("none in its slot"), "{error}");
    }
}

#[test]
fn memory_that_is_not_mapped_halts_with_code_and_index() {
    // Rings are the first two pieces, then panels, then tiles.
    for (mapped, want) in [
        (0, "halted at command"),
        (1, "a write to host memory failed"),
        (3, "a write to host memory failed"),
    ] {
        let (slot, mut device) = faulty(Faults { mapped: Some(mapped), ..Faults::default() });
        device.push(descriptor(1, 64)).unwrap();
        let error = text(&device.wait(PATIENCE).unwrap_err());
        assert!(error.contains("the device's DMA halted at command"), "{mapped}: {error}");
        assert!(error.contains(want) && error.contains("IOMMU"), "{mapped}: {error}");
        recovers(&slot, &mut device);
    }
    let (slot, mut device) = faulty(Faults { mapped: Some(2), ..Faults::default() });
    let operands = crate::serial::tests::device::lanes(4, 64);
    let panel = crate::serial::tests::device::panel(&operands);
    device.load_panel(crate::device::Side::A, 1, panel).unwrap();
    device.push(descriptor(1, 64)).unwrap();
    let error = text(&device.wait(PATIENCE).unwrap_err());
    // Two commands of the test when it was opened, two panels of seventeen before this one.
    assert!(error.contains("halted at command 36 (DMA_STATUS 0x00240032)"), "{error}");
    assert!(error.contains("a read of host memory failed"), "{error}");
    recovers(&slot, &mut device);
}

#[test]
fn a_lost_interrupt_costs_time_and_nothing_else() {
    let (slot, mut device) = faulty(Faults { lose_interrupts: true, ..Faults::default() });
    slot.world().accelerator.tile_time = Duration::from_millis(3);
    let operands = load(&mut device, 5, 64);
    let start = slot.world().now;
    for tag in 0..10 {
        device.push(descriptor(tag, 64)).unwrap();
        assert_golden(&device.wait(PATIENCE).unwrap(), &operands, 64);
    }
    let took = slot.world().now - start;
    // One long wait at most: once they are known to be lost, the ring is looked at more often.
    assert!(took < Duration::from_millis(10 * 3 + 20 + 10 * 2 + 5), "{took:?}");
    let polled = device.counters().unwrap().dma.unwrap().polled;
    assert!(polled >= 10, "{polled}");
    // Interrupts that come again are used again.
    slot.world().faults.lose_interrupts = false;
    for tag in 0..10 {
        device.push(Descriptor { want_tile: false, ..descriptor(tag, 64) }).unwrap();
        device.wait(PATIENCE).unwrap();
    }
    let again = device.counters().unwrap().dma.unwrap().polled - polled;
    assert!(again <= 5, "{again}");
}

#[test]
fn a_damaged_command_halts_and_is_told_of_with_its_index() {
    // The word, the bits, and what the device says of it.
    for (word, bits, want) in [
        (0, 0xf, "it read a command that is none"),
        (2, 1 << 17, "with a length or an address that it can't have"),
    ] {
        let (slot, mut device) =
            faulty(Faults { command: Some((40, word, bits)), ..Faults::default() });
        device.push(descriptor(1, 64)).unwrap();
        let error = text(&device.wait(PATIENCE).unwrap_err());
        assert!(error.contains("halted at command 40"), "{error}");
        assert!(error.contains(want), "{error}");
        recovers(&slot, &mut device);
    }
}

#[test]
fn damaged_entries_are_errors() {
    // The entry of the test when the device was opened is 0, panels are 1 and 2, the completion is 3, its tile 4.
    for (index, word, bits, want) in [
        (3, 15, 1 << 8, "entry 3 has sequence 260, due is 4"),
        (3, 14, 7 << 24, "an entry has kind 6"),
        (3, 14, 0x4000, "is not between"),
        (3, 1, 2, "a tile was not agreed on"),
        (4, 13, 1, "command 0x1 is done, which was not due"),
        // As if one panel more had come.
        (4, 13, 0xffff, "command 0xffff is done, which was not due"),
    ] {
        let (slot, mut device) =
            faulty(Faults { entry: Some((index, word, bits)), ..Faults::default() });
        device.push(descriptor(1, 64)).unwrap();
        let error = text(&device.wait(PATIENCE).unwrap_err());
        assert!(error.contains(want), "{error}");
        recovers(&slot, &mut device);
    }
    let (_slot, mut device) = faulty(Faults { entry: Some((3, 0, 512)), ..Faults::default() });
    device.push(descriptor(1, 64)).unwrap();
    let error = device.wait(PATIENCE).unwrap_err();
    assert!(matches!(error, DeviceError::Tag { expected: 1, got: 513 }), "{error}");
}

#[test]
fn a_stuck_array_and_stalled_commands_are_given_up() {
    let (slot, mut device) = faulty(Faults::default());
    slot.world().accelerator.stuck = true;
    device.push(descriptor(1, 64)).unwrap();
    let error = device.wait(PATIENCE).unwrap_err().to_string();
    assert!(error.contains("it is stuck"), "{error}");
    slot.world().accelerator.stuck = false;
    device.reset().unwrap();
    // Panels stay.
    device.push(descriptor(3, 64)).unwrap();
    assert_eq!(device.wait(PATIENCE).unwrap().tag, 3);
    slot.world().faults.stalled = true;
    let error = text(&device.reset().unwrap_err());
    assert!(error.contains("while waiting for the first command"), "{error}");
    slot.world().faults.stalled = false;
    recovers(&slot, &mut device);
}

/// What ends waits that are as short as those of callers that look after something else, too.
fn ends_short_waits(device: &mut PcieDevice) -> DeviceError {
    // Twenty seconds of the double's time.
    let waits = (0..1000).map(|_| device.wait(Duration::from_millis(20)).unwrap_err());
    let end = { waits }.find(|error| !matches!(error, DeviceError::Timeout { .. }));
    end.expect("short waits go on and on")
}

#[test]
fn a_device_that_does_nothing_is_given_up_in_short_waits_too() {
    // An array that never finishes; commands that are never carried out; a tile that never comes to the host.
    for n in 0..3 {
        let (slot, mut device) = faulty(Faults { stalled: n == 1, ..Faults::default() });
        slot.world().accelerator.stuck = n == 0;
        slot.world().accelerator.tile_time = Duration::from_millis(30);
        device.push(descriptor(1, 64)).unwrap();
        if n == 2 {
            device.wait(Duration::from_millis(10)).unwrap_err();
            slot.world().faults.stalled = true;
        }
        let start = slot.world().now;
        let error = ends_short_waits(&mut device);
        assert!(matches!(error, DeviceError::Stuck { waited_ms: 20 }), "{n}: {error}");
        let took = slot.world().now - start;
        assert!(took > Duration::from_millis(500), "{n}: given up after {took:?} of its time");
        slot.world().accelerator.stuck = false;
        slot.world().faults.stalled = false;
        device.reset().unwrap();
        let operands = load(&mut device, 2, 64);
        device.push(descriptor(3, 64)).unwrap();
        assert_golden(&device.wait(PATIENCE).unwrap(), &operands, 64);
    }
}

#[test]
fn a_device_that_the_system_wants_back_is_let_go_at_once() {
    for n in 0..2 {
        let (slot, mut device) = faulty(Faults::default());
        slot.world().accelerator.tile_time = Duration::from_millis(40);
        device.push(descriptor(1, 64)).unwrap();
        let counted = device.counters().unwrap().dma.unwrap();
        slot.world().faults.asked_back = true;
        let error = match n {
            0 => device.wait(PATIENCE).unwrap_err(),
            _ => device.counters().unwrap_err(),
        };
        let error = text(&error);
        assert!(error.contains("the device is gone: the system wants it back"), "{error}");
        assert_eq!(slot.world().closed, 1);
        slot.world().remove();
        assert!(text(&device.reset().unwrap_err()).contains("none in its slot"));
        slot.world().faults.back_after = Some(Duration::ZERO);
        device.reset().unwrap();
        // What was counted before it went is not forgotten.
        let commands = device.counters().unwrap().dma.unwrap().commands;
        assert_eq!(commands, counted.commands + 2);
    }
}

#[test]
fn a_reset_of_a_device_that_does_nothing_ends_in_time() {
    let (slot, mut device) = faulty(Faults { stalled: true, ..Faults::default() });
    slot.world().patience = Duration::from_secs(3);
    device.push(descriptor(1, 64)).unwrap();
    let start = slot.world().now;
    let error = text(&device.reset().unwrap_err());
    assert!(error.contains("while waiting for the first command"), "{error}");
    let took = slot.world().now - start;
    // For what is on the way, for the first command, for a lost device, and what the last try to reach that has at least.
    assert!(took < Duration::from_secs(3 + 3 + 15 + 2), "{took:?}");
    assert!(took > Duration::from_secs(15), "{took:?}");
    recovers(&slot, &mut device);
}

#[test]
fn a_lost_device_that_cant_be_reset_says_so_where_it_matters() {
    // Its DMA's own reset does.
    let (slot, mut device) = faulty(Faults::default());
    slot.world().remove();
    device.counters().unwrap_err();
    slot.world().faults = Faults { no_reset: true, ..Faults::default() };
    device.reset().unwrap();
    // It does not.
    slot.world().faults.stalled = true;
    let error = text(&device.reset().unwrap_err());
    assert!(error.contains("while waiting for the first command"), "{error}");
    assert!(error.ends_with("; before, its function has no reset"), "{error}");
    recovers(&slot, &mut device);
}

#[test]
fn what_is_no_memory_link_is_not_opened() {
    let open = |change: &dyn Fn(&Slot)| {
        let slot = Slot::new(6);
        change(&slot);
        let options = PcieOptions { patience: Duration::ZERO };
        PcieDevice::on(Box::new(slot), "test".into(), options).map(drop).unwrap_err()
    };
    for (change, want) in [
        (
            (&|slot: &Slot| slot.world().registers[0] = 0x1234) as &dyn Fn(&Slot),
            "word 0x00001234 is no memory link's ID (0x31414d44)",
        ),
        (&|slot| slot.world().accelerator.version = 2, "register map version 2"),
        (&|slot| slot.world().remove(), "none in its slot"),
        (&|slot| slot.world().faults.read = 4, "the word 0x5ca1ab1e came back as 0x5ca1ab1a"),
    ] {
        let error = text(&open(change));
        assert!(error.starts_with("lost device test: ") && error.contains(want), "{error}");
    }
    const { assert!(DMA_REGISTERS == 1024) };
}

#[test]
fn a_device_that_starts_anew_behind_the_hosts_back_is_noticed() {
    let (slot, mut device) = faulty(Faults::default());
    device.push(descriptor(1, 64)).unwrap();
    slot.world().registers[1..].fill(0);
    let error = text(&device.wait(PATIENCE).unwrap_err());
    assert!(error.contains("was reset or lost its power"), "{error}");
    recovers(&slot, &mut device);
}
