//! The link's own registers, and what they say of its life: run, halt, reset.
//!
//! ```text
//!   write, address, data ==>+-----------------+===> run, clear, stop
//!   data_out <==============|                 |===> rings: bases, masks, indices
//!   errors, head, quiet ===>| DmaRegisterFile |===> interrupts: enable, entries, time
//!   events ================>+-----------------+---> halt, force, status
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | begin a reset, as `reset` in `DMA_CONTROL` does: the other side of AXI has been reset |
//! | `write_in`, `address_in`, `data_in` | 1, 6, 32 | write a register, by its place behind [`DMA_REGISTERS`](crate::dma_registers::DMA_REGISTERS) |
//! | `data_out` | 32 | the register at `address_in`, [`REGISTER_LATENCY`](crate::axi_lite::REGISTER_LATENCY) cycles later |
//! | `run_out`, `stop_out`, `clear_out` | 1 | go on; halted; drop everything |
//! | `active_out`, `blocked_in` | 1 | commands or a reset will go on without the host; unless they wait for room in the completion ring |
//! | `quiet_in` | 1 | nothing is in flight on AXI: a reset may end |
//! | `busy_in` | 1 | a command or an entry is in work |
//! | `command_error_in`, `completion_error_in` | 4, 1 | the command at `head_in` fails; an entry could not be written |
//! | `halt_out`, `halt_told_in` | 1 | write an entry that says so; that is done |
//! | `force_out` | 1 | interrupt now |
//! | `status_out`, `head_in`, `completion_tail_in`, `pending_in` | 32, 16, 16, 1 | `DMA_STATUS`, and what registers show |
//! | `command_base_low_out` .. `consumed_out` | | the rings: bases, masks, the host's indices |
//! | `enable_out`, `entries_out`, `time_out` | 1, 8, 16 | of interrupts |
//! | `read_event_in`, `write_event_in`, `whole_event_in`, `command_event_in`, `interrupt_event_in`, `read_stall_in`, `bus_stall_in` | 1 | what is counted: a beat read; a beat written, of eight bytes; .. |
//!
//! # Latency
//! A reset takes [`RESET_CYCLES`] cycles at least, and so long that nothing is in flight.
//!
//! # Why
//! Every word stands in registers here, one row of AND and OR behind one row of decoders: nothing of it is in the way
//! of anything. Reset holds for some cycles, so that words of the bus that are on their way find nobody.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::flags::Flags;
use crate::join::Join;
use crate::ring_mask::RingMask;
use crate::zero_extend::ZeroExtend;

/// Cycles of a reset, from the write to the end of `clear_out`, if nothing is in flight.
pub const RESET_CYCLES: usize = 17;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct DmaRegisterFile {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Begin a reset.
    pub reset_in: Signal<In, Bit>,
    // Window
    /// Write a register.
    pub write_in: Signal<In, Bit>,
    /// Which one.
    pub address_in: Signal<In, Bits<6>>,
    /// What.
    pub data_in: Signal<In, Bits<32>>,
    /// The word.
    pub data_out: Signal<Out, Bits<32>>,
    // Life
    /// Go on.
    pub run_out: Signal<Out, Bit>,
    /// Halted.
    pub stop_out: Signal<Out, Bit>,
    /// Drop everything.
    pub clear_out: Signal<Out, Bit>,
    /// Commands, or a reset, will go on.
    pub active_out: Signal<Out, Bit>,
    /// Not before there is room in the completion ring.
    pub blocked_in: Signal<In, Bit>,
    /// Nothing is in flight.
    pub quiet_in: Signal<In, Bit>,
    /// Something is in work.
    pub busy_in: Signal<In, Bit>,
    /// A command fails.
    pub command_error_in: Signal<In, Bits<4>>,
    /// An entry could not be written.
    pub completion_error_in: Signal<In, Bit>,
    /// Write an entry that says so.
    pub halt_out: Signal<Out, Bit>,
    /// It is written.
    pub halt_told_in: Signal<In, Bit>,
    /// Interrupt now.
    pub force_out: Signal<Out, Bit>,
    /// The status.
    pub status_out: Signal<Out, Bits<32>>,
    // What registers show
    /// Index of the first command that is not done.
    pub head_in: Signal<In, Bits<16>>,
    /// Index of the next entry.
    pub completion_tail_in: Signal<In, Bits<16>>,
    /// Entries were not announced.
    pub pending_in: Signal<In, Bit>,
    // Rings
    /// Of commands: byte address, low word.
    pub command_base_low_out: Signal<Out, Bits<32>>,
    /// High word.
    pub command_base_high_out: Signal<Out, Bits<32>>,
    /// Entries, less one.
    pub command_mask_out: Signal<Out, Bits<12>>,
    /// Index behind the newest command.
    pub command_tail_out: Signal<Out, Bits<16>>,
    /// Of completions: byte address, low word.
    pub completion_base_low_out: Signal<Out, Bits<32>>,
    /// High word.
    pub completion_base_high_out: Signal<Out, Bits<32>>,
    /// Entries, less one.
    pub completion_mask_out: Signal<Out, Bits<12>>,
    /// Index behind the last entry that the host has done with.
    pub consumed_out: Signal<Out, Bits<16>>,
    // Interrupts
    /// They come.
    pub enable_out: Signal<Out, Bit>,
    /// So many entries at once.
    pub entries_out: Signal<Out, Bits<8>>,
    /// Or after so many times 16 cycles.
    pub time_out: Signal<Out, Bits<16>>,
    // Events
    /// A beat was read.
    pub read_event_in: Signal<In, Bit>,
    /// A beat was written.
    pub write_event_in: Signal<In, Bit>,
    /// Of eight bytes.
    pub whole_event_in: Signal<In, Bit>,
    /// A command is done.
    pub command_event_in: Signal<In, Bit>,
    /// An interrupt.
    pub interrupt_event_in: Signal<In, Bit>,
    /// A WRITE waits for host memory.
    pub read_stall_in: Signal<In, Bit>,
    /// A word waits for the bus.
    pub bus_stall_in: Signal<In, Bit>,
    // State: life
    run: DFF<Bit>,
    resets: DFF<Bit>,
    left: DFF<Bits<4>>,
    halted: DFF<Bit>,
    error: DFF<Bits<4>>,
    index: DFF<Bits<16>>,
    told: DFF<Bit>,
    forces: DFF<Bit>,
    // State: registers
    command_base_low: DFF<Bits<32>>,
    command_base_high: DFF<Bits<32>>,
    command_size: DFF<Bits<4>>,
    command_tail: DFF<Bits<16>>,
    completion_base_low: DFF<Bits<32>>,
    completion_base_high: DFF<Bits<32>>,
    completion_size: DFF<Bits<4>>,
    consumed: DFF<Bits<16>>,
    moderation: DFF<Bits<24>>,
    enable: DFF<Bit>,
    read_beats: DFF<Bits<29>>,
    written_words: DFF<Bits<30>>,
    /// Commands, interrupts, stalls for host memory, for the bus.
    counts: [DFF<Bits<32>>; 4],
    counted: [Signal<Local, Bit>; 4],
    // Reading
    selected: [DFF<Bit>; 21],
    words: [Signal<Local, Bits<32>>; 21],
    gated: [Signal<Local, Bits<32>>; 21],
    data: DFF<Bits<32>>,
    // Wires
    begins_reset: Signal<Local, Bit>,
    writes_control: Signal<Local, Bit>,
    fails: Signal<Local, Bits<4>>,
    busy: Signal<Local, Bit>,
    waits: Signal<Local, Bit>,
    command_mask: RingMask,
    completion_mask: RingMask,
    control_flags: Flags,
    control_word: ZeroExtend<3, 32>,
    status_flags: Flags,
    status_low: Join<1, 3, 4>,
    status_byte: Join<4, 4, 8>,
    status_half: ZeroExtend<8, 16>,
    status_word: Join<16, 16, 32>,
    command_size_word: ZeroExtend<4, 32>,
    command_tail_word: ZeroExtend<16, 32>,
    head_word: ZeroExtend<16, 32>,
    completion_size_word: ZeroExtend<4, 32>,
    consumed_word: ZeroExtend<16, 32>,
    completion_tail_word: ZeroExtend<16, 32>,
    moderation_word: ZeroExtend<24, 32>,
    interrupt_flags: Flags,
    interrupt_word: ZeroExtend<3, 32>,
    read_bytes: Join<29, 3, 32>,
    written_bytes: Join<30, 2, 32>,
}

impl Logic for DmaRegisterFile {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            run,
            resets,
            left,
            halted,
            error,
            index,
            told,
            forces,
            command_base_low,
            command_base_high,
            command_size,
            command_tail,
            completion_base_low,
            completion_base_high,
            completion_size,
            consumed,
            moderation,
            enable,
            read_beats,
            written_words,
            data
        );

        // Written
        if self.write_in.val() && (self.address_in.val() == bits::<6>(3)) {
            self.command_base_low.d.next = self.data_in.val();
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(4)) {
            self.command_base_high.d.next = self.data_in.val();
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(5)) {
            self.command_size.d.next = self.data_in.val().get_bits::<4>(0);
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(6)) {
            self.command_tail.d.next = self.data_in.val().get_bits::<16>(0);
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(8)) {
            self.completion_base_low.d.next = self.data_in.val();
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(9)) {
            self.completion_base_high.d.next = self.data_in.val();
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(10)) {
            self.completion_size.d.next = self.data_in.val().get_bits::<4>(0);
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(11)) {
            self.consumed.d.next = self.data_in.val().get_bits::<16>(0);
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(13)) {
            self.moderation.d.next = self.data_in.val().get_bits::<24>(0);
        }
        if self.write_in.val() && (self.address_in.val() == bits::<6>(14)) {
            self.enable.d.next = self.data_in.val().get_bit(0);
        }

        // Run, halt
        self.writes_control.next = self.write_in.val() && (self.address_in.val() == bits::<6>(1));
        if self.writes_control.val() {
            self.run.d.next = self.data_in.val().get_bit(0) && !self.resets.q.val();
        }
        self.fails.next = self.command_error_in.val();
        if self.completion_error_in.val() {
            self.fails.next = bits::<4>(4);
        }
        self.told.d.next = self.halt_told_in.val();
        self.forces.d.next = self.halt_told_in.val() && !self.told.q.val();
        if self.fails.val().any() && !self.halted.q.val() {
            self.halted.d.next = true;
            self.error.d.next = self.fails.val();
            self.index.d.next = self.head_in.val();
            self.forces.d.next = self.fails.val() == bits::<4>(4);
        }

        // Reset
        self.begins_reset.next =
            self.reset_in.val() || (self.writes_control.val() && self.data_in.val().get_bit(1));
        if self.resets.q.val() {
            self.command_tail.d.next = bits::<16>(0);
            self.consumed.d.next = bits::<16>(0);
            self.halted.d.next = false;
            self.error.d.next = bits::<4>(0);
            self.index.d.next = bits::<16>(0);
            self.forces.d.next = false;
            if self.left.q.val().any() {
                self.left.d.next = self.left.q.val() - bits::<4>(1);
            } else if self.quiet_in.val() {
                self.resets.d.next = false;
            }
        }
        if self.begins_reset.val() {
            self.run.d.next = false;
            self.resets.d.next = true;
            self.left.d.next = bits::<4>(15);
        }

        // Counters
        if self.read_event_in.val() {
            self.read_beats.d.next = self.read_beats.q.val() + bits::<29>(1);
        }
        if self.write_event_in.val() {
            self.written_words.d.next = self.written_words.q.val() + bits::<30>(1);
            if self.whole_event_in.val() {
                self.written_words.d.next = self.written_words.q.val() + bits::<30>(2);
            }
        }
        self.counted[0].next = self.command_event_in.val();
        self.counted[1].next = self.interrupt_event_in.val();
        self.counted[2].next = self.read_stall_in.val();
        self.counted[3].next = self.bus_stall_in.val();
        for n in 0..4 {
            self.counts[n].clock.next = self.clock.val();
            self.counts[n].d.next = self.counts[n].q.val();
            if self.counted[n].val() {
                self.counts[n].d.next = self.counts[n].q.val() + bits::<32>(1);
            }
        }

        // Words
        self.waits.next = self.run.q.val()
            && !self.halted.q.val()
            && (self.head_in.val() != self.command_tail.q.val());
        self.busy.next = self.busy_in.val() || self.resets.q.val() || self.waits.val();
        self.control_flags.zero_in.next = self.run.q.val();
        self.control_flags.one_in.next = self.resets.q.val();
        self.control_flags.two_in.next = false;
        self.control_word.data_in.next = self.control_flags.flags_out.val();
        self.status_flags.zero_in.next = self.busy.val();
        self.status_flags.one_in.next = self.halted.q.val();
        self.status_flags.two_in.next = false;
        self.status_low.high_in.next = bits::<1>(0);
        self.status_low.low_in.next = self.status_flags.flags_out.val();
        self.status_byte.high_in.next = self.error.q.val();
        self.status_byte.low_in.next = self.status_low.joined_out.val();
        self.status_half.data_in.next = self.status_byte.joined_out.val();
        self.status_word.high_in.next = self.index.q.val();
        self.status_word.low_in.next = self.status_half.data_out.val();
        self.command_size_word.data_in.next = self.command_size.q.val();
        self.command_tail_word.data_in.next = self.command_tail.q.val();
        self.head_word.data_in.next = self.head_in.val();
        self.completion_size_word.data_in.next = self.completion_size.q.val();
        self.consumed_word.data_in.next = self.consumed.q.val();
        self.completion_tail_word.data_in.next = self.completion_tail_in.val();
        self.moderation_word.data_in.next = self.moderation.q.val();
        self.interrupt_flags.zero_in.next = self.enable.q.val();
        self.interrupt_flags.one_in.next = self.pending_in.val();
        self.interrupt_flags.two_in.next = false;
        self.interrupt_word.data_in.next = self.interrupt_flags.flags_out.val();
        self.read_bytes.high_in.next = self.read_beats.q.val();
        self.read_bytes.low_in.next = bits::<3>(0);
        self.written_bytes.high_in.next = self.written_words.q.val();
        self.written_bytes.low_in.next = bits::<2>(0);
        self.words[0].next = bits::<32>(0x3141_4d44);
        self.words[1].next = self.control_word.data_out.val();
        self.words[2].next = self.status_word.joined_out.val();
        self.words[3].next = self.command_base_low.q.val();
        self.words[4].next = self.command_base_high.q.val();
        self.words[5].next = self.command_size_word.data_out.val();
        self.words[6].next = self.command_tail_word.data_out.val();
        self.words[7].next = self.head_word.data_out.val();
        self.words[8].next = self.completion_base_low.q.val();
        self.words[9].next = self.completion_base_high.q.val();
        self.words[10].next = self.completion_size_word.data_out.val();
        self.words[11].next = self.consumed_word.data_out.val();
        self.words[12].next = self.completion_tail_word.data_out.val();
        self.words[13].next = self.moderation_word.data_out.val();
        self.words[14].next = self.interrupt_word.data_out.val();
        self.words[15].next = self.read_bytes.joined_out.val();
        self.words[16].next = self.written_bytes.joined_out.val();
        self.words[17].next = self.counts[0].q.val();
        self.words[18].next = self.counts[1].q.val();
        self.words[19].next = self.counts[2].q.val();
        self.words[20].next = self.counts[3].q.val();

        // Read
        self.selected[0].d.next = self.address_in.val() == bits::<6>(0);
        self.selected[1].d.next = self.address_in.val() == bits::<6>(1);
        self.selected[2].d.next = self.address_in.val() == bits::<6>(2);
        self.selected[3].d.next = self.address_in.val() == bits::<6>(3);
        self.selected[4].d.next = self.address_in.val() == bits::<6>(4);
        self.selected[5].d.next = self.address_in.val() == bits::<6>(5);
        self.selected[6].d.next = self.address_in.val() == bits::<6>(6);
        self.selected[7].d.next = self.address_in.val() == bits::<6>(7);
        self.selected[8].d.next = self.address_in.val() == bits::<6>(8);
        self.selected[9].d.next = self.address_in.val() == bits::<6>(9);
        self.selected[10].d.next = self.address_in.val() == bits::<6>(10);
        self.selected[11].d.next = self.address_in.val() == bits::<6>(11);
        self.selected[12].d.next = self.address_in.val() == bits::<6>(12);
        self.selected[13].d.next = self.address_in.val() == bits::<6>(13);
        self.selected[14].d.next = self.address_in.val() == bits::<6>(14);
        self.selected[15].d.next = self.address_in.val() == bits::<6>(15);
        self.selected[16].d.next = self.address_in.val() == bits::<6>(16);
        self.selected[17].d.next = self.address_in.val() == bits::<6>(17);
        self.selected[18].d.next = self.address_in.val() == bits::<6>(18);
        self.selected[19].d.next = self.address_in.val() == bits::<6>(19);
        self.selected[20].d.next = self.address_in.val() == bits::<6>(20);
        for n in 0..21 {
            self.selected[n].clock.next = self.clock.val();
            self.gated[n].next = bits::<32>(0);
            if self.selected[n].q.val() {
                self.gated[n].next = self.words[n].val();
            }
        }
        self.data.d.next = self.gated[0].val()
            | self.gated[1].val()
            | self.gated[2].val()
            | self.gated[3].val()
            | self.gated[4].val()
            | self.gated[5].val()
            | self.gated[6].val()
            | self.gated[7].val()
            | self.gated[8].val()
            | self.gated[9].val()
            | self.gated[10].val()
            | self.gated[11].val()
            | self.gated[12].val()
            | self.gated[13].val()
            | self.gated[14].val()
            | self.gated[15].val()
            | self.gated[16].val()
            | self.gated[17].val()
            | self.gated[18].val()
            | self.gated[19].val()
            | self.gated[20].val();

        // Outputs
        self.command_mask.size_in.next = self.command_size.q.val();
        self.completion_mask.size_in.next = self.completion_size.q.val();
        self.data_out.next = self.data.q.val();
        self.run_out.next = self.run.q.val();
        self.stop_out.next = self.halted.q.val();
        self.clear_out.next = self.resets.q.val();
        self.halt_out.next = self.halted.q.val() && (self.error.q.val() != bits::<4>(4));
        self.active_out.next = self.resets.q.val() || (self.waits.val() && !self.blocked_in.val());
        self.force_out.next = self.forces.q.val();
        self.status_out.next = self.status_word.joined_out.val();
        self.command_base_low_out.next = self.command_base_low.q.val();
        self.command_base_high_out.next = self.command_base_high.q.val();
        self.command_mask_out.next = self.command_mask.mask_out.val();
        self.command_tail_out.next = self.command_tail.q.val();
        self.completion_base_low_out.next = self.completion_base_low.q.val();
        self.completion_base_high_out.next = self.completion_base_high.q.val();
        self.completion_mask_out.next = self.completion_mask.mask_out.val();
        self.consumed_out.next = self.consumed.q.val();
        self.enable_out.next = self.enable.q.val();
        self.entries_out.next = self.moderation.q.val().get_bits::<8>(16);
        self.time_out.next = self.moderation.q.val().get_bits::<16>(0);
    }
}

#[cfg(test)]
mod tests;
