//! The accelerator: everything behind a bus of words. Panel memory, queue, sequencer, array, finisher
//! and registers, whatever the link in front of them.
//!
//! ```text
//!                  +-------------------------------------------------------+
//!  write, address  | Queue ==> Sequencer --start, tokens--> .              |
//!  data ==========>|   |           | steps                  v              |
//!                  |   `------> Feeder ==> PanelMemory ==> Array ==> folds |
//!                  |  Sources ===================^           |     |       |
//!  data_out <======| RegisterFile   Results <== results -----'  Finisher   |
//!                  +-------------------------------------------------------+
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `write_in`, `address_in`, `data_in` | 1, 20, 32 | write a word, which comes a cycle behind; the address map is that of [`registers`] |
//! | `address_in`, `data_out` | 20, 32 | read a word, [`READ_LATENCY`] cycles behind the first of [`ADDRESS_CYCLES`] in which its address stands |
//! | `reset_in` | 1 | drop all work, as a write to RESET does; sets its bit in ERROR |
//! | `baud_in` | 32 | register of the link |
//! | `link_event_in[n]` | 1 | what its counters count |
//! | `baud_write_out`, `watchdog_write_out` | 1 | this cycle writes a register of the link |
//! | `waiting_out`, `outstanding_out` | 5 | completions in the queue; descriptors not popped |
//! | `busy_out` | 1 | something will happen without the host: a descriptor is not complete and can go on, or the array empties itself |
//!
//! # Why
//! Every cycle in which the device runs is one with a step or one of four kinds of stall; each has its
//! counter. A serial link and a PCIe window see the same addresses.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::array::Array;
use crate::bus::Bus;
use crate::counter::Counter;
use crate::counters::{self, Counters};
use crate::feeder::{self, Feeder};
use crate::finisher::Finisher;
use crate::flags::Flags;
use crate::identity::{self, Build};
use crate::join::Join;
use crate::panel_memory::{self, PanelMemory};
use crate::queue::Queue;
use crate::registers::{self, RegisterFile};
use crate::result_place::ResultPlace;
use crate::results::Results;
use crate::sequencer::Sequencer;
use crate::sources::Sources;
use crate::zero_extend::ZeroExtend;

/// Cycles from a step to its operands at row 0 and column 0 of the grid.
pub const OPERAND_LATENCY: usize = feeder::LATENCY + panel_memory::LATENCY;
/// Cycles from the first cycle of `address_in` to `data_out`.
pub const READ_LATENCY: usize = counters::READ_LATENCY + 1;
/// Cycles for which the address of a word that is read stands: one memory takes it in one of the first two, the
/// others in the last.
pub const ADDRESS_CYCLES: usize = READ_LATENCY - registers::READ_LATENCY - 1;

/// See the module's documentation. P, Q: the array; A: [`Geometry::address_bits`], B = A + 1; W: bits of a word's address in a panel lane; R = W + log2(16/P), S = W + log2(16/Q).
///
/// [`Geometry::address_bits`]: crate::Geometry::address_bits
#[derive(LogicBlock, Default)]
pub struct Accelerator<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Drop all work.
    pub reset_in: Signal<In, Bit>,
    // Bus
    /// Write the next cycle's word.
    pub write_in: Signal<In, Bit>,
    /// Where.
    pub address_in: Signal<In, Bits<20>>,
    /// The word to write.
    pub data_in: Signal<In, Bits<32>>,
    /// The word read.
    pub data_out: Signal<Out, Bits<32>>,
    // Registers of the link
    /// Reads from BAUD.
    pub baud_in: Signal<In, Bits<32>>,
    /// What the link counts happens: whole, damaged and refused frames, bytes without a stop bit, bytes in
    /// and out.
    pub link_event_in: [Signal<In, Bit>; 6],
    /// BAUD_SET is written.
    pub baud_write_out: Signal<Out, Bit>,
    /// WATCHDOG is written.
    pub watchdog_write_out: Signal<Out, Bit>,
    // For the link
    /// Completions in the queue.
    pub waiting_out: Signal<Out, Bits<5>>,
    /// Descriptors that are not popped.
    pub outstanding_out: Signal<Out, Bits<5>>,
    /// Something will happen without the host.
    pub busy_out: Signal<Out, Bit>,
    // Parts
    bus: Bus,
    queue: Queue<W>,
    sequencer: Sequencer<P, Q, A, OPERAND_LATENCY>,
    feeder: Feeder<Q, W, R, S>,
    a_panels: PanelMemory<P, R>,
    b_panels: PanelMemory<Q, S>,
    array: Array<P, Q, A>,
    results: Results<Q, A, B>,
    finisher: Finisher,
    sources: Sources<P, Q, W>,
    /// Of a device that hashes results: one.
    result_place: Vec<ResultPlace<P, Q>>,
    registers: RegisterFile,
    // Counters
    uptime: Counter,
    counters: Counters,
    counts_link: DFF<Bit>,
    counts_panel: DFF<Bit>,
    counts_drain: DFF<Bit>,
    counts_hash: DFF<Bit>,
    counts_tile: DFF<Bit>,
    counts_hit: DFF<Bit>,
    // State of registers
    reset: DFF<Bit>,
    overflow: DFF<Bit>,
    underflow: DFF<Bit>,
    watchdog: DFF<Bit>,
    scratch: DFF<Bits<32>>,
    a_commits: DFF<Bits<8>>,
    b_commits: DFF<Bits<8>>,
    // Wires
    clear: Signal<Local, Bit>,
    runs: Signal<Local, Bit>,
    stuck: Signal<Local, Bit>,
    // Words of registers
    error_flags: Flags,
    error_word: ZeroExtend<3, 32>,
    status_flags: Flags,
    status_byte: ZeroExtend<3, 8>,
    status_low: Join<5, 8, 16>,
    status_word: Join<5, 16, 32>,
    commits_word: Join<8, 8, 32>,
}

impl<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> Accelerator<P, Q, A, B, W, R, S>
{
    /// The accelerator of a build.
    pub fn new(build: Build) -> Self {
        Self {
            array: Array::new(build.multipliers),
            counters: Counters::new(&identity::constants(P, Q, build)),
            finisher: Finisher::new(build.engines > 0, build.noise),
            sources: Sources::new(build.engines, build.noise),
            result_place: (0..usize::from(build.engines > 0))
                .map(|_| ResultPlace::default())
                .collect(),
            ..Self::default()
        }
    }
}

impl<
    const P: usize,
    const Q: usize,
    const A: usize,
    const B: usize,
    const W: usize,
    const R: usize,
    const S: usize,
> Logic for Accelerator<P, Q, A, B, W, R, S>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            counts_link,
            counts_panel,
            counts_drain,
            counts_hash,
            counts_tile,
            counts_hit,
            reset,
            overflow,
            underflow,
            watchdog,
            scratch,
            a_commits,
            b_commits
        );
        self.queue.clock.next = self.clock.val();
        self.sequencer.clock.next = self.clock.val();
        self.feeder.clock.next = self.clock.val();
        self.a_panels.clock.next = self.clock.val();
        self.b_panels.clock.next = self.clock.val();
        self.array.clock.next = self.clock.val();
        self.results.clock.next = self.clock.val();
        self.finisher.clock.next = self.clock.val();
        self.registers.clock.next = self.clock.val();
        self.uptime.clock.next = self.clock.val();
        self.counters.clock.next = self.clock.val();
        self.bus.clock.next = self.clock.val();

        // Bus
        self.bus.write_in.next = self.write_in.val();
        self.bus.address_in.next = self.address_in.val();
        self.bus.register_in.next = self.registers.data_out.val();
        self.bus.completion_in.next = self.finisher.data_out.val();
        self.bus.result_in.next = self.results.data_out.val();
        self.registers.write_next_in.next = self.bus.register_next_out.val();
        self.registers.next_in.next = self.bus.next_out.val().get_bits::<6>(0);
        self.registers.address_in.next = self.bus.low_out.val().get_bits::<6>(0);
        self.queue.write_in.next = self.bus.descriptor_write_out.val();
        self.queue.word_in.next = self.bus.low_out.val().get_bits::<2>(0);
        self.queue.data_in.next = self.data_in.val();
        self.finisher.job_write_in.next = self.bus.job_write_out.val();
        self.finisher.job_address_in.next = self.bus.low_out.val().get_bits::<6>(0);
        self.finisher.job_data_in.next = self.data_in.val();
        self.finisher.address_in.next = self.bus.low_out.val().get_bits::<8>(0);
        self.results.address_in.next = self.bus.next_out.val().get_bits::<9>(0);

        // Sources of operands
        self.sources.clock.next = self.clock.val();
        self.sources.a_write_in.next = self.bus.a_write_out.val();
        self.sources.b_write_in.next = self.bus.b_write_out.val();
        self.sources.address_in.next = self.bus.low_out.val();
        self.sources.word_in.next = self.data_in.val();
        self.sources.scan_in.next = self.queue.scan_out.val();
        self.sources.noise_in.next = self.queue.noise_out.val();
        self.sources.scans_in.next = self.queue.scans_out.val();
        self.sources.hold_in.next = self.finisher.hold_out.val();
        self.sources.chunks_last_in.next = self.queue.chunks_last_out.val();
        self.sources.pass_end_in.next = self.sequencer.pass_end_out.val();
        self.sources.seed_write_in.next = self.finisher.seed_write_out.val();
        self.sources.seed_place_in.next = self.finisher.seed_place_out.val();
        self.sources.seed_word_in.next = self.finisher.seed_word_out.val();
        self.sources.seeded_in.next = self.finisher.seeded_out.val();
        self.a_panels.write_in.next = self.sources.a_write_out.val();
        self.a_panels.write_address_in.next = self.sources.a_address_out.val();
        self.a_panels.write_data_in.next = self.sources.a_word_out.val();
        self.b_panels.write_in.next = self.sources.b_write_out.val();
        self.b_panels.write_address_in.next = self.sources.b_address_out.val();
        self.b_panels.write_data_in.next = self.sources.b_word_out.val();
        for n in 0..self.result_place.len() {
            self.result_place[n].clock.next = self.clock.val();
            self.result_place[n].bank_in.next = self.finisher.bank_out.val();
            self.result_place[n].place_in.next = self.finisher.result_place_out.val();
            if self.finisher.hashes_out.val() {
                self.results.address_in.next = self.result_place[n].address_out.val();
            }
        }

        // Reset
        self.reset.d.next = self.reset_in.val() || self.registers.reset_write.val();
        self.clear.next = self.reset.q.val() || !self.sequencer.ready_out.val();
        self.sequencer.reset_in.next = self.reset.q.val();
        self.queue.reset_in.next = self.reset.q.val();
        self.finisher.reset_in.next = self.clear.val();

        // Queue, sequencer, feeder
        self.queue.a_commits_in.next = self.a_commits.q.val();
        self.queue.b_commits_in.next = self.b_commits.q.val();
        self.queue.pop_in.next = self.finisher.popped_out.val();
        self.queue.pop_count_in.next = self.finisher.popped_count_out.val();
        self.queue.tile_end_in.next = self.sequencer.tile_end_out.val();
        self.queue.again_in.next = self.finisher.again_out.val();
        self.sequencer.valid_in.next = self.queue.active_out.val();
        self.sequencer.hold_in.next = self.sources.hold_out.val();
        self.sequencer.chunk_last_in.next = self.queue.chunk_last_out.val();
        self.sequencer.chunks_last_in.next = self.queue.chunks_last_out.val();
        self.sequencer.tail_in.next = self.queue.tail_out.val();
        self.sequencer.tail_last_in.next = self.queue.tail_last_out.val();
        self.feeder.load_in.next = self.queue.load_out.val();
        self.feeder.a_base_in.next = self.queue.a_base_out.val();
        self.feeder.b_base_in.next = self.queue.b_base_out.val();
        self.feeder.unsigned_in.next = self.queue.unsigned_out.val();
        self.feeder.step_in.next = self.sequencer.step_out.val();
        self.feeder.chunk_end_in.next = self.sequencer.chunk_end_out.val();
        self.feeder.pass_end_in.next = self.sequencer.pass_end_out.val();
        self.feeder.a_returns_in.next =
            self.sequencer.tile_ended_out.val() && self.sources.noise_out.val();

        // Panels and array
        self.a_panels.step_in.next = self.feeder.step_out.val();
        self.a_panels.fetch_in.next = self.feeder.fetch_out.val();
        self.a_panels.address_in.next = self.feeder.a_address_out.val();
        self.a_panels.unsigned_in.next = self.feeder.unsigned_out.val();
        self.b_panels.step_in.next = self.feeder.step_out.val();
        self.b_panels.fetch_in.next = self.feeder.fetch_out.val();
        self.b_panels.address_in.next = self.feeder.b_address_out.val();
        self.b_panels.unsigned_in.next = false;
        for i in 0..P {
            self.array.a_in[i].next = self.a_panels.operand_out[i].val();
        }
        for j in 0..Q {
            self.array.b_in[j].next = self.b_panels.operand_out[j].val();
            self.results.result_valid_in[j].next = self.array.result_valid_out[j].val();
        }
        for m in 0..(Q / 2) {
            self.results.result_address_in[m].next = self.array.result_address_out[m].val();
            self.results.result_in[m].next = self.array.result_out[m].val();
        }
        self.array.start_in.next = self.sequencer.start_out.val();
        self.array.take_in.next = self.sequencer.take_out.val();
        self.array.address_in.next = self.sequencer.address_out.val();
        self.array.first_in.next = self.sequencer.first_out.val();
        self.array.last_in.next = self.sequencer.last_out.val();
        self.array.tail_in.next = self.sequencer.tail_out.val();

        // Results and finisher
        self.results.keep_in.next = self.finisher.keep_out.val();
        self.results.bank_in.next = self.finisher.bank_out.val();
        self.finisher.active_in.next = self.queue.active_out.val();
        self.finisher.tag_in.next = self.queue.tag_out.val();
        self.finisher.job_in.next = self.queue.job_out.val();
        self.finisher.want_in.next = self.queue.want_out.val();
        self.finisher.scan_in.next = self.sources.scan_out.val();
        self.finisher.noise_in.next = self.sources.noise_out.val();
        self.finisher.result_word_in.next = self.results.data_out.val();
        self.finisher.chunks_last_in.next = self.queue.chunks_last_out.val();
        self.finisher.tile_end_in.next = self.sequencer.tile_ended_out.val();
        self.finisher.final_in.next = self.sequencer.final_out.val();
        self.finisher.fold_valid_in.next = self.array.fold_valid_out.val();
        self.finisher.fold_in.next = self.array.fold_out.val();
        self.finisher.done_in.next = self.results.done_out.val();
        self.finisher.time_low_in.next = self.uptime.low_out.val();
        self.finisher.time_high_in.next = self.uptime.high_out.val();
        self.finisher.pop_in.next = self.registers.pop_write.val();
        self.finisher.release_in.next = self.registers.release_write.val();
        self.finisher.count_in.next = self.data_in.val().get_bits::<5>(0);

        // Counters: every cycle in which the device runs is a step or a stall
        self.runs.next = self.sequencer.ready_out.val() && !self.reset.q.val();
        self.counts_link.d.next =
            self.runs.val() && !self.queue.active_out.val() && !self.queue.fenced_out.val();
        self.counts_panel.d.next = self.runs.val()
            && ((!self.queue.active_out.val() && self.queue.fenced_out.val())
                || (self.queue.active_out.val()
                    && self.sources.grows_out.val()
                    && !self.finisher.hold_out.val()));
        self.counts_drain.d.next = self.runs.val()
            && self.queue.active_out.val()
            && self.finisher.hold_out.val()
            && self.finisher.drain_out.val();
        self.counts_hash.d.next = self.runs.val()
            && self.queue.active_out.val()
            && self.finisher.hold_out.val()
            && !self.finisher.drain_out.val();
        self.counts_tile.d.next = self.finisher.tile_out.val();
        self.counts_hit.d.next = self.finisher.hit_out.val();
        self.uptime.event_in.next = true;
        self.counters.event_in[0].next = self.sequencer.cycle_out.val();
        self.counters.event_in[1].next = self.sequencer.mac_cycle_out.val();
        self.counters.event_in[2].next = self.sequencer.full_mac_cycle_out.val();
        self.counters.event_in[3].next = self.counts_link.q.val();
        self.counters.event_in[4].next = self.counts_panel.q.val();
        self.counters.event_in[5].next = self.counts_drain.q.val();
        self.counters.event_in[6].next = self.counts_hash.q.val();
        self.counters.event_in[7].next = self.counts_tile.q.val();
        self.counters.event_in[8].next = self.counts_hit.q.val();
        for n in 0..6 {
            self.counters.event_in[n + 9].next = self.link_event_in[n].val();
        }
        self.counters.address_in.next = self.bus.next_out.val().get_bits::<6>(0);
        self.registers.word_in.next = self.counters.data_out.val();

        // State of registers
        if self.registers.error_write.val() {
            self.overflow.d.next = false;
            self.underflow.d.next = false;
            self.watchdog.d.next = false;
        }
        if self.queue.overflow_out.val() {
            self.overflow.d.next = true;
        }
        if self.finisher.underflow_out.val() {
            self.underflow.d.next = true;
        }
        if self.reset_in.val() {
            self.watchdog.d.next = true;
        }
        if self.registers.scratch_write.val() {
            self.scratch.d.next = self.data_in.val();
        }
        if self.registers.commit_write.val() {
            self.a_commits.d.next = self.a_commits.q.val() + self.data_in.val().get_bits::<8>(0);
            self.b_commits.d.next = self.b_commits.q.val() + self.data_in.val().get_bits::<8>(8);
        }
        if self.reset.q.val() {
            self.a_commits.d.next = bits::<8>(0);
            self.b_commits.d.next = bits::<8>(0);
        }

        // Registers
        self.error_flags.zero_in.next = self.overflow.q.val();
        self.error_flags.one_in.next = self.underflow.q.val();
        self.error_flags.two_in.next = self.watchdog.q.val();
        self.error_word.data_in.next = self.error_flags.flags_out.val();
        self.status_flags.zero_in.next = self.sequencer.ready_out.val();
        self.status_flags.one_in.next = self.sequencer.busy_out.val();
        self.status_flags.two_in.next = false;
        self.status_byte.data_in.next = self.status_flags.flags_out.val();
        self.status_low.high_in.next = self.finisher.waiting_out.val();
        self.status_low.low_in.next = self.status_byte.data_out.val();
        self.status_word.high_in.next = self.queue.outstanding_out.val();
        self.status_word.low_in.next = self.status_low.joined_out.val();
        self.commits_word.high_in.next = self.b_commits.q.val();
        self.commits_word.low_in.next = self.a_commits.q.val();
        self.registers.status.next = self.status_word.joined_out.val();
        self.registers.error.next = self.error_word.data_out.val();
        self.registers.baud.next = self.baud_in.val();
        self.registers.scratch.next = self.scratch.q.val();
        self.registers.commits.next = self.commits_word.joined_out.val();
        self.registers.time_low.next = self.uptime.low_out.val();
        self.registers.time_high.next = self.uptime.high_out.val();

        // Outputs
        self.data_out.next = self.bus.data_out.val();
        self.baud_write_out.next = self.registers.baud_write.val();
        self.watchdog_write_out.next = self.registers.watchdog_write.val();
        self.waiting_out.next = self.finisher.waiting_out.val();
        self.outstanding_out.next = self.queue.outstanding_out.val();
        self.stuck.next = self.queue.fenced_out.val()
            || (self.queue.active_out.val()
                && self.finisher.hold_out.val()
                && self.finisher.drain_out.val());
        self.busy_out.next = !self.sequencer.ready_out.val()
            || self.finisher.pending_out.val()
            || (self.queue.outstanding_out.val() != self.finisher.waiting_out.val()
                && !self.stuck.val());
    }
}

#[cfg(test)]
mod tests;
