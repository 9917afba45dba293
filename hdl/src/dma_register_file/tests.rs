//! The registers against their table, and the life of the link.

use super::*;
use crate::axi_lite::REGISTER_LATENCY;
use crate::dma_registers as map;
use crate::dma_registers::{DMA_REGISTERS, DmaAccess, TABLE};
use crate::testbench::Clocked;

impl Clocked for DmaRegisterFile {
    fn clock(&mut self) -> &mut Signal<In, Clock> {
        &mut self.clock
    }
}

fn step(file: &mut DmaRegisterFile) {
    file.settle();
    file.edge();
}

fn write(file: &mut DmaRegisterFile, address: u32, word: u32) {
    file.write_in.next = true;
    file.address_in.next = u64::from(address - DMA_REGISTERS).into();
    file.data_in.next = u64::from(word).into();
    step(file);
    file.write_in.next = false;
}

fn read(file: &mut DmaRegisterFile, address: u32) -> u32 {
    file.address_in.next = u64::from(address - DMA_REGISTERS).into();
    for _ in 0..REGISTER_LATENCY {
        step(file);
    }
    file.settle();
    file.data_out.val().to_u32()
}

/// Bits of a register that keep what is written.
fn kept(name: &str) -> u32 {
    match name {
        "DMA_CONTROL" | "INTERRUPT_CONTROL" => 1,
        "COMMAND_SIZE" | "COMPLETION_SIZE" => 15,
        "COMMAND_TAIL" | "COMPLETION_HEAD" => 0xffff,
        "INTERRUPT_MODERATION" => 0xff_ffff,
        _ => u32::MAX,
    }
}

#[test]
fn what_can_be_written_reads_back_and_nothing_else_changes() {
    let mut file = DmaRegisterFile::connected();
    for register in TABLE {
        let before = read(&mut file, register.address);
        // Not the bit that resets.
        write(&mut file, register.address, 0xffff_fffd);
        let want = match register.access {
            DmaAccess::ReadWrite => kept(register.name) & 0xffff_fffd,
            DmaAccess::Read => before,
        };
        let name = register.name;
        assert!(name != "DMA_STATUS" || before == 0);
        assert_eq!(read(&mut file, register.address), want, "{name}");
    }
    assert_eq!(read(&mut file, map::DMA_ID), map::DMA_ID_VALUE);
    for unlisted in DMA_REGISTERS + TABLE.len() as u32..DMA_REGISTERS + map::DMA_REGISTER_WORDS {
        assert_eq!(read(&mut file, unlisted), 0);
    }
}

#[test]
fn live_words_stand_where_the_table_says() {
    let mut file = DmaRegisterFile::connected();
    file.head_in.next = 0x1234_u64.into();
    file.completion_tail_in.next = 0x5678_u64.into();
    file.pending_in.next = true;
    file.read_event_in.next = true;
    file.write_event_in.next = true;
    step(&mut file);
    file.read_event_in.next = false;
    file.whole_event_in.next = true;
    step(&mut file);
    file.write_event_in.next = false;
    file.command_event_in.next = true;
    file.interrupt_event_in.next = true;
    file.read_stall_in.next = true;
    file.bus_stall_in.next = true;
    step(&mut file);
    file.command_event_in.next = false;
    file.interrupt_event_in.next = false;
    step(&mut file);
    file.read_stall_in.next = false;
    step(&mut file);
    file.bus_stall_in.next = false;
    for (register, word) in [
        (map::COMMAND_HEAD, 0x1234),
        (map::COMPLETION_TAIL, 0x5678),
        (map::INTERRUPT_CONTROL, map::INTERRUPT_PENDING),
        (map::DMA_READ_BYTES, 8),
        (map::DMA_WRITE_BYTES, 12),
        (map::COMMANDS, 1),
        (map::INTERRUPTS, 1),
        (map::READ_STALLS, 2),
        (map::BUS_STALLS, 3),
    ] {
        assert_eq!(read(&mut file, register), word, "register {register}");
    }
}

#[test]
fn an_error_stays_until_a_reset_which_waits_for_what_is_in_flight() {
    let mut file = DmaRegisterFile::connected();
    write(&mut file, map::DMA_CONTROL, map::CONTROL_RUN);
    file.settle();
    assert!(file.run_out.val());
    file.head_in.next = 7_u64.into();
    file.command_error_in.next = 2_u64.into();
    step(&mut file);
    file.command_error_in.next = 0_u64.into();
    file.completion_error_in.next = true;
    file.head_in.next = 8_u64.into();
    step(&mut file);
    file.completion_error_in.next = false;
    let status = read(&mut file, map::DMA_STATUS);
    assert_eq!(status, 7 << 16 | 2 << 4 | map::STATUS_HALTED, "the first error stays");
    assert!(file.halt_out.val() && file.stop_out.val() && !file.force_out.val());
    file.halt_told_in.next = true;
    step(&mut file);
    file.settle();
    assert!(file.force_out.val());
    write(&mut file, map::COMMAND_TAIL, 9);
    write(&mut file, map::DMA_CONTROL, map::CONTROL_RESET | map::CONTROL_RUN);
    for _ in 0..100 {
        step(&mut file);
    }
    assert_eq!(read(&mut file, map::DMA_CONTROL), map::CONTROL_RESET);
    assert_eq!(read(&mut file, map::DMA_STATUS), map::STATUS_BUSY);
    file.quiet_in.next = true;
    step(&mut file);
    assert_eq!(read(&mut file, map::DMA_CONTROL), 0);
    assert_eq!(read(&mut file, map::COMMAND_TAIL), 0);
    write(&mut file, map::DMA_CONTROL, map::CONTROL_RESET);
    let mut cycles = 1;
    while file.clear_out.val() {
        step(&mut file);
        cycles += 1;
    }
    assert_eq!(cycles, RESET_CYCLES);
}
