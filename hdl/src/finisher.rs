//! Finishes tiles: ticket, comparison with the bound, completion queue; and holds the next tile's end
//! back until that is done.
//!
//! ```text
//!   the running tile ===>+----------+---> hold_out, drain_out
//!   tile_end, final ---->|          |
//!   fold words =========>| Finisher |---> keep_out, bank_out
//!   done_in ------------>|          |===> waiting_out, tiles, hits
//!   job window =========>|          |
//!   address_in =========>|          |===> data_out
//!   pop, release ======> +----------+---> underflow_out
//! ```
//!
//! # Ports
//! | port | bits | meaning |
//! |---|---|---|
//! | `reset_in` | 1 | drop all completions and tickets; stands while the array empties itself |
//! | `job_write_in`, `job_address_in`, `job_data_in` | 1, 6, 32 | a word of a job slot |
//! | `active_in` .. `chunks_last_in` | | the running tile, see [`queue`](crate::queue) |
//! | `tile_end_in`, `final_in` | 1 | from the [sequencer](crate::sequencer): the running tile's last step was taken in the last cycle; steps of its end are due |
//! | `fold_valid_in`, `fold_in` | 1, 32 | from the [array](crate::array) |
//! | `done_in` | 1 | the tile's last result is out |
//! | `hold_out` | 1 | no step may be taken |
//! | `drain_out` | 1 | with `hold_out`: because no bank is free |
//! | `keep_out`, `bank_out` | 1 | the results that come now are kept; in this bank |
//! | `time_low_in`, `time_high_in` | 32 | the device's clock, for the completion |
//! | `pop_in`, `release_in`, `count_in` | 1, 1, 5 | the host frees completions, or banks |
//! | `popped_out`, `popped_count_out` | 1, 5 | there were as many completions as are popped, [`FREE_LATENCY`] cycle later |
//! | `underflow_out` | 1 | there were not; nothing was freed |
//! | `waiting_out` | 5 | completions in the queue |
//! | `tile_out`, `hit_out` | 1 | for one cycle: a tile is complete; and its ticket is a hit |
//! | `address_in`, `data_out` | 8, 32 | window on the completion queue |
//!
//! # Protocol
//! 1. The words of the tile's job slot are read when the tile before it is complete.
//! 2. From the first step of its last whole chunk on, a tile is held until its job is read, and until a
//!    bank is free if its results are kept. So neither its last fold word nor its first result can meet
//!    those of the tile before, however short it is.
//! 3. A tile is complete when its ticket, its last result and its completion's entry are there.
//!
//! # Timing
#![doc = concat!("```text\n", include_str!("../timing/finisher.txt"), "```")]
//!
//! # Why
//! Holding the end of a tile instead of its start costs nothing where tiles are long: the ticket of
//! one is ready hundreds of cycles before the next one's last chunk begins.

use rust_hdl_core::prelude::*;
use rust_hdl_widgets::prelude::*;

use crate::flags::Flags;
use crate::join::Join;
use crate::ticket::Ticket;
use crate::zero_extend::ZeroExtend;

mod latency;
pub use latency::*;

/// See the module's documentation.
#[derive(LogicBlock, Default)]
pub struct Finisher {
    /// Clock, rising edge.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset_in: Signal<In, Bit>,
    // Job window
    /// A word of a job slot.
    pub job_write_in: Signal<In, Bit>,
    /// Which one.
    pub job_address_in: Signal<In, Bits<6>>,
    /// The word.
    pub job_data_in: Signal<In, Bits<32>>,
    // The running tile
    /// There is one.
    pub active_in: Signal<In, Bit>,
    /// Its tag.
    pub tag_in: Signal<In, Bits<32>>,
    /// Its job slot.
    pub job_in: Signal<In, Bits<2>>,
    /// Its results are kept.
    pub want_in: Signal<In, Bit>,
    /// Its whole chunks, less one.
    pub chunks_last_in: Signal<In, Bits<11>>,
    /// Its last step was taken in the last cycle.
    pub tile_end_in: Signal<In, Bit>,
    /// Steps of its last whole chunk or tail are due.
    pub final_in: Signal<In, Bit>,
    /// No step may be taken.
    pub hold_out: Signal<Out, Bit>,
    /// Because no bank is free.
    pub drain_out: Signal<Out, Bit>,
    // From the array
    /// A fold word is there.
    pub fold_valid_in: Signal<In, Bit>,
    /// Fold word.
    pub fold_in: Signal<In, Bits<32>>,
    /// The last result is out.
    pub done_in: Signal<In, Bit>,
    /// Keep the results that come.
    pub keep_out: Signal<Out, Bit>,
    /// In this bank.
    pub bank_out: Signal<Out, Bit>,
    // Completion queue
    /// Clock of the device, low half.
    pub time_low_in: Signal<In, Bits<32>>,
    /// Clock of the device, high half.
    pub time_high_in: Signal<In, Bits<32>>,
    /// Free completions.
    pub pop_in: Signal<In, Bit>,
    /// Free banks.
    pub release_in: Signal<In, Bit>,
    /// How many.
    pub count_in: Signal<In, Bits<5>>,
    /// Completions are freed.
    pub popped_out: Signal<Out, Bit>,
    /// How many.
    pub popped_count_out: Signal<Out, Bits<5>>,
    /// There were not so many.
    pub underflow_out: Signal<Out, Bit>,
    /// Completions in the queue.
    pub waiting_out: Signal<Out, Bits<5>>,
    /// A tile is complete.
    pub tile_out: Signal<Out, Bit>,
    /// Its ticket is a hit.
    pub hit_out: Signal<Out, Bit>,
    /// A word of the queue.
    pub address_in: Signal<In, Bits<8>>,
    /// The word.
    pub data_out: Signal<Out, Bits<32>>,
    // State: job of the running tile
    jobs: RAM<Bits<32>, 6>,
    loading: DFF<Bit>,
    load_place: DFF<Bits<5>>,
    loaded: DFF<Bit>,
    job_address: DFF<Bits<4>>,
    job_place: Join<2, 4, 6>,
    // State: the tile that is being finished
    pending: DFF<Bit>,
    want: DFF<Bit>,
    chunks_last: DFF<Bits<11>>,
    fold_count: DFF<Bits<11>>,
    /// The next fold word is the tile's last; a cycle late, and they are further apart.
    last_fold: DFF<Bit>,
    /// Its last fold word has come: the next ones are of the running tile.
    folded: DFF<Bit>,
    ticket: Ticket,
    ticket_done: DFF<Bit>,
    hit: DFF<Bit>,
    results_done: DFF<Bit>,
    hold: DFF<Bit>,
    drain: DFF<Bit>,
    // State: its completion
    writing: DFF<Bit>,
    place: DFF<Bits<4>>,
    /// The same, as the word that was asked for comes.
    late_writing: [DFF<Bit>; 3],
    late_place: [DFF<Bits<4>>; 3],
    entry: DFF<Bits<4>>,
    waiting: DFF<Bits<5>>,
    bank: DFF<Bit>,
    banks: DFF<Bits<2>>,
    // State: what is freed; first compared, then subtracted
    pops: DFF<Bit>,
    releases: DFF<Bit>,
    pops_count: DFF<Bits<5>>,
    underflow: DFF<Bit>,
    queue: RAM<Bits<32>, 8>,
    queue_place: Join<4, 4, 8>,
    write: DFF<Bit>,
    write_place: DFF<Bits<8>>,
    write_word: DFF<Bits<32>>,
    data: DFF<Bits<32>>,
    // Wires
    last_count: Signal<Local, Bits<11>>,
    tile_wants: Signal<Local, Bit>,
    banks_full: Signal<Local, Bit>,
    complete: Signal<Local, Bit>,
    finished: Signal<Local, Bit>,
    enough: Signal<Local, Bit>,
    enough_banks: Signal<Local, Bit>,
    waiting_left: Signal<Local, Bits<5>>,
    banks_left: Signal<Local, Bits<2>>,
    banks_wide: ZeroExtend<2, 5>,
    flags: Flags,
    flags_word: ZeroExtend<3, 32>,
}

impl Logic for Finisher {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            loading,
            load_place,
            job_address,
            loaded,
            pending,
            want,
            chunks_last,
            fold_count,
            last_fold,
            folded,
            ticket_done,
            hit,
            results_done,
            hold,
            drain,
            writing,
            place,
            entry,
            waiting,
            bank,
            banks,
            pops,
            releases,
            pops_count,
            underflow,
            write,
            write_place,
            write_word,
            data
        );
        self.jobs.read_clock.next = self.clock.val();
        self.jobs.write_clock.next = self.clock.val();
        self.queue.read_clock.next = self.clock.val();
        self.queue.write_clock.next = self.clock.val();
        self.ticket.clock.next = self.clock.val();

        for s in 0..3 {
            self.late_writing[s].clock.next = self.clock.val();
            self.late_place[s].clock.next = self.clock.val();
        }

        // Job of the running tile: sixteen words go to the ticket
        self.jobs.write_enable.next = self.job_write_in.val();
        self.jobs.write_address.next = self.job_address_in.val();
        self.jobs.write_data.next = self.job_data_in.val();
        self.job_address.d.next = self.load_place.q.val().get_bits::<4>(0);
        self.job_place.high_in.next = self.job_in.val();
        self.job_place.low_in.next = self.job_address.q.val();
        self.jobs.read_address.next = self.job_place.joined_out.val();
        self.ticket.load_in.next = self.loading.q.val() && !self.load_place.q.val().get_bit(4);
        self.ticket.load_place_in.next = self.load_place.q.val();
        self.ticket.load_word_in.next = self.jobs.read_data.val();
        self.ticket.copy_in.next = false;
        self.ticket.run_in.next = false;
        self.ticket.bound_in.next = false;
        if self.loading.q.val() {
            self.load_place.d.next = self.load_place.q.val() + bits::<5>(1);
            if self.load_place.q.val().get_bit(4) {
                self.loading.d.next = false;
                self.loaded.d.next = true;
            }
        }
        if self.active_in.val()
            && !self.pending.q.val()
            && !self.loaded.q.val()
            && !self.loading.q.val()
        {
            self.loading.d.next = true;
            self.load_place.d.next = bits::<5>(0);
        }

        // Ticket: the fold words of a tile may end before its last step, if a tail follows, and those of
        // the next may begin before it is complete
        self.last_count.next = self.chunks_last_in.val();
        if self.pending.q.val() && !self.folded.q.val() {
            self.last_count.next = self.chunks_last.q.val();
        }
        self.tile_wants.next = self.want_in.val();
        if self.pending.q.val() {
            self.tile_wants.next = self.want.q.val();
        }
        self.ticket.reset_in.next = self.reset_in.val();
        self.ticket.fold_valid_in.next = self.fold_valid_in.val();
        self.ticket.fold_in.next = self.fold_in.val();
        self.last_fold.d.next = self.fold_count.q.val() == self.last_count.val();
        self.ticket.tile_end_in.next = self.last_fold.q.val();
        if self.fold_valid_in.val() {
            self.fold_count.d.next = self.fold_count.q.val() + bits::<11>(1);
            if self.last_fold.q.val() {
                self.fold_count.d.next = bits::<11>(0);
                self.folded.d.next = true;
            }
        }
        if self.ticket.valid_out.val() {
            self.ticket_done.d.next = true;
            self.hit.d.next = self.ticket.hit_out.val();
        }
        if self.done_in.val() {
            self.results_done.d.next = true;
        }
        if self.tile_end_in.val() {
            self.pending.d.next = true;
            self.want.d.next = self.want_in.val();
            self.chunks_last.d.next = self.chunks_last_in.val();
        }

        // Hold the end of a tile
        self.banks_full.next = self.banks.q.val().get_bit(1);
        self.hold.d.next = self.final_in.val()
            && (self.pending.q.val()
                || !self.loaded.q.val()
                || (self.want_in.val() && self.banks_full.val()));
        self.drain.d.next = self.final_in.val()
            && !self.pending.q.val()
            && self.loaded.q.val()
            && self.want_in.val()
            && self.banks_full.val();

        // Entry in the queue
        self.complete.next = self.pending.q.val()
            && self.ticket_done.q.val()
            && self.results_done.q.val()
            && !self.writing.q.val();
        if self.complete.val() {
            self.writing.d.next = true;
            self.place.d.next = bits::<4>(0);
        }
        self.flags.zero_in.next = self.hit.q.val();
        self.flags.one_in.next = self.want.q.val();
        self.flags.two_in.next = self.want.q.val() && self.bank.q.val();
        self.flags_word.data_in.next = self.flags.flags_out.val();
        self.ticket.word_in.next = self.place.q.val().get_bits::<3>(0);
        self.ticket.read_in.next = self.writing.q.val();
        self.late_writing[0].d.next = self.writing.q.val();
        self.late_place[0].d.next = self.place.q.val();
        for s in 1..3 {
            self.late_writing[s].d.next = self.late_writing[s - 1].q.val();
            self.late_place[s].d.next = self.late_place[s - 1].q.val();
        }
        // The tag is written when the tile has ended, before the queue shows another one.
        self.queue_place.high_in.next = self.entry.q.val();
        self.queue_place.low_in.next = self.late_place[2].q.val();
        self.write.d.next = self.late_writing[2].q.val() && self.late_place[2].q.val().any();
        self.write_word.d.next = bits::<32>(0);
        if self.late_place[2].q.val() == bits::<4>(1) {
            self.write_word.d.next = self.flags_word.data_out.val();
        }
        if self.late_place[2].q.val() == bits::<4>(2) {
            self.write_word.d.next = self.time_low_in.val();
        }
        if self.late_place[2].q.val() == bits::<4>(3) {
            // It follows a carry of the low half a cycle later.
            self.write_word.d.next = self.time_high_in.val();
        }
        if self.late_place[2].q.val().get_bit(3) {
            self.write_word.d.next = self.ticket.ticket_out.val();
        }
        if self.tile_end_in.val() {
            self.queue_place.low_in.next = bits::<4>(0);
            self.write.d.next = true;
            self.write_word.d.next = self.tag_in.val();
        }
        self.write_place.d.next = self.queue_place.joined_out.val();
        self.queue.write_enable.next = self.write.q.val();
        self.queue.write_address.next = self.write_place.q.val();
        self.queue.write_data.next = self.write_word.q.val();

        // Accounts
        // Nothing else takes from them, so what is enough now is enough in the next cycle.
        self.enough.next = self.count_in.val() <= self.waiting.q.val();
        self.banks_wide.data_in.next = self.banks.q.val();
        self.enough_banks.next = self.count_in.val() <= self.banks_wide.data_out.val();
        self.pops.d.next = self.pop_in.val() && self.enough.val();
        self.releases.d.next = self.release_in.val() && self.enough_banks.val();
        self.pops_count.d.next = self.count_in.val();
        self.underflow.d.next = (self.pop_in.val() && !self.enough.val())
            || (self.release_in.val() && !self.enough_banks.val());
        self.waiting_left.next = self.waiting.q.val();
        if self.pops.q.val() {
            self.waiting_left.next = self.waiting.q.val() - self.pops_count.q.val();
        }
        self.banks_left.next = self.banks.q.val();
        if self.releases.q.val() {
            self.banks_left.next = self.banks.q.val() - self.pops_count.q.val().get_bits::<2>(0);
        }
        self.waiting.d.next = self.waiting_left.val();
        self.banks.d.next = self.banks_left.val();
        self.finished.next = self.late_writing[2].q.val() && self.late_place[2].q.val().all();
        if self.writing.q.val() {
            self.place.d.next = self.place.q.val() + bits::<4>(1);
        }
        if self.finished.val() {
            self.writing.d.next = false;
            for s in 0..3 {
                self.late_writing[s].d.next = false;
            }
            self.pending.d.next = false;
            self.loaded.d.next = false;
            self.folded.d.next = false;
            self.ticket_done.d.next = false;
            self.results_done.d.next = false;
            self.entry.d.next = self.entry.q.val() + bits::<4>(1);
            self.waiting.d.next = self.waiting_left.val() + bits::<5>(1);
            if self.want.q.val() {
                self.bank.d.next = !self.bank.q.val();
                self.banks.d.next = self.banks_left.val() + bits::<2>(1);
            }
        }

        // Reset
        if self.reset_in.val() {
            self.loading.d.next = false;
            self.loaded.d.next = false;
            self.pending.d.next = false;
            self.fold_count.d.next = bits::<11>(0);
            self.folded.d.next = false;
            self.ticket_done.d.next = false;
            self.results_done.d.next = false;
            self.hold.d.next = false;
            self.drain.d.next = false;
            self.writing.d.next = false;
            for s in 0..3 {
                self.late_writing[s].d.next = false;
            }
            self.entry.d.next = bits::<4>(0);
            self.waiting.d.next = bits::<5>(0);
            self.bank.d.next = false;
            self.banks.d.next = bits::<2>(0);
            self.pops.d.next = false;
            self.releases.d.next = false;
        }

        // Window
        self.queue.read_address.next = self.address_in.val();
        self.data.d.next = self.queue.read_data.val();

        // Outputs
        self.hold_out.next = self.hold.q.val();
        self.drain_out.next = self.drain.q.val();
        self.keep_out.next = self.tile_wants.val();
        self.bank_out.next = self.bank.q.val();
        self.popped_out.next = self.pops.q.val();
        self.popped_count_out.next = self.pops_count.q.val();
        self.underflow_out.next = self.underflow.q.val();
        self.waiting_out.next = self.waiting.q.val();
        self.tile_out.next = self.finished.val();
        self.hit_out.next = self.finished.val() && self.hit.q.val();
        self.data_out.next = self.data.q.val();
    }
}

#[cfg(test)]
mod tests;
