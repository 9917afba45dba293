//! What halts the link, and how it says so.

use gemmine_hdl::dma_registers as map;
use gemmine_hdl::dma_registers::DmaError;
use gemmine_hdl::registers;

use super::host::{COMMAND_RING, DATA, ENTRY_RING, Host, immediate, kind, transfer};
use super::model;

/// A good command, a bad one, and one that must not be carried out.
fn halts(mut host: Host, command: [u32; 8], error: DmaError) {
    host.put(immediate(registers::SCRATCH_SET, &[1]));
    host.put(command);
    host.put(immediate(registers::SCRATCH_SET, &[2]));
    host.ring();
    host.rest();
    let status = host.read(map::DMA_STATUS);
    assert_eq!(DmaError::of_status(status), Some(error), "{command:x?}: status {status:#x}");
    assert_eq!(map::STATUS_FIELDS[3].get(&[status]), 1, "{command:x?}: its index");
    assert_eq!(host.read(map::COMMAND_HEAD), 1);
    assert_eq!(host.read(registers::SCRATCH), 1);
    assert_eq!(host.interrupts, 1);
    let entries = host.entries();
    if error == DmaError::Write {
        assert_eq!(entries, [[0; 16]; 0]);
    } else {
        let [entry] = entries[..] else { panic!("{entries:?}") };
        assert_eq!(kind(&entry), map::KIND_HALTED);
        assert_eq!(DmaError::of_status(entry[0]), Some(error));
    }
    // After a reset it goes on.
    host.write(map::DMA_CONTROL, map::CONTROL_RESET);
    host.rest();
    host.tail = 0;
    host.write(map::DMA_CONTROL, map::CONTROL_RUN);
    host.command(immediate(registers::SCRATCH_SET, &[3]));
    assert_eq!(host.read(registers::SCRATCH), 3);
}

/// Commands that no device carries out.
pub fn check_errors(mut host: impl FnMut() -> Host) {
    let nowhere = 0x7_0000_0000;
    for (command, error) in [
        ([0; 8], DmaError::Opcode),
        ([4, 0, 1, 0, 0, 0, 0, 0], DmaError::Opcode),
        (transfer(map::WRITE, registers::PANELS_A, 0, DATA), DmaError::Range),
        (transfer(map::WRITE, registers::PANELS_A, 4, DATA + 4), DmaError::Range),
        (transfer(map::READ, registers::RESULTS, 4, DATA + 2), DmaError::Range),
        (transfer(map::WRITE, registers::PANELS_B - 3, 4, DATA), DmaError::Range),
        ([map::IMMEDIATE, registers::SCRATCH_SET, 5, 0, 0, 0, 0, 0], DmaError::Range),
        (transfer(map::WRITE, registers::PANELS_A, 4, nowhere), DmaError::Read),
        (transfer(map::READ, registers::RESULTS, 4, nowhere), DmaError::Write),
    ] {
        halts(host(), command, error);
    }
}

#[test]
fn bad_commands_halt_the_link() {
    check_errors(model);
}

/// Rings that are not there.
pub fn check_lost_rings(mut host: impl FnMut() -> Host) {
    let mut no_commands = host();
    assert!(no_commands.memory.unmap(COMMAND_RING));
    no_commands.write(map::COMMAND_TAIL, 1);
    no_commands.rest();
    let status = no_commands.read(map::DMA_STATUS);
    assert_eq!(DmaError::of_status(status), Some(DmaError::Read));
    assert_eq!(no_commands.entries().len(), 1);

    let mut no_entries = host();
    assert!(no_entries.memory.unmap(ENTRY_RING));
    let notifies = super::host::notifying(immediate(registers::SCRATCH_SET, &[4]), 3);
    no_entries.put(notifies);
    no_entries.ring();
    no_entries.rest();
    let status = no_entries.read(map::DMA_STATUS);
    assert_eq!(DmaError::of_status(status), Some(DmaError::Write));
    assert_eq!((no_entries.interrupts, no_entries.read(registers::SCRATCH)), (1, 4));
}

#[test]
fn rings_that_are_not_mapped_halt_the_link() {
    check_lost_rings(model);
}
