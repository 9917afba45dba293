//! Writes entries to the completion ring: copies completions of the accelerator, and says what became of commands.
//!
//! ```text
//!   waiting, reset =====>+------------------+===> bus: request, write, address
//!   notify, tag, halt ==>|                  |<=== bus: grant, answered, answer
//!   ring: base, mask, ==>| CompletionEngine |===> burst: open, word, end, address
//!   head                 |                  |<--- burst: granted, taken, done, error
//!   run, stop, clear --->+------------------+---> written_out, error_out, tail_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `run_in` | 1 | begin entries |
//! | `stop_in` | 1 | halted: begin no other than that which says so |
//! | `clear_in` | 1 | drop the entry in work, and begin with index 0 |
//! | `waiting_in` | 5 | completions in the accelerator's queue |
//! | `accelerator_reset_in` | 1 | its RESET is written: the queue begins with entry 0 again, and nothing is to be popped |
//! | `notify_in`, `notify_tag_in`, `notified_out` | 1, 16, 1 | a command is done; an entry is begun for it |
//! | `halt_in`, `halt_told_out` | 1 | write an entry of kind 3, as the last one; it is in host memory, or can't be |
//! | `status_in`, `head_in` | 32, 16 | `DMA_STATUS` and `COMMAND_HEAD`, for entries |
//! | `base_low_in`, `base_high_in`, `mask_in`, `consumed_in` | 32, 32, 12, 16 | the ring: byte address, entries less one, index behind the last one that the host has done with |
//! | `request_out`, `write_out`, `address_out`, `data_out`, `grant_in`, `answered_in`, `answer_in` | | to the [bus](crate::bus_arbiter) |
//! | `open_out`, `granted_in`, `word_valid_out`, `word_out`, `end_out`, `host_out`, `taken_in`, `done_in`, `write_error_in` | | to the [writer](crate::host_writer) |
//! | `tail_out` | 16 | index of the next entry |
//! | `written_out` | 1 | an entry is in host memory, of any kind but 3 |
//! | `error_out` | 1 | one could not be written |
//! | `busy_out`, `active_out` | 1 | an entry is in work; or will be, without the host |
//!
//! # Latency
//! From `granted_in` to `end_out` [`COPY_LATENCY`] cycles for a completion, if the bus is free, and [`SAY_LATENCY`] for what
//! has no words on the bus. `written_out` comes with `done_in`.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/completion_engine.txt"), "```")]
//!
//! # Why
//! The host polls its own memory and needs no read over PCIe for a result. The completion is popped when its words are
//! here, not when they are there: 16 places are few, and a host that is slow to read has a ring of thousands.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::join::Join;
use crate::zero_extend::ZeroExtend;

/// Cycles from `granted_in` to `end_out` for a completion.
pub const COPY_LATENCY: usize = 35;
/// The same for an entry without words of the bus.
pub const SAY_LATENCY: usize = 17;

// Literals below.
const _: () = assert!(crate::registers::COMPLETIONS == 256);
const _: () = assert!(crate::registers::POP == 41);
const _: () = assert!(crate::dma_registers::ENTRY_HEAD_WORDS == 5);

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct CompletionEngine {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Begin entries.
    pub run_in: Signal<In, Bit>,
    /// Begin no other than that of the halt.
    pub stop_in: Signal<In, Bit>,
    /// Drop the one in work.
    pub clear_in: Signal<In, Bit>,
    // What there is to say
    /// Completions in the accelerator's queue.
    pub waiting_in: Signal<In, Bits<5>>,
    /// They are gone.
    pub accelerator_reset_in: Signal<In, Bit>,
    /// A command is done.
    pub notify_in: Signal<In, Bit>,
    /// With this number.
    pub notify_tag_in: Signal<In, Bits<16>>,
    /// An entry is begun for it.
    pub notified_out: Signal<Out, Bit>,
    /// Say that it has halted.
    pub halt_in: Signal<In, Bit>,
    /// That is said.
    pub halt_told_out: Signal<Out, Bit>,
    /// The link's status.
    pub status_in: Signal<In, Bits<32>>,
    /// Index of the first command that is not done.
    pub head_in: Signal<In, Bits<16>>,
    // Ring
    /// Byte address, low word.
    pub base_low_in: Signal<In, Bits<32>>,
    /// High word.
    pub base_high_in: Signal<In, Bits<32>>,
    /// Entries, less one.
    pub mask_in: Signal<In, Bits<12>>,
    /// Index behind the last entry that the host has done with.
    pub consumed_in: Signal<In, Bits<16>>,
    // Bus
    /// Access the bus.
    pub request_out: Signal<Out, Bit>,
    /// Write.
    pub write_out: Signal<Out, Bit>,
    /// Where.
    pub address_out: Signal<Out, Bits<20>>,
    /// What.
    pub data_out: Signal<Out, Bits<32>>,
    /// The access is on its way.
    pub grant_in: Signal<In, Bit>,
    /// A word that was read is there.
    pub answered_in: Signal<In, Bit>,
    /// It.
    pub answer_in: Signal<In, Bits<32>>,
    // Bursts
    /// A burst is to be put.
    pub open_out: Signal<Out, Bit>,
    /// It may.
    pub granted_in: Signal<In, Bit>,
    /// A word of it.
    pub word_valid_out: Signal<Out, Bit>,
    /// The word.
    pub word_out: Signal<Out, Bits<32>>,
    /// It is whole.
    pub end_out: Signal<Out, Bit>,
    /// Where it goes, in bytes.
    pub host_out: Signal<Out, Bits<64>>,
    /// It is on its way.
    pub taken_in: Signal<In, Bit>,
    /// Its response came.
    pub done_in: Signal<In, Bit>,
    /// It was not OKAY.
    pub write_error_in: Signal<In, Bit>,
    // What became of it
    /// Index of the next entry.
    pub tail_out: Signal<Out, Bits<16>>,
    /// An entry is in host memory, of any kind but 3.
    pub written_out: Signal<Out, Bit>,
    /// One could not be written.
    pub error_out: Signal<Out, Bit>,
    /// An entry is in work.
    pub busy_out: Signal<Out, Bit>,
    /// One is, or will be without the host.
    pub active_out: Signal<Out, Bit>,
    // State: the entry in work
    opens: DFF<Bit>,
    puts: DFF<Bit>,
    closes: DFF<Bit>,
    awaits: DFF<Bit>,
    kind: DFF<Bits<2>>,
    tag: DFF<Bits<16>>,
    /// Which word comes next.
    place: DFF<Bits<4>>,
    address: DFF<Bits<58>>,
    /// The next one is another kind's, if there are both.
    turn: DFF<Bit>,
    // State: the bus
    asks: DFF<Bit>,
    pops: DFF<Bit>,
    source: DFF<Bits<8>>,
    // State: queue and ring
    entry: DFF<Bits<4>>,
    /// Cycles for which `waiting_in` may not know yet what was popped or reset.
    settles: DFF<Bits<3>>,
    index: DFF<Bits<32>>,
    told: DFF<Bit>,
    /// RESET came in between: what is copied is no longer there to be popped.
    stale: DFF<Bit>,
    // Wires
    given: Signal<Local, Bits<16>>,
    wide_mask: ZeroExtend<12, 16>,
    is_full: Signal<Local, Bit>,
    idle: Signal<Local, Bit>,
    has_completion: Signal<Local, Bit>,
    has_notify: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    next_kind: Signal<Local, Bits<2>>,
    base: Join<32, 32, 64>,
    wide_offset: ZeroExtend<12, 58>,
    puts_word: Signal<Local, Bit>,
    word: Signal<Local, Bits<32>>,
    next_index: Signal<Local, Bits<32>>,
    host: Join<58, 6, 64>,
    bus_low: Join<12, 8, 20>,
    source_next: Join<4, 4, 8>,
    tag_word: ZeroExtend<16, 32>,
    kind_byte: ZeroExtend<2, 8>,
    kind_half: Join<8, 8, 16>,
    kind_word: Join<16, 16, 32>,
    is_copy: Signal<Local, Bit>,
    ends_copy: Signal<Local, Bit>,
    responds: Signal<Local, Bit>,
}

impl Logic for CompletionEngine {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, opens, puts, closes, awaits, kind, tag, place, address, turn, asks, pops,
            source, entry, settles, index, told, stale
        );

        // What comes next
        self.wide_mask.data_in.next = self.mask_in.val();
        self.given.next = self.index.q.val().get_bits::<16>(0) - self.consumed_in.val();
        self.is_full.next = (self.given.val() & !self.wide_mask.data_out.val()).any();
        self.idle.next = !self.opens.q.val()
            && !self.puts.q.val()
            && !self.closes.q.val()
            && !self.awaits.q.val()
            && !self.pops.q.val();
        self.has_completion.next = self.waiting_in.val().any()
            && !(self.settles.q.val().any())
            && !self.accelerator_reset_in.val();
        self.has_notify.next = self.notify_in.val();
        self.next_kind.next = bits::<2>(1);
        if self.has_notify.val() && (self.turn.q.val() || !self.has_completion.val()) {
            self.next_kind.next = bits::<2>(2);
        }
        self.begins.next = self.idle.val()
            && !self.is_full.val()
            && self.run_in.val()
            && !self.stop_in.val()
            && (self.has_completion.val() || self.has_notify.val());
        if self.halt_in.val() && !self.told.q.val() {
            self.next_kind.next = bits::<2>(3);
            self.begins.next = self.idle.val() && !self.is_full.val();
        }
        self.base.high_in.next = self.base_high_in.val();
        self.base.low_in.next = self.base_low_in.val();
        self.wide_offset.data_in.next = self.index.q.val().get_bits::<12>(0) & self.mask_in.val();
        self.source_next.high_in.next = self.entry.q.val();
        self.source_next.low_in.next = bits::<4>(0);
        self.notified_out.next = false;
        if self.begins.val() {
            self.opens.d.next = true;
            self.kind.d.next = self.next_kind.val();
            self.tag.d.next = bits::<16>(0);
            self.stale.d.next = false;
            self.place.d.next = bits::<4>(0);
            self.source.d.next = self.source_next.joined_out.val();
            self.address.d.next =
                self.base.joined_out.val().get_bits::<58>(6) + self.wide_offset.data_out.val();
            self.turn.d.next = self.next_kind.val() == bits::<2>(1);
            if self.next_kind.val() == bits::<2>(2) {
                self.tag.d.next = self.notify_tag_in.val();
                self.notified_out.next = true;
            }
        }

        // Words: the completion's from the bus, the others as they are
        self.is_copy.next =
            (self.kind.q.val() == bits::<2>(1)) && (self.place.q.val() < bits::<4>(13));
        self.puts_word.next = self.puts.q.val() && (!self.is_copy.val() || self.answered_in.val());
        self.next_index.next = self.index.q.val() + bits::<32>(1);
        self.tag_word.data_in.next = self.tag.q.val();
        self.kind_byte.data_in.next = self.kind.q.val();
        self.kind_half.high_in.next = self.kind_byte.data_out.val();
        self.kind_half.low_in.next = bits::<8>(0);
        self.kind_word.high_in.next = self.kind_half.joined_out.val();
        self.kind_word.low_in.next = self.head_in.val();
        self.word.next = bits::<32>(0);
        if self.is_copy.val() {
            self.word.next = self.answer_in.val();
        }
        if (self.kind.q.val() == bits::<2>(3)) && !(self.place.q.val().any()) {
            self.word.next = self.status_in.val();
        }
        if self.place.q.val() == bits::<4>(13) {
            self.word.next = self.tag_word.data_out.val();
        }
        if self.place.q.val() == bits::<4>(14) {
            self.word.next = self.kind_word.joined_out.val();
        }
        if self.place.q.val() == bits::<4>(15) {
            self.word.next = self.next_index.val();
        }
        if self.opens.q.val() && self.granted_in.val() {
            self.opens.d.next = false;
            self.puts.d.next = true;
            self.asks.d.next = self.kind.q.val() == bits::<2>(1);
        }
        if self.puts_word.val() {
            self.place.d.next = self.place.q.val() + bits::<4>(1);
            if self.place.q.val().all() {
                self.puts.d.next = false;
                self.closes.d.next = true;
            }
        }

        // The bus: words 0 to 4 and 8 to 15, then the pop
        self.ends_copy.next =
            self.puts_word.val() && self.is_copy.val() && (self.place.q.val() == bits::<4>(12));
        self.responds.next = self.awaits.q.val() && self.done_in.val();
        if self.asks.q.val() && self.grant_in.val() {
            self.source.d.next = self.source.q.val() + bits::<8>(1);
            if self.source.q.val().get_bits::<4>(0) == bits::<4>(4) {
                self.source.d.next = self.source.q.val() + bits::<8>(4);
            }
            if self.source.q.val().get_bits::<4>(0).all() {
                self.asks.d.next = false;
            }
        }
        if self.ends_copy.val() {
            self.pops.d.next = !self.stale.q.val();
        }
        if self.settles.q.val().any() {
            self.settles.d.next = self.settles.q.val() - bits::<3>(1);
        }
        if self.pops.q.val() && self.grant_in.val() {
            self.pops.d.next = false;
            self.entry.d.next = self.entry.q.val() + bits::<4>(1);
            self.settles.d.next = bits::<3>(7);
        }

        // Away
        if self.closes.q.val() && self.taken_in.val() {
            self.closes.d.next = false;
            self.awaits.d.next = true;
        }
        if self.responds.val() {
            self.awaits.d.next = false;
            if !self.write_error_in.val() {
                self.index.d.next = self.next_index.val();
            }
            if self.kind.q.val() == bits::<2>(3) {
                self.told.d.next = true;
            }
        }

        // Resets
        if self.clear_in.val() {
            self.opens.d.next = false;
            self.puts.d.next = false;
            self.closes.d.next = false;
            self.awaits.d.next = false;
            self.asks.d.next = false;
            self.pops.d.next = false;
            self.index.d.next = bits::<32>(0);
            self.told.d.next = false;
            self.turn.d.next = false;
        }
        if self.accelerator_reset_in.val() {
            self.stale.d.next = true;
            self.pops.d.next = false;
            self.entry.d.next = bits::<4>(0);
            self.settles.d.next = bits::<3>(7);
        }

        // Outputs
        self.bus_low.high_in.next = bits::<12>(1);
        self.bus_low.low_in.next = self.source.q.val();
        self.request_out.next = self.asks.q.val() || self.pops.q.val();
        self.write_out.next = self.pops.q.val();
        self.address_out.next = self.bus_low.joined_out.val();
        if self.pops.q.val() {
            self.address_out.next = bits::<20>(41);
        }
        self.data_out.next = bits::<32>(1);
        self.open_out.next = self.opens.q.val();
        self.word_valid_out.next = self.puts_word.val();
        self.word_out.next = self.word.val();
        self.end_out.next = self.closes.q.val();
        self.host.high_in.next = self.address.q.val();
        self.host.low_in.next = bits::<6>(0);
        self.host_out.next = self.host.joined_out.val();
        self.tail_out.next = self.index.q.val().get_bits::<16>(0);
        // Of kind 3 `told` tells, and makes an interrupt come at once.
        self.written_out.next = self.responds.val()
            && !self.write_error_in.val()
            && (self.kind.q.val() != bits::<2>(3));
        self.error_out.next = self.responds.val() && self.write_error_in.val();
        self.halt_told_out.next = self.told.q.val();
        self.busy_out.next = !self.idle.val();
        self.active_out.next = !self.idle.val() || self.begins.val() || self.settles.q.val().any();
    }
}

#[cfg(test)]
mod tests;
